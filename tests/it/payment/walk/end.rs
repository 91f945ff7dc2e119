//! How a walk ends: everything comes to rest, and each of its days is held against the platform's bill.

use std::time::Duration;

use chrono::{Days, NaiveDate, TimeDelta};
use entity::money::{PaymentState, ReconState, RefundState};
use entity::{payment, refund};
use linli::base::clock::{begin_of, china};

use super::Walk;
use crate::payment::days::{compare, today};
use crate::payment::house::Houses;
use crate::payment::{payments, refunds, sound};

/// Everything comes to rest: orders end after two hours, refunds are done, notifications given up after a day.
pub async fn rest(walk: &Walk<'_>, houses: &Houses<'_>, seed: u64) {
    let app = walk.app;
    app.platform.clear_faults();
    walk.insist().await;
    walk.pay_all_out().await;
    for seconds in [60, 300, 1_800, 7_300, 7_300, 22_000, 90_000] {
        houses.advance(seconds).await;
        app.drain().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let open =
        |row: &payment::Model| matches!(row.state, PaymentState::Created | PaymentState::Open);
    let left: Vec<_> = payments(app).await.into_iter().filter(open).collect();
    assert!(left.is_empty(), "seed {seed}: still open: {left:#?}");
    let under_way = |row: &refund::Model| {
        !matches!(
            row.state,
            RefundState::Asked | RefundState::Refused | RefundState::Done
        )
    };
    let left: Vec<_> = refunds(app).await.into_iter().filter(under_way).collect();
    assert!(left.is_empty(), "seed {seed}: still under way: {left:#?}");
    sound(app).await;
    walk.agrees().await;
}

/// The platform's bill of each day of the walk has nothing that we have not, and the other way round.
pub async fn days_balance(walk: &Walk<'_>, houses: &Houses<'_>, first: NaiveDate) {
    let app = walk.app;
    let last = today(app);
    let ready = begin_of(last) + TimeDelta::hours(35);
    houses.advance((ready - app.now()).num_seconds()).await;
    app.drain().await;
    let mut day = first;
    while day <= last {
        let done = compare(app, &walk.parts, day).await.unwrap();
        assert!(done.open.is_empty(), "{day}: {:#?}", done.open);
        assert_eq!(done.day.state, ReconState::Balanced, "{:?}", done.day);
        assert_eq!(
            (done.day.ours_count, done.day.ours_amount),
            (done.day.theirs_count, done.day.theirs_amount),
            "{day} in sum"
        );
        day = day.checked_add_days(Days::new(1)).unwrap();
    }
    assert!(day <= china(app.now()).date_naive());
    sound(app).await;
}
