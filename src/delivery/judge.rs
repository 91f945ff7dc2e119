//! What an answer of the platform means for us (protocols.md §2.2). Pure; called by `send`.

use chrono::TimeDelta;

use crate::base::clock::Moment;
use crate::delivery::choose::Carrier;
use crate::delivery::quiet::quota_is_new;
use crate::reminder::Verdict;
use crate::wechat::Error;
use crate::wechat::errors::{Action, action, work_action};

/// «System busy»: what the platform says when it is in trouble.
const BUSY: i64 = -1;
/// «Invalid openid»: no follower of this account has it.
const UNKNOWN: i64 = 40003;

/// What has to be remembered beside the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Nothing,
    /// The person has left, or the platform knows no such follower: nothing reaches this account.
    Unfollowed,
    /// No customer message until the person writes again.
    WindowUsed,
    /// No subscription message until the person accepts one again.
    AcceptsUsed,
    /// The day's quota of this API is used up.
    Halted,
    /// Calls are blocked for a minute, an hour or the day: the platform does not say.
    Blocked,
    /// An operator has to know.
    Alarm,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The platform has it.
    Sent,
    /// Nothing else is tried now.
    Stop(Verdict),
    /// The same, because the platform does not answer or says that it is too busy.
    Down(Verdict),
    /// The next way, if there is one; else this.
    Next(Verdict, Mark),
}

/// Judges a failed attempt.
pub(super) fn judge(error: &Error, carrier: Carrier, now: Moment) -> Step {
    let text = format!("{}: {error}", carrier.name());
    let Error::Platform { code, .. } = error else {
        // No answer, or none that can be understood: nobody knows whether it went out.
        return Step::Down(Verdict::Retry(text));
    };
    if *code == BUSY {
        return Step::Down(Verdict::Retry(text));
    }
    let next = |mark| Step::Next(Verdict::Fail(text.clone()), mark);
    let action = match carrier {
        Carrier::Work => work_action(*code),
        Carrier::Template | Carrier::Customer | Carrier::Notice | Carrier::Subscription => {
            action(*code)
        }
    };
    match action {
        Action::AlreadySent => Step::Sent,
        Action::Retry | Action::RefreshToken => Step::Stop(Verdict::Retry(text)),
        Action::BackoffMinute if carrier == Carrier::Work => {
            Step::Next(Verdict::Later(now + TimeDelta::minutes(1)), Mark::Blocked)
        }
        Action::BackoffMinute => Step::Stop(Verdict::Later(now + TimeDelta::minutes(1))),
        Action::Serialise => Step::Stop(Verdict::Later(now + TimeDelta::seconds(3))),
        Action::StopUntilTomorrow => Step::Next(Verdict::Later(quota_is_new(now)), Mark::Halted),
        Action::Unfollowed => next(Mark::Unfollowed),
        Action::OutsideWindow | Action::WaitForUser => next(Mark::WindowUsed),
        Action::SubscriptionUsed if carrier.spends_accepts() => next(Mark::AcceptsUsed),
        // Whoever writes again is known again.
        Action::Drop if *code == UNKNOWN && carrier.needs_follower() => next(Mark::Unfollowed),
        Action::Drop | Action::SubscriptionUsed | Action::Cut => next(Mark::Nothing),
        // The same message would be refused again: sent anew from the list of what could not be sent.
        Action::Fix => next(Mark::Alarm),
        // Mended by an operator, perhaps within the hours that trying goes on.
        Action::Config | Action::Alarm => Step::Next(Verdict::Retry(text), Mark::Alarm),
    }
}

/// Of two failures the one with more hope; the reasons of hopeless ones are all kept.
pub(super) fn hopeful(one: Option<Verdict>, other: Verdict) -> Verdict {
    let hope = |verdict: &Verdict| match verdict {
        Verdict::Retry(_) => 2,
        Verdict::Later(_) => 1,
        _ => 0,
    };
    match (one, other) {
        (None, other) => other,
        (Some(Verdict::Fail(one)), Verdict::Fail(other)) => {
            Verdict::Fail(format!("{one}; {other}"))
        }
        (Some(one), other) if hope(&one) >= hope(&other) => one,
        (Some(_), other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    fn of(code: i64) -> Step {
        by(Carrier::Template, code)
    }

    fn by(carrier: Carrier, code: i64) -> Step {
        let error = Error::Platform {
            code,
            message: String::new(),
            rid: None,
        };
        judge(&error, carrier, from_ms(1_700_000_000_000).unwrap())
    }

    #[test]
    fn the_table_of_codes() {
        assert_eq!(of(45065), Step::Sent);
        assert!(matches!(of(-1), Step::Down(Verdict::Retry(_))));
        for code in [40001, 40014, 42001, 99_999] {
            assert!(matches!(of(code), Step::Stop(Verdict::Retry(_))), "{code}");
        }
        for code in [45011, 43116, 43117, 43108] {
            assert!(matches!(of(code), Step::Stop(Verdict::Later(_))), "{code}");
        }
        for (code, mark) in [
            (43004, Mark::Unfollowed),
            (45015, Mark::WindowUsed),
            (45047, Mark::WindowUsed),
            (40003, Mark::Unfollowed),
            (43019, Mark::Nothing),
            (43101, Mark::Nothing),
            (45168, Mark::Nothing),
            (50002, Mark::Nothing),
            (87014, Mark::Nothing),
            (45008, Mark::Alarm),
            (45067, Mark::Alarm),
            (47001, Mark::Alarm),
            (47003, Mark::Alarm),
        ] {
            let step = of(code);
            assert!(
                matches!(&step, Step::Next(Verdict::Fail(_), marked) if *marked == mark),
                "{code}: {step:?}"
            );
        }
        for code in [45009, 45028] {
            let step = of(code);
            let halted = matches!(step, Step::Next(Verdict::Later(_), Mark::Halted));
            assert!(halted, "{code}");
        }
        for carrier in [Carrier::Work, Carrier::Subscription] {
            let step = by(carrier, 40003);
            let kept = matches!(step, Step::Next(Verdict::Fail(_), Mark::Nothing));
            assert!(kept, "{carrier:?}");
        }
        let blocked = by(Carrier::Work, 45009);
        assert!(matches!(
            blocked,
            Step::Next(Verdict::Later(_), Mark::Blocked)
        ));
        for code in [40037, 40164, 43107, 48001, 48004] {
            let step = of(code);
            let alarmed = matches!(step, Step::Next(Verdict::Retry(_), Mark::Alarm));
            assert!(alarmed, "{code}");
        }
    }

    #[test]
    fn what_may_yet_succeed_outweighs_what_cannot() {
        let now = from_ms(1_700_000_000_000).unwrap();
        let fail = || Verdict::Fail("x".to_owned());
        let retry = || Verdict::Retry("y".to_owned());
        assert_eq!(hopeful(None, fail()), fail());
        assert_eq!(hopeful(Some(fail()), retry()), retry());
        assert_eq!(hopeful(Some(retry()), fail()), retry());
        let later = Verdict::Later(now);
        assert_eq!(hopeful(Some(fail()), later.clone()), later);
        let both = Verdict::Fail("x; x".to_owned());
        assert_eq!(hopeful(Some(fail()), fail()), both);
    }
}
