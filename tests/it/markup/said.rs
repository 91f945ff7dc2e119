//! The chat, messages to people, and what a group reads: no link and no markup, and one line stays one.

use chrono::TimeDelta;
use linli::base::clock::{begin_of, china};
use linli::sandbox::{Api, Fault, How};
use serde_json::json;

use super::{HIDDEN, House, LINK, SCRIPT, WORDS, start};
use crate::harness::app::TestApp;

/// What a chat would make a link of, or take for markup.
const MARKUP: [&str; 4] = ["<a ", "</a", "<script", "</script"];
/// The words of a link as the chat shows them.
const SHOWN: &str = "＜a href=//e.cn>点＜/a>";

/// Whether a text is plain.
fn expect_plain(where_to: &str, text: &str) {
    for raw in MARKUP {
        assert!(!text.contains(raw), "«{raw}» in {where_to}: {text}");
    }
    for hidden in HIDDEN {
        assert!(!text.contains(hidden), "{hidden:?} in {where_to}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_chat_there_is_no_link_and_no_line_that_somebody_made_up() {
    let app = start().await;
    let house = House::of(&app).await;
    let li = app.resident("李建国").await;
    let mut ids = Vec::new();
    for words in WORDS {
        let two = format!("{words}\n2 #9 点这里领红包");
        ids.push(("活动", house.activity(words).await));
        ids.push(("心愿", house.wish(&two).await));
        ids.push(("清单", house.need(&two).await));
        ids.push(("志愿服务", house.task(words).await));
        ids.push(("日程", house.timetable(words).await));
        house.promise(words).await;
        house.goods(words).await;
    }
    let mut linked = 0;
    for words in ["活动", "心愿", "清单 需求", "清单 责任", "志愿服务", "日程"] {
        let list = li.says(words).await;
        expect_plain(words, &list);
        linked += list.matches(SHOWN).count();
        // The digits in front of its lines are the program's.
        let made_up = list.lines().any(|line| line.starts_with("2 #9 点"));
        assert!(!made_up, "{words}: {list}");
    }
    assert!(linked >= 4, "{linked} lists show the words whole");
    for (word, id) in ids {
        let words = format!("{word} {id}");
        expect_plain(&words, &li.says(&words).await);
    }
}

/// Minutes from now to the next noon.
fn until_noon(app: &TestApp) -> i64 {
    let noon = begin_of(china(app.now()).date_naive()) + TimeDelta::hours(12);
    let ahead = match noon > app.now() {
        true => noon,
        false => noon + TimeDelta::days(1),
    };
    (ahead - app.now()).num_minutes() + 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_messages_to_people_there_is_no_link() {
    let mut app = start().await;
    app.allow_errors();
    let house = House::of(&app).await;
    // All goes as text: a template's fields are no place for links.
    let closed = Fault::new(Api::Template, "48001", None);
    assert!(app.platform.set_fault(closed));
    let zhang = &house.zhang;
    // Once it has passed nobody is asked to look at it.
    let wish = house.makes(zhang, &format!("许愿 {LINK}")).await;
    house.steward.expects_push(SHOWN).await;
    let passes = format!("通过心愿 {wish}");
    house.makes(&house.steward, &passes).await;
    zhang.expects_push(SHOWN).await;
    zhang.says("菜单").await;
    house.need(LINK).await;
    zhang.expects_push(SHOWN).await;
    zhang.says("菜单").await;
    house.goods(LINK).await;
    zhang.expects_push(SHOWN).await;
    let api = app.api(&house.chair).await;
    let activity = house.activity(LINK).await;
    let off = json!({ "reason": SCRIPT });
    let path = format!("/activities/{activity}/cancel");
    assert_eq!(api.post(&path, &off).await.status, 200);
    zhang.expects_push("＜script>x＜/script>").await;
    zhang.says("志愿报名").await;
    let task = house.task(LINK).await;
    zhang.says(&format!("领任务 {task}")).await;
    let path = format!("/volunteer-tasks/{task}/cancel");
    assert_eq!(api.post(&path, &off).await.status, 200);
    zhang.expects_push("＜script>x＜/script>").await;
    let timetable = house.timetable(LINK).await;
    zhang.says(&format!("订阅日程 {timetable}")).await;
    app.advance(until_noon(&app)).await;
    zhang.expects_push(SHOWN).await;
    for who in [zhang, &house.steward, &house.chair, &house.manager] {
        for entry in app.platform.sent_to(&who.open_id) {
            if entry.how == How::Custom {
                expect_plain(&who.open_id, &entry.text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_there_is_no_link() {
    let app = start().await;
    let house = House::of(&app).await;
    let preview = house
        .chair
        .says(&format!("发布 {LINK}\u{202e}停水\n{SCRIPT}"))
        .await;
    expect_plain("the preview", &preview);
    house.chair.says("1").await;
    app.advance(1).await;
    let push = house.zhang.expects_push(SHOWN).await;
    expect_plain("the push", &push);
    let room = format!("group:{}", crate::robot::GROUP);
    let told = app.platform.conversation(&room);
    let told: Vec<&String> = told.iter().map(|entry| &entry.text).collect();
    assert!(told.iter().any(|text| text.contains(SHOWN)), "{told:?}");
    for text in told {
        expect_plain("the group", text);
    }
}
