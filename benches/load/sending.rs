//! A notice to 100 000 people on its way: template messages to a pretended platform that answers each call
//! after 50 ms and has no quota, by one process on PostgreSQL and Redis with 256 connections. Against what
//! 256 connections can carry at most.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use linli::app::App;
use linli::base::clock::{Clock, ShiftedClock, china};
use linli::base::dice::Dice;
use linli::command::serve::kinds;
use linli::config::Template;
use linli::delivery::Postman;
use linli::reminder::worker::Worker;
use poem::listener::TcpAcceptor;
use poem::web::{Data, Json};
use poem::{EndpointExt, Route, Server, handler, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::figure::{Figure, times};
use crate::machine::{self, Postgres, Redis};
use crate::notices::{PEOPLE, Ready};
use crate::reminders::settings;

/// How long the platform takes for an answer.
const ANSWERS_AFTER: Duration = Duration::from_millis(50);
const CONNECTIONS: usize = 256;
/// Of what the connections can carry.
const LEAST: f64 = 0.8;
const PATIENCE: Duration = Duration::from_secs(600);

/// What the platform has seen.
#[derive(Default)]
struct Seen {
    calls: AtomicUsize,
    /// Calls under way now, and most of them at once.
    open: AtomicUsize,
    most: AtomicUsize,
    ids: Mutex<HashSet<String>>,
}

#[handler]
fn token() -> Json<Value> {
    Json(json!({ "access_token": "t", "expires_in": 7200 }))
}

#[handler]
async fn take(seen: Data<&Arc<Seen>>, body: Json<Value>) -> Json<Value> {
    let open = seen.open.fetch_add(1, Ordering::Relaxed) + 1;
    seen.most.fetch_max(open, Ordering::Relaxed);
    tokio::time::sleep(ANSWERS_AFTER).await;
    seen.open.fetch_sub(1, Ordering::Relaxed);
    let number = seen.calls.fetch_add(1, Ordering::Relaxed) + 1;
    if let Some(id) = body.get("client_msg_id").and_then(Value::as_str) {
        let mut ids = seen.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.insert(id.to_owned());
    }
    Json(json!({ "errcode": 0, "errmsg": "ok", "msgid": number }))
}

/// The platform, on a thread of its own.
fn platform(seen: Arc<Seen>) -> Result<String> {
    let (said, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async move {
            let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else {
                return;
            };
            let Ok(address) = listener.local_addr() else {
                return;
            };
            if said.send(format!("http://{address}")).is_err() {
                return;
            }
            let routes = Route::new()
                .at("/cgi-bin/stable_token", post(token))
                .at("/cgi-bin/message/template/send", post(take))
                .data(seen);
            if let Ok(acceptor) = TcpAcceptor::from_tokio(listener) {
                let ended = Server::new_with_acceptor(acceptor).run(routes).await;
                if let Err(error) = ended {
                    eprintln!("the pretended platform ended: {error}");
                }
            }
        });
    });
    Ok(heard.recv_timeout(Duration::from_secs(5))?)
}

/// Noon in China: nothing waits for the morning.
fn noon() -> Arc<ShiftedClock> {
    let clock = ShiftedClock::default();
    let now = china(clock.now());
    let to_noon = chrono::NaiveTime::from_hms_opt(12, 0, 0).map(|noon| noon - now.time());
    let to_noon = to_noon.unwrap_or_else(TimeDelta::zero);
    // Not back: the database's own clock has written when the notice may go out.
    clock.advance(if to_noon < TimeDelta::zero() {
        to_noon + TimeDelta::days(1)
    } else {
        to_noon
    });
    Arc::new(clock)
}

/// The row of the table.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let redis = Redis::start(room.path())?;
    let seen = Arc::new(Seen::default());
    let base = platform(seen.clone())?;
    let name = "sending";
    let mut settings = settings(&postgres.database(name)?, &redis.url(), 1)?;
    settings.reminder.concurrency = CONNECTIONS;
    settings.wechat.official.api_base = base;
    let fields = [("thing1", "title"), ("thing2", "place"), ("time3", "time")];
    let template = Template {
        id: "notice".to_owned(),
        fields: BTreeMap::from(fields.map(|(field, what)| (field.to_owned(), what.to_owned()))),
    };
    let templates = &mut settings.wechat.official.templates;
    templates.insert("notice".to_owned(), template);
    let clock = noon();
    let ready = Ready::make((&postgres, &redis), name, settings, clock.clone()).await?;
    ready.fan_out(&*clock).await?;
    let app = App::build(
        ready.settings.clone(),
        clock,
        Arc::new(Dice::from_seed(1)),
        ready.store.clone(),
    )?;
    let stop = CancellationToken::new();
    let worker = Worker::new(
        app.queue.clone(),
        Arc::new(Postman::new(app.clone(), kinds())),
        app.clock.clone(),
        app.settings.reminder.clone(),
    );
    let (began, before) = (Instant::now(), machine_time(&postgres));
    let work = tokio::spawn(worker.run(stop.clone()));
    while seen.calls.load(Ordering::Relaxed) < PEOPLE && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = began.elapsed().as_secs_f64();
    let after = machine_time(&postgres);
    stop.cancel();
    work.await?;
    ready.close().await?;
    let calls = seen.calls.load(Ordering::Relaxed);
    let people = seen
        .ids
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .len();
    let most = seen.most.load(Ordering::Relaxed);
    ensure!(
        people == PEOPLE,
        "{people} of {PEOPLE} were told, in {calls} calls"
    );
    ensure!(most <= CONNECTIONS, "{most} calls at once");
    let sent = postgres.psql(name, "SELECT count(*) FROM delivery WHERE state = 'sent'")?;
    ensure!(sent == PEOPLE.to_string(), "{sent} on record as sent");
    let limit = count(CONNECTIONS) / ANSWERS_AFTER.as_secs_f64();
    let rate = count(PEOPLE) / took;
    let ratio = rate / limit;
    Ok(Figure {
        what: "a notice to 100 000 people sent to a platform that answers in 50 ms, one process"
            .to_owned(),
        ours: format!("{rate:.0} messages/s"),
        theirs: format!("what {CONNECTIONS} connections carry: {limit:.0} messages/s"),
        ratio: times(ratio),
        required: times(LEAST),
        met: ratio >= LEAST,
        bound: format!(
            "From the first claim to the last answer, PostgreSQL with its default durability and Redis, the program \
             and the platform in one process on the same two cores as both; {took:.1} s, {calls} calls, at most {most} \
             at once, each person once, every try on record before and after. Processor time of a message: {:.0} µs \
             the program's and the platform's, {:.0} µs PostgreSQL's.",
            (after.0 - before.0) / count(PEOPLE) * 1e6,
            (after.1 - before.1) / count(PEOPLE) * 1e6,
        ),
    })
}

/// Seconds of processor time: of this process, of PostgreSQL.
fn machine_time(postgres: &Postgres) -> (f64, f64) {
    (
        machine::own_processor_seconds(std::process::id()),
        machine::processor_seconds(postgres.id()),
    )
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn count(number: usize) -> f64 {
    number as f64
}
