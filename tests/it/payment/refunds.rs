//! Money that goes back: by itself what came twice, by two people what somebody asks for; through a
//! platform that does not answer, and one that cannot.

use entity::money::{BillState, PaymentState, RefundCause, RefundState};
use linli::payment::actions::settle::{Paid, Settled, settle};
use linli::payment::queries::back_of;
use linli::sandbox::{Api, Fault};
use sea_orm::EntityTrait;

use super::paying::api_bound;
use super::{
    bill_for, bill_now, browser_of, expect_state, link_in, open_counter, order_by, pay_out,
    payments, receipts, refunds, sound,
};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::until;

/// 张秀英's bill is paid.
pub async fn paid(app: &TestApp) -> (i64, i64) {
    open_counter(app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut browser = browser_of(app, &zhang.open_id).await;
    let (prepay, id) = order_by(app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(app, id, PaymentState::Paid).await;
    (id, bill.id)
}

#[tokio::test]
async fn who_pays_what_somebody_else_has_paid_gets_it_back_and_is_told() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let daughter = app.newcomer("o-daughter").await;
    let mut one = browser_of(&app, &zhang.open_id).await;
    let mut two = browser_of(&app, &daughter.open_id).await;
    let (first, _) = order_by(&app, &mut one, &link).await;
    let (second, late) = order_by(&app, &mut two, &link).await;
    app.platform.pay(&first).unwrap();
    zhang.expects_push("已收到缴费").await;
    app.platform.pay(&second).unwrap();
    let told = daughter.expects_push("会退给您").await;
    assert!(
        told.contains("100.00 元") && told.contains("重复缴费"),
        "{told}"
    );
    app.advance(2).await;
    daughter.expects_push("已退款").await;
    let back = refunds(&app).await;
    assert_eq!(back.len(), 1);
    assert_eq!(
        (back[0].payment_id, back[0].cause),
        (Some(late), RefundCause::Duplicate)
    );
    assert_eq!(back[0].state, RefundState::Done);
    assert_eq!(receipts(&app).await.len(), 1);
    assert_eq!(bill_now(&app, bill.id).await.paid, 10_000);
    // This was the payment's own money.
    let row = payments(&app).await.into_iter().find(|row| row.id == late);
    assert_eq!(back_of(&row.unwrap(), &back), 10_000);
    // The page says so, too.
    let page = two.open(&format!("{}{link}?back={late}", app.url())).await;
    page.is(200).says("自动退回");
    sound(&app).await;
}

/// Two bills are meant and a neighbour has paid one of them meanwhile: what was for it goes back to whoever paid
/// too much, and is neither kept for the home nor put on another bill.
#[tokio::test]
async fn of_two_bills_what_somebody_else_has_paid_goes_back_and_is_told() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let first = bill_for(&app, "张秀英", 202_610, 10_000).await;
    let second = bill_for(&app, "张秀英", 202_611, 20_000).await;
    let daughter = app.newcomer("o-daughter").await;
    let mut one = browser_of(&app, &zhang.open_id).await;
    let mut two = browser_of(&app, &daughter.open_id).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", first.id)).await);
    let both = link_in(&zhang.says("缴费 全部").await);
    let (neighbours, _) = order_by(&app, &mut two, &link).await;
    let (prepay, id) = order_by(&app, &mut one, &both).await;
    app.platform.pay(&neighbours).unwrap();
    daughter.expects_push("已收到缴费 100.00 元").await;
    let third = bill_for(&app, "张秀英", 202_612, 5_000).await;
    app.platform.pay(&prepay).unwrap();
    let told = zhang.expects_push("100.00 元会退给您").await;
    assert!(told.contains("已经交过"), "{told}");
    app.advance(2).await;
    zhang.expects_push("已退款 100.00 元").await;
    let back = refunds(&app).await;
    let [back] = back.as_slice() else {
        panic!("{back:?}")
    };
    assert_eq!((back.payment_id, back.amount), (Some(id), 10_000));
    assert_eq!(
        (back.cause, back.state),
        (RefundCause::Duplicate, RefundState::Done)
    );
    for bill in [first, second] {
        assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    }
    assert_eq!(bill_now(&app, third.id).await.paid, 0);
    let kept = entity::advance::Entity::find()
        .one(app.store.read())
        .await
        .unwrap();
    assert_eq!(kept, None);
    // The page says so, too, and nothing more of it can be asked back than is there.
    let page = one.open(&format!("{}{both}?back={id}", app.url())).await;
    page.is(200).says("其中 100.00 元会退回");
    let mut desk = Desk::of(&app, "蒋平").await;
    let page = format!("/console/payments/{id}");
    for (amount, status) in [("200.01", 422), ("200", 303)] {
        let fields = [("amount", amount), ("reason", "多交了")];
        desk.send(&page, &format!("{page}/refund"), &fields)
            .await
            .is(status);
    }
    sound(&app).await;
}

#[tokio::test]
async fn a_second_transaction_of_an_order_is_owed_once_and_shown_when_it_cannot_go_back() {
    let app = TestApp::start().await;
    let manager = app.staff("沈立").await;
    let (id, bill) = paid(&app).await;
    let house = &app.instances[0].app;
    let twice = Paid {
        transaction_id: "test4200000001".to_owned(),
        at: app.now(),
    };
    for wanted in [Settled::SentBack, Settled::Before] {
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let settled = settle(&mut tx, &house.dice, id, &twice).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(settled, wanted);
    }
    // The platform knows no such transaction: somebody has to look.
    let told = manager.expects_push("没有退成").await;
    assert!(told.contains("100.00 元"), "{told}");
    app.drain().await;
    let back = refunds(&app).await;
    assert_eq!((back.len(), back[0].state), (1, RefundState::Abnormal));
    assert_eq!(bill_now(&app, bill).await.paid, 10_000);
    // The money that came a second time is not the payment's: of that nothing goes back.
    let api = api_bound(&app, "m-zhang", "张秀英").await;
    let seen = api.get(&format!("/payments/{id}")).await;
    assert_eq!(
        (seen.status, &seen.json["refunded"]),
        (200, &0.into()),
        "{seen:?}"
    );
    assert_eq!(seen.json["state"], "paid");
    sound(&app).await;
    // One gives it to people, another pays it out: from where the money is, with a slip.
    let (mut one, mut two) = (Desk::of(&app, "沈立").await, Desk::of(&app, "卫东").await);
    let page = "/console/payments/waiting";
    one.open(page).await.is(200).says("没有退成");
    let id = back[0].id;
    pay_out(&mut two, id, "assets:wechat").await.is(409);
    let hand = format!("/console/payments/refunds/{id}/by-hand");
    one.send(page, &hand, &[]).await.is(303);
    two.send(page, &hand, &[]).await.is(409);
    assert_eq!(refunds(&app).await[0].state, RefundState::Granted);
    sound(&app).await;
    one.open(page).await.says("这是您改由人工退的");
    pay_out(&mut one, id, "assets:wechat")
        .await
        .is(403)
        .says("另一个");
    pay_out(&mut two, id, "assets:cash")
        .await
        .is(422)
        .says("账上现金现在是0.00元");
    pay_out(&mut two, id, "assets:receivable").await.is(422);
    pay_out(&mut two, id, "assets:wechat").await.is(303);
    let row = refunds(&app).await.remove(0);
    assert_eq!(row.state, RefundState::Done);
    assert_eq!(row.paid_from.as_deref(), Some("assets:wechat"));
    let chair = app.person("卫东").await.id;
    assert_eq!((row.handed_by.is_some(), row.paid_by), (true, Some(chair)));
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn a_refund_that_got_no_answer_is_asked_for_again_under_the_same_number() {
    let app = TestApp::start().await;
    let manager = app.staff("沈立").await;
    drop(manager);
    let (id, bill) = paid(&app).await;
    assert!(
        app.platform
            .set_fault(Fault::new(Api::Payrefund, "dropped", Some(1)))
    );
    let (mut one, mut two) = (Desk::of(&app, "蒋平").await, Desk::of(&app, "沈立").await);
    let page = format!("/console/payments/{id}");
    let ask = format!("/console/payments/{id}/refund");
    for (amount, words) in [
        ("0", "大于0"),
        ("100.01", "不能超过"),
        ("1.234", "两位小数"),
        ("-1", "两位小数"),
        ("1000000000000000", "金额"),
    ] {
        let fields = [("amount", amount), ("reason", "多收了")];
        one.send(&page, &ask, &fields).await.is(422).says(words);
    }
    one.send(&page, &ask, &[("amount", "30"), ("reason", "")])
        .await
        .is(422)
        .says("为什么退款");
    let fields = [("amount", "30"), ("reason", "多收了")];
    one.send(&page, &ask, &fields).await.is(303);
    // Pressed twice it is asked for once.
    one.send(&page, &ask, &fields)
        .await
        .is(409)
        .says("已经申请过");
    assert_eq!(refunds(&app).await.len(), 1);
    let waiting = "/console/payments/waiting";
    let back = refunds(&app).await.pop().unwrap();
    let grant = format!("/console/payments/refunds/{}/grant", back.id);
    // Whoever may not keep the money is no second person.
    one.send(&page, &grant, &[]).await.is(403);
    assert_eq!(refunds(&app).await[0].state, RefundState::Asked);
    two.send(waiting, &grant, &[]).await.is(303);
    assert_eq!(bill_now(&app, bill).await.paid, 7_000);
    until("the refund is sent", 10, async || {
        (app.platform.calls(Api::Payrefund) >= 1).then_some(())
    })
    .await;
    app.advance(1).await;
    app.advance(1).await;
    app.advance(5).await;
    let after = refunds(&app).await;
    assert_eq!(
        (after[0].state, after[0].cause),
        (RefundState::Done, RefundCause::Asked)
    );
    let theirs = app.platform.pay_refunds();
    assert_eq!(theirs.len(), 1);
    assert_eq!(
        (theirs[0].refund, &theirs[0].out_refund_no),
        (3_000, &after[0].out_refund_no)
    );
    sound(&app).await;
    // No more than was paid, whoever asks how often.
    one.send(&page, &ask, &[("amount", "70.01"), ("reason", "再退")])
        .await
        .is(422);
}

#[tokio::test]
async fn a_refund_that_is_known_with_other_words_is_followed_and_not_given_back_by_hand_too() {
    let mut app = TestApp::start().await;
    app.staff("沈立").await;
    let (id, _) = paid(&app).await;
    // The platform takes it, and we do not hear of it.
    assert!(
        app.platform
            .set_fault(Fault::new(Api::Payrefund, "dropped", Some(1)))
    );
    let (mut one, mut two) = (Desk::of(&app, "蒋平").await, Desk::of(&app, "沈立").await);
    let page = format!("/console/payments/{id}");
    let fields = [("amount", "30"), ("reason", "多收了")];
    one.send(&page, &format!("{page}/refund"), &fields)
        .await
        .is(303);
    let back = refunds(&app).await.pop().unwrap();
    let grant = format!("/console/payments/refunds/{}/grant", back.id);
    two.send("/console/payments/waiting", &grant, &[])
        .await
        .is(303);
    until("the refund is sent", 10, async || {
        (app.platform.calls(Api::Payrefund) >= 1).then_some(())
    })
    .await;
    drop((one, two));
    app.drain().await;
    // We come back under another address, and so with another notify_url.
    app.instances.remove(0).stop().await.unwrap();
    app.settings.server.public_url = "http://127.0.0.1:9".to_owned();
    app.add_instance().await;
    app.advance(1).await;
    app.advance(5).await;
    assert_eq!(refunds(&app).await[0].state, RefundState::Done);
    assert_eq!(app.platform.pay_refunds().len(), 1);
    sound(&app).await;
}

#[tokio::test]
async fn nobody_is_their_own_second_person() {
    let app = TestApp::start().await;
    let (id, _) = paid(&app).await;
    let mut one = Desk::of(&app, "沈立").await;
    let mut two = Desk::of(&app, "卫东").await;
    let page = format!("/console/payments/{id}");
    let fields = [("amount", "10"), ("reason", "多收了")];
    one.send(&page, &format!("{page}/refund"), &fields)
        .await
        .is(303);
    let back = refunds(&app).await.pop().unwrap();
    let (waiting, at) = (
        "/console/payments/waiting",
        format!("/console/payments/refunds/{}", back.id),
    );
    one.send(waiting, &format!("{at}/grant"), &[])
        .await
        .is(403)
        .says("另一个人");
    assert_eq!(refunds(&app).await[0].state, RefundState::Asked);
    two.send(waiting, &format!("{at}/refuse"), &[])
        .await
        .is(303);
    assert_eq!(refunds(&app).await[0].state, RefundState::Refused);
    two.send(waiting, &format!("{at}/grant"), &[]).await.is(409);
    // Whoever asks may take it back, alone.
    one.send(&page, &format!("{page}/refund"), &fields)
        .await
        .is(303);
    one.open(waiting).await.says("收回申请");
    let back = refunds(&app).await.pop().unwrap();
    let at = format!("/console/payments/refunds/{}", back.id);
    one.send(waiting, &format!("{at}/refuse"), &[])
        .await
        .is(303);
    assert_eq!(refunds(&app).await[1].state, RefundState::Refused);
    two.send(waiting, &format!("{at}/grant"), &[]).await.is(409);
    app.drain().await;
    sound(&app).await;
}
