//! Cases from the first word to the rating: over WeChat's wire and the API, with real clocks,
//! reminders and pushes. People are tied to their accounts directly; binding has its own tests.

use chrono::TimeDelta;
use entity::kinds::{BindingState, CaseState, CaseStep, Channel, Level};
use entity::{account, binding, case, case_event, person, reminder};
use linli::case::remind::KINDS;
use linli::delivery::Work;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::json;

use crate::harness::app::{Plan, TestApp};
use crate::harness::compound;
use crate::harness::people::Person;

mod api;
mod asked;
mod behalf;
mod clocks;
mod closed;
mod dispatch;
mod ends;
mod helpers;
mod mediation;
mod mediators;
mod need;
mod pauses;
mod photos;
mod policies;
mod rating;
mod removed;
mod reopening;
mod resident;
mod shield;
mod steps;
mod together;
mod wire;

/// The program with the standard compound, whose people all follow the account: nothing that is
/// told to somebody is undeliverable.
async fn house(instances: usize) -> TestApp {
    inhabited(TestApp::plan().instances(instances)).await
}

/// The same of another plan.
async fn inhabited(plan: Plan) -> TestApp {
    let app = plan.start().await;
    let people = compound::FILES[2].1;
    for name in people
        .lines()
        .skip(1)
        .filter_map(|row| row.split(',').nth(1))
    {
        settle(&app, name).await;
    }
    app
}

/// Somebody of the standard compound.
async fn tied<'a>(app: &'a TestApp, name: &str) -> Person<'a> {
    app.known(&open_id(name))
}

fn open_id(name: &str) -> String {
    format!("o-tied-{}", compound::person(name, 0))
}

/// Gives somebody an account; a resident is tied to their home, too.
async fn settle(app: &TestApp, name: &str) {
    let person = app.called(name).await;
    let open_id = open_id(name);
    let now = app.now();
    let row = account::ActiveModel {
        channel: Set(Channel::Official),
        external_id: Set(open_id.clone()),
        person_id: Set(Some(person.id)),
        followed: Set(true),
        window_left: Set(0),
        created_at: Set(now),
        ..Default::default()
    };
    let account = row.insert(app.store.write()).await.unwrap();
    let homes = compound::FILES[3].1;
    let key = compound::person(name, 0);
    for home in homes
        .lines()
        .filter(|line| line.split(',').nth(1) == Some(key))
    {
        let code = home.split(',').next().unwrap();
        let place = app.place(code).await;
        let tie = binding::ActiveModel {
            account_id: Set(account.id),
            person_id: Set(Some(person.id)),
            place_id: Set(place.id),
            compound_id: Set(place.compound_id.unwrap()),
            state: Set(BindingState::Verified),
            claimed_name: Set(name.to_owned()),
            claimed_phone_sealed: Set(String::new()),
            claimed_phone_index: Set(String::new()),
            created_at: Set(now),
            ..Default::default()
        };
        tie.insert(app.store.write()).await.unwrap();
    }
    let subscribe = linli::sandbox::Say::event("subscribe", "");
    app.platform.say(&open_id, &subscribe).await;
}

/// Somebody leaves: the roster says so.
async fn leaves(app: &TestApp, name: &str) {
    let mut person = app.called(name).await.into_active_model();
    person.left_at = Set(Some(app.now() - TimeDelta::hours(1)));
    person.update(app.store.write()).await.unwrap();
}

async fn events(app: &TestApp, id: i64) -> Vec<case_event::Model> {
    case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(id))
        .order_by_asc(case_event::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
}

async fn actions(app: &TestApp, id: i64) -> Vec<String> {
    events(app, id)
        .await
        .into_iter()
        .map(|event| event.action)
        .collect()
}

async fn holder(app: &TestApp, case: &case::Model) -> String {
    let id = case.holder_id.expect("nobody holds it");
    let found = person::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().unwrap().name
}

/// What somebody is told in full, as things stand now: templates show only a few words of it.
async fn told(app: &TestApp, name: &str) -> String {
    let person = app.called(name).await;
    let rows = reminder::Entity::find()
        .filter(reminder::COLUMN.recipient_id.eq(person.id))
        .order_by_asc(reminder::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap();
    let mut said = String::new();
    for row in &rows {
        let kind = KINDS.iter().find(|kind| kind.name == row.kind);
        let Some(Work::Push(_, compose)) = kind.map(|kind| kind.work) else {
            continue;
        };
        let composed = compose(&app.instances[0].app, std::slice::from_ref(row));
        if let Some(message) = composed.await.unwrap() {
            said.push_str(&message.text);
            said.push('\n');
        }
    }
    said
}

#[tokio::test]
async fn the_whole_way_of_a_case() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let reply = resident.says("报修 1栋电梯停了").await;
    let case = resident.case().await;
    let id = case.id;
    assert!(
        reply.contains(&format!("诉求 #{id} 已收到：报修")),
        "{reply}"
    );
    assert!(reply.contains("孙梅（楼栋长）会在5分钟内响应"), "{reply}");
    assert!(reply.contains(&format!("进度 {id}")), "{reply}");
    assert_eq!(case.state, CaseState::Assigned);
    assert_eq!(case.category.as_deref(), Some("lift"));
    assert_eq!(case.place_id, app.place("GY/1").await.id);

    steward.expects_push(&format!("接单 {id}")).await;
    let reply = steward.says(&format!("接單 ＃{id}")).await;
    assert!(reply.contains("已接单"), "{reply}");
    resident.expects_push(&format!("#{id}")).await;
    steward.says(&format!("到场 {id}")).await;
    app.drain().await;
    steward
        .says(&format!(
            "办结 {id} 张秀英家1-1-101门口已处理，电话13800000101，電梯已恢復"
        ))
        .await;
    app.drain().await;
    let told = resident.pushes().join("\n");
    assert!(told.contains(&format!("评价 {id}")), "{told}");

    let reply = resident.says(&format!("评价 {id} 5 很快")).await;
    assert!(reply.contains("谢谢"), "{reply}");
    app.drain().await;
    let case = app.case(id).await;
    assert_eq!(case.state, CaseState::Reviewed);
    assert_eq!(
        (case.rating, case.rating_text.as_deref()),
        (Some(5), Some("很快"))
    );
    assert!(!case.accept_late && !case.finish_late);
    let board = case.public_text.unwrap();
    assert!(board.starts_with("报修·桂园小区1栋："), "{board}");
    for private in ["张秀英", "101", "138"] {
        assert!(!board.contains(private), "{board}");
    }
    let steps: Vec<CaseStep> = events(&app, id)
        .await
        .iter()
        .filter_map(|event| event.step)
        .collect();
    use CaseStep::{Deliberated, Gathered, Handled, Published, Raised, Reviewed, Supervised};
    assert_eq!(
        steps,
        [
            Raised,
            Gathered,
            Deliberated,
            Handled,
            Supervised,
            Published,
            Reviewed
        ]
    );
    assert!(
        actions(&app, id)
            .await
            .contains(&"deliberation-skipped".to_owned())
    );
    let reply = resident.says(&format!("评价 {id} 1")).await;
    assert!(reply.contains("已经评价过"), "{reply}");
}

#[tokio::test]
async fn a_silent_steward_is_reminded_and_then_passed_over() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 灯不亮").await;
    let id = resident.case().await.id;
    app.drain().await;
    let before = steward.pushes().len();
    app.advance(6).await;
    let case = app.case(id).await;
    assert!(case.accept_late, "the breach is on record");
    assert_eq!(holder(&app, &case).await, "孙梅");
    assert!(
        steward.pushes().len() > before,
        "reminded: {:?}",
        steward.pushes()
    );
    assert!(grid.pushes().is_empty());

    app.advance(6).await;
    let case = app.case(id).await;
    assert_eq!(
        (case.level, case.state),
        (Level::Community, CaseState::Assigned)
    );
    assert_eq!(holder(&app, &case).await, "吴静");
    assert!(
        !grid.pushes().is_empty(),
        "told: {:#?}",
        app.reminders().await
    );
    let reply = steward.says(&format!("接单 {id}")).await;
    assert!(reply.contains("吴静"), "{reply}");
    grid.says(&format!("接单 {id}")).await;
    app.advance(6).await;
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    let passed = actions(&app, id).await;
    assert_eq!(
        passed
            .iter()
            .filter(|action| *action == "passed-over")
            .count(),
        1
    );

    // Not finished in time: the next level is asked, and whoever has it keeps it until then.
    let street = tied(&app, "冯涛").await;
    app.advance(31).await;
    let case = app.case(id).await;
    assert!(case.finish_late);
    assert_eq!(
        (case.level, case.asked_level),
        (Level::Community, Some(Level::Street))
    );
    assert_eq!(holder(&app, &case).await, "吴静");
    let reply = street.says(&format!("接单 {id}")).await;
    assert!(reply.contains("已接单"), "{reply}");
    let case = app.case(id).await;
    assert_eq!((case.level, case.asked_id), (Level::Street, None));
    assert_eq!(holder(&app, &case).await, "冯涛");
}

#[tokio::test]
async fn a_pause_stops_the_clock_and_the_resident_learns_why() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says("接单").await;
    let reply = steward.says(&format!("暂停 {id}")).await;
    assert!(reply.contains("原因"), "{reply}");
    // The next text is the reason.
    let reply = steward.says("等配件").await;
    assert!(reply.contains("已暂停"), "{reply}");
    app.drain().await;
    assert_eq!(app.case(id).await.state, CaseState::Paused);
    let told = resident.pushes().join("\n");
    assert!(told.contains("暂停：等配件"), "{told}");
    app.advance(300).await;
    assert!(!app.case(id).await.finish_late);
    let due = app.case(id).await.finish_due_at.unwrap();
    steward.says(&format!("恢复 {id}")).await;
    let case = app.case(id).await;
    assert_eq!(case.state, CaseState::Accepted);
    assert!(case.finish_due_at.unwrap() - due >= TimeDelta::minutes(300));
    app.advance(40).await;
    assert!(app.case(id).await.finish_late);
}
