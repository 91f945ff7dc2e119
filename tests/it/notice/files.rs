//! What goes with a notice: photos by chat and over the API, documents, what a correction keeps of them and what is
//! written anew takes along, and what becomes of them when a draft is given up.

use chrono::TimeDelta;
use entity::attachment;
use entity::kinds::NoticeState;
use linli::notice::remind::WORKS;
use linli::reminder::schedule::run_slot;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::{TEXT, all, goes_out, last, link_in, posted, published, row};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::{jpeg, pdf};
use crate::harness::until;

/// What belongs to a notice itself, oldest first.
async fn files_of(app: &TestApp, id: i64) -> Vec<attachment::Model> {
    let rows = attachment::Entity::find()
        .filter(attachment::COLUMN.subject.eq(format!("notice:{id}")))
        .order_by_asc(attachment::COLUMN.id);
    rows.all(app.store.read()).await.unwrap()
}

/// The links of files on a page, in their order.
fn links(html: &str) -> Vec<String> {
    let pattern = regex::Regex::new(r#"href="(/files/[^"]+)""#).unwrap();
    let found = pattern.captures_iter(html);
    found.map(|hit| hit[1].replace("&amp;", "&")).collect()
}

async fn fetched(app: &TestApp, path: &str) -> (u16, HeaderMap, Vec<u8>) {
    let answer = reqwest::get(format!("{}{path}", app.url())).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_photo_by_chat_and_one_over_the_api_are_on_the_page_and_nobody_elses_is() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let asked = chair.sends_photo(jpeg(1)).await;
    assert!(asked.contains("照片收到了"), "{asked}");
    let preview = chair.says(TEXT).await;
    assert!(preview.contains("照片：1张"), "{preview}");
    chair.says("1").await;
    let id = last(&app).await.id;
    goes_out(&app, id).await;
    let page = link_in(&zhang.expects_push("周六停水").await);
    let (_, html) = app.page(&page).await;
    assert!(html.contains("<img src=\"/files/"), "{html}");
    let (status, headers, bytes) = fetched(&app, &links(&html)[0]).await;
    assert_eq!(status, 200);
    assert_eq!(headers[CONTENT_TYPE], "image/jpeg");
    assert!(image::load_from_memory(&bytes).is_ok());

    let (desk, own) = (app.api(&chair).await, app.api(&zhang).await);
    let stranger = own.upload("a.jpg", jpeg(2)).await;
    let mine = desk.upload("b.jpg", jpeg(3)).await;
    let mine = mine.json["id"].as_str().unwrap();
    let body = |key: &str| {
        json!({
            "place": "GY", "title": "停电", "body": "周日停电", "urgent": true, "attachments": [key],
        })
    };
    let stranger = stranger.json["id"].as_str().unwrap();
    for (key, status) in [(stranger, 404), ("999999", 404), ("x", 422)] {
        let answer = desk.post("/notices", &body(key)).await;
        assert_eq!(answer.status, status, "{key}: {answer:?}");
    }
    assert_eq!(all(&app).await.len(), 1, "a refused one was written");
    let id = posted(&desk, &body(mine)).await;
    goes_out(&app, id).await;
    let again = desk.post("/notices", &body(mine)).await;
    assert_eq!(again.status, 404, "given once: {again:?}");
    let seen = own.get(&format!("/notices/{id}")).await;
    let shown = seen.json["attachments"].as_array().unwrap();
    assert_eq!(shown.len(), 1, "{seen:?}");
    let path = shown[0].as_str().unwrap();
    let path = &path[path.find("/files/").unwrap()..];
    assert_eq!(fetched(&app, path).await.0, 200);
}

#[tokio::test]
async fn a_document_goes_with_a_notice_and_with_nothing_else() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let mut desk = Desk::of(&app, "卫东").await;
    let form = "/console/notices/new";
    let page = desk.open(&format!("{form}?place=GY")).await;
    page.is(200).says("application/pdf");
    let csrf = page.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("place", "GY"),
        ("title", "停水通知"),
        ("body", "见附件"),
    ];
    // By its bytes, not by its name.
    let page = b"<html>%PDF-1.7".to_vec();
    let refused = desk
        .send_files(form, &fields, &[("photos", "通知.pdf", page)])
        .await;
    refused.is(422).says("文件（PDF）").says("见附件");
    let made = desk
        .send_files(form, &fields, &[("photos", "通知.pdf", pdf())])
        .await;
    made.is(303);
    let id = last(&app).await.id;
    let path = format!("/console/notices/{id}");
    let name = format!("附件：linli-{}.pdf", files_of(&app, id).await[0].id);
    desk.open(&path).await.is(200).says(&name);
    desk.send(&path, &format!("{path}/publish"), &[])
        .await
        .is(303);
    goes_out(&app, id).await;
    let page = link_in(&zhang.expects_push("停水通知").await);
    let (_, html) = app.page(&page).await;
    assert!(html.contains(&name) && !html.contains("<img"), "{html}");
    let link = links(&html).remove(0);
    let (status, headers, bytes) = fetched(&app, &link).await;
    assert_eq!((status, bytes), (200, pdf()));
    assert_eq!(headers[CONTENT_TYPE], "application/pdf");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let named = headers[CONTENT_DISPOSITION].to_str().unwrap();
    assert!(
        named.starts_with("inline; filename=\"linli-") && named.ends_with(".pdf\""),
        "{named}"
    );
    // In a sandbox no browser shows it.
    let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("sandbox"),
        "{policy}"
    );
    let small = link.replace("/full/", "/small/");
    let own = files_of(&app, id).await[0].id;
    let other = link.replacen(&format!("/files/{own}/"), "/files/999/", 1);
    for odd in [small, other] {
        assert_eq!(fetched(&app, &odd).await.0, 404, "{odd}");
    }

    // Over the API.
    let (api, own) = (app.api(&chair).await, app.api(&zhang).await);
    let taken = api.upload("通知.pdf", pdf()).await;
    assert_eq!(
        (taken.status, &taken.json["kind"]),
        (201, &json!("document"))
    );
    assert!(taken.json["thumbnail_url"].is_null(), "{taken:?}");
    let large = [pdf(), vec![b' '; 20 * 1024 * 1024]].concat();
    assert_eq!(api.upload("a.pdf", large).await.status, 413);
    let body = json!({
        "place": "GY", "title": "停电", "body": "见附件", "urgent": true,
        "attachments": [taken.json["id"]],
    });
    let id = posted(&api, &body).await;
    goes_out(&app, id).await;
    let seen = own.get(&format!("/notices/{id}")).await;
    let url = seen.json["attachments"][0].as_str().unwrap();
    let (_, headers, _) = fetched(&app, &url[url.find("/files/").unwrap()..]).await;
    assert_eq!(headers[CONTENT_TYPE], "application/pdf");

    // A case takes none: not over the API, not at the console.
    let taken = own.upload("a.pdf", pdf()).await;
    let body = json!({
        "kind": "repair", "text": "1栋大厅漏水", "attachments": [taken.json["id"]],
    });
    let refused = own.post("/cases", &body).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(
        refused.json.to_string().contains("只能附在公告"),
        "{refused:?}"
    );
    app.steward("1栋").await;
    zhang.says("报修 1栋大厅漏水").await;
    let case = zhang.case().await.id;
    let mut steward = Desk::of(&app, "孙梅").await;
    let path = format!("/console/cases/{case}");
    let page = steward.open(&path).await;
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let fields = [("csrf", csrf.as_str()), ("seen", seen.as_str())];
    let refused = steward
        .send_files(
            &format!("{path}/photos"),
            &fields,
            &[("photos", "a.pdf", pdf())],
        )
        .await;
    refused.is(422).says("只收照片（");
}

#[tokio::test]
async fn a_correction_keeps_the_photos_unless_it_brings_its_own() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    chair.sends_photo(jpeg(1)).await;
    let old = published(&chair, TEXT).await;
    let before = link_in(&zhang.expects_push("周六停水").await);
    let preview = chair
        .says(&format!("更正公告 {old} 周日停水\n改到周日。"))
        .await;
    assert!(preview.contains("照片：1张"), "{preview}");
    chair.says("1").await;
    let new = last(&app).await.id;
    goes_out(&app, new).await;
    let now = link_in(&zhang.expects_push("周日停水").await);
    let mut desk = Desk::of(&app, "卫东").await;
    for id in [old, new] {
        let page = desk.open(&format!("/console/notices/{id}")).await;
        page.is(200).says("src=\"/files/");
    }
    for (page, corrected) in [(&before, true), (&now, false)] {
        let (_, html) = app.page(page).await;
        assert_eq!(links(&html).len(), 1, "{html}");
        assert_eq!(html.contains("这条公告已更正"), corrected, "{html}");
    }
    let own = app.api(&zhang).await;
    let seen = own.get(&format!("/notices/{new}")).await;
    assert_eq!(seen.json["attachments"].as_array().unwrap().len(), 1);

    // The same words with another photo are another version; without one they are none.
    let path = format!("/console/notices/{new}");
    let csrf = desk.open(&path).await.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("title", "周日停水"),
        ("body", "改到周日。"),
    ];
    let to = format!("{path}/correct");
    let refused = desk.send_files(&to, &fields, &[]).await;
    refused.is(422).says("和原来一样");
    let broken = vec![("photos", "a.jpg", b"\xff\xd8\xff".to_vec())];
    let refused = desk.send_files(&to, &fields, &broken).await;
    refused.is(422).says("打不开").says("改到周日。");
    let made = desk
        .send_files(&to, &fields, &[("photos", "a.jpg", jpeg(9))])
        .await;
    made.is(303);
    let third = last(&app).await;
    assert_eq!((third.version, third.corrects), (3, Some(new)));
    let path = format!("/console/notices/{}", third.id);
    desk.send(&path, &format!("{path}/publish"), &[])
        .await
        .is(303);
    goes_out(&app, third.id).await;
    let (_, html) = app
        .page(&link_in(&zhang.expects_push("周日停水").await))
        .await;
    let photo = files_of(&app, third.id).await[0].id;
    let shown = links(&html);
    assert!(
        shown.len() == 1 && shown[0].starts_with(&format!("/files/{photo}/")),
        "{html}"
    );
    let (_, html) = app.page(&now).await;
    assert_eq!(links(&html).len(), 1, "the version before keeps its own");
}

#[tokio::test]
async fn what_is_written_after_one_that_was_undone_takes_its_files_along_unless_told_otherwise() {
    let app = TestApp::start().await;
    let (zhang, _chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let mut desk = Desk::of(&app, "卫东").await;
    let new = "/console/notices/new";
    let csrf = desk.open(&format!("{new}?place=GY")).await.hidden("csrf");
    let words = [
        ("csrf", csrf.as_str()),
        ("place", "GY"),
        ("title", "停水通知"),
        ("body", "见附件"),
    ];
    let files = [("photos", "a.jpg", jpeg(1)), ("photos", "通知.pdf", pdf())];
    desk.send_files(new, &words, &files).await.is(303);
    let undone = last(&app).await.id;
    let path = format!("/console/notices/{undone}");
    for act in ["publish", "recall"] {
        desk.send(&path, &format!("{path}/{act}"), &[])
            .await
            .is(303);
    }
    assert_eq!(row(&app, undone).await.state, NoticeState::Undone);
    let own: Vec<i64> = files_of(&app, undone)
        .await
        .iter()
        .map(|row| row.id)
        .collect();
    let paper = format!("附件：linli-{}.pdf", own[1]);

    // The form shows them, ticked.
    let again = format!("{new}?from={undone}");
    let form = desk.open(&again).await;
    form.is(200)
        .says("原来的照片和 PDF（2 个）")
        .says("src=\"/files/")
        .says(&paper)
        .says("name=\"along\" value=\"yes\" checked");
    let from = form.hidden("from");
    assert_eq!(from, undone.to_string());
    let mut fields = words.to_vec();
    fields.extend([("from", from.as_str()), ("along", "yes")]);
    // What is wrong with the words takes nothing of it away.
    let mut wrong = fields.clone();
    wrong[2] = ("title", "");
    let refused = desk.send_files(new, &wrong, &[]).await;
    refused
        .is(422)
        .says(&paper)
        .says("name=\"along\" value=\"yes\" checked");
    desk.send_files(new, &fields, &[]).await.is(303);
    let second = last(&app).await.id;
    let path = format!("/console/notices/{second}");
    desk.open(&path)
        .await
        .is(200)
        .says("src=\"/files/")
        .says(&paper);
    desk.send(&path, &format!("{path}/publish"), &[])
        .await
        .is(303);
    goes_out(&app, second).await;
    let (_, html) = app
        .page(&link_in(&zhang.expects_push("停水通知").await))
        .await;
    let keys = |html: &str| {
        let shown = links(html).into_iter();
        let key = |link: String| link.split('/').nth(2).unwrap().parse::<i64>().unwrap();
        shown.map(key).collect::<Vec<i64>>()
    };
    assert_eq!(keys(&html), own, "{html}");
    // The one before keeps them.
    assert_eq!(files_of(&app, undone).await.len(), 2);
    assert!(files_of(&app, second).await.is_empty());

    // Not ticked they stay behind; new ones take their place.
    let mut without = words.to_vec();
    without.push(("from", from.as_str()));
    desk.send_files(new, &without, &[]).await.is(303);
    let third = last(&app).await.id;
    let page = desk.open(&format!("/console/notices/{third}")).await;
    assert!(!page.body.contains("/files/"), "{}", page.body);
    let other = [("photos", "b.jpg", jpeg(9))];
    desk.send_files(new, &fields, &other).await.is(303);
    let fourth = last(&app).await.id;
    assert_eq!(files_of(&app, fourth).await.len(), 1);
    let page = desk.open(&format!("/console/notices/{fourth}")).await;
    page.says("src=\"/files/");
    assert!(!page.body.contains(&paper), "{}", page.body);

    // What somebody else drafts is not theirs to take, and a draft of their own is not kept.
    let mut secretary = Desk::of(&app, "郑洪").await;
    let page = secretary.open(&format!("{new}?place=GY")).await;
    let mark = page.hidden("csrf");
    let mut theirs = words.to_vec();
    theirs[0] = ("csrf", mark.as_str());
    secretary.send_files(new, &theirs, &[]).await.is(303);
    let strange = last(&app).await.id.to_string();
    let mut forged = words.to_vec();
    forged.extend([("from", strange.as_str()), ("along", "yes")]);
    desk.send_files(new, &forged, &[]).await.is(404);
    let draft = third.to_string();
    let mut after = words.to_vec();
    after.extend([("from", draft.as_str()), ("along", "yes")]);
    desk.send_files(new, &after, &[]).await.is(409);
    assert_eq!(last(&app).await.id.to_string(), strange);
}

#[tokio::test]
async fn a_draft_given_up_is_gone_after_seven_days_and_its_photos_are_free() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    chair.sends_photo(jpeg(1)).await;
    chair.says(TEXT).await;
    let id = last(&app).await.id;
    app.drain().await;
    assert_eq!(files_of(&app, id).await.len(), 1);
    let tidies = async || run_slot(&app.store, &WORKS[0], app.now()).await.unwrap();
    app.clock.advance(TimeDelta::days(6));
    tidies().await;
    assert_eq!(all(&app).await.len(), 1, "too soon");
    app.clock.advance(TimeDelta::days(2));
    tidies().await;
    // The program's own clock may have been first, and may be at it still.
    until("the draft is gone", 15, async || {
        all(&app).await.is_empty().then_some(())
    })
    .await;
    assert!(files_of(&app, id).await.is_empty());
    let house = &app.instances[0].app;
    until("the photo is gone", 15, async || {
        let gone = linli::attachment::remove_unfiled(house, None, app.now()).await;
        assert!(gone.unwrap() <= 1);
        let left = attachment::Entity::find().all(app.store.read()).await;
        left.unwrap().is_empty().then_some(())
    })
    .await;
}
