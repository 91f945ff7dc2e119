//! Commands that only look: 进度 and 待办. Each ends with what can be done next, by digits.

use entity::kinds::{CaseState, CaseStep};
use entity::{case, case_event};

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::chat::Answer;
use crate::case::chat::which::line;
use crate::case::queries::{self, Found};
use crate::case::step::OPEN;
use crate::case::{kind_says, level_says, state_says, step_says};
use crate::chat::{Args, Choice, Dialog, Reply, Turn};
use crate::visit::queries as visits;

/// Lines of a list, and of a history.
const MOST: u64 = 8;
const EVENTS: usize = 8;
const STEPS: [CaseStep; 7] = [
    CaseStep::Raised,
    CaseStep::Gathered,
    CaseStep::Deliberated,
    CaseStep::Handled,
    CaseStep::Supervised,
    CaseStep::Published,
    CaseStep::Reviewed,
];

pub(super) fn progress<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        if let Some((id, _)) = args.number() {
            let found = queries::visible(turn.tx.db(), &turn.actor, id).await?;
            return one(turn, &found).await;
        }
        let person = turn.actor.require_person()?;
        let cases = queries::mine(turn.tx.db(), person, None, MOST).await?;
        match cases.as_slice() {
            [] => Ok(Reply::text(
                "您还没有提过诉求。要反映问题，直接回复“报修 内容”，也可以用投诉、建议、求助、纠纷。",
            )),
            [only] => {
                let found = queries::visible(turn.tx.db(), &turn.actor, only.id).await?;
                one(turn, &found).await
            }
            several => Ok(list(turn, "您的诉求", several)),
        }
    })
}

pub(super) fn tasks<'a>(turn: &'a mut Turn<'_>, _args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let mut cases = queries::held(turn.tx.db(), &turn.actor, OPEN, MOST).await?;
        let left = MOST.saturating_sub(u64::try_from(cases.len()).unwrap_or(MOST));
        if left > 0 {
            cases.extend(queries::unheld(turn.tx.db(), &turn.actor, left).await?);
        }
        let reply = if cases.is_empty() {
            Reply::text("现在没有要您办的诉求，辛苦了。")
        } else {
            list(turn, "要办的诉求", &cases)
        };
        with_visits(turn, reply).await
    })
}

/// Whoever has doors to go to reads so below the tasks; one more digit leads there.
async fn with_visits(turn: &mut Turn<'_>, mut reply: Reply) -> Result<Reply, Fault> {
    let Some(person) = turn.actor.person_id() else {
        return Ok(reply);
    };
    let count = visits::count(turn.tx.db(), person).await?;
    if count > 0 {
        let dialog = turn.dialog.get_or_insert_default();
        let digit = (dialog.choices.len() + 1).to_string();
        reply.text.push_str(&format!(
            "\n{digit} 上门：还有{count}户收不到微信，要上门告诉。"
        ));
        dialog.choices.push(Choice {
            digit,
            command: "上门".to_owned(),
        });
    }
    Ok(reply)
}

fn list(turn: &mut Turn<'_>, title: &str, cases: &[case::Model]) -> Reply {
    turn.dialog = Some(Dialog::pick(
        cases.iter().map(|case| format!("进度 {}", case.id)),
    ));
    let lines: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(at, case)| format!("{} {}{}", at + 1, line(case), due(case)))
        .collect();
    Reply::text(format!(
        "{title}：\n{}\n回复前面的数字看详情。",
        lines.join("\n")
    ))
}

/// What clock runs, for the one who has it.
fn due(case: &case::Model) -> String {
    let due = match case.state {
        CaseState::Assigned => case.accept_due_at,
        CaseState::Accepted | CaseState::Arrived => case.finish_due_at,
        _ => None,
    };
    due.map(|due| format!("，{}前", say(due)))
        .unwrap_or_default()
}

async fn one(turn: &mut Turn<'_>, found: &Found) -> Result<Reply, Fault> {
    let db = turn.tx.db();
    let case = &found.case;
    let events = queries::events(db, case.id).await?;
    let holder = queries::name_of(db, case.holder_id).await?;
    let place = queries::place_says(db, &found.place).await?;
    let who = if holder.is_empty() {
        level_says(case.level).to_owned()
    } else {
        format!("{}，{holder}", level_says(case.level))
    };
    let steps: Vec<String> = STEPS
        .iter()
        .map(|step| {
            let done = *step <= case.step;
            format!("{}{}", step_says(*step), if done { "✓" } else { "" })
        })
        .collect();
    let commands = next_commands(turn, case);
    let mut text = format!(
        "诉求 #{}（{}）：{}\n地点：{place}\n状态：{}（{who}）{}\n步骤：{}\n",
        case.id,
        kind_says(case.kind),
        shorten(&case.text, 100),
        state_says(case.state),
        due(case),
        steps.join(" "),
    );
    let shown: Vec<String> = events.iter().filter_map(event_line).collect();
    let skip = shown.len().saturating_sub(EVENTS);
    for line in shown.iter().skip(skip) {
        text.push_str(line);
        text.push('\n');
    }
    if !commands.is_empty() {
        let lines: Vec<String> = commands
            .iter()
            .enumerate()
            .map(|(at, command)| format!("{} {}", at + 1, command_says(command)))
            .collect();
        text.push_str("可以回复数字：");
        text.push_str(&lines.join("  "));
        turn.dialog = Some(Dialog::pick(commands));
    }
    Ok(Reply::text(text.trim_end().to_owned()))
}

fn command_says(command: &str) -> &str {
    command.split(' ').next().unwrap_or(command)
}

/// What the one who asks may do next.
fn next_commands(turn: &Turn<'_>, case: &case::Model) -> Vec<String> {
    let person = turn.actor.person_id();
    let words: &[&str] = if person == case.holder_id && person.is_some() {
        match case.state {
            CaseState::Assigned => &["接单", "到场", "退单", "转派", "上报"],
            CaseState::Accepted => &["到场", "方案", "办结", "暂停", "退单", "转派", "上报"],
            CaseState::Arrived => &["办结", "方案", "暂停", "退单", "转派", "上报"],
            CaseState::Paused => &["恢复"],
            _ => &[],
        }
    } else if person == Some(case.reporter_id) {
        match case.state {
            CaseState::Finished if case.reopened => &["评价"],
            CaseState::Finished => &["评价", "重开"],
            CaseState::Reviewed if !case.reopened => &["重开"],
            state if OPEN.contains(&state) => &["催办", "补充", "撤回"],
            _ => &[],
        }
    } else if case.state == CaseState::Raised {
        &["接单", "转派"]
    } else {
        &[]
    };
    words
        .iter()
        .map(|word| format!("{word} {}", case.id))
        .collect()
}

/// What the one who filed does next.
pub(super) fn next_for_reporter(case: &case::Model) -> String {
    format!("回复“进度 {}”查看。", case.id)
}

/// A line of the history; none for what says nothing new to people.
fn event_line(event: &case_event::Model) -> Option<String> {
    let said = match event.action.as_str() {
        "filed" => "提出",
        "dispatched" => "派给",
        "accepted" => "接单",
        "arrived" => "到场",
        "planned" => "方案",
        "finished" => "办结",
        "supervised" => "督办",
        "reviewed" => "评价",
        "lapsed" => "结束",
        "refused" => "退单",
        "handed-over" => "转派",
        "escalated" => "上报",
        "paused" => "暂停",
        "resumed" => "恢复",
        "supplemented" => "补充",
        "nudged" => "催办",
        "reopened" => "重开",
        "withdrawn" => "撤回",
        "accept-late" => "响应超时",
        "passed-over" => "无人响应，转上一级",
        "finish-late" => "办结超时",
        "unassigned" => "正在找人",
        _ => return None,
    };
    let note = event
        .note
        .as_deref()
        .map(|note| format!("：{}", shorten(&note.replace('\n', " "), 40)))
        .unwrap_or_default();
    Some(format!("{} {said}{note}", say(event.at)))
}
