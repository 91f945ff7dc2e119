//! Lists that are longer than a page of the chat: one more digit leads on, and from the last page back, so that
//! everything on them is reached by digits alone.

use chrono::TimeDelta;
use entity::kinds::ModerationState;
use entity::{moderation, wish};
use linli::base::clock::china;
use regex::Regex;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

use crate::activity::open as open_activity;
use crate::giving::{MANAGER, number_in};
use crate::harness::app::{Plan, TestApp};
use crate::harness::people::Person;

/// Lines of a page.
const LINES: usize = 7;

/// Somebody may have as many open at once as a test needs.
fn plan() -> Plan {
    TestApp::plan()
        .set("WISHES__MOST_WISHES", "30")
        .set("WISHES__MOST_CLAIMS", "30")
        .set("LISTS__MOST_OFFERS", "30")
}

/// The page of a list behind these digits.
async fn page(person: &Person<'_>, list: &str, digits: &[String]) -> String {
    let mut page = person.says(list).await;
    for digit in digits {
        page = person.says(digit).await;
    }
    page
}

/// The numbers of all that the digits of a list lead to, in their order. From the last of several pages a digit
/// leads back to the first.
async fn reached(person: &Person<'_>, list: &str) -> Vec<i64> {
    let line = Regex::new(r"(?m)^(\d) \D*#(\d+)").unwrap();
    let on = Regex::new(r"(?m)^(\d) 下一页$").unwrap();
    let back = Regex::new(r"(?m)^(\d) 回到第一页$").unwrap();
    let lines_of = |shown: &str| -> Vec<(String, i64)> {
        let hits = line.captures_iter(shown);
        hits.map(|hit| (hit[1].to_owned(), hit[2].parse().unwrap()))
            .collect()
    };
    let (mut digits, mut found) = (Vec::new(), Vec::new());
    let first = lines_of(&page(person, list, &[]).await);
    loop {
        let shown = page(person, list, &digits).await;
        let lines = lines_of(&shown);
        assert!((1..=LINES).contains(&lines.len()), "{list}: {shown}");
        for (digit, id) in lines {
            page(person, list, &digits).await;
            let one = person.says(&digit).await;
            assert!(one.contains(&format!("#{id}")), "{list}, {digit}: {one}");
            found.push(id);
        }
        let Some(next) = on.captures(&shown) else {
            let leads = back.captures(&shown).map(|hit| hit[1].to_owned());
            assert_eq!(leads.is_some(), !digits.is_empty(), "{list}: {shown}");
            if let Some(digit) = leads {
                page(person, list, &digits).await;
                assert_eq!(lines_of(&person.says(&digit).await), first, "{list}");
            }
            return found;
        };
        assert!(digits.len() < 9, "{list} does not end: {shown}");
        digits.push(next[1].to_owned());
    }
}

/// The newest first.
fn newest(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    ids
}

/// The number behind `#` in a reply.
fn number(reply: &str) -> i64 {
    let found = Regex::new(r"#(\d+)").unwrap();
    let found = found.captures(reply);
    found.unwrap_or_else(|| panic!("{reply}"))[1]
        .parse()
        .unwrap()
}

/// Wishes that neighbours may claim; their numbers.
async fn wishes(asker: &Person<'_>, checker: &Person<'_>, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for at in 1..=count {
        let id = number(&asker.says(&format!("许愿 想要第{at}盆绿萝")).await);
        let passed = checker.says(&format!("通过心愿 {id}")).await;
        assert!(passed.contains("已通过"), "{passed}");
        ids.push(id);
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eleven_wishes_are_reached_by_digits_and_on_the_board() {
    let app = plan().start().await;
    let steward = app.steward("1栋").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let ids = wishes(&zhang, &steward, 11).await;
    assert_eq!(reached(&li, "心愿").await, newest(ids.clone()));
    assert_eq!(reached(&zhang, "我的心愿").await, newest(ids.clone()));
    // A page may be typed; one that is not there is the first, and a sentence is no page.
    for (typed, first) in [("心愿 (2)", 4), ("心愿 （2）", 4), ("心愿 第9页", 11)] {
        let shown = li.says(typed).await;
        let wanted = format!("1 #{} ", ids[first - 1]);
        assert!(shown.contains(&wanted), "{typed}: {shown}");
    }
    let offered = li.says("心愿 第二页的花浇水了吗").await;
    assert!(offered.contains("要把"), "{offered}");
    let board = app.board("GY").await;
    assert!(
        board.contains("href=\"/board/GY/wishes\"") && board.contains(&format!("#{} ", ids[10])),
        "{board}"
    );
    let all = app.board("GY/wishes").await;
    for id in &ids {
        assert!(all.contains(&format!("<li>#{id} ")), "{id}: {all}");
    }
    assert!(all.contains("待认领 <b>11</b>"), "{all}");
    let empty = app.board("LY/wishes").await;
    assert!(empty.contains("没有待认领的心愿"), "{empty}");
    assert!(app.board("XX/wishes").await.contains("没有找到这个小区"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wishes_of_more_than_one_page_of_the_board_lead_on() {
    let app = plan().start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let mut ids = wishes(&zhang, &steward, 1).await;
    let db = app.store.write();
    let row = wish::Entity::find_by_id(ids[0]).one(db).await.unwrap();
    let words = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(format!("wish:{}", ids[0])))
        .filter(moderation::COLUMN.state.eq(ModerationState::Passed))
        .one(db)
        .await
        .unwrap();
    let (row, words) = (row.unwrap(), words.unwrap());
    for _ in 0..51 {
        let mut copy = row.clone().into_active_model().reset_all();
        copy.id = NotSet;
        let id = copy.insert(db).await.unwrap().id;
        let mut copy = words.clone().into_active_model().reset_all();
        copy.id = NotSet;
        copy.subject = Set(format!("wish:{id}"));
        copy.insert(db).await.unwrap();
        ids.push(id);
    }
    let first = app.board("GY/wishes").await;
    assert_eq!(first.matches("<li>#").count(), 50, "{first}");
    let next = Regex::new(r#"href="(/board/GY/wishes\?cursor=[^"]+)""#).unwrap();
    let path = next.captures(&first).unwrap_or_else(|| panic!("{first}"))[1].to_owned();
    let (_, rest) = app.page(&path).await;
    for id in &ids[..2] {
        assert!(rest.contains(&format!("<li>#{id} ")), "{id}: {rest}");
    }
    assert!(next.captures(&rest).is_none(), "{rest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_to_be_checked_and_a_word_without_a_number_are_reached_too() {
    let app = plan().start().await;
    let steward = app.steward("1栋").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let mut raised = Vec::new();
    for at in 1..=9 {
        let reply = zhang.says(&format!("许愿 想要第{at}把小板凳")).await;
        raised.push(number(&reply));
    }
    assert_eq!(reached(&steward, "审核心愿").await, newest(raised.clone()));
    for id in &raised {
        steward.says(&format!("通过心愿 {id}")).await;
        li.says(&format!("认领 {id}")).await;
    }
    // The digit does it: each is given back, and the list is shorter.
    for _ in 0..3 {
        let shown = li.says("放弃").await;
        assert!(shown.contains("1 #"), "{shown}");
        if shown.contains("下一页") {
            li.says("8").await;
        }
        let back = li.says("1").await;
        assert!(back.contains("已放回"), "{back}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nine_activities_and_nine_tasks_are_reached_by_digits() {
    let app = plan().start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let mut activities = Vec::new();
    for _ in 0..9 {
        let id = open_activity(&chair, None).await;
        let joined = zhang.says(&format!("报名 {id}")).await;
        assert!(joined.contains("报名成功"), "{joined}");
        activities.push(id);
    }
    // All at the same hour: the first to be made stands first.
    assert_eq!(reached(&zhang, "活动").await, activities);
    let mut own = reached(&zhang, "我的活动").await;
    own.sort_unstable();
    assert_eq!(own, activities);
    let api = app.api(&chair).await;
    let mut tasks = Vec::new();
    for at in 1..=9 {
        let from = app.now() + TimeDelta::days(at);
        let until = from + TimeDelta::hours(2);
        let body = json!({
            "place": "GY", "title": format!("第{at}次大扫除"), "venue": "1栋门口", "wanted": 2,
            "starts_at": china(from).to_rfc3339(), "ends_at": china(until).to_rfc3339(),
        });
        let made = api.post("/volunteer-tasks", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        tasks.push(id_in(&made.json));
    }
    assert_eq!(reached(&zhang, "志愿服务").await, newest(tasks.clone()));
    zhang.says("志愿报名").await;
    for id in &tasks {
        let taken = zhang.says(&format!("领任务 {id}")).await;
        assert!(taken.contains("是您的了"), "{taken}");
    }
    assert_eq!(reached(&zhang, "我的志愿").await, newest(tasks));
}

fn id_in(made: &Value) -> i64 {
    made["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nine_gifts_and_nine_needs_are_reached_by_digits() {
    let app = plan().start().await;
    let (manager, steward) = (app.staff(MANAGER).await, app.steward("1栋").await);
    let zhang = app.resident("张秀英").await;
    let mut gifts = Vec::new();
    for at in 1..=9 {
        let line = format!("捐物 不限 第{at}箱旧书 × 1 放 社区安排 公开");
        let id = number_in(&zhang.says(&line).await);
        // No more than a few may wait at once.
        let taken = manager.says(&format!("收下捐物 {id}")).await;
        assert!(taken.contains("已收下"), "{taken}");
        gifts.push(id);
    }
    assert_eq!(reached(&zhang, "我的捐赠").await, newest(gifts));
    let mut needs = Vec::new();
    for at in 1..=9 {
        let id = number(&zhang.says(&format!("发需求 想学第{at}种家常菜")).await);
        needs.push(id);
    }
    assert_eq!(reached(&steward, "审核清单").await, newest(needs.clone()));
    for id in &needs {
        steward.says(&format!("通过清单 {id}")).await;
    }
    let li = app.resident("李建国").await;
    assert_eq!(reached(&li, "清单 需求").await, newest(needs.clone()));
    assert_eq!(reached(&zhang, "我的清单").await, newest(needs));
}
