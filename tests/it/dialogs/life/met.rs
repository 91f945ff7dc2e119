//! Activities and volunteers.

use chrono::TimeDelta;
use linli::base::clock::china;

use super::all_obey;
use crate::activity::{self, body, starts};
use crate::dialogs::rules::{house, open};
use crate::dialogs::{OFFERED, says, waiting};
use crate::volunteer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_activities() {
    let app = house().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let id = activity::open(&chair, Some(30)).await;
    activity::open(&chair, None).await;
    let api = app.api(&chair).await;
    let draft = api.post("/activities", &body(starts(&app), None)).await;
    let draft = draft.json["id"].as_str().unwrap().to_owned();
    let joined = says(&li, &format!("报名 {id}")).await;
    assert!(joined.contains("报名成功"), "{joined}");
    let many = format!("报名 {id} 全家");
    let openings = ["活动", "活动 → 1", "报名", many.as_str()];
    all_obey(&app, &zhang, &openings).await;
    // What stands behind a sign-up, each time anew.
    let anew = format!("取消报名 {id} → 报名 {id}");
    all_obey(&app, &wang, &[anew.as_str()]).await;
    all_obey(&app, &li, &["我的活动", "取消报名", "提前提醒"]).await;
    let day = china(starts(&app)).format("%-m月%-d日");
    let preview = format!("发起活动 周六义诊\n{day} 14:00-16:00\n中心花园\n30人");
    let drafted = format!("活动 {draft}");
    let openings = [
        "发布活动",
        drafted.as_str(),
        preview.as_str(),
        "截止报名",
        "取消活动",
        "取消活动 → 1",
        "活动名单",
        "活动照片",
    ];
    all_obey(&app, &chair, &openings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_offered_the_third_time_too_and_so_many_people_still_count() {
    let app = house().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let id = activity::open(&chair, Some(30)).await;
    let many = format!("报名 {id} 全家");
    open(&zhang, &[many.as_str()]).await;
    let joined = says(&zhang, "2人").await;
    assert!(
        joined.contains("报名成功") && joined.contains("（2人）"),
        "{joined}"
    );
    open(&zhang, &[many.as_str(), "看情况", "问问老伴"]).await;
    let third = says(&zhang, "单元门打不开").await;
    assert!(third.contains(OFFERED), "{third}");
    let now = waiting(&zhang).await;
    assert_eq!((now.prompt, now.misses), (None, 0), "the question is over");
    let filed = says(&zhang, "1").await;
    assert!(filed.contains("诉求 #"), "{filed}");
    assert_eq!(zhang.case().await.text, "单元门打不开");
    assert_eq!(activity::activity(&app, id).await.taken, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_volunteers() {
    let app = house().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let taken = volunteer::post(&chair, 5).await;
    let begun = volunteer::post(&chair, 5).await;
    for person in [&zhang, &li, &wang] {
        says(person, "志愿报名").await;
    }
    for (person, words) in [
        (&li, format!("领任务 {taken}")),
        (&zhang, format!("领任务 {begun}")),
        (&zhang, format!("开始服务 {begun}")),
    ] {
        let reply = says(person, &words).await;
        assert!(reply.contains("志愿任务 #"), "{reply}");
    }
    let openings = ["志愿服务", "志愿服务 → 1", "领任务", "志愿报名"];
    all_obey(&app, &wang, &openings).await;
    all_obey(&app, &li, &["退任务", "开始服务"]).await;
    let openings = ["结束服务", "我的志愿", "志愿公开"];
    all_obey(&app, &zhang, &openings).await;
    let openings = ["确认工时", "取消志愿", "取消志愿 → 1"];
    all_obey(&app, &chair, &openings).await;
    // A task that is written in lines is shown first, with a digit that publishes it.
    let day = china(app.now() + TimeDelta::days(1)).format("%-m月%-d日");
    let written = format!("发起志愿 楼道大扫除\n{day} 9:00-11:00\n1栋门口\n5人");
    let sure = format!("{written} → 1");
    all_obey(&app, &chair, &[written.as_str(), sure.as_str()]).await;
}
