//! Whose names a text holds: asked before it goes into a group. Called by the bot and by `delivery`.

use std::collections::BTreeSet;

use entity::{person, role};
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect};

use crate::access::in_force;
use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// Characters of a Chinese name, most often.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=4;
/// Pieces of a text that are looked up at once.
const CHUNK: usize = 4000;

/// Names in the text that belong to people we know, but not those of whoever holds a role in its
/// term: these hang in every stairway with their posts.
///
/// # Errors
/// The database's.
pub async fn residents_named<C: ConnectionTrait>(
    db: &C,
    text: &str,
    now: Moment,
) -> Result<Vec<String>, Fault> {
    let pieces: Vec<String> = pieces(text).into_iter().collect();
    let mut found: Vec<(i64, String)> = Vec::new();
    for chunk in pieces.chunks(CHUNK) {
        let people: Vec<(i64, String)> = person::Entity::find()
            .select_only()
            .columns([person::Column::Id, person::Column::Name])
            .filter(among(db.get_database_backend(), chunk))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(people);
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids = found.iter().map(|(id, _)| *id);
    let posts: Vec<i64> = role::Entity::find()
        .select_only()
        .column(role::Column::PersonId)
        .filter(role::COLUMN.person_id.is_in(ids))
        .filter(in_force(now))
        .into_tuple()
        .all(db)
        .await?;
    found.retain(|(id, _)| !posts.contains(id));
    Ok(found.into_iter().map(|(_, name)| name).collect())
}

/// Rows of these names. PostgreSQL is given one parameter, not a thousand: otherwise reading the
/// statement costs it more than finding the rows.
fn among(backend: DbBackend, names: &[String]) -> Expr {
    if backend != DbBackend::Postgres {
        return person::COLUMN.name.is_in(names.iter().cloned());
    }
    let any = r#""name" = ANY(string_to_array($1, ','))"#;
    Expr::cust_with_values(any, [names.join(",")])
}

/// All pieces of the text that are as long as a name.
fn pieces(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for run in text.split(|c: char| !('\u{4e00}'..='\u{9fff}').contains(&c) && c != '·') {
        let run: Vec<char> = run.chars().collect();
        for length in LENGTHS {
            found.extend(run.windows(length).map(|piece| piece.iter().collect()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_as_long_as_a_name() {
        let found = pieces("请找张秀英a李");
        for piece in ["张秀英", "请找张秀", "秀英"] {
            assert!(found.contains(piece), "{piece}");
        }
        assert!(found.iter().all(|piece| !piece.contains('a')));
        assert_eq!(pieces("李 1"), BTreeSet::new());
    }
}
