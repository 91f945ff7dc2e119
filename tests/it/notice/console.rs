//! Notices at the console and on the board: the form and its errors, the preview, the bar, buildings, who has
//! not read it as a list for the door, the sheet for the lift lobby.

use entity::kinds::NoticeState;
use sea_orm::EntityTrait;

use super::{last, link_in, published, recipients};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

const LIST: &str = "/console/notices";
const FORM: &str = "/console/notices/new";

#[tokio::test]
async fn a_notice_from_the_form_to_the_list_of_those_who_have_not_read_it() {
    let app = TestApp::start().await;
    let (zhang, _wei) = (app.resident("张秀英").await, app.staff("卫东").await);
    let sun = app.steward("1栋").await;
    let mut chair = Desk::of(&app, "卫东").await;
    chair.open(LIST).await.is(200).says("还没有公告");
    let csrf = chair
        .open(&format!("{FORM}?place=GY"))
        .await
        .is(200)
        .hidden("csrf");
    let form = |title: &str, list: &str| {
        vec![
            ("csrf".to_owned(), csrf.clone()),
            ("place".to_owned(), "GY".to_owned()),
            ("title".to_owned(), title.to_owned()),
            ("body".to_owned(), "请<b>存水</b>".to_owned()),
            ("who".to_owned(), "residents".to_owned()),
            ("list".to_owned(), list.to_owned()),
        ]
    };
    // What is wrong stands beside its field, what was typed stays.
    for (title, list, words) in [
        ("", "", "请写标题"),
        (&*"长".repeat(41), "", "标题最多40字"),
        ("停水", "9-9-999", "没有登记"),
        ("停水", "LY/9", "没有登记"),
    ] {
        let fields = form(title, list);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let page = chair.send_files(FORM, &fields, &[]).await;
        page.is(422).says(words).says("请&#60;b&#62;存水");
    }
    let fields = form("周六停水", "1栋\n2-1-101");
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let page = chair
        .send_files(FORM, &fields, &[("photos", "a.jpg", jpeg(6))])
        .await;
    page.is(303);
    let row = last(&app).await;
    let path = format!("{LIST}/{}", row.id);
    assert_eq!(page.to.as_deref(), Some(path.as_str()));
    chair
        .open(&path)
        .await
        .is(200)
        .says(">4</b> 人会收到")
        .says("确认发给 4 人")
        .says("/files/");
    // Pressed twice, it is published once.
    chair
        .send(&path, &format!("{path}/publish"), &[])
        .await
        .is(303);
    let csrf = chair.open(&path).await.says("撤销，先不发").hidden("csrf");
    let again = chair
        .send_with(&csrf, &format!("{path}/publish"), &[])
        .await;
    again.is(409).says("已经确认过");
    app.advance(1).await;
    let push = zhang.expects_push("周六停水").await;
    assert_eq!(recipients(&app, row.id).await.len(), 4);
    let page = chair.open(&path).await;
    page.is(200)
        .says("<progress max=\"100\" value=\"100\"")
        .says("1栋")
        .says("2栋");
    let (_, html) = app.page(&link_in(&push)).await;
    assert!(html.contains("<img src=\"/files/"), "{html}");

    // The list of a building: for the chair, for its steward, for nobody else.
    let one = app.place("GY/1").await.id;
    let two = app.place("GY/2").await.id;
    let unread = format!("{path}/unread?building={one}");
    let page = chair.open(&unread).await;
    page.is(200).says("李建国").says("1-1-102").says("没有微信");
    assert!(!page.body.contains("张秀英"), "she has read it");
    let mut steward = Desk::of(&app, "孙梅").await;
    steward.open(&unread).await.is(200).says("李建国");
    steward
        .open(&format!("{path}/unread?building={two}"))
        .await
        .is(404);
    steward.open(&path).await.is(200).says("1栋");
    let page = steward.open(&path).await;
    assert!(
        !page.body.contains("2栋") && !page.body.contains("撤回公告"),
        "{}",
        page.body
    );
    for act in ["publish", "recall", "repeat"] {
        steward
            .send("/console/account", &format!("{path}/{act}"), &[])
            .await
            .is(404);
    }
    let mut elsewhere = Desk::of(&app, "杨光").await;
    for page in [&path, &unread] {
        elsewhere.open(page).await.is(404);
    }
    let mut staff = Desk::of(&app, "蒋平").await;
    staff.open(&path).await.is(403);
    staff.open(&format!("{FORM}?place=GY")).await.is(404);

    // Handed to whoever goes to the doors: once.
    let building = one.to_string();
    let fields = [("building", building.as_str())];
    let to = format!("{path}/visits");
    chair.send("/console/account", &to, &fields).await.is(303);
    chair.send("/console/account", &to, &fields).await.is(303);
    chair.open(&unread).await.says("等上门");
    app.drain().await;
    sun.expects_push("上门").await;
    let visits = sun.says("上门").await;
    assert!(
        visits.contains("李建国") && visits.contains("王芳"),
        "{visits}"
    );
    let made = entity::visit::Entity::find().all(app.store.read()).await;
    assert_eq!(made.unwrap().len(), 2);

    let (status, sheet) = app.page(&sheet_of(&chair.open(&path).await.body)).await;
    assert_eq!(status, 200);
    for words in [
        "周六停水",
        "&lt;b&gt;存水",
        "<svg",
        "（盖章）",
        "校验码",
        "桂园小区",
    ] {
        assert!(sheet.contains(words), "{words}: {sheet}");
    }
    assert!(!sheet.contains("李建国") && !sheet.contains("收到</button>"));
    assert!(
        sheet.contains("桂园小区 业委会主任（盖章）"),
        "who publishes it: {sheet}"
    );
}

fn sheet_of(page: &str) -> String {
    let pattern = regex::Regex::new(r#"href="(/notice/[^"]+)">打印"#).unwrap();
    let found = pattern.captures(page);
    found.unwrap_or_else(|| panic!("no sheet in {page}"))[1].to_owned()
}

#[tokio::test]
async fn a_correction_and_a_recall_from_the_console() {
    let app = TestApp::start().await;
    let (zhang, wei) = (app.resident("张秀英").await, app.staff("卫东").await);
    let id = published(&wei, super::TEXT).await;
    let mut chair = Desk::of(&app, "卫东").await;
    let path = format!("{LIST}/{id}");
    let fields = [("title", "周日停水"), ("body", " ")];
    chair
        .send(&path, &format!("{path}/correct"), &fields)
        .await
        .is(422)
        .says("请写正文")
        .says("周日停水");
    let fields = [("title", "周日停水"), ("body", "改到周日")];
    chair
        .send(&path, &format!("{path}/correct"), &fields)
        .await
        .is(303);
    let new = last(&app).await;
    assert_eq!((new.state, new.corrects), (NoticeState::Draft, Some(id)));
    let draft = format!("{LIST}/{}", new.id);
    chair
        .send(&draft, &format!("{draft}/publish"), &[])
        .await
        .is(303);
    app.advance(1).await;
    zhang.expects_push("周日停水").await;
    let old = chair.open(&path).await;
    old.says("已更正");
    assert!(
        !old.body.contains(">打印"),
        "it no longer holds: {}",
        old.body
    );
    let paper = linli::notice::link::paper_path(&app.instances[0].app, id);
    let (_, sheet) = app.page(&paper).await;
    assert!(
        sheet.contains("请打印新的一版") && !sheet.contains("（盖章）"),
        "{sheet}"
    );
    chair
        .send(&draft, &format!("{draft}/recall"), &[])
        .await
        .is(303);
    chair.open(&draft).await.says("已撤回");
    assert_eq!(zhang.told("周日停水"), 1);
}

#[tokio::test]
async fn the_board_shows_titles_without_what_is_personal_and_not_on_paper() {
    let app = TestApp::start().await;
    let wei = app.staff("卫东").await;
    let (_, html) = app.page("/board/GY").await;
    assert!(!html.contains("<h2>公告</h2>"), "{html}");
    let id = published(&wei, "发布 张秀英<i>请到</i>1-1-101\n内容").await;
    let (_, html) = app.page("/board/GY").await;
    assert!(
        html.contains("<section class=\"no-print\">\n<h2>公告</h2>"),
        "{html}"
    );
    assert!(html.contains("&lt;i&gt;请到"), "{html}");
    for secret in ["张秀英", "1-1-101", "<i>"] {
        assert!(!html.contains(secret), "{secret}");
    }
    let (_, other) = app.page("/board/LY").await;
    assert!(!other.contains("请到"));
    // Nobody touches the screen: it says the whole, first of all.
    let (_, screen) = app.page("/board/GY?screen=1").await;
    assert!(
        screen.contains("<h2>公告</h2>") && screen.contains("<p>内容</p>"),
        "{screen}"
    );
    for secret in ["张秀英", "1-1-101", "<i>"] {
        assert!(!screen.contains(secret), "{secret}");
    }
    wei.says(&format!("撤回公告 {id}")).await;
    let (_, html) = app.page("/board/GY").await;
    assert!(!html.contains("请到"), "{html}");
}
