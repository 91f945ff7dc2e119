//! What the handbook could not answer: put down without names, counted, answered, told.

use entity::kinds::QuestionState;
use entity::{handbook_asker, handbook_question};
use sea_orm::{EntityTrait, PaginatorTrait, QueryOrder};
use serde_json::json;

use super::{article, write};
use crate::console::Desk;
use crate::harness::app::TestApp;

async fn all(app: &TestApp) -> Vec<handbook_question::Model> {
    let rows = handbook_question::Entity::find().order_by_asc(handbook_question::COLUMN.id);
    rows.all(app.store.read()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_listed_once_without_names_then_answered_and_told() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let reply = zhang
        .says("游泳池几点开门？我是张秀英，1-1-101，13800000101")
        .await;
    assert!(
        reply.contains("已记下") && reply.contains("1 报修"),
        "{reply}"
    );
    let rows = all(&app).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    for personal in ["张秀英", "1-1-101", "13800000101"] {
        assert!(!rows[0].text.contains(personal), "{:?}", rows[0]);
        assert!(!rows[0].words.contains(personal), "{:?}", rows[0]);
    }
    li.says("健身房在哪里").await;
    zhang.says("请问健身房在哪里呀").await;
    let rows = all(&app).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[1].asked, 2);
    let api = app.api(&chair).await;
    let listed = api.get("/handbook/questions?limit=1").await;
    assert_eq!(listed.json["items"][0]["asked"], json!(2), "{listed:?}");
    let mut desk = Desk::of(&app, "卫东").await;
    let page = "/console/handbook/questions";
    desk.open(page)
        .await
        .is(200)
        .says("健身房")
        .says("问过 2 次");
    let id = write(
        &api,
        &article(
            "GY",
            "社区健身点",
            "",
            "健身点在3号楼架空层，六点到二十一点开放。",
        ),
    )
    .await;
    let number = id.to_string();
    let to = format!("{page}/{}/answer", rows[1].id);
    let odd = desk.send(page, &to, &[("article", "x")]).await;
    odd.is(422).says("编号");
    desk.open(page)
        .await
        .says(&format!("<option value=\"{number} 社区健身点\">"));
    let choice = format!("{number} 社区健身点");
    desk.send(page, &to, &[("article", &choice)]).await.is(303);
    let twice = desk.send(page, &to, &[("article", &number)]).await;
    twice.is(409).says("已经处理过");
    for person in [&zhang, &li] {
        person.expects_push("3号楼架空层").await;
    }
    assert_eq!(all(&app).await[1].state, QuestionState::Answered);
    // Its words are the article's from now on.
    let found = li.says("健身房在哪里").await;
    assert!(found.contains("3号楼架空层"), "{found}");
    let dismissed = api
        .post(
            &format!("/handbook/questions/{}/dismiss", rows[0].id),
            &json!({}),
        )
        .await;
    assert_eq!(dismissed.json["state"], "dismissed", "{dismissed:?}");
    assert_eq!(
        api.get("/handbook/questions").await.json["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_that_is_written_for_a_question_answers_it() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    zhang.says("健身房在哪里").await;
    let id = all(&app).await[0].id;
    let mut desk = Desk::of(&app, "卫东").await;
    let new = format!("/console/handbook/new?question={id}");
    desk.open("/console/handbook/questions").await.says(&new);
    // The question stays in the form.
    let form = desk.open(&new).await;
    form.is(200)
        .says("健身房在哪里</textarea>")
        .says(&format!("name=\"question\" value=\"{id}\""));
    desk.open("/console/handbook/new?question=999")
        .await
        .is(404);
    let number = id.to_string();
    let mut fields = vec![
        ("place", "GY"),
        ("question", &*number),
        ("title", "社区健身点"),
        ("questions", "健身房在哪里"),
        ("body", "短"),
        ("publish", "no"),
    ];
    let to = "/console/handbook/new";
    desk.send(&new, to, &fields)
        .await
        .is(422)
        .says("name=\"question\"");
    fields[4].1 = "健身点在3号楼架空层，六点到二十一点开放。";
    desk.send(&new, to, &fields).await.is(303);
    assert_eq!(
        all(&app).await[0].state,
        QuestionState::Open,
        "a draft answers nobody"
    );
    fields[2].1 = "社区的健身点";
    fields[5].1 = "yes";
    desk.send(&new, to, &fields)
        .await
        .is(303)
        .leads_to("/console/handbook/questions?said=question-answered");
    assert_eq!(all(&app).await[0].state, QuestionState::Answered);
    zhang.expects_push("3号楼架空层").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_dismissed_and_is_asked_again_waits_again_and_is_answered() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    zhang.says("健身房在哪里").await;
    let api = app.api(&chair).await;
    let id = all(&app).await[0].id;
    let path = format!("/handbook/questions/{id}/dismiss");
    let dismissed = api.post(&path, &json!({})).await;
    assert_eq!(dismissed.json["state"], "dismissed", "{dismissed:?}");
    let again = li.says("请问健身房在哪里呀").await;
    assert!(again.contains("已记下"), "{again}");
    let row = all(&app).await[0].clone();
    assert_eq!(
        (row.state, row.ended_at, row.asked),
        (QuestionState::Open, None, 2)
    );
    let listed = api.get("/handbook/questions").await;
    assert_eq!(listed.json["items"][0]["id"], json!(id.to_string()));
    let words = "健身点在3号楼架空层，六点到二十一点开放。";
    let number = write(&api, &article("GY", "社区健身点", "", words)).await;
    let body = json!({ "article": number.to_string() });
    let answered = api
        .post(&format!("/handbook/questions/{id}/answer"), &body)
        .await;
    assert_eq!(answered.json["state"], "answered", "{answered:?}");
    li.expects_push("3号楼架空层").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_not_the_one_is_said_so_by_a_digit() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let answered = zhang.says("业委会怎么选").await;
    let line = answered.lines().find(|line| line.contains("不是我要问的"));
    let digit = line.expect("no way to say so").chars().next().unwrap();
    let noted = zhang.says(&digit.to_string()).await;
    assert!(noted.contains("已记下"), "{noted}");
    let rows = all(&app).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].text, "业委会怎么选");
    // Asked again though an article was named for it: open again.
    assert_eq!((rows[0].state, rows[0].asked), (QuestionState::Open, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_asks_so_many_a_day_and_an_erasure_takes_them() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let shared = "健身房在哪里";
    for person in [&zhang, &li] {
        let reply = person.says(shared).await;
        assert!(reply.contains("已记下"), "{reply}");
    }
    for number in 0..20 {
        zhang
            .says(&format!("手册 第{number}个车棚的钥匙归谁"))
            .await;
    }
    let asked = handbook_asker::Entity::find().count(app.store.read()).await;
    assert_eq!(asked.unwrap(), 21, "twenty of one person, one of the other");
    app.drain().await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    let rows = all(&app).await;
    assert_eq!(
        rows.len(),
        1,
        "what another has asked as well stays: {rows:?}"
    );
    assert_eq!(rows[0].text, shared);
    let left = handbook_asker::Entity::find().count(app.store.read()).await;
    assert_eq!(left.unwrap(), 1);
}
