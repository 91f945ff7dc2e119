//! What a mediation does to the case it comes from: the clock stands while the parties talk, the
//! history says how it goes, and an agreement that was kept finishes the case. Called by the clock
//! of `remind/mediated.rs`.

use entity::kinds::{CaseState, ContentKind};
use entity::{case, mediation};
use sea_orm::{EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::case::actions::Draft;
use crate::case::actions::finish::ask_for_rating;
use crate::case::publish;
use crate::case::queries::{self, Found};
use crate::case::remind::{kinds, mediated as left};
use crate::case::step::{Action, By, OPEN};
use crate::case::{BOARD, subject};
use crate::moderation::{self, Submission};
use crate::store::Tx;

/// How a case whose agreement was kept is closed, for the reporter and for the board.
const RESULT: &str = "经调解，双方达成协议并已履行";

/// Whether the parties of a case talk.
pub(super) async fn is_mediated(tx: &Tx, case_id: i64) -> Result<bool, Fault> {
    let open = mediation::Entity::find()
        .filter(mediation::COLUMN.case_id.eq(case_id))
        .filter(mediation::COLUMN.closed_at.is_null())
        .one(tx.db())
        .await?;
    Ok(open.is_some())
}

impl Draft {
    /// The case is over: a mediation of it ends, too.
    pub(super) async fn end_mediation(&mut self, tx: &Tx) -> Result<(), Fault> {
        if is_mediated(tx, self.next.id).await? {
            self.reminders.push(left::over(&self.next, self.now));
        }
        Ok(())
    }
}

/// Notes what has become of the mediation: `opened`, `stalled`, `agreed`, `broken`, `failed` or `kept`. None
/// when the case is over: then there is nothing to note. After one that failed the clocks go on.
///
/// # Errors
/// The database's; `conflict` when something happened meanwhile.
pub async fn mediated(
    tx: &mut Tx,
    found: Found,
    what: &str,
    note: Option<String>,
) -> Result<Option<case::Model>, Fault> {
    if !OPEN.contains(&found.case.state) {
        return Ok(None);
    }
    let board = match what {
        "kept" => {
            let place = queries::building_says(tx.db(), &found.place).await?;
            Some(publish::text(found.case.kind, &place, RESULT, true, &[]))
        }
        _ => None,
    };
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    match what {
        "opened" if draft.next.state != CaseState::Paused => {
            draft.act(Action::Mediate, "mediation-opened", note)?;
            draft.stop_clocks(tx).await?;
            draft.cancel.extend(kinds::OF_ONE_HOLDER);
            draft.tell_reporter("mediation");
        }
        "opened" => draft.event("mediation-opened", None, None, note),
        "stalled" => {
            draft.event("mediation-stalled", None, None, note);
            draft.tell_dispatchers(tx, "mediation-stalled").await?;
        }
        "agreed" => draft.event("mediation-agreed", None, None, note),
        "broken" => draft.event("mediation-broken", None, None, note),
        "failed" => {
            draft.event("mediation-failed", None, None, note);
            let until = draft.next.pause_until;
            if draft.next.state == CaseState::Paused && until.is_none_or(|until| until <= draft.now)
            {
                draft.go_on(tx).await?;
            }
            draft.tell(kinds::MEDIATED, draft.next.holder_id, "failed");
        }
        "kept" => {
            draft.next.public_text = board;
            draft.next.result = Some(RESULT.to_owned());
            draft.act(Action::Settle, "finished", Some(RESULT.to_owned()))?;
            draft.next.finished_at = Some(draft.now);
            draft.next.paused_at = None;
            draft.cancel.extend(kinds::OF_ONE_HOLDER);
            draft.tell_reporter("finished");
            ask_for_rating(&mut draft);
        }
        _ => return Ok(None),
    }
    let shown = draft.next.public_text.clone().filter(|_| what == "kept");
    let case = draft.store(tx, &system, "case.mediated").await?;
    if let Some(content) = shown {
        // Everybody reads the board: what stands there is looked at first.
        let submission = Submission {
            subject: subject(case.id),
            part: BOARD.to_owned(),
            compound_id: case.compound_id,
            place_id: case.place_id,
            kind: ContentKind::Text,
            content,
            author_id: None,
        };
        moderation::submit(tx, submission).await?;
    }
    Ok(Some(case))
}
