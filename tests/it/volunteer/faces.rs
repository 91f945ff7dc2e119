//! The other faces: the coordinator's page with a year to print and as XLSX, the board with names of the willing alone, and
//! what an erasure leaves.

use chrono::TimeDelta;
use entity::life::{ServiceState, VolunteerState, VolunteerTaskState};
use entity::{volunteer, volunteer_service, volunteer_task};
use linli::base::clock::china;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use super::{part, post, task};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_coordinator_posts_enters_confirms_and_takes_the_year_away() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    zhang.says("志愿报名").await;
    li.says("双报到 市一中").await;
    let page = "/console/volunteers";
    let mut desk = Desk::of(&app, "卫东").await;
    let field = |hours: i64| {
        let at = china(app.now() + TimeDelta::hours(hours));
        at.format("%Y-%m-%dT%H:%M").to_string()
    };
    let (from, until) = (field(-5), field(-3));
    let empty = [
        ("place", "GY"),
        ("title", "扫"),
        ("venue", "花园"),
        ("starts_at", from.as_str()),
        ("ends_at", until.as_str()),
        ("wanted", "2"),
    ];
    desk.send(page, "/console/volunteers/tasks", &empty)
        .await
        .is(422)
        .says("请写清楚")
        .says("aria-invalid");
    let good = [
        ("place", "GY"),
        ("title", "修剪花木"),
        ("venue", "花园"),
        ("starts_at", from.as_str()),
        ("ends_at", until.as_str()),
        ("wanted", "2"),
    ];
    desk.send(page, "/console/volunteers/tasks", &good)
        .await
        .is(303);
    let shown = desk.open(page).await;
    shown
        .is(200)
        .says("修剪花木")
        .says("双报到：市一中")
        .says("志愿者 2 人，其中双报到党员 1 人");
    let rows = volunteer::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    let who = rows[0].id.to_string();
    let id = volunteer_task::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
        .id;
    let record = format!("/console/volunteers/tasks/{id}/record");
    let hours = [
        ("place", "GY"),
        ("volunteer", who.as_str()),
        ("from", from.as_str()),
        ("until", until.as_str()),
    ];
    desk.send(page, &record, &hours).await.is(303);
    assert_eq!(part(&zhang, id).await.minutes, Some(120));
    let future = field(5);
    let wrong = [
        ("place", "GY"),
        ("volunteer", who.as_str()),
        ("from", from.as_str()),
        ("until", future.as_str()),
    ];
    desk.send(page, &record, &wrong)
        .await
        .is(422)
        .says("结束时间还没有到");
    desk.open(page).await.says("2小时").says("已确认");
    let sheet = desk
        .open(&format!("/console/volunteers/record?id={who}"))
        .await;
    sheet
        .is(200)
        .says("张秀英")
        .says("修剪花木")
        .says("合计 <b>2小时</b>");
    let book = desk.open("/console/volunteers.xlsx?place=GY").await;
    book.is(200);
    let kind = book.headers["content-type"].to_str().unwrap().to_owned();
    assert!(
        kind.contains("spreadsheetml")
            && book.headers["content-disposition"]
                .to_str()
                .unwrap()
                .contains("volunteers-GY-")
    );
    let refuse = format!(
        "/console/volunteers/services/{}/refuse",
        part(&zhang, id).await.id
    );
    desk.send(page, &refuse, &[("place", "GY"), ("reason", "记错人了")])
        .await
        .is(303);
    zhang.expects_push("记错人了").await;
    assert_eq!(part(&zhang, id).await.state, ServiceState::Refused);
    // A steward of one building sees no record; next door there is nothing.
    let mut steward = Desk::of(&app, "孙梅").await;
    steward
        .open("/console/volunteers.xlsx?place=GY/1")
        .await
        .is(404);
    steward
        .open(&format!("/console/volunteers/record?id={who}"))
        .await
        .is(404);
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door
        .open(&format!("/console/volunteers/record?id={who}"))
        .await
        .is(404);
    next_door
        .send(page, &refuse, &[("reason", "别处的")])
        .await
        .is(404);
    let mut staff = Desk::of(&app, "蒋平").await;
    staff.open(page).await.is(403);
    drop(chair);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_board_sums_hours_and_names_the_willing_and_an_erasure_leaves_numbers() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let id = post(&chair, 5).await;
    // Nobody has served yet; what volunteers are wanted for is there.
    let empty = app.board("GY").await;
    assert!(
        empty.contains(&format!("#{id} 楼道大扫除")) && empty.contains("（还要5人）"),
        "{empty}"
    );
    assert!(!empty.contains("位志愿者"), "{empty}");
    for person in [&zhang, &li] {
        person.says("志愿报名").await;
        person.says(&format!("领任务 {id}")).await;
        person.says(&format!("开始服务 {id}")).await;
    }
    app.advance(60).await;
    for person in [&zhang, &li] {
        person.says(&format!("结束服务 {id}")).await;
    }
    chair.says(&format!("确认工时 {id}")).await;
    let shown = app.board("GY").await;
    assert!(
        shown.contains("<b>2</b> 位志愿者服务了 <b>2小时</b>"),
        "{shown}"
    );
    assert!(
        !shown.contains("张秀英") && !shown.contains("李建国"),
        "{shown}"
    );
    li.says("志愿公开").await;
    assert!(li.says("1").await.contains("会写您的名字"));
    let shown = app.board("GY").await;
    assert!(
        shown.contains("李建国　1小时") && !shown.contains("张秀英"),
        "{shown}"
    );
    // Somebody who has only taken a task frees it.
    let next = post(&chair, 1).await;
    li.says(&format!("领任务 {next}")).await;
    li.says("注销").await;
    let erased = li.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    assert_eq!(task(&app, next).await.taken, 0);
    let shown = app.board("GY").await;
    assert!(
        shown.contains("服务了 <b>2小时</b>") && !shown.contains("李建国"),
        "{shown}"
    );
    let left = volunteer::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    let gone = left
        .iter()
        .find(|row| row.person_id.is_none())
        .expect("a row without a person");
    assert_eq!((gone.state, gone.named), (VolunteerState::Left, false));
    let services = volunteer_service::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(
        services
            .iter()
            .filter(|row| row.person_id.is_none())
            .count(),
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steward_of_one_building_reads_names_and_neither_hours_nor_units() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let li = app.resident("李建国").await;
    li.says("双报到 市一中").await;
    let id = post(&chair, 2).await;
    li.says(&format!("领任务 {id}")).await;
    li.says(&format!("开始服务 {id}")).await;
    app.advance(90).await;
    li.says(&format!("结束服务 {id}")).await;
    chair.says(&format!("确认工时 {id}")).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let page = desk.open("/console/volunteers?place=GY").await;
    page.is(200)
        .says("李建国")
        .says("双报到：市一中")
        .says("data-label=\"时长\">1小时30分");
    let mut steward = Desk::of(&app, "孙梅").await;
    let page = steward.open("/console/volunteers?place=GY/1").await;
    page.is(200).says("李建国");
    for hidden in [
        "市一中",
        "双报到：",
        "data-label=\"时长\"",
        "data-label=\"次数\"",
    ] {
        assert!(!page.body.contains(hidden), "{hidden}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_one_compound_are_not_hidden_by_those_of_another_and_go_on_behind_a_page() {
    let app = TestApp::start().await;
    let from = app.now() + TimeDelta::hours(1);
    let author = app.person("郑洪").await.id;
    for (code, count) in [("GY", 21), ("LY", 25)] {
        let compound = app.place(code).await.id;
        let rows = (0..count).map(|at| volunteer_task::ActiveModel {
            compound_id: Set(compound),
            place_id: Set(compound),
            author_id: Set(author),
            title: Set(format!("{code}大扫除{at:02}次")),
            venue: Set("门口".to_owned()),
            starts_at: Set(from),
            ends_at: Set(from + TimeDelta::hours(1)),
            wanted: Set(2),
            taken: Set(0),
            state: Set(VolunteerTaskState::Open),
            version: Set(0),
            created_at: Set(app.now()),
            updated_at: Set(app.now()),
            ..Default::default()
        });
        volunteer_task::Entity::insert_many(rows)
            .exec_without_returning(app.store.write())
            .await
            .unwrap();
    }
    // The secretary answers for both.
    let mut desk = Desk::of(&app, "郑洪").await;
    let page = desk.open("/console/volunteers?place=GY").await;
    page.is(200).says("GY大扫除20次").says("GY大扫除01次");
    assert!(!page.body.contains("LY大扫除") && !page.body.contains("GY大扫除00次"));
    let next = regex::Regex::new(r"tasks=([^&\x22]+)").unwrap();
    let next = next.captures(&page.body).expect("no next page")[1].to_owned();
    let page = desk
        .open(&format!("/console/volunteers?place=GY&tasks={next}"))
        .await;
    page.is(200).says("GY大扫除00次");
    assert!(!page.body.contains("GY大扫除01次") && !page.body.contains("更早的任务"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_everywhere_begins_at_their_own_compound_and_what_is_over_says_so() {
    let app = TestApp::start().await;
    let yang = app.person("杨光").await;
    let everywhere = entity::role::ActiveModel {
        person_id: Set(yang.id),
        role: Set(entity::kinds::RoleKind::StreetOfficer),
        from_at: Set(app.now()),
        created_at: Set(app.now()),
        ..Default::default()
    };
    entity::role::Entity::insert(everywhere)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
    let mut desk = Desk::of(&app, "杨光").await;
    desk.open("/console/volunteers")
        .await
        .is(200)
        .says("兰园小区：志愿者");
    let chair = app.staff("卫东").await;
    let id = post(&chair, 2).await;
    let before = chair.says(&format!("志愿服务 {id}")).await;
    assert!(before.contains("进行中"), "{before}");
    app.advance(7 * 24 * 60).await;
    let after = chair.says(&format!("志愿服务 {id}")).await;
    assert!(
        after.contains("已结束") && !after.contains("进行中"),
        "{after}"
    );
    let mut desk = Desk::of(&app, "卫东").await;
    let page = desk.open("/console/volunteers").await;
    page.is(200).says("已结束");
}
