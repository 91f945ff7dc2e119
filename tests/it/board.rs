//! The public board: what everybody reads of a compound, on a phone, a screen and paper; and what nobody
//! may read there, whatever people write.

mod crawl;
mod fill;

use entity::kinds::{CaseState, ModerationState};
use entity::{case, moderation};
use linli::base::clock::china;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use reqwest::StatusCode;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use crate::harness::app::TestApp;
use crate::harness::compound;

async fn get(app: &TestApp, path: &str) -> (StatusCode, reqwest::header::HeaderMap, String) {
    let answer = reqwest::get(format!("{}{path}", app.url())).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.text().await.unwrap())
}

/// What no page for everybody may show: phones of the roster, names of residents without a role, their homes.
fn assert_names_nobody(html: &str) {
    let people = compound::FILES[2].1;
    let roles = compound::FILES
        .iter()
        .find(|(name, _)| name.starts_with("roles"));
    let roles = roles.unwrap().1;
    for row in people.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        assert!(!html.contains(cells[2]), "the phone of {}", cells[0]);
        let answers = roles
            .lines()
            .any(|role| role.split(',').next() == Some(cells[0]));
        assert!(
            answers || !html.contains(cells[1]),
            "the name of {}",
            cells[0]
        );
    }
    for row in compound::FILES[3].1.lines().skip(1) {
        let code = row.split(',').next().unwrap();
        let home = code.rsplit('/').next().unwrap();
        assert!(!html.contains(home), "the home {code}");
    }
}

/// The same, and no number that may be a phone of anybody.
fn assert_nothing_personal(html: &str) {
    assert_names_nobody(html);
    let long = regex::Regex::new(r"\d{7,}").unwrap();
    let text = regex::Regex::new(r"<[^>]*>")
        .unwrap()
        .replace_all(html, " ")
        .into_owned();
    assert!(
        !long.is_match(&text),
        "a long number: {:?}",
        long.find(&text)
    );
}

/// Everything that was handed in for others to see has passed.
pub async fn pass_all(app: &TestApp) {
    moderation::Entity::update_many()
        .set(moderation::ActiveModel {
            state: Set(ModerationState::Passed),
            ..Default::default()
        })
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_board_says_who_answers_what_was_promised_and_what_was_done() {
    let app = TestApp::start().await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    resident.says("报修 楼道灯不亮").await;
    let done = resident.case().await.id;
    steward.says(&format!("接单 {done}")).await;
    steward
        .says(&format!("办结 {done} 已换灯泡 <b>亮了</b>"))
        .await;
    resident.says("投诉 1-1-102 王芳太吵 13800000201").await;
    let (status, headers, html) = get(&app, "/board/GY").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        headers["cache-control"]
            .to_str()
            .unwrap()
            .contains("max-age")
    );
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    for words in [
        "桂园小区公示栏",
        "孙梅",
        "郑洪",
        "楼栋长",
        "桂园物业服务公司",
        "<b>普通</b>：5分钟内响应",
        "投诉 · 1栋",
        "响应率 = 按时响应 ÷ 应响应",
        "<svg",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("换灯泡"), "it has not passed yet");
    assert!(!html.contains("太吵"), "what residents write is nobody's");
    assert_nothing_personal(&html);
    pass_all(&app).await;
    let (_, _, html) = get(&app, "/board/gy").await;
    assert!(html.contains("换灯泡 &lt;b&gt;亮了"), "{html}");
    let (_, _, other) = get(&app, "/board/LY").await;
    assert!(
        other.contains("兰园小区公示栏") && other.contains("杨光"),
        "{other}"
    );
    for theirs in ["换灯泡", "孙梅", "1栋"] {
        assert!(!other.contains(theirs), "{theirs}: {other}");
    }
}

/// Copies of a case in a state.
async fn copies(app: &TestApp, like: i64, state: CaseState, count: usize) {
    let model = app.case(like).await;
    for _ in 0..count {
        let mut row: case::ActiveModel = model.clone().into_active_model();
        row.id = NotSet;
        row.state = Set(state);
        row.insert(app.store.write()).await.unwrap();
    }
}

#[tokio::test]
async fn what_waits_for_a_word_hides_no_result() {
    let app = TestApp::start().await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    resident.says("报修 楼道灯不亮").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("办结 {id} 已换灯泡")).await;
    pass_all(&app).await;
    // More than a board shows, of which nobody has said yet that they may be read.
    copies(&app, id, CaseState::Finished, 31).await;
    let (_, _, html) = get(&app, "/board/GY").await;
    assert!(html.contains("已换灯泡"), "{html}");
    // What was handed in last decides.
    let row = moderation::Entity::find().one(app.store.read()).await;
    let mut again = row.unwrap().unwrap().into_active_model();
    again.id = NotSet;
    again.trace_id = Set(None);
    again.state = Set(ModerationState::Refused);
    again.insert(app.store.write()).await.unwrap();
    let (_, _, html) = get(&app, "/board/GY").await;
    assert!(!html.contains("已换灯泡"), "{html}");
}

#[tokio::test]
async fn an_open_case_says_its_number_where_neighbours_may_join() {
    let app = TestApp::start().await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let mut ids = Vec::new();
    for words in [
        "报修 楼道灯不亮",
        "匿名投诉 1-1-102 王芳太吵 13800000201",
        "求助 张秀英 13800000101 请人看看",
    ] {
        zhang.says(words).await;
        ids.push(zhang.case().await.id);
    }
    let [repair, complaint, help] = ids[..] else {
        panic!("{ids:?}");
    };
    let filed = china(app.case(repair).await.created_at);
    let day = filed.format("%-m月%-d日提出");
    let (_, _, html) = get(&app, "/board/GY").await;
    for line in [
        format!("<li>#{complaint} 投诉 · "),
        format!("<li>#{repair} 报修 · 1栋 "),
        format!("<span class=\"soft\">{day}</span>"),
        "<li>求助 · ".to_owned(),
        format!("我也遇到 {complaint}"),
    ] {
        assert!(html.contains(&line), "{line}: {html}");
    }
    for no in [format!("#{help} "), "件正在办理".to_owned()] {
        assert!(!html.contains(&no), "{no}: {html}");
    }
    assert_nothing_personal(&html);
    let reply = li.says(&format!("我也遇到 {repair}")).await;
    assert!(reply.contains("您已加入"), "{reply}");
    copies(&app, repair, CaseState::Assigned, 30).await;
    let (_, _, html) = get(&app, "/board/GY").await;
    assert!(html.contains("还有 3 件正在办理"), "{html}");
    let (_, _, screen) = get(&app, "/board/GY?screen=1&page=2").await;
    assert!(screen.contains("还有 28 件正在办理"), "{screen}");
}

#[tokio::test]
async fn a_browser_that_has_the_board_is_told_so() {
    let app = TestApp::start().await;
    let (_, headers, _) = get(&app, "/board/GY").await;
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let ask = |tag: String| {
        let url = format!("{}/board/GY", app.url());
        async move {
            let http = reqwest::Client::builder().build().unwrap();
            http.get(url)
                .header("if-none-match", tag)
                .send()
                .await
                .unwrap()
        }
    };
    let same = ask(format!("W/{tag}, \"other\"")).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert!(same.text().await.unwrap().is_empty());
    app.resident("张秀英").await.says("报修 灯不亮").await;
    assert_eq!(
        ask(tag).await.status(),
        StatusCode::OK,
        "something has changed"
    );
}

#[tokio::test]
async fn an_unknown_compound_gets_a_kind_page() {
    let app = TestApp::start().await;
    for path in [
        "/board/NOWHERE",
        "/board/HC-XL-CD",
        "/board/%00",
        "/board/%E6%A1%82",
        "/board/<script>",
        "/board/GY?screen=1&screen=2&page=x",
    ] {
        let (status, _, html) = get(&app, path).await;
        let found = path.starts_with("/board/GY");
        assert!(found || status == StatusCode::NOT_FOUND, "{path} {status}");
        assert!(found || html.contains("没有找到"), "{path}: {html}");
        assert!(!html.contains("<script>"), "{path}: {html}");
    }
}

#[tokio::test]
async fn the_pages_of_a_screen_turn_by_themselves() {
    let app = TestApp::start().await;
    let mut path = "?screen=1".to_owned();
    let mut titles = Vec::new();
    let turns = regex::Regex::new(r#"http-equiv="refresh" content="\d+; url=([^"]+)""#).unwrap();
    for _ in 0..3 {
        let (status, _, html) = get(&app, &format!("/board/GY{path}")).await;
        assert_eq!(status, StatusCode::OK);
        let next = turns.captures(&html).unwrap_or_else(|| panic!("{html}"));
        path = next[1].replace("&amp;", "&");
        let title = html
            .split("<h2>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap();
        titles.push(title.to_owned());
        assert_nothing_personal(&html);
    }
    // Nothing was filed yet: the figures and the people are what there is to show.
    titles.dedup();
    assert!(titles.len() >= 2, "{titles:?}");
    let (_, _, html) = get(&app, "/board/GY?screen=1&page=999").await;
    assert!(html.contains("第 1 页"), "{html}");
    for file in ["/board.css", "/board.js", "/favicon.ico"] {
        assert_eq!(get(&app, file).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn whatever_people_write_nothing_personal_is_on_the_board() {
    let app = TestApp::start().await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let pieces = proptest::sample::select(vec![
        "张秀英",
        "王芳",
        "張秀英",
        "李建国",
        "13800000101",
        "138-0000-0201",
        "１３８００００００１０２",
        "138 0000 0301",
        "1-1-101",
        "1－1－201",
        "1-1-102室",
        "2-1-101",
        "张阿姨",
        "水管",
        "已修好",
        "电梯",
        "，",
        "。",
        " ",
        "家里",
        "第2次",
        "<i>",
    ]);
    let texts = proptest::collection::vec(pieces, 2..7);
    let mut runner = TestRunner::deterministic();
    for _ in 0..16 {
        let text = texts.new_tree(&mut runner).unwrap().current().concat();
        resident.says(&format!("报修 灯不亮 {text}")).await;
        let id = resident.case().await.id;
        steward.says(&format!("接单 {id}")).await;
        let reply = steward.says(&format!("办结 {id} 好了 {text}")).await;
        assert!(reply.contains(&format!("#{id}")), "{text}: {reply}");
    }
    resident.says("求助 张秀英 13800000101 1-1-101").await;
    pass_all(&app).await;
    let (_, _, html) = get(&app, "/board/GY").await;
    assert!(html.matches("好了").count() >= 16, "{html}");
    assert_nothing_personal(&html);
}
