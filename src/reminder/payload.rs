//! What a reminder carries for its handler, read by name. Used by the `remind` of every noun.

use entity::reminder;
use serde_json::Value;
use strum::IntoEnumIterator;

/// A whole number.
#[must_use]
pub fn number(reminder: &reminder::Model, name: &str) -> Option<i64> {
    reminder.payload.get(name).and_then(Value::as_i64)
}

/// A word.
#[must_use]
pub fn word<'r>(reminder: &'r reminder::Model, name: &str) -> Option<&'r str> {
    reminder.payload.get(name).and_then(Value::as_str)
}

/// The version of what it is about, as it was then.
#[must_use]
pub fn version(reminder: &reminder::Model) -> Option<i32> {
    i32::try_from(number(reminder, "version")?).ok()
}

/// Which of several things it says (`what`), by the names that payloads keep of them.
#[must_use]
pub fn what<T: IntoEnumIterator>(
    reminder: &reminder::Model,
    name_of: impl Fn(&T) -> &'static str,
) -> Option<T> {
    let name = word(reminder, "what")?;
    T::iter().find(|one| name_of(one) == name)
}
