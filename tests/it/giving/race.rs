//! Two uses for the last yuan on two instances, a use against a refund, and many random donations and uses.

use chrono::NaiveDate;
use entity::kinds::DonationKind;
use entity::money::{PayWay, RefundState};
use linli::access::Actor;
use linli::base::dice::Dice;
use linli::giving::actions::{NewCounter, NewUse, counter, spend as use_up};
use linli::ledger::Account;
use linli::payment::actions::take::{NewTaken, take};

use super::{MANAGER, cash, gift, gifts, open_drive, sound, spend_from, uses};
use crate::console::Desk;
use crate::expense::{actor, spent};
use crate::harness::app::TestApp;
use crate::payment::{payments, refunds};

fn today() -> NaiveDate {
    "2026-11-30".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_uses_for_the_last_yuan_on_two_instances_are_one() {
    let app = TestApp::with_instances(2).await;
    let mut one = Desk::of(&app, MANAGER).await;
    let drive = open_drive(&mut one, "给独居老人添冬衣", "").await;
    let key = drive.to_string();
    let id = cash(&mut one, &key, "1").await;
    let mut two = Desk::at(&app, 1);
    two.sign_in("shen", crate::console::PASSWORD).await.is(303);
    let first = spent(&app, "GY", Account::ExpenseOther, 100, today()).await;
    let second = spent(&app, "GY", Account::ExpenseOther, 100, today()).await;
    // Both have the form before them: whoever came later would find none.
    let path = format!("/console/giving/{key}");
    let (form, other) = (one.open(&path).await, two.open(&path).await);
    let (a, b) = futures_util::future::join(
        spend_from(&mut one, &form, &key, "1", first),
        spend_from(&mut two, &other, &key, "1", second),
    )
    .await;
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{} {}", a.body, b.body);
    assert_eq!(
        (gift(&app, id).await.used, uses(&app).await.len()),
        (100, 1)
    );
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_use_and_a_refund_of_the_same_yuan_are_not_both() {
    let app = TestApp::with_instances(2).await;
    let mut one = Desk::of(&app, MANAGER).await;
    let id = cash(&mut one, "", "1").await;
    let page = format!("/console/payments/{}", payments(&app).await[0].id);
    let ask = [("amount", "1"), ("reason", "记错了")];
    one.send(&page, &format!("{page}/refund"), &ask)
        .await
        .is(303);
    let refund = refunds(&app).await[0].id;
    let grant = format!("/console/payments/refunds/{refund}/grant");
    let mut chair = Desk::of(&app, "卫东").await;
    let expense = spent(&app, "GY", Account::ExpenseOther, 100, today()).await;
    let form = one.open("/console/giving/free").await;
    let (a, b) = futures_util::future::join(
        spend_from(&mut one, &form, "free", "1", expense),
        chair.send("/console/payments/waiting", &grant, &[]),
    )
    .await;
    let row = gift(&app, id).await;
    assert_eq!(row.used + row.returned, 100, "{} {}", a.body, b.body);
    assert_eq!(a.status == 303, row.used == 100, "{}", a.body);
    let back = refunds(&app).await[0].state == RefundState::Granted;
    assert_eq!(back, row.returned == 100, "{}", b.body);
    sound(&app).await;
}

/// The counter takes an amount in, in one transaction.
async fn given(app: &TestApp, by: &Actor, dice: &Dice, amount: i64, number: usize) {
    let gy = app.place("GY").await;
    let mark = format!("given{number:04}");
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let gift = NewCounter {
        drive_id: None,
        amount,
        donor_id: None,
        donor_name: String::new(),
        anonymous: false,
        mark: mark.clone(),
    };
    let row = counter(&mut tx, by, &gy, gift).await.unwrap();
    let money = NewTaken {
        home_id: gy.id,
        way: PayWay::Cash,
        amount,
        bills: Vec::new(),
        donation: Some(row.id),
        payer_id: None,
        proof_id: None,
        note: String::new(),
        mark,
    };
    take(&mut tx, dice, by, money).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_random_donations_and_uses_leave_exact_sums() {
    let app = TestApp::plan().instances(0).start().await;
    let by = actor(&app, MANAGER).await;
    let dice = Dice::from_seed(7);
    let gy = app.place("GY").await;
    let random = |most: i64| {
        let number = u64::from_le_bytes(dice.bytes::<8>()) % most.unsigned_abs();
        i64::try_from(number).unwrap() + 1
    };
    let (mut all, mut used) = (0, 0);
    for number in 0..40 {
        if number % 3 < 2 {
            let amount = random(90_000);
            given(&app, &by, &dice, amount, number).await;
            all += amount;
            continue;
        }
        let amount = random(150_000);
        let expense = spent(&app, "GY", Account::ExpenseOther, amount, today()).await;
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let new = NewUse {
            drive_id: None,
            kind: DonationKind::Money,
            what: "买棉被".to_owned(),
            day: "2020-01-02".parse().unwrap(),
            amount,
            expense_id: Some(expense),
            donation_id: None,
            proof_id: None,
            mark: format!("uses{number:04}"),
        };
        let done = use_up(&mut tx, &by, &gy, new).await;
        assert_eq!(
            done.is_ok(),
            amount <= all - used,
            "{amount} of {}",
            all - used
        );
        if done.is_ok() {
            tx.commit().await.unwrap();
            used += amount;
        }
        sound(&app).await;
    }
    let rows = gifts(&app).await;
    assert_eq!(rows.iter().map(|row| row.used).sum::<i64>(), used);
    // What came first was used first: nothing behind one that is not used up.
    let begun = rows.iter().skip_while(|row| row.used == row.amount);
    assert!(begun.skip(1).all(|row| row.used == 0), "{rows:?}");
    assert!(used > 0 && uses(&app).await.len() > 3);
}
