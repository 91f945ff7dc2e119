//! What the card of whoever has signed up says in the end, when its message is not to be told any more. Called by
//! `bot/cards.rs`.

use entity::life::{ActivityState, SignupState};
use entity::reminder;

use crate::activity::line::signup_of;
use crate::activity::queries::by_id;
use crate::activity::remind::{Telling, activity_of, holds};
use crate::app::App;
use crate::base::fault::Fault;
use crate::reminder::payload::number;

/// Where nothing better is known.
const GONE: &str = "不用再管了";

/// In a few characters, behind the number. Whoever has no part in it any more is told nothing else of it.
///
/// # Errors
/// The database's.
pub async fn ending(app: &App, told: &reminder::Model) -> Result<&'static str, Fault> {
    let db = app.store.read();
    let (Some(id), Some(person)) = (activity_of(told), told.recipient_id) else {
        return Ok(GONE);
    };
    let signup = signup_of(db, id, person).await?;
    let signup = signup.filter(|signup| signup.state != SignupState::Left);
    let (Some(row), Some(_)) = (by_id(db, id).await?, signup) else {
        return Ok("报名已取消");
    };
    let true_still = Telling::read(told)
        .zip(number(told, "stamp"))
        .is_some_and(|(what, stamp)| holds(&row, what, stamp));
    Ok(match row.state {
        ActivityState::Cancelled => "已取消",
        ActivityState::Held => "已结束",
        _ if !true_still => "时间变了，请看新消息",
        _ if row.starts_at <= app.clock.now() => "已开始",
        _ => GONE,
    })
}
