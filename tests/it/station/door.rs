//! The code at a station's door: the console asks for it once, shows it and prints a sheet with it; where the platform
//! does not make it the pages say why and are there all the same; a scan of it counts.

use entity::station;
use linli::sandbox::{Api, Fault, Say};
use linli::web::pages::qr;
use sea_orm::EntityTrait;

use super::{ALWAYS, room, station as new_station, thing};
use crate::console::Desk;
use crate::harness::app::TestApp;

async fn row(app: &TestApp, id: i64) -> station::Model {
    let found = station::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().expect("no such station")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_prints_the_sheet_for_the_door_and_its_code_is_made_once() {
    let app = TestApp::start().await;
    let at = new_station(&app, ALWAYS).await;
    thing(&app, &at, "雨伞", 2).await;
    room(&app, &at, "议事厅").await;
    let (one, door) = (
        format!("/console/stations/{}", at.id),
        format!("/console/stations/{}/door", at.id),
    );
    let mut keeper = Desk::of(&app, "蒋平").await;
    // Nothing is asked of the platform by looking at the station; the page fetches its code from the sheet.
    let page = keeper.open(&one).await;
    page.is(200)
        .says("门口的二维码")
        .says(&format!("hx-get=\"{door}\""))
        .says(&format!("href=\"{door}\""));
    assert!(!page.body.contains("<svg"), "{}", page.body);
    assert_eq!(app.platform.calls(Api::Qrcode), 0);
    let scene = format!("station:{}", at.id);
    let sheet = keeper.open(&door).await;
    sheet
        .is(200)
        .says("id=\"door-code\"")
        .says("红色驿站")
        .says("1栋一楼大厅")
        .says("每天")
        .says("微信扫一扫：借用、订房间、我的驿站")
        .says("借用：雨伞")
        .says("订房间：议事厅");
    assert_eq!(app.platform.scenes(), [scene.as_str()]);
    let kept = row(&app, at.id).await;
    let url = kept.code_url.expect("the code is not kept");
    assert!(url.starts_with("http://weixin.qq.com/q/"), "{url}");
    assert_eq!(kept.version, at.version, "what a form shows still holds");
    let picture = qr(&url).unwrap();
    sheet.says(&picture);
    // From then on it is drawn, also for whoever sets the station up.
    let mut chair = Desk::of(&app, "卫东").await;
    for path in [&one, &door] {
        chair.open(path).await.is(200).says(&picture);
        keeper.open(path).await.is(200).says(&picture);
    }
    assert_eq!(app.platform.calls(Api::Qrcode), 1);
    let zhang = app.resident("张秀英").await;
    let told = zhang.does(&Say::event("SCAN", &scene)).await.unwrap();
    assert!(told.contains("红色驿站"), "{told}");

    // To others there is no sheet.
    let mut steward = Desk::of(&app, "孙梅").await;
    steward.open(&door).await.is(403);
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open(&door).await.is(404);
    keeper.open("/console/stations/x/door").await.is(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_platform_makes_no_code_the_pages_say_so_and_are_there() {
    let app = TestApp::start().await;
    let at = new_station(&app, ALWAYS).await;
    let door = format!("/console/stations/{}/door", at.id);
    let mut keeper = Desk::of(&app, "蒋平").await;
    for (fault, words) in [
        ("48001", "管理员"),
        ("40164", "管理员"),
        ("45009", "请明天再打开"),
        ("-1", "微信正忙"),
        ("gateway", "微信现在没有回应"),
        ("nonsense", "微信现在没有回应"),
        ("dropped", "微信现在没有回应"),
    ] {
        app.platform
            .set_fault(Fault::new(Api::Qrcode, fault, Some(1)));
        let sheet = keeper.open(&door).await;
        sheet
            .is(200)
            .says(words)
            .says("红色驿站")
            .says("公众号里回复“驿站”");
        assert!(!sheet.body.contains("<svg"), "{fault}: {}", sheet.body);
        let page = keeper.open(&format!("/console/stations/{}", at.id)).await;
        page.is(200).says("打印门口的二维码");
        assert_eq!(row(&app, at.id).await.code_url, None, "{fault}");
    }
    app.platform.clear_faults();
    keeper.open(&door).await.is(200).says("<svg");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_official_account_makes_another_code() {
    let app = TestApp::start().await;
    let at = new_station(&app, ALWAYS).await;
    let old = "http://weixin.qq.com/q/of-another-account";
    station::Entity::update(station::ActiveModel {
        id: sea_orm::ActiveValue::Set(at.id),
        code_app_id: sea_orm::ActiveValue::Set(Some("wx-before".to_owned())),
        code_url: sea_orm::ActiveValue::Set(Some(old.to_owned())),
        ..Default::default()
    })
    .exec(app.store.write())
    .await
    .unwrap();
    let door = format!("/console/stations/{}/door", at.id);
    let mut keeper = Desk::of(&app, "蒋平").await;
    let sheet = keeper.open(&door).await;
    sheet.is(200).says("<svg");
    assert!(!sheet.body.contains(&qr(old).unwrap()), "{}", sheet.body);
    assert_eq!(app.platform.calls(Api::Qrcode), 1);
    let kept = row(&app, at.id).await;
    assert_eq!(
        kept.code_app_id.as_deref(),
        Some(app.settings.wechat.official.app_id.as_str())
    );
    assert_ne!(kept.code_url.as_deref(), Some(old));
}
