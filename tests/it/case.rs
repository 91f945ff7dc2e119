//! Cases from the first word to the rating: over WeChat's wire and the API, with real clocks,
//! reminders and pushes. People are tied to their accounts directly; binding has its own tests.

use chrono::TimeDelta;
use entity::kinds::{BindingState, CaseState, CaseStep, Channel, Level};
use entity::{account, binding, case, case_event, person, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::json;

use crate::harness::app::TestApp;
use crate::harness::compound;
use crate::harness::people::Person;

/// The program with the standard compound, whose people all follow the account: nothing that is
/// told to somebody is undeliverable.
async fn house(instances: usize) -> TestApp {
    let app = TestApp::with_instances(instances).await;
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
    let person = person_called(app, name).await;
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
        let place = place_called(app, code).await;
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

async fn person_called(app: &TestApp, name: &str) -> person::Model {
    let found = person::Entity::find().filter(person::COLUMN.name.eq(name));
    found.one(app.store.read()).await.unwrap().unwrap()
}

async fn place_called(app: &TestApp, code: &str) -> place::Model {
    let found = place::Entity::find().filter(place::COLUMN.code.eq(code));
    found.one(app.store.read()).await.unwrap().unwrap()
}

/// Somebody leaves: the roster says so.
async fn leaves(app: &TestApp, name: &str) {
    let mut person = person_called(app, name).await.into_active_model();
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
    assert_eq!(case.place_id, place_called(&app, "GY/1").await.id);

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

    // Not finished in time: up once more.
    app.advance(31).await;
    let case = app.case(id).await;
    assert!(case.finish_late);
    assert_eq!(case.level, Level::Street);
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
    assert!(told.contains(&format!("#{id}")), "{told}");
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

#[tokio::test]
async fn refusals_end_and_never_come_back_to_the_same() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    let mut asked = Vec::new();
    while let Some(person_id) = app.case(id).await.holder_id {
        let found = person::Entity::find_by_id(person_id)
            .one(app.store.read())
            .await;
        let name = found.unwrap().unwrap().name;
        assert!(!asked.contains(&name), "{name} was asked twice");
        asked.push(name.clone());
        let staff = tied(&app, &name).await;
        let reply = staff.says(&format!("退单 {id} 不归我管")).await;
        assert!(reply.contains("已退单"), "{reply}");
    }
    assert_eq!(asked, ["孙梅", "沈立", "吴静", "郑洪", "冯涛", "褚亮"]);
    let case = app.case(id).await;
    assert_eq!(case.state, CaseState::Raised);
    app.drain().await;
    // Whoever gives work out finds it, and may take it after all.
    let manager = tied(&app, "沈立").await;
    let reply = manager.says("待办").await;
    assert!(reply.contains(&format!("#{id}")), "{reply}");
    manager.says(&format!("接单 {id}")).await;
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
}

#[tokio::test]
async fn a_case_nobody_has_is_taken_by_one_of_two() {
    let app = house(2).await;
    for name in ["孙梅", "沈立", "吴静", "卫东", "郑洪", "冯涛", "褚亮"] {
        leaves(&app, name).await;
    }
    let resident = tied(&app, "张秀英").await;
    let reply = resident.says("报修 楼道灯坏了").await;
    assert!(reply.contains("正在找人"), "{reply}");
    let id = resident.case().await.id;
    assert_eq!(app.case(id).await.state, CaseState::Raised);
    for name in ["孙梅", "吴静"] {
        let mut person = person_called(&app, name).await.into_active_model();
        person.left_at = Set(None);
        person.update(app.store.write()).await.unwrap();
    }
    let (one, two) = (tied(&app, "孙梅").await, tied(&app, "吴静").await);
    let text = format!("接单 {id}");
    let (first, second) = tokio::join!(one.says(&text), two.says(&text));
    let won = [&first, &second]
        .iter()
        .filter(|reply| reply.contains("已接单："))
        .count();
    assert_eq!(won, 1, "{first} / {second}");
    let accepted = actions(&app, id).await;
    assert_eq!(
        accepted
            .iter()
            .filter(|action| *action == "accepted")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_vacancy_falls_upward_and_who_has_left_may_nothing() {
    let app = house(1).await;
    leaves(&app, "孙梅").await;
    leaves(&app, "沈立").await;
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let case = resident.case().await;
    assert_eq!(holder(&app, &case).await, "吴静");
    assert_eq!(case.level, Level::Community);
    // Somebody who has left may nothing.
    let gone = tied(&app, "孙梅").await;
    let reply = gone.says(&format!("接单 {}", case.id)).await;
    assert!(!reply.contains("已接单"), "{reply}");
    assert_eq!(app.case(case.id).await.state, CaseState::Assigned);
}

#[tokio::test]
async fn what_nobody_had_goes_to_the_first_who_comes() {
    let app = house(1).await;
    for name in ["孙梅", "沈立", "吴静", "卫东", "郑洪", "冯涛", "褚亮"] {
        leaves(&app, name).await;
    }
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    app.advance(6).await;
    assert_eq!(app.case(id).await.state, CaseState::Raised);
    let mut person = person_called(&app, "吴静").await.into_active_model();
    person.left_at = Set(None);
    person.update(app.store.write()).await.unwrap();
    app.advance(11).await;
    let case = app.case(id).await;
    assert_eq!(case.state, CaseState::Assigned);
    assert_eq!(holder(&app, &case).await, "吴静");
}

#[tokio::test]
async fn somebody_elses_case_is_not_there() {
    let app = house(1).await;
    let (resident, other, neighbour) = (
        tied(&app, "张秀英").await,
        tied(&app, "韩梅").await,
        tied(&app, "李建国").await,
    );
    let foreign = tied(&app, "杨光").await;
    resident.says("投诉 楼上太吵").await;
    let id = resident.case().await.id;
    let missing = other.says("进度 999999").await.replace("999999", "N");
    for command in [
        "进度",
        "催办",
        "补充 {} 你好",
        "评价 {} 5",
        "重开 {} 没好",
        "撤回",
    ] {
        let text = match command.contains("{}") {
            true => command.replace("{}", &id.to_string()),
            false => format!("{command} {id}"),
        };
        for person in [&other, &neighbour] {
            let reply = person.says(&text).await;
            assert_eq!(reply.replace(&id.to_string(), "N"), missing, "{text}");
        }
    }
    for command in [
        "接单",
        "到场",
        "办结 {} 好了",
        "转派 {} 孙梅",
        "上报 {} 好难",
        "退单 {} 不管",
    ] {
        let text = match command.contains("{}") {
            true => command.replace("{}", &id.to_string()),
            false => format!("{command} {id}"),
        };
        let reply = foreign.says(&text).await;
        assert_eq!(reply.replace(&id.to_string(), "N"), missing, "{text}");
    }
    assert_eq!(app.case(id).await.state, CaseState::Assigned);
    assert_eq!(actions(&app, id).await.len(), 3);
}

#[tokio::test]
async fn a_bad_rating_reopens_once_to_the_next_level() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("办结 {id} 修好了")).await;
    // One digit after being asked is enough.
    let reply = resident.says("评价").await;
    assert!(reply.contains("1到5"), "{reply}");
    let reply = resident.says("1").await;
    assert!(reply.contains("重开"), "{reply}");
    let case = app.case(id).await;
    assert_eq!(
        (case.round, case.level, case.reopened),
        (2, Level::Community, true)
    );
    assert_eq!(holder(&app, &case).await, "吴静");
    grid.says(&format!("办结 {id} 换了水管")).await;
    let reply = resident.says(&format!("重开 {id} 还在漏")).await;
    assert!(reply.contains("已经重开过一次"), "{reply}");
    let reply = resident.says(&format!("评价 {id} 2")).await;
    assert!(reply.contains("不能再重开"), "{reply}");
    let case = app.case(id).await;
    assert_eq!((case.state, case.round), (CaseState::Reviewed, 2));
}

#[tokio::test]
async fn what_nobody_rates_lapses_and_may_be_reopened_for_a_while() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("办结 {id} 修好了")).await;
    app.drain().await;
    app.advance(7 * 24 * 60 + 1).await;
    let case = app.case(id).await;
    assert_eq!((case.state, case.rating), (CaseState::Reviewed, None));
    app.advance(8 * 24 * 60).await;
    let reply = resident.says(&format!("重开 {id} 又漏了")).await;
    assert!(reply.contains("另提一件"), "{reply}");
    assert_eq!(app.case(id).await.round, 1);
}

#[tokio::test]
async fn pressing_is_heard_and_limited_and_taking_back_ends_it() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("求助 老人一个人在家").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    app.drain().await;
    let before = steward.pushes().len();
    let reply = resident.says("催办").await;
    assert!(reply.contains("已催办"), "{reply}");
    app.drain().await;
    assert!(steward.pushes().len() > before);
    let reply = resident.says(&format!("催办 {id}")).await;
    assert!(reply.contains("分钟后可以再催"), "{reply}");
    assert_eq!(app.case(id).await.nudges, 1);
    resident.says(&format!("补充 {id} 3栋也一样")).await;
    assert!(actions(&app, id).await.contains(&"supplemented".to_owned()));
    resident.says(&format!("撤回 {id}")).await;
    let case = app.case(id).await;
    assert_eq!(case.state, CaseState::Withdrawn);
    let reply = steward.says(&format!("办结 {id} 好了")).await;
    assert!(reply.contains("已撤回"), "{reply}");
    app.advance(600).await;
    assert!(!app.case(id).await.finish_late, "no clock runs on");
}

#[tokio::test]
async fn arguments_that_cannot_be_change_nothing() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    for text in [
        "进度 0",
        "进度 -1",
        "进度 abc",
        "催办 99999999999999999999",
        "评价 好",
        "评价 9 9",
        "重开",
        "撤回 0",
        "补充",
        "接单 1",
        "进度 １２３４５６",
    ] {
        let reply = resident.says(text).await;
        assert!(!reply.contains("系统出了点问题"), "{text}: {reply}");
    }
    for text in [
        "接单 abc",
        "转派",
        "转派 x 没有这人",
        "办结",
        "方案 1",
        "上报 0",
        "暂停 -5 等",
        "恢复 1e9",
    ] {
        let reply = steward.says(text).await;
        assert!(!reply.contains("系统出了点问题"), "{text}: {reply}");
    }
    let reply = steward.says(&format!("转派 {id} 没有这人")).await;
    assert!(
        reply.contains("可以转派给") && reply.contains("沈立"),
        "{reply}"
    );
    let score = resident.says(&format!("评价 {id} 6")).await;
    assert!(score.contains("1到5分"), "{score}");
    let case = app.case(id).await;
    assert_eq!((case.state, case.nudges), (CaseState::Assigned, 0));
}

#[tokio::test]
async fn handing_over_and_raising_move_it_and_tell_everybody() {
    let app = house(1).await;
    let (resident, steward, manager, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "沈立").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 电梯停了").await;
    let id = resident.case().await.id;
    let reply = steward.says(&format!("转派 {id} 沈立")).await;
    assert!(reply.contains("沈立（物业经理）"), "{reply}");
    app.drain().await;
    assert!(!manager.pushes().is_empty());
    manager.says(&format!("接单 {id}")).await;
    manager.says(&format!("方案 {id} 明天换钢绳")).await;
    let reply = manager.says(&format!("上报 {id} 需要社区协调")).await;
    assert!(reply.contains("社区") && reply.contains("吴静"), "{reply}");
    app.drain().await;
    assert!(!grid.pushes().is_empty());
    assert!(resident.pushes().len() >= 2, "{:?}", resident.pushes());
    let reply = resident.says(&format!("进度 {id}")).await;
    assert!(
        reply.contains("社区") && reply.contains("吴静") && reply.contains("转派"),
        "{reply}"
    );
    // 议 was taken by the plan: finishing records no skip.
    grid.says(&format!("办结 {id} 已换")).await;
    assert!(
        !actions(&app, id)
            .await
            .contains(&"deliberation-skipped".to_owned())
    );
}

#[tokio::test]
async fn an_emergency_is_answered_first_and_filed_all_the_same() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    let reply = resident.says("求助 楼下着火了").await;
    assert!(
        reply.starts_with("紧急情况请先") && reply.contains("119"),
        "{reply}"
    );
    assert!(
        reply.contains(&format!("诉求 #{}", resident.case().await.id)),
        "{reply}"
    );
}

#[tokio::test]
async fn the_api_files_shows_and_works_on_cases() {
    let app = house(1).await;
    let (resident, steward, other) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "李建国").await,
    );
    let (mine, theirs, foreign) = (
        api(&app, &resident, "张秀英").await,
        api(&app, &steward, "孙梅").await,
        api(&app, &other, "李建国").await,
    );
    let body =
        json!({ "kind": "repair", "text": "1栋电梯停了", "latitude": 30.1, "longitude": 120.2 });
    let filed = mine.post_once("/cases", "k1", &body).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let again = mine.post_once("/cases", "k1", &body).await;
    assert_eq!((again.status, &again.json), (201, &filed.json));
    let id = filed.json["id"].as_str().unwrap().to_owned();
    assert_eq!(filed.json["state"], "assigned");
    assert!(
        filed.json["created_at"]
            .as_str()
            .unwrap()
            .ends_with("+08:00")
    );

    assert_eq!(
        mine.post("/cases", &json!({ "kind": "x", "text": "y" }))
            .await
            .status,
        422
    );
    assert_eq!(
        mine.post("/cases", &json!({ "kind": "repair", "text": " " }))
            .await
            .status,
        422
    );
    let home = json!({ "kind": "repair", "text": "y", "home_id": "999999" });
    assert_eq!(mine.post("/cases", &home).await.status, 404);
    assert_eq!(foreign.get(&format!("/cases/{id}")).await.status, 404);
    assert_eq!(
        foreign
            .post(&format!("/cases/{id}/withdraw"), &json!({}))
            .await
            .status,
        404
    );
    assert_eq!(mine.get("/cases/abc").await.status, 404);
    assert_eq!(mine.get("/cases?limit=0").await.status, 422);

    let tasks = theirs.get("/tasks").await;
    assert_eq!(tasks.json["items"][0]["id"], json!(id));
    for (verb, body, state) in [
        ("accept", json!({}), "accepted"),
        ("arrive", json!({}), "arrived"),
        ("plan", json!({ "text": "换钢绳" }), "arrived"),
        ("pause", json!({ "reason": "等配件" }), "paused"),
        ("resume", json!({}), "arrived"),
        ("finish", json!({ "text": "已恢复" }), "finished"),
    ] {
        let done = theirs.post(&format!("/cases/{id}/{verb}"), &body).await;
        assert_eq!(
            (done.status, &done.json["state"]),
            (200, &json!(state)),
            "{verb}: {done:?}"
        );
    }
    assert_eq!(
        theirs
            .post(&format!("/cases/{id}/accept"), &json!({}))
            .await
            .status,
        409
    );
    let rated = mine
        .post(&format!("/cases/{id}/rating"), &json!({ "score": 4 }))
        .await;
    assert_eq!((rated.status, &rated.json["rating"]), (200, &json!(4)));
    let full = mine.get(&format!("/cases/{id}")).await;
    assert!(
        full.json["events"].as_array().unwrap().len() > 8,
        "{full:?}"
    );

    for text in ["一", "二", "三"] {
        mine.post("/cases", &json!({ "kind": "suggestion", "text": text }))
            .await;
    }
    let page = mine.get("/cases?limit=3").await;
    assert_eq!(page.json["items"].as_array().unwrap().len(), 3);
    let next = page.json["next"].as_str().unwrap();
    let rest = mine.get(&format!("/cases?limit=3&cursor={next}")).await;
    assert_eq!(rest.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest.json["items"][0]["id"], json!(id));
}

/// The mini-program of somebody who has an account on the official account.
async fn api(app: &TestApp, person: &Person<'_>, name: &str) -> crate::harness::people::Api {
    // A first sign-in makes the account of the mini-program; then it is tied like the other.
    drop(app.api(person).await);
    let theirs = person.account().await;
    let minis = account::Entity::find()
        .filter(account::COLUMN.channel.eq(Channel::Mini))
        .order_by_desc(account::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    if minis.person_id.is_none() {
        let id = minis.id;
        let mut mini = minis.into_active_model();
        mini.person_id = Set(theirs.person_id);
        mini.update(app.store.write()).await.unwrap();
        let ties = binding::Entity::find()
            .filter(binding::COLUMN.account_id.eq(theirs.id))
            .all(app.store.read())
            .await
            .unwrap();
        for tie in ties {
            let mut copy = tie.into_active_model().reset_all();
            copy.id = sea_orm::ActiveValue::NotSet;
            copy.account_id = Set(id);
            copy.insert(app.store.write()).await.unwrap();
        }
    }
    assert!(theirs.person_id.is_some(), "{name}");
    app.api(person).await
}
