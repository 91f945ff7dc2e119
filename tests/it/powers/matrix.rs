//! The table of all actions of staff: each is tried over the API and in the chat by every role that may
//! not do it, in the compound and in the one next door, by a neighbour, by somebody who is bound to
//! nothing and without signing in. None of them changes anything, and what they may not see is not there.
//!
//! | file | holds |
//! |---|---|
//! | `roles` | groups of roles |
//! | `world`, `rows` | what there is to be done |
//! | `table` | each action, and who may |

mod roles;
mod rows;
mod table;
mod world;

use entity::kinds::RoleKind::{self, *};
use entity::{case, help_request, moderation, notice, talent, volunteer_service, volunteer_task};
use sea_orm::{EntityTrait, Iterable, QueryFilter, QueryOrder};
use serde_json::Value;

use self::table::table;
use self::world::{World, build};
use super::{chat, deeds, mini, newcomer};
use crate::harness::app::TestApp;
use crate::harness::people::Api;

/// One action.
struct Deed {
    /// Below `/api/v1`; empty where only the chat has it.
    path: String,
    body: Value,
    /// Whose role is enough, though the case does not lie with them.
    may: &'static [RoleKind],
    /// Who is told that they may not (403); to all others it is not there (404).
    sees: &'static [RoleKind],
    /// Whoever has no such role anywhere is told so: it is about nothing that is there.
    blunt: &'static [RoleKind],
    /// Typed in the chat; empty where there is no such command.
    words: String,
    /// Changes nothing: a GET.
    reads: bool,
}

async fn send(api: &Api, deed: &Deed) -> u16 {
    match deed.reads {
        true => api.get(&deed.path).await.status,
        false => api.post(&deed.path, &deed.body).await.status,
    }
}

/// What none of them may change.
#[derive(Debug, PartialEq)]
struct Standing {
    cases: Vec<case::Model>,
    shown: Vec<moderation::Model>,
    notices: Vec<notice::Model>,
    tasks: Vec<volunteer_task::Model>,
    services: Vec<volunteer_service::Model>,
    talents: Vec<talent::Model>,
    requests: Vec<help_request::Model>,
}

async fn of(app: &TestApp, world: &World) -> Standing {
    let db = app.store.read();
    let own = [world.case, world.other, world.quarrel];
    let cases = case::Entity::find()
        .filter(case::COLUMN.id.is_in(own))
        .order_by_asc(case::COLUMN.id);
    let notices = notice::Entity::find().order_by_asc(notice::COLUMN.id);
    Standing {
        cases: cases.all(db).await.unwrap(),
        shown: moderation::Entity::find().all(db).await.unwrap(),
        notices: notices.all(db).await.unwrap(),
        tasks: volunteer_task::Entity::find().all(db).await.unwrap(),
        services: volunteer_service::Entity::find().all(db).await.unwrap(),
        talents: talent::Entity::find().all(db).await.unwrap(),
        requests: help_request::Entity::find().all(db).await.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_does_what_is_not_its_own_over_the_api() {
    let app = TestApp::start().await;
    let world = build(&app).await;
    app.drain().await;
    let mut here = Vec::new();
    let mut there = Vec::new();
    for kind in RoleKind::iter() {
        let near = newcomer(&app, &format!("甲{kind:?}"), kind, "GY").await;
        here.push((kind, mini(&app, near).await));
        let far = newcomer(&app, &format!("乙{kind:?}"), kind, "LY").await;
        there.push((kind, mini(&app, far).await));
    }
    let neighbour = mini(&app, app.called("李建国").await.id).await;
    let unbound = app.api_of("m-unbound").await;
    let before = (deeds(&app).await, of(&app, &world).await);
    let mut wrong = Vec::new();
    let mut all = table(&world);
    all.retain(|deed| !deed.path.is_empty());
    for deed in &all {
        let mut expect = |who: String, status: u16, wanted: &[u16]| {
            if !wanted.contains(&status) {
                wrong.push(format!("{} by {who}: {status}, not {wanted:?}", deed.path));
            }
        };
        for (kind, api) in here.iter().filter(|(kind, _)| !deed.may.contains(kind)) {
            let told = match deed.sees.contains(kind) || !deed.blunt.is_empty() {
                true => 403,
                false => 404,
            };
            expect(format!("{kind:?} here"), send(api, deed).await, &[told]);
        }
        for (kind, api) in &there {
            let told = match deed.blunt.is_empty() || deed.blunt.contains(kind) {
                true => 404,
                false => 403,
            };
            expect(
                format!("{kind:?} next door"),
                send(api, deed).await,
                &[told],
            );
        }
        let told = if deed.blunt.is_empty() { 404 } else { 403 };
        expect(
            "a neighbour".to_owned(),
            send(&neighbour, deed).await,
            &[told],
        );
        // Whoever is bound to nothing is told to bind first, or that it is not there.
        expect("nobody".to_owned(), send(&unbound, deed).await, &[403, 404]);
        expect(
            "signed out".to_owned(),
            send(&unbound.signed_out(), deed).await,
            &[401],
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((deeds(&app).await, of(&app, &world).await), before);
    // And whoever may is let in: the paths are right, and the roles are not refused everything.
    for deed in &all {
        let Some(kind) = deed.may.first() else {
            continue;
        };
        let (_, api) = here.iter().find(|(role, _)| role == kind).unwrap();
        let status = send(api, deed).await;
        let photo = deed.path.ends_with("/photos");
        let let_in = matches!(status, 200 | 201 | 409 | 422) || photo && status == 404;
        assert!(let_in, "{} by {kind:?}: {status}", deed.path);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_does_what_is_not_its_own_in_the_chat() {
    let app = TestApp::start().await;
    let world = build(&app).await;
    let mut people = Vec::new();
    for (name, kind, code) in [
        ("丙监督", Supervisor, "GY"),
        ("丙指导", Instructor, "GY"),
        ("丙调解", Mediator, "GY"),
        ("丙物业", PropertyStaff, "GY"),
        ("丁经理", PropertyManager, "LY"),
        ("丁主任", CommitteeChair, "LY"),
        ("丁管理", Administrator, "LY"),
    ] {
        let id = newcomer(&app, name, kind, code).await;
        people.push((kind, code, chat(&app, id).await));
    }
    let neighbour = app.resident("李建国").await;
    // What the first words say of the rules on personal data is on record, too.
    for person in people
        .iter()
        .map(|(_, _, person)| person)
        .chain([&neighbour])
    {
        person.says("菜单").await;
        person.says("菜单").await;
    }
    app.drain().await;
    let before = (deeds(&app).await, of(&app, &world).await);
    for deed in table(&world).iter().filter(|deed| !deed.words.is_empty()) {
        for (kind, code, person) in &people {
            if *code == "GY" && deed.may.contains(kind) {
                continue;
            }
            let reply = person.says(&deed.words).await;
            let said = (deeds(&app).await, of(&app, &world).await);
            assert!(
                said == before,
                "«{}» by {kind:?} at {code}: {reply}",
                deed.words
            );
            // Next door it is not there, and nothing of it is told.
            assert!(
                *code == "GY" || !reply.contains("漏水") && !reply.contains("孙梅"),
                "«{}» by {kind:?} at {code}: {reply}",
                deed.words
            );
        }
        let reply = neighbour.says(&deed.words).await;
        assert!(
            !reply.contains("漏水") && !reply.contains("张秀英"),
            "{reply}"
        );
        let said = (deeds(&app).await, of(&app, &world).await);
        assert!(said == before, "«{}» by a neighbour: {reply}", deed.words);
    }
}
