//! THE table by which a channel is chosen. Pure; called by `send`, which asks the ways in their order
//! until one carries the message. A quota that is used up or a platform that is down takes no way
//! out of the table: `halt` says how long it waits, and what comes behind it is asked meanwhile.
//!
//! | carrier | reaches | tasks | all else |
//! |---|---|---|---|
//! | card or text in WeCom | members who may see the application | 1 | 5 |
//! | template message | followers, when a template is configured | 2 | 1 |
//! | subscription notice (official account) | followers with an accept left | 3 | 2 |
//! | subscription message (mini-program) | accounts with an accept left | 4 | 3 |
//! | customer-service message | whoever wrote within the window and has some of it left | 5 | 4 |
//! | told at the door (`visit`) | whoever none of these reaches | – | last |
//!
//! Tasks are pressed in WeCom, where staff works; residents read WeChat. A template costs nothing
//! that is scarce, an accept was given for just this, the window also serves conversations. Several
//! accounts by one carrier: the one that last wrote goes first. An answer that a group was told to
//! come in WeCom comes there alone.

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
    /// Subscription notice of the official account: spends one accept.
    Notice,
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
            Self::Notice => "notice",
            Self::Subscription => "subscription",
            Self::Work => "work",
        }
    }

    /// Whether it reaches only who follows the official account.
    #[must_use]
    pub const fn needs_follower(self) -> bool {
        matches!(self, Self::Template | Self::Notice | Self::Customer)
    }

    /// Whether each message spends one accept.
    #[must_use]
    pub const fn spends_accepts(self) -> bool {
        matches!(self, Self::Notice | Self::Subscription)
    }

    /// Whose it is.
    #[must_use]
    pub const fn platform(self) -> Platform {
        match self {
            Self::Template | Self::Customer | Self::Notice | Self::Subscription => Platform::WeChat,
            Self::Work => Platform::WeCom,
        }
    }
}

/// Who has to answer for a carrier to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Official account and mini-program.
    WeChat,
    /// WeCom.
    WeCom,
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
    /// Accounts that have accepted a notice of the official account's template.
    pub noticed: &'a [i64],
    /// Accounts that have accepted a message of the mini-program's template.
    pub accepted: &'a [i64],
    /// Something is to be done.
    pub task: bool,
    /// Asked for in a WeCom group, where it was said that the answer comes in WeCom.
    pub aside: bool,
}

/// What has to be done goes these ways, best first.
const TASKS: &[Carrier] = &[
    Carrier::Work,
    Carrier::Template,
    Carrier::Notice,
    Carrier::Subscription,
    Carrier::Customer,
];
/// All else goes these.
const NEWS: &[Carrier] = &[
    Carrier::Template,
    Carrier::Notice,
    Carrier::Subscription,
    Carrier::Customer,
    Carrier::Work,
];

/// The ways to reach the holder of these accounts, best first; none when nobody can be reached.
#[must_use]
pub fn choose(accounts: &[account::Model], offer: Offer<'_>, now: Moment) -> Vec<Way> {
    let mut lately: Vec<&account::Model> = accounts.iter().collect();
    lately.sort_by_key(|account| (std::cmp::Reverse(account.last_inbound_at), account.id));
    let order = if offer.task { TASKS } else { NEWS };
    let ways = order.iter().flat_map(|carrier| {
        let able = lately
            .iter()
            .filter(move |account| carries(*carrier, account, offer, now));
        able.map(move |account| Way {
            account_id: account.id,
            carrier: *carrier,
        })
    });
    let ways: Vec<Way> = ways.collect();
    let in_wecom = |way: &Way| way.carrier == Carrier::Work;
    if offer.aside && ways.iter().any(in_wecom) {
        return ways.into_iter().filter(in_wecom).collect();
    }
    ways
}

/// Whether this carrier reaches this account now.
fn carries(carrier: Carrier, account: &account::Model, offer: Offer<'_>, now: Moment) -> bool {
    match carrier {
        Carrier::Work => account.channel == Channel::Work && account.followed,
        Carrier::Template => {
            account.channel == Channel::Official && offer.template && account.followed
        }
        Carrier::Notice => {
            account.channel == Channel::Official
                && account.followed
                && offer.noticed.contains(&account.id)
        }
        Carrier::Subscription => {
            account.channel == Channel::Mini && offer.accepted.contains(&account.id)
        }
        // Who blocks templates may still talk with us; who has left has no window.
        Carrier::Customer => {
            account.channel == Channel::Official
                && account.window_left > 0
                && account.window_until.is_some_and(|until| now < until)
        }
    }
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
            told_version: 0,
            agreed_version: 0,
            last_inbound_at: Some(now() - TimeDelta::hours(id)),
            created_at: now(),
        }
    }

    /// An account by its letters: `o` official, `m` mini-program, `w` WeCom.
    fn of(channel: char, id: i64) -> account::Model {
        let channel = match channel {
            'o' => Channel::Official,
            'm' => Channel::Mini,
            _ => Channel::Work,
        };
        account::Model {
            channel,
            ..account(id, true, 1, 5)
        }
    }

    fn carriers(accounts: &[account::Model], offer: Offer<'_>) -> Vec<Carrier> {
        let ways = choose(accounts, offer, now());
        ways.iter().map(|way| way.carrier).collect()
    }

    #[test]
    fn the_table_of_one_official_account() {
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
        for (followed, hours, left, template, wanted) in table {
            let offer = Offer {
                template,
                ..Offer::default()
            };
            let found = carriers(&[account(1, followed, hours, left)], offer);
            assert_eq!(found, wanted, "{followed} {hours} {left} {template}");
        }
    }

    #[test]
    fn the_table_of_persons_and_messages() {
        use Carrier::{Customer, Notice, Subscription, Template, Work};
        // accounts, template configured, accept left, task → carriers
        let table: [(&str, bool, bool, bool, &[Carrier]); 17] = [
            ("", true, true, true, &[]),
            ("", true, true, false, &[]),
            // Residents.
            ("o", true, false, false, &[Template, Customer]),
            ("o", false, false, false, &[Customer]),
            ("m", true, true, false, &[Subscription]),
            ("m", true, false, false, &[]),
            ("o", false, true, false, &[Notice, Customer]),
            (
                "om",
                true,
                true,
                false,
                &[Template, Notice, Subscription, Customer],
            ),
            ("om", false, true, false, &[Notice, Subscription, Customer]),
            ("om", true, false, false, &[Template, Customer]),
            // Staff: what is to be done.
            ("w", true, false, true, &[Work]),
            ("ow", true, false, true, &[Work, Template, Customer]),
            ("ow", false, false, true, &[Work, Customer]),
            (
                "omw",
                true,
                true,
                true,
                &[Work, Template, Notice, Subscription, Customer],
            ),
            ("o", true, false, true, &[Template, Customer]),
            // Staff: news.
            (
                "omw",
                true,
                true,
                false,
                &[Template, Notice, Subscription, Customer, Work],
            ),
            ("w", true, false, false, &[Work]),
        ];
        for (who, template, accept, task, wanted) in table {
            let accounts: Vec<account::Model> =
                who.chars().zip(1..).map(|(c, n)| of(c, n)).collect();
            let all: Vec<i64> = accounts.iter().map(|account| account.id).collect();
            let offer = Offer {
                template,
                task,
                noticed: if accept { &all } else { &[] },
                accepted: if accept { &all } else { &[] },
                ..Offer::default()
            };
            assert_eq!(
                carriers(&accounts, offer),
                wanted,
                "{who} {template} {accept} {task}"
            );
        }
    }

    #[test]
    fn the_account_that_last_wrote_goes_first() {
        let mut silent = account(2, true, 1, 5);
        silent.last_inbound_at = None;
        let all = [silent, account(4, true, 1, 5), account(3, true, 1, 5)];
        let offer = Offer {
            template: true,
            ..Offer::default()
        };
        let ids: Vec<i64> = choose(&all, offer, now())
            .iter()
            .map(|way| way.account_id)
            .collect();
        assert_eq!(ids, [3, 4, 2, 3, 4, 2]);
    }

    #[test]
    fn who_has_left_gets_no_notice_though_an_accept_is_left() {
        let left = account(1, false, -1, 0);
        let offer = Offer {
            noticed: &[1],
            ..Offer::default()
        };
        assert!(carriers(&[left], offer).is_empty());
    }

    #[test]
    fn who_may_not_see_the_application_any_more_gets_nothing_there() {
        let mut member = of('w', 1);
        member.followed = false;
        let offer = Offer {
            task: true,
            ..Offer::default()
        };
        assert!(carriers(&[member], offer).is_empty());
    }

    #[test]
    fn an_answer_promised_in_a_group_comes_where_it_was_promised() {
        let promised = Offer {
            template: true,
            aside: true,
            ..Offer::default()
        };
        assert_eq!(
            carriers(&[of('o', 1), of('w', 2)], promised),
            [Carrier::Work]
        );
        assert_eq!(
            carriers(&[of('o', 1)], promised),
            [Carrier::Template, Carrier::Customer]
        );
    }
}
