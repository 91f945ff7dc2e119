//! A case filed at the counter or on the phone, by the console.

use entity::case;
use entity::kinds::{CaseKind, Channel};
use sea_orm::{EntityTrait, PaginatorTrait, QueryOrder};

use super::Desk;
use crate::harness::app::TestApp;

const PAGE: &str = "/console/cases/new";

async fn last(app: &TestApp) -> Option<case::Model> {
    case::Entity::find()
        .order_by_desc(case::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
}

/// A filled form; `change` replaces fields.
fn filled<'a>(change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("channel", "walk_in"),
        ("kind", "repair"),
        ("text", "楼道灯不亮"),
        ("home", ""),
        ("asker", ""),
        ("phone", ""),
        ("place", ""),
    ];
    for (name, value) in change {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

#[tokio::test]
async fn somebody_the_roster_knows_gets_the_case_in_their_name() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "孙梅").await;
    desk.open("/console/cases").await.says(PAGE);
    let fields = filled(&[
        ("home", "1-1-101"),
        ("channel", "phone"),
        ("kind", "complaint"),
    ]);
    let page = desk.send(PAGE, PAGE, &fields).await;
    page.is(303);
    let case = last(&app).await.unwrap();
    page.leads_to(&format!("/console/cases/{}?said=new-case", case.id));
    assert_eq!(case.reporter_id, app.person("张秀英").await.id);
    assert_eq!(case.filed_by_id, Some(app.person("孙梅").await.id));
    assert_eq!(
        (case.kind, case.channel),
        (CaseKind::Complaint, Channel::Phone)
    );
    let page = desk.open(&format!("/console/cases/{}", case.id)).await;
    page.is(200).says("楼道灯不亮");
}

#[tokio::test]
async fn what_a_stranger_says_of_themselves_is_kept_and_the_phone_is_sealed() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "孙梅").await;
    let fields = filled(&[
        ("asker", "李阿姨"),
        ("phone", "139 1234 5678"),
        ("text", "大门<script>alert(1)</script>关不上"),
    ]);
    desk.send(PAGE, PAGE, &fields).await.is(303);
    let case = last(&app).await.unwrap();
    assert_eq!(case.asker.as_deref(), Some("李阿姨"));
    let sealed = case.asker_phone_sealed.clone().unwrap();
    assert!(!sealed.contains("13912345678"), "{sealed}");
    let page = desk.open(&format!("/console/cases/{}", case.id)).await;
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    assert!(!page.body.contains("13912345678"), "{}", page.body);
    // Whoever may look, on record, reads both.
    let mut secretary = Desk::of(&app, "郑洪").await;
    let page = secretary
        .act(case.id, "identity", &[("reason", "回电话")])
        .await;
    page.is(200).says("李阿姨").says("13912345678").says("孙梅");
    // A home whose people are known, and a caller who is none of them.
    let fields = filled(&[
        ("home", "1-1-101"),
        ("asker", "保姆小周"),
        ("phone", "13912345679"),
    ]);
    desk.send(PAGE, PAGE, &fields).await.is(303);
    let case = last(&app).await.unwrap();
    assert_eq!(case.asker.as_deref(), Some("保姆小周"));
    assert!(case.asker_phone_sealed.is_some());
}

#[tokio::test]
async fn what_is_missing_stands_beside_its_field_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "孙梅").await;
    for (change, wrong) in [
        (("text", "  "), "text-wrong"),
        (("home", "99-9-999"), "home-wrong"),
        // The next building is not theirs.
        (("home", "2-1-101"), "home-wrong"),
        (("phone", "12345"), "phone-wrong"),
        (("place", "LY"), "place-wrong"),
        (("kind", "moon"), "没有这一项"),
        (("channel", "moon"), "没有这一项"),
    ] {
        let fields = filled(&[("asker", "王阿姨\"<b>"), change]);
        let page = desk.send(PAGE, PAGE, &fields).await;
        page.is(422).says(wrong).says("王阿姨&#34;&#60;b&#62;");
    }
    assert!(last(&app).await.is_none());
    // Over several compounds the place must be said.
    let mut officer = Desk::of(&app, "冯涛").await;
    officer
        .send(PAGE, PAGE, &filled(&[]))
        .await
        .is(422)
        .says("place-wrong");
    officer
        .send(PAGE, PAGE, &filled(&[("place", "GY/2")]))
        .await
        .is(303);
    let case = last(&app).await.unwrap();
    let place = linli::place::queries::by_id(app.store.read(), case.place_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(place.code, "GY/2");
    // The department does not file for others.
    let mut chu = Desk::of(&app, "褚亮").await;
    chu.open(PAGE).await.is(403);
    chu.send("/console/account", PAGE, &filled(&[]))
        .await
        .is(403);
    assert!(!chu.open("/console/cases").await.body.contains(PAGE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_sent_twice_is_one_case_and_other_words_are_another() {
    let app = TestApp::with_instances(2).await;
    let mut one = Desk::of(&app, "孙梅").await;
    let mut two = Desk::at(&app, 1);
    two.browser.cookies.clone_from(&one.browser.cookies);
    let mark = one.open(PAGE).await.hidden("mark");
    let fields = filled(&[("home", "1-1-101"), ("mark", &mark)]);
    let csrf = one.open(PAGE).await.hidden("csrf");
    let (a, b) = futures_util::join!(
        one.send_with(&csrf, PAGE, &fields),
        two.send_with(&csrf, PAGE, &fields)
    );
    assert_eq!((a.status, b.status), (303, 303), "{} {}", a.body, b.body);
    assert_eq!(a.to, b.to);
    let count = || async { case::Entity::find().count(app.store.read()).await.unwrap() };
    assert_eq!(count().await, 1);
    // Somebody goes back and writes something else: it is not lost, and is not taken for what was sent.
    let fields = filled(&[
        ("home", "1-1-101"),
        ("mark", &mark),
        ("text", "还有水管漏水"),
    ]);
    let page = one.send_with(&csrf, PAGE, &fields).await;
    page.is(409).says("已经交过").says("还有水管漏水");
    assert_eq!(count().await, 1);
    let fresh = page.hidden("mark");
    assert_ne!(fresh, mark);
    let fields = filled(&[
        ("home", "1-1-101"),
        ("mark", &fresh),
        ("text", "还有水管漏水"),
    ]);
    one.send_with(&csrf, PAGE, &fields).await.is(303);
    assert_eq!(count().await, 2);
}
