//! 多方助力: others help, invited or by themselves; the holder alone works on it and ends it.

use entity::kinds::RoleKind;
use entity::{case_helper, role};

use super::*;

/// A case that 孙梅 has accepted.
async fn accepted(app: &TestApp) -> i64 {
    let (resident, steward) = (tied(app, "张秀英").await, tied(app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    id
}

#[tokio::test]
async fn who_is_invited_sees_it_notes_and_proposes_and_cannot_end_it() {
    let app = house(1).await;
    let (resident, steward, mediator) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "蒋平").await,
    );
    // A mediator sees no cases but those they are asked for.
    let person = app.called("蒋平").await;
    let row = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person.id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let mut row = row.into_active_model();
    row.role = Set(RoleKind::Mediator);
    row.update(app.store.write()).await.unwrap();
    let id = accepted(&app).await;
    let reply = mediator.says(&format!("进度 {id}")).await;
    assert!(reply.contains("没有找到"), "{reply}");

    let reply = steward.says(&format!("请助力 {id} 蒋平")).await;
    assert!(reply.contains("已请蒋平"), "{reply}");
    app.drain().await;
    assert!(told(&app, "蒋平").await.contains(&format!("助力 {id}")));
    let reply = mediator.says(&format!("进度 {id}")).await;
    assert!(reply.contains("蒋平（已邀请）"), "{reply}");
    // Invited is not come.
    let reply = mediator.says(&format!("补充 {id} 我先看看")).await;
    assert!(!reply.contains("已补充"), "{reply}");
    let reply = mediator.says("助力").await;
    assert!(reply.contains("您已加入助力"), "{reply}");
    let reply = mediator.says(&format!("助力 {id}")).await;
    assert!(reply.contains("您已经在助力"), "{reply}");
    let reply = mediator.says(&format!("补充 {id} 总阀已关")).await;
    assert!(reply.contains("已补充"), "{reply}");
    mediator.says(&format!("方案 {id} 先换接头")).await;
    app.drain().await;
    let words = told(&app, "孙梅").await;
    assert!(
        words.contains("总阀已关") && words.contains("先换接头"),
        "{words}"
    );
    let case = app.case(id).await;
    assert_eq!(
        (case.plan, case.step),
        (None, CaseStep::Gathered),
        "a proposal is no plan"
    );
    for text in [
        "办结 {} 好了",
        "无法办结 {} 不行",
        "暂停 {} 等",
        "上报 {} 难",
    ] {
        let reply = mediator.says(&text.replace("{}", &id.to_string())).await;
        assert!(reply.contains("由孙梅办理"), "{reply}");
    }
    let seen = resident.says(&format!("进度 {id}")).await;
    assert!(seen.contains("助力：蒋平"), "{seen}");
    steward.says(&format!("办结 {id} 修好了")).await;
    app.drain().await;
    assert!(told(&app, "蒋平").await.contains("谢谢您的助力"));
    let seen = resident.says(&format!("进度 {id}")).await;
    assert!(seen.contains("助力：蒋平"), "who helped stays: {seen}");
    let reply = mediator.says(&format!("补充 {id} 还有")).await;
    assert!(reply.contains("不能这样操作"), "{reply}");
}

#[tokio::test]
async fn who_comes_by_themselves_may_go_again_and_others_may_not_come() {
    let app = house(1).await;
    let (resident, steward, manager) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "沈立").await,
    );
    let id = accepted(&app).await;
    let text = format!("助力 {id}");
    let reply = manager.says(&text).await;
    assert!(reply.contains("您已加入"), "{reply}");
    let reply = manager.says(&format!("退出助力 {id}")).await;
    assert!(reply.contains("已退出"), "{reply}");
    let reply = manager.says(&format!("退出助力 {id}")).await;
    assert!(reply.contains("没有在助力"), "{reply}");
    let reply = manager.says(&text).await;
    assert!(reply.contains("您已加入"), "{reply}");
    let reply = steward.says(&text).await;
    assert!(reply.contains("由您办理"), "{reply}");
    let reply = steward.says(&format!("助力 {id} 没有这人")).await;
    assert!(reply.contains("没有找到"), "{reply}");
    for name in ["李建国", "杨光"] {
        let other = tied(&app, name).await;
        let reply = other.says(&text).await;
        assert!(!reply.contains("您已加入"), "{name}: {reply}");
    }
    let reply = resident.says(&text).await;
    assert!(!reply.contains("您已加入"), "{reply}");
    let rows = case_helper::Entity::find().all(app.store.read()).await;
    assert_eq!(rows.unwrap().len(), 1);
}

#[tokio::test]
async fn the_same_helper_twice_at_once_is_one() {
    let app = house(2).await;
    let id = accepted(&app).await;
    let manager = tied(&app, "沈立").await;
    let text = format!("助力 {id}");
    let (first, second) = tokio::join!(manager.says(&text), manager.says(&text));
    let rows = case_helper::Entity::find().all(app.store.read()).await;
    assert_eq!(rows.unwrap().len(), 1, "{first} / {second}");
    let joined = actions(&app, id).await;
    let joined = joined.iter().filter(|action| *action == "helper-joined");
    assert_eq!(joined.count(), 1);
}
