//! A quarrel on its way to an agreement that is kept: 转调解 当事人 约调解 协议 同意 履行.

use entity::kinds::MediationState;
use entity::{mediation, mediation_party};

use super::api::api;
use super::*;

/// 张秀英's quarrel with 李建国, opened by the steward; the street's officer mediates, since no
/// mediator is on the roster. Gives the case and the mediation.
pub(super) async fn quarrel(app: &TestApp) -> (i64, i64) {
    let (resident, steward, officer) = (
        tied(app, "张秀英").await,
        tied(app, "孙梅").await,
        tied(app, "冯涛").await,
    );
    resident.says("纠纷 隔壁装修太吵，电话13800000101").await;
    let case = resident.case().await.id;
    app.drain().await;
    let reply = steward.says(&format!("转调解 {case}")).await;
    assert!(reply.contains("哪一级"), "{reply}");
    let reply = steward.says("1").await;
    assert!(reply.contains("已转街道调解中心"), "{reply}");
    let row = newest(app).await;
    app.drain().await;
    officer.expects_push("请您主持").await;
    let reply = officer
        .says(&format!("当事人 {} 1-1-102 李建国", row.id))
        .await;
    assert!(reply.contains("李建国已加为"), "{reply}");
    app.drain().await;
    (case, row.id)
}

pub(super) async fn newest(app: &TestApp) -> mediation::Model {
    let found = mediation::Entity::find().order_by_desc(mediation::COLUMN.id);
    found.one(app.store.read()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_quarrel_ends_with_an_agreement_that_is_kept() {
    let app = house(2).await;
    let (case, id) = quarrel(&app).await;
    let (one, other, officer) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "冯涛").await,
    );
    assert_eq!(
        app.case(case).await.state,
        CaseState::Paused,
        "the clock stands"
    );
    one.expects_push("已转调解").await;
    other.expects_push("您是当事人").await;

    let day = linli::base::clock::china(app.now() + TimeDelta::days(3)).format("%Y-%m-%d");
    let reply = officer
        .says(&format!("约调解 {id} {day} 23:30 社区服务中心"))
        .await;
    assert!(reply.contains("社区服务中心"), "{reply}");
    other.expects_push("见面：社区服务中心").await;
    app.advance(3 * 24 * 60 - 30).await;
    one.expects_push("明天见面").await;

    officer.says(&format!("协议 {id} 每晚八点后不施工")).await;
    other.expects_push("协议待您确认").await;
    let reply = other.says(&format!("我的调解 {id}")).await;
    assert!(reply.contains("每晚八点后不施工"), "{reply}");
    let reply = one.says(&format!("同意 {id}")).await;
    assert!(reply.contains("正在等其他当事人"), "{reply}");
    let reply = one.says(&format!("同意 {id}")).await;
    assert!(reply.contains("已经回复过"), "{reply}");
    let reply = other.says(&format!("不同意 {id} 白天也要休息")).await;
    assert!(reply.contains("只给调解员看"), "{reply}");
    officer.expects_push("有人不同意").await;
    let reply = officer.says(&format!("我的调解 {id}")).await;
    assert!(reply.contains("白天也要休息"), "{reply}");
    one.expects_push("没有谈拢").await;

    officer
        .says(&format!("协议 {id} 14天 只在工作日白天施工"))
        .await;
    app.drain().await;
    let words = format!("同意 {id}");
    tokio::join!(one.says(&words), other.says(&words));
    let row = newest(&app).await;
    assert_eq!(
        (row.state, row.version, row.follow_days),
        (MediationState::Agreed, 2, 14)
    );
    app.drain().await;
    app.advance(14 * 24 * 60 + 5).await;
    one.expects_push("履行了吗").await;
    let reply = one.says("履行").await;
    assert!(reply.contains("1 是"), "{reply}");
    one.says("1").await;
    assert_eq!(newest(&app).await.state, MediationState::Agreed);
    let reply = other.says(&format!("履行 {id} 是")).await;
    assert!(reply.contains("都已办结"), "{reply}");
    app.drain().await;
    let done = app.case(case).await;
    assert_eq!(done.state, CaseState::Finished);
    assert_eq!(done.result.as_deref(), Some("经调解，双方达成协议并已履行"));
    app.advance(11).await;
    let kept = actions(&app, case).await;
    let asked = kept.iter().filter(|action| *action == "feedback-asked");
    assert_eq!(asked.count(), 1, "asked for a rating: {kept:?}");
    for action in ["mediation-opened", "mediation-agreed", "finished"] {
        assert!(kept.contains(&action.to_owned()), "{kept:?}");
    }

    // Nothing of one side reaches the other but the text.
    let of_other = other.pushes().join("\n");
    for secret in ["张秀英", "1-1-101", "13800000101", "隔壁"] {
        assert!(!of_other.contains(secret), "{secret}: {of_other}");
    }
    let of_one = one.pushes().join("\n");
    for secret in ["李建国", "1-1-102", "白天也要休息"] {
        assert!(!of_one.contains(secret), "{secret}: {of_one}");
    }
}

#[tokio::test]
async fn a_mediation_is_there_for_its_sides_alone() {
    let app = house(1).await;
    let (case, id) = quarrel(&app).await;
    let (one, other, officer, neighbour, steward) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "冯涛").await,
        tied(&app, "王芳").await,
        tied(&app, "孙梅").await,
    );
    let missing = neighbour
        .says("我的调解 999999")
        .await
        .replace("999999", "N");
    for (person, text) in [
        (&neighbour, "我的调解 {}"),
        (&neighbour, "同意 {}"),
        (&neighbour, "履行 {} 是"),
        (&steward, "协议 {} 不吵"),
        (&steward, "当事人 {} 1-1-201"),
        (&steward, "调解不成 {} 算了"),
        (&steward, "约调解 {} 明天 9:00 这里"),
    ] {
        let reply = person.says(&text.replace("{}", &id.to_string())).await;
        assert_eq!(reply.replace(&id.to_string(), "N"), missing, "{text}");
    }
    let reply = other.says(&format!("我的调解 {id}")).await;
    assert!(
        !reply.contains("张秀英") && !reply.contains("隔壁"),
        "{reply}"
    );
    let reply = officer.says(&format!("我的调解 {id}")).await;
    assert!(
        reply.contains("张秀英") && reply.contains("李建国"),
        "{reply}"
    );
    // Wrong states, wrong words, twice.
    for (person, text, says) in [
        (&officer, format!("同意 {id}"), "调解员不能代替"),
        (&one, format!("同意 {id}"), "不能这样操作"),
        (&one, format!("履行 {id} 是"), "不能这样操作"),
        (
            &officer,
            format!("约调解 {id} 2020-01-01 9:00 这里"),
            "换一个时间",
        ),
        (&officer, format!("约调解 {id} 随便"), "没看懂时间"),
        (&officer, format!("约调解 {id} 单元门打不开"), "提交吗"),
        (&officer, format!("当事人 {id} 1-1-102"), "已经是"),
        (&officer, format!("当事人 {id} 9-1-901"), "没有找到这位居民"),
        (&officer, format!("协议 {id}"), "请写清楚"),
        (&steward, format!("转调解 {case} 市"), "已经在调解"),
        (&one, "同意物业的方案".to_owned(), "没看懂"),
        (&one, "履行".to_owned(), "没有等您回复"),
    ] {
        let reply = person.says(&text).await;
        assert!(reply.contains(says), "{text}: {reply}");
    }
    let theirs = api(&app, &other, "李建国").await;
    let seen = theirs.get(&format!("/mediations/{id}")).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    assert_eq!(seen.json["parties"].as_array().unwrap().len(), 1);
    assert!(!seen.json.to_string().contains("张秀英"));
    let nobodys = api(&app, &neighbour, "王芳").await;
    assert_eq!(nobodys.get(&format!("/mediations/{id}")).await.status, 404);
    let refused = theirs
        .post(
            &format!("/mediations/{id}/agreement"),
            &json!({ "text": "x" }),
        )
        .await;
    assert_eq!(refused.status, 403);

    let reply = officer.says(&format!("调解不成 {id} 分歧太大")).await;
    assert!(reply.contains("调解不成"), "{reply}");
    one.expects_push("没有成功").await;
    steward.expects_push("调解不成").await;
    let reply = officer.says(&format!("协议 {id} 再试")).await;
    assert!(reply.contains("不能这样操作"), "{reply}");
    // The clocks go on without anybody's word.
    let goes_on = app.case(case).await;
    assert_eq!(goes_on.state, CaseState::Assigned);
    assert!(goes_on.finish_due_at.unwrap() > app.now() && goes_on.paused_at.is_none());
}

#[tokio::test]
async fn what_is_not_kept_comes_back_to_the_mediator() {
    let app = house(1).await;
    let (_, id) = quarrel(&app).await;
    let (one, other, officer) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "冯涛").await,
    );
    officer.says(&format!("协议 {id} 不再吵")).await;
    one.says("我的调解").await;
    one.says("1").await;
    other.says(&format!("同意 {id}")).await;
    let reply = other.says(&format!("履行 {id} 没有，还在吵")).await;
    assert!(reply.contains("没有履行"), "{reply}");
    officer.expects_push("没有履行").await;
    assert_eq!(newest(&app).await.state, MediationState::Broken);
    officer.says(&format!("协议 {id} 真的不再吵")).await;
    let parties = mediation_party::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert!(
        parties
            .iter()
            .all(|party| party.agrees.is_none() && party.kept.is_none())
    );
    one.says(&format!("同意 {id}")).await;
    other.says(&format!("同意 {id}")).await;
    officer.says(&format!("履行 {id} 是 已上门看过")).await;
    assert_eq!(newest(&app).await.state, MediationState::Kept);
}
