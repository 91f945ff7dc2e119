//! `linli reconcile --date YYYY-MM-DD [--merchant NAME]`: fetches the platform's bill of a day and compares it
//! with ours, as the clock does every morning. Safe to repeat.

use std::sync::Arc;

use chrono::NaiveDate;
use entity::money::ReconState;

use crate::app::App;
use crate::base::clock::{Clock, china};
use crate::base::dice::Dice;
use crate::base::fen::Fen;
use crate::command::{Usage, migrate, open_store};
use crate::config::Settings;
use crate::payment::difference_says;
use crate::payment::reconcile::{Failure, Outcome, Wanted, run as compare};

/// The command.
///
/// # Errors
/// For an account that is not configured or a day that is not over (wrong usage); when a day could not be
/// compared.
pub async fn run(
    settings: Settings,
    clock: Arc<dyn Clock>,
    dice: Arc<Dice>,
    date: NaiveDate,
    merchant: Option<&str>,
) -> anyhow::Result<()> {
    let now = clock.now();
    if date >= china(now).date_naive() {
        return Err(
            Usage("--date 要写已经过去的一天,平台次日上午十点后才有账单".to_owned()).into(),
        );
    }
    let store = open_store(&settings).await?;
    migrate::up(&store, now).await?;
    let app = App::build(settings, clock, dice, store)?;
    let known: Vec<&str> = app.pay.keys().map(String::as_str).collect();
    let wanted: Vec<&str> = match merchant {
        Some(name) if known.contains(&name) => vec![name],
        Some(name) => {
            let known = known.join(" ");
            return Err(Usage(format!("没有收款账户“{name}”,可用: {known}")).into());
        }
        None if known.is_empty() => {
            return Err(Usage("配置里没有收款账户(wechat.pay.merchants)".to_owned()).into());
        }
        None => known,
    };
    let mut failed = 0;
    for merchant in wanted {
        let Some(client) = app.pay.get(merchant) else {
            continue;
        };
        let day = Wanted {
            merchant,
            day: date,
            actor_id: None,
        };
        match compare(&app.store, &app.dice, now, client, day).await {
            Ok(outcome) => tell(merchant, &outcome),
            Err(failure) => {
                failed += 1;
                eprintln!("{merchant} {date}: {}", explain(&failure));
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed}个收款账户没有对成,请稍后再运行一次");
    Ok(())
}

fn tell(merchant: &str, outcome: &Outcome) {
    let day = &outcome.day;
    println!(
        "{merchant} {}: 我们 {} 笔 {} 元,平台 {} 笔 {} 元,{}",
        day.day,
        day.ours_count,
        Fen(day.ours_amount),
        day.theirs_count,
        Fen(day.theirs_amount),
        match (day.state, outcome.open.len()) {
            (ReconState::Explained, _) => "不一样的都查清了".to_owned(),
            (_, 0) => "对平了".to_owned(),
            (_, count) => format!("有{count}处不一样"),
        }
    );
    for one in &outcome.open {
        let amount =
            |fen: Option<i64>| fen.map_or_else(|| "-".to_owned(), |fen| Fen(fen).to_string());
        println!(
            "  {} {}: 我们 {},平台 {}",
            difference_says(one.kind),
            one.reference,
            amount(one.ours),
            amount(one.theirs)
        );
    }
}

fn explain(failure: &Failure) -> String {
    match failure {
        Failure::NotYet => "平台的账单还没有生成".to_owned(),
        Failure::Platform(error) => format!("平台的账单没有取到({error})"),
        Failure::Ours(fault) => fault.to_string(),
    }
}
