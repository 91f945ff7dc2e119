//! The door to the storage of attachments: a local folder or an S3-compatible bucket. Knows no
//! table. Called by `attachment/` and `command/doctor.rs`.

mod kind;

pub use kind::{FileKind, limit_of, recognise};

use std::time::Duration;

use opendal::services::{Fs, S3};
use opendal::{ErrorKind, Operator};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use crate::base::fault::{Code, Fault};
use crate::config;

/// One operation may take so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The storage.
#[derive(Clone)]
pub struct Files {
    operator: Operator,
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
        })
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
