//! The tree of places, the grid of a building, the page of a home.

use entity::kinds::PlaceKind;
use entity::{binding, place as places};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};

use super::Desk;
use crate::harness::app::TestApp;

#[tokio::test]
async fn the_tree_leads_down_to_a_home_within_the_reach() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "郑洪").await;
    let community = app.place("HC-XL-CD-GY").await;
    let compound = app.place("GY").await;
    let building = app.place("GY/1").await;
    let home = app.place("GY/1-1-101").await;
    let begin = desk.open("/console/homes").await;
    begin
        .is(303)
        .leads_to(&format!("/console/homes?place={}", community.id));
    let page = desk.open(&begin.to.unwrap()).await;
    page.is(200)
        .says(&format!("/console/homes?place={}", compound.id))
        .says("兰园小区");
    let page = desk
        .open(&format!("/console/homes?place={}", compound.id))
        .await;
    page.is(200)
        .says(&format!("href=\"/console/buildings/{}\"", building.id))
        .says("桂园社区");
    let grid = desk
        .open(&format!("/console/buildings/{}", building.id))
        .await;
    grid.is(200)
        .says(&format!("href=\"/console/homes/{}\"", home.id));
    // The steward begins at the own building, and nothing else is there.
    let mut steward = Desk::of(&app, "孙梅").await;
    let begin = steward.open("/console/homes").await;
    begin.leads_to(&format!("/console/buildings/{}", building.id));
    let (other, foreign) = (app.place("GY/2").await, app.place("GY/2-1-101").await);
    for path in [
        format!("/console/buildings/{}", other.id),
        format!("/console/homes/{}", foreign.id),
        format!("/console/homes?place={}", compound.id),
        "/console/homes/x".to_owned(),
        "/console/buildings/999999".to_owned(),
    ] {
        steward.open(&path).await.is(404);
    }
}

#[tokio::test]
async fn the_grid_says_in_words_how_each_home_is_tied_and_loses_none() {
    let app = TestApp::start().await;
    let building = app.place("GY/1").await;
    let unit = app.place("GY/1-1").await;
    let now = app.now();
    for (code, name) in [("GY/1-1-301", "1-1-301"), ("GY/1-<B>1", "地下室")] {
        let row = places::ActiveModel {
            code: Set(code.to_owned()),
            kind: Set(PlaceKind::Home),
            name: Set(name.to_owned()),
            parent_id: Set(Some(unit.id)),
            compound_id: Set(unit.compound_id),
            path: Set(String::new()),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        let row = row.insert(app.store.write()).await.unwrap();
        let path = places::ActiveModel {
            id: Set(row.id),
            path: Set(format!("{}{}/", unit.path, row.id)),
            ..Default::default()
        };
        path.update(app.store.write()).await.unwrap();
    }
    let resident = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, "孙梅").await;
    let path = format!("/console/buildings/{}", building.id);
    let page = desk.open(&path).await;
    page.is(200)
        .says("3层")
        .says("2层")
        .says("1单元")
        .says("○ 已登记1人")
        .says("— 无人绑定")
        .says("没有这一户")
        .says("共5户，其中4户无人绑定")
        .says("编号看不出楼层")
        .says("1-&#60;B&#62;1");
    let upper = page.body.find("3层").unwrap();
    assert!(
        upper < page.body.find("2层").unwrap(),
        "floors from the top"
    );
    assert!(!page.body.contains("<B>"));
    // A home where nobody is on the roster says nothing but its number.
    let vacant = page.body.split("1-1-301</a>").nth(1).unwrap();
    assert!(vacant.trim_start().starts_with("</td>"), "{vacant}");
    let account = resident.account().await;
    let row = binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(account.id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let bound = format!("/console/bindings/{}", row.id);
    let seen = [("seen", "declared")];
    desk.send(&bound, &format!("{bound}/verify"), &seen)
        .await
        .is(303);
    let page = desk.open(&path).await;
    page.says("✓ 已核验1人");
    assert!(!page.body.contains("已登记1人"));
    // One of its units shows the same homes.
    desk.open(&format!("/console/buildings/{}", unit.id))
        .await
        .is(200)
        .says("✓ 已核验1人");
}

#[tokio::test]
async fn a_home_shows_its_people_its_size_and_what_is_open_there() {
    let app = TestApp::start().await;
    let home = app.place("GY/1-1-101").await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 家里<b>水管爆了").await;
    let id = resident.case().await.id;
    let mut desk = Desk::of(&app, "孙梅").await;
    let page = desk.open(&format!("/console/homes/{}", home.id)).await;
    page.is(200)
        .says("桂园小区 1-1-101")
        .says("89.50 平方米")
        .says("张秀英")
        .says("业主")
        .says("已绑定")
        .says(&format!("href=\"/console/cases/{id}\""))
        .says("水管爆了");
    assert!(!page.body.contains("<b>水管"));
    assert!(!page.body.contains("13800000101"));
}
