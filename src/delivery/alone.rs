//! What is for one person alone. That it was meant for them says enough already: who gave in secret, who asked
//! whom for help. Given up, it becomes no letter that staff reads. Pure; called by the postman.

use std::collections::HashMap;

use crate::reminder::Verdict;

/// These verdicts, where what is given up of `alone` (reminder, how often it was tried) is dropped. `most`: tries
/// after which nothing is tried again.
pub(super) fn unread(
    verdicts: Vec<(i64, Verdict)>,
    alone: &HashMap<i64, i32>,
    most: i32,
) -> Vec<(i64, Verdict)> {
    let quietly = |(id, verdict): (i64, Verdict)| {
        let Some(tries) = alone.get(&id) else {
            return (id, verdict);
        };
        let why = match verdict {
            Verdict::Fail(why) => why,
            Verdict::Retry(why) if *tries >= most => why,
            other => return (id, other),
        };
        tracing::warn!(
            reminder = id,
            why,
            "what is for one person alone was given up"
        );
        (id, Verdict::Drop)
    };
    verdicts.into_iter().map(quietly).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_dropped_where_nobody_else_may_read_it() {
        let fail = || Verdict::Fail("x".to_owned());
        let retry = || Verdict::Retry("x".to_owned());
        let alone = HashMap::from([(1, 3), (2, 2), (3, 3), (4, 3)]);
        let said = vec![
            (1, fail()),
            (2, retry()),
            (3, retry()),
            (4, Verdict::Done),
            (5, fail()),
        ];
        let read = vec![
            (1, Verdict::Drop),
            (2, retry()),
            (3, Verdict::Drop),
            (4, Verdict::Done),
            (5, fail()),
        ];
        assert_eq!(unread(said, &alone, 3), read);
    }
}
