//! What an account's next message may mean, between two messages: out of the row, without what has
//! lapsed, and back. Pure. Called by `bot/answer.rs`.

use chrono::TimeDelta;
use serde_json::Value;

use crate::base::clock::Moment;
use crate::chat::{Dialog, KEPT_MINUTES};

/// Minutes that a menu or a question waits.
const MENU_MINUTES: i64 = 10;
/// Days that the text of somebody unbound waits: a steward may have to vouch first.
const DRAFT_DAYS: i64 = 7;

/// The moment so many minutes on, in milliseconds.
pub fn until(now: Moment, minutes: i64) -> i64 {
    (now + TimeDelta::minutes(minutes)).timestamp_millis()
}

/// When a photo or a place stops waiting for its filing.
pub fn kept_until(now: Moment) -> i64 {
    until(now, KEPT_MINUTES)
}

/// From the account's row; what has lapsed, or cannot be read any more, is out.
pub fn load(stored: Option<&Value>, now: Moment) -> Dialog {
    let Some(stored) = stored else {
        return Dialog::default();
    };
    let mut dialog: Dialog = serde_json::from_value(stored.clone()).unwrap_or_default();
    let now = now.timestamp_millis();
    if dialog.until_ms <= now {
        dialog.choices.clear();
        dialog.prompt = None;
        dialog.said = None;
        dialog.more = None;
        dialog.misses = 0;
    }
    if dialog.draft_until_ms <= now {
        dialog.draft = None;
    }
    if dialog.photos_until_ms <= now {
        dialog.photos_until_ms = 0;
    }
    dialog.spot = dialog.spot.filter(|spot| spot.until_ms > now);
    dialog.here = dialog.here.filter(|here| here.until_ms > now);
    dialog
}

/// What is to wait next: the new question, and what the old one kept for later.
pub fn next(new: Option<Dialog>, before: &Dialog, now: Moment) -> Dialog {
    let mut next = new.unwrap_or_default();
    if next.draft.is_some() {
        next.draft_until_ms = until(now, DRAFT_DAYS * 24 * 60);
    } else {
        next.draft.clone_from(&before.draft);
        next.draft_until_ms = before.draft_until_ms;
    }
    if next.photos_until_ms == 0 {
        next.photos_until_ms = before.photos_until_ms;
    }
    next.spot = next.spot.or(before.spot);
    next.here = next.here.or_else(|| before.here.clone());
    if asks(&next) {
        if next.until_ms == 0 {
            next.until_ms = until(now, MENU_MINUTES);
        }
    } else {
        next.until_ms = 0;
    }
    next
}

/// The same question, and what is kept for later as it is in `now`.
pub fn keeping(question: Dialog, now: &Dialog) -> Dialog {
    Dialog {
        draft: now.draft.clone(),
        draft_until_ms: now.draft_until_ms,
        photos_until_ms: now.photos_until_ms,
        spot: now.spot,
        here: now.here.clone(),
        ..question
    }
}

/// Whether a menu or a question waits, besides what is kept.
pub fn asks(dialog: &Dialog) -> bool {
    !dialog.choices.is_empty()
        || dialog.prompt.is_some()
        || dialog.said.is_some()
        || dialog.more.is_some()
}

/// For the account's row; none when nothing waits.
pub fn store(dialog: &Dialog) -> Option<Value> {
    let waits = asks(dialog)
        || dialog.draft.is_some()
        || dialog.photos_until_ms != 0
        || dialog.spot.is_some()
        || dialog.here.is_some();
    // A dialog always has a JSON form: strings, numbers and finite degrees.
    waits.then(|| serde_json::to_value(dialog).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn a_menu_lapses_before_a_draft() {
        let now = from_ms(1_000_000).unwrap();
        let asked = Dialog {
            draft: Some("报修 灯坏了".to_owned()),
            ..Dialog::pick(["报修"])
        };
        let stored = store(&next(Some(asked), &Dialog::default(), now));
        let soon = load(stored.as_ref(), now + TimeDelta::minutes(9));
        assert_eq!(soon.choices.len(), 1);
        let later = load(stored.as_ref(), now + TimeDelta::minutes(10));
        assert!(later.choices.is_empty());
        assert_eq!(later.draft.as_deref(), Some("报修 灯坏了"));
        let much_later = load(stored.as_ref(), now + TimeDelta::days(7));
        assert_eq!(store(&next(None, &much_later, now)), None);
    }

    #[test]
    fn what_is_kept_outlives_the_next_question() {
        let now = from_ms(1_000_000).unwrap();
        let before = Dialog {
            photos_until_ms: kept_until(now),
            ..Dialog::default()
        };
        let after = next(Some(Dialog::ask("报修")), &before, now);
        assert_eq!(after.photos_until_ms, before.photos_until_ms);
        assert_eq!(after.prompt.as_deref(), Some("报修"));
    }

    #[test]
    fn a_refusal_takes_nothing_away_that_another_message_has_left() {
        let now = Dialog {
            draft: Some("报修 灯坏了".to_owned()),
            photos_until_ms: 7,
            ..Dialog::ask("投诉")
        };
        let kept = keeping(Dialog::ask("解绑"), &now);
        assert_eq!(kept.prompt.as_deref(), Some("解绑"));
        assert_eq!((kept.draft, kept.photos_until_ms), (now.draft, 7));
    }

    #[test]
    fn what_cannot_be_read_is_as_good_as_none() {
        let now = from_ms(1).unwrap();
        let odd = serde_json::json!({"choices": 7});
        assert_eq!(load(Some(&odd), now), Dialog::default());
    }
}
