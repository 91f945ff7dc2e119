//! Bills: fetched over the wire, held against their hash and their summary, read row by row.

use std::io::{BufReader, Seek, Write};

use chrono::{NaiveDate, TimeDelta, Timelike};
use linli::base::clock::china;
use linli::sandbox::Api;
use linli::wechat::pay::{Action, Bill, Direction, FlowRow, PayError, TradeRow};

use super::{MCH_ID, World, world};

/// Today in China, and then the clock at ten past ten tomorrow.
fn end_of_day(world: &World) -> NaiveDate {
    let now = china(world.platform.now());
    let minutes = i64::from(34 * 60 + 10) - i64::from(now.hour() * 60 + now.minute());
    world.clock.advance(TimeDelta::minutes(minutes));
    now.date_naive()
}

async fn all<R: linli::wechat::pay::bill::BillRow>(mut bill: Bill<R>) -> Result<Vec<R>, PayError> {
    let mut rows = Vec::new();
    loop {
        let (rest, some) = bill.batch(700).await?;
        if some.is_empty() {
            return Ok(rows);
        }
        rows.extend(some);
        bill = rest;
    }
}

#[tokio::test]
async fn a_day_with_payments_and_a_refund() {
    let world = world().await;
    // Not over midnight while the test runs.
    if china(world.platform.now()).hour() == 23 {
        world.clock.advance(TimeDelta::hours(2));
    }
    let first = world.paid("order-0001", 12_345).await;
    world.paid("order-0002", 1).await;
    let refund = world.refund("refund-1", "order-0001", 345, 12_345);
    world.client.refund(&refund, world.now()).await.unwrap();
    world.clock.advance(TimeDelta::seconds(6));
    world.seen(3).await;
    let today = china(world.platform.now()).date_naive();
    let early = world.client.trade_bill(today, world.now()).await;
    assert_eq!(early.unwrap_err().action(), Action::Later);

    let day = end_of_day(&world);
    let bill = world.client.trade_bill(day, world.now()).await.unwrap();
    let rows: Vec<TradeRow> = all(bill.unwrap()).await.unwrap();
    assert_eq!(rows.len(), 3);
    let paid = rows.iter().find(|row| row.total == 12_345).unwrap();
    assert_eq!(
        (paid.transaction_id.as_str(), paid.state.as_str()),
        (first.as_str(), "SUCCESS")
    );
    assert_eq!(
        (paid.mch_id.as_str(), paid.settled, paid.fee),
        (MCH_ID, 12_345, 74)
    );
    assert_eq!(paid.product, "物业费,3栋-1-501");
    assert_eq!(paid.attach.as_deref(), Some("bill-7"));
    assert_eq!((&paid.refund_id, &paid.out_refund_no), (&None, &None));
    assert_eq!(
        china(linli::base::clock::from_ms(paid.at * 1000).unwrap()).date_naive(),
        day
    );
    let back = rows.iter().find(|row| row.state == "REFUND").unwrap();
    assert_eq!(back.out_refund_no.as_deref(), Some("refund-1"));
    assert_eq!((back.refund, back.total, back.fee), (345, 0, -2));

    let bill = world.client.fund_flow_bill(day, world.now()).await.unwrap();
    let flows: Vec<FlowRow> = all(bill.unwrap()).await.unwrap();
    let sum: i64 = flows
        .iter()
        .map(|row| match row.direction {
            Direction::Income => row.amount,
            Direction::Expense => -row.amount,
        })
        .sum();
    assert_eq!(sum, 12_345 + 1 - 345 - 74 + 2);
    assert_eq!(flows.last().unwrap().balance, sum);
    assert!(
        flows
            .iter()
            .any(|row| row.voucher.as_deref() == Some("refund-1"))
    );
}

#[tokio::test]
async fn a_day_without_trades_has_no_bill() {
    let world = world().await;
    let day = end_of_day(&world);
    assert!(
        world
            .client
            .trade_bill(day, world.now())
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        world
            .client
            .fund_flow_bill(day, world.now())
            .await
            .unwrap()
            .is_none()
    );
    let long_ago = day - TimeDelta::days(200);
    let refused = world.client.trade_bill(long_ago, world.now()).await;
    assert_eq!(refused.unwrap_err().code(), Some("PARAM_ERROR"));
}

#[tokio::test]
async fn money_that_goes_to_the_bank_stands_in_the_fund_flow_bill_alone() {
    let world = world().await;
    let first = end_of_day(&world);
    let second = china(world.platform.now()).date_naive();
    world.platform.move_funds(MCH_ID, "充值", 5_000);
    assert_eq!(end_of_day(&world), second);
    world.platform.move_funds(MCH_ID, "提现", -1_200);
    let third = end_of_day(&world);
    let none = world.client.fund_flow_bill(first, world.now()).await;
    assert!(none.unwrap().is_none());
    let trades = world.client.trade_bill(third, world.now()).await;
    assert!(trades.unwrap().is_none());
    let bill = world.client.fund_flow_bill(third, world.now()).await;
    let rows: Vec<FlowRow> = all(bill.unwrap().unwrap()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].kind.as_str(), rows[0].direction, rows[0].amount),
        ("提现", Direction::Expense, 1_200)
    );
    // What lay there on the evening before is counted.
    assert_eq!(rows[0].balance, 3_800);
}

#[tokio::test]
async fn a_few_thousand_rows() {
    let world = world().await;
    let day = end_of_day(&world);
    world.platform.invent_trades(MCH_ID, day, 5000);
    let bill = world.client.trade_bill(day, world.now()).await.unwrap();
    let rows: Vec<TradeRow> = all(bill.unwrap()).await.unwrap();
    assert_eq!(rows.len(), 5000);
    assert_eq!(
        rows.iter().map(|row| row.total).sum::<i64>(),
        5000 * 5001 / 2
    );
    assert_eq!(rows[4999].out_trade_no, "invented-4999");
    let bill = world.client.fund_flow_bill(day, world.now()).await.unwrap();
    assert!(all(bill.unwrap()).await.unwrap().len() > 5000);
}

#[tokio::test]
async fn a_file_that_is_not_the_promised_one_is_not_read() {
    let world = world().await;
    let day = end_of_day(&world);
    world.platform.invent_trades(MCH_ID, day, 50);
    for (api, kind, wanted) in [
        (
            Api::Payfile,
            "nonsense",
            PayError::Bill("its hash is another"),
        ),
        (
            Api::Payfile,
            "lost",
            PayError::Bill("it cannot be unpacked or kept"),
        ),
        (
            Api::Payfile,
            "dropped",
            PayError::Unclear {
                timeout: false,
                status: None,
            },
        ),
        (
            Api::Payfile,
            "error:PARAM_ERROR",
            PayError::Unclear {
                timeout: false,
                status: Some(400),
            },
        ),
        (
            Api::Payfile,
            "gateway",
            PayError::Unclear {
                timeout: false,
                status: Some(502),
            },
        ),
        (
            Api::Paybill,
            "forged:host",
            PayError::Bill("it lies on another host"),
        ),
    ] {
        world.fault(api, kind, Some(1));
        let refused = world.client.trade_bill(day, world.now()).await;
        assert_eq!(refused.unwrap_err(), wanted, "{kind}");
    }
    assert!(
        world
            .client
            .trade_bill(day, world.now())
            .await
            .unwrap()
            .is_some()
    );
}

/// A file on the disk, opened as a bill and read to its end.
fn read(text: &str) -> Result<Vec<TradeRow>, PayError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    Bill::open(BufReader::new(file))?.collect()
}

#[test]
fn the_published_bill() {
    let all: serde_json::Value = serde_json::from_str(include_str!("../vectors/pay.json")).unwrap();
    let vector = &all["bill-all-csv"];
    let line = |name: &str| vector[name].as_str().unwrap().to_owned();
    let rows: Vec<&str> = vector["sample_rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_str().unwrap())
        .collect();
    let file = |header: &str, rows: &[&str], summary: &str| {
        format!(
            "\u{feff}{header}\r\n{}\r\n{}\r\n{summary}\r\n",
            rows.join("\r\n"),
            line("summary_header")
        )
    };
    // Three of its forty-five rows are published, so its own summary does not fit them.
    let whole = file(&line("header"), &rows, &line("summary_row"));
    assert_eq!(
        read(&whole),
        Err(PayError::Bill("its summary says something else"))
    );
    let summary = "`3.0,`0.03,`0.02,`0.0,`0.01,`0.03,`0.02";
    let good = file(&line("header"), &rows, summary);
    let read_rows = read(&good).unwrap();
    assert_eq!(read_rows.len(), 3);
    assert_eq!(
        read_rows[0].refund_id.as_deref(),
        Some("50000709672019011908420787722")
    );
    assert_eq!((read_rows[0].refund, read_rows[0].settled), (1, 0));
    assert_eq!((read_rows[2].settled, read_rows[2].fee), (3, 1));
    assert_eq!(read_rows[2].out_refund_no, None);
    assert_eq!(read_rows[0].at, 1_550_523_706);

    // Columns in another order are found by their names.
    let swapped = good.replace("交易时间,公众账号ID", "公众账号ID,交易时间");
    assert_eq!(read(&swapped), Err(PayError::Bill("a time cannot be read")));
    // A comma in a name is part of it.
    let comma = good.replace("`autotest,`,", "`a,b,,c,`,");
    assert_eq!(read(&comma).unwrap()[2].product, "a,b,,c");

    let bad: [(String, &str); 12] = [
        (
            good.replace("手续费,费率", "其他,费率"),
            "a column is missing",
        ),
        (
            good.replace("`CNY,`0.03", "`CNY,`0.04"),
            "its summary says something else",
        ),
        (
            good.replace("`3.0,", "`4.0,"),
            "its summary says something else",
        ),
        (good.replace("`3.0,", "`3.5,"), "a count is no number"),
        (
            good.replace("`CNY,`0.03", "`CNY,`0.035"),
            "an amount is no number of fen",
        ),
        (
            good.replace("`CNY,`0.03", "`CNY,`3e-2"),
            "an amount is no number of fen",
        ),
        (
            good.replace("`CNY,`0.03", "`CNY"),
            "a row has another number of columns",
        ),
        (
            good.replace("`autotest,`,", "`a,`b,`,"),
            "a row has another number of columns",
        ),
        (
            good.split("总交易单数").next().unwrap().to_owned(),
            "it ends without a summary",
        ),
        (
            good.replace(&format!("{summary}\r\n"), ""),
            "it ends without a summary",
        ),
        (
            format!("{good}`more\r\n"),
            "something stands behind the summary",
        ),
        (String::new(), "it is empty"),
    ];
    for (text, why) in &bad {
        assert_eq!(read(text), Err(PayError::Bill(why)), "{why}");
    }
    let long = good.replace("`autotest,", &format!("`{},", "a".repeat(70_000)));
    assert_eq!(read(&long), Err(PayError::Bill("a line is too long")));
    // Empty lines at the end, no line end at the end, LF alone: still the same.
    for text in [
        format!("{good}\r\n"),
        good.trim_end().to_owned(),
        good.replace("\r\n", "\n"),
    ] {
        assert_eq!(read(&text).unwrap(), read_rows);
    }
}
