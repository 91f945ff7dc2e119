//! Two messages at once, on two instances, and one message twice: a digit has one effect, a question one answer,
//! and neither takes away what the other has left.

use entity::attachment;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::rules::{house, open};
use super::{OFFERED, is_kind, says};
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::wechat::{next_id, text_xml, xml};

/// Both messages at the same moment, each on an instance of its own.
async fn at_once(app: &TestApp, messages: [&str; 2]) -> [String; 2] {
    let (one, other) = (app.sender(0), app.sender(1));
    let (a, b) = tokio::join!(one.send(messages[0]), other.send(messages[1]));
    [a.expect("no answer"), b.expect("no answer")]
}

/// A finished case of the person that waits for its rating.
async fn finished(app: &TestApp, person: &Person<'_>) -> i64 {
    let steward = app.known("o-sun");
    says(person, "报修 1栋大厅漏水").await;
    let id = person.case().await.id;
    says(&steward, &format!("接单 {id}")).await;
    says(&steward, &format!("办结 {id} 换了水管")).await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_digits_at_once_one_is_the_answer() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    for _ in 0..3 {
        let id = finished(&app, &zhang).await;
        open(&zhang, &[format!("评价 {id}").as_str()]).await;
        let digits = ["5", "4"].map(|digit| text_xml(&zhang.open_id, digit));
        let replies = at_once(&app, [&digits[0], &digits[1]]).await;
        for reply in &replies {
            is_kind("5 and 4", reply);
        }
        let thanked = replies
            .iter()
            .filter(|reply| reply.contains("谢谢您的评价"));
        assert_eq!(thanked.count(), 1, "{replies:?}");
        assert!(app.case(id).await.rating.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sentences_at_once_one_answers_the_question_and_the_other_is_offered() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    for round in 0..3 {
        open(&zhang, &["报修"]).await;
        let texts = [format!("第{round}盏灯坏了"), format!("第{round}扇门坏了")];
        let messages = texts.map(|text| text_xml(&zhang.open_id, &text));
        let replies = at_once(&app, [&messages[0], &messages[1]]).await;
        let filed = replies.iter().filter(|reply| reply.contains("已收到"));
        assert_eq!(filed.count(), 1, "{replies:?}");
        let offered = replies.iter().filter(|reply| reply.contains(OFFERED));
        assert_eq!(offered.count(), 1, "{replies:?}");
        assert_eq!(zhang.cases().await.len(), round + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_at_the_same_moment_does_not_lose_a_photo() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    for round in 1..=4 {
        let id = next_id().to_string();
        let media = format!("media-{id}");
        let fields = [
            ("PicUrl", "http://x/1.jpg"),
            ("MediaId", media.as_str()),
            ("MsgId", id.as_str()),
        ];
        let photo = xml(&zhang.open_id, "image", &fields);
        let refused = text_xml(&zhang.open_id, "评价 999 5");
        at_once(&app, [&photo, &refused]).await;
        let filed = says(&zhang, &format!("投诉 第{round}次太吵")).await;
        assert!(filed.contains("附1个附件"), "{filed}");
        let case = zhang.case().await.id;
        let of_case = attachment::Entity::find()
            .filter(attachment::COLUMN.subject.eq(format!("case:{case}")))
            .count(app.store.read())
            .await
            .unwrap();
        assert_eq!(of_case, 1, "{filed}");
        // The next photo is not for this one.
        says(&zhang, &format!("撤回 {case}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_twice_is_one() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    for (question, answer) in [
        ("报修", "楼道灯坏了"),
        ("订阅", "2"),
        ("菜单", "1"),
        ("报修", "7"),
        ("解绑", "99-9-999"),
        ("菜单", "88"),
        ("投诉", "人工"),
    ] {
        open(&zhang, &[question]).await;
        let message = text_xml(&zhang.open_id, answer);
        let replies = at_once(&app, [&message, &message]).await;
        assert_eq!(replies[0], replies[1], "{question} → {answer}");
        let later = app.sender(1).send(&message).await;
        assert_eq!(later.as_ref(), Some(&replies[0]), "{question} → {answer}");
    }
    assert_eq!(zhang.cases().await.len(), 1);
}
