//! What was handed in waits for a keeper: it counts among what somebody has, and is not late.

use super::{ALWAYS, loans, station, thing};
use crate::harness::app::TestApp;

const DAY: i64 = 24 * 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_handed_in_takes_something_else_though_nobody_has_looked_at_it_in_time() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let umbrella = thing(&app, &row, "雨伞", 1).await;
    let spade = thing(&app, &row, "铁锹", 9).await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    zhang.says(&format!("借用 {umbrella}")).await;
    let id = loans(&app).await[0].id;
    app.advance(6 * DAY).await;
    let handed = zhang.says(&format!("归还 {id}")).await;
    assert!(handed.contains("等驿站验收"), "{handed}");
    // Its last day was three days ago, and it lies on the counter.
    app.advance(4 * DAY).await;
    let lent = zhang.says(&format!("借用 {spade}")).await;
    assert!(lent.contains("借给您了"), "{lent}");
    let more = zhang.says(&format!("借用 {spade}")).await;
    assert!(more.contains("已经借了2件"), "{more}");
    // It is not there after all: then it is late.
    let denied = jiang.says(&format!("借物没收到 {id}")).await;
    assert!(denied.contains("改回借出"), "{denied}");
    let late = zhang.says(&format!("借用 {spade}")).await;
    assert!(late.contains("先归还再借"), "{late}");
}
