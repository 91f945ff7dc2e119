//! Four clocks: what each misses is seen and goes up; a grade moves them.

use entity::audit;
use entity::kinds::{Grade, ReminderState};

use super::api::api;
use super::*;

/// Whether somebody was sent a push of this kind that says this.
async fn told(app: &TestApp, name: &str, kind: &str, what: &str) -> bool {
    let person = app.called(name).await.id;
    app.reminders().await.iter().any(|row| {
        row.kind == kind
            && row.recipient_id == Some(person)
            && row.payload["what"] == what
            && row.state == ReminderState::Sent
    })
}

#[tokio::test]
async fn who_accepts_and_does_not_come_is_reminded_and_it_stays_on_record() {
    let app = house(1).await;
    let (resident, steward, manager) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "沈立").await,
    );
    resident.says("报修 灯不亮").await;
    let id = resident.case().await.id;
    let reply = steward.says(&format!("接单 {id}")).await;
    assert!(reply.contains("前到场"), "{reply}");
    assert!(reply.contains("前办结"), "{reply}");
    let case = app.case(id).await;
    let arrive = case.arrive_due_at.unwrap() - case.accepted_at.unwrap();
    assert_eq!(arrive, TimeDelta::minutes(5));
    let reply = resident.says(&format!("进度 {id}")).await;
    assert!(reply.contains("报修，普通"), "{reply}");
    assert!(reply.contains("前到场"), "{reply}");

    app.advance(6).await;
    let case = app.case(id).await;
    assert!(case.arrive_late && !case.accept_late && !case.finish_late);
    assert_eq!(holder(&app, &case).await, "孙梅");
    assert!(told(&app, "孙梅", "case.overdue", "arrive").await);
    assert!(told(&app, "沈立", "case.unassigned", "arrive").await);
    steward.expects_push(&format!("到场 {id}")).await;
    manager.expects_push(&format!("进度 {id}")).await;
    app.advance(6).await;
    steward.says(&format!("到场 {id}")).await;
    steward.says(&format!("办结 {id} 换好了")).await;
    let late = actions(&app, id).await;
    let late = late.iter().filter(|action| *action == "arrive-late");
    assert_eq!(late.count(), 1);
    let noted = events(&app, id).await;
    let noted = noted.iter().find(|event| event.action == "supervised");
    let noted = noted.unwrap().note.clone().unwrap();
    assert!(noted.contains("到场超时"), "{noted}");
    assert!(noted.contains("按时办结"), "{noted}");
}

#[tokio::test]
async fn who_comes_in_time_is_not_asked_again_and_suggestions_have_no_scene() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 灯不亮").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("到场 {id}")).await;
    resident.says("建议 门口加一盏灯").await;
    let other = resident.case().await.id;
    steward.says(&format!("接单 {other}")).await;
    app.advance(10).await;
    assert!(!app.case(id).await.arrive_late);
    assert!(!app.case(other).await.arrive_late);
    assert_eq!(app.case(other).await.arrive_due_at, None);
}

#[tokio::test]
async fn a_grade_moves_the_clocks_and_the_resident_is_told() {
    let app = house(1).await;
    let (resident, steward, foreign) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "杨光").await,
    );
    resident.says("报修 水管漏水").await;
    let filed = resident.case().await;
    let id = filed.id;
    assert_eq!(filed.grade, Grade::Ordinary);
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("到场 {id}")).await;

    // Digits by a menu.
    let reply = steward.says(&format!("定级 {id}")).await;
    assert!(reply.contains("2 重大"), "{reply}");
    let reply = steward.says("2").await;
    assert!(reply.contains("已定为重大"), "{reply}");
    let case = app.case(id).await;
    assert_eq!(case.grade, Grade::Major);
    let minutes =
        |due: Option<linli::base::clock::Moment>| (due.unwrap() - filed.created_at).num_minutes();
    assert_eq!(minutes(case.finish_due_at), 240);
    app.drain().await;
    assert!(told(&app, "张秀英", "case.progress", "graded").await);
    app.advance(35).await;
    assert!(!app.case(id).await.finish_late, "the old clock ran out");

    let reply = steward.says(&format!("定级 {id} 重大")).await;
    assert!(reply.contains("已经是“重大”"), "{reply}");
    let reply = foreign.says(&format!("定级 {id} 普通")).await;
    assert!(reply.contains("没有找到"), "{reply}");
    resident.says(&format!("定级 {id} 普通")).await;
    assert_eq!(app.case(id).await.grade, Grade::Major);

    // Ordinary again: its half hour is over, and what is late stays late.
    steward.says(&format!("定级 {id} 普通")).await;
    app.drain().await;
    assert!(app.case(id).await.finish_late);
    let (manager, case) = (tied(&app, "沈立").await, app.case(id).await);
    assert_eq!(case.asked_level, Some(Level::Community));
    manager.says(&format!("定级 {id} 特殊复杂")).await;
    let case = app.case(id).await;
    assert_eq!((case.grade, case.finish_due_at), (Grade::Complex, None));
    assert!(case.finish_late, "late for ever");
    let graded = actions(&app, id).await;
    assert_eq!(
        graded.iter().filter(|action| *action == "graded").count(),
        3
    );
    let rows = audit::Entity::find().filter(audit::COLUMN.action.eq("case.grade"));
    assert_eq!(rows.all(app.store.read()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_grade_is_refused_when_it_is_done_and_one_of_two_at_once_counts() {
    let app = house(2).await;
    let (resident, steward, manager) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "沈立").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    let (one, two) = (format!("定级 {id} 重大"), format!("定级 {id} 重大"));
    let (first, second) = tokio::join!(steward.says(&one), manager.says(&two));
    let won = [&first, &second]
        .iter()
        .filter(|reply| reply.contains("已定为"))
        .count();
    assert_eq!(won, 1, "{first} / {second}");
    steward.says(&format!("办结 {id} 修好了")).await;
    let reply = steward.says(&format!("定级 {id} 普通")).await;
    assert!(reply.contains("不能这样操作"), "{reply}");
}

#[tokio::test]
async fn what_cannot_wait_is_major() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道有煤气味").await;
    let case = resident.case().await;
    assert_eq!(case.grade, Grade::Major);
    let minutes = (case.finish_due_at.unwrap() - case.created_at).num_minutes();
    assert_eq!(minutes, 240);
}

#[tokio::test]
async fn without_a_plan_in_a_day_it_goes_up_and_a_plan_stops_that_clock() {
    let app = house(1).await;
    let (resident, steward, grid, manager) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
        tied(&app, "沈立").await,
    );
    resident.says("纠纷 楼上装修太吵").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("到场 {id}")).await;
    // Whoever is measured does not take the clock away.
    let reply = steward.says(&format!("定级 {id} 特殊复杂")).await;
    assert!(
        reply.contains("已请负责派单的人确认；确认前仍按普通计时"),
        "{reply}"
    );
    let case = app.case(id).await;
    assert!(case.grade == Grade::Ordinary && case.finish_due_at.is_some());
    app.drain().await;
    assert!(told(&app, "沈立", "case.unassigned", "grade-asked").await);
    let reply = steward.says(&format!("定级 {id} 特殊复杂")).await;
    assert!(reply.contains("已请负责派单的人确认是否"), "{reply}");
    let reply = manager.says(&format!("定级 {id} 特殊复杂")).await;
    assert!(reply.contains("前给出方案"), "{reply}");
    app.advance(24 * 60 + 1).await;
    let case = app.case(id).await;
    assert!(case.plan_late && !case.finish_late);
    // The community is asked; whoever has it keeps it until then.
    assert_eq!(
        (case.asked_level, holder(&app, &case).await.as_str()),
        (Some(Level::Community), "孙梅")
    );
    assert!(told(&app, "孙梅", "case.overdue", "raised").await);

    grid.says(&format!("接单 {id}")).await;
    grid.says(&format!("到场 {id}")).await;
    for wrong in [0, 181] {
        let reply = grid.says(&format!("方案 {id} {wrong}天 商量")).await;
        assert!(reply.contains("1到180天"), "{reply}");
    }
    let reply = grid
        .says(&format!("方案 {id} 周六上午一起商量施工时间"))
        .await;
    assert!(reply.contains("前办结"), "a plan has a day: {reply}");
    let case = app.case(id).await;
    assert_eq!(case.plan_due_at, None);
    let due = case.finish_due_at.unwrap();
    assert_eq!(due - case.updated_at, TimeDelta::days(7));
    // Another plan does not move it.
    grid.says(&format!("方案 {id} 90天 再看")).await;
    assert_eq!(app.case(id).await.finish_due_at, Some(due));
    app.advance(3 * 24 * 60).await;
    let case = app.case(id).await;
    assert_eq!(
        (case.level, case.state),
        (Level::Community, CaseState::Arrived)
    );
    assert!(!case.finish_late);
    app.advance(4 * 24 * 60).await;
    let case = app.case(id).await;
    assert!(case.finish_late, "what was planned is due");
    assert_eq!(case.asked_level, Some(Level::Street));
    let late = actions(&app, id).await;
    assert_eq!(
        late.iter().filter(|action| *action == "plan-late").count(),
        1
    );
}

#[tokio::test]
async fn the_api_shows_and_sets_the_grade() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 灯不亮").await;
    let id = resident.case().await.id;
    let (mine, theirs) = (
        api(&app, &resident, "张秀英").await,
        api(&app, &steward, "孙梅").await,
    );
    let shown = mine.get(&format!("/cases/{id}")).await.json;
    assert_eq!(
        (&shown["grade"], &shown["grade_label"]),
        (&json!("ordinary"), &json!("普通"))
    );
    assert_eq!(
        (&shown["next"], &shown["next_due_at"]),
        (&json!("accept"), &shown["accept_due_at"])
    );
    let path = format!("/cases/{id}/grade");
    let grade = |grade: &str| json!({ "grade": grade });
    assert_eq!(theirs.post(&path, &grade("huge")).await.status, 422);
    assert_eq!(theirs.post(&path, &grade("ordinary")).await.status, 422);
    assert_eq!(mine.post(&path, &grade("major")).await.status, 403);
    assert_eq!(
        theirs
            .post("/cases/999999/grade", &grade("major"))
            .await
            .status,
        404
    );
    // Whoever holds it asks for that; somebody else who gives work out says so.
    let asked = theirs.post(&path, &grade("complex")).await;
    assert_eq!(
        (asked.status, &asked.json["grade"]),
        (200, &json!("ordinary"))
    );
    assert_eq!(theirs.post(&path, &grade("complex")).await.status, 409);
    let manager = tied(&app, "沈立").await;
    let gives = api(&app, &manager, "沈立").await;
    let done = gives.post_once(&path, "g1", &grade("complex")).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(done.json["grade"], "complex");
    assert!(done.json["plan_due_at"].is_string() && done.json["finish_due_at"].is_null());
    let again = gives.post_once(&path, "g1", &grade("complex")).await;
    assert_eq!((again.status, &again.json), (200, &done.json));
}
