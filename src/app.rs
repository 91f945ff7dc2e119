//! What every noun and face may reach: settings, time, randomness, the store, the seal, the
//! platform. Built by `command/serve.rs` and by tests; cheap to clone. Floor 2.

use std::ops::Deref;
use std::sync::Arc;

use crate::base::clock::Clock;
use crate::base::dice::Dice;
use crate::base::seal::Seal;
use crate::config::Settings;
use crate::store::Store;

/// A handle on the parts.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts themselves.
pub struct Parts {
    /// As loaded.
    pub settings: Settings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub dice: Arc<Dice>,
    /// The database.
    pub store: Store,
    /// Encrypts personal data at rest.
    pub seal: Seal,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
