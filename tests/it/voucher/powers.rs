//! Who may look at the books, enter into them, agree and take back: every role at home and next door.

use entity::kinds::RoleKind::{self, *};
use entity::money::VoucherState;
use sea_orm::Iterable;

use super::{PAGE, PUBLIC_BANK, booked, both, enter, entries, state, today, vouchers};
use crate::harness::app::TestApp;
use crate::powers::desk_with;

const SEES: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommitteeMember,
    CommunitySecretary,
    StreetOfficer,
    Supervisor,
    Administrator,
];
const TAKES: &[RoleKind] = &[PropertyStaff, PropertyManager, CommitteeChair];
const KEEPS: &[RoleKind] = &[PropertyManager, CommitteeChair];

#[tokio::test]
async fn every_role_at_home_and_next_door() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    booked(&mut first, &mut second, PUBLIC_BANK, "20").await;
    let asked = enter(&mut first, PUBLIC_BANK, "30").await;
    let entry = entries(&app).await[0].id;
    let (entry, voucher) = (
        format!("/console/ledger/{entry}"),
        format!("{PAGE}/{asked}"),
    );
    let day = today(&app).to_string();
    let account = "compound=GY&account=assets:bank";
    let looks = [
        "/console/ledger?compound=GY".to_owned(),
        format!("/console/ledger?{account}"),
        format!("/console/ledger.csv?{account}"),
        format!("/console/ledger.xlsx?{account}"),
    ];
    let list = format!("{PAGE}?compound=GY");
    let slip = format!("{voucher}/proof");
    for role in RoleKind::iter() {
        for (code, home) in [("GY", true), ("LY", false)] {
            let mut desk = desk_with(&app, role, code).await;
            let (sees, takes) = (SEES.contains(&role), TAKES.contains(&role));
            let open = |may: bool| match (may, home) {
                (true, true) => 200,
                (true, false) => 404,
                (false, _) => 403,
            };
            for path in &looks {
                desk.open(path).await.is(open(sees));
            }
            desk.open(&list).await.is(open(sees || takes));
            let may_see = home && (sees || takes);
            for path in [&voucher, &slip] {
                desk.open(path).await.is(if may_see { 200 } else { 404 });
            }
            let books = if home && sees { 200 } else { 404 };
            desk.open(&entry).await.is(books);
            let mark = format!("mark{}{code}", role as u8);
            let form = [
                ("mark", mark.as_str()),
                ("compound", "GY"),
                ("what", PUBLIC_BANK),
                ("amount", "1"),
                ("day", &day),
                ("words", "广告费"),
            ];
            for (to, fields, may) in [
                (PAGE.to_owned(), &form[..], home && takes),
                (format!("{entry}/reverse"), &form[..], home && sees && takes),
                (
                    format!("{voucher}/grant"),
                    &[][..],
                    home && KEEPS.contains(&role),
                ),
                (
                    format!("{voucher}/refuse"),
                    &[][..],
                    home && KEEPS.contains(&role),
                ),
            ] {
                if may {
                    continue;
                }
                let page = desk.send("/console/account", &to, fields).await;
                assert!(
                    matches!(page.status, 403 | 404),
                    "{role:?} {code} {to}: {}",
                    page.status
                );
            }
        }
    }
    assert_eq!(
        (vouchers(&app).await.len(), entries(&app).await.len()),
        (2, 1)
    );
    assert_eq!(state(&app, asked).await, VoucherState::Asked);
}

#[tokio::test]
async fn the_menu_leads_whoever_may_there() {
    let app = TestApp::start().await;
    let mut staff = desk_with(&app, PropertyStaff, "GY").await;
    let shown = staff.open("/console/payments").await;
    shown.is(200).says("href=\"/console/vouchers\"");
    assert!(!shown.body.contains("href=\"/console/ledger\""));
    let mut member = desk_with(&app, CommitteeMember, "GY").await;
    let shown = member.open("/console/bills").await;
    shown.says("href=\"/console/ledger\"");
    // Who only looks finds no form.
    let list = member.open(PAGE).await;
    assert!(!list.is(200).body.contains("记一笔"), "{}", list.body);
}
