//! What somebody would try who wishes us ill, or whose time is over: each test is a way in, or a
//! way around, that must stay shut.

use chrono::TimeDelta;
use entity::kinds::{AttachmentState, BindingState, CaseState, RoleKind};
use entity::{account, attachment, binding, case, case_event, role};
use linli::access::{Actor, HomeTie, load_actor};
use linli::case::actions;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::compound;
use crate::harness::people::Person;

/// The person's role ends an hour ago.
async fn role_ends(app: &TestApp, person_id: i64) -> role::Model {
    let held = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person_id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let mut ended = held.into_active_model();
    ended.to_at = Set(Some(app.now() - TimeDelta::hours(1)));
    ended.update(app.store.write()).await.unwrap()
}

#[tokio::test]
async fn with_the_role_the_power_over_a_case_ends() {
    let app = TestApp::start().await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    resident.says("报修 楼道灯坏了").await;
    let case = resident.case().await;
    let id = case.id;
    steward.says(&format!("接单 {id}")).await;
    let api = app.api(&steward).await;
    let path = format!("/cases/{id}");
    assert_eq!(api.get(&path).await.status, 200);

    let ended = role_ends(&app, case.holder_id.unwrap()).await;
    assert_eq!(api.get(&path).await.status, 404);
    for (verb, body) in [
        ("finish", json!({ "text": "好了" })),
        ("pause", json!({ "text": "等" })),
        ("arrive", json!({})),
        ("hand-over", json!({ "name": "沈立" })),
    ] {
        let tried = api.post(&format!("{path}/{verb}"), &body).await;
        assert_eq!(tried.status, 404, "{verb}: {tried:?}");
    }
    let tasks = api.get("/tasks").await;
    assert_eq!(tasks.json["items"], json!([]));

    // A role somewhere else opens the staff's commands, not this case.
    let elsewhere = app.place("LY").await.id;
    let mut other = ended.into_active_model().reset_all();
    other.id = sea_orm::ActiveValue::NotSet;
    other.role = Set(RoleKind::PropertyManager);
    other.place_id = Set(Some(elsewhere));
    other.compound_id = Set(Some(elsewhere));
    other.to_at = Set(None);
    other.insert(app.store.write()).await.unwrap();
    let reply = steward.says(&format!("办结 {id} 好了")).await;
    assert!(reply.contains("没有找到"), "{reply}");
    let reply = steward.says("待办").await;
    assert!(!reply.contains("楼道灯"), "{reply}");
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
}

async fn actor_of(app: &TestApp, person: &Person<'_>) -> Actor {
    let account = person.account().await;
    load_actor(app.store.read(), &account, app.now())
        .await
        .unwrap()
}

/// Homes and roles come in one statement, each home with each role: none may be lost or doubled.
#[tokio::test]
async fn an_actor_has_each_home_and_each_role_once() {
    let app = TestApp::start().await;
    let (resident, db) = (app.resident("张秀英").await, app.store.write());
    let tie = binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(resident.account().await.id))
        .one(db)
        .await
        .unwrap()
        .unwrap();
    for (code, state) in [
        ("GY/1-1-102", BindingState::Verified),
        ("GY/1-1-201", BindingState::Requested),
    ] {
        let mut other = tie.clone().into_active_model().reset_all();
        other.id = sea_orm::ActiveValue::NotSet;
        other.place_id = Set(app.place(code).await.id);
        other.state = Set(state);
        other.insert(db).await.unwrap();
    }
    let hour = TimeDelta::hours(1);
    let (place, person_id) = (app.place("GY").await.id, tie.person_id.unwrap());
    for (kind, place_id, to_at) in [
        (RoleKind::Mediator, Some(place), None),
        (RoleKind::Steward, Some(place), Some(app.now() - hour)),
        (RoleKind::Supervisor, None, Some(app.now() + hour)),
    ] {
        let held = role::ActiveModel {
            person_id: Set(person_id),
            role: Set(kind),
            place_id: Set(place_id),
            compound_id: Set(place_id),
            from_at: Set(app.now() - hour * 2),
            to_at: Set(to_at),
            created_at: Set(app.now()),
            ..Default::default()
        };
        held.insert(db).await.unwrap();
    }
    let actor = actor_of(&app, &resident).await;
    let homes: Vec<&str> = actor.homes.iter().map(HomeTie::local_code).collect();
    assert_eq!(homes, ["1-1-101", "1-1-102"]);
    let held: Vec<_> = actor
        .grants
        .iter()
        .map(|it| (it.role, it.place_id))
        .collect();
    assert_eq!(
        held,
        [
            (RoleKind::Mediator, Some(place)),
            (RoleKind::Supervisor, None)
        ]
    );
    assert_eq!(actor.grants[1].path, "/");
    assert!(actor.grants[0].path.ends_with(&format!("/{place}/")));
    assert_eq!(actor.person_id(), Some(person_id));
}

async fn breaches(app: &TestApp, id: i64) -> Vec<String> {
    case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(id))
        .order_by_asc(case_event::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.action)
        .filter(|action| action.ends_with("-late"))
        .collect()
}

/// The worker may be behind, or down: being quicker than it does not make anybody punctual.
#[tokio::test]
async fn late_is_late_though_no_clock_has_run() {
    let app = TestApp::start().await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let actor = actor_of(&app, &steward).await;

    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    // Accepted after six minutes of five, finished after 31 of 30.
    let filed = app.case(id).await.created_at;
    let mut tx = app
        .store
        .begin(filed + TimeDelta::minutes(6))
        .await
        .unwrap();
    let accepted = actions::accept(&mut tx, &actor, id).await.unwrap();
    tx.commit().await.unwrap();
    assert!(accepted.accept_late && !accepted.finish_late);
    let mut tx = app
        .store
        .begin(filed + TimeDelta::minutes(31))
        .await
        .unwrap();
    let done = actions::finish(&mut tx, &actor, id, "换了灯")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(done.finish_late);
    // Nobody ever said to have arrived.
    let late = ["accept-late", "arrive-late", "finish-late"];
    assert_eq!(breaches(&app, id).await, late);
    let events = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(id))
        .filter(case_event::COLUMN.action.eq("supervised"))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert!(events.note.unwrap().contains("响应超时，办结超时"));

    // A pause after the time is over does not wash it away.
    resident.says("报修 大门关不上").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    let filed = app.case(id).await.created_at;
    let mut tx = app
        .store
        .begin(filed + TimeDelta::minutes(32))
        .await
        .unwrap();
    let paused = actions::pause(&mut tx, &actor, id, "等配件").await.unwrap();
    tx.commit().await.unwrap();
    assert!(paused.finish_late && !paused.accept_late);

    // Who is in time is not late.
    resident.says("报修 信箱坏了").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("办结 {id} 修好了")).await;
    let case = app.case(id).await;
    assert!(!case.accept_late && !case.finish_late);
    assert!(breaches(&app, id).await.is_empty());
}

/// Binds an account as 张秀英; the number of the binding.
async fn binds_as_zhang(app: &TestApp, open_id: &str) -> binding::Model {
    let person = app.newcomer(open_id).await;
    let (home, phone) = (compound::home("张秀英"), compound::person("张秀英", 2));
    let reply = person.says(&format!("绑定 {home} 张秀英 {phone}")).await;
    assert!(reply.contains("已绑定"), "{reply}");
    let account = person.account().await;
    binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(account.id))
        .order_by_desc(binding::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn an_objection_shuts_the_mini_program_as_well() {
    let app = TestApp::start().await;
    let own = app.known("o-own");
    binds_as_zhang(&app, "o-own").await;
    own.says("求助 家里老人要帮忙").await;
    // Somebody who knows name and phone, and signs in to the mini-program before anybody objects.
    let foreign = binds_as_zhang(&app, "o-foreign").await;
    let mini = app.api_of("o-foreign").await;
    let cases = mini.get("/cases").await;
    assert_eq!(cases.json["items"].as_array().map(Vec::len), Some(1));

    let reply = own.says(&format!("异议 {}", foreign.id)).await;
    assert!(reply.contains("已暂停"), "{reply}");
    for mini in [mini, app.api_of("o-foreign").await] {
        let me = mini.get("/me").await;
        assert_eq!(me.json["person"], Value::Null, "{me:?}");
        assert_eq!(me.json["homes"], json!([]));
        assert_eq!(mini.get("/cases").await.status, 403);
    }
    // The steward finds that it was the daughter: both accounts are hers again.
    let steward = app.steward("1栋").await;
    steward.says(&format!("核验 {} 通过", foreign.id)).await;
    let me = app.api_of("o-foreign").await.get("/me").await;
    assert_eq!(me.json["homes"][0]["state"], "verified", "{me:?}");
}

#[tokio::test]
async fn what_is_released_in_the_chat_is_released_in_the_mini_program() {
    let app = TestApp::start().await;
    binds_as_zhang(&app, "o-own").await;
    let (own, mini) = (app.known("o-own"), app.api_of("o-own").await);
    assert_ne!(mini.get("/me").await.json["homes"], json!([]));
    own.says("解绑 1-1-101").await;
    assert_eq!(mini.get("/me").await.json["homes"], json!([]));
    binds_as_zhang(&app, "o-own").await;
    let me = app.api_of("o-own").await.get("/me").await;
    assert_eq!(me.json["homes"][0]["code"], "GY/1-1-101", "{me:?}");
}

#[tokio::test]
async fn trying_tokens_has_an_end() {
    let app = TestApp::start().await;
    let http = reqwest::Client::builder().build().unwrap();
    let mut statuses = Vec::new();
    // The allowance fills up again while a slow machine tries: it ends all the same.
    while statuses.last() != Some(&429) && statuses.len() < 3_000 {
        let url = format!("{}/api/v1/me", app.url());
        let tried = http
            .get(url)
            .bearer_auth(format!("guess{}", statuses.len()));
        statuses.push(tried.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses.first(), Some(&401));
    assert_eq!(statuses.last(), Some(&429));
}

#[tokio::test]
async fn a_photo_of_a_supplement_belongs_to_the_compound() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let filed: case::Model = resident.case().await;
    let account: account::Model = resident.account().await;
    let row = attachment::ActiveModel {
        account_id: Set(Some(account.id)),
        kind: Set("image".to_owned()),
        media_id: Set("m".to_owned()),
        state: Set(AttachmentState::Stored),
        created_at: Set(app.now()),
        ..Default::default()
    };
    let row = row.insert(app.store.write()).await.unwrap();
    let until = (app.now() + TimeDelta::minutes(20)).timestamp_millis();
    let mut waits = account.into_active_model();
    waits.dialog = Set(Some(json!({ "photos_until_ms": until })));
    waits.update(app.store.write()).await.unwrap();
    resident.says(&format!("补充 {} 就是这盏", filed.id)).await;
    let row = attachment::Entity::find_by_id(row.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.subject, Some(format!("case:{}", filed.id)));
    assert_eq!(row.compound_id, Some(filed.compound_id));
}
