//! What each recipient of a notice is told at the moment at which it is their turn, asked for many of them at
//! once (`store::gather`): a notice goes to 100 000 people. Called by `remind`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use entity::{notice, notice_recipient};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};

use crate::app::App;
use crate::base::fault::Fault;
use crate::notice::HOLDS;
use crate::notice::audience::{Audience, Scope};
use crate::place::queries as places;
use crate::store::gather::{Gather, padded};

/// A notice as somebody is told it.
pub(super) struct Told {
    /// The notice, which holds.
    pub(super) notice: notice::Model,
    /// Name of the place that it is for.
    pub(super) place: Option<String>,
}

/// Which notice, and whom.
type Question = (i64, i64);

#[derive(Default)]
struct Line(Gather<Question, Option<Arc<Told>>>);

/// The notice, if this person is still to be told: it holds, they are one of its recipients and have not
/// read it, and they have not moved away since.
///
/// # Errors
/// The database's.
pub(super) async fn told(
    app: &App,
    notice_id: i64,
    person_id: i64,
) -> Result<Option<Arc<Told>>, Fault> {
    let line = app.kept::<Line>();
    let app = app.clone();
    let find = move |asked: Vec<Question>| {
        let app = app.clone();
        async move { find(&app, &asked).await }
    };
    line.0.ask((notice_id, person_id), find).await
}

async fn find(app: &App, asked: &[Question]) -> Result<Vec<Option<Arc<Told>>>, Fault> {
    let db = app.store.read();
    let mut people: HashMap<i64, Vec<i64>> = HashMap::new();
    for (notice_id, person_id) in asked {
        people.entry(*notice_id).or_default().push(*person_id);
    }
    let notices = notice::Entity::find()
        .filter(notice::COLUMN.id.is_in(people.keys().copied()))
        .filter(notice::COLUMN.state.is_in(HOLDS))
        .all(db)
        .await?;
    let mut told: HashMap<Question, Arc<Told>> = HashMap::new();
    for row in notices {
        let waiting = people.remove(&row.id).unwrap_or_default();
        let here = unread(db, row.id, &waiting).await?;
        let scope: Scope = serde_json::from_value(row.scope.clone()).map_err(Fault::internal)?;
        let audience = Audience::of(db, row.place_id, &scope, app.clock.now()).await?;
        let here = audience.among(db, &here).await?;
        let place = places::by_id(db, row.place_id).await?;
        let id = row.id;
        let one = Arc::new(Told {
            notice: row,
            place: place.map(|place| place.name),
        });
        told.extend(here.into_iter().map(|person| ((id, person), one.clone())));
    }
    Ok(asked.iter().map(|one| told.get(one).cloned()).collect())
}

/// Those of them who are recipients and have not read it.
async fn unread(
    db: &DatabaseConnection,
    notice_id: i64,
    people: &[i64],
) -> Result<Vec<i64>, Fault> {
    let rows = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.notice_id.eq(notice_id))
        .filter(
            notice_recipient::COLUMN
                .person_id
                .is_in(padded(people.to_vec())),
        )
        .filter(notice_recipient::COLUMN.read_at.is_null())
        .all(db)
        .await?;
    let one_each: HashSet<i64> = rows.into_iter().map(|row| row.person_id).collect();
    Ok(one_each.into_iter().collect())
}
