//! Settings as the layers give them, and what is refused.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine;
use config::Environment;
use secrecy::ExposeSecret;

use super::{ConfigError, PUBLIC_DATA_KEY, Settings};

pub(super) fn load(profile: &str, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let map: HashMap<String, String> = variables
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let environment = Environment::with_prefix("LINLI")
        .prefix_separator("__")
        .separator("__")
        .source(Some(map));
    Settings::from_layers(Path::new("/nonexistent"), profile, environment)
}

#[test]
fn development_starts_without_any_file() {
    let settings = load("development", &[]).unwrap();
    assert!(settings.sandbox.enabled);
    assert_eq!(settings.redis.url(), None);
    assert_eq!(
        settings.wechat.official.templates["task"].fields["thing1"],
        "title"
    );
}

#[test]
fn the_environment_goes_over_the_files() {
    let settings = load("development", &[("LINLI__SERVER__LISTEN", "127.0.0.1:1")]).unwrap();
    assert_eq!(settings.server.listen, "127.0.0.1:1");
}

#[test]
fn an_unknown_key_is_named() {
    let error = load("development", &[("LINLI__SERVER__LISTENN", "x")]).unwrap_err();
    assert!(error.to_string().contains("listenn"), "{error}");
}

#[test]
fn a_bad_value_is_named() {
    let error = load("development", &[("LINLI__REMINDER__BATCH", "many")]).unwrap_err();
    assert!(error.to_string().contains("reminder.batch"), "{error}");
    let error = load("development", &[("LINLI__REMINDER__QUIET_TO", "7")]).unwrap_err();
    assert!(error.to_string().contains("quiet_to"), "{error}");
}

#[test]
fn a_redis_cluster_is_refused_by_name() {
    let cluster = "redis+cluster://:hidden@127.0.0.1:7000";
    let error = load("development", &[("LINLI__REDIS__URL", cluster)]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("redis.url") && text.contains("Cluster"),
        "{text}"
    );
    assert!(!text.contains("hidden"), "{text}");
}

#[test]
fn reminders_are_tried_at_least_once() {
    let error = load("development", &[("LINLI__REMINDER__MAX_ATTEMPTS", "0")]).unwrap_err();
    assert!(error.to_string().contains("max_attempts"), "{error}");
}

#[test]
fn wecom_is_whole_or_absent() {
    for (key, value, word) in [
        ("LINLI__WECHAT__WORK__SECRET", "", "wechat.work"),
        ("LINLI__WECHAT__ROBOT__ENCODING_AES_KEY", "short", "webhook"),
        ("LINLI__WECHAT__ROBOT__MODE", "both", "wechat.robot.mode"),
    ] {
        let error = load("development", &[(key, value)]).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    let off = [
        ("LINLI__WECHAT__WORK__CORP_ID", ""),
        ("LINLI__WECHAT__WORK__SECRET", ""),
        ("LINLI__WECHAT__ROBOT__MODE", "off"),
    ];
    assert!(!load("development", &off).unwrap().wechat.work.is_set());
}

#[test]
fn production_refuses_what_is_public() {
    let common = [
        ("LINLI__WECHAT__OFFICIAL__APP_ID", "wx1"),
        ("LINLI__WECHAT__OFFICIAL__APP_SECRET", "hidden-secret"),
        ("LINLI__WECHAT__OFFICIAL__TOKEN", "token"),
        (
            "LINLI__WECHAT__OFFICIAL__ENCODING_AES_KEY",
            "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        ),
    ];
    let own_key = base64::engine::general_purpose::STANDARD.encode([3_u8; 32]);
    let mut variables = common.to_vec();
    variables.push(("LINLI__SECURITY__DATA_KEY", &own_key));
    assert!(load("production", &variables).is_ok());
    variables.push(("LINLI__SANDBOX__ENABLED", "true"));
    assert!(load("production", &variables).is_err());
    variables.pop();
    variables.push(("LINLI__CONSOLE__SECOND_FACTOR", "false"));
    let error = load("production", &variables).unwrap_err();
    assert!(error.to_string().contains("second_factor"), "{error}");
    let mut variables = common.to_vec();
    variables.push(("LINLI__SECURITY__DATA_KEY", PUBLIC_DATA_KEY));
    let error = load("production", &variables).unwrap_err();
    assert!(!error.to_string().contains(PUBLIC_DATA_KEY));
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    std::fs::write(&path, "from-a-file\n").unwrap();
    let settings = load(
        "development",
        &[(
            "LINLI__WECHAT__OFFICIAL__APP_SECRET_FILE",
            path.to_str().unwrap(),
        )],
    )
    .unwrap();
    assert_eq!(
        settings.wechat.official.app_secret.expose_secret(),
        "from-a-file"
    );
    assert!(!format!("{settings:?}").contains("from-a-file"));
}

#[test]
fn a_word_that_is_none_of_them_is_told_which_there_are() {
    for (variable, key, words) in [
        (
            "LINLI__WECHAT__OFFICIAL__MODE",
            "wechat.official.mode",
            "plain, compatible or safe",
        ),
        (
            "LINLI__WECHAT__ROBOT__MODE",
            "wechat.robot.mode",
            "off, webhook or socket",
        ),
        ("LINLI__LOG__FORMAT", "log.format", "text or json"),
    ] {
        let text = load("development", &[(variable, "foo")])
            .unwrap_err()
            .to_string();
        assert!(text.contains(key) && text.contains(words), "{text}");
    }
}

#[test]
fn the_database_is_one_of_two_kinds() {
    for url in ["mysql://:hidden@x/y", "linli.db", ""] {
        let error = load("development", &[("LINLI__DATABASE__URL", url)]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("database.url") && !text.contains("hidden"),
            "{text}"
        );
    }
    for url in ["sqlite://x.db", "postgres://x/y", "postgresql://x/y"] {
        assert!(
            load("development", &[("LINLI__DATABASE__URL", url)]).is_ok(),
            "{url}"
        );
    }
}

#[test]
fn plain_messages_beside_a_key_are_taken_on_purpose_only() {
    let plain = ("LINLI__WECHAT__OFFICIAL__MODE", "plain");
    let error = load("development", &[plain]).unwrap_err();
    assert!(error.to_string().contains("accept_plain"), "{error}");
    for other in [
        ("LINLI__WECHAT__OFFICIAL__ACCEPT_PLAIN", "true"),
        ("LINLI__WECHAT__OFFICIAL__ENCODING_AES_KEY", ""),
    ] {
        assert!(load("development", &[plain, other]).is_ok(), "{other:?}");
    }
}
