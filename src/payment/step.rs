//! Where a payment goes from where, and what of it can still change there. Pure; asked by the one
//! function that stores a payment (`actions::keep`).

use entity::money::PaymentState;
use entity::payment;

/// What happens to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Act {
    /// The platform has taken the order.
    Open,
    /// The money is there.
    Pay,
    /// It will never be paid.
    Close,
}

/// Where it leads; none when it cannot be.
#[must_use]
pub const fn after(state: PaymentState, act: Act) -> Option<PaymentState> {
    use PaymentState::{Closed, Created, Open, Paid};
    match (state, act) {
        (Created, Act::Open) => Some(Open),
        (Open, Act::Pay) => Some(Paid),
        (Created | Open, Act::Close) => Some(Closed),
        _ => None,
    }
}

/// A group of columns that is frozen as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Part {
    /// Who pays what for which home, to whom, under which number.
    Order,
    /// What the platform calls the order.
    Prepay,
    /// What was paid, and when.
    Money,
    /// How often the platform was asked.
    Asked,
}

/// What of a payment may change while it is in a state, or by the step that leaves it.
#[must_use]
pub const fn open_parts(state: PaymentState) -> &'static [Part] {
    match state {
        PaymentState::Created => &[Part::Prepay, Part::Asked],
        PaymentState::Open => &[Part::Prepay, Part::Money, Part::Asked],
        PaymentState::Paid | PaymentState::Closed => &[],
    }
}

/// The parts in which two rows differ.
#[must_use]
pub fn changed(was: &payment::Model, next: &payment::Model) -> Vec<Part> {
    let order = |row: &payment::Model| {
        (
            (row.id, row.compound_id, row.home_id, row.way, row.amount),
            (row.payer_id, row.account_id, row.recorded_by, row.proof_id),
            row.donation_id,
            (row.bills.clone(), row.paid_before),
            (row.note.clone(), row.created_at),
            (row.merchant.clone(), row.mch_id.clone(), row.app_id.clone()),
            (
                row.open_id.clone(),
                row.out_trade_no.clone(),
                row.expires_at,
            ),
        )
    };
    let mut parts = Vec::new();
    if order(was) != order(next) {
        parts.push(Part::Order);
    }
    if (&was.prepay_id, was.prepaid_at) != (&next.prepay_id, next.prepaid_at) {
        parts.push(Part::Prepay);
    }
    let money = |row: &payment::Model| (row.transaction_id.clone(), row.paid_at, row.day);
    if money(was) != money(next) {
        parts.push(Part::Money);
    }
    if was.asked != next.asked {
        parts.push(Part::Asked);
    }
    parts
}

/// Whether a row may become another one: by a step of the table or by none, and without touching what
/// is frozen.
#[must_use]
pub fn fits(was: &payment::Model, next: &payment::Model) -> bool {
    let acts = [Act::Open, Act::Pay, Act::Close];
    let step = was.state == next.state
        || acts
            .into_iter()
            .any(|act| after(was.state, act) == Some(next.state));
    let paid = was.state == PaymentState::Open && next.state == PaymentState::Paid;
    let allowed = |part: &Part| match part {
        // Money comes with the step that says so, and with no other.
        Part::Money => paid,
        part => open_parts(was.state).contains(part),
    };
    step && changed(was, next).iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use entity::money::PayWay;
    use proptest::prelude::*;
    use sea_orm::Iterable;
    use serde_json::json;

    use super::*;
    use crate::base::clock::from_ms;

    fn row(state: PaymentState) -> payment::Model {
        let at = from_ms(1_790_000_000_000).unwrap();
        payment::Model {
            id: 1,
            compound_id: 1,
            home_id: 2,
            payer_id: Some(3),
            account_id: Some(4),
            way: PayWay::Wechat,
            state,
            amount: 100,
            bills: json!([7]),
            paid_before: Some(0),
            merchant: Some("gy".to_owned()),
            mch_id: Some("1900000001".to_owned()),
            app_id: Some("wx1".to_owned()),
            open_id: Some("o-1".to_owned()),
            donation_id: None,
            out_trade_no: Some("P0001".to_owned()),
            prepay_id: None,
            prepaid_at: None,
            transaction_id: None,
            proof_id: None,
            note: None,
            recorded_by: None,
            expires_at: Some(at),
            asked: 0,
            paid_at: None,
            day: None,
            created_at: at,
            updated_at: at,
        }
    }

    fn states() -> impl Strategy<Value = PaymentState> {
        proptest::sample::select(PaymentState::iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_table() {
        use PaymentState::{Closed, Created, Open, Paid};
        let all: Vec<_> = PaymentState::iter()
            .flat_map(|from| [Act::Open, Act::Pay, Act::Close].map(|act| (from, act)))
            .filter_map(|(from, act)| Some((from, after(from, act)?)))
            .collect();
        let wanted = [
            (Created, Open),
            (Created, Closed),
            (Open, Paid),
            (Open, Closed),
        ];
        assert_eq!(all, wanted);
    }

    proptest! {
        #[test]
        fn an_end_is_an_end(acts in proptest::collection::vec(0_usize..3, 0..12)) {
            let (mut state, mut ended) = (PaymentState::Created, 0);
            for act in acts {
                let act = [Act::Open, Act::Pay, Act::Close][act];
                if let Some(next) = after(state, act) {
                    prop_assert!(!matches!(state, PaymentState::Paid | PaymentState::Closed));
                    ended += usize::from(matches!(next, PaymentState::Paid | PaymentState::Closed));
                    state = next;
                }
            }
            prop_assert!(ended <= 1);
        }

        #[test]
        fn what_was_ordered_never_changes(
            from in states(), to in states(), amount in 1_i64..1_000, which in 0_usize..7,
        ) {
            let was = row(from);
            let mut next = payment::Model { state: to, ..was.clone() };
            match which {
                0 => next.amount = was.amount + amount,
                1 => next.out_trade_no = None,
                2 => next.merchant = Some("other".to_owned()),
                3 => next.bills = json!([8]),
                4 => next.home_id += amount,
                5 => next.donation_id = Some(amount),
                _ => next.payer_id = None,
            }
            prop_assert!(!fits(&was, &next));
        }

        #[test]
        fn money_comes_only_with_the_step_to_paid(from in states(), to in states()) {
            let was = row(from);
            let mut next = payment::Model { state: to, ..was.clone() };
            next.transaction_id = Some("4200".to_owned());
            let paid = from == PaymentState::Open && to == PaymentState::Paid;
            prop_assert_eq!(fits(&was, &next), paid);
        }
    }
}
