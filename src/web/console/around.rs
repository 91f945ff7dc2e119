//! What stands around one case: who helps, how many have met the same, what may be the same, the photos
//! that are owed, what the board shows, whether it is in mediation. Read for the case's page (`case.rs`).

use entity::case;
use entity::kinds::{CaseState, ModerationState, PhotoStage};
use sea_orm::ConnectionTrait;

use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::case::evidence::{self, Evidence, stage_says};
use crate::case::queries::{self, Found, helpers, holds};
use crate::case::similar::{self, Alike};
use crate::case::step::OPEN;
use crate::case::{BOARD, joiner, subject};
use crate::mediation::queries as mediations;
use crate::mediation::state_says;
use crate::moderation::queries as moderation;
use crate::web::console::guard::Desk;

/// States in which nobody has worked on it, or nobody will.
const BEFORE_WORK: [CaseState; 4] = [
    CaseState::Raised,
    CaseState::Assigned,
    CaseState::Withdrawn,
    CaseState::Merged,
];

/// What stands around a case.
pub(super) struct Around {
    /// Who helps or is invited: name, and how it stands.
    pub(super) helpers: Vec<(String, &'static str)>,
    /// Whoever looks helps now.
    pub(super) helps: bool,
    /// Whoever looks helps now or is invited to.
    pub(super) is_asked: bool,
    /// How many people have joined; never who.
    pub(super) joiners: i32,
    /// What they gave for the last end.
    pub(super) rated: Option<String>,
    /// How many homes have met it.
    pub(super) households: i32,
    /// Open cases that may be the same thing.
    pub(super) alike: Vec<Alike>,
    /// The case that it goes on in.
    pub(super) merged_into: Option<i64>,
    /// Why there are no photos: of which side of the work, and the reason.
    pub(super) waived: Vec<(&'static str, String)>,
    /// Photos that are owed, in words: somebody works on it, or has.
    pub(super) owes: Option<&'static str>,
    /// Words for the board as they were handed in last.
    pub(super) board: Option<String>,
    /// What became of them.
    pub(super) board_says: Option<String>,
    /// Whoever looks may word them anew.
    pub(super) may_reword: bool,
    /// A mediation of it is open.
    pub(super) in_mediation: bool,
    /// How the last mediation stands.
    pub(super) mediation: Option<(i64, &'static str)>,
    /// Whoever looks leads that mediation.
    pub(super) leads: bool,
}

/// Reads it; `words` is what was filed as whoever looks may read it.
pub(super) async fn around<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    found: &Found,
    words: &str,
) -> Result<Around, Fault> {
    let case = &found.case;
    let person = desk.actor().person_id();
    let helpers = helpers(db, case.id).await?;
    let own = helpers
        .iter()
        .find(|helper| Some(helper.person_id) == person && helper.left_at.is_none());
    let (helps, is_asked) = (
        own.is_some_and(|helper| helper.joined_at.is_some()),
        own.is_some(),
    );
    let last = moderation::last(db, &subject(case.id), BOARD).await?;
    let over = matches!(case.state, CaseState::Finished | CaseState::Reviewed);
    let refused = last
        .as_ref()
        .is_some_and(|row| row.state == ModerationState::Refused);
    let mine = last
        .as_ref()
        .is_some_and(|row| row.author_id.is_some() && row.author_id == person);
    let evidence = evidence::of(db, case).await?;
    let mediation = mediations::last_of_case(db, case.id).await?;
    let leads = match &mediation {
        Some(row) => mediations::seen(db, desk.actor(), row.id).await.is_ok(),
        None => false,
    };
    Ok(Around {
        helpers: helpers
            .into_iter()
            .filter(|helper| helper.left_at.is_none())
            .map(|helper| {
                let says = if helper.is_present() {
                    "正在助力"
                } else {
                    "已邀请"
                };
                (helper.name, says)
            })
            .collect(),
        helps,
        is_asked,
        joiners: case.joiners,
        rated: joiner::ratings_say(&joiner::ratings(db, case).await?),
        households: case.households,
        alike: alike(db, desk, found, words).await?,
        merged_into: case.merged_into,
        owes: evidence
            .missing_says()
            .filter(|_| !BEFORE_WORK.contains(&case.state)),
        waived: waived(evidence),
        board_says: last.as_ref().filter(|_| over).map(board_says),
        board: last.map(|row| row.content),
        may_reword: over && refused && mine,
        in_mediation: mediation
            .as_ref()
            .is_some_and(|row| row.closed_at.is_none()),
        mediation: mediation.map(|row| (row.id, state_says(row.state))),
        leads,
    })
}

fn waived(evidence: Evidence) -> Vec<(&'static str, String)> {
    let sides = [
        (PhotoStage::Before, evidence.before.waived),
        (PhotoStage::After, evidence.after.waived),
    ];
    let said = sides.into_iter();
    said.filter_map(|(stage, reason)| Some((stage_says(stage), reason?)))
        .collect()
}

fn board_says(row: &entity::moderation::Model) -> String {
    match row.state {
        ModerationState::Pending => "公示内容等待审核，通过后大家才看得到。".to_owned(),
        ModerationState::Passed => "公示内容已通过审核，大家看得到。".to_owned(),
        ModerationState::Refused => match &row.reason {
            Some(reason) => format!("公示内容没有通过审核：{reason}"),
            None => "公示内容没有通过审核。".to_owned(),
        },
    }
}

/// What may be the same thing, for whoever could put them together.
async fn alike<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    found: &Found,
    words: &str,
) -> Result<Vec<Alike>, Fault> {
    let (actor, case): (_, &case::Model) = (desk.actor(), &found.case);
    let gives = may(actor, Deed::DispatchCases, &found.place.path);
    if !OPEN.contains(&case.state) || !(gives || holds(actor, found)) {
        return Ok(Vec::new());
    }
    let wanted = similar::Wanted {
        kind: case.kind,
        category: case.category.as_deref(),
        text: words,
        compound_id: case.compound_id,
        path: &found.place.path,
        reporter_id: case.reporter_id,
    };
    let mut alike = similar::alike(db, wanted).await?;
    alike.retain(|other| other.id != case.id);
    let mut seen = Vec::new();
    for other in alike {
        if queries::visible(db, actor, other.id).await.is_ok() {
            seen.push(other);
        }
    }
    Ok(seen)
}
