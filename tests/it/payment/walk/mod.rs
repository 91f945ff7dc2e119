//! A walk through all that can happen to money, over the real wire: two processes of the executable that are
//! killed in the middle of things, two payers, three people at the console, a platform with faults, a post
//! office that loses, doubles and keeps its notifications, and a clock that jumps. What the walk itself knows to
//! have been paid is held against the books in the end, and so is the platform's bill of every day.
//! The steps of a walk follow from its seed. With `LINLI_TEST_LARGE=1` there are more and longer walks.

mod agree;
mod counter;
mod end;
mod payers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entity::bill;
use linli::app::App;
use linli::base::dice::Dice;
use linli::sandbox::{Api, Fault};
use sea_orm::{EntityTrait, QueryOrder};

use super::days::{alone, today};
use super::house::{Houses, Visitor};
use super::letter::Office;
use super::{bill_for, open_counter};
use crate::harness::app::TestApp;

/// Who takes part at the console.
const STAFF: [&str; 3] = ["沈立", "卫东", "蒋平"];

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
        match pick(&self.dice, 19) {
            0..=4 => self.order().await,
            5..=8 => self.pay(),
            9 => self.replay().await,
            10 => self.come_back().await,
            11 => self.cash().await,
            12 => self.ask_refund().await,
            13 | 14 => self.decide().await,
            15 => self.ask_waiver().await,
            16 => self.credit().await,
            17 => self.pay_out().await,
            _ => self.fault(),
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
