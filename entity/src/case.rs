//! Table `cases`. What a resident filed, and where the work on it stands (诉求).

use sea_orm::entity::prelude::*;

use crate::kinds::{CaseKind, CaseState, CaseStep, Channel, Grade, Level, Outcome};

/// What a resident filed, and where the work on it stands (诉求).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cases")]
pub struct Model {
    /// Key; the number people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// The home, building or compound it is about.
    pub place_id: i64,
    /// What was filed.
    pub kind: CaseKind,
    /// Lift, water, noise … (case/category.rs).
    pub category: Option<String>,
    /// The resident's words as written.
    pub text: String,
    /// Person who filed.
    pub reporter_id: i64,
    /// By which account.
    pub account_id: Option<i64>,
    /// By which door.
    pub channel: Channel,
    /// Where the work stands.
    pub state: CaseState,
    /// The last of the seven steps taken in this round.
    pub step: CaseStep,
    /// 1, and one more for each reopening.
    pub round: i32,
    /// At which level it lies.
    pub level: Level,
    /// The one person who has it.
    pub holder_id: Option<i64>,
    /// The organisation it was dispatched to.
    pub organisation_id: Option<i64>,
    /// Who is asked to take it over, or to decide whether it is opened again; until then the holder
    /// keeps it (首接负责制).
    pub asked_id: Option<i64>,
    /// For which organisation.
    pub asked_organisation_id: Option<i64>,
    /// At which level it will lie then.
    pub asked_level: Option<Level>,
    /// Until when they must answer; none when nobody else is left to be asked.
    pub asked_due_at: Option<DateTimeUtc>,
    /// When the accept clock runs out.
    pub accept_due_at: Option<DateTimeUtc>,
    /// When the finish clock runs out; moves by pauses.
    pub finish_due_at: Option<DateTimeUtc>,
    /// First accepted.
    pub accepted_at: Option<DateTimeUtc>,
    /// First arrived.
    pub arrived_at: Option<DateTimeUtc>,
    /// Last finished.
    pub finished_at: Option<DateTimeUtc>,
    /// Since when the clock stands.
    pub paused_at: Option<DateTimeUtc>,
    /// The state that a pause, or a declined request to reopen, goes back to.
    pub resume_state: Option<CaseState>,
    /// The first answer was late, or there was none in time; fixed once there is one, never cleared.
    pub accept_late: bool,
    /// The finish clock was missed at least once; never cleared.
    pub finish_late: bool,
    /// How often the resident pressed.
    pub nudges: i32,
    /// Last time.
    pub nudged_at: Option<DateTimeUtc>,
    /// The holder's plan (方案).
    pub plan: Option<String>,
    /// What was done (办结), or why it could not be (无法办结).
    pub result: Option<String>,
    /// How it ended, of the last round; none while it is open.
    pub outcome: Option<Outcome>,
    /// What the board shows: no personal data.
    pub public_text: Option<String>,
    /// 1 to 5, of this round; none until it is rated.
    pub rating: Option<i16>,
    /// The resident's words with it.
    pub rating_text: Option<String>,
    /// When the resident asked to open it again; that can be asked once.
    pub reopen_asked_at: Option<DateTimeUtc>,
    /// It was opened again.
    pub reopened: bool,
    /// WGS-84 as the chat sent it.
    pub latitude: Option<f64>,
    /// WGS-84 as the chat sent it.
    pub longitude: Option<f64>,
    /// The case that this one was found to be the same as (并案).
    pub merged_into: Option<i64>,
    /// How many people have joined it (我也遇到).
    pub joiners: i32,
    /// How many homes have met it, the reporter's own among them.
    pub households: i32,
    /// Filed without a name: who it was is shown to nobody but by a look that is put on record.
    pub anonymous: bool,
    /// Member of the staff who filed it for the reporter, or for `asker`.
    pub filed_by_id: Option<i64>,
    /// Who asked at the counter or by phone, as they called themselves, when the roster does not know
    /// them; then the reporter is whoever filed.
    pub asker: Option<String>,
    /// Their phone, sealed.
    pub asker_phone_sealed: Option<String>,
    /// Reviewed, withdrawn or merged.
    pub closed_at: Option<DateTimeUtc>,
    /// Struck from the published list (销号): solved, published and reviewed.
    pub closed_off_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
    /// How grave it is; its clocks follow from it.
    pub grade: Grade,
    /// By which calendar its clocks run; round the clock without one.
    pub calendar_id: Option<i64>,
    /// From when the finish and plan clocks count: a new level or round, moved by pauses; from the
    /// filing where there is none.
    pub clock_from: Option<DateTimeUtc>,
    /// When the arrive clock runs out; begins when somebody accepts.
    pub arrive_due_at: Option<DateTimeUtc>,
    /// When the plan clock runs out; none once there is a plan.
    pub plan_due_at: Option<DateTimeUtc>,
    /// The arrive clock was missed at least once; never cleared.
    pub arrive_late: bool,
    /// The plan clock was missed at least once; never cleared.
    pub plan_late: bool,
    /// Behind the first answer somebody kept silent past their time: who got it later, or was asked to
    /// take it over; never cleared.
    pub silent_later: bool,
    /// What was left of each clock when the pause began, open milliseconds (case/clock.rs).
    pub clocks_left: Option<Json>,
    /// The highest level that has had it in this round: its finish and plan clocks have begun there. None in
    /// a case that was filed before this was noted, or has not moved.
    pub clock_level: Option<Level>,
    /// When a pause ends though nobody says so.
    pub pause_until: Option<DateTimeUtc>,
    /// The building or zone that it lay in when it was filed, the compound where it lay in none: there the same
    /// thing is looked for. None in a case that was over before this was noted.
    pub near_id: Option<i64>,
    /// What of the words is compared with other cases (case/essence.rs); none of a kind that nobody joins.
    pub essence: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
