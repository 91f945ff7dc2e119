//! The figures in the console: every number is its list, the same numbers as everywhere else, who sees
//! which, what is taken away.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use linli::base::clock::china;
use linli::case::stats::span::Span;
use linli::report::{figures, sheet};
use linli::web::assets;
use regex::Regex;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::Desk;
use crate::figures::{scope, town};
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

/// Two months, so that the oldest case is in them.
fn wide(app: &TestApp) -> Span {
    let today = china(app.now()).date_naive();
    Span::new(today - TimeDelta::days(60), today)
}

fn query(code: &str, span: Span) -> String {
    let code = code.replace('/', "%2F");
    format!("place={code}&from={}&until={}", span.first, span.last)
}

/// Numbers of the page with the lists behind them.
fn numbers(page: &Page) -> BTreeSet<(String, usize)> {
    let pattern = r#"href="(/console/figures/cases\?[^"]*)">(\d+)</a>"#;
    Regex::new(pattern)
        .unwrap()
        .captures_iter(&page.body)
        .map(|found| {
            let link = found[1].replace("&#38;", "&").replace("&amp;", "&");
            (link, found[2].parse().unwrap())
        })
        .collect()
}

fn rows(page: &Page) -> usize {
    page.body
        .matches("<th scope=\"row\"><a href=\"/console/cases/")
        .count()
}

#[tokio::test]
async fn every_number_is_the_length_of_its_list() {
    let app = TestApp::start().await;
    town(&app).await;
    let span = wide(&app);
    // Each person may open so many pages in a minute.
    for (name, code) in [("冯涛", "HC-XL-CD"), ("沈立", "GY"), ("周强", "GY/2")] {
        let mut desk = Desk::of(&app, name).await;
        let page = desk
            .open(&format!("/console/figures?{}", query(code, span)))
            .await;
        page.is(200).says("响应率").says("按时响应").says("<svg");
        let all = numbers(&page);
        assert!(all.len() > 30, "{code}: {}", all.len());
        for (link, count) in all {
            let list = desk.open(&link).await;
            list.is(200);
            assert_eq!(rows(&list), count, "{code} {link}");
        }
    }
}

#[tokio::test]
async fn what_draws_charts_comes_with_pages_that_have_some() {
    let app = TestApp::start().await;
    town(&app).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open("/console/figures").await;
    page.is(200)
        .says("<svg class=\"chart\"")
        .says("<table class=\"sheet\" data-steps=\"")
        .says("<th scope=\"col\" class=\"number\" data-plot>提出</th>");
    // The library first; a build without it brings neither.
    let scripts = assets::charts();
    assert_eq!(scripts.is_empty(), assets::path("echarts.js").is_none());
    let tag = |path: &&str| format!("<script src=\"{path}\" defer></script>\n");
    page.says(&scripts.iter().map(tag).collect::<String>());
    let money = desk.open("/console/collection").await;
    money
        .is(200)
        .says(&scripts.iter().map(tag).collect::<String>());
    let tasks = desk.open("/console/tasks").await;
    tasks.is(200);
    for page in [tasks, desk.open("/console/figures/cases").await] {
        assert!(!page.body.contains("charts-"), "{}", page.body);
    }
}

#[tokio::test]
async fn the_numbers_are_those_of_the_export_and_of_the_board() {
    let app = TestApp::start().await;
    town(&app).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let month = Span::month_of(app.now());
    let report = figures::read(app.store.read(), scope(&app, "GY").await, month)
        .await
        .unwrap();
    let page = desk.open("/console/figures").await;
    page.is(200).says(&month.says());
    let board = desk.open("/board/GY").await;
    for rate in linli::case::stats::RATES {
        let says = rate.says(&report.whole);
        page.says(&format!("<p class=\"large\">{says}</p>"))
            .says(&rate.formula());
        board.says(&format!("{}<b>{says}</b>", rate.name));
    }
    let taken = desk
        .open(&format!("/console/figures.csv?{}", query("GY", month)))
        .await;
    taken.is(200);
    assert_eq!(
        taken.body.trim_start_matches('\u{feff}'),
        String::from_utf8(sheet::csv(&report.flat()).unwrap())
            .unwrap()
            .trim_start_matches('\u{feff}')
    );
    let name = taken.headers["content-disposition"].to_str().unwrap();
    assert!(
        name.starts_with("attachment") && name.ends_with(".csv\""),
        "{name}"
    );
    let book = desk.open("/console/figures.xlsx?place=GY").await;
    book.is(200);
    assert!(book.body.starts_with("PK"));
}

#[tokio::test]
async fn the_cases_behind_a_number_are_taken_away() {
    let app = TestApp::start().await;
    town(&app).await;
    let span = wide(&app);
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk
        .open(&format!("/console/figures?{}", query("GY", span)))
        .await;
    let all = numbers(&page);
    let file = Regex::new(r#"href="(/console/figures/cases\.csv\?[^"]*)""#).unwrap();
    for group in ["", "&by=kind", "&by=level", "&by=time"] {
        let number = all.iter().find(|(link, _)| link.contains(group));
        let (link, count) = number.unwrap_or_else(|| panic!("{group}: {all:?}"));
        let list = desk.open(link).await;
        let file = file.captures(&list.body).unwrap()[1].replace("&#38;", "&");
        let csv = desk.open(&file).await;
        csv.is(200).says("编号,种类,内容,状态");
        let rows = csv.body.lines().count() - 1;
        assert_eq!(rows, *count, "{link}");
        let name = csv.headers["content-disposition"].to_str().unwrap();
        assert!(name.contains("\"cases-GY-"), "{name}");
        let book = desk.open(&file.replace("cases.csv", "cases.xlsx")).await;
        assert!(book.is(200).body.starts_with("PK"));
    }
    for path in [
        "/console/figures/cases.csv?place=LY&figure=filed",
        "/console/figures/cases.xlsx?place=GY&figure=nonsense",
    ] {
        desk.open(path).await.is(404);
    }
}

#[tokio::test]
async fn a_pages_list_goes_on_by_key() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    for at in 0..35 {
        resident.says(&format!("建议 第{at}盏灯换一换")).await;
    }
    let mut desk = Desk::of(&app, "孙梅").await;
    let link = "/console/figures/cases?place=GY%2F1&figure=filed&by=kind&key=suggestion";
    let first = desk.open(link).await;
    assert_eq!(rows(first.is(200)), 30);
    let next = Regex::new(r#"rel="next" href="([^"]*)""#).unwrap();
    let next = next.captures(&first.body).unwrap()[1].replace("&#38;", "&");
    let second = desk.open(&next).await;
    assert_eq!(rows(second.is(200)), 5);
    assert!(!second.body.contains("rel=\"next\""));
}

#[tokio::test]
async fn what_is_not_theirs_is_not_there() {
    let app = TestApp::start().await;
    town(&app).await;
    let mut steward = Desk::of(&app, "孙梅").await;
    steward.open("/console/figures").await.is(200).says("1栋");
    for path in [
        "/console/figures?place=GY",
        "/console/figures?place=GY%2F2",
        "/console/figures?place=NOWHERE",
        "/console/figures?place=GY%2F1-1-101",
        "/console/figures.csv?place=GY%2F2",
        "/console/figures.xlsx?place=LY",
        "/console/figures/cases?place=GY&figure=filed",
        "/console/figures/cases?place=GY%2F1&figure=filed&by=place&key=GY%2F2",
        "/console/figures/cases?place=GY%2F1&figure=nonsense",
        "/console/figures/cases?place=GY%2F1&figure=filed&by=nonsense&key=1",
        "/console/figures/cases?place=GY%2F1",
    ] {
        steward.open(path).await.is(404);
    }
    steward
        .open("/console/figures?from=gestern&until=2026-02-30")
        .await
        .is(200)
        .says("日期写成")
        .says("id=\"until-wrong\"");
    steward
        .open("/console/figures?from=%2B262142-12-31&until=9999-01-01")
        .await
        .is(200);
    let mut stranger = Desk::stranger(&app);
    stranger.open("/console/figures.csv?place=GY").await.is(303);
}

/// Opens figures until they are there; until then each page says so and when the browser comes back.
async fn counted(desk: &mut Desk<'_>, path: &str) -> Page {
    for _ in 0..500 {
        let page = desk.open(path).await;
        if page.status != 202 {
            return page;
        }
        page.says("正在统计");
        let again = page.headers["refresh"].to_str().unwrap();
        assert!(again.starts_with("2; url=/console/figures"), "{again}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} is never counted")
}

#[tokio::test]
async fn what_takes_long_is_counted_behind_a_page_and_shown_as_of_then() {
    let plan = TestApp::plan().set("CONSOLE__FIGURES_WAIT_MS", "0");
    let app = plan.start().await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 电梯停了").await;
    let (mut manager, mut officer) = (Desk::of(&app, "沈立").await, Desk::of(&app, "冯涛").await);
    let tomorrow = china(app.now()).date_naive() + TimeDelta::days(1);
    let asked = query("GY", Span::new(tomorrow - TimeDelta::days(9), tomorrow));
    let path = format!("/console/figures?{asked}");
    manager.open(&path).await.is(202).says("几秒后自动显示");
    let page = counted(&mut manager, &path).await;
    page.is(200).says("共 1 件").says("重新统计");
    assert!(!page.body.contains("截至现在"), "{}", page.body);
    for (link, count) in numbers(&page) {
        let list = manager.open(&link).await;
        list.is(200).says("数据统计到");
        assert_eq!(rows(&list), count, "{link}");
    }
    // Shown to whoever may see the place, and to nobody else; a new case is in it when somebody wants it of now.
    resident.says("报修 路灯不亮").await;
    officer.open(&path).await.is(200).says("共 1 件");
    let mut steward = Desk::of(&app, "孙梅").await;
    for path in [&path, &format!("/console/figures.csv?{asked}")] {
        steward.open(path).await.is(404);
    }
    let to = officer
        .open(&format!("{path}&anew=1"))
        .await
        .is(303)
        .to
        .clone();
    let to = to.unwrap();
    assert!(to.starts_with(&format!("{path}&since=")), "{to}");
    counted(&mut officer, &to).await.is(200).says("共 2 件");
    manager.open(&path).await.is(200).says("共 2 件");
    let csv = manager.open(&format!("/console/figures.csv?{asked}")).await;
    csv.is(200).says("按类型,报修,2");
    // And in any case some minutes later.
    resident.says("报修 水管漏水").await;
    app.advance(6).await;
    counted(&mut manager, &path).await.is(200).says("共 3 件");
    // No figures are from after now.
    let far = format!("{path}&since=99999999999999");
    manager.open(&far).await.is(202);
}

#[tokio::test]
async fn what_is_quick_is_of_now() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, "沈立").await;
    for count in 1..4 {
        resident.says(&format!("报修 第{count}盏灯不亮")).await;
        let page = desk.open("/console/figures").await;
        page.is(200)
            .says("截至现在")
            .says(&format!("共 {count} 件"));
        assert!(!page.body.contains("重新统计"), "{}", page.body);
    }
}

#[tokio::test]
async fn no_name_becomes_markup_or_a_formula() {
    let app = TestApp::start().await;
    town(&app).await;
    for (code, name) in [
        ("GY", "=1+1<script>alert(1)</script>"),
        ("GY/1", "@SUM(<b>x"),
    ] {
        let found = app.place(code).await;
        let mut change = found.into_active_model();
        change.name = Set(name.to_owned());
        change.update(app.store.write()).await.unwrap();
    }
    let mut desk = Desk::of(&app, "沈立").await;
    let evil = "%3Cscript%3Ealert(1)%3C/script%3E";
    for path in [
        "/console/figures?place=GY".to_owned(),
        "/console/figures/cases?place=GY&figure=filed".to_owned(),
        format!("/console/figures?place=GY&from={evil}"),
        format!("/console/figures/cases?place=GY&figure=filed&by=kind&key={evil}&from={evil}"),
    ] {
        let page = desk.open(&path).await;
        assert!(!page.body.contains("<script>alert"), "{path}");
        assert!(!page.body.contains("<b>x"), "{path}");
    }
    let csv = desk.open("/console/figures.csv?place=GY").await;
    csv.says("'=1+1").says("'@SUM(");
    for line in csv.body.trim_start_matches('\u{feff}').lines() {
        for cell in line.split(',') {
            let cell = cell.trim_start_matches('"');
            assert!(!cell.starts_with(['=', '@', '+', '-']), "{line}");
        }
    }
}
