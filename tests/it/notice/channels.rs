//! By which way a notice reaches each of its people: WeCom, a template, a customer-service message; what becomes of
//! it where there is none; and that nobody's words become a link or a script on the way.

use entity::account;
use linli::sandbox::How;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use super::rounds::with_template;
use super::{TEXT, goes_out, heard, hears, last, published, recipients};
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::work::identity::register;

/// They have not written for two days.
async fn silent(person: &Person<'_>) {
    let id = person.account().await.id;
    account::Entity::update_many()
        .set(account::ActiveModel {
            window_until: Set(None),
            window_left: Set(0),
            ..Default::default()
        })
        .filter(account::COLUMN.id.eq(id))
        .exec(person.app.store.write())
        .await
        .unwrap();
}

/// How a push with these words came to somebody on the official account.
fn ways(person: &Person<'_>, words: &str) -> Vec<How> {
    let sent = person.app.platform.sent_to(&person.open_id).into_iter();
    sent.filter(|entry| entry.text.contains(words))
        .map(|entry| entry.how)
        .collect()
}

/// How a message with these words came to a member of WeCom.
fn in_wecom(app: &TestApp, userid: &str, words: &str) -> Vec<How> {
    let seen = app.platform.member_sees(userid).into_iter();
    seen.filter(|entry| entry.text.contains(words))
        .map(|entry| entry.how)
        .collect()
}

#[tokio::test]
async fn each_gets_it_once_by_their_best_way() {
    let app = with_template().start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let (wang, chair) = (app.resident("王芳").await, app.staff("卫东").await);
    register(&app, "li", Some("lijianguo")).await;
    register(&app, "wang", Some("wangfang")).await;
    silent(&liu).await;
    let preview = chair.says(TEXT).await;
    assert!(preview.contains("6人，其中2人没有微信"), "{preview}");
    chair.says("1").await;
    let id = last(&app).await.id;
    goes_out(&app, id).await;
    for person in [&zhang, &liu, &wang] {
        person.expects_push("周六停水").await;
        assert_eq!(
            ways(person, "周六停水"),
            [How::Template],
            "{}",
            person.open_id
        );
    }
    app.drain().await;
    assert_eq!(in_wecom(&app, "lijianguo", "周六停水"), [How::App]);
    // Who has WeChat and WeCom gets it where residents read.
    assert_eq!(in_wecom(&app, "wangfang", "周六停水"), [How::App; 0]);
    let far = chair.says(&format!("广播进度 {id}")).await;
    assert!(far.contains("已发出4，等待0，没送到0"), "{far}");
}

#[tokio::test]
async fn without_a_template_who_has_written_lately_gets_it_and_the_rest_is_counted() {
    let app = TestApp::start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let chair = app.staff("卫东").await;
    silent(&liu).await;
    let id = published(&chair, TEXT).await;
    zhang.expects_push("周六停水").await;
    assert_eq!(ways(&zhang, "周六停水"), [How::Custom]);
    app.drain().await;
    assert_eq!(liu.told("周六停水"), 0);
    let far = chair.says(&format!("广播进度 {id}")).await;
    assert!(far.contains("已发出1，等待0，没送到1"), "{far}");
    // Still theirs to read, and on the list for the door.
    assert!(liu.says("公告").await.contains("周六停水"));
    assert_eq!(recipients(&app, id).await.len(), 6);
}

#[tokio::test]
async fn words_become_no_link_and_no_script_on_any_way() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    register(&app, "li", Some("lijianguo")).await;
    let title = "<a href=\"http://e.cn\">停水</a>";
    let body = "<script>alert(1)</script>\n</a><A HREF=x>y</A>\n[点我](http://e.cn)";
    published(&chair, &format!("发布 {title}\n{body}")).await;
    let push = zhang.expects_push("停水").await;
    app.drain().await;
    let member: Vec<String> = app
        .platform
        .member_sees("lijianguo")
        .into_iter()
        .map(|entry| entry.text)
        .collect();
    assert!(
        member.iter().any(|text| text.contains("停水")),
        "{member:?}"
    );
    let group = hears(&app, "GY-committee", 1).await;
    assert_eq!((group.len(), heard(&app, "GY-committee").len()), (1, 1));
    let list = zhang.says("公告").await;
    let shown = zhang.says("1").await;
    for text in member.iter().chain(&group).chain([&push]) {
        let small = text.to_lowercase();
        assert!(
            !small.contains("<a") && !small.contains("<script"),
            "{text}"
        );
        assert!(!small.contains("</a"), "{text}");
    }
    for text in [&list, &shown] {
        let small = text.to_lowercase();
        assert!(
            !small.contains("<a") && !small.contains("<script"),
            "{text}"
        );
    }
}
