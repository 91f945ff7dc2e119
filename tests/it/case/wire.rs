//! What a template message about a case carries on the wire: its fields hold 20 characters each, and still say what
//! has happened, what was written and who has it now.

use super::*;

/// What the person reads of the next message with these words: a card, whose fields are all that is sent.
async fn reads(person: &Person<'_>, words: &str) -> String {
    let text = person.expects_push(words).await;
    let sent = person.app.platform.sent_to(&person.open_id);
    let entry = sent.iter().rfind(|entry| entry.text == text).unwrap();
    let card = entry.card.as_ref().expect("not by a template");
    for (_, value) in &card.fields {
        assert!(value.chars().count() <= 20, "{value}");
    }
    text
}

#[tokio::test]
async fn each_step_says_what_was_written_and_who_has_it() {
    let app = house(1).await;
    let (resident, neighbour, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 1栋电梯停了").await;
    let id = resident.case().await.id;
    app.drain().await;
    neighbour.says("报修 1栋电梯停了").await;
    let reply = neighbour.says("1").await;
    assert!(reply.contains("已并入"), "{reply}");
    for (by, says, words, state) in [
        (&steward, "接单 {}", "小区孙梅已接单", "已接单"),
        (&steward, "到场 {}", "孙梅已到现场", "已到场"),
        (
            &steward,
            "方案 {} 周三换钢丝绳",
            "方案：周三换钢丝绳",
            "已到场",
        ),
        (&steward, "定级 {} 重大", "定为重大，", "前办结"),
        (&steward, "暂停 {} 等配件", "暂停：等配件", "已暂停"),
        (&steward, "恢复 {}", "已恢复，", "前办结"),
        (
            &steward,
            "上报 {} 需要社区协调",
            "已请社区吴静接手",
            "已到场",
        ),
        (&grid, "接单 {}", "已转社区吴静", "已接单"),
        (
            &grid,
            "办结 {} 钢丝绳已换好",
            "结果：钢丝绳已换好",
            "已办结",
        ),
    ] {
        by.says(&says.replace("{}", &id.to_string())).await;
        let read = reads(&resident, words).await;
        assert!(
            read.contains(&format!("#{id}")) && read.contains(state),
            "{read}"
        );
        if state == "已办结" {
            assert!(read.contains(&format!("请回复“评价 {id} 5”")), "{read}");
        }
    }
    reads(&steward, "已转社区吴静").await;
    app.drain().await;
    // Whoever has joined reads how it stands, and nothing that was written.
    for text in neighbour.pushes() {
        let written = text.contains("钢丝绳") || text.contains("配件");
        assert!(!written, "{text}");
    }
}

#[tokio::test]
async fn what_is_passed_over_says_who_has_it_now() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 灯不亮").await;
    app.advance(6).await;
    app.advance(6).await;
    let read = reads(&resident, "已转社区吴静").await;
    assert!(read.contains("待接单"), "{read}");
    reads(&steward, "没及时接单，已转社区吴静").await;
}

#[tokio::test]
async fn what_could_not_be_solved_and_what_is_not_opened_again_say_why() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 想加装电梯").await;
    let id = resident.case().await.id;
    steward.says(&format!("无法办结 {id} 房屋结构不允许")).await;
    let read = reads(&resident, "原因：房屋结构不允许").await;
    assert!(
        read.contains("未能解决") && read.contains(&format!("评价 {id}")),
        "{read}"
    );
    resident.says(&format!("重开 {id} 请再想办法")).await;
    grid.says(&format!("驳回重开 {id} 已请专家核实")).await;
    reads(&resident, "没有重开：已请专家核实").await;
}

#[tokio::test]
async fn what_is_sent_late_in_one_message_keeps_what_was_written() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 灯不亮").await;
    let id = resident.case().await.id;
    let long = format!("方案 {id} 先请电工看线路，再换整层的灯和声控开关");
    for says in [&format!("接单 {id}"), &long, &format!("到场 {id}")] {
        steward.says(says).await;
    }
    app.drain().await;
    let read = resident.pushes().join("\n");
    assert!(
        read.contains("方案：先请电工看线路，再换整层的灯和声…"),
        "{read}"
    );
}
