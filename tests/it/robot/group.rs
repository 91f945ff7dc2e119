//! What a group reads and what it does not; each member's own dialog; who may do what.

use entity::kinds::{CaseState, ReminderState};
use entity::{inbound, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{number_in, text};
use crate::harness::app::TestApp;

/// The words that a group would have read, sent to the person.
async fn asides(app: &TestApp) -> Vec<String> {
    let rows = inbound::Entity::find()
        .filter(inbound::COLUMN.private_reply.is_not_null())
        .all(app.store.read())
        .await
        .unwrap();
    rows.into_iter()
        .filter_map(|row| row.private_reply)
        .collect()
}

#[tokio::test]
async fn who_may_is_the_member_and_never_a_name_in_the_text() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 1栋电梯停了").await;
    let id = resident.case().await.id;
    let (steward, colleague) = (app.member("孙梅").await, app.member("周强").await);
    // Another building's steward may not take it, whatever name is typed.
    for forged in [
        format!("接单 {id}"),
        format!("@孙梅 接单 {id}"),
        format!("我是孙梅 接单 {id}"),
        format!("接单 {id} userid=sun from=sun"),
        format!("孙梅：接单 {id}"),
    ] {
        colleague.asks(&forged).await;
        assert_eq!(app.case(id).await.state, CaseState::Assigned, "{forged}");
    }
    let taken = steward.asks(&format!("接单 {id}")).await;
    assert!(taken.contains("已接单。"), "{taken}");
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    let finished = steward.asks(&format!("办结 {id} 电梯已恢复运行")).await;
    assert!(finished.contains("已办结"), "{finished}");
}

#[tokio::test]
async fn personal_data_never_reaches_the_group() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident
        .says("报修 家里水管漏水,请联系张秀英 13800000101,住1-1-101")
        .await;
    let id = resident.case().await.id;
    let steward = app.member("孙梅").await;
    let mut read = Vec::new();
    for command in ["待办", "进度", "我的", "我的管家", "人工", "帮助"] {
        read.push(steward.asks(command).await);
    }
    read.push(steward.asks(&format!("进度 {id}")).await);
    read.push(steward.asks(&format!("接单 {id}")).await);
    read.push(
        steward
            .asks("报修 张秀英家1-1-101漏水,电话13800000101")
            .await,
    );
    read.push(steward.asks("张秀英 13800000101 1-1-101 是谁").await);
    read.push(
        steward
            .asks(&format!("办结 {id} 张秀英家1-1-101已修好,回访13800000101"))
            .await,
    );
    for words in &read {
        for secret in ["张秀英", "13800000101", "1-1-101", "家里水管漏水"] {
            assert!(!words.contains(secret), "the group read {secret}: {words}");
        }
    }
    assert_eq!(read[0], "已发到您的企业微信。");
    let asides = asides(&app).await;
    let progress = asides.iter().any(|words| words.contains("1-1-101"));
    assert!(
        progress,
        "what the group may not read goes to the steward: {asides:?}"
    );
    let pending = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("chat.aside"))
        .filter(reminder::COLUMN.state.ne(ReminderState::Cancelled))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(pending.len(), asides.len(), "each is promised once");
    assert!(
        pending
            .iter()
            .all(|row| !row.payload.to_string().contains("张秀英"))
    );
    assert_eq!(app.case(id).await.state, CaseState::Finished);
    app.drain().await;
    let seen = app.platform.member_sees("sun");
    let read: Vec<String> = seen.into_iter().map(|entry| entry.text).collect();
    for words in &asides {
        let first = words.lines().next().unwrap_or_default();
        let came = read.iter().any(|text| text.contains(first));
        assert!(came, "«{first}» did not come in WeCom: {read:#?}");
    }
}

#[tokio::test]
async fn a_digit_answers_what_the_same_member_was_asked_in_the_same_place() {
    let app = TestApp::start().await;
    let (sun, zhou) = (app.member("孙梅").await, app.member("周强").await);
    let menu = sun.asks("菜单").await;
    assert!(menu.contains("1 待办"), "{menu}");
    let offered = sun.asks("水管好像有点问题").await;
    assert!(offered.contains("1 报修"), "{offered}");
    // Somebody else's digit answers nothing, nor the same person's elsewhere.
    assert!(zhou.asks("1").await.contains("没有在等您选"));
    assert!(sun.says("1").await.contains("没有在等您选"));
    let filed = sun.asks("1").await;
    assert!(filed.contains("已收到"), "{filed}");
    // What went to the person alone is gone on with there.
    let id = number_in(&filed);
    sun.says("待办").await;
    assert_eq!(
        sun.asks(&format!("进度 {id}")).await,
        "已发到您的企业微信。"
    );
    let there = sun.says("1").await;
    assert!(there.contains(&format!("#{id}")), "{there}");
}

#[tokio::test]
async fn who_has_left_or_is_unknown_gets_a_kind_word_and_nothing_else() {
    let app = TestApp::start().await;
    let stranger = app.stranger("nobody");
    let reply = stranger.asks("待办").await;
    assert!(!reply.is_empty() && !reply.contains('#'), "{reply}");
    let steward = app.member("孙梅").await;
    let id = steward.files("报修 1栋电梯停了").await;
    use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
    let found = entity::person::Entity::find()
        .filter(entity::person::COLUMN.wecom_userid.eq("sun"))
        .one(app.store.read())
        .await
        .unwrap();
    let mut change = found.unwrap().into_active_model();
    change.left_at = Set(Some(app.now()));
    change.update(app.store.write()).await.unwrap();
    let before = app.case(id).await.state;
    let reply = steward.asks(&format!("接单 {id}")).await;
    assert!(!reply.contains("已接单"), "{reply}");
    assert_eq!(app.case(id).await.state, before);
}

#[tokio::test]
async fn a_member_of_another_corporation_is_somebody_else() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    assert!(steward.says("我的").await.contains("孙梅"));
    let mut body = text("我的");
    body["from"] = serde_json::json!({ "userid": "sun", "corpid": "wwother" });
    let said = steward.sends(None, &body).await;
    assert!(!said.text().contains("孙梅"), "{}", said.text());
}

#[tokio::test]
async fn a_user_id_is_the_same_in_whatever_case_it_comes() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 1栋电梯停了").await;
    let id = resident.case().await.id;
    app.member("孙梅").await;
    let taken = app.stranger("SUN").asks(&format!("接单 {id}")).await;
    assert!(taken.contains("已接单。"), "{taken}");
    assert!(app.stranger("sUn").says("我的").await.contains("孙梅"));
}

#[tokio::test]
async fn two_at_once_in_one_group_take_a_case_once() {
    let app = TestApp::with_instances(2).await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 1栋电梯停了").await;
    let id = resident.case().await.id;
    let steward = app.member("孙梅").await;
    let line = format!("接单 {id}");
    let (one, other) = tokio::join!(steward.asks(&line), steward.asks(&line));
    let both = [&one, &other];
    let taken = both
        .iter()
        .filter(|reply| reply.contains("已接单。"))
        .count();
    assert_eq!(taken, 1, "{one} / {other}");
}

#[tokio::test]
async fn without_an_application_the_member_is_asked_to_come_alone() {
    let plan = TestApp::plan().set("WECHAT__WORK__CORP_ID", "");
    let app = plan.start().await;
    let steward = app.member("孙梅").await;
    let reply = steward.asks("我的").await;
    assert!(reply.contains("请单独"), "{reply}");
    assert!(asides(&app).await.is_empty(), "nothing is promised");
    assert!(steward.says("我的").await.contains("孙梅"));
}

#[tokio::test]
async fn a_name_and_a_phone_are_asked_for_where_nobody_else_reads() {
    let app = TestApp::start().await;
    let sun = app.member("孙梅").await;
    for words in ["绑定", "更正", "解绑"] {
        let reply = sun.asks(words).await;
        assert_eq!(reply, "已发到您的企业微信。", "{words}");
    }
    app.drain().await;
    let told: Vec<String> = app
        .platform
        .member_sees("sun")
        .into_iter()
        .map(|entry| entry.text)
        .collect();
    assert!(
        told.iter()
            .any(|text| text.contains("请写下房号、姓名和手机号")),
        "{told:#?}"
    );
    // What is said in the group next answers no such question: it is taken as any other words.
    sun.asks("绑定").await;
    let reply = sun.asks("1-1-101 张秀英 13800000101").await;
    assert!(
        !reply.contains("绑定") && !reply.contains("张秀英"),
        "{reply}"
    );
    let bindings = entity::binding::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert!(bindings.is_empty(), "{bindings:?}");
    // Somebody of the corporation who is bound to nothing and holds no post.
    let zhang = app.member("张秀英").await;
    let reply = zhang.asks("进度").await;
    assert_eq!(reply, "已发到您的企业微信。");
    let reply = zhang.asks("报修 灯坏了").await;
    assert!(!reply.contains("手机号"), "{reply}");
}

#[tokio::test]
async fn without_an_application_the_question_is_asked_alone() {
    let plan = TestApp::plan().set("WECHAT__WORK__CORP_ID", "");
    let app = plan.start().await;
    let steward = app.member("孙梅").await;
    let reply = steward.asks("绑定").await;
    assert!(
        reply.contains("请单独") && !reply.contains("姓名"),
        "{reply}"
    );
    assert!(steward.says("绑定").await.contains("姓名和手机号"));
}

#[tokio::test]
async fn whoever_holds_a_post_for_a_term_is_named_while_it_runs() {
    use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    let zhou = app.called("周强").await;
    let term = entity::role::Entity::find()
        .filter(entity::role::COLUMN.person_id.eq(zhou.id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    // A sentence that is not understood comes back in the group, as far as it may.
    let says = "水管的事周强知道";
    for (from, to, named) in [
        (-10, None, true),
        (-10, Some(10), true),
        (-10, Some(-1), false),
        (5, Some(10), false),
    ] {
        let day = |days| app.now() + chrono::TimeDelta::days(days);
        let mut row = term.clone().into_active_model();
        row.from_at = Set(day(from));
        row.to_at = Set(to.map(day));
        row.update(app.store.write()).await.unwrap();
        let reply = steward.asks(says).await;
        assert_eq!(reply.contains("周强"), named, "{from} {to:?}: {reply}");
        assert!(named || reply.contains("周*"), "{reply}");
    }
}
