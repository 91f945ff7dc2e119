//! What two people and a proof stand behind: waivers, what is paid out in cash or by transfer, and what is kept for
//! whoever pays no more bills of a home.

use entity::kinds::RoleKind;
use entity::money::{EntryKind, RefundState};
use entity::{advance, residency, role, waiver};
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post};
use linli::ledger::queries::{Days, moved};
use linli::payment::actions::refund;
use linli::payment::actions::settle::{Followed, Paid, settle};
use linli::wechat::pay::{self, RefundStatus};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::refunds::paid;
use super::{bill_for, pay_out, payments, refunds, sound};
use crate::console::{Desk, on_record};
use crate::expense::give;
use crate::harness::app::TestApp;
use crate::harness::pictures::pdf;
use crate::privacy::erases;
use crate::voucher::property::hledger_finds_no_fault;

const TAKE: &str = "/console/payments/take";
const WAITING: &str = "/console/payments/waiting";
const SALES: &str = "/console/bills/sales?compound=GY";

/// Cash for the first home at the counter; the key of the payment.
async fn cash(desk: &mut Desk<'_>, yuan: &str, payer: &str) -> i64 {
    let mark = desk.open(TAKE).await.hidden("mark");
    let fields = [
        ("mark", mark.as_str()),
        ("home", "1-1-101"),
        ("way", "cash"),
        ("amount", yuan),
        ("payer", payer),
    ];
    desk.send(TAKE, TAKE, &fields).await.is(303);
    payments(desk.app).await.pop().unwrap().id
}

/// Asks that some of a payment goes back; the key of the refund.
async fn ask(desk: &mut Desk<'_>, payment: i64, yuan: &str) -> i64 {
    let page = format!("/console/payments/{payment}");
    let fields = [("amount", yuan), ("reason", "多收了")];
    desk.send(&page, &format!("{page}/refund"), &fields)
        .await
        .is(303);
    refunds(desk.app).await.pop().unwrap().id
}

async fn grant(desk: &mut Desk<'_>, id: i64) {
    let to = format!("/console/payments/refunds/{id}/grant");
    desk.send(WAITING, &to, &[]).await.is(303);
}

async fn state(app: &TestApp, id: i64) -> RefundState {
    let all = refunds(app).await;
    all.iter().find(|row| row.id == id).unwrap().state
}

/// What an account holds.
async fn holds(app: &TestApp, account: Account) -> i64 {
    let gy = app.place("GY").await.id;
    let sums = moved(app.store.read(), gy, Days::default()).await.unwrap();
    sums.get(&account).map_or(0, |one| one.balance(account))
}

/// Carries cash to the bank.
async fn carry(app: &TestApp, fen: i64) {
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let draft = Draft {
        compound_id: app.place("GY").await.id,
        day: linli::base::clock::china(app.now()).date_naive(),
        cause: "test:carried".to_owned(),
        kind: EntryKind::Transfer,
        memo: "存入银行".to_owned(),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Bank,
            credit: Account::Cash,
            amount: fen,
        }],
    };
    post(&mut tx, None, &[draft]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_waiver_has_a_proof_that_whoever_decides_reads_and_nobody_changes() {
    let app = TestApp::start().await;
    let bill = bill_for(&app, "张秀英", 202_611, 16_110).await;
    let mut one = Desk::of(&app, "沈立").await;
    let number = bill.id.to_string();
    let fields = [
        ("bill", number.as_str()),
        ("amount", "100"),
        ("reason", "低保户"),
    ];
    let to = "/console/payments/waivers";
    one.send(WAITING, to, &fields)
        .await
        .is(422)
        .says("id=\"proof-wrong\"")
        .says("低保户");
    let count = waiver::Entity::find().count(app.store.read()).await;
    assert_eq!(count.unwrap(), 0);
    // What is no picture is none of a proof either.
    let csrf = one.open(WAITING).await.hidden("csrf");
    let mut typed = vec![("csrf", csrf.as_str())];
    typed.extend(fields);
    let text = [("proof", "proof.jpg", b"not a picture".to_vec())];
    one.send_files(to, &typed, &text)
        .await
        .is(422)
        .says("id=\"proof-wrong\"");
    let paper = [("proof", "decision.pdf", pdf())];
    one.send_files(to, &typed, &paper).await.is(303);
    let row = waiver::Entity::find().one(app.store.read()).await;
    let row = row.unwrap().unwrap();
    assert!(row.proof_id.is_some(), "{row:?}");

    let mut two = Desk::of(&app, "卫东").await;
    two.open(WAITING).await.is(200).says("看凭证");
    let proof = format!("{to}/{}/proof", row.id);
    let shown = two.open(&proof).await;
    shown.is(200);
    let kind = shown.headers["content-type"].to_str().unwrap();
    assert_eq!(kind, "application/pdf");
    // It is about somebody's need: whoever takes the money at the counter reads that there is one.
    let mut clerk = Desk::of(&app, "蒋平").await;
    clerk.open(&proof).await.is(404);
    give(&app, "李建国", RoleKind::CommitteeMember, "GY").await;
    let mut member = Desk::of(&app, "李建国").await;
    member.open(&proof).await.is(404);
    let page = member.open(&format!("/console/bills/{number}")).await;
    page.is(200).says("只有能办减免的人看得到");
    assert!(!page.body.contains("低保户"), "{}", page.body);
    two.open(&format!("/console/bills/{number}"))
        .await
        .is(200)
        .says("低保户")
        .says("看凭证");
    for set in [
        "proof_id = NULL",
        "amount = 1",
        "state = 'granted'",
        "state = 'granted', decided_by = asked_by",
    ] {
        let change = format!("UPDATE waiver SET {set} WHERE id = {}", row.id);
        let done = app.store.write().execute_unprepared(&change).await;
        assert!(done.is_err(), "{set}");
    }
    two.send(WAITING, &format!("{to}/{}/grant", row.id), &[])
        .await
        .is(303);
    two.open(&proof).await.is(200);
    app.drain().await;
    sound(&app).await;
    // Whoever has everything erased leaves no certificate behind.
    let zhang = app.resident("张秀英").await;
    let done = erases(&zhang).await;
    assert!(done.contains("已注销"), "{done}");
    app.advance(2).await;
    two.open(&proof).await.is(404);
    two.open(&format!("/console/bills/{number}")).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cash_goes_back_by_another_hand_once_with_a_slip_and_from_where_it_is() {
    let app = TestApp::with_instances(2).await;
    let zhang = app.resident("张秀英").await;
    let manager = app.staff("沈立").await;
    bill_for(&app, "张秀英", 202_611, 16_110).await;
    let mut clerk = Desk::of(&app, "蒋平").await;
    let mut one = Desk::of(&app, "沈立").await;
    let mut two = Desk::at(&app, 1);
    two.browser.cookies = Desk::of(&app, "卫东").await.browser.cookies;
    let payment = cash(&mut clerk, "161.10", "张秀英").await;
    let id = ask(&mut clerk, payment, "161.10").await;
    let page = format!("/console/payments/refunds/{id}");
    // Before anybody agreed nothing is paid out.
    pay_out(&mut one, id, "assets:cash").await.is(409);
    grant(&mut two, id).await;
    assert_eq!(state(&app, id).await, RefundState::Granted);
    manager.expects_push("要付给对方").await;
    one.open(WAITING).await.says("记付款");
    assert_eq!(holds(&app, Account::Cash).await, 16_110);
    assert_eq!(holds(&app, Account::Refund).await, 16_110);
    sound(&app).await;

    pay_out(&mut clerk, id, "assets:cash").await.is(403);
    let bare = [("source", "assets:cash")];
    one.send(&page, &format!("{page}/paid"), &bare)
        .await
        .is(422)
        .says("签收");
    for source in ["assets:wechat", "equity:opening", ""] {
        pay_out(&mut one, id, source).await.is(422).says("从哪里付");
    }
    // Most of the cash was carried to the bank: neither holds enough.
    carry(&app, 10_000).await;
    for (source, words) in [
        ("assets:cash", "账上现金现在是61.10元"),
        ("assets:bank", "账上银行存款现在是100.00元"),
    ] {
        pay_out(&mut one, id, source).await.is(422).says(words);
    }
    assert_eq!(state(&app, id).await, RefundState::Granted);
    cash(&mut clerk, "100", "").await;
    // Two say so at once: one of them has done it.
    let (a, b) = futures_util::join!(
        pay_out(&mut one, id, "assets:cash"),
        pay_out(&mut two, id, "assets:cash")
    );
    let mut both = [a.status, b.status];
    both.sort_unstable();
    assert_eq!(both, [303, 409], "{} {}", a.body, b.body);
    assert_eq!(state(&app, id).await, RefundState::Done);
    assert_eq!(holds(&app, Account::Cash).await, 6_110 + 10_000 - 16_110);
    assert_eq!(holds(&app, Account::Refund).await, 0);
    zhang.expects_push("已经用现金付给您").await;
    let seen = clerk.open(&page).await;
    seen.is(200).says("现金").says("看凭证").says("蒋平");
    clerk.open(&format!("{page}/proof")).await.is(200);
    clerk
        .open(&format!("/console/payments/{payment}"))
        .await
        .says("看凭证");
    let subject = format!("refund:{id}");
    assert_eq!(on_record(&app, "refund.by-hand", &subject).await, 1);
    app.drain().await;
    sound(&app).await;
    hledger_finds_no_fault(&app).await;
}

/// Whoever keeps the money and has asked is not the one who pays.
#[tokio::test]
async fn who_asked_does_not_pay_out_though_another_agreed() {
    let app = TestApp::start().await;
    let mut clerk = Desk::of(&app, "蒋平").await;
    let (mut one, mut two) = (Desk::of(&app, "沈立").await, Desk::of(&app, "卫东").await);
    let payment = cash(&mut clerk, "50", "").await;
    let id = ask(&mut one, payment, "20").await;
    grant(&mut two, id).await;
    pay_out(&mut one, id, "assets:cash")
        .await
        .is(403)
        .says("这是您申请的");
    one.open(WAITING).await.says("要由另一个人付款");
    assert_eq!(state(&app, id).await, RefundState::Granted);
    pay_out(&mut two, id, "assets:cash").await.is(303);
    pay_out(&mut two, id, "assets:cash").await.is(409);
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn what_an_earlier_owner_has_left_goes_back_to_them() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let mut clerk = Desk::of(&app, "蒋平").await;
    let mut manager = Desk::of(&app, "沈立").await;
    let mut chair = Desk::of(&app, "卫东").await;
    cash(&mut clerk, "50", "张秀英").await;
    let home = app.place("GY/1-1-101").await;
    let owner = app.person("张秀英").await.id;
    let of = format!("{}-{owner}", home.id);
    let left = |amount: &'static str| {
        [
            ("compound", "GY".to_owned()),
            ("of", of.clone()),
            ("amount", amount.to_owned()),
            ("reason", "房子已过户".to_owned()),
        ]
    };
    let to = "/console/bills/sales/left";
    let asks = async |desk: &mut Desk<'_>, amount: &'static str| {
        let fields = left(amount);
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        desk.send("/console/account", to, &fields).await
    };
    // As long as it pays the owner's next bills it is not asked back here.
    let said = zhang.says("账单").await;
    assert!(said.contains("预存还有：1-1-101 50.00 元"), "{said}");
    asks(&mut manager, "50").await.is(409).says("以后的账单");
    let sold = residency::Entity::find()
        .filter(residency::COLUMN.place_id.eq(home.id))
        .filter(residency::COLUMN.person_id.eq(owner))
        .one(app.store.read())
        .await;
    let sold = residency::ActiveModel {
        id: Set(sold.unwrap().unwrap().id),
        ended_at: Set(Some(app.now())),
        ..Default::default()
    };
    sold.update(app.store.write()).await.unwrap();
    let said = zhang.says("账单").await;
    assert!(
        said.contains("1-1-101 50.00 元，不抵现在业主的账单") && !said.contains("自动抵"),
        "{said}"
    );
    manager.open(SALES).await.is(200).says("申请退给本人");
    for (amount, words) in [("50.01", "不能超过"), ("0", "大于0"), ("x", "两位小数")] {
        // What was typed stands there again.
        asks(&mut manager, amount)
            .await
            .is(422)
            .says(words)
            .says(&format!("value=\"{amount}\""))
            .says("value=\"房子已过户\"");
    }
    let mut steward = Desk::of(&app, "孙梅").await;
    for desk in [&mut steward, &mut clerk] {
        let refused = asks(desk, "50").await.status;
        assert!([403, 404].contains(&refused), "{refused}");
    }
    asks(&mut manager, "30").await.is(303);
    asks(&mut manager, "30").await.is(409).says("已经申请过");
    asks(&mut manager, "21").await.is(422).says("不能超过");
    manager.open(SALES).await.says("待第二人确认");
    let id = refunds(&app).await.pop().unwrap().id;
    chair.open(WAITING).await.says("张秀英的预存");
    grant(&mut chair, id).await;
    sound(&app).await;
    assert_eq!(holds(&app, Account::Advance).await, 2_000);
    pay_out(&mut clerk, id, "assets:cash").await.is(403);
    pay_out(&mut manager, id, "assets:cash").await.is(403);
    pay_out(&mut chair, id, "assets:wechat").await.is(422);
    pay_out(&mut chair, id, "assets:cash").await.is(303);
    zhang.expects_push("已经用现金付给您").await;
    assert_eq!(state(&app, id).await, RefundState::Done);
    assert_eq!(holds(&app, Account::Cash).await, 2_000);
    // A no leaves it where it is, and what is left is asked for anew.
    asks(&mut manager, "20").await.is(303);
    let id = refunds(&app).await.pop().unwrap().id;
    let refuse = format!("/console/payments/refunds/{id}/refuse");
    chair.send(WAITING, &refuse, &[]).await.is(303);
    asks(&mut manager, "20").await.is(303);
    let id = refunds(&app).await.pop().unwrap().id;
    grant(&mut chair, id).await;
    let kept = advance::Entity::find_by_id((home.id, owner))
        .one(app.store.read())
        .await;
    assert_eq!(kept.unwrap().unwrap().balance, 0);
    let page = manager.open(SALES).await;
    page.is(200).says("没有留下的预存");
    let said = zhang.says("账单").await;
    assert!(!said.contains("您原来存的"), "{said}");
    pay_out(&mut chair, id, "assets:cash").await.is(303);
    // Each entry of it leads to it.
    let own = format!("/console/payments/refunds/{id}");
    clerk.open(&own).await.is(200).says("张秀英的预存");
    app.drain().await;
    sound(&app).await;
    hledger_finds_no_fault(&app).await;
}

/// The home is 张秀英's no more.
async fn sold(app: &TestApp) -> String {
    let home = app.place("GY/1-1-101").await.id;
    let owner = app.person("张秀英").await.id;
    residency::Entity::update_many()
        .set(residency::ActiveModel {
            ended_at: Set(Some(app.now())),
            ..Default::default()
        })
        .filter(residency::COLUMN.place_id.eq(home))
        .filter(residency::COLUMN.person_id.eq(owner))
        .exec(app.store.write())
        .await
        .unwrap();
    format!("{home}-{owner}")
}

#[tokio::test]
async fn what_is_kept_pays_what_is_owed_first_and_goes_back_by_two_keepers() {
    let app = TestApp::start().await;
    let mut clerk = Desk::of(&app, "蒋平").await;
    let mut manager = Desk::of(&app, "沈立").await;
    let mut chair = Desk::of(&app, "卫东").await;
    cash(&mut clerk, "50", "张秀英").await;
    let of = sold(&app).await;
    let fields = [
        ("compound", "GY"),
        ("of", of.as_str()),
        ("amount", "20"),
        ("reason", "房子已过户"),
    ];
    let to = "/console/bills/sales/left";
    manager.send(SALES, to, &fields).await.is(303);
    let id = refunds(&app).await.pop().unwrap().id;
    // The last part of what they owe is billed meanwhile.
    bill_for(&app, "张秀英", 202_611, 1_000).await;
    let grant = format!("/console/payments/refunds/{id}/grant");
    chair
        .send(WAITING, &grant, &[])
        .await
        .is(409)
        .says("又有账单要交");
    assert_eq!(state(&app, id).await, RefundState::Asked);
    let mut other = fields;
    other[2] = ("amount", "21");
    manager
        .send(SALES, to, &other)
        .await
        .is(409)
        .says("还有没交清的账单");
    let refuse = format!("/console/payments/refunds/{id}/refuse");
    manager.send(WAITING, &refuse, &[]).await.is(303);
    assert_eq!(state(&app, id).await, RefundState::Refused);
    // With one keeper alone nothing is begun that nobody could end.
    let chair = app.person("卫东").await.id;
    role::Entity::update_many()
        .set(role::ActiveModel {
            to_at: Set(Some(app.now())),
            ..Default::default()
        })
        .filter(role::COLUMN.person_id.eq(chair))
        .exec(app.store.write())
        .await
        .unwrap();
    manager
        .send(SALES, to, &fields)
        .await
        .is(409)
        .says("没有第二个人");
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn what_people_have_paid_out_is_no_second_time_the_platforms_without_a_word() {
    let app = TestApp::start().await;
    let (payment, _) = paid(&app).await;
    let house = &app.instances[0].app;
    let twice = Paid {
        transaction_id: "test4200000009".to_owned(),
        at: app.now(),
    };
    let mut tx = app.store.begin(app.now()).await.unwrap();
    settle(&mut tx, &house.dice, payment, &twice).await.unwrap();
    tx.commit().await.unwrap();
    app.drain().await;
    let row = refunds(&app).await.remove(0);
    assert_eq!(row.state, RefundState::Abnormal);
    let (mut one, mut two) = (Desk::of(&app, "沈立").await, Desk::of(&app, "卫东").await);
    let mut clerk = Desk::of(&app, "蒋平").await;
    cash(&mut clerk, "100", "").await;
    let hand = format!("/console/payments/refunds/{}/by-hand", row.id);
    one.send(WAITING, &hand, &[]).await.is(303);
    pay_out(&mut two, row.id, "assets:cash").await.is(303);
    // Somebody at the platform's page lets it go through all the same.
    let of = payments(&app).await.remove(0);
    let said = pay::Refund {
        refund_id: "5030000001".to_owned(),
        out_refund_no: row.out_refund_no.clone(),
        out_trade_no: of.out_trade_no.clone().unwrap(),
        transaction_id: twice.transaction_id.clone(),
        status: RefundStatus::Success,
        account: None,
        success_at: Some(app.now().timestamp()),
        created_at: None,
        total: of.amount,
        refund: row.amount,
        payer_refund: None,
    };
    for _ in 0..2 {
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let merchant = of.merchant.clone().unwrap();
        let heard = refund::heard(&mut tx, &merchant, &said).await.unwrap();
        tx.commit().await.unwrap();
        let Followed::Refused(why) = heard else {
            panic!("{heard:?}");
        };
        assert!(why.contains("又退了一次"), "{why}");
    }
    let now = refunds(&app).await.remove(0);
    assert_eq!((now.state, now.refund_id), (RefundState::Done, None));
    app.drain().await;
    sound(&app).await;
}
