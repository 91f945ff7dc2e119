//! Ratings belong to one end of one round, whoever gives them: the reporter, and the neighbours who have joined;
//! who is asked for one, and what a joiner reads of a case.

use entity::kinds::{Outcome, ReminderState};
use linli::base::clock::{Clock, ShiftedClock, china};
use linli::case::remind::kinds;
use linli::case::stats::Figure;
use linli::case::stats::count::{By, figures};
use linli::case::stats::span::Span;

use super::api::api;
use super::*;
use crate::figures::scope;

/// A case of 张秀英 that 李建国 has joined.
async fn joined(app: &TestApp) -> i64 {
    let (resident, neighbour) = (tied(app, "张秀英").await, tied(app, "李建国").await);
    resident.says("报修 1栋电梯停了，我是1-1-101的").await;
    let id = resident.case().await.id;
    let reply = neighbour.says(&format!("我也遇到 {id}")).await;
    assert!(reply.contains("您已加入"), "{reply}");
    id
}

/// How many of the last ten days' cases of the compound a figure counts.
async fn counted(app: &TestApp, figure: Figure) -> i64 {
    let today = china(app.now()).date_naive();
    let span = Span::new(today - TimeDelta::days(10), today);
    let scope = scope(app, "GY").await;
    let groups = figures(app.store.read(), &scope, span).await.unwrap();
    let whole = groups.iter().find(|group| group.by == By::Whole).unwrap();
    whole.counts.get(figure)
}

/// Whom the history says to have been asked for a rating, and how, or why not: name, action, words.
async fn asked(app: &TestApp, id: i64) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for event in events(app, id).await {
        if event.action.starts_with("feedback-") {
            let person = person::Entity::find_by_id(event.actor_id.expect("nobody is named"));
            let person = person.one(app.store.read()).await.unwrap().unwrap();
            found.push((person.name, event.action, event.note.unwrap()));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_second_round_that_lapses_has_no_rating_and_satisfies_nobody() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("办结 {id} 修好了")).await;
    resident.says(&format!("评价 {id} 5 很快")).await;
    assert_eq!(counted(&app, Figure::Satisfied).await, 1);
    resident.says(&format!("重开 {id} 又漏了")).await;
    assert_eq!(app.case(id).await.rating, Some(5), "nobody has decided yet");
    grid.says(&format!("同意重开 {id}")).await;
    let case = app.case(id).await;
    assert_eq!((case.round, case.rating, case.rating_text), (2, None, None));
    grid.says(&format!("无法办结 {id} 管道在墙里")).await;
    app.drain().await;
    app.advance(7 * 24 * 60 + 1).await;
    let case = app.case(id).await;
    assert_eq!(
        (case.state, case.outcome, case.rating),
        (CaseState::Reviewed, Some(Outcome::Unsolved), None)
    );
    assert_eq!(counted(&app, Figure::Asked).await, 1);
    assert_eq!(counted(&app, Figure::Rated).await, 0);
    assert_eq!(counted(&app, Figure::Satisfied).await, 0);
    let notes: Vec<String> = events(&app, id)
        .await
        .into_iter()
        .filter(|event| event.action == "reviewed")
        .filter_map(|event| event.note)
        .collect();
    assert_eq!(notes, ["5分：很快"], "the history keeps it");
}

#[tokio::test]
async fn whoever_held_the_first_round_reads_its_rating_when_the_second_has_begun() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("办结 {id} 修好了")).await;
    resident.says(&format!("评价 {id} 1 还在漏")).await;
    grid.says(&format!("同意重开 {id}")).await;
    assert_eq!(app.case(id).await.rating, None);
    app.drain().await;
    let words = told(&app, "孙梅").await;
    assert!(words.contains("得到1分评价：还在漏"), "{words}");
    // The second round is rated by itself.
    grid.says(&format!("办结 {id} 换了水管")).await;
    let reply = resident.says(&format!("评价 {id} 4")).await;
    assert!(reply.contains("谢谢"), "{reply}");
    app.drain().await;
    assert_eq!(app.case(id).await.rating, Some(4));
    assert!(told(&app, "吴静").await.contains("得到4分评价。"));
    assert!(told(&app, "孙梅").await.contains("得到1分评价：还在漏"));
}

#[tokio::test]
async fn a_joiner_rates_each_end_and_is_told_what_it_is_worth() {
    let app = house(1).await;
    let (resident, neighbour, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    let id = joined(&app).await;
    steward.says(&format!("办结 {id} 换了钢绳")).await;
    app.drain().await;
    let reply = neighbour.says(&format!("评价 {id} 1 还是响")).await;
    for words in ["收到1分", "满意率只计提出人的评价", "“报修 内容”"] {
        assert!(reply.contains(words), "{words}: {reply}");
    }
    for wrong in ["不能再重开", "会计入考核", "已结束"] {
        assert!(!reply.contains(wrong), "{wrong}: {reply}");
    }
    assert_eq!(app.case(id).await.state, CaseState::Finished);
    app.drain().await;
    let words = told(&app, "孙梅").await;
    assert!(words.contains("邻居评了1分：还是响"), "{words}");
    let seen = resident.says(&format!("进度 {id}")).await;
    assert!(
        seen.contains("加入的邻居评价：1人，平均1.0分") && !seen.contains("还是响"),
        "{seen}"
    );
    let reply = neighbour.says(&format!("重开 {id} 还是响")).await;
    assert!(reply.contains("重开要由提出人申请"), "{reply}");
    let reply = neighbour.says(&format!("评价 {id} 5")).await;
    assert!(reply.contains("已经评价过"), "{reply}");

    // The reporter's rating is their own, and 满意率 counts it alone.
    resident.says(&format!("评价 {id} 5")).await;
    assert_eq!(counted(&app, Figure::Satisfied).await, 1);
    resident.says(&format!("重开 {id} 又停了")).await;
    let reply = neighbour.says(&format!("评价 {id} 5")).await;
    assert!(reply.contains("等待决定"), "{reply}");
    grid.says(&format!("同意重开 {id}")).await;
    let reply = neighbour.says(&format!("评价 {id} 5")).await;
    assert!(reply.contains("还没有办结"), "{reply}");
    grid.says(&format!("办结 {id} 换了电机")).await;
    app.drain().await;
    let seen = neighbour.says(&format!("进度 {id}")).await;
    assert!(seen.contains("1 评价"), "{seen}");
    let reply = neighbour.says(&format!("评价 {id} 4")).await;
    assert!(reply.contains("收到4分，谢谢"), "{reply}");
    let seen = neighbour.says(&format!("进度 {id}")).await;
    assert!(!seen.contains("评价"), "{seen}");
    let rated = actions(&app, id).await;
    let rated = rated.iter().filter(|action| *action == "joiner-rated");
    assert_eq!(rated.count(), 2);
    assert_eq!(app.case(id).await.rating, None, "the reporter's own waits");
    let seen = resident.says(&format!("进度 {id}")).await;
    assert!(seen.contains("1人，平均4.0分"), "{seen}");
}

#[tokio::test]
async fn a_joiner_rates_over_the_api_and_reads_nothing_that_another_wrote() {
    let app = house(1).await;
    let (neighbour, steward) = (tied(&app, "李建国").await, tied(&app, "孙梅").await);
    let id = joined(&app).await;
    let (mine, theirs) = (
        api(&app, &neighbour, "李建国").await,
        api(&app, &steward, "孙梅").await,
    );
    let path = format!("/cases/{id}/rating");
    let early = mine.post(&path, &json!({ "score": 5 })).await;
    early.refuses(409, "wrong_step", "还没有办结");
    let reason = json!({ "reason": "房屋结构不允许" });
    theirs.post(&format!("/cases/{id}/give-up"), &reason).await;
    // What was not solved is called so in the list, too.
    let list = mine.get("/cases/joined").await;
    assert_eq!(
        (
            &list.json["items"][0]["state_label"],
            &list.json["items"][0]["outcome"]
        ),
        (&json!("未能解决"), &json!("unsolved"))
    );
    let wrong = mine.post(&path, &json!({ "score": 7 })).await;
    assert_eq!(wrong.status, 422, "{wrong:?}");
    let body = json!({ "score": 2, "text": "还是停" });
    let done = mine.post_once(&path, "r1", &body).await;
    assert_eq!(
        (done.status, &done.json["state"]),
        (200, &json!("finished"))
    );
    let again = mine.post_once(&path, "r1", &body).await;
    assert_eq!((again.status, &again.json), (200, &done.json));
    let shown = done.json.to_string();
    for personal in ["1-1-101", "我是", "place_id", "张秀英"] {
        assert!(!shown.contains(personal), "{personal}: {shown}");
    }
    mine.post(&path, &body)
        .await
        .refuses(409, "wrong_step", "已经评价过");
    let full = theirs.get(&format!("/cases/{id}")).await;
    assert_eq!(full.json["joiner_ratings"], json!([2]));
}

#[tokio::test]
async fn whoever_has_joined_reads_of_no_unsolved_case_that_it_is_done() {
    let app = house(1).await;
    let (neighbour, steward, late) = (
        tied(&app, "李建国").await,
        tied(&app, "孙梅").await,
        tied(&app, "王芳").await,
    );
    let id = joined(&app).await;
    steward.says(&format!("无法办结 {id} 房屋结构不允许")).await;
    app.drain().await;
    let list = neighbour.says("进度").await;
    let one = neighbour.says(&format!("进度 {id}")).await;
    let refused = late.says(&format!("我也遇到 {id}")).await;
    let pushed = told(&app, "李建国").await;
    for text in [&list, &one, &refused, &pushed] {
        assert!(
            text.contains("未能解决") && !text.contains("已办结"),
            "{text}"
        );
    }
    assert!(one.contains("状态：未能解决"), "{one}");
    assert!(refused.contains("不能再加入"), "{refused}");
}

#[tokio::test]
async fn each_who_is_asked_for_a_rating_is_on_record_even_if_the_reporter_was_quick() {
    let app = house(1).await;
    let (resident, off, steward) = (
        tied(&app, "张秀英").await,
        tied(&app, "王芳").await,
        tied(&app, "孙梅").await,
    );
    let id = joined(&app).await;
    off.says("退订 诉求进度").await;
    off.says(&format!("我也遇到 {id}")).await;
    app.drain().await;
    steward.says(&format!("办结 {id} 换了钢绳")).await;
    resident.says(&format!("评价 {id} 5")).await;
    let words = told(&app, "李建国").await;
    assert!(words.contains(&format!("诉求 #{id} 已办结")), "{words}");
    app.advance(11).await;
    let found = asked(&app, id).await;
    let of = |name: &str| found.iter().filter(|(who, ..)| who == name).count();
    for name in ["张秀英", "李建国", "王芳"] {
        assert_eq!(of(name), 1, "{name}: {found:?}");
    }
    let yes = ("李建国", "feedback-asked", "公众号");
    let no = ("王芳", "feedback-not-asked", "居民关闭了进度通知");
    for (who, action, note) in [yes, no] {
        let row = (who.to_owned(), action.to_owned(), note.to_owned());
        assert!(found.contains(&row), "{found:?}");
    }
}

/// It is night from an hour after the test's beginning for two hours.
fn soon_night() -> Plan {
    let now = china(ShiftedClock::default().now());
    let at = |hours| (now + TimeDelta::hours(hours)).format("%H:%M").to_string();
    TestApp::plan()
        .set("REMINDER__QUIET_FROM", &at(1))
        .set("REMINDER__QUIET_TO", &at(3))
}

#[tokio::test]
async fn a_pause_of_the_night_is_told_in_the_morning_though_it_is_over() {
    let app = inhabited(soon_night()).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    app.advance(90).await;
    steward.says(&format!("暂停 {id} 等配件")).await;
    steward.says(&format!("恢复 {id}")).await;
    app.drain().await;
    let fate = async || {
        let rows = reminder::Entity::find()
            .filter(reminder::COLUMN.kind.eq(kinds::PROGRESS))
            .filter(reminder::COLUMN.subject.eq(format!("case:{id}")))
            .all(app.store.read())
            .await
            .unwrap();
        let paused = rows.into_iter().find(|row| row.payload["what"] == "paused");
        paused.expect("nobody is told").state
    };
    assert_eq!(fate().await, ReminderState::Pending, "in the night");
    app.advance(120).await;
    assert_eq!(fate().await, ReminderState::Sent);
    let words = told(&app, "张秀英").await;
    assert!(
        words.contains("起暂停过，原因：等配件") && words.contains("已恢复办理"),
        "{words}"
    );
}
