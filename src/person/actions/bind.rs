//! «绑定»: a chat account says whose it is and where that person lives. What matches the roster is
//! tied at once; everything else waits for the steward. Answers do not tell who lives where.

use chrono::TimeDelta;
use entity::kinds::{BindingState, PlaceKind};
use entity::{account, binding, guess, person, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::{Actor, audit, local_code};
use crate::app::App;
use crate::base::fault::Fault;
use crate::person::actions::tie::{move_state, set_person};
use crate::person::binding::{Act, TIED, same_name};
use crate::person::claim::Claim;
use crate::person::{binding_subject, queries, remind};
use crate::place::{code, queries as places};
use crate::store::Tx;

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Tied at once.
    Declared(binding::Model),
    /// Was tied before.
    Already(binding::Model),
    /// Waits for the steward from now on.
    Requested(binding::Model),
    /// Was waiting before.
    Waiting(binding::Model),
    /// There is no such home.
    NoHome,
    /// Nobody can tell which compound is meant.
    WhichCompound,
    /// Whoever holds a role needs a code.
    NeedsInvitation,
    /// The account is somebody else's.
    AnotherPerson,
    /// Too many tries in an hour.
    TooMany,
}

/// Where a claim points to.
enum Target {
    Home(Box<place::Model>, Option<person::Model>),
    NoHome,
    WhichCompound,
}

/// Binds an account to a home. A wrong try is an outcome, not an error: it is to be stored.
///
/// # Errors
/// The database's.
pub async fn bind(tx: &mut Tx, app: &App, actor: &Actor, claim: &Claim) -> Result<Bound, Fault> {
    let Some(account) = locked(tx, actor).await? else {
        return Err(Fault::internal("a claim without an account"));
    };
    if too_many(tx, app, account.id).await? {
        return Ok(Bound::TooMany);
    }
    let outcome = try_bind(tx, app, actor, &account, claim).await?;
    if !matches!(outcome, Bound::Declared(_) | Bound::Already(_)) {
        note_try(tx, account.id, "home").await?;
    }
    Ok(outcome)
}

/// The actor's account, locked: two messages of it at once count their tries one by one.
pub(super) async fn locked(tx: &Tx, actor: &Actor) -> Result<Option<account::Model>, Fault> {
    let Some(id) = actor.account_id else {
        return Ok(None);
    };
    let row = account::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    Ok(row)
}

/// Whether the account has used up its tries of this hour.
pub(super) async fn too_many(tx: &Tx, app: &App, account_id: i64) -> Result<bool, Fault> {
    let tries = guess::Entity::find()
        .filter(guess::COLUMN.account_id.eq(account_id))
        .filter(guess::COLUMN.at.gt(tx.now() - TimeDelta::hours(1)))
        .count(tx.db())
        .await?;
    Ok(tries >= u64::from(app.settings.limits.binding_tries_per_hour))
}

/// Writes a try down.
pub(super) async fn note_try(tx: &Tx, account_id: i64, kind: &str) -> Result<(), Fault> {
    let row = guess::ActiveModel {
        account_id: Set(account_id),
        kind: Set(kind.to_owned()),
        at: Set(tx.now()),
        ..Default::default()
    };
    guess::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

async fn try_bind(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    account: &account::Model,
    claim: &Claim,
) -> Result<Bound, Fault> {
    let index = app.seal.index(claim.phone.digits());
    let (home, matched) = match find(tx, account, claim, &index).await? {
        Target::Home(home, matched) => (home, matched),
        Target::NoHome => return Ok(Bound::NoHome),
        Target::WhichCompound => return Ok(Bound::WhichCompound),
    };
    let owner = match account.person_id {
        Some(id) => queries::by_id(tx.db(), id).await?,
        None => None,
    };
    let is_somebody_else = match (&owner, &matched) {
        (Some(owner), Some(matched)) => owner.id != matched.id,
        (Some(owner), None) => !same_name(&owner.name, &claim.name),
        (None, _) => false,
    };
    if is_somebody_else {
        return Ok(Bound::AnotherPerson);
    }
    if let (None, Some(matched)) = (&owner, &matched)
        && queries::holds_role(tx.db(), matched.id, tx.now()).await?
    {
        return Ok(Bound::NeedsInvitation);
    }
    let history = binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(account.id))
        .filter(binding::COLUMN.place_id.eq(home.id))
        .order_by_desc(binding::COLUMN.id)
        .all(tx.db())
        .await?;
    if let Some(tied) = history.iter().find(|row| TIED.contains(&row.state)) {
        return Ok(Bound::Already(tied.clone()));
    }
    // Once somebody objected or the steward refused, only the steward's word counts.
    let contested = history
        .iter()
        .any(|row| row.state == BindingState::Refused || row.reason.is_some());
    let waiting = history
        .into_iter()
        .find(|row| row.state == BindingState::Requested);
    match (matched.filter(|_| !contested), waiting) {
        (None, Some(waiting)) => Ok(Bound::Waiting(waiting)),
        (None, None) => request(tx, app, actor, claim, &home, index).await,
        (Some(person), Some(waiting)) => {
            let row = move_state(tx, &waiting, Act::Match).await?;
            let row = set_owner(tx, row, &person).await?;
            declare(tx, actor, &home, row).await
        }
        (Some(person), None) => {
            let row = new_row(tx, app, actor, claim, &home, index)?;
            let row = binding::ActiveModel {
                person_id: Set(Some(person.id)),
                state: Set(BindingState::Declared),
                ..row
            };
            let row = binding::Entity::insert(row)
                .exec_with_returning(tx.db())
                .await?;
            set_person(tx, account.id, Some(person.id)).await?;
            declare(tx, actor, &home, row).await
        }
    }
}

/// Writes whom a waiting binding turned out to be.
async fn set_owner(
    tx: &Tx,
    row: binding::Model,
    person: &person::Model,
) -> Result<binding::Model, Fault> {
    let change = binding::ActiveModel {
        id: Set(row.id),
        person_id: Set(Some(person.id)),
        ..Default::default()
    };
    let row = binding::Entity::update(change).exec(tx.db()).await?;
    set_person(tx, row.account_id, Some(person.id)).await?;
    Ok(row)
}

fn new_row(
    tx: &Tx,
    app: &App,
    actor: &Actor,
    claim: &Claim,
    home: &place::Model,
    index: String,
) -> Result<binding::ActiveModel, Fault> {
    let compound_id = home
        .compound_id
        .ok_or_else(|| Fault::internal("a home without a compound"))?;
    let account_id = actor
        .account_id
        .ok_or_else(|| Fault::internal("a claim without an account"))?;
    Ok(binding::ActiveModel {
        account_id: Set(account_id),
        place_id: Set(home.id),
        compound_id: Set(compound_id),
        claimed_name: Set(claim.name.clone()),
        claimed_phone_sealed: Set(app.seal.seal(&app.dice, claim.phone.digits())?),
        claimed_phone_index: Set(index),
        created_at: Set(tx.now()),
        ..Default::default()
    })
}

async fn declare(
    tx: &mut Tx,
    actor: &Actor,
    home: &place::Model,
    row: binding::Model,
) -> Result<Bound, Fault> {
    keep_compound(tx, &row).await?;
    record(tx, actor, &row, "binding.declare");
    remind::tell_bound(tx, &row, &home.path).await?;
    Ok(Bound::Declared(row))
}

async fn request(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    claim: &Claim,
    home: &place::Model,
    index: String,
) -> Result<Bound, Fault> {
    let row = binding::ActiveModel {
        state: Set(BindingState::Requested),
        ..new_row(tx, app, actor, claim, home, index)?
    };
    let row = binding::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    keep_compound(tx, &row).await?;
    record(tx, actor, &row, "binding.request");
    remind::ask_verifiers(tx, &row, &home.path, "new", None).await?;
    Ok(Bound::Requested(row))
}

/// The compound in which the account's next home is looked for.
pub(super) async fn keep_compound(tx: &Tx, row: &binding::Model) -> Result<(), Fault> {
    let change = account::ActiveModel {
        id: Set(row.account_id),
        compound_id: Set(Some(row.compound_id)),
        ..Default::default()
    };
    account::Entity::update(change).exec(tx.db()).await?;
    Ok(())
}

pub(super) fn record(tx: &Tx, actor: &Actor, row: &binding::Model, action: &str) {
    let entry = audit::Entry {
        action,
        subject: binding_subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, actor, entry);
}

/// Finds the home: in the compound that was written, else where the roster has this person in such
/// a home, else in the account's compound or the only one.
async fn find(
    tx: &Tx,
    account: &account::Model,
    claim: &Claim,
    index: &str,
) -> Result<Target, Fault> {
    let db = tx.db();
    let people = queries::named(db, &claim.name, index).await?;
    if let Some(written) = &claim.compound {
        let mut named = places::compounds_named(db, written).await?;
        return match (named.pop(), named.is_empty()) {
            (Some(compound), true) => in_compound(tx, &compound, claim, &people).await,
            (Some(_), false) => Ok(Target::WhichCompound),
            (None, _) => Ok(Target::NoHome),
        };
    }
    let wanted = [code::normal(&claim.home), code::typed(&claim.home)];
    let mut hits = Vec::new();
    for person in &people {
        for home in queries::homes(db, person.id).await? {
            let is_meant = wanted.iter().any(|typed| typed == local_code(&home.code));
            if is_meant && home.closed_at.is_none() {
                hits.push((home, person.clone()));
            }
        }
    }
    let own = hits.iter().position(|(home, _)| {
        account.compound_id.is_some() && home.compound_id == account.compound_id
    });
    let several = hits.windows(2).any(|pair| match pair {
        [(one, _), (other, _)] => one.id != other.id,
        _ => false,
    });
    match (own, hits.len(), several) {
        (Some(at), _, _) => Ok(hit(hits.swap_remove(at))),
        (None, 1.., false) => Ok(hit(hits.swap_remove(0))),
        (None, _, true) => Ok(Target::WhichCompound),
        (None, _, false) => {
            let compound = match account.compound_id {
                Some(id) => places::by_id(db, id).await?,
                None => {
                    let mut all = places::compounds(db, 2).await?;
                    all.pop().filter(|_| all.is_empty())
                }
            };
            match compound {
                Some(compound) => in_compound(tx, &compound, claim, &people).await,
                None => Ok(Target::WhichCompound),
            }
        }
    }
}

fn hit((home, person): (place::Model, person::Model)) -> Target {
    Target::Home(Box::new(home), Some(person))
}

async fn in_compound(
    tx: &Tx,
    compound: &place::Model,
    claim: &Claim,
    people: &[person::Model],
) -> Result<Target, Fault> {
    let home = places::by_local_code(tx.db(), compound, &claim.home).await?;
    let open = |place: &place::Model| place.kind == PlaceKind::Home && place.closed_at.is_none();
    let Some(home) = home.filter(open) else {
        return Ok(Target::NoHome);
    };
    let residents = queries::residents(tx.db(), home.id).await?;
    let matched = residents
        .into_iter()
        .find(|resident| people.iter().any(|person| person.id == resident.id));
    Ok(Target::Home(Box::new(home), matched))
}
