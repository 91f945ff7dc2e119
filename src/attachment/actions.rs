//! An upload, kept: a row that says where it will lie, the file, then the row's last word.

use entity::attachment;
use entity::kinds::AttachmentState;
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;

use crate::app::App;
use crate::attachment::{Sender, store};
use crate::base::fault::{Code, Fault};
use crate::files::{Clean, DOCUMENTS, Flaw, recognise};
use crate::store::Tx;

/// Puts an uploaded photo, voice or film into our storage: a row that says where it will lie, then the
/// file. It belongs to nothing yet. The caller makes it known with [`settle`], in the transaction that
/// answers.
///
/// # Errors
/// `unsupported`, `invalid` or `too_large` for what is not kept, saying why; `outside` when the storage
/// does not answer.
pub async fn upload(
    app: &App,
    from: Sender,
    bytes: Vec<u8>,
) -> Result<(i64, attachment::ActiveModel), Fault> {
    if recognise(&bytes).is_some_and(|kind| kind.family() == DOCUMENTS) {
        return Err(refused(Flaw::Kind, Flaw::says));
    }
    let clean = app.files.clean(None, bytes).await;
    let clean = clean.map_err(|flaw| refused(flaw, Flaw::says))?;
    keep(app, from, clean).await
}

/// The same where documents (PDF) are taken, too: for what is read, notices and proofs of money ([`super::give`]).
///
/// # Errors
/// As [`upload`].
pub async fn upload_with_documents(
    app: &App,
    from: Sender,
    bytes: Vec<u8>,
) -> Result<(i64, attachment::ActiveModel), Fault> {
    let clean = app.files.clean(None, bytes).await;
    let clean = clean.map_err(|flaw| refused(flaw, Flaw::says_with_documents))?;
    keep(app, from, clean).await
}

fn refused(flaw: Flaw, says: fn(Flaw) -> &'static str) -> Fault {
    let code = match flaw {
        Flaw::Large => Code::TooLarge,
        Flaw::Kind => Code::Unsupported,
        Flaw::Broken => Code::Invalid,
    };
    Fault::new(code, says(flaw))
}

async fn keep(
    app: &App,
    from: Sender,
    clean: Clean,
) -> Result<(i64, attachment::ActiveModel), Fault> {
    let kind = match &clean {
        Clean::Picture(_) => "image",
        Clean::Other(kind, _) => kind.family(),
    };
    let (account_id, person_id) = from.columns();
    let now = app.clock.now();
    let tx = app.store.begin(now).await?;
    let row = attachment::ActiveModel {
        account_id: Set(account_id),
        person_id: Set(person_id),
        kind: Set(kind.to_owned()),
        media_id: Set(String::new()),
        state: Set(AttachmentState::Pending),
        created_at: Set(now),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await?;
    tx.commit().await?;
    let stored = store::put(app, row.id, row.created_at, clean).await?;
    Ok((row.id, stored.change()))
}

/// Says that an uploaded file is there.
///
/// # Errors
/// The database's.
pub async fn settle(
    tx: &Tx,
    id: i64,
    change: attachment::ActiveModel,
) -> Result<attachment::Model, Fault> {
    let change = attachment::ActiveModel {
        id: Set(id),
        ..change
    };
    Ok(change.update(tx.db()).await?)
}
