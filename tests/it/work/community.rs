//! Cards about no case: a wish to be checked, goods to be taken in, a request for help, an activity. They end when the
//! row has moved on, whoever moved it, and say so in a whole sentence to whoever presses late.

use chrono::TimeDelta;
use linli::activity::times::eve;
use linli::base::clock::Moment;
use linli::sandbox::{Answer, Entry};
use serde_json::json;

use super::identity::register;
use super::says;
use crate::activity;
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

/// Waits for any of their cards with this title to end with these words.
async fn until_ended(app: &TestApp, userid: &str, title: &str, words: &str) {
    until(
        &format!("a card of {userid} says «{words}»"),
        15,
        async || {
            let all = app.platform.member_sees(userid).into_iter();
            let mut cards = all.filter_map(|entry| entry.work_card);
            cards.find(|card| card.title.starts_with(title) && card.over.as_deref() == Some(words))
        },
    )
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

#[tokio::test]
async fn a_request_for_help_says_what_came_of_it_to_whoever_was_asked() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    let zhang = app.resident("张秀英").await;
    let offered = says(&app, "sunmei", "登记特长 医护 可以量血压 同意").await;
    assert!(offered.contains("特长 #"), "{offered}");
    let asks = async || {
        let id = crate::talent::ask(&zhang, "医护 想请人看看化验单").await;
        let title = format!("邻居请帮忙 #{id}");
        let card = open(&app, "sunmei", &title, &["接受", "婉拒"]).await;
        (id, title, card)
    };
    // Taken back.
    let (id, title, _) = asks().await;
    zhang.says(&format!("撤回帮手 {id}")).await;
    app.advance(1).await;
    over(&app, "sunmei", &title, "不用再帮忙了").await;
    // A day without a word; a phone that was asleep still shows the buttons.
    let (id, title, card) = asks().await;
    app.advance(24 * 60 + 1).await;
    over(&app, "sunmei", &title, "已过时间，不用再帮忙了").await;
    let late = press(&app, "sunmei", &card, &format!("接受帮忙 {id}")).await;
    assert!(late.contains("没有找到帮忙"), "{late}");
    over(&app, "sunmei", &title, "已过时间，不用再帮忙了").await;
    // No by the button, yes by words.
    let (id, title, card) = asks().await;
    let no = press(&app, "sunmei", &card, &format!("婉拒帮忙 {id}")).await;
    assert!(no.contains("没关系"), "{no}");
    over(&app, "sunmei", &title, "已婉拒").await;
    let (id, title, _) = asks().await;
    let yes = says(&app, "sunmei", &format!("接受帮忙 {id}")).await;
    assert!(yes.contains("谢谢您"), "{yes}");
    app.advance(1).await;
    over(&app, "sunmei", &title, "已答应帮忙").await;
    // Who asked has everything erased.
    let (_, title, _) = asks().await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    app.advance(1).await;
    over(&app, "sunmei", &title, "不用再帮忙了").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_that_is_off_or_given_back_is_no_more_to_be_pressed() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    let chair = app.staff("卫东").await;
    let at = activity::starts(&app);
    // Told of another place, the member holds a card about each.
    let api = app.api(&chair).await;
    let told = async || {
        let id = activity::open(&chair, None).await;
        let joined = says(&app, "sunmei", &format!("报名 {id}")).await;
        assert!(joined.contains("报名成功"), "{joined}");
        let mut next = activity::body(at, None);
        next["venue"] = json!("议事厅");
        let changed = api.post(&format!("/activities/{id}/change"), &next).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let title = format!("活动 #{id}");
        let card = open(&app, "sunmei", &title, &["不去了"]).await;
        (id, title, card)
    };
    let (id, title, card) = told().await;
    chair.says(&format!("取消活动 {id} 下雨了")).await;
    app.advance(1).await;
    over(&app, "sunmei", &title, "已取消").await;
    let late = press(&app, "sunmei", &card, &format!("取消报名 {id}")).await;
    assert!(late.contains("已经取消了，不用再退"), "{late}");
    over(&app, "sunmei", &title, "已取消").await;
    let (id, title, _) = told().await;
    says(&app, "sunmei", &format!("取消报名 {id}")).await;
    app.advance(1).await;
    over(&app, "sunmei", &title, "报名已取消").await;
    let (id, title, card) = told().await;
    let words = press(&app, "sunmei", &card, &format!("取消报名 {id}")).await;
    assert!(words.contains("已取消报名"), "{words}");
    over(&app, "sunmei", &title, "报名已取消").await;

    // What was said of the evening before is true no more once it is on another day; in the end it is over.
    let (id, title, _) = told().await;
    let passes = async |moment: Moment| {
        app.advance((moment - app.now()).num_minutes() + 1).await;
    };
    passes(eve(at)).await;
    open(&app, "sunmei", &format!("{title} 明天开始"), &["不去了"]).await;
    let later = at + TimeDelta::days(1);
    let changed = api
        .post(
            &format!("/activities/{id}/change"),
            &activity::body(later, None),
        )
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    app.advance(1).await;
    until_ended(&app, "sunmei", &title, "时间变了，请看新消息").await;
    open(&app, "sunmei", &format!("{title} 有变动"), &["不去了"]).await;
    passes(later + TimeDelta::hours(3)).await;
    until_ended(&app, "sunmei", &title, "已结束").await;
}
