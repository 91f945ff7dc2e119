//! `linli ledger reverse --compound CODE --entry N --reason TEXT`: takes an entry back that people have entered:
//! by 记账, or as an opening. Once; everything else is put right where it came from.

use chrono::NaiveDate;

use crate::access::Actor;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::command::{Usage, migrate, open_store};
use crate::config::Settings;
use crate::place::queries as places;
use crate::voucher::actions::take_back;

/// What may be done with the books.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// 冲销一笔期初或者在“记账”里记的分录,借贷反过来再记一笔,一笔只能冲销一次
    Reverse {
        /// 小区的编码
        #[arg(long)]
        compound: String,
        /// 分录的编号,在工作台的“账簿”里看
        #[arg(long)]
        entry: i64,
        /// 为什么,会留在账簿里
        #[arg(long)]
        reason: String,
        /// 记在哪一天,写成 2026-11-01;不写是今天
        #[arg(long)]
        day: Option<NaiveDate>,
    },
}

/// The command.
///
/// # Errors
/// For a compound, an entry, a day or a reason that cannot be (wrong usage); when the database fails.
pub async fn run(settings: &Settings, now: Moment, what: What) -> anyhow::Result<()> {
    let What::Reverse {
        compound,
        entry,
        reason,
        day,
    } = what;
    let day = day.unwrap_or_else(|| china(now).date_naive());
    let store = open_store(settings).await?;
    migrate::up(&store, now).await?;
    let place = places::compound_by_code(store.read(), &compound)
        .await?
        .ok_or_else(|| Usage(format!("没有编码为“{compound}”的小区")))?;
    let mut tx = store.begin(now).await?;
    let done = take_back(&mut tx, &Actor::operator(), &place, entry, (day, &reason)).await;
    let key = done.map_err(told)?;
    tx.commit().await?;
    store.close().await;
    println!(
        "{} {}: 分录 #{entry} 已冲销,新的分录是 #{key}",
        place.code, place.name
    );
    Ok(())
}

/// What somebody at the command line can put right is wrong usage.
fn told(fault: Fault) -> anyhow::Error {
    match fault.is_ours() {
        true => fault.into(),
        false => Usage(fault.detail.into_owned()).into(),
    }
}
