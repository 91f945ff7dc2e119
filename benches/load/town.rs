//! A made-up city with as many compounds and cases as a scenario wants, made by PostgreSQL itself in
//! seconds: streets of thirty compounds, a year of cases in all states.

use anyhow::Result;

use crate::machine::Postgres;

/// Compounds of a street.
pub const COMPOUNDS_OF_STREET: u32 = 30;

/// Fills a migrated database: so many compounds with so many cases in all, the last a minute ago.
pub fn fill(postgres: &Postgres, database: &str, compounds: u32, cases: u32) -> Result<()> {
    let streets = compounds.div_ceil(COMPOUNDS_OF_STREET);
    for statement in [
        "INSERT INTO place (id, code, kind, name, path, created_at, updated_at) VALUES (1, 'C', 'city', '测试市', '/1/', now(), now())".to_owned(),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, path, created_at, updated_at) \
             SELECT 1 + s, 'S' || s, 'street', s || '街道', 1, '/1/' || 1 + s || '/', now(), now() FROM generate_series(1, {streets}) s"
        ),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
             SELECT 100000 + c, 'K' || c, 'compound', c || '小区', 2 + (c - 1) / {COMPOUNDS_OF_STREET}, 100000 + c, \
             '/1/' || 2 + (c - 1) / {COMPOUNDS_OF_STREET} || '/' || 100000 + c || '/', now(), now() FROM generate_series(1, {compounds}) c"
        ),
        "INSERT INTO person (id, name, party_member, created_at, updated_at) SELECT p, '测试' || p, false, now(), now() FROM generate_series(1, 1000) p".to_owned(),
        "INSERT INTO organisation (id, code, name, kind, place_id, created_at) SELECT o, 'O' || o, o || '物业', 'property_company', 1, now() FROM generate_series(1, 60) o".to_owned(),
        format!(
            "INSERT INTO cases (compound_id, place_id, kind, category, text, reporter_id, channel, state, step, round, level, \
             holder_id, organisation_id, accept_late, finish_late, nudges, reopened, accepted_at, finished_at, outcome, rating, created_at, updated_at) \
             SELECT 100000 + c, 100000 + c, \
             (ARRAY['repair','complaint','suggestion','help','dispute'])[1 + n % 5], \
             (ARRAY['lift','leak','water','noise','parking','light',NULL])[1 + n % 7], \
             '测试诉求，第' || n || '件，内容是一句普通长度的话', 1 + n % 1000, 'official', s, 'raised', 1, \
             (ARRAY['compound','compound','compound','community','street'])[1 + n % 5], 1 + n % 1000, 1 + (n % 59), \
             n % 11 = 0, n % 13 = 0, 0, n % 17 = 0, \
             CASE WHEN s <> 'assigned' THEN t END, CASE WHEN s IN ('finished', 'reviewed') THEN t END, \
             CASE WHEN s IN ('finished', 'reviewed') THEN CASE WHEN n % 9 = 0 THEN 'unsolved' ELSE 'solved' END END, \
             CASE WHEN s = 'reviewed' AND n % 3 > 0 THEN 1 + n % 5 END, t, t \
             FROM (SELECT n, 1 + (n * 7919::bigint) % {compounds} AS c, \
             (ARRAY['assigned','accepted','arrived','finished','reviewed','reviewed','reviewed','reviewed','reviewed','withdrawn'])[1 + (n / 7) % 10] AS s, \
             now() - ({cases} - n) * (interval '360 days' / {cases}) - interval '1 minute' AS t \
             FROM generate_series(1, {cases}) n) made"
        ),
        "VACUUM ANALYZE".to_owned(),
    ] {
        postgres.psql(database, &statement)?;
    }
    Ok(())
}
