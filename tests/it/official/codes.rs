//! QR codes of places: made by `linli wechat qrcode`, scanned by people.

use std::fs;

use chrono::TimeDelta;
use linli::sandbox::{Api, Fault, Say};

use crate::harness::app::TestApp;
use crate::harness::compound;
use crate::harness::program::{run, succeed};

#[tokio::test]
async fn codes_are_made_once_and_the_missing_ones_again() {
    let app = TestApp::start().await;
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("codes");
    let to = to.to_str().unwrap();
    let make = ["wechat", "qrcode", "--compound", "GY", "--to", to];
    let said = succeed(&app.variables, &make).await;
    assert!(said.contains("新做 3 个"), "{said}");
    assert_eq!(app.platform.scenes(), ["GY", "GY/1", "GY/2"]);
    let list = fs::read_to_string(format!("{to}/index.csv")).unwrap();
    assert!(
        list.contains("GY/1,楼栋,桂园小区 1栋,GY_1.png,ticket-"),
        "{list}"
    );
    let picture = fs::read(format!("{to}/GY_1.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(app.platform.calls(Api::Qrcode), 6);
    assert!(succeed(&app.variables, &make).await.contains("新做 0 个"));
    assert_eq!(
        app.platform.calls(Api::Qrcode),
        6,
        "nothing is asked for again"
    );
    // A picture that was lost is fetched by its ticket.
    fs::remove_file(format!("{to}/GY_2.png")).unwrap();
    assert!(succeed(&app.variables, &make).await.contains("新做 1 个"));
    assert_eq!(app.platform.calls(Api::Qrcode), 7);
    let units = [&make[..], &["--kind", "unit"]].concat();
    assert!(succeed(&app.variables, &units).await.contains("新做 2 个"));
    assert_eq!(
        fs::read_to_string(format!("{to}/index.csv"))
            .unwrap()
            .lines()
            .count(),
        6
    );
}

#[tokio::test]
async fn a_run_that_broke_off_goes_on() {
    let app = TestApp::start().await;
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    let make = [
        "wechat",
        "qrcode",
        "--compound",
        "gy",
        "--kind",
        "home",
        "--to",
        to,
    ];
    app.platform
        .set_fault(Fault::new(Api::Qrcode, "gateway", Some(1)));
    let ended = run(&app.variables, &make).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(succeed(&app.variables, &make).await.contains("新做 6 个"));
    fs::write(dir.path().join("index.csv"), "a,b\n1,2\n").unwrap();
    let ended = run(&app.variables, &make).await;
    let line = String::from_utf8(ended.stderr).unwrap();
    assert!(
        line.contains("index.csv") && line.trim_end().lines().count() == 1,
        "{line}"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_usage_and_a_refusal_is_explained() {
    let app = TestApp::start().await;
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    for (arguments, word) in [
        (&["--compound", "XX"][..], "XX"),
        (&["--compound", "GY/1"], "小区"),
        (&["--compound", "GY", "--kind", "city"], "--kind"),
        (&["--compound", "GY", "--kind", "house"], "--kind"),
    ] {
        let all = [&["wechat", "qrcode", "--to", to], arguments].concat();
        let ended = run(&app.variables, &all).await;
        let line = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{line}");
        assert!(line.contains(word), "{line}");
    }
    for (code, word) in [("45009", "额度"), ("40053", "二维码"), ("48001", "权限")] {
        app.platform
            .set_fault(Fault::new(Api::Qrcode, code, Some(1)));
        let all = ["wechat", "qrcode", "--compound", "GY", "--to", to];
        let ended = run(&app.variables, &all).await;
        let line = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{line}");
        assert!(line.contains(word) && line.contains(code), "{line}");
    }
}

#[tokio::test]
async fn who_scans_a_building_files_for_that_building_by_digits() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    let reply = resident.does(&Say::event("SCAN", "GY/2")).await.unwrap();
    assert!(
        reply.contains("桂园小区 2栋") && reply.contains("1 报修"),
        "{reply}"
    );
    let question = resident.says("1").await;
    assert!(question.contains("请直接写下"), "{question}");
    let reply = resident.says("楼道灯不亮").await;
    assert!(reply.contains("已收到") && reply.contains("2栋"), "{reply}");
    let two = app.place("GY/2").await.id;
    assert_eq!(resident.case().await.place_id, two);
    // Only the next filing stands there; one that names another building never does.
    resident.says("报修 水管漏水").await;
    assert_ne!(resident.case().await.place_id, two);
    app.clock.advance(TimeDelta::seconds(2));
    resident.does(&Say::event("SCAN", "gy/2")).await;
    resident.says("报修 1栋电梯停了").await;
    assert_eq!(resident.case().await.place_id, app.place("GY/1").await.id);
    // And not after half an hour.
    app.clock.advance(TimeDelta::seconds(2));
    resident.does(&Say::event("SCAN", "GY/2")).await;
    app.clock.advance(TimeDelta::minutes(31));
    resident.says("报修 门锁坏了").await;
    assert_ne!(resident.case().await.place_id, two);
}

#[tokio::test]
async fn a_code_elsewhere_or_of_somebodys_home_lets_nobody_in() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    let own = resident.account().await;
    for scene in ["LY/9", "GY/2-1-201"] {
        app.clock.advance(TimeDelta::seconds(2));
        let reply = resident.does(&Say::event("SCAN", scene)).await.unwrap();
        assert!(!reply.contains("2-1-201"), "{reply}");
        resident.says("报修 门锁坏了").await;
        let case = resident.case().await;
        assert_ne!(case.place_id, app.place(scene).await.id, "{scene}");
        assert_eq!(case.compound_id, app.place("GY").await.id, "{scene}");
    }
    assert_eq!(own.person_id, resident.account().await.person_id);
}

#[tokio::test]
async fn a_newcomer_at_a_building_binds_without_its_number() {
    let app = TestApp::start().await;
    let person = app.known("o-new");
    let reply = person.does(&Say::event("subscribe", "GY/1")).await.unwrap();
    assert!(
        reply.contains("1栋") && reply.contains("绑定 单元-房"),
        "{reply}"
    );
    let (home, phone) = (compound::home("张秀英"), compound::person("张秀英", 2));
    let short = home.trim_start_matches("GY/").strip_prefix("1-").unwrap();
    let reply = person.says(&format!("绑定 {short} 张秀英 {phone}")).await;
    assert!(reply.contains("已绑定"), "{reply}");
    // The whole number is as good.
    let other = app.known("o-other");
    other.does(&Say::event("subscribe", "GY/2")).await;
    let reply = other.says(&format!("绑定 {home} 张秀英 {phone}")).await;
    assert!(reply.contains("已绑定"), "{reply}");
}

#[tokio::test]
async fn an_unknown_scene_is_answered_kindly() {
    let app = TestApp::start().await;
    let person = app.newcomer("o-new").await;
    let long = "a".repeat(300);
    for scene in ["XX/77", "12345", "<a href=x>", "GY/1'--", &long, "GY 1"] {
        app.clock.advance(TimeDelta::seconds(2));
        let reply = person.does(&Say::event("SCAN", scene)).await.unwrap();
        assert!(
            reply.contains("没有对应的地点") && !reply.contains("<a"),
            "{scene}: {reply}"
        );
    }
}
