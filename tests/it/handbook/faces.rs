//! The pages and the JSON: what an author types is never markup, versions stay, powers hold.

use entity::{handbook_article, handbook_version};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{article, shipped, write};
use crate::console::{Desk, administrator};
use crate::harness::app::TestApp;

/// What must not be in any page.
const EVIL: [&str; 6] = [
    "<script>alert",
    "<img src=x",
    "href=\"javascript:",
    "href=\"data:",
    "href=\"//evil",
    "<iframe",
];

const BODY: &str = "先说**要点**。<script>alert(1)</script>\n\n<iframe src=\"//evil.example\"></iframe>\n\n\
    ![图](javascript:alert(1)) [甲](javascript:alert(1)) [乙](JaVaScRiPt:alert(1)) [丙](data:text/html;base64,PHNjcmlwdD4=) \
    [丁](//evil.example) [戊](https://www.gov.cn/x?a=1&b=\"c) [己](/board/GY) <img src=x onerror=alert(1)>\n\n> 引用\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_scripts_and_bad_links_of_an_author_are_in_no_page() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let id = write(
        &api,
        &article("GY", "<b>标题</b>\"onmouseover=x", "怎么<script>问", BODY),
    )
    .await;
    let mut desk = Desk::of(&app, "卫东").await;
    let shown = [
        app.page("/handbook/GY").await.1,
        app.page("/handbook/GY?q=%3Cscript%3Ealert(1)%3C/script%3E")
            .await
            .1,
        app.page(&format!("/handbook/GY/{id}")).await.1,
        desk.open("/console/handbook").await.body,
        desk.open(&format!("/console/handbook/{id}")).await.body,
        desk.open(&format!("/console/handbook/{id}/edit"))
            .await
            .body,
    ];
    for html in &shown {
        for evil in EVIL {
            // What stands in a form or in an old version is escaped text.
            assert!(!html.contains(evil), "{evil}: {html}");
        }
        assert!(!html.contains("<b>标题"), "{html}");
    }
    let whole = &shown[2];
    assert!(whole.contains("<strong>要点</strong>"), "{whole}");
    assert!(
        whole.contains("href=\"https://www.gov.cn/x?a=1&amp;b=%22c\"")
            || whole.contains("href=\"https://www.gov.cn/x?a=1&amp;b=&quot;c\""),
        "{whole}"
    );
    assert!(whole.contains("href=\"/board/GY\""), "{whole}");
    assert!(
        whole.contains("甲 乙 丙 丁") && whole.contains("引用"),
        "{whole}"
    );
    let text = chair.says(&format!("手册 {id}")).await;
    assert!(
        !text.contains("<script>") && !text.contains("javascript:"),
        "{text}"
    );
    let (status, _) = app.page("/handbook/GY/999999").await;
    assert_eq!(status, 404);
    assert_eq!(app.page("/handbook/XX").await.0, 404);
    assert_eq!(app.page(&format!("/handbook/LY/{id}")).await.0, 404);
    let (status, found) = app
        .page("/handbook/LY?q=%E4%B8%9A%E5%A7%94%E4%BC%9A%E6%80%8E%E4%B9%88%E9%80%89")
        .await;
    assert!(status == 200 && found.contains("业委会怎么选"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_written_by_version_and_what_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let body = article("GY", "游泳池", "几点开门", "六点到二十一点开放。");
    let made = api.post_once("/handbook", "h-1", &body).await;
    let again = api.post_once("/handbook", "h-1", &body).await;
    assert_eq!((made.status, &again.json), (201, &made.json));
    let id = made.json["id"].as_str().unwrap().to_owned();
    let path = format!("/handbook/{id}/change");
    let mut change = json!({ "version": 1, "title": "游泳池", "body": "改成七点到二十点开放。" });
    let changed = api.post(&path, &change).await;
    assert_eq!(changed.json["version"], json!(2), "{changed:?}");
    let late = api.post(&path, &change).await;
    assert_eq!((late.status, &late.json["code"]), (409, &json!("conflict")));
    change["version"] = json!(2);
    for (field, value) in [
        ("title", "x".repeat(31)),
        ("title", "找我13912345678".to_owned()),
        ("body", "太短".to_owned()),
        ("body", "长".repeat(6_001)),
        ("questions", "问\n".repeat(31)),
        ("synonyms", "词".repeat(301)),
    ] {
        let mut wrong = change.clone();
        wrong[field] = json!(value);
        let answer = api.post(&path, &wrong).await;
        assert_eq!(answer.status, 422, "{field}: {answer:?}");
        assert_eq!(
            answer.json["errors"][0]["field"],
            json!(field),
            "{answer:?}"
        );
    }
    let kept = handbook_version::Entity::find()
        .filter(
            handbook_version::COLUMN
                .article_id
                .eq(id.parse::<i64>().unwrap()),
        )
        .count(app.store.read())
        .await;
    assert_eq!(kept.unwrap(), 2);
    let mut desk = Desk::of(&app, "卫东").await;
    desk.open(&format!("/console/handbook/{id}"))
        .await
        .says("第2版")
        .says("六点到二十一点")
        .says("卫东");
    // A draft is the editors'.
    let mut draft = article("GY", "草稿一篇", "", "还没有写好的一篇文章。");
    draft["publish"] = json!(false);
    let draft = write(&api, &draft).await;
    let zhang = app.resident("张秀英").await;
    let theirs = app.api(&zhang).await;
    assert_eq!(theirs.get(&format!("/handbook/{draft}")).await.status, 404);
    assert_eq!(api.get(&format!("/handbook/{draft}")).await.status, 200);
    let list = theirs.get("/handbook?limit=2").await;
    assert_eq!(list.json["items"][0]["id"], json!(id), "{list:?}");
    assert!(list.json["next"].is_string());
    assert_eq!(theirs.get("/handbook/search?q=").await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_all_is_written_by_whoever_holds_the_role_everywhere() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let general = shipped(&app, "fee").await;
    let change =
        json!({ "version": 1, "title": "物业费", "body": "改成别的说法，一共十个字以上。" });
    let path = format!("/handbook/{general}/change");
    assert_eq!(api.post(&path, &change).await.status, 404);
    let mut for_all = article("GY", "给所有人的", "", "给所有小区的人看的一篇文章。");
    for_all.as_object_mut().unwrap().remove("place");
    assert_eq!(api.post("/handbook", &for_all).await.status, 404);
    let elsewhere = article("LY", "别处的一篇", "", "给隔壁小区的人看的一篇文章。");
    assert_eq!(api.post("/handbook", &elsewhere).await.status, 404);
    let mut desk = administrator(&app, "沈立", None).await;
    let from = format!("/console/handbook/{general}/edit");
    let sent = desk
        .send(
            &from,
            &format!("/console/handbook/{general}/change"),
            &[
                ("version", "1"),
                ("title", "物业费新说"),
                ("questions", "物业费怎么算"),
                ("body", "改成别的说法，一共十个字以上。"),
            ],
        )
        .await;
    sent.is(303);
    let row = handbook_article::Entity::find_by_id(general)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.version, row.edition), (2, None));
    // Whoever may not has no page.
    let mut staff = Desk::of(&app, "蒋平").await;
    staff.open("/console/handbook").await.is(403);
    staff.open("/console/handbook/questions").await.is(403);
}
