//! 对账: a day of a receiving account held against the platform's bill, the last line of defence. What the
//! platform has and we have not is followed as if it had just been told; what still differs is written down
//! and becomes a task of whoever keeps the money. Safe to repeat. Called by the clock and by
//! `command/reconcile.rs`.
//!
//! | file | what it does |
//! |---|---|
//! | `compare` | the bill's rows against ours, a part at a time: memory stays flat |
//! | `keys` | which of ours the bill has not shown |
//! | `follow` | what the platform knows and we do not |
//! | `flow` | the fund-flow bill: the fee once more, what lay there in the end, what went to the bank |
//! | [`clock`] | each morning |
//! | `store` | the day, its differences, the platform's fee and transfers in the books |
//! | `differences` | what is open, what came of the others, saying what one was |

pub mod clock;
mod compare;
mod differences;
mod flow;
mod follow;
mod keys;
mod store;

use chrono::NaiveDate;
use entity::{recon_difference, reconciliation};

use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::store::Store;
use crate::wechat::pay::{Action, Client, PayError};

pub use differences::{open_of, solve, solved, still_to_come};

/// A day and what differs in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The day.
    pub day: reconciliation::Model,
    /// What is open.
    pub open: Vec<recon_difference::Model>,
}

/// Why a day could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The platform has not made its bill yet: later.
    #[error("the platform has not made the bill yet")]
    NotYet,
    /// The platform's.
    #[error(transparent)]
    Platform(PayError),
    /// Ours.
    #[error(transparent)]
    Ours(#[from] Fault),
}

impl From<PayError> for Failure {
    fn from(error: PayError) -> Self {
        if error.code().is_some() && error.action() == Action::Later {
            Self::NotYet
        } else {
            Self::Platform(error)
        }
    }
}

/// Which day of which account, and who has it done.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The receiving account's name.
    pub merchant: &'a str,
    /// The day in China.
    pub day: NaiveDate,
    /// Who; none for the clock.
    pub actor_id: Option<i64>,
}

/// Compares a day.
///
/// # Errors
/// [`Failure`]: nothing of the day is written down then, and what was followed stays followed.
pub async fn run(
    store: &Store,
    dice: &Dice,
    now: Moment,
    client: &Client,
    wanted: Wanted<'_>,
) -> Result<Outcome, Failure> {
    let bill = client.trade_bill(wanted.day, now.timestamp()).await?;
    let mut compared = compare::compare(store, wanted, bill).await?;
    let flow = flow::read(client, wanted.day, now.timestamp()).await?;
    if let Some(flow) = &flow {
        flow::hold_fee(flow, &mut compared);
    }
    follow::follow(store, dice, now, wanted, &mut compared).await?;
    Ok(store::write(store, now, wanted, compared, flow).await?)
}
