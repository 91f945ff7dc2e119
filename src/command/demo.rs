//! The demo community: 桂园小区 with 90 homes, made of the import's own files. Fills an empty
//! database once, however many instances start at the same time. Called by `serve` at the start.

use chrono::TimeDelta;
use entity::kinds::{BindingState, Channel, FeeKind};
use entity::{account, attachment, binding, invitation, person, place, residency, schedule};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};

use crate::access::console::credential::{self, OneTime};
use crate::access::{Actor, load_staff};
use crate::app::App;
use crate::attachment::{Sender, actions as attachments};
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::month::Month;
use crate::expense::actions::draft::{self, NewQuote, Said};
use crate::expense::actions::review;
use crate::fee::actions::{entries, merchant, run};
use crate::fee::tariff::items_of;
use crate::intake::store::Storing;
use crate::intake::{check, read, store};
use crate::person::queries as people;
use crate::place::queries as places;
use crate::store::Tx;

/// The files, by table.
const FILES: &[(&str, &str)] = &[
    ("places", include_str!("../../config/demo/places.csv")),
    (
        "organisations",
        include_str!("../../config/demo/organisations.csv"),
    ),
    ("people", include_str!("../../config/demo/people.csv")),
    ("homes", include_str!("../../config/demo/homes.csv")),
    ("roles", include_str!("../../config/demo/roles.csv")),
    ("fee_items", include_str!("../../config/demo/fee_items.csv")),
    (
        "fee_spaces",
        include_str!("../../config/demo/fee_spaces.csv"),
    ),
    (
        "dispatch_rules",
        include_str!("../../config/demo/dispatch_rules.csv"),
    ),
    (
        "response_policies",
        include_str!("../../config/demo/response_policies.csv"),
    ),
];

/// What each supplier of the demo's expense has sent.
const QUOTE: &[u8] = include_bytes!("../../config/demo_quote.pdf");

/// The compound's code.
pub const COMPOUND: &str = "GY";

/// Accounts of the sandbox, with the person that each plays. `sandbox-newcomer` is nobody's.
pub const ACCOUNTS: &[(&str, &str)] = &[
    ("sandbox-resident", "zhang-xiuying"),
    ("sandbox-steward", "steward-3"),
    ("sandbox-chair", "committee-chair"),
    ("sandbox-property", "property-repair"),
    ("sandbox-community", "grid-worker"),
];

/// Fills the database when the settings ask for it and it has no places. True when it did.
///
/// # Errors
/// The database's.
pub async fn fill(app: &App) -> Result<bool, Fault> {
    if !app.settings.demo.enabled {
        return Ok(false);
    }
    let mut tx = app.store.begin(app.clock.now()).await?;
    if has_places(&tx).await? {
        let unbilled = is_unbilled(&tx).await?;
        tx.rollback().await?;
        if unbilled {
            bill(app).await?;
        }
        return Ok(false);
    }
    match fill_in(app, &mut tx).await {
        Ok(()) => {
            tx.commit().await?;
            bill(app).await?;
            spend(app).await?;
            tracing::info!("the demo community is in the database");
            Ok(true)
        }
        // Another instance was first.
        Err(fault) if fault.code == Code::Conflict => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Whether this is our demo, and stopped before its bills were made.
async fn is_unbilled(tx: &Tx) -> Result<bool, Fault> {
    let ours = schedule::Entity::find()
        .filter(schedule::COLUMN.name.eq("demo"))
        .one(tx.db())
        .await?;
    let compound = places::by_code(tx.db(), COMPOUND).await?;
    let (Some(_), Some(compound)) = (ours, compound) else {
        return Ok(false);
    };
    let this = Month::of(china(tx.now()).date_naive());
    for month in [this.before(), this] {
        if run::run_of(tx.db(), compound.id, month).await?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What the homes share in a month, in fen, and what for.
const SHARED: (i64, &str) = (123_456, "电梯和公共照明用电、绿化用水");

/// The bills of the last month and of this one, so that there is something to look at and to pay.
async fn bill(app: &App) -> Result<(), Fault> {
    let now = app.clock.now();
    let db = app.store.read();
    let compound = places::by_code(db, COMPOUND)
        .await?
        .ok_or_else(|| Fault::internal("the demo has no compound"))?;
    let actor = Actor::operator();
    // Without a receiving account there would be bills that nobody can pay.
    if let Some(name) = app.pay.keys().next() {
        let mut tx = app.store.begin(now).await?;
        let choice = merchant::Choice {
            merchant: Some(name),
            known: &[name],
            seen: None,
        };
        merchant::set(&mut tx, &actor, compound.id, choice).await?;
        tx.commit().await?;
    }
    let this = Month::of(china(now).date_naive());
    for month in [this.before(), this] {
        for item in items_of(db, compound.id, month).await? {
            if item.kind == FeeKind::Shared {
                let mut tx = app.store.begin(now).await?;
                let (amount, note) = SHARED;
                let key = (compound.id, item.id);
                match entries::set_cost(&mut tx, &actor, key, month, amount, note).await {
                    Ok(()) => tx.commit().await?,
                    // Another instance is making these bills.
                    Err(fault) if fault.code == Code::WrongStep => {}
                    Err(fault) => return Err(fault),
                }
            }
        }
        run::run(&app.store, &actor, now, compound.id, month, &mut |_| {}).await?;
    }
    Ok(())
}

/// Reviewers of the demo's expense, in their order.
const REVIEWERS: [&str; 3] = ["p005", "p075", "community-secretary"];
/// Days ago that it was reviewed: it is being published.
const REVIEWED_AGO: TimeDelta = TimeDelta::days(2);

/// An expense in its first publication, so that there is something to look at and to object to.
async fn spend(app: &App) -> Result<(), Fault> {
    let suppliers = [
        ("顺安电梯公司", 860_000),
        ("恒升电梯公司", 920_000),
        ("城南机电公司", 985_000),
    ];
    let mut quotes = Vec::new();
    for (supplier, amount) in suppliers {
        quotes.push((supplier, amount, keep_quote(app).await?));
    }
    let at = app.clock.now() - REVIEWED_AGO;
    let mut tx = app.store.begin(at).await?;
    let compound = places::by_code(tx.db(), COMPOUND).await?;
    let compound = compound.ok_or_else(|| Fault::internal("the demo has no compound"))?;
    let said = Said {
        title: "3栋电梯更换钢丝绳".to_owned(),
        purpose: "3栋1单元电梯钢丝绳磨损超标，年检要求更换，含人工和检测。".to_owned(),
        account: "expenses:repair".to_owned(),
        payee: "顺安电梯公司".to_owned(),
        amount: 860_000,
        choice: String::new(),
    };
    let proposer = staff(&tx, LENT_TO).await?;
    let row = draft::propose(&mut tx, &proposer, compound.id, &said).await?;
    for (supplier, amount, (file, change)) in quotes {
        let quote = NewQuote {
            supplier: supplier.to_owned(),
            amount,
            note: String::new(),
            attachment_id: Some(attachments::settle(&tx, file, change).await?.id),
        };
        draft::add_quote(&mut tx, &proposer, row.id, None, quote).await?;
    }
    draft::submit(&mut tx, &proposer, row.id, None).await?;
    for key in REVIEWERS {
        let reviewer = staff(&tx, key).await?;
        review::approve(&mut tx, &reviewer, row.id, None, "同意").await?;
    }
    tx.commit().await
}

/// A sheet that stands for a supplier's own, in the storage, before there is a transaction to give it in.
async fn keep_quote(app: &App) -> Result<(i64, attachment::ActiveModel), Fault> {
    let proposer = people::by_key(app.store.read(), LENT_TO).await?;
    let proposer = proposer.ok_or_else(|| Fault::internal(format!("the demo has no {LENT_TO}")))?;
    let from = Sender::Person(proposer.id);
    attachments::upload_with_documents(app, from, QUOTE.to_vec()).await
}

/// Somebody of the demo, in office.
async fn staff(tx: &Tx, key: &str) -> Result<Actor, Fault> {
    let none = || Fault::internal(format!("the demo has no {key} in office"));
    let person = people::by_key(tx.db(), key).await?.ok_or_else(none)?;
    load_staff(tx.db(), person.id, tx.now())
        .await?
        .ok_or_else(none)
}

/// Name to sign in to the console with, and whom of the demo one is then.
const LOGIN: &str = "demo";
const LENT_TO: &str = "property-manager";

/// A name and a password for the console, new at each start, where somebody looks around on their own
/// machine: the profile of development with the demo and the sandbox. None elsewhere.
///
/// # Errors
/// The database's.
pub async fn lend_console(app: &App) -> Result<Option<(&'static str, String)>, Fault> {
    let settings = &app.settings;
    let looks_around = settings.profile == "development"
        && settings.demo.enabled
        && settings.sandbox.enabled
        && settings.exposure().is_none();
    if !looks_around {
        return Ok(None);
    }
    let password = OneTime::make(&app.dice).await?;
    let tx = app.store.begin(app.clock.now()).await?;
    let person = person::Entity::find()
        .filter(person::COLUMN.key.eq(LENT_TO))
        .one(tx.db())
        .await?;
    let Some(person) = person else {
        return Ok(None);
    };
    credential::lend(&tx, &Actor::operator(), person.id, LOGIN, &password).await?;
    tx.commit().await?;
    Ok(Some((LOGIN, password.password)))
}

async fn has_places(tx: &Tx) -> Result<bool, Fault> {
    let any: Option<i64> = place::Entity::find()
        .select_only()
        .column(place::Column::Id)
        .into_tuple()
        .one(tx.db())
        .await?;
    Ok(any.is_some())
}

async fn fill_in(app: &App, tx: &mut Tx) -> Result<(), Fault> {
    // The one row that instances race for: the second waits here, and then finds it taken.
    let slot = schedule::ActiveModel {
        name: Set("demo".to_owned()),
        slot: Set("once".to_owned()),
        started_at: Set(tx.now()),
        finished_at: Set(Some(tx.now())),
    };
    schedule::Entity::insert(slot)
        .exec_without_returning(tx.db())
        .await?;
    let known = store::known(tx.db()).await?;
    let (plan, bad) = check::check(&read::read_texts(FILES), &known);
    if let Some(bad) = bad.first() {
        return Err(Fault::internal(bad.to_string()));
    }
    let storing = Storing {
        tx,
        seal: &app.seal,
        dice: &app.dice,
        actor: &Actor::operator(),
        known: &known,
        progress: &mut |_, _| {},
    };
    store::store(plan, storing).await?;
    if app.settings.sandbox.enabled {
        for (external_id, key) in ACCOUNTS {
            tie(app, tx, external_id, key).await?;
        }
    }
    Ok(())
}

/// Ties an account of the sandbox to a person, as an invitation code would.
async fn tie(app: &App, tx: &Tx, external_id: &str, key: &str) -> Result<(), Fault> {
    let now = tx.now();
    let person = person::Entity::find()
        .filter(person::COLUMN.key.eq(key))
        .one(tx.db())
        .await?
        .ok_or_else(|| Fault::internal(format!("the demo has no person {key}")))?;
    let compound = place::Entity::find()
        .filter(place::COLUMN.code.eq(COMPOUND))
        .one(tx.db())
        .await?;
    let account = account::ActiveModel {
        channel: Set(Channel::Official),
        external_id: Set(external_id.to_owned()),
        // As the pretended platform says it at the sign-in of the mini-program.
        union_id: Set(Some(format!("union-{external_id}"))),
        person_id: Set(Some(person.id)),
        compound_id: Set(compound.map(|place| place.id)),
        followed: Set(true),
        window_until: Set(None),
        window_left: Set(0),
        paced_until: Set(None),
        dialog: Set(None),
        last_inbound_at: Set(None),
        created_at: Set(now),
        ..Default::default()
    };
    let account = account::Entity::insert(account)
        .exec_with_returning(tx.db())
        .await?;
    let invitation = invitation::ActiveModel {
        person_id: Set(person.id),
        code_index: Set(app.seal.index(&app.dice.token())),
        expires_at: Set(now),
        used_at: Set(Some(now)),
        used_by: Set(Some(account.id)),
        created_at: Set(now),
        ..Default::default()
    };
    invitation::Entity::insert(invitation)
        .exec_without_returning(tx.db())
        .await?;
    let homes = residency::Entity::find()
        .filter(residency::COLUMN.person_id.eq(person.id))
        .all(tx.db())
        .await?;
    for home in homes {
        let row = binding::ActiveModel {
            account_id: Set(account.id),
            person_id: Set(Some(person.id)),
            place_id: Set(home.place_id),
            compound_id: Set(home.compound_id),
            state: Set(BindingState::Verified),
            claimed_name: Set(person.name.clone()),
            claimed_phone_sealed: Set(person.phone_sealed.clone().unwrap_or_default()),
            claimed_phone_index: Set(person.phone_index.clone().unwrap_or_default()),
            decided_at: Set(Some(now)),
            created_at: Set(now),
            ..Default::default()
        };
        binding::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}
