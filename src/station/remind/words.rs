//! The words of what is told of loans, bookings and deposits: the whole sentence, and what a template has room
//! for, which is all that many people see: which thing, by when, why, whom a keeper has to ask. None when it no
//! longer holds. Used by `remind.rs`.

use entity::kinds::{BookingState, DepositState, LoanState};
use entity::{station_booking, station_deposit, station_loan, station_room, station_thing};
use sea_orm::EntityTrait;

use super::{Said, Telling, title};
use crate::app::App;
use crate::base::clock::{china, say};
use crate::base::fault::Fault;
use crate::delivery::Button;
use crate::person::queries as people;
use crate::station::queries::rooms::slot_of;
use crate::station::{booking_says, deposit_says, loan_says};

/// Of a loan, to its borrower or to a keeper.
pub(super) async fn of_loan(app: &App, id: i64, what: Telling) -> Result<Option<Said>, Fault> {
    let db = app.store.read();
    let Some(row) = station_loan::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let thing = station_thing::Entity::find_by_id(row.thing_id)
        .one(db)
        .await?;
    let name = thing.map(|thing| thing.name).unwrap_or_default();
    let task = matches!(what, Telling::HandedIn | Telling::Overdue);
    let said = match task {
        true => {
            let person = people::by_id(db, row.borrower_id).await?;
            let who = person.map(|person| person.name).unwrap_or_default();
            to_keeper(&row, &name, &who, what)
        }
        false => to_borrower(&row, &name, what),
    };
    let Some((text, hint)) = said else {
        return Ok(None);
    };
    let (label, command) = match task {
        true => ("验收", format!("借物验收 {id}")),
        false => ("归还", format!("归还 {id}")),
    };
    let due = matches!(what, Telling::LentTo | Telling::Soon | Telling::Late);
    Ok(Some(Said {
        text,
        title: title(&name, id, what),
        hint,
        state: loan_says(row.state),
        station_id: row.station_id,
        at: due.then_some(row.due_at),
        button: (what != Telling::Ended).then_some(Button { label, command }),
    }))
}

/// The sentence and the hint.
fn to_keeper(
    row: &station_loan::Model,
    name: &str,
    who: &str,
    what: Telling,
) -> Option<(String, String)> {
    let id = row.id;
    let text = match (what, row.state) {
        (Telling::HandedIn, LoanState::Handed) => format!(
            "{who}说“{name}”（借用 #{id}）已还，请看一眼。收到了回复“借物验收 {id}”，没看到回复“借物没收到 {id}”。"
        ),
        (Telling::Overdue, LoanState::Lent) => format!(
            "{who}借的“{name}”（借用 #{id}）{}到期，还没还。请联系一下；收到了回复“借物验收 {id}”。",
            say(row.due_at)
        ),
        _ => return None,
    };
    Some((text, format!("{who} 回复:借物验收 {id}")))
}

/// The same for whoever has it, or had it.
fn to_borrower(row: &station_loan::Model, name: &str, what: Telling) -> Option<(String, String)> {
    let (id, due) = (row.id, say(row.due_at));
    let head = format!("“{name}”（借用 #{id}）");
    let note = row.note.as_deref().unwrap_or_default();
    let back = format!("还好后回复:归还 {id}");
    let told = match (what, row.state) {
        (Telling::LentTo, LoanState::Lent) => (
            format!("驿站登记您借了{head}，请在{due}前归还。还的时候回复“归还 {id}”。"),
            format!(
                "{}前还，回复:归还 {id}",
                china(row.due_at).format("%-m月%-d日")
            ),
        ),
        (Telling::Soon, LoanState::Lent) => (
            format!("您借的{head}{due}到期。还到驿站后回复“归还 {id}”。"),
            back,
        ),
        (Telling::Late, LoanState::Lent) => (
            format!("您借的{head}已经到期，请尽快还到驿站，再回复“归还 {id}”。"),
            back,
        ),
        (Telling::Denied, LoanState::Lent) => (
            format!("驿站没有找到您说已还的{head}。请再看看放在哪里，还好后回复“归还 {id}”。"),
            back,
        ),
        (Telling::Ended, LoanState::Returned) => (
            format!("您借的{head}已还好，谢谢！"),
            "已还好，谢谢！".to_owned(),
        ),
        (Telling::Ended, LoanState::Lost) => {
            (format!("您借的{head}已记为丢失：{note}。"), note.to_owned())
        }
        (Telling::Ended, LoanState::Damaged) => {
            (format!("您借的{head}已记为损坏：{note}。"), note.to_owned())
        }
        _ => return None,
    };
    Some(told)
}

/// Of a booking, to its booker.
pub(super) async fn of_booking(app: &App, id: i64, what: Telling) -> Result<Option<Said>, Fault> {
    let db = app.store.read();
    let Some(row) = station_booking::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let room = station_room::Entity::find_by_id(row.room_id)
        .one(db)
        .await?;
    let name = room.map(|room| room.name).unwrap_or_default();
    let time = slot_of(&row).says();
    let head = format!("您订的“{name}”（预订 #{id}）{time}");
    let reason = row.reason.as_deref().unwrap_or_default();
    let again = format!("请回复“订房间 {}”另选时间。", row.room_id);
    let (text, hint) = match (what, row.state) {
        (Telling::Begins, BookingState::Booked) => (
            format!("{head}，快到时间了。来不了请回复“取消预订 {id}”。"),
            time,
        ),
        (Telling::Displaced, BookingState::Displaced) => (
            format!("很抱歉，{head}要让给公务使用：{reason}。{again}"),
            reason.to_owned(),
        ),
        (Telling::Cancelled, BookingState::Cancelled) => (
            format!("{head}已由驿站取消：{reason}。{again}"),
            reason.to_owned(),
        ),
        _ => return Ok(None),
    };
    Ok(Some(Said {
        text,
        title: title(&name, id, what),
        hint,
        state: booking_says(row.state),
        station_id: row.station_id,
        // Which time it is about has no other field.
        at: Some(row.from_at),
        button: None,
    }))
}

/// Of a deposit, to its owner or, as a task, to a keeper.
pub(super) async fn of_deposit(
    app: &App,
    id: i64,
    what: Telling,
    task: bool,
) -> Result<Option<Said>, Fault> {
    let db = app.store.read();
    let Some(row) = station_deposit::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let (thing, since) = (&row.thing, say(row.at));
    let note = row.note.as_deref().unwrap_or_default();
    let (text, hint) = match (what, row.state, task) {
        (Telling::TakenIn, DepositState::Kept, _) => (
            format!("驿站收下了您寄存的“{thing}”，寄存号 {id}。来取时报这个号。"),
            format!("寄存号 {id}，来取时报号"),
        ),
        (Telling::Waits, DepositState::Kept, false) => (
            format!("您{since}寄存的“{thing}”（寄存号 {id}）还在驿站，请来取一下。"),
            "还在驿站，请来取一下".to_owned(),
        ),
        (Telling::Waits, DepositState::Kept, true) => (
            format!(
                "寄存号 {id}“{thing}”从{since}放到现在没人取，请留意。取走后在工作台“驿站”记一下。"
            ),
            "还没人取，请留意".to_owned(),
        ),
        (Telling::MonthOver, DepositState::Unclaimed, false) => (
            format!(
                "您{since}寄存的“{thing}”（寄存号 {id}）放得太久了，请马上来取，不然会交给物业失物招领。"
            ),
            "放得太久了，请马上来取".to_owned(),
        ),
        (Telling::MonthOver, DepositState::Unclaimed, true) => (
            format!(
                "寄存号 {id}“{thing}”从{since}放到现在没人取，可以交物业失物招领了。处理后在工作台“驿站”写明交到哪里。"
            ),
            "可以交物业失物招领了".to_owned(),
        ),
        (Telling::ClearedAway, DepositState::Cleared, _) => (
            format!("您寄存的“{thing}”（寄存号 {id}）没有人来取，已处理：{note}。"),
            note.to_owned(),
        ),
        _ => return Ok(None),
    };
    Ok(Some(Said {
        text,
        title: title("寄存", id, what),
        hint,
        state: deposit_says(row.state),
        station_id: row.station_id,
        at: None,
        button: None,
    }))
}
