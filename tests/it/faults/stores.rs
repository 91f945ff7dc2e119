//! Redis and PostgreSQL emptied, killed, silent, and back.

use std::time::Duration;

use super::{
    cases_by_text, count_tasks, expect_no_dead_letters, expect_whole, file, insist,
    tasks_pushed_to, without_clocks,
};
use crate::harness::app::TestApp;
use crate::harness::db::Backend;
use crate::harness::faults::{OwnPostgres, OwnRedis, Wire};
use crate::harness::program;
use crate::harness::until;
use crate::harness::wechat::{Sender, text_xml};

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
