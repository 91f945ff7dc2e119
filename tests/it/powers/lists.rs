//! Lists show to each what they may see: no more, and no less because others' rows come first.

use entity::kinds::{CaseState, ContentKind, ModerationState, RoleKind, VisitState};
use entity::{case, moderation, place, role, visit};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;

use super::{chat, give, mini, newcomer};
use crate::harness::app::TestApp;

/// A compound in another street of the same district.
async fn far_away(app: &TestApp) -> place::Model {
    let district = app.place("HC-XL").await;
    let row = place::ActiveModel {
        code: Set("ZY".to_owned()),
        kind: Set(entity::kinds::PlaceKind::Compound),
        name: Set("竹园小区".to_owned()),
        parent_id: Set(Some(district.id)),
        path: Set("/".to_owned()),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    let row = row.insert(app.store.write()).await.unwrap();
    let (id, path) = (row.id, format!("{}{}/", district.path, row.id));
    let mut row = row.into_active_model();
    row.compound_id = Set(Some(id));
    row.path = Set(path);
    row.update(app.store.write()).await.unwrap()
}

fn waiting(app: &TestApp, place: &place::Model, subject: &str) -> moderation::ActiveModel {
    moderation::ActiveModel {
        subject: Set(subject.to_owned()),
        part: Set("text".to_owned()),
        compound_id: Set(place.compound_id.unwrap()),
        place_id: Set(place.id),
        kind: Set(ContentKind::Text),
        content: Set(format!("想学太极拳 {subject}")),
        state: Set(ModerationState::Pending),
        asked_at: Set(Some(app.now())),
        created_at: Set(app.now()),
        ..Default::default()
    }
}

#[tokio::test]
async fn what_waits_in_other_streets_hides_nothing_of_ones_own() {
    let app = TestApp::start().await;
    let (gy, zy) = (app.place("GY").await, far_away(&app).await);
    for number in 0..3 {
        let own = waiting(&app, &gy, &format!("wish:own-{number}"));
        own.insert(app.store.write()).await.unwrap();
    }
    // Newer, and many more than a page.
    let others = (0..40).map(|number| waiting(&app, &zy, &format!("wish:far-{number}")));
    moderation::Entity::insert_many(others)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
    for (name, sees) in [
        ("郑洪", true),
        ("冯涛", true),
        ("卫东", true),
        ("孙梅", false),
    ] {
        let id = app.called(name).await.id;
        let reply = chat(&app, id).await.says("审核").await;
        assert_eq!(reply.contains("own-2"), sees, "{name}: {reply}");
        assert!(!reply.contains("far-"), "{name}: {reply}");
        let api = mini(&app, id).await;
        let mut found = Vec::new();
        let mut page = api.get("/moderation?limit=2").await;
        if !sees {
            assert_eq!(page.status, 403, "{name}: {page:?}");
            continue;
        }
        loop {
            assert_eq!(page.status, 200, "{name}: {page:?}");
            let items = page.json["items"].as_array().unwrap();
            found.extend(
                items
                    .iter()
                    .map(|row| row["subject"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page.json["next"].as_str() else {
                break;
            };
            assert_eq!(items.len(), 2, "a page before the last is full");
            page = api.get(&format!("/moderation?limit=2&cursor={next}")).await;
        }
        assert_eq!(found, ["wish:own-2", "wish:own-1", "wish:own-0"], "{name}");
    }
    // Over everything: all of them; next door: nothing.
    let api = {
        let id = newcomer(&app, "总管", RoleKind::Administrator, "HC").await;
        mini(&app, id).await
    };
    let all = api.get("/moderation?limit=100").await;
    assert_eq!(all.json["items"].as_array().unwrap().len(), 43);
    let id = newcomer(&app, "兰园经理", RoleKind::PropertyManager, "LY").await;
    let next_door = mini(&app, id).await.get("/moderation").await;
    assert_eq!(
        (next_door.status, &next_door.json["items"]),
        (200, &json!([]))
    );
}

/// A case of 桂园 that nobody has, and many older ones in another street.
async fn nobodys(app: &TestApp) -> i64 {
    let zhang = app.resident("张秀英").await;
    let ended = role::ActiveModel {
        to_at: Set(Some(app.now() - chrono::TimeDelta::hours(1))),
        ..Default::default()
    };
    role::Entity::update_many()
        .set(ended)
        .filter(role::Column::PersonId.is_not_null())
        .exec(app.store.write())
        .await
        .unwrap();
    zhang.says("报修 大厅漏水了").await;
    let first = zhang.case().await;
    assert_eq!(first.state, CaseState::Raised);
    let zy = far_away(app).await;
    let others = (0..230).map(|_| {
        let mut other = first.clone().into_active_model().reset_all();
        other.id = sea_orm::ActiveValue::NotSet;
        other.compound_id = Set(zy.id);
        other.place_id = Set(zy.id);
        other
    });
    case::Entity::insert_many(others.collect::<Vec<_>>())
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
    zhang.says("报修 门禁坏了").await;
    let last = zhang.case().await.id;
    // The first is over: only the newest of all is left in 桂园.
    zhang.says(&format!("撤回 {}", first.id)).await;
    last
}

#[tokio::test]
async fn what_nobody_has_is_offered_to_whoever_could_take_it_and_to_nobody_else() {
    let app = TestApp::start().await;
    let id = nobodys(&app).await;
    for (name, kind, code, offered) in [
        ("王街道", RoleKind::StreetOfficer, "HC-XL-CD", true),
        ("王楼长", RoleKind::Steward, "GY/1", true),
        ("王员工", RoleKind::PropertyStaff, "GY", true),
        ("王隔壁", RoleKind::Steward, "GY/2", false),
        ("王兰园", RoleKind::PropertyManager, "LY", false),
        // They work on what they are given, and do not see what others file.
        ("王调解", RoleKind::Mediator, "GY", false),
        ("王党员", RoleKind::PartyMember, "GY", false),
        // They see, and do not work.
        ("王监督", RoleKind::Supervisor, "GY", false),
        ("王管理", RoleKind::Administrator, "GY", false),
        ("王指导", RoleKind::Instructor, "GY", false),
    ] {
        let who = newcomer(&app, name, kind, code).await;
        let person = chat(&app, who).await;
        let reply = person.says("待办").await;
        assert_eq!(reply.contains("门禁坏了"), offered, "{name}: {reply}");
        assert!(
            !reply.contains("大厅漏水"),
            "{name}: another street's: {reply}"
        );
        let api = mini(&app, who).await;
        assert_eq!(api.get("/tasks").await.json["items"], json!([]), "{name}");
        // What is offered can be opened, and what is not is not there.
        let seen = api.get(&format!("/cases/{id}")).await.status;
        let sees = offered || matches!(kind, RoleKind::Supervisor | RoleKind::Administrator);
        assert_eq!(seen == 200, sees, "{name}: {seen}");
    }
}

#[tokio::test]
async fn with_the_role_the_doors_are_somebody_elses() {
    let app = TestApp::start().await;
    let (zhang, sun) = (app.called("张秀英").await.id, app.called("孙梅").await.id);
    let home = app.place("GY/1-1-101").await;
    let row = visit::ActiveModel {
        person_id: Set(zhang),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        subject: Set("notice:1".to_owned()),
        kind: Set("test".to_owned()),
        text: Set("明天停水".to_owned()),
        holder_id: Set(Some(sun)),
        state: Set(VisitState::Open),
        created_at: Set(app.now()),
        ..Default::default()
    };
    let id = row.insert(app.store.write()).await.unwrap().id;
    let (steward, api) = (chat(&app, sun).await, mini(&app, sun).await);
    assert!(steward.says("上门").await.contains("张秀英"));
    let ended = role::ActiveModel {
        to_at: Set(Some(app.now())),
        ..Default::default()
    };
    role::Entity::update_many()
        .set(ended)
        .filter(role::COLUMN.person_id.eq(sun))
        .exec(app.store.write())
        .await
        .unwrap();
    // A role that has nothing to do with doors, and one next door.
    give(&app, sun, RoleKind::Supervisor, "GY").await;
    give(&app, sun, RoleKind::Steward, "GY/2").await;
    for words in [
        "上门".to_owned(),
        format!("上门 {id}"),
        format!("已上门 {id}"),
        "待办".to_owned(),
    ] {
        let reply = steward.says(&words).await;
        assert!(
            !reply.contains("张秀英") && !reply.contains("明天停水"),
            "{words}: {reply}"
        );
    }
    assert_eq!(api.get("/visits").await.json["items"], json!([]));
    assert_eq!(api.get("/tasks").await.json["visits"], json!([]));
    let done = api.post(&format!("/visits/{id}/done"), &json!({})).await;
    assert_eq!(done.status, 404, "{done:?}");
    let kept = visit::Entity::find_by_id(id).one(app.store.read()).await;
    assert_eq!(kept.unwrap().unwrap().state, VisitState::Open);
    // With the role it is theirs again, unless the hourly clock has found the next one meanwhile.
    let back = visit::ActiveModel {
        id: Set(id),
        holder_id: Set(Some(sun)),
        ..Default::default()
    };
    back.update(app.store.write()).await.unwrap();
    give(&app, sun, RoleKind::Steward, "GY/1").await;
    let done = api.post(&format!("/visits/{id}/done"), &json!({})).await;
    assert_eq!(done.status, 200, "{done:?}");
}
