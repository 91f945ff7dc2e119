//! What stands of somebody in what is not theirs alone: quarrels that they were a party to, cases that
//! they joined or helped with, what they paid, what was handed in for others to see, what waits in others'
//! conversations. Used by erasure.

use entity::{
    account, attachment, bill, case_event, case_helper, case_joiner, group_dialog, mediation,
    mediation_party, moderation, notice, notice_recipient, payment, refund, reminder, waiver,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::fault::Fault;
use crate::case::history::reword;
use crate::payment::waiver_subject;
use crate::privacy::scrub::{self, Words};
use crate::store::Tx;

/// What stands in place of why something could not be sent to them.
const GONE: &str = "收件人已注销";

/// Their side of every quarrel: their reasons, their home, and their name in what was written. What was
/// agreed stays, it is the other side's as well.
///
/// # Errors
/// The database's.
pub(super) async fn quarrels(tx: &Tx, person: i64, words: &Words) -> Result<(), Fault> {
    let theirs: Vec<i64> = mediation_party::Entity::find()
        .select_only()
        .column(mediation_party::Column::MediationId)
        .filter(mediation_party::COLUMN.person_id.eq(person))
        .into_tuple()
        .all(tx.db())
        .await?;
    mediation_party::Entity::update_many()
        .set(mediation_party::ActiveModel {
            reason: Set(None),
            home_id: Set(None),
            ..Default::default()
        })
        .filter(mediation_party::COLUMN.person_id.eq(person))
        .exec(tx.db())
        .await?;
    let rows = mediation::Entity::find()
        .filter(mediation::COLUMN.id.is_in(theirs))
        .all(tx.db())
        .await?;
    for row in rows {
        scrub::quarrel(tx, &row, Some(person), &|text| words.out_of(text)).await?;
    }
    Ok(())
}

/// What they wrote to cases of others.
///
/// # Errors
/// The database's.
pub(super) async fn others_cases(tx: &Tx, person: i64, words: &Words) -> Result<(), Fault> {
    let mut cases: Vec<i64> = case_joiner::Entity::find()
        .select_only()
        .column(case_joiner::Column::CaseId)
        .filter(case_joiner::COLUMN.person_id.eq(person))
        .into_tuple()
        .all(tx.db())
        .await?;
    let helped: Vec<i64> = case_helper::Entity::find()
        .select_only()
        .column(case_helper::Column::CaseId)
        .filter(case_helper::COLUMN.person_id.eq(person))
        .into_tuple()
        .all(tx.db())
        .await?;
    cases.extend(helped);
    let said = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.is_in(cases))
        .filter(case_event::COLUMN.actor_id.eq(person))
        .filter(case_event::COLUMN.note.is_not_null())
        .all(tx.db())
        .await?;
    reword(tx, said, |note| words.out_of(note)).await
}

/// What they handed in for others to see, whatever it belongs to.
///
/// # Errors
/// The database's.
pub(super) async fn handed_in(tx: &Tx, person: i64, words: &Words) -> Result<(), Fault> {
    let rows = moderation::Entity::find()
        .filter(moderation::COLUMN.author_id.eq(person))
        .all(tx.db())
        .await?;
    scrub::shown(tx, rows, &|text| words.out_of(text)).await
}

/// Which notices they have read, and their name in those that they wrote, which others have got.
///
/// # Errors
/// The database's.
pub(super) async fn notices(tx: &Tx, person: i64, words: &Words) -> Result<(), Fault> {
    notice_recipient::Entity::delete_many()
        .filter(notice_recipient::COLUMN.person_id.eq(person))
        .exec(tx.db())
        .await?;
    let written = notice::Entity::find()
        .filter(notice::COLUMN.author_id.eq(person))
        .all(tx.db())
        .await?;
    for row in written {
        let change = notice::ActiveModel {
            id: Set(row.id),
            title: Set(words.out_of(&row.title)),
            body: Set(words.out_of(&row.body)),
            ..Default::default()
        };
        change.update(tx.db()).await?;
    }
    Ok(())
}

/// What they paid, locked until the end of the transaction: before what it pays, as everybody else does it.
///
/// # Errors
/// The database's.
pub(super) async fn lock_money(
    tx: &Tx,
    person: i64,
    accounts: &[i64],
) -> Result<Vec<payment::Model>, Fault> {
    let mut own = Condition::any().add(payment::COLUMN.payer_id.eq(person));
    if !accounts.is_empty() {
        own = own.add(payment::COLUMN.account_id.is_in(accounts.iter().copied()));
    }
    let rows = payment::Entity::find()
        .filter(own)
        .order_by_asc(payment::COLUMN.id)
        .lock_exclusive()
        .all(tx.db());
    Ok(rows.await?)
}

/// What they paid. The accounts are kept, by law; by which name the platform knows them is not, nor is
/// their name in what staff wrote.
///
/// # Errors
/// The database's.
pub(super) async fn money(
    tx: &Tx,
    person: i64,
    accounts: &[i64],
    words: &Words,
) -> Result<(), Fault> {
    let rows = lock_money(tx, person, accounts).await?;
    for row in &rows {
        let change = payment::ActiveModel {
            id: Set(row.id),
            open_id: Set(None),
            note: Set(row.note.as_deref().map(|note| words.out_of(note))),
            ..Default::default()
        };
        change.update(tx.db()).await?;
    }
    let paid = refund::COLUMN
        .payment_id
        .is_in(rows.iter().map(|row| row.id));
    let theirs = Condition::any()
        .add(paid)
        .add(refund::COLUMN.payer_id.eq(person));
    let refunds = refund::Entity::find().filter(theirs).all(tx.db()).await?;
    for row in refunds {
        let change = refund::ActiveModel {
            id: Set(row.id),
            reason: Set(words.out_of(&row.reason)),
            ..Default::default()
        };
        change.update(tx.db()).await?;
    }
    for row in waivers_of(tx, person).await? {
        let change = waiver::ActiveModel {
            id: Set(row.id),
            reason: Set(words.out_of(&row.reason)),
            ..Default::default()
        };
        change.update(tx.db()).await?;
    }
    Ok(())
}

/// What was not asked of somebody, on bills of theirs.
async fn waivers_of(tx: &Tx, person: i64) -> Result<Vec<waiver::Model>, Fault> {
    let bills = bill::Entity::find()
        .select_only()
        .column(bill::Column::Id)
        .filter(bill::COLUMN.payer_id.eq(person))
        .into_tuple::<i64>()
        .all(tx.db())
        .await?;
    Ok(waiver::Entity::find()
        .filter(waiver::COLUMN.bill_id.is_in(bills))
        .all(tx.db())
        .await?)
}

/// The certificates (低保证 and the like) that showed why: they say more of somebody's need than any word, and are not
/// kept for the books, which hold the amount, who agreed and when.
///
/// # Errors
/// The database's.
pub(super) async fn certificates(tx: &Tx, person: i64) -> Result<Vec<attachment::Model>, Fault> {
    let waivers = waivers_of(tx, person).await?;
    let about = waivers.iter().map(|row| waiver_subject(row.id));
    Ok(attachment::Entity::find()
        .filter(attachment::COLUMN.subject.is_in(about))
        .all(tx.db())
        .await?)
}

/// Conversations in which somebody was just shown their name or phone: what waits there is dropped. And
/// what the platform said of messages to them that were given up.
///
/// # Errors
/// The database's.
pub(super) async fn conversations(
    tx: &Tx,
    person: i64,
    accounts: &[i64],
    words: &Words,
) -> Result<(), Fault> {
    for word in words.known() {
        let like = format!("%{}%", word.replace(['%', '_'], ""));
        let holds = || Expr::cust_with_values(holds_word(tx), [like.clone()]);
        account::Entity::update_many()
            .col_expr(
                account::Column::Dialog,
                Expr::value(None::<sea_orm::JsonValue>),
            )
            .filter(account::COLUMN.dialog.is_not_null())
            .filter(holds())
            .exec(tx.db())
            .await?;
        group_dialog::Entity::delete_many()
            .filter(holds())
            .exec(tx.db())
            .await?;
    }
    for theirs in [
        reminder::COLUMN.recipient_id.eq(person),
        reminder::COLUMN
            .recipient_account_id
            .is_in(accounts.iter().copied()),
    ] {
        reminder::Entity::update_many()
            .set(reminder::ActiveModel {
                last_error: Set(Some(GONE.to_owned())),
                ..Default::default()
            })
            .filter(theirs)
            .filter(reminder::COLUMN.last_error.is_not_null())
            .exec(tx.db())
            .await?;
    }
    Ok(())
}

fn holds_word(tx: &Tx) -> &'static str {
    match sea_orm::ConnectionTrait::get_database_backend(tx.db()) {
        sea_orm::DbBackend::Postgres => r#"CAST("dialog" AS TEXT) LIKE $1"#,
        _ => r#"CAST("dialog" AS TEXT) LIKE ?"#,
    }
}
