//! What the asker does: 许愿 感谢 撤回心愿.

use entity::kinds::{ActorKind, WishState};
use entity::{wish, wish_step};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::config::Wishes;
use crate::person::queries::answering;
use crate::reminder;
use crate::store::Tx;
use crate::wish::actions::{Change, count_locked, record, some_words, step, words};
use crate::wish::queries::{Found, Side, found};
use crate::wish::remind::{self, Telling};
use crate::wish::step::{Act, By};

/// What whoever has no home here is told.
const UNBOUND: &str = "许愿要先绑定房号，回复:绑定 3-2-501 姓名 手机号。";
/// States of wishes that somebody still waits for.
const WAITING: [WishState; 3] = [WishState::Raised, WishState::Open, WishState::Claimed];
/// Whom to ask at once to read it, at most.
const MOST_ASKED: usize = 3;

/// Makes a wish at one of the actor's homes, the first when none is said. Staff is asked to read it.
///
/// # Errors
/// `forbidden` for whoever has no home, `not_found` for a home that is not theirs, `invalid` for words that
/// are missing, too long or hold a phone number, `wrong_step` when too many of theirs are waiting.
pub async fn raise(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Wishes,
    text: &str,
    home_id: Option<i64>,
) -> Result<wish::Model, Fault> {
    let person = actor.require_person()?;
    let home = actor.home(home_id, UNBOUND)?;
    let text = words("text", text, "许愿 想要一副老花镜")?;
    let waiting = count_locked(tx, person, wish::Column::AskerId, &WAITING).await?;
    if waiting >= terms.most_wishes {
        return Err(Fault::wrong_step(format!(
            "您有{waiting}个心愿还在等，实现或撤回一个以后再许。回复“我的心愿”查看。"
        )));
    }
    let row = wish::ActiveModel {
        compound_id: Set(home.compound_id),
        place_id: Set(home.place_id),
        asker_id: Set(person),
        text: Set(text),
        state: Set(WishState::Raised),
        version: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = wish::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let raised = step(tx, &row, "raised", ActorKind::Resident, Some(person));
    wish_step::Entity::insert(raised)
        .exec_without_returning(tx.db())
        .await?;
    record(tx, actor, ActorKind::Resident, &row, "wish.raise");
    let askable = answering(tx.db(), &home.path, tx.now(), &[person]).await?;
    let items = askable
        .iter()
        .take(MOST_ASKED)
        .flat_map(|held| remind::check(&row, held.person_id))
        .collect();
    reminder::enqueue(tx, items).await?;
    Ok(row)
}

/// The wish, if it is the actor's own.
async fn own(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = found(tx.db(), actor, id).await?;
    if found.side == Side::Asker {
        Ok(found)
    } else {
        Err(Fault::forbidden(format!(
            "只有心愿 #{id} 的许愿人可以这样操作。"
        )))
    }
}

/// Thanks whoever fulfilled it; they are told.
///
/// # Errors
/// `not_found`, `forbidden` for whoever did not wish for it, `invalid` for words that are too long,
/// `wrong_step` when it is not fulfilled or was thanked for.
pub async fn thank(tx: &mut Tx, actor: &Actor, id: i64, text: &str) -> Result<wish::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let mut change = Change::of(tx, found.wish, Act::Thank, By::Asker)?;
    change.next.thanks = some_words("text", text)?;
    change.note.clone_from(&change.next.thanks);
    change.tell_claimer(Telling::Thanked);
    change.store(tx, actor, "wish.thank").await
}

/// Takes it back while it is not fulfilled; whoever has it is told.
///
/// # Errors
/// `not_found`, `forbidden` for whoever did not wish for it, `wrong_step` when it is over.
pub async fn withdraw(tx: &mut Tx, actor: &Actor, id: i64) -> Result<wish::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let mut change = Change::of(tx, found.wish, Act::Withdraw, By::Asker)?;
    change.tell_claimer(Telling::Withdrawn);
    change.free();
    change.store(tx, actor, "wish.withdraw").await
}
