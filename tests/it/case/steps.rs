//! The seven steps as people read them: what was passed by is not called done, and what waits to be looked at is not
//! called published. In the chat, on `/me` and in the console.

use super::ends::passes;
use super::*;
use crate::console::Desk;
use crate::harness::browser::Browser;

/// A case of 张秀英 that 孙梅 has finished, with a plan or without one.
async fn finished(app: &TestApp, planned: bool) -> i64 {
    let (resident, steward) = (tied(app, "张秀英").await, tied(app, "孙梅").await);
    resident.says("报修 楼道灯不亮").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("到场 {id}")).await;
    if planned {
        steward.says(&format!("方案 {id} 换整层的灯")).await;
    }
    let before = resident.says(&format!("进度 {id}")).await;
    let deliberated = if planned { "议✓" } else { "议" };
    assert!(
        before.contains(&format!("步骤：提✓ 汇✓ {deliberated} 办 督 示 评")),
        "{before}"
    );
    steward.says(&format!("办结 {id} 已换灯泡")).await;
    id
}

#[tokio::test]
async fn a_step_that_was_passed_by_and_one_that_waits_are_shown_as_that() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    let id = finished(&app, false).await;
    let read = resident.says(&format!("进度 {id}")).await;
    assert!(
        read.contains("步骤：提✓ 汇✓ 议（略） 办✓ 督✓ 示（待审核） 评"),
        "{read}"
    );
    assert!(read.contains("略过商议：简单事项"), "{read}");

    let mut browser = Browser::new();
    browser.come_back(&app, &resident.open_id, "/me").await;
    let me = format!("{}/me", app.url());
    let waits = "<li class=\"waits\" aria-current=\"step\">示（待审核）</li>";
    let page = browser.open(&me).await;
    page.is(200)
        .says("<li class=\"skipped\">议（略）</li>")
        .says("<li class=\"done\">办</li>")
        .says(waits);
    let mut desk = Desk::of(&app, "卫东").await;
    let address = format!("/console/cases/{id}");
    desk.open(&address)
        .await
        .is(200)
        .says("<li class=\"skipped\">议（略）</li>")
        .says(waits)
        .says("略过商议");

    app.drain().await;
    passes(&app, id).await;
    let read = resident.says(&format!("进度 {id}")).await;
    assert!(read.contains("议（略） 办✓ 督✓ 示✓ 评"), "{read}");
    let published = "<li class=\"done\" aria-current=\"step\">示</li>";
    browser.open(&me).await.says(published);
    desk.open(&address).await.says(published);
}

#[tokio::test]
async fn a_plan_takes_its_step_and_what_was_refused_is_not_published() {
    let app = house(1).await;
    let (resident, chair) = (tied(&app, "张秀英").await, tied(&app, "卫东").await);
    let id = finished(&app, true).await;
    app.drain().await;
    let row = entity::moderation::Entity::find()
        .filter(entity::moderation::COLUMN.subject.eq(format!("case:{id}")))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let reply = chair.says(&format!("审核 {} 驳回 请写清楚", row.id)).await;
    assert!(reply.contains("驳回"), "{reply}");
    let read = resident.says(&format!("进度 {id}")).await;
    assert!(
        read.contains("步骤：提✓ 汇✓ 议✓ 办✓ 督✓ 示（未通过） 评"),
        "{read}"
    );
}
