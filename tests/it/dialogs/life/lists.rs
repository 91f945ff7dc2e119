//! Wishes and the four lists.

use super::all_obey;
use crate::dialogs::rules::{house, open};
use crate::dialogs::{says, waiting};
use crate::harness::pictures::jpeg;
use crate::offer::{self, day};
use crate::wish;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_wishes() {
    let app = house().await;
    let steward = app.known("o-sun");
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    wish::open(&zhang, &steward, "想要一副老花镜").await;
    let claimed = wish::open(&zhang, &steward, "想要一把小板凳").await;
    let fulfilled = wish::open(&zhang, &steward, "想换一个门铃").await;
    wish::raise(&wang, "想学用手机挂号").await;
    let claims = async |id: i64| {
        let reply = says(&li, &format!("认领 {id}")).await;
        assert!(reply.contains("是您的了"), "{reply}");
    };
    let fulfils = async |id: i64| {
        let done = says(&li, &format!("完成 {id} 好了")).await;
        assert!(done.contains("已完成"), "{done}");
        says(&li, "0").await;
    };
    claims(claimed).await;
    claims(fulfilled).await;
    fulfils(fulfilled).await;

    // Of two wishes a photo belongs to the one that is picked, and not to the first.
    let list = open(&li, &["心愿照片"]).await;
    let wanted = format!("心愿照片 {claimed}");
    let choice = list.choices.iter().find(|one| one.command == wanted);
    let digit = choice
        .expect("the claimed one is not offered")
        .digit
        .clone();
    assert_eq!(list.choices.len(), 2, "{list:?}");
    let kept = li.sends_photo(jpeg(6)).await;
    assert!(kept.contains("照片收到了"), "{kept}");
    assert_eq!(waiting(&li).await.choices, list.choices);
    let given = says(&li, &digit).await;
    let first = format!("1张照片已加到心愿 #{claimed}");
    assert!(given.contains(&first), "{given}");

    let openings = [
        "心愿",
        "心愿 → 1",
        "认领",
        "完成",
        "放弃",
        "联系许愿人",
        "心愿照片",
    ];
    all_obey(&app, &li, &openings).await;
    // Of two that wait for thanks one is asked for; the only one would be thanked for at once.
    let second = wish::open(&zhang, &steward, "想要一盆绿萝").await;
    claims(second).await;
    fulfils(second).await;
    all_obey(&app, &zhang, &["我的心愿", "感谢", "撤回心愿"]).await;
    let openings = [
        "审核心愿",
        "审核心愿 → 1",
        "通过心愿",
        "驳回心愿",
        "驳回心愿 → 1",
        "下架心愿",
        "下架心愿 → 1",
    ];
    all_obey(&app, &steward, &openings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_four_lists() {
    let app = house().await;
    let steward = app.known("o-sun");
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let (manager, chair) = (app.staff("沈立").await, app.staff("卫东").await);
    let need = offer::open(&zhang, &steward, "发需求 想借一台轮椅").await;
    let resource = offer::open(&li, &steward, "发资源 有一台轮椅可以借").await;
    let tied = says(&zhang, &format!("对接 {need} {resource}")).await;
    assert!(tied.contains("对接上了"), "{tied}");
    offer::open(&zhang, &steward, "发需求 想找人教我用手机").await;
    offer::open(&li, &steward, "发资源 周末可以教老人用手机").await;
    offer::publish(&zhang, "发需求 想借梯子").await;
    let due = day(&app, 30);
    offer::publish(&manager, &format!("发服务 {due} 更换3栋门禁")).await;
    let kept = offer::publish(&manager, &format!("发责任 {due} 巡查消防通道")).await;
    let closed = says(&manager, &format!("销号 {kept} 巡查过了")).await;
    assert!(closed.contains("已销号"), "{closed}");

    let openings = [
        "清单",
        "清单 需求",
        "清单 需求 → 1",
        "我的清单",
        "对接",
        "对接 → 1",
        "清单分类",
        "清单分类 → 1",
        "办好",
        "取消对接",
        "联系对方",
        "撤回清单",
    ];
    all_obey(&app, &zhang, &openings).await;
    let openings = ["销号", "销号 → 1", "清单照片", "发服务"];
    all_obey(&app, &manager, &openings).await;
    let openings = [
        "审核清单",
        "审核清单 → 1",
        "通过清单",
        "驳回清单",
        "驳回清单 → 1",
        "下架清单",
        "下架清单 → 1",
    ];
    all_obey(&app, &steward, &openings).await;
    all_obey(&app, &chair, &["重开清单", "重开清单 → 1"]).await;
}
