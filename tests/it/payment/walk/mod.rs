//! A walk through all that can happen to money, over the real wire: two processes of the executable that are
//! killed in the middle of things, two payers, three people at the console, a platform with faults, a post
//! office that loses, doubles and keeps its notifications, and a clock that jumps. What the walk itself knows to
//! have been paid is held against the books in the end, and so is the platform's bill of every day.
//! The steps of a walk follow from its seed. With `LINLI_TEST_LARGE=1` there are more and longer walks.

mod agree;
mod end;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entity::money::{PaymentState, RefundState, WaiverState};
use entity::{bill, bill_line, refund, waiver};
use linli::app::App;
use linli::base::dice::Dice;
use linli::base::fen::Fen;
use linli::payment::actions::order::Wish;
use linli::payment::link;
use linli::sandbox::{Api, Fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::days::{alone, today};
use super::house::{Answered, Houses, Visitor};
use super::letter::Office;
use super::{bill_for, link_in, open_counter, payments};
use crate::harness::app::TestApp;

/// Who takes part at the console.
const STAFF: [&str; 3] = ["沈立", "卫东", "蒋平"];
/// The platform's signatures hold so many seconds.
const HOLDS: i64 = 300;

/// A form about cash; sent again under its mark it is the same cash.
#[derive(Clone)]
struct Slip {
    mark: String,
    home: &'static str,
    fen: i64,
    /// Whether the program said that it was written down; none: it did not say.
    taken: Option<bool>,
}

/// What the walk knows by itself.
#[derive(Default)]
struct Known {
    windows: Vec<String>,
    /// By the platform's number, fen.
    paid: BTreeMap<String, i64>,
    slips: Vec<Slip>,
    /// By its reason: whether it was said to be done.
    credits: BTreeMap<String, bool>,
}

struct Walk<'a> {
    app: &'a TestApp,
    /// Signs links; does nothing by itself.
    parts: App,
    dice: Dice,
    urls: Vec<String>,
    payers: Vec<Visitor>,
    staff: Vec<(Visitor, i64)>,
    homes: Vec<(i64, &'static str)>,
    office: Arc<Office>,
    known: Mutex<Known>,
}

fn pick(dice: &Dice, most: usize) -> usize {
    usize::from(u16::from_le_bytes(dice.bytes::<2>())) % most.max(1)
}

fn fen(dice: &Dice, most: usize) -> i64 {
    1 + i64::try_from(pick(dice, most)).unwrap()
}

impl Walk<'_> {
    fn one_of<'b, T>(&self, all: &'b [T]) -> Option<&'b T> {
        all.get(pick(&self.dice, all.len()))
    }

    fn url(&self) -> &str {
        self.one_of(&self.urls).unwrap()
    }

    fn clerk(&self) -> &(Visitor, i64) {
        self.one_of(&self.staff).unwrap()
    }

    async fn bills(&self) -> Vec<bill::Model> {
        let all = bill::Entity::find().order_by_asc(bill::COLUMN.id);
        all.all(self.app.store.read()).await.unwrap()
    }

    fn wish(&self, bills: &[bill::Model]) -> Wish {
        let (home_id, _) = *self.one_of(&self.homes).unwrap();
        let own: Vec<i64> = bills
            .iter()
            .filter(|bill| bill.home_id == home_id)
            .map(|bill| bill.id)
            .collect();
        let meant = match pick(&self.dice, 4) {
            0 => Vec::new(),
            1 => own,
            _ => vec![*self.one_of(&own).unwrap()],
        };
        let amount = match pick(&self.dice, 3) {
            0 => Some(fen(&self.dice, 3_000)),
            _ if meant.is_empty() => Some(500),
            _ => None,
        };
        Wish {
            home_id,
            bills: meant,
            amount,
            donation: None,
        }
    }

    async fn order(&self) {
        let wish = self.wish(&self.bills().await);
        let path = link_in(&link::pay(&self.parts, &wish));
        let payer = self.one_of(&self.payers).unwrap();
        let Some(answered) = payer.post(self.url(), &path, &[]).await else {
            return;
        };
        assert_ne!(answered.status, 500, "{answered:?}");
        if let Some(rest) = answered.body.split("prepay_id=").nth(1) {
            let prepay = rest.split('"').next().unwrap().to_owned();
            self.known.lock().unwrap().windows.push(prepay);
        }
    }

    fn pay(&self) {
        let windows = self.known.lock().unwrap().windows.clone();
        let Some(window) = self.one_of(&windows) else {
            return;
        };
        if let Ok(id) = self.app.platform.pay(window) {
            let all = self.app.platform.pay_orders();
            let order = all
                .iter()
                .find(|order| order.transaction_id.as_ref() == Some(&id));
            let total = order.unwrap().total;
            self.known.lock().unwrap().paid.insert(id, total);
        }
    }

    /// A notification that came before, as it was or changed on the way.
    async fn replay(&self) {
        let all = self.office.letters.lock().unwrap().clone();
        let Some(letter) = self.one_of(&all) else {
            return;
        };
        let (mut other, way) = (letter.clone(), pick(&self.dice, 5));
        match way {
            0 => other = letter.tampered(),
            1 => other.path = letter.path.replace("/pay/sandbox/", "/pay/other/"),
            2 => other = letter.with("wechatpay-nonce", "x"),
            _ => {}
        }
        let age = letter.age(self.app.now().timestamp());
        let Some((status, body)) = other.try_to(self.url()).await else {
            return;
        };
        match way {
            0 | 2 => assert_eq!(status, 401, "{body}"),
            1 => assert_eq!(status, 404, "{body}"),
            // While a process starts its clock is not the test's.
            _ if age > HOLDS + 5 => assert!([401, 204].contains(&status), "{status} {body}"),
            _ => assert!([204, 401, 503].contains(&status), "{status} {body}"),
        }
    }

    /// A payer comes back from the window.
    async fn come_back(&self) {
        let all = payments(self.app).await;
        if let Some(row) = self.one_of(&all) {
            let wish = Wish {
                home_id: row.home_id,
                bills: Vec::new(),
                amount: Some(row.amount),
                donation: None,
            };
            let path = link_in(&link::pay(&self.parts, &wish));
            let url = format!("{}{path}?back={}", self.url(), row.id);
            self.one_of(&self.payers).unwrap().open(&url).await;
        }
    }

    async fn send_slip(&self, slip: &Slip) -> Option<bool> {
        let amount = Fen(slip.fen).to_string();
        let fields = [
            ("mark", slip.mark.as_str()),
            ("home", slip.home),
            ("way", "cash"),
            ("amount", &amount),
        ];
        let take = "/console/payments/take";
        let answered = self.staff[2].0.post(self.url(), take, &fields).await?;
        match answered.status {
            303 => Some(true),
            409 => Some(false),
            503 => None,
            _ => panic!("{answered:?}"),
        }
    }

    async fn cash(&self) {
        let slip = {
            let mut known = self.known.lock().unwrap();
            let count = known.slips.len();
            if pick(&self.dice, 3) == 0 && count > 0 {
                known.slips[pick(&self.dice, count)].clone()
            } else {
                let slip = Slip {
                    mark: format!("slip{count:04}"),
                    home: self.one_of(&self.homes).unwrap().1,
                    fen: fen(&self.dice, 2_000),
                    taken: None,
                };
                known.slips.push(slip.clone());
                slip
            }
        };
        let taken = self.send_slip(&slip).await;
        self.note(&slip.mark, taken);
    }

    fn note(&self, mark: &str, taken: Option<bool>) {
        let mut known = self.known.lock().unwrap();
        let slip = known.slips.iter_mut().find(|slip| slip.mark == mark);
        let slip = slip.unwrap();
        assert!(
            slip.taken != Some(true) || taken != Some(false),
            "{mark} was taken and is refused"
        );
        slip.taken = taken.or(slip.taken);
    }

    async fn ask_refund(&self) {
        let mut all = payments(self.app).await;
        all.retain(|row| row.state == PaymentState::Paid);
        let Some(row) = self.one_of(&all) else {
            return;
        };
        let amount = match pick(&self.dice, 3) {
            0 => row.amount,
            _ => fen(&self.dice, usize::try_from(row.amount).unwrap()),
        };
        let amount = Fen(amount).to_string();
        let path = format!("/console/payments/{}/refund", row.id);
        let fields = [("amount", amount.as_str()), ("reason", "多交了")];
        self.clerk().0.post(self.url(), &path, &fields).await;
    }

    /// Somebody says yes or no to what waits; nobody to what they asked for themselves.
    async fn decide(&self) {
        let db = self.app.store.read();
        let asked = refund::Entity::find()
            .filter(refund::COLUMN.state.eq(RefundState::Asked))
            .all(db);
        let waits = waiver::Entity::find()
            .filter(waiver::COLUMN.state.eq(WaiverState::Asked))
            .all(db);
        let refunds = asked.await.unwrap().into_iter();
        let waivers = waits.await.unwrap().into_iter();
        let refunds = refunds.map(|row| (format!("refunds/{}", row.id), row.asked_by));
        let waivers = waivers.map(|row| (format!("waivers/{}", row.id), Some(row.asked_by)));
        let all: Vec<(String, Option<i64>)> = refunds.chain(waivers).collect();
        let Some((what, by)) = self.one_of(&all) else {
            return;
        };
        let act = ["grant", "grant", "grant", "refuse"][pick(&self.dice, 4)];
        let path = format!("/console/payments/{what}/{act}");
        // Two at once, as it may be.
        let (one, two) = (self.clerk(), self.clerk());
        let (a, b) = futures_util::join!(
            one.0.post(self.url(), &path, &[]),
            two.0.post(self.url(), &path, &[])
        );
        let done =
            |answered: &Option<Answered>| answered.as_ref().is_some_and(|one| one.status == 303);
        assert!(!(done(&a) && done(&b)), "{what} was decided twice");
        for (answered, id) in [(&a, one.1), (&b, two.1)] {
            assert!(!done(answered) || *by != Some(id), "{what}: their own");
        }
    }

    async fn ask_waiver(&self) {
        let bills = self.bills().await;
        let bill = self.one_of(&bills).unwrap().id.to_string();
        let amount = Fen(fen(&self.dice, 80)).to_string();
        let fields = [
            ("bill", bill.as_str()),
            ("amount", &amount),
            ("reason", "低保户"),
        ];
        let path = "/console/payments/waivers";
        self.clerk().0.post(self.url(), path, &fields).await;
    }

    async fn credit(&self) {
        let lines = bill_line::Entity::find()
            .filter(bill_line::COLUMN.corrects.is_null())
            .order_by_asc(bill_line::COLUMN.id)
            .all(self.app.store.read())
            .await
            .unwrap();
        let line = self.one_of(&lines).unwrap();
        let reason = {
            let mut known = self.known.lock().unwrap();
            let reason = format!("更正第{}次", known.credits.len());
            known.credits.insert(reason.clone(), false);
            reason
        };
        let (id, amount) = (line.id.to_string(), Fen(fen(&self.dice, 120)).to_string());
        let fields = [
            ("line", id.as_str()),
            ("amount", &amount),
            ("reason", &reason),
        ];
        let path = format!("/console/bills/{}/credit", line.bill_id);
        let answered = self.staff[0].0.post(self.url(), &path, &fields).await;
        if answered.is_some_and(|one| one.status == 303) {
            self.known.lock().unwrap().credits.insert(reason, true);
        }
    }

    fn fault(&self) {
        const FAULTS: [(Api, &str); 20] = [
            (Api::Paynotice, "lost"),
            (Api::Paynotice, "repeat"),
            (Api::Paynotice, "held"),
            (Api::Paynotice, "amount"),
            (Api::Paynotice, "forged:signature"),
            (Api::Paynotice, "forged:key"),
            (Api::Paynotice, "forged:old"),
            (Api::Payorder, "dropped"),
            (Api::Payorder, "refused"),
            (Api::Payorder, "error:SYSTEM_ERROR"),
            (Api::Payquery, "gateway"),
            (Api::Payquery, "forged:signature"),
            (Api::Payclose, "dropped"),
            (Api::Payclose, "error:SYSTEM_ERROR"),
            (Api::Payrefund, "dropped"),
            (Api::Payrefund, "gateway"),
            (Api::Payrefund, "error:NOT_ENOUGH"),
            (Api::Payrefund, "forged:key"),
            (Api::Payrefundquery, "dropped"),
            (Api::Payrefundquery, "nonsense"),
        ];
        let (api, kind) = FAULTS[pick(&self.dice, FAULTS.len())];
        assert!(self.app.platform.set_fault(Fault::new(api, kind, Some(1))));
    }

    async fn step(&self) {
        match pick(&self.dice, 18) {
            0..=4 => self.order().await,
            5..=8 => self.pay(),
            9 => self.replay().await,
            10 => self.come_back().await,
            11 => self.cash().await,
            12 => self.ask_refund().await,
            13 | 14 => self.decide().await,
            15 => self.ask_waiver().await,
            16 => self.credit().await,
            _ => self.fault(),
        }
    }

    /// Slips that got no answer are sent until they do.
    async fn insist(&self) {
        let slips = self.known.lock().unwrap().slips.clone();
        for slip in slips.iter().filter(|slip| slip.taken.is_none()) {
            let taken = self.send_slip(slip).await;
            assert!(taken.is_some(), "{} was not answered", slip.mark);
            self.note(&slip.mark, taken);
        }
    }
}

/// Two instances on a post office of which each letter meets its own fate.
async fn begin(seed: u64) -> (TestApp, Arc<Office>, Arc<Mutex<Vec<String>>>) {
    let targets: Arc<Mutex<Vec<String>>> = Arc::default();
    let (to, dice) = (targets.clone(), Dice::from_seed(seed.wrapping_add(1_000)));
    let fate = move || {
        let all = to.lock().unwrap().clone();
        let one = all.get(pick(&dice, all.len())).cloned();
        match (one, pick(&dice, 8)) {
            (None, _) | (_, 0) => Vec::new(),
            (Some(one), 1) => vec![one.clone(), one],
            (_, 2) => all,
            (Some(one), _) => vec![one],
        }
    };
    let (office, url) = Office::open(Some(Box::new(fate))).await;
    let mut app = TestApp::plan()
        .set("SERVER__PUBLIC_URL", &url)
        .set("REMINDER__LEASE_SECONDS", "10")
        .start()
        .await;
    app.allow_errors();
    open_counter(&app).await;
    (app, office, targets)
}

async fn walk(seed: u64, steps: usize) {
    let (mut app, office, targets) = begin(seed).await;
    app.resident("张秀英").await;
    app.newcomer("o-daughter").await;
    for (name, month, fen) in [
        ("张秀英", 202_609, 1_000),
        ("张秀英", 202_610, 2_000),
        ("李建国", 202_610, 1_500),
        ("李建国", 202_611, 700),
    ] {
        bill_for(&app, name, month, fen).await;
    }
    let (parts, first) = (alone(&mut app).await, today(&app));
    let houses = Houses::start(&app, &app.variables, 2).await;
    let urls = houses.urls();
    targets.lock().unwrap().clone_from(&urls);
    let mut staff = Vec::new();
    for name in STAFF {
        let visitor = Visitor::staff(&app, &urls[0], name).await;
        staff.push((visitor, app.person(name).await.id));
    }
    let mut homes = Vec::new();
    for code in ["1-1-101", "1-1-102"] {
        homes.push((app.place(&format!("GY/{code}")).await.id, code));
    }
    let walk = Walk {
        app: &app,
        parts,
        dice: Dice::from_seed(seed),
        payers: vec![
            Visitor::payer(&app, &urls[0], "o-zhang").await,
            Visitor::payer(&app, &urls[1], "o-daughter").await,
        ],
        urls,
        staff,
        homes,
        office,
        known: Mutex::default(),
    };
    for _ in 0..steps {
        match pick(&walk.dice, 12) {
            0 => {
                let which = pick(&walk.dice, 2);
                let after = u64::try_from(pick(&walk.dice, 60)).unwrap();
                let killed = async {
                    tokio::time::sleep(Duration::from_millis(after)).await;
                    houses.kill9(which).await;
                };
                futures_util::join!(walk.step(), walk.step(), killed);
                houses.restart(which).await;
            }
            1 => {
                let far = pick(&walk.dice, 6) == 0;
                let near = fen(&walk.dice, 400);
                houses.advance(if far { 7_300 } else { near }).await;
                if far {
                    // Two hours without a word end a session.
                    for (visitor, _) in &walk.staff {
                        visitor.sign_in(&walk.urls[0]).await;
                    }
                }
            }
            2..=5 => {
                futures_util::join!(walk.step(), walk.step());
            }
            _ => walk.step().await,
        }
    }
    end::rest(&walk, &houses, seed).await;
    end::days_balance(&walk, &houses, first).await;
    houses.expect_no_panic().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_sequence_with_crashes_ends_with_books_that_balance() {
    walk(1, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_so_does_another() {
    walk(2, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_many_long_ones_where_there_is_time() {
    if std::env::var_os("LINLI_TEST_LARGE").is_none() {
        return;
    }
    let seed = std::env::var("LINLI_TEST_SEED").ok();
    let seed: Option<u64> = seed.and_then(|seed| seed.parse().ok());
    for seed in seed.map_or(10..18, |seed| seed..seed + 1) {
        walk(seed, 150).await;
    }
}
