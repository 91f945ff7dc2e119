//! Cards about no case: a wish to be checked, goods to be taken in. They end when the row has moved on, whoever
//! moved it, and say so in a whole sentence to whoever presses late.

use linli::sandbox::{Answer, Entry};

use super::identity::register;
use super::says;
use crate::harness::app::TestApp;
use crate::harness::until;

/// The member's latest card whose title begins so.
fn newest(app: &TestApp, userid: &str, title: &str) -> Option<Entry> {
    let mut all = app.platform.member_sees(userid).into_iter();
    all.rfind(|entry| {
        let card = entry.work_card.as_ref();
        card.is_some_and(|card| card.title.starts_with(title))
    })
}

/// Waits for it to have these buttons.
async fn open(app: &TestApp, userid: &str, title: &str, buttons: &[&str]) -> Entry {
    until(&format!("{userid}'s card {title}"), 15, async || {
        let entry = newest(app, userid, title)?;
        let card = entry.work_card.as_ref()?;
        let labels: Vec<&str> = card.buttons.iter().map(|one| one.text.as_str()).collect();
        (card.over.is_none() && labels == buttons).then_some(entry)
    })
    .await
}

/// Waits for it to end with these words.
async fn over(app: &TestApp, userid: &str, title: &str, words: &str) {
    until(&format!("{userid} sees «{words}»"), 15, async || {
        let card = newest(app, userid, title)?.work_card?;
        card.over.filter(|over| over == words)
    })
    .await;
}

async fn press(app: &TestApp, userid: &str, card: &Entry, key: &str) -> String {
    match app.platform.press(userid, card.id, key).await.answer {
        Answer::Card(words) => words,
        other => panic!("after «{key}» WeCom saw {other:?}"),
    }
}

#[tokio::test]
async fn goods_that_one_has_taken_in_are_no_more_to_be_pressed_by_the_others() {
    let app = TestApp::start().await;
    register(&app, "shen", Some("shenli")).await;
    register(&app, "wei", Some("weidong")).await;
    let zhang = app.resident("张秀英").await;
    for words in ["捐物", "1", "九成新空调", "2", "书画室"] {
        zhang.says(words).await;
    }
    let given = zhang.says("1").await;
    let number = regex::Regex::new(r"#(\d+)").unwrap();
    let id = number.captures(&given).unwrap_or_else(|| panic!("{given}"))[1].to_owned();
    let title = format!("捐物 #{id}");
    let card = open(&app, "shenli", &title, &["收下"]).await;
    let others = open(&app, "weidong", &title, &["收下"]).await;
    let key = format!("收下捐物 {id}");
    let words = press(&app, "shenli", &card, &key).await;
    assert!(words.contains("已收下"), "{words}");
    over(&app, "shenli", &title, "已办理").await;
    app.advance(1).await;
    over(&app, "weidong", &title, "已由别人办理").await;
    // A phone that was asleep still shows the button: the sentence is whole.
    let late = press(&app, "weidong", &others, &key).await;
    assert!(
        late.contains("不能这样操作。回复“我的捐赠") && !late.contains('…'),
        "{late}"
    );
    over(&app, "weidong", &title, "已由别人办理").await;
}

#[tokio::test]
async fn a_wish_is_refused_by_a_button_that_asks_why_and_withdrawn_it_wants_nobody() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    let zhang = app.resident("张秀英").await;
    app.drain().await;
    let number = regex::Regex::new(r"#(\d+)").unwrap();
    let mut ids = Vec::new();
    for words in ["许愿 想要一副老花镜", "许愿 想学用手机"] {
        let made = zhang.says(words).await;
        let id = number.captures(&made).unwrap_or_else(|| panic!("{made}"))[1].to_owned();
        ids.push(id);
    }
    let (refused, withdrawn) = (&ids[0], &ids[1]);
    let title = format!("心愿 #{refused}");
    let card = open(&app, "sunmei", &title, &["通过", "驳回"]).await;
    let asked = press(&app, "sunmei", &card, &format!("驳回心愿 {refused}")).await;
    assert!(asked.contains("请写明原因"), "{asked}");
    let done = says(&app, "sunmei", "可以申请社区救助").await;
    assert!(done.contains("已驳回"), "{done}");
    app.advance(1).await;
    over(&app, "sunmei", &title, "已办理").await;
    let title = format!("心愿 #{withdrawn}");
    open(&app, "sunmei", &title, &["通过", "驳回"]).await;
    zhang.says(&format!("撤回心愿 {withdrawn}")).await;
    app.advance(1).await;
    over(&app, "sunmei", &title, "不用再办了").await;
}
