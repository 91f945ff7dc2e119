//! Dispatch rules of a place as people set them: the list, who may be named in one, and what a rule
//! says in words. What becomes of a case by them is `dispatch.rs`; changing them is `actions/rules.rs`.

use entity::kinds::{CaseKind, RoleKind};
use entity::{dispatch_rule, organisation, person, place, role};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::holders::{path_ids, says};
use crate::access::in_force;
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::{category, kind_says};
use crate::place::queries::short_name;

/// Rules that a place may have.
pub const MOST_RULES: usize = 100;
/// People that are offered.
const MOST_PEOPLE: u64 = 400;

/// What a rule says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Only cases of this kind.
    pub kind: Option<CaseKind>,
    /// Only cases of this category.
    pub category: Option<String>,
    /// To this person.
    pub person_id: Option<i64>,
    /// To somebody of this organisation.
    pub organisation_id: Option<i64>,
    /// To the nearest holder of this role.
    pub role: Option<RoleKind>,
}

impl From<&dispatch_rule::Model> for Draft {
    fn from(rule: &dispatch_rule::Model) -> Self {
        Self {
            kind: rule.kind,
            category: rule.category.clone(),
            person_id: rule.person_id,
            organisation_id: rule.organisation_id,
            role: rule.role,
        }
    }
}

/// The rules of a place and of all above it, in the order in which they are asked; also those that are
/// switched off.
///
/// # Errors
/// The database's.
pub async fn on_path<C: ConnectionTrait>(
    db: &C,
    path: &str,
) -> Result<Vec<dispatch_rule::Model>, Fault> {
    let ids = path_ids(path);
    let mut rows = dispatch_rule::Entity::find()
        .filter(dispatch_rule::COLUMN.place_id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    rows.sort_by_key(|rule| {
        let depth = ids.iter().position(|id| *id == rule.place_id);
        (std::cmp::Reverse(depth), rule.position, rule.id)
    });
    Ok(rows)
}

/// The rules of a place itself, in their order.
///
/// # Errors
/// The database's.
pub async fn of_place<C: ConnectionTrait>(
    db: &C,
    place_id: i64,
) -> Result<Vec<dispatch_rule::Model>, Fault> {
    Ok(dispatch_rule::Entity::find()
        .filter(dispatch_rule::COLUMN.place_id.eq(place_id))
        .order_by_asc(dispatch_rule::COLUMN.position)
        .order_by_asc(dispatch_rule::COLUMN.id)
        .all(db)
        .await?)
}

/// Somebody who may be named in a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answerer {
    /// Who.
    pub person_id: i64,
    /// `孙梅 楼栋长 1栋`
    pub words: String,
}

/// Who works on cases of the place, above it, or in its compound: each person once.
///
/// # Errors
/// The database's.
pub async fn people<C: ConnectionTrait>(
    db: &C,
    place: &place::Model,
    now: Moment,
) -> Result<Vec<Answerer>, Fault> {
    let mut here = Condition::any()
        .add(role::COLUMN.place_id.is_in(path_ids(&place.path)))
        .add(role::COLUMN.place_id.is_null());
    if let Some(compound) = place.compound_id {
        here = here.add(role::COLUMN.compound_id.eq(compound));
    }
    let posts = role::Entity::find()
        .filter(here)
        .filter(
            role::COLUMN
                .role
                .is_in(roles(Deed::WorkCases).iter().copied()),
        )
        .filter(in_force(now))
        .order_by_asc(role::COLUMN.id)
        .limit(MOST_PEOPLE)
        .all(db)
        .await?;
    let names = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(posts.iter().map(|post| post.person_id)),
        )
        .filter(person::COLUMN.left_at.is_null())
        .all(db)
        .await?;
    let places = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(posts.iter().filter_map(|post| post.place_id)),
        )
        .all(db)
        .await?;
    let mut found: Vec<Answerer> = Vec::new();
    for post in &posts {
        let known = found.iter().any(|one| one.person_id == post.person_id);
        let name = names.iter().find(|person| person.id == post.person_id);
        if let (false, Some(name)) = (known, name) {
            let of = places.iter().find(|place| Some(place.id) == post.place_id);
            let of = of.map(short_name).unwrap_or_default();
            let words = format!("{} {} {of}", name.name, says(post.role));
            found.push(Answerer {
                person_id: post.person_id,
                words: words.trim_end().to_owned(),
            });
        }
    }
    Ok(found)
}

/// Organisations that may be named in a rule: those that work at the place, above it, or in its
/// compound, and have not ended.
///
/// # Errors
/// The database's.
pub async fn organisations<C: ConnectionTrait>(
    db: &C,
    place: &place::Model,
) -> Result<Vec<organisation::Model>, Fault> {
    let mut here = Condition::any().add(organisation::COLUMN.place_id.is_in(path_ids(&place.path)));
    if let Some(compound) = place.compound_id {
        here = here.add(organisation::COLUMN.compound_id.eq(compound));
    }
    Ok(organisation::Entity::find()
        .filter(here)
        .filter(organisation::COLUMN.ended_at.is_null())
        .order_by_asc(organisation::COLUMN.id)
        .limit(MOST_PEOPLE)
        .all(db)
        .await?)
}

/// For which cases, and to whom, in words; in the order of the rules.
///
/// # Errors
/// The database's.
pub async fn words<C: ConnectionTrait>(
    db: &C,
    rules: &[dispatch_rule::Model],
) -> Result<Vec<(String, String)>, Fault> {
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(rules.iter().filter_map(|rule| rule.person_id)),
        )
        .all(db)
        .await?;
    let bodies = organisation::Entity::find()
        .filter(
            organisation::COLUMN
                .id
                .is_in(rules.iter().filter_map(|rule| rule.organisation_id)),
        )
        .all(db)
        .await?;
    let whom = |rule: &dispatch_rule::Model| {
        let person = people.iter().find(|one| Some(one.id) == rule.person_id);
        let body = bodies
            .iter()
            .find(|one| Some(one.id) == rule.organisation_id);
        let parts = [
            person.map(|one| one.name.clone()),
            body.map(|one| match one.ended_at {
                Some(_) => format!("{}（已结束服务，空缺）", one.name),
                None => one.name.clone(),
            }),
            rule.role.map(|role| says(role).to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("，再")
    };
    let which = |rule: &dispatch_rule::Model| {
        let kind = rule.kind.map_or("任何种类", kind_says);
        let category = rule.category.as_deref();
        // A category of an older program is shown as it is stored.
        let category = category.map_or("任何类别", |name| category::says(name).unwrap_or(name));
        format!("{kind}·{category}")
    };
    Ok(rules.iter().map(|rule| (which(rule), whom(rule))).collect())
}
