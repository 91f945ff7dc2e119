//! How cases end: solved or not, struck from the list, asked about, and counted.

use entity::kinds::Outcome;
use entity::{audit, moderation};
use linli::case::queries::on_board;

use super::*;
use crate::console::Desk;

/// Whoever looks at what the board is to show lets it pass.
pub(super) async fn passes(app: &TestApp, id: i64) {
    let row = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(format!("case:{id}")))
        .order_by_desc(moderation::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let chair = tied(app, "卫东").await;
    let reply = chair.says(&format!("审核 {} 通过", row.id)).await;
    assert!(reply.contains("通过"), "{reply}");
}

#[tokio::test]
async fn what_could_not_be_solved_is_worded_so_everywhere_and_stays_on_the_list() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("建议 1栋加装一部电梯").await;
    let id = resident.case().await.id;
    let reply = steward.says(&format!("无法办结 {id}")).await;
    assert!(reply.contains("原因"), "{reply}");
    let reply = steward.says("房屋结构不允许").await;
    assert!(reply.contains("未能解决"), "{reply}");
    app.drain().await;
    let case = app.case(id).await;
    assert_eq!(
        (case.state, case.outcome),
        (CaseState::Finished, Some(Outcome::Unsolved))
    );
    let board = case.public_text.unwrap();
    assert!(board.contains("未能解决，房屋结构不允许"), "{board}");
    let words = told(&app, "张秀英").await;
    assert!(
        words.contains("未能解决") && words.contains(&format!("重开 {id}")),
        "{words}"
    );
    let seen = resident.says(&format!("进度 {id}")).await;
    for text in [&words, &seen, &board] {
        assert!(!text.contains("已办结"), "{text}");
    }
    assert!(seen.contains("状态：未能解决"), "{seen}");
    passes(&app, id).await;
    resident.says(&format!("评价 {id} 4")).await;
    app.advance(120).await;
    let case = app.case(id).await;
    assert_eq!(
        (case.state, case.closed_off_at),
        (CaseState::Reviewed, None)
    );
    let supervised = events(&app, id).await;
    let supervised = supervised.iter().find(|event| event.action == "supervised");
    let note = supervised.unwrap().note.clone().unwrap();
    assert!(note.contains("未能解决"), "{note}");
    // Only who holds it ends it.
    let reply = steward.says(&format!("无法办结 {id} 再来")).await;
    assert!(reply.contains("不能这样操作"), "{reply}");
}

#[tokio::test]
async fn what_is_solved_is_struck_after_publishing_and_reviewing_and_not_before() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let mut ids = Vec::new();
    for text in ["报修 灯坏了", "报修 门坏了", "报修 窗坏了"] {
        resident.says(text).await;
        let id = resident.case().await.id;
        steward.says(&format!("办结 {id} 修好了")).await;
        steward.says(&format!("无照片 {id} 太黑")).await;
        ids.push(id);
    }
    app.drain().await;
    let struck = async |at: usize| app.case(ids[at]).await.closed_off_at.is_some();
    // Published, then rated: at once.
    passes(&app, ids[0]).await;
    assert!(!struck(0).await, "not before it is reviewed");
    resident.says(&format!("评价 {} 5", ids[0])).await;
    assert!(struck(0).await);
    let seen = resident.says(&format!("进度 {}", ids[0])).await;
    assert!(seen.contains("已销号"), "{seen}");
    // Rated, then published: when a clock looks again.
    resident.says(&format!("评价 {} 5", ids[1])).await;
    app.advance(61).await;
    assert!(!struck(1).await, "not before it is published");
    passes(&app, ids[1]).await;
    app.advance(61).await;
    assert!(struck(1).await);
    // Nobody rates: that is no satisfaction, and strikes it all the same.
    passes(&app, ids[2]).await;
    app.advance(7 * 24 * 60 + 1).await;
    assert!(struck(2).await);
    let case = app.case(ids[2]).await;
    assert_eq!(case.rating, None);
    let seen = resident.says(&format!("进度 {}", ids[2])).await;
    assert!(
        seen.contains("状态：已结束") && !seen.contains("状态：已评价"),
        "{seen}"
    );
    assert!(on_board(app.store.read(), &case).await.unwrap().is_some());
    let entries = audit::Entity::find()
        .filter(audit::COLUMN.action.eq("case.close-off"))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(entries.len(), 1, "the clock's own");
}

#[tokio::test]
async fn a_late_first_answer_stays_late_to_the_end() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 灯坏了").await;
    let id = resident.case().await.id;
    app.advance(6).await;
    steward.says(&format!("接单 {id}")).await;
    steward.says(&format!("办结 {id} 修好了")).await;
    resident.says(&format!("评价 {id} 1 没修好")).await;
    app.advance(6).await;
    let case = app.case(id).await;
    assert_eq!((case.round, case.accept_late), (2, true));
}

#[tokio::test]
async fn the_question_for_a_rating_is_on_record_and_so_is_why_it_was_not_asked() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let mut ids = Vec::new();
    for text in ["报修 灯坏了", "报修 门坏了"] {
        resident.says(text).await;
        let id = resident.case().await.id;
        steward.says(&format!("接单 {id}")).await;
        ids.push(id);
    }
    steward.says(&format!("办结 {} 修好了", ids[0])).await;
    app.drain().await;
    app.advance(11).await;
    let asked = |events: Vec<case_event::Model>| {
        let mut found = events
            .into_iter()
            .filter(|event| event.action.starts_with("feedback-"));
        let first = found
            .next()
            .map(|event| (event.action, event.note.unwrap()));
        assert!(found.next().is_none(), "once for each end");
        first.expect("not on record")
    };
    let (action, note) = asked(events(&app, ids[0]).await);
    assert_eq!(
        (action.as_str(), note.as_str()),
        ("feedback-asked", "公众号")
    );
    let question = format!("评价 {}", ids[0]);
    let times = resident.pushes();
    let times = times.iter().filter(|push| push.contains(&question)).count();
    assert_eq!(times, 1, "asked once");
    // Progress is switched off: nothing is sent, and the record says why.
    resident.says("退订 诉求进度").await;
    steward.says(&format!("办结 {} 修好了", ids[1])).await;
    app.drain().await;
    app.advance(11).await;
    let (action, note) = asked(events(&app, ids[1]).await);
    assert_eq!(action, "feedback-not-asked");
    assert!(note.contains("关闭"), "{note}");
}

#[tokio::test]
async fn the_share_of_each_level_counts_the_unsolved_apart() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    for (text, end) in [
        ("报修 一", "办结 {} 好了"),
        ("报修 二", "办结 {} 好了"),
        ("报修 三", "无法办结 {} 不行"),
        ("报修 四", "上报 {} 请社区"),
        ("报修 五", "接单 {}"),
    ] {
        resident.says(text).await;
        let id = resident.case().await.id;
        steward.says(&end.replace("{}", &id.to_string())).await;
        if end.starts_with("上报") {
            grid.says(&format!("接单 {id}")).await;
            grid.says(&format!("办结 {id} 好了")).await;
        }
    }
    let mut desk = Desk::of(&app, "郑洪").await;
    let page = desk.open("/console/figures?place=GY").await;
    page.is(200)
        .says("占全部已解决 = 该层级已解决 ÷ 全部已解决");
    let csv = desk.open("/console/figures.csv?place=GY").await;
    csv.is(200).says("占全部已解决");
    for (key, level, share, solved) in [
        ("compound", "小区", "66.7%", 2),
        ("community", "社区", "33.3%", 1),
    ] {
        page.says(&format!(
            "figure=solved&#38;by=level&#38;key={key}\">{share}</a>"
        ));
        let list = format!("/console/figures/cases?place=GY&figure=solved&by=level&key={key}");
        let list = desk.open(&list).await;
        let found = list.is(200).body.matches("<th scope=\"row\">").count();
        assert_eq!(found, solved, "{level}");
        let mut lines = csv.body.lines();
        let line = lines.find(|line| line.starts_with(&format!("按办理层级,{level},")));
        let line = line.unwrap_or_else(|| panic!("{}", csv.body));
        assert!(line.ends_with(&format!(",{share}")), "{line}");
    }
    let board = app.board("GY").await;
    let says = "在小区解决 <b>66.7%</b>，在社区解决 <b>33.3%</b>（占全部已解决";
    assert!(board.contains(says), "{board}");
    let next_door = app.board("LY").await;
    assert!(!next_door.contains("占全部已解决"), "{next_door}");
}
