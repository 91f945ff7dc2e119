//! Whose an attachment is: of the account that sent it, in the chat or over the API; or of the person who uploaded
//! it at the console, where nobody needs an account. Also asked by `privacy/` and `web/attachments.rs`.

use entity::{account, attachment};
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, ConnectionTrait, EntityTrait};

use crate::access::Actor;
use crate::base::fault::Fault;

/// Who has sent an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// An account, whoever it is tied to.
    Account(i64),
    /// A person at the console.
    Person(i64),
}

impl Sender {
    /// As the row says it: the account, the person.
    pub(super) fn columns(self) -> (Option<i64>, Option<i64>) {
        match self {
            Self::Account(id) => (Some(id), None),
            Self::Person(id) => (None, Some(id)),
        }
    }

    /// As the subject of a reminder: `account:7`, `person:7`.
    pub(super) fn subject(self) -> String {
        match self {
            Self::Account(id) => format!("account:{id}"),
            Self::Person(id) => format!("person:{id}"),
        }
    }

    /// What this sender has sent.
    pub(super) fn sent(self) -> Expr {
        match self {
            Self::Account(id) => attachment::COLUMN.account_id.eq(id),
            Self::Person(id) => attachment::COLUMN.person_id.eq(id),
        }
    }
}

/// What is somebody's to give: sent by the account that they act by, or uploaded by themselves; none when they act by
/// no account and are nobody.
pub(super) fn of_actor(actor: &Actor) -> Option<Condition> {
    let by_account = actor.account_id.map(|id| Sender::Account(id).sent());
    let by_person = actor.person_id().map(|id| Sender::Person(id).sent());
    if by_account.is_none() && by_person.is_none() {
        return None;
    }
    let any = Condition::any();
    Some(any.add_option(by_account).add_option(by_person))
}

/// Whether an attachment is somebody's in the same sense.
#[must_use]
pub fn is_of(row: &attachment::Model, actor: &Actor) -> bool {
    let same = |of: Option<i64>, asks: Option<i64>| of.is_some() && of == asks;
    same(row.account_id, actor.account_id) || same(row.person_id, actor.person_id())
}

/// What a person has sent, by these accounts of theirs or at the console.
#[must_use]
pub fn of_person(person_id: i64, accounts: &[i64]) -> Condition {
    let by_accounts = attachment::COLUMN
        .account_id
        .is_in(accounts.iter().copied());
    Condition::any()
        .add(Sender::Person(person_id).sent())
        .add(by_accounts)
}

/// The person who has sent an attachment; none for an account that is nobody's.
///
/// # Errors
/// The database's.
pub async fn person_of<C: ConnectionTrait>(
    db: &C,
    row: &attachment::Model,
) -> Result<Option<i64>, Fault> {
    let Some(account_id) = row.account_id else {
        return Ok(row.person_id);
    };
    let account = account::Entity::find_by_id(account_id).one(db).await?;
    Ok(account.and_then(|account| account.person_id))
}
