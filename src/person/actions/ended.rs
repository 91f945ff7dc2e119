//! Posts that end together: those of a building that is closed, or for an organisation that works there no longer.

use entity::kinds::RoleKind;
use entity::{organisation, place, role};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::person::actions::roles::{record_role, why};
use crate::person::reach::not_over;
use crate::person::remind;
use crate::place::queries::ids_below;
use crate::store::Tx;

/// Whose posts end.
#[derive(Clone, Copy, Debug)]
pub enum Posts<'a> {
    /// All at a place and below it.
    At(&'a place::Model),
    /// All for an organisation.
    For(&'a organisation::Model),
}

impl Posts<'_> {
    fn condition(self) -> Condition {
        let of_them = match self {
            Self::At(place) => role::Column::PlaceId.in_subquery(ids_below(&place.path)),
            Self::For(body) => role::COLUMN.organisation_id.eq(body.id),
        };
        Condition::all().add(of_them)
    }
}

/// Ends these posts now, with a reason that each of them is told; how many there were. What they have in hand goes to
/// somebody else, by clocks that other nouns obey. To be called behind the action that closes the place or ends the
/// organisation, which asks whether the actor may. Nobody ends their own administration.
///
/// # Errors
/// `invalid` without a reason; the database's.
pub async fn end_posts(
    tx: &mut Tx,
    actor: &Actor,
    posts: Posts<'_>,
    reason: &str,
) -> Result<usize, Fault> {
    let reason = why(reason, "请写明原因，任职的人会看到，例如：合同到期")?;
    let now = tx.now();
    let mut rows = role::Entity::find()
        .filter(posts.condition())
        .filter(not_over(now))
        .order_by_asc(role::COLUMN.id)
        // Whoever ends one of them at this moment is waited for: what they wrote stays.
        .lock_exclusive()
        .all(tx.db())
        .await?;
    rows.retain(|row| {
        row.role != RoleKind::Administrator || Some(row.person_id) != actor.person_id()
    });
    if rows.is_empty() {
        return Ok(0);
    }
    role::Entity::update_many()
        .col_expr(role::Column::ToAt, Expr::value(now))
        .col_expr(role::Column::EndReason, Expr::value(reason.clone()))
        .filter(role::COLUMN.id.is_in(rows.iter().map(|row| row.id)))
        .exec(tx.db())
        .await?;
    let mut ends = Vec::with_capacity(rows.len());
    for row in &mut rows {
        row.to_at = Some(now);
        row.end_reason = Some(reason.clone());
        record_role(tx, actor, "role.end", row);
        remind::tell_post_ended(tx, row).await?;
        ends.push((row.person_id, row.compound_id, now));
    }
    ends.sort_unstable();
    ends.dedup_by_key(|(person, ..)| *person);
    remind::when_ended(tx, &ends).await?;
    Ok(rows.len())
}
