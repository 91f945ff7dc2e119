//! `linli bills run --compound CODE --month YYYY-MM`: makes a month's bills. Safe to repeat, and to stop at
//! any moment. `linli bills account`: says which receiving account takes the money of a compound.

use anyhow::Context;

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Code;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::command::import::progress::Bar;
use crate::command::{Usage, migrate, open_store};
use crate::config::Settings;
use crate::fee::actions::merchant::{Choice, set};
use crate::fee::actions::run;
use crate::fee::queries::findings;
use crate::place::queries::by_code;

/// What may be done with bills.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// 给一个小区出一个月的账单;可以随时停、可以重复,不会重复收
    Run {
        /// 小区的编码
        #[arg(long)]
        compound: String,
        /// 月份,写成 2026-11
        #[arg(long)]
        month: String,
    },
    /// 指定一个小区的收款账户(配置里的 wechat.pay.merchants),居民才能在微信里缴费
    Account {
        /// 小区的编码
        #[arg(long)]
        compound: String,
        /// 收款账户的名字;不写就不能在微信里缴费
        #[arg(long)]
        merchant: Option<String>,
    },
}

/// The command.
///
/// # Errors
/// For a month or a compound that cannot be (wrong usage), for a line that is more than the books take,
/// when the database fails: what was made is made, the next time goes on from there.
pub async fn run(settings: &Settings, now: Moment, what: What) -> anyhow::Result<()> {
    let (compound, month) = match what {
        What::Run { compound, month } => (compound, month),
        What::Account { compound, merchant } => {
            return account(settings, now, &compound, merchant.as_deref()).await;
        }
    };
    let month = Month::parse(&month).ok_or_else(|| Usage("--month 请写成 2026-11".to_owned()))?;
    let store = open_store(settings).await?;
    migrate::up(&store, now).await?;
    let place = by_code(store.read(), &compound)
        .await?
        .ok_or_else(|| Usage(format!("没有编码为“{compound}”的小区")))?;
    let mut bar = Bar::new();
    let mut tell = |run: &entity::bill_run::Model| {
        bar.tell("户", usize::try_from(run.homes).unwrap_or(0));
    };
    let done = run::run(&store, &Actor::operator(), now, place.id, month, &mut tell).await;
    bar.finish();
    let done = match done {
        Err(fault) if fault.field == Some("month") || fault.code == Code::NotFound => {
            return Err(Usage(fault.detail.into_owned()).into());
        }
        done => done.with_context(|| format!("{}的账单没有出完,可以再运行一次", month.says()))?,
    };
    let findings = findings(store.read(), place.id, month).await?;
    store.close().await;
    for text in findings {
        eprintln!("注意: {text}");
    }
    println!(
        "{} {}: {}户, 账单{}张, 合计{}元",
        place.code,
        month,
        done.homes,
        done.bills,
        Fen(done.amount)
    );
    Ok(())
}

/// `linli bills account --compound CODE [--merchant NAME]`.
async fn account(
    settings: &Settings,
    now: Moment,
    compound: &str,
    merchant: Option<&str>,
) -> anyhow::Result<()> {
    let known = settings.wechat.pay.merchants.iter();
    let known: Vec<&str> = known.map(|one| one.name.as_str()).collect();
    if let Some(name) = merchant
        && !known.contains(&name)
    {
        let known = known.join(" ");
        return Err(Usage(format!("配置里没有收款账户“{name}”,可用: {known}")).into());
    }
    let store = open_store(settings).await?;
    migrate::up(&store, now).await?;
    let place = by_code(store.read(), compound)
        .await?
        .ok_or_else(|| Usage(format!("没有编码为“{compound}”的小区")))?;
    let mut tx = store.begin(now).await?;
    let choice = Choice {
        merchant,
        known: &known,
        seen: None,
    };
    match set(&mut tx, &Actor::operator(), place.id, choice).await {
        Err(fault) if matches!(fault.code, Code::NotFound | Code::Invalid) => {
            return Err(Usage(fault.detail.into_owned()).into());
        }
        done => done?,
    }
    tx.commit().await?;
    store.close().await;
    match merchant {
        Some(name) => println!("{} {} 的收款账户是 {name}", place.code, place.name),
        None => println!("{} {} 不在微信里收款", place.code, place.name),
    }
    Ok(())
}
