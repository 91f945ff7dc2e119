//! The other faces: the board's lists and wall chart, whatever people write; and the console.

use entity::kinds::OfferState::{Done, Open};

use super::{day, item, open, publish};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chart_strikes_through_what_is_closed_off_and_shows_words_as_words() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let manager = app.staff("沈立").await;
    let zhang = app.resident("张秀英").await;
    // No section of nothing; the way there is always shown.
    let empty = app.board("GY").await;
    assert!(
        !empty.contains("<h2>四项清单") && empty.contains("/board/GY/lists"),
        "{empty}"
    );
    let due = day(&app, 30);
    let done = publish(
        &manager,
        &format!("发服务 {due} <script>alert(1)</script>换门禁"),
    )
    .await;
    publish(&manager, &format!("发责任 {due} 找王芳在1-1-201修\"门\"")).await;
    manager.says(&format!("销号 {done} 好了")).await;
    let chart = app.board("GY/chart").await;
    assert!(
        chart.contains("<del>&lt;script&gt;alert(1)&lt;/script&gt;换门禁</del>"),
        "{chart}"
    );
    assert!(
        chart.contains("桂园物业服务公司") && chart.contains("已销号 <b>1</b> / 2"),
        "{chart}"
    );
    assert!(chart.contains("进度<b>50%</b>"), "{chart}");
    for hidden in ["<script>alert", "王芳", "1-1-201"] {
        assert!(!chart.contains(hidden), "{hidden}: {chart}");
    }
    // What a resident wrote, read by staff and not read yet.
    open(&zhang, &steward, "发需求 张秀英想学<i>手机</i>").await;
    publish(&zhang, "发资源 还没人看过").await;
    let lists = app.board("GY/lists").await;
    assert!(lists.contains("&lt;i&gt;手机"), "{lists}");
    for hidden in ["张秀英", "<i>", "还没人看过"] {
        assert!(!lists.contains(hidden), "{hidden}: {lists}");
    }
    let whole = app.board("GY").await;
    assert!(whole.contains("<h2>四项清单</h2>"), "{whole}");
    assert!(whole.contains("href=\"/board/GY/chart\""), "{whole}");
    let empty = app.board("LY/chart").await;
    assert!(empty.contains("还没有单位公布"), "{empty}");
    assert!(app.board("XX/chart").await.contains("没有找到这个小区"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_publishes_passes_closes_and_reopens() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let need = publish(&zhang, "发需求 想学<b>手机</b>").await;
    let mut chair = Desk::of(&app, "卫东").await;
    let from = "/console/lists";
    let page = chair.open(from).await;
    page.is(200).says("待审核 1").says("居民");
    assert!(!page.body.contains("<b>手机") && !page.body.contains("张秀英"));
    chair
        .send(from, &format!("{from}/{need}/pass"), &[])
        .await
        .is(303);
    let twice = chair.send(from, &format!("{from}/{need}/pass"), &[]).await;
    twice.is(409).says("不能这样操作");
    assert_eq!(item(&app, need).await.state, Open);

    // A company publishes for itself, and closes off what is its own.
    let mut manager = Desk::of(&app, "沈立").await;
    let new = "/console/lists/new?compound=GY";
    let page = manager.open(new).await;
    page.is(200).says("桂园物业服务公司");
    assert!(!page.body.contains("待单位认领"), "{}", page.body);
    let value = regex::Regex::new(r#"<option value="(\d+)">桂园物业"#).unwrap();
    let company = value.captures(&page.body).unwrap()[1].to_owned();
    let due = day(&app, 9).to_string();
    let fields = |due: &'static str| {
        [
            ("compound", "GY"),
            ("list", "service"),
            ("text", "清洗水箱"),
            ("due_on", due),
            ("organisation", "1"),
        ]
    };
    let wrong = manager
        .send(new, "/console/lists/new", &fields("2020-01-01"))
        .await;
    assert!([403, 422].contains(&wrong.status), "{}", wrong.body);
    let right = [
        ("compound", "GY"),
        ("list", "service"),
        ("text", "清洗水箱"),
        ("due_on", due.as_str()),
        ("organisation", company.as_str()),
    ];
    let made = manager.send(new, "/console/lists/new", &right).await;
    made.is(303);
    let list = format!("{from}?list=service");
    let page = manager.open(&list).await;
    page.is(200).says("清洗水箱").says("销号");
    let number = regex::Regex::new(r"/console/lists/(\d+)/close").unwrap();
    let id: i64 = number.captures(&page.body).unwrap()[1].parse().unwrap();
    let path = format!("{from}/{id}/close");
    manager
        .send(from, &path, &[("text", " ")])
        .await
        .is(422)
        .says("请写清楚");
    manager
        .send(from, &path, &[("text", "洗好了")])
        .await
        .is(303);
    assert_eq!(item(&app, id).await.state, Done);
    let path = format!("{from}/{id}/reopen");
    let own = manager.send(from, &path, &[("text", "再洗")]).await;
    own.is(403);
    let again = chair.send(from, &path, &[("text", "没洗净")]).await;
    again.is(303);
    assert_eq!(item(&app, id).await.state, Open);
    // Next door it is not there.
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open(&format!("{from}?compound=GY")).await.is(404);
    let denied = next_door
        .send(
            from,
            &format!("{from}/{need}/remove"),
            &[("text", "别处的")],
        )
        .await;
    denied.is(404);
}
