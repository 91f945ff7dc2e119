//! THE rule by which a channel is chosen. Pure; called by `send`.
//!
//! A template message comes first: it costs nothing that is scarce and reaches whoever follows. A
//! customer-service message comes second: only while the window of the person's last word is open
//! and something of it is left. A mini-program's account is reached by a subscription message that
//! it has accepted. Whoever works in WeCom gets tasks there first, where they can be pressed, and
//! all else there last. Several accounts of one person: the one that last wrote goes first.

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
    /// Subscription message of the mini-program: spends one accept.
    Subscription,
    /// Message of the WeCom application.
    Work,
}

impl Carrier {
    /// As stored in `delivery.channel`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Customer => "customer",
            Self::Subscription => "subscription",
            Self::Work => "work",
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

/// What there is for this kind of message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offer<'a> {
    /// A template of the official account is configured.
    pub template: bool,
    /// Accounts that have accepted a message of the mini-program's template.
    pub accepted: &'a [i64],
    /// Something is to be done.
    pub task: bool,
    /// Asked for in a WeCom group, where it was said that the answer comes in WeCom.
    pub aside: bool,
}

/// The ways to reach the holder of these accounts, best first; none when nobody can be reached.
#[must_use]
pub fn choose(accounts: &[account::Model], offer: Offer<'_>, now: Moment) -> Vec<Way> {
    let mut reachable: Vec<&account::Model> = accounts
        .iter()
        .filter(|account| match account.channel {
            Channel::Official => true,
            Channel::Mini => offer.accepted.contains(&account.id),
            Channel::Work => false,
        })
        .collect();
    reachable.sort_by_key(|account| (std::cmp::Reverse(account.last_inbound_at), account.id));
    let mut ways = Vec::new();
    let in_wecom: Vec<Way> = accounts
        .iter()
        .filter(|account| account.channel == Channel::Work && account.followed)
        .map(|account| Way {
            account_id: account.id,
            carrier: Carrier::Work,
        })
        .collect();
    if offer.aside && !in_wecom.is_empty() {
        return in_wecom;
    }
    if offer.task {
        ways.extend(&in_wecom);
    }
    for account in reachable {
        let window_open =
            account.window_left > 0 && account.window_until.is_some_and(|until| now < until);
        let account_id = account.id;
        if account.channel == Channel::Mini {
            let carrier = Carrier::Subscription;
            ways.push(Way {
                account_id,
                carrier,
            });
            continue;
        }
        if offer.template && account.followed {
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
    if !offer.task {
        ways.extend(in_wecom);
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
            paced_until: None,
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
            let offer = Offer {
                template: has_template,
                ..Offer::default()
            };
            let ways = choose(&[account(1, followed, hours, left)], offer, now());
            let carriers: Vec<Carrier> = ways.iter().map(|way| way.carrier).collect();
            assert_eq!(carriers, wanted, "{followed} {hours} {left} {has_template}");
        }
        assert!(choose(&[], Offer::default(), now()).is_empty());
    }

    #[test]
    fn the_account_that_last_wrote_goes_first_and_a_mini_program_only_with_an_accept() {
        let mut mini = account(1, true, 1, 5);
        mini.channel = Channel::Mini;
        let mut silent = account(2, true, 1, 5);
        silent.last_inbound_at = None;
        let all = [silent, account(4, true, 1, 5), mini, account(3, true, 1, 5)];
        let ids = |accepted: &[i64]| {
            let offer = Offer {
                template: true,
                accepted,
                ..Offer::default()
            };
            let ways = choose(&all, offer, now());
            ways.iter().map(|way| way.account_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&[]), [3, 3, 4, 4, 2, 2]);
        assert_eq!(ids(&[1]), [1, 3, 3, 4, 4, 2, 2]);
    }

    #[test]
    fn wecom_goes_first_with_tasks_and_last_with_news() {
        use Carrier::{Customer, Template, Work};
        let mut member = account(9, true, -1, 0);
        member.channel = Channel::Work;
        let all = [account(1, true, 1, 5), member.clone()];
        let carriers = |task: bool, all: &[account::Model]| -> Vec<Carrier> {
            let offer = Offer {
                template: true,
                task,
                ..Offer::default()
            };
            let ways = choose(all, offer, now());
            ways.iter().map(|way| way.carrier).collect()
        };
        assert_eq!(carriers(true, &all), [Work, Template, Customer]);
        assert_eq!(carriers(false, &all), [Template, Customer, Work]);
        let promised = Offer {
            template: true,
            aside: true,
            ..Offer::default()
        };
        let only: Vec<Carrier> = choose(&all, promised, now())
            .iter()
            .map(|way| way.carrier)
            .collect();
        assert_eq!(only, [Work], "as the group was told");
        // Who may not see the application any more gets nothing there.
        member.followed = false;
        assert!(carriers(true, &[member]).is_empty());
    }
}
