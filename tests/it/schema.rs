//! Keeps the tables that the migrations make equal to those that the entities describe, on the
//! database that `LINLI_TEST_BACKEND` names for the suite: here SQLite, whose schema can be read as text.

use std::collections::{BTreeMap, BTreeSet};

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, EntityTrait, Iterable, Schema, Statement,
};

type Columns = BTreeMap<String, BTreeSet<(String, bool)>>;

async fn columns(db: &DatabaseConnection) -> Columns {
    let backend = db.get_database_backend();
    let tables = db
        .query_all_raw(Statement::from_string(
            backend,
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'seaql_%'",
        ))
        .await
        .unwrap();
    let mut found = Columns::new();
    for table in tables {
        let name: String = table.try_get("", "name").unwrap();
        let rows = db
            .query_all_raw(Statement::from_string(
                backend,
                format!("PRAGMA table_info(\"{name}\")"),
            ))
            .await
            .unwrap();
        let set = rows
            .iter()
            .map(|row| {
                let required: i32 = row.try_get("", "notnull").unwrap();
                let key: i32 = row.try_get("", "pk").unwrap();
                (row.try_get("", "name").unwrap(), required == 1 || key > 0)
            })
            .collect();
        found.insert(name, set);
    }
    found
}

async fn create<E: EntityTrait>(db: &DatabaseConnection, entity: E) {
    let schema = Schema::new(db.get_database_backend());
    db.execute(&schema.create_table_from_entity(entity))
        .await
        .unwrap();
    assert!(E::Column::iter().count() > 0);
}

#[tokio::test]
async fn migrations_make_what_the_entities_describe() {
    let migrated = Database::connect("sqlite::memory:").await.unwrap();
    Migrator::up(&migrated, None).await.unwrap();
    let described = Database::connect("sqlite::memory:").await.unwrap();
    macro_rules! create_all {
        ($($table:ident),+ $(,)?) => { $( create(&described, entity::$table::Entity).await; )+ };
    }
    create_all!(
        account,
        activity,
        activity_signup,
        activity_step,
        advance,
        agreement,
        alliance_member,
        alliance_record,
        answer_template,
        attachment,
        audit,
        bill,
        bill_dispute,
        bill_line,
        bill_run,
        bill_sale,
        binding,
        calendar,
        calendar_day,
        case,
        case_event,
        case_helper,
        case_joiner,
        consent,
        console_session,
        correction,
        credential,
        data_export,
        deletion_log,
        delivery,
        disclosure,
        disclosure_line,
        dispatch_rule,
        donation,
        donation_step,
        donation_use,
        donation_use_share,
        drive,
        expense,
        expense_objection,
        expense_quote,
        expense_step,
        due_notice,
        fee_charge,
        fee_cost,
        fee_item,
        fee_policy,
        fee_reading,
        fee_space,
        group_dialog,
        guess,
        halt,
        help_ask,
        help_request,
        handbook_article,
        handbook_asker,
        handbook_question,
        handbook_version,
        idempotency,
        import_job,
        inbound,
        invitation,
        lease,
        ledger_account,
        ledger_entry,
        ledger_transfer,
        mediation,
        mediation_event,
        mediation_party,
        mediation_session,
        moderation,
        notice,
        notice_recipient,
        offer,
        offer_step,
        organisation,
        payment,
        payment_notice,
        payment_part,
        person,
        place,
        preference,
        receipt,
        receipt_counter,
        recon_difference,
        reconciliation,
        recovery_code,
        refund,
        reminder,
        residency,
        response_policy,
        review_chain,
        role,
        saved_view,
        schedule,
        session,
        sign_in_try,
        station,
        station_booking,
        station_count,
        station_day,
        station_deposit,
        station_facility,
        station_loan,
        station_room,
        station_served,
        station_service,
        station_step,
        station_thing,
        station_visitor,
        subscription,
        talent,
        timetable,
        timetable_reader,
        visit,
        volunteer,
        volunteer_service,
        volunteer_task,
        voucher,
        waiver,
        wish,
        wish_step,
        work_card,
    );
    assert_eq!(columns(&migrated).await, columns(&described).await);
}

#[tokio::test]
async fn migrations_go_down_and_up_again() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let before = columns(&db).await;
    Migrator::down(&db, None).await.unwrap();
    assert!(columns(&db).await.is_empty());
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(columns(&db).await, before);
}

#[tokio::test]
async fn no_index_names_what_a_claim_of_a_reminder_changes() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let rows = db
        .query_all_raw(Statement::from_string(
            db.get_database_backend(),
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'reminder' AND sql IS NOT NULL",
        ))
        .await
        .unwrap();
    assert!(rows.len() >= 3, "the indexes are not there");
    for row in rows {
        let index: String = row.try_get("", "sql").unwrap();
        // Otherwise PostgreSQL makes a new entry in every index for every claim.
        for column in ["state", "lease", "leased_until", "attempts"] {
            assert!(!index.contains(&format!("\"{column}\"")), "{index}");
        }
    }
}
