//! Calls that bear the access token of an account; the clients of the platforms say the address.

use super::Error;
use super::http::{Http, Media};
use super::token::TokenKeeper;
use serde_json::Value;

/// POSTs JSON.
pub(super) async fn post(
    http: &Http,
    keeper: &TokenKeeper,
    url: &str,
    body: &Value,
    now: i64,
) -> Result<Value, Error> {
    let call = |token: String| async move {
        let query = [("access_token", token.as_str())];
        http.post(url, &query, body).await
    };
    keeper.with(now, call).await
}

/// Fetches what somebody sent; larger than `max_bytes` is [`Error::Nonsense`].
pub(super) async fn media(
    http: &Http,
    keeper: &TokenKeeper,
    url: &str,
    (media_id, max_bytes): (&str, usize),
    now: i64,
) -> Result<Media, Error> {
    let call = |token: String| async move {
        let query = [("access_token", token.as_str()), ("media_id", media_id)];
        http.get_file(url, &query, max_bytes).await
    };
    keeper.with(now, call).await
}
