//! Cards with buttons that were sent to members in WeCom: what they show now, and the codes by
//! which they can be changed, each once and within 72 hours (protocols.md §4.3). Nouns say what a
//! card shows; this keeps and changes them. Used by the nouns' reminders and by `web/work.rs`.

use chrono::TimeDelta;
use entity::kinds::CardState;
use entity::{account, reminder as reminders, work_card};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};

use super::kind::Message;
use super::work;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::reminder::{self, NewReminder, Verdict};
use crate::store::Tx;
use crate::wechat::crypto::signature;
use crate::wechat::errors::{Action, work_action};
use crate::wechat::work::Card;
use crate::wechat::{self};

/// Hours in which a code is good; some minutes are left out for the call itself.
const CODE_MINUTES: i64 = 72 * 60 - 10;
/// A card on its way is waited for so long, seconds; then nobody knows its code.
const ON_ITS_WAY: i64 = 90;
/// Until it is asked again, seconds.
const AGAIN: i64 = 3;

/// Clock: cards about something show what no longer holds. Obeyed by `bot/cards.rs`, which knows the nouns.
pub const MOVED: &str = "cards.moved";
/// What stands in front of the message's name in ours of the card.
const OURS: &str = "linli-";

/// Our name of a card at WeCom, after the message that it is.
pub(super) fn task_id(client_msg_id: &str) -> String {
    format!("{OURS}{client_msg_id}")
}

/// The reminder that a card was made of; none once it is gone.
///
/// # Errors
/// The database's.
pub async fn origin(app: &App, row: &work_card::Model) -> Result<Option<reminders::Model>, Fault> {
    // `linli-r12`, and `linli-r12-2` when it was sent anew.
    let name = row.task_id.strip_prefix(OURS);
    let name = name.and_then(|name| name.strip_prefix('r'));
    let id = name.and_then(|name| name.split('-').next()?.parse::<i64>().ok());
    Ok(match id {
        Some(id) => {
            let found = reminders::Entity::find_by_id(id);
            found.one(app.store.read()).await?
        }
        None => None,
    })
}

/// Something has changed, in this transaction: its cards are looked at a second later, so that whoever pressed has
/// an answer first. Nothing where nobody holds one.
///
/// # Errors
/// The database's.
pub async fn moved(tx: &mut Tx, subject: &str, compound_id: Option<i64>) -> Result<(), Fault> {
    if !exist(tx, subject).await? {
        return Ok(());
    }
    let now = tx.now();
    let refresh = NewReminder {
        kind: MOVED,
        dedupe_key: format!("{MOVED}:{subject}:{}", now.timestamp_millis()),
        recipient_id: None,
        compound_id,
        subject: subject.to_owned(),
        payload: serde_json::json!({}),
        due_at: now + TimeDelta::seconds(1),
    };
    reminder::enqueue(tx, vec![refresh]).await
}

/// Whether somebody holds a card about this subject that may have to change. Asked in the transaction
/// that changes the subject: a card that is noted while that is under way waits for its end, and shows
/// what came of it.
///
/// # Errors
/// The database's.
pub async fn exist(tx: &Tx, subject: &str) -> Result<bool, Fault> {
    let db = tx.db();
    fence(
        db,
        "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))",
        subject,
    )
    .await?;
    let found: Option<i64> = work_card::Entity::find()
        .select_only()
        .column(work_card::Column::Id)
        .filter(work_card::COLUMN.subject.eq(subject))
        .filter(work_card::COLUMN.state.ne(CardState::Over))
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Who changes a subject holds this lock to the end of the transaction, shared with all others who
/// do; who has noted a card takes it once alone. SQLite has one writer at a time anyhow.
async fn fence<C: ConnectionTrait>(db: &C, lock: &str, subject: &str) -> Result<(), Fault> {
    if db.get_database_backend() == DbBackend::Postgres {
        let name = format!("work_card:{subject}");
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, lock, [name.into()]);
        db.execute_raw(statement).await?;
    }
    Ok(())
}

/// All cards about a subject that may have to change, oldest first.
///
/// # Errors
/// The database's.
pub async fn of(app: &App, subject: &str) -> Result<Vec<work_card::Model>, Fault> {
    Ok(work_card::Entity::find()
        .filter(work_card::COLUMN.subject.eq(subject))
        .filter(work_card::COLUMN.state.ne(CardState::Over))
        .order_by_asc(work_card::COLUMN.id)
        .all(app.store.read())
        .await?)
}

/// A card by our name of it, if it is this account's.
///
/// # Errors
/// The database's.
pub async fn by_task(
    app: &App,
    task_id: &str,
    account_id: i64,
) -> Result<Option<work_card::Model>, Fault> {
    Ok(work_card::Entity::find()
        .filter(work_card::COLUMN.task_id.eq(task_id))
        .filter(work_card::COLUMN.account_id.eq(account_id))
        .one(app.store.read())
        .await?)
}

/// Notes a card before it is sent, and waits for what is changing its subject: all that changes it
/// from now on finds the note. One that is tried again is there already.
pub(super) async fn note(
    app: &App,
    (account_id, person_id): (i64, i64),
    subject: &str,
    client_msg_id: &str,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let row = work_card::ActiveModel {
        account_id: Set(account_id),
        person_id: Set(person_id),
        subject: Set(subject.to_owned()),
        task_id: Set(task_id(client_msg_id)),
        shown: Set(String::new()),
        state: Set(CardState::Sending),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let twice = OnConflict::column(work_card::Column::TaskId)
        .do_nothing()
        .to_owned();
    work_card::Entity::insert(row)
        .on_conflict(twice)
        .try_insert()
        .exec_without_returning(app.store.write())
        .await?;
    let alone = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    fence(app.store.write(), alone, subject).await
}

/// Takes back the note of a card that is not sent.
pub(super) async fn forget(app: &App, client_msg_id: &str) -> Result<(), Fault> {
    work_card::Entity::delete_many()
        .filter(work_card::COLUMN.task_id.eq(task_id(client_msg_id)))
        .filter(work_card::COLUMN.state.eq(CardState::Sending))
        .exec(app.store.write())
        .await?;
    Ok(())
}

/// Notes what WeCom gave for a card. Best effort: without its code the card is changed when it is
/// pressed.
pub(super) async fn sent(
    app: &App,
    task_id: &str,
    code: Option<String>,
    message: &Message,
    now: Moment,
) {
    let change = work_card::ActiveModel {
        expires_at: Set(code.as_ref().map(|_| good_until(now))),
        response_code: Set(code),
        shown: Set(digest(message)),
        state: Set(CardState::Open),
        updated_at: Set(now),
        ..Default::default()
    };
    let stored = work_card::Entity::update_many()
        .set(change)
        .filter(work_card::COLUMN.task_id.eq(task_id))
        .filter(work_card::COLUMN.state.eq(CardState::Sending))
        .exec(app.store.write())
        .await;
    if let Err(error) = stored {
        tracing::warn!(?error, "the code of a card could not be stored");
    }
}

fn good_until(now: Moment) -> Moment {
    now + TimeDelta::minutes(CODE_MINUTES)
}

/// What tells one state of a card from another: what can be pressed, or else how things stand. A
/// change of mere words is not worth a code.
fn digest(message: &Message) -> String {
    let commands: Vec<&str> = message
        .buttons
        .iter()
        .map(|button| button.command.as_str())
        .collect();
    if commands.is_empty() {
        signature(&["over", &message.hint])
    } else {
        signature(&["open", &commands.join("|")])
    }
}

fn state_of(message: &Message) -> CardState {
    if message.buttons.is_empty() {
        CardState::Over
    } else {
        CardState::Open
    }
}

/// A card was pressed: keeps the fresh code, and gives the card that answers, with `note` as its
/// words. It shows what `message` says from now on.
///
/// # Errors
/// The database's.
pub async fn pressed(
    app: &App,
    row: &work_card::Model,
    code: &str,
    message: &Message,
    note: &str,
) -> Result<Card, Fault> {
    let now = app.clock.now();
    let code = Some(code.to_owned()).filter(|code| !code.is_empty());
    let change = work_card::ActiveModel {
        id: Set(row.id),
        expires_at: Set(code.as_ref().map(|_| good_until(now))),
        response_code: Set(code),
        shown: Set(digest(message)),
        state: Set(state_of(message)),
        updated_at: Set(now),
        ..Default::default()
    };
    work_card::Entity::update(change)
        .exec_without_returning(app.store.write())
        .await?;
    Ok(work::card(message, &row.task_id, Some(note)))
}

/// Makes a card show what `message` says, if it does not yet, there is a code for it and its account is there.
///
/// # Errors
/// The database's.
pub async fn show(app: &App, row: &work_card::Model, message: &Message) -> Result<Verdict, Fault> {
    let now = app.clock.now();
    if row.state == CardState::Sending {
        let young = now - row.created_at < TimeDelta::seconds(ON_ITS_WAY);
        return Ok(if young {
            Verdict::Later(now + TimeDelta::seconds(AGAIN))
        } else {
            Verdict::Drop
        });
    }
    let digest = digest(message);
    if digest == row.shown {
        return Ok(Verdict::Done);
    }
    let fresh = row.expires_at.is_some_and(|until| now < until);
    let (Some(work), Some(code)) = (&app.work, row.response_code.as_ref().filter(|_| fresh)) else {
        // It shows what it showed; whoever presses it is told how things stand.
        return Ok(Verdict::Drop);
    };
    let account = account::Entity::find_by_id(row.account_id);
    let Some(account) = account.one(app.store.read()).await? else {
        return Ok(Verdict::Done);
    };
    if !take_code(app, row, code).await? {
        return Ok(Verdict::Done);
    }
    let card = work::card(message, &row.task_id, None);
    let sent = work
        .client
        .update_card(&account.external_id, code, &card, now.timestamp())
        .await;
    match sent {
        Ok(()) => {
            let change = work_card::ActiveModel {
                id: Set(row.id),
                shown: Set(digest),
                state: Set(state_of(message)),
                updated_at: Set(now),
                ..Default::default()
            };
            work_card::Entity::update(change)
                .exec_without_returning(app.store.write())
                .await?;
            Ok(Verdict::Done)
        }
        Err(error) if worth_another_try(&error) => {
            give_code_back(app, row, code).await?;
            Ok(Verdict::Retry(format!("card: {error}")))
        }
        Err(error) => {
            tracing::info!(%error, card = row.id, "a card stays as it was");
            Ok(Verdict::Drop)
        }
    }
}

fn worth_another_try(error: &wechat::Error) -> bool {
    match error {
        wechat::Error::Platform { code, .. } => !matches!(
            work_action(*code),
            Action::Fix | Action::Drop | Action::Unfollowed
        ),
        _ => true,
    }
}

/// Takes the code out, so that no other worker uses it; false when one has.
async fn take_code(app: &App, row: &work_card::Model, code: &str) -> Result<bool, Fault> {
    let taken = work_card::Entity::update_many()
        .col_expr(work_card::Column::ResponseCode, Expr::value(None::<String>))
        .filter(work_card::COLUMN.id.eq(row.id))
        .filter(work_card::COLUMN.response_code.eq(code))
        .exec(app.store.write())
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Unless the card was pressed meanwhile and has a newer one.
async fn give_code_back(app: &App, row: &work_card::Model, code: &str) -> Result<(), Fault> {
    work_card::Entity::update_many()
        .col_expr(work_card::Column::ResponseCode, Expr::value(code))
        .filter(work_card::COLUMN.id.eq(row.id))
        .filter(work_card::COLUMN.response_code.is_null())
        .exec(app.store.write())
        .await?;
    Ok(())
}

/// Ends a card that nobody can press any more with effect.
///
/// # Errors
/// The database's.
pub async fn close(app: &App, row: &work_card::Model) -> Result<(), Fault> {
    work_card::Entity::update_many()
        .col_expr(
            work_card::Column::State,
            Expr::value(CardState::Over.to_value()),
        )
        .filter(work_card::COLUMN.id.eq(row.id))
        .exec(app.store.write())
        .await?;
    Ok(())
}
