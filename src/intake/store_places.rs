//! Stores the places of an import; a place that moves takes along what is below it. Part of store.rs.

use std::collections::{HashMap, HashSet};

use entity::place;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use super::plan::{Plan, PlanPlace};
use super::store::{Count, Keys, Storing, insert, lost};
use crate::base::fault::Fault;
use crate::place::{ids, queries, tree};
use crate::store::Tx;
use crate::store::insert::fresh_ids;

pub(super) async fn places(
    plan: &Plan,
    to: &mut Storing<'_>,
    keys: &mut Keys,
) -> Result<Count, Fault> {
    let known = to.known;
    let mut count = Count::default();
    let is_new = |code: &str| !known.places.contains_key(code);
    let wanted = plan.places.iter().filter(|item| is_new(&item.code)).count();
    let mut ids = fresh_ids(to.tx, "place", wanted).await?.into_iter();
    let mut paths: HashMap<&str, String> = HashMap::with_capacity(plan.places.len());
    let mut moves: Vec<(String, String)> = Vec::new();
    let mut rows = Vec::with_capacity(wanted);
    let now = to.tx.now();
    for item in &plan.places {
        let old = known.places.get(&item.code);
        let id = match old {
            Some(row) => row.id,
            None => ids.next().ok_or_else(lost)?,
        };
        keys.places.insert(item.code.clone(), id);
        let (parent_id, parent_path) = match &item.parent {
            None => (None, None),
            Some(code) => {
                let path = match (paths.get(code.as_str()), known.places.get(code)) {
                    (Some(path), _) => path.clone(),
                    (None, Some(row)) => moved(&row.path, &moves),
                    (None, None) => return Err(lost()),
                };
                (Some(keys.place(code)?), Some(path))
            }
        };
        let path = tree::path(parent_path.as_deref(), id);
        let compound = item.compound.as_ref().map(|code| keys.place(code));
        let compound_id = compound.transpose()?;
        keys.compounds.insert(id, compound_id);
        match old {
            None => rows.push(place::ActiveModel {
                id: Set(id),
                code: Set(item.code.clone()),
                kind: Set(item.kind),
                name: Set(item.name.clone()),
                parent_id: Set(parent_id),
                compound_id: Set(compound_id),
                path: Set(path.clone()),
                area_cm2: Set(item.area_cm2),
                note: Set(item.note.clone()),
                closed_at: Set(None),
                created_at: Set(now),
                updated_at: Set(now),
            }),
            Some(row) => {
                let was = moved(&row.path, &moves);
                if was != path {
                    shift(to.tx, &was, &path).await?;
                    moves.push((was, path.clone()));
                }
                if change(to.tx, row, item, parent_id).await? {
                    count.changed += 1;
                } else {
                    count.same += 1;
                }
            }
        }
        paths.insert(&item.code, path);
    }
    count.new = rows.len();
    insert(to, "places", rows).await?;
    reopen_above(plan, to).await?;
    Ok(count)
}

/// What stands in a closed building opens it again.
async fn reopen_above(plan: &Plan, to: &mut Storing<'_>) -> Result<(), Fault> {
    let known = &to.known.places;
    let closed: HashSet<i64> = known
        .values()
        .filter(|row| row.closed_at.is_some())
        .map(|row| row.id)
        .collect();
    if closed.is_empty() {
        return Ok(());
    }
    let parents = plan.places.iter().filter_map(|item| item.parent.as_ref());
    let above: HashSet<i64> = parents
        .filter_map(|code| known.get(code))
        .flat_map(|row| ids(&row.path))
        .filter(|id| closed.contains(id))
        .collect();
    if above.is_empty() {
        return Ok(());
    }
    let open = place::ActiveModel {
        closed_at: Set(None),
        updated_at: Set(to.tx.now()),
        ..Default::default()
    };
    place::Entity::update_many()
        .set(open)
        .filter(place::COLUMN.id.is_in(above))
        .exec(to.tx.db())
        .await?;
    Ok(())
}

/// Stores what is now said of a place that was there; whether it was said otherwise before.
async fn change(
    tx: &Tx,
    row: &place::Model,
    item: &PlanPlace,
    parent_id: Option<i64>,
) -> Result<bool, Fault> {
    let same = row.name == item.name
        && row.parent_id == parent_id
        && row.area_cm2 == item.area_cm2
        && row.note == item.note
        && row.closed_at.is_none();
    if same {
        return Ok(false);
    }
    let change = place::ActiveModel {
        id: Set(row.id),
        name: Set(item.name.clone()),
        parent_id: Set(parent_id),
        area_cm2: Set(item.area_cm2),
        note: Set(item.note.clone()),
        // What the roster names is there.
        closed_at: Set(None),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    place::Entity::update(change).exec(tx.db()).await?;
    Ok(true)
}

/// A path after the moves made so far.
fn moved(path: &str, moves: &[(String, String)]) -> String {
    let mut path = path.to_owned();
    for (from, to) in moves {
        if let Some(rest) = path.strip_prefix(from) {
            path = format!("{to}{rest}");
        }
    }
    path
}

/// Moves a place with everything below it.
async fn shift(tx: &Tx, from: &str, to: &str) -> Result<(), Fault> {
    let below = place::Entity::find()
        .filter(queries::below(from))
        .all(tx.db())
        .await?;
    for row in below {
        let path = moved(&row.path, &[(from.to_owned(), to.to_owned())]);
        place::Entity::update_many()
            .col_expr(place::Column::Path, sea_orm::sea_query::Expr::value(path))
            .filter(place::COLUMN.id.eq(row.id))
            .exec(tx.db())
            .await?;
    }
    Ok(())
}
