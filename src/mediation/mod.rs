//! Mediation (调解): a dispute goes to the centre of the street, the district or the city, where the
//! parties meet, agree on a text by a word in the chat, and are asked later whether it is kept.
//! Invariant: one open mediation for a case; an agreement holds when every party has agreed to that
//! very text; a party learns nothing of another but what the agreement says. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod queries;
pub mod remind;
pub mod step;
pub mod when;

use entity::kinds::{Centre, MediationState};
use entity::mediation_party;

/// Most parties of one mediation.
pub const MOST_PARTIES: usize = 8;
/// Days after which it is asked whether an agreement is kept, unless the mediator says otherwise.
pub const FOLLOW_DAYS: i32 = 7;
/// Most such days.
pub const MOST_FOLLOW_DAYS: i32 = 365;
/// Days in which something must happen, by whoever leads it or by the parties: then the mediator is told, and
/// after as many more somebody else leads it.
pub const STEP_DAYS: i64 = 3;
/// Days for which a meeting is waited for, from when it was called.
pub const MEETING_DAYS: i64 = 30;

/// How a mediation is named as the subject of reminders and audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("mediation:{id}")
}

/// What people call a centre.
#[must_use]
pub const fn centre_says(centre: Centre) -> &'static str {
    match centre {
        Centre::Street => "街道",
        Centre::District => "区",
        Centre::City => "市",
    }
}

/// What people call a state; at most five characters.
#[must_use]
pub const fn state_says(state: MediationState) -> &'static str {
    match state {
        MediationState::Open => "调解中",
        MediationState::Proposed => "待同意",
        MediationState::Agreed => "待履行",
        MediationState::Kept => "已履行",
        MediationState::Broken => "未履行",
        MediationState::Failed => "调解不成",
    }
}

/// What a party has said, for whoever leads.
#[must_use]
pub const fn party_says(party: &mediation_party::Model) -> &'static str {
    match (party.agrees, party.kept) {
        (_, Some(true)) => "已履行",
        (_, Some(false)) => "说没有履行",
        (Some(true), None) => "已同意",
        (Some(false), None) => "不同意",
        (None, None) => "未回复",
    }
}
