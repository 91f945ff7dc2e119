//! In the chat: a question, a complaint, digits, a place's own article, another instance.

use linli::handbook::shipped as program;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait};

use super::{article, shipped, write};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_and_can_still_be_filed() {
    let app = TestApp::start().await;
    app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let id = shipped(&app, "committee").await;
    for asked in ["业委会怎么选", "業委會怎麼選？", "请问业主委员会如何成立"]
    {
        let reply = zhang.says(asked).await;
        assert!(
            reply.contains("业主大会选出来") && reply.contains("1 报修  2 投诉  3 建议  4 求助"),
            "{asked}: {reply}"
        );
        assert!(reply.contains("5 看全文") && reply.len() <= 2048, "{reply}");
    }
    let whole = zhang.says("5").await;
    assert!(
        whole.contains("【第一次成立】") && whole.contains("第二百七十八条"),
        "{whole}"
    );
    assert!(whole.contains(&format!("/handbook/GY/{id}")), "{whole}");
    zhang.says("业委会怎么选").await;
    let filed = zhang.says("3").await;
    assert!(filed.contains("诉求 #"), "{filed}");
    assert_eq!(zhang.case().await.text, "业委会怎么选");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_is_offered_to_be_filed_first_whatever_the_handbook_knows() {
    let app = TestApp::start().await;
    app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    for text in [
        "楼上漏水了怎么办没人管",
        "电梯又停了怎么办",
        "广场舞吵死了谁来管",
    ] {
        let reply = zhang.says(text).await;
        assert!(
            reply.contains("要把这句话作为诉求提交吗") && reply.contains("1 报修  2 投诉"),
            "{text}: {reply}"
        );
        assert!(reply.contains("看手册“"), "{text}: {reply}");
        let filed = zhang.says("1").await;
        assert!(filed.contains("诉求 #"), "{text}: {filed}");
        assert_eq!(zhang.case().await.text, text);
    }
    assert_eq!(zhang.cases().await.len(), 3);
    let asked = entity::handbook_question::Entity::find()
        .count(app.store.read())
        .await;
    assert_eq!(asked.unwrap(), 0, "trouble is no question to be listed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_handbook_knows_of_it_it_was_understood() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    for (text, title) in [
        ("电梯坏了找谁", "电梯坏了"),
        ("楼上太吵怎么办", "太吵了怎么办"),
        ("狗能不能不拴绳", "养狗要守哪些规矩"),
    ] {
        let reply = zhang.says(text).await;
        assert!(reply.contains(title), "{text}: {reply}");
        for wrong in ["没看懂", "您是想说“菜单”", "手册里还没有"] {
            assert!(!reply.contains(wrong), "{text}: {reply}");
        }
    }
    // An article that only mentions it is not offered.
    let reply = zhang.says("停水怎么办").await;
    assert!(!reply.contains("物业费"), "{reply}");
    // What is no question of anything has no answer.
    let reply = zhang.says("知道了").await;
    assert!(!reply.contains("装修"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_read_by_digits_and_by_whoever_is_bound_to_nothing() {
    let app = TestApp::start().await;
    let newcomer = app.newcomer("o-new").await;
    let list = newcomer.says("手册").await;
    assert!(
        list.contains("1 业委会怎么选") && list.contains("8 下一页"),
        "{list}"
    );
    let next = newcomer.says("8").await;
    assert!(
        next.contains("1 ") && next.contains("下一页（共3页）"),
        "{next}"
    );
    newcomer.says("手册").await;
    let one = newcomer.says("2").await;
    assert!(one.contains("【小区的钱怎么管】"), "{one}");
    let missing = newcomer.says("手册 999999").await;
    assert!(missing.contains("没有第999999篇"), "{missing}");
    // Nothing of somebody who belongs nowhere is put down.
    let reply = newcomer.says("手册 健身房几点开门").await;
    assert!(
        reply.contains("1 报修") && !reply.contains("已记下"),
        "{reply}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_places_own_article_stands_in_for_the_general_one_there_alone() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let han = app.staff("杨光").await;
    let api = app.api(&chair).await;
    let general = shipped(&app, "dog").await;
    let mut body = article(
        "GY",
        "桂园养狗规定",
        "养狗有什么规定",
        "桂园的狗要在物业登记，走北门。",
    );
    body["instead_of"] = serde_json::json!(general.to_string());
    let own = write(&api, &body).await;
    let here = zhang.says("养狗有什么规定").await;
    assert!(here.contains("走北门"), "{here}");
    let gone = zhang.says(&format!("手册 {general}")).await;
    assert!(gone.contains("手册里没有"), "{gone}");
    let there = han.says(&format!("手册 {own}")).await;
    assert!(there.contains("手册里没有"), "{there}");
    let there = han.says(&format!("手册 {general}")).await;
    assert!(there.contains("【养狗要守哪些规矩】"), "{there}");
    let taken = api
        .post(
            &format!("/handbook/{own}/state"),
            &serde_json::json!({ "version": 1, "published": false }),
        )
        .await;
    assert_eq!(taken.json["state"], "withdrawn", "{taken:?}");
    let back = zhang.says(&format!("手册 {general}")).await;
    assert!(back.contains("【养狗要守哪些规矩】"), "{back}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_instance_publishes_the_other_answers_with() {
    let app = TestApp::with_instances(2).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    let other = app
        .api(&zhang)
        .await
        .at(&format!("http://{}", app.instances[1].address));
    let before = other.get("/handbook/search?q=游泳池几点开").await;
    assert_eq!(before.json["sure"], serde_json::json!(null), "{before:?}");
    write(
        &api,
        &article(
            "GY",
            "游泳池",
            "游泳池几点开门",
            "六点到二十一点，凭业主卡。",
        ),
    )
    .await;
    let after = other.get("/handbook/search?q=游泳池几点开").await;
    assert_eq!(after.json["sure"]["title"], "游泳池", "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn articles_of_the_program_come_once_and_never_over_somebodys_own() {
    let app = TestApp::with_instances(2).await;
    let store = &app.store;
    let count = || entity::handbook_article::Entity::find().count(store.read());
    assert_eq!(count().await.unwrap(), program::FILES.len() as u64);
    assert_eq!(program::fill(store, app.now()).await.unwrap(), 0);
    // As an older program had left it, and as somebody has changed it.
    for (slug, edition) in [("dog", Some("old".to_owned())), ("fee", None)] {
        let id = shipped(&app, slug).await;
        let row = entity::handbook_article::Entity::find_by_id(id)
            .one(store.read())
            .await
            .unwrap()
            .unwrap();
        let mut row = row.into_active_model();
        row.body = sea_orm::ActiveValue::Set("从前的话".to_owned());
        row.edition = sea_orm::ActiveValue::Set(edition);
        row.update(store.write()).await.unwrap();
    }
    assert_eq!(program::fill(store, app.now()).await.unwrap(), 1);
    let body = async |slug: &str| {
        let id = shipped(&app, slug).await;
        let row = entity::handbook_article::Entity::find_by_id(id).one(store.read());
        row.await.unwrap().unwrap()
    };
    let dog = body("dog").await;
    assert!(dog.body.contains("狂犬") && dog.version == 2, "{dog:?}");
    assert_eq!(body("fee").await.body, "从前的话");
}
