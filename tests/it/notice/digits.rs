//! Notices by digits alone: each command without a number offers those that it may mean; the list leads on to what is
//! older.

use entity::kinds::NoticeState;
use entity::{notice, notice_recipient};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use serde_json::json;

use super::{TEXT, confirmed, goes_out, last, published, recipient, row};
use crate::harness::app::TestApp;

#[tokio::test]
async fn a_notice_is_led_by_digits_from_the_draft_to_the_recall() {
    let app = TestApp::start().await;
    let (_zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    for word in [
        "撤回公告",
        "更正公告",
        "广播进度",
        "提醒未读",
        "公告范围",
        "确认发布",
    ] {
        let said = chair.says(word).await;
        assert!(said.contains("现在没有可以"), "{word}: {said}");
    }
    chair.says(TEXT).await;
    chair.says("菜单").await;
    let list = chair.says("公告范围").await;
    assert!(
        list.contains("哪条公告的范围") && list.contains("1 #"),
        "{list}"
    );
    let asked = chair.says("1").await;
    assert!(asked.contains("发给哪一栋"), "{asked}");
    let preview = chair.says("1栋").await;
    assert!(preview.contains("3人"), "{preview}");
    chair.says("菜单").await;
    let list = chair.says("确认发布").await;
    assert!(
        list.contains("要确认发布哪条公告") && list.contains("草稿"),
        "{list}"
    );
    let said = chair.says("1").await;
    assert!(said.contains("15秒后"), "{said}");
    let id = last(&app).await.id;
    // Not out yet: it may be taken back, and neither corrected nor repeated.
    for word in ["更正公告", "提醒未读"] {
        let said = chair.says(word).await;
        assert!(said.contains("现在没有可以"), "{word}: {said}");
    }
    goes_out(&app, id).await;

    let list = chair.says("广播进度").await;
    assert!(
        list.contains("哪条公告的进度") && list.contains("已发出"),
        "{list}"
    );
    let far = chair.says("1").await;
    assert!(far.contains("收件人3") && far.contains("回复 1"), "{far}");
    let soon = chair.says("1").await;
    assert!(soon.contains("一小时最多提醒一次"), "{soon}");
    app.advance(61).await;
    chair.says("提醒未读").await;
    let said = chair.says("1").await;
    assert!(said.contains("正在再提醒"), "{said}");
    goes_out(&app, id).await;
    chair.says("更正公告").await;
    let asked = chair.says("1").await;
    assert!(asked.contains("请写更正后的标题"), "{asked}");
    let preview = chair.says("周日停水\n改到周日。").await;
    assert!(preview.contains("【更正】周日停水"), "{preview}");
    chair.says("1").await;
    let new = last(&app).await.id;
    goes_out(&app, new).await;
    assert_eq!(row(&app, id).await.state, NoticeState::Corrected);
    // What has a newer version is not offered.
    let list = chair.says("撤回公告").await;
    assert!(
        list.contains(&format!("1 #{new} ")) && !list.contains(&format!("#{id} ")),
        "{list}"
    );
    let said = chair.says("1").await;
    assert!(said.contains("已撤回"), "{said}");
    assert_eq!(row(&app, new).await.state, NoticeState::Recalled);
}

#[tokio::test]
async fn a_resident_reads_and_acknowledges_by_two_digits() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let id = published(&chair, TEXT).await;
    let list = zhang.says("公告").await;
    assert!(
        list.contains("1 周六停水") && !list.contains("更早的"),
        "{list}"
    );
    let shown = zhang.says("1").await;
    assert!(
        shown.contains("检修水箱") && shown.contains("回复 1（收到）"),
        "{shown}"
    );
    let own = recipient(&app, id, "张秀英").await.unwrap();
    assert!(own.read_at.is_some() && own.acknowledged_at.is_none());
    let said = zhang.says("1").await;
    assert!(said.contains(&format!("已记下您收到公告 #{id}")), "{said}");
    let own = recipient(&app, id, "张秀英").await.unwrap();
    assert!(own.acknowledged_at.is_some());
}

/// Notices that somebody has got, `第1条` the oldest.
async fn many(app: &TestApp, name: &str, count: usize) {
    let (who, home) = (app.person(name).await, app.place("GY/1-1-101").await);
    let (compound, author) = (app.place("GY").await, app.person("卫东").await);
    let (now, db) = (app.now(), app.store.write());
    for number in 1..=count {
        let one = notice::ActiveModel {
            compound_id: Set(Some(compound.id)),
            place_id: Set(compound.id),
            author_id: Set(author.id),
            title: Set(format!("第{number}条")),
            body: Set(format!("内容{number}。")),
            urgent: Set(false),
            state: Set(NoticeState::Sent),
            version: Set(1),
            scope: Set(json!({ "places": [], "who": ["residents"] })),
            counted: Set(1),
            reachable: Set(1),
            round: Set(0),
            told_to: Set(0),
            published_at: Set(Some(now)),
            created_at: Set(now),
            ..Default::default()
        };
        let one = one.insert(db).await.unwrap();
        let own = notice_recipient::ActiveModel {
            notice_id: Set(one.id),
            person_id: Set(who.id),
            compound_id: Set(Some(compound.id)),
            home_id: Set(home.id),
            reachable: Set(true),
            ..Default::default()
        };
        own.insert(db).await.unwrap();
    }
}

#[tokio::test]
async fn older_ones_are_reached_by_digits() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    many(&app, "张秀英", 18).await;
    let page = zhang.says("公告").await;
    assert!(
        page.contains("1 第18条") && page.contains("8 第11条") && page.contains("9 更早的公告"),
        "{page}"
    );
    let page = zhang.says("9").await;
    assert!(
        page.contains("1 第10条") && page.contains("8 第3条") && page.contains("9 更早的公告"),
        "{page}"
    );
    assert!(!page.contains("第11条"), "{page}");
    let page = zhang.says("9").await;
    assert!(
        page.contains("1 第2条") && page.contains("2 第1条"),
        "{page}"
    );
    assert!(!page.contains("更早的"), "{page}");
    let shown = zhang.says("2").await;
    assert!(shown.contains("内容1。"), "{shown}");
    // Somebody else's place in the list shows nothing of it, and none is kind.
    let li = app.resident("李建国").await;
    let none = li.says(&format!("公告 {}-", last(&app).await.id)).await;
    assert!(none.contains("没有更早的公告"), "{none}");
}

#[tokio::test]
async fn a_confirmation_waits_for_its_digit_alone() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let id = confirmed(&chair, TEXT).await;
    // Two drafts: the list has both, the newest first.
    chair.says("发布 第二条\n内容").await;
    chair.says("发布 第三条\n内容").await;
    chair.says("菜单").await;
    let list = chair.says("确认发布").await;
    let third = last(&app).await.id;
    assert!(
        list.contains(&format!("1 #{third} 第三条"))
            && list.contains(&format!("2 #{} 第二条", third - 1)),
        "{list}"
    );
    assert!(
        !list.contains(&format!("#{id} ")),
        "it is confirmed: {list}"
    );
    let missed = chair.says("5").await;
    assert!(!missed.contains("15秒后"), "{missed}");
    assert_eq!(row(&app, third).await.state, NoticeState::Draft);
}
