//! The WeCom application: who a member is, what is answered, how tasks come as cards.

mod callback;
mod cards;
mod client;
mod community;
pub mod identity;
mod rates;
mod repeats;
mod vectors;

use linli::sandbox::{Answer, Entry, How, Say};

use crate::harness::app::TestApp;
use crate::harness::until;

/// A member types something in the application; what is answered. Silence is a fault.
async fn says(app: &TestApp, userid: &str, text: &str) -> String {
    let said = app.platform.member_does(userid, &Say::text(text)).await;
    match said.answer {
        Answer::Text(text) => text,
        other => panic!("after «{text}» WeCom saw {other:?}"),
    }
}

/// Cards that a member got about a case, oldest first, as they look now.
fn cards_of(app: &TestApp, userid: &str, id: i64) -> Vec<Entry> {
    let mark = format!("#{id} ");
    let mut all = app.platform.member_sees(userid);
    all.retain(|entry| {
        let card = entry.work_card.as_ref();
        entry.how == How::App && card.is_some_and(|card| card.title.starts_with(&mark))
    });
    all
}

/// Waits for the member's latest card about a case to have these buttons.
async fn card_with(app: &TestApp, userid: &str, id: i64, buttons: &[&str]) -> Entry {
    until(
        &format!("{userid}'s card with {buttons:?}"),
        15,
        async || {
            let card = cards_of(app, userid, id).pop()?;
            let shown = card.work_card.as_ref()?;
            let labels: Vec<&str> = match shown.over {
                Some(_) => Vec::new(),
                None => shown.buttons.iter().map(|one| one.text.as_str()).collect(),
            };
            (labels == buttons).then_some(card)
        },
    )
    .await
}

/// Presses a button of the member's latest card about a case; the words on the card afterwards.
async fn press(app: &TestApp, userid: &str, id: i64, button: &str) -> String {
    let card = cards_of(app, userid, id).pop().expect("no card");
    let key = format!("{button} {id}");
    let said = app.platform.press(userid, card.id, &key).await;
    match said.answer {
        Answer::Card(words) => words,
        other => panic!("after «{button}» WeCom saw {other:?}"),
    }
}
