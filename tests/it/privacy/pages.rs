//! One's own data on pages: consent by going on over the API and on `/me`, a correction asked for there and decided
//! in the console, and the log of what was let go.

use entity::{account, consent, correction, deletion_log};
use linli::privacy::consent::VERSION;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::by_id;
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;

/// Whether an account of this openid was told the rules, and whether it agreed.
async fn follows(app: &TestApp, open_id: &str) -> (bool, bool) {
    let found = account::Entity::find()
        .filter(account::COLUMN.external_id.eq(open_id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let row = consent::Entity::find()
        .filter(consent::COLUMN.account_id.eq(found.id))
        .filter(consent::COLUMN.version.eq(VERSION))
        .one(app.store.read())
        .await
        .unwrap();
    let agreed = row.as_ref().is_some_and(|row| row.agreed_at.is_some());
    assert_eq!(
        (
            found.told_version == VERSION,
            found.agreed_version == VERSION
        ),
        (row.is_some(), agreed),
        "{found:?}"
    );
    (row.is_some(), agreed)
}

/// As if the rules had changed since everybody agreed to them.
async fn rules_change(app: &TestApp) {
    account::Entity::update_many()
        .set(account::ActiveModel {
            told_version: Set(VERSION - 1),
            agreed_version: Set(VERSION - 1),
            ..Default::default()
        })
        .exec(app.store.write())
        .await
        .unwrap();
    consent::Entity::delete_many()
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test]
async fn who_signs_in_to_the_mini_program_is_told_and_agrees_by_writing() {
    let app = TestApp::start().await;
    let code = app.platform.code("o-raw");
    let answer = reqwest::Client::builder()
        .build()
        .unwrap()
        .post(format!("{}/api/v1/session", app.url()))
        .json(&json!({ "code": code }))
        .send()
        .await
        .unwrap();
    let session: Value = answer.json().await.unwrap();
    let rules = &session["rules"];
    assert_eq!(
        (&rules["version"], &rules["agreed"]),
        (&json!(VERSION), &json!(false)),
        "{session}"
    );
    assert!(rules["url"].as_str().unwrap().ends_with("/privacy"));

    let api = app.api_of("o-mini").await;
    assert_eq!(follows(&app, "o-mini").await, (true, false));
    // Looking is not writing, and one's rights do not depend on consent.
    api.get("/me").await;
    let correction = json!({ "field": "name", "value": "张秀莹" });
    api.post("/me/export", &json!({})).await;
    api.post("/me/corrections", &correction).await;
    assert_eq!(follows(&app, "o-mini").await, (true, false));
    let body = json!({ "kind": "repair", "text": "电梯停了" });
    api.post("/cases", &body)
        .await
        .refuses(403, "forbidden", "绑定");
    assert_eq!(follows(&app, "o-mini").await, (true, true));
    // Who was not told is told by the refusal; the same again is going on.
    rules_change(&app).await;
    let path = "/cases";
    api.post(path, &body)
        .await
        .refuses(403, "consent_required", "/privacy");
    assert_eq!(follows(&app, "o-mini").await, (true, false));
    api.post(path, &body)
        .await
        .refuses(403, "forbidden", "绑定");
    assert_eq!(follows(&app, "o-mini").await, (true, true));
}

#[tokio::test]
async fn the_page_tells_the_rules_to_whoever_has_not_agreed() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let me = format!("{}/me", app.url());
    let sentence = "继续使用即表示您同意";
    let mut browser = Browser::new();
    browser
        .come_back(&app, &zhang.open_id, "/me")
        .await
        .leads_to("/me");
    let page = browser.open(&me).await;
    assert!(!page.is(200).body.contains(sentence), "agreed in the chat");
    let mut other = Browser::new();
    other
        .come_back(&app, "o-visitor", "/me")
        .await
        .leads_to("/me");
    assert_eq!(follows(&app, "o-visitor").await, (false, false));
    other.open(&me).await.is(200).says(sentence);
    assert_eq!(follows(&app, "o-visitor").await, (true, false));
}

#[tokio::test]
async fn a_correction_is_asked_for_on_the_page_and_decided_in_the_console() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let id = app.person("张秀英").await.id;
    let me = format!("{}/me", app.url());
    let to = format!("{me}/correct");
    let name = [("field", "name"), ("value", "张秀莹")];
    let mut stranger = Browser::new();
    stranger.post(&to, &name).await.is(303);
    let mut browser = Browser::new();
    browser.come_back(&app, &zhang.open_id, "/me").await;
    browser
        .open(&me)
        .await
        .is(200)
        .says("action=\"/me/correct\"");
    for wrong in [
        &[("field", "phone"), ("value", "123<b>")][..],
        &[("field", "home"), ("value", "张秀莹")],
        &[],
    ] {
        let page = browser.post(&to, wrong).await;
        page.is(422).says("id=\"value-wrong\"");
        assert!(!page.body.contains("<b>"), "{}", page.body);
    }
    let newest = async || {
        let found = correction::Entity::find().order_by_desc(correction::COLUMN.id);
        found.one(app.store.read()).await.unwrap()
    };
    assert_eq!(newest().await, None);
    browser.post(&to, &name).await.is(200).says("已请管家核实");
    browser.open(&me).await.says("等待核实");
    let first = newest().await.unwrap().id;

    let page = "/console/corrections";
    let pass = format!("{page}/{first}/pass");
    // Next door it is not there; a company has no word in it.
    let mut next = Desk::of(&app, "周强").await;
    let list = next.open(page).await;
    assert!(!list.is(200).body.contains("张秀莹"));
    next.send("/console/account", &pass, &[]).await.is(404);
    let mut staff = Desk::of(&app, "蒋平").await;
    staff.open(page).await.is(403);
    staff.send("/console/account", &pass, &[]).await.is(404);
    assert_eq!(by_id(&app, id).await.name, "张秀英");
    let mut steward = Desk::of(&app, "孙梅").await;
    steward.open("/console/people").await.says(page);
    steward
        .open(page)
        .await
        .is(200)
        .says("1-1-101 张秀英")
        .says("张秀莹");
    steward
        .send(page, &format!("{page}/{first}/burn"), &[])
        .await
        .is(404);
    steward
        .send(page, &pass, &[])
        .await
        .leads_to("/console/corrections?said=corrected");
    assert_eq!(by_id(&app, id).await.name, "张秀莹");
    zhang.expects_push("已更正").await;
    steward
        .send("/console/account", &pass, &[])
        .await
        .is(409)
        .says("已经处理过");

    let phone = [("field", "phone"), ("value", "139 0000 0002")];
    browser.post(&to, &phone).await.is(200);
    let second = newest().await.unwrap().id;
    let list = steward.open(page).await;
    list.says("139****0002");
    assert!(!list.body.contains("13900000002"), "{}", list.body);
    steward
        .send(
            page,
            &format!("{page}/{second}/refuse"),
            &[("reason", "请带身份证来核对")],
        )
        .await
        .leads_to("/console/corrections?said=not-corrected");
    let told = zhang.expects_push("未更正").await;
    assert!(told.contains("身份证"), "{told}");
    steward.open(page).await.says("没有等您核实的更正");
}

#[tokio::test]
async fn the_log_of_what_was_let_go_is_a_page_of_the_console() {
    let app = TestApp::start().await;
    for (class, count) in [("withdrawn-case", 3), ("something-new", 5)] {
        let row = deletion_log::ActiveModel {
            class: Set(class.to_owned()),
            count: Set(count),
            up_to: Set(app.now()),
            at: Set(app.now()),
            ..Default::default()
        };
        row.insert(app.store.write()).await.unwrap();
    }
    let page = "/console/deletions";
    let mut secretary = Desk::of(&app, "郑洪").await;
    secretary.open("/console/audit").await.says(page);
    secretary
        .open(page)
        .await
        .is(200)
        .says("撤回的诉求")
        .says(">3<")
        .says("something-new");
    secretary
        .open(&format!("{page}?cursor=nonsense"))
        .await
        .is(422);
    for name in ["沈立", "卫东", "孙梅"] {
        Desk::of(&app, name).await.open(page).await.is(403);
    }
}
