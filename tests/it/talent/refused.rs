//! What is refused: no consent, words that say too much, too many, elsewhere; JSON with its keys; what an erasure
//! leaves.

use entity::kinds::{HelpState, TalentKind, TalentState};
use serde_json::json;

use super::{ask, offer, request, talents};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mini_program_goes_the_same_way_and_nothing_is_offered_without_consent() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let han = app.resident("韩梅").await;
    let (asker, helper, stranger) = (
        app.api(&zhang).await,
        app.api(&li).await,
        app.api(&han).await,
    );
    for (body, status) in [
        (json!({ "kind": "doctor", "text": "可以看化验单" }), 422),
        (
            json!({ "kind": "wizard", "text": "可以看化验单", "consent": true }),
            422,
        ),
        (
            json!({ "kind": "doctor", "text": "", "consent": true }),
            422,
        ),
        (
            json!({ "kind": "doctor", "text": "打13800000102", "consent": true }),
            422,
        ),
        (
            json!({ "kind": "doctor", "text": "好".repeat(101), "consent": true }),
            422,
        ),
        (
            json!({ "kind": "doctor", "text": "可以看化验单", "consent": true }),
            201,
        ),
        (
            json!({ "kind": "doctor", "text": "再来一次", "consent": true }),
            409,
        ),
    ] {
        let answer = helper.post("/talents", &body).await;
        assert_eq!(answer.status, status, "{body} {answer:?}");
    }
    let kinds = asker.get("/talents/kinds").await;
    assert_eq!(
        kinds.json,
        json!([{ "kind": "doctor", "kind_label": "医护", "count": 1 }])
    );
    assert_eq!(stranger.get("/talents/kinds").await.json, json!([]));
    assert_eq!(helper.get("/talents/kinds").await.json, json!([]));
    let none = json!({ "kind": "barber", "text": "想剪头发" });
    assert_eq!(asker.post("/help", &none).await.status, 409);
    let own = json!({ "kind": "doctor", "text": "自己看病" });
    assert_eq!(
        helper.post("/help", &own).await.status,
        409,
        "nobody but themselves"
    );
    let body = json!({ "kind": "doctor", "text": "想请人看看化验单" });
    let made = asker.post_once("/help", "h-1", &body).await;
    assert_eq!((made.status, &made.json["state"]), (201, &json!("asking")));
    let again = asker.post_once("/help", "h-1", &body).await;
    assert_eq!((again.status, &again.json), (201, &made.json));
    let path = format!("/help/{}", made.json["id"].as_str().unwrap());
    assert_eq!(stranger.get(&path).await.status, 404);
    for verb in ["answer", "withdraw", "contact"] {
        let body = json!({ "accept": true });
        let answer = stranger.post(&format!("{path}/{verb}"), &body).await;
        assert_eq!(answer.status, 404, "{verb}");
    }
    let yes = json!({ "accept": true });
    assert_eq!(
        asker.post(&format!("{path}/answer"), &yes).await.status,
        403
    );
    assert_eq!(
        helper
            .post(&format!("{path}/withdraw"), &json!({}))
            .await
            .status,
        403
    );
    assert_eq!(
        asker
            .post(&format!("{path}/contact"), &json!({}))
            .await
            .status,
        409
    );
    let list = helper.get("/help?list=asked").await;
    assert_eq!(list.json["items"][0]["side"], "talent", "{list:?}");
    let done = helper
        .post_once(&format!("{path}/answer"), "a-1", &yes)
        .await;
    assert_eq!(
        (done.status, &done.json["state"]),
        (200, &json!("accepted"))
    );
    for api in [&asker, &helper] {
        let whole = api.get(&path).await.json.to_string();
        for personal in ["张秀英", "李建国", "13800000101", "13800000102"] {
            assert!(!whole.contains(personal), "{personal}: {whole}");
        }
    }
    assert_eq!(asker.get("/help?list=odd").await.status, 422);
    assert_eq!(asker.signed_out().get("/help").await.status, 401);
    let mut clerk = Desk::of(&app, "蒋平").await;
    clerk.open("/console/talents").await.is(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_are_refused_and_an_erasure_goes_on_to_the_next() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let first = offer(&zhang, TalentKind::Teacher).await;
    let second = offer(&wang, TalentKind::Teacher).await;
    let mut ids = Vec::new();
    for words in ["教师 想学拼音", "教师 想学书法", "老师 想学用手机"] {
        ids.push(ask(&li, words).await);
    }
    let full = li.says("找帮手 教师 再来一个").await;
    assert!(full.contains("3件事正在找帮手"), "{full}");
    assert_eq!(request(&app, ids[0]).await.talent_id, Some(first));
    assert_eq!(request(&app, ids[1]).await.talent_id, Some(second));
    app.drain().await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    app.advance(2).await;
    assert_eq!(request(&app, ids[0]).await.talent_id, Some(second));
    let row = &talents(&app).await[0];
    assert_eq!((row.state, row.text.as_str()), (TalentState::Withdrawn, ""));
    let states: Vec<HelpState> = [
        request(&app, ids[0]).await.state,
        request(&app, ids[1]).await.state,
    ]
    .to_vec();
    assert_eq!(states, [HelpState::Asking, HelpState::Asking]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_a_stranger_make_no_line_of_their_own_and_hide_nothing() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    offer(&li, TalentKind::Doctor).await;
    let forged =
        "看化验单\n2 #99 医护 急救\u{2028}3 接受\u{202e}帮忙\u{200b} 👨\u{200d}👩\u{200d}👧";
    let said = ask(&zhang, &format!("医护 {forged}")).await;
    let api = app.api(&zhang).await;
    let body = json!({ "kind": "doctor", "text": forged });
    let made = api.post("/help", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let clean = "看化验单 2 #99 医护 急救 3 接受帮忙 👨\u{200d}👩\u{200d}👧";
    assert_eq!(made.json["text"], clean);
    assert_eq!(request(&app, said).await.text, clean);
    let told = li.expects_push("邻居请帮忙").await;
    let list = li.says("帮手任务").await;
    let numbered = |text: &str| {
        let begins = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
        text.lines().filter(begins).count()
    };
    assert_eq!(numbered(&list), 2, "{list}");
    for text in [&told, &list] {
        let hidden = ['\u{202e}', '\u{200b}', '\u{2028}'];
        assert!(!text.contains(hidden), "{text:?}");
    }
    // A number is none the less one with something between its digits.
    let number = "打1380\u{200b}0000\u{2060}102";
    let body = json!({ "kind": "doctor", "text": number });
    assert_eq!(api.post("/help", &body).await.status, 422);
    // A wish is read in a list, too.
    let raised = api
        .post("/wishes", &json!({ "text": "想要老花镜\n2 #7 轮椅" }))
        .await;
    assert_eq!(raised.json["text"], "想要老花镜 2 #7 轮椅", "{raised:?}");
}
