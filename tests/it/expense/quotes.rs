//! Quotes and tenders: how many, whose, for how much; above an amount nothing is filed without the street's
//! tender.

use chrono::TimeDelta;
use entity::money::ExpenseState;
use entity::{expense, expense_quote};
use linli::expense::actions::{draft, publish, review};
use linli::expense::queries;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};

use super::{
    OFFICER, PROPOSER, REVIEWERS, act, act_with, actor, cast, fields, in_state, led_to, now, said,
};
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
        super::quote(desk, id, supplier, amount).await.status
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
    let quotes = queries::quotes(app.store.read(), id).await.unwrap();
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

#[tokio::test]
async fn a_quote_without_what_the_supplier_wrote_is_not_taken() {
    let app = TestApp::start().await;
    cast(&app).await;
    let mut desk = Desk::of(&app, PROPOSER).await;
    let new = "/console/expenses/new";
    let id = led_to(&desk.send(new, new, &fields("1000.00")).await);
    let form = [("supplier", "顺安电梯公司"), ("quote", "1000")];
    act(&mut desk, id, "quote", &form)
        .await
        .is(422)
        .says("请附上顺安电梯公司的报价单")
        .says("id=\"quote-file-wrong\"");
    for (what, bytes) in [
        ("a page", b"<html>%PDF-1.7".to_vec()),
        ("nothing", Vec::new()),
    ] {
        let refused = act_with(&mut desk, id, "quote", &form, ("file", bytes)).await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.body);
        refused.says("文件（PDF）").says("id=\"quote-file-wrong\"");
    }
    let quotes = queries::quotes(app.store.read(), id).await.unwrap();
    assert!(quotes.is_empty(), "{quotes:?}");

    super::quote(&mut desk, id, "顺安电梯公司", "1000")
        .await
        .is(303);
    let quotes = queries::quotes(app.store.read(), id).await.unwrap();
    let file = quotes[0].attachment_id.unwrap();
    let file = format!("/console/expenses/{id}/files/{file}");
    let opened = desk.open(&file).await;
    assert_eq!(opened.is(200).headers["content-type"], "application/pdf");
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open(&file).await.is(404);
    act(&mut desk, id, "submit", &[]).await.is(303);
}

/// A quote as they were before each had to have its file.
async fn bare(app: &TestApp, id: i64, supplier: &str) {
    let row = expense_quote::ActiveModel {
        id: NotSet,
        expense_id: Set(id),
        compound_id: Set(app.place("GY").await.id),
        supplier: Set(supplier.to_owned()),
        amount: Set(100_000),
        note: Set(None),
        attachment_id: Set(None),
        created_by: Set(app.person(PROPOSER).await.id),
        created_at: Set(app.now()),
    };
    row.insert(app.store.write()).await.unwrap();
}

#[tokio::test]
async fn quotes_of_before_hold_up_a_draft_and_nothing_that_was_handed_in() {
    let app = TestApp::start().await;
    cast(&app).await;
    let mut desk = Desk::of(&app, PROPOSER).await;
    let id = in_state(&app, ExpenseState::Draft).await;
    for supplier in ["顺安电梯公司", "恒升电梯公司"] {
        bare(&app, id, supplier).await;
    }
    super::quote(&mut desk, id, "城南机电公司", "1100")
        .await
        .is(303);
    act(&mut desk, id, "submit", &[])
        .await
        .is(422)
        .says("顺安电梯公司、恒升电梯公司的报价没有附报价单");
    for old in queries::quotes(app.store.read(), id).await.unwrap() {
        if old.attachment_id.is_none() {
            let of = old.id.to_string();
            act(&mut desk, id, "unquote", &[("of", &of)]).await.is(303);
            super::quote(&mut desk, id, &old.supplier, "1000")
                .await
                .is(303);
        }
    }
    act(&mut desk, id, "submit", &[]).await.is(303);

    let id = in_state(&app, ExpenseState::Draft).await;
    bare(&app, id, "顺安电梯公司").await;
    let handed_in = expense::ActiveModel {
        state: Set(ExpenseState::Reviewing),
        ..Default::default()
    };
    expense::Entity::update_many()
        .set(handed_in)
        .filter(expense::COLUMN.id.eq(id))
        .exec(app.store.write())
        .await
        .unwrap();
    let mut tx = app.store.begin(app.now()).await.unwrap();
    for name in REVIEWERS {
        let reviewer = actor(&app, name).await;
        let said = review::approve(&mut tx, &reviewer, id, None, "").await;
        said.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(now(&app, id).await.state, ExpenseState::Publishing);
}
