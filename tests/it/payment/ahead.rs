//! Paying ahead (预存) from the chat, over the API and at the console: where it is offered, what it pays, who sees it.

use entity::money::{BillState, PayWay, PaymentState};
use entity::{advance, bill, bill_line};
use linli::access::{Actor, load_staff};
use linli::base::dice::Dice;
use linli::fee::actions::credit::credit;
use linli::fee::bill::left;
use linli::payment::actions::take::{NewTaken, take};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::paying::api_bound;
use super::{
    bill_for, bill_now, browser_of, expect_state, link_in, open_counter, order_by, payments, sound,
};
use crate::console::Desk;
use crate::harness::app::TestApp;

async fn kept(app: &TestApp) -> Vec<advance::Model> {
    let rows = advance::Entity::find()
        .filter(advance::COLUMN.balance.gt(0))
        .order_by_asc(advance::COLUMN.payer_id)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

#[tokio::test]
async fn paying_ahead_is_offered_by_a_digit_and_seen_everywhere() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let reply = zhang.says("账单").await;
    assert!(
        reply.contains("没有要交的费用") && reply.contains("1 预存"),
        "{reply}"
    );
    let reply = zhang.says("1").await;
    assert!(reply.contains("给 1-1-101 预存多少"), "{reply}");
    for wrong in ["0元", "1.234元"] {
        let reply = zhang.says(wrong).await;
        assert!(reply.contains("预存多少"), "{wrong}: {reply}");
    }
    let reply = zhang.says("1").await;
    assert!(reply.contains("200.00 元"), "{reply}");
    let (prepay, id) = order_by(&app, &mut browser, &link_in(&reply)).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    zhang.expects_push("转为预存").await;
    let all = kept(&app).await;
    let owner = app.person("张秀英").await.id;
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].payer_id, all[0].balance), (owner, 20_000));

    // The chat, the API and the console say what is there; a neighbour's do not.
    let reply = zhang.says("账单").await;
    assert!(reply.contains("预存还有：1-1-101 200.00 元"), "{reply}");
    let li = app.resident("李建国").await;
    assert!(!li.says("账单").await.contains("预存还有"));
    let api = api_bound(&app, "m-zhang", "张秀英").await;
    let home = app.place("GY/1-1-101").await.id.to_string();
    let seen = api.get("/advances").await;
    let wanted = json!([{ "home_id": home, "home": "1-1-101", "amount": 20_000 }]);
    assert_eq!(seen.json, wanted);
    let other = api_bound(&app, "m-li", "李建国").await;
    assert_eq!(other.get("/advances").await.json, json!([]));
    let mut desk = Desk::of(&app, "沈立").await;
    desk.open("/console/bills?compound=GY&home=1-1-101")
        .await
        .is(200)
        .says("预存：张秀英")
        .says("200.00元");

    // By words, and what is open is paid first.
    let bill = bill_for(&app, "张秀英", 202_611, 5_000).await;
    let reply = zhang.says("账单").await;
    assert!(reply.contains("回复 3 预存"), "{reply}");
    let reply = zhang.says("预存 60元").await;
    assert!(reply.contains("60.00 元"), "{reply}");
    let (prepay, id) = order_by(&app, &mut browser, &link_in(&reply)).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    assert_eq!(kept(&app).await[0].balance, 21_000);
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn the_api_takes_an_amount_for_ones_own_home() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 5_000).await;
    let api = api_bound(&app, "m-zhang", "张秀英").await;
    let home = app.place("GY/1-1-101").await.id.to_string();
    let other = app.place("GY/1-1-102").await.id.to_string();
    for (body, status) in [
        (json!({ "home": other, "amount": 100 }), 404),
        (json!({ "home": "x", "amount": 100 }), 404),
        (json!({ "home": home }), 422),
        (json!({ "home": home, "amount": 0 }), 422),
        (json!({ "home": home, "amount": -1 }), 422),
        (
            json!({ "home": home, "amount": 100, "bills": [bill.id.to_string()] }),
            422,
        ),
        (json!({ "amount": 100 }), 422),
    ] {
        let answer = api.post("/payments", &body).await;
        assert_eq!(answer.status, status, "{body} {answer:?}");
    }
    assert!(payments(&app).await.is_empty());
    let body = json!({ "home": home, "amount": 7_000 });
    let made = api.post("/payments", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json["payment"]["bills"], json!([]));
    let package = made.json["window"]["package"].as_str().unwrap();
    app.platform
        .pay(&package.replace("prepay_id=", ""))
        .unwrap();
    let id = made.json["payment"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    let seen = api.get("/advances").await;
    assert_eq!(seen.json[0]["amount"], 2_000, "{seen:?}");
    app.drain().await;
    sound(&app).await;
}

/// Two owners of one home, one after the other: bills, payments and credits in any order. What either has paid pays
/// nobody else's bill, and nothing is kept for anybody who owes something for the home when the last credit is made.
#[tokio::test]
async fn whatever_is_credited_and_paid_each_ones_money_stays_theirs() {
    for seed in 0..4 {
        let app = TestApp::plan().instances(0).start().await;
        let dice = Dice::from_seed(seed);
        let pick = |most: usize| usize::from(u16::from_le_bytes(dice.bytes::<2>())) % most;
        let buyer = app.person("李建国").await.id;
        let mut bills = Vec::new();
        for n in 0..8 {
            let bill = bill_for(&app, "张秀英", 202_601 + n, 1_000 + i64::from(n) * 37).await;
            if n % 2 == 1 {
                let change = bill::ActiveModel {
                    id: Set(bill.id),
                    payer_id: Set(buyer),
                    ..Default::default()
                };
                change.update(app.store.write()).await.unwrap();
            }
            bills.push(bill.id);
        }
        let staff = app.person("沈立").await.id;
        let staff = load_staff(app.store.read(), staff, app.now()).await;
        let staff = staff.unwrap().unwrap();
        for step in 0..30 {
            let bill = bill_now(&app, bills[pick(bills.len())]).await;
            let line = bill_line::Entity::find()
                .filter(bill_line::COLUMN.bill_id.eq(bill.id))
                .filter(bill_line::COLUMN.corrects.is_null())
                .one(app.store.read())
                .await;
            let line = line.unwrap().unwrap();
            let mut tx = app.store.begin(app.now()).await.unwrap();
            let done = if pick(2) == 0 {
                let new = NewTaken {
                    home_id: bill.home_id,
                    way: PayWay::Cash,
                    amount: 1 + i64::try_from(pick(1_500)).unwrap(),
                    bills: vec![bill.id],
                    donation: None,
                    payer_id: None,
                    proof_id: None,
                    note: String::new(),
                    mark: format!("mark{step:04}"),
                };
                take(&mut tx, &dice, &staff, new).await.is_ok()
            } else {
                let fen = 1 + i64::try_from(pick(300)).unwrap();
                let actor = Actor::operator();
                credit(&mut tx, &actor, line.id, fen, "面积有误")
                    .await
                    .is_ok()
            };
            match done {
                true => tx.commit().await.unwrap(),
                false => tx.rollback().await.unwrap(),
            }
            // Money that came for bills, or was freed by a credit, waits for nothing that its owner owes.
            for row in kept(&app).await {
                for id in &bills {
                    let bill = bill_now(&app, *id).await;
                    let owes = bill.payer_id == row.payer_id && left(&bill) > 0;
                    assert!(!owes, "seed {seed}, step {step}: {row:?} beside {bill:?}");
                }
            }
        }
        sound(&app).await;
    }
}
