//! WeCom's rates: what exceeds them is dropped without a word, so none of it may be sent.

use chrono::TimeDelta;
use entity::halt;
use linli::sandbox::{Api, Fault, How};
use sea_orm::{EntityTrait, PaginatorTrait};

use super::identity::register;
use crate::harness::app::TestApp;
use crate::harness::until;

/// Numbers of the cases whose cards came, in the order in which they came.
fn numbers(app: &TestApp, userid: &str) -> Vec<i64> {
    let seen = app.platform.member_sees(userid);
    let cards = seen.iter().filter(|entry| entry.how == How::App);
    let titles = cards.filter_map(|entry| entry.work_card.as_ref());
    let number = |title: &str| {
        title
            .trim_start_matches('#')
            .split(' ')
            .next()?
            .parse()
            .ok()
    };
    titles.filter_map(|card| number(&card.title)).collect()
}

/// Messages that came, of every kind.
fn arrived(app: &TestApp) -> usize {
    let seen = app.platform.member_sees("sunmei");
    seen.iter().filter(|entry| entry.how == How::App).count()
}

#[tokio::test]
async fn a_block_is_waited_out_and_tasks_go_another_way_meanwhile() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let steward = app.steward("1栋").await;
    register(&app, "sun", Some("sunmei")).await;
    let resident = app.resident("张秀英").await;
    app.drain().await;
    let files = async |at: i32| {
        resident.says(&format!("报修 第{at}盏楼道灯坏了")).await;
        let id = resident.case().await.id;
        app.drain().await;
        id
    };
    let blocked = Fault::new(Api::Send, "45009", None);
    assert!(app.platform.set_fault(blocked));
    let before = app.platform.calls(Api::Send);
    // Asked at once and after a minute; then it is left alone for longer.
    for (at, seconds, asked) in [(0, 0, 1), (1, 10, 1), (2, 55, 2), (3, 65, 2)] {
        app.clock.advance(TimeDelta::seconds(seconds));
        let id = files(at).await;
        steward.expects_push(&format!("接单 {id}")).await;
        assert_eq!(app.platform.calls(Api::Send) - before, asked, "{at}");
    }
    app.platform.clear_faults();
    app.advance(3).await;
    let id = files(4).await;
    until("it comes as a card", 15, async || {
        numbers(&app, "sunmei").contains(&id).then_some(())
    })
    .await;
    let left = halt::Entity::find().count(app.store.read()).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn more_than_a_minutes_worth_waits_in_its_order_and_nothing_is_lost() {
    for instances in [1, 3] {
        let app = TestApp::plan()
            .instances(instances)
            .set("REMINDER__POLL_MS", "50")
            .start()
            .await;
        if instances > 1 && app.instances[0].app.redis.is_none() {
            // Without Redis there is one instance.
            continue;
        }
        register(&app, "sun", Some("sunmei")).await;
        let resident = app.resident("张秀英").await;
        app.drain().await;
        let before = arrived(&app);
        for at in 0..70 {
            resident.says(&format!("报修 第{at}盏楼道灯坏了")).await;
        }
        until("the first minute's worth", 30, async || {
            (arrived(&app) == 30).then_some(())
        })
        .await;
        app.drain().await;
        assert_eq!(arrived(&app), 30);
        for wanted in [60, 70 + before] {
            app.clock.advance(TimeDelta::seconds(67));
            until("the next minute's worth", 30, async || {
                app.clock.advance(TimeDelta::milliseconds(20));
                (arrived(&app) >= wanted).then_some(())
            })
            .await;
        }
        assert_eq!(app.platform.dropped(), 0);
        let order = numbers(&app, "sunmei");
        assert_eq!(order.len(), 70);
        if instances == 1 {
            assert!(order.is_sorted(), "{order:?}");
        } else {
            // What waited keeps its order; what found room at once may have crossed on its way.
            assert!(order[30..].is_sorted(), "{order:?}");
        }
    }
}
