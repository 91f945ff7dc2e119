//! Tables whose rows the database itself refuses to change or to remove, whoever asks (architecture,
//! rule 6: ledger rows are never updated or deleted).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Refuses `UPDATE` and `DELETE` of each row of these tables, and on PostgreSQL `TRUNCATE`.
pub async fn freeze(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        let refuse = "CREATE OR REPLACE FUNCTION linli_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ \
             BEGIN RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME; END $$";
        db.execute_unprepared(refuse).await?;
    }
    for table in tables {
        for statement in statements(manager.get_database_backend(), table) {
            db.execute_unprepared(&statement).await?;
        }
    }
    Ok(())
}

/// Takes that back.
pub async fn thaw(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    let db = manager.get_connection();
    for table in tables {
        for (name, _) in TRIGGERS {
            let statement = match manager.get_database_backend() {
                DbBackend::Postgres => {
                    format!(r#"DROP TRIGGER IF EXISTS "frozen_{table}_{name}" ON "{table}""#)
                }
                _ if *name == "truncate" => continue,
                _ => format!(r#"DROP TRIGGER IF EXISTS "frozen_{table}_{name}""#),
            };
            db.execute_unprepared(&statement).await?;
        }
    }
    Ok(())
}

/// Of which statements, and for what of each.
const TRIGGERS: &[(&str, &str)] = &[
    ("update", "EACH ROW"),
    ("delete", "EACH ROW"),
    ("truncate", "EACH STATEMENT"),
];

fn statements(backend: DbBackend, table: &str) -> Vec<String> {
    let trigger = |(name, of): &(&str, &str)| match backend {
        DbBackend::Postgres => Some(format!(
            r#"CREATE TRIGGER "frozen_{table}_{name}" BEFORE {name} ON "{table}" FOR {of} EXECUTE FUNCTION linli_refuse()"#
        )),
        _ if *name == "truncate" => None,
        _ => Some(format!(
            r#"CREATE TRIGGER "frozen_{table}_{name}" BEFORE {name} ON "{table}" BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed or removed'); END"#
        )),
    };
    TRIGGERS.iter().filter_map(trigger).collect()
}
