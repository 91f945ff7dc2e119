//! What stood at doors and among the letters of staff from before it was said what is for one person alone: its
//! words leave the rows, which still say whom something was for, and about what (decision 0010).

use sea_orm_migration::prelude::*;

/// Takes away words that are for one person alone.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in statements() {
            manager
                .get_connection()
                .execute_unprepared(&statement)
                .await?;
        }
        Ok(())
    }

    /// What nobody else may read does not come back.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

/// Kinds that are for one person alone: what donors, and askers and talents, are told.
const ALONE: &str =
    "'giving.told', 'talent.asked', 'talent.contact', 'talent.told', 'payment.given'";

/// What a payer was told of a donation, under the kind of all payments.
const GIVEN: &str = r#""kind" = 'payment.told' AND "subject" IN
    (SELECT 'payment:' || CAST("id" AS TEXT) FROM "payment" WHERE "donation_id" IS NOT NULL)"#;

fn statements() -> [String; 4] {
    [
        // Who has claimed a wish, with name and phone: the title is left, which is what a door is handed now.
        r#"UPDATE "visit" SET "text" = '心愿 #' || substr("subject", 6) || ' 有人认领了'
            WHERE "kind" = 'wish.told' AND "subject" LIKE 'wish:%' AND "text" LIKE '%有人认领了：%'"#
            .to_owned(),
        // Who gave, who asked for help: that there is something for them is all that a neighbour may know.
        format!(
            r#"UPDATE "visit" SET "text" = '有一条只给本人看的消息，请本人关注公众号后回复“菜单”查看。'
            WHERE "kind" IN ({ALONE}) OR ({GIVEN})"#
        ),
        // What still waits goes out as what it is: to the person, or not at all.
        format!(
            r#"UPDATE "reminder" SET "kind" = 'payment.given' WHERE "done_at" IS NULL AND {GIVEN}"#
        ),
        // What was given up is dropped, as it would be now: no list of letters names whom it was for. In the words
        // of the index of what ended with an error.
        format!(
            r#"UPDATE "reminder" SET "state" = 'cancelled', "last_error" = NULL
            WHERE "done_at" IS NOT NULL AND "last_error" IS NOT NULL AND "state" = 'failed'
                AND ("kind" IN ({ALONE}) OR ({GIVEN}))"#
        ),
    ]
}
