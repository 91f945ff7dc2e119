//! Stores a checked plan in the caller's transaction: new rows in chunks, changed rows one by one,
//! equal rows not at all. The same files twice change nothing. Called by the import command and
//! the demo.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use entity::{calendar, fee_item, fee_space, organisation, person, place, residency};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::plan::{Known, Plan};
use super::{store_fees, store_organisations, store_places, store_roles, store_rules};
use crate::access::{Actor, audit};
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::seal::Seal;
use crate::store::Tx;
use crate::store::insert::{fresh_ids, insert_chunked};

/// Rows between two words of progress.
const STEP: usize = 5_000;

/// What was done to one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Rows that were not there.
    pub new: usize,
    /// Rows that were there and differed.
    pub changed: usize,
    /// Rows that were there already.
    pub same: usize,
}

/// What was done, in the order of import.
pub type Outcome = Vec<(&'static str, Count)>;

/// Told how far it is: table, rows done.
pub type Progress<'a> = dyn FnMut(&'static str, usize) + Send + 'a;

/// What storing needs.
pub struct Storing<'a> {
    /// The transaction.
    pub tx: &'a mut Tx,
    /// Encrypts phones.
    pub seal: &'a Seal,
    /// Randomness for it.
    pub dice: &'a Dice,
    /// On whose behalf.
    pub actor: &'a Actor,
    /// What is there already.
    pub known: &'a Known,
    /// Told how far it is.
    pub progress: &'a mut Progress<'a>,
}

/// Keys of what is there and what is new.
pub(super) struct Keys {
    pub places: HashMap<String, i64>,
    pub compounds: HashMap<i64, Option<i64>>,
    pub people: HashMap<String, i64>,
    pub organisations: HashMap<String, i64>,
}

impl Keys {
    /// Of what is there.
    fn of(known: &Known) -> Self {
        let places = known.places.values();
        let people = known.people.iter();
        let organisations = known.organisations.values();
        Self {
            places: places
                .clone()
                .map(|row| (row.code.clone(), row.id))
                .collect(),
            compounds: places.map(|row| (row.id, row.compound_id)).collect(),
            people: people.map(|(key, row)| (key.clone(), row.id)).collect(),
            organisations: organisations
                .map(|row| (row.code.clone(), row.id))
                .collect(),
        }
    }

    pub fn place(&self, code: &str) -> Result<i64, Fault> {
        self.places.get(code).copied().ok_or_else(lost)
    }

    pub fn person(&self, key: &str) -> Result<i64, Fault> {
        self.people.get(key).copied().ok_or_else(lost)
    }

    pub fn organisation(&self, code: Option<&str>) -> Result<Option<i64>, Fault> {
        code.map(|code| self.organisations.get(code).copied().ok_or_else(lost))
            .transpose()
    }

    pub fn compound(&self, place_id: i64) -> Option<i64> {
        self.compounds.get(&place_id).copied().flatten()
    }
}

/// The checks promise that every reference is there.
pub(super) fn lost() -> Fault {
    Fault::internal("a checked row refers to something that is neither known nor new")
}

/// Reads what the database holds.
///
/// # Errors
/// The database's.
pub async fn known<C: ConnectionTrait>(db: &C) -> Result<Known, Fault> {
    let mut known = Known::default();
    for row in place::Entity::find().all(db).await? {
        known.place_codes.insert(row.id, row.code.clone());
        known.places.insert(row.code.clone(), row);
    }
    for row in person::Entity::find().all(db).await? {
        if let Some(key) = row.key.clone() {
            known.people.insert(key, row);
        }
    }
    known.calendars = calendar::Entity::find()
        .filter(calendar::COLUMN.removed_at.is_null())
        .all(db)
        .await?;
    for row in organisation::Entity::find().all(db).await? {
        known.organisations.insert(row.code.clone(), row);
    }
    // Of two of one name the later one is meant.
    let fees = fee_item::Entity::find().order_by_asc(fee_item::COLUMN.id);
    for row in fees.all(db).await? {
        known.fees.insert((row.compound_id, row.name.clone()), row);
    }
    for row in fee_space::Entity::find().all(db).await? {
        let key = (row.compound_id, row.code.clone());
        known.spaces.entry(key).or_default().push(row);
    }
    Ok(known)
}

/// Stores all of it.
///
/// # Errors
/// The database's, and `conflict` when an organisation that rows name was removed meanwhile; then the transaction must
/// be dropped.
pub async fn store(plan: Plan, mut to: Storing<'_>) -> Result<Outcome, Fault> {
    let mut keys = Keys::of(to.known);
    let outcome = vec![
        (
            "places",
            store_places::places(&plan, &mut to, &mut keys).await?,
        ),
        (
            "organisations",
            store_organisations::organisations(&plan, &mut to, &mut keys).await?,
        ),
        ("people", people(&plan, &mut to, &mut keys).await?),
        ("homes", homes(&plan, &mut to, &keys).await?),
        ("roles", store_roles::roles(&plan, &mut to, &keys).await?),
        ("fee_items", store_fees::fees(&plan, &mut to, &keys).await?),
        (
            "fee_readings",
            store_fees::readings(&plan, &mut to, &keys).await?,
        ),
        (
            "fee_spaces",
            store_fees::spaces(&plan, &mut to, &keys).await?,
        ),
        (
            "dispatch_rules",
            store_rules::rules(&plan, &mut to, &keys).await?,
        ),
        (
            "response_policies",
            store_rules::policies(&plan, &mut to, &keys).await?,
        ),
    ];
    store_organisations::stay(&plan, to.known, to.tx).await?;
    let changes: serde_json::Map<String, serde_json::Value> = outcome
        .iter()
        .filter(|(_, count)| count.new + count.changed > 0)
        .map(|(name, count)| ((*name).to_owned(), [count.new, count.changed].into()))
        .collect();
    if !changes.is_empty() {
        let entry = audit::Entry {
            action: "roster.import",
            subject: "roster".to_owned(),
            compound_id: None,
            detail: Some(changes.into()),
        };
        audit::record(to.tx, to.actor, entry);
    }
    Ok(outcome)
}

/// Inserts in steps, telling of each.
pub(super) async fn insert<A>(
    to: &mut Storing<'_>,
    table: &'static str,
    rows: Vec<A>,
) -> Result<(), Fault>
where
    A: ActiveModelTrait + Send,
{
    let mut rows = rows.into_iter().peekable();
    let mut done = 0;
    while rows.peek().is_some() {
        let part: Vec<A> = rows.by_ref().take(STEP).collect();
        done += part.len();
        insert_chunked(to.tx.db(), part).await?;
        (to.progress)(table, done);
    }
    Ok(())
}

async fn people(plan: &Plan, to: &mut Storing<'_>, keys: &mut Keys) -> Result<Count, Fault> {
    let known = to.known;
    let now = to.tx.now();
    let mut count = Count::default();
    let wanted = plan
        .people
        .iter()
        .filter(|item| !known.people.contains_key(&item.key))
        .count();
    let mut ids = fresh_ids(to.tx, "person", wanted).await?.into_iter();
    let mut rows = Vec::with_capacity(wanted);
    for item in &plan.people {
        let index = item
            .phone
            .as_ref()
            .map(|phone| to.seal.index(phone.digits()));
        let old = known.people.get(&item.key);
        let same = old.is_some_and(|old| {
            old.name == item.name
                && old.phone_index == index
                && old.party_member == item.party_member
                && old.wecom_userid == item.wecom_userid
        });
        if same {
            count.same += 1;
            continue;
        }
        let sealed = item
            .phone
            .as_ref()
            .map(|phone| to.seal.seal(to.dice, phone.digits()))
            .transpose()?;
        let mut row = person::ActiveModel {
            key: Set(Some(item.key.clone())),
            name: Set(item.name.clone()),
            phone_sealed: Set(sealed),
            phone_index: Set(index),
            party_member: Set(item.party_member),
            wecom_userid: Set(item.wecom_userid.clone()),
            updated_at: Set(now),
            ..Default::default()
        };
        if let Some(old) = old {
            count.changed += 1;
            row.id = Set(old.id);
            person::Entity::update(row).exec(to.tx.db()).await?;
        } else {
            let id = ids.next().ok_or_else(lost)?;
            keys.people.insert(item.key.clone(), id);
            row.id = Set(id);
            row.left_at = Set(None);
            row.created_at = Set(now);
            rows.push(row);
        }
    }
    count.new = rows.len();
    insert(to, "people", rows).await?;
    Ok(count)
}

async fn homes(plan: &Plan, to: &mut Storing<'_>, keys: &Keys) -> Result<Count, Fault> {
    let mut count = Count::default();
    if plan.homes.is_empty() {
        return Ok(count);
    }
    let mut there: HashMap<(i64, i64), residency::Model> = residency::Entity::find()
        .all(to.tx.db())
        .await?
        .into_iter()
        .map(|row| ((row.person_id, row.place_id), row))
        .collect();
    let mut rows = Vec::new();
    for item in &plan.homes {
        let (person_id, place_id) = (keys.person(&item.person)?, keys.place(&item.place)?);
        match there.entry((person_id, place_id)) {
            Entry::Vacant(_) => rows.push(residency::ActiveModel {
                person_id: Set(person_id),
                place_id: Set(place_id),
                compound_id: Set(keys.compound(place_id).ok_or_else(lost)?),
                relation: Set(item.relation),
                share: Set(item.share.clone()),
                ended_at: Set(None),
                created_at: Set(to.tx.now()),
                ..Default::default()
            }),
            Entry::Occupied(old) => {
                let old = old.get();
                let same = old.relation == item.relation
                    && old.share == item.share
                    && old.ended_at.is_none();
                if same {
                    count.same += 1;
                    continue;
                }
                count.changed += 1;
                let change = residency::ActiveModel {
                    id: Set(old.id),
                    relation: Set(item.relation),
                    share: Set(item.share.clone()),
                    ended_at: Set(None),
                    ..Default::default()
                };
                residency::Entity::update(change).exec(to.tx.db()).await?;
            }
        }
    }
    count.new = rows.len();
    insert(to, "homes", rows).await?;
    Ok(count)
}
