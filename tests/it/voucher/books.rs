//! The books as whoever sees the money reads them: account by account, month by month, a page at a time, as a
//! file, and from each line of a month to its entries and on to what they were booked for.

use entity::money::EntryKind;
use linli::base::month::Month;
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post};
use regex::Regex;

use super::{PUBLIC_BANK, book, booked, both, entries, today};
use crate::console::Desk;
use crate::disclosure::books;
use crate::harness::app::TestApp;

#[tokio::test]
async fn from_a_line_of_a_month_to_its_entries_and_their_causes() {
    let app = TestApp::start().await;
    let month = books(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    let page = format!("/console/accounts?place=GY&month={month}");
    let shown = chair.open(&page).await;
    let link = Regex::new(r#"href="(/console/ledger\?[^"]*repair[^"]*)""#).unwrap();
    let link = link
        .captures(&shown.is(200).body)
        .expect("no way to the entries");
    let link = link[1].replace("&#38;", "&").replace("&amp;", "&");
    let list = chair.open(&link).await;
    list.is(200)
        .says("维修")
        .says("800.00")
        .says("银行存款")
        .says("支出");
    let entry = Regex::new(r#"href="(/console/ledger/\d+)""#).unwrap();
    let entry = entry.captures(&list.body).expect("no entry")[1].to_owned();
    let one = chair.open(&entry).await;
    one.is(200).says("看支出").says("expense:").says("800.00");
    let cause = Regex::new(r#"href="(/console/expenses/\d+)""#).unwrap();
    let cause = cause.captures(&one.body).expect("no way to the cause")[1].to_owned();
    chair.open(&cause).await.is(200);
    // What is no account of the books leads nowhere, and another month is another list.
    assert!(!shown.body.contains("surplus"), "{}", shown.body);
    let later = link.replace(&month.to_string(), &month.next().to_string());
    chair.open(&later).await.is(200).says("没有分录");
    // What was there before a month is there at its beginning.
    let bank = "/console/ledger?compound=GY&account=assets:bank";
    let next = chair.open(&format!("{bank}&month={}", month.next())).await;
    next.is(200).says("期初").says("9,200.00");
}

#[tokio::test]
async fn a_long_month_leads_on_and_comes_as_a_file() {
    let app = TestApp::start().await;
    let month = Month::of(today(&app)).before();
    let gy = app.place("GY").await.id;
    let drafts: Vec<Draft> = (1..=120)
        .map(|n| Draft {
            compound_id: gy,
            day: month.day(1 + n % 28),
            cause: format!("payment:{n}:paid"),
            kind: EntryKind::Payment,
            memo: format!("=缴费 {n}"),
            reverses: None,
            transfers: vec![Transfer {
                debit: Account::Cash,
                credit: Account::Receivable,
                amount: i64::from(n),
            }],
        })
        .collect();
    let mut tx = app.store.begin(app.now()).await.unwrap();
    post(&mut tx, None, &drafts).await.unwrap();
    tx.commit().await.unwrap();
    // Of another account, which is not on the list.
    let other = (Account::Bank, Account::IncomeOther, 5);
    book(&app, "test:1", EntryKind::Income, month.first(), other).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let query = format!("compound=GY&account=assets:cash&month={month}");
    let mut to = format!("/console/ledger?{query}");
    let line = Regex::new(r##"<a href="/console/ledger/(\d+)">#"##).unwrap();
    let next = Regex::new(r#"rel="next" href="([^"]+)""#).unwrap();
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = desk.open(&to).await;
        let hits = line.captures_iter(&page.is(200).body);
        found.extend(hits.map(|hit| hit[1].parse::<i64>().unwrap()));
        pages += 1;
        let Some(hit) = next.captures(&page.body) else {
            break;
        };
        to = hit[1].replace("&#38;", "&").replace("&amp;", "&");
    }
    let mut wanted: Vec<_> = entries(&app).await;
    wanted.retain(|entry| entry.cause != "test:1");
    wanted.sort_by_key(|entry| (entry.day, entry.id));
    let wanted: Vec<i64> = wanted.iter().map(|entry| entry.id).collect();
    assert_eq!((found, pages), (wanted, 3));

    let csv = desk.open(&format!("/console/ledger.csv?{query}")).await;
    let text = &csv.is(200).body;
    assert!(text.starts_with("\u{feff}日期,分录"), "{text:.60}");
    assert_eq!(text.lines().count(), 121);
    assert!(
        text.contains("'=缴费 7") && text.contains("应收费用"),
        "{text}"
    );
    let kept = csv.headers["content-disposition"].to_str().unwrap();
    assert!(kept.contains("ledger-GY-assets-cash"), "{kept}");
    let xlsx = desk.open(&format!("/console/ledger.xlsx?{query}")).await;
    assert!(xlsx.is(200).body.starts_with("PK"));
}

#[tokio::test]
async fn what_is_not_there_is_said_kindly() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    booked(&mut first, &mut second, PUBLIC_BANK, "20").await;
    second
        .open("/console/ledger")
        .await
        .is(200)
        .says("银行存款")
        .says("公共收益");
    for (path, status) in [
        ("/console/ledger?account=assets:gold", 404),
        ("/console/ledger?compound=XX", 404),
        ("/console/ledger?account=assets:bank&after=x", 422),
        ("/console/ledger.csv", 422),
        ("/console/ledger.xlsx?account=", 422),
        ("/console/ledger/0", 404),
        ("/console/ledger/x", 404),
        ("/console/ledger/99999999999999999999", 404),
    ] {
        second.open(path).await.is(status);
    }
    second
        .open("/console/ledger?month=soon")
        .await
        .is(200)
        .says("请写月份");
    // An account that was never used.
    second
        .open("/console/ledger?account=expenses:staff")
        .await
        .is(200)
        .says("没有分录");
}
