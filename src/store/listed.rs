//! A list of ids as one parameter. Hundreds of parameters cost PostgreSQL more to read than the rows to find, and it
//! plans for as many rows as there are parameters, although an index finds each of them. Used by the queue of
//! reminders, by `delivery/record.rs` and by the audience of a notice.

use sea_orm::DbBackend;

/// What stands for the list, and the condition that `column` is one of it; `mark` is the parameter's place in the
/// statement: `$4`.
#[must_use]
pub fn listed(backend: DbBackend, column: &str, ids: &[i64], mark: &str) -> (String, String) {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    let ids = ids.join(",");
    if backend == DbBackend::Postgres {
        let any = format!("{column} = ANY(CAST(string_to_array({mark}, ',') AS bigint[]))");
        (ids, any)
    } else {
        let any = format!(r#"{column} IN (SELECT "value" FROM json_each({mark}))"#);
        (format!("[{ids}]"), any)
    }
}
