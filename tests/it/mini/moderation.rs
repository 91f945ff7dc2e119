//! Content that others are to see: only a plain `pass` of the platform or a person's word shows it.

use entity::kinds::{ContentKind, ModerationState};
use entity::moderation;
use linli::files::FileKind;
use linli::moderation::{Submission, queries, submit};
use linli::sandbox::{Api, Fault};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::resident;
use crate::harness::app::TestApp;
use crate::harness::until;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

async fn last(app: &TestApp) -> moderation::Model {
    let row = moderation::Entity::find()
        .order_by_desc(moderation::COLUMN.id)
        .one(app.store.read())
        .await;
    row.unwrap().unwrap()
}

/// What some noun hands in: a resident's words or picture about the compound.
async fn hand_in(app: &TestApp, kind: ContentKind, content: &str) -> moderation::Model {
    let api = &app.instances[0].app;
    let compound = app.place("GY").await;
    let author = app.person("张秀英").await;
    let mut tx = api.store.begin(app.now()).await.unwrap();
    let content = Submission {
        subject: "wish:1".to_owned(),
        part: "text".to_owned(),
        compound_id: compound.id,
        place_id: compound.id,
        kind,
        content: content.to_owned(),
        author_id: Some(author.id),
    };
    let row = submit(&mut tx, content).await.unwrap();
    tx.commit().await.unwrap();
    row
}

async fn shown(app: &TestApp) -> Option<String> {
    queries::shown(app.store.read(), "wish:1", "text")
        .await
        .unwrap()
}

async fn settled(app: &TestApp, id: i64) -> moderation::Model {
    until("the platform's word", 15, async || {
        let row = moderation::Entity::find_by_id(id)
            .one(app.store.read())
            .await
            .unwrap()
            .unwrap();
        let done = row.state != ModerationState::Pending || row.asked_at.is_some();
        done.then_some(row)
    })
    .await
}

#[tokio::test]
async fn a_text_that_the_platform_passes_is_shown_and_what_comes_after_it_is_not_yet() {
    let app = TestApp::start().await;
    resident(&app, "张秀英").await;
    let row = hand_in(&app, ContentKind::Text, "想学太极拳").await;
    let row = settled(&app, row.id).await;
    assert_eq!(row.state, ModerationState::Passed, "{row:?}");
    assert_eq!(shown(&app).await.as_deref(), Some("想学太极拳"));
    app.platform
        .set_fault(Fault::new(Api::Textcheck, "-1", None));
    let row = hand_in(&app, ContentKind::Text, "改成学书法").await;
    settled(&app, row.id).await;
    assert_eq!(shown(&app).await, None, "the old words are replaced");
}

#[tokio::test]
async fn anything_but_a_pass_goes_to_a_person() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    resident(&app, "张秀英").await;
    for (text, fault, doubt) in [
        ("违规广告", "", "违规"),
        ("疑似广告", "", "人工"),
        ("好", "61010", "两小时"),
        ("好", "87014", "87014"),
        ("好", "45009", "45009"),
        ("好", "40003", "40003"),
        ("好", "-1", "-1"),
        ("好", "gateway", "连不上"),
        ("好", "refused", "连不上"),
        ("好", "nonsense", "看不懂"),
    ] {
        if !fault.is_empty() {
            app.platform
                .set_fault(Fault::new(Api::Textcheck, fault, Some(2)));
        }
        let row = hand_in(&app, ContentKind::Text, text).await;
        let row = settled(&app, row.id).await;
        app.platform.clear_faults();
        assert_eq!(row.state, ModerationState::Pending, "{text} {fault}");
        let said = row.doubt.unwrap();
        assert!(said.contains(doubt), "{fault}: {said}");
        assert_eq!(shown(&app).await, None);
        chair.expects_push("待审核").await;
    }
    let long = hand_in(&app, ContentKind::Text, &"长".repeat(2501)).await;
    assert!(settled(&app, long.id).await.doubt.unwrap().contains("太长"));
    // Two hours after the person was last here the platform does not say.
    app.advance(121).await;
    let row = hand_in(&app, ContentKind::Text, "好").await;
    assert!(
        settled(&app, row.id)
            .await
            .doubt
            .unwrap()
            .contains("两小时")
    );
}

#[tokio::test]
async fn a_slow_platform_and_a_missing_mini_program_ask_a_person_too() {
    let app = TestApp::start().await;
    resident(&app, "张秀英").await;
    let mut slow = Fault::new(Api::Textcheck, "slow", Some(1));
    slow.ms = Some(8_000);
    app.platform.set_fault(slow);
    let row = hand_in(&app, ContentKind::Text, "好").await;
    assert!(settled(&app, row.id).await.doubt.unwrap().contains("及时"));
    let app = TestApp::plan()
        .set("WECHAT__MINI__APP_ID", "")
        .set("WECHAT__MINI__TOKEN", "")
        .start()
        .await;
    let row = hand_in(&app, ContentKind::Text, "好").await;
    let row = settled(&app, row.id).await;
    assert!(row.doubt.unwrap().contains("没有配置"));
}

#[tokio::test]
async fn staff_of_the_place_decide_in_chat_and_nobody_else() {
    let app = TestApp::start().await;
    let (chair, steward) = (app.staff("卫东").await, app.steward("1栋").await);
    let row = hand_in(&app, ContentKind::Text, "加微信领红包").await;
    let id = row.id;
    let asked = chair.expects_push("待审核").await;
    assert!(asked.contains(&format!("审核 {id}")), "{asked}");
    let list = chair.says("审核").await;
    assert!(list.contains("加微信领红包"), "{list}");
    let one = chair.says("1").await;
    assert!(one.contains("没有用过小程序"), "{one}");
    // A steward does not decide, and does not learn what there is; a resident has no such command.
    let other = steward.says(&format!("审核 {id} 通过")).await;
    assert!(other.contains("没有找到"), "{other}");
    let zhang = app.resident("张秀英").await;
    assert!(
        zhang
            .says(&format!("审核 {id} 通过"))
            .await
            .contains("工作人员")
    );
    assert_eq!(shown(&app).await, None);
    let done = chair.says(&format!("审核 {id} 驳回 有广告")).await;
    assert!(done.contains("已驳回"), "{done}");
    let told = zhang.expects_push("审核未通过").await;
    assert!(told.contains("有广告"), "{told}");
    let again = chair.says(&format!("审核 {id} 通过")).await;
    assert!(again.contains("已驳回"), "{again}");
    assert_eq!(shown(&app).await, None);
    assert_eq!(chair.says("审核").await, "现在没有要审核的内容。");
}

#[tokio::test]
async fn the_api_decides_once_and_only_for_those_who_may() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let (_, zhang) = resident(&app, "张秀英").await;
    app.platform
        .set_fault(Fault::new(Api::Textcheck, "61010", None));
    let row = hand_in(&app, ContentKind::Text, "想学太极拳").await;
    settled(&app, row.id).await;
    let list = api.get("/moderation").await;
    assert_eq!(list.json["items"][0]["text"], "想学太极拳", "{list:?}");
    assert_eq!(zhang.get("/moderation").await.status, 403);
    let path = format!("/moderation/{}/decision", row.id);
    let pass = json!({ "pass": true });
    assert_eq!(zhang.post(&path, &pass).await.status, 404);
    assert_eq!(api.post(&path, &json!({ "pass": "yes" })).await.status, 400);
    let first = api.post_once(&path, "k", &pass).await;
    assert_eq!(
        (first.status, first.json["state"].as_str()),
        (200, Some("passed"))
    );
    assert_eq!(api.post_once(&path, "k", &pass).await.json, first.json);
    assert_eq!(api.post(&path, &json!({ "pass": false })).await.status, 409);
    assert_eq!(shown(&app).await.as_deref(), Some("想学太极拳"));
    for id in ["0", "x", "999999"] {
        let path = format!("/moderation/{id}/decision");
        assert_eq!(api.post(&path, &pass).await.status, 404);
    }
}

#[tokio::test]
async fn a_picture_is_fetched_by_the_platform_and_its_verdict_comes_as_a_push() {
    let app = TestApp::start().await;
    resident(&app, "张秀英").await;
    let files = &app.instances[0].app.files;
    for (name, words, passed) in [
        ("2026/11/a.png", "", true),
        ("2026/11/b.png", "违规", false),
        ("2026/11/c.png", "疑似", false),
    ] {
        let bytes = [PNG, words.as_bytes()].concat();
        files.put(name, FileKind::Png, bytes).await.unwrap();
        let row = hand_in(&app, ContentKind::Image, name).await;
        // A verdict may come before the answer to the call; then it is looked at again.
        app.advance(1).await;
        let row = settled(&app, row.id).await;
        let state = row.state == ModerationState::Passed;
        assert_eq!(state, passed, "{name}: {row:?}");
        assert_eq!(shown(&app).await.is_some(), passed);
    }
    // Not there: the platform could not download it.
    let row = hand_in(&app, ContentKind::Image, "2026/11/none.png").await;
    app.advance(1).await;
    assert!(settled(&app, row.id).await.doubt.unwrap().contains("-1008"));
}

#[tokio::test]
async fn a_verdict_that_never_comes_asks_a_person_and_the_address_is_closed_to_others() {
    let app = TestApp::start().await;
    resident(&app, "张秀英").await;
    let files = &app.instances[0].app.files;
    files
        .put("2026/11/d.png", FileKind::Png, PNG.to_vec())
        .await
        .unwrap();
    app.platform
        .set_fault(Fault::new(Api::Mediacheck, "lost", Some(1)));
    let row = hand_in(&app, ContentKind::Image, "2026/11/d.png").await;
    app.drain().await;
    let http = reqwest::Client::builder().build().unwrap();
    let sign = linli::moderation::remind::media_sign(&app.instances[0].app, row.id);
    let get = async |sign: &str| {
        let url = format!("{}/moderation/{}/{sign}", app.url(), row.id);
        http.get(url).send().await.unwrap().status().as_u16()
    };
    assert_eq!(get(&sign).await, 200);
    assert_eq!(get("guess").await, 404);
    app.advance(36).await;
    let row = settled(&app, row.id).await;
    assert!(row.doubt.unwrap().contains("及时"));
    assert_eq!(
        get(&sign).await,
        404,
        "open only while the platform is asked"
    );
    assert_eq!(shown(&app).await, None);
}

#[tokio::test]
async fn what_the_board_says_of_a_finished_case_waits_for_its_check() {
    let app = TestApp::start().await;
    let (steward, chair) = (app.steward("1栋").await, app.staff("卫东").await);
    let zhang = app.resident("张秀英").await;
    zhang.says("报修 楼道灯坏了").await;
    let case = zhang.case().await;
    let id = case.id;
    let board = async || {
        let case = app.case(id).await;
        let db = app.store.read();
        linli::case::queries::on_board(db, &case).await.unwrap()
    };
    steward.expects_push(&format!("#{id}")).await;
    steward.says(&format!("接单 {id}")).await;
    let done = steward.says(&format!("办结 {id} 已换灯泡")).await;
    assert!(done.contains("审核通过后公示"), "{done}");
    assert_eq!(board().await, None);
    // The one who filed reads the result at once: nothing private waits.
    let read = zhang.says(&format!("进度 {id}")).await;
    assert!(read.contains("已换灯泡"), "{read}");
    chair.expects_push("待审核").await;
    let row = last(&app).await;
    chair.says(&format!("审核 {} 通过", row.id)).await;
    assert!(board().await.unwrap().contains("已换灯泡"));
    zhang.says(&format!("重开 {id} 又坏了")).await;
    assert_eq!(
        board().await,
        None,
        "a case that is open again is not on the board"
    );
}

#[tokio::test]
async fn who_finished_a_case_rewords_what_was_refused_for_the_board() {
    let app = TestApp::start().await;
    let (chair, steward) = (app.staff("卫东").await, app.steward("1栋").await);
    let zhang = app.resident("张秀英").await;
    zhang.says("报修 楼道灯坏了").await;
    let id = zhang.case().await.id;
    let reword = |text: &str| format!("改公示 {id} {text}");
    let none = steward.says(&reword("换了灯泡")).await;
    assert!(none.contains("还没有公示内容"), "{none}");
    steward
        .says(&format!("办结 {id} 灯修好了，加微信领红包"))
        .await;
    let first = settled(&app, last(&app).await.id).await;
    let early = steward.says(&reword("换了灯泡")).await;
    assert!(early.contains("还在审核"), "{early}");
    chair.says(&format!("审核 {} 驳回 有广告", first.id)).await;
    let told = steward.expects_push("审核未通过").await;
    assert!(told.contains(&format!("改公示 {id}")), "{told}");

    // Nobody else does, and whoever does not see the case learns nothing of it.
    let other = chair.says(&reword("换了灯泡")).await;
    assert!(other.contains("由办结的人"), "{other}");
    assert!(zhang.says(&reword("换了灯泡")).await.contains("工作人员"));
    let elsewhere = app.steward("2栋").await;
    assert!(
        elsewhere
            .says(&reword("换了灯泡"))
            .await
            .contains("没有找到")
    );
    let same = steward.says(&reword("灯修好了，加微信领红包")).await;
    assert!(same.contains("一样"), "{same}");
    // Without a number the only one is meant, and its words are asked for.
    let asked = steward.says("改公示").await;
    assert!(
        asked.contains(&format!("#{id}")) && asked.contains("请写下"),
        "{asked}"
    );
    let (first, second) = (
        reword("换了灯泡，电话13800000001"),
        reword("换了灯泡和开关"),
    );
    let (one, two) = tokio::join!(steward.says(&first), steward.says(&second));
    let done = |reply: &&String| reply.contains("已改");
    assert_eq!(
        [&one, &two].into_iter().filter(done).count(),
        1,
        "{one} {two}"
    );
    let second = settled(&app, last(&app).await.id).await;
    let handed_in = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(format!("case:{id}")))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(handed_in.len(), 2, "{handed_in:?}");
    assert!(
        !second.content.contains("13800000001"),
        "{}",
        second.content
    );
    let shown = async || {
        let case = app.case(id).await;
        let db = app.store.read();
        linli::case::queries::on_board(db, &case).await.unwrap()
    };
    assert_eq!(shown().await, None, "shown before it was looked at");
    chair.says(&format!("审核 {} 通过", second.id)).await;
    assert_eq!(shown().await, Some(second.content));
    let again = steward.says(&reword("又改一次")).await;
    assert!(again.contains("已通过"), "{again}");
    assert!(steward.says("改公示").await.contains("不用改"));
}
