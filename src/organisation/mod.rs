//! Bodies that work in or over a place: the property company, the committee, the branch, the
//! community office. Floor 3; any noun may use the type and [`queries`].

pub mod actions;
pub mod credit_code;
pub mod queries;

use std::hash::{DefaultHasher, Hash, Hasher};

use entity::organisation;

/// What an organisation may be, with what people call it.
pub const KINDS: &[(&str, &str)] = &[
    ("party_committee", "社区党委"),
    ("branch", "党支部"),
    ("joint_branch", "联合党支部"),
    ("party_group", "党小组"),
    ("property_company", "物业企业"),
    ("committee", "业委会"),
    ("management_committee", "物管会"),
    ("community", "社区"),
    ("street", "街道"),
    ("department", "职能部门"),
    ("alliance", "联盟"),
    ("unit", "共建单位"),
];

/// The stored word for a kind written in English or Chinese.
#[must_use]
pub fn parse_kind(text: &str) -> Option<&'static str> {
    KINDS
        .iter()
        .find(|(word, name)| *word == text || *name == text)
        .map(|(word, _)| *word)
}

/// A number that a phone can dial: digits with dashes, blanks, brackets, a plus in front.
#[must_use]
pub fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (3..=15).contains(&digits)
        && text
            .chars()
            .all(|letter| letter.is_ascii_digit() || "+-() 转".contains(letter))
}

/// What a form tells of the organisation that its page showed: changes with every field of it.
#[must_use]
pub fn mark(row: &organisation::Model) -> String {
    let mut hasher = DefaultHasher::new();
    (row.id, &row.code, &row.name, &row.kind, row.parent_id).hash(&mut hasher);
    (row.place_id, &row.credit_code).hash(&mut hasher);
    (&row.service_phone, &row.service_hours, row.ended_at).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
