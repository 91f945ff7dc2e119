//! Photos that others may see: on the public board and for whoever has joined, once result and picture have passed;
//! never of a complaint or of a case without a name, on no lobby's screen, and nothing that was removed.

use entity::kinds::ModerationState;
use entity::{case, moderation};
use regex::Regex;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter};
use secrecy::ExposeSecret;

use super::{mini, rows};
use crate::board::pass_all;
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::pictures::jpeg;

/// A repair of 张秀英, with a photo from before and one from after, that a neighbour has met, too; its number.
async fn repaired(app: &TestApp, steward: &Person<'_>, [zhang, li]: [&Person<'_>; 2]) -> i64 {
    zhang.sends_photo(jpeg(10)).await;
    zhang.says("报修 1栋大厅漏水").await;
    let id = zhang.case().await.id;
    let joined = li.says(&format!("我也遇到 {id}")).await;
    assert!(joined.contains("您已加入"), "{joined}");
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("办结 {id} 换了水管")).await;
    let thanks = steward.sends_photo(jpeg(20)).await;
    assert!(thanks.contains("和结果一起公示"), "{thanks}");
    app.drain().await;
    id
}

/// Links to photos in a text, by their word: small, full.
fn links(text: &str, word: &str) -> Vec<String> {
    let link = Regex::new(&format!(r"/files/\d+/{word}/\d+/[^\x22\s<]+")).unwrap();
    link.find_iter(text)
        .map(|hit| hit.as_str().to_owned())
        .collect()
}

async fn open(app: &TestApp, path: &str) -> (u16, String, Vec<u8>) {
    let answer = reqwest::get(format!("{}{path}", app.url())).await.unwrap();
    let kind = answer.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let status = answer.status().as_u16();
    (status, kind, answer.bytes().await.unwrap().to_vec())
}

/// What was handed in has passed, as far as its part begins so.
async fn pass(app: &TestApp, begins: &str) {
    moderation::Entity::update_many()
        .set(moderation::ActiveModel {
            state: Set(ModerationState::Passed),
            ..Default::default()
        })
        .filter(moderation::COLUMN.part.starts_with(begins))
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_has_passed_is_on_the_board_and_before_whoever_has_joined() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let (steward, zhang) = (app.steward("1栋").await, app.resident("张秀英").await);
    let li = app.resident("李建国").await;
    let id = repaired(&app, &steward, [&zhang, &li]).await;
    let subject = format!("case:{id}");
    let photos: Vec<i64> = rows(&app).await.iter().map(|row| row.id).collect();
    // Neither before it has passed nor before the words of the result have.
    pass(&app, "photo:").await;
    assert!(!app.board("GY").await.contains("/files/"));
    pass(&app, "board").await;
    let html = app.board("GY").await;
    let (small, full) = (links(&html, "small"), links(&html, "full"));
    assert_eq!((small.len(), full.len()), (2, 2), "{html}");
    for (link, key) in small.iter().zip(&photos) {
        assert!(link.starts_with(&format!("/files/{key}/small/")), "{link}");
    }
    for words in [
        "alt=\"处理前的照片：报修·",
        "alt=\"处理后的照片：报修·",
        "<figcaption>处理前</figcaption>",
        "class=\"photos no-print\"",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    for link in small.iter().chain(&full) {
        let (status, kind, bytes) = open(&app, link).await;
        assert_eq!((status, kind.as_str()), (200, "image/jpeg"), "{link}");
        assert!(image::load_from_memory(&bytes).is_ok(), "{link}");
    }
    // A link opens itself and nothing else.
    let key = photos[0];
    for (from, to) in [
        (format!("/files/{key}/"), format!("/files/{}/", photos[1])),
        ("/small/".to_owned(), "/full/".to_owned()),
    ] {
        let forged = small[0].replacen(&from, &to, 1);
        assert_eq!(open(&app, &forged).await.0, 404, "{forged}");
    }
    for page in 1..12 {
        let screen = app.board(&format!("GY?screen=1&page={page}")).await;
        assert!(!screen.contains("/files/"), "{screen}");
    }
    assert!(!app.board("LY").await.contains("/files/"));

    // Whoever has joined.
    let told = li.says(&format!("进度 {id}")).await;
    assert!(
        told.contains("处理前照片：") && told.contains("处理后照片："),
        "{told}"
    );
    for link in links(&told, "full") {
        assert_eq!(open(&app, &link).await.0, 200, "{link}");
    }
    let api = mini(&app, &li).await;
    let list = api.get("/cases/joined").await;
    let item = &list.json["items"][0];
    assert!(
        item["result"].as_str().unwrap().contains("换了水管"),
        "{list:?}"
    );
    let seen = item["photos"].as_array().unwrap();
    let stages: Vec<_> = seen.iter().map(|photo| photo["stage"].as_str()).collect();
    assert_eq!(stages, [Some("before"), Some("after")]);
    let link = links(seen[0]["thumbnail_url"].as_str().unwrap(), "small").remove(0);
    assert_eq!(open(&app, &link).await.0, 200);
    for key in &photos {
        let mine = api.get(&format!("/attachments/{key}")).await;
        assert_eq!(mine.status, 404, "by links alone");
    }

    // What is refused afterwards, and what has no name, is seen no longer.
    let of_after = format!("photo:{}", photos[1]);
    moderation::Entity::update_many()
        .set(moderation::ActiveModel {
            state: Set(ModerationState::Refused),
            ..Default::default()
        })
        .filter(moderation::COLUMN.subject.eq(&subject))
        .filter(moderation::COLUMN.part.eq(&of_after))
        .exec(app.store.write())
        .await
        .unwrap();
    assert_eq!(links(&app.board("GY").await, "small").len(), 1);
    let mut nameless: case::ActiveModel = app.case(id).await.into_active_model();
    nameless.anonymous = Set(true);
    nameless.update(app.store.write()).await.unwrap();
    let html = app.board("GY").await;
    assert!(
        html.contains("换了水管") && !html.contains("/files/"),
        "{html}"
    );
}

#[tokio::test]
async fn of_a_complaint_no_picture_is_shown_or_handed_in() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let (steward, zhang) = (app.steward("1栋").await, app.resident("张秀英").await);
    zhang.sends_photo(jpeg(10)).await;
    zhang.says("投诉 1栋门口垃圾没人清").await;
    let id = zhang.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("办结 {id} 已清走")).await;
    let thanks = steward.sends_photo(jpeg(20)).await;
    assert!(
        thanks.contains("谢谢") && !thanks.contains("公示"),
        "{thanks}"
    );
    app.drain().await;
    let handed = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(format!("case:{id}")))
        .all(app.store.read())
        .await
        .unwrap();
    let parts: Vec<&str> = handed.iter().map(|row| row.part.as_str()).collect();
    assert_eq!(parts, ["board"]);
    pass_all(&app).await;
    let html = app.board("GY").await;
    assert!(
        html.contains("已清走") && !html.contains("/files/"),
        "{html}"
    );
}

#[tokio::test]
async fn what_is_nobody_elses_business_shows_no_picture() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let (steward, zhang) = (app.steward("1栋").await, app.resident("张秀英").await);
    zhang.sends_photo(jpeg(10)).await;
    zhang.says("求助 老人腿脚不便，想借轮椅").await;
    let id = zhang.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("办结 {id} 轮椅已送到")).await;
    app.drain().await;
    pass(&app, "photo:").await;
    pass_all(&app).await;
    let html = app.board("GY").await;
    assert!(!html.contains("/files/"), "{html}");
    let parts = moderation::Entity::find()
        .filter(moderation::COLUMN.part.starts_with("photo:"))
        .all(app.store.read())
        .await
        .unwrap();
    assert!(parts.is_empty(), "{parts:?}");
}

#[tokio::test]
async fn what_is_removed_is_gone_and_what_cannot_be_read_now_says_so() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let (steward, zhang) = (app.steward("1栋").await, app.resident("张秀英").await);
    let li = app.resident("李建国").await;
    let id = repaired(&app, &steward, [&zhang, &li]).await;
    pass_all(&app).await;
    let small = links(&app.board("GY").await, "small");
    let after = rows(&app).await.pop().unwrap();
    // The storage does not answer: where the file should be there is none to be read.
    let url = app.settings.storage.url.expose_secret();
    let folder = url.strip_prefix("fs://").unwrap();
    let file = format!("{folder}/{}", after.small_path.unwrap());
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let (status, kind, words) = open(&app, &small[1]).await;
    let words = String::from_utf8(words).unwrap();
    assert_eq!((status, kind.as_str()), (503, "image/svg+xml"), "{words}");
    assert!(words.contains("照片暂时打不开"), "{words}");
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, kept).unwrap();
    assert_eq!(open(&app, &small[1]).await.0, 200);
    // Whoever filed it has everything erased: what they have sent goes, what was done stays.
    zhang.says(&format!("评价 {id} 5")).await;
    zhang.says("注销").await;
    let done = zhang.says("2").await;
    assert!(done.contains("已注销"), "{done}");
    app.advance(2).await;
    let left = links(&app.board("GY").await, "small");
    let keys: Vec<i64> = rows(&app).await.iter().map(|row| row.id).collect();
    assert_eq!(keys, [after.id]);
    assert!(
        left.len() == 1 && left[0].starts_with(&format!("/files/{}/", after.id)),
        "{left:?}"
    );
    assert_eq!(open(&app, &small[0]).await.0, 404);
}
