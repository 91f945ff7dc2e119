//! Commands by mention in a group: how soon the robot's first reply is there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use linli::base::clock::{Clock, SystemClock};
use linli::wechat::crypto::{Cipher, signature};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::community::{self, STEWARDS};
use crate::figure::{Figure, percentile};
use crate::machine::{self, Postgres, Redis};
use crate::platform::Sample;
use crate::server::Setup;

/// Commands a second, and for how long.
const RATE: f64 = 100.0;
const LASTING: Duration = Duration::from_secs(30);
const LINES: u32 = 16;
const NAME: &str = "邻里助手";

/// The robot's platform: seals questions, opens first replies.
struct Robot {
    cipher: Cipher,
    token: String,
    next: AtomicU64,
}

impl Robot {
    fn ask(&self, steward: i64, words: &str) -> Result<(String, String)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let message = json!({
            "msgid": format!("load-{number}"), "aibotid": "bot", "chatid": "GY-committee",
            "chattype": "group", "from": { "userid": format!("steward-{steward}") },
            "msgtype": "text", "text": { "content": format!("@{NAME} {words}") },
        });
        let random = number.to_be_bytes().repeat(2);
        let random = random.first_chunk().copied().unwrap_or_default();
        let sealed = self
            .cipher
            .encrypt(message.to_string().as_bytes(), random)?;
        let stamp = SystemClock.now().timestamp().to_string();
        let signed = signature(&[&self.token, &stamp, "n1", &sealed]);
        let target = format!("/wechat/robot?msg_signature={signed}&timestamp={stamp}&nonce=n1");
        Ok((target, json!({ "encrypt": sealed }).to_string()))
    }

    /// Whether the first reply is the whole one.
    fn read(&self, answer: &str) -> Result<bool> {
        let outer: Value = serde_json::from_str(answer)?;
        let sealed = outer.get("encrypt").and_then(Value::as_str);
        let inner: Value =
            serde_json::from_str(&self.cipher.decrypt(sealed.context("no answer")?)?)?;
        let stream = inner.get("stream").context("no stream")?;
        let words = stream
            .get("content")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if words.is_empty() || words.contains("系统") {
            bail!("the robot said: {words}");
        }
        Ok(stream.get("finish") == Some(&Value::Bool(true)))
    }
}

/// What members ask, in turn.
fn words(round: u32, steward: i64) -> String {
    match round % 4 {
        0 => "帮助".to_owned(),
        1 => "待办".to_owned(),
        2 => format!("报修 {steward}栋电梯停了"),
        _ => "进度".to_owned(),
    }
}

/// The row of the table.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let redis = Redis::start(room.path())?;
    let url = postgres.database("linli")?;
    let mut setup = Setup::new(room.path(), &sample, &url);
    setup.set("REDIS__URL", &redis.url());
    setup.set("WECHAT__ROBOT__MODE", "webhook");
    setup.set("WECHAT__ROBOT__NAME", NAME);
    setup.set("WECHAT__ROBOT__TOKEN", &sample.token);
    setup.set("WECHAT__ROBOT__ENCODING_AES_KEY", &sample.encoding_aes_key);
    community::settle(&setup, room.path(), &url).await?;
    let robot = Arc::new(Robot {
        cipher: Cipher::new(&sample.encoding_aes_key, "")?,
        token: sample.token.clone(),
        next: AtomicU64::new(1),
    });
    let server = setup.serve("all").await?;
    machine::stay_on_client_core()?;
    first_replies(server.address(), &robot, Duration::from_secs(5)).await?;
    let (times, whole) = first_replies(server.address(), &robot, LASTING).await?;
    machine::roam()?;
    let tail = percentile(&times, 99, 100);
    Ok(Figure {
        what: "p99 to the robot's first reply at 100 commands/s in a group".to_owned(),
        ours: format!("{tail:.1} ms"),
        theirs: String::new(),
        ratio: String::new(),
        required: "< 300 ms".to_owned(),
        met: tail < 300.0 && !times.is_empty(),
        bound: format!(
            "{RATE} encrypted mentions a second for {} s at a fixed rate, each timed from when it was \
             due: help, tasks, filing and progress in turn, of {STEWARDS} stewards in one group; \
             PostgreSQL + Redis, all parts of the program on one core. {} commands, {whole} answered \
             whole at once; p50 {:.1} ms, longest {:.1} ms.",
            LASTING.as_secs(),
            times.len(),
            percentile(&times, 50, 100),
            times.last().copied().unwrap_or_default()
        ),
    })
}

/// Sorted milliseconds to the first reply, and how many were whole.
async fn first_replies(
    address: SocketAddr,
    robot: &Arc<Robot>,
    lasting: Duration,
) -> Result<(Vec<f64>, u32)> {
    let between = Duration::from_secs_f64(1.0 / RATE);
    let mut tasks = JoinSet::new();
    let began = Instant::now() + Duration::from_millis(200);
    for line in 0..LINES {
        let robot = robot.clone();
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let (mut times, mut whole) = (Vec::new(), 0_u32);
            for round in 0.. {
                let due = began + between * (round * LINES + line);
                if due >= began + lasting {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                let steward = i64::from(round * LINES + line) % STEWARDS + 1;
                let (target, body) = robot.ask(steward, &words(round, steward))?;
                let answer = connection.post(&target, &body).await?;
                times.push(due.elapsed().as_secs_f64() * 1000.0);
                whole += u32::from(robot.read(&answer.body)?);
            }
            anyhow::Ok((times, whole))
        });
    }
    let (mut times, mut whole) = (Vec::new(), 0);
    while let Some(line) = tasks.join_next().await {
        let (more, of_them) = line??;
        times.extend(more);
        whole += of_them;
    }
    times.sort_by(f64::total_cmp);
    Ok((times, whole))
}
