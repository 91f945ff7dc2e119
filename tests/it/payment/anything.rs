//! Whatever happens in whatever order: orders, payments, notifications that are lost or repeated, queries,
//! closings, refunds, cash, waivers, faults of the platform, time that passes. At the end the books balance
//! and every fen has one place.

use entity::money::{PayWay, PaymentState, RefundState, WaiverState};
use entity::{bill, payment, refund, waiver};
use linli::access::{Actor, load_staff};
use linli::base::dice::Dice;
use linli::payment::actions::order::{Wish, order};
use linli::payment::actions::take::{NewTaken, take};
use linli::payment::actions::{refund as refunds, waive, watch};
use linli::sandbox::{Api, Fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{bill_for, open_counter, payments, sound};
use crate::harness::app::TestApp;

/// A walk through the things that can happen.
struct Walk<'a> {
    app: &'a TestApp,
    dice: Dice,
    accounts: Vec<i64>,
    staff: Vec<Actor>,
    home: i64,
    windows: Vec<String>,
}

impl Walk<'_> {
    fn pick(&self, most: usize) -> usize {
        usize::from(u16::from_le_bytes(self.dice.bytes::<2>())) % most.max(1)
    }

    async fn bills(&self) -> Vec<bill::Model> {
        let all = bill::Entity::find().order_by_asc(bill::COLUMN.id);
        all.all(self.app.store.read()).await.unwrap()
    }

    async fn order(&mut self) {
        let bills = self.bills().await;
        let mut wish = Wish {
            home_id: self.home,
            bills: vec![bills[self.pick(bills.len())].id],
            amount: None,
            donation: None,
        };
        match self.pick(3) {
            0 => wish.amount = Some(1 + i64::try_from(self.pick(3_000)).unwrap()),
            1 => {
                wish.bills.clear();
                wish.amount = Some(500);
            }
            _ => {}
        }
        let account = self.accounts[self.pick(self.accounts.len())];
        let house = &self.app.instances[self.pick(self.app.instances.len())].app;
        if let Ok(ordered) = order(house, account, None, &wish).await {
            let package = ordered.params.package;
            self.windows.push(package.replace("prepay_id=", ""));
        }
    }

    fn pay(&self) {
        if !self.windows.is_empty() {
            let window = &self.windows[self.pick(self.windows.len())];
            drop(self.app.platform.pay(window));
        }
    }

    async fn query(&self) {
        let all = payments(self.app).await;
        let wechat: Vec<&payment::Model> =
            all.iter().filter(|row| row.way == PayWay::Wechat).collect();
        if let Some(row) = wechat.get(self.pick(wechat.len())) {
            drop(watch::ask(&self.app.instances[0].app, row).await);
        }
    }

    async fn close(&self) {
        let all = payments(self.app).await;
        let open: Vec<&payment::Model> = all
            .iter()
            .filter(|row| row.state == PaymentState::Open)
            .collect();
        if let Some(row) = open.get(self.pick(open.len())) {
            drop(watch::close(&self.app.instances[0].app, row.id).await);
        }
    }

    async fn cash(&self) {
        let new = NewTaken {
            home_id: self.home,
            way: PayWay::Cash,
            amount: 1 + i64::try_from(self.pick(2_000)).unwrap(),
            bills: Vec::new(),
            donation: None,
            payer_id: None,
            proof_id: None,
            note: String::new(),
            mark: format!("mark{}", self.pick(40)),
        };
        let mut tx = self.app.store.begin(self.app.now()).await.unwrap();
        if take(&mut tx, &self.dice, &self.staff[0], new).await.is_ok() {
            tx.commit().await.unwrap();
        }
    }

    async fn ask_refund(&self) {
        let all = payments(self.app).await;
        let paid: Vec<&payment::Model> = all
            .iter()
            .filter(|row| row.state == PaymentState::Paid)
            .collect();
        if let Some(row) = paid.get(self.pick(paid.len())) {
            let amount =
                1 + i64::try_from(self.pick(usize::try_from(row.amount).unwrap())).unwrap();
            let mut tx = self.app.store.begin(self.app.now()).await.unwrap();
            let who = &self.staff[self.pick(2)];
            if refunds::ask(&mut tx, &self.dice, who, row.id, amount, "多交")
                .await
                .is_ok()
            {
                tx.commit().await.unwrap();
            }
        }
    }

    async fn decide_refund(&self) {
        let asked = refund::Entity::find()
            .filter(refund::COLUMN.state.eq(RefundState::Asked))
            .all(self.app.store.read())
            .await
            .unwrap();
        if let Some(row) = asked.get(self.pick(asked.len())) {
            let mut tx = self.app.store.begin(self.app.now()).await.unwrap();
            let (who, yes) = (&self.staff[self.pick(2)], self.pick(4) > 0);
            if refunds::decide(&mut tx, who, row.id, yes).await.is_ok() {
                tx.commit().await.unwrap();
            }
        }
    }

    async fn waiver(&self) {
        let asked = waiver::Entity::find()
            .filter(waiver::COLUMN.state.eq(WaiverState::Asked))
            .all(self.app.store.read())
            .await
            .unwrap();
        let bills = self.bills().await;
        let mut tx = self.app.store.begin(self.app.now()).await.unwrap();
        let who = &self.staff[self.pick(2)];
        let done = match asked.first() {
            Some(row) => waive::decide(&mut tx, who, row.id, true).await.is_ok(),
            None => {
                let bill = bills[self.pick(bills.len())].id;
                waive::ask(&mut tx, who, bill, 50, "低保", None)
                    .await
                    .is_ok()
            }
        };
        if done {
            tx.commit().await.unwrap();
        }
    }

    fn fault(&self) {
        let (api, kind) = [
            (Api::Paynotice, "lost"),
            (Api::Paynotice, "repeat"),
            (Api::Paynotice, "amount"),
            (Api::Paynotice, "forged:signature"),
            (Api::Payorder, "dropped"),
            (Api::Payorder, "refused"),
            (Api::Payquery, "gateway"),
            (Api::Payclose, "dropped"),
            (Api::Payrefund, "dropped"),
            (Api::Payrefund, "gateway"),
            (Api::Payrefundquery, "dropped"),
        ][self.pick(11)];
        assert!(self.app.platform.set_fault(Fault::new(api, kind, Some(1))));
    }

    async fn step(&mut self) {
        match self.pick(12) {
            0..=2 => self.order().await,
            3..=5 => self.pay(),
            6 => self.query().await,
            7 => self.close().await,
            8 => self.cash().await,
            9 => {
                self.ask_refund().await;
                self.decide_refund().await;
            }
            10 => self.waiver().await,
            _ => {
                self.fault();
                let seconds = i64::try_from(self.pick(400)).unwrap();
                self.app.clock.advance(chrono::TimeDelta::seconds(seconds));
            }
        }
    }
}

async fn walk(seed: u64, steps: usize) {
    let mut app = TestApp::with_instances(2).await;
    app.allow_errors();
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let daughter = app.newcomer("o-daughter").await;
    for (month, fen) in [(202_609, 1_000), (202_610, 2_000), (202_611, 1_500)] {
        bill_for(&app, "张秀英", month, fen).await;
    }
    let mut staff = Vec::new();
    for name in ["沈立", "卫东"] {
        let person = app.person(name).await;
        let actor = load_staff(app.store.read(), person.id, app.now()).await;
        staff.push(actor.unwrap().unwrap());
    }
    let mut walk = Walk {
        dice: Dice::from_seed(seed),
        accounts: vec![zhang.account().await.id, daughter.account().await.id],
        staff,
        home: app.place("GY/1-1-101").await.id,
        windows: Vec::new(),
        app: &app,
    };
    for _ in 0..steps {
        walk.step().await;
    }
    // Orders end after two hours, refunds after some minutes, notifications are repeated for a day.
    for minutes in [1, 5, 30, 130, 130, 1_500] {
        app.advance(minutes).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        app.drain().await;
    }
    let open =
        |row: &payment::Model| matches!(row.state, PaymentState::Created | PaymentState::Open);
    let left: Vec<_> = payments(&app).await.into_iter().filter(open).collect();
    assert!(left.is_empty(), "seed {seed}: still open: {left:#?}");
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_every_fen_has_one_place() {
    for seed in 0..3 {
        walk(seed, 60).await;
    }
}
