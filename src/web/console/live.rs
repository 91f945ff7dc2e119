//! `/console/events`: tells open pages that a case has changed, so that they fetch themselves anew. While
//! somebody listens an instance looks at the history of cases every two seconds, once for all its
//! listeners: the database is the only thing that all instances share, and a notice that is two seconds
//! late harms nobody.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entity::{case, case_event, place};
use futures_util::{Stream, stream};
use poem::handler;
use poem::web::Data;
use poem::web::sse::{Event, SSE};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, sleep_until};

use crate::access::Actor;
use crate::access::console::session;
use crate::access::permit::{Deed, may};
use crate::app::App;
use crate::base::fault::Fault;
use crate::web::console::guard::Desk;

const LOOK: Duration = Duration::from_secs(2);
/// A comment goes out so often, so that nobody in between closes a silent connection.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// So often it is looked whether whoever listens is still signed in, and with which roles.
const CHECK: Duration = Duration::from_secs(20);
/// The browser connects anew after so long, perhaps to another instance.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Listeners of an instance.
const MOST: usize = 2_000;
/// News that a slow listener may be behind.
const BEHIND: usize = 512;
/// Events read at once.
const BATCH: u64 = 2_000;
/// Transactions end in another order than they take their keys: so many keys back are looked at again.
const BACK: i64 = 300;

/// A case has changed.
#[derive(Clone, Debug)]
struct News {
    case: i64,
    path: String,
    holder: Option<i64>,
}

/// What all listeners of an instance share.
#[derive(Clone)]
pub struct Live(Arc<Shared>);

struct Shared {
    app: App,
    news: broadcast::Sender<News>,
    /// Whether somebody looks.
    looking: Mutex<bool>,
}

impl Live {
    /// Nobody listens yet.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self(Arc::new(Shared {
            app: app.clone(),
            news: broadcast::channel(BEHIND).0,
            looking: Mutex::new(false),
        }))
    }

    /// One more listener; the first one starts the look-out.
    fn listen(&self) -> Result<broadcast::Receiver<News>, Fault> {
        if self.0.news.receiver_count() >= MOST {
            return Err(Fault::too_many(60));
        }
        let receiver = self.0.news.subscribe();
        let mut looking = self
            .0
            .looking
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !*looking {
            *looking = true;
            let live = self.clone();
            self.0.app.late.spawn(async move { live.look_out().await });
        }
        Ok(receiver)
    }

    /// True when nobody listens any more; then the next listener starts anew.
    fn is_alone(&self) -> bool {
        let mut looking = self
            .0
            .looking
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.0.news.receiver_count() == 0 {
            *looking = false;
        }
        !*looking
    }

    async fn look_out(&self) {
        let app = &self.0.app;
        let mut known = Known::default();
        loop {
            if let Err(fault) = self.look(&mut known).await {
                tracing::warn!(?fault, "open pages were not told of changes");
            }
            tokio::select! {
                () = app.stopping.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            if self.is_alone() {
                return;
            }
        }
    }

    async fn look(&self, known: &mut Known) -> Result<(), Fault> {
        let db = self.0.app.store.read();
        let Some(from) = known.from() else {
            let last = case_event::Entity::find()
                .order_by_desc(case_event::COLUMN.id)
                .one(db)
                .await?;
            known.begin(last.map_or(0, |event| event.id));
            return Ok(());
        };
        let rows: Vec<(i64, i64)> = case_event::Entity::find()
            .select_only()
            .columns([case_event::Column::Id, case_event::Column::CaseId])
            .filter(case_event::COLUMN.id.gt(from))
            .order_by_asc(case_event::COLUMN.id)
            .limit(BATCH)
            .into_tuple()
            .all(db)
            .await?;
        let changed: BTreeSet<i64> = rows
            .iter()
            .filter(|(id, _)| known.is_new(*id))
            .map(|(_, case)| *case)
            .collect();
        known.keep(rows.iter().map(|(id, _)| *id));
        if changed.is_empty() {
            return Ok(());
        }
        let cases = case::Entity::find()
            .filter(case::COLUMN.id.is_in(changed))
            .all(db)
            .await?;
        let places = place::Entity::find()
            .filter(
                place::COLUMN
                    .id
                    .is_in(cases.iter().map(|case| case.place_id)),
            )
            .all(db)
            .await?;
        for case in cases {
            let place = places.iter().find(|place| place.id == case.place_id);
            let news = News {
                case: case.id,
                path: place.map(|place| place.path.clone()).unwrap_or_default(),
                holder: case.holder_id,
            };
            // Nobody listens just now: the next page is made afresh.
            drop(self.0.news.send(news));
        }
        Ok(())
    }
}

/// Which events were told already.
#[derive(Default)]
struct Known {
    begun: bool,
    high: i64,
    ids: BTreeSet<i64>,
}

impl Known {
    fn begin(&mut self, last: i64) {
        self.begun = true;
        self.high = last;
        self.ids = (last - BACK..=last).collect();
    }

    /// After which key to read; none before the beginning.
    fn from(&self) -> Option<i64> {
        // A burst that fills a batch is read to its end first.
        self.begun.then_some(self.high - BACK)
    }

    fn is_new(&self, id: i64) -> bool {
        !self.ids.contains(&id)
    }

    fn keep(&mut self, ids: impl Iterator<Item = i64>) {
        self.ids.extend(ids);
        self.high = self.ids.last().copied().unwrap_or(self.high);
        self.ids = self.ids.split_off(&(self.high - BACK));
    }
}

fn concerns(actor: &Actor, news: &News) -> bool {
    may(actor, Deed::SeeCases, &news.path)
        || (news.holder.is_some() && news.holder == actor.person_id())
}

/// `GET /console/events`: `{"case": 12}` for each case that has changed and that the actor may see.
///
/// # Errors
/// `too_many` when too many listen.
#[handler]
pub fn events(desk: &Desk, Data(live): Data<&Live>) -> Result<SSE, Fault> {
    let receiver = live.listen()?;
    let now = Instant::now();
    let listener = Listener {
        desk: desk.clone(),
        receiver,
        check: now + CHECK,
        end: now + LONGEST,
    };
    Ok(SSE::new(told(listener)).keep_alive(HEARTBEAT))
}

struct Listener {
    desk: Desk,
    receiver: broadcast::Receiver<News>,
    check: Instant,
    end: Instant,
}

fn told(listener: Listener) -> impl Stream<Item = Event> + Send + 'static {
    stream::unfold(listener, |mut listener| async move {
        let stopping = listener.desk.app.stopping.clone();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return None,
                () = sleep_until(listener.check) => {
                    if Instant::now() >= listener.end {
                        return None;
                    }
                    let app = listener.desk.app.clone();
                    // A database that does not answer ends nothing.
                    if let Ok(found) = session::again(&app, &listener.desk.signed).await {
                        listener.desk.signed = found?;
                    }
                    listener.check = Instant::now() + CHECK;
                }
                news = listener.receiver.recv() => match news {
                    Ok(news) if concerns(listener.desk.actor(), &news) => {
                        let data = serde_json::json!({ "case": news.case });
                        return Some((Event::message(data.to_string()), listener));
                    }
                    Ok(_) => {}
                    // Who is behind fetches everything.
                    Err(RecvError::Lagged(_)) => {
                        return Some((Event::message("{\"case\":0}"), listener));
                    }
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_comes_late_is_told_once() {
        let mut known = Known::default();
        assert_eq!(known.from(), None);
        known.begin(1_000);
        assert!(!known.is_new(1_000) && known.is_new(1_001));
        known.keep([1_001, 1_003].into_iter());
        assert!(known.is_new(1_002));
        known.keep([1_001, 1_002, 1_003].into_iter());
        assert!(!known.is_new(1_002));
        known.keep([5_000].into_iter());
        assert_eq!(known.from(), Some(4_700));
        assert_eq!(known.ids.len(), 1);
    }
}
