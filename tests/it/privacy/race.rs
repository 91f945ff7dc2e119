//! An erasure beside what happens at the same moment: what was paid, accepted, moved up, given back, lent or asked
//! while it looked for the person's rows stays so, and nothing is counted twice.

use std::time::Duration;

use entity::kinds::{DonationState, HelpState, TalentKind};
use entity::life::SignupState;
use entity::money::PaymentState;
use entity::{activity_signup, handbook_asker, handbook_question};
use linli::access::{Actor, load_actor};
use linli::base::dice::Dice;
use linli::payment::actions::settle::{Paid, Settled, settle};
use linli::store::Tx;
use sea_orm::EntityTrait;

use crate::activity::{activity, open};
use crate::giving::{gift, promise, sound};
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::payment::{browser_of, expect_state, open_counter, order_by, refunds};
use crate::station::{ALWAYS, station, thing};
use crate::talent::{ask, offer, request};
use crate::volunteer::{post, task};

/// Somebody as the chat knows them.
async fn actor(person: &Person<'_>) -> Actor {
    let (app, account) = (person.app, person.account().await);
    let loaded = load_actor(app.store.read(), &account, app.now()).await;
    loaded.unwrap()
}

async fn begin(app: &TestApp) -> Tx {
    app.store.begin(app.now()).await.unwrap()
}

/// Erases somebody while another instance has done something and has not stored it: PostgreSQL shows the erasure what
/// was before and has it wait at the first row that both want, SQLite has it wait at once.
async fn erased_beside(person: &Person<'_>, tx: Tx) -> String {
    let stored = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        tx.commit().await.unwrap();
    };
    let (reply, ()) = tokio::join!(person.says("注销 确认"), stored);
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_paid_while_its_donor_is_erased_is_there_to_be_used() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let (id, link) = promise(&zhang, "不限", "50", "公开").await;
    // A neighbour pays it.
    let mut browser = browser_of(&app, &li.open_id).await;
    let (_, payment) = order_by(&app, &mut browser, &link).await;
    app.drain().await;
    let paid = Paid {
        transaction_id: "4200001234202611300000000001".to_owned(),
        at: app.now(),
    };
    let mut tx = begin(&app).await;
    let settled = settle(&mut tx, &Dice::from_seed(7), payment, &paid).await;
    assert_eq!(settled.unwrap(), Settled::Now);
    let reply = erased_beside(&zhang, tx).await;
    assert!(reply.contains("已注销"), "{reply}");
    let row = gift(&app, id).await;
    assert_eq!(
        (row.state, row.donor_id, row.anonymous),
        (DonationState::Received, None, true)
    );
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_beside_the_erasure_of_the_asker_stays_a_yes() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    offer(&li, TalentKind::Doctor).await;
    let id = ask(&zhang, "医护 想请人看看化验单").await;
    let helper = actor(&li).await;
    let mut tx = begin(&app).await;
    let yes = linli::talent::actions::answer(&mut tx, &helper, id, true).await;
    yes.unwrap();
    let reply = erased_beside(&zhang, tx).await;
    assert!(reply.contains("已注销"), "{reply}");
    let row = request(&app, id).await;
    assert_eq!((row.state, row.text.as_str()), (HelpState::Accepted, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_moved_up_beside_their_erasure_leaves_a_place_and_no_hole_in_the_line() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = open(&chair, Some(1)).await;
    for person in [&li, &zhang] {
        person.says(&format!("报名 {id}")).await;
    }
    let row = activity(&app, id).await;
    assert_eq!((row.taken, row.waiting), (1, 1));
    let first = actor(&li).await;
    let mut tx = begin(&app).await;
    let left = linli::activity::actions::leave(&mut tx, &first, id).await;
    left.unwrap();
    let reply = erased_beside(&zhang, tx).await;
    assert!(reply.contains("已注销"), "{reply}");
    let row = activity(&app, id).await;
    assert_eq!((row.taken, row.waiting), (0, 0));
    let rows = activity_signup::Entity::find().all(app.store.read()).await;
    let mut states = rows.unwrap().into_iter().map(|row| row.state);
    assert!(states.all(|state| state == SignupState::Left));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_given_back_beside_the_erasure_is_free_once() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = post(&chair, 2).await;
    for person in [&li, &zhang] {
        person.says("志愿报名").await;
        person.says(&format!("领任务 {id}")).await;
    }
    assert_eq!(task(&app, id).await.taken, 2);
    let volunteer = actor(&zhang).await;
    let mut tx = begin(&app).await;
    let back = linli::volunteer::actions::give_back(&mut tx, &volunteer, id).await;
    back.unwrap();
    let reply = erased_beside(&zhang, tx).await;
    assert!(reply.contains("已注销"), "{reply}");
    assert_eq!(task(&app, id).await.taken, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_erased_with_something_that_is_lent_to_them_at_that_moment() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let at = station(&app, ALWAYS).await;
    let umbrella = thing(&app, &at, "雨伞", 1).await;
    let borrower = actor(&zhang).await;
    let mut tx = begin(&app).await;
    let terms = &app.settings.stations;
    let lent = linli::station::actions::borrow(&mut tx, &borrower, terms, umbrella).await;
    lent.unwrap();
    let reply = erased_beside(&zhang, tx).await;
    assert!(reply.contains("您还借着驿站的1件东西"), "{reply}");
    assert_eq!(app.person("张秀英").await.erased_at, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_settle_and_erase_at_once_and_every_fen_has_its_place() {
    let app = TestApp::with_instances(2).await;
    open_counter(&app).await;
    let li = app.resident("李建国").await;
    let mut payer = browser_of(&app, &li.open_id).await;
    for name in ["张秀英", "王芳", "陈伟"] {
        let donor = app.resident(name).await;
        let (id, link) = promise(&donor, "不限", "50", "公开").await;
        let (prepay, payment) = order_by(&app, &mut payer, &link).await;
        app.platform.pay(&prepay).unwrap();
        let reply = donor.says("注销 确认").await;
        assert!(reply.contains("已注销"), "{reply}");
        expect_state(&app, payment, PaymentState::Paid).await;
        let row = gift(&app, id).await;
        // Paid before, or paid back after.
        let backs = refunds(&app).await;
        let back = backs
            .iter()
            .any(|refund| refund.payment_id == Some(payment));
        assert_eq!(row.state == DonationState::Received, !back, "{row:?}");
        assert_eq!(row.donor_id, None);
    }
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_asks_beside_the_erasure_of_who_asked_it_first_stays_asked() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let text = "健身房在哪里";
    zhang.says(text).await;
    let (asker, gy) = (actor(&li).await, app.place("GY").await.id);
    let tx = begin(&app).await;
    let put_down = linli::handbook::actions::ask(&tx, &asker, gy, text).await;
    assert!(put_down.unwrap());
    let reply = erased_beside(&zhang, tx).await;
    assert!(reply.contains("已注销"), "{reply}");
    let db = app.store.read();
    let questions = handbook_question::Entity::find().all(db).await.unwrap();
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert_eq!(questions[0].asked, 2);
    let askers = handbook_asker::Entity::find().all(db).await.unwrap();
    let askers: Vec<i64> = askers.iter().map(|row| row.person_id).collect();
    assert_eq!(askers, [app.person("李建国").await.id]);
}
