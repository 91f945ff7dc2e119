//! Chat commands of volunteers: 志愿服务 志愿报名 双报到 领任务 退任务 开始服务 结束服务 我的志愿 志愿公开 退出志愿者, and
//! 发起志愿 取消志愿 确认工时 of those who lead. A digit leads on wherever there is something to do.

mod lead;

use entity::life::{ServiceState, VolunteerTaskState};

use crate::activity::span_says;
use crate::activity::times::eve_says;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::base::text::shorten;
use crate::chat::pages::{LOOK, slice};
use crate::chat::{Args, Command, Dialog, Reply, Turn, bound, staff};
use crate::volunteer::actions::{self, Registered};
use crate::volunteer::hours::{says, year, year_of};
use crate::volunteer::link::{self, Linked};
use crate::volunteer::queries::{self, Seen, Side, Which};
use crate::volunteer::{left_says, service_says, tally, task_says_at};

/// The table.
pub const COMMANDS: &[Command] = &[
    bound(
        &["志愿服务", "志愿任务", "志愿者", "志愿"],
        "志愿服务[编号]",
        "看志愿任务，可以领",
        |turn, args| Box::pin(list(turn, args)),
    ),
    bound(
        &["志愿报名", "志愿者报名"],
        "志愿报名",
        "做小区的志愿者",
        |turn, _| Box::pin(register(turn)),
    ),
    bound(
        &["双报到"],
        "双报到 [工作单位]",
        "党员到居住的小区报到",
        |turn, args| Box::pin(report(turn, args)),
    ),
    bound(
        &["我的志愿"],
        "我的志愿",
        "看自己的任务和全年时长",
        |turn, args| Box::pin(mine(turn, args)),
    ),
    bound(
        &["领任务"],
        "领任务 编号",
        "领一个志愿任务",
        |turn, args| Box::pin(take(turn, args)),
    ),
    bound(
        &["退任务"],
        "退任务 编号",
        "领的任务去不了",
        |turn, args| Box::pin(give_back(turn, args)),
    ),
    bound(
        &["开始服务"],
        "开始服务 编号",
        "到了，开始计时",
        |turn, args| Box::pin(begin(turn, args)),
    ),
    bound(
        &["结束服务"],
        "结束服务 编号",
        "做完了，停止计时",
        |turn, args| Box::pin(end(turn, args)),
    ),
    bound(
        &["志愿公开"],
        "志愿公开",
        "公示栏上写不写您的名字",
        |turn, _| Box::pin(named(turn)),
    ),
    bound(
        &["公开志愿姓名"],
        "公开志愿姓名",
        "同意公示栏写您的名字",
        |turn, _| Box::pin(name(turn, true)),
    ),
    bound(
        &["不公开志愿姓名"],
        "不公开志愿姓名",
        "公示栏不写您的名字",
        |turn, _| Box::pin(name(turn, false)),
    ),
    bound(
        &["退出志愿者"],
        "退出志愿者",
        "不再做志愿者",
        |turn, _| Box::pin(quit(turn)),
    ),
    Command {
        asks: Some(lead::HOW),
        ..staff(
            &["发起志愿"],
            "发起志愿 标题，换行写时间，再换行写地点和人数",
            "招志愿者做一件事",
            |turn, args| Box::pin(lead::post(turn, args)),
        )
    },
    staff(
        &["取消志愿"],
        "取消志愿 编号 原因",
        "志愿任务不做了",
        |turn, args| Box::pin(lead::cancel(turn, args)),
    ),
    staff(
        &["确认工时"],
        "确认工时 编号",
        "确认志愿者的时长",
        |turn, args| Box::pin(lead::confirm(turn, args)),
    ),
];

async fn page(turn: &Turn<'_>, which: Which, slice: Slice) -> Result<Page<Seen>, Fault> {
    queries::page(turn.tx.db(), &turn.actor, which, turn.now(), slice).await
}

/// As many as are looked through.
async fn listed(turn: &Turn<'_>, which: Which) -> Result<Vec<Seen>, Fault> {
    Ok(page(turn, which, LOOK).await?.items)
}

/// Those in which the actor's part stands so.
async fn own(turn: &Turn<'_>, state: ServiceState) -> Result<Vec<Seen>, Fault> {
    let mut all = listed(turn, Which::Mine).await?;
    all.retain(|one| one.own.as_ref().is_some_and(|own| own.state == state));
    Ok(all)
}

/// For each task the command that a digit stands for, and its line.
fn lines(seen: &[Seen], word: &str, now: Moment) -> Vec<(String, String)> {
    let each = seen.iter().map(|one| {
        let task = &one.task;
        let state = match (&one.own, task.state) {
            (Some(own), _) if own.state != ServiceState::Left => service_says(own.state).to_owned(),
            (_, VolunteerTaskState::Open) if task.ends_at > now => left_says(task),
            _ => task_says_at(task, now).to_owned(),
        };
        let line = format!(
            "#{} {} {}（{state}）",
            task.id,
            span_says(task.starts_at, task.ends_at),
            shorten(&task.title, 16)
        );
        (format!("{word} {}", task.id), line)
    });
    each.collect()
}

/// A command that came without a number: which one is meant, by a digit.
fn which(turn: &mut Turn<'_>, args: &Args, word: &str, seen: &[Seen], none: &str) -> Reply {
    let Some(at) = args.page() else {
        return turn.not_meant("没看到任务的编号。", &[("志愿服务", "看志愿任务")]);
    };
    if seen.is_empty() {
        turn.dialog = Some(Dialog::pick(["志愿服务"]));
        return Reply::text(format!("{none}回复数字：1 看志愿任务"));
    }
    let all = lines(seen, word, turn.now());
    let shown = turn.list_page(word, at, &all, false);
    Reply::text(format!("{word}哪一个？回复前面的数字：\n{shown}"))
}

async fn list(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return one(turn, id).await;
    }
    let at = args.page().unwrap_or(1);
    let found = page(turn, Which::Open, slice(at)).await?;
    if found.items.is_empty() {
        turn.dialog = Some(Dialog::pick(["志愿报名", "我的志愿"]));
        return Ok(Reply::text(
            "现在没有要人的志愿任务。回复数字：1 报名做志愿者  2 我的志愿",
        ));
    }
    let more = found.next.is_some();
    let all = lines(&found.items, "志愿服务", turn.now());
    let shown = turn.list_page("志愿服务", at, &all, more);
    Ok(Reply::text(format!(
        "志愿任务，回复前面的数字看详情和领取：\n{shown}"
    )))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let seen = queries::seen(turn.tx.db(), &turn.actor, id).await?;
    let task = &seen.task;
    let mut text = format!(
        "志愿任务 #{id} {}（{}）\n时间：{}\n地点：{}\n要{}人，已有{}人。\n",
        task.title,
        task_says_at(task, turn.now()),
        span_says(task.starts_at, task.ends_at),
        task.venue,
        task.wanted,
        task.taken
    );
    if let Some(reason) = &task.reason {
        text.push_str(&format!("原因：{reason}\n"));
    }
    if let Some(own) = &seen.own {
        text.push_str(&format!("您：{}", service_says(own.state)));
        if let Some(minutes) = own.minutes {
            text.push_str(&format!("，{}", says(minutes.into())));
        }
        text.push('\n');
        if let Some(reason) = &own.reason {
            text.push_str(&format!("原因：{reason}\n"));
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
    use ServiceState::{Begun, Left, Taken};
    let open = seen.task.state == VolunteerTaskState::Open;
    let mut words = Vec::new();
    match seen.own.as_ref().map(|own| own.state) {
        None | Some(Left) if open => words.push("领任务"),
        Some(Taken) if open => words.extend(["开始服务", "退任务"]),
        Some(Begun) => words.push("结束服务"),
        _ => {}
    }
    if seen.side == Side::Leader {
        words.push("确认工时");
        if open {
            words.push("取消志愿");
        }
    }
    words
}

fn welcome(turn: &mut Turn<'_>, made: &Registered, what: &str) -> Reply {
    turn.dialog = Some(Dialog::pick(["志愿服务", "公开志愿姓名"]));
    let head = match made.new {
        true => format!("{what}，谢谢您！"),
        false => "您已经是志愿者了，资料已更新。".to_owned(),
    };
    Reply::text(format!(
        "{head}公示栏默认不写您的名字。回复数字：1 看志愿任务  2 同意公示栏写我的名字"
    ))
}

async fn register(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let made = actions::register(turn.tx, &turn.actor, None).await?;
    Ok(welcome(turn, &made, "您已成为小区志愿者"))
}

async fn report(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let made = actions::report(turn.tx, &turn.actor, None, &args.raw).await?;
    let unit = made.volunteer.unit.clone();
    let unit = unit.map_or_else(String::new, |unit| format!("，单位：{unit}"));
    Ok(welcome(turn, &made, &format!("您已在居住的小区报到{unit}")))
}

async fn mine(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let person = turn.actor.require_person()?;
    let db = turn.tx.db();
    let own = queries::memberships(db, person).await?;
    let now = year_of(turn.now());
    let record = match year(now) {
        Some(span) => tally::record(db, person, span, None).await?,
        None => Vec::new(),
    };
    let mut tasks = listed(turn, Which::Mine).await?;
    if own.is_empty() && record.is_empty() && tasks.is_empty() {
        turn.dialog = Some(Dialog::pick(["志愿报名", "志愿服务"]));
        return Ok(Reply::text(
            "您还不是志愿者。回复数字：1 报名做志愿者  2 看志愿任务",
        ));
    }
    let linked = Linked {
        person_id: person,
        year: now,
    };
    let url = link::record(turn.app, linked, turn.now());
    let head = format!(
        "您{now}年服务了{}次，共{}。\n全年记录（可打印，24小时内有效）：{url}",
        record.len(),
        says(tally::minutes(&record))
    );
    // What still wants something comes first.
    tasks.sort_by_key(|one| {
        let wants = one.own.as_ref().map(|own| own.state);
        !matches!(wants, Some(ServiceState::Taken | ServiceState::Begun))
    });
    if tasks.is_empty() {
        turn.dialog = Some(Dialog::pick(["志愿服务"]));
        return Ok(Reply::text(format!("{head}\n回复数字：1 看志愿任务")));
    }
    let at = args.page().unwrap_or(1);
    let all = lines(&tasks, "志愿服务", turn.now());
    let shown = turn.list_page("我的志愿", at, &all, false);
    Ok(Reply::text(format!(
        "{head}\n您的任务，回复前面的数字：\n{shown}"
    )))
}

async fn take(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = listed(turn, Which::Open).await?;
        return Ok(which(
            turn,
            args,
            "领任务",
            &seen,
            "现在没有要人的志愿任务。",
        ));
    };
    let task = actions::take(turn.tx, &turn.actor, id).await?;
    turn.dialog = Some(Dialog::pick([
        "我的志愿".to_owned(),
        format!("退任务 {id}"),
    ]));
    Ok(Reply::text(format!(
        "志愿任务 #{id}“{}”是您的了：{}，{}。{}到了回复“开始服务 {id}”，做完回复“结束服务 {id}”。\n回复数字：1 我的志愿  2 去不了，退掉",
        task.title,
        span_says(task.starts_at, task.ends_at),
        task.venue,
        eve_says(task.starts_at, turn.now())
    )))
}

async fn give_back(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = own(turn, ServiceState::Taken).await?;
        return Ok(which(
            turn,
            args,
            "退任务",
            &seen,
            "您没有领了还没开始的任务。",
        ));
    };
    actions::give_back(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "志愿任务 #{id} 已退，让给别的邻居。有空再来，谢谢您！"
    )))
}

async fn begin(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = own(turn, ServiceState::Taken).await?;
        return Ok(which(
            turn,
            args,
            "开始服务",
            &seen,
            "您没有领了还没开始的任务。",
        ));
    };
    actions::begin(turn.tx, &turn.actor, id).await?;
    turn.dialog = Some(Dialog::pick([
        "我的志愿".to_owned(),
        format!("结束服务 {id}"),
    ]));
    Ok(Reply::text(format!(
        "志愿任务 #{id} 开始计时，辛苦了！做完了回复“结束服务 {id}”。\n回复数字：1 我的志愿  2 做完了"
    )))
}

async fn end(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let seen = own(turn, ServiceState::Begun).await?;
        return Ok(which(
            turn,
            args,
            "结束服务",
            &seen,
            "您没有正在进行的服务。",
        ));
    };
    let minutes = actions::end(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "志愿任务 #{id} 做完了，这次{}，谢谢您！组织的人确认后计入全年记录，会告诉您。",
        says(minutes.into())
    )))
}

async fn named(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let person = turn.actor.require_person()?;
    let own = queries::memberships(turn.tx.db(), person).await?;
    let says = match (own.is_empty(), own.iter().any(|row| row.named)) {
        (true, _) => {
            turn.dialog = Some(Dialog::pick(["志愿报名"]));
            return Ok(Reply::text("您还不是志愿者。回复数字：1 报名做志愿者"));
        }
        (_, true) => "现在公示栏会写您的名字。",
        (_, false) => "现在公示栏不写您的名字。",
    };
    turn.dialog = Some(Dialog::pick(["公开志愿姓名", "不公开志愿姓名"]));
    Ok(Reply::text(format!(
        "{says}回复数字：1 同意写名字  2 不写名字"
    )))
}

async fn name(turn: &mut Turn<'_>, named: bool) -> Result<Reply, Fault> {
    actions::name(turn.tx, &turn.actor, named).await?;
    Ok(Reply::text(match named {
        true => "好的，公示栏会写您的名字和时长。不想写了回复“不公开志愿姓名”。",
        false => "好的，公示栏不写您的名字，时长照样算。",
    }))
}

async fn quit(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    actions::leave(turn.tx, &turn.actor).await?;
    Ok(Reply::text(
        "您已退出志愿者，做过的时长还在。谢谢您！想回来随时回复“志愿报名”。",
    ))
}
