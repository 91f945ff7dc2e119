//! Commands about one thing that several have met: 我也遇到 退出 合并 拆分; and the table of these and of
//! those about who stands behind a case (`behalf.rs`), beside that of `chat/mod.rs`. Joined by `bot/`.

use entity::case;
use entity::kinds::CaseKind;

use crate::attachment::link::{self, Variant};
use crate::base::fault::{Code, Fault};
use crate::base::text::shorten;
use crate::case::actions::{self, CONTENT, Filed};
use crate::case::chat::{Answer, behalf, file};
use crate::case::queries::{self, Found};
use crate::case::shield::Seen;
use crate::case::step::OPEN;
use crate::case::{case_says, category, evidence, joiner, kind_says, level_says, similar};
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};

/// Cases of a list: a digit picks.
pub(super) const MOST: u64 = 8;

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["我也遇到", "我也遇到了", "我也一样", "我家也是"],
        who: Who::Bound,
        usage: "我也遇到 [编号]",
        help: "和邻居一起等同一件事",
        asks: None,
        in_group: true,
        run: join,
    },
    Command {
        words: &["退出"],
        who: Who::Bound,
        usage: "退出 编号",
        help: "不再跟进加入的诉求",
        asks: None,
        in_group: true,
        run: leave,
    },
    Command {
        words: &["匿名投诉", "匿名举报"],
        who: Who::Bound,
        usage: "匿名投诉 内容",
        help: "投诉，不让对方知道是您",
        asks: Some("请直接写下要投诉的内容。您的姓名、房号、电话都不会给对方看到。"),
        // Whoever reads the group would know who it was.
        in_group: false,
        run: |turn, args| Box::pin(behalf::nameless(turn, args, CaseKind::Complaint)),
    },
    Command {
        words: &["匿名建议", "匿名意见"],
        who: Who::Bound,
        usage: "匿名建议 内容",
        help: "提建议，不留姓名",
        asks: Some("请直接写下您的建议。您的姓名、房号、电话都不会给别人看到。"),
        in_group: false,
        run: |turn, args| Box::pin(behalf::nameless(turn, args, CaseKind::Suggestion)),
    },
    Command {
        words: &["匿名"],
        who: Who::Bound,
        usage: "匿名 编号",
        help: "把提过的诉求改成匿名",
        asks: None,
        in_group: false,
        run: behalf::hide,
    },
    Command {
        words: &["合并", "并案"],
        who: Who::Staff,
        usage: "合并 编号 并入编号",
        help: "两件是同一件事，并成一件",
        asks: None,
        in_group: true,
        run: merge,
    },
    Command {
        words: &["拆分"],
        who: Who::Staff,
        usage: "拆分 编号",
        help: "并错了，拆回两件",
        asks: None,
        in_group: true,
        run: unmerge,
    },
    Command {
        words: &["代报"],
        who: Who::Staff,
        usage: "代报 [来电] 房号或手机号 内容",
        help: "替来访、来电的居民提诉求",
        asks: Some(
            "请写下谁、什么事，例如：代报 3-2-501 电梯坏了；来电的写：代报 来电 13800000000 电梯坏了",
        ),
        in_group: false,
        run: behalf::for_somebody,
    },
    Command {
        words: &["查看身份"],
        who: Who::Staff,
        usage: "查看身份 编号 原因",
        help: "看诉求是谁提的，会留记录",
        asks: None,
        in_group: false,
        run: behalf::identity,
    },
];

fn join<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let Some((id, rest)) = args.id() else {
            if args.raw.is_empty() {
                return nearby(turn).await;
            }
            // «我也遇到电梯停了»: the words are not lost, and what is alike is offered.
            return file(turn, args, CaseKind::Repair).await;
        };
        let own = rest.number().map(|(own, _)| own);
        let joined = actions::join(turn.tx, &turn.actor, id, own).await?;
        let id = joined.case.id;
        let many = joined.case.households;
        let track = format!("有进展会告诉您，回复“进度 {id}”查看。");
        Ok(Reply::text(match (joined.before, joined.merged) {
            (true, _) => format!("您已经在诉求 #{id} 里了（共{many}户遇到）。{track}"),
            (_, Some(own)) => {
                format!("好的，您的 #{own} 已并入诉求 #{id}（共{many}户遇到），不用重复提。{track}")
            }
            _ => format!("好的，您已加入诉求 #{id}（共{many}户遇到），不用重复提。{track}"),
        }))
    })
}

/// What is open around the person and may be joined.
async fn nearby(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let person = turn.actor.require_person()?;
    let mut compounds: Vec<i64> = turn
        .actor
        .homes
        .iter()
        .map(|home| home.compound_id)
        .collect();
    compounds.dedup();
    let found = similar::open_in(turn.tx.db(), &compounds, person, MOST).await?;
    if found.is_empty() {
        return Ok(Reply::text(
            "现在没有邻居提过、您可以加入的诉求。要反映问题，直接回复“报修 内容”。",
        ));
    }
    let lines = found.iter();
    let lines = lines.map(|one| (format!("我也遇到 {}", one.id), one.says()));
    Ok(turn.offer_list("您也遇到了哪一件？", lines.collect()))
}

/// What is offered behind the answer to a filing: open cases that may be the same thing.
pub(super) fn offer(turn: &mut Turn<'_>, filed: &Filed) -> String {
    let own = filed.case.id;
    let mut choices: Vec<String> = Vec::new();
    let mut text = String::new();
    if !filed.alike.is_empty() {
        text.push_str("\n可能已经有人提过，是同一件事请回复数字，一起等进展；不是就不用回复：");
        for one in &filed.alike {
            choices.push(if filed.case.filed_by_id.is_some() {
                format!("合并 {own} {}", one.id)
            } else {
                format!("我也遇到 {} {own}", one.id)
            });
            text.push_str(&format!("\n{} {}", choices.len(), one.says()));
        }
    }
    let may_hide = filed.case.kind == CaseKind::Complaint
        && !filed.case.anonymous
        && filed.case.filed_by_id.is_none()
        && !turn.audience.is_group();
    // The words of somebody who has been bound since are asked for by their own digits.
    if may_hide && turn.before.draft.is_none() {
        choices.push(format!("匿名 {own}"));
        text.push_str(&format!("\n{} 不让对方知道是您提的", choices.len()));
    }
    if !choices.is_empty() {
        turn.dialog = Some(Dialog::pick(choices));
    }
    text
}

fn leave<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let Some((id, _)) = args.number() else {
            return joined(turn, "退出").await;
        };
        actions::quit(turn.tx, &turn.actor, id).await?;
        Ok(Reply::text(format!(
            "您已退出诉求 #{id}，不再收到它的进展。需要时回复“我也遇到 {id}”再加入。"
        )))
    })
}

/// The cases that the person has joined, each with a digit that stands for `word` and its number.
async fn joined(turn: &mut Turn<'_>, word: &str) -> Result<Reply, Fault> {
    let person = turn.actor.require_person()?;
    let mut cases = joiner::joined_by(turn.tx.db(), person, MOST).await?;
    cases.retain(|case| OPEN.contains(&case.state));
    if cases.is_empty() {
        return Ok(Reply::text(
            "您现在没有加入邻居的诉求。回复“我也遇到”看可以加入的。",
        ));
    }
    let lines = cases.iter();
    let lines = lines.map(|case| (format!("{word} {}", case.id), joined_line(case)));
    Ok(turn.offer_list(&format!("要{word}哪一件？"), lines.collect()))
}

/// A line of a list about a neighbour's case: nothing of what they wrote.
pub(super) fn joined_line(case: &case::Model) -> String {
    format!(
        "#{} {}{}（您加入的，{}，共{}户遇到）",
        case.id,
        kind_says(case.kind),
        about(case),
        case_says(case),
        case.households
    )
}

fn about(case: &case::Model) -> String {
    let says = case.category.as_deref().and_then(category::says);
    says.map(|says| format!("·{says}")).unwrap_or_default()
}

/// A case for somebody who has joined it: how it stands, and nothing that another wrote. None for
/// whoever has not.
pub(super) async fn progress(turn: &mut Turn<'_>, id: i64) -> Result<Option<Reply>, Fault> {
    let Some(person) = turn.actor.person_id() else {
        return Ok(None);
    };
    let db = turn.tx.db();
    let Some(row) = joiner::of(db, id, person).await? else {
        return Ok(None);
    };
    let Some(Found { case, place }) = queries::by_id(db, id).await? else {
        return Ok(None);
    };
    let holder = queries::name_of(db, case.holder_id).await?;
    let who = match holder.as_str() {
        "" => level_says(case.level).to_owned(),
        name => format!("{}，{name}", level_says(case.level)),
    };
    let board = queries::on_board(db, &case).await?;
    let near = queries::near(db, &place).await?;
    let mut text = format!(
        "诉求 #{id}（{}{}，{}）是您加入的，共{}户遇到。\n状态：{}（{who}）",
        kind_says(case.kind),
        about(&case),
        near,
        case.households,
        case_says(&case),
    );
    if let Some(board) = board {
        text.push_str(&format!("\n结果：{}", shorten(&board, 100)));
    }
    for photo in evidence::on_board(db, &case).await? {
        if let Some(url) = link::url(turn.app, &photo, Variant::Full) {
            let side = photo.stage.map_or("", evidence::stage_says);
            text.push_str(&format!("\n{side}照片：{url}"));
        }
    }
    if joiner::may_rate(&row, &case, turn.tx.now()) {
        turn.dialog = Some(Dialog::pick([format!("评价 {id}")]));
        text.push_str("\n可以回复数字：1 评价");
    } else if OPEN.contains(&case.state) {
        turn.dialog = Some(Dialog::pick([format!("退出 {id}")]));
        text.push_str("\n可以回复数字：1 退出");
    }
    Ok(Some(Reply::text(text)))
}

/// What becomes of the rating of somebody who has joined: who reads it, what it does not count for, and what
/// they can do who are not content.
pub(super) fn rated_says(case: &case::Model, points: i16) -> String {
    let goes = "您的评价会转给办理人；满意率只计提出人的评价";
    if points < CONTENT {
        format!(
            "收到{points}分，很抱歉没让您满意。{goes}。问题还在，请回复“{} 内容”另提一件，我们会接着办。",
            kind_says(case.kind)
        )
    } else {
        format!("收到{points}分，谢谢您的评价！{goes}。")
    }
}

fn merge<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let both = args
            .number()
            .and_then(|(id, rest)| Some((id, rest.number()?.0)));
        let Some((id, into)) = both else {
            return Err(Fault::invalid(
                "id",
                "请写明两个编号，前一件并入后一件，例如：合并 12 8",
            ));
        };
        let case = actions::merge(turn.tx, &turn.actor, id, into).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已并入 #{into}（共{}户遇到），居民会收到通知，办一件就够了。并错了回复“拆分 {id}”。",
            case.households
        )))
    })
}

fn unmerge<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let Some((id, _)) = args.number() else {
            return Err(Fault::invalid("id", "请写明编号，例如：拆分 12"));
        };
        let case = actions::unmerge(turn.tx, &turn.actor, id).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已拆出来，重新派单，现在是“{}”。回复“进度 {id}”查看。",
            case_says(&case)
        )))
    })
}

/// Who reported, for the line of 进度 that the staff reads; none for the reporter themselves.
pub(super) async fn reporter_line(turn: &Turn<'_>, seen: &Seen) -> Result<String, Fault> {
    let case = &seen.found.case;
    if turn.actor.person_id() == Some(case.reporter_id) && case.filed_by_id.is_none() {
        return Ok(String::new());
    }
    let who = seen.reporter_says(turn.tx.db()).await?;
    let look = if seen.is_hidden() && turn.actor.person_id() == case.holder_id {
        format!("，确需知道请回复“查看身份 {} 原因”，会留记录", case.id)
    } else {
        String::new()
    };
    Ok(format!("提出人：{who}{look}\n"))
}

/// Whether a refusal only says that it is not theirs to see.
pub(super) fn is_hidden(fault: &Fault) -> bool {
    fault.code == Code::NotFound
}
