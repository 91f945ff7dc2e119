//! Each call in each kind of trouble: what is unclear must be told from what was refused, and what
//! was taken without an answer must not be done twice.

use std::time::Duration;

use linli::sandbox::Api;
use linli::sandbox::faults::Forgery;
use linli::wechat::pay::{Action, Client, PayError};
use strum::VariantArray;

use super::{World, client_of, code, settings, world};

/// Does one call; what it gives does not matter.
async fn call(world: &World, client: &Client, api: Api) -> Result<(), PayError> {
    let now = world.now();
    match api {
        Api::Payorder => {
            let order = world.order("order-0001", 100);
            client.order_jsapi(&order, now).await.map(drop)
        }
        Api::Payquery => client
            .query_by_out_trade_no("paid-0001", now)
            .await
            .map(drop),
        Api::Payclose => client.close("open-0001", now).await,
        Api::Payrefund => {
            let refund = world.refund("refund-1", "paid-0001", 10, 100);
            client.refund(&refund, now).await.map(drop)
        }
        Api::Payrefundquery => client.query_refund("refund-0", now).await.map(drop),
        Api::Paybill => {
            let day = linli::base::clock::china(world.platform.now()).date_naive();
            client
                .trade_bill(day.pred_opt().unwrap(), now)
                .await
                .map(drop)
        }
        other => panic!("{other:?} is not called here"),
    }
}

const CALLS: [Api; 6] = [
    Api::Payorder,
    Api::Payquery,
    Api::Payclose,
    Api::Payrefund,
    Api::Payrefundquery,
    Api::Paybill,
];

/// A world in which every one of the calls would go well.
async fn ready() -> World {
    let world = world().await;
    world.paid("paid-0001", 100).await;
    let open = world.order("open-0001", 100);
    world.client.order_jsapi(&open, world.now()).await.unwrap();
    let refund = world.refund("refund-0", "paid-0001", 10, 100);
    world.client.refund(&refund, world.now()).await.unwrap();
    // Late enough for yesterday's bill, whatever the hour.
    let china = linli::base::clock::china(world.platform.now());
    let hours = 34 - i64::from(chrono::Timelike::hour(&china));
    world.clock.advance(chrono::TimeDelta::hours(hours));
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unclear_says_so_and_goes_well_the_next_time() {
    let world = ready().await;
    for api in CALLS {
        for (kind, wanted) in [
            (
                "refused",
                PayError::Unclear {
                    timeout: false,
                    status: None,
                },
            ),
            (
                "dropped",
                PayError::Unclear {
                    timeout: false,
                    status: None,
                },
            ),
            (
                "gateway",
                PayError::Unclear {
                    timeout: false,
                    status: Some(502),
                },
            ),
            (
                "error:SYSTEM_ERROR",
                PayError::Unclear {
                    timeout: false,
                    status: Some(500),
                },
            ),
        ] {
            world.fault(api, kind, Some(1));
            let trouble = call(&world, &world.client, api).await.unwrap_err();
            assert_eq!(trouble, wanted, "{api:?} {kind}");
            assert!(trouble.is_unclear() && trouble.action() == Action::Repeat);
        }
        world.fault(api, "slow", Some(1));
        let impatient = client_of(world.merchant(), &world.base, Duration::from_millis(300));
        let trouble = call(&world, &impatient, api).await.unwrap_err();
        let wanted = PayError::Unclear {
            timeout: true,
            status: None,
        };
        assert_eq!(trouble, wanted, "{api:?}");
        call(&world, &world.client, api).await.unwrap();
    }
    // Taken and unanswered, then repeated: one order, one refund.
    let orders = world.platform.pay_orders();
    assert_eq!(
        orders
            .iter()
            .filter(|one| one.out_trade_no == "order-0001")
            .count(),
        1
    );
    let refunds = world.platform.pay_refunds();
    assert_eq!(
        refunds
            .iter()
            .filter(|one| one.out_refund_no == "refund-1")
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_has_not_signed_is_not_believed() {
    let world = ready().await;
    for api in CALLS {
        for forgery in Forgery::VARIANTS {
            if *forgery == Forgery::Host {
                continue;
            }
            let kind = format!("forged:{}", <&str>::from(forgery));
            world.fault(api, &kind, Some(1));
            let trouble = call(&world, &world.client, api).await.unwrap_err();
            assert!(
                matches!(trouble, PayError::Unverified { .. }),
                "{api:?} {kind}: {trouble:?}"
            );
            assert!(trouble.is_unclear(), "{api:?} {kind}");
        }
        world.fault(api, "nonsense", Some(1));
        let trouble = call(&world, &world.client, api).await.unwrap_err();
        let wanted = PayError::Unverified {
            status: 200,
            request_id: None,
        };
        assert_eq!(trouble, wanted, "{api:?}");
    }
    // Refusals are signed, too: one that is not must not be taken for a word of the platform.
    for forgery in ["forged:key", "forged:absent"] {
        world.fault(Api::Payquery, forgery, Some(1));
        let asked = world
            .client
            .query_by_out_trade_no("nobody-0001", world.now())
            .await;
        let trouble = asked.unwrap_err();
        assert!(
            matches!(trouble, PayError::Unverified { status: 404, .. }),
            "{trouble:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_known_by_its_code() {
    let world = ready().await;
    for api in CALLS {
        for (name, action) in [
            ("FREQUENCY_LIMITED", Action::Slower),
            ("NOT_ENOUGH", Action::Funds),
            ("NO_AUTH", Action::Config),
            ("RULE_LIMIT", Action::Against),
            ("SOMETHING_NEW", Action::Alarm),
        ] {
            world.fault(api, &format!("error:{name}"), Some(1));
            let refused = call(&world, &world.client, api).await;
            let error = refused.clone().unwrap_err();
            assert_eq!(error.action(), action, "{api:?} {name}");
            assert!(!error.is_unclear(), "{api:?} {name}");
            assert_eq!(code(refused), name);
        }
    }
}

#[tokio::test]
async fn nobody_there_means_that_nothing_was_done() {
    let world = world().await;
    let client = client_of(
        world.merchant(),
        "http://127.0.0.1:1/x",
        Duration::from_secs(2),
    );
    let order = world.order("order-0001", 100);
    let trouble = client.order_jsapi(&order, world.now()).await.unwrap_err();
    assert_eq!(
        (trouble.is_unclear(), trouble),
        (false, PayError::Unreached)
    );
}

#[tokio::test]
async fn a_signature_that_the_platform_does_not_take() {
    let world = world().await;
    let order = world.order("order-0001", 100);
    let mut other = world.merchant().clone();
    other.serial_no = "0A".to_owned();
    let client = client_of(&other, &world.base, Duration::from_secs(20));
    let refused = client.order_jsapi(&order, world.now()).await;
    assert_eq!(code(refused), "SIGN_ERROR");
    let mut other = world.merchant().clone();
    other.private_key = settings().sandbox_keys().unwrap().certificate;
    let client = client_of(&other, &world.base, Duration::from_secs(20));
    let refused = client.order_jsapi(&order, world.now()).await;
    assert_eq!(code(refused), "SIGN_ERROR");
    // With a clock that is wrong nothing fits, on neither side.
    for wrong in [-310, 310] {
        let at = world.now() + wrong;
        let refused = world.client.order_jsapi(&order, at).await.unwrap_err();
        assert!(
            matches!(refused, PayError::Unverified { status: 401, .. }),
            "{refused:?}"
        );
    }
    assert!(world.platform.pay_orders().is_empty());
}
