//! A compound in which there is one of everything that a board may show: every page that the board leads to is there,
//! leads back, and names nobody; the screen of the lobby has a page for each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use entity::{organisation, place, station, station_service, station_thing};
use linli::base::clock::china;
use linli::ledger::Account;
use regex::Regex;
use reqwest::Url;
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};

use super::{assert_names_nobody, assert_nothing_personal, pass_all};
use crate::activity::{activity, open as open_activity};
use crate::console::{Desk, place as place_of};
use crate::disclosure::{books, publish};
use crate::expense::spent;
use crate::giving::{CLERK, MANAGER, cash, open_drive, spend};
use crate::harness::app::TestApp;
use crate::harness::people::{Api, Person};
use crate::harness::pictures::jpeg;

/// Everybody who is needed.
struct People<'a> {
    steward: Person<'a>,
    chair: Person<'a>,
    manager: Person<'a>,
    clerk: Person<'a>,
    zhang: Person<'a>,
    li: Person<'a>,
}

/// What an API has made: its number.
async fn made(api: &Api, path: &str, body: &Value) -> i64 {
    let made = api.post(path, body).await;
    assert_eq!(made.status, 201, "{path}: {made:?}");
    made.json["id"].as_str().unwrap().parse().unwrap()
}

/// The number behind `#` in a reply.
fn number(reply: &str) -> i64 {
    let found = Regex::new(r"#(\d+)").unwrap();
    let found = found.captures(reply);
    found.unwrap_or_else(|| panic!("{reply}"))[1]
        .parse()
        .unwrap()
}

/// An activity that was held, with a photo. Days pass.
async fn held(app: &TestApp, chair: &Person<'_>) {
    let id = open_activity(chair, None).await;
    let row = activity(app, id).await;
    app.advance((row.ends_at - app.now()).num_minutes() + 1)
        .await;
    chair.sends_photo(jpeg(6)).await;
    let photo = chair.says(&format!("活动照片 {id}")).await;
    assert!(photo.contains("1张照片已加到"), "{photo}");
    app.drain().await;
}

/// Cases, a notice, an activity, volunteers, a wish, the four lists: over the chat and the API.
async fn life(app: &TestApp, people: &People<'_>) {
    let (zhang, chair) = (&people.zhang, &people.chair);
    zhang.says("报修 1栋大厅的灯不亮").await;
    let done = zhang.case().await.id;
    people.steward.says(&format!("接单 {done}")).await;
    people.steward.says(&format!("办结 {done} 换了灯泡")).await;
    zhang.says("投诉 王芳家太吵 13800000201").await;
    let preview = chair
        .says("发布 周六停水\n8点到12点检修水箱，请提前存水。")
        .await;
    assert!(preview.contains("1 确认发布"), "{preview}");
    chair.says("1").await;
    app.advance(1).await;
    open_activity(chair, Some(3)).await;
    zhang.says("志愿报名").await;
    let reported = people.li.says("双报到 市一中").await;
    assert!(reported.contains("报到"), "{reported}");
    let api = app.api(chair).await;
    let from = app.now() + TimeDelta::days(1);
    let task = json!({
        "place": "GY", "title": "楼道大扫除", "venue": "1栋门口", "wanted": 5,
        "starts_at": china(from).to_rfc3339(),
        "ends_at": china(from + TimeDelta::hours(2)).to_rfc3339(),
    });
    made(&api, "/volunteer-tasks", &task).await;
    let today = china(app.now()).date_naive().to_string();
    for (place, title) in [("GY", "垃圾不落地"), ("GY/1", "二次供水检测")] {
        let rule = json!({ "kind": "daily", "from": today, "times": ["21:30"] });
        let body = json!({ "place": place, "title": title, "text": "请投到2号亭", "rule": rule });
        made(&api, "/timetables", &body).await;
    }
    let wish = number(&zhang.says("许愿 张秀英在1-1-101想要一副老花镜").await);
    people.steward.says(&format!("通过心愿 {wish}")).await;
    let need = number(&zhang.says("发需求 张秀英想学用手机挂号").await);
    people.steward.says(&format!("通过清单 {need}")).await;
    let due = china(app.now() + TimeDelta::days(30)).format("%Y-%m-%d");
    let promised = people
        .manager
        .says(&format!("发服务 {due} 更换1栋门禁"))
        .await;
    assert!(promised.contains("已公布"), "{promised}");
    let article = json!({
        "place": "GY", "title": "游泳池几点开门", "questions": "游泳池开吗",
        "body": "六点到二十一点。", "publish": true,
    });
    made(&api, "/handbook", &article).await;
}

/// An alliance with a member that has done something.
async fn alliance(app: &TestApp, gy: &place::Model, desk: &mut Desk<'_>) {
    let mut ids = Vec::new();
    for (code, name, kind) in [
        ("U1", "第一小学", "unit"),
        ("LM", "桂园共建联盟", "alliance"),
    ] {
        let row = organisation::ActiveModel {
            code: Set(code.to_owned()),
            name: Set(name.to_owned()),
            kind: Set(kind.to_owned()),
            place_id: Set(gy.id),
            compound_id: Set(Some(gy.id)),
            created_at: Set(app.now()),
            ..Default::default()
        };
        ids.push(row.insert(app.store.write()).await.unwrap().id);
    }
    let (page, school) = ("/console/agreements", ids[0].to_string());
    let whose = [("compound", "GY"), ("organisation", school.as_str())];
    let act = |act: &str| format!("/console/alliance/{}/{act}", ids[1]);
    desk.send(page, &act("join"), &whose).await.is(303);
    let today = china(app.now()).format("%Y-%m-%d").to_string();
    let mut did = whose.to_vec();
    did.extend([
        ("text", "免费辅导功课"),
        ("served", "35"),
        ("on_day", today.as_str()),
    ]);
    desk.send(page, &act("record"), &did).await.is(303);
}

/// A station that lends something, with a window that has served somebody.
async fn open_station(app: &TestApp, gy: &place::Model, keeper: &Person<'_>) {
    let row = station::ActiveModel {
        compound_id: Set(gy.id),
        place_id: Set(gy.id),
        name: Set("红色驿站".to_owned()),
        spot: Set("1栋一楼大厅".to_owned()),
        hours: Set("Mo-Su 00:00-24:00".to_owned()),
        public_holidays: Set(false),
        version: Set(1),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    let at = row.insert(app.store.write()).await.unwrap().id;
    for (code, quantity) in [("伞-01", 2), ("伞-02", 1)] {
        let thing = station_thing::ActiveModel {
            compound_id: Set(gy.id),
            station_id: Set(at),
            code: Set(code.to_owned()),
            name: Set("雨伞".to_owned()),
            quantity: Set(quantity),
            lent: Set(0),
            days: Set(7),
            version: Set(1),
            created_at: Set(app.now()),
            updated_at: Set(app.now()),
            ..Default::default()
        };
        thing.insert(app.store.write()).await.unwrap();
    }
    let service = station_service::ActiveModel {
        compound_id: Set(gy.id),
        station_id: Set(at),
        window_name: Set("1号窗口".to_owned()),
        name: Set("咨询".to_owned()),
        created_at: Set(app.now()),
        ..Default::default()
    };
    let service = service.insert(app.store.write()).await.unwrap().id;
    let api = app.api(keeper).await;
    let path = format!("/stations/services/{service}/served");
    for _ in 0..2 {
        assert_eq!(api.post(&path, &json!({})).await.status, 200);
    }
}

/// A month of the books that is published, a drive with a gift and its use; the drive's number.
async fn money(app: &TestApp, chair: &mut Desk<'_>) -> i64 {
    let month = books(app).await;
    publish(chair, &month.to_string(), "").await.is(303);
    let mut manager = Desk::of(app, MANAGER).await;
    let drive = open_drive(&mut manager, "给独居老人添冬衣", "").await;
    let mut clerk = Desk::of(app, CLERK).await;
    let key = drive.to_string();
    cash(&mut clerk, &key, "50").await;
    cash(&mut clerk, "", "8").await;
    let today = china(app.now()).date_naive();
    let expense = spent(app, "GY", Account::ExpenseOther, 3_000, today).await;
    spend(&mut manager, &key, "30", expense).await.is(303);
    drive
}

/// One of everything in 桂园; the number of the drive.
async fn fill(app: &TestApp) -> i64 {
    let chair = app.staff("卫东").await;
    held(app, &chair).await;
    let people = People {
        steward: app.steward("1栋").await,
        manager: app.staff(MANAGER).await,
        clerk: app.staff(CLERK).await,
        zhang: app.resident("张秀英").await,
        li: app.resident("李建国").await,
        chair,
    };
    life(app, &people).await;
    let gy = place_of(app, "GY").await;
    let mut desk = Desk::of(app, "卫东").await;
    alliance(app, &gy, &mut desk).await;
    open_station(app, &gy, &people.clerk).await;
    let drive = money(app, &mut desk).await;
    app.drain().await;
    pass_all(app).await;
    drive
}

/// What was opened.
struct Opened {
    status: u16,
    kind: String,
    body: String,
}

async fn open(url: &Url) -> Opened {
    let answer = reqwest::get(url.clone()).await.unwrap();
    let kind = answer.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    Opened {
        status,
        kind,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// Where a page leads on our own host. What it says of its own public address is us, too.
fn leads(app: &TestApp, at: &Url, html: &str) -> Vec<Url> {
    let address = Regex::new(r#"(?:href|src)="([^"]+)""#).unwrap();
    let found = address.captures_iter(html).filter_map(|hit| {
        let to = hit[1].replace("&amp;", "&");
        let public = &app.instances[0].app.settings.server.public_url;
        let to = match to.strip_prefix(public.as_str()) {
            Some(path) if !public.is_empty() => path.to_owned(),
            _ => to,
        };
        let mut url = at.join(&to).ok()?;
        url.set_fragment(None);
        (url.origin() == at.origin()).then_some(url)
    });
    found.collect()
}

/// An address without what is another one each time.
fn shape(url: &Url) -> String {
    let mut path = url.path().to_owned();
    for (pattern, put) in [
        (r"^/notice/.*", "/notice/*"),
        (r"^/activity/.*\.ics$", "/activity/*.ics"),
        (r"^/activity/\d.*", "/activity/*"),
        (r"^/files/.*", "/files/*"),
        (r"^/handbook/GY/\d+$", "/handbook/GY/*"),
        (
            r"^/board/GY/accounts/[\d-]+(\.v\d+)?",
            "/board/GY/accounts/*",
        ),
    ] {
        path = Regex::new(pattern)
            .unwrap()
            .replace(&path, put)
            .into_owned();
    }
    match url.query() {
        Some(query) if !path.starts_with("/notice") => format!("{path}?{query}"),
        _ => path,
    }
}

/// Everything that can be reached from a page, by its shape; each is there, and each page leads back.
async fn crawl(app: &TestApp, path: &str) -> BTreeSet<String> {
    let start = Url::parse(&format!("{}{path}", app.url())).unwrap();
    let (mut waiting, mut seen) = (vec![start], BTreeMap::new());
    while let Some(url) = waiting.pop() {
        if seen.contains_key(url.as_str()) {
            continue;
        }
        let page = open(&url).await;
        seen.insert(url.as_str().to_owned(), shape(&url));
        assert_eq!(page.status, 200, "{url}: {}", page.body);
        let is_text = page.kind.starts_with("text/");
        if is_text {
            assert_names_nobody(&page.body);
        }
        if !page.kind.starts_with("text/html") {
            continue;
        }
        let board = url.path() == "/board/GY";
        assert!(
            board || page.body.contains("href=\"/board/GY\""),
            "{url} does not lead back: {}",
            page.body
        );
        assert!(
            seen.len() < 200,
            "it does not end: {:?}",
            seen.keys().collect::<Vec<_>>()
        );
        waiting.extend(leads(app, &url, &page.body));
    }
    seen.into_values().collect()
}

/// Titles of the screen's pages in their order, and whatever they lead to.
async fn turn(app: &TestApp) -> (Vec<String>, Vec<Url>) {
    let next = Regex::new(r#"data-next="([^"]+)""#).unwrap();
    let title = Regex::new(r"<h2>([^<]+)</h2>").unwrap();
    let mut url = Url::parse(&format!("{}/board/GY?screen=1&page=1", app.url())).unwrap();
    let first = url.clone();
    let (mut titles, mut found) = (Vec::new(), Vec::new());
    loop {
        let page = open(&url).await;
        assert_eq!(page.status, 200, "{url}");
        assert_nothing_personal(&page.body);
        titles.push(title.captures(&page.body).unwrap()[1].to_owned());
        found.extend(leads(app, &url, &page.body));
        let to = next.captures(&page.body).unwrap()[1].replace("&amp;", "&");
        url = url.join(&to).unwrap();
        if url == first {
            return (titles, found);
        }
        assert!(titles.len() < 50, "it does not end: {titles:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_that_a_board_leads_to_is_there_leads_back_and_names_nobody() {
    // Most of those who answer for something have no account that could be told.
    let mut app = TestApp::start().await;
    app.allow_errors();
    let drive = fill(&app).await;
    let html = open(&Url::parse(&format!("{}/board/GY", app.url())).unwrap()).await;
    assert_nothing_personal(&html.body);
    for words in [
        "周六停水",
        "换了灯泡",
        "周六义诊",
        "<h2>办过的活动</h2>",
        "周六义诊的照片",
        "垃圾不落地",
        "每天 21:30",
        "二次供水检测</b>（1栋）",
        "小区有 <b>2</b> 位志愿者，其中双报到党员 <b>1</b> 位",
        "楼道大扫除",
        "（还要5人）",
        "想要一副老花镜",
        "看全部心愿",
        "桂园共建联盟",
        "2 笔捐赠，收到 <b>58.00</b> 元，用了 <b>30.00</b> 元，还剩 <b>28.00</b> 元",
        "给独居老人添冬衣",
        "可以借：雨伞 3",
        "本月窗口服务：1号窗口 2 次",
    ] {
        assert!(html.body.contains(words), "{words}: {}", html.body);
    }
    let mut found = crawl(&app, "/board/GY").await;
    // Only where there are letters to print with.
    found.remove("/board/GY/accounts/*.pdf");
    let drive = format!("/board/GY/giving?drive={drive}");
    let wanted: BTreeSet<String> = [
        "/activity/*",
        "/activity/*.ics",
        "/board.css",
        "/board.js",
        "/board/GY",
        "/board/GY/accounts",
        "/board/GY/accounts/*",
        "/board/GY/accounts/*.txt",
        "/board/GY/accounts/*.xlsx",
        "/board/GY/chart",
        "/board/GY/expenses",
        "/board/GY/giving",
        "/board/GY/giving?drive=free",
        drive.as_str(),
        "/board/GY/lists",
        "/board/GY/wishes",
        "/board/GY?screen=1",
        "/files/*",
        "/handbook/GY",
        "/handbook/GY/*",
        "/notice/*",
        "/pages.css",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(found, wanted);
    // A use leads to the expense that it was paid by.
    let used = open(&Url::parse(&format!("{}{drive}", app.url())).unwrap()).await;
    let to = Regex::new(r##"href="(/board/GY/expenses)#([^"]+)""##).unwrap();
    let to = to
        .captures(&used.body)
        .unwrap_or_else(|| panic!("{}", used.body));
    let expenses = open(&Url::parse(&format!("{}{}", app.url(), &to[1])).unwrap()).await;
    assert!(
        expenses.body.contains(&format!("id=\"{}\"", &to[2])),
        "{}",
        expenses.body
    );
    let (titles, found) = turn(&app).await;
    let mut pages = titles.clone();
    pages.dedup();
    assert_eq!(
        pages,
        [
            "本月数据",
            "公告",
            "正在办理",
            "办理结果",
            "近期活动",
            "办过的活动",
            "日程",
            "志愿服务",
            "微心愿",
            "四项清单",
            "挂图作战",
            "联盟单位",
            "捐赠公示",
            "红色驿站",
            "谁来负责",
            "承诺与联系",
        ]
    );
    for url in found {
        assert_eq!(open(&url).await.status, 200, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_without_any_of_it_says_nothing_of_it() {
    let app = TestApp::start().await;
    let (_, _, html) = super::get(&app, "/board/GY").await;
    for title in [
        "办过的活动",
        "日程",
        "志愿服务",
        "捐赠公示",
        "红色驿站",
        "联盟单位",
    ] {
        assert!(!html.contains(&format!("<h2>{title}")), "{title}: {html}");
    }
    let (titles, _) = turn(&app).await;
    assert_eq!(titles[0], "本月数据");
    assert!(
        titles[1..]
            .iter()
            .all(|title| ["谁来负责", "承诺与联系"].contains(&title.as_str())),
        "{titles:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_to_the_board_is_in_the_chat_and_the_console() {
    let app = TestApp::start().await;
    let newcomer = app.newcomer("o-new").await;
    let none = newcomer.says("公示栏").await;
    assert!(
        none.contains("扫一扫") && !none.contains("/board/"),
        "{none}"
    );
    // Whoever has scanned a code of the compound needs no binding.
    newcomer
        .does(&linli::sandbox::Say::event("SCAN", "GY/1"))
        .await;
    let scanned = newcomer.says("公示栏").await;
    assert!(
        scanned.contains("桂园小区：") && scanned.contains("/board/GY"),
        "{scanned}"
    );
    let zhang = app.resident("张秀英").await;
    let own = zhang.says("公示欄").await;
    assert!(own.contains("/board/GY") && !own.contains("/LY"), "{own}");
    // Whoever serves above the compounds has all of them.
    let officer = app.staff("冯涛").await.says("公示栏").await;
    assert!(
        officer.contains("/board/GY") && officer.contains("/board/LY"),
        "{officer}"
    );
    let offered = zhang.says("公示栏的灯坏了").await;
    assert!(offered.contains("提交吗"), "{offered}");

    let mut chair = Desk::of(&app, "卫东").await;
    let page = chair.open("/console/account").await;
    page.is(200).says("href=\"/console/boards\"");
    let to = chair.open("/console/boards").await;
    assert_eq!(
        (to.status, to.to.as_deref()),
        (303, Some("/board/GY")),
        "{}",
        to.body
    );
    let mut officer = Desk::of(&app, "冯涛").await;
    officer
        .open("/console/boards")
        .await
        .is(200)
        .says("href=\"/board/GY\"")
        .says("兰园小区公示栏");
}
