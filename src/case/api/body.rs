//! What clients send to the API of cases.

use serde::Deserialize;
use utoipa::ToSchema;

/// A case to file.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCase {
    /// repair, complaint, suggestion, help or dispute.
    pub kind: String,
    /// At most 5 000 characters.
    pub text: String,
    /// Which of the caller's homes; the first if none is given.
    pub home_id: Option<String>,
    /// WGS-84, degrees.
    pub latitude: Option<f64>,
    /// WGS-84, degrees.
    pub longitude: Option<f64>,
}

/// Words that go with it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Words {
    /// What happened, the plan, the result or the reason.
    #[serde(alias = "reason")]
    pub text: String,
}

/// Words that may go with it.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct OptionalWords {
    /// The reason.
    #[serde(alias = "reason", default)]
    pub text: String,
}

/// A rating.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Score {
    /// 1 to 5.
    pub score: i16,
    /// Words with it.
    #[serde(default)]
    pub text: String,
}

/// To whom.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Whom {
    /// Full name; with the role behind it when several are called so: `王强 楼栋长`.
    pub name: String,
}
