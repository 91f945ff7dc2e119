//! What can be done to a case: one function is one use case, run inside the caller's transaction.
//! Here is what they share: the draft of a change, and the one way to store it. Nobody is told
//! anything directly; reminders are written beside the change.

mod asked;
mod assign;
mod behalf;
mod clocks;
mod feedback;
mod file;
mod finish;
mod ground;
mod helper;
mod join;
mod manner;
mod mediated;
mod need;
mod pause;
mod photo;
mod refusal;
mod resident;
mod reword;
pub mod rules;
mod staff;
mod system;
mod vacate;

pub use asked::{ask_breach, is_offered};
pub use behalf::{Asked, Identity, Request, ask, hide, identity};
pub use clocks::grade;
pub use feedback::{
    CONTENT, FEEDBACK, Rated, Reopening, close_off, decline_reopen, grant_reopen, lapse,
    note_asked, rate, reopen, reopen_breach,
};
pub use file::{Filed, Filing, file};
pub use finish::{finish, give_up};
pub use ground::may_file_at;
pub use helper::{Helped, assist, leave};
pub use join::{Joined, hold, join, merge, quit, unmerge};
pub use manner::Behalf;
pub use mediated::mediated;
pub use pause::{PauseOver, pause, pause_over, resume};
pub use photo::{Added, add_photos, file_photos, may_add, may_waive, waive_photo};
pub use resident::{nudge, supplement, withdraw};
pub use reword::reword;
pub use staff::{HandedOver, accept, arrive, escalate, hand_over, plan, refuse, whom};
pub use system::{accept_breach, arrive_breach, finish_breach, pass_over, plan_breach, seek};
pub use vacate::{Vacated, vacate};

use entity::kinds::{CaseState, CaseStep, Level, Outcome};
use entity::{case, case_event};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::access::holders::says;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::base::text::clean;
use crate::case::actions::refusal::refusal;
use crate::case::behalf::Veil;
use crate::case::dispatch::{Ground, Target, Wanted, survey};
use crate::case::queries::{Found, no_such};
use crate::case::remind::{self, kinds};
use crate::case::step::{Action, By, OPEN, Taken, apply};
use crate::case::{TEXT_MOST, above, case_says, course, joiner, subject};
use crate::delivery::cards;
use crate::reminder::{self, NewReminder};
use crate::store::Tx;
use crate::store::update::difference;

/// Actions of the history that name somebody who is not asked again in this round.
pub const PASSED: &[&str] = &["refused", "passed-over"];

/// A change of a case while it is being worked out; [`Draft::store`] makes it so.
struct Draft {
    by: By,
    actor_id: Option<i64>,
    found: Found,
    next: case::Model,
    events: Vec<case_event::ActiveModel>,
    reminders: Vec<NewReminder>,
    cancel: Vec<&'static str>,
    detail: Option<Value>,
    /// Hides who writes in what they write.
    veil: Option<Veil>,
    now: Moment,
}

impl Draft {
    fn new(tx: &Tx, actor: &Actor, by: By, found: Found) -> Self {
        let found_anonymous = found.case.anonymous;
        Self {
            by,
            actor_id: actor.person_id(),
            next: case::Model {
                updated_at: tx.now(),
                ..found.case.clone()
            },
            found,
            events: Vec::new(),
            reminders: Vec::new(),
            cancel: Vec::new(),
            detail: None,
            veil: (by == By::Resident && found_anonymous).then(|| Veil::of(actor)),
            now: tx.now(),
        }
    }

    /// Asks the table, and writes the action and its steps into the history.
    fn act(&mut self, action: Action, name: &str, note: Option<String>) -> Result<(), Fault> {
        self.act_to(action, name, note, true)
    }

    /// The same where it matters whether somebody was found.
    fn act_to(
        &mut self,
        action: Action,
        name: &str,
        note: Option<String>,
        found: bool,
    ) -> Result<(), Fault> {
        self.end_clocks(action);
        let before = self.next.state;
        let steps = apply(&mut self.next, action, self.by, found)
            .map_err(|refused| refusal(&self.found.case, action, refused))?;
        self.record(before, steps, name, note);
        Ok(())
    }

    /// The same in the system's name, whoever began.
    fn act_as_system(
        &mut self,
        action: Action,
        name: &str,
        note: Option<String>,
        found: bool,
    ) -> Result<(), Fault> {
        let (by, actor_id) = (self.by, self.actor_id);
        (self.by, self.actor_id) = (By::System, None);
        let done = self.act_to(action, name, note, found);
        (self.by, self.actor_id) = (by, actor_id);
        done
    }

    fn record(&mut self, before: CaseState, steps: Vec<Taken>, name: &str, note: Option<String>) {
        // What was passed by comes first; then the step that the actor takes bears the action's own
        // name; the rest are the system's.
        let (skipped, taken): (Vec<Taken>, Vec<Taken>) =
            steps.into_iter().partition(|taken| taken.skipped);
        let mut taken = taken.into_iter();
        self.add_steps(skipped.into_iter());
        let first = taken.next().map(|taken| taken.step);
        self.event(name, first, Some(before), note);
        self.add_steps(taken);
    }

    fn add_steps(&mut self, steps: impl Iterator<Item = Taken>) {
        for taken in steps {
            let (name, note) = match (taken.step, taken.skipped) {
                (_, true) => (course::SKIPPED, Some("简单事项，未经商议".to_owned())),
                (CaseStep::Supervised, _) => ("supervised", Some(summary(&self.next))),
                (CaseStep::Published, _) => ("published", self.next.public_text.clone()),
                (CaseStep::Gathered, _) => ("gathered", None),
                _ => ("step", None),
            };
            self.event_by(By::System, None, name, Some(taken.step), None, note);
        }
    }

    fn event(
        &mut self,
        name: &str,
        step: Option<CaseStep>,
        from: Option<CaseState>,
        note: Option<String>,
    ) {
        self.event_by(self.by, self.actor_id, name, step, from, note);
    }

    fn event_by(
        &mut self,
        by: By,
        actor_id: Option<i64>,
        name: &str,
        step: Option<CaseStep>,
        from: Option<CaseState>,
        note: Option<String>,
    ) {
        let note = match &self.veil {
            Some(veil) if by == By::Resident => note.map(|note| veil.hide(&note)),
            _ => note,
        };
        self.events.push(case_event::ActiveModel {
            case_id: Set(self.next.id),
            compound_id: Set(self.next.compound_id),
            round: Set(self.next.round),
            action: Set(name.to_owned()),
            step: Set(step),
            from_state: Set(from),
            to_state: Set(from.map(|_| self.next.state)),
            actor_kind: Set(by.kind()),
            actor_id: Set(actor_id),
            note: Set(note),
            at: Set(self.now),
            ..Default::default()
        });
    }

    /// Tells somebody, now. `what` says which of several things a progress tells.
    fn tell(&mut self, kind: &'static str, person: Option<i64>, what: &str) {
        let Some(person) = person else { return };
        let reminder = remind::push(&self.next, kind, person, what, self.now);
        self.reminders.push(reminder);
    }

    /// Tells the compound's groups, once for each clock.
    fn tell_groups(&mut self, what: &'static str, due: Moment) {
        let news = remind::news(&self.next, what, due, self.now);
        self.reminders.push(news);
    }

    /// Tells whoever filed.
    fn tell_reporter(&mut self, what: &str) {
        self.tell(kinds::PROGRESS, Some(self.next.reporter_id), what);
    }

    /// Stores it all: the compare-and-set, the history, the audit entry, the reminders.
    ///
    /// # Errors
    /// `conflict`, with the present state, when somebody else was first.
    async fn store(
        mut self,
        tx: &mut Tx,
        actor: &Actor,
        audited: &str,
    ) -> Result<case::Model, Fault> {
        self.end_asking();
        // Whoever is asked to take it over has as good as got it: the groups need not hear it twice.
        let lies = |case: &case::Model| case.asked_level.unwrap_or(case.level);
        let raised = (lies(&self.found.case), lies(&self.next))
            == (Level::Compound, Level::Community)
            && OPEN.contains(&self.next.state);
        let told = |item: &NewReminder| item.kind == kinds::GROUP;
        if raised && !self.reminders.iter().any(told) {
            self.tell_groups("raised", self.now);
        }
        if let Some(veil) = &self.veil {
            let words = self.next.rating_text.take();
            self.next.rating_text = words.map(|words| veil.hide(&words));
        }
        compare_and_set(tx, &self.found.case, &self.next).await?;
        if !self.events.is_empty() {
            case_event::Entity::insert_many(self.events)
                .exec_without_returning(tx.db())
                .await?;
        }
        let entry = Entry {
            action: audited,
            subject: subject(self.next.id),
            compound_id: Some(self.next.compound_id),
            detail: self.detail,
        };
        audit::record(tx, &actor.acting(self.by.kind()), entry);
        if !self.cancel.is_empty() {
            reminder::cancel(tx, &subject(self.next.id), &self.cancel).await?;
        }
        let mut reminders = self.reminders;
        if self.next.joiners > 0 {
            reminders.extend(joiner::echo(tx, &self.next, &reminders).await?);
        }
        if cards::exist(tx, &subject(self.next.id)).await? {
            reminders.push(remind::cards(&self.next, self.now));
        }
        reminder::enqueue(tx, reminders).await?;
        Ok(self.next)
    }
}

/// The one way to change a case: only if it still is what was read.
async fn compare_and_set(tx: &Tx, was: &case::Model, is: &case::Model) -> Result<(), Fault> {
    let change = difference::<case::Entity>(was, is);
    let same_holder = match was.holder_id {
        Some(id) => case::COLUMN.holder_id.eq(id),
        None => case::COLUMN.holder_id.is_null(),
    };
    let same_asked = match was.asked_id {
        Some(id) => case::COLUMN.asked_id.eq(id),
        None => case::COLUMN.asked_id.is_null(),
    };
    let mut update = case::Entity::update_many()
        .set(change)
        .filter(case::COLUMN.id.eq(was.id))
        .filter(case::COLUMN.state.eq(was.state))
        .filter(case::COLUMN.round.eq(was.round))
        .filter(same_holder)
        .filter(same_asked);
    if was.grade != is.grade {
        update = update.filter(case::COLUMN.grade.eq(was.grade));
    }
    if was.public_text != is.public_text {
        update = update.filter(match &was.public_text {
            Some(text) => case::COLUMN.public_text.eq(text.clone()),
            None => case::COLUMN.public_text.is_null(),
        });
    }
    if was.nudges != is.nudges {
        update = update.filter(case::COLUMN.nudges.eq(was.nudges));
    }
    if update.exec(tx.db()).await?.rows_affected == 1 {
        return Ok(());
    }
    let present = case::Entity::find_by_id(was.id).one(tx.db()).await?;
    let present = present.ok_or_else(|| no_such(was.id))?;
    Err(Fault::new(
        Code::Conflict,
        format!(
            "诉求 #{} 刚刚已被别人先处理，现在是“{}”。回复“进度 {}”查看。",
            was.id,
            case_says(&present),
            was.id
        ),
    ))
}

/// 督: what the system notes of the whole course.
fn summary(case: &case::Model) -> String {
    let word =
        |late: bool, on_time: &str, missed: &str| if late { missed } else { on_time }.to_owned();
    let ended = match case.outcome {
        Some(Outcome::Unsolved) => "未能解决".to_owned(),
        _ => word(case.finish_late, "按时办结", "办结超时"),
    };
    let mut said = vec![word(case.accept_late, "按时响应", "响应超时"), ended];
    let late = |late: bool, missed: &str| late.then(|| missed.to_owned());
    said.extend(late(case.arrive_late, "到场超时"));
    said.extend(late(case.plan_late, "方案超时"));
    said.extend(late(case.silent_later, "接手响应超时"));
    let level = crate::case::level_says(case.level);
    format!(
        "{}；催办{}次；办理层级：{level}",
        said.join("，"),
        case.nudges
    )
}

/// `王建国（楼栋长）`
pub fn says_target(target: &Target) -> String {
    format!("{}（{}）", target.name, says(target.role))
}

/// Words that somebody must give, cleaned.
fn require_text(
    field: &'static str,
    text: &str,
    usage: impl FnOnce() -> String,
) -> Result<String, Fault> {
    let text = clean(text);
    if text.is_empty() {
        return Err(Fault::invalid(field, usage()));
    }
    if text.chars().count() > TEXT_MOST {
        return Err(Fault::invalid(
            field,
            format!("文字太长了，请控制在{TEXT_MOST}字以内。"),
        ));
    }
    Ok(text)
}

/// What dispatch needs for a case that is there already.
#[derive(Clone)]
struct Again {
    ground: Ground,
    without: Vec<i64>,
}

impl Again {
    /// Reads rules, people, clocks, and who has said no or kept silent in this round.
    async fn read(tx: &Tx, found: &Found) -> Result<Self, Fault> {
        let path = &found.place.path;
        let passed = case_event::Entity::find()
            .filter(case_event::COLUMN.case_id.eq(found.case.id))
            .filter(case_event::COLUMN.round.eq(found.case.round))
            .filter(case_event::COLUMN.action.is_in(PASSED.iter().copied()))
            .all(tx.db())
            .await?;
        let mut without = vec![found.case.reporter_id];
        without.extend(passed.into_iter().filter_map(|event| event.actor_id));
        let ground = survey(tx.db(), path, found.case.grade, tx.now()).await?;
        Ok(Self { ground, without })
    }

    fn choose(&self, case: &case::Model, floor: Level) -> Option<Target> {
        self.ground.choose(Wanted {
            kind: case.kind,
            category: case.category.as_deref(),
            floor,
            without: &self.without,
        })
    }

    /// Who gives work out there and gets back what is refused; none when nobody does.
    fn dispatcher(&self, case: &case::Model) -> Option<Target> {
        self.ground.dispatcher(case.level, &self.without)
    }

    /// Somebody by key, if they still may work there.
    fn person(&self, id: Option<i64>) -> Option<Target> {
        let mut people = self.ground.people.iter();
        people
            .find(|held| Some(held.person_id) == id)
            .map(Target::from)
    }

    fn choose_above(&self, case: &case::Model) -> Option<Target> {
        above(case.level).and_then(|floor| self.choose(case, floor))
    }
}

/// The audit's detail of a change that names nobody.
fn detail(level: Level, found: bool) -> Option<Value> {
    Some(json!({ "level": crate::case::level_says(level), "found": found }))
}
