//! What must survive: the server killed at any moment, Redis and PostgreSQL gone and back, a platform
//! that is slow or talks nonsense, instances that do everything at once, clocks that jump. After each:
//! no accepted message is lost or doubled, no reminder is lost, at most one visible duplicate push
//! for each crash, and `linli doctor` says what is wrong while it is. One at a time (`.config/nextest.toml`).

mod notices;
mod outside;
mod server;
mod stores;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use entity::kinds::{CaseState, Grade, ReminderState};
use entity::{account, case, case_event, reminder, response_policy};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::wechat::Sender;

/// Sends a message as often as it takes, always the same one, as the platform would; the answer.
async fn insist(sender: &Sender, message: &str) -> Option<String> {
    let envelope_patience = Duration::from_secs(40);
    let began = Instant::now();
    loop {
        if let Ok(answer) = sender.try_post(&sender.envelope(message)).await
            && answer.status == 200
        {
            return sender.read(&answer.body);
        }
        assert!(
            began.elapsed() < envelope_patience,
            "never answered: {message}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Numbers of the cases whose task was pushed to this person, with how often.
fn tasks_pushed_to(person: &Person<'_>) -> HashMap<i64, usize> {
    let number = regex::Regex::new(r"接单 ?#?(\d+)").unwrap();
    let mut found = HashMap::new();
    for push in person.pushes() {
        if let Some(hit) = number.captures(&push) {
            *found.entry(hit[1].parse().unwrap()).or_default() += 1;
        }
    }
    found
}

/// All cases of the database by their words, each of which must stand there once.
async fn cases_by_text(app: &TestApp) -> HashMap<String, case::Model> {
    let all = case::Entity::find().all(app.store.read()).await.unwrap();
    let count = all.len();
    let by_text: HashMap<_, _> = all
        .into_iter()
        .map(|case| (case.text.clone(), case))
        .collect();
    assert_eq!(by_text.len(), count, "a message was filed twice");
    by_text
}

/// Every case has its history, its clock, and somebody who was told of it.
async fn expect_whole(app: &TestApp, case: &case::Model) {
    let events = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(case.id))
        .count(app.store.read())
        .await
        .unwrap();
    assert!(events >= 2, "case {} has {events} events", case.id);
    assert_eq!(case.state, CaseState::Assigned, "case {}", case.id);
    let reminders = reminder::Entity::find()
        .filter(reminder::COLUMN.subject.eq(format!("case:{}", case.id)))
        .all(app.store.read())
        .await
        .unwrap();
    let clock = reminders.iter().any(|row| row.recipient_id.is_none());
    let told = reminders
        .iter()
        .any(|row| row.recipient_id == case.holder_id);
    assert!(clock && told, "case {} has only {reminders:#?}", case.id);
}

/// No reminder was given up, but for those to people who never bound an account.
async fn expect_no_dead_letters(app: &TestApp) {
    let all = reminder::Entity::find().all(app.store.read()).await;
    let accounts = account::Entity::find().all(app.store.read()).await.unwrap();
    let mut failed = all.unwrap();
    failed.retain(|row| {
        let reachable = |account: &account::Model| {
            account.person_id == row.recipient_id && account.created_at <= row.created_at
        };
        row.state == ReminderState::Failed && accounts.iter().any(reachable)
    });
    assert!(failed.is_empty(), "dead letters: {failed:#?}");
}

/// Waits until so many cases were pushed to somebody. A try that failed while the machine was slow
/// comes back after its first back-off, and a pause of the platform is a minute: late is not lost.
async fn count_tasks(app: &TestApp, open_id: &str, cases: usize) -> HashMap<i64, usize> {
    let person = app.known(open_id);
    let began = Instant::now();
    loop {
        let pushed = tasks_pushed_to(&person);
        if pushed.len() >= cases {
            return pushed;
        }
        if began.elapsed() > Duration::from_secs(150) {
            let mut rows = reminder::Entity::find()
                .all(app.store.read())
                .await
                .unwrap();
            rows.retain(|row| {
                let id = row.subject.trim_start_matches("case:").parse();
                row.kind == "case.task" && id.is_ok_and(|id: i64| !pushed.contains_key(&id))
            });
            panic!(
                "{} of {cases} tasks were pushed; missing: {rows:#?}",
                pushed.len()
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn file(person: &Person<'_>, text: &str) -> i64 {
    let began = Instant::now();
    let reply = person.says(&format!("报修 {text}")).await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "answered after {took:?}");
    let case = person.case().await;
    assert!(reply.contains(&format!("#{}", case.id)), "{reply}");
    case.id
}

/// Gives everybody in 桂园小区 so much time that no clock rings.
async fn without_clocks(app: &TestApp) {
    let compound = app.place("GY").await;
    let patient = response_policy::ActiveModel {
        place_id: Set(compound.id),
        grade: Set(Grade::Ordinary),
        accept_minutes: Set(1_000_000),
        finish_minutes: Set(Some(1_000_000)),
        version: Set(1),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    patient.insert(app.store.write()).await.unwrap();
}

/// An app for the executable: leases short enough to wait for and long enough for a batch of pushes on a
/// slow machine, and no clocks.
async fn killable() -> TestApp {
    let mut app = TestApp::plan()
        .set("REMINDER__LEASE_SECONDS", "10")
        .start()
        .await;
    app.allow_errors();
    without_clocks(&app).await;
    app
}
