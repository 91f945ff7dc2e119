//! A made-up compound large enough that clients do not meet on one row: imported by the program
//! itself, then bound to chat accounts by rows, since thousands of people cannot type.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use entity::kinds::{BindingState, Channel};
use entity::{account, binding, residency, role};
use linli::base::clock::{Clock, SystemClock};
use linli::config;
use linli::privacy::consent::VERSION;
use linli::store::{Store, insert::insert_chunked};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use secrecy::SecretString;

use crate::server::Setup;

/// Buildings of the compound, each with a steward.
const BUILDINGS: i64 = 20;
/// Their stewards, members `steward-1` to this of the corporation.
pub const STEWARDS: i64 = BUILDINGS;
/// Homes of a building, each with one resident who has a chat account.
const HOMES: i64 = 100;

/// How many accounts there are: [`open_id`] of 1 to this.
pub const ACCOUNTS: i64 = BUILDINGS * HOMES;

/// The openid of the n-th account; `benches/compare/filing/*.sql` makes the same.
pub fn open_id(number: i64) -> String {
    format!("oLinliLoadAccount-{number}")
}

/// A script of `benches/compare/filing`.
pub fn filing(name: &str) -> String {
    format!(
        "{}/benches/compare/filing/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// Migrates, imports and binds.
pub async fn settle(setup: &Setup, room: &Path, database_url: &str) -> Result<()> {
    let folder = room.join("import");
    write_files(&folder)?;
    setup.run(&["migrate", "up"])?;
    setup.run(&["import", &folder.display().to_string()])?;
    let store = Store::connect(&config::Database {
        url: SecretString::from(database_url.to_owned()),
        max_connections: 2,
    })
    .await?;
    let bound = bind(&store).await;
    store.close().await;
    bound
}

fn write_files(folder: &Path) -> Result<()> {
    let mut places = String::from("code,kind,name,parent_code,area_m2,note\n");
    let mut people = String::from("key,name,phone,party_member,wecom_userid\n");
    let mut homes = String::from("place_code,person_key,relation,share\n");
    let mut roles = String::from("person_key,role,place_code,from,to,organisation_code\n");
    for (code, kind, name, parent) in [
        ("C", "city", "测试市", ""),
        ("D", "district", "测试区", "C"),
        ("S", "street", "测试街道", "D"),
        ("SQ", "community", "测试社区", "S"),
        ("GY", "compound", "测试花园", "SQ"),
    ] {
        writeln!(places, "{code},{kind},{name},{parent},,")?;
    }
    for (key, role, place) in [
        ("secretary", "community_secretary", "SQ"),
        ("officer", "street_officer", "S"),
        ("chair", "committee_chair", "GY"),
        ("manager", "property_manager", "GY"),
        ("grid", "grid_worker", "GY"),
    ] {
        writeln!(people, "{key},测试{key},,no,")?;
        writeln!(roles, "{key},{role},{place},2020-01-01,,")?;
    }
    for number in 1..=3 {
        writeln!(people, "staff-{number},物业{number},,no,")?;
        writeln!(roles, "staff-{number},property_staff,GY,2020-01-01,,WY")?;
    }
    for building in 1..=BUILDINGS {
        writeln!(places, "GY/{building},building,{building}栋,GY,,")?;
        writeln!(
            people,
            "steward-{building},楼长{building},,no,steward-{building}"
        )?;
        writeln!(
            roles,
            "steward-{building},steward,GY/{building},2020-01-01,,"
        )?;
        for home in 1..=HOMES {
            let code = format!("GY/{building}-1-{}", 100 + home);
            let phone = 13_900_000_000 + building * 1000 + home;
            writeln!(
                places,
                "{code},home,{building}-1-{},GY/{building},90,",
                100 + home
            )?;
            writeln!(
                people,
                "r-{building}-{home},住户{building}之{home},{phone},no,"
            )?;
            writeln!(homes, "{code},r-{building}-{home},owner,")?;
        }
    }
    std::fs::create_dir_all(folder)?;
    for (name, text) in [
        ("places", places),
        ("people", people),
        ("homes", homes),
        ("roles", roles),
        (
            "organisations",
            "code,name,kind,parent_code,place_code,credit_code\nWY,测试物业,property_company,,GY,\n"
                .to_owned(),
        ),
        (
            "dispatch_rules",
            "place_code,position,kind,category,organisation_code,person_key,role\n\
             GY,10,repair,,WY,,property_staff\n"
                .to_owned(),
        ),
        (
            "response_policies",
            "place_code,accept_minutes,finish_minutes\nGY,5,30\n".to_owned(),
        ),
    ] {
        std::fs::write(folder.join(format!("{name}.csv")), text)?;
    }
    Ok(())
}

/// An account for every resident on the roster, verified.
async fn bind(store: &Store) -> Result<()> {
    let now = SystemClock.now();
    let tx = store.begin(now).await?;
    let roster = residency::Entity::find()
        .order_by_asc(residency::Column::Id)
        .all(tx.db())
        .await?;
    ensure!(
        i64::try_from(roster.len())? == ACCOUNTS,
        "{} of {ACCOUNTS} residents came in",
        roster.len()
    );
    let accounts = roster
        .iter()
        .zip(1..)
        .map(|(home, number)| account::ActiveModel {
            channel: Set(Channel::Official),
            external_id: Set(open_id(number)),
            person_id: Set(Some(home.person_id)),
            compound_id: Set(Some(home.compound_id)),
            // They were told and went on long ago.
            told_version: Set(VERSION),
            agreed_version: Set(VERSION),
            followed: Set(true),
            window_left: Set(0),
            created_at: Set(now),
            ..Default::default()
        });
    insert_chunked(tx.db(), accounts.collect()).await?;
    let first = account::Entity::find()
        .filter(account::COLUMN.external_id.eq(open_id(1)))
        .one(tx.db())
        .await?
        .context("no account")?;
    let bindings = roster
        .iter()
        .zip(first.id..)
        .map(|(home, id)| binding::ActiveModel {
            account_id: Set(id),
            person_id: Set(Some(home.person_id)),
            place_id: Set(home.place_id),
            compound_id: Set(home.compound_id),
            state: Set(BindingState::Verified),
            claimed_name: Set(String::new()),
            claimed_phone_sealed: Set(String::new()),
            claimed_phone_index: Set(String::new()),
            decided_at: Set(Some(now)),
            created_at: Set(now),
            ..Default::default()
        });
    insert_chunked(tx.db(), bindings.collect()).await?;
    // Only those who can be told of a case are given one.
    let staff = role::Entity::find().all(tx.db()).await?;
    let told = staff
        .iter()
        .zip(1..)
        .map(|(role, number)| account::ActiveModel {
            channel: Set(Channel::Official),
            external_id: Set(format!("oLinliLoadStaff-{number}")),
            person_id: Set(Some(role.person_id)),
            compound_id: Set(role.compound_id),
            followed: Set(true),
            window_left: Set(0),
            created_at: Set(now),
            ..Default::default()
        });
    insert_chunked(tx.db(), told.collect()).await?;
    tx.commit().await?;
    Ok(())
}
