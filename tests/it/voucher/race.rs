//! Two at once, on two instances: a voucher is booked once, and the same money is not taken twice.

use entity::kinds::RoleKind;
use linli::ledger::Account;

use super::{
    CASH_BANK, PAGE, PUBLIC_BANK, PUBLIC_CASH, SECOND, booked, both, enter, entries, held,
};
use crate::console::Desk;
use crate::expense::give;
use crate::harness::app::TestApp;

/// Two desks at two instances, each with the mark of its forms.
async fn two<'a>(app: &'a TestApp, one: &str, other: &str) -> [(Desk<'a>, String); 2] {
    let mut first = Desk::of(app, one).await;
    let mut second = Desk::at(app, 1);
    second.browser.cookies = Desk::of(app, other).await.browser.cookies;
    let csrf = first.open("/console/account").await.hidden("csrf");
    let other = second.open("/console/account").await.hidden("csrf");
    [(first, csrf), (second, other)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_agree_at_once_one_is_the_one() {
    let app = TestApp::with_instances(2).await;
    let (mut first, _) = both(&app).await;
    let id = enter(&mut first, PUBLIC_BANK, "20").await;
    let [(mut one, a), (mut other, b)] = two(&app, SECOND, "卫东").await;
    let to = format!("{PAGE}/{id}/grant");
    let (a, b) = tokio::join!(one.send_with(&a, &to, &[]), other.send_with(&b, &to, &[]));
    let mut said = [a.status, b.status];
    said.sort_unstable();
    assert_eq!(said, [303, 409]);
    assert_eq!(entries(&app).await.len(), 1);
    assert_eq!(held(&app, Account::Bank).await, 2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_cash_is_carried_to_the_bank_once() {
    let app = TestApp::with_instances(2).await;
    let (mut first, mut second) = both(&app).await;
    give(&app, "刘洋", RoleKind::CommitteeChair, "GY").await;
    booked(&mut first, &mut second, PUBLIC_CASH, "60").await;
    let ids = [
        enter(&mut first, CASH_BANK, "50").await,
        enter(&mut first, CASH_BANK, "50").await,
    ];
    let [(mut one, a), (mut other, b)] = two(&app, "刘洋", "卫东").await;
    let to = ids.map(|id| format!("{PAGE}/{id}/grant"));
    let (a, b) = tokio::join!(
        one.send_with(&a, &to[0], &[]),
        other.send_with(&b, &to[1], &[])
    );
    let said = [a.status, b.status];
    assert_eq!(
        said.iter().filter(|one| **one == 303).count(),
        1,
        "{said:?}"
    );
    // Where the database asks to try again, the next try is told what is there.
    assert!(said.iter().any(|one| [422, 503].contains(one)), "{said:?}");
    assert_eq!(held(&app, Account::Cash).await, 1_000);
    assert_eq!(held(&app, Account::Bank).await, 5_000);
}
