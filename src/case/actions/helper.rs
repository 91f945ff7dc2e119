//! 多方助力: others come to help the holder of a case, invited or by themselves. They see it and may note
//! and propose something; the holder alone works on it and ends it.

use entity::{case, case_helper};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{Condition, EntityTrait, QueryFilter, TryInsertResult};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::case::actions::Draft;
use crate::case::actions::staff::{held_or_given, may_take, named, nobody_called};
use crate::case::dispatch::Target;
use crate::case::queries::{self, Found, holds, visible};
use crate::case::remind::kinds;
use crate::case::step::{Action, By};
use crate::store::Tx;

/// What became of «助力».
#[derive(Clone, Debug)]
pub enum Helped {
    /// This person is asked to help.
    Invited(Target),
    /// Several people are called so: which one?
    Which(Vec<Target>),
    /// The actor helps; false when they did before.
    Joined(bool),
}

/// The case, if the actor helps with it at present and does not hold or file it.
pub(super) async fn helps(tx: &Tx, actor: &Actor, id: i64) -> Result<Option<Found>, Fault> {
    let Some(person) = actor.person_id() else {
        return Ok(None);
    };
    let Some(helper) = queries::helper(tx.db(), id, person).await? else {
        return Ok(None);
    };
    if helper.joined_at.is_none() || helper.left_at.is_some() {
        return Ok(None);
    }
    let found = visible(tx.db(), actor, id).await?;
    let own = holds(actor, &found) || found.case.reporter_id == person;
    let works = may(actor, Deed::WorkCases, &found.place.path);
    Ok((works && !own).then_some(found))
}

/// What somebody who helps has to say: a note, or a proposal. The holder is told.
pub(super) async fn note(
    tx: &mut Tx,
    actor: &Actor,
    found: Found,
    text: String,
    name: &'static str,
) -> Result<case::Model, Fault> {
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act(Action::Assist, name, Some(text))?;
    draft.tell(kinds::SUPPLEMENTED, draft.next.holder_id, name);
    draft.store(tx, actor, "case.assist").await
}

/// Comes to help (助力 N), or invites somebody called so who may work there (助力 N 姓名).
///
/// # Errors
/// `not_found` when it is not theirs to see or nobody there is called so, `forbidden` for whoever holds it,
/// filed it or may not work there, `wrong_step` when it is over.
pub async fn assist(tx: &mut Tx, actor: &Actor, id: i64, whom: &str) -> Result<Helped, Fault> {
    if !whom.is_empty() {
        return invite(tx, actor, id, whom).await;
    }
    let person = actor.require_person()?;
    let found = visible(tx.db(), actor, id).await?;
    if holds(actor, &found) {
        return Err(Fault::forbidden(format!(
            "诉求 #{id} 由您办理。要请别人帮忙，请回复“助力 {id} 姓名”。"
        )));
    }
    let works = may(actor, Deed::WorkCases, &found.place.path);
    if found.case.reporter_id == person || !works {
        return Err(Fault::forbidden(format!(
            "只有这里的工作人员可以助力。回复“进度 {id}”查看诉求 #{id}。"
        )));
    }
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    let name = actor.person.as_ref().map(|person| person.name.clone());
    draft.act(Action::Assist, "helper-joined", name)?;
    if !join(tx, &draft.next, person).await? {
        return Ok(Helped::Joined(false));
    }
    draft.tell(kinds::HELPER, draft.next.holder_id, "joined");
    draft.store(tx, actor, "case.assist").await?;
    Ok(Helped::Joined(true))
}

async fn invite(tx: &mut Tx, actor: &Actor, id: i64, whom: &str) -> Result<Helped, Fault> {
    let found = held_or_given(tx, actor, id).await?;
    let people = may_take(tx, actor, &found).await?;
    let named = named(&people, whom);
    let target = match named.as_slice() {
        [] => return Err(nobody_called(id, whom, &people)),
        [one] => Target::from(one),
        several => return Ok(Helped::Which(several.iter().map(Target::from).collect())),
    };
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act(Action::Assist, "helper-invited", Some(target.name.clone()))?;
    let row = case_helper::ActiveModel {
        case_id: Set(id),
        compound_id: Set(draft.next.compound_id),
        person_id: Set(target.person_id),
        invited_by: Set(actor.person_id()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let mut known =
        OnConflict::columns([case_helper::Column::CaseId, case_helper::Column::PersonId]);
    known.update_column(case_helper::Column::InvitedBy);
    // Who had left is asked again; who helps goes on.
    known.value(
        case_helper::Column::JoinedAt,
        Expr::cust(
            r#"CASE WHEN "case_helper"."left_at" IS NULL THEN "case_helper"."joined_at" END"#,
        ),
    );
    known.value(case_helper::Column::LeftAt, Expr::cust("NULL"));
    case_helper::Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(tx.db())
        .await?;
    draft.tell(kinds::HELP_ASKED, Some(target.person_id), "asked");
    draft.store(tx, actor, "case.assist").await?;
    Ok(Helped::Invited(target))
}

/// Makes the row of whoever comes; false when they help already.
async fn join(tx: &Tx, case: &case::Model, person: i64) -> Result<bool, Fault> {
    let row = case_helper::ActiveModel {
        case_id: Set(case.id),
        compound_id: Set(case.compound_id),
        person_id: Set(person),
        created_at: Set(tx.now()),
        joined_at: Set(Some(tx.now())),
        ..Default::default()
    };
    let known = OnConflict::columns([case_helper::Column::CaseId, case_helper::Column::PersonId])
        .do_nothing()
        .to_owned();
    let inserted = case_helper::Entity::insert(row)
        .on_conflict(known)
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    if matches!(inserted, TryInsertResult::Inserted(count) if count > 0) {
        return Ok(true);
    }
    let absent = Condition::any()
        .add(case_helper::COLUMN.joined_at.is_null())
        .add(case_helper::COLUMN.left_at.is_not_null());
    let change = case_helper::ActiveModel {
        joined_at: Set(Some(tx.now())),
        left_at: Set(None),
        ..Default::default()
    };
    let came = case_helper::Entity::update_many()
        .set(change)
        .filter(case_helper::COLUMN.case_id.eq(case.id))
        .filter(case_helper::COLUMN.person_id.eq(person))
        .filter(absent)
        .exec(tx.db())
        .await?;
    Ok(came.rows_affected == 1)
}

/// Goes again, or says no to an invitation (退出助力).
///
/// # Errors
/// `not_found` when it is not theirs to see, `wrong_step` when they do not help or it is over.
pub async fn leave(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let person = actor.require_person()?;
    let found = visible(tx.db(), actor, id).await?;
    let change = case_helper::ActiveModel {
        left_at: Set(Some(tx.now())),
        ..Default::default()
    };
    let left = case_helper::Entity::update_many()
        .set(change)
        .filter(case_helper::COLUMN.case_id.eq(id))
        .filter(case_helper::COLUMN.person_id.eq(person))
        .filter(case_helper::COLUMN.left_at.is_null())
        .exec(tx.db())
        .await?;
    if left.rows_affected == 0 {
        return Err(Fault::wrong_step(format!(
            "您没有在助力诉求 #{id}。要帮忙请回复“助力 {id}”。"
        )));
    }
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    let name = actor.person.as_ref().map(|person| person.name.clone());
    draft.act(Action::Assist, "helper-left", name)?;
    draft.tell(kinds::HELPER, draft.next.holder_id, "left");
    draft.store(tx, actor, "case.assist").await
}
