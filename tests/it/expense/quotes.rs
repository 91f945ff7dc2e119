//! Quotes and tenders: how many, whose, for how much; above an amount nothing is filed without the street's
//! tender.

use chrono::TimeDelta;
use entity::money::ExpenseState;
use linli::expense::actions::{draft, publish, review};

use super::{OFFICER, PROPOSER, REVIEWERS, act, actor, cast, fields, led_to, now, said};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test]
async fn a_payee_among_enough_quotes_and_not_above_its_own() {
    let app = TestApp::start().await;
    cast(&app).await;
    let mut desk = Desk::of(&app, PROPOSER).await;
    let new = "/console/expenses/new";
    let id = led_to(&desk.send(new, new, &fields("5000.00")).await);
    let quote = async |desk: &mut Desk<'_>, supplier: &str, amount: &str| {
        let form = [("supplier", supplier), ("quote", amount)];
        act(desk, id, "quote", &form).await.status
    };
    assert_eq!(quote(&mut desk, "甲", "5100").await, 303);
    assert_eq!(quote(&mut desk, "甲", "5200").await, 303);
    assert_eq!(quote(&mut desk, "乙", "5300").await, 303);
    assert_eq!(quote(&mut desk, "", "5300").await, 422);
    assert_eq!(quote(&mut desk, "丁", "0").await, 422);
    act(&mut desk, id, "submit", &[])
        .await
        .is(422)
        .says("现在有2家");
    assert_eq!(quote(&mut desk, "丙", "4800").await, 303);
    act(&mut desk, id, "submit", &[])
        .await
        .is(422)
        .says("供应商之一")
        .says("payee-wrong");
    assert_eq!(quote(&mut desk, "顺安电梯公司", "4999.99").await, 303);
    act(&mut desk, id, "submit", &[])
        .await
        .is(422)
        .says("不能超过收款方的报价")
        .says("amount-wrong");
    act(&mut desk, id, "change", &fields("4999.99")[1..])
        .await
        .is(303);
    // Below the amount from which on quotes are needed the payee's quote binds all the same.
    act(&mut desk, id, "submit", &[])
        .await
        .is(422)
        .says("不是最低的报价")
        .says("choice-wrong");
    let mut chosen = fields("4999.99");
    chosen.retain(|(name, _)| *name != "choice");
    chosen.push(("choice", "原厂件，质保三年"));
    act(&mut desk, id, "change", &chosen[1..]).await.is(303);
    act(&mut desk, id, "unquote", &[("of", "999")])
        .await
        .is(404);
    let quotes = linli::expense::queries::quotes(app.store.read(), id)
        .await
        .unwrap();
    let first = quotes[0].id.to_string();
    act(&mut desk, id, "unquote", &[("of", &first)])
        .await
        .is(303);
    act(&mut desk, id, "submit", &[]).await.is(303);
    // From then on they are fixed.
    assert_eq!(quote(&mut desk, "戊", "1").await, 409);
    act(&mut desk, id, "unquote", &[("of", &first)])
        .await
        .is(409);
}

#[tokio::test]
async fn above_the_amount_nothing_is_filed_without_the_streets_tender() {
    let app = TestApp::start().await;
    cast(&app).await;
    let proposer = actor(&app, PROPOSER).await;
    let gy = app.place("GY").await.id;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let id = draft::propose(&mut tx, &proposer, gy, &said(5_000_000))
        .await
        .unwrap()
        .id;
    draft::submit(&mut tx, &proposer, id, None).await.unwrap();
    for name in REVIEWERS {
        let reviewer = actor(&app, name).await;
        review::approve(&mut tx, &reviewer, id, None, "")
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = app
        .store
        .begin(app.now() + TimeDelta::days(8))
        .await
        .unwrap();
    publish::end_before(&mut tx, id, 1).await.unwrap();
    tx.commit().await.unwrap();

    let officer = app.staff(OFFICER).await;
    let refused = officer.says(&format!("同意支出 {id}")).await;
    assert!(refused.contains("请先登记招标结果"), "{refused}");
    let mut street = Desk::of(&app, OFFICER).await;
    act(&mut street, id, "file", &[]).await.is(409).says("招标");
    let result = |winner, amount| {
        [
            ("reference", "ZB-2026-07"),
            ("winner", winner),
            ("tender", amount),
        ]
    };
    let mut manager = Desk::of(&app, PROPOSER).await;
    let good = result("顺安电梯公司", "50000.00");
    act(&mut manager, id, "tender", &good).await.is(403);
    act(&mut street, id, "tender", &result("别家", "50000"))
        .await
        .is(422)
        .says("tender-winner-wrong");
    act(
        &mut street,
        id,
        "tender",
        &result("顺安电梯公司", "49999.99"),
    )
    .await
    .is(422)
    .says("超过了中标金额");
    act(&mut street, id, "tender", &result("顺安电梯公司", "0"))
        .await
        .is(422);
    act(&mut street, id, "tender", &good).await.is(303);
    street
        .open(&format!("/console/expenses/{id}"))
        .await
        .says("ZB-2026-07");
    act(&mut street, id, "file", &[]).await.is(303);
    assert_eq!(now(&app, id).await.state, ExpenseState::Payable);
}
