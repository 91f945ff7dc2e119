//! The chat commands of cases: a table, and for each row a function that reads the arguments, calls
//! one action and says what comes next. Joined to the others' by `bot/`.

mod behalf;
mod help;
mod photo;
mod reopen;
mod show;
mod staff;
mod together;
mod which;

pub use show::{event_says, tasks};
pub use together::COMMANDS as TOGETHER;

use entity::case;
use entity::kinds::CaseKind;

use crate::base::clock::{say, say_minutes};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::actions::{self, Filed, Filing, Rated, Reopening};
use crate::case::chat::show::next_for_reporter;
use crate::case::chat::which::{Picked, Scope, own_text, score, which};
use crate::case::{kind_says, subject};
use crate::chat::{Args, Command, Dialog, Reply, Turn, bound};
use crate::reminder::BoxFuture;

type Answer<'a> = BoxFuture<'a, Result<Reply, Fault>>;

/// Characters of a case's text that a reply shows.
const SHOWN: usize = 40;

const fn resident(
    words: &'static [&'static str],
    usage: &'static str,
    help: &'static str,
    asks: Option<&'static str>,
    run: crate::chat::Run,
) -> Command {
    Command {
        asks,
        ..bound(words, usage, help, run)
    }
}

const fn staff(
    words: &'static [&'static str],
    usage: &'static str,
    help: &'static str,
    run: crate::chat::Run,
) -> Command {
    shown(crate::chat::staff(words, usage, help, run))
}

/// What a whole group may read.
const fn shown(command: Command) -> Command {
    Command {
        in_group: true,
        ..command
    }
}

/// The table.
pub const COMMANDS: &[Command] = &[
    shown(resident(
        &["报修", "来人修", "保修", "维修", "整嘢"],
        "报修 内容",
        "公共设施、房屋要修",
        Some("请直接写下要报修的内容，例如：3栋电梯停了"),
        repair,
    )),
    shown(resident(
        &["投诉", "举报"],
        "投诉 内容",
        "对服务或他人不满",
        Some("请直接写下要投诉的内容，例如：楼道堆杂物没人管"),
        complaint,
    )),
    shown(resident(
        &["建议", "意见"],
        "建议 内容",
        "给小区出主意",
        Some("请直接写下您的建议，例如：门口加一盏灯"),
        suggestion,
    )),
    shown(resident(
        &["求助", "帮帮我", "帮手"],
        "求助 内容",
        "需要人帮忙",
        Some("请直接写下需要什么帮助，例如：老人独自在家，想请人上门看看"),
        help,
    )),
    shown(resident(
        &["纠纷", "调解"],
        "纠纷 内容",
        "邻里矛盾请人调解",
        Some("请直接写下纠纷的经过，例如：楼上装修太吵"),
        dispute,
    )),
    resident(
        &["进度", "查进度", "我的诉求"],
        "进度 [编号]",
        "看诉求办到哪一步",
        None,
        show::progress,
    ),
    shown(resident(
        &["补充"],
        "补充 编号 内容",
        "给诉求补充说明",
        None,
        supplement,
    )),
    shown(resident(
        &["催办", "催一下", "催单"],
        "催办 编号",
        "催一催办理人",
        None,
        nudge,
    )),
    resident(
        &["评价", "打分"],
        "评价 编号 1-5 [说明]",
        "给办理结果打分",
        None,
        rate,
    ),
    resident(
        &["重开"],
        "重开 编号 原因",
        "没办好，请上一级再办",
        None,
        reopen,
    ),
    resident(&["撤回"], "撤回 编号 [原因]", "不用办了", None, withdraw),
    staff(&["接单"], "接单 编号", "接下诉求", staff::accept),
    staff(&["到场", "到达"], "到场 编号", "已到现场", staff::arrive),
    staff(&["方案"], "方案 编号 内容", "说明怎么办", staff::plan),
    staff(
        &["办结", "完工"],
        "办结 编号 结果",
        "办好了，写结果",
        staff::finish,
    ),
    Command {
        in_group: false,
        ..staff(
            &["改公示", "改公示内容"],
            "改公示 编号 内容",
            "公示内容没通过时重写",
            staff::reword,
        )
    },
    staff(
        &["无法办结", "无法解决"],
        "无法办结 编号 原因",
        "确实解决不了，写原因",
        staff::give_up,
    ),
    resident(
        &["加照片"],
        "加照片 编号",
        "把刚发的照片加到诉求",
        None,
        photo::add,
    ),
    staff(
        &["无照片", "没有照片"],
        "无照片 编号 原因",
        "拍不了照片，写明原因",
        photo::waive,
    ),
    staff(&["退单"], "退单 编号 原因", "办不了，退回", staff::refuse),
    staff(
        &["转派", "转单", "派单"],
        "转派 编号 姓名",
        "转给别人办",
        staff::hand_over,
    ),
    staff(&["上报"], "上报 编号 原因", "请上一级来办", staff::escalate),
    staff(
        &["暂停"],
        "暂停 编号 [几天] 原因",
        "停表几天，例如等配件",
        staff::pause,
    ),
    staff(&["恢复"], "恢复 编号", "暂停后继续办", staff::resume),
    staff(
        &["定级"],
        "定级 编号 普通/重大/特殊复杂",
        "按轻重定时限",
        staff::grade,
    ),
    staff(
        &["助力"],
        "助力 编号 [姓名]",
        "去帮忙，或请人帮忙",
        help::assist,
    ),
    staff(&["退出助力"], "退出助力 编号", "不再帮忙", help::leave),
    staff(
        &["同意重开"],
        "同意重开 编号",
        "居民不满意，再办一次",
        reopen::grant,
    ),
    staff(
        &["驳回重开", "不同意重开"],
        "驳回重开 编号 理由",
        "不再办，理由告诉居民",
        reopen::decline,
    ),
];

fn repair<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(file(turn, args, CaseKind::Repair))
}

fn complaint<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(file(turn, args, CaseKind::Complaint))
}

fn suggestion<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(file(turn, args, CaseKind::Suggestion))
}

fn help<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(file(turn, args, CaseKind::Help))
}

fn dispute<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(file(turn, args, CaseKind::Dispute))
}

async fn file(turn: &mut Turn<'_>, args: &Args, kind: CaseKind) -> Result<Reply, Fault> {
    let filing = Filing {
        kind,
        text: args.raw.clone(),
        home_id: None,
        channel: turn.account.channel,
        location: turn.take_spot(),
        at: turn.take_here(),
        anonymous: false,
        behalf: None,
    };
    let filed = actions::file(turn.tx, &turn.actor, filing).await?;
    let photos = turn
        .adopt_attachments(&subject(filed.case.id), Some(filed.case.compound_id))
        .await?;
    let says = filed_says(&filed, photos);
    let alike = together::offer(turn, &filed);
    Ok(Reply::text(format!("{says}{alike}")))
}

/// Always the number, the promise and how to follow it.
fn filed_says(filed: &Filed, photos: u64) -> String {
    let id = filed.case.id;
    let first = filed
        .emergency
        .map(|emergency| format!("{}\n", emergency.advice))
        .unwrap_or_default();
    let place = filed
        .place
        .as_ref()
        .map(|place| format!("（{place}）"))
        .unwrap_or_default();
    let photos = if photos > 0 {
        format!("（附{photos}个附件）")
    } else {
        String::new()
    };
    let promise = match filed.who() {
        Some(who) => match (filed.answer_minutes, filed.case.accept_due_at) {
            (None, Some(due)) => format!("{who}会在{}前响应。", say(due)),
            (minutes, _) => format!("{who}会在{}内响应。", say_minutes(minutes.unwrap_or(1))),
        },
        None => "已记录，正在找人处理，并已通知管理人员。".to_owned(),
    };
    format!(
        "{first}诉求 #{id} 已收到：{}{place} {}{photos}。{promise}回复“进度 {id}”查看。",
        kind_says(filed.case.kind),
        shorten(&filed.case.text, SHOWN)
    )
}

fn supplement<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let (id, text) = match which(turn, args, "补充", Scope::MineOpen).await? {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        let Some(text) = own_text(turn, &text, "补充", id) else {
            return Ok(Reply::text("请写下要补充的内容。"));
        };
        let case = actions::supplement(turn.tx, &turn.actor, id, &text).await?;
        let photos = turn
            .adopt_attachments(&subject(id), Some(case.compound_id))
            .await?;
        let more = if photos > 0 { "（含附件）" } else { "" };
        Ok(Reply::text(format!(
            "已补充到诉求 #{id}{more}，办理人会看到。回复“进度 {id}”查看。"
        )))
    })
}

fn nudge<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let id = match which(turn, args, "催办", Scope::MineOpen).await? {
            Picked::One(id, _) => id,
            Picked::Answer(reply) => return Ok(reply),
        };
        let case = actions::nudge(turn.tx, &turn.actor, id).await?;
        Ok(Reply::text(format!(
            "已催办诉求 #{id}（第{}次），办理人马上会收到提醒。回复“进度 {id}”查看。",
            case.nudges
        )))
    })
}

fn rate<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let picked = match args.number() {
            Some((score, rest)) if (1..=5).contains(&score) && which::score_of(&rest).is_none() => {
                scored(turn, args, score, rest).await?
            }
            _ => which(turn, args, "评价", Scope::MineFinished).await?,
        };
        let (id, rest) = match picked {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        let (points, text) = match score(&rest) {
            Ok(found) => found,
            Err(Some(reply)) => return Ok(Reply::text(reply)),
            Err(None) => {
                turn.dialog = Some(Dialog::pick(
                    (1..=5).map(|score| format!("评价 {id} {score}")),
                ));
                return Ok(Reply::text(format!(
                    "请给诉求 #{id} 打分，回复数字1到5：1很不满意，5很满意。"
                )));
            }
        };
        let (case, rated) = actions::rate(turn.tx, &turn.actor, id, points, &text).await?;
        Ok(Reply::text(match rated {
            Rated::Own(reopening) => rated_says(&case, points, &reopening),
            Rated::Joined => together::rated_says(&case, points),
        }))
    })
}

/// «评价 5 很好»: a score without a number, when there is something to be rated. «评价 5» of somebody whose case
/// #5 waits for its rating names that case: nothing is rated by a number that was meant otherwise.
async fn scored(turn: &mut Turn<'_>, args: &Args, score: i64, rest: Args) -> Result<Picked, Fault> {
    let scope = Scope::MineFinished;
    if rest.raw.is_empty() && which::is_among(turn, scope, score).await? {
        return Ok(Picked::One(score, rest));
    }
    Ok(match which::only(turn, "评价", scope, &args.raw).await? {
        Some(Picked::One(id, _)) => Picked::One(id, args.clone()),
        Some(answer) => answer,
        None => Picked::One(score, rest),
    })
}

fn rated_says(case: &case::Model, points: i16, reopening: &Reopening) -> String {
    let id = case.id;
    match reopening {
        Reopening::None if points < actions::CONTENT => format!(
            "收到{points}分，很抱歉。诉求 #{id} 已申请重开过一次，不能再重开；您的评价会计入考核，也可以向社区或街道反映，或另提一件诉求。"
        ),
        Reopening::None => format!("收到{points}分，谢谢您的评价！诉求 #{id} 已结束。"),
        asked_or_done => format!(
            "收到{points}分，很抱歉没让您满意。{}",
            reopening_says(case, asked_or_done)
        ),
    }
}

/// What happens next when somebody wants a case opened again.
fn reopening_says(case: &case::Model, reopening: &Reopening) -> String {
    let id = case.id;
    match reopening {
        Reopening::Asked(who, due) => format!(
            "诉求 #{id} 已申请重开，由{who}决定；最迟{}告诉您，没有答复就自动重开。每件诉求可以申请一次。{}",
            say(*due),
            next_for_reporter(case)
        ),
        Reopening::None | Reopening::Done => {
            let level = crate::case::level_says(case.level);
            format!(
                "诉求 #{id} 已重开，现在由{level}接着办。每件诉求可以重开一次。{}",
                next_for_reporter(case)
            )
        }
    }
}

fn reopen<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let (id, rest) = match which(turn, args, "重开", Scope::MineOver).await? {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        let Some(reason) = own_text(turn, &rest, "重开", id) else {
            return Ok(Reply::text(format!(
                "要重开诉求 #{id}，请写明原因，例如：还在漏水"
            )));
        };
        let (case, reopening) = actions::reopen(turn.tx, &turn.actor, id, &reason).await?;
        Ok(Reply::text(reopening_says(&case, &reopening)))
    })
}

fn withdraw<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let (id, rest) = match which(turn, args, "撤回", Scope::MineOpen).await? {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        actions::withdraw(turn.tx, &turn.actor, id, &rest.raw).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已撤回。需要时可以随时再提。"
        )))
    })
}
