//! Rosters that are brought in: places, homes, people, roles and what hangs on them, as CSV files or one
//! XLSX. All or nothing. Called by the import command, the demo and the console. Floor 4.
//!
//! | file | what it does |
//! |---|---|
//! | [`tables`] | what the files look like |
//! | [`read`], [`parcel`] | files of a folder, files out of a browser |
//! | [`check`] | judges every row (`check_places`, `check_fees`, `fields`) |
//! | [`reach`] | how far whoever imports may write |
//! | [`plan`], [`store`] | what will be stored, and storing it (`store_places`, `store_organisations`, `store_roles`, `store_fees`, `store_rules`) |
//! | [`job`], [`run`] | an import by browser: looked through, then stored in the background |

pub mod check;
mod check_fees;
mod check_places;
mod fields;
pub mod job;
pub mod parcel;
pub mod plan;
pub mod reach;
pub mod read;
pub mod remind;
pub mod run;
pub mod store;
mod store_fees;
mod store_organisations;
mod store_places;
pub mod store_roles;
mod store_rules;
pub mod tables;

use crate::access::Actor;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::seal::Seal;
use crate::store::Tx;
use reach::Reach;
use store::{Outcome, Progress, Storing};
use tables::{BadRow, Tables};

/// How to import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Check and count, store nothing.
    pub dry_run: bool,
    /// Leave bad rows out instead of refusing everything.
    pub skip_bad: bool,
}

/// How it went.
#[derive(Debug)]
pub struct Report {
    /// Rows that cannot be taken.
    pub bad: Vec<BadRow>,
    /// What was done (or would be, on a dry run); none when nothing was stored for bad rows.
    pub outcome: Option<Outcome>,
}

/// On whose behalf, and with what.
pub struct By<'a> {
    /// Encrypts phones.
    pub seal: &'a Seal,
    /// Randomness for it.
    pub dice: &'a Dice,
    /// Who.
    pub actor: &'a Actor,
    /// Below which places they may write; none: everywhere.
    pub reach: Option<Vec<String>>,
    /// Below which places they keep the fees; none: everywhere.
    pub keeps: Option<Vec<String>>,
}

/// Checks and stores what was read, in the caller's transaction. Without an outcome nothing was written,
/// since there are bad rows.
///
/// # Errors
/// The database's; then the transaction must be dropped.
pub async fn bring(
    tx: &mut Tx,
    by: By<'_>,
    tables: &Tables,
    skip_bad: bool,
    progress: &mut Progress<'_>,
) -> Result<Report, Fault> {
    let mut known = store::known(tx.db()).await?;
    if let Some(paths) = by.reach {
        known.reach = Some(Reach::read(tx.db(), paths, &known, tx.now()).await?);
    }
    known.keeps = by.keeps;
    let (plan, bad) = check::check(tables, &known);
    if !bad.is_empty() && !skip_bad {
        return Ok(Report { bad, outcome: None });
    }
    let storing = Storing {
        tx,
        seal: by.seal,
        dice: by.dice,
        actor: by.actor,
        known: &known,
        progress,
    };
    let outcome = store::store(plan, storing).await?;
    Ok(Report {
        bad,
        outcome: Some(outcome),
    })
}
