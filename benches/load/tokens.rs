//! Calls to the token endpoint by eight instances over an hour of the platform's time, in which the
//! platform refuses good tokens (40001) at random.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use linli::base::clock::{Clock, ShiftedClock};
use linli::base::dice::Dice;
use linli::redis::RedisShelf;
use linli::sandbox::{Api, Fault};
use linli::wechat::http::Http;
use linli::wechat::official::client::{OfficialClient, TemplateMessage};
use linli::wechat::token::TokenKeeper;
use tokio::task::JoinSet;

use crate::figure::Figure;
use crate::machine::{self, Redis};
use crate::pretend::{Pretend, settings};

const INSTANCES: u64 = 8;
const STEP_SECONDS: i64 = 10;
const STEPS: u32 = 360;
/// One step in so many brings refusals.
const ONE_IN: u32 = 60;

/// A throw between 0 and `most`, `most` not included.
fn below(dice: &Dice, most: u32) -> u32 {
    u32::from_be_bytes(dice.bytes()) % most
}

/// The row of the table.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let redis = Redis::start(room.path())?;
    let settings = settings(&room.path().join("linli.db"), Some(&redis.url()), &[])?;
    let clock = Arc::new(ShiftedClock::default());
    let pretend = Pretend::start(&settings, clock.clone()).await?;
    let connection = linli::redis::connect(&settings.redis)?.context("no Redis")?;
    let official = &settings.wechat.official;
    let http = Http::new()?;
    let clients: Vec<Arc<OfficialClient>> = (0..INSTANCES)
        .map(|seed| {
            let shelf = RedisShelf::new(connection.clone(), "tokens", &official.app_id);
            let keeper = TokenKeeper::new(
                http.clone(),
                &pretend.official(),
                &official.app_id,
                official.app_secret.clone(),
                Arc::new(shelf),
                seed,
            );
            let keeper = Arc::new(keeper);
            Arc::new(OfficialClient::new(
                http.clone(),
                &pretend.official(),
                keeper,
            ))
        })
        .collect();
    let dice = Dice::from_seed(42);
    let (mut bursts, mut refused, mut calls) = (0_u64, 0_u64, 0_u64);
    for step in 0..STEPS {
        let burst = below(&dice, ONE_IN) == 0;
        if burst {
            // The platform has forgotten the token, and the instances learn it all at once.
            pretend.platform.expire_tokens();
            bursts += 1;
        } else if below(&dice, ONE_IN) == 0 {
            // Some calls are refused although their token is good.
            let times = below(&dice, u32::try_from(INSTANCES)?) + 1;
            let fault = Fault::new(Api::Template, "40001", Some(times));
            anyhow::ensure!(pretend.platform.set_fault(fault), "no such fault");
            bursts += 1;
            refused += u64::from(times);
        }
        let mut sending = JoinSet::new();
        for (number, client) in clients.iter().enumerate() {
            let (client, now) = (client.clone(), clock.now().timestamp());
            sending.spawn(async move {
                let message = TemplateMessage {
                    to: format!("o-{number}"),
                    template_id: "none".to_owned(),
                    url: None,
                    data: Vec::new(),
                    client_msg_id: Some(format!("{step}-{number}")),
                };
                // Nobody follows: what is measured is the way there.
                let _ = client.template_send(&message, now).await;
            });
        }
        calls += INSTANCES;
        sending.join_all().await;
        pretend.platform.clear_faults();
        clock.advance(TimeDelta::seconds(STEP_SECONDS));
    }
    let asked = pretend.platform.calls(Api::Token);
    let most = 1 + bursts;
    Ok(Figure {
        what: "token calls of 8 instances in an hour with bad tokens thrown in".to_owned(),
        ours: format!("{asked} calls, {bursts} bursts"),
        theirs: String::new(),
        ratio: String::new(),
        required: format!("≤ {most}: one a validity period, one a burst"),
        met: asked <= most && bursts > 0,
        bound: format!(
            "an hour of the platform's clock in steps of {STEP_SECONDS} s, each instance sends in \
             each step ({calls} calls); the token is forgotten, or up to {INSTANCES} good calls are \
             refused ({refused} in all), at random; the shelf in Redis."
        ),
    })
}
