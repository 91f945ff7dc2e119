//! One broken lift, many homes: what is alike is offered, whoever joins is told, the holder is asked
//! once; staff merges and parts.

use entity::case_joiner;
use entity::kinds::CaseKind;
use linli::case::similar::{self, Wanted};
use linli::store::insert::insert_chunked;

use super::*;

/// The lift of 1栋, filed by 张秀英, its task delivered.
async fn lift(app: &TestApp) -> i64 {
    let resident = tied(app, "张秀英").await;
    resident.says("报修 1栋电梯停了，我是1-1-101的").await;
    app.drain().await;
    resident.case().await.id
}

/// What 张秀英 wrote, and where she lives, reaches no neighbour.
fn hides_words(person: &Person<'_>) {
    for text in person.pushes() {
        assert!(
            !text.contains("1-1-101") && !text.contains("我是"),
            "{text}"
        );
    }
}

async fn joiners(app: &TestApp, id: i64) -> Vec<case_joiner::Model> {
    case_joiner::Entity::find()
        .filter(case_joiner::COLUMN.case_id.eq(id))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .all(app.store.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_neighbour_joins_by_one_digit_and_the_holder_is_told_once() {
    let app = house(1).await;
    let (resident, neighbour, steward) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "孙梅").await,
    );
    let first = lift(&app).await;
    assert_eq!(steward.told("回复“接单"), 1);
    let reply = neighbour.says("報修 1棟電梯停了，快修").await;
    assert!(reply.contains("已收到"), "no word is lost: {reply}");
    assert!(
        reply.contains(&format!("\n1 #{first} 报修·电梯（1栋")),
        "{reply}"
    );
    assert!(reply.contains("也说到“电梯停了”"), "{reply}");
    assert!(!reply.contains("1-1-101"), "{reply}");
    let reply = neighbour.says("1").await;
    assert!(
        reply.contains(&format!("已并入诉求 #{first}（共2户遇到）")),
        "{reply}"
    );
    let own = neighbour.case().await;
    assert_eq!(
        (own.state, own.merged_into),
        (CaseState::Merged, Some(first))
    );
    let case = app.case(first).await;
    assert_eq!((case.joiners, case.households), (1, 2));
    app.advance(3).await;
    assert_eq!(steward.told("回复“接单"), 1, "{:?}", steward.pushes());

    steward.says(&format!("接单 {first}")).await;
    neighbour.expects_push(&format!("进度 {first}")).await;
    let reply = neighbour.says("进度").await;
    assert!(reply.contains("您加入的"), "{reply}");
    let reply = neighbour.says(&format!("进度 {first}")).await;
    assert!(
        reply.contains("共2户遇到") && !reply.contains("1-1-101"),
        "{reply}"
    );
    let reply = neighbour.says(&format!("评价 {first} 5")).await;
    assert!(reply.contains("还没有办结"), "{reply}");
    let reply = resident.says(&format!("撤回 {first}")).await;
    assert!(reply.contains("邻居在等"), "{reply}");
    steward.says(&format!("办结 {first} 已换钢绳")).await;
    neighbour.expects_push(&format!("评价 {first} 5")).await;
    hides_words(&neighbour);
    let reply = neighbour.says(&format!("评价 {first} 5")).await;
    assert!(reply.contains("5分"), "{reply}");
    let reply = neighbour.says(&format!("评价 {first} 1")).await;
    assert!(reply.contains("已经评价过"), "{reply}");
    assert_eq!(
        app.case(first).await.rating,
        None,
        "the reporter's own rating waits"
    );
    resident.says(&format!("评价 {first} 4")).await;
    assert_eq!(app.case(first).await.rating, Some(4));
    assert_eq!(joiners(&app, first).await[0].rating, Some(5));
}

#[tokio::test]
async fn what_nobody_says_is_the_same_becomes_a_task_a_minute_later() {
    let app = house(1).await;
    let (neighbour, steward) = (tied(&app, "李建国").await, tied(&app, "孙梅").await);
    lift(&app).await;
    neighbour.says("报修 1栋电梯停了").await;
    let second = neighbour.case().await.id;
    app.drain().await;
    assert_eq!(steward.told("回复“接单"), 1);
    app.advance(2).await;
    steward.expects_push(&format!("接单 {second}")).await;
    // An emergency does not wait, and another thing is not offered.
    let reply = neighbour.says("报修 1栋电梯停了，有人被困").await;
    assert!(reply.contains("119"), "{reply}");
    app.drain().await;
    assert_eq!(steward.told("回复“接单"), 3);
    let reply = neighbour.says("报修 楼道灯不亮").await;
    assert!(!reply.contains("可能已经有人提过"), "{reply}");
}

#[tokio::test]
async fn all_who_join_at_once_get_in_and_many_homes_are_a_swarm() {
    let app = house(2).await;
    let first = lift(&app).await;
    let names = ["李建国", "王芳", "陈伟", "刘洋"];
    let mut people = Vec::new();
    for name in names {
        people.push(tied(&app, name).await);
    }
    let text = format!("我也遇到 {first}");
    let [a, b, c, d] = people.as_slice() else {
        panic!("four people")
    };
    let replies = tokio::join!(a.says(&text), b.says(&text), c.says(&text), d.says(&text));
    for reply in [&replies.0, &replies.1, &replies.2, &replies.3] {
        assert!(reply.contains("您已加入"), "{reply}");
    }
    let case = app.case(first).await;
    assert_eq!((case.joiners, case.households), (4, 5));
    assert!(actions(&app, first).await.contains(&"swarm".to_owned()));
    app.drain().await;
    let manager = tied(&app, "沈立").await;
    manager.expects_push("已有5户").await;
    let steward = tied(&app, "孙梅").await;
    assert_eq!(steward.told("回复“接单"), 1);
    // Twice is once.
    let reply = a.says(&text).await;
    assert!(reply.contains("已经在诉求"), "{reply}");
    assert_eq!(joiners(&app, first).await.len(), 4);
    let reply = a.says(&format!("退出 {first}")).await;
    assert!(reply.contains("已退出"), "{reply}");
    let reply = a.says(&format!("退出 {first}")).await;
    assert!(reply.contains("没有加入"), "{reply}");
    assert_eq!(app.case(first).await.households, 4);
}

#[tokio::test]
async fn only_what_neighbours_may_share_can_be_joined() {
    let app = house(1).await;
    let first = lift(&app).await;
    let (resident, neighbour, foreign) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "韩梅").await,
    );
    let missing = foreign.says("我也遇到 999999").await.replace("999999", "N");
    let reply = foreign.says(&format!("我也遇到 {first}")).await;
    assert_eq!(reply.replace(&first.to_string(), "N"), missing);
    resident.says("纠纷 楼上装修太吵").await;
    let dispute = resident.case().await.id;
    let reply = neighbour.says(&format!("我也遇到 {dispute}")).await;
    assert_eq!(reply.replace(&dispute.to_string(), "N"), missing);
    let reply = neighbour.says(&format!("我也遇到 {first} {dispute}")).await;
    assert_eq!(
        reply.replace(&dispute.to_string(), "N"),
        missing,
        "somebody else's own case"
    );
    assert_eq!(app.case(first).await.joiners, 0);
    // The list shows nothing that others wrote.
    let reply = neighbour.says("我也遇到").await;
    assert!(
        reply.contains(&format!("#{first}")) && !reply.contains("1-1-101"),
        "{reply}"
    );
    let reply = neighbour.says("1").await;
    assert!(reply.contains("您已加入"), "{reply}");
    tied(&app, "孙梅")
        .await
        .says(&format!("办结 {first} 好了"))
        .await;
    let reply = tied(&app, "王芳")
        .await
        .says(&format!("我也遇到 {first}"))
        .await;
    assert!(reply.contains("不能再加入"), "{reply}");
}

#[tokio::test]
async fn staff_merges_and_parts() {
    let app = house(1).await;
    let (neighbour, steward, foreign) = (
        tied(&app, "李建国").await,
        tied(&app, "孙梅").await,
        tied(&app, "周强").await,
    );
    let first = lift(&app).await;
    neighbour.says("报修 1栋电梯停了").await;
    let second = neighbour.case().await.id;
    app.drain().await;
    let reply = neighbour.says(&format!("合并 {second} {first}")).await;
    assert!(reply.contains("工作人员"), "{reply}");
    let reply = foreign.says(&format!("合并 {second} {first}")).await;
    assert!(reply.contains("没有找到"), "{reply}");
    for wrong in [
        format!("合并 {second}"),
        format!("合并 {second} {second}"),
        format!("合并 {second} 999999"),
        format!("拆分 {second}"),
    ] {
        let reply = steward.says(&wrong).await;
        assert!(!reply.contains("系统出了点问题"), "{wrong}: {reply}");
        assert_eq!(app.case(second).await.state, CaseState::Assigned, "{wrong}");
    }
    let reply = steward.says(&format!("合并 {second} {first}")).await;
    assert!(reply.contains("共2户遇到"), "{reply}");
    neighbour
        .expects_push(&format!("已并入，回复“进度 {first}”"))
        .await;
    let merged = app.case(second).await;
    assert_eq!(
        (merged.state, merged.merged_into),
        (CaseState::Merged, Some(first))
    );
    let reply = neighbour.says(&format!("进度 {second}")).await;
    assert!(reply.contains(&format!("已并入诉求 #{first}")), "{reply}");
    app.advance(600).await;
    assert!(
        !app.case(second).await.finish_late,
        "no clock of a merged case runs"
    );

    let reply = steward.says(&format!("合并 {second} {first}")).await;
    assert!(
        reply.contains("不能这样操作") || reply.contains("没有找到") || reply.contains("办理"),
        "{reply}"
    );
    let manager = tied(&app, "沈立").await;
    let reply = manager.says(&format!("拆分 {second}")).await;
    assert!(reply.contains("已拆出来"), "{reply}");
    let parted = app.case(second).await;
    assert_eq!((parted.merged_into, parted.closed_at), (None, None));
    assert_eq!(parted.state, CaseState::Assigned);
    assert_eq!(app.case(first).await.households, 1);
    let kept = actions(&app, second).await;
    assert!(
        kept.contains(&"merged".to_owned()) && kept.contains(&"parted".to_owned()),
        "{kept:?}"
    );
}

#[tokio::test]
async fn who_came_over_two_cases_leaves_the_last_and_parting_wins_no_time() {
    let app = house(1).await;
    let (one, two, steward, manager) = (
        tied(&app, "李建国").await,
        tied(&app, "王芳").await,
        tied(&app, "孙梅").await,
        tied(&app, "沈立").await,
    );
    let last = lift(&app).await;
    one.says("报修 1栋电梯停了").await;
    let first = one.case().await.id;
    two.says("报修 1栋楼道灯坏了").await;
    let middle = two.case().await.id;
    app.advance(3).await;
    steward.says(&format!("合并 {first} {middle}")).await;
    steward.says(&format!("合并 {middle} {last}")).await;
    assert_eq!(joiners(&app, last).await.len(), 2);
    app.advance(300).await;
    let reply = manager.says(&format!("拆分 {first}")).await;
    assert!(reply.contains("已拆出来"), "{reply}");
    let parted = app.case(first).await;
    let left = parted.finish_due_at.unwrap() - app.now();
    let (least, most) = (TimeDelta::minutes(20), TimeDelta::minutes(28));
    assert!(!parted.finish_late && left > least && left < most, "{left}");
    assert_eq!(joiners(&app, middle).await.len(), 0);
    let rest = joiners(&app, last).await;
    let wang = app.called("王芳").await.id;
    assert_eq!(
        rest.iter().map(|row| row.person_id).collect::<Vec<_>>(),
        [wang]
    );
    assert_eq!(app.case(last).await.households, 2);
    app.advance(29).await;
    assert!(
        app.case(first).await.finish_late,
        "what was left has run out"
    );
}

/// What could break in a compound; combined to texts of which none is another's.
const THINGS: [&str; 22] = [
    "电梯",
    "路灯",
    "水管",
    "栏杆",
    "玻璃",
    "扶手",
    "雨棚",
    "井盖",
    "墙皮",
    "滑梯",
    "地砖",
    "车棚",
    "垃圾桶",
    "对讲机",
    "快递柜",
    "排水沟",
    "防火门",
    "宣传栏",
    "消防栓",
    "健身器",
    "花架",
    "风铃",
];

/// The n-th of ten thousand.
fn other(n: usize) -> String {
    let thing = |n: usize| THINGS[n % THINGS.len()];
    format!(
        "{}旁边的{}碰着{}",
        thing(n),
        thing(n / 22),
        thing(n / 22 / 22)
    )
}

#[tokio::test]
async fn the_oldest_of_ten_thousand_is_found_with_a_category_and_without() {
    let app = house(1).await;
    let lift = app.case(lift(&app).await).await;
    let neighbour = tied(&app, "李建国").await;
    neighbour.says("建议 1栋門前的石獅子倒了，請扶起來").await;
    let lion = neighbour.case().await;
    assert_eq!(
        (lift.category.as_deref(), lion.category),
        (Some("lift"), None)
    );
    let rows = (0..10_000).map(|n| {
        let text = other(n);
        let mut row = lift.clone().into_active_model().reset_all();
        row.id = sea_orm::ActiveValue::NotSet;
        row.category = Set((n % 2 == 0).then(|| "lift".to_owned()));
        row.essence = Set(similar::kept(CaseKind::Repair, &text));
        row.text = Set(text);
        row
    });
    insert_chunked(app.store.write(), rows.collect())
        .await
        .unwrap();
    let place = app.place("GY/1").await;
    for (category, text, id) in [
        (Some("lift"), "電梯停了，我家老人下不了樓", lift.id),
        (None, "石狮子倒了，没人管", lion.id),
        (Some("green"), "石狮子倒了，没人管", lion.id),
    ] {
        let wanted = Wanted {
            kind: CaseKind::Repair,
            category,
            text,
            compound_id: lift.compound_id,
            path: &place.path,
            reporter_id: 0,
        };
        let found = similar::alike(app.store.read(), wanted).await.unwrap();
        let ids: Vec<i64> = found.iter().map(|one| one.id).collect();
        assert_eq!(ids, [id], "{category:?} {text}: {found:?}");
    }
    // Over the wire, too, though a hundred newer ones lie before it.
    let reply = tied(&app, "王芳")
        .await
        .says("报修 石狮子倒了，没人管")
        .await;
    assert!(reply.contains(&format!("\n1 #{} 建议", lion.id)), "{reply}");
    assert!(reply.contains("也说到“石狮子倒了”"), "{reply}");
}

#[tokio::test]
async fn what_is_alike_is_of_the_same_building_and_under_way() {
    let app = house(2).await;
    let (zhang, li, chen) = (
        tied(&app, "张秀英").await,
        tied(&app, "李建国").await,
        tied(&app, "陈伟").await,
    );
    zhang.says("报修 石狮子倒了").await;
    let first = zhang.case().await.id;
    let offers = |reply: &str| reply.contains("可能已经有人提过");
    let reply = chen.says("报修 石狮子倒了").await;
    assert!(!offers(&reply), "another building: {reply}");
    let reply = li.says("求助 石狮子倒了，请人扶一下").await;
    assert!(!offers(&reply), "nobody else's business: {reply}");
    // What a case says without its name is what is compared of it.
    zhang.says("投诉 我是张秀英，楼道堆了破沙发").await;
    let second = zhang.case().await.id;
    zhang.says(&format!("匿名 {second}")).await;
    let essence = app.case(second).await.essence.unwrap();
    assert!(
        essence.contains("破沙发") && !essence.contains("张秀英"),
        "{essence}"
    );
    zhang.says(&format!("撤回 {first}")).await;
    let reply = li.says("报修 石狮子倒了").await;
    assert!(!offers(&reply), "taken back: {reply}");
}
