//! What stood at doors and among letters from before it was said what is for one person alone: the program that
//! brings the newer schema takes the words out at its first start, and leaves whom they were for.

use chrono::TimeDelta;
use entity::kinds::{ReminderState, VisitState};
use entity::money::{PayWay, PaymentState};
use entity::{payment, reminder, visit};
use migration::{Migrator, MigratorTrait};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;

use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::compound;

const NAME: &str = "张秀英";
const CLAIMER: &str = "李建国";
const CLAIMERS_PHONE: &str = "13800000102";
/// What a door says of what is for one person alone.
const VEILED: &str = "有一条只给本人看的消息，请本人关注公众号后回复“菜单”查看。";

/// What may be told at a door.
const RECEIPT: &str = "已收到您的缴费 50.00 元（桂园小区 1-1-101），谢谢您！";
const SHELVED: &str = "您的心愿 #9“想要一盏台灯”已通过，邻居可以认领了。";

/// Whose it is, whose list it stands on and where, read before the schema is older than what reads it.
struct There {
    person_id: i64,
    steward_id: i64,
    home_id: i64,
    compound_id: i64,
}

/// Takes the schema back to before the change, with whatever came after it.
async fn take_back(app: &TestApp) -> There {
    let there = There {
        person_id: app.person(NAME).await.id,
        steward_id: app.person("孙梅").await.id,
        home_id: app.place(compound::full_home(NAME)).await.id,
        compound_id: app.place("GY").await.id,
    };
    let all = Migrator::migrations();
    let at = all
        .iter()
        .position(|one| one.name().contains("_for_one_alone"));
    let steps = u32::try_from(all.len() - at.unwrap()).unwrap();
    Migrator::down(app.store.write(), Some(steps))
        .await
        .unwrap();
    there
}

/// A payment of theirs: for a donation, or for bills.
async fn paid(app: &TestApp, donation_id: Option<i64>) -> i64 {
    let row = payment::ActiveModel {
        compound_id: Set(app.place("GY").await.id),
        home_id: Set(app.place(compound::full_home(NAME)).await.id),
        payer_id: Set(Some(app.person(NAME).await.id)),
        way: Set(PayWay::Wechat),
        state: Set(PaymentState::Closed),
        amount: Set(5_000),
        bills: Set(json!([])),
        donation_id: Set(donation_id),
        asked: Set(0),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    let stored = payment::Entity::insert(row).exec(app.store.write()).await;
    stored.unwrap().last_insert_id
}

/// Something that the steward is to say at their door, or has said.
async fn at_the_door(
    app: &TestApp,
    there: &There,
    (kind, subject, text): (&str, &str, &str),
    state: VisitState,
) {
    let row = visit::ActiveModel {
        person_id: Set(there.person_id),
        place_id: Set(there.home_id),
        compound_id: Set(there.compound_id),
        subject: Set(subject.to_owned()),
        kind: Set(kind.to_owned()),
        text: Set(text.to_owned()),
        holder_id: Set(Some(there.steward_id)),
        state: Set(state),
        created_at: Set(app.now()),
        done_at: Set((state == VisitState::Done).then(|| app.now())),
        ..Default::default()
    };
    visit::Entity::insert(row)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
}

/// What the steward had on the list and behind it: who has claimed a wish, gifts, a request for help; and what may be
/// told at a door.
async fn lay_visits(app: &TestApp, there: &There, given: &str, bills: &str) {
    let claimed = |id: i64| {
        format!(
            "您的心愿 #{id}“想要一副老花镜”有人认领了：{CLAIMER}，电话 {CLAIMERS_PHONE}。对方会联系您，请只用来办这件事。"
        )
    };
    let (open, done) = (VisitState::Open, VisitState::Done);
    for (kind, subject, text, state) in [
        ("wish.told", "wish:17", &*claimed(17), open),
        ("wish.told", "wish:8", &*claimed(8), done),
        (
            "giving.told",
            "donation:3",
            "您捐的“棉被”（#3）已收下。",
            open,
        ),
        (
            "talent.told",
            "help:4",
            "您找帮手（医护，#4）“想请人看化验单”",
            open,
        ),
        (
            "payment.told",
            given,
            "已收到您给“不限”的捐款 50.00 元",
            open,
        ),
        ("payment.told", bills, RECEIPT, open),
        ("wish.told", "wish:9", SHELVED, open),
    ] {
        at_the_door(app, there, (kind, subject, text), state).await;
    }
}

/// A message to them that waits for another day, or was given up.
async fn letter(app: &TestApp, there: &There, (kind, subject): (&str, &str), state: ReminderState) {
    let now = app.now();
    let given_up = state == ReminderState::Failed;
    let why = "无法送达: template: platform error 43004: require subscribe";
    let later = now + TimeDelta::days(10);
    let row = reminder::ActiveModel {
        dedupe_key: Set(format!("former:{kind}:{subject}:{state:?}")),
        kind: Set(kind.to_owned()),
        recipient_id: Set(Some(there.person_id)),
        compound_id: Set(Some(there.compound_id)),
        subject: Set(subject.to_owned()),
        payload: Set(json!({})),
        due_at: Set(later),
        state: Set(state),
        attempts: Set(6),
        next_at: Set(later),
        last_error: Set(given_up.then(|| why.to_owned())),
        created_at: Set(now),
        done_at: Set(given_up.then_some(now)),
        ..Default::default()
    };
    reminder::Entity::insert(row)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
}

async fn texts(app: &TestApp) -> Vec<(String, String)> {
    let rows = visit::Entity::find().order_by_asc(visit::COLUMN.id);
    let rows = rows.all(app.store.read()).await.unwrap();
    rows.into_iter()
        .map(|row| (row.subject, row.text))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_for_one_alone_go_out_of_visits_and_it_stays_whom_they_were_for() {
    let mut app = TestApp::plan().instances(0).start().await;
    let (given, bills) = (paid(&app, Some(1)).await, paid(&app, None).await);
    let (given, bills) = (format!("payment:{given}"), format!("payment:{bills}"));
    let there = take_back(&app).await;
    lay_visits(&app, &there, &given, &bills).await;
    app.add_instance().await;
    let expected = [
        ("wish:17", "心愿 #17 有人认领了"),
        ("wish:8", "心愿 #8 有人认领了"),
        ("donation:3", VEILED),
        ("help:4", VEILED),
        (&given, VEILED),
        (&bills, RECEIPT),
        ("wish:9", SHELVED),
    ];
    let expected = expected.map(|(subject, text)| (subject.to_owned(), text.to_owned()));
    assert_eq!(texts(&app).await, expected);

    // Whoever goes there reads no more on any face.
    let steward = app.steward("1栋").await;
    let mut faces = vec![steward.says("上门").await];
    for row in visit::Entity::find().all(app.store.read()).await.unwrap() {
        if row.state == VisitState::Open {
            faces.push(steward.says(&format!("上门 {}", row.id)).await);
        }
    }
    let api = app.api(&steward).await;
    faces.push(api.get("/visits").await.json.to_string());
    let mut desk = Desk::of(&app, "孙梅").await;
    faces.push(desk.open("/console/visits").await.is(200).body.clone());
    for face in &faces {
        for word in [
            CLAIMER,
            CLAIMERS_PHONE,
            "老花镜",
            "棉被",
            "捐款 50",
            "化验单",
        ] {
            assert!(!face.contains(word), "{word}: {face}");
        }
    }
    for word in ["心愿 #17 有人认领了", VEILED, "台灯", "缴费 50.00"] {
        assert!(faces.iter().any(|face| face.contains(word)), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_for_one_alone_leave_the_list_of_staff_and_what_waits_goes_out_as_what_it_is() {
    let mut app = TestApp::plan().instances(0).start().await;
    let (given, bills) = (paid(&app, Some(1)).await, paid(&app, None).await);
    let (given, bills) = (format!("payment:{given}"), format!("payment:{bills}"));
    let there = take_back(&app).await;
    let (failed, pending) = (ReminderState::Failed, ReminderState::Pending);
    let cancelled = ReminderState::Cancelled;
    let all = [
        (
            "giving.told",
            "donation:3",
            failed,
            "giving.told",
            cancelled,
        ),
        ("talent.asked", "help:4", failed, "talent.asked", cancelled),
        (
            "talent.contact",
            "help:4",
            failed,
            "talent.contact",
            cancelled,
        ),
        ("talent.told", "help:4", failed, "talent.told", cancelled),
        ("payment.told", &given, failed, "payment.told", cancelled),
        ("payment.told", &given, pending, "payment.given", pending),
        ("payment.told", &bills, failed, "payment.told", failed),
        ("payment.told", &bills, pending, "payment.told", pending),
        ("wish.told", "wish:7", failed, "wish.told", failed),
    ];
    for (kind, subject, state, ..) in all {
        letter(&app, &there, (kind, subject), state).await;
    }
    app.add_instance().await;
    let who = app.person(NAME).await.id;
    let mut rows = app.reminders().await;
    rows.retain(|row| row.dedupe_key.starts_with("former:"));
    rows.sort_by_key(|row| row.id);
    assert_eq!(rows.len(), all.len());
    for (row, (_, subject, _, kind, state)) in rows.iter().zip(all) {
        assert_eq!((row.kind.as_str(), row.state), (kind, state), "{row:?}");
        assert_eq!(
            (row.recipient_id, row.subject.as_str()),
            (Some(who), subject)
        );
        assert_eq!(row.last_error.is_some(), state == failed, "{row:?}");
    }
    let mut desk = Desk::of(&app, "郑洪").await;
    let page = desk.open("/console/letters").await;
    let lines = page.is(200).body.matches(&format!("→ {NAME}")).count();
    assert_eq!(lines, 2, "{}", page.body);
}
