//! What the groups of a compound are told: a recall, too; and that a robot whose key is wrong holds up no other.

use entity::kinds::ReminderState;
use entity::reminder;
use linli::config::Group;
use sea_orm::{EntityTrait, QueryFilter};

use super::{TEXT, confirmed, heard, hears, last, published};
use crate::harness::app::TestApp;
use crate::harness::until;

/// The group that the platform knows.
const COMMITTEE: &str = "GY-committee";

#[tokio::test]
async fn a_group_is_told_of_a_recall_and_of_nothing_that_was_undone() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    confirmed(&chair, TEXT).await;
    chair.says("2").await;
    app.advance(2).await;
    assert!(heard(&app, COMMITTEE).is_empty(), "undone");
    let id = published(&chair, TEXT).await;
    let said = hears(&app, COMMITTEE, 1).await;
    assert!(said[0].contains("【公告】周六停水"), "{said:?}");
    chair
        .says(&format!("更正公告 {id} 周日停水\n改到周日。"))
        .await;
    chair.says("1").await;
    let said = hears(&app, COMMITTEE, 2).await;
    assert!(said[1].contains("【公告】【更正】周日停水"), "{said:?}");
    let new = last(&app).await.id;
    chair.says(&format!("撤回公告 {new}")).await;
    let said = hears(&app, COMMITTEE, 3).await;
    assert_eq!(said[2], "公告“周日停水”已撤回，请以之后的公告为准。");
    app.advance(61).await;
    assert_eq!(heard(&app, COMMITTEE).len(), 3);
}

#[tokio::test]
async fn of_two_groups_one_with_a_wrong_key_the_other_is_told_once() {
    let mut app = TestApp::plan().instances(0).start().await;
    app.allow_errors();
    // The platform knows no such key.
    app.settings.wechat.groups.insert(
        0,
        Group {
            compound: "GY".to_owned(),
            role: "stewards".to_owned(),
            key: "00000000-0000-4000-8000-0000000bad00".into(),
        },
    );
    app.add_instance().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let id = confirmed(&chair, TEXT).await;
    until("the wrong key is on record", 15, async || {
        app.advance(1).await;
        let told = reminder::Entity::find()
            .filter(reminder::COLUMN.kind.eq("notice.group"))
            .filter(reminder::COLUMN.subject.eq(format!("notice:{id}")))
            .all(app.store.read())
            .await
            .unwrap();
        let wrong = |row: &&reminder::Model| {
            let error = row.last_error.as_deref();
            error.is_some_and(|error| error.contains("93000"))
        };
        let sent = told.iter().filter(|row| row.state == ReminderState::Sent);
        (sent.count() == 1 && told.iter().filter(wrong).count() == 1).then_some(())
    })
    .await;
    zhang.expects_push("周六停水").await;
    let said = hears(&app, COMMITTEE, 1).await;
    // Later tries of the one say nothing again in the other.
    app.advance(120).await;
    assert_eq!(
        (said.len(), heard(&app, COMMITTEE).len()),
        (1, 1),
        "{said:?}"
    );
    assert_eq!(zhang.told("周六停水"), 1);
}
