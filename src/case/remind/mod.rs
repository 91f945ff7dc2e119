//! What the reminders of cases are called, how they are made, and the table of what they mean.
//! `command/serve.rs` joins the table to the others'.

pub mod card;
mod clocks;
mod feedback;
mod group;
mod holder;
pub mod mediated;
mod photos;
mod say;

pub use group::news;

use chrono::TimeDelta;
use entity::case;
use sea_orm::ActiveEnum;
use serde_json::json;

use crate::base::clock::Moment;
use crate::case::subject;
use crate::delivery::kind::Obey;
use crate::delivery::{Kind, Topic, Work};
use crate::person::remind::ROLE_ENDED;
use crate::reminder::NewReminder;

/// Names of the kinds, as stored.
pub mod kinds {
    /// To the holder: take it.
    pub const TASK: &str = "case.task";
    /// To the reporter: what has happened.
    pub const PROGRESS: &str = "case.progress";
    /// To the holder: the resident presses.
    pub const NUDGED: &str = "case.nudged";
    /// To the holder: more words.
    pub const SUPPLEMENTED: &str = "case.supplemented";
    /// To the holder: a clock has run out.
    pub const OVERDUE: &str = "case.overdue";
    /// To the old holder: somebody else has it now.
    pub const PASSED_OVER: &str = "case.passed-over";
    /// To those who give work out: nobody has it, or nobody moves.
    pub const UNASSIGNED: &str = "case.unassigned";
    /// To the holder: taken back.
    pub const WITHDRAWN: &str = "case.withdrawn";
    /// To the holder: how it was rated.
    pub const REVIEWED: &str = "case.reviewed";
    /// To who is asked to take it over.
    pub const ASKED: &str = "case.asked";
    /// To who is asked whether it is opened again.
    pub const REOPEN_ASKED: &str = "case.reopen-asked";
    /// To who answers for a home, beside the holder: somebody there asks for help.
    pub const NEED: &str = "case.need";
    /// To who is invited to help.
    pub const HELP_ASKED: &str = "case.help-asked";
    /// To the holder: somebody has come to help, or gone.
    pub const HELPER: &str = "case.helper";
    /// To who helped: it is over.
    pub const HELPED: &str = "case.helped";
    /// Clock: who is asked to take it over must have answered.
    pub const ASK_CLOCK: &str = "case.ask-clock";
    /// Clock: it must have been decided whether it is opened again.
    pub const REOPEN_CLOCK: &str = "case.reopen-clock";
    /// Clock: has the question for a rating arrived?
    pub const FEEDBACK: &str = "case.feedback";
    /// Clock: is it published, so that it can be struck from the list?
    pub const CLOSE_OFF: &str = "case.close-off";
    /// To the holder: so many homes have met it.
    pub const JOINED: &str = "case.joined";
    /// To the holder: the mediation brought nothing.
    pub const MEDIATED: &str = "case.mediated";
    /// Clock: what has become of the mediation of the case.
    pub const MEDIATION: &str = "case.mediation";
    /// Clock of the noun `mediation`: the case that it comes from is over.
    pub const MEDIATION_CASE_OVER: &str = "mediation.case-over";
    /// Clock of the noun `mediation`: somebody may lead it no longer.
    pub const MEDIATOR_GONE: &str = "mediation.mediator-gone";
    /// Clock: must have been accepted.
    pub const ACCEPT_CLOCK: &str = "case.accept-clock";
    /// Clock: the grace after it.
    pub const ACCEPT_GRACE: &str = "case.accept-grace";
    /// Clock: must be on the scene.
    pub const ARRIVE_CLOCK: &str = "case.arrive-clock";
    /// Clock: must have a plan.
    pub const PLAN_CLOCK: &str = "case.plan-clock";
    /// Clock: must have been finished.
    pub const FINISH_CLOCK: &str = "case.finish-clock";
    /// Clock: the day of a pause has come.
    pub const PAUSE_CLOCK: &str = "case.pause-clock";
    /// Clock: look again for somebody.
    pub const SEEK_CLOCK: &str = "case.seek";
    /// Clock: cards in WeCom show what no longer holds.
    pub const CARDS: &str = "case.cards";
    /// Clock: the time to rate is over.
    pub const LAPSE: &str = "case.lapse";

    /// Clock: the compound's groups are to be told.
    pub const GROUP: &str = "case.group";
    /// Clock: photos that others may see are handed in.
    pub const PHOTOS: &str = "case.photos";
    /// Clock: one of them is.
    pub const GROUP_TOLD: &str = "case.group-told";

    /// What ends with the present holder's not having accepted.
    pub const OF_ONE_HOLDER: [&str; 7] = [
        TASK,
        NUDGED,
        OVERDUE,
        UNASSIGNED,
        ACCEPT_CLOCK,
        ACCEPT_GRACE,
        SEEK_CLOCK,
    ];
    /// What ends with somebody's being asked.
    pub const OF_ASKED: [&str; 4] = [ASKED, REOPEN_ASKED, ASK_CLOCK, REOPEN_CLOCK];
    /// What ends when a case is taken back.
    pub const ALL: [&str; 17] = [
        TASK,
        NEED,
        NUDGED,
        OVERDUE,
        UNASSIGNED,
        SUPPLEMENTED,
        PROGRESS,
        ACCEPT_CLOCK,
        ACCEPT_GRACE,
        ARRIVE_CLOCK,
        PLAN_CLOCK,
        FINISH_CLOCK,
        PAUSE_CLOCK,
        SEEK_CLOCK,
        LAPSE,
        HELP_ASKED,
        HELPER,
    ];
}

/// What each kind means.
pub const KINDS: &[Kind] = &[
    push_kind(kinds::TASK, Topic::Task),
    push_kind(kinds::PROGRESS, Topic::Progress),
    push_kind(kinds::NUDGED, Topic::Task),
    push_kind(kinds::SUPPLEMENTED, Topic::Task),
    push_kind(kinds::OVERDUE, Topic::Task),
    // Somebody else has it now: whoever works on it must know.
    push_kind(kinds::PASSED_OVER, Topic::Task),
    push_kind(kinds::UNASSIGNED, Topic::Task),
    push_kind(kinds::WITHDRAWN, Topic::Task),
    push_kind(kinds::REVIEWED, Topic::News),
    push_kind(kinds::ASKED, Topic::Task),
    push_kind(kinds::REOPEN_ASKED, Topic::Task),
    push_kind(kinds::NEED, Topic::Task),
    push_kind(kinds::HELP_ASKED, Topic::Task),
    push_kind(kinds::HELPER, Topic::News),
    push_kind(kinds::HELPED, Topic::News),
    push_kind(kinds::JOINED, Topic::News),
    push_kind(kinds::MEDIATED, Topic::Task),
    clock_kind(kinds::MEDIATION, mediated::obey),
    clock_kind(kinds::ACCEPT_CLOCK, clocks::accept),
    clock_kind(kinds::ACCEPT_GRACE, clocks::grace),
    clock_kind(kinds::ARRIVE_CLOCK, clocks::arrive),
    clock_kind(kinds::PLAN_CLOCK, clocks::plan),
    clock_kind(kinds::FINISH_CLOCK, clocks::finish),
    clock_kind(kinds::PAUSE_CLOCK, clocks::pause),
    clock_kind(kinds::SEEK_CLOCK, clocks::seek),
    clock_kind(kinds::CARDS, card::refresh),
    clock_kind(kinds::LAPSE, clocks::lapse),
    clock_kind(kinds::ASK_CLOCK, clocks::ask),
    clock_kind(kinds::REOPEN_CLOCK, clocks::reopen),
    clock_kind(kinds::CLOSE_OFF, clocks::close_off),
    clock_kind(kinds::FEEDBACK, feedback::look),
    clock_kind(kinds::PHOTOS, photos::hand_in),
    clock_kind(kinds::GROUP, group::spread),
    clock_kind(kinds::GROUP_TOLD, group::tell),
    clock_kind(ROLE_ENDED, holder::gone),
];

const fn clock_kind(name: &'static str, obey: Obey) -> Kind {
    Kind {
        name,
        work: Work::Clock(obey),
    }
}

const fn push_kind(name: &'static str, topic: Topic) -> Kind {
    Kind {
        name,
        work: Work::Push(topic, say::compose),
    }
}

/// A push to a person, due now. `what` tells apart the things that one kind may say.
#[must_use]
pub fn push(
    case: &case::Model,
    kind: &'static str,
    person_id: i64,
    what: &str,
    now: Moment,
) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: format!(
            "case:{}:{kind}:{what}:{person_id}:{}",
            case.id,
            now.timestamp_millis()
        ),
        recipient_id: Some(person_id),
        compound_id: Some(case.compound_id),
        subject: subject(case.id),
        payload: json!({
            "case": case.id, "round": case.round, "holder": case.holder_id, "what": what,
        }),
        due_at: now,
    }
}

/// A clock. It knows for which moment it was set: one that was moved meanwhile counts no more.
#[must_use]
pub fn clock(case: &case::Model, kind: &'static str, due: Moment, minutes: i64) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: format!(
            "case:{}:{kind}:{}:{}:{}",
            case.id,
            case.round,
            due.timestamp_millis(),
            case.updated_at.timestamp_millis()
        ),
        recipient_id: None,
        compound_id: Some(case.compound_id),
        subject: subject(case.id),
        payload: json!({
            "case": case.id, "round": case.round, "due": due.timestamp_millis(), "minutes": minutes,
        }),
        due_at: due,
    }
}

/// Whether words of progress ask for a rating: those that tell of an end.
#[must_use]
pub fn asks_for_rating(what: &str) -> bool {
    matches!(what, "finished" | "given-up")
}

/// What begins the words of a reminder about the rating of somebody who has joined; the key of their row
/// follows.
pub const JOINED_RATED: &str = "joined:";

/// The clock that looks, at `due`, what became of the question for a rating to this person, by the key of its
/// reminder.
#[must_use]
pub fn feedback(case: &case::Model, person_id: i64, asked: &str, due: Moment) -> NewReminder {
    let clock = clock(case, kinds::FEEDBACK, due, 0);
    NewReminder {
        dedupe_key: format!("{}:{person_id}", clock.dedupe_key),
        payload: json!({
            "case": case.id, "round": case.round, "due": due.timestamp_millis(), "asked": asked,
            "person": person_id,
        }),
        ..clock
    }
}

/// Whether a clock that was set for `due` still is the one that counts. Databases keep
/// milliseconds, and so does the reminder.
#[must_use]
pub fn counts(at: Option<Moment>, due: Moment) -> bool {
    at.is_some_and(|at| (at - due).abs() < TimeDelta::milliseconds(1))
}

/// The clock that brings cards in WeCom up to date with a change of the case. A second later, so
/// that whoever pressed has an answer first.
#[must_use]
pub fn cards(case: &case::Model, now: Moment) -> NewReminder {
    NewReminder {
        kind: kinds::CARDS,
        dedupe_key: format!(
            "case:{}:{}:{}:{}",
            case.id,
            kinds::CARDS,
            case.updated_at.timestamp_millis(),
            case.state.to_value()
        ),
        recipient_id: None,
        compound_id: Some(case.compound_id),
        subject: subject(case.id),
        payload: json!({ "case": case.id }),
        due_at: now + TimeDelta::seconds(1),
    }
}

/// The grace after an accept clock that was set for `due`.
#[must_use]
pub fn grace(case: &case::Model, due: Moment, until: Moment) -> NewReminder {
    NewReminder {
        due_at: until,
        ..clock(case, kinds::ACCEPT_GRACE, due, 0)
    }
}

/// The clock that hands in the photos of a finished case.
#[must_use]
pub fn photos(case: &case::Model, now: Moment) -> NewReminder {
    NewReminder {
        dedupe_key: format!(
            "case:{}:{}:{}",
            case.id,
            kinds::PHOTOS,
            now.timestamp_millis()
        ),
        due_at: now,
        ..clock(case, kinds::PHOTOS, now, 0)
    }
}
