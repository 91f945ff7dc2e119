//! Tasks as cards: pressed, shown to others, raced for, replayed, pressed by somebody who left.

use chrono::TimeDelta;
use entity::kinds::CaseState;
use entity::{case_event, person};
use linli::sandbox::{Answer, Api, Fault};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::identity::register;
use super::{card_with, cards_of, press, says};
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::until;

const TAKE: &[&str] = &["接单", "转派"];
const TAKEN: &[&str] = &["到场", "办结", "转派"];

/// The house with its steward in WeCom, and a case of a resident that the steward has.
async fn filed(app: &TestApp) -> (Person<'_>, i64) {
    let resident = bound(app).await;
    let id = files(&resident).await;
    (resident, id)
}

/// The house before anything is filed; the steward has been told of the binding.
async fn bound(app: &TestApp) -> Person<'_> {
    register(app, "sun", Some("sunmei")).await;
    let resident = app.resident("张秀英").await;
    app.drain().await;
    resident
}

async fn files(resident: &Person<'_>) -> i64 {
    resident.says("报修 楼道灯坏了").await;
    resident.case().await.id
}

async fn times(app: &TestApp, id: i64, action: &str) -> usize {
    let events = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(id))
        .filter(case_event::COLUMN.action.eq(action))
        .all(app.store.read())
        .await;
    events.unwrap().len()
}

async fn over(app: &TestApp, userid: &str, id: i64, words: &str) {
    until(&format!("{userid} sees «{words}»"), 15, async || {
        let card = cards_of(app, userid, id).pop()?.work_card?;
        card.over.filter(|over| over.contains(words))
    })
    .await;
}

#[tokio::test]
async fn a_task_is_worked_through_by_pressing() {
    let app = TestApp::start().await;
    let (resident, id) = filed(&app).await;
    let card = card_with(&app, "sunmei", id, TAKE).await;
    let shown = card.work_card.unwrap();
    assert!(shown.text.contains("楼道灯坏了"), "{shown:?}");
    let words = press(&app, "sunmei", id, "接单").await;
    assert!(words.contains("已接单"), "{words}");
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    card_with(&app, "sunmei", id, TAKEN).await;
    resident.expects_push("孙梅已接单").await;
    let words = press(&app, "sunmei", id, "到场").await;
    assert!(words.contains("到场"), "{words}");
    card_with(&app, "sunmei", id, &["办结", "转派"]).await;
    let question = press(&app, "sunmei", id, "办结").await;
    assert!(question.contains("请写下办理结果"), "{question}");
    let reply = says(&app, "sunmei", "换了灯泡").await;
    assert!(reply.contains("已办结"), "{reply}");
    over(&app, "sunmei", id, "已由 孙梅 办结").await;
    resident.expects_push("评价").await;
    assert_eq!(cards_of(&app, "sunmei", id).len(), 1);
}

#[tokio::test]
async fn who_hands_it_over_names_the_next_by_a_text_and_the_card_says_so() {
    let app = TestApp::start().await;
    let (_, id) = filed(&app).await;
    register(&app, "jiang", Some("jiangping")).await;
    card_with(&app, "sunmei", id, TAKE).await;
    press(&app, "sunmei", id, "转派").await;
    // The list of names does not fit a card: it follows as a text.
    let list = until("the list of names", 15, async || {
        let seen = app.platform.member_sees("sunmei");
        let mut texts = seen.into_iter().filter(|entry| entry.work_card.is_none());
        texts.find(|entry| entry.text.contains("转派给谁"))
    })
    .await;
    let line = list.text.lines().find(|line| line.contains("蒋平"));
    let digit = line.unwrap().split(' ').next().unwrap();
    let reply = says(&app, "sunmei", digit).await;
    assert!(reply.contains("已转派给蒋平"), "{reply}");
    over(&app, "sunmei", id, "已转给 蒋平").await;
    card_with(&app, "jiangping", id, TAKE).await;
    press(&app, "jiangping", id, "接单").await;
    assert_eq!(times(&app, id, "accepted").await, 1);
}

/// Everybody gives it back until nobody has it: then those who give work out have cards.
async fn unassigned(app: &TestApp, id: i64) {
    let people = [
        ("sun", "sunmei"),
        ("jiang", "jiangping"),
        ("shen", "shenli"),
        ("wei", "weidong"),
        ("wu", "wujing"),
        ("zheng", "zhenghong"),
        ("feng", "fengtao"),
        ("chu", "chuliang"),
    ];
    let mut known = Vec::new();
    for (key, userid) in people {
        known.push((register(app, key, Some(userid)).await.id, userid));
    }
    for _ in 0..12 {
        let Some(holder) = app.case(id).await.holder_id else {
            return;
        };
        let (_, userid) = known.iter().find(|(person, _)| *person == holder).unwrap();
        says(app, userid, &format!("退单 {id} 不归我管")).await;
    }
    panic!("somebody always has it");
}

#[tokio::test]
async fn two_who_press_at_once_are_one_who_has_it_and_one_who_sees_who() {
    let app = TestApp::with_instances(2).await;
    let (_, id) = filed(&app).await;
    unassigned(&app, id).await;
    for userid in ["shenli", "weidong", "zhenghong"] {
        card_with(&app, userid, id, TAKE).await;
    }
    let (one, other) = tokio::join!(
        press(&app, "shenli", id, "接单"),
        press(&app, "weidong", id, "接单")
    );
    assert_eq!(times(&app, id, "accepted").await, 1, "{one}\n{other}");
    let holder = app.case(id).await.holder_id.unwrap();
    let holder = person::Entity::find_by_id(holder);
    let holder = holder.one(app.store.read()).await.unwrap().unwrap();
    let (winner, loser, lost) = if holder.name == "沈立" {
        ("shenli", "weidong", other)
    } else {
        ("weidong", "shenli", one)
    };
    assert!(!lost.contains("已接单："), "{lost}");
    let words = format!("已由 {} 接单", holder.name);
    over(&app, loser, id, &words).await;
    over(&app, "zhenghong", id, &words).await;
    card_with(&app, winner, id, TAKEN).await;
}

#[tokio::test]
async fn a_button_that_is_pressed_again_or_delivered_again_does_nothing_twice() {
    let app = TestApp::start().await;
    let (_, id) = filed(&app).await;
    card_with(&app, "sunmei", id, TAKE).await;
    assert!(
        app.platform
            .set_fault(Fault::new(Api::Callback, "repeat", Some(2)))
    );
    let words = press(&app, "sunmei", id, "接单").await;
    assert!(words.contains("已接单"), "{words}");
    let again = press(&app, "sunmei", id, "接单").await;
    assert!(again.contains("接单"), "{again}");
    app.clock.advance(TimeDelta::seconds(1));
    let words = press(&app, "sunmei", id, "接单").await;
    assert!(words.contains("已经接单了"), "{words}");
    assert_eq!(times(&app, id, "accepted").await, 1);
    press(&app, "sunmei", id, "办结").await;
    says(&app, "sunmei", "换了灯泡").await;
    over(&app, "sunmei", id, "办结").await;
    // A phone that was asleep still shows the buttons.
    let words = press(&app, "sunmei", id, "到场").await;
    assert!(words.contains("不能这样操作"), "{words}");
    assert_eq!(app.case(id).await.state, CaseState::Finished);
    assert_eq!(times(&app, id, "finished").await, 1);
}

#[tokio::test]
async fn one_who_left_is_told_kindly_and_can_do_nothing() {
    let app = TestApp::start().await;
    let (_, id) = filed(&app).await;
    card_with(&app, "sunmei", id, TAKE).await;
    let mut gone = app.person("孙梅").await.into_active_model();
    gone.left_at = Set(Some(app.now()));
    gone.update(app.store.write()).await.unwrap();
    let words = press(&app, "sunmei", id, "接单").await;
    assert!(
        words.contains("还没有登记") || words.contains("您好"),
        "{words}"
    );
    assert_eq!(app.case(id).await.state, CaseState::Assigned);
    until("the whole sentence", 15, async || {
        let seen = app.platform.member_sees("sunmei");
        seen.into_iter()
            .find(|entry| entry.text.contains("请管理员"))
    })
    .await;
}

#[tokio::test]
async fn words_in_the_official_account_change_the_card_while_there_is_a_code() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let (_, id) = filed(&app).await;
    card_with(&app, "sunmei", id, TAKE).await;
    steward.says(&format!("接单 {id}")).await;
    card_with(&app, "sunmei", id, TAKEN).await;
    assert_eq!(app.platform.calls(Api::Card), 1);
    // The one code is used up: the card stays until it is pressed, and then it is right again.
    steward.says(&format!("到场 {id}")).await;
    app.clock.advance(TimeDelta::seconds(5));
    app.drain().await;
    card_with(&app, "sunmei", id, TAKEN).await;
    let words = press(&app, "sunmei", id, "到场").await;
    assert!(words.contains("不能这样操作"), "{words}");
    card_with(&app, "sunmei", id, &["办结", "转派"]).await;
    assert_eq!(times(&app, id, "arrived").await, 1);
}

#[tokio::test]
async fn a_change_that_failed_is_tried_again_with_the_same_code() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let (_, id) = filed(&app).await;
    card_with(&app, "sunmei", id, TAKE).await;
    assert!(
        app.platform
            .set_fault(Fault::new(Api::Card, "gateway", Some(1)))
    );
    steward.says(&format!("接单 {id}")).await;
    until("the first try", 15, async || {
        (app.platform.calls(Api::Card) == 1).then_some(())
    })
    .await;
    app.drain().await;
    app.advance(2).await;
    card_with(&app, "sunmei", id, TAKEN).await;
}

#[tokio::test]
async fn whom_wecom_does_not_reach_is_reached_by_the_official_account() {
    for code in ["81013", "60011", "48002", "60020", "40001", "301002"] {
        let mut app = TestApp::start().await;
        app.allow_errors();
        let steward = app.steward("1栋").await;
        assert!(app.platform.set_fault(Fault::new(Api::Send, code, None)));
        let (_, id) = filed(&app).await;
        steward.expects_push(&format!("接单 {id}")).await;
        assert!(cards_of(&app, "sunmei", id).is_empty(), "{code}");
    }
}

#[tokio::test]
async fn a_member_who_is_none_falls_back_though_the_call_went_well() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    app.platform.set_member("sunmei", false);
    let (_, id) = filed(&app).await;
    steward.expects_push(&format!("接单 {id}")).await;
}

#[tokio::test]
async fn a_message_whose_answer_got_lost_is_not_doubled() {
    let app = TestApp::start().await;
    let resident = bound(&app).await;
    let before = app.platform.calls(Api::Send);
    let dropped = Fault::new(Api::Send, "dropped", Some(1));
    assert!(app.platform.set_fault(dropped));
    let id = files(&resident).await;
    until("the first try", 15, async || {
        (app.platform.calls(Api::Send) == before + 1).then_some(())
    })
    .await;
    app.drain().await;
    app.advance(2).await;
    until("the second try", 15, async || {
        (app.platform.calls(Api::Send) >= before + 2).then_some(())
    })
    .await;
    assert_eq!(cards_of(&app, "sunmei", id).len(), 1);
    press(&app, "sunmei", id, "接单").await;
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
}

#[tokio::test]
async fn a_card_nobody_knows_says_what_came_of_it() {
    let app = TestApp::start().await;
    let (_, id) = filed(&app).await;
    let card = card_with(&app, "sunmei", id, TAKE).await;
    entity::work_card::Entity::delete_many()
        .exec(app.store.write())
        .await
        .unwrap();
    let key = format!("接单 {id}");
    let said = app.platform.press("sunmei", card.id, &key).await;
    assert!(matches!(said.answer, Answer::Card(_)), "{said:?}");
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_goes_out_while_its_case_changes_shows_the_change() {
    use linli::command::serve::{Boot, start_as};
    if !crate::harness::db::Backend::chosen().postgres {
        return; // SQLite has one writer at a time.
    }
    // Nobody works on reminders yet.
    let mut app = TestApp::plan().instances(0).start().await;
    let boot = Boot {
        clock: app.clock.clone(),
        shift: None,
        dice: std::sync::Arc::new(linli::base::dice::Dice::from_system()),
        role: linli::command::Role::Web,
    };
    let web = start_as(app.settings.clone(), boot).await.unwrap();
    let url = format!("http://{}/wechat/official", web.address);
    app.platform.set_callbacks(vec![url]);
    app.instances.push(web);
    register(&app, "sun", Some("sunmei")).await;
    let steward = app.steward("1栋").await.account().await;
    let id = files(&app.resident("张秀英").await).await;

    let mut tx = app.store.begin(app.now()).await.unwrap();
    let actor = linli::access::load_actor(tx.db(), &steward, app.now());
    let actor = actor.await.unwrap();
    linli::case::actions::accept(&mut tx, &actor, id)
        .await
        .unwrap();
    app.add_instance().await;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert!(
        cards_of(&app, "sunmei", id).is_empty(),
        "sent without looking again"
    );
    tx.commit().await.unwrap();
    app.drain().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    app.drain().await;
    for card in cards_of(&app, "sunmei", id) {
        let shown = card.work_card.unwrap();
        let labels: Vec<&str> = shown.buttons.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(labels, TAKEN, "stale");
    }
    let left = entity::work_card::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    let sending = entity::kinds::CardState::Sending;
    assert!(left.iter().all(|card| card.state != sending), "{left:?}");
}
