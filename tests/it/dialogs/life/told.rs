//! Notices, timetables and the handbook.

use super::all_obey;
use crate::dialogs::rules::house;
use crate::dialogs::says;
use crate::notice::{self, TEXT};
use crate::timetable::{daily, make};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_notices() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    // Somebody who has not read it.
    app.resident("李建国").await;
    let chair = app.staff("卫东").await;
    notice::published(&chair, TEXT).await;
    let draft = says(&chair, "发布 周日停电\n八点到十二点").await;
    assert!(draft.contains("1 确认发布"), "{draft}");
    all_obey(&app, &zhang, &["公告", "公告 → 1"]).await;
    let openings = [
        "确认发布",
        "公告范围",
        "公告范围 → 1",
        "撤回公告",
        "更正公告",
        "更正公告 → 1",
        "广播进度",
        "广播进度 → 1",
        "提醒未读",
        "紧急发布 周六停水\n八点到十二点 → 1",
    ];
    all_obey(&app, &chair, &openings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_timetables_and_the_handbook() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let read = make(&api, &daily(&app, "厨余垃圾", &["12:00"])).await;
    make(&api, &daily(&app, "抄水表", &["12:00"])).await;
    let on = says(&zhang, &format!("订阅日程 {read}")).await;
    assert!(on.contains("会提醒您"), "{on}");
    let one = format!("日程 {read}");
    let openings = [
        "日程",
        one.as_str(),
        "日程 垃圾",
        "订阅日程",
        "退订日程",
        "订阅 垃圾",
        "手册",
        "业委会怎么选",
        "手册 噪音和养狗",
        "手册没有 游泳池几点开门",
    ];
    all_obey(&app, &zhang, &openings).await;
    let list = says(&zhang, "退订日程").await;
    assert!(
        list.contains("1 厨余垃圾"),
        "nothing of it was an answer: {list}"
    );
}
