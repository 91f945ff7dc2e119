//! The harness, tried on itself: what it gives to the other tests is what it says.

use std::time::{Duration, Instant};

use linli::config::CallbackMode;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::db::{Backend, TestDb};
use crate::harness::faults::{OwnPostgres, OwnRedis, Wire};
use crate::harness::wechat::{Sender, field, text_xml};

#[tokio::test]
async fn two_tests_do_not_see_each_other() {
    let (one, other) = tokio::join!(TestDb::fresh(), TestDb::fresh());
    let (one_store, other_store) = (one.store().await, other.store().await);
    let row = "INSERT INTO inbound (key, received_at) VALUES ('a', '2026-11-20 00:00:00+00:00')";
    one_store.write().execute_unprepared(row).await.unwrap();
    let count = |store: linli::store::Store| async move {
        let all = entity::inbound::Entity::find();
        all.count(store.read()).await.unwrap()
    };
    assert_eq!((count(one_store).await, count(other_store).await), (1, 0));
    assert_eq!(one.url.starts_with("postgres"), Backend::chosen().postgres);
    assert_eq!(one.redis_url.is_some(), Backend::chosen().redis);
}

#[tokio::test]
async fn the_program_reads_what_the_harness_seals() {
    let db = TestDb::fresh().await;
    let mut sender = Sender::new(&db.settings(), "http://127.0.0.1:1");
    sender.mode = CallbackMode::Safe;
    let message = text_xml("o1", "报修 ]]> 3栋😀");
    let envelope = sender.envelope(&message);
    let body = String::from_utf8(envelope.body).unwrap();
    let encrypted = field(&body, "Encrypt").unwrap();
    let cipher = linli::wechat::crypto::Cipher::new(
        "sandboxsandboxsandboxsandboxsandboxsandbox1",
        &sender.app_id,
    )
    .unwrap();
    assert_eq!(cipher.decrypt(&encrypted).unwrap(), message);
    assert_eq!(field(&message, "Content").unwrap(), "报修 ]]> 3栋😀");
}

#[tokio::test]
async fn a_wire_can_be_cut_mended_and_slowed() {
    let Some(redis) = OwnRedis::start().await else {
        return;
    };
    let wire = Wire::to(redis.port()).await;
    let mut before = TcpStream::connect(("127.0.0.1", wire.port()))
        .await
        .unwrap();
    assert!(ping(&mut before).await);
    wire.cut();
    assert!(!ping(&mut before).await, "the old connection lives on");
    let mut during = TcpStream::connect(("127.0.0.1", wire.port()))
        .await
        .unwrap();
    assert!(!ping(&mut during).await, "a new connection goes through");
    wire.mend();
    wire.slow(Duration::from_millis(80));
    let mut after = TcpStream::connect(("127.0.0.1", wire.port()))
        .await
        .unwrap();
    let began = Instant::now();
    assert!(ping(&mut after).await, "a mended wire is still broken");
    assert!(began.elapsed() >= Duration::from_millis(160));
}

async fn ping(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 7];
    stream.write_all(b"PING\r\n").await.is_ok() && stream.read_exact(&mut answer).await.is_ok()
}

#[tokio::test]
async fn a_postgres_of_ones_own_keeps_its_data_over_a_kill() {
    if !Backend::chosen().postgres {
        return;
    }
    let mut postgres = OwnPostgres::start().await.unwrap();
    let connect = async |url: &str| {
        let mut options = sea_orm::ConnectOptions::new(url);
        options.acquire_timeout(Duration::from_secs(2));
        sea_orm::Database::connect(options).await.unwrap()
    };
    let before = connect(&postgres.url()).await;
    let make = "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)";
    before.execute_unprepared(make).await.unwrap();
    postgres.kill9();
    assert!(before.execute_unprepared("SELECT 1").await.is_err());
    postgres.start_again().await;
    let after = connect(&postgres.url()).await;
    let done = after.execute_unprepared("DELETE FROM kept").await.unwrap();
    assert_eq!(done.rows_affected(), 1);
}
