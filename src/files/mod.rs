//! The door to the storage of attachments: a local folder or an S3-compatible bucket. What goes in is
//! made clean first ([`Files::clean`]). Knows no table. Called by `attachment/`, `privacy/`, `web/`
//! and `command/doctor.rs`.

mod film;
mod kind;
pub mod picture;

pub use kind::{DOCUMENTS, FileKind, MOST_BYTES, limit_of, recognise};
pub use picture::{Flaw, Picture};

use std::sync::Arc;
use std::time::Duration;

use opendal::services::{Fs, S3};
use opendal::{ErrorKind, Operator};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::base::fault::{Code, Fault};
use crate::config;

/// One operation may take so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pictures that are worked on at once: each may take a hundred megabytes for a moment.
const AT_ONCE: usize = 2;

/// The storage.
#[derive(Clone)]
pub struct Files {
    operator: Operator,
    hands: Arc<Semaphore>,
}

/// What is kept of a file that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clean {
    /// A picture, written anew.
    Picture(Picture),
    /// A voice, a film or a document.
    Other(FileKind, Vec<u8>),
}

impl Files {
    /// Opens the storage that `storage.url` names; makes the folder of `fs://`.
    ///
    /// # Errors
    /// `internal` with the reason when the URL cannot be one or the folder cannot be made.
    pub fn connect(settings: &config::Storage) -> Result<Self, Fault> {
        let url = settings.url.expose_secret();
        let operator = match url.split_once("://") {
            Some(("fs", path)) if !path.is_empty() => Operator::new(Fs::default().root(path)),
            Some(("s3", rest)) => Operator::new(bucket(rest)?),
            _ => return Err(wrong()),
        };
        Ok(Self {
            operator: operator.map_err(Fault::internal)?,
            hands: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Finds out by its bytes what a file is, and makes of it what may be kept. `family` is what it
    /// is said to be (`image`, `voice`, `video`, `document`); none: whatever it is. Few at once, on threads of
    /// their own.
    ///
    /// # Errors
    /// Why it is not kept.
    pub async fn clean(&self, family: Option<&str>, bytes: Vec<u8>) -> Result<Clean, Flaw> {
        let kind = recognise(&bytes).ok_or(Flaw::Kind)?;
        if family.is_some_and(|family| family != kind.family()) {
            return Err(Flaw::Kind);
        }
        if limit_of(kind.family()).is_none_or(|most| bytes.len() > most) {
            return Err(Flaw::Large);
        }
        match kind.family() {
            "image" => {
                let hand = self.hands.clone().acquire_owned().await;
                let work = tokio::task::spawn_blocking(move || {
                    // Held until the work ends, whoever still waits for it.
                    let _hand = hand;
                    picture::clean(kind, &bytes)
                });
                // A decoder that gave up with a panic has found a broken picture.
                let picture = work.await.unwrap_or(Err(Flaw::Broken))?;
                Ok(Clean::Picture(picture))
            }
            "video" => {
                let mut bytes = bytes;
                film::blank(&mut bytes);
                Ok(Clean::Other(kind, bytes))
            }
            _ => Ok(Clean::Other(kind, bytes)),
        }
    }

    /// Stores a file under a path that we made (`2026/11/…`).
    ///
    /// # Errors
    /// `outside` when the storage refuses or does not answer.
    pub async fn put(&self, path: &str, kind: FileKind, bytes: Vec<u8>) -> Result<(), Fault> {
        let with_type = self.operator.info().capability().write_with_content_type;
        let mut options = opendal::options::WriteOptions::default();
        if with_type {
            options.content_type = Some(kind.content_type().to_owned());
        }
        let writing = self.operator.write_options(path, bytes, options);
        match timeout(PATIENCE, writing).await {
            Ok(written) => written.map(drop).map_err(outside),
            Err(_) => Err(late()),
        }
    }

    /// Stores a note of ours, which nobody ever opens in a browser; what lay there is replaced.
    ///
    /// # Errors
    /// `outside` when the storage refuses or does not answer.
    pub async fn note(&self, path: &str, note: impl Into<Vec<u8>>) -> Result<(), Fault> {
        match timeout(PATIENCE, self.operator.write(path, note.into())).await {
            Ok(written) => written.map(drop).map_err(outside),
            Err(_) => Err(late()),
        }
    }

    /// The paths of what lies in a folder (`late/`), in no order; a folder that is not there is empty.
    ///
    /// # Errors
    /// `outside` when the storage refuses or does not answer.
    pub async fn list(&self, folder: &str) -> Result<Vec<String>, Fault> {
        let Ok(listed) = timeout(PATIENCE, self.operator.list(folder)).await else {
            return Err(late());
        };
        let entries = match listed {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(outside)?,
        };
        let files = entries
            .into_iter()
            .filter(|entry| entry.metadata().is_file());
        Ok(files.map(|entry| entry.path().to_owned()).collect())
    }

    /// The bytes again.
    ///
    /// # Errors
    /// `not_found`, or `outside` when the storage does not answer.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, Fault> {
        let Ok(read) = timeout(PATIENCE, self.operator.read(path)).await else {
            return Err(late());
        };
        match read {
            Ok(buffer) => Ok(buffer.to_vec()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Fault::not_found("这个附件已经不在了。").because(error))
            }
            Err(error) => Err(outside(error)),
        }
    }

    /// Takes a file away; one that is not there is fine.
    ///
    /// # Errors
    /// `outside` when the storage refuses or does not answer.
    pub async fn delete(&self, path: &str) -> Result<(), Fault> {
        match timeout(PATIENCE, self.operator.delete(path)).await {
            Ok(deleted) => deleted.map_err(outside),
            Err(_) => Err(late()),
        }
    }
}

/// The library's HTTP client has no limit of its own.
fn late() -> Fault {
    Fault::plain(Code::Outside).because("the storage did not answer in time")
}

fn outside(error: opendal::Error) -> Fault {
    Fault::plain(Code::Outside).because(error)
}

fn wrong() -> Fault {
    Fault::internal("storage.url must be fs://FOLDER or s3://BUCKET?endpoint=…&region=…")
}

/// `bucket/folder?endpoint=…&region=…`; the keys come from the environment (`AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`) or as `access_key` and `secret_key`.
fn bucket(rest: &str) -> Result<S3, Fault> {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (bucket, folder) = place.split_once('/').unwrap_or((place, ""));
    if bucket.is_empty() {
        return Err(wrong());
    }
    // Brings the HTTP client along; calling it again does nothing.
    opendal::install_default();
    // Outside of Amazon's cloud its metadata service only costs time.
    let mut builder = S3::default()
        .bucket(bucket)
        .root(folder)
        .disable_ec2_metadata();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
        builder = match name {
            "endpoint" => builder.endpoint(value),
            "region" => builder.region(value),
            "access_key" => builder.access_key_id(value),
            "secret_key" => builder.secret_access_key(value),
            _ => return Err(wrong()),
        };
    }
    Ok(builder)
}
