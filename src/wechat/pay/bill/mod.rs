//! Bills (对账单, protocols.md §5.8): fetched, checked, read row by row. Called by reconciliation.
//!
//! ```no_run
//! # async fn example(client: &linli::wechat::pay::Client, day: chrono::NaiveDate, now: i64)
//! # -> Result<(), linli::wechat::pay::PayError> {
//! if let Some(mut bill) = client.trade_bill(day, now).await? {
//!     loop {
//!         let (rest, rows) = bill.batch(500).await?;
//!         if rows.is_empty() {
//!             break; // and the summary said the same
//!         }
//!         bill = rest;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod fetch;
mod rows;
mod table;
pub mod yuan;

use std::fmt;
use std::fs::File;
use std::io::BufReader;

pub use rows::{BillRow, Direction, FlowRow, FlowTally, Tally, TradeRow, TradeTally, write_time};

use super::PayError;
use rows::sealed::Read;
use table::{Next, Table};

/// A bill whose rows are read one after the other. The summary is held against them at the end, so
/// rows count for nothing before the last one was read without an error.
pub struct Bill<R: BillRow> {
    table: Table<BufReader<File>>,
    tally: R::Tally,
    ended: bool,
}

impl<R: BillRow> Bill<R> {
    /// Reads the header of an unpacked bill file.
    ///
    /// # Errors
    /// [`PayError::Bill`] when a column is missing.
    pub fn open(file: BufReader<File>) -> Result<Self, PayError> {
        Ok(Self {
            table: Table::open(file, <R::Tally as Read<R>>::NEEDED)?,
            tally: R::Tally::default(),
            ended: false,
        })
    }

    /// Up to so many rows more, off the threads that serve requests. None are left when there are
    /// none in it; then the summary has been held against all of them.
    ///
    /// # Errors
    /// [`PayError::Bill`] when a row cannot be read or the summary says something else: then what was
    /// read before counts for nothing.
    pub async fn batch(mut self, most: usize) -> Result<(Self, Vec<R>), PayError> {
        fetch::on_disk(move || {
            let rows = self.by_ref().take(most).collect::<Result<Vec<R>, _>>()?;
            Ok((self, rows))
        })
        .await
    }

    fn read(&mut self) -> Result<Option<R>, PayError> {
        match self.table.next()? {
            Next::Row(record) => {
                let row = <R::Tally as Read<R>>::read(record)?;
                self.tally.add(&row)?;
                Ok(Some(row))
            }
            Next::Summary(record) => match self.tally.agrees(record)? {
                true => Ok(None),
                false => Err(PayError::Bill("its summary says something else")),
            },
        }
    }
}

impl<R: BillRow> fmt::Debug for Bill<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bill")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Rows from the disk, for whoever is on a thread of its own.
impl<R: BillRow> Iterator for Bill<R> {
    type Item = Result<R, PayError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read().transpose();
        self.ended = !matches!(read, Some(Ok(_)));
        read
    }
}
