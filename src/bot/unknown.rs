//! A text that no command takes: a question is answered from the handbook when one article is sure; all else is
//! offered to be filed, with articles that are near behind the digits that file. Whoever complains is offered to
//! file first, whatever the handbook knows: nothing is ever swallowed. Called by `bot/answer.rs`.

use crate::base::fault::Fault;
use crate::base::text::clean;
use crate::bot::help;
use crate::chat::Turn;
use crate::handbook::chat::{answered, look, put_down};
use crate::handbook::sure::{asks, complains, is_short};

/// Articles of an offer.
const OFFERED: usize = 2;

/// What is said to it.
///
/// # Errors
/// The database's.
pub(super) async fn answer(turn: &mut Turn<'_>, text: &str) -> Result<String, Fault> {
    let text = clean(text);
    let (question, trouble) = (asks(&text), complains(&text));
    if !question && !trouble && !is_short(&text) {
        return Ok(help::offer(turn, &text));
    }
    let found = look(turn, &text).await?;
    if !trouble && let Some(sure) = &found.sure {
        return Ok(answered(turn, sure, &found.near, &text));
    }
    let near = found.sure.iter().chain(&found.near).take(OFFERED);
    let near: Vec<(i64, String)> = near.map(|row| (row.id, row.title.clone())).collect();
    let mut reply = help::offer_with(turn, &text, &near);
    if question && !trouble && put_down(turn, &text).await? {
        reply.push_str(match near.is_empty() {
            true => "\n这个问题手册里还没有，已记下，有了答案会告诉您。",
            false => "\n都不是也没关系，问题已记下，有了答案会告诉您。",
        });
    }
    Ok(reply)
}
