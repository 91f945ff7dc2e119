//! Chat commands on activities: 活动 报名 取消报名 我的活动 提前提醒 of residents, 发起活动 发布活动 截止报名 取消活动
//! 活动名单 活动照片 of those who lead. A digit leads on wherever there is something to do.

mod make;
mod many;

use chrono::TimeDelta;
use entity::activity;
use entity::life::{ActivityState, SignupState};

use crate::access::permit::{Deed, require_somewhere};
use crate::activity::actions::{self, Gone, Joined};
use crate::activity::line::{came, guests, head_of_line, place_in_line};
use crate::activity::queries::{self, Figure, Seen, Side, Which};
use crate::activity::seats::free;
use crate::activity::times::{eve, eve_says, hour_before};
use crate::activity::{link, places_say, signup_says, span_says, state_says};
use crate::attachment::link::{self as files, Variant};
use crate::attachment::queries::unfiled;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::chat::pages::{LOOK, rows};
use crate::chat::{Args, Command, Dialog, KEPT_MINUTES, Reply, Turn, bound, staff};

/// People of a list of names.
const MOST_NAMES: u64 = 60;
/// Photos given at once, and shown, at most.
const MOST_PHOTOS: u64 = 9;
const SHOWN_PHOTOS: usize = 3;

/// The table.
pub const COMMANDS: &[Command] = &[
    // Without a space: a sentence that only begins like it (活动室的灯坏了) is none.
    bound(
        &["活动", "小区活动"],
        "活动[编号]",
        "看小区的活动，可以报名",
        |turn, args| Box::pin(list(turn, args)),
    ),
    bound(
        &["报名", "活动报名"],
        "报名 编号 [人数]",
        "报名参加活动，可以带家人",
        |turn, args| Box::pin(join(turn, args)),
    ),
    bound(
        &["取消报名"],
        "取消报名 编号",
        "不去了，让给别的邻居",
        |turn, args| Box::pin(leave(turn, args)),
    ),
    bound(
        &["我的活动"],
        "我的活动",
        "看自己报名的活动",
        |turn, args| Box::pin(mine(turn, args)),
    ),
    bound(
        &["提前提醒"],
        "提前提醒 编号",
        "活动开始前1小时再提醒",
        |turn, args| Box::pin(want_hour(turn, args)),
    ),
    Command {
        asks: Some(make::HOW),
        ..staff(
            &["发起活动"],
            "发起活动 标题，换行写时间，再换行写地点和名额",
            "办一次活动",
            |turn, args| Box::pin(make::draft(turn, args)),
        )
    },
    staff(
        &["发布活动"],
        "发布活动 编号",
        "让大家看到活动、报名",
        |turn, args| Box::pin(make::open(turn, args)),
    ),
    staff(
        &["截止报名"],
        "截止报名 编号",
        "不再接受报名",
        |turn, args| Box::pin(make::close(turn, args)),
    ),
    staff(
        &["取消活动"],
        "取消活动 编号 原因",
        "活动不办了，通知报名的人",
        |turn, args| Box::pin(make::cancel(turn, args)),
    ),
    staff(
        &["活动名单"],
        "活动名单 编号",
        "看谁报了名、谁签了到",
        |turn, args| Box::pin(names(turn, args)),
    ),
    staff(
        &["活动照片"],
        "活动照片 编号",
        "把刚发的照片加到活动",
        |turn, args| Box::pin(photo(turn, args)),
    ),
];

/// For each activity the command that a digit stands for, and its line.
fn lines(seen: &[Seen], word: &str) -> Vec<(String, String)> {
    let each = seen.iter().map(|one| {
        let row = &one.activity;
        let state = match (&one.own, row.state) {
            (Some(own), ActivityState::Open | ActivityState::Closed) => {
                signup_says(own.state).to_owned()
            }
            (None, ActivityState::Open) => places_say(row),
            (_, state) => state_says(state).to_owned(),
        };
        let line = format!(
            "#{} {} {}（{state}）",
            row.id,
            span_says(row.starts_at, row.ends_at),
            shorten(&row.title, 16)
        );
        (format!("{word} {}", row.id), line)
    });
    each.collect()
}

/// A command that came without a number: which one is meant, by a digit; a sentence that only begins
/// like it is offered to be filed, as anything that is not understood.
fn which(turn: &mut Turn<'_>, args: &Args, word: &str, seen: &[Seen], none: &str) -> Reply {
    let Some(at) = args.page() else {
        return not_meant(turn);
    };
    if seen.is_empty() {
        return Reply::text(none);
    }
    let lines = turn.list_page(word, at, &lines(seen, word), false);
    Reply::text(format!("{word}哪一个？回复前面的数字：\n{lines}"))
}

fn not_meant(turn: &mut Turn<'_>) -> Reply {
    turn.not_meant("没看到活动的编号。", &[("活动", "看活动")])
}

async fn ahead(turn: &Turn<'_>, most: u64) -> Result<Vec<Seen>, Fault> {
    queries::next(turn.tx.db(), &turn.actor, turn.now(), most).await
}

async fn own(turn: &Turn<'_>) -> Result<Vec<Seen>, Fault> {
    queries::mine(turn.tx.db(), &turn.actor, turn.now(), LOOK.limit).await
}

async fn list(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return one(turn, id).await;
    }
    let at = args.page().unwrap_or(1);
    // One more than there are lines says whether there is another page.
    let seen = ahead(turn, rows(at) + 1).await?;
    if seen.is_empty() {
        turn.dialog = Some(Dialog::pick(["我的活动", "志愿服务"]));
        return Ok(Reply::text(
            "现在没有要开始的活动，有了会在公告里说。回复数字：1 我的活动  2 志愿服务",
        ));
    }
    let lines = turn.list_page("活动", at, &lines(&seen, "活动"), false);
    Ok(Reply::text(format!(
        "小区的活动，回复前面的数字看详情和报名：\n{lines}"
    )))
}

async fn mine(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let seen = own(turn).await?;
    if seen.is_empty() {
        turn.dialog = Some(Dialog::pick(["活动"]));
        return Ok(Reply::text(
            "您还没有报名要开始的活动。回复数字：1 看小区的活动",
        ));
    }
    let at = args.page().unwrap_or(1);
    let lines = turn.list_page("我的活动", at, &lines(&seen, "活动"), false);
    Ok(Reply::text(format!(
        "您报名的活动：\n{lines}\n回复前面的数字看详情。"
    )))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let db = turn.tx.db();
    let seen = queries::seen(db, &turn.actor, id).await?;
    let row = &seen.activity;
    let mut text = format!(
        "活动 #{id} {}（{}）\n时间：{}\n地点：{}\n",
        row.title,
        state_says(row.state),
        span_says(row.starts_at, row.ends_at),
        row.venue
    );
    if !row.text.is_empty() {
        text.push_str(&format!("{}\n", shorten(&row.text, 200)));
    }
    if row.state == ActivityState::Open {
        text.push_str(&format!("{}。\n", places_say(row)));
    }
    if let Some(reason) = &row.reason {
        text.push_str(&format!("原因：{reason}\n"));
    }
    if let Some(own) = &seen.own {
        text.push_str(&match own.state {
            SignupState::Waiting => format!(
                "您在候补第{}位（{}人）。\n",
                place_in_line(db, own).await?,
                own.size
            ),
            _ if own.checked_at.is_some() => "您已签到。\n".to_owned(),
            _ => format!("您已报名（{}人）。\n", own.size),
        });
    }
    if seen.side == Side::Leader {
        text.push_str(&format!(
            "已报{}人，候补{}人，签到{}家。\n",
            row.taken,
            row.waiting,
            came(db, id).await?
        ));
    }
    for photo in queries::photos(db, id).await?.iter().take(SHOWN_PHOTOS) {
        if let Some(url) = files::url(turn.app, photo, Variant::Full) {
            text.push_str(&format!("照片：{url}\n"));
        }
    }
    let words = next(&seen);
    if !words.is_empty() {
        let lines = words.iter().map(|word| (format!("{word} {id}"), word));
        text.push_str(&format!("可以回复数字：{}", turn.in_a_row(lines)));
    }
    Ok(Reply::text(text.trim_end().to_owned()))
}

/// What the one who asks may do next by a digit.
fn next(seen: &Seen) -> Vec<&'static str> {
    use ActivityState::{Closed, Draft, Held, Open};
    let mut words = Vec::new();
    let state = seen.activity.state;
    match (&seen.own, state) {
        (None, Open) => words.push("报名"),
        (Some(own), Open | Closed) if own.checked_at.is_none() => {
            words.push("取消报名");
            if own.state == SignupState::Taken {
                words.push("提前提醒");
            }
        }
        _ => {}
    }
    if seen.side == Side::Leader {
        words.extend_from_slice(match state {
            Draft => &["发布活动", "取消活动"],
            Open => &["活动名单", "截止报名", "取消活动"],
            Closed => &["活动名单", "取消活动"],
            Held => &["活动名单", "活动照片"],
            ActivityState::Cancelled => &[],
        });
    }
    words
}

async fn join(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        let mut seen = ahead(turn, LOOK.limit).await?;
        seen.retain(|one| one.own.is_none() && one.activity.state == ActivityState::Open);
        // Where there is one alone, the one word is enough.
        if let ([only], true) = (seen.as_slice(), args.raw.is_empty()) {
            let joined = actions::join(turn.tx, &turn.actor, only.activity.id, 1).await?;
            return answer(turn, &joined).await;
        }
        let none = "现在没有可以报名的活动。自己报过的回复“我的活动”。";
        return Ok(which(turn, args, "报名", &seen, none));
    };
    let Some(size) = many::size(&rest) else {
        let how = "一共来几个人（连您自己）？请这样写：2人";
        return Ok(turn.ask_again(how, &rest.raw, format!("报名 {id}")));
    };
    let joined = actions::join(turn.tx, &turn.actor, id, size).await?;
    answer(turn, &joined).await
}

/// What somebody is told who has signed up: what comes next, and the digits for it.
async fn answer(turn: &mut Turn<'_>, joined: &Joined) -> Result<Reply, Fault> {
    let (row, size) = (&joined.activity, joined.signup.size);
    let id = row.id;
    if let Some(at) = joined.waits_at {
        let why = why_waiting(turn, row, at).await?;
        turn.dialog = Some(Dialog::pick([
            format!("活动 {id}"),
            format!("取消报名 {id}"),
        ]));
        return Ok(Reply::text(format!(
            "活动 #{id}“{}”{why}，您（{size}人）在候补第{at}位，有名额马上告诉您，不用再报。\n回复数字：1 看活动  2 不等了",
            row.title
        )));
    }
    let now = turn.now();
    let mut digits = vec![
        (format!("报名 {id} {}", size + 1), "再加1位家人"),
        (format!("取消报名 {id}"), "不去了"),
    ];
    // Less than an hour ahead there is nothing to ask for.
    if hour_before(row.starts_at) > now {
        digits.insert(0, (format!("提前提醒 {id}"), "开始前1小时再提醒"));
    }
    let digits = turn.in_a_row(digits);
    Ok(Reply::text(format!(
        "报名成功：活动 #{id}“{}”，{}，{}（{size}人）。{}\n回复数字：{digits}\n加到手机日历：{}",
        row.title,
        span_says(row.starts_at, row.ends_at),
        row.venue,
        eve_says(row.starts_at, now),
        link::calendar(turn.app, id)
    )))
}

/// Why somebody waits at this place of the line: a family goes in whole, so places may be left while people wait.
async fn why_waiting(turn: &Turn<'_>, row: &activity::Model, at: u64) -> Result<String, Fault> {
    let left = free(row.places, row.taken).filter(|left| *left > 0);
    Ok(match (left, head_of_line(turn.tx.db(), row.id).await?) {
        (Some(left), Some(head)) if at > 1 => {
            format!("还剩{left}个名额，前面有{head}人的一家在等")
        }
        (Some(left), _) => format!("只剩{left}个名额，不够一起来"),
        (None, _) => "名额满了".to_owned(),
    })
}

/// What becomes of the places of whoever does not come.
async fn given_to(turn: &Turn<'_>, gone: &Gone) -> Result<String, Fault> {
    let row = &gone.activity;
    if gone.moved_up {
        return Ok("，名额让给候补的邻居".to_owned());
    }
    let head = match free(row.places, row.taken) {
        Some(left) if left > 0 && row.waiting > 0 => head_of_line(turn.tx.db(), row.id).await?,
        _ => None,
    };
    Ok(head.map_or_else(String::new, |head| {
        format!("，名额先留着：候补第1位是{head}人的一家，还不够")
    }))
}

async fn leave(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = own(turn).await?;
        let none = "您没有报名要开始的活动。";
        return Ok(which(turn, args, "取消报名", &seen, none));
    };
    let gone = actions::leave(turn.tx, &turn.actor, id).await?;
    let given = given_to(turn, &gone).await?;
    turn.dialog = Some(Dialog::pick(["活动".to_owned(), format!("报名 {id}")]));
    Ok(Reply::text(format!(
        "活动 #{id} 已取消报名{given}。回复数字：1 看别的活动  2 还是想去，重新报名"
    )))
}

async fn want_hour(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        let seen = own(turn).await?;
        let none = "您没有报名要开始的活动。";
        return Ok(which(turn, args, "提前提醒", &seen, none));
    };
    let wants = !rest.raw.starts_with(['不', '否']);
    let row = actions::want_hour(turn.tx, &turn.actor, id, wants).await?;
    if !wants {
        let usual = match eve(row.starts_at) > turn.now() {
            true => "，前一天傍晚照常提醒",
            false => "",
        };
        return Ok(Reply::text(format!(
            "好的，活动 #{id} 开始前1小时不再提醒{usual}。"
        )));
    }
    turn.dialog = Some(Dialog::pick([
        "我的活动".to_owned(),
        format!("提前提醒 {id} 不用了"),
    ]));
    Ok(Reply::text(format!(
        "好的，活动 #{id} 开始前1小时会再提醒您。回复数字：1 我的活动  2 不用提醒了"
    )))
}

/// Those that somebody leads, of these figures.
async fn led(turn: &Turn<'_>, figures: &[Figure]) -> Result<Vec<Seen>, Fault> {
    require_somewhere(&turn.actor, Deed::LeadActivities)?;
    let mut all = Vec::new();
    for figure in figures {
        let which = Which::Led(*figure);
        let page = queries::page(turn.tx.db(), &turn.actor, which, LOOK).await?;
        all.extend(page.items);
    }
    Ok(all)
}

async fn names(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = led(turn, &[Figure::Ahead, Figure::Over]).await?;
        return Ok(which(turn, args, "活动名单", &seen, "还没有发布过活动。"));
    };
    let db = turn.tx.db();
    let row = queries::led(db, &turn.actor, id).await?.activity;
    let first = Slice::first(MOST_NAMES);
    let guests = guests(db, id, first).await?.items;
    if guests.is_empty() {
        return Ok(Reply::text(format!("活动 #{id} 还没有人报名。")));
    }
    let lines: Vec<String> = guests
        .iter()
        .map(|guest| {
            let mark = match (guest.signup.state, guest.signup.checked_at) {
                (SignupState::Waiting, _) => " 候补",
                (_, Some(_)) => " 已签到",
                _ => "",
            };
            format!("{} {}人{mark}", guest.name, guest.signup.size)
        })
        .collect();
    Ok(Reply::text(format!(
        "活动 #{id} 已报{}人，候补{}人：\n{}\n全部名单和签到在工作台的“活动”里。",
        row.taken,
        row.waiting,
        lines.join("\n")
    )))
}

async fn photo(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = led(turn, &[Figure::Ahead, Figure::Over]).await?;
        return Ok(which(turn, args, "活动照片", &seen, "还没有发布过活动。"));
    };
    let since = turn.now() - TimeDelta::minutes(KEPT_MINUTES);
    let photos = unfiled(turn.tx.db(), turn.account.id, since, MOST_PHOTOS).await?;
    actions::add_photos(turn.tx, &turn.actor, id, &photos).await?;
    turn.before.photos_until_ms = 0;
    Ok(Reply::text(format!(
        "{}张照片已加到活动 #{id}，公示栏上谁都看得到。",
        photos.len()
    )))
}
