//! What only looks: 进度, and the cases of 待办. Each ends with what can be done next, by digits.

use entity::kinds::CaseState;
use entity::{case, case_event};

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::chat::which::line;
use crate::case::chat::{Answer, together};
use crate::case::clock;
use crate::case::course;
use crate::case::evidence::{self, Evidence};
use crate::case::joiner;
use crate::case::queries::{self, Found, Helper};
use crate::case::shield::{self, Seen};
use crate::case::step::OPEN;
use crate::case::{STEPS, case_says, kind_says, level_says};
use crate::chat::{Args, Reply, Turn};
use crate::policy::grade_says;

/// Lines of a list, and of a history.
const MOST: u64 = 8;
const EVENTS: usize = 8;

pub(super) fn progress<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        if let Some((id, _)) = args.number() {
            let found = match queries::visible(turn.tx.db(), &turn.actor, id).await {
                Err(fault) if together::is_hidden(&fault) => {
                    return together::progress(turn, id).await?.ok_or(fault);
                }
                found => found?,
            };
            return one(turn, &found).await;
        }
        let person = turn.actor.require_person()?;
        let cases = queries::mine(turn.tx.db(), person, None, MOST).await?;
        let joined = joiner::joined_by(turn.tx.db(), person, MOST).await?;
        if !joined.is_empty() {
            return Ok(with_joined(turn, &cases, &joined));
        }
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

/// The cases that wait for whoever asks, each behind a digit; none when there are none. What else waits for them
/// the bot puts behind it.
///
/// # Errors
/// The database's.
pub async fn tasks(turn: &mut Turn<'_>) -> Result<Option<Reply>, Fault> {
    let mut cases = queries::held(turn.tx.db(), &turn.actor, OPEN, MOST).await?;
    cases.extend(queries::asked_of(turn.tx.db(), &turn.actor, MOST).await?);
    cases.extend(queries::helped_by(turn.tx.db(), &turn.actor, MOST).await?);
    cases.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let left = MOST.saturating_sub(u64::try_from(cases.len()).unwrap_or(MOST));
    if left > 0 {
        cases.extend(queries::unheld(turn.tx.db(), &turn.actor, left).await?);
    }
    Ok(match cases.is_empty() {
        true => None,
        false => {
            let seen = shield::cases(turn.tx.db(), &turn.actor, cases).await?;
            let cases: Vec<case::Model> = seen.into_iter().map(|seen| seen.found.case).collect();
            Some(list(turn, "要办的诉求", &cases))
        }
    })
}

fn list(turn: &mut Turn<'_>, title: &str, cases: &[case::Model]) -> Reply {
    let lines = cases.iter().map(|case| {
        let says = format!("{}{}", line(case), due(case));
        (format!("进度 {}", case.id), says)
    });
    let lines = turn.numbered(lines);
    Reply::text(format!("{title}：\n{lines}\n回复前面的数字看详情。"))
}

/// What clock runs, for the one who has it.
fn due(case: &case::Model) -> String {
    if let (CaseState::ReopenRequested, Some(due)) = (case.state, case.asked_due_at) {
        return format!("，{}前决定", say(due));
    }
    if let Some(until) = case.pause_until {
        return format!("，{}接着办", say(until));
    }
    clock::next(case)
        .map(|(clock, due)| format!("，{}前{}", say(due), clock.says()))
        .unwrap_or_default()
}

/// What is asked of the one who has it: `请在11月21日 14:30前到场，11月21日 15:00前办结。`; nothing where
/// no clock runs.
pub(super) fn asks(case: &case::Model) -> String {
    let clocks: Vec<String> = clock::running(case)
        .into_iter()
        .map(|(clock, due)| format!("{}前{}", say(due), clock.says()))
        .collect();
    match clocks.is_empty() {
        true => String::new(),
        false => format!("请在{}。", clocks.join("，")),
    }
}

/// Own cases, and behind them those of neighbours that the person has joined.
fn with_joined(turn: &mut Turn<'_>, own: &[case::Model], joined: &[case::Model]) -> Reply {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let lines = own
        .iter()
        .map(|case| (case.id, format!("{}{}", line(case), due(case))))
        .take(most.saturating_sub(joined.len()).max(most / 2));
    let joined = joined
        .iter()
        .map(|case| (case.id, together::joined_line(case)));
    let both = lines.chain(joined).take(most);
    let lines = turn.numbered(both.map(|(id, line)| (format!("进度 {id}"), line)));
    Reply::text(format!("您的诉求：\n{lines}\n回复前面的数字看详情。"))
}

/// What stands above the history of a case that others have met, too, or that goes on in another.
fn met_by(case: &case::Model) -> String {
    match case.merged_into {
        Some(into) => format!("已并入诉求 #{into}，回复“进度 {into}”看它的进展\n"),
        None if case.households > 1 => format!("已有{}户遇到\n", case.households),
        None => String::new(),
    }
}

async fn one(turn: &mut Turn<'_>, found: &Found) -> Result<Reply, Fault> {
    let db = turn.tx.db();
    let seen = shield::one(db, &turn.actor, found.clone()).await?;
    let case = &seen.found.case;
    let events = queries::events(db, case.id).await?;
    let holder = queries::name_of(db, case.holder_id).await?;
    let place = queries::place_says(db, &seen.found.place).await?;
    let mut who = if holder.is_empty() {
        level_says(case.level).to_owned()
    } else {
        format!("{}，{holder}", level_says(case.level))
    };
    if let Some(level) = case.asked_level {
        let next = queries::name_of(db, case.asked_id).await?;
        let wanted = match case.state {
            CaseState::ReopenRequested => "决定是否重开",
            _ => "接手",
        };
        who.push_str(&format!("；已请{}{next}{wanted}", level_says(level)));
    }
    let helpers = helpers_says(&queries::helpers(db, case.id).await?);
    let course = course::of(db, case).await?;
    let steps: Vec<String> = STEPS
        .iter()
        .map(|step| course.mark(case, *step).says(*step))
        .collect();
    let evidence = evidence::of(db, case).await?;
    let reporter = together::reporter_line(turn, &seen).await?;
    let commands = next_commands(turn, case);
    let mut text = format!(
        "诉求 #{}（{}，{}）：{}\n地点：{place}\n状态：{}（{who}）{}\n{helpers}步骤：{}{}\n",
        case.id,
        kind_says(case.kind),
        grade_says(case.grade),
        shorten(&case.text, 100),
        case_says(case),
        due(case),
        steps.join(" "),
        if case.closed_off_at.is_some() {
            "（已销号）"
        } else {
            ""
        },
    );
    text.push_str(&reporter);
    text.push_str(&met_by(case));
    if let Some(said) = joiner::ratings_say(&joiner::ratings(db, case).await?) {
        text.push_str(&format!("加入的邻居评价：{said}\n"));
    }
    let is_holder = queries::holds(&turn.actor, found);
    text.push_str(&photos(&evidence, case, is_holder));
    let lines = events.iter().filter_map(|event| event_line(&seen, event));
    let shown: Vec<String> = lines.collect();
    let skip = shown.len().saturating_sub(EVENTS);
    for line in shown.iter().skip(skip) {
        text.push_str(line);
        text.push('\n');
    }
    if !commands.is_empty() {
        let words = commands.iter();
        let words = words.map(|command| (command.as_str(), command_says(command)));
        text.push_str("可以回复数字：");
        text.push_str(&turn.in_a_row(words));
    }
    Ok(Reply::text(text.trim_end().to_owned()))
}

/// `助力：沈立、蒋平（已邀请）`, and a line end; empty when nobody helps.
fn helpers_says(helpers: &[Helper]) -> String {
    let names: Vec<String> = helpers
        .iter()
        .filter_map(|helper| match (helper.joined_at, helper.left_at) {
            (Some(_), None) => Some(helper.name.clone()),
            (Some(_), Some(_)) => Some(format!("{}（已离开）", helper.name)),
            (None, None) => Some(format!("{}（已邀请）", helper.name)),
            (None, Some(_)) => None,
        })
        .collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("助力：{}\n", shorten(&names.join("、"), 60)),
    }
}

/// How many photos there are, and for whoever holds it what is still owed; empty when there is nothing to say.
fn photos(seen: &Evidence, case: &case::Model, is_holder: bool) -> String {
    let of = |many: usize, side: &str| (many > 0).then(|| format!("{side}{many}张"));
    let heard = (seen.recordings > 0).then(|| format!("语音或视频{}段", seen.recordings));
    let said: Vec<String> = of(seen.before.sent(), "处理前")
        .into_iter()
        .chain(of(seen.after.sent(), "处理后"))
        .chain(heard)
        .collect();
    let mut text = match said.is_empty() {
        true => String::new(),
        false => format!("照片：{}\n", said.join("，")),
    };
    let over = matches!(case.state, CaseState::Finished | CaseState::Reviewed);
    if let (true, true, Some(missing)) = (over, is_holder, seen.missing_says()) {
        text.push_str(&format!(
            "还缺{missing}，没有不能销号；拍不了请回复“无照片 {} 原因”\n",
            case.id
        ));
    }
    text
}

fn command_says(command: &str) -> &str {
    command.split(' ').next().unwrap_or(command)
}

/// What the one who asks may do next.
fn next_commands(turn: &Turn<'_>, case: &case::Model) -> Vec<String> {
    let person = turn.actor.person_id();
    let words: &[&str] = if person == case.asked_id && person.is_some() {
        match case.state {
            CaseState::ReopenRequested => &["同意重开", "驳回重开"],
            _ => &["接单", "退单"],
        }
    } else if person == case.holder_id && person.is_some() {
        match case.state {
            CaseState::Assigned => &["接单", "到场", "退单", "转派", "上报", "定级"],
            CaseState::Accepted => &[
                "到场",
                "方案",
                "办结",
                "暂停",
                "退单",
                "转派",
                "上报",
                "定级",
                "无法办结",
            ],
            CaseState::Arrived => &[
                "办结",
                "方案",
                "暂停",
                "退单",
                "转派",
                "上报",
                "定级",
                "无法办结",
            ],
            CaseState::Paused => &["恢复"],
            _ => &[],
        }
    } else if person == Some(case.reporter_id) {
        match case.state {
            CaseState::Finished if case.reopened || case.reopen_asked_at.is_some() => &["评价"],
            CaseState::Finished => &["评价", "重开"],
            CaseState::Reviewed if !case.reopened && case.reopen_asked_at.is_none() => &["重开"],
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

/// What people read for an action of the history; none for what says nothing new to them.
#[must_use]
pub fn event_says(action: &str) -> Option<&'static str> {
    Some(match action {
        "filed" => "提出",
        "dispatched" => "派给",
        "accepted" => "接单",
        "arrived" => "到场",
        "planned" => "方案",
        course::SKIPPED => "略过商议",
        "finished" => "办结",
        "given-up" => "未能解决",
        "closed-off" => "销号",
        "asked" => "已请",
        "taken-over" => "上一级接单",
        "helper-invited" => "邀请助力",
        "helper-joined" => "助力",
        "helper-left" => "退出助力",
        "noted" => "助力说明",
        "proposed" => "助力建议",
        "reopen-asked" => "申请重开",
        "reopen-declined" => "没有重开",
        "supervised" => "督办",
        "reworded" => "改公示",
        "reviewed" => "评价",
        "lapsed" => "结束",
        "joiner-rated" => "邻居评价",
        "refused" => "退单",
        "handed-over" => "转派",
        "escalated" => "上报",
        "paused" => "暂停",
        "resumed" => "恢复",
        "supplemented" => "补充",
        "nudged" => "催办",
        "reopened" => "重开",
        "withdrawn" => "撤回",
        "graded" => "定级",
        "grade-asked" => "请定级",
        "merged" => "并案",
        "merged-in" => "并入",
        "parted" => "拆分",
        "swarm" => "多户反映",
        "hidden" => "改为匿名",
        "identity-seen" => "查看身份",
        "mediation-opened" => "转调解",
        "mediation-stalled" => "调解没有进展",
        "mediation-agreed" => "调解达成协议",
        "mediation-broken" => "协议未履行",
        "mediation-failed" => "调解不成",
        "accept-late" => "响应超时",
        "arrive-late" => "到场超时",
        "plan-late" => "方案超时",
        "passed-over" => "无人响应，转上一级",
        "asked-late" => "接手响应超时",
        "not-taken" => "没有接手",
        "finish-late" => "办结超时",
        "holder-gone" => "办理人已卸任",
        "unassigned" => "正在找人",
        "photo-added" => "照片",
        "photo-waived" => "无处理后照片",
        "photo-waived-before" => "无处理前照片",
        _ => return None,
    })
}

/// A line of the history.
fn event_line(seen: &Seen, event: &case_event::Model) -> Option<String> {
    let said = event_says(&event.action)?;
    let note = event
        .note
        .as_deref()
        .map(|note| seen.words(note).replace('\n', " "))
        .map(|note| format!("：{}", shorten(&note, 40)))
        .unwrap_or_default();
    Some(format!("{} {said}{note}", say(event.at)))
}
