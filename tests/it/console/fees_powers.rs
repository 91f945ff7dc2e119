//! Who sees the pages of fees and bills, and who changes anything by them.

use entity::kinds::RoleKind;
use entity::{bill, bill_line, bill_run, fee_charge, fee_cost, fee_policy, fee_reading, fee_space};
use sea_orm::{EntityTrait, PaginatorTrait};

use super::Desk;
use super::fees::{BILLING, FEES, GOOD, fees, month};
use crate::harness::app::TestApp;

/// Who sees money and who keeps fees, by every role; next door is not there.
#[tokio::test]
async fn only_who_keeps_the_fees_changes_anything_and_others_see_it_or_nothing() {
    use RoleKind::{
        Administrator, CommitteeChair, CommitteeMember, CommunitySecretary, PropertyManager,
        StreetOfficer, Supervisor,
    };
    let app = TestApp::start().await;
    let mut manager = Desk::of(&app, "沈立").await;
    manager.send(FEES, "/console/fees/add", &GOOD).await.is(303);
    let id = fees(&app).await[0].id;
    crate::fee::make(&app, month(&app)).await;
    let bill = bill::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let line = bill_line::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let (path, line) = (format!("/console/bills/{}", bill.id), line.id.to_string());
    let here = vec![
        ("compound", "GY"),
        ("to_month", "2026-12"),
        ("item", "1"),
        ("id", "1"),
    ];
    let forms = [
        ("/console/fees/add".to_owned(), GOOD.to_vec()),
        (crate::dues::DUES.to_owned(), crate::dues::GOOD.to_vec()),
        (format!("/console/fees/{id}/end"), here.clone()),
        ("/console/billing/start".to_owned(), here.clone()),
        (
            "/console/billing/cost".to_owned(),
            [&here[..], &[("amount", "5"), ("note", "电")]].concat(),
        ),
        (
            "/console/billing/readings".to_owned(),
            [&here[..], &[("lines", "1-1-101 1 0")]].concat(),
        ),
        (
            "/console/billing/space".to_owned(),
            [
                &here[..],
                &[("home", "1-1-101"), ("code", "A"), ("from", "2026-01-01")],
            ]
            .concat(),
        ),
        (
            "/console/billing/space-end".to_owned(),
            [&here[..], &[("to", "2026-01-01")]].concat(),
        ),
        (
            "/console/billing/charge".to_owned(),
            [
                &here[..],
                &[
                    ("home", "1-1-101"),
                    ("name", "卡"),
                    ("amount", "1"),
                    ("basis", "表"),
                ],
            ]
            .concat(),
        ),
        (
            format!("{path}/credit"),
            vec![("line", line.as_str()), ("amount", "1"), ("reason", "算错")],
        ),
    ];
    let sees = [
        PropertyManager,
        CommitteeChair,
        CommitteeMember,
        CommunitySecretary,
        StreetOfficer,
        Supervisor,
        Administrator,
    ];
    let before = (count(&app).await, fees(&app).await);
    for role in <RoleKind as sea_orm::Iterable>::iter() {
        if [PropertyManager, CommitteeChair].contains(&role) {
            continue;
        }
        let mut desk = crate::powers::desk_with(&app, role, "GY").await;
        let status = if sees.contains(&role) { 200 } else { 403 };
        for page in [FEES, BILLING, "/console/bills", crate::dues::DUES] {
            let seen = desk.open(page).await;
            seen.is(status);
            assert!(
                !seen
                    .body
                    .contains("<form method=\"post\" action=\"/console/fees")
            );
            assert!(
                !seen
                    .body
                    .contains("<form method=\"post\" action=\"/console/bill")
            );
            assert!(
                !seen
                    .body
                    .contains("<form method=\"post\" action=\"/console/dues")
            );
        }
        desk.open(&path)
            .await
            .is(if status == 200 { 200 } else { 404 });
        for (to, form) in &forms {
            let page = desk.send("/console/account", to, form).await;
            assert!(
                matches!(page.status, 403 | 404),
                "{role:?} {to}: {}",
                page.status
            );
        }
        // The same role next door.
        let mut next_door = crate::powers::desk_with(&app, role, "LY").await;
        next_door.open(&path).await.is(404);
        for (to, form) in &forms {
            let page = next_door.send("/console/account", to, form).await;
            assert!(
                matches!(page.status, 403 | 404),
                "{role:?} {to}: {}",
                page.status
            );
        }
    }
    for role in [PropertyManager, CommitteeChair] {
        let mut next_door = crate::powers::desk_with(&app, role, "LY").await;
        next_door.open(&path).await.is(404);
        next_door.open("/console/bills?compound=GY").await.is(404);
        for (to, form) in &forms {
            let page = next_door.send("/console/account", to, form).await;
            assert_eq!(page.status, 404, "{role:?} {to}");
        }
    }
    assert_eq!(before, (count(&app).await, fees(&app).await));
    let mut chair = crate::powers::desk_with(&app, CommitteeChair, "GY").await;
    let form = [("line", line.as_str()), ("amount", "1"), ("reason", "算错")];
    chair
        .send(&path, &format!("{path}/credit"), &form)
        .await
        .is(303);
}

/// Rows that the forms could add.
async fn count(app: &TestApp) -> [u64; 7] {
    let db = app.store.read();
    [
        fee_cost::Entity::find().count(db).await.unwrap(),
        fee_reading::Entity::find().count(db).await.unwrap(),
        fee_space::Entity::find().count(db).await.unwrap(),
        fee_charge::Entity::find().count(db).await.unwrap(),
        bill_run::Entity::find().count(db).await.unwrap(),
        bill_line::Entity::find().count(db).await.unwrap(),
        fee_policy::Entity::find().count(db).await.unwrap(),
    ]
}
