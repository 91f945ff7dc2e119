//! What to do about each error code of WeChat Pay (protocols.md §5.6, §5.8), as data. Read by the
//! nouns that move money. Messages are never read: their words change.

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The platform or a bank is busy: the same call with the same parameters, with back-off.
    Repeat,
    /// Too many calls: the same, but slower.
    Slower,
    /// Already paid: ask for the order and treat it as paid.
    Paid,
    /// The number is known with something else: ask for the order and go by what it says.
    Query,
    /// The order is closed: a new order with a new number.
    Renew,
    /// There is no such order or refund.
    Absent,
    /// Not enough money in the merchant's account: an operator fills it up, then the same call.
    Funds,
    /// Rules of the platform or of the bank stand against it: told to a person, no retry.
    Against,
    /// The configuration or the contract is wrong: nothing goes on until an operator mends it.
    Config,
    /// We asked wrongly: no retry.
    Fix,
    /// The bill is not made yet: again in an hour.
    Later,
    /// There was no trade on that day, so there is no bill.
    Nothing,
    /// Nobody knows this code: told to an operator, no retry.
    Alarm,
}

/// Every known code; both spellings where the platform has two.
const TABLE: &[(&[&str], Action)] = &[
    (
        &["SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR"],
        Action::Repeat,
    ),
    (
        &[
            "FREQUENCY_LIMITED",
            "FREQUENCY_LIMIT_EXCEED",
            "RATELIMIT_EXCEEDED",
            "RATELIMIT_EXCEED",
        ],
        Action::Slower,
    ),
    (&["ORDER_PAID", "ORDERPAID"], Action::Paid),
    (&["OUT_TRADE_NO_USED"], Action::Query),
    (&["ORDER_CLOSED", "ORDERCLOSED"], Action::Renew),
    (
        &[
            "ORDER_NOT_EXIST",
            "ORDERNOTEXIST",
            "RESOURCE_NOT_EXISTS",
            "NOT_FOUND",
        ],
        Action::Absent,
    ),
    (&["NOT_ENOUGH", "NOTENOUGH"], Action::Funds),
    (
        &[
            "RULE_LIMIT",
            "RULELIMIT",
            "TRADE_ERROR",
            "ACCOUNT_ERROR",
            "ACCOUNTERROR",
            "USER_ACCOUNT_ABNORMAL",
        ],
        Action::Against,
    ),
    (
        &[
            "SIGN_ERROR",
            "NO_AUTH",
            "NOAUTH",
            "APPID_MCHID_NOT_MATCH",
            "MCH_NOT_EXISTS",
        ],
        Action::Config,
    ),
    (
        &[
            "PARAM_ERROR",
            "INVALID_REQUEST",
            "INVALID_TRANSACTIONID",
            "OPENID_MISMATCH",
        ],
        Action::Fix,
    ),
    (&["STATEMENT_CREATING"], Action::Later),
    (&["NO_STATEMENT_EXIST"], Action::Nothing),
];

/// What to do about a code.
#[must_use]
pub fn action(code: &str) -> Action {
    let known = TABLE.iter().find(|(codes, _)| codes.contains(&code));
    known.map_or(Action::Alarm, |(_, action)| *action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once() {
        let mut all: Vec<&str> = TABLE
            .iter()
            .flat_map(|(codes, _)| *codes)
            .copied()
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn what_is_not_known_is_told_to_somebody() {
        assert_eq!(action("ORDERPAID"), action("ORDER_PAID"));
        assert_eq!(action("order_paid"), Action::Alarm);
        assert_eq!(action(""), Action::Alarm);
    }
}
