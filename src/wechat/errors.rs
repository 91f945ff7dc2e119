//! What to do about each error code of the platform (protocols.md §2.1, §2.2), as data. Read by
//! `delivery` and by the clients of this module.

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Busy or unknown: again later, with back-off.
    Retry,
    /// The token is bad; the clients here have tried a fresh one already, so again later.
    RefreshToken,
    /// Never to this person: record and end.
    Drop,
    /// The person does not follow the account.
    Unfollowed,
    /// The one permission to notify has been used up or was refused.
    SubscriptionUsed,
    /// The configuration is wrong: nothing goes out until an operator mends it.
    Config,
    /// The day's quota is used up.
    StopUntilTomorrow,
    /// The minute's quota is used up.
    BackoffMinute,
    /// No more customer messages until the person writes again.
    WaitForUser,
    /// The 48 hours are over: take another channel.
    OutsideWindow,
    /// Two at once to one person: one after the other.
    Serialise,
    /// Too long: cut and send again.
    Cut,
    /// Sent before under the same id: this is success.
    AlreadySent,
    /// The account is restricted: tell an operator.
    Alarm,
    /// We built the message wrongly: no retry.
    Fix,
}

/// Every known code.
const TABLE: &[(&[i64], Action)] = &[
    (&[-1], Action::Retry),
    (&[40001, 40014, 42001], Action::RefreshToken),
    (&[40003, 43019, 45066, 45168, 50002, 87014], Action::Drop),
    // Codes of log-ins and phones: bad, used, of a person whom the platform blocks.
    (&[40029, 40163, 40226], Action::Drop),
    // Session keys of the mini-program: absent, bad method, bad signature.
    (&[87007, 87008, 87009], Action::Drop),
    (&[43004], Action::Unfollowed),
    (&[43101], Action::SubscriptionUsed),
    (&[40036, 40037, 40164], Action::Config),
    // Codes and links of the mini-program: page, scene, version, not released, not allowed.
    (
        &[
            40097, 40129, 40165, 40169, 40212, 41030, 85079, 85401, 85402, 85407,
        ],
        Action::Config,
    ),
    // Of the token endpoint: secret, app id, grant type, caller's address.
    (
        &[
            40002, 40013, 40125, 41002, 41004, 43002, 89503, 89506, 89507,
        ],
        Action::Config,
    ),
    (&[44993, 45009, 45028, 85406], Action::StopUntilTomorrow),
    (&[44990, 44991, 45011, 43116, 43117], Action::BackoffMinute),
    (&[45047], Action::WaitForUser),
    (&[45015, 61010], Action::OutsideWindow),
    (&[43108], Action::Serialise),
    (&[45002], Action::Cut),
    (&[45065], Action::AlreadySent),
    (
        &[
            43107, 48001, 48002, 48004, 48006, 40243, 50004, 50007, 85408,
        ],
        Action::Alarm,
    ),
    (&[41001, 45008, 45067, 47001, 47003], Action::Fix),
    // WeCom's own (§4.2): members and chats out of reach; what an operator mends; too many at once.
    (
        &[
            60011, 60111, 81013, 86001, 86003, 86004, 86006, 86216, 86217, 86220,
        ],
        Action::Drop,
    ),
    (&[40056, 60020, 93000, 301_002], Action::Config),
    (&[45033], Action::Serialise),
    (&[40058], Action::Fix),
    // The robot's (§4.7): the message can no longer be answered.
    (&[846_605, 846_608], Action::Drop),
];

/// Where WeCom means something else by a number than WeChat does (§4.2).
const OF_WORK: &[(&[i64], Action)] = &[
    // The secret is wrong: no new token helps.
    (&[40001], Action::Config),
    // A minute's, an hour's or a day's calls: blocked for 60 s, 60 min or the day.
    (&[45009], Action::BackoffMinute),
];

/// What to do about `errcode`. An unknown code is tried again: trying ends by itself and stays
/// visible, forgetting would not.
#[must_use]
pub fn action(code: i64) -> Action {
    TABLE
        .iter()
        .find(|(codes, _)| codes.contains(&code))
        .map_or(Action::Retry, |(_, action)| *action)
}

/// The same for WeCom's API.
#[must_use]
pub fn work_action(code: i64) -> Action {
    OF_WORK
        .iter()
        .find(|(codes, _)| codes.contains(&code))
        .map_or_else(|| action(code), |(_, action)| *action)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of protocols.md §4.2, written down a second time.
    #[test]
    fn every_code_of_wecom() {
        let rows = [
            (-1, Action::Retry),
            (40001, Action::Config),
            (40014, Action::RefreshToken),
            (42001, Action::RefreshToken),
            (45009, Action::BackoffMinute),
            (45033, Action::Serialise),
            (60011, Action::Drop),
            (60020, Action::Config),
            (81013, Action::Drop),
            (86001, Action::Drop),
            (86003, Action::Drop),
            (86004, Action::Drop),
            (86006, Action::Drop),
            (86216, Action::Drop),
            (86217, Action::Drop),
            (86220, Action::Drop),
            (301_002, Action::Config),
            (93000, Action::Config),
            (40058, Action::Fix),
            (846_605, Action::Drop),
            (846_608, Action::Drop),
            (48002, Action::Alarm),
        ];
        for (code, wanted) in rows {
            assert_eq!(work_action(code), wanted, "{code}");
        }
    }

    /// The table of protocols.md §2.2, row by row, written down a second time.
    #[test]
    fn every_row_of_the_protocol() {
        let rows = [
            (-1, Action::Retry),
            (40001, Action::RefreshToken),
            (40014, Action::RefreshToken),
            (42001, Action::RefreshToken),
            (40003, Action::Drop),
            (40036, Action::Config),
            (40037, Action::Config),
            (40164, Action::Config),
            (43004, Action::Unfollowed),
            (43101, Action::SubscriptionUsed),
            (43107, Action::Alarm),
            (43108, Action::Serialise),
            (43116, Action::BackoffMinute),
            (43117, Action::BackoffMinute),
            (43019, Action::Drop),
            (45002, Action::Cut),
            (45008, Action::Fix),
            (45009, Action::StopUntilTomorrow),
            (45011, Action::BackoffMinute),
            (45015, Action::OutsideWindow),
            (45028, Action::StopUntilTomorrow),
            (45047, Action::WaitForUser),
            (45065, Action::AlreadySent),
            (45066, Action::Drop),
            (45067, Action::Fix),
            (45168, Action::Drop),
            (47001, Action::Fix),
            (47003, Action::Fix),
            (48001, Action::Alarm),
            (48002, Action::Alarm),
            (48004, Action::Alarm),
            (48006, Action::Alarm),
            (50002, Action::Drop),
            (61010, Action::OutsideWindow),
            (87014, Action::Drop),
            (40029, Action::Drop),
            (40163, Action::Drop),
            (40226, Action::Drop),
            (87007, Action::Drop),
            (87008, Action::Drop),
            (87009, Action::Drop),
            (40097, Action::Config),
            (40129, Action::Config),
            (40165, Action::Config),
            (40169, Action::Config),
            (40212, Action::Config),
            (41030, Action::Config),
            (44990, Action::BackoffMinute),
            (44991, Action::BackoffMinute),
            (44993, Action::StopUntilTomorrow),
            (85079, Action::Config),
            (85401, Action::Config),
            (85402, Action::Config),
            (85406, Action::StopUntilTomorrow),
            (85407, Action::Config),
            (85408, Action::Alarm),
            (99999, Action::Retry),
        ];
        for (code, wanted) in rows {
            assert_eq!(action(code), wanted, "{code}");
        }
    }

    #[test]
    fn no_code_stands_twice() {
        let mut all: Vec<_> = TABLE.iter().flat_map(|(codes, _)| codes.iter()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
