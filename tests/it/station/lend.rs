//! Lending: there and back by digits, one umbrella for many who want it, what is late, lost or damaged, and
//! what is refused.

use entity::audit;
use entity::kinds::LoanState;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::{ALWAYS, loans, station, thing, thing_row};
use crate::harness::app::TestApp;

const DAY: i64 = 24 * 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thing_is_borrowed_handed_in_and_checked_by_digits() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let umbrella = thing(&app, &row, "雨伞", 1).await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    let shown = zhang.says("驿站").await;
    assert!(
        shown.contains("开门中") && shown.contains("1 借用"),
        "{shown}"
    );
    let list = zhang.says("1").await;
    assert!(list.contains("1 雨伞（可借1，借7天）"), "{list}");
    let lent = zhang.says("1").await;
    assert!(
        lent.contains("借给您了") && lent.contains("2 不要了"),
        "{lent}"
    );
    let id = loans(&app).await[0].id;
    assert_eq!(thing_row(&app, umbrella).await.lent, 1);
    let mine = zhang.says("我的驿站").await;
    assert!(mine.contains("1 归还“雨伞”"), "{mine}");
    let handed = zhang.says("1").await;
    assert!(handed.contains("等驿站验收"), "{handed}");
    // It waits for whoever keeps the station, and for nobody else.
    let tasks = jiang.says("待办").await;
    assert!(tasks.contains("借出名单（1）"), "{tasks}");
    let steward = app.steward("1栋").await;
    let tasks = steward.says("待办").await;
    assert!(!tasks.contains("借出名单"), "{tasks}");
    let none = steward.says("借出名单").await;
    assert!(
        none.contains("物业经理") && !none.contains("还没有驿站"),
        "{none}"
    );
    let again = zhang.says(&format!("归还 {id}")).await;
    assert!(again.contains("不能这样操作"), "{again}");
    assert_eq!(thing_row(&app, umbrella).await.lent, 1, "not in hand yet");
    let task = jiang.expects_push(&format!("借物验收 {id}")).await;
    assert!(task.contains("张秀英"), "{task}");
    let denied = jiang.says(&format!("借物没收到 {id}")).await;
    assert!(denied.contains("改回借出"), "{denied}");
    zhang.expects_push("还没收到").await;
    zhang.says(&format!("归还 {id}")).await;
    let list = jiang.says("借出名单").await;
    assert!(list.contains("张秀英") && list.contains("待验收"), "{list}");
    let done = jiang.says("1").await;
    assert!(done.contains("已验收"), "{done}");
    zhang.expects_push("已还好").await;
    let loan = loans(&app).await.remove(0);
    assert_eq!((loan.state, loan.version), (LoanState::Returned, 5));
    assert_eq!(thing_row(&app, umbrella).await.lent, 0);
    let trail = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(format!("loan:{id}")))
        .order_by_asc(audit::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap();
    let trail: Vec<&str> = trail.iter().map(|row| row.action.as_str()).collect();
    let handed = "station.hand";
    assert_eq!(
        trail,
        [
            "station.borrow",
            handed,
            "station.loan-deny",
            handed,
            "station.loan-end"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_umbrella_is_lent_once_though_all_ask_on_two_instances() {
    let app = TestApp::with_instances(2).await;
    let row = station(&app, ALWAYS).await;
    let umbrella = thing(&app, &row, "雨伞", 1).await;
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
    let path = format!("/stations/things/{umbrella}/borrow");
    let body = json!({});
    let calls = apis.iter().map(|api| api.post(&path, &body));
    let answers = futures_util::future::join_all(calls).await;
    let got = answers.iter().filter(|one| one.status == 201).count();
    let late = answers.iter().filter(|one| one.json["code"] == "conflict");
    assert_eq!((got, late.count()), (1, 5), "{answers:?}");
    assert_eq!(thing_row(&app, umbrella).await.lent, 1);
    assert_eq!(loans(&app).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_more_than_the_limit_and_a_key_borrows_once() {
    let app = TestApp::with_instances(2).await;
    let row = station(&app, ALWAYS).await;
    let spade = thing(&app, &row, "铁锹", 9).await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&zhang).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let (path, body) = (format!("/stations/things/{spade}/borrow"), json!({}));
    let first = api.post_once(&path, "b-1", &body).await;
    let again = other.post_once(&path, "b-1", &body).await;
    assert_eq!((first.status, &again.json), (201, &first.json));
    let calls = (0..6).map(|at| match at % 2 {
        0 => api.post(&path, &body),
        _ => other.post(&path, &body),
    });
    let answers = futures_util::future::join_all(calls).await;
    let got = answers.iter().filter(|one| one.status == 201).count();
    assert_eq!(got, 1, "{answers:?}");
    assert_eq!(thing_row(&app, spade).await.lent, 2);
    let more = zhang.says(&format!("借用 {spade}")).await;
    assert!(more.contains("已经借了2件"), "{more}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_late_is_said_the_day_before_at_its_end_and_to_the_keeper_once() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let chair = thing(&app, &row, "轮椅", 1).await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    zhang.says(&format!("借用 {chair}")).await;
    app.advance(5 * DAY).await;
    // Who writes can be written to.
    zhang.says("菜单").await;
    jiang.says("菜单").await;
    assert_eq!(zhang.told("明天到期"), 0);
    app.advance(DAY + 5).await;
    assert_eq!(zhang.told("明天到期"), 1);
    zhang.says("菜单").await;
    jiang.says("菜单").await;
    app.advance(DAY).await;
    assert_eq!(zhang.told("已到期"), 1);
    assert_eq!(jiang.told("逾期未还"), 0);
    jiang.says("菜单").await;
    app.advance(DAY).await;
    let task = jiang.expects_push("逾期未还").await;
    assert!(task.contains("张秀英"), "{task}");
    app.advance(3 * DAY).await;
    assert_eq!((zhang.told("已到期"), jiang.told("逾期未还")), (1, 1));
    // Whoever is late takes nothing more.
    let spade = thing(&app, &row, "铁锹", 1).await;
    let more = zhang.says(&format!("借用 {spade}")).await;
    assert!(more.contains("先归还再借"), "{more}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_and_damaged_end_with_a_word_and_one_less() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let spade = thing(&app, &row, "铁锹", 3).await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    for _ in 0..2 {
        zhang.says(&format!("借用 {spade}")).await;
    }
    let [first, second] = [loans(&app).await[0].id, loans(&app).await[1].id];
    let why = jiang.says(&format!("借物损坏 {first}")).await;
    assert!(why.contains("怎么回事"), "{why}");
    let done = jiang.says("木柄断了").await;
    assert!(done.contains("已记为损坏"), "{done}");
    zhang.expects_push("木柄断了").await;
    let lost = jiang.says(&format!("借物丢失 {second} 找不到了")).await;
    assert!(lost.contains("已记为丢失"), "{lost}");
    let kept = thing_row(&app, spade).await;
    assert_eq!((kept.quantity, kept.lent), (1, 0));
    let twice = jiang.says(&format!("借物验收 {first}")).await;
    assert!(twice.contains("不能这样操作"), "{twice}");
    let number = jiang.says(&format!("借物丢失 {first} 打13800000101")).await;
    assert!(number.contains("不要写手机号"), "{number}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_theirs_is_not_there_and_a_closed_door_lends_nothing() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let spade = thing(&app, &row, "铁锹", 3).await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let (han, yang) = (app.resident("韩梅").await, app.staff("杨光").await);
    zhang.says(&format!("借用 {spade}")).await;
    let id = loans(&app).await[0].id;
    for stranger in [&han, &yang] {
        for words in [
            format!("借用 {spade}"),
            format!("归还 {id}"),
            format!("驿站 {}", row.id),
        ] {
            let reply = stranger.says(&words).await;
            assert!(reply.contains("没有找到"), "{words}: {reply}");
        }
    }
    let reply = yang.says(&format!("借物验收 {id}")).await;
    assert!(reply.contains("没有找到"), "{reply}");
    // A neighbour sees neither whose it is nor that it is.
    let reply = li.says(&format!("归还 {id}")).await;
    assert!(reply.contains("没有找到借用"), "{reply}");
    let api = app.api(&li).await;
    let end = json!({ "outcome": "returned" });
    for (path, status) in [
        (format!("/stations/loans/{id}/end"), 404),
        (format!("/stations/loans/{id}/hand"), 404),
        ("/stations/loans/x/hand".to_owned(), 404),
    ] {
        let answer = api.post(&path, &end).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    let list = api
        .get(&format!("/stations/loans?station={}", row.id))
        .await;
    assert_eq!(list.status, 403, "{list:?}");
    let own = app.api(&zhang).await;
    let answer = own.post(&format!("/stations/loans/{id}/end"), &end).await;
    assert_eq!(answer.status, 403, "the borrower checks nothing");
    assert_eq!(api.signed_out().get("/stations").await.status, 401);
    for odd in [
        "借用 0",
        "借用 99999999999999999999",
        "归还 -1",
        "借用 999999",
    ] {
        let reply = li.says(odd).await;
        assert!(
            !reply.contains("系统出了点问题") && !reply.contains("借给您了"),
            "{odd}: {reply}"
        );
    }
    // A sentence that only begins like a command is offered to be filed.
    let offered = li.says("归还的快递被拿错了").await;
    assert!(
        offered.contains("要把") && offered.contains("2 投诉"),
        "{offered}"
    );
    // Closed today, whatever the hour.
    let closed = entity::station_day::ActiveModel {
        station_id: sea_orm::ActiveValue::Set(row.id),
        day: sea_orm::ActiveValue::Set(linli::base::clock::china(app.now()).date_naive()),
        compound_id: sea_orm::ActiveValue::Set(row.compound_id),
        hours: sea_orm::ActiveValue::Set(None),
    };
    entity::station_day::Entity::insert(closed)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
    let reply = li.says(&format!("借用 {spade}")).await;
    assert!(reply.contains("现在关门"), "{reply}");
}
