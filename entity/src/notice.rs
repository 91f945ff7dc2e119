//! Table `notice`. Something that people of a place are told (公告).

use sea_orm::entity::prelude::*;

use crate::kinds::NoticeState;

/// Something that people of a place are told (公告).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant; none for one to a place above the compounds.
    pub compound_id: Option<i64>,
    /// To which place: who may do what with it follows from it.
    pub place_id: i64,
    /// Who wrote it.
    pub author_id: i64,
    /// One line.
    pub title: String,
    /// Plain text.
    pub body: String,
    /// Goes out at night too, is not throttled, cannot be switched off.
    pub urgent: bool,
    /// Where it stands.
    pub state: NoticeState,
    /// 1 for the first; a correction is the next.
    pub version: i32,
    /// The notice whose place it takes.
    pub corrects: Option<i64>,
    /// The notice whose words it began with: what files that one has it has, too.
    pub rewrites: Option<i64>,
    /// What was published that it tells of, `disclosure:12`; each once. None for what somebody wrote.
    pub about: Option<String>,
    /// Where that is shown: a path of ours, `/board/GY/accounts/2026-11`.
    pub path: Option<String>,
    /// Parts of the place and groups of people (notice/audience.rs).
    pub scope: Json,
    /// Recipients: counted for the draft, then those who were written down.
    pub counted: i64,
    /// Those of them whom a channel may reach.
    pub reachable: i64,
    /// Whoever has not read it is told again after so many hours.
    pub repeat_hours: Option<i32>,
    /// 0 for the first telling; each repetition is the next.
    pub round: i32,
    /// Key of the last person of this round whose message is on its way: a broadcast goes on there.
    pub told_to: i64,
    /// When it was published. UTC, whole ms.
    pub published_at: Option<DateTimeUtc>,
    /// From when on it cannot be taken back any more.
    pub go_at: Option<DateTimeUtc>,
    /// When this round began.
    pub round_at: Option<DateTimeUtc>,
    /// Recalled.
    pub recalled_at: Option<DateTimeUtc>,
    /// By whom.
    pub recalled_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
