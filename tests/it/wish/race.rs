//! Two hundred neighbours for eleven wishes on two instances, one person's two phones for one more than the
//! limit, and the same message three times.

use std::collections::BTreeMap;

use entity::kinds::WishState;
use entity::{wish, wish_step};
use futures_util::StreamExt;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::{open, raise, wishes};
use crate::harness::app::TestApp;
use crate::harness::until;
use crate::harness::wechat::text_xml;

const NEIGHBOURS: usize = 200;
const WISHES: usize = 11;
const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_on_two_instances_make_eleven_claims_of_eleven_wishes() {
    let plan = TestApp::plan().instances(2);
    let app = plan.set("WISHES__MOST_WISHES", "11").start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let mut ids = Vec::new();
    for number in 0..WISHES {
        ids.push(open(&zhang, &steward, &format!("第{number}个心愿")).await);
    }
    let all = app.neighbours(NEIGHBOURS).await;
    let said = all.iter().enumerate().map(|(at, neighbour)| {
        let id = ids[at % WISHES];
        async move { neighbour.says(&format!("认领 {id}")).await }
    });
    // So many at a time that the machine answers most of them before WeChat's patience is over.
    let replies: Vec<String> = futures_util::stream::iter(said)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let say = |words: &str| replies.iter().filter(|reply| reply.contains(words)).count();
    let (won, late) = (say("是您的了"), say("晚了一步"));
    // A crowded machine says first that the answer follows.
    let follow = say("稍后回复您");
    assert_eq!(won + late + follow, NEIGHBOURS, "{replies:?}");
    assert!(won <= WISHES && won + follow >= WISHES, "{replies:?}");
    until("all is claimed", 30, async || {
        let all = wishes(&app).await;
        let open = all.iter().any(|row| row.state == WishState::Open);
        (!open).then_some(())
    })
    .await;
    let mut claimers = BTreeMap::new();
    for row in wishes(&app).await {
        assert_eq!(row.state, WishState::Claimed, "{row:?}");
        claimers.insert(row.claimer_id.unwrap(), row.id);
    }
    assert_eq!(claimers.len(), WISHES, "one each");
    let claims = wish_step::Entity::find()
        .filter(wish_step::COLUMN.action.eq("claimed"))
        .count(app.store.read())
        .await;
    assert_eq!(claims.unwrap(), WISHES as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_one_more_than_the_limit_by_asking_for_all_at_once() {
    let plan = TestApp::plan().instances(2);
    let app = plan.set("WISHES__MOST_WISHES", "8").start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(open(&zhang, &steward, &format!("第{number}个心愿")).await);
    }
    let api = app.api(&li).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let calls = ids.iter().enumerate().map(|(at, id)| {
        let api = if at % 2 == 0 { &api } else { &other };
        async move {
            let answer = api
                .post(&format!("/wishes/{id}/claim"), &serde_json::json!({}))
                .await;
            answer.status
        }
    });
    let answers = futures_util::future::join_all(calls).await;
    let got = answers.iter().filter(|status| **status == 200).count();
    assert_eq!(got, 3, "{answers:?}");
    let has = wish::Entity::find()
        .filter(wish::COLUMN.state.eq(WishState::Claimed))
        .count(app.store.read())
        .await;
    assert_eq!(has.unwrap(), 3);
    let told = li.says(&format!("认领 {}", ids[7])).await;
    assert!(
        told.contains("已经认领了3个") || told.contains("您已经认领了心愿"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_message_three_times_is_one_wish() {
    let app = TestApp::with_instances(2).await;
    let zhang = app.resident("张秀英").await;
    let message = text_xml(&zhang.open_id, "许愿 想要一盏台灯");
    let first = app.sender(0).send(&message).await;
    assert!(
        first
            .as_deref()
            .is_some_and(|reply| reply.contains("已收到")),
        "{first:?}"
    );
    for instance in [1, 0] {
        assert_eq!(app.sender(instance).send(&message).await, first);
    }
    assert_eq!(wishes(&app).await.len(), 1);
    raise(&zhang, "想要一盏台灯").await;
    assert_eq!(wishes(&app).await.len(), 2, "said anew it is another one");
}
