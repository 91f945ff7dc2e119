//! The receiving account of a compound, chosen at the console: who may, what is refused, what is on record,
//! what open orders mean; two who choose at once.

use entity::fee_policy;
use entity::kinds::RoleKind;
use sea_orm::EntityTrait;

use super::{Desk, on_record};
use crate::harness::app::TestApp;
use crate::payment::{MERCHANT, bill_for, browser_of, link_in, order_by};
use crate::powers::desk_with;

const PAGE: &str = "/console/merchant";

async fn account_of(app: &TestApp, code: &str) -> Option<String> {
    let id = app.place(code).await.id;
    let row = fee_policy::Entity::find_by_id(id)
        .one(app.store.read())
        .await;
    row.unwrap().and_then(|row| row.merchant)
}

fn fields<'a>(merchant: &'a str, version: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("compound", "GY"),
        ("merchant", merchant),
        ("version", version),
    ]
}

#[tokio::test]
async fn the_account_is_chosen_on_record_and_refused_where_it_cannot_be() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open(PAGE).await;
    page.is(200).says("还没有收款账户").says(MERCHANT);
    let version = page.hidden("version");
    for (merchant, words) in [("", "请选一个收款账户"), ("nobody", "没有配置这个收款账户")]
    {
        let page = desk.send(PAGE, PAGE, &fields(merchant, &version)).await;
        page.is(422).says("id=\"merchant-wrong\"").says(words);
    }
    desk.send(PAGE, PAGE, &fields(MERCHANT, "x"))
        .await
        .is(409)
        .says("刷新");
    assert_eq!(account_of(&app, "GY").await, None);
    desk.send(PAGE, PAGE, &fields(MERCHANT, &version))
        .await
        .is(303);
    assert_eq!(account_of(&app, "GY").await.as_deref(), Some(MERCHANT));
    let subject = format!("place:{}", app.place("GY").await.id);
    assert_eq!(on_record(&app, "fee.account", &subject).await, 1);
    // Whoever had the page open from before is told, and changes nothing.
    let mut chair = Desk::of(&app, "卫东").await;
    chair
        .send(PAGE, PAGE, &fields("-", &version))
        .await
        .is(409)
        .says("刚刚有人改过");
    assert_eq!(account_of(&app, "GY").await.as_deref(), Some(MERCHANT));
    // Each compound has its own.
    let mut next_door = desk_with(&app, RoleKind::PropertyManager, "LY").await;
    let page = next_door.open(PAGE).await;
    page.is(200).says("另有 1 个账户已是别的小区的");
    assert!(!page.body.contains(MERCHANT), "nor which it is");
    let other = [("compound", "LY"), ("merchant", MERCHANT), ("version", "0")];
    next_door
        .send(PAGE, PAGE, &other)
        .await
        .is(422)
        .says("已经是另一个小区的");
    assert_eq!(account_of(&app, "LY").await, None);
    next_door.send(PAGE, PAGE, &fields("-", "1")).await.is(404);
    // Who may only look gets no form, and nothing by sending one; who may not look nothing at all.
    for (role, seen, sent) in [
        (RoleKind::Supervisor, 200, 403),
        (RoleKind::Administrator, 200, 403),
        (RoleKind::StreetOfficer, 200, 403),
        (RoleKind::PropertyStaff, 403, 403),
        (RoleKind::Steward, 403, 403),
    ] {
        let mut desk = desk_with(&app, role, "GY").await;
        let page = desk.open(PAGE).await;
        page.is(seen);
        assert!(!page.body.contains("name=\"merchant\""), "{role:?}");
        desk.send("/console/account", PAGE, &fields("-", "1"))
            .await
            .is(sent);
    }
    assert_eq!(account_of(&app, "GY").await.as_deref(), Some(MERCHANT));
}

#[tokio::test]
async fn open_orders_are_told_of_before_the_account_is_changed() {
    let app = TestApp::start().await;
    crate::payment::open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    order_by(&app, &mut browser, &link).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open(PAGE).await;
    page.is(200).says("还有 1 笔没付完的订单");
    let version = page.hidden("version");
    let page = desk.send(PAGE, PAGE, &fields("-", &version)).await;
    page.is(422)
        .says("id=\"sure-wrong\"")
        .says("付到原来的账户");
    assert!(
        page.body.contains("<option value=\"-\" selected>"),
        "the choice is lost: {}",
        page.body
    );
    assert_eq!(account_of(&app, "GY").await.as_deref(), Some(MERCHANT));
    let mut sure = fields("-", &version).to_vec();
    sure.push(("sure", "yes"));
    desk.send(PAGE, PAGE, &sure).await.is(303);
    assert_eq!(account_of(&app, "GY").await, None);
    desk.open(PAGE).await.says("还没有收款账户");
    // Nothing new is ordered there now.
    let more = bill_for(&app, "张秀英", 202_612, 10_000).await;
    let reply = zhang.says(&format!("缴费 {}", more.id)).await;
    if reply.contains("/pay/") {
        let url = format!("{}{}", app.url(), link_in(&reply));
        browser.post(&url, &[]).await.says("还不能在微信里缴费");
    }
}

#[tokio::test]
async fn two_who_choose_at_once_are_one_after_the_other() {
    let app = TestApp::with_instances(2).await;
    let mut one = Desk::of(&app, "沈立").await;
    let mut two = Desk::at(&app, 1);
    two.browser.cookies = Desk::of(&app, "卫东").await.browser.cookies;
    let (page_one, page_two) = (one.open(PAGE).await, two.open(PAGE).await);
    let (csrf_one, csrf_two) = (page_one.hidden("csrf"), page_two.hidden("csrf"));
    let (first, second) = (fields(MERCHANT, "0"), fields("-", "0"));
    let (a, b) = futures_util::join!(
        one.send_with(&csrf_one, PAGE, &first),
        two.send_with(&csrf_two, PAGE, &second)
    );
    let mut both = [a.status, b.status];
    both.sort_unstable();
    assert_eq!(both, [303, 409], "{} {}", a.body, b.body);
    let subject = format!("place:{}", app.place("GY").await.id);
    assert_eq!(on_record(&app, "fee.account", &subject).await, 1);
}
