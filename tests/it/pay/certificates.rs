//! Platform certificates: fetched when they are needed, chosen by their serial number, given up when
//! the platform does; and the days in which a merchant changes over to a public key.

use std::time::Duration;

use chrono::TimeDelta;
use linli::sandbox::Api;
use linli::wechat::pay::{Client, PayError, TradeState};

use super::{World, client_of, world};

/// A merchant that has no public key.
fn certified(world: &World) -> Client {
    let mut merchant = world.merchant().clone();
    merchant.public_key = String::new();
    merchant.public_key_id = String::new();
    client_of(&merchant, &world.base, Duration::from_secs(20))
}

async fn asks(world: &World, client: &Client) -> Result<TradeState, PayError> {
    let found = client
        .query_by_out_trade_no("order-0001", world.now())
        .await;
    found.map(|transaction| transaction.state)
}

#[tokio::test]
async fn certificates_are_fetched_once_and_kept_up() {
    let world = world().await;
    world.paid("order-0001", 100).await;
    let client = certified(&world);
    let fetched = || world.platform.calls(Api::Paycerts);
    for _ in 0..3 {
        assert_eq!(asks(&world, &client).await, Ok(TradeState::Success));
    }
    assert_eq!(fetched(), 1);
    // A new one is found by itself, after a minute in which nobody could make us ask again.
    world.platform.renew_certificate();
    let trouble = asks(&world, &client).await.unwrap_err();
    assert!(
        matches!(trouble, PayError::Unverified { status: 200, .. }),
        "{trouble:?}"
    );
    assert_eq!(fetched(), 1);
    world.clock.advance(TimeDelta::seconds(61));
    assert_eq!(asks(&world, &client).await, Ok(TradeState::Success));
    assert_eq!(fetched(), 2);
    // After half a day they are asked for again, though the old ones would do.
    world.clock.advance(TimeDelta::hours(12));
    assert_eq!(asks(&world, &client).await, Ok(TradeState::Success));
    assert_eq!(asks(&world, &client).await, Ok(TradeState::Success));
    assert_eq!(fetched(), 3);
    // If that fails, the old ones do.
    world.clock.advance(TimeDelta::hours(12));
    world.fault(Api::Paycerts, "gateway", None);
    assert_eq!(asks(&world, &client).await, Ok(TradeState::Success));
}

#[tokio::test]
async fn many_at_once_fetch_once() {
    let world = world().await;
    world.paid("order-0001", 100).await;
    let client = certified(&world);
    let all = (0..10).map(|_| asks(&world, &client));
    for one in futures_util::future::join_all(all).await {
        assert_eq!(one, Ok(TradeState::Success));
    }
    assert_eq!(world.platform.calls(Api::Paycerts), 1);
}

#[tokio::test]
async fn unknown_serials_do_not_make_us_ask_without_end() {
    let world = world().await;
    world.paid("order-0001", 100).await;
    for client in [world.client.clone(), certified(&world)] {
        let before = world.platform.calls(Api::Paycerts);
        world.fault(Api::Payquery, "forged:serial", Some(5));
        for _ in 0..5 {
            let trouble = asks(&world, &client).await.unwrap_err();
            assert!(
                matches!(trouble, PayError::Unverified { .. }),
                "{trouble:?}"
            );
        }
        assert_eq!(world.platform.calls(Api::Paycerts) - before, 1);
    }
}

#[tokio::test]
async fn only_what_the_platform_sealed_for_us_is_a_certificate() {
    let world = world().await;
    world.paid("order-0001", 100).await;
    let mut merchant = world.merchant().clone();
    merchant.public_key = String::new();
    merchant.public_key_id = String::new();
    merchant.api_v3_key = "12345678901234567890123456789012".into();
    let client = client_of(&merchant, &world.base, Duration::from_secs(20));
    let trouble = asks(&world, &client).await.unwrap_err();
    assert!(
        matches!(trouble, PayError::Unverified { .. }),
        "{trouble:?}"
    );
    let fetched = client.fetch_certificates(world.now()).await;
    assert_eq!(fetched, Err(PayError::Malformed("api_v3_key")));
    for forgery in [
        "signature",
        "key",
        "old",
        "future",
        "probe",
        "absent",
        "serial",
    ] {
        world.fault(Api::Paycerts, &format!("forged:{forgery}"), Some(1));
        let client = certified(&world);
        let fetched = client.fetch_certificates(world.now()).await;
        let wanted = matches!(fetched, Err(PayError::Unverified { .. }));
        assert!(wanted, "{forgery}: {fetched:?}");
    }
}

#[tokio::test]
async fn both_kinds_of_key_hold_while_a_merchant_changes_over() {
    let world = world().await;
    world.paid("order-0001", 100).await;
    assert_eq!(asks(&world, &world.client).await, Ok(TradeState::Success));
    assert_eq!(world.platform.calls(Api::Paycerts), 0);
    world.platform.use_certificate(true);
    assert_eq!(asks(&world, &world.client).await, Ok(TradeState::Success));
    assert_eq!(world.platform.calls(Api::Paycerts), 1);
    world.platform.use_certificate(false);
    assert_eq!(asks(&world, &world.client).await, Ok(TradeState::Success));
    // A merchant without that public key does not take another for it.
    let mut merchant = world.merchant().clone();
    merchant.public_key_id = "PUB_KEY_ID_000000000000000000000000".to_owned();
    let other = client_of(&merchant, &world.base, Duration::from_secs(20));
    let trouble = asks(&world, &other).await.unwrap_err();
    assert!(
        matches!(trouble, PayError::Unverified { .. }),
        "{trouble:?}"
    );
}
