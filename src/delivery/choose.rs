//! THE rule by which a channel is chosen. Pure; called by `send`.
//!
//! A template message comes first: it costs nothing that is scarce and reaches whoever follows. A
//! customer-service message comes second: only while the window of the person's last word is open
//! and something of it is left. Several accounts of one person: the one that last wrote goes first.

use entity::account;
use entity::kinds::Channel;

use crate::base::clock::Moment;

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// Template message of the official account.
    Template,
    /// Customer-service message of the official account.
    Customer,
}

impl Carrier {
    /// As stored in `delivery.channel`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Customer => "customer",
        }
    }
}

/// One way to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// By which account.
    pub account_id: i64,
    /// By what.
    pub carrier: Carrier,
}

/// The ways to reach the holder of these accounts, best first; none when nobody can be reached.
/// `has_template`: whether a template is configured for this kind of message.
#[must_use]
pub fn choose(accounts: &[account::Model], has_template: bool, now: Moment) -> Vec<Way> {
    let mut reachable: Vec<&account::Model> = accounts
        .iter()
        .filter(|account| account.channel == Channel::Official)
        .collect();
    reachable.sort_by_key(|account| (std::cmp::Reverse(account.last_inbound_at), account.id));
    let mut ways = Vec::new();
    for account in reachable {
        let window_open =
            account.window_left > 0 && account.window_until.is_some_and(|until| now < until);
        let account_id = account.id;
        if has_template && account.followed {
            let carrier = Carrier::Template;
            ways.push(Way {
                account_id,
                carrier,
            });
        }
        // Who blocks templates may still talk with us; who has left has no window.
        if window_open {
            let carrier = Carrier::Customer;
            ways.push(Way {
                account_id,
                carrier,
            });
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::base::clock::from_ms;

    fn now() -> Moment {
        from_ms(1_700_000_000_000).unwrap()
    }

    fn account(id: i64, followed: bool, hours_left: i64, left: i32) -> account::Model {
        account::Model {
            id,
            channel: Channel::Official,
            external_id: format!("o{id}"),
            union_id: None,
            person_id: Some(1),
            compound_id: None,
            followed,
            window_until: Some(now() + TimeDelta::hours(hours_left)),
            window_left: left,
            dialog: None,
            last_inbound_at: Some(now() - TimeDelta::hours(id)),
            created_at: now(),
        }
    }

    #[test]
    fn the_table_of_ways() {
        use Carrier::{Customer, Template};
        // followed, hours of the window, messages left, template configured → carriers
        let table: [(bool, i64, i32, bool, &[Carrier]); 8] = [
            (true, 1, 5, true, &[Template, Customer]),
            (true, 0, 5, true, &[Template]),
            (true, -1, 5, true, &[Template]),
            (true, 1, 0, true, &[Template]),
            (true, 1, 1, false, &[Customer]),
            (true, -1, 1, false, &[]),
            (false, 1, 1, true, &[Customer]),
            (false, -1, 0, true, &[]),
        ];
        for (followed, hours, left, has_template, wanted) in table {
            let ways = choose(&[account(1, followed, hours, left)], has_template, now());
            let carriers: Vec<Carrier> = ways.iter().map(|way| way.carrier).collect();
            assert_eq!(carriers, wanted, "{followed} {hours} {left} {has_template}");
        }
        assert!(choose(&[], true, now()).is_empty());
    }

    #[test]
    fn the_account_that_last_wrote_goes_first_and_other_channels_do_not_count() {
        let mut mini = account(1, true, 1, 5);
        mini.channel = Channel::Mini;
        let mut silent = account(2, true, 1, 5);
        silent.last_inbound_at = None;
        let ways = choose(
            &[silent, account(4, true, 1, 5), mini, account(3, true, 1, 5)],
            true,
            now(),
        );
        let ids: Vec<i64> = ways.iter().map(|way| way.account_id).collect();
        assert_eq!(ids, [3, 3, 4, 4, 2, 2]);
    }
}
