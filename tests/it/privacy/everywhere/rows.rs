//! Rows of everything that somebody may have, so that each personal column can be marked. Whoever adds a personal
//! column of a table that no conversation of the test fills adds its row here.

use sea_orm::{ConnectionTrait, Statement};

use crate::harness::app::TestApp;

/// Runs it, and says how many rows it touched.
pub(super) async fn run(app: &TestApp, sql: &str) -> u64 {
    let db = app.store.write();
    let done = db.execute_unprepared(sql).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"))
        .rows_affected()
}

/// The one number `n` that it finds.
pub(super) async fn number(app: &TestApp, sql: &str) -> i64 {
    let db = app.store.read();
    let row = db
        .query_one_raw(Statement::from_string(
            db.get_database_backend(),
            sql.to_owned(),
        ))
        .await
        .unwrap();
    row.unwrap_or_else(|| panic!("nothing: {sql}"))
        .try_get("", "n")
        .unwrap()
}

/// The keys for which the letters in the table of personal columns stand.
pub(super) struct Keys {
    pub(super) person: i64,
    pub(super) account: i64,
    pub(super) steward: i64,
    pub(super) over: i64,
    pub(super) other: i64,
}

impl Keys {
    /// With the keys in their places.
    pub(super) fn put(&self, sql: &str) -> String {
        sql.replace("{p}", &self.person.to_string())
            .replace("{a}", &self.account.to_string())
            .replace("{s}", &self.steward.to_string())
            .replace("{over}", &self.over.to_string())
            .replace("{other}", &self.other.to_string())
    }
}

/// Rows of everything that somebody may have: what no conversation of this test makes.
pub(super) async fn fill(app: &TestApp, keys: &Keys) {
    let now = "'2026-01-01T00:00:00+00:00'";
    let compound = number(app, "SELECT id AS n FROM place WHERE code = 'GY'").await;
    let officer = number(app, "SELECT id AS n FROM person WHERE name = '冯涛'").await;
    let rows = [
        format!(
            "INSERT INTO credential (login, person_id, password_hash, one_time, created_at) VALUES ('x', {{p}}, 'x', false, {now})"
        ),
        format!(
            "INSERT INTO console_session (token_index, person_id, credential_id, way, verified, agent, created_at, seen_at, expires_at) SELECT 'x', {{p}}, id, 'password', true, 'x', {now}, {now}, {now} FROM credential"
        ),
        format!(
            "INSERT INTO recovery_code (credential_id, code_index, created_at) SELECT id, 'x', {now} FROM credential"
        ),
        format!(
            "INSERT INTO saved_view (person_id, name, query, created_at) VALUES ({{p}}, 'x', 'x', {now})"
        ),
        format!(
            "INSERT INTO case_joiner (case_id, compound_id, person_id, at) VALUES ({{other}}, {compound}, {{p}}, {now})"
        ),
        format!(
            "INSERT INTO case_helper (case_id, compound_id, person_id, created_at) VALUES ({{other}}, {compound}, {{p}}, {now})"
        ),
        format!(
            "INSERT INTO case_event (case_id, compound_id, round, action, actor_kind, actor_id, note, at) VALUES ({{other}}, {compound}, 1, 'noted', 'staff', {{p}}, 'x', {now})"
        ),
        format!(
            "INSERT INTO mediation (case_id, compound_id, place_id, centre, state, mediator_id, version, follow_days, created_at, updated_at) VALUES ({{other}}, {compound}, {compound}, 'street', 'proposed', {officer}, 1, 7, {now}, {now})"
        ),
        format!(
            "INSERT INTO mediation_party (mediation_id, person_id, created_at) SELECT id, {{p}}, {now} FROM mediation"
        ),
        format!(
            "INSERT INTO mediation_event (mediation_id, action, actor_kind, actor_id, note, at) SELECT id, 'disagreed', 'resident', {{p}}, 'x', {now} FROM mediation"
        ),
        format!(
            "INSERT INTO mediation_session (mediation_id, at, venue, created_at) SELECT id, {now}, 'x', {now} FROM mediation"
        ),
        format!(
            "INSERT INTO moderation (subject, part, compound_id, place_id, kind, content, author_id, state, created_at) VALUES ('other:1', 'text', {compound}, {compound}, 'text', 'x', {{p}}, 'refused', {now})"
        ),
        format!(
            "INSERT INTO delivery (person_id, channel, kind, subject, client_msg_id, state, created_at, updated_at) VALUES ({{p}}, 'template', 'x', 'x', 'x1', 'failed', {now}, {now})"
        ),
        format!(
            "INSERT INTO delivery (account_id, channel, kind, subject, client_msg_id, state, created_at, updated_at) VALUES ({{a}}, 'customer', 'x', 'x', 'x2', 'failed', {now}, {now})"
        ),
        format!(
            "INSERT INTO role (person_id, role, place_id, compound_id, from_at, to_at, created_at) VALUES ({{p}}, 'steward', {compound}, {compound}, {now}, {now}, {now})"
        ),
        format!(
            "INSERT INTO import_job (person_id, names, state, skip_bad, bad, attempts, created_at, updated_at) VALUES ({{p}}, 'x', 'done', false, 0, 1, {now}, {now})"
        ),
        format!(
            "INSERT INTO invitation (person_id, code_index, expires_at, created_at) VALUES ({{p}}, 'x', {now}, {now})"
        ),
        format!(
            "INSERT INTO subscription (account_id, template, remaining, ahead, answer, updated_at) VALUES ({{a}}, 'x', 0, 0, 'x', {now})"
        ),
        format!(
            "INSERT INTO work_card (account_id, person_id, subject, task_id, shown, state, created_at, updated_at) VALUES ({{s}}, {{p}}, 'case:1', 'x', 'x', 'over', {now}, {now})"
        ),
        format!(
            "INSERT INTO group_dialog (account_id, chat_id, dialog, updated_at) VALUES ({{a}}, 'x', '{{}}', {now}), ({{s}}, 'y', '{{}}', {now})"
        ),
        format!(
            "INSERT INTO idempotency (scope, key, request_hash, body, created_at) VALUES ('account:{{a}}', 'x', 'x', 'x', {now}), ('account:{{s}}', 'y', 'y', 'y', {now})"
        ),
        format!(
            "INSERT INTO session (token_index, account_id, expires_at, created_at) VALUES ('x', {{a}}, {now}, {now})"
        ),
        format!(
            "INSERT INTO visit (person_id, place_id, compound_id, subject, kind, text, state, created_at, done_at) VALUES ({{p}}, {compound}, {compound}, 'notice:1', 'x', 'x', 'done', {now}, {now})"
        ),
        format!(
            "INSERT INTO notice (compound_id, place_id, author_id, title, body, urgent, state, version, scope, counted, reachable, round, told_to, created_at) VALUES ({compound}, {compound}, {{p}}, 'x', 'x', false, 'draft', 1, '{{}}', 1, 1, 0, 0, {now})"
        ),
        format!(
            "INSERT INTO reminder (dedupe_key, kind, recipient_id, subject, payload, due_at, state, attempts, next_at, last_error, created_at, done_at) VALUES ('x', 'x', {{p}}, 'x', '{{}}', {now}, 'failed', 9, {now}, 'x', {now}, {now})"
        ),
        format!(
            "INSERT INTO payment (compound_id, home_id, payer_id, way, state, amount, bills, note, open_id, asked, created_at, updated_at) VALUES ({compound}, {compound}, {{p}}, 'wechat', 'closed', 1, '[]', 'x', 'x', 0, {now}, {now})"
        ),
        format!(
            "INSERT INTO refund (payment_id, compound_id, amount, cause, reason, state, out_refund_no, created_at, updated_at) SELECT id, {compound}, 1, 'asked', 'x', 'refused', 'x', {now}, {now} FROM payment WHERE payer_id = {{p}}"
        ),
        format!(
            "INSERT INTO bill (compound_id, home_id, payer_id, month, from_day, to_day, due_on, amount, credited, paid, waived, state, created_at, updated_at) VALUES ({compound}, {compound}, {{p}}, 202601, '2026-01-01', '2026-01-31', '2026-01-31', 1, 0, 0, 0, 'open', {now}, {now})"
        ),
        format!(
            "INSERT INTO waiver (bill_id, compound_id, amount, reason, state, asked_by, created_at) SELECT id, {compound}, 1, 'x', 'refused', {officer}, {now} FROM bill WHERE payer_id = {{p}}"
        ),
        format!(
            "INSERT INTO wish (compound_id, place_id, asker_id, text, state, version, created_at, updated_at) VALUES ({compound}, {compound}, {{p}}, 'x', 'refused', 1, {now}, {now})"
        ),
        format!(
            "INSERT INTO wish (compound_id, place_id, asker_id, claimer_id, text, state, version, created_at, updated_at) VALUES ({compound}, {compound}, {officer}, {{p}}, 'x', 'fulfilled', 3, {now}, {now})"
        ),
        format!(
            "INSERT INTO wish_step (wish_id, compound_id, action, to_state, actor_kind, actor_id, at) SELECT id, {compound}, 'fulfilled', state, 'resident', {{p}}, {now} FROM wish WHERE claimer_id = {{p}}"
        ),
        format!(
            "INSERT INTO correction (person_id, account_id, place_id, field, value_sealed, state, created_at) VALUES ({{p}}, {{a}}, {compound}, 'name', 'x', 'refused', {now})"
        ),
        format!(
            "INSERT INTO offer (compound_id, place_id, list, category, author_id, title, text, quantity, taken, state, round, version, created_at, updated_at) VALUES ({compound}, {compound}, 'need', 'other', {{p}}, 'x', 'x', 1, 0, 'refused', 1, 1, {now}, {now})"
        ),
        format!(
            "INSERT INTO offer_step (offer_id, compound_id, action, to_state, actor_kind, actor_id, at) SELECT id, {compound}, 'published', state, 'resident', {{p}}, {now} FROM offer WHERE author_id = {{p}}"
        ),
        format!(
            "INSERT INTO donation (compound_id, donor_id, anonymous, kind, amount, used, returned, goods, state, version, created_at, updated_at) VALUES ({compound}, {{p}}, false, 'goods', 1, 0, 0, 'x', 'pledged', 0, {now}, {now})"
        ),
        format!(
            "INSERT INTO donation_step (donation_id, compound_id, action, to_state, actor_kind, actor_id, at) SELECT id, {compound}, 'pledged', state, 'resident', {{p}}, {now} FROM donation WHERE donor_id = {{p}}"
        ),
        format!(
            "INSERT INTO talent (compound_id, person_id, kind, text, state, consent_at, asked, created_at, updated_at) VALUES ({compound}, {{p}}, 'doctor', 'x', 'withdrawn', {now}, 0, {now}, {now})"
        ),
        format!(
            "INSERT INTO help_request (compound_id, asker_id, kind, text, state, lapses_at, version, created_at, updated_at) VALUES ({compound}, {{p}}, 'doctor', 'x', 'lapsed', {now}, 2, {now}, {now})"
        ),
        format!(
            "INSERT INTO volunteer (compound_id, person_id, party, named, state, created_at, updated_at) VALUES ({compound}, {{p}}, true, true, 'active', {now}, {now})"
        ),
        format!(
            "INSERT INTO volunteer_task (compound_id, place_id, author_id, title, venue, starts_at, ends_at, wanted, taken, state, version, created_at, updated_at) VALUES ({compound}, {compound}, {officer}, 'x', 'x', {now}, {now}, 1, 0, 'open', 0, {now}, {now})"
        ),
        format!(
            "INSERT INTO volunteer_service (task_id, compound_id, person_id, state, version, created_at, updated_at) SELECT id, {compound}, {{p}}, 'refused', 1, {now}, {now} FROM volunteer_task"
        ),
        format!(
            "INSERT INTO station (compound_id, place_id, name, spot, hours, public_holidays, version, created_at, updated_at) VALUES ({compound}, {compound}, 'x', 'x', 'Mo 08:00-09:00', false, 1, {now}, {now})"
        ),
        format!(
            "INSERT INTO station_thing (compound_id, station_id, code, name, quantity, lent, days, version, created_at, updated_at) SELECT {compound}, id, 'x', 'x', 1, 0, 1, 1, {now}, {now} FROM station"
        ),
        format!(
            "INSERT INTO station_loan (compound_id, station_id, thing_id, borrower_id, state, lent_at, due_at, ended_at, version) SELECT {compound}, station_id, id, {{p}}, 'returned', {now}, {now}, {now}, 2 FROM station_thing"
        ),
        format!(
            "INSERT INTO station_room (compound_id, station_id, name, seats, created_at) SELECT {compound}, id, 'x', 9, {now} FROM station"
        ),
        format!(
            "INSERT INTO station_booking (compound_id, station_id, room_id, booker_id, official, from_at, to_at, state, version, created_at, updated_at) SELECT {compound}, station_id, id, {{p}}, false, {now}, {now}, 'displaced', 2, {now}, {now} FROM station_room"
        ),
        format!(
            "INSERT INTO station_service (compound_id, station_id, window_name, name, created_at) SELECT {compound}, id, 'x', 'x', {now} FROM station"
        ),
        format!(
            "INSERT INTO station_served (compound_id, station_id, service_id, day, served, by_id, at) SELECT {compound}, station_id, id, '2026-01-01', 1, {{p}}, {now} FROM station_service"
        ),
        format!(
            "INSERT INTO station_deposit (compound_id, station_id, owner_id, thing, state, at, ended_at, version) SELECT {compound}, id, {{p}}, 'x', 'collected', {now}, {now}, 2 FROM station"
        ),
        format!(
            "INSERT INTO station_step (compound_id, subject, action, to_state, actor_kind, actor_id, at) VALUES ({compound}, 'loan:1', 'handed', 'handed', 'resident', {{p}}, {now})"
        ),
        format!(
            "INSERT INTO handbook_question (compound_id, words, text, asked, state, first_at, last_at) VALUES ({compound}, 'x', 'x', 1, 'open', {now}, {now})"
        ),
        format!(
            "INSERT INTO handbook_asker (question_id, compound_id, person_id, at) SELECT id, {compound}, {{p}}, {now} FROM handbook_question"
        ),
    ];
    for sql in rows {
        // What is doubled for `format!` stands for itself.
        run(app, &keys.put(&sql)).await;
    }
}
