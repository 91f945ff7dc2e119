//! The shelf on which all instances find the account's access token (protocols.md §2.1, §6.7).
//! Handed to `wechat::token::TokenKeeper` by `command/`.

use std::time::Duration;

use ::redis::{Cmd, FromRedisValue, RedisError, Script, cmd};
use serde_json::{Value, json};

use super::Connection;
use crate::wechat::token::{Lock, ShelfDown, Shelving, Token, TokenShelf};

/// Longer than any token lives; the keeper looks at the end itself, by its own clock.
const KEEP_SECONDS: u32 = 3 * 3600;

/// Gives a lock back only to its owner.
const UNLOCK: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
";

/// Takes the token off only if it is still this one, and nobody has been told since that it holds.
const REMOVE_IF_SAME: &str = r"
local held = redis.call('GET', KEYS[1])
if held then
  local fine, token = pcall(cjson.decode, held)
  local same = fine and token['value'] == ARGV[1]
    and tonumber(token['insisted_at'] or 0) == tonumber(ARGV[2])
  if not fine or same then
    redis.call('DEL', KEYS[1])
    return fine and 1 or 0
  end
end
return 0
";

/// The shelf of one account.
pub struct RedisShelf {
    connection: Connection,
    /// `{prefix:token:APPID}`: one hash tag, so that a cluster keeps the keys together.
    tag: String,
    unlock: Script,
    remove: Script,
}

impl RedisShelf {
    /// For this account; keys begin with `prefix`.
    #[must_use]
    pub fn new(connection: Connection, prefix: &str, app_id: &str) -> Self {
        Self {
            connection,
            tag: format!("{{{prefix}:token:{app_id}}}"),
            unlock: Script::new(UNLOCK),
            remove: Script::new(REMOVE_IF_SAME),
        }
    }

    fn token_key(&self) -> String {
        format!("{}:value", self.tag)
    }

    fn lock_key(&self, lock: Lock) -> String {
        let name = match lock {
            Lock::Refresh => "refresh",
            Lock::Force => "force",
        };
        format!("{}:lock:{name}", self.tag)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, ShelfDown> {
        let mut connection = self.connection.clone();
        command
            .query_async(&mut connection)
            .await
            .map_err(|error| down(&error))
    }
}

fn down(error: &RedisError) -> ShelfDown {
    metrics::counter!("linli_redis_errors_total", "part" => "token").increment(1);
    tracing::debug!(%error, "the token shelf does not answer");
    ShelfDown
}

/// What lies there, if it can be read: rubbish counts as nothing.
fn read(text: &str) -> Option<Token> {
    let held: Value = serde_json::from_str(text).ok()?;
    Some(Token {
        value: held.get("value")?.as_str()?.to_owned(),
        expires_at: held.get("expires_at")?.as_i64()?,
        // Laid down by an earlier version.
        insisted_at: held.get("insisted_at").and_then(Value::as_i64).unwrap_or(0),
    })
}

impl TokenShelf for RedisShelf {
    fn get(&self) -> Shelving<'_, Option<Token>> {
        Box::pin(async move {
            let held: Option<String> = self.ask(cmd("GET").arg(self.token_key())).await?;
            Ok(held.as_deref().and_then(read))
        })
    }

    fn put<'a>(&'a self, token: &'a Token) -> Shelving<'a, ()> {
        Box::pin(async move {
            let text = json!({
                "value": token.value,
                "expires_at": token.expires_at,
                "insisted_at": token.insisted_at,
            });
            let mut command = cmd("SET");
            command.arg(self.token_key()).arg(text.to_string());
            self.ask(command.arg("EX").arg(KEEP_SECONDS)).await
        })
    }

    fn lock<'a>(&'a self, lock: Lock, owner: &'a str, ttl: Duration) -> Shelving<'a, bool> {
        Box::pin(async move {
            let ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            let mut command = cmd("SET");
            command.arg(self.lock_key(lock)).arg(owner).arg("NX");
            let set: Option<String> = self.ask(command.arg("PX").arg(ms)).await?;
            Ok(set.is_some())
        })
    }

    fn unlock<'a>(&'a self, lock: Lock, owner: &'a str) -> Shelving<'a, ()> {
        Box::pin(async move {
            let mut connection = self.connection.clone();
            let key = self.lock_key(lock);
            let mut call = self.unlock.key(key);
            call.arg(owner)
                .invoke_async::<()>(&mut connection)
                .await
                .map_err(|error| down(&error))
        })
    }

    fn remove_if_same<'a>(&'a self, token: &'a Token) -> Shelving<'a, bool> {
        Box::pin(async move {
            let mut connection = self.connection.clone();
            let mut call = self.remove.key(self.token_key());
            call.arg(&token.value)
                .arg(token.insisted_at)
                .invoke_async(&mut connection)
                .await
                .map_err(|error| down(&error))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_on_the_shelf_is_nothing() {
        for text in ["", "x", "[]", "{\"value\":1}", "{\"value\":\"a\"}"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(read("{\"value\":\"a\",\"expires_at\":5}").is_some());
    }
}
