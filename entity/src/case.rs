//! Table `cases`. What a resident filed, and where the work on it stands (诉求).

use sea_orm::entity::prelude::*;

use crate::kinds::{CaseKind, CaseState, CaseStep, Channel, Level};

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
    /// The state a pause goes back to.
    pub resume_state: Option<CaseState>,
    /// The accept clock was missed at least once; never cleared.
    pub accept_late: bool,
    /// The finish clock was missed at least once; never cleared.
    pub finish_late: bool,
    /// How often the resident pressed.
    pub nudges: i32,
    /// Last time.
    pub nudged_at: Option<DateTimeUtc>,
    /// The holder's plan (方案).
    pub plan: Option<String>,
    /// What was done (办结).
    pub result: Option<String>,
    /// What the board shows: no personal data.
    pub public_text: Option<String>,
    /// 1 to 5, of the last round.
    pub rating: Option<i16>,
    /// The resident's words with it.
    pub rating_text: Option<String>,
    /// The one reopening was used.
    pub reopened: bool,
    /// WGS-84 as the chat sent it.
    pub latitude: Option<f64>,
    /// WGS-84 as the chat sent it.
    pub longitude: Option<f64>,
    /// Reviewed or withdrawn.
    pub closed_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
