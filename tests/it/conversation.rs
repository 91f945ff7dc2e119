//! Whole conversations of the standard compound: drafts of newcomers, questions and digits, photos
//! and places that belong to a case, refusals.

use entity::{attachment, case, case_event};
use linli::sandbox::Say;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::wechat::{next_id, text_xml};

/// Instances of the standard compound whose steward can be reached: what nobody can be told is
/// logged as an error.
async fn house(instances: usize) -> TestApp {
    let app = TestApp::with_instances(instances).await;
    app.steward("1栋").await;
    app
}

/// The digit in front of a line of a menu; leafs through the pages for it.
async fn digit_of(person: &Person<'_>, word: &str) -> String {
    let wanted = format!(" {word}：");
    let mut page = 1;
    loop {
        let menu = person.says(&format!("菜单 {page}")).await;
        if let Some(line) = menu.lines().find(|line| line.contains(&wanted)) {
            return line.split(' ').next().unwrap().to_owned();
        }
        let first = menu.contains("\n1 报修") || menu.contains("\n1 绑定");
        assert!(page == 1 || !first, "no «{word}» in the menus");
        page += 1;
    }
}

#[tokio::test]
async fn words_of_a_newcomer_wait_for_the_binding() {
    let app = house(1).await;
    let person = app.newcomer("o-new").await;
    let reply = person.says("報修 樓道燈壞了").await;
    assert!(
        reply.contains("请先绑定") && reply.contains("樓道燈壞了"),
        "{reply}"
    );
    let count = case::Entity::find().count(app.store.read()).await.unwrap();
    assert_eq!(count, 0);
    // More words join the first; the question takes the bare data, too.
    person.says("报修 门禁也坏了").await;
    let reply = person.says("1-1-101 张秀英 13800000101").await;
    assert!(
        reply.contains("樓道燈壞了") && reply.contains('1'),
        "{reply}"
    );
    let reply = person.says("1").await;
    assert!(reply.contains("已收到"), "{reply}");
    assert_eq!(person.case().await.text, "樓道燈壞了；门禁也坏了");
    let waiting = person.account().await.dialog;
    assert!(waiting.is_none_or(|dialog| dialog.get("draft").is_none()));
    assert_eq!(person.cases().await.len(), 1);
}

#[tokio::test]
async fn a_draft_is_offered_again_until_it_is_filed_or_dropped() {
    let app = house(1).await;
    let person = app.newcomer("o-new").await;
    person.says("投诉 楼道堆杂物").await;
    person.says("绑定 1-1-101 张秀英 13800000101").await;
    let reply = person.says("我的管家").await;
    assert!(
        reply.contains("楼道堆杂物") && reply.contains("2 不提交"),
        "{reply}"
    );
    let reply = person.says("2").await;
    assert!(reply.contains("不提交"), "{reply}");
    let reply = person.says("我的管家").await;
    assert!(!reply.contains("楼道堆杂物"), "{reply}");
    assert!(person.cases().await.is_empty());
}

#[tokio::test]
async fn a_case_is_filed_by_digits_and_a_sentence() {
    let app = house(1).await;
    let person = app.resident("张秀英").await;
    let digit = digit_of(&person, "报修").await;
    let question = person.says(&digit).await;
    assert!(question.contains("请直接写下"), "{question}");
    assert!(person.says("0").await.contains("请回复数字"));
    let digit = digit_of(&person, "求助").await;
    person.says(&digit).await;
    // A question never swallows a command.
    let reply = person.says("建议 门口加一盏灯").await;
    assert!(reply.contains("已收到"), "{reply}");
    let digit = digit_of(&person, "报修").await;
    person.says(&digit).await;
    let reply = person.says("电梯停了😀]]>\n快来").await;
    assert!(reply.contains("已收到"), "{reply}");
    assert_eq!(person.case().await.text, "电梯停了😀]]>\n快来");
    assert_eq!(person.cases().await.len(), 2);
}

#[tokio::test]
async fn what_is_not_understood_is_filed_whole() {
    let app = house(1).await;
    let person = app.resident("张秀英").await;
    let text = format!("三栋楼道{}灯又坏了", "的".repeat(1000));
    let reply = person.says(&text).await;
    assert!(reply.contains("要把这句话作为诉求提交吗"), "{reply}");
    let reply = person.says("1").await;
    assert!(reply.contains("已收到"), "{reply}");
    assert_eq!(person.case().await.text, text);
}

#[tokio::test]
async fn a_text_beyond_the_limit_is_filed_up_to_it() {
    let app = house(1).await;
    let person = app.resident("张秀英").await;
    let reply = person.says(&format!("报修 {}", "灯".repeat(5003))).await;
    assert!(
        reply.contains("已收到") && reply.contains("只保留了前5000个字"),
        "{reply}"
    );
    assert_eq!(person.case().await.text.chars().count(), 4997);
}

#[tokio::test]
async fn one_filing_delivered_three_times_at_once_makes_one_case() {
    let app = house(2).await;
    let person = app.resident("张秀英").await;
    for round in 0..4 {
        let message = text_xml(&person.open_id, &format!("报修 第{round}盏灯坏了"));
        let deliveries = [0, 1, 0].map(|instance| {
            let (sender, message) = (app.sender(instance), message.clone());
            tokio::spawn(async move { sender.send(&message).await })
        });
        let mut replies = Vec::new();
        for delivery in deliveries {
            replies.push(delivery.await.unwrap().unwrap());
        }
        assert!(
            replies.iter().all(|reply| *reply == replies[0]),
            "{replies:?}"
        );
        assert!(replies[0].contains("已收到"), "{}", replies[0]);
    }
    assert_eq!(person.cases().await.len(), 4);
}

#[tokio::test]
async fn photos_and_places_find_their_case() {
    let app = house(1).await;
    let person = app.resident("张秀英").await;
    let photo = || Say::Image {
        media_id: format!("media-{}", next_id()),
    };
    let spot = || Say::Location {
        latitude: 30.25,
        longitude: 120.16,
        label: "桂园小区北门".to_owned(),
    };
    // Before: they wait for the filing.
    person.does(&photo()).await;
    person.does(&spot()).await;
    person.says("报修 路灯坏了").await;
    let first = person.case().await;
    assert_eq!(
        (first.latitude, first.longitude),
        (Some(30.25), Some(120.16))
    );
    let subject = format!("case:{}", first.id);
    let of_first =
        || attachment::Entity::find().filter(attachment::COLUMN.subject.eq(subject.clone()));
    assert_eq!(of_first().count(app.store.read()).await.unwrap(), 1);
    // After: they go to it at once.
    let reply = person.does(&photo()).await.unwrap();
    assert!(reply.contains(&format!("#{}", first.id)), "{reply}");
    assert_eq!(of_first().count(app.store.read()).await.unwrap(), 2);
    let reply = person.does(&spot()).await.unwrap();
    assert!(reply.contains(&format!("#{}", first.id)), "{reply}");
    let added = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(first.id))
        .filter(case_event::COLUMN.note.contains("桂园小区北门"))
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(added, 1);
    // Half an hour later they are about something else.
    app.clock.advance(chrono::TimeDelta::minutes(31));
    person.does(&photo()).await;
    assert_eq!(of_first().count(app.store.read()).await.unwrap(), 2);
    person.says("报修 水管漏水").await;
    let second = format!("case:{}", person.case().await.id);
    let of_second = attachment::Entity::find().filter(attachment::COLUMN.subject.eq(second));
    assert_eq!(of_second.count(app.store.read()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_voice_that_was_understood_is_a_command() {
    let app = house(1).await;
    let person = app.resident("张秀英").await;
    let voice = Say::Voice {
        recognition: Some("报修，电梯停了。".to_owned()),
    };
    let reply = person.does(&voice).await.unwrap();
    assert!(reply.starts_with("听到：“报修，电梯停了。”\n"), "{reply}");
    assert_eq!(person.case().await.text, "电梯停了。");
}

#[tokio::test]
async fn a_refused_command_changes_nothing_and_is_answered_once() {
    let app = house(2).await;
    let person = app.resident("张秀英").await;
    for text in [
        "评价 999 5",
        "进度 999",
        "撤回 9223372036854775807",
        "催办 -1",
        "补充 999 文",
        "重开 999 还漏",
    ] {
        let message = text_xml(&person.open_id, text);
        let first = app.sender(0).send(&message).await.unwrap();
        assert!(!first.contains("系统出了点问题"), "{text}: {first}");
        let again = app.sender(1).send(&message).await;
        assert_eq!(again, Some(first), "{text}");
    }
    assert!(person.cases().await.is_empty());
    for text in ["接单 12", "待办", "办结 1 好了"] {
        let reply = person.says(text).await;
        assert!(reply.contains("工作人员"), "{text}: {reply}");
    }
}

#[tokio::test]
async fn staff_finds_its_work_first_and_who_has_left_finds_none() {
    let app = house(1).await;
    let steward = app.known("o-sun");
    let menu = steward.says("菜单").await;
    assert!(menu.contains("\n1 待办："), "{menu}");
    let mut row = app.person("孙梅").await.into_active_model();
    row.left_at = Set(Some(app.now()));
    row.update(app.store.write()).await.unwrap();
    let menu = steward.says("菜单").await;
    assert!(!menu.contains("待办"), "{menu}");
    let reply = steward.says("接单 1").await;
    assert!(reply.contains("工作人员"), "{reply}");
}

#[tokio::test]
async fn a_human_can_be_found() {
    let app = house(1).await;
    let person = app.resident("张秀英").await;
    let reply = person.says("人工").await;
    assert!(
        reply.contains("孙梅") && reply.contains("1 写下求助内容"),
        "{reply}"
    );
    assert!(
        !reply.contains("13800001001"),
        "a phone must be masked: {reply}"
    );
    let question = person.says("1").await;
    assert!(question.contains("请直接写下"), "{question}");
    let reply = person.says("老人摔倒了，帮帮忙").await;
    assert!(reply.contains("已收到"), "{reply}");
    // A stranger learns who answers for the compound whose code was scanned.
    let stranger = app.newcomer("o-stranger").await;
    stranger.does(&Say::event("SCAN", "GY/2")).await;
    let reply = stranger.says("人工").await;
    assert!(reply.contains("吴静") && !reply.contains("孙梅"), "{reply}");
}
