//! Photos from the phone to whoever may see them: by chat and over the API, cleaned, before and after
//! the work, and gone when they belong to nothing.

mod odd;
mod shown;

use chrono::TimeDelta;
use entity::kinds::{AttachmentState, ModerationState, PhotoStage};
use entity::{account, attachment, binding, moderation};
use linli::case::{evidence, queries};
use linli::sandbox::Say;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
};
use serde_json::json;

use crate::harness::app::TestApp;
use crate::harness::people::{Api, Person};
use crate::harness::pictures::{self, holds, jpeg, png};

async fn rows(app: &TestApp) -> Vec<attachment::Model> {
    attachment::Entity::find()
        .order_by_asc(attachment::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
}

/// The mini-program of somebody who has a chat account, as if the platform had joined both.
async fn mini(app: &TestApp, person: &Person<'_>) -> Api {
    let open_id = format!("{}-mini", person.open_id);
    app.api_of(&open_id).await;
    let theirs = person.account().await;
    let mini = account::Entity::find()
        .filter(account::COLUMN.external_id.eq(&open_id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let mini_id = mini.id;
    let mut mini = mini.into_active_model();
    mini.person_id = Set(theirs.person_id);
    mini.update(app.store.write()).await.unwrap();
    let ties = binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(theirs.id))
        .all(app.store.read())
        .await
        .unwrap();
    for tie in ties {
        let mut copy = tie.into_active_model().reset_all();
        copy.id = sea_orm::ActiveValue::NotSet;
        copy.account_id = Set(mini_id);
        copy.insert(app.store.write()).await.unwrap();
    }
    app.api_of(&open_id).await
}

/// A resident's mini-program.
async fn both(app: &TestApp, name: &str) -> Api {
    let person = app.resident(name).await;
    mini(app, &person).await
}

#[tokio::test]
async fn an_upload_is_cleaned_belongs_to_its_case_and_is_shown_to_nobody_else() {
    let app = TestApp::start().await;
    let zhang = both(&app, "张秀英").await;
    let li = both(&app, "李建国").await;
    let taken = zhang
        .upload("../../etc/passwd.html", pictures::jpeg_with_place())
        .await;
    assert_eq!(taken.status, 201, "{taken:?}");
    let id = taken.json["id"].as_str().unwrap().to_owned();
    // Turned upright by its EXIF.
    assert_eq!(
        (&taken.json["width"], &taken.json["height"]),
        (&json!(48), &json!(64))
    );
    let mine = format!("/attachments/{id}");
    assert_eq!(
        li.get(&mine).await.status,
        404,
        "not filed yet: the sender's alone"
    );
    let body = json!({ "kind": "repair", "text": "1栋大厅漏水", "attachments": [id] });
    assert_eq!(
        li.post("/cases", &body).await.status,
        404,
        "not his to give"
    );
    let filed = zhang.post("/cases", &body).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    assert_eq!(zhang.post("/cases", &body).await.status, 404, "given once");
    let (status, kind, bytes) = zhang.fetch(&mine).await;
    assert_eq!((status, kind.as_str()), (200, "image/jpeg"));
    let (_, _, small) = zhang.fetch(&format!("{mine}/thumbnail")).await;
    for bytes in [&bytes, &small] {
        assert!(
            !holds(bytes, pictures::PLACE) && !holds(bytes, b"Exif"),
            "the place is gone"
        );
        assert!(image::load_from_memory(bytes).is_ok());
    }
    for path in [mine.clone(), format!("{mine}/thumbnail")] {
        assert_eq!(li.get(&path).await.status, 404, "{path}");
        assert_eq!(zhang.signed_out().get(&path).await.status, 401, "{path}");
    }
    let case = format!("/cases/{}", filed.json["id"].as_str().unwrap());
    let shown = zhang.get(&case).await;
    let photo = &shown.json["attachments"][0];
    assert_eq!(
        (&photo["stage"], &photo["state"]),
        (&json!("before"), &json!("stored"))
    );
    let link = photo["url"].as_str().unwrap();
    let path = link.split_once("/files/").unwrap().1;
    let http = reqwest::Client::builder().build().unwrap();
    let open = async |path: &str| {
        let url = format!("{}/files/{path}", app.url());
        http.get(url).send().await.unwrap()
    };
    let answer = open(path).await;
    assert_eq!(answer.status(), 200);
    for (name, value) in [
        ("content-security-policy", "sandbox"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "inline; filename=\"linli-"),
        ("cache-control", "private"),
    ] {
        let given = answer.headers()[name].to_str().unwrap();
        assert!(given.contains(value), "{name}: {given}");
    }
    let other = path.replacen(&format!("{id}/"), "999/", 1);
    for forged in [&other, "1/full/x/y", "0/0/0/0"] {
        assert_eq!(open(forged).await.status(), 404, "{forged}");
    }
    app.clock.advance(TimeDelta::minutes(61));
    assert_eq!(open(path).await.status(), 404, "a link holds for an hour");
    for id in ["0", "x", "99999", "9223372036854775808"] {
        assert_eq!(zhang.get(&format!("/attachments/{id}")).await.status, 404);
    }
}

#[tokio::test]
async fn what_nobody_should_send_is_refused_kindly_and_leaves_nothing() {
    let app = TestApp::start().await;
    let zhang = both(&app, "张秀英").await;
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec();
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1".to_vec();
    let half = {
        let png = png(9);
        png[..png.len() / 2].to_vec()
    };
    let large = [png(1), vec![0; 11 * 1024 * 1024]].concat();
    for (what, bytes, status) in [
        ("nothing", Vec::new(), 422),
        ("svg", svg, 415),
        ("html", b"<html><script>alert(1)</script>".to_vec(), 415),
        ("zip", b"PK\x03\x04".to_vec(), 415),
        ("heic", heic, 415),
        ("a head alone", b"\x89PNG\r\n\x1a\nrest".to_vec(), 422),
        ("cut off", half, 422),
        ("bomb", pictures::bomb(), 413),
        ("11 MB of photo", large, 413),
    ] {
        let began = std::time::Instant::now();
        let answer = zhang.upload("x.jpg", bytes).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert!(what != "bomb" || began.elapsed().as_millis() < 1_000);
        let says = answer.json["detail"].as_str().unwrap();
        assert!(
            says.ends_with('。') && !says.contains("Error"),
            "{what}: {says}"
        );
    }
    // More than anything that is kept: refused while it arrives.
    let raw = async |api: &Api, key: Option<&str>, body: Vec<u8>| {
        api.post_bytes("/attachments", "image/jpeg", key, body)
            .await
    };
    // The wire may be closed before all of it was sent.
    let http = reqwest::Client::builder().build().unwrap();
    let film = http
        .post(format!("{}/api/v1/attachments", app.url()))
        .bearer_auth(zhang.token())
        .body(vec![0; 30 * 1024 * 1024]);
    if let Ok(answer) = film.send().await {
        assert_eq!(answer.status(), 413);
    }
    assert_eq!(raw(&zhang.signed_out(), None, jpeg(1)).await.status, 401);
    let form = "multipart/form-data; boundary=B";
    for broken in [&b"--B\r\nno head"[..], b"", b"--B--\r\n"] {
        let answer = zhang
            .post_bytes("/attachments", form, None, broken.to_vec())
            .await;
        assert!(
            (400..500).contains(&answer.status),
            "{broken:?}: {answer:?}"
        );
    }
    assert!(rows(&app).await.is_empty());
    // The same key: the same answer, one file; with another file it is another request.
    let first = raw(&zhang, Some("k"), jpeg(1)).await;
    let again = raw(&zhang, Some("k"), jpeg(1)).await;
    assert_eq!((first.status, &first.json), (201, &again.json));
    assert_eq!(raw(&zhang, Some("k"), jpeg(2)).await.status, 422);
    assert_eq!(rows(&app).await.len(), 1);
}

#[tokio::test]
async fn a_polyglot_is_only_a_picture_afterwards() {
    let app = TestApp::start().await;
    let zhang = both(&app, "张秀英").await;
    for tail in [&b"<html><script>alert(1)</script>"[..], b"PK\x03\x04evil"] {
        let taken = zhang.upload("a.html", [&jpeg(5), tail].concat()).await;
        assert_eq!(taken.status, 201, "{taken:?}");
        let path = format!("/attachments/{}", taken.json["id"].as_str().unwrap());
        let (_, kind, bytes) = zhang.fetch(&path).await;
        assert_eq!(kind, "image/jpeg");
        assert!(!holds(&bytes, tail));
    }
}

#[tokio::test]
async fn a_steward_finishes_with_a_photo_and_others_see_it_once_it_has_passed() {
    let app = TestApp::start().await;
    let (steward, chair) = (app.steward("1栋").await, app.staff("卫东").await);
    let zhang = app.resident("张秀英").await;
    zhang.sends_photo(jpeg(10)).await;
    zhang.says("报修 1栋大厅漏水").await;
    let id = zhang.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    let done = steward.says(&format!("办结 {id} 换了水管")).await;
    assert!(done.contains("已办结") && done.contains("照片"), "{done}");
    let seen = async || {
        evidence::of(app.store.read(), &app.case(id).await)
            .await
            .unwrap()
    };
    assert!(seen().await.is_owed());
    let reply = steward.sends_photo(jpeg(20)).await;
    assert!(
        reply.contains(&format!("#{id}，作为处理后的照片")),
        "{reply}"
    );
    app.drain().await;
    let found = seen().await;
    let sides = (found.before.stored, found.after.stored);
    assert_eq!((sides, found.is_owed()), ((1, 1), false));
    let progress = zhang.says(&format!("进度 {id}")).await;
    assert!(
        progress.contains("照片：处理前1张，处理后1张"),
        "{progress}"
    );
    let photos = rows(&app).await;
    assert_eq!(photos.len(), 2);
    assert!(
        photos
            .iter()
            .all(|row| row.state == AttachmentState::Stored)
    );
    assert_eq!(photos[1].stage, Some(PhotoStage::After));
    // Nobody else sees them before somebody has looked.
    let shown = async || {
        evidence::on_board(app.store.read(), &app.case(id).await)
            .await
            .unwrap()
    };
    assert!(shown().await.is_empty());
    chair.expects_push("图片").await;
    app.drain().await;
    let waiting = moderation::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    let pictures: Vec<_> = waiting
        .iter()
        .filter(|row| row.part.starts_with("photo:"))
        .collect();
    assert_eq!(
        pictures.len(),
        2,
        "before and after, each once: {waiting:?}"
    );
    for row in pictures {
        assert_eq!(row.state, ModerationState::Pending);
        chair.says(&format!("审核 {} 通过", row.id)).await;
    }
    assert!(shown().await.is_empty(), "not before the result");
    let board = waiting.iter().find(|row| row.part == "board").unwrap();
    chair.says(&format!("审核 {} 通过", board.id)).await;
    assert_eq!(shown().await.len(), 2);
}

#[tokio::test]
async fn without_a_photo_the_reason_is_asked_for_by_digits() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    zhang.says("报修 1栋大厅漏水").await;
    let id = zhang.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("办结 {id} 换了水管")).await;
    let why = steward.says("1").await;
    assert!(why.contains("为什么没有照片"), "{why}");
    let noted = steward.says("住户不让拍").await;
    assert!(noted.contains("已记下"), "{noted}");
    let found = evidence::of(app.store.read(), &app.case(id).await)
        .await
        .unwrap();
    for side in [&found.before, &found.after] {
        assert_eq!(side.waived.as_deref(), Some("住户不让拍"));
    }
    assert!(!found.is_owed());
    let events = queries::events(app.store.read(), id).await.unwrap();
    assert!(events.iter().any(|event| event.action == "photo-waived"));
    // Nobody but the holder; nothing where a photo shows nothing.
    let other = app.steward("2栋").await;
    let refused = other.says(&format!("无照片 {id} 不想拍")).await;
    assert!(refused.contains("没有找到"), "{refused}");
    zhang.says("投诉 楼上太吵").await;
    let noise = zhang.case().await.id;
    steward.says(&format!("接单 {noise}")).await;
    let done = steward.says(&format!("办结 {noise} 已劝说")).await;
    assert!(done.contains("已办结") && !done.contains("照片"), "{done}");
    let needless = steward.says(&format!("无照片 {noise} 没有")).await;
    assert!(needless.contains("不需要"), "{needless}");
}

#[tokio::test]
async fn a_photo_of_staff_finds_the_case_they_work_on() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    zhang.says("报修 1栋大厅漏水").await;
    li.says("报修 1栋门禁坏了").await;
    let (first, second) = (zhang.case().await.id, li.case().await.id);
    steward.says(&format!("接单 {first}")).await;
    // One: at once.
    let reply = steward.sends_photo(jpeg(1)).await;
    assert!(reply.contains(&format!("#{first}")), "{reply}");
    steward.says(&format!("接单 {second}")).await;
    // Two: by a digit.
    let which = steward.sends_photo(jpeg(2)).await;
    assert!(which.contains("加到哪一件"), "{which}");
    let reply = steward.says("2").await;
    assert!(reply.contains(&format!("#{second}，作为处理前")), "{reply}");
    let of = rows(&app).await;
    let subjects: Vec<_> = of.iter().map(|row| row.subject.clone().unwrap()).collect();
    assert_eq!(
        subjects,
        [format!("case:{first}"), format!("case:{second}")]
    );
    // Somebody else's case is not there for whoever does not work on it.
    zhang
        .does(&Say::Image {
            media_id: "m".to_owned(),
        })
        .await;
    let foreign = zhang.says(&format!("加照片 {second}")).await;
    assert!(!foreign.contains("已加到"), "{foreign}");
}

#[tokio::test]
async fn a_photo_over_the_api_goes_with_the_finishing() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    zhang.says("报修 1栋大厅漏水").await;
    let id = zhang.case().await.id;
    let api = mini(&app, &steward).await;
    let done = api.upload("done.jpg", jpeg(8)).await;
    let accepted = api.post(&format!("/cases/{id}/accept"), &json!({})).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    let owed = api.get(&format!("/cases/{id}")).await;
    assert_eq!(owed.json["photo_owed"], true);
    let body = json!({ "text": "换了水管", "attachments": [done.json["id"]] });
    let finished = api.post(&format!("/cases/{id}/finish"), &body).await;
    assert_eq!(
        (finished.status, &finished.json["state"]),
        (200, &json!("finished"))
    );
    let shown = api.get(&format!("/cases/{id}")).await;
    assert_eq!(shown.json["photos_missing"], json!(["before"]));
    assert_eq!(shown.json["attachments"][0]["stage"], "after");
    let reason = json!({ "text": "住户不让拍" });
    let noted = api.post(&format!("/cases/{id}/no-photo"), &reason).await;
    assert_eq!(noted.status, 200, "{noted:?}");
    let shown = api.get(&format!("/cases/{id}")).await;
    assert_eq!(shown.json["photo_owed"], false);
    let li = both(&app, "李建国").await;
    let upload = li.upload("a.jpg", jpeg(3)).await;
    let photo = json!({ "attachments": [upload.json["id"]] });
    for path in ["photos", "no-photo", "finish"] {
        let body = json!({ "attachments": [upload.json["id"]], "text": "好了" });
        let answer = li.post(&format!("/cases/{id}/{path}"), &body).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    li.post(
        "/cases",
        &json!({ "kind": "repair", "text": "1栋路灯坏了" }),
    )
    .await;
    let own = li.get("/cases").await.json["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/cases/{own}/photos");
    let added = li.post_once(&path, "p", &photo).await;
    assert_eq!(added.status, 200, "{added:?}");
    assert_eq!(li.post_once(&path, "p", &photo).await.json, added.json);
    assert_eq!(li.post(&path, &photo).await.status, 404, "given once");
    assert_eq!(
        li.post(&path, &json!({ "attachments": [] })).await.status,
        422
    );
    assert_eq!(
        li.post(&path, &json!({ "attachments": ["x"] }))
            .await
            .status,
        404
    );
    li.post(&format!("/cases/{own}/withdraw"), &json!({})).await;
    let late = li.upload("b.jpg", jpeg(4)).await;
    let photo = json!({ "attachments": [late.json["id"]] });
    assert_eq!(li.post(&path, &photo).await.status, 409);
}

#[tokio::test]
async fn what_is_filed_with_nothing_is_gone_after_a_day_and_when_its_sender_leaves() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    zhang.sends_photo(jpeg(1)).await;
    app.drain().await;
    let path = rows(&app).await[0].path.clone().unwrap();
    let files = &app.instances[0].app.files;
    assert!(files.get(&path).await.is_ok());
    zhang.does(&Say::event("unsubscribe", "")).await;
    app.drain().await;
    assert!(rows(&app).await.is_empty());
    assert!(files.get(&path).await.is_err(), "the file, too");

    let li = app.resident("李建国").await;
    li.sends_photo(jpeg(2)).await;
    li.says("报修 1栋大厅漏水").await;
    let wang = app.resident("王芳").await;
    wang.sends_photo(jpeg(3)).await;
    app.drain().await;
    app.clock.advance(TimeDelta::hours(25));
    let house = &app.instances[0].app;
    let gone = linli::attachment::remove_unfiled(house, None, app.now()).await;
    // The program's own clock may have been first.
    assert!(gone.unwrap() <= 1);
    let left = rows(&app).await;
    assert_eq!(left.len(), 1, "what was filed stays");
    assert!(left[0].subject.is_some());
}

#[tokio::test]
async fn whoever_sent_what_cannot_be_kept_is_told() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    zhang.says("报修 1栋大厅漏水").await;
    let id = zhang.case().await.id;
    zhang
        .sends_photo(b"\x89PNG\r\n\x1a\nnot really".to_vec())
        .await;
    let told = zhang.expects_push("没能保存").await;
    assert!(
        told.contains(&format!("#{id}")) && told.contains("重新发"),
        "{told}"
    );
    assert_eq!(rows(&app).await[0].state, AttachmentState::Refused);
    let subject = format!("case:{id}");
    let shown = linli::attachment::queries::of_subject(app.store.read(), &subject);
    assert!(shown.await.unwrap().is_empty());
    let count = attachment::Entity::find().count(app.store.read()).await;
    assert_eq!(count.unwrap(), 1);
}
