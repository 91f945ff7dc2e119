//! Calendars in the console: a week with split shifts, days off and days worked for them, a year at a
//! glance, and clocks that run over midnight, a holiday and a leap day.

use chrono::NaiveDate;
use entity::{calendar, calendar_day};
use linli::base::clock::{begin_of, china};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use super::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

const WEEK: [(&str, &str); 7] = [
    ("mo", "09:00-12:00 14:00-18:00"),
    ("tu", "09:00-12:00 14:00-18:00"),
    ("we", "09:00-12:00、14:00-18:00"),
    ("th", "9:00-12:00,14:00-18:00"),
    ("fr", "０９：００－１２：００ 14:00-18:00"),
    ("sa", ""),
    ("su", "休息"),
];

async fn named(app: &TestApp, name: &str) -> calendar::Model {
    calendar::Entity::find()
        .filter(calendar::COLUMN.name.eq(name))
        .filter(calendar::COLUMN.removed_at.is_null())
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap_or_else(|| panic!("no calendar {name}"))
}

async fn days_of(app: &TestApp, id: i64) -> Vec<(String, Option<String>)> {
    let rows = calendar_day::Entity::find()
        .filter(calendar_day::COLUMN.calendar_id.eq(id))
        .order_by_asc(calendar_day::COLUMN.day)
        .all(app.store.read())
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| (row.day.to_string(), row.hours))
        .collect()
}

/// Makes a calendar of 桂园小区.
async fn make(desk: &mut Desk<'_>, name: &str, week: &[(&str, &str)]) -> Page {
    let mut fields = vec![("place", "GY"), ("name", name)];
    fields.extend_from_slice(week);
    desk.send(
        "/console/calendars/new?place=GY",
        "/console/calendars/add",
        &fields,
    )
    .await
}

/// Sends a form of a calendar's page from the page as it is now.
async fn send(desk: &mut Desk<'_>, id: i64, to: &str, fields: &[(&str, &str)]) -> Page {
    let page = desk
        .open(&format!("/console/calendars/{id}?place=GY"))
        .await;
    let version = page.hidden("version");
    let mut all = vec![("place", "GY"), ("version", version.as_str())];
    all.extend_from_slice(fields);
    let to = format!("/console/calendars/{id}{to}");
    desk.send_with(&page.hidden("csrf"), &to, &all).await
}

#[tokio::test]
async fn a_calendar_is_made_changed_copied_and_removed() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    make(&mut desk, "物业值班", &WEEK).await.is(303);
    let row = named(&app, "物业值班").await;
    assert_eq!(row.hours, "Mo-Fr 09:00-12:00,14:00-18:00");
    let list = desk.open("/console/calendars").await;
    list.says("物业值班")
        .says("周一至周五 09:00-12:00,14:00-18:00")
        .says("本地的")
        .says("办公时间")
        .says("系统自带");
    // Three days off, and a Saturday worked for them.
    send(
        &mut desk,
        row.id,
        "/days",
        &[("from", "2027-02-08"), ("to", "2027-02-10")],
    )
    .await
    .is(303)
    .leads_to(&format!(
        "/console/calendars/{}?place=GY&year=2027&said=calendar-changed",
        row.id
    ));
    let worked = [("from", "2027-02-06"), ("open", "9:00-12:00")];
    send(&mut desk, row.id, "/days", &worked).await.is(303);
    let page = desk
        .open(&format!("/console/calendars/{}?place=GY&year=2027", row.id))
        .await;
    page.says("2月6日 周六")
        .says("title=\"2月6日 周六 09:00-12:00\">调")
        .says("title=\"2月9日 周二 休息\">假")
        .says("title=\"2月11日 周四 09:00-12:00,14:00-18:00\">开")
        .says("title=\"2月13日 周六 休息\">休");
    assert_eq!(days_of(&app, row.id).await.len(), 4);
    send(&mut desk, row.id, "/days", &[("remove", "2027-02-09")])
        .await
        .is(303);
    let days = days_of(&app, row.id).await;
    assert_eq!(
        days[0],
        ("2027-02-06".to_owned(), Some("09:00-12:00".to_owned()))
    );
    assert_eq!(days.len(), 3);
    // Its week changes and its days stay; a copy has both.
    let mut week = vec![("name", "物业值班"), ("public_holidays", "1")];
    week.extend(WEEK.iter().take(6));
    week.push(("su", "全天"));
    send(&mut desk, row.id, "", &week).await.is(303);
    assert_eq!(days_of(&app, row.id).await.len(), 3);
    let from = format!("/console/calendars/new?place=GY&copy={}", row.id);
    let page = desk.open(&from).await;
    page.is(200)
        .says("value=\"09:00-12:00 14:00-18:00\"")
        .says("00:00-24:00");
    let copy = row.id.to_string();
    let mut fields = vec![
        ("place", "GY"),
        ("name", "消防值班"),
        ("copy", copy.as_str()),
    ];
    fields.extend_from_slice(&WEEK);
    desk.send(&from, "/console/calendars/add", &fields)
        .await
        .is(303);
    let copied = named(&app, "消防值班").await;
    assert_eq!(days_of(&app, copied.id).await, days_of(&app, row.id).await);
    send(&mut desk, copied.id, "/remove", &[]).await.is(303);
    desk.open(&format!("/console/calendars/{}?place=GY", copied.id))
        .await
        .is(404);
    assert!(
        !desk
            .open("/console/calendars")
            .await
            .body
            .contains("消防值班")
    );
}

#[tokio::test]
async fn what_cannot_be_is_said_beside_its_field() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    for (name, monday, field, words) in [
        ("", "9:00-12:00", "name", "请写日历名称"),
        ("值班", "9-12", "mo", "不是时段"),
        ("值班", "22:00-02:00", "mo", "跨夜"),
        ("值班", "9:00-12:00 11:00-13:00", "mo", "重叠"),
        ("值班", "<script>alert(1)</script>", "mo", "不是时段"),
    ] {
        let page = make(&mut desk, name, &[("mo", monday)]).await;
        page.is(422)
            .says(words)
            .says(&format!("id=\"{field}-wrong\""));
        let shown = monday.replace('<', "&#60;").replace('>', "&#62;");
        page.says(&format!("value=\"{shown}\""));
        assert!(!page.body.contains("<script>alert"));
    }
    make(&mut desk, "值班", &[])
        .await
        .is(422)
        .says("至少要有一段");
    make(&mut desk, "<b>值班</b>", &WEEK).await.is(303);
    let id = named(&app, "<b>值班</b>").await.id;
    let list = desk.open("/console/calendars").await;
    list.says("&#60;b&#62;值班");
    assert!(!list.body.contains("<b>值班"));
    make(&mut desk, "<b>值班</b>", &WEEK)
        .await
        .is(422)
        .says("已有同名");
    for (fields, field, words) in [
        (vec![("from", "2027-02-29")], "from", "真有的日期"),
        (vec![("from", "昨天")], "from", "真有的日期"),
        (
            vec![("from", "2027-02-10"), ("to", "2027-02-08")],
            "to",
            "比开始的早",
        ),
        (
            vec![("from", "2027-01-01"), ("to", "2027-12-31")],
            "to",
            "请分几次",
        ),
        (
            vec![("from", "2027-02-10"), ("open", "9-10")],
            "open",
            "不是时段",
        ),
    ] {
        let page = send(&mut desk, id, "/days", &fields).await;
        page.is(422)
            .says(words)
            .says(&format!("id=\"{field}-wrong\""));
        page.says(&format!("value=\"{}\"", fields[0].1));
    }
    assert!(days_of(&app, id).await.is_empty());
    // An old page is told, and its form sent again from the page that came back does it.
    let old = desk
        .open(&format!("/console/calendars/{id}?place=GY"))
        .await;
    send(&mut desk, id, "/days", &[("from", "2028-02-29")])
        .await
        .is(303);
    let version = old.hidden("version");
    let typed = [
        ("place", "GY"),
        ("version", version.as_str()),
        ("from", "2027-05-01"),
    ];
    let to = format!("/console/calendars/{id}/days");
    let page = desk.send_with(&old.hidden("csrf"), &to, &typed).await;
    page.is(409)
        .says("刚刚被别人改过")
        .says("value=\"2027-05-01\"");
    assert_eq!(days_of(&app, id).await.len(), 1);
    let version = page.hidden("version");
    let typed = [
        ("place", "GY"),
        ("version", version.as_str()),
        ("from", "2027-05-01"),
    ];
    desk.send_with(&old.hidden("csrf"), &to, &typed)
        .await
        .is(303);
}

#[tokio::test]
async fn calendars_are_for_those_who_set_clocks_and_stay_with_their_place() {
    let app = TestApp::start().await;
    let mut chair = Desk::of(&app, "卫东").await;
    make(&mut chair, "物业值班", &WEEK).await.is(303);
    let own = named(&app, "物业值班").await.id;
    let shared = named(&app, "办公时间").await.id;
    let mut manager = Desk::of(&app, "沈立").await;
    let page = manager
        .open(&format!("/console/calendars/{own}?place=GY"))
        .await;
    page.is(200).says("这里只能看");
    manager
        .open("/console/calendars/new?place=GY")
        .await
        .is(403);
    make_as(&mut manager, "GY").await.is(403);
    for to in [
        format!("/{own}"),
        format!("/{own}/days"),
        format!("/{own}/remove"),
    ] {
        let fields = [
            ("place", "GY"),
            ("version", "1"),
            ("name", "x"),
            ("mo", "全天"),
            ("from", "2027-01-01"),
        ];
        let to = format!("/console/calendars{to}");
        manager.send("/console/account", &to, &fields).await.is(403);
        let mut neighbour = Desk::of(&app, "杨光").await;
        neighbour
            .send("/console/account", &to, &fields)
            .await
            .is(404);
    }
    make_as(&mut chair, "LY").await.is(404);
    // What all share is nobody's to change.
    let page = chair
        .open(&format!("/console/calendars/{shared}?place=GY"))
        .await;
    page.is(200).says("系统自带").says("复制成新日历");
    let fields = [("place", "GY"), ("version", "1")];
    let to = format!("/console/calendars/{shared}/remove");
    chair.send("/console/account", &to, &fields).await.is(404);
    // One that a policy names is kept.
    let id = own.to_string();
    let policy = [
        ("place", "GY"),
        ("grade", "ordinary"),
        ("accept_minutes", "5"),
        ("finish_minutes", "30"),
        ("calendar", id.as_str()),
    ];
    chair
        .send("/console/account", "/console/policies/set", &policy)
        .await
        .is(303);
    let page = send(&mut chair, own, "/remove", &[]).await;
    page.is(409).says("还有时限在用这个日历");
    chair
        .open("/console/policies?place=GY")
        .await
        .says("物业值班");
}

async fn make_as(desk: &mut Desk<'_>, place: &str) -> Page {
    let fields = [("place", place), ("name", "值班"), ("mo", "全天")];
    desk.send("/console/account", "/console/calendars/add", &fields)
        .await
}

#[tokio::test]
async fn the_preview_counts_over_lunch_midnight_holidays_and_a_leap_day() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    let office = named(&app, "办公时间").await.id;
    for (at, accept, finish) in [
        // Over lunch.
        ("2026-11-30T11:58", "11月30日 14:03", "11月30日 14:28"),
        // Over the night, and over a weekend.
        ("2026-11-30T17:58", "12月1日 09:03", "12月1日 09:28"),
        ("2026-11-27T17:58", "11月30日 09:03", "11月30日 09:28"),
        // 国庆, and a Saturday that is worked for it.
        ("2026-09-30T17:58", "10月8日 09:03", "10月8日 09:28"),
        ("2026-10-09T17:58", "10月10日 09:03", "10月10日 09:28"),
        // The 29th of February.
        ("2028-02-28T17:58", "2月29日 09:03", "2月29日 09:28"),
        ("2027-02-28T12:00", "3月1日 09:05", "3月1日 09:30"),
    ] {
        let page = desk
            .open(&format!("/console/calendars/{office}?place=GY&at={at}"))
            .await;
        page.is(200)
            .says(&format!("普通：5分钟内接单 → {accept}"))
            .says(&format!("普通：30分钟内办结 → {finish}"))
            .says(&format!("value=\"{at}\""));
    }
    let page = desk
        .open(&format!(
            "/console/calendars/{office}?place=GY&at=2026-02-30T10:00"
        ))
        .await;
    page.says("id=\"at-wrong\"");
    for year in ["1", "99999", "x", "-1"] {
        desk.open(&format!("/console/calendars/{office}?place=GY&year={year}"))
            .await
            .is(200);
    }
}

#[tokio::test]
async fn a_case_filed_before_a_leap_day_is_due_on_it_and_after_a_day_off_later() {
    let app = TestApp::start().await;
    // 28 February 2028, 19:58 in China.
    let day = NaiveDate::from_ymd_opt(2028, 2, 28).unwrap();
    let evening = begin_of(day) + chrono::TimeDelta::minutes(19 * 60 + 58);
    app.clock.advance(evening - app.now());
    let mut desk = Desk::of(&app, "卫东").await;
    let week: Vec<(&str, &str)> = WEEK.iter().map(|(day, _)| (*day, "08:00-20:00")).collect();
    make(&mut desk, "白天", &week).await.is(303);
    let id = named(&app, "白天").await.id;
    let calendar = id.to_string();
    let policy = [
        ("place", "GY"),
        ("grade", "ordinary"),
        ("accept_minutes", "5"),
        ("finish_minutes", "30"),
        ("calendar", calendar.as_str()),
    ];
    desk.send("/console/account", "/console/policies/set", &policy)
        .await
        .is(303);
    let resident = app.resident("张秀英").await;
    resident.says("报修 家里水管爆了").await;
    let first = resident.case().await;
    let due = |case: &entity::case::Model| {
        let due = china(case.accept_due_at.unwrap());
        due.format("%Y-%m-%d %H").to_string()
    };
    assert_eq!(due(&first), "2028-02-29 08");
    // The leap day becomes a day off: what was promised stays, the next one is due in March.
    send(&mut desk, id, "/days", &[("from", "2028-02-29")])
        .await
        .is(303);
    assert_eq!(due(&app.case(first.id).await), "2028-02-29 08");
    resident.says("投诉 楼道堆杂物").await;
    assert_eq!(due(&resident.case().await), "2028-03-01 08");
    // Over midnight nobody is late, though hours have passed.
    app.advance(5 * 60).await;
    app.drain().await;
    assert!(!app.case(first.id).await.accept_late);
}
