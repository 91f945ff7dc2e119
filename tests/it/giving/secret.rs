//! Who gives in secret is named by no face: board, console, receipt, payment, JSON, messages to others, audit trail,
//! history. They themselves are told.

use entity::money::PaymentState;
use entity::{audit, donation_step};
use linli::sandbox::platform::Standing;
use linli::sandbox::{Api, Fault};
use sea_orm::{EntityTrait, QueryFilter};

use super::{MANAGER, gift, is_on_no_list, number_in, open_drive, pay, promise, sound, spend};
use crate::console::Desk;
use crate::expense::spent;
use crate::harness::app::TestApp;
use crate::payment::{browser_of, expect_state, open_counter, order_by, payments, receipts};
use linli::ledger::Account;

const NAMES: [&str; 4] = ["张秀英", "张**", "13800000101", "1-1-101"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_face_names_who_gives_in_secret() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let manager = app.staff(MANAGER).await;
    let zhang = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, MANAGER).await;
    let drive = open_drive(&mut desk, "给独居老人添冬衣", "").await;
    let key = drive.to_string();
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let money = pay(&zhang, &mut browser, &key, "50", "匿名").await;
    let reply = zhang.says("捐物 不限 旧空调 × 1 放 书画室 匿名").await;
    let goods = number_in(&reply);
    manager.expects_push(&format!("收下捐物 {goods}")).await;
    manager.says(&format!("收下捐物 {goods}")).await;
    let expense = spent(
        &app,
        "GY",
        Account::ExpenseOther,
        5_000,
        "2026-11-30".parse().unwrap(),
    )
    .await;
    spend(&mut desk, &key, "20", expense).await.is(303);
    app.drain().await;

    let mut faces = Vec::new();
    for path in [
        "GY".to_owned(),
        "GY/giving".to_owned(),
        format!("GY/giving?drive={drive}"),
        "GY/giving?drive=free".to_owned(),
        "GY/expenses".to_owned(),
    ] {
        faces.push((path.clone(), app.board(&path).await));
    }
    let payment = payments(&app).await[0].id;
    for path in [
        "/console/giving".to_owned(),
        format!("/console/giving/{drive}"),
        "/console/giving/free".to_owned(),
        "/console/payments".to_owned(),
        format!("/console/payments/{payment}"),
    ] {
        faces.push((path.clone(), desk.open(&path).await.is(200).body.clone()));
    }
    let token = &receipts(&app).await[0].token;
    let page = browser
        .open(&format!("{}/receipt/{token}", app.url()))
        .await;
    faces.push(("receipt".to_owned(), page.body));
    let api = app.api(&manager).await;
    for id in [money, goods] {
        let seen = api.get(&format!("/donations/{id}")).await;
        assert_eq!((seen.status, &seen.json["side"]), (200, &"staff".into()));
        faces.push(("json".to_owned(), seen.json.to_string()));
        let said = manager.says(&format!("我的捐赠 {id}")).await;
        faces.push(("chat".to_owned(), said));
    }
    faces.extend(
        manager
            .pushes()
            .into_iter()
            // That somebody has bound a home is told of itself.
            .filter(|text| !text.contains("新账号绑定"))
            .map(|text| ("push".to_owned(), text)),
    );
    for (face, text) in &faces {
        for name in NAMES {
            assert!(!text.contains(name), "{name} on {face}: {text}");
        }
    }
    let shown = faces.iter().filter(|(_, text)| text.contains("爱心人士"));
    assert!(shown.count() >= 5);

    let zhang_id = gift(&app, money).await.donor_id;
    assert!(zhang_id.is_some(), "they are told by it");
    let trail = audit::Entity::find()
        .filter(
            audit::COLUMN
                .subject
                .is_in([money, goods].map(|id| format!("donation:{id}"))),
        )
        .all(app.store.read())
        .await
        .unwrap();
    assert!(!trail.is_empty());
    assert!(
        trail.iter().all(|row| row.actor_id != zhang_id),
        "{trail:?}"
    );
    let steps = donation_step::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert!(
        steps.iter().all(|step| step.actor_id != zhang_id),
        "{steps:?}"
    );
    // They know their own.
    zhang.expects_push("用了20.00元").await;
    let own = zhang.says("我的捐赠").await;
    assert!(
        own.contains(&format!("#{money}")) && own.contains(&format!("#{goods}")),
        "{own}"
    );
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_in_secret_and_cannot_be_reached_is_on_no_list_of_staff() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    app.steward("1栋").await;
    let manager = app.staff(MANAGER).await;
    let zhang = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, MANAGER).await;
    let key = open_drive(&mut desk, "给独居老人添冬衣", "")
        .await
        .to_string();
    let goods = number_in(&zhang.says("捐物 不限 旧空调 × 1 放 书画室 匿名").await);
    let (_, link) = promise(&zhang, &key, "50", "匿名").await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    manager.expects_push(&format!("收下捐物 {goods}")).await;
    app.drain().await;
    // From here on no channel carries anything to them.
    app.platform.set_standing(&zhang.open_id, Standing::Left);
    let (prepay, payment) = order_by(&app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, payment, PaymentState::Paid).await;
    manager.says(&format!("收下捐物 {goods}")).await;
    let other = Account::ExpenseOther;
    let expense = spent(&app, "GY", other, 5_000, "2026-11-30".parse().unwrap()).await;
    spend(&mut desk, &key, "20", expense).await.is(303);
    app.drain().await;
    is_on_no_list(&app, "张秀英", &["giving.told", "payment.given"]).await;
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_donor_hears_when_a_neighbour_has_paid_and_the_neighbour_is_promised_nothing() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let (id, link) = promise(&zhang, "不限", "50", "匿名").await;
    // No template carries anything: what is said comes as a text, whole.
    let fault = Fault::new(Api::Template, "43101", None);
    assert!(app.platform.set_fault(fault));
    let mut neighbour = browser_of(&app, &li.open_id).await;
    let (prepay, payment) = order_by(&app, &mut neighbour, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, payment, PaymentState::Paid).await;
    let told = zhang.expects_push("已经付好到账").await;
    assert!(
        told.contains("用在哪里会告诉您") && told.contains(&format!("#{id}")),
        "{told}"
    );
    let told = li.expects_push("已收到您给").await;
    assert!(
        told.contains("会公示") && !told.contains("会告诉您"),
        "{told}"
    );
    for name in NAMES {
        assert!(!told.contains(name), "{told}");
    }
    // Their own payment is told of once.
    let mut own = browser_of(&app, &zhang.open_id).await;
    pay(&zhang, &mut own, "不限", "20", "匿名").await;
    let told = zhang.expects_push("已收到您给").await;
    assert!(told.contains("用在哪里会告诉您"), "{told}");
    app.drain().await;
    let twice = zhang.pushes();
    let twice = twice.iter().filter(|text| text.contains("已经付好到账"));
    assert_eq!(twice.count(), 1);
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_leaves_what_was_given_and_nobody_who_gave() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let money = pay(&zhang, &mut browser, "不限", "50", "公开").await;
    let waits = number_in(&zhang.says("捐物 不限 旧书 × 3 放 社区安排 公开").await);
    assert!(app.board("GY/giving?drive=free").await.contains("张**"));
    app.drain().await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    let row = gift(&app, money).await;
    assert_eq!(
        (row.donor_id, row.anonymous, row.amount),
        (None, true, 5_000)
    );
    let row = gift(&app, waits).await;
    assert_eq!((row.donor_id, row.goods), (None, None));
    assert_eq!(row.state, entity::kinds::DonationState::Withdrawn);
    let html = app.board("GY/giving?drive=free").await;
    assert!(html.contains("50.00元") && !html.contains("张**"), "{html}");
    sound(&app).await;
}
