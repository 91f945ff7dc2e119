//! QR codes of places: made by `linli wechat qrcode`, scanned by people.

use std::fs;

use linli::sandbox::{Api, Fault};

use crate::harness::app::TestApp;
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
