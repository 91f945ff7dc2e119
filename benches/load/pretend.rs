//! The pretended platform on a port of its own, and settings that lead there. Used by the scenarios
//! that send.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use linli::base::clock::ShiftedClock;
use linli::config::Settings;
use linli::sandbox::{self, Config, Platform};
use poem::listener::TcpAcceptor;
use poem::{Route, Server};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The platform, until it is dropped.
pub struct Pretend {
    /// Its state.
    pub platform: Platform,
    base: String,
    server: JoinHandle<()>,
}

impl Pretend {
    /// For the accounts of these settings.
    pub async fn start(settings: &Settings, clock: Arc<ShiftedClock>) -> Result<Self> {
        let platform = Platform::new(clock.clone(), Config::from_settings(settings, ""))?;
        let platform = platform.with_shift(clock);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}/sandbox", listener.local_addr()?);
        let routes = Route::new().nest("/sandbox", sandbox::routes(platform.clone()));
        let acceptor = TcpAcceptor::from_tokio(listener)?;
        let server = tokio::spawn(async move {
            if let Err(error) = Server::new_with_acceptor(acceptor).run(routes).await {
                eprintln!("the pretended platform ended: {error}");
            }
        });
        Ok(Self {
            platform,
            base,
            server,
        })
    }

    /// API of the official account.
    pub fn official(&self) -> String {
        format!("{}/api", self.base)
    }

    /// API of WeChat Pay.
    pub fn pay(&self) -> String {
        format!("{}/pay", self.base)
    }

    /// API of WeCom.
    pub fn work(&self) -> String {
        format!("{}/work", self.base)
    }
}

impl Drop for Pretend {
    fn drop(&mut self) {
        self.platform.stop();
        self.server.abort();
    }
}

/// The program's own, on this database file or PostgreSQL's URL.
pub fn settings(database: &Path, redis: Option<&str>, more: &[(&str, &str)]) -> Result<Settings> {
    let text = database.display().to_string();
    let url = if text.starts_with("postgres") {
        text
    } else {
        format!("sqlite://{text}?mode=rwc")
    };
    let mut source: HashMap<String, String> = HashMap::new();
    source.insert("LINLI__DATABASE__URL".to_owned(), url);
    if let Some(redis) = redis {
        source.insert("LINLI__REDIS__URL".to_owned(), redis.to_owned());
    }
    for (key, value) in more {
        source.insert(format!("LINLI__{key}"), (*value).to_owned());
    }
    let environment = config::Environment::with_prefix("LINLI")
        .prefix_separator("__")
        .separator("__")
        .source(Some(source));
    let nowhere = Path::new("/nonexistent");
    Ok(Settings::from_layers(nowhere, "development", environment)?)
}
