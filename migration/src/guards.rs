//! Triggers that refuse a row when a condition over it holds, whoever writes: the same condition on SQLite
//! and PostgreSQL.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// A refusal.
pub struct Guard {
    /// Of the trigger.
    name: &'static str,
    table: &'static str,
    /// `INSERT`, `UPDATE` or `DELETE`.
    event: &'static str,
    /// What is refused, over `NEW` and `OLD`.
    refused: &'static str,
    /// What is said then; no quotes in it.
    says: &'static str,
}

const fn guard(
    name: &'static str,
    (event, table): (&'static str, &'static str),
    refused: &'static str,
    says: &'static str,
) -> Guard {
    Guard {
        name,
        table,
        event,
        refused,
        says,
    }
}

/// Money leaves the books by an expense with its whole chain, and by nothing else but refunds, what the
/// platform keeps for itself and entries that take one back.
pub const EXPENSES: &[Guard] = &[
    guard(
        "guard_expense_begins",
        ("INSERT", "expense"),
        r#"NEW."state" <> 'draft' OR NEW."reviews_done" <> 0 OR NEW."round" <> 1"#,
        "an expense begins as a draft",
    ),
    guard(
        "guard_expense_kept",
        ("DELETE", "expense"),
        r#"OLD."id" IS NOT NULL"#,
        "expenses are never removed",
    ),
    guard(
        "guard_expense_fixed",
        ("UPDATE", "expense"),
        r#"NEW."compound_id" <> OLD."compound_id" OR NEW."chain_id" <> OLD."chain_id"
            OR NEW."proposed_by" <> OLD."proposed_by" OR NEW."round" < OLD."round"
            OR (OLD."state" <> 'draft' AND (NEW."amount" <> OLD."amount" OR NEW."payee" <> OLD."payee"
                OR NEW."account" <> OLD."account" OR NEW."title" <> OLD."title"
                OR NEW."purpose" <> OLD."purpose"))
            OR (OLD."state" <> NEW."state" AND OLD."state" IN ('closed', 'withdrawn', 'expired'))"#,
        "what reviewers saw of an expense does not change",
    ),
    guard(
        "guard_expense_chain",
        ("UPDATE", "expense"),
        r#"NEW."state" IN ('payable', 'paid', 'closed') AND (
            NOT ((OLD."state" = 'filing' AND NEW."state" = 'payable')
                OR (OLD."state" = 'payable' AND NEW."state" = 'paid')
                OR (OLD."state" = 'paid' AND NEW."state" = 'closed')
                OR OLD."state" = NEW."state")
            OR (SELECT COUNT(DISTINCT s."actor_id") FROM "expense_step" s WHERE s."expense_id" = NEW."id"
                    AND s."round" = NEW."round" AND s."act" = 'approve' AND s."actor_id" <> NEW."proposed_by")
                < (SELECT c."levels" FROM "review_chain" c WHERE c."id" = NEW."chain_id")
            OR NEW."publish_until" IS NULL
            OR NOT EXISTS (SELECT 1 FROM "expense_step" s WHERE s."expense_id" = NEW."id"
                    AND s."round" = NEW."round" AND s."act" = 'published' AND s."created_at" >= NEW."publish_until")
            OR NOT EXISTS (SELECT 1 FROM "expense_step" s WHERE s."expense_id" = NEW."id"
                    AND s."round" = NEW."round" AND s."act" = 'file' AND s."actor_id" IS NOT NULL)
            OR (NEW."tender_amount" IS NULL AND NEW."amount" >=
                    (SELECT c."tender_from" FROM "review_chain" c WHERE c."id" = NEW."chain_id"))
            OR (NEW."state" IN ('paid', 'closed') AND (NEW."proof_id" IS NULL OR NEW."paid_from" IS NULL
                    OR NEW."paid_by" IS NULL OR NEW."paid_by" = NEW."proposed_by")))"#,
        "an expense is paid after its reviews, publication and filing",
    ),
    guard(
        "guard_expense_step",
        ("INSERT", "expense_step"),
        r#"NEW."act" = 'approve' AND (NEW."actor_id" IS NULL OR NEW."level" IS NULL
            OR EXISTS (SELECT 1 FROM "expense" x WHERE x."id" = NEW."expense_id" AND x."proposed_by" = NEW."actor_id")
            OR EXISTS (SELECT 1 FROM "expense_step" s WHERE s."expense_id" = NEW."expense_id"
                AND s."round" = NEW."round" AND s."act" = 'approve' AND s."actor_id" = NEW."actor_id"))"#,
        "a review is by somebody who has not proposed or reviewed it",
    ),
    guard(
        "guard_expense_quote_new",
        ("INSERT", "expense_quote"),
        r#"NOT EXISTS (SELECT 1 FROM "expense" x WHERE x."id" = NEW."expense_id" AND x."state" = 'draft')"#,
        "quotes belong to a draft",
    ),
    guard(
        "guard_expense_quote_kept",
        ("UPDATE", "expense_quote"),
        r#"OLD."id" IS NOT NULL"#,
        "quotes are never changed",
    ),
    guard(
        "guard_expense_quote_gone",
        ("DELETE", "expense_quote"),
        r#"NOT EXISTS (SELECT 1 FROM "expense" x WHERE x."id" = OLD."expense_id" AND x."state" = 'draft')"#,
        "quotes belong to a draft",
    ),
    guard(
        "guard_ledger_entry_spends",
        ("INSERT", "ledger_entry"),
        r#"(NEW."kind" = 'reversal' AND NEW."reverses" IS NULL)
            OR (NEW."kind" = 'expense' AND NOT EXISTS (SELECT 1 FROM "expense" x
                WHERE x."compound_id" = NEW."compound_id" AND x."state" = 'paid'
                AND ('expense:' || x."id" || ':paid') = NEW."cause"))"#,
        "an entry of an expense needs an expense that is paid",
    ),
    guard(
        "guard_ledger_transfer_spends",
        ("INSERT", "ledger_transfer"),
        r#"EXISTS (SELECT 1 FROM "ledger_entry" e, "ledger_account" d, "ledger_account" c
            WHERE e."id" = NEW."entry_id" AND d."id" = NEW."debit_id" AND c."id" = NEW."credit_id" AND (
                (e."kind" NOT IN ('expense', 'reversal') AND (
                    ((d."code" LIKE 'expenses:%' OR d."code" = 'equity:maintenance')
                        AND NOT (e."kind" = 'fee' AND d."code" = 'expenses:fee' AND c."code" = 'assets:wechat')
                        AND NOT (e."kind" = 'waiver' AND d."code" = 'expenses:waiver' AND c."code" = 'assets:receivable'))
                    OR (c."code" IN ('assets:bank', 'assets:cash', 'assets:wechat') AND d."code" NOT LIKE 'assets:%'
                        AND NOT (e."kind" = 'fee' AND d."code" = 'expenses:fee')
                        AND NOT (e."kind" = 'refund' AND d."code" IN ('liabilities:refund', 'liabilities:advance')))))
                OR (e."kind" = 'expense' AND (
                    EXISTS (SELECT 1 FROM "ledger_transfer" t WHERE t."entry_id" = e."id")
                    OR NOT EXISTS (SELECT 1 FROM "expense" x WHERE x."compound_id" = e."compound_id"
                        AND ('expense:' || x."id" || ':paid') = e."cause" AND x."amount" = NEW."amount"
                        AND x."account" = d."code" AND x."paid_from" = c."code")))
                OR (e."kind" = 'reversal' AND NOT EXISTS (SELECT 1 FROM "ledger_transfer" t
                    WHERE t."entry_id" = e."reverses" AND t."debit_id" = NEW."credit_id"
                    AND t."credit_id" = NEW."debit_id" AND t."amount" = NEW."amount"))))"#,
        "money leaves the books by an expense with its whole chain",
    ),
];

/// Every yuan that was given is followed to its use, and none is used twice: by an expense that is paid when it
/// is money, out of donations for the same, never more than was given.
pub const GIVING: &[Guard] = &[
    guard(
        "guard_donation_begins",
        ("INSERT", "donation"),
        r#"NEW."state" <> 'pledged' OR NEW."used" <> 0 OR NEW."returned" <> 0"#,
        "a donation begins as a pledge",
    ),
    guard(
        "guard_donation_fixed",
        ("UPDATE", "donation"),
        r#"NEW."compound_id" <> OLD."compound_id" OR NEW."kind" <> OLD."kind" OR NEW."amount" <> OLD."amount"
            OR COALESCE(NEW."drive_id", 0) <> COALESCE(OLD."drive_id", 0)
            OR NEW."used" < OLD."used" OR NEW."returned" < OLD."returned"
            OR (NEW."used" + NEW."returned" > 0 AND NEW."state" <> 'received')
            OR (OLD."state" <> NEW."state" AND OLD."state" <> 'pledged')
            OR (OLD."anonymous" AND NOT NEW."anonymous")"#,
        "what was given does not change",
    ),
    guard(
        "guard_donation_kept",
        ("DELETE", "donation"),
        r#"OLD."id" IS NOT NULL"#,
        "donations are never removed",
    ),
    guard(
        "guard_donation_use",
        ("INSERT", "donation_use"),
        r#"(NEW."kind" = 'goods' AND NEW."expense_id" IS NOT NULL)
            OR (NEW."kind" <> 'goods' AND NOT EXISTS (SELECT 1 FROM "expense" x WHERE x."id" = NEW."expense_id"
                AND x."compound_id" = NEW."compound_id" AND x."state" IN ('paid', 'closed')
                AND NEW."amount" + (SELECT COALESCE(SUM(u."amount"), 0) FROM "donation_use" u
                    WHERE u."expense_id" = NEW."expense_id") <= x."amount"))"#,
        "donated money is used by an expense that is paid",
    ),
    guard(
        "guard_donation_use_share",
        ("INSERT", "donation_use_share"),
        r#"NOT EXISTS (SELECT 1 FROM "donation" d, "donation_use" u
            WHERE d."id" = NEW."donation_id" AND u."id" = NEW."use_id"
            AND NEW."compound_id" = u."compound_id" AND d."compound_id" = u."compound_id" AND d."kind" = u."kind"
            AND COALESCE(d."drive_id", 0) = COALESCE(u."drive_id", 0) AND d."state" = 'received'
            AND NEW."amount" + (SELECT COALESCE(SUM(s."amount"), 0) FROM "donation_use_share" s
                WHERE s."donation_id" = d."id") <= d."used"
            AND NEW."amount" + (SELECT COALESCE(SUM(s."amount"), 0) FROM "donation_use_share" s
                WHERE s."use_id" = u."id") <= u."amount")"#,
        "a use has no more of a donation than was given",
    ),
];

/// What people enter into the books is agreed to by a second person, and does not change.
pub const VOUCHERS: &[Guard] = &[
    guard(
        "guard_voucher_begins",
        ("INSERT", "voucher"),
        r#"NEW."state" <> 'asked' OR NEW."decided_by" IS NOT NULL"#,
        "a voucher begins with one person",
    ),
    guard(
        "guard_voucher_second",
        ("UPDATE", "voucher"),
        r#"OLD."state" <> 'asked' OR NEW."asked_by" <> OLD."asked_by"
            OR NEW."compound_id" <> OLD."compound_id" OR NEW."kind" <> OLD."kind"
            OR COALESCE(NEW."debit", '') <> COALESCE(OLD."debit", '')
            OR COALESCE(NEW."credit", '') <> COALESCE(OLD."credit", '')
            OR NEW."amount" <> OLD."amount" OR NEW."day" <> OLD."day" OR NEW."words" <> OLD."words"
            OR COALESCE(NEW."proof_id", 0) <> COALESCE(OLD."proof_id", 0)
            OR COALESCE(NEW."entry_id", 0) <> COALESCE(OLD."entry_id", 0)
            OR (NEW."state" <> 'asked' AND (NEW."decided_by" IS NULL OR NEW."decided_by" = NEW."asked_by"))"#,
        "a voucher is agreed to by a second person and does not change",
    ),
    guard(
        "guard_voucher_kept",
        ("DELETE", "voucher"),
        r#"OLD."id" IS NOT NULL"#,
        "vouchers are never removed",
    ),
];

/// What people pay out has two of them and a slip, and neither what was asked for nor its proof changes.
pub const REFUNDS: &[Guard] = &[
    guard(
        "guard_refund_begins",
        ("INSERT", "refund"),
        r#"(NEW."payment_id" IS NULL) <> (NEW."home_id" IS NOT NULL)
            OR (NEW."home_id" IS NULL) <> (NEW."payer_id" IS NULL)
            OR (NEW."payment_id" IS NULL AND NEW."asked_by" IS NULL)"#,
        "a refund is of a payment or of what is kept for somebody",
    ),
    guard(
        "guard_refund_fixed",
        ("UPDATE", "refund"),
        r#"NEW."compound_id" <> OLD."compound_id" OR NEW."amount" <> OLD."amount"
            OR COALESCE(NEW."payment_id", 0) <> COALESCE(OLD."payment_id", 0)
            OR COALESCE(NEW."home_id", 0) <> COALESCE(OLD."home_id", 0)
            OR COALESCE(NEW."payer_id", 0) <> COALESCE(OLD."payer_id", 0)
            OR COALESCE(NEW."asked_by", 0) <> COALESCE(OLD."asked_by", 0)
            OR (OLD."state" IN ('done', 'refused') AND (NEW."state" <> OLD."state"
                OR COALESCE(NEW."handed_by", 0) <> COALESCE(OLD."handed_by", 0)
                OR COALESCE(NEW."paid_from", '') <> COALESCE(OLD."paid_from", '')
                OR COALESCE(NEW."paid_by", 0) <> COALESCE(OLD."paid_by", 0)
                OR COALESCE(NEW."proof_id", 0) <> COALESCE(OLD."proof_id", 0)))"#,
        "what was asked back does not change",
    ),
    guard(
        "guard_refund_paid_out",
        ("UPDATE", "refund"),
        r#"NEW."state" = 'done' AND OLD."state" <> 'done' AND (
            (NEW."paid_from" IS NULL AND NEW."refund_id" IS NULL)
            OR (NEW."paid_from" IS NOT NULL AND (OLD."state" <> 'granted' OR NEW."proof_id" IS NULL
                OR NEW."paid_by" IS NULL OR COALESCE(NEW."handed_by", NEW."asked_by") IS NULL
                OR NEW."paid_by" = COALESCE(NEW."handed_by", NEW."asked_by"))))"#,
        "a refund is paid out by a second person and with a slip",
    ),
    guard(
        "guard_waiver_fixed",
        ("UPDATE", "waiver"),
        r#"NEW."compound_id" <> OLD."compound_id" OR NEW."bill_id" <> OLD."bill_id"
            OR NEW."amount" <> OLD."amount" OR NEW."asked_by" <> OLD."asked_by"
            OR COALESCE(NEW."proof_id", 0) <> COALESCE(OLD."proof_id", 0)
            OR (OLD."state" <> 'asked' AND NEW."state" <> OLD."state")
            OR (OLD."state" = 'asked' AND NEW."state" <> 'asked'
                AND (NEW."decided_by" IS NULL OR NEW."decided_by" = NEW."asked_by"))"#,
        "a waiver is agreed to by a second person and does not change",
    ),
];

/// Puts them.
pub async fn put(manager: &SchemaManager<'_>, guards: &[Guard]) -> Result<(), DbErr> {
    let db = manager.get_connection();
    for one in guards {
        for statement in statements(manager.get_database_backend(), one) {
            db.execute_unprepared(&statement).await?;
        }
    }
    Ok(())
}

/// Takes them away.
pub async fn take(manager: &SchemaManager<'_>, guards: &[Guard]) -> Result<(), DbErr> {
    let db = manager.get_connection();
    for Guard { name, table, .. } in guards {
        let all = match manager.get_database_backend() {
            DbBackend::Postgres => vec![
                format!(r#"DROP TRIGGER IF EXISTS "{name}" ON "{table}""#),
                format!(r#"DROP FUNCTION IF EXISTS "{name}""#),
            ],
            _ => vec![format!(r#"DROP TRIGGER IF EXISTS "{name}""#)],
        };
        for statement in all {
            db.execute_unprepared(&statement).await?;
        }
    }
    Ok(())
}

fn statements(backend: DbBackend, guard: &Guard) -> Vec<String> {
    let Guard {
        name,
        table,
        event,
        refused,
        says,
    } = guard;
    match backend {
        DbBackend::Postgres => {
            let row = if *event == "DELETE" { "OLD" } else { "NEW" };
            vec![
                format!(
                    r#"CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN IF {refused} THEN RAISE EXCEPTION '{says}'; END IF; RETURN {row}; END $$"#
                ),
                format!(
                    r#"CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{name}"()"#
                ),
            ]
        }
        _ => vec![format!(
            r#"CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" WHEN {refused} BEGIN SELECT RAISE(ABORT, '{says}'); END"#
        )],
    }
}
