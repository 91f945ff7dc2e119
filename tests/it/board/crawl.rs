//! A compound in which there is one of everything that a board may show: every page that the board leads to is there,
//! leads back, and names nobody; the screen of the lobby has a page for each.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use reqwest::Url;

use super::fill::fill;
use super::{assert_names_nobody, assert_nothing_personal};
use crate::console::Desk;
use crate::harness::app::TestApp;

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
        let own = title.captures_iter(&page.body).map(|hit| hit[1].to_owned());
        let before = titles.len();
        titles.extend(own);
        assert!(titles.len() > before, "{url}: {}", page.body);
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
            "公告",
            "本月数据",
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
