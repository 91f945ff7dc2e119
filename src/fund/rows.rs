//! The rows of donations while they are paid, paid back and used: each change is one statement that meets
//! the row as it was, or a row that is locked. Locks go in the order in which donations came. Called by the
//! actions of `payment` and `giving`, in their transaction.

use entity::kinds::{ActorKind, DonationKind, DonationState};
use entity::{donation, donation_step, drive};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::fund::allocate::{Left, take};
use crate::fund::{FREE, left};
use crate::store::Tx;

/// Donations of one look while a use looks for what it needs.
const LOOK: u64 = 200;

/// The same answer for a donation that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到捐赠 #{id}。回复“我的捐赠”看您捐过的。"))
}

/// By key; not scoped.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<donation::Model>, Fault> {
    Ok(donation::Entity::find_by_id(id).one(db).await?)
}

/// What it is given for, as people say it: the drive's title.
///
/// # Errors
/// The database's.
pub async fn purpose<C: ConnectionTrait>(db: &C, id: i64) -> Result<String, Fault> {
    let row = by_id(db, id).await?;
    let drive = match row.and_then(|row| row.drive_id) {
        Some(drive) => drive::Entity::find_by_id(drive).one(db).await?,
        None => None,
    };
    Ok(drive.map_or_else(|| FREE.to_owned(), |drive| drive.title))
}

/// Money that was promised and is not there: what somebody may pay now.
///
/// # Errors
/// `not_found`; `wrong_step` when it is there already, or was given up.
pub async fn payable<C: ConnectionTrait>(db: &C, id: i64) -> Result<donation::Model, Fault> {
    let row = by_id(db, id).await?;
    let row = row.filter(|row| row.kind == DonationKind::Money);
    let row = row.ok_or_else(|| no_such(id))?;
    match row.state {
        DonationState::Pledged => Ok(row),
        DonationState::Received => Err(Fault::wrong_step(format!(
            "捐款 #{id} 已经收到了，谢谢您！回复“我的捐赠”查看。"
        ))),
        _ => Err(Fault::wrong_step(format!(
            "捐款 #{id} 已经取消了，没有扣款。想捐请回复“捐款”。"
        ))),
    }
}

/// Says that it is there, once. False when it is not promised any more: then the row is as it was.
///
/// # Errors
/// The database's.
pub async fn receive(
    tx: &Tx,
    id: i64,
    by: (ActorKind, Option<i64>),
    at: Moment,
) -> Result<bool, Fault> {
    let done = donation::Entity::update_many()
        .col_expr(
            donation::Column::Version,
            Expr::col(donation::Column::Version).add(1),
        )
        .set(donation::ActiveModel {
            state: Set(DonationState::Received),
            received_at: Set(Some(at)),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(donation::COLUMN.id.eq(id))
        .filter(donation::COLUMN.state.eq(DonationState::Pledged))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Ok(false);
    }
    if let Some(row) = by_id(tx.db(), id).await? {
        let from = Some(DonationState::Pledged);
        note(tx, &row, "received", from, by, None);
    }
    Ok(true)
}

/// Takes so much of it back, for whoever gave it.
///
/// # Errors
/// `wrong_step` when so much is not left: it is used, or went back.
pub async fn take_back(
    tx: &Tx,
    id: i64,
    amount: i64,
    by: (ActorKind, Option<i64>),
) -> Result<(), Fault> {
    let gone = Expr::col(donation::Column::Used)
        .add(Expr::col(donation::Column::Returned))
        .add(amount);
    let done = donation::Entity::update_many()
        .col_expr(
            donation::Column::Returned,
            Expr::col(donation::Column::Returned).add(amount),
        )
        .col_expr(donation::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(donation::COLUMN.id.eq(id))
        .filter(donation::COLUMN.state.eq(DonationState::Received))
        .filter(gone.lte(Expr::col(donation::Column::Amount)))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::wrong_step(
            "这笔捐款已经用掉一部分，不能退这么多。请减少金额后再申请。",
        ));
    }
    if let Some(row) = by_id(tx.db(), id).await? {
        let words = Some(amount.to_string());
        note(tx, &row, "returned", Some(row.state), by, words);
    }
    Ok(())
}

/// What a use takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Whose.
    pub compound_id: i64,
    /// Given for this drive; none: for none.
    pub drive_id: Option<i64>,
    /// Money or goods.
    pub kind: DonationKind,
    /// This donation alone; none: what is there longest first.
    pub only: Option<i64>,
}

impl Pool {
    /// Everything that is there and not used.
    #[must_use]
    pub fn there(self) -> Condition {
        let gone = Expr::col((donation::Entity, donation::Column::Used))
            .add(Expr::col((donation::Entity, donation::Column::Returned)));
        let drive = match self.drive_id {
            Some(id) => donation::COLUMN.drive_id.eq(id),
            None => donation::COLUMN.drive_id.is_null(),
        };
        let all = Condition::all()
            .add(donation::COLUMN.compound_id.eq(self.compound_id))
            .add(donation::COLUMN.kind.eq(self.kind))
            .add(donation::COLUMN.state.eq(DonationState::Received))
            .add(drive)
            .add(gone.lt(Expr::col((donation::Entity, donation::Column::Amount))));
        match self.only {
            Some(id) => all.add(donation::COLUMN.id.eq(id)),
            None => all,
        }
    }
}

/// Uses so much of what is there: each donation with its part, all of them locked until the end of the
/// transaction. None when there is not so much; then nothing is used.
///
/// # Errors
/// `conflict` when a row changed under the lock, which cannot be; the database's.
pub async fn draw(tx: &Tx, pool: Pool, amount: i64) -> Result<Option<Vec<(i64, i64)>>, Fault> {
    let (mut found, mut last): (Vec<donation::Model>, Option<(Moment, i64)>) = (Vec::new(), None);
    let enough = |found: &[donation::Model]| found.iter().map(left).sum::<i64>() >= amount;
    while !enough(&found) {
        let mut query = donation::Entity::find().filter(pool.there());
        if let Some((at, id)) = last {
            let same = Condition::all()
                .add(donation::COLUMN.received_at.eq(at))
                .add(donation::COLUMN.id.gt(id));
            query = query.filter(
                Condition::any()
                    .add(donation::COLUMN.received_at.gt(at))
                    .add(same),
            );
        }
        let part = query
            .order_by_asc(donation::COLUMN.received_at)
            .order_by_asc(donation::COLUMN.id)
            .limit(LOOK)
            .lock_exclusive()
            .all(tx.db())
            .await?;
        last = part.last().and_then(|row| Some((row.received_at?, row.id)));
        if part.is_empty() || last.is_none() {
            break;
        }
        found.extend(part);
    }
    let lefts: Vec<Left> = found
        .iter()
        .map(|row| Left {
            donation_id: row.id,
            left: left(row),
        })
        .collect();
    let Some(parts) = take(amount, &lefts) else {
        return Ok(None);
    };
    for (id, part) in &parts {
        use_up(tx, *id, *part).await?;
    }
    Ok(Some(parts))
}

async fn use_up(tx: &Tx, id: i64, part: i64) -> Result<(), Fault> {
    let gone = Expr::col(donation::Column::Used)
        .add(Expr::col(donation::Column::Returned))
        .add(part);
    let done = donation::Entity::update_many()
        .col_expr(
            donation::Column::Used,
            Expr::col(donation::Column::Used).add(part),
        )
        .col_expr(donation::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(donation::COLUMN.id.eq(id))
        .filter(gone.lte(Expr::col(donation::Column::Amount)))
        .exec(tx.db())
        .await?;
    match done.rows_affected {
        1 => Ok(()),
        _ => Err(Fault::plain(Code::Conflict)),
    }
}

/// An entry of the history, at the end of the transaction. Whoever gives in secret is not in it.
pub fn note(
    tx: &Tx,
    row: &donation::Model,
    action: &str,
    from: Option<DonationState>,
    (kind, actor_id): (ActorKind, Option<i64>),
    words: Option<String>,
) {
    let secret = row.anonymous && kind == ActorKind::Resident;
    let step = donation_step::ActiveModel {
        donation_id: Set(row.id),
        compound_id: Set(row.compound_id),
        action: Set(action.to_owned()),
        from_state: Set(from),
        to_state: Set(row.state),
        actor_kind: Set(kind),
        actor_id: Set(actor_id.filter(|_| !secret)),
        note: Set(words),
        at: Set(tx.now()),
        ..Default::default()
    };
    tx.at_end(donation_step::Entity::insert(step).into_query());
}
