//! The public pages and the console: every text is text.

use chrono::TimeDelta;
use entity::{organisation, station};
use linli::activity::link::public_path;
use linli::base::clock::china;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::{HIDDEN, House, SCRIPT, WORDS, start};
use crate::console::{Desk, administrator};
use crate::giving::drives;
use crate::harness::app::TestApp;

/// What stands on no page: what people wrote, taken for markup.
const MARKUP: [&str; 5] = [
    "<script>x",
    "<a href=//e.cn",
    "href=\"javascript",
    "href='javascript",
    "\" onload=a",
];

/// Whether a page shows words as words.
fn expect_words(path: &str, html: &str) {
    for raw in MARKUP {
        assert!(!html.contains(raw), "«{raw}» on {path}: {html}");
    }
    for hidden in HIDDEN {
        assert!(!html.contains(hidden), "{hidden:?} on {path}: {html}");
    }
}

/// Whether the words are there, escaped.
fn expect_shown(path: &str, html: &str) {
    let named = SCRIPT.replace('<', "&lt;").replace('>', "&gt;");
    let numbered = SCRIPT.replace('<', "&#60;").replace('>', "&#62;");
    assert!(
        html.contains(&named) || html.contains(&numbered),
        "nothing of it on {path}: {html}"
    );
}

async fn drive(desk: &mut Desk<'_>, words: &str) -> i64 {
    let new = "/console/giving/new";
    let fields = [
        ("compound", "GY"),
        ("title", words),
        ("text", words),
        ("goal", ""),
        ("from", "2020-01-01"),
        ("to", ""),
    ];
    desk.send(new, new, &fields).await.is(303);
    let id = drives(desk.app).await.pop().unwrap().id;
    let path = format!("/console/giving/{id}");
    desk.send(&path, &format!("{path}/open"), &[]).await.is(303);
    id
}

async fn a_station(desk: &mut Desk<'_>, words: &str) -> i64 {
    let from = "/console/stations";
    let fields = [
        ("place", "GY"),
        ("name", words),
        ("spot", words),
        ("hours", "每天全天"),
        ("facilities", words),
    ];
    desk.send(from, &format!("{from}/add"), &fields)
        .await
        .is(303);
    let newest = station::Entity::find().order_by_desc(station::COLUMN.id);
    let newest = newest.one(desk.app.store.read()).await.unwrap();
    let id = newest.unwrap().id;
    let one = format!("{from}/{id}");
    let room = [("room", words), ("seats", "9")];
    desk.send(&one, &format!("{one}/do/room"), &room)
        .await
        .is(303);
    let code = format!("a-{id}");
    let thing = [
        ("code", code.as_str()),
        ("thing", words),
        ("quantity", "1"),
        ("days", "3"),
    ];
    desk.send(&one, &format!("{one}/do/thing"), &thing)
        .await
        .is(303);
    id
}

async fn body_of(app: &TestApp, code: &str) -> String {
    let found = organisation::Entity::find().filter(organisation::COLUMN.code.eq(code));
    let found = found.one(app.store.read()).await.unwrap();
    found.expect("no such organisation").id.to_string()
}

/// An alliance with the company in it, and what that did.
async fn alliance(admin: &mut Desk<'_>, desk: &mut Desk<'_>, number: usize, words: &str) {
    let new = "/console/organisations/new";
    let code = format!("LM-{number}");
    let fields = [
        ("code", code.as_str()),
        ("name", words),
        ("kind", "alliance"),
        ("place", "GY"),
        ("parent", ""),
        ("credit_code", ""),
        ("service_phone", ""),
        ("service_hours", words),
    ];
    admin.send(new, new, &fields).await.is(303);
    let id = body_of(desk.app, &code).await;
    let company = body_of(desk.app, "WY").await;
    let page = "/console/agreements";
    let whose = [("compound", "GY"), ("organisation", company.as_str())];
    desk.send(page, &format!("/console/alliance/{id}/join"), &whose)
        .await
        .is(303);
    let today = china(desk.app.now()).date_naive().to_string();
    let mut did = whose.to_vec();
    did.extend([("text", words), ("served", "3"), ("on_day", today.as_str())]);
    desk.send(page, &format!("/console/alliance/{id}/record"), &did)
        .await
        .is(303);
}

/// Enters some minutes of somebody's in a task, a while after those of the one before.
async fn hours(house: &House<'_>, task: i64, number: i64, volunteer: &str) {
    let time = |minutes: i64| {
        let at = house.app.now() - TimeDelta::hours(3) + TimeDelta::minutes(minutes);
        china(at).to_rfc3339()
    };
    let body = json!({
        "volunteer_id": volunteer,
        "from": time(number * 20), "until": time(number * 20 + 10),
    });
    let api = house.app.api(&house.chair).await;
    let entered = api
        .post(&format!("/volunteer-tasks/{task}/hours"), &body)
        .await;
    assert_eq!(entered.status, 200, "{entered:?}");
}

/// The sheet of a year, by the link that its owner gets.
async fn record(house: &House<'_>) -> String {
    let mine = house.zhang.says("我的志愿").await;
    let address = regex::Regex::new(r"https?://[^/\s]+(/volunteer/\S+)").unwrap();
    let found = address.captures(&mine);
    found.unwrap_or_else(|| panic!("{mine}"))[1].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_every_page_words_are_words() {
    let app = start().await;
    let house = House::of(&app).await;
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let mut desk = Desk::of(&app, "卫东").await;
    house.zhang.says("志愿报名").await;
    let own = app.api(&house.zhang).await.get("/volunteer").await;
    let volunteer = own.json["items"][0]["id"].as_str().unwrap().to_owned();
    let (mut public, mut own) = (Vec::new(), Vec::new());
    for (number, words) in WORDS.into_iter().enumerate() {
        let drive = drive(&mut desk, words).await;
        public.push(format!("/board/GY/giving?drive={drive}"));
        own.push(format!("/console/giving/{drive}"));
        let activity = house.activity(words).await;
        public.push(public_path(&app.instances[0].app, activity));
        own.push(format!("/console/activities/{activity}"));
        let station = a_station(&mut desk, words).await;
        for tab in ["", "/lending", "/rooms", "/door"] {
            own.push(format!("/console/stations/{station}{tab}"));
        }
        let timetable = house.timetable(words).await;
        own.push(format!("/console/timetables/{timetable}"));
        let task = house.task(words).await;
        hours(&house, task, i64::try_from(number).unwrap(), &volunteer).await;
        alliance(&mut admin, &mut desk, number, words).await;
        house.goods(words).await;
        house.wish(words).await;
        house.need(words).await;
        house.promise(words).await;
    }
    public.extend((1..10).map(|page| format!("/board/GY?screen=1&page={page}")));
    let get = async |path: &str| {
        let (status, html) = app.page(path).await;
        assert_eq!(status, 200, "{path}");
        html
    };
    for path in [
        "/board/GY",
        "/board/GY/giving",
        "/board/GY/giving?drive=free",
        "/board/GY/lists",
        "/board/GY/chart",
        &public[0],
        &public[1],
        &record(&house).await,
    ] {
        let html = get(path).await;
        expect_words(path, &html);
        expect_shown(path, &html);
    }
    for path in &public {
        expect_words(path, &get(path).await);
    }
    for path in [
        "/console/giving",
        "/console/giving/free",
        "/console/activities",
        "/console/wishes?list=open",
        "/console/lists?list=need",
        "/console/lists?list=responsibility",
        "/console/agreements",
        "/console/organisations",
        "/console/stations",
        "/console/timetables",
        "/console/volunteers",
        &own[0],
        &own[1],
        &own[2],
    ] {
        let page = desk.open(path).await;
        expect_words(path, &page.is(200).body);
        expect_shown(path, &page.body);
    }
    for path in &own {
        let page = desk.open(path).await;
        expect_words(path, &page.is(200).body);
    }
}
