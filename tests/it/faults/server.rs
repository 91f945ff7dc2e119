//! The server killed at any moment, stopped, and twice at once.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use entity::kinds::CaseState;
use entity::{case_event, inbound};
use linli::sandbox::{Api, Fault};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use secrecy::ExposeSecret;

use super::{cases_by_text, count_tasks, expect_no_dead_letters, expect_whole, insist, killable};
use crate::harness::app::TestApp;
use crate::harness::db::Backend;
use crate::harness::faults::tapped;
use crate::harness::program::Program;
use crate::harness::until;
use crate::harness::wechat::{Sender, text_xml};

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
    let pushed = count_tasks(&app, &steward, cases.len()).await;
    app.drain().await;
    let doubled: usize = pushed.values().map(|count| count - 1).sum();
    assert!(
        doubled <= usize::try_from(ROUNDS).unwrap(),
        "{doubled} duplicates"
    );
    expect_no_dead_letters(&app).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_told_to_stop_ends_though_the_database_hangs() {
    if !Backend::chosen().postgres {
        return; // a file does not hang
    }
    let app = killable().await;
    let (wire, variables) = tapped(&app.variables).await;
    let mut program = Program::start(&variables).await;
    // Neither an answer nor an error, in the middle of a statement.
    wire.allow(0);
    let sender = Sender::new(&app.settings, &program.url());
    let message = text_xml("o-somebody", "菜单");
    let reply = sender.send(&message).await.unwrap();
    assert!(
        reply.contains("正在办理") || reply.contains("系统正忙"),
        "{reply}"
    );
    let began = Instant::now();
    let ended = program.terminate().await;
    assert!(ended.success(), "{ended}: {}", program.log());
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    // It hangs already at the start.
    wire.allow(0);
    program.launch();
    wire.spent().await;
    let began = Instant::now();
    let ended = program.terminate().await;
    assert!(ended.success(), "{ended}: {}", program.log());
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
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
    // No two alike: what neighbours have said already waits a minute before it becomes a task.
    let broken = [
        "灯泡", "水管", "门禁", "电梯", "窗户", "信箱", "栏杆", "井盖",
    ];
    let where_to = ["一楼走廊", "地下车库", "东侧花园"];
    let mut messages = Vec::new();
    for (person, place) in [&zhang, &li, &wang].into_iter().zip(where_to) {
        for thing in broken {
            let text = format!("报修 {place}{thing}坏");
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

/// The program's own wire to the database holds back its n-th statement, and the program is killed
/// there: for every n from the message's arrival until its push is sent and marked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_between_any_two_statements_loses_and_doubles_nothing() {
    if Backend::chosen()
        != (Backend {
            postgres: true,
            redis: false,
        })
    {
        return; // the statements are the same, and only this wire can be tapped
    }
    let app = killable().await;
    let (resident, steward) = (
        app.resident("张秀英").await.open_id,
        app.steward("1栋").await.open_id,
    );
    let (wire, variables) = tapped(&app.variables).await;
    let mut program = Program::start(&variables).await;
    let callback = format!("{}/wechat/official", program.url());
    app.platform.set_callbacks(vec![callback]);
    let sender = Sender::new(&app.settings, &program.url());
    let mut crashes = 0;
    for statements in 0.. {
        let message = text_xml(&resident, &format!("报修 第{statements}盏灯坏了"));
        wire.allow(statements);
        let waiting = {
            let sender = sender.clone();
            tokio::spawn(async move { insist(&sender, &message).await })
        };
        let held = tokio::time::timeout(Duration::from_secs(4), wire.spent()).await;
        if held.is_ok() {
            crashes += 1;
            program.kill9();
            wire.cut();
            wire.mend();
        }
        wire.allow(i64::MAX);
        if held.is_ok() {
            program.restart().await;
        }
        let reply = waiting.await.unwrap();
        assert!(reply.is_some_and(|reply| reply.contains('#')), "no number");
        if held.is_err() {
            break;
        }
        assert!(statements < 200, "it never comes to rest");
    }
    assert!(crashes >= 25, "only {crashes} statements in all of it");
    let cases = cases_by_text(&app).await;
    assert_eq!(cases.len(), crashes + 1, "lost or doubled");
    for case in cases.values() {
        expect_whole(&app, case).await;
    }
    let pushed = count_tasks(&app, &steward, cases.len()).await;
    app.drain().await;
    let doubled: usize = pushed.values().map(|count| count - 1).sum();
    assert!(
        doubled <= crashes,
        "{doubled} duplicates of {crashes} crashes"
    );
    expect_no_dead_letters(&app).await;
}

/// Lets no message be stored until it is dropped.
async fn block(app: &TestApp) -> linli::store::Tx {
    let tx = app.store.begin(app.now()).await.unwrap();
    if app.store.backend() == sea_orm::DbBackend::Postgres {
        let lock = r#"LOCK TABLE "inbound" IN EXCLUSIVE MODE"#;
        tx.db().execute_unprepared(lock).await.unwrap();
    }
    tx
}

/// What is kept of messages that were acknowledged.
fn kept(app: &TestApp) -> Vec<String> {
    let url = app.settings.storage.url.expose_secret();
    let folder = url.strip_prefix("fs://").unwrap();
    let Ok(files) = std::fs::read_dir(format!("{folder}/late")) else {
        return Vec::new();
    };
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(file.unwrap().path()).unwrap()
    };
    files.map(read).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_done_though_the_server_is_killed() {
    let mut app = killable().await;
    let resident = app.resident("张秀英").await.open_id;
    app.instances.remove(0).stop().await.unwrap();
    let mut program = app.spawn_program().await;
    let sender = Sender::new(&app.settings, &program.url());
    // What is answered in time is not kept.
    let menu = sender.says(&resident, "菜单").await.unwrap();
    assert!(menu.contains("报修"), "{menu}");
    assert!(kept(&app).is_empty());

    let blocked = block(&app).await;
    let reply = sender.says(&resident, "报修 楼道灯不亮").await.unwrap();
    assert!(reply.contains("正在办理"), "{reply}");
    let left = kept(&app);
    assert_eq!(left.len(), 1, "acknowledged and not kept");
    assert!(!left[0].contains("报修"), "not sealed");
    program.kill9();
    blocked.rollback().await.unwrap();
    assert!(app.known(&resident).cases().await.is_empty());

    program.restart().await;
    let answer = app.known(&resident).expects_push("已收到").await;
    let cases = app.known(&resident).cases().await;
    assert_eq!(cases.len(), 1, "doubled or lost");
    assert!(answer.contains(&format!("#{}", cases[0].id)), "{answer}");
    until("nothing is kept any more", 10, async || {
        kept(&app).is_empty().then_some(())
    })
    .await;
    // Killed between sending and writing that down it would have to say it twice.
    app.drain().await;
    program.restart().await;
    app.drain().await;
    let told = app.known(&resident).pushes();
    let told = told.iter().filter(|text| text.contains("已收到")).count();
    assert_eq!(told, 1, "said twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_too_long_is_not_done_and_the_person_is_told() {
    let mut app = killable().await;
    let resident = app.resident("张秀英").await.open_id;
    app.instances.remove(0).stop().await.unwrap();
    let mut program = app.spawn_program().await;
    let sender = Sender::new(&app.settings, &program.url());
    let blocked = block(&app).await;
    let reply = sender.says(&resident, "报修 楼道灯不亮").await.unwrap();
    assert!(reply.contains("正在办理"), "{reply}");
    program.kill9();
    blocked.rollback().await.unwrap();
    let url = app.settings.storage.url.expose_secret();
    let folder = format!("{}/late", url.strip_prefix("fs://").unwrap());
    std::fs::write(format!("{folder}/rubbish"), "no seal").unwrap();

    app.clock.advance(chrono::TimeDelta::minutes(61));
    app.add_instance().await;
    app.known(&resident).expects_push("没有办成").await;
    assert!(
        app.known(&resident).cases().await.is_empty(),
        "done all the same"
    );
    until("nothing is kept any more", 10, async || {
        kept(&app).is_empty().then_some(())
    })
    .await;
}
