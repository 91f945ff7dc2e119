//! What people see of their bills: all lines by a link, lists page by page, receipts of whatever was paid, how a bill
//! was settled without money; and a link and a code by which somebody who is on no roster pays.

use chrono::TimeDelta;
use entity::money::{BillState, PaymentState};
use entity::{bill, bill_line, binding, place};
use linli::report::pdf::available;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};

use super::{
    bill_for, bill_now, browser_of, expect_state, link_in, open_counter, order_by, payments,
    receipts, sound,
};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;

/// The address of a bill's page in a text, below the program's own.
fn bill_link_in(text: &str) -> String {
    let found = regex::Regex::new(r"/bill/[0-9A-Za-z.\-_]+").unwrap();
    let found = found.find(text);
    found
        .unwrap_or_else(|| panic!("no bill in {text}"))
        .as_str()
        .to_owned()
}

async fn line_of(app: &TestApp, bill_id: i64) -> bill_line::Model {
    bill_line::Entity::find()
        .filter(bill_line::COLUMN.bill_id.eq(bill_id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn a_bill_is_read_with_all_its_lines_by_its_link() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 16_110).await;
    let reply = zhang.says(&format!("账单 {}", bill.id)).await;
    assert!(
        reply.contains("89.50㎡ × 1.80元/㎡·月 × 1个月；依据：物业服务合同"),
        "{reply}"
    );
    let link = bill_link_in(&reply);
    let url = format!("{}{link}", app.url());
    let page = Browser::new().open(&url).await;
    page.is(200)
        .says("2026年11月")
        .says("物业费")
        .says("89.50㎡ × 1.80元/㎡·月 × 1个月")
        .says("依据：物业服务合同")
        .says("161.10 元")
        .says("1-1-1**")
        .says(&format!("账单有误 {}", bill.id));
    assert!(!page.body.contains("张秀英") && !page.body.contains("1-1-101"));
    let pay = link_in(&page.body);
    Browser::new()
        .open(&format!("{}{pay}", app.url()))
        .await
        .is(200)
        .says("161.10 元");
    assert_eq!(page.body.contains(&format!("{link}.pdf")), available());
    if available() {
        let paper = reqwest::get(format!("{url}.pdf")).await.unwrap();
        assert_eq!(paper.status(), 200);
        assert!(paper.bytes().await.unwrap().starts_with(b"%PDF-1."));
    }
    // Another bill's number does not fit the signature, and the link ends.
    let key = format!("/bill/{}.", bill.id);
    let other = link.replace(&key, &format!("/bill/{}.", bill.id + 1));
    let other = Browser::new().open(&format!("{}{other}", app.url())).await;
    other.is(404).says("这个账单链接不能用了");
    app.clock.advance(TimeDelta::days(31));
    Browser::new().open(&url).await.is(404);
}

#[tokio::test]
async fn a_long_list_of_bills_has_a_way_to_the_rest() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    for month in 202_601..=202_609 {
        bill_for(&app, "张秀英", month, 10_000).await;
    }
    let first = zhang.says("账单").await;
    assert!(
        first.contains("900.00 元")
            && first.contains("7 1-1-101 2026年7月")
            && first.contains("8 下一页")
            && first.contains("回复 9 一起交"),
        "{first}"
    );
    assert!(!first.contains("2026年8月"), "{first}");
    let second = zhang.says("8").await;
    assert!(
        second.contains("1 1-1-101 2026年8月")
            && second.contains("2 1-1-101 2026年9月")
            && second.contains("3 回到第一页")
            && second.contains("回复 4 一起交"),
        "{second}"
    );
    let one = zhang.says("2").await;
    assert!(one.contains("2026年9月") && one.contains("物业费"), "{one}");
    zhang.says("账单").await;
    let all = zhang.says("9").await;
    assert!(all.contains("900.00 元") && all.contains("/pay/"), "{all}");
}

/// Another home of whoever lives in a bill's, on their account, with a bill of its own.
async fn another_home(app: &TestApp, first: &bill::Model, number: usize) {
    let db = app.store.write();
    let old = place::Entity::find_by_id(first.home_id).one(db).await;
    let mut home = place::ActiveModel::from(old.unwrap().unwrap());
    home.id = NotSet;
    home.code = Set(format!("GY/2-9-{number}"));
    home.path = Set(format!("/9/{number}/"));
    let home = home.insert(db).await.unwrap();
    let old = binding::Entity::find()
        .filter(binding::COLUMN.place_id.eq(first.home_id))
        .one(db)
        .await;
    let mut tie = binding::ActiveModel::from(old.unwrap().unwrap());
    tie.id = NotSet;
    tie.place_id = Set(home.id);
    tie.insert(db).await.unwrap();
    let mut own = bill::ActiveModel::from(first.clone());
    own.id = NotSet;
    own.home_id = Set(home.id);
    own.insert(db).await.unwrap();
}

#[tokio::test]
async fn whoever_has_many_homes_reaches_each_of_them() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let first = bill_for(&app, "张秀英", 202_611, 10_000).await;
    for number in 902..=909 {
        another_home(&app, &first, number).await;
    }
    let some = zhang.says("缴费").await;
    assert!(
        some.contains("1 1-1-101：100.00 元")
            && some.contains("7 2-9-907")
            && some.contains("8 下一页"),
        "{some}"
    );
    let rest = zhang.says("8").await;
    assert!(
        rest.contains("1 2-9-908") && rest.contains("2 2-9-909"),
        "{rest}"
    );
    let pay = zhang.says("2").await;
    assert!(
        pay.contains("2-9-909 要付 100.00 元") && pay.contains("/pay/"),
        "{pay}"
    );
}

#[tokio::test]
async fn what_was_settled_without_money_says_how() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let reply = zhang.says(&format!("收据 {}", bill.id)).await;
    assert!(reply.contains("交了就有"), "{reply}");
    let line = line_of(&app, bill.id).await.id.to_string();
    let mut desk = Desk::of(&app, "沈立").await;
    let path = format!("/console/bills/{}", bill.id);
    let form = [
        ("line", line.as_str()),
        ("amount", "100"),
        ("reason", "重复出账"),
    ];
    let to = format!("{path}/credit");
    desk.send(&path, &to, &form).await.is(303);
    assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    let seen = zhang.says(&format!("账单 {}", bill.id)).await;
    assert!(
        seen.contains("已结清") && seen.contains("原因：重复出账") && seen.contains("回复 1 返回"),
        "{seen}"
    );
    assert!(!seen.contains("看收据"), "{seen}");
    let reply = zhang.says(&format!("收据 {}", bill.id)).await;
    assert!(
        reply.contains("已经结清")
            && reply.contains("更正减少 100.00 元")
            && reply.contains("没有收据"),
        "{reply}"
    );
    assert!(!reply.contains("缴费"), "{reply}");
    let page = desk.open(&path).await;
    assert!(!page.body.contains("付款链接和二维码"));
}

#[tokio::test]
async fn a_receipt_of_what_was_paid_ahead_is_in_the_list_of_whoever_paid() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let none = zhang.says("收据").await;
    assert!(none.contains("还没有收据"), "{none}");
    let link = link_in(&zhang.says("缴费 1-1-101 50").await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    let list = zhang.says("收据").await;
    assert!(list.contains("1 1-1-101 预存：50.00 元"), "{list}");
    let token = receipts(&app).await.remove(0).token;
    let one = zhang.says("1").await;
    assert!(one.contains(&token) && one.contains("第 1 号"), "{one}");
    let other = liu.says(&format!("收据 凭证 {id}")).await;
    assert!(
        other.contains("没有找到这张收据") && !other.contains(&token),
        "{other}"
    );
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn somebody_on_no_roster_pays_by_the_link_of_the_console() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let bill = bill_for(&app, "张秀英", 202_611, 16_110).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open(&format!("/console/bills/{}", bill.id)).await;
    page.is(200).says("付款链接和二维码").says("<svg");
    assert_eq!(page.body.contains("打印账单"), available());
    let link = link_in(&page.body);
    // On paper it lies about for weeks.
    app.clock.advance(TimeDelta::days(20));
    let mut child = browser_of(&app, "o-child").await;
    let url = format!("{}{link}", app.url());
    let seen = child.open(&url).await;
    seen.is(200).says("161.10 元").says("去付款");
    assert!(!seen.body.contains("张秀英"));
    let (prepay, id) = order_by(&app, &mut child, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    assert_eq!(payments(&app).await[0].payer_id, None);
    child.open(&url).await.is(200).says("已经交清了");
    app.clock.advance(TimeDelta::days(11));
    Browser::new().open(&url).await.is(404);
}
