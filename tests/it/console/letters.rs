//! Dead letters: who may mend which, sent again once however often it is pressed, given up with a reason.

use entity::kinds::ReminderState;
use entity::{audit, person as people, reminder};
use futures_util::future::join;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::cases::three_cases;
use super::{Desk, make_administrator};
use crate::harness::app::TestApp;

const PATH: &str = "/console/letters";

/// The cases, and nothing that could not be sent about them; whoever answers for 1栋 can be reached.
async fn cases(app: &TestApp) -> [i64; 3] {
    app.staff("孙梅").await;
    let ids = three_cases(app).await;
    reminder::Entity::delete_many()
        .filter(reminder::COLUMN.state.eq(ReminderState::Failed))
        .exec(app.store.write())
        .await
        .unwrap();
    ids
}

/// A letter to somebody about a case in a compound.
async fn letter(app: &TestApp, name: &str, code: &str, case: i64, number: i64) -> i64 {
    let now = app.now();
    let row = reminder::ActiveModel {
        dedupe_key: Set(format!("test:{code}:{case}:{number}")),
        kind: Set("case.nudged".to_owned()),
        recipient_id: Set(Some(app.person(name).await.id)),
        compound_id: Set(Some(app.place(code).await.id)),
        subject: Set(format!("case:{case}")),
        payload: Set(json!({})),
        due_at: Set(now),
        state: Set(ReminderState::Failed),
        attempts: Set(6),
        next_at: Set(now),
        last_error: Set(Some(
            "无法送达: template: platform error 43004: require subscribe".to_owned(),
        )),
        created_at: Set(now),
        done_at: Set(Some(now - chrono::TimeDelta::seconds(number))),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap().id
}

async fn row(app: &TestApp, id: i64) -> reminder::Model {
    let found = reminder::Entity::find_by_id(id);
    found.one(app.store.read()).await.unwrap().unwrap()
}

fn mark(row: &reminder::Model) -> String {
    row.done_at.unwrap().timestamp_millis().to_string()
}

async fn trail(app: &TestApp, action: &str) -> Vec<audit::Model> {
    let rows = audit::Entity::find().filter(audit::COLUMN.action.eq(action));
    rows.all(app.store.read()).await.unwrap()
}

#[tokio::test]
async fn a_letter_is_shown_in_words_to_whoever_answers_for_its_place() {
    let app = TestApp::start().await;
    let [here, _, next_door] = cases(&app).await;
    letter(&app, "孙梅", "GY", here, 1).await;
    let foreign = letter(&app, "杨光", "LY", next_door, 2).await;
    make_administrator(&app, "卫东", Some("GY")).await;
    let mut desk = Desk::of(&app, "郑洪").await;
    let page = desk.open(PATH).await;
    page.is(200)
        .says("居民催办")
        .says("孙梅")
        .says("杨光")
        .says("对方没有关注公众号（43004）")
        .says(&format!("href=\"/console/cases/{here}\""));
    let narrow = desk.open(&format!("{PATH}?place=LY")).await;
    narrow.says("杨光");
    assert!(!narrow.body.contains("→ 孙梅"));
    desk.open(&format!("{PATH}?kind=case.task"))
        .await
        .says("都送到了");
    desk.open(&format!("{PATH}?kind=x"))
        .await
        .says("没有这一种");
    desk.open(&format!("{PATH}?place=%3Cscript%3E"))
        .await
        .says("没有找到这个地点");
    let mut desk = Desk::of(&app, "卫东").await;
    let page = desk.open(PATH).await;
    page.is(200).says("孙梅");
    assert!(!page.body.contains("杨光"), "another compound's");
    let seen = mark(&row(&app, foreign).await);
    for act in ["retry", "drop"] {
        let to = format!("{PATH}/{foreign}/{act}");
        let fields = [("seen", seen.as_str()), ("reason", "不用了")];
        desk.send(PATH, &to, &fields).await.is(404);
    }
    desk.send(PATH, &format!("{PATH}/all"), &[]).await.is(200);
    assert_eq!(row(&app, foreign).await.state, ReminderState::Failed);
    let mut steward = Desk::of(&app, "孙梅").await;
    steward.open(PATH).await.is(403);
    let all = format!("{PATH}/all");
    steward.send("/console/tasks", &all, &[]).await.is(403);
    let to = format!("{PATH}/{foreign}/retry");
    let fields = [("seen", seen.as_str())];
    steward.send("/console/tasks", &to, &fields).await.is(404);
    desk.send_with("forged", &to, &fields).await.is(403);
}

#[tokio::test]
async fn pressed_at_once_on_two_instances_it_goes_out_once() {
    let app = TestApp::with_instances(2).await;
    let [case, ..] = cases(&app).await;
    let id = letter(&app, "孙梅", "GY", case, 1).await;
    let seen = mark(&row(&app, id).await);
    let mut one = Desk::of(&app, "郑洪").await;
    let mut other = Desk::at(&app, 1);
    super::own_password(&app, "feng", "冯涛").await;
    other.sign_in("feng", super::PASSWORD).await.is(303);
    let marks = (
        one.open(PATH).await.hidden("csrf"),
        other.open(PATH).await.hidden("csrf"),
    );
    let to = format!("{PATH}/{id}/retry");
    let fields = [("seen", seen.as_str())];
    let (first, second) = join(
        one.send_with(&marks.0, &to, &fields),
        other.send_with(&marks.1, &to, &fields),
    )
    .await;
    let mut told = [first.status, second.status];
    told.sort_unstable();
    assert_eq!(told, [303, 409], "{first:?} {second:?}");
    assert_eq!(trail(&app, "letter.retry").await.len(), 1);
    app.drain().await;
    let after = row(&app, id).await;
    assert_ne!(after.state, ReminderState::Failed, "{after:?}");
    // An old page does nothing.
    one.send(PATH, &to, &fields)
        .await
        .is(409)
        .says("刚刚有人处理过");
}

#[tokio::test]
async fn whoever_has_left_is_not_written_to() {
    let app = TestApp::start().await;
    let [case, ..] = cases(&app).await;
    let id = letter(&app, "孙梅", "GY", case, 1).await;
    people::Entity::update_many()
        .col_expr(people::Column::LeftAt, Expr::value(app.now()))
        .filter(people::COLUMN.id.eq(app.person("孙梅").await.id))
        .exec(app.store.write())
        .await
        .unwrap();
    let mut desk = Desk::of(&app, "郑洪").await;
    desk.open(PATH).await.says("已离开").says("重发也送不到");
    let seen = mark(&row(&app, id).await);
    let to = format!("{PATH}/{id}/retry");
    let told = desk.send(PATH, &to, &[("seen", &seen)]).await;
    told.is(409).says("收件人已经离开");
    let all = desk.send(PATH, &format!("{PATH}/all"), &[]).await;
    all.is(200)
        .says("已有0条重新排队")
        .says("1条的收件人已经离开");
    assert_eq!(row(&app, id).await.state, ReminderState::Failed);
    let to = format!("{PATH}/{id}/drop");
    let without = desk
        .send(PATH, &to, &[("seen", &seen), ("reason", "  ")])
        .await;
    without.is(422).says("请写明为什么放弃");
    let reason = "<b>已打电话</b> 13800000101";
    let done = desk
        .send(PATH, &to, &[("seen", &seen), ("reason", reason)])
        .await;
    done.is(303);
    assert_eq!(row(&app, id).await.state, ReminderState::Cancelled);
    let trail = trail(&app, "letter.drop").await;
    assert_eq!(trail.len(), 1);
    let kept = trail[0].detail.as_ref().unwrap()["reason"].to_string();
    assert!(kept.contains("已打电话") && !kept.contains("13800000101"));
    desk.open(PATH).await.says("都送到了");
    let shown = desk.open("/console/audit?what=letter").await;
    shown.says("放弃没送到的消息").says(&format!("提醒 #{id}"));
    assert!(!shown.body.contains("<b>已打电话"));
}

#[tokio::test]
async fn all_that_the_filter_shows_is_sent_again_over_all_its_pages() {
    let app = TestApp::start().await;
    let [case, _, next_door] = cases(&app).await;
    for number in 0..130 {
        letter(&app, "孙梅", "GY", case, number).await;
    }
    letter(&app, "杨光", "LY", next_door, 1).await;
    let mut desk = Desk::of(&app, "郑洪").await;
    let next = regex::Regex::new("rel=\"next\" href=\"([^\"]+)\"").unwrap();
    let (mut path, mut seen) = (format!("{PATH}?place=GY"), 0);
    loop {
        let page = desk.open(&path).await;
        seen += page.body.matches("class=\"card letter\"").count();
        match next.captures(&page.body) {
            Some(found) => path = found[1].replace("&amp;", "&").replace("&#38;", "&"),
            None => break,
        }
    }
    assert_eq!(seen, 130);
    let done = desk
        .send(PATH, &format!("{PATH}/all"), &[("place", "GY")])
        .await;
    done.is(200).says("已有130条重新排队");
    assert_eq!(trail(&app, "letter.retry").await.len(), 130);
    app.drain().await;
    let dead = reminder::Entity::find()
        .filter(reminder::COLUMN.state.eq(ReminderState::Failed))
        .count(app.store.read());
    assert_eq!(dead.await.unwrap(), 1, "the other compound's stays");
}
