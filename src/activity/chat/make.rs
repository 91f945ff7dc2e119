//! Making an activity in the chat: 发起活动 发布活动 截止报名 取消活动. For a steward with one phone: four lines, then
//! a digit; all else can be changed in the console.

use entity::activity;
use entity::life::ActivityKind;

use super::{led, which};
use crate::access::permit::{Deed, roles};
use crate::activity::actions::{self, New};
use crate::activity::queries::{self, Figure};
use crate::activity::times::Times;
use crate::activity::written::{lines, people, unread};
use crate::activity::{places_say, span_says};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::chat::{Args, Dialog, Reply, Turn};

/// How it is written.
pub(super) const HOW: &str =
    "请这样写，四行（名额可以不写）：\n周六义诊\n12月5日 14:00-16:00\n中心花园\n30人";
/// Words by which a kind is known.
const KINDS: &[(&str, ActivityKind)] = &[
    ("党日", ActivityKind::PartyDay),
    ("党课", ActivityKind::PartyDay),
    ("邻里", ActivityKind::Festival),
    ("义诊", ActivityKind::Clinic),
    ("体检", ActivityKind::Clinic),
    ("讲座", ActivityKind::Lecture),
    ("课", ActivityKind::Lecture),
    ("舞", ActivityKind::Sport),
    ("比赛", ActivityKind::Sport),
    ("清洁", ActivityKind::Cleaning),
    ("整治", ActivityKind::Cleaning),
    ("打扫", ActivityKind::Cleaning),
];

/// What somebody has written in four lines; none when it is not that.
fn read(text: &str, now: Moment) -> Option<New> {
    let read = lines(text, now)?;
    let mut rest = read.rest.into_iter();
    let places = match rest.next() {
        None => None,
        Some(line) => Some(people(&line)?),
    };
    let kind = KINDS.iter().find(|(word, _)| read.title.contains(word));
    Some(New {
        kind: kind.map_or(ActivityKind::Other, |(_, kind)| *kind),
        title: read.title,
        text: rest.collect::<Vec<_>>().join("\n"),
        venue: read.venue,
        times: Times {
            starts: read.starts,
            ends: read.ends,
            closes: read.starts,
        },
        places,
    })
}

pub(super) async fn draft(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    // Who serves above the compounds says in the console in which of them.
    let grants = turn.actor.grants.iter();
    let mut own: Vec<(usize, i64)> = grants
        .filter(|grant| roles(Deed::LeadActivities).contains(&grant.role))
        .filter(|grant| grant.compound_id.is_some())
        .filter_map(|grant| Some((grant.path.len(), grant.place_id?)))
        .collect();
    own.sort_unstable();
    let Some((_, place_id)) = own.first().copied() else {
        return Err(Fault::forbidden(
            "活动由楼栋长、网格员、业委会、物业经理或社区发起；街道和社区请在工作台的“活动”里选小区。",
        ));
    };
    let Some(new) = read(&args.raw, turn.now()) else {
        return Ok(unread(turn, "发起活动", &args.raw, HOW));
    };
    let row = actions::draft(turn.tx, &turn.actor, place_id, new).await?;
    Ok(preview(turn, &row))
}

/// What is shown before people know of it.
fn preview(turn: &mut Turn<'_>, row: &activity::Model) -> Reply {
    let id = row.id;
    turn.dialog = Some(Dialog::pick([
        format!("发布活动 {id}"),
        format!("取消活动 {id} 写错了"),
    ]));
    Reply::text(format!(
        "活动 #{id} 预览：{}\n时间：{}\n地点：{}\n{}。\n回复数字：1 发布，大家就能报名  2 不办了\n要改时间、名额、说明，请在工作台的“活动”里改。",
        row.title,
        span_says(row.starts_at, row.ends_at),
        row.venue,
        places_say(row)
    ))
}

pub(super) async fn open(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = led(turn, &[Figure::Draft]).await?;
        let none = "没有等着发布的活动。要办活动回复“发起活动”。";
        return Ok(which(turn, args, "发布活动", &seen, none));
    };
    actions::open(turn.tx, &turn.actor, id).await?;
    // The digit that published must not call it off when it is typed twice.
    turn.dialog = Some(Dialog::pick([
        format!("活动 {id}"),
        format!("取消活动 {id} 写错了"),
    ]));
    Ok(Reply::text(format!(
        "活动 #{id} 已发布，邻居回复“报名 {id}”就能报名。要告诉每一家，请再发一条公告。\n回复数字：1 看活动  2 写错了，撤回"
    )))
}

pub(super) async fn close(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = led(turn, &[Figure::Ahead]).await?;
        return Ok(which(turn, args, "截止报名", &seen, "没有正在报名的活动。"));
    };
    let row = actions::close(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "活动 #{id} 报名已截止，已报{}人，候补{}人。有空位会按顺序补上。",
        row.taken, row.waiting
    )))
}

pub(super) async fn cancel(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        let seen = led(turn, &[Figure::Ahead, Figure::Draft]).await?;
        return Ok(which(turn, args, "取消活动", &seen, "没有可以取消的活动。"));
    };
    if reason.raw.is_empty() {
        queries::led(turn.tx.db(), &turn.actor, id).await?;
        turn.dialog = Some(Dialog::ask(format!("取消活动 {id}")));
        return Ok(Reply::text(
            "请写明原因，报名的人会看到，例如：下雨，改天再办",
        ));
    }
    actions::cancel(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "活动 #{id} 已取消，报名的人会收到通知和原因。"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{from_ms, say};

    /// 2026-11-21 17:20 in China.
    fn now() -> Moment {
        from_ms(1_795_252_800_000).unwrap()
    }

    #[test]
    fn four_lines_are_an_activity() {
        let text = "周六义诊\n12月5日 14:00-16:30\n中心花园\n３０人\n带医保卡";
        let new = read(text, now()).unwrap();
        assert_eq!(
            (new.title.as_str(), new.venue.as_str(), new.places),
            ("周六义诊", "中心花园", Some(30))
        );
        assert_eq!(
            (new.kind, new.text.as_str()),
            (ActivityKind::Clinic, "带医保卡")
        );
        assert_eq!(say(new.times.closes), "12月5日 14:00");
        let free = read("邻里节\n明天 9:00\n花园", now()).unwrap();
        assert_eq!((free.places, free.kind), (None, ActivityKind::Festival));
        assert!(read("义诊\n12月5日 14:00\n花园\n很多人", now()).is_none());
    }
}
