//! Notices of a community and of a street: everybody below gets one, they stand on the boards of all compounds
//! below and in their groups, and whoever goes to doors there sees who has not read them.

use entity::kinds::NoticeState;
use serde_json::json;

use super::{
    TEXT, goes_out, heard, hears, last, link_in, posted, published, recipient, recipients, row,
};
use crate::console::Desk;
use crate::harness::app::{Plan, TestApp};

/// The groups of both compounds.
const GROUPS: [&str; 2] = ["GY-committee", "LY-committee"];

/// The compound next door has a group, too.
fn with_two_groups() -> Plan {
    TestApp::plan()
        .set("WECHAT__GROUPS[1]__COMPOUND", "LY")
        .set("WECHAT__GROUPS[1]__ROLE", "committee")
        .set(
            "WECHAT__GROUPS[1]__KEY",
            "00000000-0000-4000-8000-00000000ba5e",
        )
}

#[tokio::test]
async fn a_communitys_notice_reaches_both_compounds_their_boards_and_their_groups() {
    let app = with_two_groups().start().await;
    let (zhang, han) = (app.resident("张秀英").await, app.resident("韩梅").await);
    let secretary = app.staff("郑洪").await;
    let preview = secretary.says(TEXT).await;
    for words in ["桂园社区，7人，其中5人没有微信", "只发桂园小区", "公告范围"]
    {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    secretary.says("1").await;
    let id = last(&app).await.id;
    goes_out(&app, id).await;
    let told = row(&app, id).await;
    assert_eq!(told.compound_id, None);
    let counted = usize::try_from(told.counted).unwrap();
    assert_eq!((counted, recipients(&app, id).await.len()), (7, 7));
    for person in [&zhang, &han] {
        let push = person.expects_push("周六停水").await;
        assert!(push.contains("桂园社区"), "{push}");
        assert_eq!(person.told("周六停水"), 1);
    }
    for (code, group) in [("GY", GROUPS[0]), ("LY", GROUPS[1])] {
        let (_, board) = app.page(&format!("/board/{code}")).await;
        assert!(board.contains("周六停水"), "{code}: {board}");
        let said = hears(&app, group, 1).await;
        assert!(
            said.len() == 1 && said[0].contains("周六停水"),
            "{group}: {said:?}"
        );
    }

    // Taken back: gone from both boards, told in both groups, once.
    let said = secretary.says(&format!("撤回公告 {id}")).await;
    assert!(said.contains("已撤回"), "{said}");
    for (code, group) in [("GY", GROUPS[0]), ("LY", GROUPS[1])] {
        let (_, board) = app.page(&format!("/board/{code}")).await;
        assert!(!board.contains("周六停水"), "{code}: {board}");
        let said = hears(&app, group, 2).await;
        assert!(
            said.len() == 2 && said[1].contains("“周六停水”已撤回"),
            "{group}: {said:?}"
        );
    }
}

#[tokio::test]
async fn a_streets_notice_is_on_the_boards_and_what_is_for_some_is_not() {
    let app = with_two_groups().start().await;
    let officer = app.staff("冯涛").await;
    published(&officer, "发布 全街道停水\n周六停水。").await;
    for code in ["GY", "LY"] {
        let (_, board) = app.page(&format!("/board/{code}")).await;
        assert!(board.contains("全街道停水"), "{code}: {board}");
    }
    for group in GROUPS {
        assert_eq!(hears(&app, group, 1).await.len(), 1, "{group}");
    }
    // For party members, and for a list: neither everybody's.
    let desk = app.api(&app.staff("郑洪").await).await;
    let some = json!({
        "place": "HC-XL-CD-GY", "title": "党员学习", "body": "周五", "who": ["party_members"],
        "urgent": true,
    });
    let list = json!({
        "place": "HC-XL-CD-GY", "title": "只发隔壁", "body": "x", "list": ["LY"], "urgent": true,
    });
    for (body, people) in [(some, 1), (list, 1)] {
        let id = posted(&desk, &body).await;
        goes_out(&app, id).await;
        assert_eq!(recipients(&app, id).await.len(), people, "{body}");
    }
    for code in ["GY", "LY"] {
        let (_, board) = app.page(&format!("/board/{code}")).await;
        assert!(
            !board.contains("党员学习") && !board.contains("只发隔壁"),
            "{code}: {board}"
        );
    }
    for group in GROUPS {
        assert_eq!(heard(&app, group).len(), 1, "{group}");
    }
}

#[tokio::test]
async fn stewards_below_see_who_has_not_read_it_in_their_own_buildings() {
    let app = TestApp::start().await;
    let (zhang, secretary) = (app.resident("张秀英").await, app.staff("郑洪").await);
    let id = published(&secretary, TEXT).await;
    app.page(&link_in(&zhang.expects_push("周六停水").await))
        .await;
    let read = recipient(&app, id, "张秀英").await.unwrap();
    assert!(read.read_at.is_some());
    let [one, two, nine] = [
        app.place("GY/1").await.id,
        app.place("GY/2").await.id,
        app.place("LY/9").await.id,
    ];
    let path = format!("/console/notices/{id}");
    let unread = |building: i64| format!("{path}/unread?building={building}");

    let mut sun = Desk::of(&app, "孙梅").await;
    sun.open("/console/notices").await.is(200).says("周六停水");
    let page = sun.open(&path).await;
    page.is(200).says("1栋");
    assert!(
        !page.body.contains("2栋") && !page.body.contains("9栋"),
        "{}",
        page.body
    );
    let page = sun.open(&unread(one)).await;
    page.is(200).says("李建国").says("王芳");
    assert!(!page.body.contains("张秀英"), "she has read it");
    for other in [two, nine, 0] {
        sun.open(&unread(other)).await.is(404);
    }
    let mut yang = Desk::of(&app, "杨光").await;
    yang.open(&unread(nine)).await.is(200).says("韩梅");
    yang.open(&unread(one)).await.is(404);
    // A grid worker goes to the doors of the whole community.
    let mut wu = Desk::of(&app, "吴静").await;
    wu.open(&unread(two)).await.is(200).says("陈伟");
    wu.open(&unread(nine)).await.is(200).says("韩梅");
    for act in ["recall", "repeat", "correct"] {
        let fields = [("title", "改"), ("body", "改")];
        sun.send("/console/account", &format!("{path}/{act}"), &fields)
            .await
            .is(404);
    }
    assert_eq!(row(&app, id).await.state, NoticeState::Sent);

    // What is for a list next door is no business of hers, nor is there.
    let desk = app.api(&secretary).await;
    let list = json!({
        "place": "HC-XL-CD-GY", "title": "只发隔壁", "body": "x", "list": ["LY"], "urgent": true,
    });
    let id = posted(&desk, &list).await;
    goes_out(&app, id).await;
    let path = format!("/console/notices/{id}");
    sun.open(&path).await.is(404);
    let page = sun.open("/console/notices").await;
    assert!(!page.body.contains("只发隔壁"), "{}", page.body);
    yang.open(&path).await.is(200).says("只发隔壁");
}
