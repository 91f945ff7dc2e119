//! What deployed databases hold when the program that brings a newer schema starts: it is kept, and put where it belongs
//! now. On SQLite, which the statements are short for; `faults` and the suite on PostgreSQL go through the same migrations.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, EntityTrait, Statement};

#[tokio::test]
async fn policies_of_before_there_were_grades_are_kept() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    let before = Migrator::migrations()
        .iter()
        .position(|migration| migration.name().contains("_clocks"))
        .unwrap();
    Migrator::up(&db, Some(before.try_into().unwrap()))
        .await
        .unwrap();
    for statement in [
        "INSERT INTO place (id, code, kind, name, path, created_at, updated_at) VALUES (7, 'GY', 'compound', 'x', '/7/', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')",
        "INSERT INTO response_policy (place_id, accept_minutes, finish_minutes, created_at) VALUES (7, 15, 90, '2026-01-01T00:00:00+00:00')",
    ] {
        db.execute_unprepared(statement).await.unwrap();
    }
    Migrator::up(&db, Some(1)).await.unwrap();
    let kept = entity::response_policy::Entity::find()
        .one(&db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (kept.place_id, kept.accept_minutes, kept.finish_minutes),
        (7, 15, Some(90))
    );
    assert_eq!(kept.grade, entity::kinds::Grade::Ordinary);
    let calendars = entity::calendar::Entity::find().all(&db).await.unwrap();
    assert_eq!(calendars.len(), 2);
    assert_eq!(
        calendars[0].created_at.to_rfc3339(),
        "2026-11-21T00:00:00+00:00"
    );
    Migrator::down(&db, Some(1)).await.unwrap();
    let back = db
        .query_one_raw(Statement::from_string(
            db.get_database_backend(),
            "SELECT place_id, accept_minutes, finish_minutes FROM response_policy",
        ))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(back.try_get::<i64>("", "place_id").unwrap(), 7);
    assert_eq!(back.try_get::<i32>("", "finish_minutes").unwrap(), 90);
}

/// What a home had paid ahead before it was a person's: it is the owner's of that time, and so are the parts that
/// brought it.
#[tokio::test]
async fn what_homes_had_paid_ahead_is_their_owners() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    let before = Migrator::migrations()
        .iter()
        .position(|migration| migration.name().contains("_advances"))
        .unwrap();
    Migrator::up(&db, Some(before.try_into().unwrap()))
        .await
        .unwrap();
    // Rows of these tables alone: the places and people that they name do not matter here.
    db.execute_unprepared("PRAGMA foreign_keys = OFF")
        .await
        .unwrap();
    let at = |day: u32| format!("2026-{day:02}-01T00:00:00+00:00");
    let bill = |home: u32, payer: u32, month: u32| {
        let at = at(month);
        format!(
            "INSERT INTO bill (compound_id, home_id, payer_id, month, from_day, to_day, due_on, amount, credited, paid, waived, state, created_at, updated_at) \
             VALUES (1, {home}, {payer}, 2026{month:02}, '2026-01-01', '2026-01-31', '2026-01-31', 5, 0, 0, 0, 'open', '{at}', '{at}')"
        )
    };
    let kept = |home: u32, fen: u32, month: u32| {
        let at = at(month);
        format!(
            "INSERT INTO advance (home_id, compound_id, balance, updated_at) VALUES ({home}, 1, {fen}, '{at}')"
        )
    };
    let owns = |home: u32, person: u32| {
        let at = at(1);
        format!(
            "INSERT INTO residency (person_id, place_id, compound_id, relation, created_at) VALUES ({person}, {home}, 1, 'owner', '{at}')"
        )
    };
    let paid = |id: u32, home: u32| {
        let at = at(1);
        format!(
            "INSERT INTO payment (id, compound_id, home_id, way, state, amount, bills, asked, created_at, updated_at) \
             VALUES ({id}, 1, {home}, 'cash', 'paid', 100, '[]', 0, '{at}', '{at}')"
        )
    };
    let part = |payment: u32, bill: &str| {
        let at = at(1);
        format!(
            "INSERT INTO payment_part (payment_id, compound_id, bill_id, amount, created_at) VALUES ({payment}, 1, {bill}, 50, '{at}')"
        )
    };
    for statement in [
        // Sold from 7 to 8 in between; what is there was put there before.
        bill(1, 7, 2),
        bill(1, 8, 9),
        kept(1, 500, 5),
        // Put there before the first bill; without a bill, by the roster; and nobody's.
        bill(2, 9, 6),
        kept(2, 600, 3),
        kept(3, 700, 3),
        owns(3, 11),
        kept(4, 0, 3),
        paid(1, 1),
        paid(2, 2),
        part(1, "1"),
        part(1, "NULL"),
        part(2, "NULL"),
    ] {
        db.execute_unprepared(&statement).await.unwrap();
    }
    Migrator::up(&db, Some(1)).await.unwrap();
    let rows = entity::advance::Entity::find().all(&db).await.unwrap();
    let mut rows: Vec<(i64, i64, i64)> = rows
        .iter()
        .map(|row| (row.home_id, row.payer_id, row.balance))
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, [(1, 7, 500), (2, 9, 600), (3, 11, 700), (4, 0, 0)]);
    let parts = entity::payment_part::Entity::find().all(&db).await.unwrap();
    let parts: Vec<Option<i64>> = parts.iter().map(|row| row.payer_id).collect();
    assert_eq!(parts, [None, Some(7), Some(9)]);
    // Parts are frozen again.
    let change = "UPDATE payment_part SET payer_id = 8";
    assert!(db.execute_unprepared(change).await.is_err());
    Migrator::down(&db, Some(1)).await.unwrap();
    let back = Statement::from_string(
        db.get_database_backend(),
        "SELECT balance FROM advance ORDER BY home_id",
    );
    let back = db.query_all_raw(back).await.unwrap();
    let back: Vec<i64> = back
        .iter()
        .map(|row| row.try_get("", "balance").unwrap())
        .collect();
    assert_eq!(back, [500, 600, 700, 0]);
}

/// Refunds that are under way go on; what is paid out afterwards has two people and a slip.
#[tokio::test]
async fn refunds_under_way_go_on_and_are_paid_out_by_two() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    let before = Migrator::migrations()
        .iter()
        .position(|migration| migration.name().contains("_paid_out"))
        .unwrap();
    Migrator::up(&db, Some(before.try_into().unwrap()))
        .await
        .unwrap();
    let at = "'2026-11-25T10:00:00+00:00'";
    for (id, state) in [(3, "asked"), (5, "abnormal"), (8, "done")] {
        let statement = format!(
            "INSERT INTO refund (id, payment_id, compound_id, amount, cause, reason, state, out_refund_no, asked_by, created_at, updated_at) \
             VALUES ({id}, 7, 1, 100, 'asked', 'x', '{state}', 'R{id}', 11, {at}, {at})"
        );
        db.execute_unprepared(&statement).await.unwrap();
    }
    Migrator::up(&db, Some(1)).await.unwrap();
    let rows = entity::refund::Entity::find().all(&db).await.unwrap();
    let there: Vec<(i64, Option<i64>)> = rows.iter().map(|row| (row.id, row.payment_id)).collect();
    assert_eq!(there, [(3, Some(7)), (5, Some(7)), (8, Some(7))]);
    let run = async |set: &str, id: i64| {
        let statement = format!("UPDATE refund SET {set} WHERE id = {id}");
        db.execute_unprepared(&statement).await.is_ok()
    };
    let paid = "state = 'done', paid_from = 'assets:cash', proof_id = 1, paid_by =";
    // A second number is not taken twice, and nothing is done by nobody.
    assert!(!run("out_refund_no = 'R5'", 3).await);
    assert!(!run("state = 'done'", 3).await);
    assert!(!run(&format!("{paid} 12"), 3).await, "not granted");
    assert!(run("state = 'granted', decided_by = 12", 3).await);
    assert!(!run("amount = 99", 3).await);
    assert!(!run(&format!("{paid} 11"), 3).await, "who asked");
    assert!(!run(&format!("{paid} 12, proof_id = NULL"), 3).await);
    assert!(run(&format!("{paid} 12"), 3).await);
    assert!(!run("proof_id = 2", 3).await);
    // What was given to people is not paid out by who gave it to them; the platform may have done it after all.
    assert!(run("state = 'granted', handed_by = 12", 5).await);
    assert!(!run(&format!("{paid} 12"), 5).await);
    assert!(run("state = 'done', refund_id = '5000'", 5).await);
    assert!(run("reason = 'y'", 8).await, "a name is taken out");
    let new = format!(
        "INSERT INTO refund (compound_id, amount, cause, reason, state, out_refund_no, created_at, updated_at) \
         VALUES (1, 100, 'asked', 'x', 'asked', 'R9', {at}, {at})"
    );
    assert!(db.execute_unprepared(&new).await.is_err(), "of nothing");
    Migrator::down(&db, Some(1)).await.unwrap();
    let back = Statement::from_string(db.get_database_backend(), "SELECT id FROM refund");
    assert_eq!(db.query_all_raw(back).await.unwrap().len(), 3);
}

/// Files that accounts have sent stay theirs. On the way back what people have uploaded without one is nobody's.
#[tokio::test]
async fn files_of_accounts_stay_theirs_when_people_may_have_some_without() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    let before = Migrator::migrations()
        .iter()
        .position(|migration| migration.name().contains("_files_of_people"))
        .unwrap();
    Migrator::up(&db, Some(before.try_into().unwrap()))
        .await
        .unwrap();
    let put = async |columns: &str, values: &str| {
        let sql = format!(
            "INSERT INTO attachment (kind, media_id, state, created_at, {columns}) \
             VALUES ('image', '', 'stored', '2026-01-01T00:00:00+00:00', {values})"
        );
        db.execute_unprepared(&sql).await.unwrap();
    };
    let owners = async || {
        let rows = entity::attachment::Entity::find().all(&db).await.unwrap();
        let owner = |row: &entity::attachment::Model| (row.id, row.account_id, row.person_id);
        let mut rows: Vec<_> = rows.iter().map(owner).collect();
        rows.sort_unstable();
        rows
    };
    put("id, account_id", "4, 7").await;
    put("id, account_id", "5, 8").await;
    db.execute_unprepared("DELETE FROM attachment WHERE id = 5")
        .await
        .unwrap();
    Migrator::up(&db, Some(1)).await.unwrap();
    put("person_id", "9").await;
    // No number is given twice: files and reminders are named by it.
    assert_eq!(owners().await, [(4, Some(7), None), (6, None, Some(9))]);
    Migrator::down(&db, Some(1)).await.unwrap();
    let back = Statement::from_string(
        db.get_database_backend(),
        "SELECT account_id FROM attachment ORDER BY id",
    );
    let back = db.query_all_raw(back).await.unwrap();
    let back: Vec<i64> = back
        .iter()
        .map(|row| row.try_get("", "account_id").unwrap())
        .collect();
    assert_eq!(back, [7, 0]);
}

/// `10:05` of a day.
fn at(time: &str) -> String {
    format!("'2026-11-25T{time}:00+00:00'")
}

#[tokio::test]
async fn first_answers_and_ratings_of_before_are_put_right() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    let before = Migrator::migrations()
        .iter()
        .position(|migration| migration.name().contains("_rounds"))
        .unwrap();
    Migrator::up(&db, Some(before.try_into().unwrap()))
        .await
        .unwrap();
    let filed = at("10:00");
    let run = async |statement: String| db.execute_unprepared(&statement).await.unwrap();
    run(format!(
        "INSERT INTO place (id, code, kind, name, path, created_at, updated_at) VALUES (7, 'GY', 'compound', 'x', '/7/', {filed}, {filed})"
    ))
    .await;
    run(format!(
        "INSERT INTO person (id, name, party_member, created_at, updated_at) VALUES (9, 'x', FALSE, {filed}, {filed})"
    ))
    .await;
    // What happened, when it was accepted, in which round it is, and how it was rated; then whether the first
    // answer was late, whether somebody was silent later, and the rating.
    let (in_time, late) = (Some("10:02"), Some("10:06"));
    let cases = [
        (
            vec![("passed-over", "10:30", 1)],
            (in_time, 1, None),
            (false, true, None),
        ),
        (
            vec![("accept-late", "10:06", 1)],
            (late, 1, Some(3)),
            (true, false, Some(3)),
        ),
        (
            vec![("accept-late", "10:05", 1), ("asked-late", "10:40", 1)],
            (late, 1, None),
            (true, true, None),
        ),
        (
            vec![("accept-late", "10:05", 1), ("passed-over", "10:10", 1)],
            (None, 1, None),
            (true, false, None),
        ),
        (
            vec![("reviewed", "11:00", 1), ("accept-late", "11:30", 2)],
            (in_time, 2, Some(5)),
            (false, true, None),
        ),
        (
            vec![("accept-late", "10:05", 1), ("reviewed", "12:00", 2)],
            (late, 2, Some(4)),
            (true, false, Some(4)),
        ),
    ];
    for (id, (events, (accepted, round, rating), _)) in cases.iter().enumerate() {
        let accepted = accepted.map_or("NULL".to_owned(), at);
        let rating = rating.map_or("NULL".to_owned(), |score: i16| score.to_string());
        run(format!(
            "INSERT INTO cases (id, compound_id, place_id, kind, text, reporter_id, channel, state, step, round, level, accepted_at, accept_late, finish_late, nudges, reopened, rating, created_at, updated_at) VALUES ({id}, 7, 7, 'repair', 'x', 9, 'official', 'reviewed', 'reviewed', {round}, 'compound', {accepted}, TRUE, FALSE, 0, FALSE, {rating}, {filed}, {filed})"
        ))
        .await;
        for (action, time, round) in events {
            run(format!(
                "INSERT INTO case_event (case_id, compound_id, round, action, actor_kind, at) VALUES ({id}, 7, {round}, '{action}', 'system', {})",
                at(time)
            ))
            .await;
        }
    }
    Migrator::up(&db, Some(1)).await.unwrap();
    let kept = db
        .query_all_raw(Statement::from_string(
            db.get_database_backend(),
            "SELECT accept_late, silent_later, rating FROM cases ORDER BY id",
        ))
        .await
        .unwrap();
    assert_eq!(kept.len(), cases.len());
    for (row, (events, _, is)) in kept.iter().zip(&cases) {
        let flag = |name: &str| row.try_get::<bool>("", name).unwrap();
        let rating = row.try_get::<Option<i16>>("", "rating").unwrap();
        let found = (flag("accept_late"), flag("silent_later"), rating);
        assert_eq!(found, *is, "{events:?}");
    }
}
