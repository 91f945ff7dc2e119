//! Nothing that a bill prints threatens with water, power, gas, heat or the door, whoever enters it and however it is
//! written; and no notice does, where it is about money.

use entity::kinds::FeeKind;
use entity::{bill_line, fee_charge, fee_cost, fee_item, fee_space, notice};
use sea_orm::{EntityTrait, PaginatorTrait};

use super::files::Folder;
use super::{add, fee, lines, make, this_month};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::program;

const BILLING: &str = "/console/billing";

#[tokio::test]
async fn no_field_that_a_bill_prints_threatens() {
    let app = TestApp::start().await;
    let month = this_month(&app);
    let (now, first) = (month.to_string(), format!("{month}-01"));
    let shared = add(&app, fee("水电公摊", FeeKind::Shared, 0)).await.id;
    let parking = add(&app, fee("停车费", FeeKind::Parking, 12_000)).await.id;
    let (shared, parking) = (shared.to_string(), parking.to_string());
    let mut desk = Desk::of(&app, "沈立").await;
    let name = [
        ("compound", "GY"),
        ("name", "欠费切断您家的电"),
        ("kind", "fixed"),
        ("unit_price", "1"),
        ("split", ""),
        ("due_day", "10"),
        ("place", ""),
        ("from", ""),
        ("basis", "合同"),
    ];
    let page = desk.send("/console/fees", "/console/fees/add", &name).await;
    page.is(422).says("第944条").says("id=\"name-wrong\"");
    let cost = [
        ("compound", "GY"),
        ("month", now.as_str()),
        ("item", shared.as_str()),
        ("amount", "100"),
        ("note", "再不交费，就停您家的水电"),
    ];
    let space = [
        ("compound", "GY"),
        ("month", now.as_str()),
        ("item", parking.as_str()),
        ("home", "1-1-101"),
        ("code", "不交停掉水电"),
        ("from", first.as_str()),
        ("to", ""),
    ];
    let charge = [
        ("compound", "GY"),
        ("month", now.as_str()),
        ("home", "1-1-101"),
        ("name", "门禁卡将失效"),
        ("amount", "20"),
        ("basis", "价目表"),
    ];
    for (act, form) in [
        ("cost", cost.as_slice()),
        ("space", space.as_slice()),
        ("charge", charge.as_slice()),
    ] {
        let page = desk.send(BILLING, &format!("{BILLING}/{act}"), form).await;
        page.is(422).says("第944条");
    }
    let db = app.store.read();
    assert_eq!(fee_item::Entity::find().count(db).await.unwrap(), 2);
    assert_eq!(fee_cost::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(fee_space::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(fee_charge::Entity::find().count(db).await.unwrap(), 0);
}

#[tokio::test]
async fn a_correction_and_a_file_do_not_threaten_either() {
    let app = TestApp::start().await;
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    make(&app, this_month(&app)).await;
    let line = lines(&app).await.remove(0);
    let mut desk = Desk::of(&app, "沈立").await;
    let (path, id) = (
        format!("/console/bills/{}", line.bill_id),
        line.id.to_string(),
    );
    let form = [
        ("line", id.as_str()),
        ("amount", "1"),
        ("reason", "余下的不交就断您家的水电"),
    ];
    let page = desk.send(&path, &format!("{path}/credit"), &form).await;
    page.is(422).says("第944条").says("id=\"reason-wrong\"");
    let db = app.store.read();
    let before = bill_line::Entity::find().count(db).await.unwrap();
    assert_eq!(before, u64::try_from(lines(&app).await.len()).unwrap());
    let items = "compound_code,name,kind,unit_price_fen,split,due_day,place_code,from_month,to_month,basis\n\
        GY,不交就关水关电,fixed,100,,10,,,,\n";
    let folder = Folder::with(&[("fee_items.csv", items)]);
    let output = program::run(&app.variables, &["import", folder.path()]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("第944条"), "{said}");
    assert_eq!(fee_item::Entity::find().count(db).await.unwrap(), 1);
}

#[tokio::test]
async fn a_notice_tells_of_a_stop_but_not_for_money() {
    let app = TestApp::start().await;
    app.resident("张秀英").await;
    let chair = app.staff("卫东").await;
    for words in [
        "发布 催缴通知\n月底前交清，以后停水。",
        "发布 温馨提示\n不交物业费的，就停您家的水电。",
    ] {
        let said = chair.says(words).await;
        assert!(
            said.contains("第944条") && said.contains("另发一条"),
            "{said}"
        );
    }
    let count = async || {
        notice::Entity::find()
            .count(app.store.read())
            .await
            .unwrap()
    };
    assert_eq!(count().await, 0);
    let said = chair
        .says("发布 明天停水\n水管要换，明天9点到12点停水，请先接好水。")
        .await;
    assert!(!said.contains("第944条"), "{said}");
    assert_eq!(count().await, 1);
}
