//! A mediation is led by somebody as long as it is open, and holds its case up no longer than that.

use entity::kinds::{MediationState, RoleKind};
use entity::role;
use linli::person::remind::when_ended;

use super::mediation::{newest, quarrel};
use super::*;

/// Days in minutes, and one more.
const DAYS: i64 = 3 * 24 * 60 + 1;

/// Makes 杨光 the street's mediator.
async fn another(app: &TestApp) -> i64 {
    let person = app.called("杨光").await.id;
    let row = role::ActiveModel {
        person_id: Set(person),
        role: Set(RoleKind::Mediator),
        place_id: Set(Some(app.place("HC-XL-CD").await.id)),
        from_at: Set(app.now() - TimeDelta::days(1)),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap();
    person
}

#[tokio::test]
async fn who_does_nothing_is_told_then_followed_and_in_the_end_the_case_goes_on() {
    let app = house(1).await;
    let (case, id) = quarrel(&app).await;
    let (one, officer, yang, steward) = (
        tied(&app, "张秀英").await,
        tied(&app, "冯涛").await,
        tied(&app, "杨光").await,
        tied(&app, "孙梅").await,
    );
    let person = another(&app).await;
    app.advance(DAYS).await;
    officer.expects_push("请往下进行").await;
    assert!(told(&app, "沈立").await.contains("调解一直没有进展"));
    assert!(
        actions(&app, case)
            .await
            .contains(&"mediation-stalled".to_owned())
    );
    assert_ne!(newest(&app).await.mediator_id, person, "told first");

    app.advance(DAYS).await;
    yang.expects_push("请您主持").await;
    officer.expects_push("换人主持").await;
    one.expects_push("换人主持").await;
    assert_eq!(newest(&app).await.mediator_id, person);
    let reply = officer.says(&format!("我的调解 {id}")).await;
    assert!(reply.contains("没有找到"), "{reply}");
    assert_eq!(app.case(case).await.state, CaseState::Paused);

    // A step of the new one begins the days anew; then nobody is left.
    app.advance(2 * 24 * 60).await;
    yang.says(&format!("协议 {id} 每晚八点后不施工")).await;
    app.advance(2 * 24 * 60).await;
    assert_eq!(newest(&app).await.state, MediationState::Proposed);
    app.advance(DAYS).await;
    app.advance(DAYS).await;
    let row = newest(&app).await;
    assert_eq!(row.state, MediationState::Failed);
    assert!(row.closed_at.is_some() && row.outcome.unwrap().contains("没有调解员"));
    one.expects_push("不再进行").await;
    steward.expects_push("调解不成").await;
    let goes_on = app.case(case).await;
    assert_eq!(goes_on.state, CaseState::Assigned);
    assert!(!goes_on.finish_late);
    app.advance(31).await;
    assert!(app.case(case).await.finish_late, "its clock runs again");
}

#[tokio::test]
async fn with_the_post_of_its_mediator_it_goes_to_somebody_else_with_the_meeting() {
    let app = house(1).await;
    let (_, id) = quarrel(&app).await;
    let (other, officer, yang) = (
        tied(&app, "李建国").await,
        tied(&app, "冯涛").await,
        tied(&app, "杨光").await,
    );
    let day = linli::base::clock::china(app.now() + TimeDelta::days(2)).format("%Y-%m-%d");
    officer
        .says(&format!("约调解 {id} {day} 23:30 社区服务中心"))
        .await;
    app.drain().await;
    let person = another(&app).await;
    let gone = app.called("冯涛").await.id;
    role::Entity::update_many()
        .set(role::ActiveModel {
            to_at: Set(Some(app.now())),
            ..Default::default()
        })
        .filter(role::COLUMN.person_id.eq(gone))
        .exec(app.store.write())
        .await
        .unwrap();
    let mut tx = app.store.begin(app.now()).await.unwrap();
    when_ended(&mut tx, &[(gone, None, app.now())])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.drain().await;
    assert_eq!(newest(&app).await.mediator_id, person);
    yang.expects_push(&format!("调解 #{id}")).await;
    other.expects_push("换人主持").await;
    let reply = yang.says(&format!("我的调解 {id}")).await;
    assert!(reply.contains("社区服务中心"), "{reply}");
    let before = officer.pushes().len();
    app.advance(2 * 24 * 60 - 30).await;
    yang.expects_push("明天见面").await;
    let eve = officer.pushes().into_iter().skip(before);
    assert_eq!(eve.filter(|text| text.contains("明天见面")).count(), 0);
    let reply = yang.says(&format!("协议 {id} 只在白天施工")).await;
    assert!(reply.contains("已发给各方"), "{reply}");
}

#[tokio::test]
async fn a_case_that_is_taken_back_or_goes_on_in_another_takes_its_mediation_along() {
    let app = house(1).await;
    let (case, id) = quarrel(&app).await;
    let (one, other, officer, steward) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "冯涛").await,
        tied(&app, "孙梅").await,
    );
    one.says(&format!("撤回 {case}")).await;
    app.drain().await;
    let row = newest(&app).await;
    assert_eq!((row.id, row.state), (id, MediationState::Failed));
    assert!(row.closed_at.is_some());
    other.expects_push("不再进行").await;
    officer.expects_push("不再进行").await;
    let reply = officer.says(&format!("协议 {id} 不吵")).await;
    assert!(reply.contains("不能这样操作"), "{reply}");

    one.says("纠纷 隔壁又在半夜施工").await;
    let second = one.case().await.id;
    other.says("投诉 楼上漏水没人管").await;
    let third = other.case().await.id;
    app.drain().await;
    steward.says(&format!("转调解 {second} 街道")).await;
    app.drain().await;
    assert!(newest(&app).await.closed_at.is_none());
    let reply = steward.says(&format!("合并 {second} {third}")).await;
    assert!(reply.contains("户遇到"), "{reply}");
    app.drain().await;
    let row = newest(&app).await;
    assert_eq!((row.case_id, row.state), (second, MediationState::Failed));
    assert!(row.outcome.unwrap().contains("并入"));
}
