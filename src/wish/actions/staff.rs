//! What staff does: reads a wish before anybody else does (通过心愿 驳回心愿), and takes one away (下架心愿).

use entity::kinds::ContentKind;
use entity::wish;

use crate::access::Actor;
use crate::access::named::residents_named;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::moderation::{self, Submission};
use crate::person::queries as people;
use crate::store::Tx;
use crate::wish::actions::{Change, words};
use crate::wish::queries::{Found, Side, found};
use crate::wish::remind::Telling;
use crate::wish::step::{Act, By};
use crate::wish::{PART, subject};

/// The wish, if the actor may check it.
async fn checked(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = found(tx.db(), actor, id).await?;
    match found.side {
        Side::Asker => Err(Fault::forbidden("自己的心愿要由别人来审核。")),
        // Staff who has claimed it may still say no to it.
        _ if may(actor, Deed::CheckWishes, &found.place.path) => Ok(found),
        _ => Err(Fault::forbidden("您没有这项权限。")),
    }
}

/// Lets neighbours see and claim it: without the asker's and other residents' names, phones, and homes.
///
/// # Errors
/// `not_found` for whoever may not know of it, `forbidden` for one's own, `wrong_step` when it was checked.
pub async fn pass(tx: &mut Tx, actor: &Actor, id: i64) -> Result<wish::Model, Fault> {
    let found = checked(tx, actor, id).await?;
    let reader = actor.require_person()?;
    let mut change = Change::of(tx, found.wish, Act::Pass, By::Checker)?;
    change.next.opened_at = Some(tx.now());
    let mut names = residents_named(tx.db(), &change.next.text, tx.now()).await?;
    // Whoever holds a post is known by name; not as somebody who wishes for something.
    let asker = people::by_id(tx.db(), change.next.asker_id).await?;
    names.extend(asker.map(|person| person.name));
    let shown = Submission {
        subject: subject(id),
        part: PART.to_owned(),
        compound_id: change.next.compound_id,
        place_id: change.next.place_id,
        kind: ContentKind::Text,
        content: redact(&change.next.text, &names),
        author_id: Some(change.next.asker_id),
    };
    moderation::vouch(tx, shown, reader).await?;
    change.tell_asker(Telling::Opened);
    change.store(tx, actor, "wish.pass").await
}

/// Does not let it be shown, for a reason that the asker is told.
///
/// # Errors
/// As [`pass`]; `invalid` without a reason.
pub async fn refuse(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<wish::Model, Fault> {
    let found = checked(tx, actor, id).await?;
    let mut change = Change::of(tx, found.wish, Act::Refuse, By::Checker)?;
    let reason = words("reason", reason, "驳回心愿 12 金额太大，建议找社区救助")?;
    change.next.reason = Some(reason.clone());
    change.note = Some(reason);
    change.tell_asker(Telling::Refused);
    change.store(tx, actor, "wish.refuse").await
}

/// Takes an open or claimed wish away, for a reason that asker and claimer are told.
///
/// # Errors
/// As [`refuse`].
pub async fn remove(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<wish::Model, Fault> {
    let found = checked(tx, actor, id).await?;
    let mut change = Change::of(tx, found.wish, Act::Remove, By::Checker)?;
    let reason = words("reason", reason, "下架心愿 12 已由社区解决")?;
    change.next.reason = Some(reason.clone());
    change.note = Some(reason);
    change.tell_asker(Telling::Removed);
    change.tell_claimer(Telling::Removed);
    change.free();
    change.store(tx, actor, "wish.remove").await
}
