//! Codes and links that open the mini-program at a place.

use linli::sandbox::{Api, Fault};
use sea_orm::{EntityTrait, QueryFilter};

use super::resident;
use crate::harness::app::TestApp;

#[tokio::test]
async fn staff_of_the_place_get_its_code_and_the_platform_is_asked_once() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let api = app.api(&steward).await;
    let (one, two) = (app.place("GY/1").await.id, app.place("GY/2").await.id);
    for _ in 0..2 {
        let (status, kind, bytes) = api.fetch(&format!("/places/{one}/code")).await;
        assert_eq!((status, kind.as_str()), (200, "image/png"));
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    }
    assert_eq!(app.platform.calls(Api::Wxacode), 1);
    // Another steward's building, a resident's own, and what is not there look the same.
    let (_, zhang) = resident(&app, "张秀英").await;
    for (api, id) in [(&api, two), (&api, 999_999), (&zhang, one)] {
        for what in ["code", "link"] {
            let answer = api.get(&format!("/places/{id}/{what}")).await;
            assert_eq!(answer.status, 404, "{answer:?}");
        }
    }
    for id in ["0", "-1", "x", "99999999999999999999"] {
        assert_eq!(api.get(&format!("/places/{id}/code")).await.status, 404);
    }
    // A home has none: it would tell the wall who lives there.
    let home = app.place("GY/1-1-101").await.id;
    assert_eq!(api.get(&format!("/places/{home}/code")).await.status, 422);
    let link = api.get(&format!("/places/{one}/link")).await;
    assert!(
        link.json["url"]
            .as_str()
            .unwrap()
            .starts_with("https://wxaurl.cn/")
    );
}

#[tokio::test]
async fn a_platform_that_fails_is_told_and_nothing_wrong_is_kept() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let api = app.api(&steward).await;
    let one = app.place("GY/1").await.id;
    for (fault, status) in [
        ("40097", 503),
        ("40129", 503),
        ("40169", 503),
        ("41030", 503),
        ("45009", 429),
        ("45011", 429),
        ("-1", 503),
        ("gateway", 503),
        ("nonsense", 503),
        ("dropped", 503),
        ("refused", 503),
    ] {
        app.platform
            .set_fault(Fault::new(Api::Wxacode, fault, Some(1)));
        let answer = api.get(&format!("/places/{one}/code")).await;
        assert_eq!(answer.status, status, "{fault} {answer:?}");
    }
    for (fault, status) in [
        ("40165", 503),
        ("40212", 503),
        ("44990", 429),
        ("44993", 429),
        ("85079", 503),
        ("85406", 503),
        ("85408", 503),
    ] {
        app.platform
            .set_fault(Fault::new(Api::Urllink, fault, Some(1)));
        let answer = api.get(&format!("/places/{one}/link")).await;
        assert_eq!(answer.status, status, "{fault} {answer:?}");
    }
    app.platform.clear_faults();
    assert_eq!(api.fetch(&format!("/places/{one}/code")).await.0, 200);
}

#[tokio::test]
async fn a_scanned_code_tells_the_compound_and_a_strange_scene_does_no_harm() {
    let app = TestApp::start().await;
    let ly = app.place("LY").await.id;
    let compound = async |open_id: &str, scene: &str| {
        let code = app.platform.code(open_id);
        let body = serde_json::json!({ "code": code, "scene": scene });
        let http = reqwest::Client::builder().build().unwrap();
        let url = format!("{}/api/v1/session", app.url());
        let sent = http
            .post(url)
            .header("Content-Type", "application/json")
            .body(body.to_string());
        assert_eq!(sent.send().await.unwrap().status().as_u16(), 201, "{scene}");
        let account = entity::account::Entity::find()
            .filter(entity::account::COLUMN.external_id.eq(open_id))
            .one(app.store.read())
            .await;
        account.unwrap().unwrap().compound_id
    };
    assert_eq!(compound("m-1", "LY/9").await, Some(ly));
    assert_eq!(compound("m-2", &format!("place={ly}")).await, Some(ly));
    for scene in ["", "place=x", "place=999999", "NO/1", "一'; --"] {
        assert_eq!(compound("m-3", scene).await, None, "{scene}");
    }
}
