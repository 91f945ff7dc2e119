//! What the program logs while it is tested: an error or a panic that no test asked for fails the
//! test. Only where each test has a process of its own (cargo-nextest).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

static ERRORS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Whether a program of this test is over, and its database with it.
static GONE: AtomicBool = AtomicBool::new(false);

struct Errors;

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        let chatty = std::env::var_os("LINLI_TEST_LOG").is_some();
        if level != Level::ERROR && !chatty {
            return;
        }
        let mut words = Words(format!("{} ", event.metadata().target()));
        event.record(&mut words);
        if chatty && level <= Level::INFO {
            eprintln!("{level} {}", words.0);
        }
        let ours = event.metadata().target().starts_with("linli");
        // Somebody who never bound an account cannot be told: no fault of the program.
        let nobody_there = words.0.contains("无法送达");
        if ours && level == Level::ERROR && !nobody_there {
            note(words.0);
        }
    }
}

fn note(text: String) {
    ERRORS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(text);
}

/// Begins to listen, once in a process. With `LINLI_TEST_LOG` set everything is printed too.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Events that nobody looks at are not even made: a sixth of the time of the tests.
        let level = match std::env::var_os("LINLI_TEST_LOG") {
            Some(_) => LevelFilter::INFO,
            None => LevelFilter::ERROR,
        };
        let subscriber = tracing_subscriber::registry().with(level).with(Errors);
        tracing::subscriber::set_global_default(subscriber).unwrap();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            note(format!("panic: {panic}"));
            before(panic);
        }));
    });
}

/// The database of a program of this test goes now.
pub fn gone() {
    GONE.store(true, Ordering::SeqCst);
}

/// Panics if the program logged an error or panicked.
pub fn expect_none() {
    if std::env::var_os("NEXTEST").is_none() {
        return;
    }
    let mut errors = std::mem::take(&mut *ERRORS.lock().unwrap_or_else(PoisonError::into_inner));
    // Said by the last program of this test, which still worked when its folder or database went.
    let gone = GONE.load(Ordering::SeqCst);
    let over = |error: &str| {
        let dropped = error.contains("database \"t") && error.contains("\" does not exist");
        dropped
            || error.contains("unable to open database file")
            || error.contains("disk I/O error")
            || error.contains("terminating connection due to administrator command")
    };
    errors.retain(|error| !(gone && over(error)));
    assert!(errors.is_empty(), "the program logged errors: {errors:#?}");
}
