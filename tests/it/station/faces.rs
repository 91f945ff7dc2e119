//! The console from a new station to its last form, the board, and what an erasure leaves.

use entity::kinds::{BookingState, LoanState};
use entity::{station_booking, station_loan, station_service, station_thing};
use sea_orm::EntityTrait;

use super::{ALWAYS, at, booking, loans, monday, room, station, thing};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_opens_a_station_and_keeps_it() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, "卫东").await;
    let from = "/console/stations";
    let fields = [
        ("place", "GY"),
        ("name", "红色<b>驿站"),
        ("spot", "1栋一楼大厅"),
        ("hours", "每天全天"),
        ("facilities", "热水、充电，便民维修箱"),
    ];
    let mut wrong = fields;
    wrong[3] = ("hours", "周八");
    let page = desk.send(from, &format!("{from}/add"), &wrong).await;
    page.is(422)
        .says("周八")
        .says("aria-invalid")
        .says("热水、充电");
    desk.send(from, &format!("{from}/add"), &fields)
        .await
        .is(303);
    let row = station::Entity::find().one(app.store.read()).await;
    let id = row.unwrap().unwrap().id;
    let one = format!("{from}/{id}");
    let page = desk.open(&one).await;
    page.is(200)
        .says("热水、充电、便民维修箱")
        .says("红色&#60;b&#62;");
    // Who keeps none reads who does.
    let mut steward = Desk::of(&app, "孙梅").await;
    let page = steward.open(from).await;
    page.is(200).says("管，请找他们");
    assert!(!page.body.contains("还没有驿站"), "{}", page.body);
    let act = |act: &str| format!("{one}/do/{act}");
    for (name, fields) in [
        ("visits", vec![("visits", "5")]),
        (
            "thing",
            vec![
                ("code", "伞-01"),
                ("thing", "雨伞"),
                ("quantity", "２"),
                ("days", "3"),
            ],
        ),
        ("room", vec![("room", "议事厅"), ("seats", "20")]),
        ("service", vec![("window", "1号窗口"), ("service", "咨询")]),
        ("day", vec![("day", "2027-02-06"), ("open", "")]),
    ] {
        desk.send(&one, &act(name), &fields).await.is(303);
    }
    let page = desk.open(&one).await;
    page.says("来访 5 人次")
        .says("2027-02-06：关门")
        .says("伞-01");
    let twice = desk
        .send(
            &one,
            &act("thing"),
            &[
                ("code", "伞-01"),
                ("thing", "雨伞"),
                ("quantity", "1"),
                ("days", "3"),
            ],
        )
        .await;
    twice.is(422).says("这个编号已经有了");
    let umbrella = station_thing::Entity::find().one(app.store.read()).await;
    let umbrella = umbrella.unwrap().unwrap().id.to_string();

    let lending = format!("{one}/lending");
    let nobody = [("thing_id", umbrella.as_str()), ("who", "9-9-999 王五")];
    let page = desk.send(&lending, &act("lend"), &nobody).await;
    page.is(404).says("没有找到这位居民");
    let lend = [("thing_id", umbrella.as_str()), ("who", "1-1-101 张秀英")];
    desk.send(&lending, &act("lend"), &lend).await.is(303);
    zhang.expects_push("已借出").await;
    let loan = loans(&app).await[0].id.to_string();
    desk.open(&lending).await.says("张秀英").says("伞-01 雨伞");
    let gone = [
        ("loan_id", loan.as_str()),
        ("note", "伞骨断了"),
        ("outcome", "damaged"),
    ];
    desk.send(&lending, &act("loan-gone"), &gone).await.is(303);
    desk.send(&lending, &act("loan-gone"), &gone).await.is(409);
    zhang.expects_push("伞骨断了").await;

    let windows = format!("{one}/windows");
    let service = station_service::Entity::find().one(app.store.read()).await;
    let service = service.unwrap().unwrap().id.to_string();
    let tap = [("service_id", service.as_str())];
    desk.send(&windows, &act("tap"), &tap).await.is(303);
    desk.open(&windows).await.says("记多了，减1");
    desk.send(&windows, &act("deposit"), &[("thing", "一袋米")])
        .await
        .is(303);
    desk.open(&windows).await.says("一袋米");
    // What lies there keeps the station open.
    desk.send(&one, &act("remove"), &[]).await.is(409);
    // Whoever may not has no page; next door there is nothing.
    let mut staff = Desk::of(&app, "冯涛").await;
    staff.open(from).await.is(403);
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open(&one).await.is(404);
    next_door.send(from, &act("tap"), &tap).await.is(404);
    // Who keeps it does not set it up.
    let mut keeper = Desk::of(&app, "蒋平").await;
    keeper
        .send(&one, &act("room"), &[("room", "活动室"), ("seats", "9")])
        .await
        .is(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_books_officially_and_the_board_says_what_is_free() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let hall = room(&app, &row, "议事厅").await.to_string();
    let html = app.board("GY").await;
    for words in [
        "红色驿站",
        "1栋一楼大厅",
        "本月来访 <b>0</b> 人次",
        "个，共 1 个",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let mut desk = Desk::of(&app, "蒋平").await;
    let rooms = format!("/console/stations/{}/rooms", row.id);
    let act = |act: &str| format!("/console/stations/{}/do/{act}", row.id);
    let day = monday(&app);
    let (from, to) = (format!("{day}T08:00"), format!("{day}T12:00"));
    let mut fields = [
        ("room_id", hall.as_str()),
        ("from", from.as_str()),
        ("to", to.as_str()),
        ("purpose", "业主大会"),
    ];
    desk.send(&rooms, &act("book"), &fields).await.is(303);
    desk.send(&rooms, &act("book"), &fields)
        .await
        .is(409)
        .says("已有公务预订");
    fields[1].1 = "gestern";
    desk.send(&rooms, &act("book"), &fields).await.is(422);
    desk.open(&rooms)
        .await
        .says("业主大会")
        .says("蒋平")
        .says("（公务）");
    let html = app.board("GY").await;
    assert!(!html.contains("业主大会"), "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_waits_for_what_is_out_and_then_leaves_no_name() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let spade = thing(&app, &row, "铁锹", 1).await;
    let hall = room(&app, &row, "议事厅").await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    zhang.says(&format!("借用 {spade}")).await;
    let from = at(monday(&app), 9);
    let body = booking(from, from + chrono::TimeDelta::hours(1));
    let api = app.api(&zhang).await;
    let path = format!("/stations/rooms/{hall}/bookings");
    assert_eq!(api.post(&path, &body).await.status, 201);
    let id = loans(&app).await[0].id;
    let person = zhang.account().await.person_id.unwrap();
    let waits = zhang.says("注销").await;
    assert!(waits.contains("还借着驿站的1件东西"), "{waits}");
    jiang.says(&format!("借物损坏 {id} 木柄断了")).await;
    app.drain().await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    let loan = station_loan::Entity::find_by_id(id).one(app.store.read());
    let loan = loan.await.unwrap().unwrap();
    assert_ne!(loan.borrower_id, person);
    assert_eq!((loan.state, loan.note), (LoanState::Damaged, None));
    let booked = station_booking::Entity::find().one(app.store.read()).await;
    let booked = booked.unwrap().unwrap();
    assert_ne!(booked.booker_id, person);
    assert_eq!(
        (booked.state, booked.purpose),
        (BookingState::Cancelled, None)
    );
}
