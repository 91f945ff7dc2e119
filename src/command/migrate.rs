//! `linli migrate [up|down|status]`: the schema alone. `serve` calls [`up`] before it starts.

use clap::ValueEnum;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend};
use secrecy::ExposeSecret;

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::config::Settings;
use crate::store::Store;

/// Key of the lock under which PostgreSQL migrates: "linli" as a number.
const LOCK: i64 = 0x006c_696e_6c69;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// To the newest.
    Up,
    /// One step back.
    Down,
    /// Only look.
    Status,
}

/// Brings the schema to the newest. Two instances that start at once wait for each other: the whole
/// change is one transaction, under a lock on PostgreSQL and the write lock on SQLite.
///
/// # Errors
/// The database's.
pub async fn up(store: &Store, now: Moment) -> Result<(), Fault> {
    if Migrator::get_pending_migrations_read_only(store.read())
        .await
        .is_ok_and(|pending| pending.is_empty())
    {
        return Ok(());
    }
    let tx = store.begin(now).await?;
    lock(store, &tx).await?;
    Migrator::up(tx.db(), None).await?;
    tx.commit().await
}

/// What tells a database from any other, also from one that lay at the same address before: not to be shown, the
/// address may hold a password.
///
/// # Errors
/// The database's.
pub async fn mark(settings: &Settings, store: &Store) -> Result<String, Fault> {
    let steps = Migrator::get_migration_models(store.write()).await?;
    let begun = steps.iter().map(|step| step.applied_at).min();
    let url = settings.database.url.expose_secret();
    Ok(format!("{url} {}", begun.unwrap_or_default()))
}

async fn lock(store: &Store, tx: &crate::store::Tx) -> Result<(), Fault> {
    if store.backend() == DbBackend::Postgres {
        tx.db()
            .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
            .await?;
    }
    Ok(())
}

/// The command.
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn run(settings: &Settings, direction: Direction, now: Moment) -> anyhow::Result<()> {
    let store = super::open_store(settings).await?;
    match direction {
        Direction::Up => up(&store, now).await?,
        Direction::Down => {
            let tx = store.begin(now).await?;
            lock(&store, &tx).await?;
            Migrator::down(tx.db(), Some(1))
                .await
                .map_err(Fault::from)?;
            tx.commit().await?;
        }
        Direction::Status => {}
    }
    let pending = Migrator::get_pending_migrations(store.write())
        .await
        .map_err(Fault::from)?;
    let all = Migrator::migrations().len();
    println!(
        "数据库结构:已完成 {} 步,待完成 {} 步",
        all - pending.len(),
        pending.len()
    );
    for step in pending {
        println!("待完成 {}", step.name());
    }
    store.close().await;
    Ok(())
}
