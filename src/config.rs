//! Settings: the embedded defaults, the profile's file, the environment; checked as a whole at the
//! start. Ground floor; read by `command/` and handed to everyone as [`Settings`].
//!
//! | file | what it holds |
//! |---|---|
//! | `layers` | from where the settings come |
//! | `check`, `exposure` | what they cannot be; what opens the door to strangers |
//! | `running` | sections of the program itself |
//! | `terms` | sections of what people may do, and how long their data is kept |
//! | `wechat`, `pay` | sections of the platforms |
//! | `sandbox_keys` | keys of the pretended WeChat Pay |

mod check;
mod exposure;
mod layers;
mod pay;
mod running;
mod sandbox_keys;
mod terms;
#[cfg(test)]
mod tests;
mod wechat;

pub use pay::{Pay, PayMerchant, SANDBOX_MERCHANT};
pub use running::{
    Console, Database, Demo, Limits, Log, LogFormat, Redis, Reminder, Sandbox, Security, Server,
    Storage,
};
pub use sandbox_keys::SandboxKeys;
pub use terms::{Lists, Retention, Stations, Wishes};
pub use wechat::{CallbackMode, Group, Mini, Official, Robot, RobotMode, Template, Wechat, Work};

use serde::Deserialize;

/// The data key of the development profile: everybody has it.
const PUBLIC_DATA_KEY: &str = "bGlubGkgZGV2ZWxvcG1lbnQga2V5LCBub3Qgc2VjcmU=";

/// A setting that cannot be: the message names the key and says what to do.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

/// All settings. `config/default.toml` says what each key means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the profile; not a key of the files.
    #[serde(skip)]
    pub profile: String,
    /// `[server]`
    pub server: Server,
    /// `[database]`
    pub database: Database,
    /// `[redis]`
    pub redis: Redis,
    /// `[storage]`
    pub storage: Storage,
    /// `[security]`
    pub security: Security,
    /// `[wechat]`
    pub wechat: Wechat,
    /// `[reminder]`
    pub reminder: Reminder,
    /// `[limits]`
    pub limits: Limits,
    /// `[console]`
    pub console: Console,
    /// `[wishes]`
    pub wishes: Wishes,
    /// `[lists]`
    pub lists: Lists,
    /// `[stations]`
    pub stations: Stations,
    /// `[retention]`
    pub retention: Retention,
    /// `[log]`
    pub log: Log,
    /// `[sandbox]`
    pub sandbox: Sandbox,
    /// `[demo]`
    pub demo: Demo,
}
