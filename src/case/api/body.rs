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
    /// Without a name: whoever works on it does not learn who filed.
    #[serde(default)]
    pub anonymous: bool,
    /// Keys of uploads (`/attachments`) that show it; at most nine.
    #[serde(default)]
    pub attachments: Vec<String>,
}

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Done {
    /// In words.
    pub text: String,
    /// Keys of uploads that show it; at most nine.
    #[serde(default)]
    pub attachments: Vec<String>,
}

/// Uploads to be added.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Photos {
    /// Their keys; at most nine.
    pub attachments: Vec<String>,
    /// Which side of the work they show, of whoever works on it: before or after. Left out, what was found as
    /// long as the work goes on and nobody has shown that, else what was done.
    #[serde(default)]
    pub stage: Option<String>,
}

/// Why there is no photo.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NoPhoto {
    /// The reason.
    #[serde(alias = "reason")]
    pub text: String,
    /// Of which side of the work: before or after; left out, of whatever is missing.
    #[serde(default)]
    pub stage: Option<String>,
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

/// How grave it is.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Graded {
    /// ordinary, major or complex. Of its holder, complex is a question to those who give work out: the case keeps its
    /// grade until one of them says the same.
    pub grade: String,
}

/// Whom to invite; nobody: the caller comes.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct OptionalWhom {
    /// Full name; with the role behind it when several are called so.
    #[serde(default)]
    pub name: String,
}
