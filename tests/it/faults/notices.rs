//! The server killed in the middle of a broadcast, again and again: nobody is forgotten, nobody is told twice. Once
//! for the rows alone, of many people; once to the end, with two servers and what reaches each phone.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::{Channel, HomeRelation, NoticeState, ReminderState};
use entity::{account, notice, notice_recipient, person, reminder, residency};
use linli::base::clock::Moment;
use linli::sandbox::platform::Standing;
use linli::sandbox::{Api, Fault};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::without_clocks;
use crate::harness::app::TestApp;
use crate::harness::program::Program;
use crate::harness::until;

/// More than two parts.
const PEOPLE: usize = 12_000;
const ROUNDS: u64 = 6;

/// Followers of the broadcast that goes out to the end.
const FOLLOWERS: u64 = 300;
/// How often one of its two servers is killed while messages go out.
const KILLS: usize = 4;

/// So many residents of one home with accounts; their openids.
async fn crowd(app: &TestApp, count: usize) -> Vec<String> {
    let home = app.place("GY/2-1-101").await;
    let (now, db) = (app.now(), app.store.write());
    let mut open_ids = Vec::new();
    for chunk in 0..count.div_ceil(500) {
        let size = (count - chunk * 500).min(500);
        let people = (0..size).map(|n| person::ActiveModel {
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
        open_ids.extend(people.iter().map(|row| format!("o-{}", row.id)));
    }
    open_ids
}

/// The time to undo it is over.
async fn let_it_go(app: &TestApp, past: Moment) {
    notice::Entity::update_many()
        .set(notice::ActiveModel {
            go_at: Set(Some(past)),
            ..Default::default()
        })
        .exec(app.store.write())
        .await
        .unwrap();
}

/// The clocks that a killed server had in hand are free again.
async fn free_the_clocks(app: &TestApp, past: Moment) {
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
}

async fn only_notice(app: &TestApp) -> notice::Model {
    let found = notice::Entity::find().one(app.store.read()).await;
    found.unwrap().unwrap()
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
    crowd(&app, PEOPLE).await;
    let preview = chair.says("发布 停水\n周六停水").await;
    assert!(preview.contains("12006人"), "{preview}");
    chair.says("1").await;
    app.instances.remove(0).stop().await.unwrap();
    // The time to undo it is over when the program comes up.
    let past = app.now() - TimeDelta::seconds(30);
    let_it_go(&app, past).await;
    let mut program: Option<Program> = None;
    for round in 0..ROUNDS {
        // Whatever was in hand when it was killed is free again.
        free_the_clocks(&app, past).await;
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
        let row = only_notice(&app).await;
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

/// From now on the platform takes so long for each message.
fn pace(app: &TestApp, ms: u64) {
    app.platform.clear_faults();
    let mut slow = Fault::new(Api::Template, "slow", None);
    slow.ms = Some(ms);
    assert!(app.platform.set_fault(slow));
}

/// The first server alone, killed when the recipients are written down and again when the messages are.
async fn killed_while_it_spreads(app: &TestApp) -> Program {
    let past = app.now() - TimeDelta::seconds(30);
    let mut first = app.spawn_program().await;
    let_it_go(app, past).await;
    free_the_clocks(app, past).await;
    until("it has begun", 30, async || {
        let row = only_notice(app).await;
        (row.state != NoticeState::Undoable).then_some(())
    })
    .await;
    first.kill9();
    free_the_clocks(app, past).await;
    first.launch();
    until("the messages are written", 30, async || {
        (only_notice(app).await.told_to > 0).then_some(())
    })
    .await;
    first.kill9();
    free_the_clocks(app, past).await;
    first
}

/// Kills the first server while it sends beside the second; how often.
async fn killed_while_they_send(app: &TestApp, first: &mut Program) -> usize {
    let mut kills = 0;
    while kills < KILLS {
        // The other one does not get far while this one comes up.
        pace(app, 2_500);
        first.restart().await;
        let sent = app.platform.calls(Api::Template);
        if sent + 60 > FOLLOWERS {
            break;
        }
        pace(app, 100);
        until("both send", 30, async || {
            let now = app.platform.calls(Api::Template);
            (now >= sent + 20).then_some(())
        })
        .await;
        first.kill9();
        kills += 1;
    }
    kills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_servers_killed_while_a_notice_goes_out_tells_every_phone_exactly_once() {
    let mut app = TestApp::plan()
        // Short enough to be waited for.
        .set("REMINDER__LEASE_SECONDS", "6")
        .set("REMINDER__BATCH", "20")
        .notices_by_template()
        .start()
        .await;
    app.allow_errors();
    let chair = app.staff("卫东").await;
    let followers = crowd(&app, usize::try_from(FOLLOWERS).unwrap()).await;
    for open_id in &followers {
        app.platform.set_standing(open_id, Standing::Follows);
    }
    let preview = chair.says("发布 停水\n周六停水").await;
    assert!(preview.contains("306人"), "{preview}");
    chair.says("1").await;
    app.instances.remove(0).stop().await.unwrap();
    pace(&app, 2_500);
    let mut first = killed_while_it_spreads(&app).await;
    let _second = app.spawn_program().await;
    let kills = killed_while_they_send(&app, &mut first).await;
    assert!(kills >= 3, "killed {kills} times only");
    app.platform.clear_faults();
    let messages = || reminder::Entity::find().filter(reminder::COLUMN.kind.eq("notice.new"));
    let db = app.store.read();
    until("nothing waits any more", 60, async || {
        let open = messages().filter(reminder::COLUMN.done_at.is_null());
        let open = open.count(db).await.unwrap();
        let spread = only_notice(&app).await.state == NoticeState::Sent;
        (spread && open == 0).then_some(())
    })
    .await;
    let written = notice_recipient::Entity::find().count(db).await.unwrap();
    assert_eq!(written, FOLLOWERS + 6);
    let all = messages().all(db).await.unwrap();
    let told = all.iter().filter(|row| row.state == ReminderState::Sent);
    let counts = (all.len(), told.count());
    assert_eq!(counts, (followers.len(), followers.len()));
    // Something was in hand when it was killed, or this says nothing.
    assert!(
        all.iter().any(|row| row.attempts > 1),
        "never in the middle"
    );
    let odd: Vec<(&String, usize)> = followers
        .iter()
        .map(|open_id| (open_id, app.platform.sent_to(open_id).len()))
        .filter(|(_, times)| *times != 1)
        .collect();
    assert!(odd.is_empty(), "not told once: {odd:?}");
}
