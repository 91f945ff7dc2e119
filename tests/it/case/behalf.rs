//! Cases for somebody else, and cases without a name: who stands behind them is read nowhere but by
//! a look that is put on record.

use entity::{audit, visit};

use super::api::api;
use super::*;

/// What would give 张秀英 away.
const SECRETS: [&str; 4] = ["张秀英", "1-1-101", "13800000101", "138****0101"];

fn hides(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

#[tokio::test]
async fn nobody_reads_who_filed_without_a_name() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    let reply = resident
        .says("匿名投诉 我是张秀英，住１－１－１０１，电话13800000101，沈立的物业不管楼道堆物")
        .await;
    assert!(reply.contains("匿名居民"), "{reply}");
    let case = resident.case().await;
    let id = case.id;
    assert!(case.anonymous);
    hides("the row", &case.text);
    assert!(
        case.text.contains("沈立"),
        "whom it is about stays: {}",
        case.text
    );
    assert_eq!(case.place_id, app.place("GY/1").await.id);
    resident
        .says(&format!(
            "补充 {id} 就在我家1-1-101门口，电话 138 0000 0101"
        ))
        .await;
    app.drain().await;
    let staff = ["孙梅", "沈立", "蒋平", "吴静", "郑洪", "冯涛", "卫东"];
    for name in staff {
        let person = tied(&app, name).await;
        for command in [
            "进度 {}",
            "待办",
            "接单 {}",
            "转派 {}",
            "方案 {} 清理",
            "查看身份 {}",
        ] {
            let reply = person.says(&command.replace("{}", &id.to_string())).await;
            hides(name, &reply);
        }
        hides(name, &person.pushes().join("\n"));
        let client = api(&app, &person, name).await;
        for path in [
            "/tasks".to_owned(),
            format!("/cases/{id}"),
            "/visits".to_owned(),
        ] {
            hides(&path, &client.get(&path).await.json.to_string());
        }
    }
    let steward = tied(&app, "孙梅").await;
    let reply = steward.says(&format!("进度 {id}")).await;
    assert!(reply.contains("匿名居民"), "{reply}");
    // A joiner and the board learn nothing either.
    let neighbour = tied(&app, "李建国").await;
    hides("joining", &neighbour.says(&format!("我也遇到 {id}")).await);
    hides("joined", &neighbour.says(&format!("进度 {id}")).await);
    let holder = holder(&app, &app.case(id).await).await;
    let holder = tied(&app, &holder).await;
    holder
        .says(&format!("办结 {id} 已清理张秀英说的1-1-101门口"))
        .await;
    app.drain().await;
    hides(
        "the board",
        app.case(id).await.public_text.as_deref().unwrap(),
    );
    hides("a neighbour's push", &neighbour.pushes().join("\n"));
    resident.says(&format!("评价 {id} 4 我张秀英满意")).await;
    let case = app.case(id).await;
    hides("the rating", case.rating_text.as_deref().unwrap());
    for event in events(&app, id).await {
        let by_staff = event.actor_kind == entity::kinds::ActorKind::Staff;
        if let Some(note) = event.note.filter(|_| !by_staff) {
            hides(&event.action, &note);
        }
    }
}

#[tokio::test]
async fn a_look_at_who_it_was_needs_the_post_and_a_reason_and_is_on_record() {
    let app = house(1).await;
    let (resident, steward, secretary, foreign) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "郑洪").await,
        tied(&app, "杨光").await,
    );
    resident.says("匿名投诉 楼道堆物没人管").await;
    let id = resident.case().await.id;
    let command = format!("查看身份 {id} 需要当面核实");
    let reply = steward.says(&command).await;
    assert!(reply.contains("只有社区书记"), "{reply}");
    let reply = foreign.says(&command).await;
    assert!(reply.contains("没有找到"), "{reply}");
    let reply = resident.says(&command).await;
    assert!(reply.contains("工作人员"), "{reply}");
    let looks = async || {
        audit::Entity::find()
            .filter(audit::COLUMN.action.eq("case.identity"))
            .all(app.store.read())
            .await
            .unwrap()
    };
    assert!(looks().await.is_empty());
    let reply = secretary.says(&format!("查看身份 {id}")).await;
    assert!(reply.contains("请写明原因"), "{reply}");
    let reply = secretary.says("需要当面核实").await;
    for secret in ["张秀英", "1-1-101", "13800000101"] {
        assert!(reply.contains(secret), "{reply}");
    }
    let looks = looks().await;
    assert_eq!(looks.len(), 1);
    assert_eq!(looks[0].detail, Some(json!({ "reason": "需要当面核实" })));
    let reply = resident.says(&format!("进度 {id}")).await;
    assert!(
        reply.contains("查看身份：需要当面核实"),
        "the reporter reads it: {reply}"
    );
    let client = api(&app, &secretary, "郑洪").await;
    let seen = client
        .post(
            &format!("/cases/{id}/identity"),
            &json!({ "text": "再核实" }),
        )
        .await;
    assert_eq!((seen.status, &seen.json["name"]), (200, &json!("张秀英")));
    let client = api(&app, &steward, "孙梅").await;
    let seen = client
        .post(
            &format!("/cases/{id}/identity"),
            &json!({ "text": "再核实" }),
        )
        .await;
    assert_eq!(seen.status, 403);
}

#[tokio::test]
async fn the_name_comes_off_later_and_nobody_is_sent_to_the_door() {
    let app = house(1).await;
    let (resident, steward, other) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "李建国").await,
    );
    let reply = resident.says("投诉 我是张秀英，1-1-101门口堆物").await;
    assert!(reply.contains("不让对方知道是您"), "{reply}");
    let id = resident.case().await.id;
    let reply = other.says(&format!("匿名 {id}")).await;
    assert!(reply.contains("没有找到"), "{reply}");
    let reply = resident.says("1").await;
    assert!(reply.contains("已改成匿名"), "{reply}");
    let case = app.case(id).await;
    assert!(case.anonymous);
    hides("the row", &case.text);
    // The one who filed has left the account: no channel reaches them any more.
    resident
        .does(&linli::sandbox::Say::event("unsubscribe", ""))
        .await;
    steward.says(&format!("接单 {id}")).await;
    app.drain().await;
    app.advance(24 * 60).await;
    let told = visit::Entity::find().all(app.store.read()).await.unwrap();
    let about = told
        .iter()
        .filter(|row| row.subject == format!("case:{id}"));
    assert_eq!(about.count(), 0, "{told:?}");
}

#[tokio::test]
async fn what_was_said_before_the_name_came_off_is_veiled_and_the_spot_is_gone() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let spot = |label: &str| linli::sandbox::Say::Location {
        latitude: 37.45123,
        longitude: 116.36123,
        label: label.to_owned(),
    };
    resident.does(&spot("桂园小区北门")).await;
    resident.says("投诉 楼道堆物没人管").await;
    let id = resident.case().await.id;
    assert!(app.case(id).await.latitude.is_some(), "it went along");
    resident
        .says(&format!(
            "补充 {id} 我是张秀英，就在1-1-101门口，电话13800000101"
        ))
        .await;
    resident.does(&spot("张秀英家")).await;
    let before = events(&app, id).await;
    let note = |event: &case_event::Model| event.note.clone().unwrap_or_default();
    assert!(before.iter().any(|event| note(event).contains("116.36123")));
    steward.says(&format!("接单 {id}")).await;
    let reply = resident.says(&format!("匿名 {id}")).await;
    assert!(reply.contains("已改成匿名"), "{reply}");
    let case = app.case(id).await;
    assert_eq!((case.latitude, case.longitude), (None, None));
    let veiled = events(&app, id).await.len();
    // A spot that comes later is not written down.
    let reply = resident.does(&spot("家门口")).await.unwrap();
    assert!(reply.contains("没有记下"), "{reply}");
    let after = events(&app, id).await;
    assert_eq!(after.len(), veiled, "{after:?}");
    for event in &after {
        let note = note(event);
        hides(&event.action, &note);
        assert!(!note.contains("116.36"), "{note}");
    }
    let client = api(&app, &steward, "孙梅").await;
    let shown = client.get(&format!("/cases/{id}")).await.json.to_string();
    for read in [steward.says(&format!("进度 {id}")).await, shown] {
        hides("the case", &read);
        assert!(
            read.contains("位置已隐去") && !read.contains("116.36"),
            "{read}"
        );
    }
}

#[tokio::test]
async fn the_staff_files_for_somebody_at_the_counter_or_on_the_phone() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    let reply = steward.says("代报 1-1-101 电梯坏了").await;
    assert!(reply.contains("替张秀英代报"), "{reply}");
    resident.expects_push("已替您提交").await;
    let sun = app.called("孙梅").await.id;
    let zhang = app.called("张秀英").await.id;
    let newest = async || {
        let found = case::Entity::find().order_by_desc(case::COLUMN.id);
        found.one(app.store.read()).await.unwrap().unwrap()
    };
    let filed = newest().await;
    assert_eq!((filed.reporter_id, filed.filed_by_id), (zhang, Some(sun)));
    assert_eq!((filed.channel, filed.account_id), (Channel::WalkIn, None));
    let first = &events(&app, filed.id).await[0];
    assert_eq!(
        (first.actor_id, first.note.as_deref()),
        (Some(sun), Some("代报（来访）"))
    );
    let reply = resident.says(&format!("进度 {}", filed.id)).await;
    assert!(reply.contains("电梯坏了"), "it is theirs: {reply}");

    let reply = steward.says("代报 来电13800000102 投诉 楼道堆物").await;
    assert!(reply.contains("替李建国代报"), "{reply}");
    let filed = newest().await;
    assert_eq!(
        (filed.channel, filed.kind),
        (Channel::Phone, entity::kinds::CaseKind::Complaint)
    );
    // A phone that nobody here has: kept sealed, in the name of whoever wrote it down.
    let reply = steward.says("代报 来电13912345678 路灯坏了").await;
    assert!(!reply.contains("13912345678"), "{reply}");
    let filed = newest().await;
    assert_eq!((filed.reporter_id, filed.asker.as_deref()), (sun, None));
    let sealed = filed.asker_phone_sealed.unwrap();
    assert!(!sealed.contains("13912345678"), "{sealed}");
    tied(&app, "郑洪")
        .await
        .says(&format!("查看身份 {} 回电", filed.id))
        .await;
    let reply = tied(&app, "郑洪")
        .await
        .says(&format!("查看身份 {} 回电", filed.id))
        .await;
    assert!(reply.contains("13912345678"), "{reply}");
    steward.says("代报 来访李阿姨 1栋门禁坏了").await;
    let filed = newest().await;
    assert_eq!(
        (filed.reporter_id, filed.asker.as_deref()),
        (sun, Some("李阿姨"))
    );
    assert_eq!(filed.place_id, app.place("GY/1").await.id);

    let before = newest().await.id;
    for (person, text, says) in [
        (&steward, "代报 1-9-999 漏水", "没有找到这个房号"),
        (&steward, "代报 2-1-101 漏水", "没有找到这个房号"),
        (&steward, "代报 LY/9-1-901 漏水", "没有找到这个房号"),
        (&resident, "代报 1-1-102 漏水", "工作人员"),
    ] {
        let reply = person.says(text).await;
        assert!(reply.contains(says), "{text}: {reply}");
    }
    // Somebody of another building is nobody here, by phone too.
    let reply = steward.says("代报 来电13800000301 漏水").await;
    assert!(!reply.contains("陈伟"), "{reply}");
    assert_eq!(newest().await.id, before + 1);
    let client = api(&app, &steward, "孙梅").await;
    let body =
        json!({ "kind": "repair", "text": "门锁坏了", "channel": "phone", "home": "1-1-102" });
    let filed = client.post_once("/cases/behalf", "b1", &body).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    assert_eq!(
        client.post_once("/cases/behalf", "b1", &body).await.json,
        filed.json
    );
    let theirs = api(&app, &resident, "张秀英").await;
    assert_eq!(theirs.post("/cases/behalf", &body).await.status, 403);
}
