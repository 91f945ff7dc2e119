//! Saved views: lists of cases that somebody looks at often, by the filters in the page's address. They
//! are one's own; nobody else sees them. Called by the console.

use entity::saved_view;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::base::fault::Fault;
use crate::base::text::line;
use crate::store::Tx;

/// Characters of a name, bytes of the filters, views of one person.
const MOST_NAME: usize = 20;
const MOST_QUERY: usize = 1_000;
const MOST: usize = 20;

/// Somebody's views, by name.
///
/// # Errors
/// The database's.
pub async fn of<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
) -> Result<Vec<saved_view::Model>, Fault> {
    Ok(saved_view::Entity::find()
        .filter(saved_view::COLUMN.person_id.eq(person_id))
        .order_by_asc(saved_view::COLUMN.name)
        .all(db)
        .await?)
}

/// Keeps a view; one of the same name takes these filters.
///
/// # Errors
/// `invalid` for the field `name`.
pub async fn save(tx: &Tx, actor: &Actor, name: &str, query: &str) -> Result<(), Fault> {
    let person_id = actor.require_person()?;
    let name = line(name);
    if name.is_empty() || name.chars().count() > MOST_NAME {
        return Err(Fault::invalid(
            "name",
            format!("请给这个列表起个名字，最多{MOST_NAME}个字。"),
        ));
    }
    if query.len() > MOST_QUERY {
        return Err(Fault::invalid("name", "筛选条件太长了，存不下。"));
    }
    let known = of(tx.db(), person_id).await?;
    if known.len() >= MOST && known.iter().all(|view| view.name != name) {
        return Err(Fault::invalid(
            "name",
            format!("最多存{MOST}个列表，请先删掉不用的。"),
        ));
    }
    let row = saved_view::ActiveModel {
        person_id: Set(person_id),
        name: Set(name),
        query: Set(query.to_owned()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let own = [saved_view::Column::PersonId, saved_view::Column::Name];
    saved_view::Entity::insert(row)
        .on_conflict(
            OnConflict::columns(own)
                .update_column(saved_view::Column::Query)
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    note(tx, actor, "view.save", person_id);
    Ok(())
}

/// Forgets a view.
///
/// # Errors
/// `not_found` when it is not one's own.
pub async fn remove(tx: &Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let person_id = actor.require_person()?;
    let gone = saved_view::Entity::delete_many()
        .filter(saved_view::COLUMN.id.eq(id))
        .filter(saved_view::COLUMN.person_id.eq(person_id))
        .exec(tx.db())
        .await?;
    if gone.rows_affected == 0 {
        return Err(Fault::not_found("没有找到这个列表，可能已经删掉了。"));
    }
    note(tx, actor, "view.remove", person_id);
    Ok(())
}

fn note(tx: &Tx, actor: &Actor, action: &'static str, person_id: i64) {
    let entry = Entry {
        action,
        subject: format!("person:{person_id}"),
        compound_id: None,
        detail: None,
    };
    audit::record(tx, actor, entry);
}
