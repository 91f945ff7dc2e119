//! How often somebody may try to sign in: counted in the database before a try is looked at, by name
//! and by address, so that all instances and all tries at once share it. Each failure beyond the free
//! ones doubles the pause. A name that nobody has is counted like any other. Called by [`super`].

use chrono::TimeDelta;
use entity::sign_in_try;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{Condition, EntityTrait, QueryFilter};

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::store::Tx;

/// Days after which failures are forgotten.
pub const DAYS: i64 = 1;
/// The longest pause, seconds.
const LONGEST: i64 = 15 * 60;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Passwords for one name.
    Login,
    /// Passwords from one address, which a whole office may share.
    Address,
    /// Codes of the second factor of one credential.
    Code,
}

impl What {
    /// Name, failures without a pause, first pause in seconds.
    const fn row(self) -> (&'static str, i32, i64) {
        match self {
            Self::Login => ("login", 5, 30),
            Self::Code => ("code", 5, 30),
            Self::Address => ("address", 40, 60),
        }
    }

    /// Seconds of pause after so many failures.
    fn pause(self, failures: i32) -> i64 {
        let (_, free, first) = self.row();
        match u32::try_from(failures - free) {
            Ok(beyond) => Ord::min(first.saturating_mul(1 << Ord::min(beyond, 10)), LONGEST),
            Err(_) => 0,
        }
    }
}

/// A try that was counted.
#[derive(Debug)]
pub struct Counted(Vec<String>);

/// Counts a try as failed before it is looked at; [`Counted::was_right`] takes it back.
///
/// # Errors
/// `too_many` with the seconds, during a pause; then it is not counted.
pub async fn count(app: &App, tries: &[(What, &str)]) -> Result<Counted, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let mut keys = Vec::new();
    for (what, whose) in tries {
        let key = format!("{}:{}", what.row().0, app.seal.index(whose));
        count_one(&tx, *what, &key).await?;
        keys.push(key);
    }
    tx.commit().await?;
    Ok(Counted(keys))
}

async fn count_one(tx: &Tx, what: What, key: &str) -> Result<(), Fault> {
    let now = tx.now();
    let row = sign_in_try::ActiveModel {
        key: Set(key.to_owned()),
        failures: Set(0),
        until_at: Set(None),
        at: Set(now),
    };
    sign_in_try::Entity::insert(row)
        .on_conflict(
            OnConflict::column(sign_in_try::Column::Key)
                .do_nothing()
                .to_owned(),
        )
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    let old = sign_in_try::COLUMN.at.lt(now - TimeDelta::days(DAYS));
    update(tx, key, old.into(), Expr::value(0), now).await?;
    let free = Condition::any()
        .add(sign_in_try::COLUMN.until_at.is_null())
        .add(sign_in_try::COLUMN.until_at.lte(now));
    let more = Expr::col(sign_in_try::Column::Failures).add(1);
    let counted = update(tx, key, free, more, now).await?;
    let row = sign_in_try::Entity::find_by_id(key.to_owned())
        .one(tx.db())
        .await?
        .ok_or_else(|| Fault::internal("a counted try is gone"))?;
    if counted == 0 {
        return Err(wait(row.until_at, now));
    }
    let pause = what.pause(row.failures);
    if pause > 0 {
        let until = now + TimeDelta::seconds(pause);
        sign_in_try::Entity::update_many()
            .col_expr(sign_in_try::Column::UntilAt, Expr::value(until))
            .filter(sign_in_try::COLUMN.key.eq(key))
            .exec(tx.db())
            .await?;
    }
    Ok(())
}

async fn update(
    tx: &Tx,
    key: &str,
    when: Condition,
    failures: Expr,
    now: Moment,
) -> Result<u64, Fault> {
    let done = sign_in_try::Entity::update_many()
        .col_expr(sign_in_try::Column::Failures, failures)
        .col_expr(sign_in_try::Column::At, Expr::value(now))
        .col_expr(
            sign_in_try::Column::UntilAt,
            Expr::value(Option::<Moment>::None),
        )
        .filter(sign_in_try::COLUMN.key.eq(key))
        .filter(when)
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected)
}

fn wait(until: Option<Moment>, now: Moment) -> Fault {
    let left = until.map_or(0, |until| (until - now).num_milliseconds());
    let seconds = ((left + 999) / 1_000).clamp(1, LONGEST);
    let said = if seconds > 90 {
        format!("{}分钟", (seconds + 59) / 60)
    } else {
        format!("{seconds}秒")
    };
    Fault {
        retry_after: u32::try_from(seconds).ok(),
        ..Fault::new(Code::TooMany, format!("试的次数太多了，请过{said}再试。"))
    }
}

impl Counted {
    /// It was right: the failures of the name are forgotten, the address is not charged for this one.
    ///
    /// # Errors
    /// The database's.
    pub async fn was_right(self, tx: &Tx) -> Result<(), Fault> {
        for key in self.0 {
            let left = if key.starts_with("address:") {
                Expr::col(sign_in_try::Column::Failures).sub(1)
            } else {
                Expr::value(0)
            };
            sign_in_try::Entity::update_many()
                .col_expr(sign_in_try::Column::Failures, left)
                .col_expr(
                    sign_in_try::Column::UntilAt,
                    Expr::value(Option::<Moment>::None),
                )
                .filter(sign_in_try::COLUMN.key.eq(key))
                .filter(sign_in_try::COLUMN.failures.gt(0))
                .exec(tx.db())
                .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_quarter_of_an_hour() {
        let pauses: Vec<i64> = (3..13).map(|count| What::Login.pause(count)).collect();
        assert_eq!(pauses, [0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(What::Address.pause(39), 0);
        assert_eq!(What::Address.pause(i32::MAX), LONGEST);
    }
}
