//! A made-up city as the console meets it: streets of thirty compounds with ten buildings each, their staff,
//! and a year of cases that are unevenly spread, as in life: one compound in a hundred has a hundred times
//! the cases of the others, the newest cases are open, most of the old ones are over. Made by PostgreSQL
//! itself.

use anyhow::{Context, Result};

use crate::machine::Postgres;

/// Compounds of the city.
pub const COMPOUNDS: u32 = 10_000;
/// One of the large compounds, and the street around it.
pub const LARGE: u32 = 2_100;
/// Key of the street around it; its code is `S70`.
const STREET: u32 = 70;

/// Somebody who works at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staff {
    /// Of the large compound.
    Manager,
    /// Of its first building.
    Steward,
    /// Of the street around it.
    Officer,
    /// Of everything.
    Administrator,
}

impl Staff {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Manager,
        Self::Steward,
        Self::Officer,
        Self::Administrator,
    ];

    /// Key of the person.
    pub const fn person(self) -> u32 {
        match self {
            Self::Manager => 100_000 + LARGE,
            Self::Steward => 200_000 + LARGE,
            Self::Officer => 300_000 + STREET,
            Self::Administrator => 400_000,
        }
    }

    /// What they are called in the table.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Manager => "a large compound's manager",
            Self::Steward => "a steward there",
            Self::Officer => "its street's officer",
            Self::Administrator => "an administrator",
        }
    }

    /// Code of a place within their reach.
    pub const fn place(self) -> &'static str {
        match self {
            Self::Manager => "K2100/3",
            Self::Steward => "K2100/1",
            Self::Officer => "K2100",
            Self::Administrator => "S70",
        }
    }
}

/// Fills a migrated database with the city and so many cases, the last a minute ago.
pub fn fill(postgres: &Postgres, database: &str, cases: u32) -> Result<()> {
    let places = [
        "INSERT INTO place (id, code, kind, name, path, created_at, updated_at) VALUES (1, 'C', 'city', '测试市', '/1/', now(), now())".to_owned(),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, path, created_at, updated_at) \
             SELECT 1 + s, 'S' || s, 'street', s || '街道', 1, '/1/' || 1 + s || '/', now(), now() \
             FROM generate_series(1, {}) s",
            COMPOUNDS.div_ceil(30)
        ),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
             SELECT 100000 + c, 'K' || c, 'compound', c || '小区', 2 + (c - 1) / 30, 100000 + c, \
             '/1/' || 2 + (c - 1) / 30 || '/' || 100000 + c || '/', now(), now() FROM generate_series(1, {COMPOUNDS}) c"
        ),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
             SELECT 1000000 + c * 10 + b, 'K' || c || '/' || b + 1, 'building', b + 1 || '栋', 100000 + c, 100000 + c, \
             '/1/' || 2 + (c - 1) / 30 || '/' || 100000 + c || '/' || 1000000 + c * 10 + b || '/', now(), now() \
             FROM generate_series(1, {COMPOUNDS}) c, generate_series(0, 9) b"
        ),
        "INSERT INTO organisation (id, code, name, kind, place_id, created_at) \
         SELECT o, 'O' || o, o || '物业', 'property_company', 1, now() FROM generate_series(1, 600) o"
            .to_owned(),
    ];
    let cases = [
        cases_of(cases),
        event("raised", "filed", "resident"),
        event("gathered", "dispatched", "system"),
    ];
    let mut all: Vec<String> = vec!["SET session_replication_role = replica".to_owned()];
    all.extend(places);
    all.extend(people());
    all.extend(cases);
    postgres.psql(database, &all.join("; "))?;
    postgres.psql(database, "VACUUM ANALYZE").map(drop)
}

/// Residents, staff and their roles: a manager and a steward of each compound, an officer of each street.
fn people() -> Vec<String> {
    let person = |first: u32, name: &str, count: u32| {
        format!(
            "INSERT INTO person (id, name, party_member, created_at, updated_at) \
             SELECT {first} + p, '{name}' || p, false, now(), now() FROM generate_series(1, {count}) p"
        )
    };
    let role = |role: &str, first: u32, place: &str, compound: &str, count: u32| {
        format!(
            "INSERT INTO role (person_id, role, place_id, compound_id, from_at, created_at) \
             SELECT {first} + n, '{role}', {place}, {compound}, '2020-01-01', now() FROM generate_series(1, {count}) n"
        )
    };
    let streets = COMPOUNDS.div_ceil(30);
    let inside = "100000 + n";
    vec![
        person(0, "居民", 50_000),
        person(100_000, "经理", COMPOUNDS),
        person(200_000, "楼长", COMPOUNDS),
        person(300_000, "街道", streets),
        person(399_999, "管理员", 1),
        role("property_manager", 100_000, inside, inside, COMPOUNDS),
        role("steward", 200_000, "1000000 + n * 10", inside, COMPOUNDS),
        role("street_officer", 300_000, "1 + n", "NULL", streets),
        role("administrator", 399_999, "NULL", "NULL", 1),
    ]
}

/// Three numbers drawn for each case decide on all of it, the same in every run.
fn cases_of(cases: u32) -> String {
    format!(
        "INSERT INTO cases (compound_id, place_id, kind, category, text, reporter_id, channel, state, step, round, level, \
         holder_id, organisation_id, accept_late, finish_late, nudges, reopened, accept_due_at, finish_due_at, accepted_at, \
         finished_at, outcome, rating, closed_at, created_at, updated_at) \
         SELECT 100000 + c, 1000000 + c * 10 + a % 10, \
         (ARRAY['repair','repair','repair','repair','repair','repair','complaint','complaint','suggestion','help'])[1 + a % 10], \
         (ARRAY['lift','lift','lift','leak','leak','garbage','garbage','noise','parking','power',NULL,NULL])[1 + b % 12], \
         CASE WHEN a % 500 = 0 THEN '楼道里有人飞线充电，请尽快处理，第' ELSE '电梯又停了，老人下不了楼，麻烦物业尽快派人来看一看，第' END || n || '件', \
         1 + b % 50000, 'official', s, CASE WHEN s IN ('finished', 'reviewed') THEN 'reviewed' ELSE 'raised' END, 1, \
         (ARRAY['compound','compound','compound','compound','compound','compound','compound','compound','community','street'])[1 + d % 10], \
         CASE WHEN s = 'raised' THEN NULL WHEN d % 10 = 9 THEN 300001 + (c - 1) / 30 WHEN d % 3 = 0 THEN 200000 + c ELSE 100000 + c END, \
         1 + c % 600, d % 17 = 0, d % 19 = 0, 0, d % 29 = 0, t + interval '5 minutes', t + interval '4 hours', \
         CASE WHEN s NOT IN ('raised', 'assigned') THEN t + interval '3 minutes' END, \
         CASE WHEN s IN ('finished', 'reviewed') THEN t + interval '3 hours' END, \
         CASE WHEN s IN ('finished', 'reviewed') THEN CASE WHEN d % 9 = 0 THEN 'unsolved' ELSE 'solved' END END, \
         CASE WHEN s = 'reviewed' AND d % 3 > 0 THEN 1 + d % 5 END, \
         CASE WHEN s IN ('reviewed', 'withdrawn', 'merged') THEN t + interval '5 days' END, t, t \
         FROM (SELECT n, a, b, d, t, CASE WHEN a % 2 = 0 THEN 100 * (1 + b % 100) ELSE 1 + b % {COMPOUNDS} END AS c, \
         CASE WHEN d % 1000 < open THEN (ARRAY['assigned','accepted','accepted','arrived','paused'])[1 + b % 5] \
         WHEN d % 1000 = 999 AND open > 100 THEN 'raised' WHEN n > {finished} THEN 'finished' \
         ELSE (ARRAY['reviewed','reviewed','reviewed','reviewed','reviewed','reviewed','reviewed','reviewed','reviewed','withdrawn','merged'])[1 + (d / 7) % 11] END AS s \
         FROM (SELECT n, abs(hashint4(n)::bigint) AS a, abs(hashint4(n + 100000000)::bigint) AS b, abs(hashint4(n + 200000000)::bigint) AS d, \
         CASE WHEN n > {new} THEN 600 WHEN n > {young} THEN 150 ELSE 10 END AS open, \
         now() - ({cases} - n) * (interval '360 days' / {cases}) - interval '1 minute' AS t FROM generate_series(1, {cases}) n) drawn) made",
        finished = cases - cases / 50,
        new = cases - cases / 100,
        young = cases - cases / 20,
    )
}

fn event(step: &str, action: &str, actor: &str) -> String {
    format!(
        "INSERT INTO case_event (case_id, compound_id, round, step, action, actor_kind, at) \
         SELECT id, compound_id, 1, '{step}', '{action}', '{actor}', created_at FROM cases"
    )
}

/// Opens a session of the console for everybody of [`Staff::ALL`], by the index of their token.
pub fn sign_in(postgres: &Postgres, database: &str, index: impl Fn(Staff) -> String) -> Result<()> {
    let rows: Vec<String> = Staff::ALL
        .into_iter()
        .map(|staff| {
            format!(
                "('{}', {}, 'work', true, 'load', now(), now(), now() + interval '12 hours')",
                index(staff),
                staff.person()
            )
        })
        .collect();
    let statement = format!(
        "INSERT INTO console_session (token_index, person_id, way, verified, agent, created_at, seen_at, expires_at) VALUES {}",
        rows.join(", ")
    );
    postgres
        .psql(database, &statement)
        .map(drop)
        .context("no sessions")
}
