//! A made-up city as the console meets it: streets of thirty compounds with ten buildings each, their staff,
//! and a year of cases that are unevenly spread, as in life: one compound in a hundred has a hundred times
//! the cases of the others, the newest cases are open, most of the old ones are over. One street has the same
//! cases in a city of any size, so that a list of its staff is as long in all of them. Made by PostgreSQL itself.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use crate::machine::Postgres;

/// Compounds of the city.
pub const COMPOUNDS: u32 = 10_000;
/// Cases of the street that has the same in every city, all of them at the same moments.
pub const EVEN: u32 = 5_000;

/// A street whose staff is measured, by its largest compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Town {
    /// It has more cases, the more the city has.
    Growing,
    /// It has the same cases in every city.
    Even,
}

impl Town {
    /// Its largest compound: that with a hundred times the cases of others, or with most of the street's.
    pub const fn compound(self) -> u32 {
        match self {
            Self::Growing => 2_100,
            Self::Even => 4_200,
        }
    }

    /// The street around it.
    const fn street(self) -> u32 {
        (self.compound() - 1) / 30 + 1
    }
}

/// A post at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Post {
    /// Of the large compound.
    Manager,
    /// Of its first building.
    Steward,
    /// Of the street around it.
    Officer,
    /// Of everything.
    Administrator,
}

impl Post {
    const ALL: [Self; 4] = [
        Self::Manager,
        Self::Steward,
        Self::Officer,
        Self::Administrator,
    ];
}

/// Somebody who works at the desk, and what they look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staff {
    /// As what.
    pub post: Post,
    /// Where.
    pub town: Town,
}

impl Staff {
    /// All who look at one of the streets.
    pub fn of(town: Town) -> [Self; 4] {
        Post::ALL.map(|post| Self { post, town })
    }

    /// Key of the person.
    pub const fn person(self) -> u32 {
        match self.post {
            Post::Manager => 100_000 + self.town.compound(),
            Post::Steward => 200_000 + self.town.compound(),
            Post::Officer => 300_000 + self.town.street(),
            Post::Administrator => 400_000,
        }
    }

    /// What they are called in the table.
    pub const fn says(self) -> &'static str {
        match self.post {
            Post::Manager => "a large compound's manager",
            Post::Steward => "a steward there",
            Post::Officer => "its street's officer",
            Post::Administrator => "an administrator",
        }
    }

    /// Code of a place within their reach.
    pub fn place(self) -> String {
        let compound = self.town.compound();
        match self.post {
            Post::Manager => format!("K{compound}/3"),
            Post::Steward => format!("K{compound}/1"),
            Post::Officer => format!("K{compound}"),
            Post::Administrator => format!("S{}", self.town.street()),
        }
    }
}

/// Fills a migrated database with the city and so many cases, the last a minute ago.
pub fn fill(postgres: &Postgres, database: &str, count: u32) -> Result<()> {
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
        cases_of(count),
        event("raised", "filed", "resident"),
        event("gathered", "dispatched", "system"),
    ];
    let mut all: Vec<String> = vec!["SET session_replication_role = replica".to_owned()];
    all.extend(places);
    all.extend(people());
    all.extend(homes());
    all.extend(cases);
    all.extend(around(count));
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

/// Where residents live: a tenth of them in either large compound, the others everywhere.
fn homes() -> Vec<String> {
    vec![format!(
        "INSERT INTO residency (person_id, place_id, compound_id, relation, created_at) \
         SELECT p, 1000000 + c * 10 + p / 10 % 10, 100000 + c, 'owner', now() \
         FROM (SELECT p, CASE p % 10 WHEN 0 THEN {growing} WHEN 1 THEN {even} ELSE 1 + p % {COMPOUNDS} END AS c \
         FROM generate_series(1, 50000) p) drawn",
        growing = Town::Growing.compound(),
        even = Town::Even.compound(),
    )]
}

/// What stands around the cases: that each was filed is on record, a tenth could not be told to whoever has it, and
/// the large compound's books have as many entries.
fn around(cases: u32) -> Vec<String> {
    let compound = 100_000 + Town::Growing.compound();
    vec![
        "INSERT INTO audit (at, actor_kind, actor_id, action, subject, compound_id) \
         SELECT created_at, 'resident', reporter_id, 'case.file', 'case:' || id, compound_id FROM cases ORDER BY id"
            .to_owned(),
        "INSERT INTO reminder (dedupe_key, kind, recipient_id, compound_id, subject, payload, due_at, state, attempts, next_at, \
         last_error, created_at, done_at) \
         SELECT 'load:' || id, 'case.task', holder_id, compound_id, 'case:' || id, '{}', created_at, 'failed', 6, created_at, \
         'nobody follows', created_at, created_at + interval '2 days' FROM cases WHERE id % 10 = 0"
            .to_owned(),
        format!(
            "INSERT INTO ledger_account (compound_id, code, created_at) \
             VALUES ({compound}, 'assets:wechat', now()), ({compound}, 'assets:receivable', now())"
        ),
        format!(
            "INSERT INTO ledger_entry (compound_id, day, cause, kind, memo, created_at) \
             SELECT {compound}, (now() - n % 360 * interval '1 day')::date, 'load:' || n, 'payment', '缴费', now() \
             FROM generate_series(1, {}) n",
            cases / 10
        ),
        "INSERT INTO ledger_transfer (entry_id, compound_id, day, debit_id, credit_id, amount) \
         SELECT e.id, e.compound_id, e.day, d.id, c.id, 12345 FROM ledger_entry e, ledger_account d, ledger_account c \
         WHERE d.code = 'assets:wechat' AND c.code = 'assets:receivable'"
            .to_owned(),
    ]
}

/// Three numbers drawn for each case decide on all of it, the same in every run. Every so many belong to the even
/// street: they are drawn by their own number, `k`, and four of six are shaped so that the lists of its staff are full.
fn cases_of(cases: u32) -> String {
    format!(
        "INSERT INTO cases (compound_id, place_id, near_id, kind, category, text, essence, reporter_id, channel, state, step, round, \
         level, holder_id, organisation_id, accept_late, finish_late, nudges, reopened, accept_due_at, finish_due_at, accepted_at, \
         finished_at, outcome, rating, closed_at, created_at, updated_at) \
         SELECT 100000 + c, 1000000 + c * 10 + x, 1000000 + c * 10 + x, kind, \
         CASE shape WHEN 0 THEN 'lift' WHEN 3 THEN 'power' ELSE \
         (ARRAY['lift','lift','lift','leak','leak','garbage','garbage','noise','parking','power',NULL,NULL])[1 + b % 12] END, \
         CASE WHEN spoken THEN '楼道里有人飞线充电，请尽快处理，第' ELSE '电梯又停了，老人下不了楼，麻烦物业尽快派人来看一看，第' END || n || '件', \
         CASE WHEN kind = 'help' THEN NULL WHEN spoken THEN '楼道里有人飞线充电请尽快处理第件' \
         ELSE '电梯又停了老人下不了楼麻烦物业尽快派人来看一看第件' END, \
         1 + b % 50000, 'official', s, CASE WHEN s IN ('finished', 'reviewed') THEN 'reviewed' ELSE 'raised' END, 1, \
         CASE WHEN shape IN (1, 2) THEN 'community' ELSE \
         (ARRAY['compound','compound','compound','compound','compound','compound','compound','compound','community','street'])[1 + d % 10] END, \
         CASE WHEN s = 'raised' THEN NULL WHEN shape = 1 THEN 100000 + c WHEN d % 10 = 9 THEN 300001 + (c - 1) / 30 \
         WHEN d % 3 = 0 THEN 200000 + c ELSE 100000 + c END, \
         1 + c % 600, d % 17 = 0 OR shape IN (1, 2), d % 19 = 0, 0, d % 29 = 0, t + interval '5 minutes', t + interval '4 hours', \
         CASE WHEN s NOT IN ('raised', 'assigned') THEN t + interval '3 minutes' END, \
         CASE WHEN s IN ('finished', 'reviewed') THEN t + interval '3 hours' END, \
         CASE WHEN s IN ('finished', 'reviewed') THEN CASE WHEN d % 9 = 0 THEN 'unsolved' ELSE 'solved' END END, \
         CASE WHEN s = 'reviewed' AND d % 3 > 0 THEN 1 + d % 5 END, \
         CASE WHEN s IN ('reviewed', 'withdrawn', 'merged') THEN t + interval '5 days' END, t, t \
         FROM (SELECT n, a, b, d, t, c, shape, {place} AS x, shape IN (1, 2) OR a % 500 = 0 AS spoken, \
         CASE shape WHEN 1 THEN 'repair' WHEN 3 THEN 'help' ELSE \
         (ARRAY['repair','repair','repair','repair','repair','repair','complaint','complaint','suggestion','help'])[1 + a % 10] END AS kind, \
         CASE WHEN shape = 0 THEN 'assigned' WHEN shape = 1 THEN 'reviewed' WHEN shape = 2 THEN 'accepted' WHEN shape = 3 THEN 'withdrawn' \
         WHEN d % 1000 < open THEN (ARRAY['assigned','accepted','accepted','arrived','paused'])[1 + b % 5] \
         WHEN d % 1000 = 999 AND open > 100 THEN 'raised' WHEN n > {finished} THEN 'finished' \
         ELSE (ARRAY['reviewed','reviewed','reviewed','reviewed','reviewed','reviewed','reviewed','reviewed','reviewed','withdrawn','merged'])[1 + (d / 7) % 11] END AS s \
         FROM (SELECT n, a, b, d, t, open, shape, {compound} AS c \
         FROM (SELECT n, abs(hashint4(m)::bigint) AS a, abs(hashint4(m + 100000000)::bigint) AS b, abs(hashint4(m + 200000000)::bigint) AS d, \
         COALESCE(k % 6, -1) AS shape, CASE WHEN n > {new} THEN 600 WHEN n > {young} THEN 150 ELSE 10 END AS open, \
         now() - ({cases} - n) * (interval '360 days' / {cases}) - interval '1 minute' AS t \
         FROM (SELECT n, k, COALESCE(k + 500000000, n) AS m \
         FROM (SELECT n, CASE WHEN n % {step} = 0 THEN n / {step} END AS k FROM generate_series(1, {cases}) n) \
         numbered) mixed) drawn) placed) made",
        place = "CASE WHEN shape < 0 THEN a % 10 WHEN b % 5 < 2 THEN 0 ELSE b / 5 % 10 END",
        compound = compound(),
        step = cases / EVEN,
        finished = cases - cases / 50,
        new = cases - cases / 100,
        young = cases - cases / 20,
    )
}

/// Which compound a case is of: of the even street mostly the large one, of all others none of that street.
fn compound() -> String {
    let last = Town::Even.compound();
    let first = last - 29;
    let any = format!("CASE WHEN a % 2 = 0 THEN 100 * (1 + b % 100) ELSE 1 + b % {COMPOUNDS} END");
    format!(
        "CASE WHEN shape >= 0 THEN CASE WHEN a % 8 < 7 THEN {last} ELSE {first} + b % 29 END \
         WHEN {any} BETWEEN {first} AND {last} THEN {any} - 1000 ELSE {any} END"
    )
}

fn event(step: &str, action: &str, actor: &str) -> String {
    format!(
        "INSERT INTO case_event (case_id, compound_id, round, step, action, actor_kind, at) \
         SELECT id, compound_id, 1, '{step}', '{action}', '{actor}', created_at FROM cases"
    )
}

/// Opens a session of the console for everybody who is measured, by the index of their token.
pub fn sign_in(postgres: &Postgres, database: &str, index: impl Fn(Staff) -> String) -> Result<()> {
    let mut known = BTreeSet::new();
    let staff = [Town::Growing, Town::Even].into_iter().flat_map(Staff::of);
    let rows: Vec<String> = staff
        .filter(|staff| known.insert(staff.person()))
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
