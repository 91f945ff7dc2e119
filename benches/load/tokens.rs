//! Calls to the token endpoint by eight instances over an hour of the platform's time, in which the
//! platform refuses good tokens (40001) at random.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use linli::base::clock::{Clock, ShiftedClock};
use linli::base::dice::Dice;
use linli::config::Settings;
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

/// What the platform does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It has forgotten the token, and the instances learn it all at once.
    Forgets,
    /// It refuses some calls although their token is good.
    Refuses,
}

/// An hour: calls to the token endpoint, bursts of refusals.
struct Hour {
    asked: u64,
    bursts: u64,
}

/// The row of the table.
pub async fn measure() -> Result<Figure> {
    let forgetful = hour(Trouble::Forgets).await?;
    let wrong = hour(Trouble::Refuses).await?;
    let most = 1 + forgetful.bursts;
    Ok(Figure {
        what: "token calls of 8 instances in an hour with bad tokens thrown in".to_owned(),
        ours: format!("{} calls, {} bursts", forgetful.asked, forgetful.bursts),
        theirs: String::new(),
        ratio: String::new(),
        required: format!("≤ {most}: one a validity period, one a burst"),
        met: forgetful.asked <= most
            && forgetful.bursts > 0
            && wrong.asked <= 1 + wrong.bursts
            && wrong.bursts > 0,
        bound: format!(
            "an hour of the platform's clock in steps of {STEP_SECONDS} s, {INSTANCES} instances that \
             send in each step, the shelf in Redis; at random the platform forgets the token, and all \
             of them learn it at once by 40001. Where it refuses good tokens instead, one of them asks \
             and all go on with the same one; only when that is refused again later it is forced: \
             {} calls in an hour with {} such bursts.",
            wrong.asked, wrong.bursts
        ),
    })
}

async fn hour(trouble: Trouble) -> Result<Hour> {
    let room = machine::room()?;
    let redis = Redis::start(room.path())?;
    let settings = settings(&room.path().join("linli.db"), Some(&redis.url()), &[])?;
    let clock = Arc::new(ShiftedClock::default());
    let pretend = Pretend::start(&settings, clock.clone()).await?;
    let clients = clients(&settings, &pretend)?;
    let dice = Dice::from_seed(42);
    let mut bursts = 0;
    for step in 0..STEPS {
        if below(&dice, ONE_IN) == 0 {
            bursts += 1;
            match trouble {
                Trouble::Forgets => pretend.platform.expire_tokens(),
                Trouble::Refuses => {
                    let times = below(&dice, u32::try_from(INSTANCES)?) + 1;
                    let fault = Fault::new(Api::Template, "40001", Some(times));
                    anyhow::ensure!(pretend.platform.set_fault(fault), "no such fault");
                }
            }
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
        sending.join_all().await;
        pretend.platform.clear_faults();
        clock.advance(TimeDelta::seconds(STEP_SECONDS));
    }
    Ok(Hour {
        asked: pretend.platform.calls(Api::Token),
        bursts,
    })
}

/// One for each instance, on one shelf.
fn clients(settings: &Settings, pretend: &Pretend) -> Result<Vec<Arc<OfficialClient>>> {
    let connection = linli::redis::connect(&settings.redis)?.context("no Redis")?;
    let official = &settings.wechat.official;
    let http = Http::new()?;
    let client = |seed| {
        let shelf = RedisShelf::new(connection.clone(), "tokens", &official.app_id);
        let keeper = TokenKeeper::new(
            http.clone(),
            &pretend.official(),
            &official.app_id,
            official.app_secret.clone(),
            Arc::new(shelf),
            seed,
        );
        let base = pretend.official();
        Arc::new(OfficialClient::new(http.clone(), &base, Arc::new(keeper)))
    };
    Ok((0..INSTANCES).map(client).collect())
}
