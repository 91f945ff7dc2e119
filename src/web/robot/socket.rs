//! The robot over the long connection (protocols.md §4.7): one instance holds it, by a lease in the
//! database. Whoever loses the lease closes; whoever is kicked by a foreign subscriber does not fight.
//! Run by `command/serve.rs`.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::store::lease::Lease;

mod line;

use line::{Ended, Line};

/// What is held.
pub const LEASE: &str = "robot.socket";
/// A holder that died is followed within this and one [`LOOK`].
const LASTS: TimeDelta = TimeDelta::seconds(18);
/// How often it is renewed, and looked whether it is free.
const LOOK: Duration = Duration::from_secs(5);
/// Without a renewal for so long the holder closes, before another can have taken it.
const UNSURE_AFTER: Duration = Duration::from_secs(15);
/// Pause after the first failure; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After «too often» (45009): the platform punishes storms.
const TOO_OFTEN_PAUSE: Duration = Duration::from_secs(60);
/// After another subscriber has taken our place: two that fight answer nobody.
const KICKED_PAUSE: Duration = Duration::from_secs(600);

/// Holds the connection whenever it is this instance's turn, until the program stops.
pub async fn run(app: App) {
    let lease = Lease::new(app.store.clone(), LEASE, app.dice.token(), LASTS);
    loop {
        match lease.take(app.clock.now()).await {
            Ok(true) => {
                tracing::info!("this instance holds the robot's connection");
                // When the program stops, `connect` ends by itself, once it has said what it has to say.
                tokio::select! {
                    () = keep(&app, &lease) => {
                        tracing::warn!("the robot's connection is another instance's now");
                    }
                    () = connect(&app) => {}
                }
                metrics::gauge!("linli_robot_connected").set(0.0);
            }
            Ok(false) => {}
            Err(fault) => tracing::warn!(?fault, "the robot's lease could not be read"),
        }
        tokio::select! {
            () = app.stopping.cancelled() => break,
            () = sleep(LOOK.mul_f64(app.dice.jitter(0.2))) => {}
        }
    }
    if let Err(fault) = lease.give_back().await {
        tracing::debug!(?fault, "the robot's lease ends by itself");
    }
}

/// Renews the lease; returns when it is lost, or may be.
async fn keep(app: &App, lease: &Lease) {
    let mut sure = Instant::now();
    loop {
        sleep(LOOK.mul_f64(app.dice.jitter(0.2))).await;
        let asked = Instant::now();
        // A database that does not answer says nothing either.
        let patience = UNSURE_AFTER.saturating_sub(sure.elapsed());
        match tokio::time::timeout(patience, lease.take(app.clock.now())).await {
            Ok(Ok(true)) => sure = asked,
            Ok(Ok(false)) => return,
            Ok(Err(fault)) => {
                tracing::warn!(?fault, "the robot's lease could not be renewed");
                if sure.elapsed() + LOOK >= UNSURE_AFTER {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

/// Connects again and again, with pauses that grow, until the program stops.
async fn connect(app: &App) {
    let mut failures = 0_u32;
    loop {
        let began = Instant::now();
        let opened = tokio::select! {
            () = app.stopping.cancelled() => return,
            opened = Line::open(app) => opened,
        };
        let ended = match opened {
            Ok(line) => {
                failures = 0;
                metrics::gauge!("linli_robot_connected").set(1.0);
                let ended = line.talk().await;
                metrics::gauge!("linli_robot_connected").set(0.0);
                ended
            }
            Err(ended) => ended,
        };
        let pause = pause_after(&ended, failures);
        // A connection that breaks as soon as it stands is a failure, too.
        failures = if began.elapsed() > LONGEST_PAUSE {
            0
        } else {
            failures.saturating_add(1)
        };
        match &ended {
            Ended::Stopped => return,
            Ended::Kicked => {
                tracing::error!("another program has subscribed to the robot: end one of the two");
            }
            ended => tracing::warn!(%ended, ?pause, "the robot's connection ended"),
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = sleep(pause.mul_f64(app.dice.jitter(0.3))) => {}
        }
    }
}

fn pause_after(ended: &Ended, failures: u32) -> Duration {
    let grown = FIRST_PAUSE.saturating_mul(1 << failures.min(6));
    match ended {
        Ended::Kicked => KICKED_PAUSE,
        Ended::Refused(45009) => TOO_OFTEN_PAUSE.max(grown),
        Ended::Refused(_) | Ended::Broken(_) | Ended::Stopped => grown.min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_nobody_fights() {
        let broken = Ended::Broken("x".to_owned());
        let pauses: Vec<u64> = (0..9)
            .map(|failures| pause_after(&broken, failures).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pause_after(&Ended::Kicked, 0), KICKED_PAUSE);
        assert_eq!(pause_after(&Ended::Refused(45009), 0), TOO_OFTEN_PAUSE);
        assert_eq!(pause_after(&Ended::Refused(40001), 0), FIRST_PAUSE);
    }

    #[test]
    fn a_dead_holder_is_followed_within_thirty_seconds() {
        let longest = LOOK.mul_f64(1.2).as_secs_f64();
        let lasts = LASTS.as_seconds_f64();
        assert!(lasts + longest < 30.0);
        assert!(
            UNSURE_AFTER.as_secs_f64() < lasts,
            "closes before another may begin"
        );
    }
}
