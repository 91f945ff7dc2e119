//! 订房间 and 取消预订 in the chat: by digits a room, a day, a beginning and an end; or all of it in one line.

use chrono::Days;

use crate::base::clock::{Moment, china};
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::mediation::when;
use crate::station::actions::{self, Asked};
use crate::station::queries;
use crate::station::queries::rooms::{Room, ahead, free, room, rooms_of, taken};
use crate::station::slot::{self, Slot, clock_of};

use super::{MOST, not_meant, picked, station_in};

/// Days and beginnings that one list offers.
const MOST_DAYS: usize = 15;
const MOST_STARTS: usize = 24;
/// How a booking is written in one line.
const EXAMPLE: &str = "订房间 3 明天 14:00-16:00 读书会";

/// `订房间`, `订房间 站3`, `订房间 3`, `订房间 3 12-01`, `订房间 3 12-01 14:00`, and all of it.
pub(super) async fn book(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((station, _)) = station_in(args) {
        let found = queries::found(turn.tx.db(), &turn.actor, station).await?;
        return rooms(turn, &[(found.station.id, found.station.name)]).await;
    }
    let Some((id, rest)) = args.number() else {
        if !args.raw.is_empty() {
            return Ok(not_meant(turn, "订房间"));
        }
        let now = turn.now();
        let page = queries::page(turn.tx.db(), &turn.actor, now, Slice::first(MOST)).await?;
        let stations: Vec<(i64, String)> = page
            .items
            .into_iter()
            .map(|seen| (seen.station.id, seen.station.name))
            .collect();
        return rooms(turn, &stations).await;
    };
    let now = turn.now();
    let room = room(turn.tx.db(), &turn.actor, id).await?;
    if rest.raw.is_empty() {
        return days(turn, &room).await;
    }
    if let Some((from, behind)) = when::read(&rest.raw, now) {
        if behind.is_empty() {
            return ends(turn, &room, from).await;
        }
        return match slot::read_end(from, &behind) {
            Some((to, purpose)) => take(turn, &room, Slot { from, to }, &purpose).await,
            None => Ok(retry(turn, id, &rest.raw)),
        };
    }
    match when::read(&format!("{} 0:00", rest.raw), now) {
        Some((day, behind)) if behind.is_empty() => starts(turn, &room, day).await,
        _ => Ok(retry(turn, id, &rest.raw)),
    }
}

/// What was typed is no time: the next text is put behind the room.
fn retry(turn: &mut Turn<'_>, id: i64, said: &str) -> Reply {
    let how = "没看懂时间。请写日期和时间，例如：明天 14:00-16:00";
    turn.ask_again(how, said, format!("订房间 {id}"))
}

async fn rooms(turn: &mut Turn<'_>, stations: &[(i64, String)]) -> Result<Reply, Fault> {
    let ids: Vec<i64> = stations.iter().map(|(id, _)| *id).collect();
    let rooms = rooms_of(turn.tx.db(), &ids).await?;
    if rooms.is_empty() {
        return Ok(Reply::text("这里还没有可以预订的房间。"));
    }
    let lines = rooms.iter().map(|room| {
        let station = stations.iter().find(|(id, _)| *id == room.station_id);
        let station = station.map(|(_, name)| name.as_str()).unwrap_or_default();
        (
            format!("{}（{station}，{}人）", room.name, room.seats),
            format!("订房间 {}", room.id),
        )
    });
    let lines = lines.collect();
    let lines = picked(turn, lines);
    Ok(Reply::text(format!(
        "订哪个房间？回复前面的数字：{lines}\n也可以直接写，例如：{EXAMPLE}"
    )))
}

async fn days(turn: &mut Turn<'_>, room: &Room) -> Result<Reply, Fault> {
    let now = turn.now();
    let today = china(now).date_naive();
    let most = u64::try_from(turn.app.settings.stations.booking_days).unwrap_or_default();
    let mut lines = Vec::new();
    for ahead in 0..=most {
        let Some(day) = today.checked_add_days(Days::new(ahead)) else {
            break;
        };
        let free = free(turn.tx.db(), room, day, now).await?;
        if !free.is_empty() {
            lines.push((
                day.format("%-m月%-d日").to_string(),
                format!("订房间 {} {day}", room.row.id),
            ));
        }
        if lines.len() >= MOST_DAYS {
            break;
        }
    }
    if lines.is_empty() {
        return Ok(Reply::text(format!(
            "“{}”最近{most}天都没有空了，请过几天再看。",
            room.row.name
        )));
    }
    let lines = picked(turn, lines);
    Ok(Reply::text(format!(
        "“{}”哪一天？回复前面的数字：{lines}",
        room.row.name
    )))
}

async fn starts(turn: &mut Turn<'_>, room: &Room, day: Moment) -> Result<Reply, Fault> {
    let now = turn.now();
    let date = china(day).date_naive();
    let free = free(turn.tx.db(), room, date, now).await?;
    if free.is_empty() {
        turn.dialog = Some(Dialog::pick([format!("订房间 {}", room.row.id)]));
        return Ok(Reply::text(format!(
            "“{}”那天没有空了。回复 1 看别的日子。",
            room.row.name
        )));
    }
    let mut text = String::new();
    let mut commands = Vec::new();
    for (at, from) in free.iter().take(MOST_STARTS).enumerate() {
        let hour = china(*from).format("%H:%M").to_string();
        let gap = if at % 4 == 0 { "\n" } else { "  " };
        text.push_str(&format!("{gap}{} {hour}", at + 1));
        commands.push(format!("订房间 {} {date} {hour}", room.row.id));
    }
    turn.dialog = Some(Dialog::pick(commands));
    Ok(Reply::text(format!(
        "“{}”{}从几点开始？回复前面的数字：{text}",
        room.row.name,
        date.format("%-m月%-d日")
    )))
}

async fn ends(turn: &mut Turn<'_>, room: &Room, from: Moment) -> Result<Reply, Fault> {
    let terms = &turn.app.settings.stations;
    let date = china(from).date_naive();
    let taken = taken(turn.tx.db(), room.row.id, date).await?;
    let ends = slot::ends(&room.hours, turn.now(), from, &taken, terms);
    if ends.is_empty() {
        turn.dialog = Some(Dialog::pick([format!("订房间 {} {date}", room.row.id)]));
        return Ok(Reply::text(format!(
            "“{}”这个时间订不了。回复 1 看那天空的时间。",
            room.row.name
        )));
    }
    let hour = china(from).format("%H:%M").to_string();
    let lines = ends.iter().map(|to| {
        let to = clock_of(from, *to);
        (
            format!("到{to}"),
            format!("订房间 {} {date} {hour}-{to}", room.row.id),
        )
    });
    let lines = lines.collect();
    let lines = picked(turn, lines);
    Ok(Reply::text(format!(
        "“{}”从{hour}到几点？回复前面的数字：{lines}",
        room.row.name
    )))
}

async fn take(turn: &mut Turn<'_>, room: &Room, slot: Slot, purpose: &str) -> Result<Reply, Fault> {
    let asked = Asked {
        room_id: room.row.id,
        from: slot.from,
        to: slot.to,
        purpose,
    };
    let terms = &turn.app.settings.stations;
    match actions::book(turn.tx, &turn.actor, terms, asked).await {
        Ok(row) => Ok(Reply::text(format!(
            "订好了：“{}”{}（预订 #{}）。开始前会提醒您；来不了请回复“取消预订 {}”，让给别人。",
            room.row.name,
            slot.says(),
            row.id,
            row.id
        ))),
        // Nothing was stored: a digit shows what is free.
        Err(fault) if fault.code == Code::Conflict => {
            let date = china(slot.from).date_naive();
            turn.dialog = Some(Dialog::pick([format!("订房间 {} {date}", room.row.id)]));
            Ok(Reply::text(format!(
                "{}\n回复 1 看那天空的时间。",
                fault.detail
            )))
        }
        Err(fault) if fault.code == Code::Invalid => {
            turn.dialog = Some(Dialog::ask(format!("订房间 {}", room.row.id)));
            Ok(Reply::text(format!(
                "{}\n请再写一次日期和时间，例如：明天 14:00-16:00（0 返回菜单）",
                fault.detail
            )))
        }
        Err(fault) => Err(fault),
    }
}

pub(super) async fn cancel(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, rest)) = args.number() {
        let row = actions::cancel(turn.tx, &turn.actor, id, &rest.raw).await?;
        let own = turn.actor.person_id() == Some(row.booker_id);
        return Ok(Reply::text(match own {
            true => format!("预订 #{id} 已取消，别人可以订了。谢谢您提前说一声。"),
            false => format!("预订 #{id} 已取消，预订的人会收到原因。"),
        }));
    }
    if !args.raw.is_empty() {
        return Ok(not_meant(turn, "取消预订"));
    }
    let now = turn.now();
    let booked = ahead(turn.tx.db(), &turn.actor, now, MOST).await?;
    if booked.is_empty() {
        return Ok(Reply::text("您现在没有预订房间。"));
    }
    let lines = booked.iter().map(|one| {
        (
            format!("{} {}", one.room, one.slot().says()),
            format!("取消预订 {}", one.row.id),
        )
    });
    let lines = lines.collect();
    let lines = picked(turn, lines);
    Ok(Reply::text(format!("取消哪一个？回复前面的数字：{lines}")))
}
