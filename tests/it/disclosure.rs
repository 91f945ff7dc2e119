//! Published months: from the books over the console to every home's phone and the public board; what can
//! never be changed; questions that become cases; who may not.

use chrono::NaiveDate;
use entity::money::EntryKind;
use entity::{case, disclosure, notice, reminder};
use linli::base::month::Month;
use linli::disclosure::seal;
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post};
use linli::sandbox::{Api, Fault};
use linli::web::assets;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::console::Desk;
use crate::expense::spent;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

/// The month before the one in which the test runs: it is over.
fn over(app: &TestApp) -> Month {
    let today = linli::base::clock::china(app.now()).date_naive();
    let first = Month::of(today).first();
    Month::of(first.pred_opt().unwrap())
}

async fn book(
    app: &TestApp,
    cause: &str,
    day: NaiveDate,
    debit: Account,
    credit: Account,
    fen: i64,
) {
    let draft = Draft {
        compound_id: app.place("GY").await.id,
        day,
        cause: cause.to_owned(),
        kind: EntryKind::Payment,
        memo: "一笔".to_owned(),
        reverses: None,
        transfers: vec![Transfer {
            debit,
            credit,
            amount: fen,
        }],
    };
    let mut tx = app.store.begin(app.now()).await.unwrap();
    post(&mut tx, None, &[draft]).await.unwrap();
    tx.commit().await.unwrap();
}

/// A month with something on both sides.
pub async fn books(app: &TestApp) -> Month {
    let month = over(app);
    let day = month.first();
    let (owed, bank) = (Account::Receivable, Account::Bank);
    book(app, "bill:1", day, owed, Account::IncomeProperty, 1_234_505).await;
    book(app, "payment:1", day, bank, owed, 1_000_000).await;
    spent(app, "GY", Account::ExpenseRepair, 80_000, month.last()).await;
    month
}

pub async fn publish(desk: &mut Desk<'_>, month: &str, reason: &str) -> Page {
    let fields = [("place", "GY"), ("month", month), ("reason", reason)];
    desk.send("/console/account", "/console/accounts", &fields)
        .await
}

async fn get(app: &TestApp, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{}{path}", app.url())).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

async fn all(app: &TestApp) -> Vec<disclosure::Model> {
    let rows = disclosure::Entity::find()
        .order_by_asc(disclosure::COLUMN.position)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

/// How many notices were written.
async fn notices(app: &TestApp) -> u64 {
    let rows = notice::Entity::find();
    rows.count(app.store.read()).await.unwrap()
}

#[tokio::test]
async fn a_month_goes_from_the_books_to_every_home() {
    let app = TestApp::start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let han = app.resident("韩梅").await;
    let month = books(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    let page = format!("/console/accounts?place=GY&month={month}");
    chair
        .open(&page)
        .await
        .is(200)
        .says("12,345.05")
        .says("公布后谁也改不了");
    publish(&mut chair, &month.to_string(), "").await.is(303);
    for person in [&zhang, &liu] {
        let push = person.expects_push("财务公开").await;
        assert!(push.contains("收入 12,345.05 元，支出 800.00 元"), "{push}");
        assert!(
            push.contains(&format!("/board/GY/accounts/{month}")),
            "{push}"
        );
    }
    app.drain().await;
    let told = |pushes: Vec<String>| {
        pushes
            .iter()
            .filter(|text| text.contains("财务公开"))
            .count()
    };
    assert_eq!(told(zhang.pushes()), 1);
    assert_eq!(told(han.pushes()), 0, "told another compound");
    chair.open(&page).await.says("已公布，账没有变过");

    let board = format!("/board/GY/accounts/{month}");
    let (status, html) = get(&app, &board).await;
    assert_eq!(status, 200);
    for words in ["12,345.05", "物业费", "维修", "历年结余", "11,545.05"] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let (_, text) = get(&app, &format!("{board}.txt")).await;
    let row = &all(&app).await[0];
    assert_eq!(seal::hash(&text), row.hash);
    assert!(html.contains(&row.hash));
    let (status, book) = get(&app, &format!("{board}.xlsx")).await;
    assert!(status == 200 && book.starts_with("PK"), "{status}");
    let (_, list) = get(&app, "/board/GY/accounts").await;
    assert!(list.contains(&month.says()), "{list}");
    let (_, main) = get(&app, "/board/GY").await;
    assert!(main.contains("/board/GY/accounts"));
    for nothing in [
        "/board/GY/accounts/2020-01",
        "/board/LY/accounts/2026-10",
        "/board/NO/accounts",
    ] {
        assert_eq!(get(&app, nothing).await.0, 404, "{nothing}");
    }
    for odd in [
        "x",
        "2026-13",
        "2026-10.exe",
        "2026-10.v9.txt",
        "2026-10.v.txt",
        "....",
        "%00",
    ] {
        let (status, _) = get(&app, &format!("/board/GY/accounts/{odd}")).await;
        assert!((400..500).contains(&status), "{odd}: {status}");
    }
}

#[tokio::test]
async fn a_month_with_something_to_compare_is_charted_and_brings_what_draws_it_anew() {
    let app = TestApp::start().await;
    let month = books(&app).await;
    let (owed, day) = (Account::Receivable, month.first());
    book(&app, "bill:2", day, owed, Account::IncomeParking, 50_000).await;
    let mut chair = Desk::of(&app, "卫东").await;
    publish(&mut chair, &month.to_string(), "").await.is(303);
    let (_, html) = get(&app, &format!("/board/GY/accounts/{month}")).await;
    let scripts = assets::charts();
    assert_eq!(scripts.is_empty(), assets::path("echarts.js").is_none());
    let scripts = scripts.iter();
    let tags: String = scripts
        .map(|path| format!("<script src=\"{path}\" defer></script>\n"))
        .collect();
    // One of two incomes; one expense alone is nothing to compare.
    assert_eq!(html.matches("<svg class=\"chart\"").count(), 1, "{html}");
    assert_eq!(html.matches(" data-plot>本月（元）").count(), 1, "{html}");
    assert!(html.contains(&tags), "{html}");
    // What is hung up and what hangs in the lobby is drawn by the server alone.
    for page in ["/board/GY", "/board/GY?screen=1", "/board/GY/accounts"] {
        let (_, html) = get(&app, page).await;
        assert!(!html.contains("charts-"), "{page}: {html}");
    }
}

#[tokio::test]
async fn a_correction_is_a_new_version_that_shows_what_changed() {
    let app = TestApp::start().await;
    let month = books(&app).await;
    let path = month.to_string();
    let mut chair = Desk::of(&app, "卫东").await;
    publish(&mut chair, &path, "").await.is(303);
    publish(&mut chair, &path, "没有变")
        .await
        .is(409)
        .says("没有变过");
    spent(&app, "GY", Account::ExpenseStaff, 12_300, month.last()).await;
    let page = format!("/console/accounts?place=GY&month={path}");
    chair.open(&page).await.says("公布以后账有变动");
    publish(&mut chair, &path, " ")
        .await
        .is(422)
        .says("请写明为什么更正");
    let phone = "请打13800000000";
    publish(&mut chair, &path, phone)
        .await
        .is(422)
        .says("长号码");
    publish(&mut chair, &path, &"长".repeat(201))
        .await
        .is(422)
        .says("太长");
    publish(&mut chair, &path, "漏记了<b>保洁</b>工资")
        .await
        .is(303);
    let (_, html) = get(&app, &format!("/board/GY/accounts/{path}")).await;
    assert!(html.contains("漏记了&lt;b&gt;保洁&lt;/b&gt;工资"), "{html}");
    assert!(html.contains("第2版"), "{html}");
    let (_, old) = get(&app, &format!("/board/GY/accounts/{path}.v1")).await;
    assert!(!old.contains("漏记了") && old.contains("第1版"), "{old}");
    // The chain: each bears the digest of the one before, and each text has its digest.
    let rows = all(&app).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].previous_hash, seal::FIRST);
    assert_eq!(rows[1].previous_hash, rows[0].hash);
    for row in &rows {
        let text = get(
            &app,
            &format!("/board/GY/accounts/{path}.v{}.txt", row.version),
        )
        .await
        .1;
        assert_eq!(seal::hash(&text), row.hash);
    }
    for table in ["disclosure", "disclosure_line"] {
        for statement in [
            format!(r#"UPDATE "{table}" SET "position" = 9"#),
            format!(r#"DELETE FROM "{table}""#),
        ] {
            let refused = app.store.write().execute_unprepared(&statement).await;
            assert!(refused.is_err(), "{statement}");
        }
    }
}

#[tokio::test]
async fn only_what_is_over_is_published_and_only_by_whoever_may() {
    let app = TestApp::start().await;
    let month = books(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    let now = month.next().to_string();
    publish(&mut chair, &now, "")
        .await
        .is(409)
        .says("还没有结束");
    publish(&mut chair, "2020-01", "")
        .await
        .is(409)
        .says("还没有任何一笔");
    publish(&mut chair, "soon", "").await.is(422);
    for name in ["孙梅", "蒋平", "褚亮"] {
        let mut other = Desk::of(&app, name).await;
        let refused = publish(&mut other, &month.to_string(), "").await;
        assert!(
            [403, 404].contains(&refused.status),
            "{name}: {}",
            refused.status
        );
        let seen = other.open("/console/accounts?place=GY").await;
        assert!([403, 404].contains(&seen.status), "{name}: {}", seen.status);
    }
    assert!(all(&app).await.is_empty());
    assert_eq!(notices(&app).await, 0);
}

#[tokio::test]
async fn published_at_once_on_two_instances_there_is_one() {
    let app = TestApp::with_instances(2).await;
    let month = books(&app).await.to_string();
    let mut desks = Vec::new();
    for name in ["卫东", "沈立", "郑洪", "卫东"] {
        desks.push(Desk::of(&app, name).await);
    }
    let tries = desks.iter_mut().map(|desk| publish(desk, &month, ""));
    let tries = futures_util::future::join_all(tries).await;
    let done = tries.iter().filter(|page| page.status == 303).count();
    let refused = tries
        .iter()
        .filter(|page| [409, 503].contains(&page.status))
        .count();
    assert_eq!((done, refused), (1, 3));
    assert_eq!((all(&app).await.len(), notices(&app).await), (1, 1));
}

#[tokio::test]
async fn a_question_about_a_line_is_a_case_that_must_be_answered() {
    let app = TestApp::start().await;
    let (zhang, han) = (app.resident("张秀英").await, app.resident("韩梅").await);
    let said = zhang.says("财务").await;
    assert!(said.contains("还没有公布过账"), "{said}");
    let month = books(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    publish(&mut chair, &month.to_string(), "").await.is(303);
    let said = zhang.says("财務").await;
    assert!(said.contains("收入 12,345.05 元"), "{said}");
    let line = regex::Regex::new(r"(\d+) 维修 800.00元").unwrap();
    let number = line.captures(&said).unwrap()[1].to_owned();
    let same = zhang.says(&format!("财务 {}", month.says())).await;
    assert_eq!(said, same);
    let none = zhang.says("财务 2020-01").await;
    assert!(
        none.contains("还没有公布") && none.contains(&month.to_string()),
        "{none}"
    );
    assert!(zhang.says("财务 上个月").await.contains("请写成 2026-11"));

    for (wrong, words) in [
        ("质询".to_owned(), "请写明哪一行"),
        (format!("质询 {number}"), "请写下您的问题"),
        ("质询 999999 这是什么".to_owned(), "没有编号999999"),
    ] {
        let said = zhang.says(&wrong).await;
        assert!(said.contains(words), "{wrong}: {said}");
    }
    let stranger = han.says(&format!("质询 {number} 这是什么")).await;
    assert!(stranger.contains("没有编号"), "{stranger}");
    let said = zhang.says(&format!("质询 {number} 修了哪里？")).await;
    let case = zhang.case().await;
    assert!(said.contains(&format!("#{}", case.id)), "{said}");
    assert!(
        case.text.contains("“维修 800.00元”：修了哪里？"),
        "{}",
        case.text
    );
    assert_eq!(case.category.as_deref(), Some("fee"));
    let filed = case::Entity::find().all(app.store.read()).await.unwrap();
    assert_eq!(filed.len(), 1);
    let stranger = han.says("财务").await;
    assert!(stranger.contains("还没有公布过账"), "{stranger}");
}

/// To so many minutes after China's midnight before the next month's first day.
fn into_next_month(app: &TestApp, minutes: i64) {
    let today = linli::base::clock::china(app.now()).date_naive();
    let first = Month::of(today).next().first();
    let to = linli::base::clock::begin_of(first) + chrono::TimeDelta::minutes(minutes);
    app.clock.advance(to - app.now());
}

#[tokio::test]
async fn a_month_is_not_published_before_its_last_day_is_compared() {
    let app = TestApp::start().await;
    crate::payment::open_counter(&app).await;
    into_next_month(&app, 9 * 60);
    let month = books(&app).await;
    let path = month.to_string();
    let mut chair = Desk::of(&app, "卫东").await;
    publish(&mut chair, &path, "")
        .await
        .is(409)
        .says("还没有和微信支付对账");
    assert!(all(&app).await.is_empty());
    app.clock.advance(chrono::TimeDelta::minutes(91));
    crate::payment::days::plan(&app).await;
    app.drain().await;
    publish(&mut chair, &path, "").await.is(303);
}

#[tokio::test]
async fn what_cannot_be_compared_holds_a_month_up_for_a_week() {
    let app = TestApp::start().await;
    crate::payment::open_counter(&app).await;
    let broken = Fault::new(Api::Paybill, "error:SYSTEM_ERROR", None);
    assert!(app.platform.set_fault(broken));
    into_next_month(&app, 7 * 24 * 60 - 60);
    let month = books(&app).await;
    let path = month.to_string();
    let mut chair = Desk::of(&app, "卫东").await;
    publish(&mut chair, &path, "")
        .await
        .is(409)
        .says(&month.last().to_string());
    app.clock.advance(chrono::TimeDelta::minutes(61));
    publish(&mut chair, &path, "").await.is(303);
}

#[tokio::test]
async fn months_that_have_changed_stand_out_in_the_list() {
    let app = TestApp::start().await;
    let month = books(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    publish(&mut chair, &month.to_string(), "").await.is(303);
    let list = "/console/accounts?place=GY";
    let page = chair.open(list).await;
    page.says("（已公布）");
    assert!(!page.body.contains("账有变动"), "{}", page.body);
    // A later entry of an earlier month changes what the published one begins with.
    let before = month.before().last();
    let (bank, opening) = (Account::Bank, Account::Opening);
    book(&app, "opening:1", before, bank, opening, 500).await;
    chair.open(list).await.says("（已公布，账有变动，请更正）");
    let path = month.to_string();
    publish(&mut chair, &path, "漏记了期初").await.is(303);
    let page = chair.open(list).await;
    page.says("（已公布，第2版）");
}

#[tokio::test]
async fn whoever_may_publish_is_asked_every_few_days_until_it_is_done() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    // On the third, at eleven.
    into_next_month(&app, 2 * 24 * 60 + 11 * 60);
    chair.says("帮助").await;
    let month = books(&app).await;
    look_twice(&app).await;
    let push = chair.expects_push("的账还没有公布").await;
    assert!(push.contains(&month.says()), "{push}");
    let asked = |text: &&String| text.contains("还没有公布");
    assert_eq!(chair.pushes().iter().filter(asked).count(), 1);
    // Not on the fourth, again on the fifth, not on the sixth, again on the eighth.
    for (days, times) in [(1, 1), (1, 2), (1, 2), (2, 3)] {
        app.clock.advance(chrono::TimeDelta::days(days));
        chair.says("帮助").await;
        look_twice(&app).await;
        assert_eq!(chair.pushes().iter().filter(asked).count(), times);
    }
    // Once it is published nobody is asked any more.
    let mut desk = Desk::of(&app, "卫东").await;
    publish(&mut desk, &month.to_string(), "").await.is(303);
    app.drain().await;
    let before = reminders_of(&app).await;
    app.clock.advance(chrono::TimeDelta::days(3));
    look_twice(&app).await;
    assert_eq!(reminders_of(&app).await, before);
    assert_eq!(chair.pushes().iter().filter(asked).count(), 3);
}

/// Lets the clock look at the months, twice on a day.
async fn look_twice(app: &TestApp) {
    for _ in 0..2 {
        for work in linli::disclosure::ask::WORKS {
            (work.run)(&app.store, app.now()).await.unwrap();
        }
        app.drain().await;
    }
}

/// How many were asked to publish.
async fn reminders_of(app: &TestApp) -> usize {
    let rows = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("disclosure.unpublished"))
        .all(app.store.read())
        .await;
    rows.unwrap().len()
}
