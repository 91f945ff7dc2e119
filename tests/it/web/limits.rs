//! Whoever asks too often is told to wait.

use linli::base::fault::Code;
use reqwest::{Method, StatusCode};

use super::{House, assert_problem, see};

#[tokio::test]
async fn a_client_that_loops_is_told_to_wait() {
    let house = House::start().await;
    let token = house.token("o-web-6").await;
    let other = house.token("o-web-7").await;
    let me = |token: &str| house.request(Method::GET, "/api/v1/me").bearer_auth(token);
    let mut refused = None;
    for _ in 0..400 {
        let seen = see(me(&token)).await;
        if seen.status != StatusCode::OK {
            refused = Some(seen);
            break;
        }
    }
    let refused = refused.expect("400 requests in a row were let in");
    assert_problem(&refused, Code::TooMany);
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(see(me(&other)).await.status, StatusCode::OK);
    house.stop().await;
}

#[tokio::test]
async fn somebody_who_floods_the_chat_gets_one_kind_sentence() {
    let house = House::start_with(|settings| settings.limits.messages_per_minute = 2).await;
    let sender = house.sender();
    for _ in 0..2 {
        let reply = sender.says("o-flood", "菜单").await.unwrap();
        assert!(!reply.contains("太快"), "{reply}");
    }
    let reply = sender.says("o-flood", "菜单").await.unwrap();
    assert!(reply.contains("太快") && reply.contains("再发"), "{reply}");
    let reply = sender.says("o-other", "菜单").await.unwrap();
    assert!(!reply.contains("太快"), "{reply}");
    house.stop().await;
}
