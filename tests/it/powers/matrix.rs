//! The table of all actions of staff: each is tried over the API and in the chat by every role that may
//! not do it, in the compound and in the one next door, by a neighbour, by somebody who is bound to
//! nothing and without signing in. None of them changes anything, and what they may not see is not there.

use entity::kinds::RoleKind::{self, *};
use entity::kinds::{CorrectionField, CorrectionState, VisitState};
use entity::{case, correction, mediation, moderation, visit};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, Iterable, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::{called, chat, deeds, mini, newcomer, place_of};
use crate::harness::app::TestApp;
use crate::harness::people::Api;

/// Who sees the cases of a place: to all others they are not there.
const SEES: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyStaff,
    PropertyManager,
    CommitteeMember,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    DepartmentLiaison,
    Supervisor,
    Administrator,
];
/// Who sees and works: the same without those who watch or administer.
const WORKS: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyStaff,
    PropertyManager,
    CommitteeMember,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    DepartmentLiaison,
];
/// Who gives work out.
const GIVES: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    Administrator,
];
const DECIDES_REOPENING: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
const MODERATES: &[RoleKind] = &[
    GridWorker,
    CommitteeChair,
    CommunitySecretary,
    PropertyManager,
    StreetOfficer,
    Administrator,
];
const VERIFIES: &[RoleKind] = &[
    Steward,
    GridWorker,
    CommitteeChair,
    CommunitySecretary,
    PropertyManager,
];
/// Who runs drives, and who else sees what was given.
const RUNS: &[RoleKind] = &[PropertyManager, CommitteeChair, CommunitySecretary];
const SEES_GIFTS: &[RoleKind] = &[
    PropertyStaff,
    CommitteeMember,
    StreetOfficer,
    Supervisor,
    Administrator,
];
/// Who leads activities.
const LEADS: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
/// Who keeps a station.
const KEEPS: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyStaff,
    PropertyManager,
    CommitteeMember,
    CommitteeChair,
    CommunitySecretary,
];
const SETS_TIMETABLES: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
/// Who publishes notices.
const PUBLISHES: &[RoleKind] = SETS_TIMETABLES;
const WRITES_HANDBOOK: &[RoleKind] = &[
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    Administrator,
];
const FILES: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyStaff,
    PropertyManager,
    CommitteeMember,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];

/// One action.
struct Deed {
    /// Below `/api/v1`.
    path: String,
    body: Value,
    /// Whose role is enough, though the case does not lie with them.
    may: &'static [RoleKind],
    /// Who is told that they may not (403); to all others it is not there (404).
    sees: &'static [RoleKind],
    /// Whoever has no such role anywhere is told so: it is about nothing that is there.
    blunt: &'static [RoleKind],
    /// Typed in the chat; empty where there is no such command.
    words: String,
}

/// What there is to be done in 桂园.
struct World {
    case: i64,
    other: i64,
    quarrel: i64,
    mediation: i64,
    moderation: i64,
    visit: i64,
    correction: i64,
    wish: i64,
    offer: i64,
    gift: i64,
    drive: i64,
    activity: i64,
    loan: i64,
    booking: i64,
    service: i64,
    timetable: i64,
    article: i64,
    question: i64,
    notice: i64,
}

/// A notice that is out, with nobody who has got it.
async fn notice(app: &TestApp, author_id: i64) -> i64 {
    let (place, now) = (place_of(app, "GY").await, app.now());
    let row = entity::notice::ActiveModel {
        compound_id: Set(Some(place.id)),
        place_id: Set(place.id),
        author_id: Set(author_id),
        title: Set("停水".to_owned()),
        body: Set("周六停水".to_owned()),
        urgent: Set(false),
        state: Set(entity::kinds::NoticeState::Sent),
        version: Set(1),
        scope: Set(json!({ "places": [], "who": ["residents"] })),
        counted: Set(0),
        reachable: Set(0),
        round: Set(0),
        told_to: Set(0),
        published_at: Set(Some(now)),
        round_at: Set(Some(now)),
        created_at: Set(now),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap().id
}

/// A timetable, an article and a question of 桂园.
async fn to_be_told(app: &TestApp, author_id: i64) -> (i64, i64, i64) {
    let (place, now) = (place_of(app, "GY").await, app.now());
    let rule = json!({
        "days": { "kind": "daily" }, "every": 1, "from": "2026-01-01", "until": null,
        "except": [], "times": [720],
    });
    let timetable = entity::timetable::ActiveModel {
        compound_id: Set(Some(place.id)),
        place_id: Set(place.id),
        author_id: Set(author_id),
        title: Set("厨余垃圾".to_owned()),
        text: Set(String::new()),
        rule: Set(rule),
        state: Set(entity::kinds::TimetableState::Active),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let article = entity::handbook_article::ActiveModel {
        compound_id: Set(Some(place.id)),
        place_id: Set(Some(place.id)),
        title: Set("游泳池".to_owned()),
        questions: Set(String::new()),
        synonyms: Set(String::new()),
        body: Set("六点开门。".to_owned()),
        state: Set(entity::kinds::ArticleState::Draft),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let question = entity::handbook_question::ActiveModel {
        compound_id: Set(place.id),
        words: Set("健身房".to_owned()),
        text: Set("健身房在哪".to_owned()),
        asked: Set(1),
        state: Set(entity::kinds::QuestionState::Open),
        first_at: Set(now),
        last_at: Set(now),
        ..Default::default()
    };
    let db = app.store.write();
    (
        timetable.insert(db).await.unwrap().id,
        article.insert(db).await.unwrap().id,
        question.insert(db).await.unwrap().id,
    )
}

async fn build(app: &TestApp) -> World {
    let zhang = called(app, "张秀英").await.id;
    let sun = called(app, "孙梅").await.id;
    let home = place_of(app, "GY/1-1-101").await;
    let resident = chat(app, zhang).await;
    let tie = entity::binding::ActiveModel {
        account_id: Set(resident.account().await.id),
        person_id: Set(Some(zhang)),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        state: Set(entity::kinds::BindingState::Verified),
        claimed_name: Set("张秀英".to_owned()),
        claimed_phone_sealed: Set(String::new()),
        claimed_phone_index: Set(String::new()),
        created_at: Set(app.now()),
        ..Default::default()
    };
    tie.insert(app.store.write()).await.unwrap();
    let mut filed = Vec::new();
    for text in [
        "报修 一楼大厅漏水了",
        "报修 单元门禁坏了",
        "纠纷 隔壁装修太吵",
    ] {
        resident.says(text).await;
        filed.push(resident.case().await.id);
    }
    resident.says("许愿 想要一副老花镜").await;
    let wished = entity::wish::Entity::find().one(app.store.read()).await;
    resident.says("发需求 想找人教我用手机").await;
    let offered = entity::offer::Entity::find().one(app.store.read()).await;
    resident.says("捐物 不限 旧书 × 3 放 社区安排 公开").await;
    let gift = entity::donation::Entity::find().one(app.store.read()).await;
    let steward = chat(app, sun).await;
    let day = linli::base::clock::china(app.now() + chrono::TimeDelta::days(3));
    let day = day.format("%Y-%m-%d");
    steward
        .says(&format!("发起活动 邻里节\n{day} 9:00\n花园"))
        .await;
    let activity = entity::activity::Entity::find().one(app.store.read()).await;
    let officer = called(app, "冯涛").await.id;
    chat(app, officer).await;
    let now = app.now();
    steward.says(&format!("转调解 {}", filed[2])).await;
    steward.says("1").await;
    let mediation = mediation::Entity::find().one(app.store.read()).await;
    let mediation = mediation.unwrap().expect("no mediation").id;
    let shown = linli::moderation::Submission {
        subject: format!("case:{}", filed[0]),
        part: "board".to_owned(),
        compound_id: home.compound_id.unwrap(),
        place_id: home.id,
        kind: entity::kinds::ContentKind::Text,
        content: "大厅已修好".to_owned(),
        author_id: Some(sun),
    };
    let mut tx = app.instances[0].app.store.begin(now).await.unwrap();
    let shown = linli::moderation::submit(&mut tx, shown).await.unwrap();
    tx.commit().await.unwrap();
    let visit = visit::ActiveModel {
        person_id: Set(zhang),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        subject: Set("notice:1".to_owned()),
        kind: Set("test".to_owned()),
        text: Set("明天停水".to_owned()),
        holder_id: Set(Some(sun)),
        state: Set(VisitState::Open),
        created_at: Set(now),
        ..Default::default()
    };
    let visit = visit.insert(app.store.write()).await.unwrap();
    let [loan, booking, service] = station(app, &home, zhang).await;
    let wish = correction::ActiveModel {
        person_id: Set(zhang),
        account_id: Set(resident.account().await.id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id),
        field: Set(CorrectionField::Name),
        value_sealed: Set(app.instances[0]
            .app
            .seal
            .seal(&app.instances[0].app.dice, "张秀莹")
            .unwrap()),
        state: Set(CorrectionState::Requested),
        created_at: Set(now),
        ..Default::default()
    };
    let wish = wish.insert(app.store.write()).await.unwrap();
    let drive = entity::drive::ActiveModel {
        compound_id: Set(home.compound_id.unwrap()),
        title: Set("给独居老人添冬衣".to_owned()),
        text: Set("买棉被".to_owned()),
        from_day: Set("2020-01-01".parse().unwrap()),
        state: Set(entity::kinds::DriveState::Draft),
        created_by: Set(sun),
        version: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let drive = drive.insert(app.store.write()).await.unwrap();
    let (timetable, article, question) = to_be_told(app, sun).await;
    World {
        notice: notice(app, sun).await,
        timetable,
        article,
        question,
        case: filed[0],
        other: filed[1],
        quarrel: filed[2],
        mediation,
        moderation: shown.id,
        visit: visit.id,
        correction: wish.id,
        wish: wished.unwrap().expect("no wish").id,
        offer: offered.unwrap().expect("no item").id,
        gift: gift.unwrap().expect("no gift").id,
        drive: drive.id,
        activity: activity.unwrap().expect("no activity").id,
        loan,
        booking,
        service,
    }
}

/// A station of the compound: a loan and a booking of somebody, and a service of its window.
async fn station(app: &TestApp, home: &entity::place::Model, person: i64) -> [i64; 3] {
    let (now, db) = (app.now(), app.store.write());
    let compound_id = home.compound_id.unwrap();
    let station = entity::station::ActiveModel {
        compound_id: Set(compound_id),
        place_id: Set(compound_id),
        name: Set("红色驿站".to_owned()),
        spot: Set("大厅".to_owned()),
        hours: Set("Mo-Su 00:00-24:00".to_owned()),
        public_holidays: Set(false),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let station_id = station.insert(db).await.unwrap().id;
    let thing = entity::station_thing::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        code: Set("伞-01".to_owned()),
        name: Set("雨伞".to_owned()),
        quantity: Set(1),
        lent: Set(1),
        days: Set(7),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let loan = entity::station_loan::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        thing_id: Set(thing.insert(db).await.unwrap().id),
        borrower_id: Set(person),
        state: Set(entity::kinds::LoanState::Lent),
        lent_at: Set(now),
        due_at: Set(now + chrono::TimeDelta::days(7)),
        version: Set(1),
        ..Default::default()
    };
    let room = entity::station_room::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        name: Set("议事厅".to_owned()),
        seats: Set(9),
        created_at: Set(now),
        ..Default::default()
    };
    let booking = entity::station_booking::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        room_id: Set(room.insert(db).await.unwrap().id),
        booker_id: Set(person),
        official: Set(false),
        from_at: Set(now),
        to_at: Set(now + chrono::TimeDelta::hours(1)),
        state: Set(entity::kinds::BookingState::Booked),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let service = entity::station_service::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        window_name: Set("1号窗口".to_owned()),
        name: Set("咨询".to_owned()),
        created_at: Set(now),
        ..Default::default()
    };
    [
        loan.insert(db).await.unwrap().id,
        booking.insert(db).await.unwrap().id,
        service.insert(db).await.unwrap().id,
    ]
}

/// The table. Those that end the case stand last.
fn table(world: &World) -> Vec<Deed> {
    let World {
        case,
        other,
        quarrel,
        mediation,
        ..
    } = world;
    let on_case = |verb: &str, word: &str, body: Value, may: &'static [RoleKind]| Deed {
        path: format!("/cases/{case}/{verb}"),
        words: match (word, body["text"].as_str(), body["name"].as_str()) {
            ("", ..) => String::new(),
            (word, Some(text), _) | (word, None, Some(text)) => format!("{word} {case} {text}"),
            (word, None, None) => format!("{word} {case}"),
        },
        body,
        may,
        sees: SEES,
        blunt: &[],
    };
    let elsewhere = |path: String, body: Value, may: &'static [RoleKind], words: String| Deed {
        path,
        body,
        may,
        sees: &[],
        blunt: &[],
        words,
    };
    let why = || json!({ "text": "需要帮忙" });
    vec![
        on_case("accept", "接单", json!({}), &[]),
        on_case("arrive", "到场", json!({}), &[]),
        on_case("plan", "方案", why(), &[]),
        on_case("pause", "暂停", why(), &[]),
        on_case("resume", "恢复", json!({}), GIVES),
        on_case("grade", "", json!({ "grade": "major" }), GIVES),
        on_case("no-photo", "无照片", why(), &[]),
        on_case("photos", "", json!({ "attachments": ["99999999"] }), WORKS),
        on_case("assist", "助力", json!({}), WORKS),
        on_case("assist", "助力", json!({ "name": "沈立" }), GIVES),
        on_case(
            "identity",
            "查看身份",
            why(),
            &[CommunitySecretary, StreetOfficer],
        ),
        on_case("supplement", "补充", why(), &[]),
        on_case("nudge", "催办", json!({}), &[]),
        on_case("anonymous", "", json!({}), &[]),
        on_case("grant-reopen", "同意重开", json!({}), DECIDES_REOPENING),
        on_case("decline-reopen", "驳回重开", why(), DECIDES_REOPENING),
        on_case("reopen", "重开", why(), &[]),
        Deed {
            sees: SEES,
            ..elsewhere(
                "/mediations".to_owned(),
                json!({ "case_id": other.to_string(), "centre": "street" }),
                // The case is no quarrel: whoever may is told that.
                DECIDES_REOPENING,
                String::new(),
            )
        },
        elsewhere(
            format!("/mediations/{mediation}/parties"),
            json!({ "who": "1-1-102 李建国" }),
            &[],
            format!("当事人 {mediation} 1-1-102 李建国"),
        ),
        elsewhere(
            format!("/mediations/{mediation}/sessions"),
            json!({ "at": "2099-01-01T10:00:00+08:00", "venue": "社区" }),
            &[],
            String::new(),
        ),
        elsewhere(
            format!("/mediations/{mediation}/agreement"),
            json!({ "text": "晚上不施工" }),
            &[],
            format!("协议 {mediation} 晚上不施工"),
        ),
        elsewhere(
            format!("/mediations/{mediation}/answer"),
            json!({ "agrees": true }),
            &[],
            format!("同意 {mediation}"),
        ),
        elsewhere(
            format!("/mediations/{mediation}/kept"),
            json!({ "kept": true }),
            &[],
            String::new(),
        ),
        elsewhere(
            format!("/mediations/{mediation}/fail"),
            json!({ "reason": "谈不拢" }),
            &[],
            format!("调解不成 {mediation} 谈不拢"),
        ),
        elsewhere(
            format!("/moderation/{}/decision", world.moderation),
            json!({ "pass": true }),
            MODERATES,
            format!("审核 {} 通过", world.moderation),
        ),
        elsewhere(
            format!("/wishes/{}/decision", world.wish),
            json!({ "pass": true }),
            VERIFIES,
            format!("通过心愿 {}", world.wish),
        ),
        elsewhere(
            format!("/wishes/{}/remove", world.wish),
            json!({ "reason": "已经解决" }),
            VERIFIES,
            format!("下架心愿 {} 已解决", world.wish),
        ),
        Deed {
            // Whoever supervises promises may see what waits, and not decide.
            sees: &[StreetOfficer, Supervisor],
            ..elsewhere(
                format!("/offers/{}/decision", world.offer),
                json!({ "pass": true }),
                VERIFIES,
                format!("通过清单 {}", world.offer),
            )
        },
        Deed {
            sees: &[StreetOfficer, Supervisor],
            ..elsewhere(
                format!("/offers/{}/remove", world.offer),
                json!({ "reason": "已经解决" }),
                VERIFIES,
                format!("下架清单 {} 已解决", world.offer),
            )
        },
        elsewhere(
            "/drives".to_owned(),
            json!({ "compound": "GY", "title": "添冬衣", "text": "买棉被", "from": "2026-11-01" }),
            RUNS,
            String::new(),
        ),
        elsewhere(
            format!("/drives/{}/open", world.drive),
            json!({}),
            RUNS,
            String::new(),
        ),
        Deed {
            sees: SEES_GIFTS,
            ..elsewhere(
                format!("/donations/{}/decline", world.gift),
                json!({ "reason": "" }),
                RUNS,
                format!("谢绝捐物 {} 放不下", world.gift),
            )
        },
        Deed {
            sees: SEES_GIFTS,
            ..elsewhere(
                format!("/donations/{}/receive", world.gift),
                json!({}),
                RUNS,
                format!("收下捐物 {}", world.gift),
            )
        },
        elsewhere(
            format!("/activities/{}/open", world.activity),
            json!({}),
            LEADS,
            format!("发布活动 {}", world.activity),
        ),
        elsewhere(
            format!("/activities/{}/cancel", world.activity),
            json!({ "reason": "下雨了" }),
            LEADS,
            format!("取消活动 {} 下雨了", world.activity),
        ),
        elsewhere(
            format!("/stations/loans/{}/end", world.loan),
            json!({ "outcome": "returned" }),
            KEEPS,
            format!("借物验收 {}", world.loan),
        ),
        elsewhere(
            format!("/stations/bookings/{}/absent", world.booking),
            json!({}),
            KEEPS,
            String::new(),
        ),
        elsewhere(
            format!("/stations/services/{}/served", world.service),
            json!({}),
            KEEPS,
            String::new(),
        ),
        elsewhere(
            format!("/timetables/{}/state", world.timetable),
            json!({ "version": 1, "active": false }),
            SETS_TIMETABLES,
            String::new(),
        ),
        elsewhere(
            format!("/handbook/{}/state", world.article),
            json!({ "version": 1, "published": true }),
            WRITES_HANDBOOK,
            String::new(),
        ),
        elsewhere(
            format!("/handbook/questions/{}/dismiss", world.question),
            json!({}),
            WRITES_HANDBOOK,
            String::new(),
        ),
        Deed {
            blunt: PUBLISHES,
            ..elsewhere(
                format!("/notices/{}/correct", world.notice),
                json!({ "title": "停电", "body": "周日停电" }),
                PUBLISHES,
                format!("更正公告 {} 停电\n周日停电", world.notice),
            )
        },
        Deed {
            blunt: PUBLISHES,
            ..elsewhere(
                format!("/notices/{}/scope", world.notice),
                json!({ "place": "GY/1" }),
                PUBLISHES,
                format!("公告范围 {} GY/1", world.notice),
            )
        },
        Deed {
            blunt: PUBLISHES,
            ..elsewhere(
                format!("/notices/{}/repeat", world.notice),
                json!({}),
                PUBLISHES,
                format!("提醒未读 {}", world.notice),
            )
        },
        elsewhere(
            format!("/visits/{}/done", world.visit),
            json!({}),
            &[],
            format!("已上门 {}", world.visit),
        ),
        elsewhere(
            format!("/corrections/{}/decision", world.correction),
            json!({ "pass": true }),
            VERIFIES,
            format!("更正 {} 通过", world.correction),
        ),
        Deed {
            blunt: FILES,
            ..elsewhere(
                "/cases/behalf".to_owned(),
                json!({ "kind": "repair", "text": "灯坏了", "channel": "phone", "home": "GY/1-1-101" }),
                FILES,
                "代报 GY/1-1-101 灯坏了".to_owned(),
            )
        },
        on_case("refuse", "退单", why(), &[]),
        on_case("finish", "办结", why(), &[]),
        on_case("give-up", "无法办结", why(), &[]),
        on_case("withdraw", "撤回", json!({}), &[]),
        on_case("rating", "", json!({ "score": 5 }), &[]),
        on_case("escalate", "上报", why(), GIVES),
        on_case("hand-over", "转派", json!({ "name": "沈立" }), GIVES),
        Deed {
            words: format!("合并 {case} {quarrel}"),
            ..on_case("merge", "", json!({ "into": quarrel.to_string() }), GIVES)
        },
        on_case("unmerge", "拆分", json!({}), GIVES),
    ]
}

async fn post(api: &Api, deed: &Deed) -> u16 {
    api.post(&deed.path, &deed.body).await.status
}

async fn of(app: &TestApp, world: &World) -> (Vec<case::Model>, Vec<moderation::Model>) {
    let cases = case::Entity::find()
        .filter(
            case::COLUMN
                .id
                .is_in([world.case, world.other, world.quarrel]),
        )
        .order_by_asc(case::COLUMN.id)
        .all(app.store.read())
        .await;
    let shown = moderation::Entity::find().all(app.store.read()).await;
    (cases.unwrap(), shown.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_does_what_is_not_its_own_over_the_api() {
    let app = TestApp::start().await;
    let world = build(&app).await;
    app.drain().await;
    let mut here = Vec::new();
    let mut there = Vec::new();
    for kind in RoleKind::iter() {
        let near = newcomer(&app, &format!("甲{kind:?}"), kind, "GY").await;
        here.push((kind, mini(&app, near).await));
        let far = newcomer(&app, &format!("乙{kind:?}"), kind, "LY").await;
        there.push((kind, mini(&app, far).await));
    }
    let neighbour = mini(&app, called(&app, "李建国").await.id).await;
    let unbound = app.api_of("m-unbound").await;
    let before = (deeds(&app).await, of(&app, &world).await);
    let mut wrong = Vec::new();
    let all = table(&world);
    for deed in &all {
        let mut expect = |who: String, status: u16, wanted: &[u16]| {
            if !wanted.contains(&status) {
                wrong.push(format!("{} by {who}: {status}, not {wanted:?}", deed.path));
            }
        };
        for (kind, api) in here.iter().filter(|(kind, _)| !deed.may.contains(kind)) {
            let told = match deed.sees.contains(kind) || !deed.blunt.is_empty() {
                true => 403,
                false => 404,
            };
            expect(format!("{kind:?} here"), post(api, deed).await, &[told]);
        }
        for (kind, api) in &there {
            let told = match deed.blunt.is_empty() || deed.blunt.contains(kind) {
                true => 404,
                false => 403,
            };
            expect(
                format!("{kind:?} next door"),
                post(api, deed).await,
                &[told],
            );
        }
        let told = if deed.blunt.is_empty() { 404 } else { 403 };
        expect(
            "a neighbour".to_owned(),
            post(&neighbour, deed).await,
            &[told],
        );
        // Whoever is bound to nothing is told to bind first, or that it is not there.
        expect("nobody".to_owned(), post(&unbound, deed).await, &[403, 404]);
        expect(
            "signed out".to_owned(),
            post(&unbound.signed_out(), deed).await,
            &[401],
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((deeds(&app).await, of(&app, &world).await), before);
    // And whoever may is let in: the paths are right, and the roles are not refused everything.
    for deed in &all {
        let Some(kind) = deed.may.first() else {
            continue;
        };
        let (_, api) = here.iter().find(|(role, _)| role == kind).unwrap();
        let status = post(api, deed).await;
        let photo = deed.path.ends_with("/photos");
        let let_in = matches!(status, 200 | 201 | 409 | 422) || photo && status == 404;
        assert!(let_in, "{} by {kind:?}: {status}", deed.path);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_does_what_is_not_its_own_in_the_chat() {
    let app = TestApp::start().await;
    let world = build(&app).await;
    let mut people = Vec::new();
    for (name, kind, code) in [
        ("丙监督", Supervisor, "GY"),
        ("丙指导", Instructor, "GY"),
        ("丙调解", Mediator, "GY"),
        ("丙物业", PropertyStaff, "GY"),
        ("丁经理", PropertyManager, "LY"),
        ("丁主任", CommitteeChair, "LY"),
        ("丁管理", Administrator, "LY"),
    ] {
        let id = newcomer(&app, name, kind, code).await;
        people.push((kind, code, chat(&app, id).await));
    }
    let neighbour = app.resident("李建国").await;
    // What the first words say of the rules on personal data is on record, too.
    for person in people
        .iter()
        .map(|(_, _, person)| person)
        .chain([&neighbour])
    {
        person.says("菜单").await;
        person.says("菜单").await;
    }
    app.drain().await;
    let before = (deeds(&app).await, of(&app, &world).await);
    for deed in table(&world).iter().filter(|deed| !deed.words.is_empty()) {
        for (kind, code, person) in &people {
            if *code == "GY" && deed.may.contains(kind) {
                continue;
            }
            let reply = person.says(&deed.words).await;
            let said = (deeds(&app).await, of(&app, &world).await);
            assert!(
                said == before,
                "«{}» by {kind:?} at {code}: {reply}",
                deed.words
            );
            // Next door it is not there, and nothing of it is told.
            assert!(
                *code == "GY" || !reply.contains("漏水") && !reply.contains("孙梅"),
                "«{}» by {kind:?} at {code}: {reply}",
                deed.words
            );
        }
        let reply = neighbour.says(&deed.words).await;
        assert!(
            !reply.contains("漏水") && !reply.contains("张秀英"),
            "{reply}"
        );
        let said = (deeds(&app).await, of(&app, &world).await);
        assert!(said == before, "«{}» by a neighbour: {reply}", deed.words);
    }
}
