//! 登记特长 and 撤销特长: with consent on record, and taken back at any time.

use entity::kinds::{HelpAnswer, HelpState, TalentKind, TalentState};
use entity::{help_request, person, talent};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::base::fault::Fault;
use crate::place::queries as places;
use crate::store::Tx;
use crate::talent::actions::{hand_on, words};
use crate::talent::queries::{no_such_talent, own_talent};
use crate::talent::step::By;
use crate::talent::{kind_says, subject};

/// Kinds that one person may offer.
const MOST_OFFERED: u64 = 5;

/// Offers a talent in the compound that the actor is at home in. `agreed`: to be asked by the system and, after
/// a yes, to be named to whoever asks.
///
/// # Errors
/// `forbidden` for who belongs to no compound, `invalid` without consent or for the words, `wrong_step` when
/// the kind is offered already or too many are.
pub async fn offer(
    tx: &mut Tx,
    actor: &Actor,
    kind: TalentKind,
    text: &str,
    agreed: bool,
) -> Result<talent::Model, Fault> {
    let own = actor.require_person()?;
    let compound = places::own_compound(tx.db(), actor).await?;
    let compound = compound
        .ok_or_else(|| Fault::forbidden("登记特长要先绑定房号，回复:绑定 3-2-501 姓名 手机号。"))?;
    let text = words(text, "登记特长 医护 可以帮老人量血压")?;
    if !agreed {
        return Err(Fault::invalid(
            "consent",
            "要您同意才能登记：有邻居需要时系统会来问您，您答应以后才把联系方式发给双方。",
        ));
    }
    // One after the other, so that the limits hold.
    person::Entity::find_by_id(own)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    let offered = talent::Entity::find()
        .filter(talent::COLUMN.person_id.eq(own))
        .filter(talent::COLUMN.state.eq(TalentState::Offered));
    let same = offered
        .clone()
        .filter(talent::COLUMN.compound_id.eq(compound.id))
        .filter(talent::COLUMN.kind.eq(kind))
        .one(tx.db())
        .await?;
    if let Some(same) = same {
        return Err(Fault::wrong_step(format!(
            "您已经登记过“{}”（特长 #{id}）。要改内容请先回复“撤销特长 {id}”。",
            kind_says(kind),
            id = same.id
        )));
    }
    if offered.count(tx.db()).await? >= MOST_OFFERED {
        return Err(Fault::wrong_step(format!(
            "最多登记{MOST_OFFERED}项特长，撤销一项再登记。回复“我的特长”查看。"
        )));
    }
    let row = talent::ActiveModel {
        compound_id: Set(compound.id),
        person_id: Set(own),
        kind: Set(kind),
        text: Set(text),
        state: Set(TalentState::Offered),
        consent_at: Set(tx.now()),
        asked: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = talent::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    record(tx, actor, &row, "talent.offer");
    Ok(row)
}

/// Takes a talent back; whoever waits for its word is taken on to the next.
///
/// # Errors
/// `not_found` for what is not theirs, `wrong_step` when it was taken back.
pub async fn withdraw_talent(tx: &mut Tx, actor: &Actor, id: i64) -> Result<talent::Model, Fault> {
    let row = own_talent(tx.db(), actor, id).await?;
    // All that a waiting request may go to next, in one order: two who leave at once do not wait in a circle.
    talent::Entity::find()
        .filter(talent::COLUMN.compound_id.eq(row.compound_id))
        .filter(talent::COLUMN.kind.eq(row.kind))
        .filter(talent::COLUMN.state.eq(TalentState::Offered))
        .order_by_asc(talent::COLUMN.id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.db())
        .await?;
    let done = talent::Entity::update_many()
        .set(talent::ActiveModel {
            state: Set(TalentState::Withdrawn),
            ended_at: Set(Some(tx.now())),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(talent::COLUMN.id.eq(id))
        .filter(talent::COLUMN.state.eq(TalentState::Offered))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::wrong_step(format!("特长 #{id} 已经撤销了。")));
    }
    record(tx, actor, &row, "talent.withdraw");
    let waiting = help_request::Entity::find()
        .filter(help_request::COLUMN.talent_id.eq(id))
        .filter(help_request::COLUMN.state.eq(HelpState::Asking))
        .order_by_asc(help_request::COLUMN.id)
        .all(tx.db())
        .await?;
    for request in waiting {
        hand_on(tx, request, By::Talent, Some(HelpAnswer::Dropped)).await?;
    }
    let stored = talent::Entity::find_by_id(id).one(tx.db()).await?;
    stored.ok_or_else(|| no_such_talent(id))
}

fn record(tx: &Tx, actor: &Actor, row: &talent::Model, audited: &str) {
    let entry = Entry {
        action: audited,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, actor, entry);
}
