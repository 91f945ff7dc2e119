//! What a resident may do with a case of one's own, and nobody else.

use super::*;

#[tokio::test]
async fn somebody_elses_case_is_not_there() {
    let app = house(1).await;
    let (resident, other, neighbour) = (
        tied(&app, "张秀英").await,
        tied(&app, "韩梅").await,
        tied(&app, "李建国").await,
    );
    let foreign = tied(&app, "杨光").await;
    resident.says("投诉 楼上太吵").await;
    let id = resident.case().await.id;
    let missing = other.says("进度 999999").await.replace("999999", "N");
    for command in [
        "进度",
        "催办",
        "补充 {} 你好",
        "评价 {} 5",
        "重开 {} 没好",
        "撤回",
    ] {
        let text = match command.contains("{}") {
            true => command.replace("{}", &id.to_string()),
            false => format!("{command} {id}"),
        };
        for person in [&other, &neighbour] {
            let reply = person.says(&text).await;
            assert_eq!(reply.replace(&id.to_string(), "N"), missing, "{text}");
        }
    }
    for command in [
        "接单",
        "到场",
        "办结 {} 好了",
        "转派 {} 孙梅",
        "上报 {} 好难",
        "退单 {} 不管",
    ] {
        let text = match command.contains("{}") {
            true => command.replace("{}", &id.to_string()),
            false => format!("{command} {id}"),
        };
        let reply = foreign.says(&text).await;
        assert_eq!(reply.replace(&id.to_string(), "N"), missing, "{text}");
    }
    assert_eq!(app.case(id).await.state, CaseState::Assigned);
    assert_eq!(actions(&app, id).await.len(), 3);
}

#[tokio::test]
async fn a_bad_rating_reopens_once_to_the_next_level() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("办结 {id} 修好了")).await;
    // One digit after being asked is enough.
    let reply = resident.says("评价").await;
    assert!(reply.contains("1到5"), "{reply}");
    let reply = resident.says("1").await;
    assert!(reply.contains("重开") && reply.contains("吴静"), "{reply}");
    // Who is asked stays silent: that grants it.
    app.drain().await;
    assert_eq!(app.case(id).await.state, CaseState::ReopenRequested);
    app.advance(6).await;
    let case = app.case(id).await;
    assert_eq!(
        (case.round, case.level, case.reopened),
        (2, Level::Community, true)
    );
    assert_eq!(holder(&app, &case).await, "吴静");
    grid.says(&format!("办结 {id} 换了水管")).await;
    let reply = resident.says(&format!("重开 {id} 还在漏")).await;
    assert!(reply.contains("已经申请重开过一次"), "{reply}");
    let reply = resident.says(&format!("评价 {id} 2")).await;
    assert!(reply.contains("不能再重开"), "{reply}");
    let case = app.case(id).await;
    assert_eq!((case.state, case.round), (CaseState::Reviewed, 2));
}

#[tokio::test]
async fn what_nobody_rates_lapses_and_may_be_reopened_for_a_while() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("办结 {id} 修好了")).await;
    app.drain().await;
    app.advance(7 * 24 * 60 + 1).await;
    let case = app.case(id).await;
    assert_eq!((case.state, case.rating), (CaseState::Reviewed, None));
    app.advance(8 * 24 * 60).await;
    let reply = resident.says(&format!("重开 {id} 又漏了")).await;
    assert!(reply.contains("另提一件"), "{reply}");
    assert_eq!(app.case(id).await.round, 1);
}

#[tokio::test]
async fn pressing_is_heard_and_limited_and_taking_back_ends_it() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("求助 老人一个人在家").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    app.drain().await;
    let before = steward.pushes().len();
    let reply = resident.says("催办").await;
    assert!(reply.contains("已催办"), "{reply}");
    app.drain().await;
    assert!(steward.pushes().len() > before);
    let reply = resident.says(&format!("催办 {id}")).await;
    assert!(reply.contains("分钟后可以再催"), "{reply}");
    assert_eq!(app.case(id).await.nudges, 1);
    resident.says(&format!("补充 {id} 3栋也一样")).await;
    assert!(actions(&app, id).await.contains(&"supplemented".to_owned()));
    resident.says(&format!("撤回 {id}")).await;
    let case = app.case(id).await;
    assert_eq!(case.state, CaseState::Withdrawn);
    let reply = steward.says(&format!("办结 {id} 好了")).await;
    assert!(reply.contains("已撤回"), "{reply}");
    app.advance(600).await;
    assert!(!app.case(id).await.finish_late, "no clock runs on");
}

#[tokio::test]
async fn arguments_that_cannot_be_change_nothing() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    for text in [
        "进度 0",
        "进度 -1",
        "进度 abc",
        "催办 99999999999999999999",
        "评价 好",
        "评价 9 9",
        "重开",
        "撤回 0",
        "补充",
        "接单 1",
        "进度 １２３４５６",
    ] {
        let reply = resident.says(text).await;
        assert!(!reply.contains("系统出了点问题"), "{text}: {reply}");
    }
    for text in [
        "接单 abc",
        "转派",
        "转派 x 没有这人",
        "办结",
        "方案 1",
        "上报 0",
        "暂停 -5 等",
        "恢复 1e9",
    ] {
        let reply = steward.says(text).await;
        assert!(!reply.contains("系统出了点问题"), "{text}: {reply}");
    }
    let reply = steward.says(&format!("转派 {id} 没有这人")).await;
    assert!(
        reply.contains("可以转派给") && reply.contains("沈立"),
        "{reply}"
    );
    let score = resident.says(&format!("评价 {id} 6")).await;
    assert!(score.contains("1到5分"), "{score}");
    let case = app.case(id).await;
    assert_eq!((case.state, case.nudges), (CaseState::Assigned, 0));
}
