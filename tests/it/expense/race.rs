//! Two at once, on two instances: one review, one filing and one payment, however many press.

use entity::kinds::RoleKind;
use entity::ledger_entry;
use entity::money::{EntryKind, ExpenseState};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{OFFICER, cast, fund, give, in_state, now, steps};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

async fn two<'a>(app: &'a TestApp, one: &str, other: &str) -> [(Desk<'a>, String); 2] {
    let mut first = Desk::of(app, one).await;
    let mut second = Desk::at(app, 1);
    second.browser.cookies = Desk::of(app, other).await.browser.cookies;
    let csrf = first.open("/console/account").await.hidden("csrf");
    let other = second.open("/console/account").await.hidden("csrf");
    [(first, csrf), (second, other)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_press_at_once_one_is_the_one() {
    let app = TestApp::with_instances(2).await;
    cast(&app).await;
    give(&app, "王芳", RoleKind::CommitteeMember, "GY").await;
    give(&app, "陈伟", RoleKind::StreetOfficer, "HC-XL-CD").await;
    give(&app, "刘洋", RoleKind::CommitteeChair, "GY").await;
    for (state, key, people) in [
        (ExpenseState::Reviewing, "approve", ["卫东", "王芳"]),
        (ExpenseState::Filing, "file", [OFFICER, "陈伟"]),
    ] {
        let id = in_state(&app, state).await;
        let before = steps(&app, id).await.len();
        let seen = now(&app, id).await.version.to_string();
        let [(mut one, first), (mut two, second)] = two(&app, people[0], people[1]).await;
        let to = format!("/console/expenses/{id}/{key}");
        let form = [("seen", seen.as_str()), ("words", "好")];
        let (a, b) = tokio::join!(
            one.send_with(&first, &to, &form),
            two.send_with(&second, &to, &form)
        );
        let mut said = [a.status, b.status];
        said.sort_unstable();
        assert!(said == [303, 409], "{key}: {said:?}");
        assert_eq!(steps(&app, id).await.len(), before + 1);
    }
    // Both pay, each with a slip.
    let id = in_state(&app, ExpenseState::Payable).await;
    fund(&app, "bank", 1_000_000).await;
    app.staff("卫东").await;
    app.staff("刘洋").await;
    let seen = now(&app, id).await.version.to_string();
    let [(mut one, first), (mut other, second)] = two(&app, "卫东", "刘洋").await;
    let to = format!("/console/expenses/{id}/pay");
    let form = |csrf: &str| {
        [
            ("csrf", csrf.to_owned()),
            ("seen", seen.clone()),
            ("source", "assets:bank".to_owned()),
        ]
    };
    let (a, b) = (form(&first), form(&second));
    let a: Vec<(&str, &str)> = a
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let b: Vec<(&str, &str)> = b
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let slips = [[("proof", "a.jpg", jpeg(1))], [("proof", "b.jpg", jpeg(2))]];
    let (a, b) = tokio::join!(
        one.send_files(&to, &a, &slips[0]),
        other.send_files(&to, &b, &slips[1])
    );
    let mut said = [a.status, b.status];
    said.sort_unstable();
    assert!(said == [303, 409], "{said:?} {} {}", a.body, b.body);
    let booked = ledger_entry::Entity::find()
        .filter(ledger_entry::COLUMN.kind.eq(EntryKind::Expense))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(booked.len(), 1);
}
