//! A resident who is not content asks for the next level: it grants, declines with words, or is silent.

use entity::kinds::Outcome;

use super::*;

/// A case that 孙梅 has finished.
async fn finished(app: &TestApp) -> i64 {
    let (resident, steward) = (tied(app, "张秀英").await, tied(app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("办结 {id} 修好了")).await;
    app.drain().await;
    id
}

#[tokio::test]
async fn the_next_level_grants_it_and_has_it() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    let id = finished(&app).await;
    let reply = resident.says(&format!("重开 {id} 还在漏")).await;
    assert!(
        reply.contains("已申请重开") && reply.contains("吴静") && reply.contains("自动重开"),
        "{reply}"
    );
    app.drain().await;
    let words = told(&app, "吴静").await;
    assert!(
        words.contains("还在漏") && words.contains(&format!("同意重开 {id}")),
        "{words}"
    );
    let seen = resident.says(&format!("进度 {id}")).await;
    assert!(
        seen.contains("申请重开") && seen.contains("已请社区吴静决定是否重开"),
        "{seen}"
    );
    // Neither a second request nor a rating meanwhile; nobody judges their own work or wish.
    for text in [format!("重开 {id} 快点"), format!("评价 {id} 5")] {
        let reply = resident.says(&text).await;
        assert!(reply.contains("等待决定"), "{reply}");
    }
    let reply = steward.says(&format!("同意重开 {id}")).await;
    assert!(reply.contains("不能由您自己决定"), "{reply}");
    let staff = tied(&app, "蒋平").await;
    let reply = staff.says(&format!("同意重开 {id}")).await;
    assert!(reply.contains("没有请您决定"), "{reply}");
    let foreign = tied(&app, "杨光").await;
    let reply = foreign.says(&format!("同意重开 {id}")).await;
    assert!(reply.contains("没有找到"), "{reply}");

    let reply = grid.says("同意重开").await;
    assert!(reply.contains("由您接着办"), "{reply}");
    let case = app.case(id).await;
    assert_eq!(
        (case.state, case.round, case.level, case.reopened),
        (CaseState::Accepted, 2, Level::Community, true)
    );
    assert_eq!((case.outcome, case.asked_id), (None, None));
    assert_eq!(holder(&app, &case).await, "吴静");
    app.drain().await;
    assert!(
        told(&app, "张秀英")
            .await
            .contains("已重开，现在由吴静办理")
    );
    let reply = grid.says(&format!("驳回重开 {id} 晚了")).await;
    assert!(
        reply.contains("没有等待决定") || reply.contains("不能由您自己"),
        "{reply}"
    );
    assert_eq!(app.case(id).await.round, 2);
}

#[tokio::test]
async fn the_next_level_declines_with_words_and_the_resident_reads_them() {
    let app = house(1).await;
    let (resident, grid) = (tied(&app, "张秀英").await, tied(&app, "吴静").await);
    let id = finished(&app).await;
    let reply = resident.says(&format!("评价 {id} 2 不满意")).await;
    assert!(reply.contains("申请重开"), "{reply}");
    let reply = grid.says(&format!("驳回重开 {id}")).await;
    assert!(reply.contains("理由"), "{reply}");
    let reply = grid.says("已现场核实，水管不漏").await;
    assert!(reply.contains("理由会告诉居民"), "{reply}");
    app.drain().await;
    let words = told(&app, "张秀英").await;
    assert!(
        words.contains("没有重开") && words.contains("水管不漏"),
        "{words}"
    );
    let case = app.case(id).await;
    assert_eq!(
        (case.state, case.round, case.reopened, case.rating),
        (CaseState::Reviewed, 1, false, Some(2))
    );
    assert_eq!(case.outcome, Some(Outcome::Solved));
    let reply = resident.says(&format!("重开 {id} 真的漏")).await;
    assert!(reply.contains("已经申请重开过一次"), "{reply}");
    app.advance(60).await;
    assert_eq!(app.case(id).await.round, 1, "no clock opens it");
}

#[tokio::test]
async fn declined_before_it_was_rated_it_can_still_be_rated_and_lapses() {
    let app = house(1).await;
    let (resident, chair) = (tied(&app, "张秀英").await, tied(&app, "郑洪").await);
    let id = finished(&app).await;
    resident.says(&format!("重开 {id} 还在漏")).await;
    // Whoever gives work out there may decide, too.
    let reply = chair.says(&format!("驳回重开 {id} 已核实")).await;
    assert!(reply.contains("不再重开"), "{reply}");
    assert_eq!(app.case(id).await.state, CaseState::Finished);
    app.advance(7 * 24 * 60 + 1).await;
    assert_eq!(app.case(id).await.state, CaseState::Reviewed);
    let other = finished(&app).await;
    resident.says(&format!("重开 {other} 还在漏")).await;
    chair.says(&format!("不同意重开 {other} 已核实")).await;
    let reply = resident.says(&format!("评价 {other} 1")).await;
    assert!(reply.contains("不能再重开"), "{reply}");
    assert_eq!(app.case(other).await.round, 1);
}

#[tokio::test]
async fn silence_grants_it_and_two_deciding_at_once_are_one() {
    let app = house(2).await;
    let resident = tied(&app, "张秀英").await;
    let id = finished(&app).await;
    resident.says(&format!("重开 {id} 还在漏")).await;
    app.drain().await;
    app.advance(6).await;
    let case = app.case(id).await;
    assert_eq!(
        (case.state, case.round, case.level),
        (CaseState::Assigned, 2, Level::Community)
    );
    assert_eq!(holder(&app, &case).await, "吴静");
    assert!(told(&app, "张秀英").await.contains("已重开"));

    let id = finished(&app).await;
    resident.says(&format!("重开 {id} 还在漏")).await;
    let (grid, secretary) = (tied(&app, "吴静").await, tied(&app, "郑洪").await);
    let (yes, no) = (format!("同意重开 {id}"), format!("驳回重开 {id} 已核实"));
    let (first, second) = tokio::join!(grid.says(&yes), secretary.says(&no));
    let events = actions(&app, id).await;
    let decided = events
        .iter()
        .filter(|action| matches!(action.as_str(), "reopened" | "reopen-declined"));
    assert_eq!(decided.count(), 1, "{first} / {second}: {events:?}");
}

#[tokio::test]
async fn where_nobody_else_is_it_is_open_again_at_once() {
    let app = house(1).await;
    for name in ["沈立", "蒋平", "吴静", "卫东", "郑洪", "冯涛", "褚亮"] {
        leaves(&app, name).await;
    }
    let resident = tied(&app, "张秀英").await;
    let id = finished(&app).await;
    let reply = resident.says(&format!("重开 {id} 还在漏")).await;
    assert!(reply.contains("已重开"), "{reply}");
    let case = app.case(id).await;
    assert_eq!((case.state, case.round), (CaseState::Assigned, 2));
    assert_eq!(holder(&app, &case).await, "孙梅");
}
