//! Connecting: PostgreSQL through one pool; SQLite through one writer and several readers.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use secrecy::ExposeSecret;

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::config;
use crate::store::tx::{AfterCommit, Tx};

/// The database, and who is told of committed reminders.
#[derive(Clone)]
pub struct Store {
    readers: DatabaseConnection,
    writer: DatabaseConnection,
    after_commit: Arc<OnceLock<Arc<dyn AfterCommit>>>,
}

impl Store {
    /// Opens the database; makes the folder of a SQLite file.
    ///
    /// # Errors
    /// `busy` when it cannot be reached.
    pub async fn connect(settings: &config::Database) -> Result<Self, Fault> {
        let url = settings.url.expose_secret();
        let (readers, writer) = if url.starts_with("sqlite:") {
            make_folder(url)?;
            // One writer, queued fairly inside the process: SQLite's own waiting is polling.
            let writer = open_new(url).await?;
            let readers = open(url, settings.max_connections.min(4), When::Now).await?;
            (readers, writer)
        } else {
            let pool = open(url, settings.max_connections, When::Now).await?;
            (pool.clone(), pool)
        };
        Ok(Self {
            readers,
            writer,
            after_commit: Arc::default(),
        })
    }

    /// A store for whoever looks at all else while the database is away, and asks it nothing: PostgreSQL is
    /// looked for at the first use, and an empty SQLite in memory stands for a file that cannot be opened.
    ///
    /// # Errors
    /// `busy` when the URL cannot be read.
    pub async fn connect_later(settings: &config::Database) -> Result<Self, Fault> {
        let url = match settings.url.expose_secret() {
            url if url.starts_with("sqlite:") => "sqlite::memory:",
            url => url,
        };
        let pool = open(url, 1, When::Asked).await?;
        Ok(Self {
            readers: pool.clone(),
            writer: pool,
            after_commit: Arc::default(),
        })
    }

    /// Says who is told of the reminders that a commit brought; once, at the start.
    pub fn tell(&self, listener: Arc<dyn AfterCommit>) {
        // A second listener would be a mistake of ours; the first stays.
        drop(self.after_commit.set(listener));
    }

    /// For reading outside of a transaction.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.readers
    }

    /// For migrations and single statements that write without reminders.
    #[must_use]
    pub fn write(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Begins the one transaction of a use case. On SQLite it takes the write lock at once, so that
    /// it cannot fail half-way (a deferred one can).
    ///
    /// # Errors
    /// `busy` when no connection is to be had.
    pub async fn begin(&self, now: Moment) -> Result<Tx, Fault> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.writer.begin_with_options(options).await?;
        Ok(Tx::new(inner, now, self.after_commit.get().cloned()))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `busy` when it does not.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.readers.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Has PostgreSQL count tables anew into which thousands of rows were written just now: until it does so by
    /// itself, up to a minute later, it takes them for as small as they were, and reads them whole. Best effort.
    pub async fn count_anew(&self, tables: &[&str]) {
        if self.backend() != DbBackend::Postgres {
            return;
        }
        for table in tables {
            let counted = format!(r#"ANALYZE "{table}""#);
            if let Err(error) = self.writer.execute_unprepared(&counted).await {
                tracing::warn!(%error, table, "a table could not be counted anew");
            }
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        for pool in [&self.readers, &self.writer] {
            if let Err(error) = pool.close_by_ref().await {
                tracing::warn!(%error, "a database pool did not close cleanly");
            }
        }
    }
}

/// The first connection to a SQLite file. A new one is changed to WAL, for which SQLite takes the
/// whole file and does not wait, whatever the busy time-out: when another program does the same at
/// this instant, we wait by ourselves.
async fn open_new(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut tries = 0;
    loop {
        match open(url, 1, When::Now).await {
            Err(error) if tries < 50 && error.to_string().contains("database is locked") => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            done => return done,
        }
    }
}

/// When a pool connects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    /// At its first use.
    Asked,
}

async fn open(url: &str, connections: u32, when: When) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .connect_lazy(when == When::Asked)
        .max_connections(connections)
        .min_connections(1)
        .connect_timeout(Duration::from_secs(5))
        .acquire_timeout(Duration::from_secs(5))
        // Asking a connection that worked a moment ago costs a round trip in every transaction;
        // one that broke since is found by its first statement, and the caller tries again.
        .test_before_acquire_if_idle_for(Duration::from_millis(250))
        // Statement text holds personal data.
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "NORMAL")
                .pragma("foreign_keys", "ON")
                // `INSERT OR REPLACE` removes rows without a word to their triggers, unless this is on.
                .pragma("recursive_triggers", "ON")
                .pragma("cache_size", "-8192")
                .busy_timeout(Duration::from_secs(10))
                .statement_cache_capacity(256)
        })
        .map_sqlx_postgres_opts(|postgres| {
            postgres
                .statement_cache_capacity(256)
                // Our statements find rows by keys whatever the values are: planning them anew at
                // each execution would cost PostgreSQL more than executing them.
                .options([("plan_cache_mode", "force_generic_plan")])
        });
    Database::connect(options).await
}

fn make_folder(url: &str) -> Result<(), Fault> {
    let file = url
        .trim_start_matches("sqlite:")
        .trim_start_matches("//")
        .split('?')
        .next()
        .unwrap_or_default();
    if file.is_empty() || file.contains(":memory:") {
        return Ok(());
    }
    match Path::new(file).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(Fault::internal)
        }
        _ => Ok(()),
    }
}
