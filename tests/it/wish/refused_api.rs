//! The refusals of claims over the JSON API: one's own wish, next door's, one that somebody else has, one too many, and
//! one whose term is over; each with its code and a sentence for the person.

use entity::kinds::WishState;
use serde_json::json;

use super::{open, raise, wish};
use crate::harness::app::TestApp;

fn to(id: i64, verb: &str) -> String {
    format!("/wishes/{id}/{verb}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_of_ones_own_of_next_doors_or_of_what_is_taken_is_a_code_and_a_sentence() {
    let app = TestApp::plan()
        .set("WISHES__MOST_WISHES", "9")
        .start()
        .await;
    let steward = app.steward("1栋").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let (wang, han) = (app.resident("王芳").await, app.resident("韩梅").await);
    let (asker, claimer) = (app.api(&zhang).await, app.api(&li).await);
    let (late, next_door) = (app.api(&wang).await, app.api(&han).await);
    let unread = raise(&zhang, "想要一盏台灯").await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    let nothing = json!({});
    let own = asker.post(&to(id, "claim"), &nothing).await;
    own.refuses(403, "forbidden", "您自己的心愿");
    let other = next_door.post(&to(id, "claim"), &nothing).await;
    other.refuses(404, "not_found", "没有找到心愿");
    let early = claimer.post(&to(unread, "claim"), &nothing).await;
    early.refuses(404, "not_found", "没有找到心愿");
    for odd in ["0", "-1", "999999", "99999999999999999999", "x"] {
        let path = format!("/wishes/{odd}/claim");
        let answer = claimer.post(&path, &nothing).await;
        answer.refuses(404, "not_found", "没有找到心愿");
    }
    assert_eq!(wish(&app, id).await.state, WishState::Open);

    assert_eq!(claimer.post(&to(id, "claim"), &nothing).await.status, 200);
    let twice = claimer.post(&to(id, "claim"), &nothing).await;
    twice.refuses(409, "wrong_step", "您已经认领了心愿");
    let second = late.post(&to(id, "claim"), &nothing).await;
    second.refuses(409, "conflict", "晚了一步");
    let own = asker.post(&to(id, "claim"), &nothing).await;
    own.refuses(403, "forbidden", "您自己的心愿");
    for verb in ["abandon", "fulfil", "photos"] {
        let body = json!({ "attachments": [] });
        let answer = late.post(&to(id, verb), &body).await;
        answer.refuses(403, "forbidden", "不在您名下");
    }
    let thanks = late.post(&to(id, "thank"), &nothing).await;
    assert_eq!(thanks.status, 403, "{thanks:?}");
    for text in ["一把凳子", "一顶帽子"] {
        let more = open(&zhang, &steward, text).await;
        assert_eq!(claimer.post(&to(more, "claim"), &nothing).await.status, 200);
    }
    let last = open(&zhang, &steward, "一本字典").await;
    let enough = claimer.post(&to(last, "claim"), &nothing).await;
    enough.refuses(409, "wrong_step", "已经认领了3个");

    let done = claimer.post(&to(id, "fulfil"), &nothing).await;
    assert_eq!(done.status, 200, "{done:?}");
    let over = late.post(&to(id, "claim"), &nothing).await;
    over.refuses(409, "wrong_step", "不能这样操作");
    let taken = asker.post(&to(last, "withdraw"), &nothing).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let gone = late.post(&to(last, "claim"), &nothing).await;
    gone.refuses(404, "not_found", "没有找到心愿");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_term_is_over_gives_no_right_any_more() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let wang = app.resident("王芳").await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    li.says(&format!("认领 {id}")).await;
    app.advance(7 * 24 * 60 + 1).await;
    assert_eq!(wish(&app, id).await.state, WishState::Open);
    let (first, second) = (app.api(&li).await, app.api(&wang).await);
    for verb in ["abandon", "fulfil", "photos"] {
        let body = json!({ "text": "送到了", "attachments": [] });
        let answer = first.post(&to(id, verb), &body).await;
        answer.refuses(403, "forbidden", "不在您名下");
    }
    let asker = app.api(&zhang).await;
    let thanks = asker.post(&to(id, "thank"), &json!({})).await;
    thanks.refuses(409, "wrong_step", "不能这样操作");
    let claimed = second.post(&to(id, "claim"), &json!({})).await;
    assert_eq!(claimed.status, 200, "{claimed:?}");
    let late = first.post(&to(id, "claim"), &json!({})).await;
    late.refuses(409, "conflict", "晚了一步");
    let done = first.post(&to(id, "fulfil"), &json!({})).await;
    done.refuses(403, "forbidden", "不在您名下");
    let row = wish(&app, id).await;
    let holder = wang.account().await.person_id;
    assert_eq!((row.state, row.claimer_id), (WishState::Claimed, holder));
}
