//! Who may look at money, take it in, waive it and send it back: every role at home and next door.

use entity::kinds::RoleKind::{self, *};
use entity::money::{RefundState, WaiverState};
use entity::{payment, refund, waiver};
use sea_orm::{EntityTrait, Iterable, PaginatorTrait};

use super::{ask_waiver, bill_for, bill_now, payments, refunds};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::powers::desk_with;

const SEES: &[RoleKind] = &[
    PropertyStaff,
    PropertyManager,
    CommitteeChair,
    CommitteeMember,
    CommunitySecretary,
    StreetOfficer,
    Supervisor,
    Administrator,
];
const TAKES: &[RoleKind] = &[PropertyStaff, PropertyManager, CommitteeChair];
const WAIVES: &[RoleKind] = &[PropertyManager, CommitteeChair, CommunitySecretary];
const KEEPS: &[RoleKind] = &[PropertyManager, CommitteeChair];

async fn counts(app: &TestApp) -> [u64; 3] {
    let db = app.store.read();
    [
        payment::Entity::find().count(db).await.unwrap(),
        refund::Entity::find().count(db).await.unwrap(),
        waiver::Entity::find().count(db).await.unwrap(),
    ]
}

#[tokio::test]
async fn every_role_at_home_and_next_door() {
    let app = TestApp::start().await;
    let bill = bill_for(&app, "张秀英", 202_611, 16_110).await;
    let number = bill.id.to_string();
    // Something of everything, made by people of office.
    let mut staff = Desk::of(&app, "蒋平").await;
    let take = "/console/payments/take";
    let mark = staff.open(take).await.hidden("mark");
    let fields = [
        ("mark", mark.as_str()),
        ("home", "1-1-101"),
        ("way", "cash"),
        ("amount", "50"),
    ];
    staff.send(take, take, &fields).await.is(303);
    let path = format!("/console/payments/{}", payments(&app).await[0].id);
    let ask = [("amount", "10"), ("reason", "多收了")];
    staff
        .send(&path, &format!("{path}/refund"), &ask)
        .await
        .is(303);
    let mut manager = Desk::of(&app, "沈立").await;
    let wish = [
        ("bill", number.as_str()),
        ("amount", "10"),
        ("reason", "低保"),
    ];
    let waivers = "/console/payments/waivers";
    ask_waiver(&mut manager, bill.id, "10", "低保")
        .await
        .is(303);
    let refund = format!("/console/payments/refunds/{}", refunds(&app).await[0].id);
    let asked = waiver::Entity::find().one(app.store.read()).await;
    let waiver = format!("{waivers}/{}", asked.unwrap().unwrap().id);
    let before = counts(&app).await;
    for role in RoleKind::iter() {
        for (code, home) in [("GY", true), ("LY", false)] {
            let mut desk = desk_with(&app, role, code).await;
            let may = |roles: &[RoleKind]| home && roles.contains(&role);
            let open = |roles: &[RoleKind]| if roles.contains(&role) { 200 } else { 403 };
            desk.open("/console/payments").await.is(open(SEES));
            desk.open(take).await.is(open(TAKES));
            desk.open("/console/payments/waiting")
                .await
                .is(open(WAIVES));
            desk.open(&path).await.is(if may(SEES) { 200 } else { 404 });
            desk.open(&refund)
                .await
                .is(if may(SEES) { 200 } else { 404 });
            // Why somebody needs a waiver is for those who decide alone.
            desk.open(&format!("{waiver}/proof"))
                .await
                .is(if may(WAIVES) { 200 } else { 404 });
            if !home && SEES.contains(&role) {
                let list = desk.open("/console/payments").await;
                list.says("没有符合条件");
            }
            for (to, form, roles) in [
                (format!("{path}/refund"), &ask[..], TAKES),
                (format!("{refund}/refuse"), &[][..], KEEPS),
                (format!("{refund}/by-hand"), &[][..], KEEPS),
                (
                    format!("{refund}/paid"),
                    &[("source", "assets:cash")][..],
                    KEEPS,
                ),
                (format!("{waiver}/refuse"), &[][..], WAIVES),
                (waivers.to_owned(), &wish[..], WAIVES),
            ] {
                if may(roles) {
                    continue;
                }
                let page = desk.send("/console/account", &to, form).await;
                assert!(
                    matches!(page.status, 403 | 404 | 422),
                    "{role:?} {code} {to}: {}",
                    page.status
                );
            }
            if !may(TAKES) {
                let mark = format!("mark{}{code}", role as u8);
                let fields = [
                    ("mark", mark.as_str()),
                    ("home", "GY/1-1-101"),
                    ("way", "cash"),
                    ("amount", "1"),
                ];
                let page = desk.send("/console/account", take, &fields).await;
                assert!(
                    matches!(page.status, 403 | 422),
                    "{role:?} {code}: {}",
                    page.status
                );
            }
        }
    }
    assert_eq!(counts(&app).await, before);
    assert_eq!(refunds(&app).await[0].state, RefundState::Asked);
    let asked = waiver::Entity::find().one(app.store.read()).await;
    assert_eq!(asked.unwrap().unwrap().state, WaiverState::Asked);
    assert_eq!(bill_now(&app, bill.id).await.paid, 5_000);
}
