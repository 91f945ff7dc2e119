//! What the platform knows of the account's calls: quotas, and whether our address is let in. Called
//! by `command/doctor`.

use serde_json::{Value, json};

use super::client::OfficialClient;
use crate::wechat::Error;
use crate::wechat::http::scalar;

/// How often one API may be called today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Calls a day.
    pub daily: i64,
    /// Calls so far.
    pub used: i64,
    /// Calls left.
    pub left: i64,
}

impl OfficialClient {
    /// The quota of one API, by its path (`/cgi-bin/message/template/send`).
    ///
    /// # Errors
    /// The platform's; 76021 for a path that it does not know.
    pub async fn quota(&self, path: &str, now: i64) -> Result<Quota, Error> {
        let body = json!({ "cgi_path": path });
        let answer = self.post("/cgi-bin/openapi/quota/get", &body, now).await?;
        let quota = answer.get("quota").ok_or(Error::Nonsense)?;
        let number = |name| scalar(quota, name).and_then(|text| text.parse().ok());
        Ok(Quota {
            daily: number("daily_limit").ok_or(Error::Nonsense)?,
            used: number("used").ok_or(Error::Nonsense)?,
            left: number("remain").ok_or(Error::Nonsense)?,
        })
    }

    /// Addresses from which the platform calls us: a call that is refused with 40164 names ours.
    ///
    /// # Errors
    /// The platform's.
    pub async fn callback_addresses(&self, now: i64) -> Result<Vec<String>, Error> {
        let answer = self.get("/cgi-bin/getcallbackip", now).await?;
        let list = answer.get("ip_list").and_then(Value::as_array);
        let list = list.ok_or(Error::Nonsense)?;
        Ok(list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect())
    }
}
