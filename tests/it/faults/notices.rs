//! The server killed in the middle of a broadcast, again and again: nobody is forgotten, nobody is told twice.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::{Channel, HomeRelation, NoticeState};
use entity::{account, notice, notice_recipient, person, reminder, residency};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::without_clocks;
use crate::harness::app::TestApp;
use crate::harness::program::Program;
use crate::harness::until;

/// More than two parts.
const PEOPLE: usize = 12_000;
const ROUNDS: u64 = 6;

/// Residents of one home with accounts.
async fn crowd(app: &TestApp) {
    let home = crate::console::place(app, "GY/2-1-101").await;
    let (now, db) = (app.now(), app.store.write());
    for chunk in 0..PEOPLE / 500 {
        let people = (0..500).map(|n| person::ActiveModel {
            name: Set(format!("住户{chunk}-{n}")),
            party_member: Set(false),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
        let people = person::Entity::insert_many(people)
            .exec_with_returning(db)
            .await
            .unwrap();
        let ties = people.iter().map(|row| residency::ActiveModel {
            person_id: Set(row.id),
            place_id: Set(home.id),
            compound_id: Set(home.compound_id.unwrap()),
            relation: Set(HomeRelation::Family),
            created_at: Set(now),
            ..Default::default()
        });
        let accounts = people.iter().map(|row| account::ActiveModel {
            channel: Set(Channel::Official),
            external_id: Set(format!("o-{}", row.id)),
            person_id: Set(Some(row.id)),
            followed: Set(true),
            window_left: Set(0),
            created_at: Set(now),
            ..Default::default()
        });
        residency::Entity::insert_many(ties)
            .exec_without_returning(db)
            .await
            .unwrap();
        account::Entity::insert_many(accounts)
            .exec_without_returning(db)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_the_middle_of_a_broadcast_forgets_and_doubles_nobody() {
    let mut app = TestApp::plan()
        // The messages themselves wait: this is about who gets one.
        .set("REMINDER__QUIET_FROM", "00:00")
        .set("REMINDER__QUIET_TO", "23:59")
        .start()
        .await;
    app.allow_errors();
    without_clocks(&app).await;
    let chair = app.staff("卫东").await;
    crowd(&app).await;
    let preview = chair.says("发布 停水\n周六停水").await;
    assert!(preview.contains("12006人"), "{preview}");
    chair.says("1").await;
    app.instances.remove(0).stop().await.unwrap();
    // The time to undo it is over when the program comes up.
    let past = app.now() - TimeDelta::seconds(30);
    notice::Entity::update_many()
        .set(notice::ActiveModel {
            go_at: Set(Some(past)),
            ..Default::default()
        })
        .exec(app.store.write())
        .await
        .unwrap();
    let mut program: Option<Program> = None;
    for round in 0..ROUNDS {
        // Whatever was in hand when it was killed is free again.
        reminder::Entity::update_many()
            .set(reminder::ActiveModel {
                next_at: Set(past),
                leased_until: Set(None),
                ..Default::default()
            })
            .filter(reminder::COLUMN.done_at.is_null())
            .filter(reminder::COLUMN.kind.starts_with("notice."))
            .filter(reminder::COLUMN.recipient_id.is_null())
            .exec(app.store.write())
            .await
            .unwrap();
        match &mut program {
            Some(running) => running.launch(),
            None => program = Some(app.spawn_program().await),
        }
        let running = program.as_mut().unwrap();
        tokio::time::sleep(Duration::from_millis(100 + round * 120)).await;
        running.kill9();
    }
    let running = program.as_mut().unwrap();
    reminder::Entity::update_many()
        .set(reminder::ActiveModel {
            leased_until: Set(None),
            ..Default::default()
        })
        .filter(reminder::COLUMN.done_at.is_null())
        .exec(app.store.write())
        .await
        .unwrap();
    running.launch();
    until("the broadcast ends", 60, async || {
        let row = notice::Entity::find()
            .one(app.store.read())
            .await
            .unwrap()
            .unwrap();
        (row.state == NoticeState::Sent).then_some(())
    })
    .await;
    let db = app.store.read();
    let written = notice_recipient::Entity::find().count(db).await.unwrap();
    assert_eq!(written, 12_006);
    let told = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("notice.new"))
        .count(db)
        .await
        .unwrap();
    assert_eq!(told, 12_000, "one message for each whom a channel reaches");
}
