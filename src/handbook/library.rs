//! What of the handbook lies in memory: the published articles and the index over them, made anew when the sum
//! of all versions has changed. Every change of an article makes that sum greater, so that an instance sees
//! what another one has changed with the next question.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use entity::handbook_article;
use entity::kinds::ArticleState;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};
use tokio::sync::Mutex;

use crate::app::App;
use crate::base::fault::Fault;
use crate::handbook::index::{Document, Hit, Index};

/// Articles that are read at most: those of all compounds.
const MOST: u64 = 50_000;
/// How much more a place's own article counts.
const OWN: f64 = 1.1;

/// The published articles, as they were together.
#[derive(Default)]
pub struct Shelf {
    articles: HashMap<i64, handbook_article::Model>,
    index: Index,
}

/// What this process holds of it.
#[derive(Default)]
struct Library(Mutex<Held>);

#[derive(Default)]
struct Held {
    sum: Option<i64>,
    shelf: Arc<Shelf>,
}

/// Whose handbook: the places that they belong to and all above, by key. None of them: what is for all.
#[derive(Clone, Debug, Default)]
pub struct Reach(pub HashSet<i64>);

/// The shelf as it is now.
///
/// # Errors
/// The database's.
pub async fn shelf<C: ConnectionTrait>(app: &App, db: &C) -> Result<Arc<Shelf>, Fault> {
    let library = app.memo.of::<Library>();
    let sum = sum_of(db).await?;
    let mut held = library.0.lock().await;
    if held.sum != Some(sum) {
        let rows = handbook_article::Entity::find()
            .filter(handbook_article::COLUMN.state.eq(ArticleState::Published))
            .order_by_asc(handbook_article::COLUMN.id)
            .limit(MOST)
            .all(db)
            .await?;
        // What is changed between the two reads makes another sum, and is read with the next question.
        held.shelf = Arc::new(Shelf::new(rows));
        held.sum = Some(sum);
    }
    Ok(Arc::clone(&held.shelf))
}

async fn sum_of<C: ConnectionTrait>(db: &C) -> Result<i64, Fault> {
    let sum = Expr::col(handbook_article::Column::Version).sum();
    let sum: Option<Option<i64>> = handbook_article::Entity::find()
        .select_only()
        .column_as(sum.cast_as("bigint"), "sum")
        .into_tuple()
        .one(db)
        .await?;
    Ok(sum.flatten().unwrap_or_default())
}

impl Shelf {
    /// Of these articles.
    #[must_use]
    pub fn new(rows: Vec<handbook_article::Model>) -> Self {
        let documents: Vec<Document<'_>> = rows
            .iter()
            .map(|row| Document {
                id: row.id,
                title: &row.title,
                questions: &row.questions,
                synonyms: &row.synonyms,
                body: &row.body,
            })
            .collect();
        let index = Index::new(&documents);
        Self {
            index,
            articles: rows.into_iter().map(|row| (row.id, row)).collect(),
        }
    }

    /// Those that somebody reads: what is for all and what is their places' own, without those in whose place
    /// one of their own stands.
    #[must_use]
    pub fn readable(&self, reach: &Reach) -> HashSet<i64> {
        let own = |row: &&handbook_article::Model| {
            row.place_id.is_none_or(|place| reach.0.contains(&place))
        };
        let mine: Vec<&handbook_article::Model> = self.articles.values().filter(own).collect();
        let replaced: HashSet<i64> = mine.iter().filter_map(|row| row.instead_of).collect();
        let kept = mine.iter().filter(|row| !replaced.contains(&row.id));
        kept.map(|row| row.id).collect()
    }

    /// An article, if it is one of those.
    #[must_use]
    pub fn get(&self, readable: &HashSet<i64>, id: i64) -> Option<&handbook_article::Model> {
        let row = self.articles.get(&id);
        row.filter(|_| readable.contains(&id))
    }

    /// Those that fit a question, best first: of those that fit alike a place's own.
    #[must_use]
    pub fn ask(&self, readable: &HashSet<i64>, question: &str) -> Vec<Hit> {
        let mut hits = self.index.ask(question, &|id| readable.contains(&id));
        for hit in &mut hits {
            let own = self.articles.get(&hit.id);
            if own.is_some_and(|row| row.place_id.is_some()) {
                hit.score *= OWN;
            }
        }
        hits.sort_by(|one, other| other.score.total_cmp(&one.score));
        hits
    }
}
