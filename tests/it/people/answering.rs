//! Who answers for a home, and whom its people may ring.

use entity::person;
use linli::sandbox::Say;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use super::last;
use crate::harness::app::TestApp;

#[tokio::test]
async fn three_answer_for_a_home_and_a_vacancy_falls_upward() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let reply = zhang.says("我的管家").await;
    assert!(
        reply.contains("社区管家：吴静（网格员） 138****1101"),
        "{reply}"
    );
    assert!(reply.contains("包户党员：空缺，由 吴静"), "{reply}");
    assert!(reply.contains("楼栋长：孙梅"), "{reply}");
    assert!(
        !reply.contains("周强"),
        "another building's steward: {reply}"
    );
    assert!(!reply.contains("13800001101"), "a whole phone: {reply}");

    // The steward leaves: the post falls to the grid worker, who is asked from then on.
    let sun = app.staff("孙梅").await;
    let wu = app.staff("吴静").await;
    let change = person::ActiveModel {
        id: Set(sun.account().await.person_id.unwrap()),
        left_at: Set(Some(app.now())),
        ..Default::default()
    };
    person::Entity::update(change)
        .exec(app.store.write())
        .await
        .unwrap();
    let reply = zhang.says("我的管家").await;
    assert!(reply.contains("楼栋长：空缺，由 吴静"), "{reply}");
    let newcomer = app.newcomer("o-late").await;
    newcomer.says("绑定 桂园 1-1-102 赵钱 13911114444").await;
    let row = last(&app).await;
    wu.expects_push(&format!("核验 {}", row.id)).await;
    let reply = sun.says(&format!("核验 {} 通过", row.id)).await;
    assert!(
        !reply.contains("已通过"),
        "somebody who left decided: {reply}"
    );
    let reply = wu.says(&format!("核验 {} 通过", row.id)).await;
    assert!(reply.contains("已通过"), "{reply}");
}

#[tokio::test]
async fn whoever_looks_for_somebody_reads_first_whom_they_may_ring() {
    let app = TestApp::start().await;
    let phone = entity::organisation::ActiveModel {
        service_phone: Set(Some("0571-88880000".to_owned())),
        service_hours: Set(Some("24小时".to_owned())),
        ..Default::default()
    };
    entity::organisation::Entity::update_many()
        .set(phone)
        .filter(entity::organisation::COLUMN.code.eq("WY"))
        .exec(app.store.write())
        .await
        .unwrap();
    let zhang = app.resident("张秀英").await;
    let reply = zhang.says("我的管家").await;
    let rung = reply.find("桂园物业服务公司：0571-88880000（24小时）");
    assert!(
        rung.is_some() && rung < reply.find("楼栋长：孙梅"),
        "{reply}"
    );
    let reply = zhang.says("人工").await;
    assert!(
        reply.contains("0571-88880000") && reply.contains("1 写下求助内容"),
        "{reply}"
    );
    assert_eq!(reply.matches("求助").count(), 1, "{reply}");
    // Whoever has only scanned a code may ring them, too.
    let stranger = app.newcomer("o-stranger").await;
    stranger.does(&Say::event("SCAN", "GY/2")).await;
    let reply = stranger.says("人工").await;
    assert!(reply.contains("0571-88880000"), "{reply}");
}
