//! Consent by going on: at the first contact an account reads one sentence with a link to the rules;
//! what it does next, knowing them, is its consent, recorded with version and time. When the rules
//! change the version grows, and everybody is told once more. Followed by the chat behind its answers, by the
//! mini-program and the pages before whatever they write.

use entity::kinds::Channel;
use entity::{account, consent};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter};

use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::privacy::rules_url;
use crate::store::Tx;

/// Version of the rules (`web/pages/rules.rs`). Raised whenever they change in what they allow.
pub const VERSION: i32 = 2;

/// Looks at an account that has just spoken, costs nothing once it has agreed: the sentence that is
/// put behind its first answer, or the record that it goes on. Members of WeCom are told by their
/// employer.
///
/// # Errors
/// The database's.
pub async fn follow(tx: &Tx, app: &App, account: &account::Model) -> Result<Option<String>, Fault> {
    if is_settled(account) {
        return Ok(None);
    }
    if account.told_version >= VERSION {
        agree(tx, account.id).await?;
        return Ok(None);
    }
    tell(tx, account.id).await?;
    Ok(Some(format!(
        "继续使用即表示您同意个人信息处理规则：{}",
        rules_url(app)
    )))
}

/// Whether an account has nothing to be told any more. Members of WeCom are told by their employer.
#[must_use]
pub fn is_settled(account: &account::Model) -> bool {
    account.agreed_version >= VERSION || account.channel == Channel::Work
}

/// Notes that an account is being shown the rules: by the answer to its signing in, or on a page.
///
/// # Errors
/// The database's.
pub async fn show(app: &App, account: &account::Model) -> Result<(), Fault> {
    if is_settled(account) || account.told_version >= VERSION {
        return Ok(());
    }
    let tx = app.store.begin(app.clock.now()).await?;
    tell(&tx, account.id).await?;
    tx.commit().await
}

/// What it means that an account writes something by a way that has no answer to put a sentence behind: it
/// was told and goes on. One that was not is told by the refusal, and goes on by doing it again.
///
/// # Errors
/// `consent_required`; the database's.
pub async fn go_on(app: &App, account: &account::Model) -> Result<(), Fault> {
    if is_settled(account) {
        return Ok(());
    }
    if account.told_version >= VERSION {
        let tx = app.store.begin(app.clock.now()).await?;
        agree(&tx, account.id).await?;
        return tx.commit().await;
    }
    show(app, account).await?;
    Err(Fault::new(
        Code::ConsentRequired,
        format!(
            "请先阅读个人信息处理规则：{}。读过以后再做一次，即表示同意。",
            rules_url(app)
        ),
    ))
}

/// Notes that an account was told.
async fn tell(tx: &Tx, account_id: i64) -> Result<(), Fault> {
    let row = consent::ActiveModel {
        account_id: Set(account_id),
        version: Set(VERSION),
        told_at: Set(tx.now()),
        ..Default::default()
    };
    let known = OnConflict::columns([consent::Column::AccountId, consent::Column::Version])
        .do_nothing()
        .to_owned();
    consent::Entity::insert(row)
        .on_conflict(known)
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    let change = account::ActiveModel {
        id: Set(account_id),
        told_version: Set(VERSION),
        ..Default::default()
    };
    account::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Notes that an account goes on, or says so in words (the mini-program).
///
/// # Errors
/// The database's.
pub async fn agree(tx: &Tx, account_id: i64) -> Result<(), Fault> {
    tell(tx, account_id).await?;
    consent::Entity::update_many()
        .set(consent::ActiveModel {
            agreed_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(consent::COLUMN.account_id.eq(account_id))
        .filter(consent::COLUMN.version.eq(VERSION))
        .filter(consent::COLUMN.agreed_at.is_null())
        .exec(tx.db())
        .await?;
    let change = account::ActiveModel {
        id: Set(account_id),
        agreed_version: Set(VERSION),
        ..Default::default()
    };
    account::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}
