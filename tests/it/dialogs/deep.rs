//! Questions that stand behind others: of a case, a wish, a notice. They obey the same rules, and whoever loses
//! the power to answer, or finds that there is nothing left to answer, loses no words.

use chrono::TimeDelta;
use entity::kinds::CaseState;
use entity::role;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use super::rules::{house, obeys, open, waits};
use super::{OFFERED, question, says, waiting};
use crate::harness::app::TestApp;
use crate::harness::people::Person;

/// A case that the steward has accepted.
async fn held(resident: &Person<'_>, steward: &Person<'_>) -> i64 {
    says(resident, "报修 1栋大厅漏水").await;
    let id = resident.case().await.id;
    let reply = says(steward, &format!("接单 {id}")).await;
    assert!(reply.contains("已接单"), "{reply}");
    id
}

/// All posts of somebody end now.
async fn ends(app: &TestApp, person: &Person<'_>) {
    let ended = role::ActiveModel {
        to_at: Set(Some(app.now() - TimeDelta::seconds(1))),
        ..Default::default()
    };
    let who = person.account().await.person_id.unwrap();
    role::Entity::update_many()
        .set(ended)
        .filter(role::COLUMN.person_id.eq(who))
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_about_a_case_obey() {
    let app = house().await;
    let (steward, zhang) = (app.known("o-sun"), app.resident("张秀英").await);
    let done = held(&zhang, &steward).await;
    says(&steward, &format!("办结 {done} 换了水管")).await;
    let id = held(&zhang, &steward).await;
    for text in [
        format!("评价 {done}"),
        format!("重开 {done}"),
        format!("补充 {id}"),
        format!("进度 {id}"),
    ] {
        obeys(&app, &zhang, &[text.as_str()]).await;
    }
    for word in [
        "办结",
        "方案",
        "暂停",
        "退单",
        "无法办结",
        "转派",
        "定级",
        "进度",
    ] {
        obeys(&app, &steward, &[format!("{word} {id}").as_str()]).await;
    }
    // Nothing of all that was an answer.
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    assert_eq!(app.case(done).await.rating, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_about_wishes_and_notices_obey() {
    let app = house().await;
    let (steward, zhang) = (app.known("o-sun"), app.resident("张秀英").await);
    let chair = app.staff("卫东").await;
    let raised = says(&zhang, "许愿 想要一副老花镜").await;
    let number = regex::Regex::new(r"心愿 #(\d+) 已收到").unwrap();
    let refuse = format!("驳回心愿 {}", &number.captures(&raised).unwrap()[1]);
    for opening in [&["审核心愿"][..], &["审核心愿", "1"], &[refuse.as_str()]] {
        obeys(&app, &steward, opening).await;
    }
    for opening in [&["发布 周六停水"][..], &["发布 周六停水\n八点到十二点"]] {
        obeys(&app, &chair, opening).await;
    }
    // The body that was asked for makes the notice whole.
    open(&chair, &["发布 周日停电"]).await;
    let preview = says(&chair, "上午八点到十二点").await;
    assert!(
        preview.contains("周日停电\n上午八点到十二点") && preview.contains("1 确认发布"),
        "{preview}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_the_post_in_the_middle_loses_no_words() {
    let app = house().await;
    let (steward, zhang) = (app.known("o-sun"), app.resident("张秀英").await);
    let id = held(&zhang, &steward).await;
    open(&steward, &[format!("办结 {id}").as_str()]).await;
    ends(&app, &steward).await;
    let reply = says(&steward, "水管已经换好").await;
    assert!(reply.contains("没看懂“水管已经换好”"), "{reply}");
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    // A digit of a menu from before is theirs no more, either.
    let other = app.steward("2栋").await;
    open(&other, &["菜单"]).await;
    ends(&app, &other).await;
    let reply = says(&other, "1").await;
    assert!(reply.contains("工作人员用的功能"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_in_the_middle_is_said_and_the_words_may_be_filed() {
    let app = house().await;
    let (steward, zhang) = (app.known("o-sun"), app.resident("张秀英").await);
    let id = held(&zhang, &steward).await;
    open(&steward, &[format!("办结 {id}").as_str()]).await;
    says(&zhang, &format!("撤回 {id}")).await;
    let reply = says(&steward, "3栋的水管也要换").await;
    assert!(
        reply.contains("3栋的水管也要换") && reply.contains(OFFERED),
        "{reply}"
    );
    assert!(says(&steward, "1").await.contains("诉求 #"));
    assert_eq!(steward.case().await.text, "3栋的水管也要换");
    assert_eq!(app.case(id).await.state, CaseState::Withdrawn);
}

#[tokio::test]
async fn words_that_were_not_understood_survive_a_photo_and_are_filed_with_it() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    open(&zhang, &["楼道里黑乎乎的"]).await;
    let own = question(&waiting(&zhang).await);
    let reply = zhang.does(&super::photo()).await.unwrap();
    assert!(
        reply.contains("照片收到了") && reply.contains("1 报修"),
        "{reply}"
    );
    let now = waiting(&zhang).await;
    assert_eq!(question(&now), own);
    assert!(waits(&now) && now.said.as_deref() == Some("楼道里黑乎乎的"));
    let filed = says(&zhang, "1").await;
    assert!(filed.contains("附1个附件"), "{filed}");
    assert_eq!(zhang.case().await.text, "楼道里黑乎乎的");
    // A photo belongs to the question that waits, not to the case of just now.
    open(&zhang, &["投诉"]).await;
    let reply = zhang.does(&super::photo()).await.unwrap();
    assert!(reply.contains("会一起提交"), "{reply}");
    let filed = says(&zhang, "楼上太吵").await;
    assert!(filed.contains("附1个附件"), "{filed}");
}
