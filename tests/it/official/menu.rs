//! `linli wechat menu` as operators run it, against the pretended platform over HTTP.

use linli::sandbox::{Api, Fault, Say};

use crate::harness::app::TestApp;
use crate::harness::program::{run, succeed};

fn file(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("menu.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[tokio::test]
async fn the_menu_is_applied_compared_shown_and_deleted() {
    let app = TestApp::start().await;
    let variables = &app.variables;
    let menu = |arguments: &'static [&'static str]| async move {
        let all = [&["wechat", "menu"], arguments].concat();
        succeed(variables, &all).await
    };
    assert!(menu(&["show"]).await.contains("没有菜单"));
    let dry = menu(&["apply", "--dry-run"]).await;
    assert!(dry.contains("反映问题/报修 → 点击 CMD:报修"), "{dry}");
    assert_eq!(app.platform.menu(), None, "a dry run sends nothing");
    let first = menu(&["apply"]).await;
    assert!(first.contains("+ 反映问题/报修"), "{first}");
    assert!(menu(&["apply"]).await.contains("没有变化"));
    assert_eq!(app.platform.calls(Api::Menu), 4, "nothing is sent twice");
    assert!(menu(&["show"]).await.contains("/me"));
    let (_dir, path) = file("[[column]]\nname = \"报修\"\nsay = \"报修\"\n");
    let changed = succeed(&app.variables, &["wechat", "menu", "apply", &path]).await;
    assert!(
        changed.contains("- 反映问题/投诉") && changed.contains("+ 报修 → 点击"),
        "{changed}"
    );
    menu(&["delete"]).await;
    assert_eq!(app.platform.menu(), None);
}

#[tokio::test]
async fn a_button_says_its_command() {
    let app = TestApp::start().await;
    succeed(&app.variables, &["wechat", "menu", "apply"]).await;
    let resident = app.resident("张秀英").await;
    let menu = app.platform.menu().unwrap();
    let mut pressed = 0;
    for column in menu["button"].as_array().unwrap() {
        for button in column["sub_button"].as_array().unwrap() {
            let Some(key) = button["key"].as_str() else {
                continue;
            };
            let reply = resident.does(&Say::event("CLICK", key)).await;
            let reply = reply.unwrap_or_else(|| panic!("silence after {key}"));
            assert!(!reply.contains("没看懂"), "{key}: {reply}");
            pressed += 1;
        }
    }
    assert!(pressed >= 10, "{pressed} buttons say something");
    // The same button in the same second would be a repetition.
    app.clock.advance(chrono::TimeDelta::seconds(2));
    resident.does(&Say::event("CLICK", "CMD:报修")).await;
    let reply = resident.says("楼道灯不亮").await;
    assert!(reply.contains("已收到"), "{reply}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_sent() {
    let app = TestApp::start().await;
    for (text, word) in [
        (
            "[[column]]\nname = \"很长很长很长的名字\"\nsay = \"报修\"\n",
            "太长",
        ),
        ("[[column]]\nname = \"空列\"\n", "空列"),
        ("[[column]]\nname = \"跳\"\nsay = \"跳舞\"\n", "跳舞"),
        ("column = 1", "看不懂"),
    ] {
        let (_dir, path) = file(text);
        let ended = run(&app.variables, &["wechat", "menu", "apply", &path]).await;
        let line = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{line}");
        assert!(
            line.contains(word) && line.trim_end().lines().count() == 1,
            "{line}"
        );
    }
    let ended = run(&app.variables, &["wechat", "menu", "apply", "/nonexistent"]).await;
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(app.platform.calls(Api::Menu), 0);
}

#[tokio::test]
async fn a_refusal_of_the_platform_is_one_line_that_says_what_to_do() {
    let app = TestApp::start().await;
    for (code, word) in [
        ("40164", "白名单"),
        ("45009", "额度"),
        ("48001", "权限"),
        ("40018", "名字"),
        ("40054", "网址"),
        ("-1", "稍后"),
    ] {
        assert!(app.platform.set_fault(Fault::new(Api::Menu, code, Some(1))));
        let ended = run(&app.variables, &["wechat", "menu", "apply"]).await;
        let line = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{code}: {line}");
        assert!(line.contains(word) && line.contains(code), "{code}: {line}");
        assert_eq!(line.trim_end().lines().count(), 1, "{line}");
    }
    // A token that died meanwhile is replaced without a word.
    app.platform.expire_tokens();
    succeed(&app.variables, &["wechat", "menu", "apply"]).await;
}
