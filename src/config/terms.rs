//! The settings of what people may do, how often and how long, and of how long their data is kept. Part of
//! [`super::Settings`].

use serde::Deserialize;

/// `[wishes]`: how residents' wishes are claimed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wishes {
    /// Days after which a claim lapses; the claimer is warned a day before.
    pub claim_days: i64,
    /// Wishes that one person may have claimed and not fulfilled at once.
    pub most_claims: u64,
    /// Wishes that one person may claim in a day, those that they give back among them.
    pub claims_per_day: u64,
    /// Wishes of one person that may wait at once.
    pub most_wishes: u64,
}

/// `[lists]`: the four lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// Needs and resources of one resident that may stand open at once.
    pub most_offers: u64,
    /// Ties that one resident may make in a day, those that are let go among them.
    pub ties_per_day: u64,
}

/// `[stations]`: how rooms are booked, things are lent and kept at stations (红色驿站).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stations {
    /// Hours of the longest booking.
    pub booking_hours: i64,
    /// Days that a booking may lie ahead.
    pub booking_days: i64,
    /// Bookings of one person in a week, Monday to Monday.
    pub bookings_per_week: u64,
    /// Hours before its beginning at which the booker is reminded.
    pub remind_hours: i64,
    /// Things that one person may have at once.
    pub most_loans: u64,
    /// Days after which somebody is reminded of what they left.
    pub deposit_days: i64,
    /// Days after which what was left may be cleared away.
    pub unclaimed_days: i64,
}

/// `[retention]`: days that personal data is kept once it is over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Who filed a case that was taken back.
    pub withdrawn_case_days: i64,
    /// Who filed a case that was finished and rated, or not rated in time.
    pub resolved_case_days: i64,
    /// Name and phone typed to bind, after the tie is over.
    pub claim_days: i64,
    /// What was told at a door.
    pub visit_days: i64,
    /// Who made a wish that is over, and who fulfilled it, with their words.
    pub wish_days: i64,
    /// Who put something on a list that is over, with their words.
    pub offer_days: i64,
    /// Who asked neighbours for help that is over, who offered what is taken back, and who promised what was
    /// never given.
    pub giving_days: i64,
    /// Who took part in an activity that is over.
    pub activity_days: i64,
    /// Who served as a volunteer.
    pub volunteer_days: i64,
    /// Who had a thing, a room or a deposit of a station, after it is over, with the words to it.
    pub station_days: i64,
    /// A question that the handbook could not answer, and who asked it, after it was asked last.
    pub question_days: i64,
}
