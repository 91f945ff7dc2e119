//! A pause has a day on which it ends: then the clocks go on, and who still waits says so anew.

use super::*;

#[tokio::test]
async fn a_pause_ends_on_its_day_and_who_has_it_is_asked_again() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 水管漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    for (wrong, says) in [
        (format!("暂停 {id} 0天 等配件"), "1到30天"),
        (format!("暂停 {id} 31天 等配件"), "1到30天"),
        (format!("暂停 {id} 2天"), "请写明原因"),
    ] {
        let reply = steward.says(&wrong).await;
        assert!(reply.contains(says), "{wrong}: {reply}");
        assert_eq!(app.case(id).await.state, CaseState::Accepted, "{wrong}");
    }
    let reply = steward.says(&format!("暂停 {id} 2天 等配件")).await;
    assert!(
        reply.contains("已暂停计时") && reply.contains("起接着计"),
        "{reply}"
    );
    let paused = app.case(id).await;
    let lasts = paused.pause_until.unwrap() - paused.paused_at.unwrap();
    assert_eq!(lasts, TimeDelta::days(2));
    let note = events(&app, id).await;
    let note = note.iter().find(|event| event.action == "paused");
    assert_eq!(note.unwrap().note.as_deref(), Some("等配件"));
    app.drain().await;
    let words = told(&app, "张秀英").await;
    assert!(
        words.contains("等配件") && words.contains("最迟"),
        "{words}"
    );
    let tasks = steward.says("待办").await;
    assert!(tasks.contains("接着办"), "{tasks}");
    app.advance(24 * 60).await;
    assert_eq!(app.case(id).await.state, CaseState::Paused);

    app.advance(24 * 60 + 1).await;
    let case = app.case(id).await;
    assert_eq!((case.state, case.pause_until), (CaseState::Accepted, None));
    assert!(!case.finish_late && case.finish_due_at.unwrap() > app.now());
    assert!(told(&app, "孙梅").await.contains("暂停到期"));
    assert!(told(&app, "张秀英").await.contains("已恢复办理"));

    // Three days where nothing is said; who goes on before is not woken by them.
    steward.says(&format!("暂停 {id} 还等配件")).await;
    let paused = app.case(id).await;
    let lasts = paused.pause_until.unwrap() - paused.paused_at.unwrap();
    assert_eq!(lasts, TimeDelta::days(3));
    steward.says(&format!("恢复 {id}")).await;
    assert_eq!(app.case(id).await.pause_until, None);
    app.advance(3 * 24 * 60 + 1).await;
    let resumed = actions(&app, id).await;
    let resumed = resumed.iter().filter(|action| *action == "resumed");
    assert_eq!(resumed.count(), 2);
}

#[tokio::test]
async fn the_day_of_a_pause_waits_for_a_mediation() {
    let app = house(1).await;
    let (resident, steward, officer) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "冯涛").await,
    );
    resident.says("纠纷 楼上装修太吵").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("暂停 {id} 1天 等双方回来")).await;
    steward.says(&format!("转调解 {id} 街道")).await;
    app.advance(24 * 60 + 1).await;
    assert_eq!(app.case(id).await.state, CaseState::Paused);
    let found = super::mediation::newest(&app).await.id;
    officer.says(&format!("调解不成 {found} 一方不来")).await;
    app.drain().await;
    let case = app.case(id).await;
    assert_eq!((case.state, case.pause_until), (CaseState::Accepted, None));
}
