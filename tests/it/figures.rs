//! The figures of cases: against a second reckoning case by case, by every dimension; the lists behind
//! them; who may see them; what is exported.

use chrono::TimeDelta;
use entity::kinds::{CaseKind, CaseState, Outcome};
use entity::{account, case};
use linli::access::permit::Deed;
use linli::access::{Actor, load_actor};
use linli::base::page::Slice;
use linli::case::stats::count::{self, Behind, By};
use linli::case::stats::span::Span;
use linli::case::stats::{Counts, Figure, RATES};
use linli::place::queries as places;
use linli::place::scope::{Scope, own, visible};
use linli::report::{figures, sheet};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder};

use crate::harness::app::TestApp;
use crate::harness::program;

/// Cases that were filed; the last are of the other building, and one is a month old.
const FILED: usize = 14;

/// Files cases over the chat, then makes them what they might have become.
pub async fn town(app: &TestApp) -> Vec<case::Model> {
    let (one, two) = (app.resident("张秀英").await, app.resident("陈伟").await);
    let words = [
        "报修 电梯停了",
        "投诉 太吵",
        "建议 加一盏灯",
        "求助 请人看看",
    ];
    for at in 0..FILED {
        let who = if at < FILED * 2 / 3 { &one } else { &two };
        let word = words[at % words.len()];
        let reply = who.says(&format!("{word}，第{at}件")).await;
        assert!(reply.contains("诉求 #"), "{reply}");
    }
    let cases = all(app).await;
    assert_eq!(cases.len(), FILED);
    let mut dice = 7_u64;
    let mut roll = |of: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (dice >> 33) % of
    };
    let states = [
        CaseState::ReopenRequested,
        CaseState::Assigned,
        CaseState::Accepted,
        CaseState::Finished,
        CaseState::Reviewed,
        CaseState::Reviewed,
        CaseState::Withdrawn,
    ];
    for (at, case) in cases.into_iter().enumerate() {
        let state = states[usize::try_from(roll(7)).unwrap()];
        let mut next = case.into_active_model();
        next.state = Set(state);
        next.accept_late = Set(roll(2) == 0);
        next.finish_late = Set(roll(2) == 0);
        next.reopened = Set(roll(3) == 0);
        if matches!(state, CaseState::Finished | CaseState::Reviewed) {
            let unsolved = roll(3) == 0;
            next.outcome = Set(Some(if unsolved {
                Outcome::Unsolved
            } else {
                Outcome::Solved
            }));
        }
        if state != CaseState::Assigned {
            next.accepted_at = Set(Some(app.now()));
        }
        if state == CaseState::Reviewed && roll(4) > 0 {
            next.rating = Set(Some(i16::try_from(roll(5)).unwrap() + 1));
        }
        if at == 0 {
            next.created_at = Set(app.now() - TimeDelta::days(40));
        }
        next.update(app.store.write()).await.unwrap();
    }
    all(app).await
}

async fn all(app: &TestApp) -> Vec<case::Model> {
    let found = case::Entity::find().order_by_asc(case::COLUMN.id);
    found.all(app.store.read()).await.unwrap()
}

/// The second reckoning.
fn counts(case: &case::Model, figure: Figure) -> bool {
    use CaseState::{Assigned, Finished, Reviewed, Withdrawn};
    let withdrawn = case.state == Withdrawn;
    let over = matches!(case.state, Finished | Reviewed);
    let open = !over && !withdrawn;
    match figure {
        Figure::Filed => true,
        Figure::Withdrawn => withdrawn,
        Figure::Open => open,
        Figure::Answerable => {
            let waits = case.state == Assigned && case.accepted_at.is_none() && !case.accept_late;
            !withdrawn && !waits
        }
        Figure::Answered => !withdrawn && case.accepted_at.is_some() && !case.accept_late,
        Figure::Due => over || open && case.finish_late,
        Figure::Solved => over && solved(case),
        Figure::SolvedOnTime => over && solved(case) && !case.finish_late,
        Figure::Unsolved => over && !solved(case),
        Figure::Overdue => open && case.finish_late,
        Figure::Reopened => !withdrawn && case.reopened,
        Figure::Asked => case.state == Reviewed,
        Figure::Rated => case.state == Reviewed && case.rating.is_some(),
        Figure::Satisfied => case.state == Reviewed && case.rating.is_some_and(|score| score >= 4),
    }
}

fn solved(case: &case::Model) -> bool {
    case.outcome == Some(Outcome::Solved)
}

pub async fn scope(app: &TestApp, code: &str) -> Scope {
    let place = places::by_code(app.store.read(), code).await.unwrap();
    Scope::of(app.store.read(), place.unwrap()).await.unwrap()
}

async fn actor(app: &TestApp, open_id: &str) -> Actor {
    use sea_orm::QueryFilter;
    let account = account::Entity::find()
        .filter(account::COLUMN.external_id.eq(open_id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    load_actor(app.store.read(), &account, app.now())
        .await
        .unwrap()
}

pub fn span(app: &TestApp) -> Span {
    let today = linli::base::clock::china(app.now()).date_naive();
    Span::new(today - TimeDelta::days(3), today)
}

#[tokio::test]
async fn figures_are_what_a_count_by_hand_gives_and_open_their_list() {
    let app = TestApp::start().await;
    let cases = town(&app).await;
    let recent: Vec<&case::Model> = cases[1..].iter().collect();
    for (code, sees) in [
        ("HC-XL-CD", None),
        ("GY", None),
        ("GY/2", Some("GY/2")),
        ("LY", Some("LY")),
    ] {
        let scope = scope(&app, code).await;
        let mut theirs = Vec::new();
        for case in &recent {
            let place = places::by_id(app.store.read(), case.place_id)
                .await
                .unwrap()
                .unwrap();
            if sees.is_none_or(|code| place.code.starts_with(code)) {
                theirs.push((*case).clone());
            }
        }
        let span = span(&app);
        let groups = count::figures(app.store.read(), &scope, span)
            .await
            .unwrap();
        let whole = groups.iter().find(|group| group.by == By::Whole).unwrap();
        for figure in Figure::ALL {
            let by_hand = theirs.iter().filter(|case| counts(case, figure)).count();
            assert_eq!(
                usize::try_from(whole.counts.get(figure)).unwrap(),
                by_hand,
                "{code} {figure:?}"
            );
        }
        // Every dimension is the whole again, and every figure of every group has its list.
        for by in [
            By::Time,
            By::Kind,
            By::Category,
            By::Level,
            By::Organisation,
            By::Place,
        ] {
            let mut sum = Counts::default();
            for group in groups.iter().filter(|group| group.by == by) {
                sum.add(&group.counts);
                for figure in Figure::ALL {
                    let what = Behind {
                        figure,
                        span,
                        group: Some((by, group.key.clone())),
                    };
                    let slice = Slice::parse(None, Some(100)).unwrap();
                    let list = count::behind(app.store.read(), &scope, &what, slice)
                        .await
                        .unwrap();
                    let shown = i64::try_from(list.items.len()).unwrap();
                    assert_eq!(
                        shown,
                        group.counts.get(figure),
                        "{code} {group:?} {figure:?}"
                    );
                    assert!(list.items.iter().all(|case| counts(case, figure)));
                }
            }
            assert_eq!(sum, whole.counts, "{code} {by:?}");
        }
    }
    // The one that is older is in the year's figures, and in no other.
    let old = Span::new(span(&app).first - TimeDelta::days(60), span(&app).last);
    let scope = scope(&app, "GY").await;
    let groups = count::figures(app.store.read(), &scope, old).await.unwrap();
    assert_eq!(
        usize::try_from(groups[0].counts.get(Figure::Filed)).unwrap(),
        FILED
    );
}

#[tokio::test]
async fn nothing_withdrawn_and_no_lapsed_rating_makes_a_rate_better() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    for at in 0..4 {
        resident.says(&format!("报修 第{at}盏灯不亮")).await;
    }
    let fates = [
        (CaseState::Reviewed, Some(5), false),
        (CaseState::Reviewed, None, false),
        (CaseState::Reviewed, Some(3), true),
        (CaseState::Withdrawn, None, true),
    ];
    for (case, (state, rating, late)) in all(&app).await.into_iter().zip(fates) {
        let mut next = case.into_active_model();
        next.state = Set(state);
        next.rating = Set(rating);
        next.outcome = Set((state == CaseState::Reviewed).then_some(Outcome::Solved));
        next.accepted_at = Set(Some(app.now()));
        next.accept_late = Set(late);
        next.finish_late = Set(late);
        next.update(app.store.write()).await.unwrap();
    }
    let report = figures::read(app.store.read(), scope(&app, "GY").await, span(&app))
        .await
        .unwrap();
    let said: Vec<String> = RATES.iter().map(|rate| rate.says(&report.whole)).collect();
    assert_eq!(said, ["66.7%", "100.0%", "66.7%", "33.3%"]);
    assert_eq!(figures::score(&report.whole), "4.0");
    let names: Vec<&str> = report
        .tables
        .iter()
        .filter(|table| table.by == By::Place)
        .flat_map(|table| &table.lines)
        .map(|line| line.name.as_str())
        .collect();
    assert_eq!(names, ["1栋"], "a home is its building's");
    let csv = String::from_utf8(sheet::csv(&report.flat()).unwrap()).unwrap();
    assert!(
        csv.starts_with('\u{feff}') && csv.contains("按类型,报修,4,1"),
        "{csv}"
    );
}

#[tokio::test]
async fn figures_are_seen_by_whoever_sees_the_cases() {
    let app = TestApp::start().await;
    let db = app.store.read();
    let resident = app.resident("张秀英").await;
    let (steward, manager) = (app.staff("孙梅").await, app.staff("沈立").await);
    let (officer, other) = (app.staff("冯涛").await, app.staff("杨光").await);
    for (person, code, may) in [
        (&resident, "GY", false),
        (&steward, "GY/1", true),
        (&steward, "GY", false),
        (&steward, "GY/2", false),
        (&manager, "GY", true),
        (&manager, "HC-XL-CD-GY", false),
        (&other, "GY", false),
        (&officer, "HC-XL-CD", true),
        (&officer, "gy", true),
        (&officer, "HC", false),
        (&officer, "GY/1-1-101", false),
        (&officer, "NOWHERE", false),
    ] {
        let actor = actor(&app, &person.open_id).await;
        let found = visible(db, &actor, Deed::SeeCases, code).await;
        assert_eq!(found.is_ok(), may, "{} {code}", person.open_id);
    }
    let own = |actor: Actor| async move {
        let found = own(db, &actor, Deed::SeeCases).await.unwrap();
        found
            .into_iter()
            .map(|place| place.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(own(actor(&app, &officer.open_id).await).await, ["HC-XL-CD"]);
    assert_eq!(own(actor(&app, &resident.open_id).await).await, [""; 0]);
}

#[tokio::test]
async fn the_command_exports_the_figures_of_a_month() {
    let app = TestApp::start().await;
    app.resident("张秀英").await.says("报修 灯不亮").await;
    let out = tempfile::tempdir().unwrap();
    let path = |name: &str| out.path().join(name).to_str().unwrap().to_owned();
    for name in ["f.csv", "f.xlsx"] {
        let said =
            program::succeed(&app.variables, &["export", "figures", "--to", &path(name)]).await;
        assert!(said.contains("杭城市"), "{said}");
    }
    let csv = std::fs::read_to_string(path("f.csv")).unwrap();
    assert!(csv.contains("全部,杭城市"), "{csv}");
    let book = std::fs::read(path("f.xlsx")).unwrap();
    assert!(book.starts_with(b"PK"));
    for wrong in [["--place", "NOWHERE"], ["--month", "2026-13"]] {
        let to = path("g.csv");
        let arguments = [&["export", "figures", "--to", &to], &wrong[..]].concat();
        let ended = program::run(&app.variables, &arguments).await;
        assert_eq!(ended.status.code(), Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_opens_an_empty_list() {
    let app = TestApp::start().await;
    app.resident("张秀英").await.says("报修 灯不亮").await;
    let scope = scope(&app, "GY").await;
    let kind = CaseKind::Repair;
    assert_eq!(all(&app).await[0].kind, kind);
    for (by, key, found) in [
        (By::Kind, Some("repair"), 1),
        (By::Kind, Some("'; DROP TABLE cases; --"), 0),
        (By::Kind, None, 0),
        (By::Level, Some("moon"), 0),
        (By::Time, Some("99999999999999999999"), 0),
        (By::Time, Some("-1"), 0),
        (By::Organisation, Some("x"), 0),
        (By::Category, Some("%"), 0),
    ] {
        let what = Behind {
            figure: Figure::Filed,
            span: span(&app),
            group: Some((by, key.map(str::to_owned))),
        };
        let slice = Slice::parse(None, None).unwrap();
        let list = count::behind(app.store.read(), &scope, &what, slice)
            .await
            .unwrap();
        assert_eq!(list.items.len(), found, "{by:?} {key:?}");
    }
}
