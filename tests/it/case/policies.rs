//! How long cases may take is set by whoever may; promises stay; a pause and service hours count.

use std::collections::BTreeMap;

use entity::kinds::Grade;
use entity::{audit, calendar, response_policy};
use linli::access::{Actor, load_actor};
use linli::base::clock::{begin_of, china};
use linli::base::fault::Code;
use linli::policy::rules::{Figures, Timetable};
use linli::policy::{Slot, actions as policy, queries};

use super::*;

async fn actor(app: &TestApp, name: &str) -> Actor {
    let account = tied(app, name).await.account().await;
    let found = load_actor(app.store.read(), &account, app.now()).await;
    found.unwrap()
}

pub(super) async fn slot(app: &TestApp, code: &str, grade: Grade) -> Slot {
    Slot {
        place_id: app.place(code).await.id,
        grade,
        level: None,
    }
}

pub(super) const FIGURES: Figures = Figures {
    accept_minutes: 10,
    arrive_minutes: None,
    finish_minutes: Some(60),
    plan_minutes: None,
};

/// Sets a policy as somebody would, in a transaction of its own.
pub(super) async fn set(
    app: &TestApp,
    name: &str,
    slot: Slot,
    figures: Figures,
    calendar: Option<i64>,
    version: Option<i32>,
) -> Result<response_policy::Model, Code> {
    let actor = actor(app, name).await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let done = policy::set(&mut tx, &actor, slot, figures, calendar, version).await;
    match done {
        Ok(row) => {
            tx.commit().await.unwrap();
            Ok(row)
        }
        Err(fault) => Err(fault.code),
    }
}

pub(super) fn table(hours: &str, days: &[(chrono::NaiveDate, Option<&str>)]) -> Timetable {
    let days = days
        .iter()
        .map(|(day, hours)| (*day, hours.map(str::to_owned)));
    Timetable {
        hours: hours.to_owned(),
        public_holidays: false,
        days: days.collect::<BTreeMap<_, _>>(),
    }
}

pub(super) async fn add_calendar(
    app: &TestApp,
    name: &str,
    code: &str,
    called: &str,
    table: &Timetable,
) -> Result<calendar::Model, Code> {
    let actor = actor(app, name).await;
    let place = app.place(code).await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    match policy::add_calendar(&mut tx, &actor, place.id, called, table).await {
        Ok(row) => {
            tx.commit().await.unwrap();
            Ok(row)
        }
        Err(fault) => Err(fault.code),
    }
}

#[tokio::test]
async fn who_may_set_the_clocks_does_and_others_do_not() {
    let app = house(1).await;
    let ours = slot(&app, "GY", Grade::Ordinary).await;
    let theirs = slot(&app, "LY", Grade::Ordinary).await;
    for (name, slot, code) in [
        // A resident and somebody of another compound do not learn of it, who is measured may not.
        ("张秀英", ours, Code::NotFound),
        ("杨光", ours, Code::NotFound),
        ("卫东", theirs, Code::NotFound),
        ("孙梅", ours, Code::NotFound),
        ("沈立", ours, Code::Forbidden),
        ("吴静", ours, Code::Forbidden),
    ] {
        let done = set(&app, name, slot, FIGURES, None, None).await;
        assert_eq!(done, Err(code), "{name}");
    }
    let absurd = Figures {
        accept_minutes: 90,
        ..FIGURES
    };
    assert_eq!(
        set(&app, "卫东", ours, absurd, None, None).await,
        Err(Code::Invalid)
    );
    let unknown = set(&app, "卫东", ours, FIGURES, Some(9_999), None).await;
    assert_eq!(unknown, Err(Code::NotFound));

    let row = set(&app, "卫东", ours, FIGURES, None, None).await.unwrap();
    assert_eq!(row.version, 1);
    // Somebody was first.
    assert_eq!(
        set(&app, "郑洪", ours, FIGURES, None, None).await,
        Err(Code::Conflict)
    );
    let row = set(&app, "郑洪", ours, FIGURES, None, Some(1))
        .await
        .unwrap();
    assert_eq!(row.version, 2);
    assert_eq!(
        set(&app, "卫东", ours, FIGURES, None, Some(1)).await,
        Err(Code::Conflict)
    );

    let chair = actor(&app, "卫东").await;
    let rows = queries::of(app.store.read(), &chair, ours.place_id)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let stale = policy::remove(&mut tx, &chair, ours, 1).await;
    assert_eq!(stale.map_err(|fault| fault.code), Err(Code::Conflict));
    policy::remove(&mut tx, &chair, ours, 2).await.unwrap();
    let gone = policy::remove(&mut tx, &chair, ours, 2).await;
    assert_eq!(gone.map_err(|fault| fault.code), Err(Code::NotFound));
    tx.commit().await.unwrap();
    let rows = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(format!("place:{}", ours.place_id)))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(rows.len(), 3, "{rows:#?}");
}

#[tokio::test]
async fn two_who_change_the_same_policy_at_once_do_not_undo_each_other() {
    let app = house(1).await;
    let slot = slot(&app, "GY", Grade::Major).await;
    let (one, two) = tokio::join!(
        set(&app, "卫东", slot, FIGURES, None, None),
        set(&app, "郑洪", slot, FIGURES, None, None)
    );
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} / {two:?}");
    let (one, two) = tokio::join!(
        set(&app, "卫东", slot, FIGURES, None, Some(1)),
        set(&app, "郑洪", slot, FIGURES, None, Some(1))
    );
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} / {two:?}");
}

#[tokio::test]
async fn clocks_that_run_keep_their_promise_and_new_ones_take_the_new_figures() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 灯不亮").await;
    let old = resident.case().await;
    let ours = slot(&app, "GY", Grade::Ordinary).await;
    set(&app, "卫东", ours, FIGURES, None, None).await.unwrap();
    let above = Slot {
        level: Some(Level::Community),
        ..slot(&app, "HC-XL-CD-GY", Grade::Ordinary).await
    };
    let slower = Figures {
        accept_minutes: 20,
        finish_minutes: Some(480),
        ..FIGURES
    };
    set(&app, "郑洪", above, slower, None, None).await.unwrap();

    let minutes = |case: &case::Model| {
        let of = |due: Option<linli::base::clock::Moment>| {
            (due.unwrap() - case.created_at).num_minutes()
        };
        (of(case.accept_due_at), of(case.finish_due_at))
    };
    assert_eq!(minutes(&app.case(old.id).await), (5, 30));
    let reply = resident.says("报修 门坏了").await;
    assert!(reply.contains("会在10分钟内响应"), "{reply}");
    let new = resident.case().await;
    assert_eq!(minutes(&new), (10, 60));
    // The level above has figures of its own.
    steward.says(&format!("上报 {} 要社区来办", new.id)).await;
    let left = |due: Option<linli::base::clock::Moment>, from: &case::Model| {
        (due.unwrap() - from.updated_at).num_minutes()
    };
    let raised = app.case(new.id).await;
    assert_eq!(raised.asked_level, Some(Level::Community));
    assert_eq!(left(raised.asked_due_at, &raised), 20);
    let grid = tied(&app, "吴静").await;
    grid.says(&format!("接单 {}", new.id)).await;
    let taken = app.case(new.id).await;
    assert_eq!(taken.level, Level::Community);
    assert_eq!(left(taken.finish_due_at, &taken), 480);
    app.advance(11).await;
    assert!(app.case(old.id).await.accept_late);
}

#[tokio::test]
async fn in_service_hours_only_open_minutes_count() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let today = china(app.now()).date_naive();
    let tomorrow = today.succ_opt().unwrap();
    let closed = table("每天 00:00-24:00", &[(today, None)]);
    let hours = add_calendar(&app, "卫东", "GY", "今天休息", &closed)
        .await
        .unwrap();
    let ours = slot(&app, "GY", Grade::Ordinary).await;
    set(&app, "卫东", ours, FIGURES, Some(hours.id), None)
        .await
        .unwrap();

    let reply = resident.says("报修 灯不亮").await;
    assert!(reply.contains("前响应"), "{reply}");
    let case = resident.case().await;
    let id = case.id;
    let opens = begin_of(tomorrow);
    assert_eq!(case.accept_due_at, Some(opens + TimeDelta::minutes(10)));
    assert_eq!(case.finish_due_at, Some(opens + TimeDelta::minutes(60)));

    // A pause keeps what was left: all of it, since nothing counts today.
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("暂停 {id} 等配件")).await;
    assert!(app.case(id).await.clocks_left.is_some());
    app.advance(2).await;
    steward.says(&format!("恢复 {id}")).await;
    let resumed = app.case(id).await;
    assert_eq!(resumed.finish_due_at, case.finish_due_at);
    assert!(resumed.clocks_left.is_none() && resumed.paused_at.is_none());

    // Another calendar meanwhile: what was promised stays.
    let actor = actor(&app, "卫东").await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let always = table("每天 00:00-24:00", &[]);
    let used = policy::remove_calendar(&mut tx, &actor, hours.id, 1).await;
    assert_eq!(used.map_err(|fault| fault.code), Err(Code::WrongStep));
    policy::change_calendar(&mut tx, &actor, hours.id, 1, "全天", &always)
        .await
        .unwrap();
    let stale = policy::change_calendar(&mut tx, &actor, hours.id, 1, "全天", &always).await;
    assert_eq!(
        stale.map(|_| ()).map_err(|fault| fault.code),
        Err(Code::Conflict)
    );
    tx.commit().await.unwrap();
    assert_eq!(app.case(id).await.finish_due_at, resumed.finish_due_at);
    resident.says("报修 门坏了").await;
    let new = resident.case().await;
    let minutes = (new.finish_due_at.unwrap() - new.created_at).num_minutes();
    assert_eq!(minutes, 60);
}

#[tokio::test]
async fn calendars_are_those_of_the_place_and_above() {
    let app = house(1).await;
    let week = table("Mo-Fr 09:00-12:00", &[]);
    let add = async |name, code, called, table| add_calendar(&app, name, code, called, table).await;
    assert_eq!(
        add("张秀英", "GY", "物业", &week).await.map(|_| ()),
        Err(Code::NotFound)
    );
    assert_eq!(
        add("沈立", "GY", "物业", &week).await.map(|_| ()),
        Err(Code::Forbidden)
    );
    assert_eq!(
        add("卫东", "LY", "物业", &week).await.map(|_| ()),
        Err(Code::NotFound)
    );
    assert_eq!(
        add("卫东", "GY", " ", &week).await.map(|_| ()),
        Err(Code::Invalid)
    );
    let never = table("", &[]);
    assert_eq!(
        add("卫东", "GY", "物业", &never).await.map(|_| ()),
        Err(Code::Invalid)
    );
    let own = add("卫东", "GY", "物业", &week).await.unwrap();
    assert_eq!(
        add("卫东", "GY", "物业", &week).await.map(|_| ()),
        Err(Code::Invalid)
    );
    let other = add("郑洪", "LY", "物业", &week).await.unwrap();

    let chair = actor(&app, "卫东").await;
    let place = app.place("GY").await;
    let found = queries::calendars_at(app.store.read(), &chair, place.id)
        .await
        .unwrap();
    let names: Vec<&str> = found.iter().map(|it| it.calendar.name.as_str()).collect();
    assert_eq!(names.first(), Some(&"物业"));
    assert!(
        names.contains(&"工作日") && names.contains(&"办公时间"),
        "{names:?}"
    );
    assert_eq!(names.len(), 3);

    let ours = slot(&app, "GY", Grade::Ordinary).await;
    let foreign = set(&app, "卫东", ours, FIGURES, Some(other.id), None).await;
    assert_eq!(foreign, Err(Code::NotFound));
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let hidden = policy::remove_calendar(&mut tx, &chair, other.id, 1).await;
    assert_eq!(hidden.map_err(|fault| fault.code), Err(Code::NotFound));
    let shared = found
        .iter()
        .find(|it| it.calendar.place_id.is_none())
        .unwrap();
    let shared = policy::remove_calendar(&mut tx, &chair, shared.calendar.id, 1).await;
    assert_eq!(shared.map_err(|fault| fault.code), Err(Code::NotFound));
    policy::remove_calendar(&mut tx, &chair, own.id, 1)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(
        add("卫东", "GY", "物业", &week).await.is_ok(),
        "the name is free again"
    );
}
