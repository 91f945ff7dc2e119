//! What can be done to a case, as forms: which are possible for whoever looks, and what becomes of one
//! that was sent. A form tells what its page showed; if the case has changed since, nothing is done and
//! what was typed stays. What is not the work itself is in `also.rs`. Used by `case.rs` and, for the mark,
//! by `cases.rs`.

use entity::case;
use entity::kinds::{CaseState, Grade};
use poem::web::Path;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::case::actions::{self, HandedOver, says_target};
use crate::case::dispatch::Target;
use crate::case::queries::{self, Found, asked, holds, no_such};
use crate::case::step::{Action, row};
use crate::policy::grade_says;
use crate::store::Tx;
use crate::web::console::also;
use crate::web::console::case::page;
use crate::web::console::fill;
use crate::web::console::form::{Form, Typed};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

/// What a form tells of the case that its page showed.
#[must_use]
pub fn seen(case: &case::Model) -> String {
    format!("{}-{}", case.updated_at.timestamp_millis(), case.round)
}

/// Why a form of an old page is not obeyed.
#[must_use]
pub fn stale(id: i64) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("诉求 #{id} 刚刚有了新变化，没有提交。请看过现在的情况，再决定要不要提交。"),
    )
}

/// Who may do it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Whoever may work there, while nobody has it; otherwise whoever has it.
    Taker,
    /// Whoever has it.
    Holder,
    /// Whoever has it, or may give it out.
    Giver,
    /// Whoever is asked to take it over.
    Asked,
    /// Whoever is asked to open it again, or may give it out, and did not have it.
    Judge,
}

/// What is typed with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Nothing,
    /// Field, label, example.
    Words(&'static str, &'static str, &'static str),
    /// The name of somebody.
    Name,
    /// How grave it is.
    Grade,
}

/// An action as a form.
struct Act {
    key: &'static str,
    words: &'static str,
    action: Action,
    by: By,
    asks: Asks,
}

const ACTS: &[Act] = &[
    act("accept", "接单", Action::Accept, By::Taker, Asks::Nothing),
    act("arrive", "到场", Action::Arrive, By::Holder, Asks::Nothing),
    act(
        "resume",
        "恢复办理",
        Action::Resume,
        By::Giver,
        Asks::Nothing,
    ),
    act(
        "take-over",
        "接手",
        Action::TakeOver,
        By::Asked,
        Asks::Nothing,
    ),
    act(
        "turn-down",
        "不接手",
        Action::TurnDown,
        By::Asked,
        Asks::Words("reason", "不接手的原因", "例如：不归我们管"),
    ),
    act(
        "grant",
        "同意重开",
        Action::Reopen,
        By::Judge,
        Asks::Nothing,
    ),
    act(
        "decline",
        "不同意重开",
        Action::DeclineReopen,
        By::Judge,
        Asks::Words("reason", "理由", "居民会看到，例如：已现场核实修好"),
    ),
    act(
        "finish",
        "办结",
        Action::Finish,
        By::Holder,
        Asks::Words("text", "办理结果", "例如：电梯已恢复运行"),
    ),
    act(
        "give-up",
        "无法办结",
        Action::GiveUp,
        By::Holder,
        Asks::Words(
            "reason",
            "无法办结的原因",
            "居民会看到，例如：房屋结构不允许加装",
        ),
    ),
    act(
        "plan",
        "写方案",
        Action::Plan,
        By::Holder,
        Asks::Words("text", "方案", "例如：明天上午更换水管"),
    ),
    act(
        "pause",
        "暂停",
        Action::Pause,
        By::Holder,
        Asks::Words("reason", "暂停的原因", "居民会看到，例如：等配件，周三到货"),
    ),
    act("hand-over", "转派", Action::HandOver, By::Giver, Asks::Name),
    act("grade", "定级", Action::Grade, By::Giver, Asks::Grade),
    act(
        "escalate",
        "上报",
        Action::Escalate,
        By::Giver,
        Asks::Words("reason", "上报的原因", "例如：需要街道协调"),
    ),
    act(
        "refuse",
        "退单",
        Action::Refuse,
        By::Holder,
        Asks::Words("reason", "退单的原因", "例如：不归物业管"),
    ),
];

const fn act(key: &'static str, words: &'static str, action: Action, by: By, asks: Asks) -> Act {
    Act {
        key,
        words,
        action,
        by,
        asks,
    }
}

/// Whether the action is one for whoever looks, as things stand.
fn is_possible(desk: &Desk, found: &Found, act: &Act) -> bool {
    if !row(act.action).from.contains(&found.case.state) {
        return false;
    }
    let (actor, path) = (desk.actor(), &found.place.path);
    let own = holds(actor, found);
    let gives = may(actor, Deed::DispatchCases, path) || may(actor, Deed::Administer, path);
    match act.by {
        By::Taker if found.case.state == CaseState::Raised => may(actor, Deed::WorkCases, path),
        By::Taker | By::Holder => own,
        By::Giver => own || gives,
        By::Asked => asked(actor, found),
        By::Judge => {
            let dispatches = may(actor, Deed::DispatchCases, path);
            let partial = own || actor.person_id() == Some(found.case.reporter_id);
            (asked(actor, found) || dispatches) && !partial
        }
    }
}

/// How a form looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A button.
    Button,
    /// Words.
    Words,
    /// The name of somebody.
    Name,
    /// One of some.
    Choice,
    /// The number of a case, some of which are offered.
    Number,
}

/// A form of the page.
pub struct ActForm {
    pub(super) key: &'static str,
    pub(super) words: &'static str,
    pub(super) field: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) shape: Shape,
    pub(super) choices: Vec<(String, String)>,
    /// Key and name of those that may be put in (`fill.rs`).
    pub(super) templates: Vec<(i64, String)>,
    pub(super) value: String,
    pub(super) error: Option<String>,
    pub(super) open: bool,
}

pub(super) fn forms(desk: &Desk, found: &Found, tried: Option<&(String, Typed)>) -> Vec<ActForm> {
    let mut forms = Vec::new();
    for act in ACTS {
        let typed = tried
            .filter(|(key, _)| key == act.key)
            .map(|(_, typed)| typed);
        // What was typed is shown again even where the action is no longer possible.
        if !is_possible(desk, found, act) && typed.is_none() {
            continue;
        }
        let (field, label, hint) = match act.asks {
            Asks::Nothing => ("", "", ""),
            Asks::Words(field, label, hint) => (field, label, hint),
            Asks::Grade => (
                "grade",
                "等级",
                "时限跟着等级变；已经超时的仍记为超时；特殊复杂由办理人以外负责派单的人确认",
            ),
            Asks::Name => (
                "name",
                "转给谁",
                "写姓名；同名的加上职务，例如：王建国 楼栋长",
            ),
        };
        forms.push(ActForm {
            key: act.key,
            words: act.words,
            field,
            label,
            hint,
            shape: match act.asks {
                Asks::Nothing => Shape::Button,
                Asks::Words(..) => Shape::Words,
                Asks::Name => Shape::Name,
                Asks::Grade => Shape::Choice,
            },
            choices: match act.asks {
                Asks::Grade => grades(found.case.grade),
                _ => Vec::new(),
            },
            templates: Vec::new(),
            value: typed.map_or_else(String::new, |typed| typed.value(field).to_owned()),
            error: typed
                .and_then(|typed| typed.error(field))
                .map(str::to_owned),
            open: typed.is_some(),
        });
    }
    forms
}

/// The chat's word for an action and the field of its words; none for one without words.
pub(super) fn words_of(key: &str) -> Option<(&'static str, &'static str)> {
    let act = ACTS.iter().find(|act| act.key == key)?;
    let word = match act.action {
        Action::Plan => "方案",
        _ => act.words,
    };
    match act.asks {
        Asks::Words(field, ..) => Some((word, field)),
        _ => None,
    }
}

/// `POST /console/cases/:id/:act`
///
/// # Errors
/// `not_found` for a case that the actor may not see, and for an action that there is none of.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, key)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    if key == "fill" {
        return fill::take(desk, id, &form).await;
    }
    let Some(known) = ACTS.iter().find(|act| act.key == key) else {
        return also::take(desk, id, key, &form).await;
    };
    match perform(desk, id, known, &form).await {
        Ok(()) => Ok(go(&format!("/console/cases/{id}?said={key}"))),
        Err(fault) => again(desk, id, key, known.asks == Asks::Name, &form, fault).await,
    }
}

/// The page after a form that was not obeyed: what is wrong, and what was typed.
pub(super) async fn again(
    desk: &Desk,
    id: i64,
    key: String,
    is_name: bool,
    form: &Form,
    fault: Fault,
) -> Result<Response, Fault> {
    let missing = fault.code == Code::NotFound && fault.field.is_none();
    if fault.is_ours() || (missing && !is_name) {
        return Err(fault);
    }
    let fault = if missing {
        // Nobody of that name is no missing page.
        queries::visible(desk.app.store.read(), desk.actor(), id).await?;
        Fault::invalid("name", fault.detail)
    } else {
        fault
    };
    let typed = Typed::wrong(form, &fault);
    page(desk, id, status(&fault), Some((key, typed)), "").await
}

/// A case as the page showed it, and nobody else's until the end of the transaction: of two who press at
/// once the second finds what the first has made of it.
///
/// # Errors
/// `not_found`, `conflict` for an old page, the database's.
pub async fn as_seen(tx: &Tx, actor: &Actor, id: i64, mark: &str) -> Result<Found, Fault> {
    actions::hold(tx, id).await?;
    let found = queries::visible(tx.db(), actor, id).await?;
    if seen(&found.case) != mark {
        return Err(stale(id));
    }
    Ok(found)
}

async fn perform(desk: &Desk, id: i64, act: &Act, form: &Form) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    as_seen(&tx, desk.actor(), id, form.text("seen")).await?;
    run(&mut tx, desk, id, act, form).await?;
    tx.commit().await
}

async fn run(tx: &mut Tx, desk: &Desk, id: i64, act: &Act, form: &Form) -> Result<(), Fault> {
    let actor = desk.actor();
    let words = match act.asks {
        Asks::Words(field, ..) => form.text(field),
        Asks::Name => form.text("name"),
        Asks::Grade => form.text("grade"),
        Asks::Nothing => "",
    };
    match act.action {
        Action::Accept | Action::TakeOver => drop(actions::accept(tx, actor, id).await?),
        Action::Reopen => drop(actions::grant_reopen(tx, actor, id).await?),
        Action::DeclineReopen => drop(actions::decline_reopen(tx, actor, id, words).await?),
        Action::GiveUp => drop(actions::give_up(tx, actor, id, words).await?),
        Action::Arrive => drop(actions::arrive(tx, actor, id).await?),
        Action::Plan => drop(actions::plan(tx, actor, id, words).await?),
        Action::Finish => drop(actions::finish(tx, actor, id, words).await?),
        Action::Pause => drop(actions::pause(tx, actor, id, words).await?),
        Action::Resume => drop(actions::resume(tx, actor, id).await?),
        Action::Grade => {
            let grade = Grade::try_from_value(&words.to_owned())
                .map_err(|_| Fault::invalid("grade", "没有这个等级，请重新选择。"))?;
            drop(actions::grade(tx, actor, id, grade).await?);
        }
        Action::Refuse | Action::TurnDown => drop(actions::refuse(tx, actor, id, words).await?),
        Action::Escalate => drop(actions::escalate(tx, actor, id, words).await?),
        Action::HandOver => match actions::hand_over(tx, actor, id, words).await? {
            HandedOver::Done(..) => {}
            HandedOver::Which(several) => return Err(of_one_name(&several)),
        },
        _ => return Err(Fault::plain(Code::NotFound)),
    }
    Ok(())
}

/// The grades that it does not have.
fn grades(present: Grade) -> Vec<(String, String)> {
    Grade::iter()
        .filter(|grade| *grade != present)
        .map(|grade| (grade.to_value(), grade_says(grade).to_owned()))
        .collect()
}

/// Several people are called so.
pub(super) fn of_one_name(several: &[Target]) -> Fault {
    let names: Vec<String> = several.iter().map(says_target).collect();
    Fault::invalid(
        "name",
        format!("有几位同名：{}。请在姓名后加上职务。", names.join("、")),
    )
}
