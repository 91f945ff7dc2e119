//! The other faces: the console from the draft to the door, the page and the calendar file for everybody, the board, and
//! what an erasure leaves.

use entity::attachment;
use entity::life::{ActivityState, SignupState};
use linli::activity::link;
use linli::base::clock::china;
use linli::reminder::schedule;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use super::{activity, adds_up, open, signups, starts};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;
use crate::harness::pictures::jpeg;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_makes_changes_closes_and_calls_off() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, "卫东").await;
    let at = starts(&app);
    let field = |hours: i64| {
        china(at + chrono::TimeDelta::hours(hours))
            .format("%Y-%m-%dT%H:%M")
            .to_string()
    };
    let (from, until) = (field(0), field(2));
    let new = "/console/activities/new";
    let fields = |title: &'static str, places: &'static str| {
        vec![
            ("place", "GY"),
            ("title", title),
            ("kind", "festival"),
            ("venue", "中心花园"),
            ("places", places),
            ("text", "一起来"),
        ]
    };
    let mut wrong = fields("邻", "很多");
    wrong.extend([("starts_at", from.as_str()), ("ends_at", until.as_str())]);
    let page = desk.send(new, new, &wrong).await;
    page.is(422)
        .says("名额请写数字")
        .says("aria-invalid")
        .says("一起来");
    let mut good = fields("<b>邻里节</b>", "2");
    good.extend([("starts_at", from.as_str()), ("ends_at", until.as_str())]);
    let made = desk.send(new, new, &good).await;
    made.is(303);
    let found = activity::Entity::find().one(app.store.read()).await;
    let id = found.unwrap().unwrap().id;
    let one = format!("/console/activities/{id}");
    let page = desk.open(&one).await;
    page.is(200).says("草稿").says("&#60;b&#62;邻里节");
    let door = format!("{one}/door");
    desk.open(&door).await.is(404);
    desk.send(&one, &format!("{one}/open"), &[]).await.is(303);
    desk.open(&one).await.says(&door);
    // A sheet of its own: title, time, place and code.
    desk.open(&door)
        .await
        .is(200)
        .says("<svg")
        .says("中心花园")
        .says("&#60;b&#62;邻里节")
        .says("微信扫一扫，签到");
    zhang.says(&format!("报名 {id}")).await;
    desk.open("/console/activities")
        .await
        .is(200)
        .says("进行中 1")
        .says("1/2 人");
    desk.open(&one)
        .await
        .says("张秀英")
        .says("<svg")
        .says("大家看到的页面");
    let mut other = fields("邻里节", "1");
    other.extend([
        ("starts_at", from.as_str()),
        ("ends_at", until.as_str()),
        ("closes_at", from.as_str()),
    ]);
    desk.send(&one, &format!("{one}/change"), &other)
        .await
        .is(303);
    assert_eq!(activity(&app, id).await.places, Some(1));
    app.drain().await;
    assert!(
        !zhang.pushes().iter().any(|text| text.contains("有变动")),
        "words alone are no news"
    );
    desk.send(&one, &format!("{one}/close"), &[]).await.is(303);
    desk.send(&one, &format!("{one}/close"), &[])
        .await
        .is(409)
        .says("不能这样操作");
    desk.send(&one, &format!("{one}/reopen"), &[]).await.is(303);
    let csrf = desk.open(&one).await.hidden("csrf");
    let none = desk
        .send_files(&format!("{one}/photos"), &[("csrf", &csrf)], &[])
        .await;
    none.is(422).says("请选1到9张照片");
    let photo = ("photos", "a.jpg", jpeg(6));
    desk.send_files(&format!("{one}/photos"), &[("csrf", &csrf)], &[photo])
        .await
        .is(303);
    let empty = desk
        .send(&one, &format!("{one}/cancel"), &[("reason", " ")])
        .await;
    empty.is(422).says("请写清楚").says("aria-invalid");
    desk.send(&one, &format!("{one}/cancel"), &[("reason", "下雨了")])
        .await
        .is(303);
    zhang.expects_push("下雨了").await;
    assert_eq!(activity(&app, id).await.state, ActivityState::Cancelled);
    // Whoever may not has no page; next door there is nothing.
    let mut staff = Desk::of(&app, "蒋平").await;
    staff.open("/console/activities").await.is(403);
    staff.open(&one).await.is(403);
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open(&one).await.is(404);
    drop(chair);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_with_the_link_reads_it_and_takes_it_into_the_calendar() {
    let app = TestApp::start().await;
    let house = &app.instances[0].app;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let id = open(&chair, Some(3)).await;
    zhang.says(&format!("报名 {id}")).await;
    let mut browser = Browser::new();
    let address = format!("{}{}", app.url(), link::public_path(house, id));
    let page = browser.open(&address).await;
    page.is(200)
        .says("周六义诊")
        .says("还剩2个名额")
        .says("加到手机日历");
    assert!(!page.body.contains("张秀英"), "{}", page.body);
    let file = browser.open(&format!("{address}.ics")).await;
    file.is(200)
        .says("BEGIN:VEVENT\r\n")
        .says("SUMMARY:周六义诊")
        .says("STATUS:CONFIRMED");
    assert_eq!(file.headers["content-type"], "text/calendar; charset=utf-8");
    for wrong in [
        format!("/activity/{id}.AAAA"),
        format!("/activity/{id}"),
        "/activity/x.ics".to_owned(),
    ] {
        browser.open(&format!("{}{wrong}", app.url())).await.is(404);
    }
    let board = browser.open(&format!("{}/board/GY", app.url())).await;
    board.says("近期活动").says("周六义诊").says("还剩2个名额");
    assert!(
        !browser
            .open(&format!("{}/board/LY", app.url()))
            .await
            .body
            .contains("近期活动")
    );
    chair.says(&format!("取消活动 {id} 下雨了")).await;
    browser
        .open(&format!("{address}.ics"))
        .await
        .says("STATUS:CANCELLED");
    browser.open(&address).await.says("这个活动取消了");
    assert!(
        !browser
            .open(&format!("{}/board/GY", app.url()))
            .await
            .body
            .contains("周六义诊")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_gives_the_place_to_whoever_waits() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let id = open(&chair, Some(1)).await;
    zhang.says(&format!("报名 {id}")).await;
    li.says(&format!("报名 {id}")).await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    li.expects_push("轮到您了").await;
    adds_up(&app, id).await;
    let taken = signups(&app, id, SignupState::Taken).await;
    assert_eq!(
        (taken.len(), taken[0].person_id),
        (1, li.account().await.person_id)
    );
    let left = signups(&app, id, SignupState::Left).await;
    assert_eq!((left.len(), left[0].person_id), (1, None));
}

#[tokio::test]
async fn what_is_over_long_ago_says_no_longer_who_came() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let id = open(&chair, Some(5)).await;
    // One alone is to come: one word is enough.
    let joined = zhang.says("报名").await;
    assert!(joined.contains("报名成功"), "{joined}");
    let ends = activity(&app, id).await.ends_at;
    super::until(&app, ends).await;
    let work = &linli::privacy::remind::WORKS[0];
    for (days, gone) in [(700, false), (40, true)] {
        app.clock.advance(chrono::TimeDelta::days(days));
        assert!(
            schedule::run_slot(&app.store, work, app.now())
                .await
                .unwrap()
        );
        app.drain().await;
        let look = async || {
            let rows = signups(&app, id, SignupState::Taken).await;
            (rows.len() == 1 && rows[0].person_id.is_none() == gone).then_some(())
        };
        crate::harness::until("the sign-up is let go", 15, look).await;
    }
    let row = activity(&app, id).await;
    assert_eq!(
        (row.state, row.taken),
        (ActivityState::Held, 1),
        "it still counts"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_board_each_that_was_held_has_its_own_photos() {
    let app = TestApp::start().await;
    let house = &app.instances[0].app;
    let chair = app.staff("卫东").await;
    let (first, second) = (open(&chair, None).await, open(&chair, None).await);
    let bare = open(&chair, None).await;
    let over = activity(&app, bare).await.ends_at;
    super::until(&app, over).await;
    for (id, photos) in [(first, 2), (second, 1)] {
        for red in 0..photos {
            chair.sends_photo(jpeg(40 * red)).await;
        }
        let given = chair.says(&format!("活动照片 {id}")).await;
        let told = format!("{photos}张照片已加到");
        assert!(given.contains(&told), "{given}");
    }
    app.drain().await;
    let mut browser = Browser::new();
    let board = browser.open(&format!("{}/board/GY", app.url())).await;
    let shown = |id: i64| {
        let link = link::public_path(house, id);
        let behind = board.body.split_once(&link);
        let (_, behind) = behind.unwrap_or_else(|| panic!("{id}: {}", board.body));
        let (own, _) = behind.split_once("</li>").unwrap();
        let photo = regex::Regex::new(r"/files/(\d+)/small/").unwrap();
        let keys = photo.captures_iter(own).map(|hit| hit[1].parse().unwrap());
        keys.collect::<Vec<i64>>()
    };
    for (id, many) in [(first, 2), (second, 1), (bare, 0)] {
        let own = attachment::Entity::find()
            .filter(attachment::COLUMN.subject.eq(format!("activity:{id}")))
            .order_by_asc(attachment::COLUMN.id)
            .all(app.store.read())
            .await
            .unwrap();
        let keys: Vec<i64> = own.iter().map(|row| row.id).collect();
        assert_eq!((keys.len(), shown(id)), (many, keys), "{id}");
    }
}
