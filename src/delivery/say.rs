//! A word to one account by customer service, outside of the messages about a subject: what a turn of
//! conversation still owes. Called by `bot/late.rs`.

use entity::account;

use super::choose::Carrier;
use super::halt::Halts;
use super::judge::{Step, judge};
use super::send::{plain, remember, take_of_window};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::cut_bytes;
use crate::reminder::Verdict;
use crate::wechat::official::client::MenuMessage;

/// Bytes of a customer-service message: the platform takes 2 048.
const TEXT_BYTES: usize = 2_000;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// Text.
    Text(String),
    /// A question whose answers can be tapped.
    Menu(MenuMessage),
}

/// Says it, if the window of the account's last word is open. Repeating it says it again: the
/// platform knows no ids of these messages.
///
/// # Errors
/// The database's, before anything is said.
pub async fn say(app: &App, account: &account::Model, words: &Words) -> Result<Verdict, Fault> {
    let now = app.clock.now();
    if !take_of_window(app, account.id, now).await? {
        return Ok(Verdict::Fail("customer: 客服消息窗口已关闭".to_owned()));
    }
    let (client, to) = (&app.official_client, &account.external_id);
    let sent = match words {
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
    };
    let outcome = if sent.is_ok() { "sent" } else { "refused" };
    metrics::counter!("linli_deliveries_total", "channel" => "customer", "outcome" => outcome)
        .increment(1);
    let Err(error) = sent else {
        return Ok(Verdict::Done);
    };
    Ok(match judge(&error, Carrier::Customer, now) {
        Step::Sent => Verdict::Done,
        Step::Stop(verdict) | Step::Down(verdict) => verdict,
        Step::Next(verdict, mark) => {
            remember(app, &Halts::default(), account.id, Carrier::Customer, mark).await?;
            verdict
        }
    })
}
