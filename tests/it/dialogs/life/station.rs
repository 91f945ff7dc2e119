//! Stations: what is lent, booked and kept.

use super::all_obey;
use crate::dialogs::rules::{house, open};
use crate::dialogs::says;
use crate::station::{self, ALWAYS, monday};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_whoever_comes() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let row = station::station(&app, ALWAYS).await;
    let spade = station::thing(&app, &row, "铁锹", 5).await;
    let hall = station::room(&app, &row, "议事厅").await;
    let lent = says(&li, &format!("借用 {spade}")).await;
    assert!(lent.contains("借给您了"), "{lent}");
    let day = monday(&app);
    let booked = says(&zhang, &format!("订房间 {hall} {day} 9:00-10:00")).await;
    assert!(booked.contains("订好了"), "{booked}");
    let unread = format!("订房间 {hall} 随便");
    let over = format!("订房间 {hall} 2020-01-01 9:00-10:00");
    let openings = [
        "驿站",
        "借用",
        "取消预订",
        "订房间",
        "订房间 → 1",
        "订房间 → 1 → 2",
        "订房间 → 1 → 2 → 1",
        unread.as_str(),
        over.as_str(),
    ];
    all_obey(&app, &zhang, &openings).await;
    all_obey(&app, &li, &["归还", "我的驿站"]).await;
    // The time that was asked for still counts behind words that were none.
    open(&li, &[unread.as_str()]).await;
    let booked = says(&li, &format!("{day} 14:00-16:00 下棋")).await;
    assert!(booked.contains("14:00-16:00"), "{booked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_keepers() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    let keeper = app.staff("蒋平").await;
    let row = station::station(&app, ALWAYS).await;
    let spade = station::thing(&app, &row, "铁锹", 5).await;
    for _ in 0..2 {
        says(&zhang, &format!("借用 {spade}")).await;
    }
    let handed = open(&zhang, &["归还"]).await;
    assert_eq!(handed.choices.len(), 2);
    says(&zhang, "1").await;
    let openings = [
        "借出名单",
        "借物验收",
        "借物没收到",
        "借物丢失",
        "借物丢失 → 1",
        "借物损坏",
        "借物损坏 → 1",
        "驿站人次",
    ];
    all_obey(&app, &keeper, &openings).await;
    let out = station::thing_row(&app, spade).await;
    assert_eq!(
        (out.quantity, out.lent),
        (5, 2),
        "nothing of it was an answer"
    );
}
