//! Fetching a bill file (protocols.md §5.8): where it lies is signed, the file itself is not, so its
//! host is pinned and its SHA-1 checked. It goes through a file without a name: however large a bill
//! is, memory stays flat.

use std::fs::File;
use std::io::{BufReader, Seek, Write};
use std::time::Duration;

use aws_lc_rs::digest;
use chrono::NaiveDate;
use flate2::write::MultiGzDecoder;
use reqwest::{Method, Url};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::super::client::Client;
use super::super::wire::{Call, network, prepare, request_id};
use super::super::{Action, PayError};
use super::rows::{FlowRow, TradeRow};
use super::{Bill, BillRow};
use crate::wechat::crypto::hex;

/// How long a download may take.
const PATIENCE: Duration = Duration::from_secs(900);
/// Largest bill, unpacked: ten million rows, and no bomb.
const MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Pieces on their way from the wire to the disk.
const PIECES: usize = 2;
/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

#[derive(Debug, Deserialize)]
struct WireBill {
    hash_type: String,
    hash_value: String,
    download_url: String,
}

impl Client {
    /// The trade bill (交易账单) of a day in China: every payment and refund. None when there was no
    /// trade. Ready after 10:00 of the next day, for three months.
    ///
    /// # Errors
    /// `STATEMENT_CREATING` ([`Action::Later`]) when it is not made yet; [`PayError::Bill`] when the
    /// file is not the one that was promised.
    pub async fn trade_bill(
        &self,
        day: NaiveDate,
        now: i64,
    ) -> Result<Option<Bill<TradeRow>>, PayError> {
        let path = format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP");
        self.bill(&path, now).await
    }

    /// The fund-flow bill (资金账单) of the merchant's basic account, as [`Client::trade_bill`].
    ///
    /// # Errors
    /// As [`Client::trade_bill`].
    pub async fn fund_flow_bill(
        &self,
        day: NaiveDate,
        now: i64,
    ) -> Result<Option<Bill<FlowRow>>, PayError> {
        let path =
            format!("/v3/bill/fundflowbill?bill_date={day}&account_type=BASIC&tar_type=GZIP");
        self.bill(&path, now).await
    }

    async fn bill<R: BillRow>(&self, path: &str, now: i64) -> Result<Option<Bill<R>>, PayError> {
        let answer = match self.get(path, now).await {
            Err(error) if error.code().is_some() && error.action() == Action::Nothing => {
                return Ok(None);
            }
            other => other?,
        };
        let wire: WireBill = serde_json::from_slice(&answer).map_err(|_| PayError::Nonsense)?;
        if wire.hash_type != "SHA1" {
            return Err(PayError::Bill("its hash is of an unknown kind"));
        }
        let target = self.pinned(&wire.download_url)?;
        let file = self.download(target, &wire.hash_value, now).await?;
        on_disk(move || Bill::open(BufReader::new(file)))
            .await
            .map(Some)
    }

    /// Path and query of an address, which must lie where the API is.
    fn pinned(&self, download_url: &str) -> Result<String, PayError> {
        let elsewhere = PayError::Bill("it lies on another host");
        let url = Url::parse(download_url).map_err(|_| elsewhere.clone())?;
        if url.origin().ascii_serialization() != self.base().origin {
            return Err(elsewhere);
        }
        // As given, byte for byte: it is signed.
        let authority = download_url.find("://").and_then(|at| {
            let rest = download_url.get(at + 3..)?;
            rest.find('/').and_then(|slash| rest.get(slash..))
        });
        authority.map(str::to_owned).ok_or(elsewhere)
    }

    /// Unpacks it into a file while it comes, and holds the hash against it.
    async fn download(&self, target: String, hash: &str, now: i64) -> Result<File, PayError> {
        let call = Call {
            method: Method::GET,
            target,
            body: String::new(),
        };
        let request = prepare(self.http(), self.base(), self.merchant(), &call, now)?;
        let sent = request.timeout(PATIENCE).send().await;
        let mut response = sent.map_err(|error| network(&error))?;
        if !response.status().is_success() {
            // Not signed, so its words are not read: the address may be too old.
            let status = response.status().as_u16();
            let request_id = request_id(response.headers());
            tracing::warn!(status, request_id, "a bill could not be downloaded");
            return Err(PayError::Unclear {
                timeout: false,
                status: Some(status),
            });
        }
        let (pieces, mut waiting) = mpsc::channel::<Vec<u8>>(PIECES);
        let writer = tokio::task::spawn_blocking(move || {
            let mut store = Unpacked::new()?;
            while let Some(piece) = waiting.blocking_recv() {
                store.take(&piece)?;
            }
            store.finish()
        });
        let mut broken = None;
        loop {
            match response.chunk().await {
                Ok(Some(piece)) => {
                    // The writer has failed; why, it says itself.
                    if pieces.send(piece.to_vec()).await.is_err() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    broken = Some(network(&error));
                    break;
                }
            }
        }
        drop(pieces);
        let written = writer
            .await
            .map_err(|_| PayError::Bill("the disk failed"))?;
        if let Some(error) = broken {
            return Err(error);
        }
        let (file, sha1) = written?;
        if !sha1.eq_ignore_ascii_case(hash) {
            return Err(PayError::Bill("its hash is another"));
        }
        Ok(file)
    }
}

/// Work on a file, off the threads that serve requests.
pub(super) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PayError> + Send + 'static,
) -> Result<T, PayError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| PayError::Bill("the disk failed"))?
}

/// A file that grows, with the hash of what is in it.
struct Hashed {
    file: File,
    hash: digest::Context,
    left: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let length = bytes.len() as u64;
        let Some(left) = self.left.checked_sub(length) else {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        };
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.left = left;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// What a download becomes: unpacked if it is packed, whatever its headers say.
enum Unpacked {
    Unknown(Hashed, Vec<u8>),
    Packed(Box<MultiGzDecoder<Hashed>>),
    Plain(Hashed),
}

impl Unpacked {
    fn new() -> Result<Self, PayError> {
        let file = tempfile::tempfile().map_err(|_| PayError::Bill("there is no room for it"))?;
        let hashed = Hashed {
            file,
            hash: digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            left: MAX_BYTES,
        };
        Ok(Self::Unknown(hashed, Vec::new()))
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), PayError> {
        let bad = |_| PayError::Bill("it cannot be unpacked or kept");
        match self {
            Self::Packed(decoder) => decoder.write_all(piece).map_err(bad),
            Self::Plain(file) => file.write_all(piece).map_err(bad),
            Self::Unknown(_, begin) => {
                begin.extend_from_slice(piece);
                if begin.len() < GZIP.len() {
                    return Ok(());
                }
                self.decide().map_err(bad)
            }
        }
    }

    /// Looks at the first bytes.
    fn decide(&mut self) -> std::io::Result<()> {
        let Self::Unknown(hashed, begin) = self else {
            return Ok(());
        };
        let begin = std::mem::take(begin);
        let hashed = Hashed {
            file: hashed.file.try_clone()?,
            hash: hashed.hash.clone(),
            left: hashed.left,
        };
        if begin.starts_with(&GZIP) {
            let mut decoder = MultiGzDecoder::new(hashed);
            decoder.write_all(&begin)?;
            *self = Self::Packed(Box::new(decoder));
        } else {
            let mut plain = hashed;
            plain.write_all(&begin)?;
            *self = Self::Plain(plain);
        }
        Ok(())
    }

    /// The file from its beginning, and its hash in hex.
    fn finish(self) -> Result<(File, String), PayError> {
        let bad = |_| PayError::Bill("it cannot be unpacked or kept");
        let hashed = match self {
            Self::Packed(decoder) => decoder.finish().map_err(bad)?,
            Self::Plain(hashed) | Self::Unknown(hashed, _) => hashed,
        };
        let mut file = hashed.file;
        file.rewind().map_err(bad)?;
        Ok((file, hex(hashed.hash.finish().as_ref())))
    }
}
