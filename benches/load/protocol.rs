//! Verify, decrypt and parse a message, build and encrypt the reply: on one core, in processor
//! time, against wechatpy doing the same with the same text.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use linli::base::clock::{Clock, SystemClock};
use linli::base::dice::Dice;
use linli::wechat::official::{Account, InboundKind, Mode, Reply};
use secrecy::SecretString;
use serde::Deserialize;

use crate::figure::{Figure, median, times, whole};
use crate::machine;
use crate::platform::{Callback, Platform, Sample};

const ROUNDS: usize = 5;
const SECONDS: f64 = 2.0;
const REQUIRED: f64 = 30.0;

/// What the programs in `benches/compare` print.
#[derive(Debug, Deserialize)]
pub struct Opponent {
    /// Name and version.
    pub name: String,
    /// Its figure.
    pub per_second: f64,
}

impl Opponent {
    /// Runs `benches/compare/NAME/run`.
    pub fn measure(name: &str, arguments: &[&str]) -> Result<Self> {
        let run = format!("{}/benches/compare/{name}/run", env!("CARGO_MANIFEST_DIR"));
        let out = machine::run(Command::new(run).args(arguments))?;
        let line = out.lines().last().context("it printed nothing")?;
        Ok(serde_json::from_str(line)?)
    }
}

/// Measures both.
pub fn measure() -> Result<Figure> {
    let sample = Sample::load()?;
    let platform = Platform::new(sample.clone())?;
    let callback = platform.text(&sample.open_id)?;
    let account = Account::new(
        &sample.app_id,
        SecretString::from(sample.token.clone()),
        Mode::Safe,
        Some(&SecretString::from(sample.encoding_aes_key.clone())),
    )?;
    let dice = Dice::from_system();
    let now = SystemClock.now().timestamp();

    let reply = answer(&account, &callback, &sample, &dice, now)?;
    ensure!(
        platform.read(&reply)? == sample.reply,
        "the reply does not come back"
    );
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let (mut done, began) = (0.0, processor_seconds()?);
        let spent = loop {
            for _ in 0..500 {
                std::hint::black_box(answer(&account, &callback, &sample, &dice, now)?);
            }
            done += 500.0;
            let spent = processor_seconds()? - began;
            if spent > SECONDS {
                break spent;
            }
        };
        rates.push(done / spent);
    }
    let ours = median(rates);
    let theirs = Opponent::measure("wechatpy", &[])?;
    let ratio = ours / theirs.per_second;
    Ok(Figure {
        what: "verify + decrypt + parse + encrypt the reply, one core".to_owned(),
        ours: format!("{} messages/s", whole(ours)),
        theirs: format!("{}: {} messages/s", theirs.name, whole(theirs.per_second)),
        ratio: times(ratio),
        required: times(REQUIRED),
        met: ratio >= REQUIRED,
        bound: format!(
            "Processor time of one thread, median of {ROUNDS} rounds on either side, the same \
             keys, text and reply. {:.1} µs a message; what bounds it stands below.",
            1e6 / ours
        ),
    })
}

/// What the callback does around the house's own work.
fn answer(
    account: &Account,
    callback: &Callback,
    sample: &Sample,
    dice: &Dice,
    now: i64,
) -> Result<String> {
    let query = callback
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    let inbound = account.open(query, callback.body.as_bytes(), now)?;
    ensure!(
        matches!(&inbound.kind, InboundKind::Text { content, .. } if *content == sample.text),
        "the text does not come through"
    );
    let reply = Reply::Text(sample.reply.clone()).render(&inbound, now);
    Ok(account.seal(&reply, now, &dice.digits(10), dice.bytes()))
}

/// Processor time of this thread.
fn processor_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
