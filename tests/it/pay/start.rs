//! Settings at the start, and what `doctor` says of a merchant.

use std::sync::Arc;

use linli::base::clock::ShiftedClock;
use linli::base::dice::Dice;
use linli::command::serve;
use linli::config::ConfigError;
use linli::sandbox::{Api, Fault};

use crate::harness::app::TestApp;
use crate::harness::db::TestDb;
use crate::harness::program;

#[tokio::test]
async fn keys_that_cannot_be_read_stop_the_start_with_their_name() {
    let db = TestDb::fresh().await;
    let good = {
        let mut settings = super::settings();
        settings.database = db.settings().database;
        settings.server = db.settings().server;
        settings.storage = db.settings().storage;
        settings.demo.enabled = false;
        settings
    };
    for key in ["private_key", "public_key"] {
        let mut settings = good.clone();
        let merchant = &mut settings.wechat.pay.merchants[0];
        merchant.name = "gy".to_owned();
        match key {
            "private_key" => merchant.private_key = "-----BEGIN x".into(),
            _ => merchant.public_key = "-----BEGIN x".to_owned(),
        }
        let clock = Arc::new(ShiftedClock::default());
        let started = serve::start(settings, clock, Arc::new(Dice::from_seed(1))).await;
        let Err(error) = started else {
            panic!("started with a bad {key}");
        };
        assert!(
            error
                .chain()
                .any(<dyn std::error::Error>::is::<ConfigError>),
            "{error:#}"
        );
        let text = format!("{error:#}");
        assert!(
            text.contains(&format!("wechat.pay.merchants.gy.{key} ")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn doctor_tries_each_merchant() {
    let app = TestApp::start().await;
    assert!(app.instances[0].app.pay.contains_key("sandbox"));
    let line = async || {
        let output = program::run(&app.variables, &["doctor"]).await;
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.contains("微信支付 sandbox:"));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let good = line().await;
    assert!(
        good.starts_with("正常") && good.contains("1900000109"),
        "{good}"
    );
    assert!(good.contains("APIv3 密钥正确"), "{good}");
    for (api, kind, word) in [
        (Api::Payquery, "error:SIGN_ERROR", "serial_no"),
        (Api::Payquery, "error:NO_AUTH", "mch_id"),
        (Api::Payquery, "forged:key", "public_key_id"),
        (Api::Payquery, "gateway", "没有说清"),
        (Api::Paycerts, "forged:signature", "public_key_id"),
    ] {
        assert!(app.platform.set_fault(Fault::new(api, kind, Some(1))));
        let bad = line().await;
        assert!(
            bad.starts_with("故障") && bad.contains(word),
            "{kind}: {bad}"
        );
    }
    assert!(app.platform.set_fault(Fault::new(
        Api::Paycerts,
        "error:RESOURCE_NOT_EXISTS",
        Some(1)
    )));
    let without = line().await;
    assert!(
        without.starts_with("正常") && without.contains("没有证书"),
        "{without}"
    );
}
