//! Dialogs of what lives in a compound: each noun has something, so that its lists, its choices and its questions wait
//! for an answer, which the first questions of an empty compound do not. They obey the rules of `rules`.

mod given;
mod lists;
mod met;
mod station;
mod told;

use super::rules::obeys;
use crate::harness::app::TestApp;
use crate::harness::people::Person;

/// Whether each of these questions of a person obeys. An opening is what they say, one message after the other:
/// `清单 需求 → 1`.
async fn all_obey(app: &TestApp, person: &Person<'_>, openings: &[&str]) {
    for opening in openings {
        let messages: Vec<&str> = opening.split(" → ").collect();
        obeys(app, person, &messages).await;
    }
}
