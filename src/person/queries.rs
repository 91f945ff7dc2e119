//! Reads of people, homes and answerers. Any noun may use them.

mod belonging;

pub use belonging::{Serving, still_here};

use std::collections::HashMap;

use entity::kinds::{BindingState, RoleKind};
use entity::{account, binding, person, place, residency, role};
use sea_orm::sea_query::UnionType;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationDef,
};

use crate::access::Actor;
use crate::access::holders::{Holder, holders};
use crate::access::permit::{Deed, may};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::base::phone::Phone;
use crate::base::seal::Seal;
use crate::person::binding::{LIVE, TIED, same_name};
use crate::person::reach::Reach;
use crate::store::names as by_key;

/// By key.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<person::Model>, Fault> {
    Ok(person::Entity::find_by_id(id).one(db).await?)
}

/// What people are called, as the roster has them, by their keys.
///
/// # Errors
/// The database's.
pub async fn names<C: ConnectionTrait>(
    db: &C,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, String>, Fault> {
    by_key::names::<person::Entity, C>(db, (person::Column::Id, person::Column::Name), ids).await
}

/// By the roster's key.
///
/// # Errors
/// The database's.
pub async fn by_key<C: ConnectionTrait>(db: &C, key: &str) -> Result<Option<person::Model>, Fault> {
    let row = person::Entity::find()
        .filter(person::COLUMN.key.eq(key))
        .one(db)
        .await?;
    Ok(row)
}

/// A person's phone; none when there is none. A phone that cannot be opened is logged and none.
#[must_use]
pub fn phone_of(seal: &Seal, person: &person::Model) -> Option<Phone> {
    open_phone(seal, person.phone_sealed.as_deref()?)
}

/// A sealed phone.
#[must_use]
pub fn open_phone(seal: &Seal, sealed: &str) -> Option<Phone> {
    match seal.open(sealed) {
        Ok(digits) => Phone::parse(&digits),
        Err(error) => {
            tracing::error!(?error, "a phone cannot be opened");
            None
        }
    }
}

/// People with this name and phone who have not left.
///
/// # Errors
/// The database's.
pub async fn named<C: ConnectionTrait>(
    db: &C,
    name: &str,
    phone_index: &str,
) -> Result<Vec<person::Model>, Fault> {
    Ok(by_phone(db, phone_index)
        .await?
        .into_iter()
        .filter(|row| same_name(&row.name, name))
        .collect())
}

/// People with this phone who have not left.
///
/// # Errors
/// The database's.
pub async fn by_phone<C: ConnectionTrait>(
    db: &C,
    phone_index: &str,
) -> Result<Vec<person::Model>, Fault> {
    Ok(person::Entity::find()
        .filter(person::COLUMN.phone_index.eq(phone_index))
        .filter(person::COLUMN.left_at.is_null())
        .order_by_asc(person::COLUMN.id)
        .all(db)
        .await?)
}

/// Who lives in a home by the roster, and has not left.
///
/// # Errors
/// The database's.
pub async fn residents<C: ConnectionTrait>(
    db: &C,
    home_id: i64,
) -> Result<Vec<person::Model>, Fault> {
    let ties = residency::Entity::find()
        .filter(residency::COLUMN.place_id.eq(home_id))
        .filter(residency::COLUMN.ended_at.is_null())
        .all(db)
        .await?;
    let rows = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(ties.iter().map(|tie| tie.person_id)),
        )
        .filter(person::COLUMN.left_at.is_null())
        .order_by_asc(person::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

/// The homes of somebody by the roster.
///
/// # Errors
/// The database's.
pub async fn homes<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Vec<place::Model>, Fault> {
    let ties = residency::Entity::find()
        .filter(residency::COLUMN.person_id.eq(person_id))
        .filter(residency::COLUMN.ended_at.is_null())
        .all(db)
        .await?;
    let rows = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ties.iter().map(|tie| tie.place_id)))
        .order_by_asc(place::COLUMN.code)
        .all(db)
        .await?;
    Ok(rows)
}

/// Whether the person holds a role now or will: then name and phone are not enough.
///
/// # Errors
/// The database's.
pub async fn holds_role<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    now: Moment,
) -> Result<bool, Fault> {
    let row = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person_id))
        .filter(
            Condition::any()
                .add(role::COLUMN.to_at.is_null())
                .add(role::COLUMN.to_at.gt(now)),
        )
        .one(db)
        .await?;
    Ok(row.is_some())
}

/// A role at a place where the actor may do the deed, with no difference between one that is elsewhere
/// and one that never was.
///
/// # Errors
/// `not_found`.
pub async fn role_within<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deed: Deed,
    id: i64,
) -> Result<role::Model, Fault> {
    let none = || Fault::not_found("没有找到这个职务。");
    let row = role::Entity::find_by_id(id)
        .one(db)
        .await?
        .ok_or_else(none)?;
    let path = match row.place_id {
        None => "/".to_owned(),
        Some(place_id) => {
            place::Entity::find_by_id(place_id)
                .one(db)
                .await?
                .ok_or_else(none)?
                .path
        }
    };
    if may(actor, deed, &path) {
        Ok(row)
    } else {
        Err(none())
    }
}

/// A binding by key.
///
/// # Errors
/// The database's.
pub async fn binding<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<binding::Model>, Fault> {
    Ok(binding::Entity::find_by_id(id).one(db).await?)
}

/// Bindings of an account that are not over, oldest first.
///
/// # Errors
/// The database's.
pub async fn live_of_account<C: ConnectionTrait>(
    db: &C,
    account_id: i64,
) -> Result<Vec<binding::Model>, Fault> {
    let rows = binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(account_id))
        .filter(binding::COLUMN.state.is_in(LIVE))
        .order_by_asc(binding::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

/// A page of the bindings in the reach that wait for a decision, the oldest first; none when the reach is too wide
/// for one list.
///
/// # Errors
/// The database's.
pub async fn requests<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    slice: Slice,
) -> Result<Option<Page<binding::Model>>, Fault> {
    let Some(parts) = reach.parts(db).await? else {
        return Ok(None);
    };
    let to_home: RelationDef = binding::Entity::belongs_to(place::Entity)
        .from(binding::Column::PlaceId)
        .to(place::Column::Id)
        .into();
    let mut found = Vec::new();
    for part in parts {
        let mut query = binding::Entity::find()
            .filter(binding::COLUMN.compound_id.eq(part.compound_id))
            .filter(binding::COLUMN.state.eq(BindingState::Requested))
            .filter(binding::COLUMN.id.gt(slice.after()))
            .order_by_asc(binding::COLUMN.id)
            .limit(slice.limit + 1);
        if let Some(path) = part.below {
            query = query
                .join(JoinType::InnerJoin, to_home.clone())
                .filter(Reach::over(vec![path]).condition());
        }
        found.extend(query.all(db).await?);
    }
    found.sort_by_key(|row: &binding::Model| row.id);
    Ok(Some(slice.cut(found, |row| row.id)))
}

/// Bindings of a home that hold, oldest first.
///
/// # Errors
/// The database's.
pub async fn tied_to_home<C: ConnectionTrait>(
    db: &C,
    home_id: i64,
) -> Result<Vec<binding::Model>, Fault> {
    let rows = binding::Entity::find()
        .filter(binding::COLUMN.place_id.eq(home_id))
        .filter(binding::COLUMN.state.is_in(TIED))
        .order_by_asc(binding::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

/// Who decides about bindings on a path: the nearest stewards; where there are none, or none has
/// an account to be asked by, the post falls to the next level up. When nobody at all can be asked
/// it is the nearest again, so that the operators see what was not delivered.
///
/// # Errors
/// The database's.
pub async fn verifiers<C: ConnectionTrait>(
    db: &C,
    path: &str,
    now: Moment,
) -> Result<Vec<Holder>, Fault> {
    answering(db, path, now, &[]).await
}

/// The same with somebody left out, who cannot answer in their own matter.
///
/// # Errors
/// The database's.
pub async fn answering<C: ConnectionTrait>(
    db: &C,
    path: &str,
    now: Moment,
    without: &[i64],
) -> Result<Vec<Holder>, Fault> {
    const ORDER: [RoleKind; 5] = [
        RoleKind::Steward,
        RoleKind::GridWorker,
        RoleKind::CommitteeChair,
        RoleKind::PropertyManager,
        RoleKind::CommunitySecretary,
    ];
    let mut all = holders(db, path, &ORDER, now).await?;
    all.retain(|holder| !without.contains(&holder.person_id));
    let people: Vec<i64> = all.iter().map(|holder| holder.person_id).collect();
    let with_account = with_account(db, &people).await?;
    let askable: Vec<Holder> = all
        .iter()
        .filter(|holder| with_account.contains(&holder.person_id))
        .cloned()
        .collect();
    let pool = if askable.is_empty() { &all } else { &askable };
    Ok(first_of(pool, &ORDER).into_iter().cloned().collect())
}

/// Those of the people who have an account; a user id in WeCom is one.
///
/// # Errors
/// The database's.
pub async fn with_account<C: ConnectionTrait>(db: &C, people: &[i64]) -> Result<Vec<i64>, Fault> {
    let mut with = account::Entity::find()
        .select_only()
        .column(account::Column::PersonId)
        .filter(account::COLUMN.person_id.is_in(people.iter().copied()))
        .into_query();
    let members = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::COLUMN.id.is_in(people.iter().copied()))
        .filter(person::COLUMN.wecom_userid.is_not_null())
        .into_query();
    with.union(UnionType::Distinct, members);
    let rows = db.query_all(&with).await?;
    let known: Result<Vec<i64>, _> = rows.iter().map(|row| row.try_get_by(0_usize)).collect();
    let mut known = known?;
    known.sort_unstable();
    Ok(known)
}

/// The holders of the first role that anybody holds, the nearest place only.
fn first_of<'h>(all: &'h [Holder], order: &[RoleKind]) -> Vec<&'h Holder> {
    for role in order {
        let nearest = all.iter().find(|holder| holder.role == *role);
        if let Some(nearest) = nearest {
            return all
                .iter()
                .filter(|holder| holder.role == *role && holder.depth == nearest.depth)
                .collect();
        }
    }
    Vec::new()
}

/// One of a home's three answerers (三管家).
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Post {
    /// 社区: grid worker, else community secretary.
    Community,
    /// 包户党员.
    PartyMember,
    /// 楼栋长.
    Steward,
}

impl Post {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Community => "社区管家",
            Self::PartyMember => "包户党员",
            Self::Steward => "楼栋长",
        }
    }

    /// Roles that fill the post.
    const fn own(self) -> &'static [RoleKind] {
        match self {
            Self::Community => &[RoleKind::GridWorker, RoleKind::CommunitySecretary],
            Self::PartyMember => &[RoleKind::PartyMember],
            Self::Steward => &[RoleKind::Steward],
        }
    }

    /// Roles that stand in while it is vacant: the next level up.
    const fn above(self) -> &'static [RoleKind] {
        match self {
            Self::Community => &[RoleKind::StreetOfficer],
            Self::PartyMember | Self::Steward => &[
                RoleKind::GridWorker,
                RoleKind::CommunitySecretary,
                RoleKind::StreetOfficer,
            ],
        }
    }
}

/// Of several in one post so many are shown, and told what the home needs.
pub const MOST_IN_POST: usize = 3;

/// Who answers for a home in one post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answerer {
    /// Which post.
    pub post: Post,
    /// Who; nobody when even the levels above are vacant.
    pub holders: Vec<Holder>,
    /// The post is vacant and somebody from above stands in.
    pub vacant: bool,
}

/// The three answerers of the place with this path, community first.
///
/// # Errors
/// The database's.
pub async fn answerers<C: ConnectionTrait>(
    db: &C,
    path: &str,
    now: Moment,
) -> Result<Vec<Answerer>, Fault> {
    const ROLES: [RoleKind; 5] = [
        RoleKind::GridWorker,
        RoleKind::CommunitySecretary,
        RoleKind::PartyMember,
        RoleKind::Steward,
        RoleKind::StreetOfficer,
    ];
    Ok(answerers_of(&holders(db, path, &ROLES, now).await?))
}

/// The same out of all who hold a role at the place or above it, nearest first.
#[must_use]
pub fn answerers_of(all: &[Holder]) -> Vec<Answerer> {
    let fill = |post: Post| {
        let own = first_of(all, post.own());
        let vacant = own.is_empty();
        let holders = if vacant {
            first_of(all, post.above())
        } else {
            own
        };
        Answerer {
            post,
            holders: holders.into_iter().cloned().collect(),
            vacant,
        }
    };
    [Post::Community, Post::PartyMember, Post::Steward]
        .map(fill)
        .to_vec()
}
