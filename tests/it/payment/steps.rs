//! `kill -9` at every step of an order, of its settling, of its closing and of a refund. On PostgreSQL the
//! program's own wire to the database holds back its n-th statement, and the program is killed there, for every n
//! until all is done. SQLite has no wire: there the program is killed later and later, by milliseconds.
//! Whatever the moment, what is repeated afterwards ends in the same: paid once, given back once.

use std::time::Duration;

use entity::bill;
use entity::money::{PaymentState, RefundState};
use linli::app::App;
use linli::payment::actions::order::Wish;
use linli::payment::link;

use super::days::alone;
use super::house::{Houses, Visitor, movable};
use super::{bill_for, bill_now, link_in, open_counter, payments, receipts, refunds, sound};
use crate::harness::app::TestApp;
use crate::harness::db::Backend;
use crate::harness::faults::{Wire, tapped};
use crate::harness::until;

/// How much later the next kill is on SQLite.
const LATER: Duration = Duration::from_millis(4);
/// What is done behind the last thing that somebody sees.
const REST: Duration = Duration::from_millis(150);
/// More steps than anything takes.
const MOST: i64 = 150;

/// The steps at which the program is killed. On PostgreSQL every second one, with Redis beside it the others: the
/// statements are the same. `LINLI_TEST_LARGE=1` takes all.
fn moments() -> impl Iterator<Item = i64> {
    let chosen = Backend::chosen();
    let all = !chosen.postgres || std::env::var_os("LINLI_TEST_LARGE").is_some();
    let (first, stride) = match (all, chosen.redis) {
        (true, _) => (0, 1),
        (false, redis) => (i64::from(redis), 2),
    };
    (first..MOST).step_by(stride)
}

/// A program that can be killed at a step.
struct Steps<'a> {
    app: &'a TestApp,
    parts: App,
    houses: Houses<'a>,
    wire: Option<Wire>,
    payer: Visitor,
    url: String,
    months: i32,
}

impl<'a> Steps<'a> {
    async fn begin(app: &'a TestApp, parts: App) -> Self {
        let (wire, variables) = if Backend::chosen().postgres {
            let (wire, variables) = tapped(&app.variables).await;
            (Some(wire), variables)
        } else {
            (None, app.variables.clone())
        };
        let mut variables = movable(&variables);
        // What a dead one had taken out of Redis is put back by the sweeper alone.
        for (name, value) in [("POLL_MS", "400"), ("SWEEP_SECONDS", "2")] {
            let name = format!("LINLI__REMINDER__{name}");
            variables.retain(|(known, _)| *known != name);
            variables.push((name, value.to_owned()));
        }
        let houses = Houses::start(app, &variables, 1).await;
        let url = houses.urls().remove(0);
        let payer = Visitor::payer(app, &url, "o-zhang").await;
        Self {
            app,
            parts,
            houses,
            wire,
            payer,
            url,
            months: 0,
        }
    }

    /// Does something with the program killed at its n-th step; false when it was done before.
    async fn cut(&self, n: i64, act: impl Future<Output = ()>) -> bool {
        let all = async {
            act.await;
            tokio::time::sleep(REST).await;
        };
        let killed = match &self.wire {
            Some(wire) => {
                wire.allow(n);
                tokio::select! {
                    () = wire.spent() => {}
                    () = all => wire.let_go(),
                }
                // What was held back in the last moment is held for ever.
                wire.holds()
            }
            None => {
                let wait = LATER * u32::try_from(n).unwrap();
                tokio::select! {
                    () = tokio::time::sleep(wait) => true,
                    () = all => false,
                }
            }
        };
        if killed {
            self.houses.kill9(0).await;
        }
        if let Some(wire) = &self.wire {
            if killed {
                wire.cut();
                wire.mend();
            }
            wire.allow(i64::MAX);
        }
        if killed {
            self.houses.restart(0).await;
        }
        killed
    }

    async fn bill(&mut self) -> bill::Model {
        self.months += 1;
        let month = 201_001 + (self.months / 12) * 100 + self.months % 12;
        bill_for(self.app, "张秀英", month, 1_000 + i64::from(self.months)).await
    }

    fn link(&self, bill: &bill::Model) -> String {
        let wish = Wish {
            home_id: bill.home_id,
            bills: vec![bill.id],
            amount: None,
            donation: None,
        };
        link_in(&link::pay(&self.parts, &wish))
    }

    /// Presses the button until the window opens.
    async fn window(&self, bill: &bill::Model) -> String {
        let link = self.link(bill);
        until("the window opens", 20, async || {
            let answered = self.payer.post(&self.url, &link, &[]).await?;
            let rest = answered.body.split("prepay_id=").nth(1)?;
            rest.split('"').next().map(str::to_owned)
        })
        .await
    }

    /// Until nothing is left to be done.
    async fn rest(&self) {
        for seconds in [31, 31, 60, 300] {
            self.houses.advance(seconds).await;
            self.app.drain().await;
        }
        self.houses.expect_no_panic().await;
    }
}

async fn program() -> (TestApp, App) {
    let mut app = TestApp::plan()
        .set("REMINDER__LEASE_SECONDS", "10")
        .start()
        .await;
    app.allow_errors();
    open_counter(&app).await;
    app.resident("张秀英").await;
    let parts = alone(&mut app).await;
    (app, parts)
}

async fn expect_paid(app: &TestApp, bill: &bill::Model) {
    until("the bill is paid", 30, async || {
        (bill_now(app, bill.id).await.paid == bill.amount).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_survives_a_kill_at_every_step() {
    let (app, parts) = program().await;
    let mut steps = Steps::begin(&app, parts).await;
    let mut bills = Vec::new();
    for n in moments() {
        let bill = steps.bill().await;
        let (link, url) = (steps.link(&bill), steps.url.clone());
        let killed = steps
            .cut(n, async {
                steps.payer.post(&url, &link, &[]).await;
            })
            .await;
        let window = steps.window(&bill).await;
        app.platform.pay(&window).unwrap();
        expect_paid(&app, &bill).await;
        bills.push(bill);
        if !killed {
            break;
        }
    }
    assert!(bills.len() >= 5, "only {} steps", bills.len());
    steps.rest().await;
    let paid = payments(&app).await;
    let paid = paid.iter().filter(|row| row.state == PaymentState::Paid);
    assert_eq!(paid.count(), bills.len());
    assert!(refunds(&app).await.is_empty(), "somebody paid twice");
    assert_eq!(receipts(&app).await.len(), bills.len());
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_came_survives_a_kill_at_every_step() {
    let (app, parts) = program().await;
    let mut steps = Steps::begin(&app, parts).await;
    let mut bills = Vec::new();
    for n in moments() {
        let bill = steps.bill().await;
        let window = steps.window(&bill).await;
        let killed = steps
            .cut(n, async {
                app.platform.pay(&window).unwrap();
                expect_paid(&app, &bill).await;
            })
            .await;
        // The platform comes again, or the clock asks.
        steps.houses.advance(31).await;
        expect_paid(&app, &bill).await;
        bills.push(bill);
        if !killed {
            break;
        }
    }
    assert!(bills.len() >= 8, "only {} steps", bills.len());
    steps.rest().await;
    assert_eq!(payments(&app).await.len(), bills.len());
    assert_eq!(receipts(&app).await.len(), bills.len());
    assert!(refunds(&app).await.is_empty());
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_nobody_pays_is_closed_through_a_kill_at_every_step() {
    let (app, parts) = program().await;
    let mut steps = Steps::begin(&app, parts).await;
    let mut count = 0;
    for n in moments() {
        let bill = steps.bill().await;
        let window = steps.window(&bill).await;
        let id = payments(&app).await.last().unwrap().id;
        let closed = async || {
            until("the order is closed", 30, async || {
                let all = payments(&app).await;
                let row = all.iter().find(|row| row.id == id).unwrap();
                (row.state == PaymentState::Closed).then_some(())
            })
            .await;
        };
        let killed = steps
            .cut(n, async {
                steps.houses.advance(7_206).await;
                closed().await;
            })
            .await;
        // A lease that the dead one held.
        steps.houses.advance(61).await;
        closed().await;
        app.platform.pay(&window).unwrap_err();
        count += 1;
        if !killed {
            break;
        }
    }
    assert!(count >= 3, "only {count} steps");
    steps.rest().await;
    assert!(app.platform.pay_refunds().is_empty());
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_survives_a_kill_at_every_step() {
    let (app, parts) = program().await;
    let mut steps = Steps::begin(&app, parts).await;
    let asks = Visitor::staff(&app, &steps.url, "蒋平").await;
    let grants = Visitor::staff(&app, &steps.url, "沈立").await;
    let mut count = 0;
    for n in moments() {
        let bill = steps.bill().await;
        let window = steps.window(&bill).await;
        app.platform.pay(&window).unwrap();
        expect_paid(&app, &bill).await;
        let id = payments(&app).await.last().unwrap().id;
        let path = format!("/console/payments/{id}/refund");
        let fields = [("amount", "6.50"), ("reason", "多收了")];
        let asked = asks.post(&steps.url, &path, &fields).await.unwrap();
        assert_eq!(asked.status, 303, "{}", asked.body);
        let row = refunds(&app).await.pop().unwrap();
        let grant = format!("/console/payments/refunds/{}/grant", row.id);
        let is_in = async |states: &[RefundState]| {
            let all = refunds(&app).await;
            let now = all.iter().find(|one| one.id == row.id).unwrap();
            states.contains(&now.state).then_some(())
        };
        let killed = steps
            .cut(n, async {
                grants.post(&steps.url, &grant, &[]).await;
                let gone = [RefundState::Sent, RefundState::Done];
                until("it is sent", 30, async || is_in(&gone).await).await;
            })
            .await;
        // Whoever saw no answer presses again: granted once.
        let again = grants.post(&steps.url, &grant, &[]).await.unwrap();
        assert!([303, 409].contains(&again.status), "{}", again.body);
        until("it is done", 30, async || {
            steps.houses.advance(31).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            is_in(&[RefundState::Done]).await
        })
        .await;
        assert_eq!(bill_now(&app, bill.id).await.paid, bill.amount - 650);
        count += 1;
        if !killed {
            break;
        }
    }
    assert!(count >= 8, "only {count} steps");
    steps.rest().await;
    let theirs = app.platform.pay_refunds();
    assert_eq!(theirs.len(), count, "given back twice or not at all");
    assert!(theirs.iter().all(|one| one.refund == 650));
    sound(&app).await;
}
