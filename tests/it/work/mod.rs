//! The WeCom application: who a member is, what is answered, how tasks come as cards.

mod callback;
mod client;
mod identity;
mod vectors;

use linli::sandbox::{Answer, Say};

use crate::harness::app::TestApp;

/// A member types something in the application; what is answered. Silence is a fault.
async fn says(app: &TestApp, userid: &str, text: &str) -> String {
    let said = app.platform.member_does(userid, &Say::text(text)).await;
    match said.answer {
        Answer::Text(text) => text,
        other => panic!("after «{text}» WeCom saw {other:?}"),
    }
}
