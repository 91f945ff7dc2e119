//! What is wrong stands beside its field, nothing is taken that is not there, and the database keeps two people.

use chrono::Days;
use entity::kinds::RoleKind;
use entity::money::VoucherState;
use entity::role;
use linli::ledger::Account;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{
    CASH_BANK, PAGE, PUBLIC_CASH, SECOND, booked, both, decide, enter, enter_with, entries, held,
    state, today, vouchers,
};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test]
async fn what_cannot_be_is_said_beside_its_field() {
    let app = TestApp::start().await;
    let (mut first, _) = both(&app).await;
    let tomorrow = today(&app) + Days::new(1);
    let tomorrow = tomorrow.to_string();
    let long = "长".repeat(101);
    for (field, value, words) in [
        ("what", "", "请选记的是什么"),
        ("what", "assets:cash-assets:wechat", "请选记的是什么"),
        ("what", "expenses:other-assets:bank", "请选记的是什么"),
        ("amount", "0", "大于0"),
        ("amount", "-5", "两位小数"),
        ("amount", "1.234", "两位小数"),
        ("amount", "99999999999", "两位小数"),
        ("day", tomorrow.as_str(), "以后的日子"),
        ("day", "1999-01-01", "年份"),
        ("day", "昨天", "日期写成"),
        ("words", " ", "请写是什么钱"),
        ("words", "租户13800000000交的", "长号码"),
        ("words", long.as_str(), "太长"),
        ("mark", "x", "刷新"),
    ] {
        let page = enter_with(&mut first, &[(field, value)]).await;
        page.is(422).says(words);
    }
    // Without a slip; what was typed is still there.
    let page = first.open(PAGE).await;
    let (mark, day) = (page.hidden("mark"), today(&app).to_string());
    let fields = [
        ("mark", mark.as_str()),
        ("compound", "GY"),
        ("what", PUBLIC_CASH),
        ("amount", "12.34"),
        ("day", &day),
        ("words", "场地费"),
    ];
    first
        .send(PAGE, PAGE, &fields)
        .await
        .is(422)
        .says("请附上回单")
        .says("场地费");
    assert!(vouchers(&app).await.is_empty());
}

#[tokio::test]
async fn nothing_is_taken_that_is_not_there_on_that_day_and_ever_since() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    let take = [("what", CASH_BANK), ("amount", "50")];
    enter_with(&mut first, &take)
        .await
        .is(422)
        .says("账上现金现在是0.00元");
    booked(&mut first, &mut second, PUBLIC_CASH, "60").await;
    // Nobody has carried yesterday what came today.
    let yesterday = (today(&app) - Days::new(1)).to_string();
    let before = [take[0], take[1], ("day", yesterday.as_str())];
    enter_with(&mut first, &before)
        .await
        .is(422)
        .says("账上现金现在是0.00元");
    // Both are entered while there is enough for each; the second is refused when it is agreed to.
    let one = enter(&mut first, CASH_BANK, "50").await;
    let other = enter(&mut first, CASH_BANK, "50").await;
    decide(&mut second, one, "grant").await.is(303);
    decide(&mut second, other, "grant")
        .await
        .is(422)
        .says("账上现金现在是10.00元");
    assert_eq!(state(&app, other).await, VoucherState::Asked);
    assert_eq!(held(&app, Account::Cash).await, 1_000);
    assert_eq!(held(&app, Account::Bank).await, 5_000);
}

#[tokio::test]
async fn without_a_second_person_nothing_is_entered() {
    let app = TestApp::start().await;
    let (_, mut second) = both(&app).await;
    let ended = role::ActiveModel {
        to_at: Set(Some(app.now())),
        ..Default::default()
    };
    role::Entity::update_many()
        .set(ended)
        .filter(role::COLUMN.role.eq(RoleKind::CommitteeChair))
        .exec(app.store.write())
        .await
        .unwrap();
    enter_with(&mut second, &[])
        .await
        .is(409)
        .says("没有第二个管账的人");
    assert!(vouchers(&app).await.is_empty());
}

#[tokio::test]
async fn what_was_decided_stays_so() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    let id = booked(&mut first, &mut second, PUBLIC_CASH, "60").await;
    for act in ["grant", "refuse"] {
        decide(&mut chair, id, act).await.is(409);
    }
    let odd = format!("{PAGE}/{id}");
    chair.send(&odd, &format!("{odd}/burn"), &[]).await.is(404);
    chair.open(&format!("{PAGE}/999999")).await.is(404);
    chair.open(&format!("{PAGE}/x")).await.is(404);
    assert_eq!(entries(&app).await.len(), 1);
    // A manager's own is not theirs to agree to, nor is it by the database's client.
    let own = enter(&mut second, PUBLIC_CASH, "5").await;
    decide(&mut second, own, "grant")
        .await
        .is(403)
        .says("要由另一个人确认");
    let by = app.person(SECOND).await.id;
    for sql in [
        format!("UPDATE voucher SET state = 'granted', decided_by = {by} WHERE id = {own}"),
        format!("UPDATE voucher SET state = 'granted' WHERE id = {own}"),
        format!("UPDATE voucher SET amount = amount + 1 WHERE id = {own}"),
        format!("UPDATE voucher SET state = 'asked' WHERE id = {id}"),
        format!("UPDATE voucher SET asked_by = 5 WHERE id = {own}"),
        format!("DELETE FROM voucher WHERE id = {own}"),
        "INSERT INTO voucher (compound_id, kind, amount, day, words, entry_id, state, mark, asked_by, created_at) \
         SELECT compound_id, 'reversal', 1, day, 'x', 1, 'granted', 'y', 1, created_at FROM voucher"
            .to_owned(),
    ] {
        let refused = app.store.write().execute_unprepared(&sql).await;
        assert!(refused.is_err(), "{sql}");
    }
    assert_eq!(state(&app, own).await, VoucherState::Asked);
}
