//! Talents and giving.

use entity::kinds::TalentKind;
use serde_json::json;

use super::all_obey;
use crate::dialogs::rules::{house, obeys_but_takes_words, open};
use crate::dialogs::says;
use crate::harness::app::TestApp;
use crate::talent;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_talents() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    talent::offer(&li, TalentKind::Doctor).await;
    talent::offer(&wang, TalentKind::Electrician).await;
    talent::ask(&zhang, "医护 想请人看看化验单").await;
    let lamp = talent::ask(&zhang, "水电维修 客厅的灯不亮").await;
    let yes = says(&wang, &format!("接受帮忙 {lamp}")).await;
    assert!(yes.contains("谢谢您"), "{yes}");
    let openings = [
        "找帮手",
        "找帮手 → 1",
        "我的帮手",
        "我的帮手 → 1",
        "撤回帮手",
        "联系帮手",
    ];
    all_obey(&app, &zhang, &openings).await;
    let openings = [
        "帮手任务",
        "帮手任务 → 1",
        "接受帮忙",
        "婉拒帮忙",
        "我的特长",
        "登记特长",
        "登记特长 → 1",
        "登记特长 教师 可以教写字",
    ];
    all_obey(&app, &li, &openings).await;
}

/// A drive that takes donations; its number.
async fn drive(app: &TestApp) -> String {
    let manager = app.staff("沈立").await;
    let api = app.api(&manager).await;
    let body = json!({ "compound": "GY", "title": "给独居老人添冬衣", "text": "买棉被", "from": "2020-01-01" });
    let made = api.post("/drives", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json["id"].as_str().unwrap().to_owned();
    let opened = api.post(&format!("/drives/{id}/open"), &json!({})).await;
    assert_eq!(opened.status, 200, "{opened:?}");
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_giving() {
    let app = house().await;
    let drive = drive(&app).await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let given = says(&li, &format!("捐物 {drive} 旧书3本 公开")).await;
    assert!(given.contains("已登记"), "{given}");
    let (named, pieces) = (format!("捐款 {drive} 20元"), format!("捐物 {drive} 旧书"));
    let thing = format!("捐物 {drive} 旧书3本");
    let openings = [
        "捐款",
        "捐款 → 1",
        "捐物",
        named.as_str(),
        pieces.as_str(),
        thing.as_str(),
    ];
    all_obey(&app, &zhang, &openings).await;
    obeys_but_takes_words(&app, &zhang, &["捐物", "1"]).await;
    obeys_but_takes_words(&app, &zhang, &["捐物 不限 旧书3本"]).await;
    all_obey(&app, &li, &["我的捐赠", "我的捐赠 → 1", "撤回捐赠"]).await;
    let openings = [
        "待收捐物",
        "待收捐物 → 1",
        "收下捐物",
        "谢绝捐物",
        "谢绝捐物 → 1",
    ];
    all_obey(&app, &app.known("o-shen"), &openings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_amount_is_filed_by_a_digit_and_what_is_one_still_counts() {
    let app = house().await;
    let drive = drive(&app).await;
    let zhang = app.resident("张秀英").await;
    open(&zhang, &["捐款", "1"]).await;
    let offered = says(&zhang, "单元门打不开").await;
    assert!(
        offered.contains("没看懂金额") && offered.contains("1 报修  2 投诉"),
        "{offered}"
    );
    let filed = says(&zhang, "1").await;
    assert!(filed.contains("诉求 #"), "{filed}");
    assert_eq!(zhang.case().await.text, "单元门打不开");
    open(&zhang, &["捐款", "1", "等发了工资"]).await;
    let named = says(&zhang, "28.5元").await;
    assert!(named.contains("捐 28.50 元"), "{named}");
    // What may have been an amount is only asked for again.
    open(&zhang, &["捐款", "1"]).await;
    let again = says(&zhang, "一百元").await;
    assert!(
        again.contains("金额要写成") && again.contains("3 100元"),
        "{again}"
    );

    // A number alone is no thing, words are no number of things, and a room is named before it is kept.
    let books = format!("捐物 {drive} 旧书");
    let number = says(&zhang, &format!("捐物 {drive} 77")).await;
    assert!(number.contains("请写下捐什么"), "{number}");
    open(&zhang, &[books.as_str(), "有好多"]).await;
    let named = says(&zhang, "两本").await;
    assert!(named.contains("捐“旧书”2件。"), "{named}");
    open(&zhang, &["捐物 不限 旧书3本"]).await;
    let named = says(&zhang, "书画室").await;
    assert!(named.contains("捐“旧书”3件，放“书画室”"), "{named}");
}
