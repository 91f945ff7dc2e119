//! What must survive: the server killed at any moment, Redis and PostgreSQL gone and back, a platform
//! that is slow or talks nonsense, instances that do everything at once, clocks that jump. After each:
//! no accepted message is lost or doubled, no reminder is lost, at most one visible duplicate push
//! for each crash, and `linli doctor` says what is wrong while it is. One at a time (`.config/nextest.toml`).

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use entity::kinds::{CaseState, ReminderState};
use entity::{account, case, case_event, inbound, place, reminder, response_policy};
use linli::sandbox::{Api, Fault};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::harness::app::TestApp;
use crate::harness::db::Backend;
use crate::harness::faults::{OwnPostgres, OwnRedis, Wire};
use crate::harness::people::Person;
use crate::harness::program::{self, Program};
use crate::harness::until;
use crate::harness::wechat::{Sender, text_xml};

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

/// A program alone on the database, with short leases, and two residents and their stewards bound.
async fn killable() -> TestApp {
    let mut app = TestApp::plan()
        .set("REMINDER__LEASE_SECONDS", "2")
        .start()
        .await;
    app.allow_errors();
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_filing_loses_and_doubles_nothing() {
    const ROUNDS: u64 = 16;
    let mut app = killable().await;
    let (resident, steward) = (
        app.resident("张秀英").await.open_id,
        app.steward("1栋").await.open_id,
    );
    app.instances.remove(0).stop().await.unwrap();
    let mut program = app.spawn_program().await;
    let sender = Sender::new(&app.settings, &program.url());
    let mut said = HashSet::new();
    for round in 0..ROUNDS {
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..4 {
            let text = format!("第{round}轮第{n}盏灯坏了");
            let message = text_xml(&resident, &format!("报修 {text}"));
            let sender = sender.clone();
            said.insert(text);
            waiting.spawn(async move { insist(&sender, &message).await });
        }
        // From before the first statement to after the last commit.
        tokio::time::sleep(Duration::from_millis(round * 4)).await;
        program.kill9();
        program.restart().await;
        for reply in waiting.join_all().await {
            assert!(
                reply.is_some_and(|reply| reply.contains('#')),
                "an answer without a number"
            );
        }
    }
    let cases = cases_by_text(&app).await;
    for text in &said {
        let case = cases.iter().find(|(kept, _)| kept.contains(text.as_str()));
        let (_, case) = case.unwrap_or_else(|| panic!("lost: {text}"));
        expect_whole(&app, case).await;
    }
    assert_eq!(cases.len(), said.len(), "cases of nobody's words");
    app.drain().await;
    let pushed = count_tasks(&app, &steward, cases.len()).await;
    let doubled: usize = pushed.values().map(|count| count - 1).sum();
    assert!(
        doubled <= usize::try_from(ROUNDS).unwrap(),
        "{doubled} duplicates"
    );
    expect_no_dead_letters(&app).await;
}

/// Waits until so many cases were pushed to somebody.
async fn count_tasks(app: &TestApp, open_id: &str, cases: usize) -> HashMap<i64, usize> {
    let person = app.known(open_id);
    until("every task is pushed", 30, async || {
        let pushed = tasks_pushed_to(&person);
        (pushed.len() >= cases).then_some(pushed)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_sending_tells_everybody_and_nobody_twice_a_crash() {
    const ROUNDS: u64 = 12;
    let mut app = killable().await;
    let (resident, steward) = (
        app.resident("张秀英").await.open_id,
        app.steward("1栋").await.open_id,
    );
    app.instances.remove(0).stop().await.unwrap();
    let mut program = app.spawn_program().await;
    let sender = Sender::new(&app.settings, &program.url());
    // Slow enough that a kill falls before, into and after the call; the platform takes it all the same.
    let mut slow = Fault::new(Api::Template, "slow", None);
    slow.ms = Some(40);
    assert!(app.platform.set_fault(slow));
    for round in 0..ROUNDS {
        let message = text_xml(&resident, &format!("报修 第{round}盏灯坏了"));
        insist(&sender, &message).await;
        tokio::time::sleep(Duration::from_millis(round * 12)).await;
        program.kill9();
        program.restart().await;
    }
    let cases = cases_by_text(&app).await;
    assert_eq!(cases.len(), usize::try_from(ROUNDS).unwrap());
    let pushed = count_tasks(&app, &steward, cases.len()).await;
    app.drain().await;
    let doubled: usize = pushed.values().map(|count| count - 1).sum();
    assert!(
        doubled <= cases.len(),
        "{doubled} duplicates of {} crashes",
        cases.len()
    );
    assert!(pushed.values().all(|count| *count <= 2), "{pushed:?}");
    expect_no_dead_letters(&app).await;
}

/// The pairing's app on a Redis of its own behind a wire; none where Redis is not part of the pairing.
async fn on_own_redis() -> Option<(OwnRedis, Wire, TestApp)> {
    if !Backend::chosen().redis {
        return None;
    }
    let redis = OwnRedis::start().await?;
    let wire = Wire::to(redis.port()).await;
    let url = format!("redis://127.0.0.1:{}", wire.port());
    let mut app = TestApp::plan()
        .instances(2)
        .set("REDIS__URL", &url)
        .start()
        .await;
    app.allow_errors();
    Some((redis, wire, app))
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

#[tokio::test]
async fn redis_emptied_loses_no_reminder() {
    let Some((redis, _wire, app)) = on_own_redis().await else {
        return;
    };
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let first = file(&resident, "一号灯").await;
    steward.expects_push(&format!("接单 {first}")).await;
    let client = linli_redis(&redis.url()).await;
    flush(client).await;
    // The accept clock was only in Redis' index; the sweeper finds it again in the database.
    app.advance(5).await;
    steward.expects_push(&first.to_string()).await;
    let second = file(&resident, "二号灯").await;
    steward.expects_push(&format!("接单 {second}")).await;
    expect_no_dead_letters(&app).await;
}

async fn linli_redis(url: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn flush(mut connection: redis::aio::MultiplexedConnection) {
    let command = redis::cmd("FLUSHALL");
    command.exec_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn redis_restarted_or_gone_delays_nothing_but_itself() {
    let Some((mut redis, wire, app)) = on_own_redis().await else {
        return;
    };
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    redis.kill9();
    let during = file(&resident, "一号灯").await;
    steward.expects_push(&format!("接单 {during}")).await;
    let doctor = program::run(&app.variables, &["doctor"]).await;
    let said = String::from_utf8_lossy(&doctor.stdout).to_lowercase();
    assert!(!doctor.status.success() && said.contains("redis"), "{said}");
    redis.start_again().await;
    let after = file(&resident, "二号灯").await;
    steward.expects_push(&format!("接单 {after}")).await;
    // Neither an answer nor an error: the worst kind of gone.
    wire.slow(Duration::from_secs(60));
    let silent = file(&resident, "三号灯").await;
    steward.expects_push(&format!("接单 {silent}")).await;
    wire.cut();
    wire.slow(Duration::ZERO);
    wire.mend();
    app.advance(1).await;
    let back = file(&resident, "四号灯").await;
    steward.expects_push(&format!("接单 {back}")).await;
    let pushed = tasks_pushed_to(&steward);
    assert!(pushed.values().all(|count| *count == 1), "{pushed:?}");
    expect_no_dead_letters(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_restarted_loses_and_doubles_nothing() {
    if !Backend::chosen().postgres {
        return;
    }
    let mut postgres = OwnPostgres::start().await.unwrap();
    let mut app = TestApp::plan()
        .database(&postgres.url())
        .set("REMINDER__LEASE_SECONDS", "2")
        .start()
        .await;
    app.allow_errors();
    without_clocks(&app).await;
    let (resident, steward) = (
        app.resident("张秀英").await.open_id,
        app.steward("1栋").await.open_id,
    );
    let sender = app.sender(0);
    for round in 0..3_u64 {
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..4 {
            let message = text_xml(&resident, &format!("报修 第{round}轮第{n}盏灯坏了"));
            let sender = sender.clone();
            waiting.spawn(async move { insist_on_number(&sender, &message).await });
        }
        tokio::time::sleep(Duration::from_millis(round * 15)).await;
        postgres.kill9();
        if round == 0 {
            let doctor = program::run(&app.variables, &["doctor"]).await;
            assert!(!doctor.status.success(), "doctor finds nothing wrong");
            let ready = reqwest::get(format!("{}/readyz", app.url())).await.unwrap();
            assert_eq!(ready.status().as_u16(), 503);
        }
        postgres.start_again().await;
        waiting.join_all().await;
    }
    let cases = cases_by_text(&app).await;
    assert_eq!(cases.len(), 12, "a message was lost");
    for case in cases.values() {
        expect_whole(&app, case).await;
    }
    // What was being sent when the database went is tried again after a minute or some.
    for _ in 0..20 {
        app.advance(1).await;
    }
    let pushed = count_tasks(&app, &steward, 12).await;
    let doubled: usize = pushed.values().map(|count| count - 1).sum();
    assert!(doubled <= 3, "{doubled} duplicates of 3 crashes");
    expect_no_dead_letters(&app).await;
}

/// Sends until the answer names a case: while the database is away the person is asked to send again,
/// which is what this does, with the same message.
async fn insist_on_number(sender: &Sender, message: &str) {
    until("an answer with a number", 60, async || {
        let reply = insist(sender, message).await?;
        reply.contains('#').then_some(())
    })
    .await;
}

/// Gives everybody in 桂园小区 so much time that no clock rings.
async fn without_clocks(app: &TestApp) {
    let compound = place::Entity::find()
        .filter(place::COLUMN.code.eq("GY"))
        .one(app.store.read())
        .await
        .unwrap();
    let patient = response_policy::ActiveModel {
        place_id: Set(compound.unwrap().id),
        accept_minutes: Set(1_000_000),
        finish_minutes: Set(1_000_000),
        created_at: Set(app.now()),
        ..Default::default()
    };
    patient.insert(app.store.write()).await.unwrap();
}

#[tokio::test]
async fn a_platform_in_trouble_delays_pushes_but_loses_and_doubles_none() {
    for kind in [
        "-1", "45009", "45011", "40001", "42001", "nonsense", "gateway", "refused", "dropped",
    ] {
        let mut app = TestApp::start().await;
        app.allow_errors();
        without_clocks(&app).await;
        let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
        app.drain().await;
        for api in [Api::Template, Api::Custom] {
            let trouble = Fault::new(api, kind, Some(2));
            assert!(app.platform.set_fault(trouble), "{kind}");
        }
        let case = file(&resident, "电梯停了").await;
        let told = || tasks_pushed_to(&steward).get(&case).copied().unwrap_or(0);
        // Back-off goes up to hours, a used-up quota to the next morning: the clock is moved along.
        for _ in 0..80 {
            app.drain().await;
            if told() > 0 {
                break;
            }
            app.clock.advance(TimeDelta::minutes(60));
        }
        app.drain().await;
        assert!(told() >= 1, "{kind}: the steward was never told");
        // A connection that breaks after the platform took the message may cost one repetition.
        let most = if kind == "dropped" { 2 } else { 1 };
        assert!(told() <= most, "{kind}: told {} times", told());
    }
}

#[tokio::test]
async fn a_slow_platform_slows_no_answer() {
    let app = TestApp::start().await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let mut slow = Fault::new(Api::Template, "slow", Some(4));
    slow.ms = Some(3_000);
    assert!(app.platform.set_fault(slow));
    let mut cases = Vec::new();
    for n in 0..4 {
        let began = Instant::now();
        cases.push(file(&resident, &format!("{n}号灯")).await);
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{:?}",
            began.elapsed()
        );
    }
    for case in cases {
        steward.expects_push(&format!("接单 {case}")).await;
    }
}

#[tokio::test]
async fn two_instances_at_once_do_everything_once() {
    let app = TestApp::with_instances(2).await;
    let steward = app.steward("1栋").await;
    let (zhang, li, wang) = tokio::join!(
        app.resident("张秀英"),
        app.resident("李建国"),
        app.resident("王芳")
    );
    let mut messages = Vec::new();
    for n in 0..8 {
        for person in [&zhang, &li, &wang] {
            let text = format!("报修 {}第{n}盏灯坏了", person.open_id);
            messages.push(text_xml(&person.open_id, &text));
        }
    }
    let mut waiting = tokio::task::JoinSet::new();
    for message in &messages {
        for instance in [0, 1] {
            let (sender, message) = (app.sender(instance), message.clone());
            waiting.spawn(async move { sender.send(&message).await });
        }
    }
    for reply in waiting.join_all().await {
        assert!(reply.is_some_and(|reply| reply.contains('#')));
    }
    let cases = cases_by_text(&app).await;
    assert_eq!(cases.len(), messages.len());
    let pushed = count_tasks(&app, &steward.open_id, cases.len()).await;
    app.drain().await;
    assert!(pushed.values().all(|count| *count == 1), "{pushed:?}");
    // Both instances hear «接单» at the same moment: one history, two equal answers.
    let case = cases.values().next().unwrap();
    let accept = text_xml(&steward.open_id, &format!("接单 {}", case.id));
    let (first, second) = (app.sender(0), app.sender(1));
    let (a, b) = tokio::join!(first.send(&accept), second.send(&accept));
    assert_eq!(a, b);
    let accepted = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(case.id))
        .filter(case_event::COLUMN.to_state.eq(CaseState::Accepted))
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn a_clock_that_jumps_loses_and_doubles_nothing() {
    let app = TestApp::with_instances(2).await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let first = file(&resident, "一号灯").await;
    steward.expects_push(&format!("接单 {first}")).await;
    // Back: what was due stays done, what comes is still taken and told.
    app.clock.advance(TimeDelta::hours(-2));
    let second = file(&resident, "二号灯").await;
    app.drain().await;
    app.clock.advance(TimeDelta::hours(2));
    steward.expects_push(&format!("接单 {second}")).await;
    let pushed = tasks_pushed_to(&steward);
    assert_eq!((pushed[&first], pushed[&second]), (1, 1));
    // Forward by days: every clock in between rings, each once, and nobody is left with the cases.
    app.clock.advance(TimeDelta::days(3));
    app.drain().await;
    for id in [first, second] {
        let case = app.case(id).await;
        assert!(case.accept_late, "the accept clock of {id} did not ring");
        let late = case_event::Entity::find()
            .filter(case_event::COLUMN.case_id.eq(id))
            .all(app.store.read())
            .await
            .unwrap();
        let steps: Vec<_> = late.iter().filter_map(|event| event.step).collect();
        let once: HashSet<_> = steps.iter().collect();
        assert_eq!(once.len(), steps.len(), "a step was taken twice: {late:#?}");
    }
    expect_no_dead_letters(&app).await;
}

#[tokio::test]
async fn doctor_says_what_is_wrong_while_it_is() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let healthy = program::run(&app.variables, &["doctor"]).await;
    let said = String::from_utf8_lossy(&healthy.stdout).into_owned();
    assert!(healthy.status.success(), "{said}");
    assert!(
        app.platform
            .set_fault(Fault::new(Api::Token, "40164", None))
    );
    let refused = program::run(&app.variables, &["doctor"]).await;
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(
        !refused.status.success() && said.contains("40164"),
        "{said}"
    );
    app.platform.clear_faults();
    let mut without = app.variables.clone();
    for (name, value) in &mut without {
        if name == "LINLI__DATABASE__URL" {
            *value = "postgres://linli@127.0.0.1:9/none".to_owned();
        }
    }
    let lost = program::run(&without, &["doctor"]).await;
    assert!(
        !lost.status.success(),
        "a database that is not there is healthy"
    );
    let mended = program::run(&app.variables, &["doctor"]).await;
    assert!(mended.status.success());
}

#[tokio::test]
async fn a_server_told_to_stop_ends_well_and_keeps_what_it_took() {
    let app = killable().await;
    let resident = app.resident("张秀英").await;
    let mut program: Program = app.spawn_program().await;
    let sender = Sender::new(&app.settings, &program.url());
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..8 {
        let message = text_xml(&resident.open_id, &format!("报修 第{n}盏灯坏了"));
        let sender = sender.clone();
        waiting.spawn(async move { sender.try_post(&sender.envelope(&message)).await });
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let began = Instant::now();
    let ended = program.terminate().await;
    assert!(ended.success(), "{ended}: {}", program.log());
    assert!(began.elapsed() < Duration::from_secs(30));
    let answered = waiting.join_all().await;
    let answered = answered
        .iter()
        .flatten()
        .filter(|answer| answer.status == 200)
        .count();
    let filed = cases_by_text(&app).await.len();
    assert!(filed >= answered, "{answered} answered, {filed} filed");
    let kept = inbound::Entity::find()
        .count(app.store.read())
        .await
        .unwrap();
    assert!(kept >= u64::try_from(filed).unwrap());
}
