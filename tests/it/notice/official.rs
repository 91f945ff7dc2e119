//! Notices of what is published: a month of the accounts and an expense reach every home as notices do, whoever is
//! not bound stands on the steward's list, a correction is told as one; nobody changes them by hand, and they stand in
//! the way of nobody's own notices.

use entity::kinds::NoticeState;
use entity::money::ExpenseState;
use entity::visit;
use linli::ledger::Account;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::meanwhile::at_night;
use super::{TEXT, all, goes_out, last, link_in, published, recipient, recipients, row};
use crate::console::Desk;
use crate::disclosure::{books, publish};
use crate::expense::{PROPOSER, act, cast, in_state, spent};
use crate::harness::app::TestApp;

/// Visits that are still to be made.
async fn open_visits(app: &TestApp) -> u64 {
    visit::Entity::find()
        .filter(visit::COLUMN.done_at.is_null())
        .count(app.store.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_month_reaches_every_home_once_and_the_unbound_stand_on_the_stewards_list() {
    let app = TestApp::with_instances(2).await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let (han, sun) = (app.resident("韩梅").await, app.steward("1栋").await);
    let month = books(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    publish(&mut chair, &month.to_string(), "").await.is(303);
    let first = last(&app).await;
    goes_out(&app, first.id).await;
    let first = row(&app, first.id).await;
    assert_eq!((first.version, first.counted, first.reachable), (1, 6, 2));
    for person in [&zhang, &liu] {
        let push = person.expects_push("财务公开").await;
        for words in ["收入 12,345.05 元，支出 800.00 元", "质询", "收到"] {
            assert!(push.contains(words), "{words}: {push}");
        }
    }
    app.advance(1).await;
    for (person, times) in [(&zhang, 1), (&liu, 1), (&han, 0)] {
        assert_eq!(person.told("财务公开"), times, "{}", person.open_id);
    }

    // Whoever has no account is found at the door, by the list of their building.
    let path = format!("/console/notices/{}", first.id);
    let one = app.place("GY/1").await.id.to_string();
    let unread = format!("{path}/unread?building={one}");
    let mut steward = Desk::of(&app, "孙梅").await;
    let page = steward.open(&unread).await;
    page.is(200).says("王芳").says("李建国").says("没有微信");
    page.says("张秀英");
    zhang.says("财务").await;
    let page = steward.open(&unread).await;
    assert!(!page.body.contains("张秀英"), "she has read it");
    let to = format!("{path}/visits");
    let fields = [("building", one.as_str())];
    steward.send("/console/account", &to, &fields).await.is(303);
    app.drain().await;
    let list = sun.says("上门").await;
    assert!(list.contains("王芳") && list.contains("李建国"), "{list}");
    assert_eq!(open_visits(&app).await, 2);

    // A correction says what it changed and takes the place of what was told before.
    let day = month.last();
    spent(&app, "GY", Account::ExpenseStaff, 12_300, day).await;
    let why = "漏记了保洁工资";
    publish(&mut chair, &month.to_string(), why).await.is(303);
    let second = last(&app).await;
    assert_eq!(row(&app, first.id).await.state, NoticeState::Corrected);
    assert_eq!(open_visits(&app).await, 0);
    goes_out(&app, second.id).await;
    assert_eq!((second.version, second.corrects), (2, Some(first.id)));
    let push = zhang.expects_push("【更正】").await;
    for words in ["人员 0.00 元改为 123.00 元", why, "支出 923.00 元"] {
        assert!(push.contains(words), "{words}: {push}");
    }
    app.advance(1).await;
    assert_eq!((zhang.told("【更正】"), han.told("【更正】")), (1, 0));
    let (status, html) = app.page(&link_in(&push)).await;
    let board = format!("/board/GY/accounts/{month}");
    assert!(status == 200 && html.contains(&board), "{html}");
    let read = recipient(&app, second.id, "张秀英").await.unwrap();
    assert!(read.read_at.is_some());
    let accounts = format!("/console/accounts?place=GY&month={month}");
    let told = format!("/console/notices/{}", second.id);
    chair.open(&accounts).await.says(&told);
    assert_eq!(all(&app).await.len(), 2);
}

#[tokio::test]
async fn nobody_changes_by_hand_what_tells_of_a_publication_and_it_holds_up_no_notice() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let month = books(&app).await;
    let mut desk = Desk::of(&app, "卫东").await;
    publish(&mut desk, &month.to_string(), "").await.is(303);
    let id = last(&app).await.id;
    let said = chair.says(&format!("撤回公告 {id}")).await;
    assert!(said.contains("公示不能撤回"), "{said}");
    goes_out(&app, id).await;
    for words in [
        format!("撤回公告 {id}"),
        format!("更正公告 {id} 别的\n别的"),
    ] {
        let said = chair.says(&words).await;
        assert!(said.contains("公示不能撤回"), "{words}: {said}");
    }
    let path = format!("/console/notices/{id}");
    let page = desk.open(&path).await;
    page.is(200).says("再提醒没读的人").says("打印");
    assert!(!page.body.contains("撤回公告</button>"), "{}", page.body);
    let recall = format!("{path}/recall");
    desk.send("/console/account", &recall, &[]).await.is(409);
    let api = app.api(&chair).await;
    let refused = api.post(&format!("/notices/{id}/recall"), &json!({})).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert_eq!(row(&app, id).await.state, NoticeState::Sent);

    // Within the same hour the chair has something to say, too; the lists of what may be changed have that alone.
    let own = published(&chair, TEXT).await;
    let list = chair.says("撤回公告").await;
    assert!(
        list.contains(&format!("#{own} ")) && !list.contains("财务公开"),
        "{list}"
    );
    let far = chair.says(&format!("广播进度 {id}")).await;
    assert!(far.contains("收件人6") && far.contains("要上门5"), "{far}");
    // The board shows people's notices; what is published has pages of its own there.
    let board = app.board("GY").await;
    assert!(board.contains("周六停水") && !board.contains(&format!("/notice/{id}.")));
    let api = app.api(&zhang).await;
    let seen = api.get(&format!("/notices/{id}")).await;
    let shown = seen.json["page"].as_str().unwrap_or_default();
    assert!(
        shown.ends_with(&format!("/board/GY/accounts/{month}")),
        "{seen:?}"
    );
    let seen = api.get(&format!("/notices/{own}")).await;
    assert!(seen.json["page"].is_null(), "{seen:?}");
}

#[tokio::test]
async fn at_night_a_published_month_waits_for_the_morning() {
    let app = at_night().start().await;
    let zhang = app.resident("张秀英").await;
    let month = books(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    publish(&mut chair, &month.to_string(), "").await.is(303);
    goes_out(&app, last(&app).await.id).await;
    assert_eq!(zhang.told("财务公开"), 0);
    app.advance(2 * 60).await;
    zhang.expects_push("财务公开").await;
    assert_eq!(zhang.told("财务公开"), 1);
}

#[tokio::test]
async fn an_expense_is_told_to_every_home_and_taken_back_with_it() {
    let app = TestApp::start().await;
    cast(&app).await;
    let zhang = app.resident("张秀英").await;
    let id = in_state(&app, ExpenseState::Publishing).await;
    let before = last(&app).await;
    assert_eq!(before.about, Some(format!("expense:{id}:1:before")));
    goes_out(&app, before.id).await;
    let push = zhang.expects_push("支出事前公示").await;
    assert!(push.contains(&format!("支出异议 {id}")), "{push}");
    assert!(!push.contains("顺安"), "who gets the money: {push}");
    assert_eq!(recipients(&app, before.id).await.len(), 6);
    let home = recipient(&app, before.id, "王芳").await.unwrap();
    assert!(!home.reachable && home.building_id.is_some());
    zhang.says(&format!("支出 {id}")).await;
    let read = recipient(&app, before.id, "张秀英").await.unwrap();
    assert!(read.read_at.is_some(), "seen in the chat");
    let path = link_in(&push);
    let (_, html) = app.page(&path).await;
    let shown = format!("/board/GY/expenses#expense-{id}");
    assert!(html.contains(&shown), "{html}");

    let mut desk = Desk::of(&app, PROPOSER).await;
    let why = [("reason", "不做了")];
    act(&mut desk, id, "withdraw", &why).await.is(303);
    assert_eq!(row(&app, before.id).await.state, NoticeState::Recalled);
    let (_, html) = app.page(&path).await;
    assert!(html.contains("撤回") && !html.contains(&shown), "{html}");
    app.advance(1).await;
    assert_eq!((zhang.told("支出事前公示"), all(&app).await.len()), (1, 1));
}

#[tokio::test]
async fn what_was_paid_is_told_again_and_nobody_goes_to_a_door_for_what_is_over() {
    let app = TestApp::start().await;
    cast(&app).await;
    app.resident("张秀英").await;
    app.steward("1栋").await;
    let id = in_state(&app, ExpenseState::Publishing).await;
    let before = last(&app).await.id;
    goes_out(&app, before).await;
    let mut steward = Desk::of(&app, "孙梅").await;
    let one = app.place("GY/1").await.id.to_string();
    let to = format!("/console/notices/{before}/visits");
    let fields = [("building", one.as_str())];
    steward.send("/console/account", &to, &fields).await.is(303);
    assert!(open_visits(&app).await > 0);
    // The days of the publication pass: objections are late, and so is the knock.
    app.advance(7 * 24 * 60 + 1).await;
    let found = crate::expense::now(&app, id).await;
    assert_eq!(found.state, ExpenseState::Filing);
    assert_eq!(open_visits(&app).await, 0);
    assert_eq!(row(&app, before).await.state, NoticeState::Sent);
    in_state(&app, ExpenseState::Paid).await;
    let abouts: Vec<Option<String>> = all(&app).await.into_iter().map(|row| row.about).collect();
    let ends: Vec<&str> = abouts
        .iter()
        .flatten()
        .filter_map(|about| about.rsplit(':').next())
        .collect();
    assert_eq!(ends, ["before", "before", "after"]);
}
