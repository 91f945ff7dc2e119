//! What is given at the counter: written down once with a receipt, by `张**` or in secret, and taken back by two.

use entity::kinds::DonationState;
use entity::money::{PayWay, RefundState};

use super::{CLERK, MANAGER, gift, gifts, sound};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::payment::{pay_out, payments, receipts, refunds};

const TAKE: &str = "/console/giving/take";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cash_is_written_down_once_and_taken_back_by_two() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, CLERK).await;
    let mark = desk.open(TAKE).await.hidden("mark");
    let fields = [
        ("compound", "GY"),
        ("mark", mark.as_str()),
        ("drive", ""),
        ("way", "cash"),
        ("amount", "100"),
        ("home", "1-1-101"),
        ("payer", "张秀英"),
    ];
    let first = desk.send(TAKE, TAKE, &fields).await;
    first.is(303);
    // The same form once more, as a browser sends it that was pressed twice.
    desk.send(TAKE, TAKE, &fields)
        .await
        .leads_to(first.to.as_deref().unwrap());
    let mut other = fields.to_vec();
    other[4] = ("amount", "200");
    desk.send(TAKE, TAKE, &other)
        .await
        .is(409)
        .says("已经交过了");
    let told = zhang.expects_push("已收到捐款 100.00 元").await;
    assert!(told.contains("收据第 1 号"), "{told}");
    let rows = gifts(&app).await;
    assert_eq!((rows.len(), rows[0].state), (1, DonationState::Received));
    let paid = payments(&app).await;
    assert_eq!((paid.len(), paid[0].way), (1, PayWay::Cash));
    assert_eq!(paid[0].donation_id, Some(rows[0].id));
    assert_eq!(receipts(&app).await.len(), 1);
    sound(&app).await;

    let page = format!("/console/payments/{}", paid[0].id);
    desk.open("/console/payments")
        .await
        .says(&format!("捐款 #{}", rows[0].id));
    let ask = [("amount", "100"), ("reason", "记错了")];
    desk.send(&page, &format!("{page}/refund"), &ask)
        .await
        .is(303);
    let mut manager = Desk::of(&app, MANAGER).await;
    let grant = format!(
        "/console/payments/refunds/{}/grant",
        refunds(&app).await[0].id
    );
    manager
        .send("/console/payments/waiting", &grant, &[])
        .await
        .is(303);
    assert_eq!(refunds(&app).await[0].state, RefundState::Granted);
    let refund = refunds(&app).await[0].id;
    pay_out(&mut manager, refund, "assets:cash").await.is(303);
    assert_eq!(refunds(&app).await[0].state, RefundState::Done);
    assert_eq!(gift(&app, rows[0].id).await.returned, 10_000);
    app.drain().await;
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_stands_beside_its_field_and_nothing_is_kept() {
    let app = TestApp::start().await;
    app.staff(CLERK).await;
    let mut desk = Desk::of(&app, CLERK).await;
    let mark = desk.open(TAKE).await.hidden("mark");
    let good = [
        ("compound", "GY"),
        ("mark", mark.as_str()),
        ("drive", ""),
        ("way", "cash"),
        ("amount", "10"),
        ("home", ""),
        ("donor", ""),
    ];
    for (field, value, words) in [
        ("amount", "0", "大于0"),
        ("amount", "-1", "两位小数"),
        ("amount", "1.234", "两位小数"),
        ("amount", "10000000000000", "两位小数"),
        ("amount", "9999999999", "太大了"),
        ("home", "9-9-999", "没有找到这个房号"),
        ("way", "transfer", "附上回单"),
        ("way", "gold", "请选现金"),
        ("drive", "x", "请选一个活动"),
        ("donor", "13800000101", "长号码"),
    ] {
        let mut fields = good.to_vec();
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        desk.send(TAKE, TAKE, &fields).await.is(422).says(words);
    }
    let mut nowhere = good.to_vec();
    nowhere[0] = ("compound", "LY");
    desk.send(TAKE, TAKE, &nowhere).await.is(404);
    let mut odd = good.to_vec();
    odd[2] = ("drive", "999");
    desk.send(TAKE, TAKE, &odd).await.is(404);
    assert!(gifts(&app).await.is_empty() && payments(&app).await.is_empty());
    // Whoever gives in secret is written down by nobody's name.
    let mut fields = good.to_vec();
    fields[6] = ("donor", "钱多多");
    fields.push(("shown", "secret"));
    desk.send(TAKE, TAKE, &fields).await.is(303);
    let row = gifts(&app).await.pop().unwrap();
    assert_eq!((row.anonymous, row.donor_name), (true, None));
    assert!(app.board("GY/giving?drive=free").await.contains("爱心人士"));
    sound(&app).await;
}
