//! Cash, transfers and waivers at the console: with who, when and proof, and by two people where it
//! takes two.

use entity::kinds::HomeRelation;
use entity::money::{BillState, PayWay, PaymentState, RefundState, WaiverState};
use entity::waiver;
use linli::base::dice::Dice;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::{ask_waiver, bill_for, bill_now, pay_out, payments, receipts, refunds, sound};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

const TAKE: &str = "/console/payments/take";
const WAITING: &str = "/console/payments/waiting";

#[tokio::test]
async fn cash_is_written_down_once_and_taken_back_by_two() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 16_110).await;
    let mut desk = Desk::of(&app, "蒋平").await;
    let mark = desk.open(TAKE).await.hidden("mark");
    let number = bill.id.to_string();
    let fields = [
        ("mark", mark.as_str()),
        ("home", "1-1-101"),
        ("way", "cash"),
        ("amount", "161.10"),
        ("bills", &number),
        ("payer", "张秀英"),
    ];
    let first = desk.send(TAKE, TAKE, &fields).await;
    first.is(303);
    // The same form once more, as a browser sends it that was pressed twice.
    desk.send(TAKE, TAKE, &fields)
        .await
        .leads_to(first.to.as_deref().unwrap());
    // Another payment under the same mark, after a step back in the browser, is never taken for the first.
    let later = bill_for(&app, "张秀英", 202_612, 16_110).await;
    let number = later.id.to_string();
    for change in [
        ("bills", number.as_str()),
        ("note", "另一笔"),
        ("payer", ""),
    ] {
        let mut other = fields.to_vec();
        other.retain(|(name, _)| *name != change.0);
        other.push(change);
        desk.send(TAKE, TAKE, &other)
            .await
            .is(409)
            .says("已经交过了");
    }
    assert_eq!(bill_now(&app, later.id).await.paid, 0);
    let told = zhang.expects_push("已收到缴费 161.10 元").await;
    assert!(told.contains("收据第 1 号"), "{told}");
    let all = payments(&app).await;
    assert_eq!(
        (all.len(), all[0].way, all[0].state),
        (1, PayWay::Cash, PaymentState::Paid)
    );
    assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    sound(&app).await;

    let page = format!("/console/payments/{}", all[0].id);
    desk.open(&page)
        .await
        .is(200)
        .says("蒋平")
        .says("161.10 元")
        .says("现金");
    let ask = [("amount", "161.10"), ("reason", "记错了一户")];
    desk.send(&page, &format!("{page}/refund"), &ask)
        .await
        .is(303);
    let mut manager = Desk::of(&app, "沈立").await;
    let back = refunds(&app).await.pop().unwrap();
    manager.open(WAITING).await.says("记错了一户").says("蒋平");
    manager
        .send(
            WAITING,
            &format!("/console/payments/refunds/{}/grant", back.id),
            &[],
        )
        .await
        .is(303);
    // The bill is open again; the money is not out before somebody says so.
    assert_eq!(refunds(&app).await[0].state, RefundState::Granted);
    let bill = bill_now(&app, bill.id).await;
    assert_eq!((bill.state, bill.paid), (BillState::Open, 0));
    sound(&app).await;
    pay_out(&mut manager, back.id, "assets:cash").await.is(303);
    assert_eq!(refunds(&app).await[0].state, RefundState::Done);
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_is_kept() {
    let app = TestApp::start().await;
    app.staff("蒋平").await;
    bill_for(&app, "张秀英", 202_611, 16_110).await;
    let other = bill_for(&app, "李建国", 202_611, 16_110)
        .await
        .id
        .to_string();
    let mut desk = Desk::of(&app, "蒋平").await;
    let mark = desk.open(TAKE).await.hidden("mark");
    let good = [
        ("home", "1-1-101"),
        ("way", "cash"),
        ("amount", "10"),
        ("bills", ""),
    ];
    for (field, value, words) in [
        ("home", "9-9-999", "没有找到这个房号"),
        ("home", "LY/9-1-901", "没有找到这个房号"),
        ("way", "gold", "请选现金"),
        ("way", "transfer", "附上回单"),
        ("amount", "0", "大于0"),
        ("amount", "-1", "两位小数"),
        ("amount", "1000000000000000", "两位小数"),
        ("amount", "9999999999", "太大"),
        ("amount", "1.005", "两位小数"),
        ("bills", "99999999", "没有找到这张账单"),
        ("bills", &other, "没有找到这张账单"),
        ("payer", "韩梅", "没有登记"),
        ("mark", "../../x", "刷新"),
    ] {
        let mut fields = vec![("mark", mark.as_str())];
        fields.extend(good.iter().filter(|(name, _)| *name != field));
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let page = desk.send(TAKE, TAKE, &fields).await;
        assert!(
            (400..500).contains(&page.status),
            "{field}={value}: {}",
            page.status
        );
        page.says(words);
    }
    assert!(payments(&app).await.is_empty());
    let mut steward = Desk::of(&app, "孙梅").await;
    steward.open(TAKE).await.is(403);
    steward.open("/console/payments").await.is(403);
    sound(&app).await;
}

#[tokio::test]
async fn a_transfer_has_its_proof_and_what_is_over_is_kept() {
    let app = TestApp::start().await;
    app.staff("蒋平").await;
    bill_for(&app, "张秀英", 202_610, 10_000).await;
    bill_for(&app, "张秀英", 202_611, 10_000).await;
    let mut desk = Desk::of(&app, "蒋平").await;
    let page = desk.open(TAKE).await;
    let (csrf, mark) = (page.hidden("csrf"), page.hidden("mark"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("mark", mark.as_str()),
        ("home", "1-1-101"),
        ("way", "transfer"),
        ("amount", "230.50"),
        ("note", "11月30日工行转入"),
    ];
    let files = [("proof", "slip.jpg", jpeg(64))];
    let sent = desk.send_files(TAKE, &fields, &files).await;
    sent.is(303);
    let row = payments(&app).await.pop().unwrap();
    assert_eq!((row.way, row.amount), (PayWay::Transfer, 23_050));
    let path = format!("/console/payments/{}", row.id);
    desk.open(&path)
        .await
        .is(200)
        .says("预存：30.50 元")
        .says("看凭证");
    let proof = desk.open(&format!("{path}/proof")).await;
    assert_eq!(proof.status, 200);
    assert_eq!(receipts(&app).await.len(), 1);
    let list = desk
        .open("/console/payments?way=transfer&home=1-1-101")
        .await;
    list.is(200).says("230.50");
    let none = desk.open("/console/payments?way=cash").await;
    none.is(200).says("没有符合条件");
    app.drain().await;
    sound(&app).await;
}

/// Who owned the home before owes what they owe; whoever lives there now pays ahead for themselves.
#[tokio::test]
async fn money_without_a_bill_pays_no_earlier_owners_debts() {
    let app = TestApp::start().await;
    let old = bill_for(&app, "张秀英", 202_610, 10_000).await;
    let earlier = app.person("韩梅").await.id;
    let debt = entity::bill::ActiveModel {
        id: Set(old.id),
        payer_id: Set(earlier),
        ..Default::default()
    };
    debt.update(app.store.write()).await.unwrap();
    let own = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let mut desk = Desk::of(&app, "蒋平").await;
    let mark = desk.open(TAKE).await.hidden("mark");
    let fields = [
        ("mark", mark.as_str()),
        ("home", "1-1-101"),
        ("way", "cash"),
        ("amount", "250"),
        ("bills", ""),
    ];
    desk.send(TAKE, TAKE, &fields).await.is(303);
    assert_eq!(bill_now(&app, old.id).await.paid, 0);
    assert_eq!(bill_now(&app, own.id).await.paid, 10_000);
    let kept = entity::advance::Entity::find().one(app.store.read()).await;
    assert_eq!(kept.unwrap().unwrap().balance, 15_000);
    sound(&app).await;
}

#[tokio::test]
async fn a_waiver_takes_two_and_no_more_than_is_left() {
    let app = TestApp::start().await;
    let bill = bill_for(&app, "张秀英", 202_611, 16_110).await;
    let manager = app.staff("沈立").await;
    let mut one = Desk::of(&app, "沈立").await;
    let mut two = Desk::of(&app, "卫东").await;
    let to = "/console/payments/waivers";
    for (amount, reason, words) in [
        ("0", "低保", "大于0"),
        ("161.11", "低保", "不能超过"),
        ("10", "", "为什么减免"),
        ("x", "低保", "两位小数"),
    ] {
        let asked = ask_waiver(&mut one, bill.id, amount, reason).await;
        asked.is(422).says(words);
    }
    ask_waiver(&mut one, bill.id, "100", "低保户").await.is(303);
    // Pressed twice it is asked for once.
    ask_waiver(&mut one, bill.id, "100", "低保户")
        .await
        .is(409)
        .says("已经申请过");
    ask_waiver(&mut one, bill.id, "99", "低保户").await.is(303);
    let all = waiver::Entity::find().all(app.store.read()).await.unwrap();
    let at = |row: &waiver::Model, act: &str| format!("{to}/{}/{act}", row.id);
    one.send(WAITING, &at(&all[0], "grant"), &[])
        .await
        .is(403)
        .says("另一个人");
    two.send(WAITING, &at(&all[0], "grant"), &[]).await.is(303);
    // The second one is more than is left now.
    two.send(WAITING, &at(&all[1], "grant"), &[])
        .await
        .is(409)
        .says("没有这么多");
    two.send(WAITING, &at(&all[1], "refuse"), &[]).await.is(303);
    two.send(WAITING, &at(&all[0], "refuse"), &[]).await.is(409);
    let states: Vec<WaiverState> = waiver::Entity::find()
        .all(app.store.read())
        .await
        .unwrap()
        .iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(states, [WaiverState::Granted, WaiverState::Refused]);
    assert_eq!(bill_now(&app, bill.id).await.waived, 10_000);
    let mut nobody = Desk::of(&app, "蒋平").await;
    nobody.open(WAITING).await.is(403);
    drop(manager);
    app.drain().await;
    sound(&app).await;
}

/// Two people of one name in one home: whoever takes the money says which, and it is never guessed.
#[tokio::test]
async fn of_two_with_one_name_the_end_of_the_phone_says_which() {
    let app = TestApp::start().await;
    bill_for(&app, "张秀英", 202_611, 16_110).await;
    let zhang = app.person("张秀英").await;
    let home = app.place("GY/1-1-101").await;
    let mut twins = Vec::new();
    for phone in ["13900005678", "13900005679"] {
        let seal = &app.instances[0].app.seal;
        let row = entity::person::ActiveModel {
            id: sea_orm::ActiveValue::NotSet,
            key: Set(Some(format!("twin{phone}"))),
            phone_sealed: Set(Some(seal.seal(&Dice::from_system(), phone).unwrap())),
            phone_index: Set(Some(seal.index(phone))),
            ..zhang.clone().into_active_model()
        };
        let row = row.insert(app.store.write()).await.unwrap();
        let tie = entity::residency::ActiveModel {
            person_id: Set(row.id),
            place_id: Set(home.id),
            compound_id: Set(home.compound_id.unwrap()),
            relation: Set(HomeRelation::Family),
            created_at: Set(app.now()),
            ..Default::default()
        };
        tie.insert(app.store.write()).await.unwrap();
        twins.push(row.id);
    }
    let mut desk = Desk::of(&app, "蒋平").await;
    let mark = desk.open(TAKE).await.hidden("mark");
    let form = |payer: &'static str, mark: String| {
        [
            ("mark".to_owned(), mark),
            ("home".to_owned(), "1-1-101".to_owned()),
            ("way".to_owned(), "cash".to_owned()),
            ("amount".to_owned(), "1.00".to_owned()),
            ("bills".to_owned(), String::new()),
            ("payer".to_owned(), payer.to_owned()),
        ]
    };
    for (payer, words) in [
        ("张秀英", "这一户有3位张秀英"),
        ("张秀英 9999", "没有这个名字和手机尾号"),
        ("0101", "没有这个名字和手机尾号"),
    ] {
        let fields = form(payer, mark.clone());
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        let page = desk.send(TAKE, TAKE, &fields).await;
        page.is(422).says("id=\"payer-wrong\"").says(words);
        // The page gives no phone away.
        assert!(!page.body.contains("5678"), "{}", page.body);
    }
    assert!(payments(&app).await.is_empty());
    for (payer, who) in [("张秀英 5678", twins[0]), ("张秀英０１０１", zhang.id)] {
        let mark = desk.open(TAKE).await.hidden("mark");
        let fields = form(payer, mark);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        desk.send(TAKE, TAKE, &fields).await.is(303);
        assert_eq!(payments(&app).await.pop().unwrap().payer_id, Some(who));
    }
}
