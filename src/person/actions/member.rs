//! Members of the corporation: WeCom says who writes, so that an account there needs no binding.
//! The roster's `wecom_userid` is the only tie, looked at with every message.

use entity::kinds::{BindingState, Channel};
use entity::{account, binding, inbound, person};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, TryInsertResult};
use serde_json::json;

use crate::access::{Actor, audit};
use crate::base::fault::Fault;
use crate::person::actions::invite::tie_homes;
use crate::person::actions::tie::set_person;
use crate::person::binding::LIVE;
use crate::store::Tx;

/// Ties a WeCom account to the person whose user id it is, with the person's homes; takes it off
/// whoever left, or whose user id is another now. Returns the account as it stands afterwards.
///
/// # Errors
/// The database's.
pub async fn recognise(tx: &Tx, mut account: account::Model) -> Result<account::Model, Fault> {
    let person = person::Entity::find()
        .filter(person::COLUMN.wecom_userid.eq(account.external_id.as_str()))
        .filter(person::COLUMN.left_at.is_null())
        .one(tx.db())
        .await?;
    let found = person.as_ref().map(|person| person.id);
    if found == account.person_id {
        return Ok(account);
    }
    if let Some(before) = account.person_id {
        release_all(tx, account.id).await?;
        note(tx, &account, "account.untie", before);
    }
    set_person(tx, account.id, found).await?;
    account.person_id = found;
    if let Some(person) = person {
        note(tx, &account, "account.tie", person.id);
        tie_homes(tx, &Actor::system(), account.id, &person).await?;
    }
    Ok(account)
}

fn note(tx: &Tx, account: &account::Model, action: &'static str, person_id: i64) {
    let entry = audit::Entry {
        action,
        subject: format!("person:{person_id}"),
        compound_id: account.compound_id,
        detail: Some(json!({ "account": account.id, "reason": "wecom" })),
    };
    audit::record(tx, &Actor::system(), entry);
}

/// Ends all ties of an account to homes.
pub(super) async fn release_all(tx: &Tx, account_id: i64) -> Result<(), Fault> {
    binding::Entity::update_many()
        .col_expr(
            binding::Column::State,
            Expr::value(BindingState::Released.to_value()),
        )
        .col_expr(binding::Column::DecidedAt, Expr::value(tx.now()))
        .filter(binding::COLUMN.account_id.eq(account_id))
        .filter(binding::COLUMN.state.is_in(LIVE))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// What WeCom's address book says of a member. A repetition of the message (`key`) has no effect.
///
/// `now` is the member's new user id, or none when the member was taken out: then nobody has the
/// old id any more, because WeCom may give it to somebody else.
///
/// # Errors
/// The database's.
pub async fn change_member(
    tx: &Tx,
    key: &str,
    userid: &str,
    now: Option<&str>,
) -> Result<(), Fault> {
    let seen = inbound::ActiveModel {
        key: Set(key.to_owned()),
        received_at: Set(tx.now()),
        ..Default::default()
    };
    let stored = inbound::Entity::insert(seen)
        .on_conflict_do_nothing()
        .exec_without_returning(tx.db())
        .await?;
    if !matches!(stored, TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(());
    }
    let member = person::Entity::find()
        .filter(person::COLUMN.wecom_userid.eq(userid))
        .one(tx.db())
        .await?;
    if let Some(member) = &member {
        person::Entity::update_many()
            .col_expr(person::Column::WecomUserid, Expr::value(now))
            .col_expr(person::Column::UpdatedAt, Expr::value(tx.now()))
            .filter(person::COLUMN.id.eq(member.id))
            .exec(tx.db())
            .await?;
        let entry = audit::Entry {
            action: "person.wecom",
            subject: format!("person:{}", member.id),
            compound_id: None,
            detail: Some(json!({ "gone": now.is_none() })),
        };
        audit::record(tx, &Actor::system(), entry);
    }
    let account = account::Entity::find()
        .filter(account::COLUMN.channel.eq(Channel::Work))
        .filter(account::COLUMN.external_id.eq(userid))
        .one(tx.db())
        .await?;
    if let Some(account) = account {
        recognise(tx, account).await?;
    }
    Ok(())
}
