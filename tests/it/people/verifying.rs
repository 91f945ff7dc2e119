//! What waits for the steward's word, and who may say it.

use entity::kinds::{BindingState, HomeRelation};
use entity::{audit, residency, role};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{bindings, last, tries};
use crate::harness::app::TestApp;

#[tokio::test]
async fn wrong_name_and_wrong_phone_are_answered_alike_and_wait_for_the_steward() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let mut said = Vec::new();
    for (id, text) in [
        ("o-name", "绑定 桂园 1-1-101 张秀兰 13800000101"),
        ("o-phone", "绑定 桂园 1-1-101 张秀英 13800009999"),
        ("o-both", "绑定 桂园 1-1-101 李四 13800009998"),
    ] {
        let person = app.newcomer(id).await;
        let reply = person.says(text).await;
        let row = last(&app).await;
        assert_eq!(row.state, BindingState::Requested, "{text}");
        assert_eq!(person.account().await.person_id, None);
        assert_eq!(tries(&person).await, 1);
        said.push(reply.replace(&format!("#{}", row.id), "#N"));
    }
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0], said[2]);
    let push = steward.expects_push("核验").await;
    assert!(!push.contains("13800009999"), "{push}");
    let newcomer = app.known("o-name");
    let nothing = newcomer.says("报修 灯坏了").await;
    assert!(nothing.contains("绑定"), "{nothing}");
}

#[tokio::test]
async fn the_steward_passes_a_request_and_the_person_is_told() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let other = app.staff("周强").await;
    let zhang = app.resident("张秀英").await;
    let family = app.newcomer("o-family").await;
    family.says("绑定 桂园 1-1-101 王小明 13911112222").await;
    let row = last(&app).await;
    steward.expects_push(&format!("核验 {}", row.id)).await;

    let refused = other.says(&format!("核验 {} 通过", row.id)).await;
    assert!(refused.contains("没有找到"), "{refused}");
    let refused = zhang.says(&format!("核验 {} 通过", row.id)).await;
    assert!(refused.contains("工作人员"), "{refused}");
    assert_eq!(last(&app).await.state, BindingState::Requested);

    let reply = steward.says(&format!("核验 {} 通过", row.id)).await;
    assert!(reply.contains("已通过"), "{reply}");
    let row = last(&app).await;
    assert_eq!(row.state, BindingState::Verified);
    assert_eq!(family.account().await.person_id, row.person_id);
    let tie = residency::Entity::find()
        .filter(residency::COLUMN.person_id.eq(row.person_id.unwrap()))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(tie.relation, HomeRelation::Family);
    family.expects_push("通过").await;
    zhang.expects_push("新账号").await;
    let twice = steward.says(&format!("核验 {} 驳回", row.id)).await;
    assert!(twice.contains("已核验"), "{twice}");
    let deeds = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(format!("binding:{}", row.id)))
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(deeds, 2, "requested and verified");
}

#[tokio::test]
async fn a_refusal_reaches_the_account_and_a_new_claim_waits_again() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let stranger = app.newcomer("o-stranger").await;
    stranger.says("绑定 桂园 1-1-101 钱七 13911113333").await;
    let row = last(&app).await;
    let reply = steward
        .says(&format!("核验 {} 驳回 不是本楼住户", row.id))
        .await;
    assert!(reply.contains("已驳回"), "{reply}");
    let row = last(&app).await;
    assert_eq!(row.state, BindingState::Refused);
    assert_eq!(row.reason.as_deref(), Some("不是本楼住户"));
    stranger.expects_push("不是本楼住户").await;
    // Even what matches waits now: the steward has said no.
    let reply = stranger.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("管家核验"), "{reply}");
    assert_eq!(last(&app).await.state, BindingState::Requested);
}

#[tokio::test]
async fn the_home_objects_and_the_steward_decides() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let zhang = app.resident("张秀英").await;
    let thief = app.newcomer("o-thief").await;
    thief.says("绑定 1-1-101 张秀英 13800000101").await;
    let stolen = last(&app).await;
    assert_eq!(stolen.state, BindingState::Declared);
    // The later account may not throw the earlier one out.
    let first = bindings(&app).await[0].clone();
    let reply = thief.says(&format!("异议 {}", first.id)).await;
    assert!(reply.contains("先绑定"), "{reply}");

    let neighbour = app.resident("李建国").await;
    let reply = neighbour.says(&format!("异议 {}", stolen.id)).await;
    assert!(reply.contains("没有找到"), "{reply}");
    let reply = zhang.says(&format!("异议 {}", stolen.id)).await;
    assert!(reply.contains("管家会核实"), "{reply}");
    assert_eq!(thief.account().await.person_id, None);
    steward.expects_push(&format!("核验 {}", stolen.id)).await;
    // Typing it again does not help, nor does starting over.
    let reply = thief.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("等管家核验"), "{reply}");
    thief.says("解绑 1-1-101").await;
    let reply = thief.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("管家核验"), "{reply}");
    assert_eq!(thief.account().await.person_id, None);
}

#[tokio::test]
async fn a_term_that_is_over_gives_nothing() {
    let app = TestApp::start().await;
    let sun = app.staff("孙梅").await;
    role::Entity::update_many()
        .col_expr(
            role::Column::ToAt,
            sea_orm::sea_query::Expr::value(app.now() - chrono::TimeDelta::days(1)),
        )
        .filter(
            role::COLUMN
                .person_id
                .eq(sun.account().await.person_id.unwrap()),
        )
        .exec(app.store.write())
        .await
        .unwrap();
    let newcomer = app.newcomer("o-late").await;
    newcomer.says("绑定 桂园 1-1-102 赵钱 13911114444").await;
    let row = last(&app).await;
    let reply = sun.says(&format!("核验 {} 通过", row.id)).await;
    assert!(reply.contains("工作人员"), "{reply}");
    assert_eq!(last(&app).await.state, BindingState::Requested);
}
