//! Rooms: booked by digits, by one of many at once, in opening hours and in measure; cancelled, displaced with
//! a word, missed.

use chrono::TimeDelta;
use entity::kinds::BookingState;
use entity::station_booking;
use linli::base::clock::begin_of;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;

use super::{ALWAYS, at, booking, monday, room, station};
use crate::harness::app::TestApp;

async fn bookings(app: &TestApp) -> Vec<station_booking::Model> {
    let all = station_booking::Entity::find().order_by_asc(station_booking::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_booked_by_digits_or_in_one_line_and_given_back() {
    let app = TestApp::start().await;
    let row = station(&app, "Mo-Su 08:00-20:00").await;
    let hall = room(&app, &row, "议事厅").await;
    let zhang = app.resident("张秀英").await;
    let rooms = zhang.says("订房间").await;
    assert!(rooms.contains("1 议事厅（红色驿站，20人）"), "{rooms}");
    let days = zhang.says("1").await;
    assert!(days.contains("哪一天"), "{days}");
    // Not today, which may be over.
    let starts = zhang.says("3").await;
    assert!(starts.contains("1 08:00  2 08:30"), "{starts}");
    let ends = zhang.says("2").await;
    assert!(ends.contains("4 到10:30"), "{ends}");
    let booked = zhang.says("4").await;
    assert!(
        booked.contains("订好了") && booked.contains("08:30-10:30"),
        "{booked}"
    );
    let id = bookings(&app).await[0].id;
    let mine = zhang.says("我的驿站").await;
    assert!(mine.contains(&format!("取消预订 #{id}")), "{mine}");
    let gone = zhang.says("1").await;
    assert!(gone.contains("已取消"), "{gone}");
    assert_eq!(bookings(&app).await[0].state, BookingState::Cancelled);
    // In one line, with what for; and what is no time is asked for again.
    let day = monday(&app);
    let line = format!("订房间 {hall} {day} 下午2点到4点 读书会");
    let booked = zhang.says(&line).await;
    assert!(booked.contains("14:00-16:00"), "{booked}");
    assert_eq!(bookings(&app).await[1].purpose.as_deref(), Some("读书会"));
    let odd = zhang.says(&format!("订房间 {hall} 随便")).await;
    assert!(odd.contains("没看懂时间"), "{odd}");
    let late = zhang.says(&format!("{day} 6:00-7:00")).await;
    assert!(late.contains("08:00-20:00"), "{late}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_who_want_overlapping_times_on_two_instances_one_has_them() {
    let plan = TestApp::plan().instances(2);
    let app = plan.set("STATIONS__BOOKINGS_PER_WEEK", "9").start().await;
    let row = station(&app, ALWAYS).await;
    let hall = room(&app, &row, "议事厅").await;
    let names = ["张秀英", "李建国", "王芳", "陈伟", "刘洋", "赵敏"];
    let mut apis = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let person = app.resident(name).await;
        let api = app.api(&person).await;
        apis.push(match at % 2 {
            0 => api,
            _ => api.at(&format!("http://{}", app.instances[1].address)),
        });
    }
    let path = format!("/stations/rooms/{hall}/bookings");
    let begin = at(monday(&app), 14);
    // Each is half an hour later than the one before and two hours long: each meets the three behind it.
    let bodies: Vec<_> = (0..6)
        .map(|at| {
            let from = begin + TimeDelta::minutes(30 * (at % 3));
            booking(from, from + TimeDelta::hours(2))
        })
        .collect();
    let calls = apis
        .iter()
        .zip(&bodies)
        .map(|(api, body)| api.post(&path, body));
    let answers = futures_util::future::join_all(calls).await;
    let got = answers.iter().filter(|one| one.status == 201).count();
    let late = answers.iter().filter(|one| one.json["code"] == "conflict");
    assert_eq!((got, late.count()), (1, 5), "{answers:?}");
    assert_eq!(bookings(&app).await.len(), 1);
    // What only touches it fits.
    let held = &bookings(&app).await[0];
    let next = booking(held.to_at, held.to_at + TimeDelta::hours(1));
    let before = booking(held.from_at - TimeDelta::hours(1), held.from_at);
    for body in [next, before] {
        let answer = apis[0].post(&path, &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_too_late_sees_by_a_digit_what_is_left_of_the_day() {
    let app = TestApp::start().await;
    let row = station(&app, "Mo-Su 08:00-20:00").await;
    let hall = room(&app, &row, "议事厅").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let day = monday(&app);
    let ends = zhang.says(&format!("订房间 {hall} {day} 9:00")).await;
    assert!(ends.contains("2 到10:00"), "{ends}");
    // A neighbour is quicker.
    let api = app.api(&li).await;
    let path = format!("/stations/rooms/{hall}/bookings");
    let taken = api.post(&path, &booking(at(day, 9), at(day, 10))).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    let late = zhang.says("2").await;
    assert!(
        late.contains("已经有人订了") && late.contains("回复 1 看那天空的时间"),
        "{late}"
    );
    assert_eq!(bookings(&app).await.len(), 1);
    let left = zhang.says("1").await;
    assert!(
        left.contains("1 08:00  2 08:30  3 10:00") && !left.contains(" 09:"),
        "{left}"
    );
    zhang.says("3").await;
    let booked = zhang.says("1").await;
    assert!(
        booked.contains("订好了") && booked.contains("10:00-10:30"),
        "{booked}"
    );
    assert_eq!(bookings(&app).await.len(), 2);
    // In one line it is the same.
    let late = li
        .says(&format!("订房间 {hall} {day} 10:00-10:30 下棋"))
        .await;
    assert!(late.contains("回复 1 看那天空的时间"), "{late}");
    let left = li.says("1").await;
    assert!(left.contains("3 10:30"), "{left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_far_long_odd_and_closed_times_are_refused_and_a_week_has_two() {
    let app = TestApp::start().await;
    let row = station(&app, "Mo-Su 08:00-20:00").await;
    let hall = room(&app, &row, "议事厅").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&zhang).await;
    let path = format!("/stations/rooms/{hall}/bookings");
    let day = monday(&app);
    let (half, hour) = (TimeDelta::minutes(30), TimeDelta::hours(1));
    let yesterday = at(day, 14) - TimeDelta::days(14);
    for (from, to, says) in [
        (yesterday, yesterday + hour, "已经过了"),
        (at(day, 14), at(day, 14), "晚于开始"),
        (at(day, 14), at(day, 13), "晚于开始"),
        (at(day, 14), at(day, 17), "最多订2小时"),
        (at(day, 6), at(day, 7), "开门时间"),
        (at(day, 19) + half, at(day, 20) + half, "开门时间"),
        (at(day, 14) + half / 2, at(day, 15), "整点或半点"),
        (
            at(day, 14) + TimeDelta::days(21),
            at(day, 15) + TimeDelta::days(21),
            "最多提前14天",
        ),
    ] {
        let answer = api.post(&path, &booking(from, to)).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        let detail = answer.json["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{says}: {detail}");
    }
    for body in [
        json!({}),
        json!({ "from": "morgen", "to": "bald" }),
        json!({ "from": at(day, 9).to_rfc3339(), "to": at(day, 10).to_rfc3339(), "purpose": "打13800000101" }),
    ] {
        let answer = api.post(&path, &body).await;
        assert!((400..500).contains(&answer.status), "{body}: {answer:?}");
    }
    for (day, status) in [(0, 201), (1, 201), (2, 409)] {
        let from = at(monday(&app), 9) + TimeDelta::days(day);
        let answer = api.post(&path, &booking(from, from + hour)).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let free = api
        .get(&format!("/stations/rooms/{hall}/free?day={day}"))
        .await;
    let starts = free.json["starts"].as_array().unwrap();
    assert_eq!(starts.len(), 22, "{free:?}");
    let odd = api
        .get(&format!("/stations/rooms/{hall}/free?day=morgen"))
        .await;
    assert_eq!(odd.status, 422);
    // Next door there is no such room.
    let han = app.resident("韩梅").await;
    let other = app.api(&han).await;
    let from = at(day, 11);
    let answer = other.post(&path, &booking(from, from + hour)).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_official_booking_displaces_with_a_word_and_no_other_official_one() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let hall = room(&app, &row, "议事厅").await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    let wei = app.staff("卫东").await;
    let (own, keeper) = (app.api(&zhang).await, app.api(&jiang).await);
    let path = format!("/stations/rooms/{hall}/bookings");
    let (from, to) = (at(monday(&app), 14), at(monday(&app), 16));
    assert_eq!(own.post(&path, &booking(from, to)).await.status, 201);
    let mut body = booking(from - TimeDelta::hours(1), to + TimeDelta::hours(3));
    body["official"] = json!(true);
    body["purpose"] = json!("业主大会");
    let refused = own.post(&path, &body).await;
    assert_eq!(refused.status, 404, "residents have no official ones");
    let taken = keeper.post(&path, &body).await;
    assert_eq!((taken.status, &taken.json["official"]), (201, &json!(true)));
    zhang.expects_push("业主大会").await;
    let rows = bookings(&app).await;
    assert_eq!(rows[0].state, BookingState::Displaced);
    assert_eq!(rows[0].reason.as_deref(), Some("业主大会"));
    let second = app.api(&wei).await.post(&path, &body).await;
    assert_eq!(second.json["code"], "conflict", "{second:?}");
    // It does not count among the week's two any more, and what is not theirs is not there.
    let id = rows[1].id;
    let cancel = format!("/stations/bookings/{id}/cancel");
    let answer = own.post(&cancel, &json!({ "reason": "不行" })).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let list = own.get("/stations/bookings").await;
    assert_eq!(list.json["items"][0]["state"], "displaced", "{list:?}");
    assert_eq!(list.json["items"][0]["booker"], json!(null));
    let list = keeper
        .get(&format!("/stations/bookings?station={}", row.id))
        .await;
    assert_eq!(list.json["items"][1]["booker"], "张秀英", "{list:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_is_called_to_mind_missed_once_it_has_begun_and_cancelled_with_a_reason() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let hall = room(&app, &row, "议事厅").await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    let (own, keeper) = (app.api(&zhang).await, app.api(&jiang).await);
    let path = format!("/stations/rooms/{hall}/bookings");
    let from = at(monday(&app), 14);
    let hour = TimeDelta::hours(1);
    for from in [from, from + TimeDelta::days(1)] {
        assert_eq!(
            own.post(&path, &booking(from, from + hour)).await.status,
            201
        );
    }
    let [first, second] = [bookings(&app).await[0].id, bookings(&app).await[1].id];
    let absent = |id: i64| format!("/stations/bookings/{id}/absent");
    assert_eq!(keeper.post(&absent(first), &json!({})).await.status, 409);
    let without = keeper
        .post(&format!("/stations/bookings/{second}/cancel"), &json!({}))
        .await;
    assert_eq!(without.status, 422, "{without:?}");
    let off = keeper
        .post(
            &format!("/stations/bookings/{second}/cancel"),
            &json!({ "reason": "那天检修" }),
        )
        .await;
    assert_eq!(off.json["state"], "cancelled", "{off:?}");
    zhang.expects_push("那天检修").await;
    app.clock
        .advance(from - hour * 2 - TimeDelta::minutes(10) - app.now());
    // Who writes can be written to.
    zhang.says("菜单").await;
    app.advance(11).await;
    zhang.expects_push("快到时间了").await;
    app.clock.advance(hour * 2);
    let late = zhang.says(&format!("取消预订 {first}")).await;
    assert!(late.contains("已经开始"), "{late}");
    assert_eq!(own.post(&absent(first), &json!({})).await.status, 403);
    let noted = keeper.post(&absent(first), &json!({})).await;
    assert_eq!(noted.json["state"], "absent", "{noted:?}");
    assert_eq!(keeper.post(&absent(first), &json!({})).await.status, 409);
    // The last hour of a month lies in that month, and midnight is its end.
    let end = begin_of(monday(&app)) + TimeDelta::days(1);
    let answer = own.post(&path, &booking(end - hour, end)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}
