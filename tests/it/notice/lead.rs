//! Leading a notice: taking it back in time and too late, correcting it, telling again, how often one may,
//! and who may at all.

use entity::kinds::NoticeState;

use super::{TEXT, all, confirmed, last, link_in, published, recipient, recipients, reminders_of};
use crate::harness::app::TestApp;

#[tokio::test]
async fn undone_in_time_nobody_gets_it_and_too_late_a_tombstone_stays() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let id = confirmed(&chair, TEXT).await;
    let said = chair.says("2").await;
    assert!(said.contains("已撤销，没有人收到"), "{said}");
    app.advance(2).await;
    assert_eq!(last(&app).await.state, NoticeState::Undone);
    assert_eq!(zhang.told("周六停水"), 0);
    assert!(recipients(&app, id).await.is_empty());
    let said = chair.says(&format!("撤回公告 {id}")).await;
    assert!(said.contains("已经撤销"), "{said}");

    // What was undone does not count for the hour.
    let id = published(&chair, TEXT).await;
    let path = link_in(&zhang.expects_push("周六停水").await);
    let said = chair.says(&format!("撤回公告 {id}")).await;
    assert!(said.contains("已撤回"), "{said}");
    let (status, html) = app.page(&path).await;
    assert_eq!(status, 200);
    assert!(
        html.contains("撤回") && !html.contains("检修水箱"),
        "{html}"
    );
    let said = zhang.says(&format!("公告 {id}")).await;
    assert!(
        said.contains("撤回") && !said.contains("检修水箱"),
        "{said}"
    );
    assert!(zhang.says("公告").await.contains("已撤回"));
    let said = chair.says(&format!("撤回公告 {id}")).await;
    assert!(said.contains("已经撤回了"), "{said}");
    assert_eq!(zhang.told("周六停水"), 1);
}

#[tokio::test]
async fn a_correction_is_a_new_version_and_who_read_the_old_one_is_kept() {
    let app = TestApp::start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let (chair, han) = (app.staff("卫东").await, app.resident("韩梅").await);
    let old = published(&chair, TEXT).await;
    let path = link_in(&zhang.expects_push("周六停水").await);
    app.page(&path).await;
    let said = chair
        .says(&format!(
            "更正公告 {old} 周六停水\n11月28日8点到12点检修水箱。"
        ))
        .await;
    assert!(said.contains("和原来一样"), "{said}");
    let said = han.says(&format!("更正公告 {old} 假的\n假的")).await;
    assert!(!said.contains("预览"), "{said}");
    chair.says(&format!("更正公告 {old}")).await;
    let preview = chair.says("周日停水\n改到11月29日。").await;
    assert!(
        preview.contains("【更正】") && preview.contains("6人"),
        "{preview}"
    );
    // A correction need not wait for the hour.
    let said = chair.says("1").await;
    assert!(said.contains("15秒后"), "{said}");
    assert_eq!(
        all(&app).await[0].state,
        NoticeState::Sent,
        "the old one holds until then"
    );
    app.advance(1).await;
    let new = last(&app).await;
    assert_eq!(
        (new.version, new.corrects, new.state),
        (2, Some(old), NoticeState::Sent)
    );
    assert_eq!(all(&app).await[0].state, NoticeState::Corrected);
    for person in [&zhang, &liu] {
        person.expects_push("周日停水").await;
        assert_eq!(person.told("周日停水"), 1);
    }
    let kept = recipient(&app, old, "张秀英").await.unwrap();
    assert!(kept.read_at.is_some(), "who had read it is forgotten");
    assert!(
        recipient(&app, new.id, "张秀英")
            .await
            .unwrap()
            .read_at
            .is_none()
    );
    let (_, html) = app.page(&path).await;
    assert!(
        html.contains("已更正") && html.contains(&format!("/notice/{}.", new.id)),
        "{html}"
    );
    let list = liu.says("公告").await;
    assert!(
        list.contains("周日停水") && !list.contains("周六停水"),
        "{list}"
    );
    for words in [
        format!("更正公告 {old} 再改\n再改"),
        format!("撤回公告 {old}"),
    ] {
        let said = chair.says(&words).await;
        assert!(
            !said.contains("预览") && !said.contains("已撤回，"),
            "{words}: {said}"
        );
    }
}

#[tokio::test]
async fn one_ordinary_notice_an_hour_and_urgent_ones_by_those_who_may() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let manager = app.staff("沈立").await;
    published(&chair, TEXT).await;
    let preview = chair.says("发布 第二条\n内容").await;
    assert!(preview.contains("预览"), "{preview}");
    let refused = chair.says("1").await;
    assert!(
        refused.contains("一小时最多发一条") && refused.contains("以后可以发"),
        "{refused}"
    );
    let draft = last(&app).await;
    assert_eq!(draft.state, NoticeState::Draft, "{refused}");
    app.advance(2).await;
    assert_eq!(zhang.told("第二条"), 0);
    // Somebody else may.
    published(&manager, "发布 物业的\n内容").await;
    // Urgent: not by the company, and by the chair at once.
    let said = manager.says("紧急发布 漏气\n请撤离").await;
    assert!(said.contains("紧急公告只能由"), "{said}");
    published(&chair, "紧急发布 漏气\n请撤离").await;
    let push = zhang.expects_push("漏气").await;
    assert!(push.contains("紧急"), "{push}");
    // After the hour the draft that was kept goes.
    app.advance(60).await;
    let said = chair.says(&format!("确认发布 {}", draft.id)).await;
    assert!(said.contains("15秒后"), "{said}");
    app.advance(1).await;
    zhang.expects_push("第二条").await;
    let twice = chair.says(&format!("确认发布 {}", draft.id)).await;
    assert!(twice.contains("已经确认过"), "{twice}");
    let other = manager.says(&format!("确认发布 {}", draft.id)).await;
    assert!(other.contains("没有找到公告"), "{other}");
}

#[tokio::test]
async fn who_may_not_publishes_nothing_and_bad_words_are_told() {
    let app = TestApp::start().await;
    let (zhang, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let chair = app.staff("卫东").await;
    for person in [&zhang, &steward] {
        let said = person.says(TEXT).await;
        assert!(!said.contains("预览"), "{said}");
    }
    for text in ["发布", "发布 只有标题", "紧急发布 只有标题\n"] {
        let said = chair.says(text).await;
        assert!(said.contains("换一行写正文"), "{text}: {said}");
        chair.says("菜单").await;
    }
    let said = chair.says(&format!("发布 {}\n正文", "长".repeat(41))).await;
    assert!(said.contains("标题最多40字"), "{said}");
    let said = chair
        .says(&format!("发布 标题\n{}", "长".repeat(2001)))
        .await;
    assert!(said.contains("正文最多2000字"), "{said}");
    assert!(all(&app).await.is_empty());
    // For one building: the draft changes, the number with it.
    chair.says(TEXT).await;
    let id = last(&app).await.id;
    let said = chair.says(&format!("公告范围 {id} 2栋")).await;
    assert!(said.contains("3人"), "{said}");
    let said = chair.says(&format!("公告范围 {id} LY")).await;
    assert!(said.contains("没有找到这个地点"), "{said}");
    chair.says(&format!("确认发布 {id}")).await;
    app.advance(1).await;
    assert_eq!(recipients(&app, id).await.len(), 3);
    assert_eq!(zhang.told("周六停水"), 0, "told another building");
    let said = chair.says(&format!("公告范围 {id} 1栋")).await;
    assert!(said.contains("不能再改"), "{said}");
}

#[tokio::test]
async fn only_those_who_have_not_read_it_are_told_again_and_no_sooner_than_in_an_hour() {
    let app = TestApp::start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let chair = app.staff("卫东").await;
    let id = published(&chair, TEXT).await;
    zhang.says(&format!("公告 {id}")).await;
    let said = chair.says(&format!("提醒未读 {id}")).await;
    assert!(said.contains("一小时最多提醒一次"), "{said}");
    app.advance(61).await;
    let said = chair.says(&format!("提醒未读 {id}")).await;
    assert!(said.contains("再提醒"), "{said}");
    app.advance(1).await;
    assert_eq!((zhang.told("周六停水"), liu.told("周六停水")), (1, 2));
    assert_eq!(reminders_of(&app, id).await, 3);
    liu.says(&format!("收到 {id}")).await;
    app.advance(61).await;
    let said = chair.says(&format!("提醒未读 {id}")).await;
    assert!(said.contains("都读过了"), "{said}");
}
