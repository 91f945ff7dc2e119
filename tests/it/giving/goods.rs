//! Goods: asked for by digits, read by staff before anybody else does, shown with thanks and their room, used piece
//! by piece; JSON with its keys; and to whom they do not exist.

use entity::donation;
use entity::kinds::{DonationKind, DonationState};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{CLERK, MANAGER, gift, gifts, history, number_in, sound, uses};
use crate::console::{Desk, on_record};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thing_for_a_shared_room_is_read_first_and_thanked_for_on_the_board() {
    let app = TestApp::start().await;
    let manager = app.staff(MANAGER).await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let list = zhang.says("捐物").await;
    assert!(list.contains("1 小区公益"), "{list}");
    let asked = zhang.says("1").await;
    assert!(asked.contains("请写下捐什么"), "{asked}");
    let asked = zhang.says("九成新空调，张秀英1-1-101捐").await;
    assert!(asked.contains("有几件"), "{asked}");
    let asked = zhang.says("2").await;
    assert!(asked.contains("放在小区哪个共享空间"), "{asked}");
    let asked = zhang.says("书画室").await;
    assert!(asked.contains("1 写“张**”"), "{asked}");
    let reply = zhang.says("1").await;
    let id = number_in(&reply);
    let row = gift(&app, id).await;
    assert_eq!((row.amount, row.room.as_deref()), (2, Some("书画室")));
    assert!(!app.board("GY/giving").await.contains("空调"));
    // To a neighbour it is not there.
    let none = li.says(&format!("我的捐赠 {id}")).await;
    assert!(none.contains("没有找到捐赠"), "{none}");
    manager.expects_push(&format!("收下捐物 {id}")).await;
    let list = manager.says("待收捐物").await;
    assert!(list.contains("1 #") && list.contains("空调"), "{list}");
    let one = manager.says("1").await;
    assert!(one.contains("1 收下捐物  2 谢绝捐物"), "{one}");
    let taken = manager.says("1").await;
    assert!(taken.contains("已收下"), "{taken}");
    zhang.expects_push("已收下").await;
    let html = app.board("GY/giving").await;
    assert!(
        html.contains("感谢张**捐了") && html.contains("书画室") && html.contains("2件"),
        "{html}"
    );
    for hidden in ["张秀英", "1-1-101"] {
        assert!(!html.contains(hidden), "{hidden}: {html}");
    }
    let twice = manager.says(&format!("收下捐物 {id}")).await;
    assert!(twice.contains("不能这样操作"), "{twice}");

    // One of two is used; then no more than one is left.
    let mut desk = Desk::of(&app, MANAGER).await;
    let path = "/console/giving/free";
    let number = id.to_string();
    for (pieces, mark, status) in [
        ("1", "mark01", 303),
        ("1", "mark01", 303),
        ("2", "mark02", 409),
    ] {
        let fields = [
            ("compound", "GY"),
            ("kind", "goods"),
            ("mark", mark),
            ("donation", &number),
            ("amount", pieces),
            ("what", "装在书画室"),
            ("day", "2020-01-02"),
        ];
        desk.send(path, &format!("{path}/use"), &fields)
            .await
            .is(status);
    }
    zhang.expects_push("装在书画室").await;
    assert_eq!((gift(&app, id).await.used, uses(&app).await.len()), (1, 1));
    assert!(
        app.board("GY/giving?drive=free")
            .await
            .contains(&format!("#{id} 1件"))
    );
    app.drain().await;
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mini_program_goes_the_same_way_once_for_each_key() {
    let app = TestApp::start().await;
    let manager = app.staff(MANAGER).await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let (donor, neighbour) = (app.api(&zhang).await, app.api(&li).await);
    let keeper = app.api(&manager).await;
    let body = json!({ "kind": "goods", "amount": 3, "goods": "旧书三本", "room": "阅览室" });
    let made = donor.post_once("/donations", "d-1", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let again = donor.post_once("/donations", "d-1", &body).await;
    assert_eq!((again.status, &again.json), (201, &made.json));
    assert_eq!(gifts(&app).await.len(), 1);
    let id = made.json["id"].as_str().unwrap().to_owned();
    let path = format!("/donations/{id}");
    assert_eq!(neighbour.get(&path).await.status, 404);
    for verb in ["withdraw", "receive", "decline"] {
        let body = json!({ "reason": "不要" });
        let answer = neighbour.post(&format!("{path}/{verb}"), &body).await;
        assert_eq!(answer.status, 404, "{verb}");
    }
    let list = keeper.get("/donations?list=waiting").await;
    assert_eq!(list.json["items"][0]["id"], json!(id), "{list:?}");
    assert_eq!(neighbour.get("/donations?list=waiting").await.status, 403);
    assert_eq!(neighbour.get("/donations?list=odd").await.status, 422);
    let why = json!({ "reason": " " });
    let empty = keeper.post(&format!("{path}/decline"), &why).await;
    assert_eq!(empty.status, 422, "{empty:?}");
    let why = json!({ "reason": "放不下了" });
    let declined = keeper.post(&format!("{path}/decline"), &why).await;
    assert_eq!(
        (declined.status, &declined.json["state"]),
        (200, &json!("declined"))
    );
    zhang.expects_push("放不下了").await;
    let number: i64 = id.parse().unwrap();
    assert_eq!(history(&app, number).await, ["pledged", "declined"]);
    let late = donor.post(&format!("{path}/withdraw"), &json!({})).await;
    assert_eq!(late.status, 409, "{late:?}");
    assert_eq!(gift(&app, number).await.state, DonationState::Declined);

    // Drives, too.
    let drive =
        json!({ "compound": "GY", "title": "添冬衣", "text": "买棉被", "from": "2026-11-01" });
    assert_eq!(neighbour.post("/drives", &drive).await.status, 404);
    let made = keeper.post_once("/drives", "v-1", &drive).await;
    assert_eq!((made.status, &made.json["state"]), (201, &json!("draft")));
    let drive = format!("/drives/{}", made.json["id"].as_str().unwrap());
    assert_eq!(neighbour.get(&drive).await.status, 404, "a draft");
    let opened = keeper.post(&format!("{drive}/open"), &json!({})).await;
    assert_eq!(
        (opened.status, &opened.json["state"]),
        (200, &json!("open"))
    );
    assert_eq!(neighbour.get(&drive).await.json["title"], "添冬衣");
    let twice = keeper.post(&format!("{drive}/open"), &json!({})).await;
    assert_eq!(twice.status, 409, "{twice:?}");
    let list = neighbour.get("/drives?limit=1").await;
    assert_eq!(list.json["items"][0]["state"], "open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_form_with_anything_else_in_it_is_refused_and_writes_nothing() {
    let app = TestApp::start().await;
    let manager = app.staff(MANAGER).await;
    let zhang = app.resident("张秀英").await;
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let id = number_in(&zhang.says("捐物 不限 旧书 × 9 放 阅览室 公开").await);
        manager.says(&format!("收下捐物 {id}")).await;
        numbers.push(id.to_string());
    }
    let mut desk = Desk::of(&app, MANAGER).await;
    let path = "/console/giving/free";
    for (donation, what, day, status) in [
        (&numbers[0], "放在阅览室", "2020-01-02", 303),
        (&numbers[0], "放在阅览室", "2020-01-02", 303),
        (&numbers[1], "放在阅览室", "2020-01-02", 409),
        (&numbers[0], "送给小学", "2020-01-02", 409),
        (&numbers[0], "放在阅览室", "2020-01-03", 409),
    ] {
        let fields = [
            ("compound", "GY"),
            ("kind", "goods"),
            ("mark", "mark11"),
            ("donation", donation),
            ("amount", "3"),
            ("what", what),
            ("day", day),
        ];
        let page = desk.send(path, &format!("{path}/use"), &fields).await;
        page.is(status);
        if status == 409 {
            page.says("这张表已经交过了");
        }
    }
    assert_eq!(uses(&app).await.len(), 1);
    sound(&app).await;
}

/// Goods that wait in a compound, of nobody we know.
async fn waits(app: &TestApp, code: &str, count: usize) {
    let compound = app.place(code).await.id;
    let rows = (0..count).map(|at| donation::ActiveModel {
        compound_id: Set(compound),
        anonymous: Set(true),
        kind: Set(DonationKind::Goods),
        amount: Set(1),
        used: Set(0),
        returned: Set(0),
        goods: Set(Some(format!("{code}旧书{at:02}号"))),
        state: Set(DonationState::Pledged),
        version: Set(0),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    });
    donation::Entity::insert_many(rows)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_of_one_compound_are_not_hidden_by_those_of_another_and_go_on_behind_a_page() {
    let app = TestApp::start().await;
    waits(&app, "GY", 31).await;
    waits(&app, "LY", 40).await;
    // The secretary answers for both.
    let mut desk = Desk::of(&app, "郑洪").await;
    let page = desk.open("/console/giving?compound=GY").await;
    page.is(200).says("GY旧书30号").says("GY旧书01号");
    assert!(!page.body.contains("LY旧书") && !page.body.contains("GY旧书00号"));
    let next = regex::Regex::new(r"waiting=([^&\x22]+)").unwrap();
    let next = next.captures(&page.body).expect("no next page")[1].to_owned();
    let page = desk
        .open(&format!("/console/giving?compound=GY&waiting={next}"))
        .await;
    page.is(200).says("GY旧书00号");
    assert!(!page.body.contains("GY旧书01号") && !page.body.contains("更早的捐物"));
    desk.open("/console/giving?compound=GY&waiting=x")
        .await
        .is(422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_goods_in_reaches_the_donor_on_record_and_never_who_gives_in_secret() {
    let app = TestApp::start().await;
    let manager = app.staff(MANAGER).await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let reply = zhang.says("捐物 不限 旧书 × 3 放 阅览室 公开").await;
    assert!(reply.contains("能看到您的姓名和电话"), "{reply}");
    let open = number_in(&reply);
    let reply = li.says("捐物 不限 旧琴 × 1 放 阅览室 匿名").await;
    assert!(
        reply.contains("自己送到物业服务中心") && !reply.contains("联系您"),
        "{reply}"
    );
    let secret = number_in(&reply);
    let mut desk = Desk::of(&app, MANAGER).await;
    let page = "/console/giving/free?compound=GY";
    let shown = desk.open(page).await;
    shown.is(200).says("查看联系方式").says("只报编号");
    for hidden in ["张秀英", "13800000101", "李建国", "13800000102"] {
        assert!(!shown.body.contains(hidden), "{hidden}: {}", shown.body);
    }
    let to = "/console/giving/free/contact";
    let of = |id: i64| [("compound", "GY".to_owned()), ("of", id.to_string())];
    let form = of(open);
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    desk.send(page, to, &form)
        .await
        .is(200)
        .says("张秀英，电话 13800000101");
    let about = format!("donation:{open}");
    assert_eq!(on_record(&app, "donation.contact", &about).await, 1);
    // It is shown once; the page by itself says nothing.
    assert!(!desk.open(page).await.body.contains("张秀英"));
    let hidden = of(secret);
    let hidden = hidden
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let refused = desk.send(page, to, &hidden).await;
    refused.is(403).says("捐赠人匿名");
    assert!(!refused.body.contains("李建国") && !refused.body.contains("13800000102"));
    assert_eq!(
        on_record(&app, "donation.contact", &format!("donation:{secret}")).await,
        0
    );
    // Who takes in no goods does not reach anybody: the counter sees the page, the neighbours' steward nothing.
    let mut clerk = Desk::of(&app, CLERK).await;
    let seen = clerk.open(page).await;
    seen.is(200);
    assert!(!seen.body.contains("查看联系方式"));
    clerk.send(page, to, &form).await.is(403);
    let mut stranger = Desk::of(&app, "杨光").await;
    stranger.send("/console/account", to, &form).await.is(403);
    manager.says(&format!("收下捐物 {open}")).await;
    desk.send(page, to, &form)
        .await
        .is(409)
        .says("只有等着收下的捐物");
    assert_eq!(on_record(&app, "donation.contact", &about).await, 1);
}
