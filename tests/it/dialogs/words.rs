//! What people type as they speak: in danger, to be kind, in the wrong place, in the words of a line.

use entity::kinds::CaseKind;

use super::rules::house;
use super::{MENU, says, waiting};
use crate::harness::app::TestApp;

/// In danger, with the number that fits first.
const DANGER: &[(&str, &str)] = &[
    ("救命", "110"),
    ("着火了", "119"),
    ("火灾", "119"),
    ("有人晕倒了", "120"),
    ("摔倒了起不来", "120"),
    ("心脏病犯了", "120"),
    ("高空坠物砸到人了", "120"),
    ("煤气味", "119"),
    ("不想活了", "120"),
    ("小孩走丢了", "110"),
    ("电梯又坏了，困了人！快来", "119"),
    ("打110", "110"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn danger_is_answered_with_whom_to_call_in_every_dialog() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    let questions: &[&[&str]] = &[&[], &["捐物", "1"], &["许愿"]];
    for (text, number) in DANGER {
        for opening in questions {
            says(&zhang, "菜单").await;
            for step in *opening {
                says(&zhang, step).await;
            }
            let reply = says(&zhang, text).await;
            let first = reply.lines().next().unwrap();
            let calls = format!("紧急请马上打 {number}／");
            assert!(first.starts_with(&calls), "{opening:?} {text}: {reply}");
            assert!(
                first.contains("110") && first.contains("119") && first.contains("120"),
                "{reply}"
            );
            assert!(reply.contains("1 马上通知管家"), "{reply}");
            assert_eq!(waiting(&zhang).await.said.as_deref(), Some(*text));
        }
    }
    assert!(zhang.cases().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn danger_is_filed_by_a_digit_or_with_what_is_written_next() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    says(&zhang, "捐物").await;
    says(&zhang, "电梯又坏了，困了人！快来").await;
    let filed = says(&zhang, "1").await;
    assert!(filed.contains("诉求 #"), "{filed}");
    let case = zhang.case().await;
    assert_eq!(
        (case.kind, case.text.as_str()),
        (CaseKind::Help, "电梯又坏了，困了人！快来")
    );
    says(&zhang, "有人晕倒了").await;
    let filed = says(&zhang, "在3栋门口").await;
    assert!(filed.contains("120"), "{filed}");
    let case = zhang.case().await;
    assert_eq!(
        (case.kind, case.text.as_str()),
        (CaseKind::Help, "有人晕倒了 在3栋门口")
    );
    // With its command in front it is filed at once, as ever.
    let filed = says(&zhang, "求助 着火了").await;
    assert!(filed.contains("119") && filed.contains("诉求 #"), "{filed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_bound_to_nothing_reads_the_numbers_and_keeps_the_words() {
    let app = house().await;
    let newcomer = app.newcomer("o-new").await;
    let reply = says(&newcomer, "着火了").await;
    assert!(reply.starts_with("紧急请马上打 119／"), "{reply}");
    let bind = says(&newcomer, "1").await;
    assert!(
        bind.contains("请先绑定房号") && bind.contains("着火了"),
        "{bind}"
    );
    assert_eq!(
        waiting(&newcomer).await.draft.as_deref(),
        Some("求助 着火了")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_courtesy_is_answered_by_one_and_takes_nothing_away() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    for text in [
        "好的",
        "谢谢",
        "再见",
        "嗯",
        "ok",
        "收到谢谢",
        "知道了",
        "好的，谢谢您！",
    ] {
        let reply = says(&zhang, text).await;
        assert_eq!(reply, "不客气，有事随时写给我。", "{text}");
    }
    says(&zhang, "报修").await;
    says(&zhang, "谢谢").await;
    let filed = says(&zhang, "楼道灯坏了").await;
    assert!(filed.contains("诉求 #"), "{filed}");
    assert_eq!(zhang.case().await.text, "楼道灯坏了");
    assert_eq!(zhang.cases().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_in_place_of_a_wish_is_filed_by_one_digit_and_wished_by_another() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    says(&li, "登记特长 水电维修 会修水管 同意").await;
    for (word, text) in [
        ("许愿", "楼上天天半夜吵，没人管！"),
        ("发需求", "楼道垃圾没人扫太脏了"),
        ("找帮手 水电维修", "楼上漏水没人管，气死了"),
    ] {
        says(&zhang, word).await;
        let asked = says(&zhang, text).await;
        assert!(
            asked.contains("1 作为投诉提交") && asked.contains("2 还是"),
            "{word}: {asked}"
        );
        let filed = says(&zhang, "1").await;
        assert!(filed.contains("诉求 #"), "{word}: {filed}");
        let case = zhang.case().await;
        assert_eq!((case.kind, case.text.as_str()), (CaseKind::Complaint, text));
    }
    let asked = says(&zhang, "许愿 楼上天天半夜吵，没人管！").await;
    assert!(asked.contains("2 还是许愿"), "{asked}");
    let wished = says(&zhang, "2").await;
    assert!(
        wished.contains("心愿 #") && !wished.contains("！。"),
        "{wished}"
    );
    // A wish is asked nothing.
    let wished = says(&zhang, "许愿 轮椅坏了，想借一个").await;
    assert!(wished.contains("心愿 #"), "{wished}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_picked_by_its_own_words() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    says(&zhang, "登记特长").await;
    let asked = says(&zhang, "水电维修").await;
    assert!(asked.contains("请写下您能帮什么"), "{asked}");
    assert_eq!(
        waiting(&zhang).await.prompt.as_deref(),
        Some("登记特长 水电维修")
    );
    says(&zhang, "清单").await;
    let list = says(&zhang, "责任").await;
    assert!(list.contains("责任清单"), "{list}");
    // Words of no line are offered to be filed.
    says(&zhang, "登记特长").await;
    let offered = says(&zhang, "跑腿代购送药").await;
    assert!(offered.contains("提交吗"), "{offered}");
    assert!(says(&zhang, "0").await.contains(MENU));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_for_what_there_is_are_known() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    for (word, says_so) in [
        ("特长", "登记特长"),
        ("志愿者", "志愿"),
        ("志愿", "志愿"),
        ("捐赠", "您还没有捐过"),
        ("时间表", "日程"),
    ] {
        let reply = says(&zhang, word).await;
        assert!(
            reply.contains(says_so) && !reply.contains("没看懂"),
            "{word}: {reply}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_checks_something_else_is_led_there() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let asked = says(&steward, "审核").await;
    assert!(
        asked.contains("1 审核心愿\n2 审核清单") && !asked.contains("没有这项权限"),
        "{asked}"
    );
    let wishes = says(&steward, "1").await;
    assert!(wishes.contains("现在没有要审核的心愿"), "{wishes}");
    let zhang = app.resident("张秀英").await;
    let none = says(&zhang, "履行").await;
    assert!(
        none.contains("没有等您回复") && !none.contains("提交"),
        "{none}"
    );
}
