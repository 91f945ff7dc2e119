//! How far long work is: a spinner on a terminal, a line every few seconds elsewhere, on stderr.
//! Used by the commands.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two lines where there is no terminal.
const BETWEEN: Duration = Duration::from_secs(3);

/// The bar.
pub struct Bar {
    bar: ProgressBar,
    last: Instant,
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Bar {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        Self {
            bar,
            last: Instant::now(),
        }
    }

    /// So many rows of a table are stored.
    pub fn tell(&mut self, table: &str, done: usize) {
        let message = format!("{table}: {done}");
        if self.bar.is_hidden() {
            if self.last.elapsed() >= BETWEEN {
                self.last = Instant::now();
                eprintln!("{message}");
            }
        } else {
            self.bar.set_message(message);
            self.bar.tick();
        }
    }

    /// Ends; leaves nothing on the terminal.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
