//! What strikes a fault that can be seen from the list (销号): a stored picture of what was found and one of what
//! was done, or the reason why there is none. By chat, console and API alike; finishing never waits for it.

use entity::attachment;
use entity::kinds::{AttachmentState, PhotoStage};
use linli::case::evidence::{self, Evidence};
use linli::sandbox::Say;

use super::api::api;
use super::*;
use crate::board::pass_all;
use crate::console::Desk;
use crate::harness::pictures::{jpeg, png};

const AMR: &[u8] = b"#!AMR\n\x3c\x91\x17\x16";

/// A leak that was filed without a photo, and that 孙梅 has taken.
async fn leak(resident: &Person<'_>, steward: &Person<'_>) -> i64 {
    resident.says("报修 1栋大厅漏水").await;
    let id = resident.case().await.id;
    steward.says(&format!("接单 {id}")).await;
    id
}

async fn seen(app: &TestApp, id: i64) -> Evidence {
    let case = app.case(id).await;
    evidence::of(app.store.read(), &case).await.unwrap()
}

async fn is_struck(app: &TestApp, id: i64) -> bool {
    app.case(id).await.closed_off_at.is_some()
}

async fn last(app: &TestApp) -> attachment::Model {
    let newest = attachment::Entity::find().order_by_desc(attachment::COLUMN.id);
    newest.one(app.store.read()).await.unwrap().unwrap()
}

#[tokio::test]
async fn neither_a_voice_nor_what_turns_out_broken_is_a_picture() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let id = leak(&resident, &steward).await;
    let done = steward.says(&format!("办结 {id} 换了水管")).await;
    assert!(done.contains("请再发一张修好后的照片"), "{done}");
    let voice = Say::Voice { recognition: None };
    let heard = steward.does(&voice).await.unwrap();
    assert!(
        heard.contains("语音和视频不能当照片") && heard.contains("请再发一张修好后的照片"),
        "{heard}"
    );
    // It is taken for one until it is here; half a picture is none.
    let reply = steward.sends_photo(png(1)[..40].to_vec()).await;
    assert!(
        reply.contains("作为处理后的照片") && reply.contains("还缺处理前的照片"),
        "{reply}"
    );
    app.drain().await;
    assert_eq!(last(&app).await.state, AttachmentState::Refused);
    assert!(steward.told("没能保存") > 0, "{:?}", steward.pushes());
    assert_eq!(
        seen(&app, id).await.missing(),
        [PhotoStage::Before, PhotoStage::After]
    );
    pass_all(&app).await;
    resident.says(&format!("评价 {id} 5")).await;
    app.advance(61).await;
    assert!(!is_struck(&app, id).await, "nothing was seen");
    let owed = steward.says(&format!("进度 {id}")).await;
    assert!(owed.contains("还缺处理前和处理后的照片"), "{owed}");
    // A real one; of what was found there is none, and the reason stands for it.
    steward.sends_photo(jpeg(3)).await;
    let added = steward.says(&format!("加照片 {id}")).await;
    assert!(added.contains("还缺处理前的照片"), "{added}");
    app.drain().await;
    assert_eq!(last(&app).await.state, AttachmentState::Stored);
    app.advance(61).await;
    assert!(!is_struck(&app, id).await, "no picture from before");
    let noted = steward
        .says(&format!("无照片 {id} 处理前 到场时已经关了阀"))
        .await;
    assert!(noted.contains("不用再发照片了"), "{noted}");
    // A reason for what is there is none.
    let needless = steward.says(&format!("无照片 {id} 处理后 没拍")).await;
    assert!(needless.contains("不缺照片"), "{needless}");
    app.advance(61).await;
    assert!(is_struck(&app, id).await);
}

#[tokio::test]
async fn a_steward_with_one_phone_shows_both_sides() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let id = leak(&resident, &steward).await;
    let there = steward.says(&format!("到场 {id}")).await;
    assert!(there.contains("请先拍一张处理前的照片"), "{there}");
    // Several come one by one: all of them show what was found until it is finished.
    for red in [1, 2] {
        let reply = steward.sends_photo(jpeg(red)).await;
        assert!(
            reply.contains("作为处理前的照片") && reply.contains("再发一张修好后的"),
            "{reply}"
        );
    }
    let done = steward.says(&format!("办结 {id} 换了水管")).await;
    assert!(done.contains("请再发一张修好后的照片"), "{done}");
    let thanks = steward.sends_photo(jpeg(3)).await;
    assert!(
        thanks.contains("作为处理后的照片") && thanks.contains("和结果一起公示"),
        "{thanks}"
    );
    app.drain().await;
    let found = seen(&app, id).await;
    assert_eq!((found.before.stored, found.after.stored), (2, 1));
    assert!(!found.is_owed());
    pass_all(&app).await;
    resident.says(&format!("评价 {id} 5")).await;
    assert!(is_struck(&app, id).await);
}

#[tokio::test]
async fn a_photo_from_before_is_asked_for_by_its_own_digit_once_it_is_done() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let id = leak(&resident, &steward).await;
    steward.says(&format!("办结 {id} 换了水管")).await;
    let reply = steward.sends_photo(jpeg(1)).await;
    assert!(reply.contains("还缺处理前的照片"), "{reply}");
    // Without the digit it is one more of what was done.
    let reply = steward.sends_photo(jpeg(2)).await;
    assert!(reply.contains("作为处理后的照片"), "{reply}");
    let asked = steward.says("2").await;
    assert!(asked.contains("处理前的照片发到这里"), "{asked}");
    let reply = steward.sends_photo(jpeg(3)).await;
    assert!(
        reply.contains("作为处理前的照片") && reply.contains("谢谢"),
        "{reply}"
    );
    app.drain().await;
    let found = seen(&app, id).await;
    assert_eq!((found.before.stored, found.after.stored), (1, 2));
}

#[tokio::test]
async fn reasons_stand_in_the_history_and_at_the_console() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let id = leak(&resident, &steward).await;
    steward.says(&format!("到场 {id}")).await;
    let why = steward.says("1").await;
    assert!(why.contains("为什么没有处理前的照片"), "{why}");
    let noted = steward.says("住户不让拍").await;
    assert!(noted.contains("再发一张修好后的照片"), "{noted}");
    let done = steward.says(&format!("办结 {id} 换了水管")).await;
    assert!(done.contains("请再发一张修好后的照片"), "{done}");
    let path = format!("/console/cases/{id}");
    let mut desk = Desk::of(&app, "孙梅").await;
    desk.open(&path).await.says("还缺处理后的照片");
    steward.says("1").await;
    let noted = steward.says("里面太黑").await;
    assert!(noted.contains("不用再发照片了"), "{noted}");
    let page = desk.open(&path).await;
    page.says("没有处理前的照片：住户不让拍")
        .says("没有处理后的照片：里面太黑")
        .says("无处理前照片");
    assert!(!page.body.contains("还缺"), "{}", page.body);
    let kept: Vec<_> = events(&app, id)
        .await
        .into_iter()
        .filter(|event| event.action.starts_with("photo-waived"))
        .map(|event| (event.action, event.note.unwrap()))
        .collect();
    let said = |action: &str, note: &str| (action.to_owned(), note.to_owned());
    assert_eq!(
        kept,
        [
            said("photo-waived-before", "住户不让拍"),
            said("photo-waived", "里面太黑")
        ]
    );
    pass_all(&app).await;
    resident.says(&format!("评价 {id} 5")).await;
    assert!(is_struck(&app, id).await);
    let needless = steward.says(&format!("无照片 {id} 再说一次")).await;
    assert!(needless.contains("不缺照片"), "{needless}");
}

#[tokio::test]
async fn over_the_api_each_side_is_named_and_a_recording_is_none() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let id = leak(&resident, &steward).await;
    let theirs = api(&app, &steward, "孙梅").await;
    let path = format!("/cases/{id}");
    let voice = theirs.upload("done.amr", AMR.to_vec()).await;
    assert_eq!((voice.status, &voice.json["kind"]), (201, &json!("voice")));
    let body = json!({ "text": "换了水管", "attachments": [voice.json["id"]] });
    let done = theirs.post(&format!("{path}/finish"), &body).await;
    assert_eq!(
        (done.status, &done.json["state"]),
        (200, &json!("finished"))
    );
    let missing = async || theirs.get(&path).await.json["photos_missing"].clone();
    assert_eq!(missing().await, json!(["before", "after"]));
    let photo = async |stage: &str, red: u8| {
        let taken = theirs.upload("a.jpg", jpeg(red)).await;
        let body = json!({ "attachments": [taken.json["id"]], "stage": stage });
        theirs.post(&format!("{path}/photos"), &body).await
    };
    assert_eq!(photo("behind", 1).await.status, 422);
    assert_eq!(photo("after", 2).await.status, 200);
    assert_eq!(missing().await, json!(["before"]));
    assert_eq!(photo("before", 3).await.status, 200);
    let full = theirs.get(&path).await;
    assert_eq!(
        (&full.json["photo_owed"], &full.json["photos_missing"]),
        (&json!(false), &json!([]))
    );
    for reason in [
        json!({ "text": "太黑", "stage": "before" }),
        json!({ "text": "太黑" }),
    ] {
        theirs
            .post(&format!("{path}/no-photo"), &reason)
            .await
            .refuses(409, "wrong_step", "不缺照片");
    }
}
