//! Who may do what: every action by every role that has no business there, lists that show to each
//! what they may see and no less, and nobody in their own matter.

mod lists;
mod matrix;
mod own;

use entity::kinds::{Channel, RoleKind};
use entity::{account, audit, person, role};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
};

use crate::console::{Desk, PASSWORD, lend_password};
use crate::harness::app::TestApp;
use crate::harness::people::{Api, Person};

/// Gives somebody a role from a while ago on.
pub async fn give(app: &TestApp, person_id: i64, kind: RoleKind, code: &str) -> role::Model {
    let place = app.place(code).await;
    let row = role::ActiveModel {
        person_id: Set(person_id),
        role: Set(kind),
        place_id: Set(Some(place.id)),
        compound_id: Set(place.compound_id),
        from_at: Set(app.now() - chrono::TimeDelta::days(1)),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap()
}

/// Somebody whom no roster knows, with this role at this place.
pub async fn newcomer(app: &TestApp, name: &str, kind: RoleKind, code: &str) -> i64 {
    let row = person::ActiveModel {
        name: Set(name.to_owned()),
        party_member: Set(false),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    let row = row.insert(app.store.write()).await.unwrap();
    give(app, row.id, kind, code).await;
    row.id
}

/// The console of somebody new with this role at this place.
pub async fn desk_with<'a>(app: &'a TestApp, kind: RoleKind, code: &str) -> Desk<'a> {
    let person_id = newcomer(app, "新来的", kind, code).await;
    let login = format!("new-{person_id}");
    lend_password(app, &login, person_id).await;
    let mut desk = Desk::stranger(app);
    desk.sign_in(&login, PASSWORD).await.is(303);
    desk
}

/// The mini-program of somebody, as if they had been bound.
pub async fn mini(app: &TestApp, person_id: i64) -> Api {
    let open_id = format!("m-{person_id}");
    let api = app.api_of(&open_id).await;
    let row = account::Entity::find()
        .filter(account::COLUMN.external_id.eq(&open_id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let mut row = row.into_active_model();
    row.person_id = Set(Some(person_id));
    row.update(app.store.write()).await.unwrap();
    api
}

/// The chat of somebody, the same way.
async fn chat(app: &TestApp, person_id: i64) -> Person<'_> {
    let open_id = format!("c-{person_id}");
    let row = account::ActiveModel {
        channel: Set(Channel::Official),
        external_id: Set(open_id.clone()),
        person_id: Set(Some(person_id)),
        followed: Set(true),
        window_left: Set(0),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap();
    let person = app.known(&open_id);
    person
        .does(&linli::sandbox::Say::event("subscribe", ""))
        .await;
    person
}

/// How many things were done so far: every one of them is in the trail.
async fn deeds(app: &TestApp) -> u64 {
    let all = audit::Entity::find().order_by_asc(audit::COLUMN.id);
    all.count(app.store.read()).await.unwrap()
}
