//! Notifications of the pretended WeChat Pay (protocols.md §5.3): sealed and signed, sent again by the
//! sandbox's clock until they are taken, and spoiled when told to.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wire::{headers, time};
use crate::base::clock::Moment;
use crate::sandbox::faults::{Api, Forgery, Kind};
use crate::sandbox::platform::Platform;

/// Seconds until the next attempt; after the last there is none.
const PAUSES: [i64; 15] = [
    15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600,
];
/// How often the sandbox's clock is looked at.
const TICK: Duration = Duration::from_millis(50);
/// Attempts remembered.
const MOST_TOLD: usize = 1000;

/// A notification that is not taken yet.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Notice {
    pub(super) id: String,
    mch_id: String,
    url: String,
    event_type: String,
    plain: Value,
    created: Moment,
    due: Moment,
    attempts: usize,
    /// Waits until a later one was delivered.
    held: bool,
    /// Has suffered what was switched on.
    spared: bool,
}

/// One attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// `EV-…`
    pub id: String,
    /// `TRANSACTION.SUCCESS` …
    pub event_type: String,
    /// Where it went.
    pub url: String,
    /// What was answered; none: nothing.
    pub status: Option<u16>,
    /// Whether it was a stranger's.
    pub forged: bool,
}

impl Platform {
    /// Attempts so far, oldest first.
    #[must_use]
    pub fn pay_told(&self) -> Vec<Told> {
        self.state().pay.told.clone()
    }

    /// Notifications that are not taken yet.
    #[must_use]
    pub fn pay_waiting(&self) -> usize {
        self.state().pay.notices.len()
    }

    /// Tells a merchant something, from now on until it is taken.
    pub(super) fn tell_merchant(&self, mch_id: &str, url: &str, event_type: &str, plain: Value) {
        let now = self.now();
        let id = crate::wechat::crypto::hex(&self.0.dice.bytes::<16>());
        let notice = Notice {
            id: format!("EV-{id}"),
            mch_id: mch_id.to_owned(),
            url: url.to_owned(),
            event_type: event_type.to_owned(),
            plain,
            created: now,
            due: now,
            attempts: 0,
            held: false,
            spared: false,
        };
        let mut state = self.state();
        state.pay.keep_notice(&notice);
        state.pay.notices.push(notice);
        drop(state);
        self.keep_telling();
    }

    /// Looks after notifications and refunds until there are none to look after.
    pub(super) fn keep_telling(&self) {
        if std::mem::replace(&mut self.state().pay.is_telling, true) {
            return;
        }
        let platform = self.clone();
        tokio::spawn(async move {
            let stop = platform.0.stop.clone();
            loop {
                platform.end_refunds();
                while let Some(notice) = platform.due_notice() {
                    // One that is slow to answer must not keep the others.
                    let platform = platform.clone();
                    tokio::spawn(async move { platform.attempt_notice(notice).await });
                }
                if platform.is_done_telling() {
                    return;
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(TICK) => {}
                }
            }
        });
    }

    fn due_notice(&self) -> Option<Notice> {
        let now = self.now();
        let mut state = self.state();
        let all = &mut state.pay.notices;
        let at = all
            .iter()
            .position(|notice| !notice.held && notice.due <= now)?;
        Some(all.remove(at))
    }

    fn is_done_telling(&self) -> bool {
        let mut state = self.state();
        let pay = &mut state.pay;
        let mut refunds = pay.refunds.values();
        let done = pay.notices.is_empty() && refunds.all(|refund| refund.status != "PROCESSING");
        pay.is_telling = !done;
        done
    }

    /// One attempt; what is not taken comes again.
    async fn attempt_notice(&self, mut notice: Notice) {
        let hit = match notice.spared {
            true => None,
            false => self.enter(Api::Paynotice),
        };
        let mut plain = notice.plain.clone();
        let mut repeat = false;
        match hit.as_ref().map(|hit| &hit.kind) {
            Some(Kind::Lost) => return self.state().pay.keep_told(&notice.id),
            Some(Kind::Held) => {
                (notice.held, notice.spared) = (true, true);
                return self.put_back(notice);
            }
            Some(Kind::Slow) => {
                let pause = hit.map(|hit| hit.pause).unwrap_or_default();
                let pause = TimeDelta::from_std(pause).unwrap_or_default();
                (notice.due, notice.spared) = (self.now() + pause, true);
                return self.put_back(notice);
            }
            Some(Kind::Forged(how)) => {
                self.send_notice(&notice, &plain, Some(*how)).await;
            }
            Some(Kind::Amount) => {
                if let Some(total) = plain.pointer_mut("/amount/total") {
                    *total = json!(total.as_i64().unwrap_or_default() + 1);
                }
            }
            Some(Kind::Repeat) => repeat = true,
            Some(_) => return self.try_later(notice),
            None => {}
        }
        let status = self.send_notice(&notice, &plain, None).await;
        let taken = status.is_some_and(|status| (200..300).contains(&status));
        if !taken {
            return self.try_later(notice);
        }
        self.release_held();
        if repeat {
            notice.spared = true;
            return self.put_back(notice);
        }
        self.state().pay.keep_told(&notice.id);
    }

    fn try_later(&self, mut notice: Notice) {
        let Some(pause) = PAUSES.get(notice.attempts) else {
            return self.state().pay.keep_told(&notice.id);
        };
        notice.attempts += 1;
        notice.due = self.now() + TimeDelta::seconds(*pause);
        self.put_back(notice);
    }

    fn put_back(&self, notice: Notice) {
        self.state().pay.notices.push(notice);
        self.keep_telling();
    }

    fn release_held(&self) {
        for notice in &mut self.state().pay.notices {
            notice.held = false;
        }
    }

    /// Seals, signs and sends; the status that is answered. A forger seals rightly, too: what keeps
    /// them out is the signature alone.
    async fn send_notice(
        &self,
        notice: &Notice,
        plain: &Value,
        forgery: Option<Forgery>,
    ) -> Option<u16> {
        let keys = self.pay_keys().ok()?;
        let side = keys.merchant(&notice.mch_id)?;
        let kind = match notice.event_type.starts_with("REFUND") {
            true => "refund",
            false => "transaction",
        };
        let nonce = self.0.dice.digits(12);
        let sealed = side
            .seal
            .seal(plain.to_string().as_bytes(), kind, &nonce)
            .ok()?;
        let mut resource = serde_json::to_value(sealed).ok()?;
        if let Some(fields) = resource.as_object_mut() {
            fields.insert("original_type".to_owned(), json!(kind));
        }
        let body = json!({
            "id": notice.id,
            "create_time": time(notice.created),
            "resource_type": "encrypt-resource",
            "event_type": notice.event_type,
            "summary": "沙盒通知",
            "resource": resource,
        })
        .to_string();
        let (by, now, dice) = (self.signs_by(), self.now(), &self.0.dice);
        let stamped = keys.stamp(body.as_bytes(), by, now, dice, forgery).ok()?;
        let mut request = self
            .0
            .http
            .post(&notice.url)
            .header("Content-Type", "application/json")
            .header("User-Agent", "Mozilla/4.0");
        if forgery != Some(Forgery::Absent) {
            for (name, value) in headers(&stamped) {
                request = request.header(name, value);
            }
        }
        let sent = request.body(body).send().await;
        let status = sent.ok().map(|answer| answer.status().as_u16());
        let mut state = self.state();
        let told = &mut state.pay.told;
        if told.len() >= MOST_TOLD {
            told.remove(0);
        }
        told.push(Told {
            id: notice.id.clone(),
            event_type: notice.event_type.clone(),
            url: notice.url.clone(),
            status,
            forged: forgery.is_some(),
        });
        status
    }
}
