//! The pages of the collection rate: every amount leads to its bills, who sees what, what is taken away, the
//! edges of months and of nothing. That the amounts are right is shown in `fee/figures.rs`.

use std::collections::BTreeSet;

use entity::kinds::RoleKind;
use entity::organisation;
use linli::base::fen::Fen;
use linli::base::month::Month;
use linli::fee::stats::Figure;
use linli::report::{money, sheet};
use regex::Regex;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use super::Desk;
use crate::fee::figures::{always, pay, scope, staff, today, town};
use crate::harness::app::TestApp;
use crate::harness::browser::Page;
use crate::payment::bill_for;
use crate::powers::desk_with;

const PAGE: &str = "/console/collection";

/// Amounts of the page with the lists behind them.
fn numbers(page: &Page) -> BTreeSet<(String, String)> {
    let pattern = r#"href="(/console/collection/bills\?[^"]*)">([\d,.]+)</a>"#;
    Regex::new(pattern)
        .unwrap()
        .captures_iter(&page.body)
        .map(|found| {
            let link = found[1].replace("&#38;", "&").replace("&amp;", "&");
            (link, found[2].to_owned())
        })
        .collect()
}

fn query(code: &str) -> String {
    format!(
        "place={}&from=2024-01&until=2026-12",
        code.replace('/', "%2F")
    )
}

#[tokio::test]
async fn every_amount_leads_to_the_bills_that_it_is_the_sum_of() {
    let app = TestApp::start().await;
    town(&app, 5).await;
    for (name, code) in [("冯涛", "HC-XL-CD"), ("沈立", "GY"), ("沈立", "GY/2")] {
        let mut desk = Desk::of(&app, name).await;
        let page = desk.open(&format!("{PAGE}?{}", query(code))).await;
        page.is(200)
            .says("收缴率 = 已缴 ÷ 应收")
            .says("减免和更正都不算已缴")
            .says("<svg")
            .says("逾期31–90天");
        let all = numbers(&page);
        assert!(all.len() > 30, "{code}: {}", all.len());
        for (link, amount) in all {
            let list = desk.open(&link).await;
            list.is(200).says(&format!("合计 <b>{amount}</b> 元"));
        }
    }
    // Of the street the company is a line, and so is who has none.
    let mut officer = Desk::of(&app, "冯涛").await;
    let page = officer.open(&format!("{PAGE}?{}", query("HC-XL-CD"))).await;
    page.says("桂园物业服务公司")
        .says("没有登记物业企业")
        .says("兰园小区");
}

#[tokio::test]
async fn a_list_goes_on_by_key() {
    let app = TestApp::start().await;
    for at in 0..55 {
        let number = (2020 + at / 12) * 100 + at % 12 + 1;
        bill_for(&app, "张秀英", number, 100).await;
    }
    let mut desk = Desk::of(&app, "沈立").await;
    let list = format!("{PAGE}/bills?place=GY&from=2020-01&until=2024-12&figure=left");
    let rows = |page: &Page| page.body.matches("href=\"/console/bills/").count();
    let first = desk.open(&list).await;
    assert_eq!(rows(first.is(200).says("共 55 张")), 50);
    let next = Regex::new("rel=\"next\" href=\"([^\"]*)\"").unwrap();
    let next = next.captures(&first.body).unwrap()[1]
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let second = desk.open(&next).await;
    assert_eq!(rows(second.is(200)), 5);
    assert!(!second.body.contains("rel=\"next\""));
}

#[tokio::test]
async fn what_is_taken_away_is_what_the_page_says_and_no_formula() {
    let app = TestApp::start().await;
    town(&app, 3).await;
    let evil = organisation::ActiveModel {
        name: Set("=HYPERLINK(\"x\")".to_owned()),
        ..Default::default()
    };
    organisation::Entity::update_many()
        .set(evil)
        .filter(organisation::COLUMN.code.eq("WY"))
        .exec(app.store.write())
        .await
        .unwrap();
    let mut desk = Desk::of(&app, "冯涛").await;
    let taken = desk
        .open(&format!("{PAGE}.csv?{}", query("HC-XL-CD")))
        .await;
    taken
        .is(200)
        .says("'=HYPERLINK")
        .says("按物业企业")
        .says("逾期一年以上（元）");
    let report = money::read(
        app.store.read(),
        scope(&app, "HC-XL-CD").await,
        always(),
        today(&app),
    )
    .await
    .unwrap();
    let bytes = sheet::csv(&report.flat()).unwrap();
    assert!(bytes.starts_with("\u{feff}".as_bytes()));
    let plain = String::from_utf8(bytes).unwrap();
    assert_eq!(
        taken.body.trim_start_matches('\u{feff}'),
        plain.trim_start_matches('\u{feff}')
    );
    assert!(plain.contains(&Fen(report.whole.get(Figure::Left)).to_string()));
    let name = taken.headers["content-disposition"].to_str().unwrap();
    assert!(
        name.contains("collection-HC-XL-CD-2024-01-2026-12.csv"),
        "{name}"
    );
    let book = desk
        .open(&format!("{PAGE}.xlsx?{}", query("HC-XL-CD")))
        .await;
    book.is(200);
    assert!(book.body.starts_with("PK"));
}

#[tokio::test]
async fn whoever_may_see_the_accounts_sees_them_within_their_reach() {
    use RoleKind::{
        Administrator, CommitteeChair, CommitteeMember, CommunitySecretary, PropertyManager,
        StreetOfficer, Supervisor,
    };
    let app = TestApp::start().await;
    bill_for(&app, "张秀英", 202_611, 16_110).await;
    bill_for(&app, "韩梅", 202_611, 777_700).await;
    let sees = [
        PropertyManager,
        CommitteeChair,
        CommitteeMember,
        CommunitySecretary,
        StreetOfficer,
        Supervisor,
        Administrator,
    ];
    let here = format!("{PAGE}?{}", query("GY"));
    let list = format!("{PAGE}/bills?{}&figure=left", query("GY"));
    let there = list.replace("GY", "LY");
    for role in <RoleKind as sea_orm::Iterable>::iter() {
        let mut desk = desk_with(&app, role, "GY").await;
        let may = sees.contains(&role);
        for path in [
            &here,
            &list,
            &format!("{PAGE}.csv?{}", query("GY")),
            &format!("{PAGE}.xlsx?{}", query("GY")),
        ] {
            let page = desk.open(path).await;
            page.is(if may { 200 } else { 403 });
            assert!(!page.body.contains("7,777.00"), "{role:?} {path}");
        }
        let figures = desk.open("/console/figures").await;
        if figures.status == 200 {
            assert_eq!(figures.body.contains(PAGE), may, "the menu of {role:?}");
        }
        if may {
            for path in [
                &there,
                &format!("{PAGE}?place=LY"),
                &format!("{PAGE}?place=HC-XL-CD"),
                &format!("{PAGE}.csv?place=LY"),
            ] {
                desk.open(path).await.is(404);
            }
            let sideways = format!("{list}&by=place&key=LY");
            desk.open(&sideways).await.is(404);
        }
    }
    // A community sees all its compounds.
    let mut secretary = Desk::of(&app, "郑洪").await;
    secretary
        .open(&format!("{PAGE}?{}", query("HC-XL-CD-GY")))
        .await
        .is(200)
        .says("7,777.00")
        .says("161.10");
    // Theirs, where nothing is said of a place.
    secretary.open(PAGE).await.is(200).says("桂园社区");
    Desk::stranger(&app).open(PAGE).await.is(303);
}

#[tokio::test]
async fn nothing_is_a_dash_and_what_is_typed_wrong_is_told_beside_its_field() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open(PAGE).await;
    page.is(200)
        .says("共 0 张")
        .says("<p class=\"large\">—</p>")
        .says("没有欠费");
    assert!(numbers(&page).is_empty());
    desk.open(&format!("{PAGE}.csv")).await.is(200).says("—");
    for (typed, field) in [
        ("from=2026-13", "from"),
        ("until=明天", "until"),
        ("from=1999-01", "from"),
    ] {
        let page = desk.open(&format!("{PAGE}?{typed}")).await;
        page.is(200)
            .says(&format!("id=\"{field}-wrong\""))
            .says("例如 2026-11");
    }
    for path in [
        "figure=all",
        "figure=left&by=month&key=209901",
        "figure=left&by=company&key=1",
        "figure=left&by=x&key=1",
        "figure=left&by=place&key=NOWHERE",
    ] {
        desk.open(&format!("{PAGE}/bills?place=GY&{path}"))
            .await
            .is(404);
    }
    // The other way round is turned; a bill of February stands in February.
    bill_for(&app, "张秀英", 202_402, 2_900).await;
    let page = desk
        .open(&format!("{PAGE}?place=GY&from=2024-03&until=2024-02"))
        .await;
    page.is(200)
        .says("2024年2月至2024年3月")
        .says("29.00")
        .says("0.0%");
    // And the board says this year's rate once there are bills of it.
    let board = desk.open("/board/GY").await;
    assert!(!board.body.contains("收缴率"));
    let now = Month::of(today(&app)).number();
    let bill = bill_for(&app, "张秀英", now, 10_000).await;
    let actor = staff(&app, "沈立").await;
    pay(&app, &bill, &actor, 7_500).await;
    let page = desk.open(&format!("{PAGE}?place=GY")).await;
    page.says("75.0%");
    desk.open("/board/GY")
        .await
        .says("收缴率 <b>75.0%</b>")
        .says("已缴 ÷ 应收");
    assert_eq!(app.place("GY").await.id, bill.compound_id);
}
