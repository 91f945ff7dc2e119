//! The rows of the table: what is sent when, by whom, and whose role is enough.

use entity::kinds::RoleKind::{self, *};

/// What has become of a case before its form can be sent. It lies with 孙梅 of the building.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Given,
    Accepted,
    Paused,
    /// The community is asked to take it over.
    Asked,
    /// 蒋平 is asked to help.
    Helped,
    /// What she wrote for the board was refused.
    Refused,
    /// The resident wants it opened again.
    Reopening,
    Merged,
    /// Two neighbours who quarrel.
    Quarrel,
}

/// Who sends it.
#[derive(Clone, Copy)]
pub enum By {
    Called(&'static str),
    /// Who is asked to take it over, or to decide.
    Asked,
}

pub struct Form {
    pub key: &'static str,
    /// Field and words; `#` stands for the number of another case.
    pub typed: Option<(&'static str, &'static str)>,
    pub at: Stage,
    pub by: By,
    /// Whose role is enough, though the case does not lie with them.
    pub may: &'static [RoleKind],
}

const STEWARD: By = By::Called("孙梅");
const HELPER: By = By::Called("蒋平");
const MANAGER: By = By::Called("沈立");
const SECRETARY: By = By::Called("郑洪");

/// Who gives work out.
const GIVES: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    Administrator,
];
const DECIDES: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
const WORKS: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyStaff,
    PropertyManager,
    CommitteeMember,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    DepartmentLiaison,
];
const LOOKS: &[RoleKind] = &[CommunitySecretary, StreetOfficer];

const fn form(
    key: &'static str,
    typed: Option<(&'static str, &'static str)>,
    at: Stage,
    by: By,
    may: &'static [RoleKind],
) -> Form {
    Form {
        key,
        typed,
        at,
        by,
        may,
    }
}

const fn why(words: &'static str) -> Option<(&'static str, &'static str)> {
    Some(("reason", words))
}

const fn says(words: &'static str) -> Option<(&'static str, &'static str)> {
    Some(("text", words))
}

const JIANG: Option<(&str, &str)> = Some(("name", "蒋平"));

/// The table.
pub const FORMS: &[Form] = &[
    form("accept", None, Stage::Given, STEWARD, &[]),
    form("arrive", None, Stage::Accepted, STEWARD, &[]),
    form("resume", None, Stage::Paused, STEWARD, GIVES),
    form("take-over", None, Stage::Asked, By::Asked, &[]),
    form("turn-down", why("不归我们管"), Stage::Asked, By::Asked, &[]),
    form("grant", None, Stage::Reopening, By::Asked, DECIDES),
    form(
        "decline",
        why("已现场核实修好"),
        Stage::Reopening,
        By::Asked,
        DECIDES,
    ),
    form("finish", says("水管已换好"), Stage::Accepted, STEWARD, &[]),
    form(
        "give-up",
        why("结构不允许改动"),
        Stage::Accepted,
        STEWARD,
        &[],
    ),
    form("plan", says("明天更换水管"), Stage::Accepted, STEWARD, &[]),
    form("pause", why("等配件到货"), Stage::Accepted, STEWARD, &[]),
    form("hand-over", JIANG, Stage::Given, STEWARD, GIVES),
    form(
        "grade",
        Some(("grade", "major")),
        Stage::Accepted,
        STEWARD,
        GIVES,
    ),
    form(
        "escalate",
        why("需要街道协调"),
        Stage::Accepted,
        STEWARD,
        GIVES,
    ),
    form("refuse", why("不归本楼管"), Stage::Accepted, STEWARD, &[]),
    form("help", None, Stage::Accepted, HELPER, WORKS),
    form("leave", None, Stage::Helped, HELPER, &[]),
    form("unmerge", None, Stage::Merged, MANAGER, GIVES),
    form("invite", JIANG, Stage::Accepted, STEWARD, GIVES),
    form("no-photo", why("住户不让拍"), Stage::Accepted, STEWARD, &[]),
    form("reword", says("已修好漏水处"), Stage::Refused, STEWARD, &[]),
    form(
        "merge",
        Some(("into", "#")),
        Stage::Accepted,
        STEWARD,
        GIVES,
    ),
    form(
        "mediate",
        Some(("centre", "street")),
        Stage::Quarrel,
        STEWARD,
        DECIDES,
    ),
    form(
        "identity",
        why("需要当面核实"),
        Stage::Given,
        SECRETARY,
        LOOKS,
    ),
];

impl Form {
    /// Where it is sent.
    pub fn to(&self, id: i64) -> String {
        format!("/console/cases/{id}/{}", self.key)
    }

    /// What is sent: the mark of the page, and what is typed.
    pub fn fields<'a>(&self, mark: &'a str, other: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut fields = vec![("seen", mark)];
        if let Some((field, words)) = self.typed {
            fields.push((field, if words == "#" { other } else { words }));
        }
        fields
    }
}
