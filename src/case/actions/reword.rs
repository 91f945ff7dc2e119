//! What the board shows of a finished case, written anew after it was refused (改公示).

use entity::case;
use entity::kinds::{CaseState, ModerationState, Outcome};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::case::actions::finish::{board_content, published};
use crate::case::actions::{Draft, require_text};
use crate::case::queries::visible;
use crate::case::step::By;
use crate::case::{BOARD, subject};
use crate::moderation::{self, queries};
use crate::store::Tx;

/// Hands in other words for the board: only who finished the case, and only after what they wrote
/// was refused. It is looked at again; until it has passed the board shows nothing.
///
/// # Errors
/// `not_found`; `forbidden` for whoever did not finish it; `wrong_step` when nothing was refused, or
/// it is open again; `invalid` without words, or with the same ones; `conflict` when it was reworded
/// a moment ago.
pub async fn reword(tx: &mut Tx, actor: &Actor, id: i64, text: &str) -> Result<case::Model, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    let last = queries::last(tx.db(), &subject(id), BOARD).await?;
    let last =
        last.ok_or_else(|| Fault::wrong_step(format!("诉求 #{id} 还没有公示内容，办结时才写。")))?;
    if last.author_id.is_none() || last.author_id != actor.person_id() {
        return Err(Fault::forbidden(format!(
            "诉求 #{id} 的公示内容由办结的人来改，请转告。"
        )));
    }
    if !matches!(found.case.state, CaseState::Finished | CaseState::Reviewed) {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 已经重新办理，办结时再写公示内容。"
        )));
    }
    match last.state {
        ModerationState::Refused => {}
        ModerationState::Pending => {
            return Err(Fault::wrong_step(format!(
                "诉求 #{id} 的公示内容还在审核，没有通过时再改。"
            )));
        }
        ModerationState::Passed => {
            return Err(Fault::wrong_step(format!(
                "诉求 #{id} 的公示内容已通过，不能再改。"
            )));
        }
    }
    let text = require_text("text", text, || {
        format!("请写下新的公示内容，例如：改公示 {id} 电梯已恢复运行")
    })?;
    let solved = found.case.outcome != Some(Outcome::Unsolved);
    let board = published(tx, &found, &text, solved).await?;
    if board == last.content {
        return Err(Fault::invalid(
            "text",
            format!("和没有通过的内容一样，请改一改再发：改公示 {id} 新内容"),
        ));
    }
    let content = board_content(actor, &found.case, board.clone());
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.next.public_text = Some(board.clone());
    draft.event("reworded", None, None, Some(board));
    let case = draft.store(tx, actor, "case.reword").await?;
    moderation::submit(tx, content).await?;
    Ok(case)
}
