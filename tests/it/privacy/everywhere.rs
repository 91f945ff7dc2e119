//! Every column of every table that can hold words: what becomes of it when somebody has their data erased,
//! and whether a copy holds it. Whoever adds a column that can hold words has to say so here.

mod rows;

use std::collections::BTreeSet;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, Statement};

use rows::{Keys, fill, number, run};

use super::{by_id, erases, link_in, where_stands};
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

const NAME: &str = "张秀英";
const PHONE: &str = "13800000101";

/// What an erasure does to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing that stood in it is left.
    Gone,
    /// Name and phone are out of it; the rest is kept, since others answer for it.
    Kept,
}
use Fate::{Gone, Kept};

/// A column with words of or about somebody: table, column, which rows are that person's (`{p}` the
/// person, `{a}` their account, `{s}` the account of a steward, `{over}` their case that is over,
/// `{other}` somebody else's case), what becomes of it, and whether a copy holds it.
const PERSONAL: &[(&str, &str, &str, Fate, bool)] = &[
    ("account", "union_id", "id = {a}", Gone, true),
    ("account", "dialog", "id = {s}", Gone, false),
    ("binding", "claimed_name", "account_id = {a}", Gone, true),
    (
        "binding",
        "claimed_phone_sealed",
        "account_id = {a}",
        Gone,
        false,
    ),
    (
        "binding",
        "claimed_phone_index",
        "account_id = {a}",
        Gone,
        false,
    ),
    ("binding", "reason", "account_id = {a}", Gone, true),
    ("cases", "text", "reporter_id = {p}", Kept, true),
    ("cases", "plan", "reporter_id = {p}", Kept, true),
    ("cases", "result", "reporter_id = {p}", Kept, true),
    ("cases", "public_text", "reporter_id = {p}", Kept, false),
    ("cases", "rating_text", "reporter_id = {p}", Kept, true),
    ("cases", "asker", "id = {over}", Gone, false),
    ("cases", "asker_phone_sealed", "id = {over}", Gone, false),
    ("case_event", "note", "actor_id = {p}", Kept, true),
    ("case_joiner", "rating_text", "person_id = {p}", Gone, true),
    (
        "console_session",
        "token_index",
        "person_id = {p}",
        Gone,
        false,
    ),
    ("console_session", "agent", "person_id = {p}", Gone, true),
    ("correction", "value_sealed", "person_id = {p}", Gone, false),
    ("correction", "reason", "person_id = {p}", Gone, true),
    ("credential", "login", "person_id = {p}", Gone, true),
    (
        "credential",
        "password_hash",
        "person_id = {p}",
        Gone,
        false,
    ),
    ("credential", "totp_sealed", "person_id = {p}", Gone, false),
    ("delivery", "platform_id", "person_id = {p}", Gone, false),
    (
        "delivery",
        "error",
        "person_id = {p} OR account_id = {a}",
        Gone,
        false,
    ),
    ("group_dialog", "dialog", "account_id = {s}", Gone, false),
    ("group_dialog", "chat_id", "account_id = {a}", Gone, false),
    ("idempotency", "key", "scope = 'account:{a}'", Gone, false),
    (
        "idempotency",
        "request_hash",
        "scope = 'account:{a}'",
        Gone,
        false,
    ),
    ("idempotency", "body", "scope = 'account:{s}'", Kept, false),
    ("import_job", "names", "person_id = {p}", Gone, false),
    ("import_job", "notes", "person_id = {p}", Gone, false),
    ("import_job", "error", "person_id = {p}", Gone, false),
    ("inbound", "reply", "account_id = {s}", Kept, false),
    ("inbound", "private_reply", "account_id = {a}", Gone, false),
    ("invitation", "code_index", "person_id = {p}", Gone, false),
    ("mediation", "agreement", "case_id = {other}", Kept, true),
    ("mediation", "outcome", "case_id = {other}", Kept, false),
    ("mediation_event", "note", "actor_id = {p}", Gone, true),
    ("mediation_party", "reason", "person_id = {p}", Gone, true),
    ("mediation_session", "venue", "id > 0", Kept, false),
    // Of a picture it is the path in our storage.
    (
        "moderation",
        "content",
        "author_id = {p} AND kind = 'text'",
        Kept,
        true,
    ),
    ("moderation", "doubt", "author_id = {p}", Kept, false),
    ("moderation", "reason", "author_id = {p}", Kept, true),
    ("notice", "title", "author_id = {p}", Kept, true),
    ("notice", "body", "author_id = {p}", Kept, true),
    ("payment", "open_id", "payer_id = {p}", Gone, true),
    ("payment", "note", "payer_id = {p}", Kept, true),
    ("recovery_code", "code_index", "id > 0", Gone, false),
    (
        "refund",
        "reason",
        "payment_id IN (SELECT id FROM payment WHERE payer_id = {p})",
        Kept,
        false,
    ),
    (
        "reminder",
        "last_error",
        "recipient_id = {p} AND state = 'failed'",
        Gone,
        false,
    ),
    ("role", "end_reason", "person_id = {p}", Gone, true),
    ("saved_view", "name", "person_id = {p}", Gone, true),
    ("saved_view", "query", "person_id = {p}", Gone, true),
    ("session", "token_index", "account_id = {a}", Gone, false),
    (
        "session",
        "session_key_sealed",
        "account_id = {a}",
        Gone,
        false,
    ),
    ("subscription", "template", "account_id = {a}", Gone, true),
    ("subscription", "answer", "account_id = {a}", Gone, false),
    ("visit", "text", "person_id = {p}", Gone, true),
    ("visit", "result", "person_id = {p}", Gone, true),
    (
        "waiver",
        "reason",
        "bill_id IN (SELECT id FROM bill WHERE payer_id = {p})",
        Kept,
        false,
    ),
    // Of their wishes, and of one that they fulfilled.
    ("wish", "text", "asker_id = {p}", Gone, true),
    ("wish", "thanks", "asker_id = {p}", Gone, true),
    ("wish", "reason", "asker_id = {p}", Gone, true),
    ("wish", "result", "claimer_id = {p}", Gone, true),
    ("wish_step", "note", "actor_id = {p}", Gone, true),
    ("work_card", "task_id", "person_id = {p}", Gone, false),
    ("work_card", "response_code", "person_id = {p}", Gone, false),
    ("work_card", "shown", "person_id = {p}", Gone, false),
    // Of what they put on the four lists for themselves.
    ("offer", "title", "author_id = {p}", Gone, true),
    ("offer", "text", "author_id = {p}", Gone, true),
    ("offer", "result", "author_id = {p}", Gone, true),
    ("offer", "reason", "author_id = {p}", Gone, true),
    ("offer_step", "note", "actor_id = {p}", Gone, true),
    // What they promised, offered, and asked neighbours for.
    ("donation", "donor_name", "donor_id = {p}", Gone, true),
    ("donation", "goods", "donor_id = {p}", Gone, true),
    ("donation", "room", "donor_id = {p}", Kept, true),
    ("donation", "reason", "donor_id = {p}", Gone, true),
    ("donation_step", "note", "actor_id = {p}", Gone, true),
    ("help_request", "text", "asker_id = {p}", Gone, true),
    ("talent", "text", "person_id = {p}", Gone, true),
    ("volunteer", "unit", "person_id = {p}", Gone, true),
    ("volunteer_service", "reason", "person_id = {p}", Gone, true),
    // Of what they had, booked and left at a station, and what they counted there.
    ("station_booking", "purpose", "booker_id = {p}", Gone, true),
    ("station_booking", "reason", "booker_id = {p}", Gone, true),
    ("station_deposit", "note", "owner_id = {p}", Gone, true),
    ("station_deposit", "thing", "owner_id = {p}", Gone, true),
    ("station_loan", "note", "borrower_id = {p}", Gone, true),
    ("station_served", "note", "by_id = {p}", Gone, true),
    ("station_step", "note", "actor_id = {p}", Gone, true),
    (
        "handbook_question",
        "text",
        "id IN (SELECT question_id FROM handbook_asker WHERE person_id = {p})",
        Gone,
        true,
    ),
    (
        "handbook_question",
        "words",
        "id IN (SELECT question_id FROM handbook_asker WHERE person_id = {p})",
        Gone,
        false,
    ),
];

/// Columns that the erasure needs as they are: looked for by their own values.
const BY_VALUE: &[&str] = &[
    "account.external_id",
    "person.key",
    "person.name",
    "person.phone_sealed",
    "person.phone_index",
    "person.wecom_userid",
];

/// Columns that hold nothing of anybody: our own words and keys, the compound's settings and registers,
/// digests, the platform's numbers.
const NOTHING: &[&str] = &[
    // Words for all cases: a name or a home is refused when one is stored.
    "answer_template.category",
    "answer_template.name",
    "answer_template.text",
    "attachment.content_type",
    "attachment.kind",
    "attachment.media_id",
    "attachment.path",
    "attachment.small_path",
    "attachment.subject",
    "audit.action",
    // Numbers and reasons; what staff write there is made unreadable before.
    "audit.detail",
    "audit.subject",
    // What a home pays for, and why: no numbers of people (fee/actions), and no erasure forgives a debt.
    "bill_line.account",
    "bill_line.basis",
    "bill_line.formula",
    "bill_line.name",
    "calendar.hours",
    "calendar.name",
    "calendar_day.hours",
    "case_event.action",
    "cases.category",
    "cases.clocks_left",
    "data_export.path",
    "delivery.channel",
    "delivery.client_msg_id",
    "delivery.kind",
    "delivery.subject",
    "disclosure.hash",
    "disclosure.previous_hash",
    // For everybody: long numbers are refused when one is stored.
    "disclosure.reason",
    "disclosure_line.account",
    "dispatch_rule.category",
    // What a compound spends, published: long numbers are refused when one is stored, and no erasure
    // changes the books.
    "expense.choice",
    "expense.payee",
    "expense.purpose",
    "expense.tender_reference",
    "expense.tender_winner",
    "expense.title",
    "expense_quote.note",
    "expense_quote.supplier",
    "expense_step.words",
    // A home, a month and an amount, and the compound's own words without numbers of people: proof that
    // is kept as long as the debt may be asked for.
    "due_notice.words",
    "fee_charge.basis",
    "fee_charge.name",
    "fee_cost.note",
    "fee_item.basis",
    "fee_item.name",
    "fee_policy.late_basis",
    "fee_policy.remind_words",
    "guess.kind",
    "idempotency.scope",
    "import_job.bad_path",
    "import_job.outcome",
    "import_job.path",
    "inbound.key",
    "lease.holder",
    "lease.name",
    // The books name nobody (ledger/post).
    "ledger_account.code",
    "ledger_entry.cause",
    "ledger_entry.memo",
    "mediation_event.action",
    "moderation.part",
    "moderation.subject",
    "moderation.trace_id",
    // Keys of places and words of ours.
    "notice.scope",
    // Numbers of ours and of the platform, keys of bills.
    "payment.bills",
    "payment.prepay_id",
    // Numbers and amounts: who paid is left out before it is stored.
    "payment_notice.body",
    "payment_notice.error",
    "payment_notice.kind",
    "payment_notice.notice_id",
    "recon_difference.reference",
    // About an amount, by whoever keeps the money.
    "recon_difference.note",
    "refund.out_refund_no",
    "refund.refund_id",
    "organisation.code",
    "organisation.credit_code",
    "organisation.kind",
    "organisation.name",
    "organisation.service_hours",
    "organisation.service_phone",
    "place.code",
    "place.name",
    "place.note",
    "place.path",
    "reminder.dedupe_key",
    "reminder.kind",
    "reminder.lease",
    "reminder.payload",
    "reminder.subject",
    "residency.share",
    "review_chain.reviews",
    "schedule.name",
    "schedule.slot",
    "sign_in_try.key",
    "visit.kind",
    "visit.subject",
    "work_card.state",
    "work_card.subject",
    // What a unit did, published: long numbers and names are taken out or refused when it is stored.
    "alliance_record.text",
    // For everybody: names and long numbers are out of it when it is stored.
    "donation_use.what",
    "drive.text",
    "drive.title",
    // What everybody is told of an activity or a task: long numbers are refused when one is stored.
    "activity.reason",
    "activity.text",
    "activity.title",
    "activity.venue",
    "activity_step.note",
    "volunteer_task.reason",
    "volunteer_task.title",
    "volunteer_task.venue",
    // Names and hours of a compound's own: long numbers are refused when one is stored.
    "station.hours",
    "station.name",
    "station.spot",
    "station_day.hours",
    "station_facility.name",
    "station_room.name",
    "station_service.name",
    "station_service.window_name",
    "station_thing.code",
    "station_thing.name",
    // A keyed digest, gone after a day and with an erasure.
    "station_visitor.mark",
    // For everybody, by whoever answers for the place; long numbers are refused in titles and questions.
    "handbook_article.body",
    "handbook_article.questions",
    "handbook_article.synonyms",
    "handbook_article.title",
    "handbook_version.body",
    "handbook_version.questions",
    "handbook_version.synonyms",
    "handbook_version.title",
    // For everybody of a place; long numbers are refused when one is stored.
    "timetable.rule",
    "timetable.text",
    "timetable.title",
];

/// All columns that can hold words, `table.column`: texts without a length, or with room for a sentence.
async fn wordy() -> BTreeSet<String> {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let all = "SELECT m.name AS t, p.name AS c, lower(p.type) AS k FROM sqlite_master m, pragma_table_info(m.name) p \
        WHERE m.type = 'table' AND m.name NOT LIKE 'seaql%' AND m.name NOT LIKE 'sqlite%'";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), all))
        .await
        .unwrap();
    let mut found = BTreeSet::new();
    for row in rows {
        let read = |name| row.try_get::<String>("", name).unwrap();
        let kind = read("k");
        let length = kind
            .strip_prefix("varchar(")
            .and_then(|rest| rest.strip_suffix(')'));
        let is_word_of_ours = length.is_some_and(|length| length.parse::<u32>().unwrap() <= 32);
        let holds_words =
            kind.starts_with("text") || kind.starts_with("varchar") || kind.starts_with("json");
        if holds_words && !is_word_of_ours {
            found.insert(format!("{}.{}", read("t"), read("c")));
        }
    }
    found
}

#[tokio::test]
async fn of_every_column_that_can_hold_words_it_is_said_what_becomes_of_it() {
    let wordy = wordy().await;
    assert!(wordy.len() > 100, "the columns were not found: {wordy:?}");
    let personal = PERSONAL
        .iter()
        .map(|(table, column, ..)| format!("{table}.{column}"));
    let others = NOTHING
        .iter()
        .chain(BY_VALUE)
        .map(|name| (*name).to_owned());
    let said: BTreeSet<String> = personal.chain(others).collect();
    let forgotten: Vec<&String> = wordy.difference(&said).collect();
    assert!(
        forgotten.is_empty(),
        "say what an erasure does to {forgotten:?}"
    );
    let gone: Vec<&String> = said.difference(&wordy).collect();
    assert!(gone.is_empty(), "no such columns: {gone:?}");
}

/// The words that a column is filled with.
fn mark(table: &str, column: &str) -> String {
    format!("〖{table}.{column}〗{NAME}{PHONE}")
}

/// Writes the marks.
async fn write_marks(app: &TestApp, keys: &Keys) {
    for (table, column, whose, ..) in PERSONAL {
        let words = mark(table, column);
        let words = match *column {
            "dialog" => format!("{{\"more\":\"{words}\"}}"),
            _ => words,
        };
        let sql = format!(
            "UPDATE \"{table}\" SET \"{column}\" = '{words}' WHERE {}",
            keys.put(whose)
        );
        assert!(run(app, &sql).await > 0, "no row for {table}.{column}");
    }
}

async fn counts(app: &TestApp) -> Vec<i64> {
    let mut found = Vec::new();
    for table in [
        "cases",
        "case_event",
        "case_joiner",
        "case_helper",
        "mediation",
        "mediation_event",
        "residency",
        "consent",
        "wish",
        "wish_step",
        "offer",
        "offer_step",
        "donation",
        "donation_step",
        "talent",
        "help_request",
        "volunteer",
        "volunteer_service",
        "station_loan",
        "station_booking",
        "station_deposit",
        "station_served",
        "station_step",
    ] {
        found.push(number(app, &format!("SELECT COUNT(*) AS n FROM \"{table}\"")).await);
    }
    found
}

/// What a copy says, all of it.
async fn copy_of(zhang: &crate::harness::people::Person<'_>) -> String {
    zhang.says("导出我的数据").await;
    let told = zhang.expects_push("已备好").await;
    let file = reqwest::get(format!("{}/data.zip", link_in(&told)))
        .await
        .unwrap();
    let bytes = file.bytes().await.unwrap().to_vec();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut data = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("data.json").unwrap(), &mut data).unwrap();
    data
}

#[tokio::test]
async fn nothing_of_somebody_is_left_in_any_column_and_a_copy_holds_what_is_theirs() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let (zhang, li) = (app.resident(NAME).await, app.resident("李建国").await);
    let person = app.person(NAME).await;
    zhang.sends_photo(jpeg(6)).await;
    zhang.says("报修 1栋大厅漏水").await;
    let over = zhang.case().await.id;
    for words in [
        format!("接单 {over}"),
        format!("方案 {over} 换管"),
        format!("办结 {over} 好了"),
    ] {
        steward.says(&words).await;
    }
    zhang.says(&format!("评价 {over} 5 很好")).await;
    zhang.says("投诉 楼上太吵").await;
    li.says("纠纷 门口堆杂物").await;
    zhang.says("退订 1").await;
    app.drain().await;
    let keys = Keys {
        person: person.id,
        account: zhang.account().await.id,
        steward: steward.account().await.id,
        over,
        other: li.case().await.id,
    };
    fill(&app, &keys).await;
    write_marks(&app, &keys).await;
    let data = copy_of(&zhang).await;
    for (table, column, _, _, copied) in PERSONAL {
        assert_eq!(
            data.contains(&format!("〖{table}.{column}〗")),
            *copied,
            "{table}.{column} in a copy"
        );
    }
    let house = &app.instances[0].app;
    let words = [
        NAME.to_owned(),
        PHONE.to_owned(),
        house.seal.index(PHONE),
        person.phone_sealed.unwrap(),
        zhang.open_id.clone(),
    ];
    let before = where_stands(&app, &words).await;
    assert!(
        before.len() >= PERSONAL.len(),
        "the search finds too little: {before:?}"
    );
    let had = counts(&app).await;

    let done = erases(&zhang).await;
    assert!(done.contains("已注销"), "{done}");
    app.advance(2).await;
    let left = where_stands(&app, &words).await;
    assert!(left.is_empty(), "{left:#?}");
    let mut wrong = Vec::new();
    for (table, column, _, fate, _) in PERSONAL {
        let sql = format!(
            "SELECT COUNT(*) AS n FROM \"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE '%〖{table}.{column}〗%'"
        );
        let count = number(&app, &sql).await;
        if (count == 0) != (*fate == Gone) {
            wrong.push(format!("{table}.{column}: {count} left"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(counts(&app).await, had, "what others answer for is kept");
    assert!(by_id(&app, keys.person).await.erased_at.is_some());
}
