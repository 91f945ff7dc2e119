//! The handler of claimed reminders: obeys clocks, merges what is about one thing, composes, sends.
//! Given to the worker by `command/serve.rs`.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use entity::kinds::DeliveryState;
use entity::{delivery, person, reminder};
use futures_util::{FutureExt, StreamExt, stream};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use tokio::sync::Semaphore;

use super::kind::{Compose, Kind, Obey, Work};
use super::quiet::quiet_until;
use super::receipt;
use super::send::{Halts, Letter, send};
use super::words;
use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::Fault;
use crate::reminder::{BoxFuture, Handler, Said, Verdict};

/// A message goes out only while the lease lasts so much longer, seconds: a call to the platform
/// may take five, a fresh token before it five more.
const LEASE_LEFT: i64 = 15;
/// When the database is busy the reminder waits so long, seconds; that is no try.
const BUSY: i64 = 5;

type Verdicts = Vec<(i64, Verdict)>;

/// The handler.
pub struct Postman {
    app: App,
    kinds: HashMap<&'static str, Work>,
    /// Messages under way at once, over all batches.
    slots: Semaphore,
    /// One message at a time to one person, over all batches.
    lanes: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>,
    halts: Halts,
}

/// A part of a batch that stands and falls by itself.
enum Job {
    Clock(Obey, Box<reminder::Model>),
    Person(i64, Vec<(Compose, reminder::Model)>),
}

/// What becomes one message.
struct Group {
    /// The person's user id in WeCom.
    userid: Option<String>,
    compose: Compose,
    client_msg_id: String,
    reminders: Vec<reminder::Model>,
}

impl Postman {
    /// For these kinds; its own ones are added.
    #[must_use]
    pub fn new(app: App, kinds: impl IntoIterator<Item = Kind>) -> Self {
        let own = [receipt::KIND, words::KIND];
        Self {
            kinds: kinds
                .into_iter()
                .chain(own)
                .map(|kind| (kind.name, kind.work))
                .collect(),
            slots: Semaphore::new(app.settings.reminder.concurrency.max(1)),
            lanes: Mutex::default(),
            halts: Halts::default(),
            app,
        }
    }

    /// Sorts a batch into jobs: each clock by itself, and all that goes to one person.
    fn sort(&self, claimed: Vec<reminder::Model>, verdicts: &mut Verdicts) -> Vec<Job> {
        let mut clocks = Vec::new();
        let mut people: Vec<(i64, Vec<(Compose, reminder::Model)>)> = Vec::new();
        let mut places: HashMap<i64, usize> = HashMap::new();
        for row in claimed {
            match (self.kinds.get(row.kind.as_str()), row.recipient_id) {
                // A newer instance may know it.
                (None, _) => {
                    let unknown = format!("没有处理“{}”的程序", row.kind);
                    verdicts.push((row.id, Verdict::Retry(unknown)));
                }
                (Some(Work::Clock(obey)), _) => clocks.push(Job::Clock(*obey, Box::new(row))),
                (Some(Work::Push(_)), None) => {
                    let nobody = Verdict::Fail("没有收件人".to_owned());
                    verdicts.push((row.id, nobody));
                }
                (Some(Work::Push(compose)), Some(person_id)) => {
                    let place = *places.entry(person_id).or_insert_with(|| {
                        people.push((person_id, Vec::new()));
                        people.len() - 1
                    });
                    if let Some((_, rows)) = people.get_mut(place) {
                        rows.push((*compose, row));
                    }
                }
            }
        }
        let people = people.into_iter().map(|(id, rows)| Job::Person(id, rows));
        clocks.into_iter().chain(people).collect()
    }

    /// One job, whatever happens in it.
    async fn run(&self, job: Job) -> Verdicts {
        let ids: Vec<i64> = match &job {
            Job::Clock(_, row) => vec![row.id],
            Job::Person(_, rows) => rows.iter().map(|(_, row)| row.id).collect(),
        };
        let work = async {
            match job {
                Job::Clock(obey, row) => vec![(row.id, self.obey(obey, &row).await)],
                Job::Person(person_id, rows) => self.tell(person_id, rows).await,
            }
        };
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(verdicts) => verdicts,
            Err(_) => {
                tracing::error!(?ids, "handling reminders panicked");
                let broken = || Verdict::Retry("处理时出错".to_owned());
                ids.into_iter().map(|id| (id, broken())).collect()
            }
        }
    }

    async fn obey(&self, obey: Obey, row: &reminder::Model) -> Verdict {
        match obey(&self.app, row).await {
            Ok(verdict) => verdict,
            Err(fault) => self.excuse(&fault, &row.kind),
        }
    }

    /// What a fault of ours means for a reminder.
    fn excuse(&self, fault: &Fault, kind: &str) -> Verdict {
        tracing::warn!(kind, ?fault, "a reminder could not be handled");
        if fault.is_busy() {
            Verdict::Later(self.app.clock.now() + TimeDelta::seconds(BUSY))
        } else {
            Verdict::Retry(fault.to_string())
        }
    }

    /// All that goes to one person, one message after the other.
    async fn tell(&self, person_id: i64, mut rows: Vec<(Compose, reminder::Model)>) -> Verdicts {
        // What waited for the same moment goes out in the order in which it came about.
        rows.sort_by_key(|(_, row)| row.id);
        let lane = self.lane(person_id);
        let mut verdicts = Vec::new();
        {
            let _turn = lane.lock().await;
            // The semaphore is never closed; without a permit we would only be too many.
            let _slot = self.slots.acquire().await.ok();
            let kind = rows.first().map(|(_, row)| row.kind.clone());
            let ids: Vec<i64> = rows.iter().map(|(_, row)| row.id).collect();
            match self.groups(person_id, rows, &mut verdicts).await {
                Ok(groups) => {
                    let held = AtomicI64::new(0);
                    for group in groups {
                        // What is newer does not overtake what waits for room.
                        let verdict = match from_ms(held.load(Ordering::Relaxed)) {
                            Some(until) if until.timestamp_millis() > 0 => Verdict::Later(until),
                            _ => self.post(person_id, &group, &held).await,
                        };
                        let each = group.reminders.iter();
                        verdicts.extend(each.map(|row| (row.id, verdict.clone())));
                    }
                }
                Err(fault) => {
                    let excuse = self.excuse(&fault, &kind.unwrap_or_default());
                    verdicts = ids.into_iter().map(|id| (id, excuse.clone())).collect();
                }
            }
        }
        self.leave(person_id, &lane);
        verdicts
    }

    fn lane(&self, person_id: i64) -> Arc<tokio::sync::Mutex<()>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(person_id).or_default())
    }

    /// Forgets a lane that nobody else stands in.
    fn leave(&self, person_id: i64, lane: &Arc<tokio::sync::Mutex<()>>) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's handle and ours.
        if Arc::strong_count(lane) <= 2 {
            lanes.remove(&person_id);
        }
    }

    /// Puts together what is about one thing, oldest first. What went out before a crash is done;
    /// what was tried before keeps its id, and the company that it had then.
    async fn groups(
        &self,
        person_id: i64,
        rows: Vec<(Compose, reminder::Model)>,
        verdicts: &mut Verdicts,
    ) -> Result<Vec<Group>, Fault> {
        let app = &self.app;
        let person = person::Entity::find_by_id(person_id)
            .one(app.store.read())
            .await?;
        let now = app.clock.now();
        let here = person.filter(|person| person.left_at.is_none_or(|left| left > now));
        let Some(person) = here else {
            verdicts.extend(rows.iter().map(|(_, row)| (row.id, Verdict::Drop)));
            return Ok(Vec::new());
        };
        let mut earlier = self.earlier(rows.iter().map(|(_, row)| row.id)).await?;
        let mut groups: Vec<(Group, Option<String>)> = Vec::new();
        for (compose, row) in rows {
            let tries = earlier.remove(&row.id).unwrap_or_default();
            if tries.iter().any(|row| arrived(row.state)) {
                verdicts.push((row.id, Verdict::Done));
                continue;
            }
            let tried_as = tried_as(row.id, &tries);
            let same = groups.iter_mut().find(|(group, id)| {
                let about = group.reminders.first().map(|other| &other.subject);
                *id == tried_as
                    && about == Some(&row.subject)
                    && std::ptr::fn_addr_eq(group.compose, compose)
            });
            match same {
                Some((group, _)) => group.reminders.push(row),
                None => {
                    let group = Group {
                        userid: person.wecom_userid.clone(),
                        compose,
                        client_msg_id: tried_as.clone().unwrap_or(format!("r{}", row.id)),
                        reminders: vec![row],
                    };
                    groups.push((group, tried_as));
                }
            }
        }
        Ok(groups.into_iter().map(|(group, _)| group).collect())
    }

    /// What was tried for these reminders before, oldest first.
    async fn earlier(
        &self,
        ids: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, Vec<delivery::Model>>, Fault> {
        let rows = delivery::Entity::find()
            .filter(delivery::COLUMN.reminder_id.is_in(ids))
            .order_by_asc(delivery::COLUMN.id)
            .all(self.app.store.read())
            .await?;
        let mut all: HashMap<i64, Vec<delivery::Model>> = HashMap::new();
        for row in rows {
            if let Some(id) = row.reminder_id {
                all.entry(id).or_default().push(row);
            }
        }
        Ok(all)
    }

    /// One message: composes it as things stand now and sends it.
    async fn post(&self, person_id: i64, group: &Group, held: &AtomicI64) -> Verdict {
        let app = &self.app;
        let settings = &app.settings.reminder;
        let kind = group.reminders.first().map_or("", |row| row.kind.as_str());
        let now = app.clock.now();
        if !self.lease_holds(&group.reminders, now) {
            return Verdict::Later(now);
        }
        let message = match (group.compose)(app, &group.reminders).await {
            Ok(Some(message)) => message,
            Ok(None) => return Verdict::Drop,
            Err(fault) => return self.excuse(&fault, kind),
        };
        let quiet = quiet_until(now, &settings.quiet_from, &settings.quiet_to);
        if let (Some(end), false) = (quiet, message.urgent) {
            return Verdict::Later(end);
        }
        let letter = Letter {
            person_id,
            userid: group.userid.as_deref(),
            reminders: &group.reminders,
            message: &message,
            client_msg_id: &group.client_msg_id,
            held,
        };
        match send(app, &self.halts, &letter).await {
            Ok(verdict) => verdict,
            Err(fault) => self.excuse(&fault, kind),
        }
    }

    /// Whether there is time enough to send before another worker may take it.
    fn lease_holds(&self, rows: &[reminder::Model], now: Moment) -> bool {
        let lease = i64::from(self.app.settings.reminder.lease_seconds);
        let left = TimeDelta::seconds(LEASE_LEFT.min(lease / 2));
        rows.iter()
            .all(|row| row.leased_until.is_some_and(|end| now + left <= end))
    }
}

fn arrived(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Sent | DeliveryState::Delivered)
}

/// Under which id a reminder was tried last. What the platform took and could not deliver gets a
/// new one, since it would drop the old one as a repeat.
fn tried_as(reminder_id: i64, tries: &[delivery::Model]) -> Option<String> {
    let last = tries
        .iter()
        .rfind(|row| row.state != DeliveryState::Unreachable)?;
    let lost =
        |row: &&delivery::Model| row.state == DeliveryState::Failed && row.platform_id.is_some();
    match tries.iter().filter(lost).count() {
        0 => Some(last.client_msg_id.clone()),
        count => Some(format!("r{reminder_id}-{count}")),
    }
}

impl Handler for Postman {
    fn handle<'a>(&'a self, claimed: Vec<reminder::Model>, said: Said) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // Fails only when nobody listens any more: then the lease brings them back.
            let say = |verdicts: Verdicts| {
                for verdict in verdicts {
                    let _ = said.send(verdict);
                }
            };
            let mut verdicts = Vec::new();
            let jobs = self.sort(claimed, &mut verdicts);
            say(verdicts);
            let most = self.app.settings.reminder.concurrency.max(1);
            let mut ended = stream::iter(jobs)
                .map(|job| self.run(job))
                .buffer_unordered(most);
            while let Some(more) = ended.next().await {
                say(more);
            }
        })
    }
}
