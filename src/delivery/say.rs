//! A word to one account by customer service, outside of the messages about a subject: what a turn of
//! conversation still owes. Called by `bot/late.rs`.

use entity::{account, reminder};

use super::choose::Carrier;
use super::direct::Direct;
use super::send::{TEXT_BYTES, plain};
use super::spend::{return_to_window, take_of_window};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::cut_bytes;
use crate::reminder::Verdict;
use crate::wechat::official::client::MenuMessage;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// Text.
    Text(String),
    /// A question whose answers can be tapped.
    Menu(MenuMessage),
}

/// Says what this reminder owes, if the window of the account's last word is open.
///
/// # Errors
/// The database's, before anything is said or after.
pub async fn say(
    app: &App,
    row: &reminder::Model,
    account: &account::Model,
    words: &Words,
) -> Result<Verdict, Fault> {
    let direct = match Direct::begin(app, row, account, Carrier::Customer).await? {
        Ok(direct) => direct,
        Err(verdict) => return Ok(verdict),
    };
    let now = app.clock.now();
    if !take_of_window(app, account.id, now).await? {
        return Ok(Verdict::Fail("customer: 客服消息窗口已关闭".to_owned()));
    }
    let (client, to) = (&app.official_client, &account.external_id);
    let call = async {
        match words {
            Words::Text(text) => {
                let text = plain(text);
                let text = cut_bytes(&text, TEXT_BYTES);
                client.custom_text(to, text, now.timestamp()).await
            }
            Words::Menu(menu) => {
                let menu = MenuMessage {
                    head: plain(&menu.head),
                    tail: plain(&menu.tail),
                    lines: menu.lines.clone(),
                };
                client.custom_menu(to, &menu, now.timestamp()).await
            }
        }
    };
    let call = async {
        let sent = call.await;
        if let Err(error) = &sent
            && let Err(fault) = return_to_window(app, account.id, error, now).await
        {
            tracing::warn!(?fault, "a place in the window could not be given back");
        }
        sent.map(|()| None)
    };
    direct.say(call).await
}
