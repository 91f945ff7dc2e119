//! What somebody with a database client may try: what was given does not change, no use without its expense, and no
//! share beyond what was given.

use linli::ledger::Account;
use sea_orm::ConnectionTrait;

use super::{MANAGER, cash, gift, sound, spend, uses};
use crate::console::Desk;
use crate::expense::spent;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_refuses_every_way_around() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, MANAGER).await;
    let id = cash(&mut desk, "", "100").await;
    let day = "2026-11-30".parse().unwrap();
    let expense = spent(&app, "GY", Account::ExpenseOther, 8_000, day).await;
    spend(&mut desk, "free", "60", expense).await.is(303);
    let used = uses(&app).await[0].id;
    let gy = gift(&app, id).await.compound_id;
    let now = "'2026-01-01T00:00:00+00:00'";
    let new_use = |amount: i64, expense: &str, kind: &str| {
        format!(
            "INSERT INTO donation_use (compound_id, kind, what, day, amount, expense_id, recorded_by, mark, created_at) VALUES ({gy}, '{kind}', 'x', '2026-01-01', {amount}, {expense}, 1, 'x{amount}{kind}', {now})"
        )
    };
    let share = |amount: i64| {
        format!(
            "INSERT INTO donation_use_share (use_id, donation_id, compound_id, amount) VALUES ({used}, {id}, {gy}, {amount})"
        )
    };
    for sql in [
        format!("UPDATE donation SET amount = 99999 WHERE id = {id}"),
        format!("UPDATE donation SET used = 0 WHERE id = {id}"),
        format!("UPDATE donation SET used = 10001 WHERE id = {id}"),
        format!("UPDATE donation SET returned = 5000 WHERE id = {id}"),
        format!("UPDATE donation SET returned = -1 WHERE id = {id}"),
        format!("UPDATE donation SET state = 'pledged' WHERE id = {id}"),
        format!("UPDATE donation SET drive_id = 1 WHERE id = {id}"),
        format!("UPDATE donation SET kind = 'goods' WHERE id = {id}"),
        format!("DELETE FROM donation WHERE id = {id}"),
        format!("UPDATE donation_use SET amount = 1 WHERE id = {used}"),
        format!("DELETE FROM donation_use WHERE id = {used}"),
        format!("UPDATE donation_use_share SET amount = 1 WHERE use_id = {used}"),
        format!("DELETE FROM donation_use_share WHERE use_id = {used}"),
        share(1),
        share(-1),
        new_use(1, "NULL", "money"),
        new_use(1, "9999999", "money"),
        new_use(2_001, &expense.to_string(), "money"),
        new_use(1, &expense.to_string(), "goods"),
        format!(
            "INSERT INTO donation (compound_id, anonymous, kind, amount, used, returned, state, version, created_at, updated_at) VALUES ({gy}, false, 'money', 5, 0, 0, 'received', 0, {now}, {now})"
        ),
        format!(
            "INSERT INTO donation (compound_id, anonymous, kind, amount, used, returned, state, version, created_at, updated_at) VALUES ({gy}, false, 'money', 0, 0, 0, 'pledged', 0, {now}, {now})"
        ),
    ] {
        let done = app.store.write().execute_unprepared(&sql).await;
        assert!(done.is_err(), "{sql}");
    }
    sound(&app).await;
}
