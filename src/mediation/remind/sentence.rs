//! The sentence of each thing that is told of a mediation, as things are when it is sent. Called by the
//! composing of its messages alone.

use entity::kinds::MediationState;
use entity::{mediation, mediation_party, mediation_session, reminder};

use crate::app::App;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::queries::name_of;
use crate::mediation::STEP_DAYS;
use crate::mediation::queries::{about, parties};
use crate::mediation::remind::Telling;
use crate::reminder::payload;

/// Characters of an agreement that a push shows.
const SHOWN: usize = 300;

/// The sentence; none when it no longer holds.
pub(super) async fn of(
    app: &App,
    row: &mediation::Model,
    reminder: &reminder::Model,
    what: Telling,
    meeting: Option<&mediation_session::Model>,
) -> Result<Option<String>, Fault> {
    let id = row.id;
    let over = row.closed_at.is_some();
    Ok(match what {
        Telling::Opened if !over => {
            let about = about(app.store.read(), row).await?;
            Some(format!(
                "请您主持调解 #{id}（{about}，来自诉求 #{}）。请回复“当事人 {id} 房号 姓名”加当事人，再回复“约调解 {id} 时间 地点”。",
                row.case_id
            ))
        }
        Telling::Invited if !over => {
            let about = about(app.store.read(), row).await?;
            let mediator = name_of(app.store.read(), Some(row.mediator_id)).await?;
            Some(format!(
                "您是调解 #{id}（{about}）的当事人，由{mediator}主持，会约时间请您参加。"
            ))
        }
        Telling::Called | Telling::Eve if !over => meeting.map(|session| {
            let head = match what {
                Telling::Eve => "提醒您，",
                _ => "请您参加：",
            };
            format!(
                "{head}调解 #{id} {}在{}。",
                say(session.at),
                shorten(&session.venue, 60)
            )
        }),
        Telling::Disagreed if row.state == MediationState::Open => {
            let reasons = reasons(app, row).await?;
            Some(format!(
                "调解 #{id} 有当事人不同意{reasons}。请再协商后回复“协议 {id} 新内容”，或“调解不成 {id} 原因”。"
            ))
        }
        Telling::BackToTable if row.state == MediationState::Open => {
            Some(format!("调解 #{id} 这次没有谈拢，调解员会再联系您。"))
        }
        Telling::Failed if row.state == MediationState::Failed => Some(format!(
            "调解 #{id} 没有成功。您还可以申请人民调解、仲裁或向法院起诉，原诉求会接着办。"
        )),
        Telling::Stalled if !over => Some(stalled(row)),
        Telling::PassedOn if !over => {
            let mediator = name_of(app.store.read(), Some(row.mediator_id)).await?;
            Some(format!(
                "调解 #{id} 现在由{mediator}主持，会接着联系当事人。"
            ))
        }
        Telling::Ended if row.state == MediationState::Failed => Some(format!(
            "调解 #{id} 不再进行：{}。",
            row.outcome.as_deref().unwrap_or_default()
        )),
        _ => about_agreement(app, row, reminder, what).await?,
    })
}

/// To the mediator: what could be done next.
fn stalled(row: &mediation::Model) -> String {
    let id = row.id;
    let next = match row.state {
        MediationState::Proposed => {
            format!("还有当事人没有回复协议，请联系后回复“协议 {id} 新内容”或“调解不成 {id} 原因”")
        }
        MediationState::Agreed => {
            format!("协议是否履行还没有人确认，请了解后回复“履行 {id} 是”或“履行 {id} 否”")
        }
        _ => format!("请回复“约调解 {id} 时间 地点”、“协议 {id} 内容”或“调解不成 {id} 原因”"),
    };
    format!(
        "调解 #{id} 已有{STEP_DAYS}天没有进展。{next}；再过{STEP_DAYS}天没有进展会改由别人主持。"
    )
}

/// The sentence about an agreement: whether the parties agree to it, and whether it is kept.
async fn about_agreement(
    app: &App,
    row: &mediation::Model,
    reminder: &reminder::Model,
    what: Telling,
) -> Result<Option<String>, Fault> {
    let same = payload::version(reminder) == Some(row.version);
    let id = row.id;
    let agreement = shorten(row.agreement.as_deref().unwrap_or_default(), SHOWN);
    Ok(match what {
        Telling::Proposed if same && row.state == MediationState::Proposed => Some(format!(
            "调解 #{id} 的协议：{agreement}\n同意请回复“同意 {id}”，不同意请回复“不同意 {id} 原因”（原因只给调解员看）。"
        )),
        Telling::AskedAgain if same && row.state == MediationState::Proposed => {
            let waits = own_waits(app, row, reminder, |party| party.agrees.is_none()).await?;
            waits.then(|| format!("调解 #{id} 的协议还在等您：{agreement}\n请回复“同意 {id}”或“不同意 {id} 原因”。"))
        }
        Telling::Agreed if row.state == MediationState::Agreed => Some(format!(
            "调解 #{id} 各方都已同意，协议生效：{agreement}\n{}会问是否履行。",
            row.follow_at
                .map(|at| format!("{}起", say(at)))
                .unwrap_or_default()
        )),
        Telling::IsItKept if row.state == MediationState::Agreed => {
            let waits = own_waits(app, row, reminder, |party| party.kept.is_none()).await?;
            waits.then(|| {
                format!(
                    "调解 #{id} 的协议履行了吗？{agreement}\n请回复“履行 {id} 是”或“履行 {id} 否”。"
                )
            })
        }
        Telling::Silent if row.state == MediationState::Agreed => Some(format!(
            "调解 #{id} 的协议是否履行，还有当事人没有回复。请了解后回复“履行 {id} 是”或“履行 {id} 否”。"
        )),
        Telling::Kept if row.state == MediationState::Kept => {
            Some(format!("调解 #{id} 的协议已履行，调解结束。谢谢您！"))
        }
        Telling::Broken if row.state == MediationState::Broken => Some(format!(
            "调解 #{id} 有当事人说协议没有履行。请了解后回复“协议 {id} 新内容”、“履行 {id} 是”或“调解不成 {id} 原因”。"
        )),
        _ => None,
    })
}

/// Whether the recipient is a party from whom something is still awaited.
async fn own_waits(
    app: &App,
    row: &mediation::Model,
    reminder: &reminder::Model,
    waits: impl Fn(&mediation_party::Model) -> bool,
) -> Result<bool, Fault> {
    let all = parties(app.store.read(), row.id).await?;
    let mut own = all
        .iter()
        .filter(|party| Some(party.person_id) == reminder.recipient_id);
    Ok(own.any(waits))
}

/// Why somebody did not agree, for the mediator.
async fn reasons(app: &App, row: &mediation::Model) -> Result<String, Fault> {
    let mut said = Vec::new();
    for party in parties(app.store.read(), row.id).await? {
        if party.agrees == Some(false) {
            let name = name_of(app.store.read(), Some(party.person_id)).await?;
            let reason = party
                .reason
                .map(|reason| format!("：{}", shorten(&reason, 60)));
            said.push(format!("{name}{}", reason.unwrap_or_default()));
        }
    }
    Ok(match said.as_slice() {
        [] => String::new(),
        some => format!("（{}）", some.join("；")),
    })
}
