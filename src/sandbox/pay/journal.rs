//! What the pretended WeChat Pay keeps over restarts: orders, refunds, what moved on accounts and notifications that
//! nobody has taken, one JSON a line in a file beside the keys, one file a database. A program that is killed has
//! lost nothing that it had answered: each change is written, not flushed to the disk, before the answer. At a start
//! the file is written anew, with what still counts, and takes its name when it is whole. `command/serve.rs` asks for
//! it; a platform that lives inside a test keeps nothing.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::bills::Moved;
use super::notices::Notice;
use super::orders::Order;
use super::refunds::Refunded;
use super::{Key, Memory};
use crate::sandbox::platform::Platform;
use crate::wechat::crypto::hex;

/// Bytes of the hash in the file's name.
const MARK: usize = 6;
/// Digits behind kind and day in a number of the platform's.
const DIGITS: usize = 16;

/// Something as it is from now on.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a> {
    Order(Cow<'a, Order>),
    Refund(Cow<'a, Refunded>),
    Moved(Cow<'a, Moved>),
    Invented {
        mch_id: Cow<'a, str>,
        day: NaiveDate,
        count: u64,
    },
    Notice(Cow<'a, Notice>),
    /// A notification that needs no more attempts.
    Told {
        id: Cow<'a, str>,
    },
}

/// The file; made when there is something to keep.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// Ours as long as we hold its lock, which ends with the process.
    open: Option<(File, File)>,
}

impl Journal {
    fn add(&mut self, line: &Line<'_>) {
        let written = self.open().and_then(|file| {
            let mut text = serde_json::to_vec(line)?;
            text.push(b'\n');
            file.write_all(&text)
        });
        if let Err(error) = written {
            let path = self.path.display();
            tracing::warn!(%path, %error, "the pretended WeChat Pay cannot keep what it knows");
        }
    }

    fn open(&mut self) -> io::Result<&mut File> {
        let (_, file) = match self.open.take() {
            Some(open) => self.open.insert(open),
            None => {
                let lock = lock(&self.path)?;
                let file = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&self.path)?;
                self.open.insert((lock, file))
            }
        };
        Ok(file)
    }
}

/// Held by one process alone: two that write into the same file would not know of each other's orders.
fn lock(path: &Path) -> io::Result<File> {
    let path = path.with_extension("lock");
    let lock = OpenOptions::new().create(true).append(true).open(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(io::Error::other("another process has it")),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl Memory {
    /// Reads what is kept there, writes it anew and goes on keeping.
    fn keep_in(&mut self, path: PathBuf) -> io::Result<()> {
        let open = if path.try_exists()? {
            // Held before it is read: what whoever held it until now has answered is in it.
            let held = lock(&path);
            self.read(&fs::read(&path)?);
            match held {
                Ok(lock) => Some((lock, self.write(&path)?)),
                Err(error) => {
                    let path = path.display();
                    tracing::warn!(%path, %error, "what is paid here is forgotten at the end");
                    return Ok(());
                }
            }
        } else {
            None
        };
        self.journal = Some(Journal { path, open });
        Ok(())
    }

    /// A line that is no whole one was under way when the process was killed.
    fn read(&mut self, bytes: &[u8]) {
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(line) => self.take(line),
                Err(error) => {
                    tracing::warn!(%error, "a line of the pretended WeChat Pay is broken");
                }
            }
        }
    }

    fn take(&mut self, line: Line<'_>) {
        match line {
            Line::Order(order) => {
                let order = order.into_owned();
                self.count_on_from(order.transaction_id.as_deref());
                let key = (order.mch_id.clone(), order.out_trade_no.clone());
                match self.orders.get_mut(&key) {
                    Some(known) => *known = order,
                    None => self.remember(order),
                }
            }
            Line::Refund(refund) => {
                let refund = refund.into_owned();
                self.count_on_from(Some(&refund.refund_id));
                let order = (refund.mch_id.clone(), refund.out_trade_no.clone());
                if self.orders.contains_key(&order) {
                    let key = (refund.mch_id.clone(), refund.out_refund_no.clone());
                    self.refunds.insert(key, refund);
                }
            }
            Line::Moved(moved) => {
                self.count_on_from(Some(&moved.number));
                self.moved.push(moved.into_owned());
            }
            Line::Invented { mch_id, day, count } => {
                self.invented.insert((mch_id.into_owned(), day), count);
            }
            Line::Notice(notice) => self.notices.push(notice.into_owned()),
            Line::Told { id } => self.notices.retain(|notice| notice.id != id),
        }
    }

    /// No number is given twice.
    fn count_on_from(&mut self, number: Option<&str>) {
        let digits = number.and_then(|number| number.get(number.len().checked_sub(DIGITS)?..));
        let used = digits.and_then(|digits| digits.parse().ok());
        self.last_number = self.last_number.max(used.unwrap_or_default());
    }

    /// All that is known, in a file that takes its name when it is whole.
    fn write(&self, path: &Path) -> io::Result<File> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder)?;
        let mut out = BufWriter::new(file);
        let orders = self.made.iter().filter_map(|key| self.orders.get(key));
        let lines = orders
            .map(|order| Line::Order(Cow::Borrowed(order)))
            .chain(
                self.refunds
                    .values()
                    .map(|one| Line::Refund(Cow::Borrowed(one))),
            )
            .chain(self.moved.iter().map(|one| Line::Moved(Cow::Borrowed(one))))
            .chain(
                self.invented
                    .iter()
                    .map(|((mch_id, day), count)| Line::Invented {
                        mch_id: mch_id.into(),
                        day: *day,
                        count: *count,
                    }),
            )
            .chain(
                self.notices
                    .iter()
                    .map(|one| Line::Notice(Cow::Borrowed(one))),
            );
        for line in lines {
            serde_json::to_writer(&mut out, &line)?;
            out.write_all(b"\n")?;
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(file.persist(path)?)
    }

    pub(super) fn keep_order(&mut self, mch_id: &str, number: &str) {
        if let Some(journal) = &mut self.journal
            && let Some(order) = self.orders.get(&(mch_id.to_owned(), number.to_owned()))
        {
            journal.add(&Line::Order(Cow::Borrowed(order)));
        }
    }

    pub(super) fn keep_refund(&mut self, key: &Key) {
        if let Some(journal) = &mut self.journal
            && let Some(refund) = self.refunds.get(key)
        {
            journal.add(&Line::Refund(Cow::Borrowed(refund)));
        }
    }

    pub(super) fn keep_moved(&mut self) {
        if let (Some(journal), Some(moved)) = (&mut self.journal, self.moved.last()) {
            journal.add(&Line::Moved(Cow::Borrowed(moved)));
        }
    }

    pub(super) fn keep_invented(&mut self, mch_id: &str, day: NaiveDate, count: u64) {
        if let Some(journal) = &mut self.journal {
            let mch_id = mch_id.into();
            journal.add(&Line::Invented { mch_id, day, count });
        }
    }

    pub(super) fn keep_notice(&mut self, notice: &Notice) {
        if let Some(journal) = &mut self.journal {
            journal.add(&Line::Notice(Cow::Borrowed(notice)));
        }
    }

    pub(super) fn keep_told(&mut self, id: &str) {
        if let Some(journal) = &mut self.journal {
            journal.add(&Line::Told { id: id.into() });
        }
    }
}

impl Platform {
    /// Goes on with what was kept for this database, by whatever tells it from others, and keeps from now on.
    ///
    /// # Errors
    /// When the file is there and cannot be read or written.
    pub fn keep_payments(&self, database: &str) -> io::Result<()> {
        let hash = digest(&SHA256, database.as_bytes());
        let mark = hash.as_ref().get(..MARK).map(hex).unwrap_or_default();
        let keys = Path::new(&self.0.config.pay.keys);
        let path = keys.with_file_name(format!("sandbox-pay-{mark}.jsonl"));
        self.state().pay.keep_in(path)?;
        self.keep_telling();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::clock::Moment;
    use crate::sandbox::pay::orders::Standing;

    fn order(number: &str) -> Order {
        serde_json::from_value(json!({
            "mch_id": "1",
            "app_id": "wx1",
            "out_trade_no": number,
            "description": "物业费",
            "attach": "",
            "notify_url": "http://127.0.0.1:9/",
            "total": 100,
            "openid": "o1",
            "standing": "open",
            "prepay_id": "wx2",
            "transaction_id": null,
            "prepaid_at": Moment::UNIX_EPOCH,
            "ends": Moment::UNIX_EPOCH,
            "paid_at": null,
            "body": {},
        }))
        .unwrap()
    }

    fn opened(path: &Path) -> Memory {
        let mut memory = Memory::default();
        memory.keep_in(path.to_owned()).unwrap();
        memory
    }

    #[test]
    fn what_was_written_whole_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pay.jsonl");
        let mut memory = opened(&path);
        assert!(!path.exists(), "nothing to keep yet");
        memory.remember(order("A00001"));
        memory.remember(order("A00002"));
        let key = ("1".to_owned(), "A00001".to_owned());
        let paid = memory.orders.get_mut(&key).unwrap();
        paid.standing = Standing::Paid;
        paid.paid_at = Some(Moment::UNIX_EPOCH);
        paid.transaction_id = Some("42202611300000000000000007".to_owned());
        memory.keep_order("1", "A00001");

        // Whoever comes meanwhile reads it and keeps nothing.
        let other = opened(&path);
        assert_eq!((other.orders.len(), other.journal.is_some()), (2, false));
        drop(memory);

        // A line that was cut off by a kill.
        let whole = fs::read(&path).unwrap();
        let cut = [&whole[..], &whole[..whole.len() / 5]].concat();
        fs::write(&path, cut).unwrap();
        let mut memory = opened(&path);
        assert_eq!(memory.made.len(), 2);
        assert_eq!(memory.orders[&key].standing, Standing::Paid);
        assert_eq!(memory.last_number, 7);
        memory.remember(order("A00003"));
        drop(memory);

        let again = opened(&path);
        assert_eq!(again.orders.len(), 3);
        let lines = fs::read_to_string(&path).unwrap();
        assert_eq!(lines.lines().count(), 3, "{lines}");
    }
}
