//! Chat commands on mediations: 转调解 当事人 约调解 协议 调解不成 of those who lead, 同意 不同意 履行 of the
//! parties, 我的调解 of both. A digit leads on wherever there is only one thing to do.

use entity::kinds::{Centre, MediationState};

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::chat::{Args, Command, Dialog, Reply, Turn, bound, staff};
use crate::mediation::queries::{self, Seen};
use crate::mediation::{FOLLOW_DAYS, actions, centre_says, party_says, state_says, when};

/// Lines of the list: a digit picks.
const MOST: u64 = 8;

/// The table.
pub const COMMANDS: &[Command] = &[
    staff(
        &["转调解"],
        "转调解 诉求编号 [街道/区/市]",
        "把纠纷交给调解中心",
        |turn, args| Box::pin(open(turn, args)),
    ),
    staff(
        &["当事人"],
        "当事人 编号 房号 [姓名]",
        "给调解加当事人",
        |turn, args| Box::pin(name(turn, args)),
    ),
    staff(
        &["约调解"],
        "约调解 编号 11月25日 14:30 地点",
        "约双方见面，前一天再提醒",
        |turn, args| Box::pin(call(turn, args)),
    ),
    staff(
        &["协议"],
        "协议 编号 [7天] 内容",
        "把协议发给双方确认",
        |turn, args| Box::pin(propose(turn, args)),
    ),
    staff(
        &["调解不成"],
        "调解不成 编号 原因",
        "谈不拢，结束调解",
        |turn, args| Box::pin(fail(turn, args)),
    ),
    bound(
        &["我的调解", "查调解"],
        "我的调解 [编号]",
        "看调解到哪一步",
        |turn, args| Box::pin(show(turn, args)),
    ),
    bound(
        &["同意"],
        "同意 编号",
        "同意调解协议",
        |turn, args| Box::pin(answer(turn, args, true)),
    ),
    bound(
        &["不同意"],
        "不同意 编号 [原因]",
        "不同意调解协议",
        |turn, args| Box::pin(answer(turn, args, false)),
    ),
    bound(
        &["履行"],
        "履行 编号 是/否",
        "协议履行了没有",
        |turn, args| Box::pin(keep(turn, args)),
    ),
];

/// What is said where a number is missing; the bot asks for it.
fn how(usage: &str) -> Fault {
    Fault::invalid("id", format!("请写明编号：{usage}"))
}

/// Asks for what stands behind a number; the next text is put there.
fn ask(turn: &mut Turn<'_>, command: &str, id: i64, question: &str) -> Reply {
    turn.dialog = Some(Dialog::ask(format!("{command} {id}")));
    Reply::text(question)
}

/// A sentence that only begins like an answer is offered to be filed, as anything that is not
/// understood.
fn not_an_answer(turn: &mut Turn<'_>) -> Reply {
    turn.not_meant("没有等您回复的调解协议。", &[])
}

async fn open(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        return Err(how("转调解 诉求编号 街道"));
    };
    let centre = match rest.words.first().map(String::as_str) {
        Some("街道" | "街") => Some(Centre::Street),
        Some("区") => Some(Centre::District),
        Some("市") => Some(Centre::City),
        _ => None,
    };
    let Some(centre) = centre else {
        turn.dialog = Some(Dialog::pick(
            ["街道", "区", "市"].map(|centre| format!("转调解 {id} {centre}")),
        ));
        return Ok(Reply::text(format!(
            "诉求 #{id} 转到哪一级调解中心？回复数字：1 街道  2 区  3 市"
        )));
    };
    let row = actions::open(turn.tx, &turn.actor, id, centre).await?;
    let seen = queries::by_id(turn.tx.db(), row.id).await?;
    let centre = centre_says(seen.map_or(centre, |row| row.centre));
    Ok(Reply::text(format!(
        "诉求 #{id} 已转{centre}调解中心，调解 #{}。调解员会收到提醒，诉求暂停计时；居民会收到通知。",
        row.id
    )))
}

async fn name(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, who)) = args.number() else {
        return Err(how("当事人 编号 房号 姓名"));
    };
    if who.raw.is_empty() {
        let question = "请写下当事人的房号和姓名，例如：3-2-501 张秀英";
        return Ok(ask(turn, "当事人", id, question));
    }
    let (_, name) = actions::name(turn.tx, &turn.actor, id, &who.raw).await?;
    Ok(Reply::text(format!(
        "{name}已加为调解 #{id} 的当事人，会收到通知。接着回复“约调解 {id} 11月25日 14:30 地点”，或“协议 {id} 内容”。"
    )))
}

async fn call(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let usage = "约调解 编号 11月25日 14:30 社区服务中心";
    let Some((id, rest)) = args.number() else {
        return Err(how(usage));
    };
    let Some((at, venue)) = when::read(&rest.raw, turn.now()) else {
        let question = "请写下时间和地点，例如：11月25日 14:30 社区服务中心";
        if rest.raw.is_empty() {
            return Ok(ask(turn, "约调解", id, question));
        }
        let how = format!("没看懂时间，{question}");
        return Ok(turn.ask_again(&how, &rest.raw, format!("约调解 {id}")));
    };
    let session = actions::call(turn.tx, &turn.actor, id, at, &venue).await?;
    Ok(Reply::text(format!(
        "调解 #{id} 约在{}，{}。当事人会收到通知，前一天再提醒一次。",
        say(session.at),
        session.venue
    )))
}

async fn propose(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        return Err(how("协议 编号 内容"));
    };
    if rest.raw.is_empty() {
        let question = "请写清楚协议的内容，例如：每晚十点后不施工";
        return Ok(ask(turn, "协议", id, question));
    }
    let (days, text) = days(&rest);
    let row = actions::propose(turn.tx, &turn.actor, id, &text, days).await?;
    Ok(Reply::text(format!(
        "调解 #{id} 的协议已发给各方确认：{}\n都同意后生效，{}天后问是否履行。有人不同意会告诉您原因。",
        shorten(row.agreement.as_deref().unwrap_or_default(), 200),
        row.follow_days
    )))
}

/// `30天 …` in front of the text.
fn days(args: &Args) -> (i32, String) {
    let found = args.number().and_then(|(days, rest)| {
        let text = rest.raw.strip_prefix('天')?;
        let text = text.trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：', '后', '内']);
        Some((i32::try_from(days).ok()?, text.to_owned()))
    });
    found.unwrap_or_else(|| (FOLLOW_DAYS, args.raw.clone()))
}

async fn fail(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        return Err(how("调解不成 编号 原因"));
    };
    if reason.raw.is_empty() {
        return Ok(ask(turn, "调解不成", id, "请写明原因，例如：双方分歧太大"));
    }
    actions::fail(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "调解 #{id} 已结束（调解不成）。当事人会收到通知和其他途径的说明，诉求由原办理人接着办。"
    )))
}

/// Which mediation an answer is about, when no number is written: the only one that waits for it.
async fn waiting(turn: &Turn<'_>, state: MediationState) -> Result<Option<i64>, Fault> {
    let slice = Slice::first(MOST);
    let page = queries::page(turn.tx.db(), &turn.actor, slice).await?;
    let mut waits = page
        .items
        .iter()
        .filter(|seen| seen.mediation.state == state)
        .map(|seen| seen.mediation.id);
    Ok(match (waits.next(), waits.next()) {
        (Some(id), None) => Some(id),
        _ => None,
    })
}

async fn answer(turn: &mut Turn<'_>, args: &Args, agrees: bool) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        return Ok(not_an_answer(turn));
    };
    let row = actions::answer(turn.tx, &turn.actor, id, agrees, &reason.raw).await?;
    Ok(Reply::text(match (agrees, row.state) {
        (true, MediationState::Agreed) => format!(
            "调解 #{id} 各方都已同意，协议生效。{}天后会问您是否履行。",
            row.follow_days
        ),
        (true, _) => format!("已记下您同意调解 #{id} 的协议，正在等其他当事人。"),
        (false, _) => {
            format!("已记下您不同意调解 #{id} 的协议，原因只给调解员看，调解员会再联系您。")
        }
    }))
}

async fn keep(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let (id, rest) = match args.number() {
        Some((id, rest)) => (id, rest),
        None => match waiting(turn, MediationState::Agreed).await? {
            Some(id) => (id, args.clone()),
            None if args.raw.is_empty() => {
                return Ok(Reply::text(
                    "现在没有等您回复的调解协议。回复“我的调解”看进展。",
                ));
            }
            None => return Ok(not_an_answer(turn)),
        },
    };
    let Some((kept, words)) = yes_or_no(&rest.raw) else {
        turn.dialog = Some(Dialog::pick([
            format!("履行 {id} 是"),
            format!("履行 {id} 否"),
        ]));
        return Ok(Reply::text(format!(
            "调解 #{id} 的协议履行了吗？回复数字：1 是  2 否"
        )));
    };
    let row = actions::keep(turn.tx, &turn.actor, id, kept, &words).await?;
    Ok(Reply::text(match row.state {
        MediationState::Kept => format!("调解 #{id} 的协议已履行，调解和诉求都已办结，谢谢您！"),
        MediationState::Broken => {
            format!("已记下调解 #{id} 的协议没有履行，调解员会马上跟进。")
        }
        _ => format!("已记下，正在等调解 #{id} 的其他当事人回复。"),
    }))
}

/// 是 or 否 as people write it, and what stands behind.
fn yes_or_no(text: &str) -> Option<(bool, String)> {
    let words = [
        ("没有", false),
        ("没", false),
        ("未", false),
        ("否", false),
        ("不", false),
        ("是", true),
        ("已", true),
        ("有", true),
        ("好", true),
    ];
    let (word, kept) = words.into_iter().find(|(word, _)| text.starts_with(word))?;
    let rest = text.strip_prefix(word).unwrap_or_default();
    let rest = rest.trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：', '。']);
    Some((kept, rest.to_owned()))
}

async fn show(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        let seen = queries::seen(turn.tx.db(), &turn.actor, id).await?;
        return Ok(one(turn, &seen));
    }
    let slice = Slice::first(MOST);
    let page = queries::page(turn.tx.db(), &turn.actor, slice).await?;
    match page.items.as_slice() {
        [] => Ok(Reply::text(
            "您现在没有调解。邻里有矛盾，可以回复“纠纷 经过”，我们会安排。",
        )),
        [only] => Ok(one(turn, only)),
        several => {
            let lines = several.iter().map(|seen| {
                let row = &seen.mediation;
                let says = format!("#{} {}（{}）", row.id, seen.about, state_says(row.state));
                (format!("我的调解 {}", row.id), says)
            });
            let lines = turn.numbered(lines);
            Ok(Reply::text(format!(
                "您的调解：\n{lines}\n回复前面的数字看详情。"
            )))
        }
    }
}

fn one(turn: &mut Turn<'_>, seen: &Seen) -> Reply {
    let row = &seen.mediation;
    let id = row.id;
    let mut text = format!(
        "调解 #{id}（{}，{}调解中心）\n状态：{}；调解员：{}；当事人{}位\n",
        seen.about,
        centre_says(row.centre),
        state_says(row.state),
        seen.mediator,
        seen.party_count
    );
    if let Some(words) = &seen.case_text {
        text.push_str(&format!("诉求 #{}：{}\n", row.case_id, shorten(words, 100)));
    }
    if seen.leads {
        for (name, party) in &seen.parties {
            let reason = party.reason.as_deref().map(|words| shorten(words, 60));
            let reason = reason
                .map(|words| format!("（{words}）"))
                .unwrap_or_default();
            text.push_str(&format!("当事人 {name}：{}{reason}\n", party_says(party)));
        }
    }
    if let Some(session) = &seen.session {
        text.push_str(&format!(
            "见面：{}，{}\n",
            say(session.at),
            shorten(&session.venue, 60)
        ));
    }
    if let Some(agreement) = &row.agreement {
        text.push_str(&format!(
            "协议（{}/{}方同意）：{}\n",
            seen.agreed_count,
            seen.party_count,
            shorten(agreement, 200)
        ));
    }
    let commands = next(seen);
    if !commands.is_empty() {
        let words = commands.iter();
        let words = words.map(|command| (command.as_str(), command.replace(&format!(" {id}"), "")));
        text.push_str(&format!("可以回复数字：{}", turn.in_a_row(words)));
    }
    Reply::text(text.trim_end().to_owned())
}

/// What the one who asks may do next by a digit.
fn next(seen: &Seen) -> Vec<String> {
    let id = seen.mediation.id;
    let words: &[&str] = match (seen.leads, seen.mediation.state) {
        (false, MediationState::Proposed) => &["同意", "不同意"],
        (_, MediationState::Agreed) => &["履行"],
        (true, MediationState::Open | MediationState::Broken) => &["调解不成"],
        _ => &[],
    };
    words.iter().map(|word| format!("{word} {id}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_stand_in_front_of_the_text() {
        for (text, wanted) in [
            ("30天 每晚十点后不施工", (30, "每晚十点后不施工")),
            ("14天内修好漏水", (14, "修好漏水")),
            ("每晚十点后不施工", (FOLLOW_DAYS, "每晚十点后不施工")),
            ("3栋共用部位一起修", (FOLLOW_DAYS, "3栋共用部位一起修")),
        ] {
            assert_eq!(
                days(&Args::new(text)),
                (wanted.0, wanted.1.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn yes_and_no_as_people_write_them() {
        for (text, kept) in [
            ("是", Some(true)),
            ("已履行", Some(true)),
            ("否", Some(false)),
            ("没有，还在吵", Some(false)),
            ("不是", Some(false)),
            ("", None),
            ("啊", None),
        ] {
            assert_eq!(yes_or_no(text).map(|(kept, _)| kept), kept, "{text}");
        }
    }
}
