//! Connecting: one multiplexed connection that mends itself. Called by `command/` once.

use std::time::Duration;

use ::redis::aio::ConnectionManagerConfig;
use ::redis::{Client, ErrorKind, RedisError};

use crate::base::fault::{Code, Fault};
use crate::config;

/// A handle on the one connection; cheap to clone. Nothing that blocks (BLPOP, SUBSCRIBE) may go
/// over it: everybody waits behind it.
pub type Connection = ::redis::aio::ConnectionManager;

/// A command may take so long: the library's half a second is too short for a busy machine.
const ANSWER: Duration = Duration::from_secs(2);
/// Connecting may take so long.
const CONNECT: Duration = Duration::from_secs(1);

/// The connection, if the settings name a Redis. It is made at first use, so that the program
/// starts, and keeps running, without it.
///
/// # Errors
/// `internal` when the URL cannot be one; the message does not repeat it, since it may hold a password.
pub fn connect(settings: &config::Redis) -> Result<Option<Connection>, Fault> {
    let Some(url) = settings.url() else {
        return Ok(None);
    };
    let refused = |_| Fault::internal("redis.url cannot be read: use redis://host:port");
    let client = Client::open(url).map_err(refused)?;
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(ANSWER))
        .set_connection_timeout(Some(CONNECT))
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_millis(200))
        // Callers have another way while Redis is away: fail quickly, try again at the next call.
        .set_number_of_retries(1);
    let connection = Connection::new_lazy_with_config(client, config).map_err(refused)?;
    Ok(Some(connection))
}

/// Whether Redis answers.
///
/// # Errors
/// `outside` when it does not.
pub async fn ping(connection: &Connection) -> Result<(), Fault> {
    let mut connection = connection.clone();
    ::redis::cmd("PING")
        .query_async::<()>(&mut connection)
        .await
        .map_err(Fault::from)
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        let code = match error.kind() {
            ErrorKind::Client | ErrorKind::InvalidClientConfig => Code::Internal,
            _ => Code::Outside,
        };
        Self::plain(code).because(error)
    }
}
