//! The same over the JSON API.

use super::*;

#[tokio::test]
async fn the_api_files_shows_and_works_on_cases() {
    let app = house(1).await;
    let (resident, steward, other) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "李建国").await,
    );
    let (mine, theirs, foreign) = (
        api(&app, &resident, "张秀英").await,
        api(&app, &steward, "孙梅").await,
        api(&app, &other, "李建国").await,
    );
    let body =
        json!({ "kind": "repair", "text": "1栋电梯停了", "latitude": 30.1, "longitude": 120.2 });
    let filed = mine.post_once("/cases", "k1", &body).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let again = mine.post_once("/cases", "k1", &body).await;
    assert_eq!((again.status, &again.json), (201, &filed.json));
    let id = filed.json["id"].as_str().unwrap().to_owned();
    assert_eq!(filed.json["state"], "assigned");
    assert!(
        filed.json["created_at"]
            .as_str()
            .unwrap()
            .ends_with("+08:00")
    );

    assert_eq!(
        mine.post("/cases", &json!({ "kind": "x", "text": "y" }))
            .await
            .status,
        422
    );
    assert_eq!(
        mine.post("/cases", &json!({ "kind": "repair", "text": " " }))
            .await
            .status,
        422
    );
    let home = json!({ "kind": "repair", "text": "y", "home_id": "999999" });
    assert_eq!(mine.post("/cases", &home).await.status, 404);
    assert_eq!(foreign.get(&format!("/cases/{id}")).await.status, 404);
    assert_eq!(
        foreign
            .post(&format!("/cases/{id}/withdraw"), &json!({}))
            .await
            .status,
        404
    );
    assert_eq!(mine.get("/cases/abc").await.status, 404);
    assert_eq!(mine.get("/cases?limit=0").await.status, 422);

    let tasks = theirs.get("/tasks").await;
    assert_eq!(tasks.json["items"][0]["id"], json!(id));
    for (verb, body, state) in [
        ("accept", json!({}), "accepted"),
        ("arrive", json!({}), "arrived"),
        ("plan", json!({ "text": "换钢绳" }), "arrived"),
        ("pause", json!({ "reason": "等配件" }), "paused"),
        ("resume", json!({}), "arrived"),
        ("finish", json!({ "text": "已恢复" }), "finished"),
    ] {
        let done = theirs.post(&format!("/cases/{id}/{verb}"), &body).await;
        assert_eq!(
            (done.status, &done.json["state"]),
            (200, &json!(state)),
            "{verb}: {done:?}"
        );
    }
    assert_eq!(
        theirs
            .post(&format!("/cases/{id}/accept"), &json!({}))
            .await
            .status,
        409
    );
    let rated = mine
        .post(&format!("/cases/{id}/rating"), &json!({ "score": 4 }))
        .await;
    assert_eq!((rated.status, &rated.json["rating"]), (200, &json!(4)));
    let full = mine.get(&format!("/cases/{id}")).await;
    assert!(
        full.json["events"].as_array().unwrap().len() > 8,
        "{full:?}"
    );

    for text in ["一", "二", "三"] {
        mine.post("/cases", &json!({ "kind": "suggestion", "text": text }))
            .await;
    }
    let page = mine.get("/cases?limit=3").await;
    assert_eq!(page.json["items"].as_array().unwrap().len(), 3);
    let next = page.json["next"].as_str().unwrap();
    let rest = mine.get(&format!("/cases?limit=3&cursor={next}")).await;
    assert_eq!(rest.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest.json["items"][0]["id"], json!(id));
}

/// The mini-program of somebody who has an account on the official account.
pub(super) async fn api(
    app: &TestApp,
    person: &Person<'_>,
    name: &str,
) -> crate::harness::people::Api {
    // A first sign-in makes the account of the mini-program; then it is tied like the other.
    drop(app.api(person).await);
    let theirs = person.account().await;
    let minis = account::Entity::find()
        .filter(account::COLUMN.channel.eq(Channel::Mini))
        .order_by_desc(account::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    if minis.person_id.is_none() {
        let id = minis.id;
        let mut mini = minis.into_active_model();
        mini.person_id = Set(theirs.person_id);
        mini.update(app.store.write()).await.unwrap();
        let ties = binding::Entity::find()
            .filter(binding::COLUMN.account_id.eq(theirs.id))
            .all(app.store.read())
            .await
            .unwrap();
        for tie in ties {
            let mut copy = tie.into_active_model().reset_all();
            copy.id = sea_orm::ActiveValue::NotSet;
            copy.account_id = Set(id);
            copy.insert(app.store.write()).await.unwrap();
        }
    }
    assert!(theirs.person_id.is_some(), "{name}");
    app.api(person).await
}

#[tokio::test]
async fn the_api_shows_who_is_asked_and_who_helps_and_how_it_ended() {
    let app = house(1).await;
    let (resident, steward, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
    );
    let (mine, theirs, above) = (
        api(&app, &resident, "张秀英").await,
        api(&app, &steward, "孙梅").await,
        api(&app, &grid, "吴静").await,
    );
    let filed = mine
        .post(
            "/cases",
            &json!({ "kind": "repair", "text": "1栋电梯停了" }),
        )
        .await;
    let id = filed.json["id"].as_str().unwrap().to_owned();
    let path = |verb: &str| format!("/cases/{id}/{verb}");
    theirs.post(&path("accept"), &json!({})).await;
    let raised = theirs
        .post(&path("escalate"), &json!({ "text": "请社区协调" }))
        .await;
    assert_eq!(
        (&raised.json["asked"], &raised.json["asked_level"]),
        (&json!("吴静"), &json!("community"))
    );
    assert_eq!(raised.json["holder"], "孙梅");
    assert_eq!(above.get("/tasks").await.json["items"][0]["id"], json!(id));
    let invited = theirs
        .post(&path("assist"), &json!({ "name": "沈立" }))
        .await;
    assert_eq!(invited.status, 200, "{invited:?}");
    let nobody = theirs
        .post(&path("assist"), &json!({ "name": "没有这人" }))
        .await;
    assert_eq!(nobody.status, 404);
    let full = mine.get(&format!("/cases/{id}")).await;
    assert_eq!(full.json["helpers"][0]["name"], "沈立");
    assert_eq!(theirs.post(&path("leave"), &json!({})).await.status, 409);
    let taken = above.post(&path("accept"), &json!({})).await;
    assert_eq!(
        (&taken.json["holder"], &taken.json["level"]),
        (&json!("吴静"), &json!("community"))
    );
    let ended = above
        .post(&path("give-up"), &json!({ "reason": "没有电梯井" }))
        .await;
    assert_eq!(
        (&ended.json["outcome"], &ended.json["state_label"]),
        (&json!("unsolved"), &json!("未能解决"))
    );
    let asked = mine
        .post(&path("reopen"), &json!({ "text": "有电梯井" }))
        .await;
    assert_eq!(asked.json["state"], "reopen_requested");
    assert_eq!(
        mine.post(&path("grant-reopen"), &json!({})).await.status,
        403
    );
    assert_eq!(
        above
            .post(&path("decline-reopen"), &json!({ "text": "不行" }))
            .await
            .status,
        403
    );
    let officer = tied(&app, "冯涛").await;
    let officer = api(&app, &officer, "冯涛").await;
    let empty = officer
        .post(&path("decline-reopen"), &json!({ "text": " " }))
        .await;
    assert_eq!(empty.status, 422);
    let granted = officer.post(&path("grant-reopen"), &json!({})).await;
    assert_eq!(
        (&granted.json["holder"], &granted.json["round"]),
        (&json!("冯涛"), &json!(2))
    );
    assert_eq!(granted.json["outcome"], json!(null));
}

#[tokio::test]
async fn a_map_shows_the_spot_where_it_is_whichever_way_it_came() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    // Chosen on WeChat's map, and the same spot as satellites give it.
    let chosen = linli::sandbox::Say::Location {
        latitude: 31.175_304,
        longitude: 121.531_542,
        label: "桂园小区北门".to_owned(),
    };
    resident.does(&chosen).await;
    resident.says("报修 路灯坏了").await;
    let first = resident.case().await.id.to_string();
    let mine = api(&app, &resident, "张秀英").await;
    let body = json!({ "kind": "repair", "text": "北门井盖松了", "latitude": 31.1774276, "longitude": 121.5272106 });
    let filed = mine.post_once("/cases", "spot", &body).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let second = filed.json["id"].as_str().unwrap().to_owned();
    let mut desk = crate::console::Desk::of(&app, "孙梅").await;
    for id in [first, second] {
        let page = desk.open(&format!("/console/cases/{id}")).await;
        page.is(200)
            .says("https://uri.amap.com/marker?position=121.531542,31.175304")
            .says("coordinate=gaode");
    }
}
