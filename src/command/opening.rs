//! `linli opening --compound CODE --account bank --amount 120000.00`: what a compound had before its books began;
//! with `--account maintenance`, which part of that is the maintenance fund's. Once for each account, so that a
//! repeat changes nothing; what was wrong is taken back by `linli ledger reverse`, then it may be booked again.

use chrono::NaiveDate;
use clap::ValueEnum;
use entity::money::EntryKind;
use serde_json::json;

use crate::access::{Actor, audit};
use crate::base::clock::{Moment, china};
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::command::{Usage, migrate, open_store};
use crate::config::Settings;
use crate::ledger::Account;
use crate::ledger::floor::short;
use crate::ledger::post::{Draft, MOST, Transfer, post};
use crate::ledger::queries::{of_subject, reversal_of};
use crate::place::queries as places;
use crate::store::Tx;

/// What is said on the command line.
#[derive(Debug, clap::Args)]
pub struct Given {
    /// 小区的编码
    #[arg(long)]
    compound: String,
    /// 钱在哪里
    #[arg(long, value_enum)]
    account: Where,
    /// 多少元,写成 120000.00
    #[arg(long)]
    amount: String,
    /// 哪一天的数,写成 2026-11-01;不写是今天
    #[arg(long)]
    day: Option<NaiveDate>,
}

/// Where the money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Where {
    /// 银行存款
    Bank,
    /// 现金
    Cash,
    /// 前面几项里属于维修资金的
    Maintenance,
}

impl Where {
    const fn account(self) -> Account {
        match self {
            Self::Bank => Account::Bank,
            Self::Cash => Account::Cash,
            Self::Maintenance => Account::Maintenance,
        }
    }

    /// What is booked: money came from before the books; whose it is, out of that.
    const fn transfer(self, amount: i64) -> Transfer {
        match self {
            Self::Bank | Self::Cash => Transfer {
                debit: self.account(),
                credit: Account::Opening,
                amount,
            },
            Self::Maintenance => Transfer {
                debit: Account::Opening,
                credit: Account::Maintenance,
                amount,
            },
        }
    }
}

/// The command.
///
/// # Errors
/// For a compound, an amount or a day that cannot be, and for an account that has its opening already (wrong
/// usage); when the database fails.
pub async fn run(settings: &Settings, now: Moment, given: Given) -> anyhow::Result<()> {
    let amount = Fen::parse(&given.amount).filter(|sum| (1..=MOST).contains(&sum.0));
    let amount = amount.ok_or_else(|| Usage("--amount 请写成 120000.00".to_owned()))?;
    let today = china(now).date_naive();
    let day = given.day.unwrap_or(today);
    if day > today {
        return Err(Usage("--day 不能写以后的日子".to_owned()).into());
    }
    let store = open_store(settings).await?;
    migrate::up(&store, now).await?;
    let place = places::compound_by_code(store.read(), &given.compound)
        .await?
        .ok_or_else(|| Usage(format!("没有编码为“{}”的小区", given.compound)))?;
    let account = given.account.account();
    let mut tx = store.begin(now).await?;
    let again = || {
        let words = format!("{}的期初{}已经记过了", place.name, account.says());
        Usage(format!("{words},记错了先用 linli ledger reverse 冲销"))
    };
    let cause = cause(&tx, place.id, account).await?.ok_or_else(again)?;
    let transfer = given.account.transfer(amount.0);
    if let Some(short) = short(&tx, place.id, day, &[transfer]).await? {
        let words = format!("{};请先记银行存款和现金的期初", short.says());
        return Err(Usage(words).into());
    }
    let entry = Draft {
        compound_id: place.id,
        day,
        cause,
        kind: EntryKind::Opening,
        memo: format!("期初{}", account.says()),
        reverses: None,
        transfers: vec![transfer],
    };
    match post(&mut tx, None, &[entry]).await {
        // Somebody else was faster.
        Err(fault) if fault.code == Code::Conflict => return Err(again().into()),
        done => done?,
    };
    let record = audit::Entry {
        action: "ledger.opening",
        subject: format!("place:{}", place.id),
        compound_id: Some(place.id),
        detail: Some(json!({ "fen": amount.0, "account": account.code() })),
    };
    audit::record(&tx, &Actor::operator(), record);
    tx.commit().await?;
    store.close().await;
    println!(
        "{} {}: 期初{}{}元",
        place.code,
        place.name,
        account.says(),
        amount.in_groups()
    );
    Ok(())
}

/// The cause of the opening of an account: `opening:assets:bank`, with a number behind it when those before it were
/// taken back; none when one stands.
async fn cause(tx: &Tx, compound_id: i64, account: Account) -> Result<Option<String>, Fault> {
    let first = format!("opening:{}", account.code());
    let next = format!("{first}:");
    let all = of_subject(tx.db(), compound_id, "opening").await?;
    let own = all
        .iter()
        .map(|one| &one.entry)
        .filter(|entry| entry.cause == first || entry.cause.starts_with(&next));
    let mut count = 0;
    for entry in own {
        count += 1;
        if reversal_of(tx.db(), entry.id).await?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(match count {
        0 => first,
        _ => format!("{next}{}", count + 1),
    }))
}
