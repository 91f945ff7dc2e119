//! What only one of many instances may hold at a time: a row with a holder and an end. Works without
//! Redis. Whoever dies without a word is followed by another when the lease ends.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Statement};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::store::Store;

/// Takes it when it is free or over, keeps it when it is ours; one statement.
const TAKE: &str = r#"INSERT INTO "lease" ("name", "holder", "until_at") VALUES ($1, $2, $3)
ON CONFLICT ("name") DO UPDATE SET "holder" = excluded."holder", "until_at" = excluded."until_at"
WHERE "lease"."until_at" <= $4 OR "lease"."holder" = excluded."holder""#;

/// A claim of one instance on one thing.
#[derive(Clone)]
pub struct Lease {
    store: Store,
    name: &'static str,
    holder: String,
    lasts: TimeDelta,
}

impl Lease {
    /// `holder` is a name that no other instance bears; `lasts`: until it ends by itself.
    #[must_use]
    pub fn new(store: Store, name: &'static str, holder: String, lasts: TimeDelta) -> Self {
        Self {
            store,
            name,
            holder,
            lasts,
        }
    }

    /// Takes or renews it; false when another holds it.
    ///
    /// # Errors
    /// The database's: then nobody knows, and what was held is held until its end.
    pub async fn take(&self, now: Moment) -> Result<bool, Fault> {
        let values = [
            self.name.into(),
            self.holder.clone().into(),
            (now + self.lasts).into(),
            now.into(),
        ];
        let statement = Statement::from_sql_and_values(self.store.backend(), TAKE, values);
        let done = self.store.write().execute_raw(statement).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives it back, so that another may take it at once.
    ///
    /// # Errors
    /// The database's: then it ends by itself.
    pub async fn give_back(&self) -> Result<(), Fault> {
        let sql = r#"DELETE FROM "lease" WHERE "name" = $1 AND "holder" = $2"#;
        let values = [self.name.into(), self.holder.clone().into()];
        let statement = Statement::from_sql_and_values(self.store.backend(), sql, values);
        self.store.write().execute_raw(statement).await?;
        Ok(())
    }
}
