//! 首接负责制: whoever has accepted a case keeps it until the next level accepts, however long those are
//! silent; at each moment it has one holder.

use linli::case::stats::Figure;
use linli::case::stats::count::{By, figures};

use super::*;
use crate::figures::{scope, span};

/// A case of 张秀英 that 孙梅 has accepted and raised: 吴静 of the community is asked.
async fn raised(app: &TestApp) -> i64 {
    let (resident, steward) = (tied(app, "张秀英").await, tied(app, "孙梅").await);
    resident.says("报修 电梯停了").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    let reply = steward.says(&format!("上报 {id} 需要社区协调")).await;
    assert!(
        reply.contains("社区") && reply.contains("吴静") && reply.contains("仍由原办理人"),
        "{reply}"
    );
    id
}

async fn asked(app: &TestApp, case: &case::Model) -> String {
    let id = case.asked_id.expect("nobody is asked");
    let found = person::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().unwrap().name
}

#[tokio::test]
async fn the_first_keeps_it_until_the_next_accepts_and_the_resident_sees_who_has_it() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    let id = raised(&app).await;
    let case = app.case(id).await;
    assert_eq!(
        (case.state, case.level, case.asked_level),
        (CaseState::Accepted, Level::Compound, Some(Level::Community))
    );
    assert_eq!(holder(&app, &case).await, "孙梅");
    app.drain().await;
    let words = told(&app, "张秀英").await;
    assert!(
        words.contains("已请社区吴静接手") && words.contains("仍由孙梅办理"),
        "{words}"
    );
    assert!(told(&app, "吴静").await.contains(&format!("接单 {id}")));
    let seen = resident.says(&format!("进度 {id}")).await;
    assert!(seen.contains("小区，孙梅；已请社区吴静接手"), "{seen}");
    let tasks = grid.says("待办").await;
    assert!(tasks.contains(&format!("#{id}")), "{tasks}");
    // The holder works on, and can neither raise nor refuse it meanwhile.
    let reply = steward.says(&format!("到场 {id}")).await;
    assert!(reply.contains("已记录到场"), "{reply}");
    for text in [format!("上报 {id} 再催"), format!("退单 {id} 不管了")] {
        let reply = steward.says(&text).await;
        assert!(reply.contains("仍由现在的办理人负责"), "{reply}");
    }
    let other = tied(&app, "郑洪").await;
    let reply = other.says(&format!("接单 {id}")).await;
    assert!(reply.contains("孙梅"), "who is not asked: {reply}");

    grid.says(&format!("接单 {id}")).await;
    let case = app.case(id).await;
    assert_eq!(
        (case.state, case.level, case.asked_id),
        (CaseState::Accepted, Level::Community, None)
    );
    assert_eq!(holder(&app, &case).await, "吴静");
    // The level has a clock of its own.
    let left = case.finish_due_at.unwrap() - app.now();
    assert!(left > TimeDelta::minutes(29), "{left}");
    let reply = steward.says(&format!("办结 {id} 好了")).await;
    assert!(reply.contains("现在由吴静办理"), "{reply}");
    app.drain().await;
    assert!(told(&app, "孙梅").await.contains("已由上一级接手"));
}

#[tokio::test]
async fn who_is_silent_is_passed_over_upward_and_the_first_still_has_it() {
    let app = house(1).await;
    let id = raised(&app).await;
    app.drain().await;
    for (next, level) in [("冯涛", Level::Street), ("褚亮", Level::Department)] {
        app.advance(6).await;
        let case = app.case(id).await;
        assert_eq!(holder(&app, &case).await, "孙梅");
        assert_eq!(asked(&app, &case).await, next);
        assert_eq!(case.asked_level, Some(level));
        assert!(case.silent_later, "the silence is on record");
        assert!(!case.accept_late, "the first answer was in time");
    }
    // Nobody is above the last: they stay asked, and those who give work out are told.
    app.advance(6).await;
    let case = app.case(id).await;
    assert_eq!(
        (asked(&app, &case).await.as_str(), case.asked_due_at),
        ("褚亮", None)
    );
    assert!(told(&app, "沈立").await.contains("请上级接手"));
    let last = tied(&app, "褚亮").await;
    last.says(&format!("接单 {id}")).await;
    let case = app.case(id).await;
    assert_eq!(case.level, Level::Department);
    assert_eq!(holder(&app, &case).await, "褚亮");
    let silent = actions(&app, id).await;
    let silent = silent.iter().filter(|action| *action == "passed-over");
    assert_eq!(silent.count(), 3);
    last.says(&format!("办结 {id} 修好了")).await;
    let note = supervised(&app, id).await;
    assert!(
        note.starts_with("按时响应") && note.contains("接手响应超时"),
        "{note}"
    );
    assert_eq!(answered(&app).await, (1, 1), "it stays in the rate");
}

/// What the system notes of the whole course (督).
async fn supervised(app: &TestApp, id: i64) -> String {
    let events = events(app, id).await;
    let last = events
        .into_iter()
        .rfind(|event| event.action == "supervised");
    last.and_then(|event| event.note).expect("not supervised")
}

/// How many cases of the compound were answered in time, of how many that had to be.
async fn answered(app: &TestApp) -> (i64, i64) {
    let scope = scope(app, "GY").await;
    let groups = figures(app.store.read(), &scope, span(app)).await.unwrap();
    let whole = groups.iter().find(|group| group.by == By::Whole).unwrap();
    (
        whole.counts.get(Figure::Answered),
        whole.counts.get(Figure::Answerable),
    )
}

#[tokio::test]
async fn silence_behind_the_first_answer_makes_no_case_late_to_answer() {
    let app = house(1).await;
    let (resident, steward, manager) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "沈立").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    // Handed over to somebody who is silent for longer than the clock.
    let reply = manager.says(&format!("转派 {id} 蒋平")).await;
    assert!(reply.contains("蒋平"), "{reply}");
    app.advance(6).await;
    let case = app.case(id).await;
    assert_eq!((case.accept_late, case.silent_later), (false, true));
    let staff = tied(&app, "蒋平").await;
    staff.says(&format!("接单 {id}")).await;
    let late = actions(&app, id).await;
    let late = late.iter().filter(|action| *action == "accept-late");
    assert_eq!(late.count(), 1, "on record once");
    staff.says(&format!("办结 {id} 修好了")).await;
    // The second round is granted by silence, and nobody accepts it in time.
    resident.says(&format!("评价 {id} 1 还在漏")).await;
    app.advance(6).await;
    app.advance(6).await;
    let case = app.case(id).await;
    assert_eq!((case.round, case.accept_late), (2, false));
    assert_eq!(answered(&app).await, (1, 1));
}

#[tokio::test]
async fn who_turns_it_down_leaves_it_where_it_is_and_somebody_else_is_asked() {
    let app = house(1).await;
    let id = raised(&app).await;
    let grid = tied(&app, "吴静").await;
    let reply = grid.says(&format!("退单 {id}")).await;
    assert!(reply.contains("原因"), "{reply}");
    let reply = grid.says("不归社区管").await;
    assert!(reply.contains("您不接手，已改请郑洪"), "{reply}");
    let case = app.case(id).await;
    assert_eq!(holder(&app, &case).await, "孙梅");
    for name in ["郑洪", "冯涛", "褚亮"] {
        let next = tied(&app, name).await;
        next.says(&format!("退单 {id} 不归我管")).await;
        assert_eq!(holder(&app, &app.case(id).await).await, "孙梅");
    }
    assert_eq!(app.case(id).await.asked_id, None);
    app.drain().await;
    let steward = tied(&app, "孙梅").await;
    assert!(told(&app, "孙梅").await.contains("没有人接手"));
    // What is finished meanwhile needs nobody else.
    let reply = steward.says(&format!("办结 {id} 修好了")).await;
    assert!(reply.contains("已办结"), "{reply}");
}

#[tokio::test]
async fn finishing_first_ends_the_asking_and_one_of_two_at_once_wins() {
    let app = house(2).await;
    let id = raised(&app).await;
    let (steward, grid) = (tied(&app, "孙梅").await, tied(&app, "吴静").await);
    let (finish, accept) = (format!("办结 {id} 修好了"), format!("接单 {id}"));
    let (first, second) = tokio::join!(steward.says(&finish), grid.says(&accept));
    let case = app.case(id).await;
    assert_eq!(case.asked_id, None, "{first} / {second}");
    match case.state {
        CaseState::Finished => {
            assert!(first.contains("已办结"), "{first}");
            app.drain().await;
            assert!(!second.contains("已接单："), "{second}");
        }
        CaseState::Accepted => {
            assert!(second.contains("已接单："), "{second}");
            assert_eq!(holder(&app, &case).await, "吴静");
        }
        state => panic!("{state:?}"),
    }
    let foreign = tied(&app, "杨光").await;
    let reply = foreign.says(&accept).await;
    assert!(reply.contains("没有找到"), "{reply}");
}

#[tokio::test]
async fn what_is_refused_goes_back_to_whoever_gives_work_out_with_the_reason() {
    let app = house(1).await;
    let (resident, steward, manager) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "沈立").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    app.drain().await;
    let reply = steward.says(&format!("退单 {id} 要专业人员")).await;
    assert!(reply.contains("沈立"), "{reply}");
    app.drain().await;
    let words = told(&app, "沈立").await;
    assert!(
        words.contains("退回的诉求") && words.contains("要专业人员") && words.contains("转派"),
        "{words}"
    );
    let case = app.case(id).await;
    assert_eq!(holder(&app, &case).await, "沈立");
    // By hand to somebody else; who may not give work out may not.
    let staff = tied(&app, "蒋平").await;
    let reply = staff.says(&format!("派单 {id} 蒋平")).await;
    assert!(!reply.contains("已转派"), "{reply}");
    let reply = manager.says(&format!("派单 {id} 蒋平")).await;
    assert!(reply.contains("蒋平（物业）"), "{reply}");
    let case = app.case(id).await;
    assert_eq!(holder(&app, &case).await, "蒋平");
    assert_eq!(case.state, CaseState::Assigned);
}

#[tokio::test]
async fn what_is_refused_goes_back_to_whoever_gave_it_by_hand() {
    let app = house(1).await;
    let (resident, secretary, staff) = (
        tied(&app, "张秀英").await,
        tied(&app, "郑洪").await,
        tied(&app, "蒋平").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    let reply = secretary.says(&format!("派单 {id} 蒋平")).await;
    assert!(reply.contains("已转派给蒋平"), "{reply}");
    let reply = staff.says(&format!("退单 {id} 要专业人员")).await;
    assert!(
        reply.contains("郑洪"),
        "not to the first of the list: {reply}"
    );
    let case = app.case(id).await;
    assert_eq!(holder(&app, &case).await, "郑洪");
    app.drain().await;
    let words = told(&app, "郑洪").await;
    assert!(
        words.contains("退回的诉求") && words.contains("要专业人员"),
        "{words}"
    );
}

#[tokio::test]
async fn who_hands_over_what_they_accepted_keeps_it_until_the_other_accepts() {
    let app = house(1).await;
    let (resident, steward, staff, manager) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "蒋平").await,
        tied(&app, "沈立").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    let due = app.case(id).await.finish_due_at;
    let reply = steward.says(&format!("转派 {id} 蒋平")).await;
    assert!(
        reply.contains("已转派给蒋平") && reply.contains("接单前仍由您负责"),
        "{reply}"
    );
    let case = app.case(id).await;
    assert_eq!(holder(&app, &case).await, "孙梅");
    assert_eq!(asked(&app, &case).await, "蒋平");
    app.drain().await;
    assert!(told(&app, "蒋平").await.contains("孙梅请您接手"));
    let reply = steward.says(&format!("转派 {id} 沈立")).await;
    assert!(reply.contains("已请别人接手"), "one at a time: {reply}");

    // Who keeps silent is asked no longer, and nobody in their place.
    app.advance(6).await;
    let case = app.case(id).await;
    assert_eq!((case.asked_id, case.level), (None, Level::Compound));
    assert_eq!(holder(&app, &case).await, "孙梅");
    assert!(told(&app, "孙梅").await.contains("对方没有接手"));
    let reply = staff.says(&format!("接单 {id}")).await;
    assert!(reply.contains("孙梅"), "{reply}");
    // Nor is who says no.
    steward.says(&format!("转派 {id} 沈立")).await;
    let reply = manager.says(&format!("退单 {id} 今天没人")).await;
    assert!(reply.contains("仍由原办理人办理"), "{reply}");
    assert_eq!(app.case(id).await.asked_id, None);

    steward.says(&format!("转派 {id} 蒋平")).await;
    let reply = staff.says(&format!("接单 {id}")).await;
    assert!(reply.contains("已接单"), "{reply}");
    let case = app.case(id).await;
    assert_eq!(holder(&app, &case).await, "蒋平");
    assert_eq!(case.finish_due_at, due, "no time is won");
    app.drain().await;
    assert!(told(&app, "孙梅").await.contains("已转给别人办理"));
    // Whoever gives work out moves it at once.
    manager.says(&format!("转派 {id} 孙梅")).await;
    let case = app.case(id).await;
    assert_eq!(holder(&app, &case).await, "孙梅");
    assert_eq!(case.state, CaseState::Assigned);
}

#[tokio::test]
async fn each_level_has_its_time_once_in_a_round() {
    let app = house(1).await;
    let id = raised(&app).await;
    let (steward, grid) = (tied(&app, "孙梅").await, tied(&app, "吴静").await);
    grid.says(&format!("接单 {id}")).await;
    let due = app.case(id).await.finish_due_at;
    // Down and up again.
    grid.says(&format!("转派 {id} 孙梅")).await;
    steward.says(&format!("接单 {id}")).await;
    let case = app.case(id).await;
    assert_eq!((case.level, case.finish_due_at), (Level::Compound, due));
    steward.says(&format!("上报 {id} 还是要社区来办")).await;
    grid.says(&format!("接单 {id}")).await;
    let case = app.case(id).await;
    assert_eq!((case.level, case.finish_due_at), (Level::Community, due));
    app.advance(31).await;
    let case = app.case(id).await;
    assert!(case.finish_late);
    assert_eq!(case.asked_level, Some(Level::Street));
}
