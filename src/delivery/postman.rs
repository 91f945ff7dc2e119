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

use super::halt::Halts;
use super::kind::{Compose, Kind, Obey, Work};
use super::order::my_turn;
use super::quiet::quiet_until;
use super::receipt;
use super::recipient::Recipient;
use super::send::{Letter, send};
use super::sift::sift;
use super::topic::Topic;
use super::visit::{LastResort, fall_back};
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
    lanes: Mutex<HashMap<Recipient, Arc<tokio::sync::Mutex<()>>>>,
    halts: Halts,
    last_resort: Option<LastResort>,
}

/// A part of a batch that stands and falls by itself.
enum Job {
    Clock(Obey, Box<reminder::Model>),
    Push(Recipient, Vec<Errand>),
}

/// One push with what its kind says of it.
struct Errand {
    compose: Compose,
    topic: Topic,
    row: reminder::Model,
}

/// What becomes one message.
struct Group {
    topic: Topic,
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
            last_resort: None,
            app,
        }
    }

    /// Whoever no channel reaches is handed to this.
    #[must_use]
    pub fn with_last_resort(mut self, last_resort: LastResort) -> Self {
        self.last_resort = Some(last_resort);
        self
    }

    /// Sorts a batch into jobs: each clock by itself, and all that goes to one recipient.
    fn sort(&self, claimed: Vec<reminder::Model>, verdicts: &mut Verdicts) -> Vec<Job> {
        let mut clocks = Vec::new();
        let mut pushes: Vec<(Recipient, Vec<Errand>)> = Vec::new();
        let mut places: HashMap<Recipient, usize> = HashMap::new();
        for row in claimed {
            let Some(work) = self.kinds.get(row.kind.as_str()) else {
                // A newer instance may know it.
                let unknown = format!("没有处理“{}”的程序", row.kind);
                verdicts.push((row.id, Verdict::Retry(unknown)));
                continue;
            };
            match (*work, Recipient::of(&row)) {
                (Work::Clock(obey), _) => clocks.push(Job::Clock(obey, Box::new(row))),
                (Work::Push(..), None) => {
                    let nobody = Verdict::Fail("没有收件人".to_owned());
                    verdicts.push((row.id, nobody));
                }
                (Work::Push(topic, compose), Some(to)) => {
                    let place = *places.entry(to).or_insert_with(|| {
                        pushes.push((to, Vec::new()));
                        pushes.len() - 1
                    });
                    if let Some((_, errands)) = pushes.get_mut(place) {
                        errands.push(Errand {
                            compose,
                            topic,
                            row,
                        });
                    }
                }
            }
        }
        let pushes = pushes.into_iter().map(|(to, rows)| Job::Push(to, rows));
        clocks.into_iter().chain(pushes).collect()
    }

    /// One job, whatever happens in it.
    async fn run(&self, job: Job) -> Verdicts {
        let ids: Vec<i64> = match &job {
            Job::Clock(_, row) => vec![row.id],
            Job::Push(_, errands) => errands.iter().map(|errand| errand.row.id).collect(),
        };
        let work = async {
            match job {
                Job::Clock(obey, row) => vec![(row.id, self.obey(obey, &row).await)],
                Job::Push(to, errands) => self.tell(to, errands).await,
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

    /// All that goes to one recipient, one message after the other.
    async fn tell(&self, to: Recipient, mut errands: Vec<Errand>) -> Verdicts {
        // What waited for the same moment goes out in the order in which it came about.
        errands.sort_by_key(|errand| errand.row.id);
        let kind = errands.first().map(|errand| errand.row.kind.clone());
        let ids: Vec<i64> = errands.iter().map(|errand| errand.row.id).collect();
        self.wait_and_tell(to, errands)
            .await
            .unwrap_or_else(|fault| {
                let excuse = self.excuse(&fault, &kind.unwrap_or_default());
                ids.into_iter().map(|id| (id, excuse.clone())).collect()
            })
    }

    /// Waits for what is older, then for whoever stands in the lane: in this order, since something
    /// older may still have to come into the lane.
    async fn wait_and_tell(&self, to: Recipient, errands: Vec<Errand>) -> Result<Verdicts, Fault> {
        if let Some(first) = errands.first()
            && !my_turn(&self.app, to, &first.row).await?
        {
            let soon = Verdict::Later(self.app.clock.now() + TimeDelta::seconds(1));
            let ids = errands.iter().map(|errand| errand.row.id);
            return Ok(ids.map(|id| (id, soon.clone())).collect());
        }
        let lane = self.lane(to);
        let verdicts = {
            let _turn = lane.lock().await;
            self.tell_in_turn(to, errands).await
        };
        self.leave(to, &lane);
        verdicts
    }

    async fn tell_in_turn(&self, to: Recipient, errands: Vec<Errand>) -> Result<Verdicts, Fault> {
        let mut verdicts = Vec::new();
        // The semaphore is never closed; without a permit we would only be too many.
        let _slot = self.slots.acquire().await.ok();
        let held = AtomicI64::new(0);
        for group in self.groups(to, errands, &mut verdicts).await? {
            // What is newer does not overtake what waits for room.
            let verdict = match from_ms(held.load(Ordering::Relaxed)) {
                Some(until) if until.timestamp_millis() > 0 => Verdict::Later(until),
                _ => self.post(to, &group, &held).await,
            };
            let each = group.reminders.iter();
            verdicts.extend(each.map(|row| (row.id, verdict.clone())));
        }
        Ok(verdicts)
    }

    fn lane(&self, to: Recipient) -> Arc<tokio::sync::Mutex<()>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(to).or_default())
    }

    /// Forgets a lane that nobody else stands in.
    fn leave(&self, to: Recipient, lane: &Arc<tokio::sync::Mutex<()>>) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's handle and ours.
        if Arc::strong_count(lane) <= 2 {
            lanes.remove(&to);
        }
    }

    /// Puts together what is about one thing, oldest first. What went out before a crash is done;
    /// what was tried before keeps its id, and the company that it had then.
    async fn groups(
        &self,
        to: Recipient,
        errands: Vec<Errand>,
        verdicts: &mut Verdicts,
    ) -> Result<Vec<Group>, Fault> {
        let app = &self.app;
        let Some(here) = who(app, to).await? else {
            verdicts.extend(errands.iter().map(|errand| (errand.row.id, Verdict::Drop)));
            return Ok(Vec::new());
        };
        let ids = errands.iter().map(|errand| errand.row.id);
        let mut earlier = self.earlier(ids).await?;
        let open: Vec<(Topic, &reminder::Model)> = errands
            .iter()
            .filter(|errand| !has_arrived(earlier.get(&errand.row.id)))
            .map(|errand| (errand.topic, &errand.row))
            .collect();
        let dropped = sift(app, to, &open).await?;
        let mut groups: Vec<(Group, Option<String>)> = Vec::new();
        for Errand {
            compose,
            topic,
            row,
        } in errands
        {
            if dropped.contains(&row.id) {
                verdicts.push((row.id, Verdict::Drop));
                continue;
            }
            let tries = earlier.remove(&row.id).unwrap_or_default();
            if has_arrived(Some(&tries)) {
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
                        topic,
                        userid: here.userid.clone(),
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
    async fn post(&self, to: Recipient, group: &Group, held: &AtomicI64) -> Verdict {
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
            to,
            userid: group.userid.as_deref(),
            reminders: &group.reminders,
            message: &message,
            client_msg_id: &group.client_msg_id,
            held,
        };
        let sent = match send(app, &self.halts, &letter).await {
            Ok(verdict) => fall_back(app, self.last_resort, group.topic, &letter, verdict).await,
            fault => fault,
        };
        sent.unwrap_or_else(|fault| self.excuse(&fault, kind))
    }

    /// Whether there is time enough to send before another worker may take it.
    fn lease_holds(&self, rows: &[reminder::Model], now: Moment) -> bool {
        let lease = i64::from(self.app.settings.reminder.lease_seconds);
        let left = TimeDelta::seconds(LEASE_LEFT.min(lease / 2));
        rows.iter()
            .all(|row| row.leased_until.is_some_and(|end| now + left <= end))
    }
}

fn has_arrived(tries: Option<&Vec<delivery::Model>>) -> bool {
    let arrived =
        |row: &delivery::Model| matches!(row.state, DeliveryState::Sent | DeliveryState::Delivered);
    tries.is_some_and(|tries| tries.iter().any(arrived))
}

/// Somebody who can be told something.
struct Here {
    /// Their user id in WeCom.
    userid: Option<String>,
}

/// Who it is; none when the person has left.
async fn who(app: &App, to: Recipient) -> Result<Option<Here>, Fault> {
    let Recipient::Person(person_id) = to else {
        return Ok(Some(Here { userid: None }));
    };
    let now = app.clock.now();
    let person = person::Entity::find_by_id(person_id)
        .one(app.store.read())
        .await?;
    let here = person.filter(|person| person.left_at.is_none_or(|left| left > now));
    Ok(here.map(|person| Here {
        userid: person.wecom_userid,
    }))
}

/// Under which id a reminder was tried last. What the platform took and could not deliver gets a
/// new one, since it would drop the old one as a repeat.
fn tried_as(reminder_id: i64, tries: &[delivery::Model]) -> Option<String> {
    let last = tries.iter().rfind(|row| {
        !matches!(
            row.state,
            DeliveryState::Unreachable | DeliveryState::Dropped
        )
    })?;
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
