//! The handler of claimed reminders: obeys clocks, merges what is about one thing, composes, sends.
//! Given to the worker by `command/serve.rs`.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use entity::kinds::DeliveryState;
use entity::{delivery, reminder};
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::Semaphore;

use super::alone::unread;
use super::halt::Halts;
use super::kind::{Compose, Kind, Obey, Work};
use super::order::{age, my_turn};
use super::quiet::quiet_until;
use super::receipt;
use super::recipient::Recipient;
use super::send::{Letter, lease_holds, send};
use super::sift::sift;
use super::standstill::Standstill;
use super::together::{self, Here, has_arrived};
use super::topic::Topic;
use super::visit::{LastResort, fall_back};
use super::words;
use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::Fault;
use crate::reminder::{BoxFuture, Handler, Said, Verdict};

/// What the platform took so often and could not deliver is not sent again.
const LOST: usize = 2;
/// When the database is busy the reminder waits so long, seconds; that is no try.
const BUSY: i64 = 5;

type Verdicts = Vec<(i64, Verdict)>;

/// The handler.
pub struct Postman {
    app: App,
    kinds: HashMap<&'static str, Work>,
    /// Messages in hand at once, over all batches: twice as many as calls, since each is read and written
    /// down before and after its call.
    slots: Semaphore,
    /// Calls to the platforms at once.
    calls: Semaphore,
    /// One message at a time to one person, over all batches.
    lanes: Mutex<HashMap<Recipient, Arc<tokio::sync::Mutex<()>>>>,
    halts: Halts,
    standstill: Standstill,
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
    /// For the recipient and nobody else.
    alone: bool,
    row: reminder::Model,
}

/// What becomes one message.
struct Group {
    topic: Topic,
    /// For the recipient and nobody else.
    alone: bool,
    /// The person's user id in WeCom.
    userid: Option<String>,
    compose: Compose,
    client_msg_id: String,
    /// How often the platform took it and could not deliver it.
    lost: usize,
    /// When it was tried first, if it was.
    tried_at: Option<Moment>,
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
            slots: Semaphore::new(in_hand(&app)),
            calls: Semaphore::new(app.settings.reminder.concurrency.max(1)),
            lanes: Mutex::default(),
            halts: Halts::default(),
            standstill: Standstill::default(),
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
                (Work::Push(..) | Work::Alone(..), None) => {
                    let nobody = Verdict::Fail("没有收件人".to_owned());
                    verdicts.push((row.id, nobody));
                }
                (Work::Push(topic, compose) | Work::Alone(topic, compose), Some(to)) => {
                    let alone = matches!(work, Work::Alone(..));
                    let place = *places.entry(to).or_insert_with(|| {
                        pushes.push((to, Vec::new()));
                        pushes.len() - 1
                    });
                    if let Some((_, errands)) = pushes.get_mut(place) {
                        errands.push(Errand {
                            compose,
                            topic,
                            alone,
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
        let alone = tries_alone(&job);
        let work = async {
            match job {
                Job::Clock(obey, row) => vec![(row.id, self.obey(obey, &row).await)],
                Job::Push(to, errands) => self.tell(to, errands).await,
            }
        };
        let verdicts: Verdicts = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(verdicts) => verdicts,
            Err(_) => {
                tracing::error!(?ids, "handling reminders panicked");
                let broken = || Verdict::Retry("处理时出错".to_owned());
                ids.into_iter().map(|id| (id, broken())).collect()
            }
        };
        unread(verdicts, &alone, self.app.settings.reminder.max_attempts)
    }

    async fn obey(&self, obey: Obey, row: &reminder::Model) -> Verdict {
        // Some clocks send.
        let now = self.app.clock.now();
        if !lease_holds(&self.app, std::slice::from_ref(row), now) {
            return Verdict::Later(now);
        }
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
    async fn tell(&self, to: Recipient, errands: Vec<Errand>) -> Verdicts {
        let mut verdicts = Vec::new();
        let mut errands = self.put_off(to, errands, &mut verdicts);
        let Some(first) = errands.first() else {
            return verdicts;
        };
        let kind = first.row.kind.clone();
        // What waited for the same moment goes out in the order in which it came about.
        errands.sort_by_key(|errand| errand.row.id);
        let ids: Vec<i64> = errands.iter().map(|errand| errand.row.id).collect();
        match self.wait_and_tell(to, errands).await {
            Ok(said) => verdicts.extend(said),
            Err(fault) => {
                let excuse = self.excuse(&fault, &kind);
                verdicts.extend(ids.into_iter().map(|id| (id, excuse.clone())));
            }
        }
        verdicts
    }

    /// Waits for what is older, then for whoever stands in the lane: in this order, since something
    /// older may still have to come into the lane.
    async fn wait_and_tell(&self, to: Recipient, errands: Vec<Errand>) -> Result<Verdicts, Fault> {
        // By the order that `my_turn` compares in, not by that in which they go out: otherwise two
        // instances could each hold what the other takes for older, and wait for ever.
        let oldest = errands.iter().min_by_key(|errand| age(&errand.row));
        if let Some(oldest) = oldest
            && !my_turn(&self.app, to, &oldest.row).await?
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

    /// What can only meet the halt that the last of its kind has met waits without being looked at.
    fn put_off(&self, to: Recipient, errands: Vec<Errand>, verdicts: &mut Verdicts) -> Vec<Errand> {
        let now = self.app.clock.now();
        let mut tried = Vec::new();
        for errand in errands {
            match self.standstill.of(to, &errand.row, now) {
                Some(until) => verdicts.push((errand.row.id, Verdict::Later(until))),
                None => tried.push(errand),
            }
        }
        tried
    }

    async fn tell_in_turn(&self, to: Recipient, errands: Vec<Errand>) -> Result<Verdicts, Fault> {
        let mut verdicts = Vec::new();
        // The semaphore is never closed; without a permit we would only be too many.
        let _slot = self.slots.acquire().await.ok();
        let held = AtomicI64::new(0);
        for group in self.groups(to, errands, &mut verdicts).await? {
            let now = self.app.clock.now();
            // What is newer does not overtake what waits for room.
            let room = from_ms(held.load(Ordering::Relaxed)).filter(|at| at.timestamp_millis() > 0);
            let each = group.reminders.iter();
            let halted: Option<Vec<Moment>> =
                each.map(|row| self.standstill.of(to, row, now)).collect();
            let verdict = match (room, halted.and_then(|all| all.into_iter().min())) {
                (Some(until), _) | (None, Some(until)) => Verdict::Later(until),
                (None, None) => self.post(to, &group, &held).await,
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
        let here = match to {
            Recipient::Person(id) => together::who(app, id).await?,
            Recipient::Account(_) => Some(Here { userid: None }),
        };
        let Some(here) = here else {
            verdicts.extend(errands.iter().map(|errand| (errand.row.id, Verdict::Drop)));
            return Ok(Vec::new());
        };
        let ids = errands.iter().map(|errand| errand.row.id).collect();
        let mut earlier = together::earlier(app, ids).await?;
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
            alone,
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
            let lost = tries.iter().filter(|row| receipt::is_lost(row)).count();
            let tried_as = tried_as(row.id, &tries, lost);
            let same = groups.iter_mut().find(|(group, id)| {
                let about = group.reminders.first().map(|other| &other.subject);
                *id == tried_as
                    && group.alone == alone
                    && about == Some(&row.subject)
                    && std::ptr::fn_addr_eq(group.compose, compose)
            });
            match same {
                Some((group, _)) => group.reminders.push(row),
                None => {
                    let group = Group {
                        topic,
                        alone,
                        userid: here.userid.clone(),
                        compose,
                        client_msg_id: tried_as.clone().unwrap_or(format!("r{}", row.id)),
                        lost,
                        tried_at: tries
                            .iter()
                            .find(|row| is_try(row))
                            .map(|row| row.created_at),
                        reminders: vec![row],
                    };
                    groups.push((group, tried_as));
                }
            }
        }
        Ok(groups.into_iter().map(|(group, _)| group).collect())
    }

    /// One message: composes it as things stand now and sends it.
    async fn post(&self, to: Recipient, group: &Group, held: &AtomicI64) -> Verdict {
        let app = &self.app;
        let settings = &app.settings.reminder;
        let kind = group.reminders.first().map_or("", |row| row.kind.as_str());
        let now = app.clock.now();
        if !lease_holds(app, &group.reminders, now) {
            return Verdict::Later(now);
        }
        let night = group.topic.hours();
        if let Some(end) = night.and_then(|(from, to)| quiet_until(now, from, to)) {
            return Verdict::Later(end);
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
        let halted = AtomicI64::new(i64::MAX);
        let letter = Letter {
            to,
            userid: group.userid.as_deref(),
            reminders: &group.reminders,
            message: &message,
            compose: group.compose,
            client_msg_id: &group.client_msg_id,
            tried_at: group.tried_at,
            held,
            halted: &halted,
            calls: &self.calls,
        };
        let sent = if group.lost < LOST {
            send(app, &self.halts, &letter).await
        } else {
            Ok(Verdict::Fail("平台接收了两次,都没有送达".to_owned()))
        };
        let sent = match sent {
            Ok(verdict) => {
                let last_resort = self.last_resort.filter(|_| !group.alone);
                fall_back(app, last_resort, group.topic, &letter, verdict).await
            }
            fault => fault,
        };
        match (&sent, from_ms(halted.into_inner())) {
            (Ok(Verdict::Later(_)), Some(until)) => {
                let rows = &group.reminders;
                self.standstill.note(to, rows, until, message.urgent, now);
            }
            // Something went out: perhaps more would.
            (Ok(Verdict::Done), _) => self.standstill.forget(),
            _ => {}
        }
        sent.unwrap_or_else(|fault| self.excuse(&fault, kind))
    }
}

/// What of a job is for its recipient alone, and how often it was tried.
fn tries_alone(job: &Job) -> HashMap<i64, i32> {
    match job {
        Job::Clock(..) => HashMap::new(),
        Job::Push(_, errands) => errands
            .iter()
            .filter(|errand| errand.alone)
            .map(|errand| (errand.row.id, errand.row.attempts))
            .collect(),
    }
}

/// Messages that are in hand at once.
fn in_hand(app: &App) -> usize {
    app.settings.reminder.concurrency.max(1).saturating_mul(2)
}

/// Whether a platform was asked.
fn is_try(row: &delivery::Model) -> bool {
    !matches!(
        row.state,
        DeliveryState::Unreachable | DeliveryState::Dropped
    )
}

/// Under which id a reminder was tried last. What the platform took and could not deliver gets a
/// new one, since it would drop the old one as a repeat.
fn tried_as(reminder_id: i64, tries: &[delivery::Model], lost: usize) -> Option<String> {
    let last = tries.iter().rfind(|row| is_try(row))?;
    Some(match lost {
        0 => last.client_msg_id.clone(),
        lost => format!("r{reminder_id}-{lost}"),
    })
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
            let most = in_hand(&self.app);
            let mut ended = stream::iter(jobs)
                .map(|job| self.run(job))
                .buffer_unordered(most);
            while let Some(more) = ended.next().await {
                say(more);
            }
        })
    }
}
