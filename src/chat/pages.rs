//! Long lists in a conversation, page by page: a digit for each line, and one more that leads on. The page stands
//! behind the command that lists, `心愿 (2)`: signs and no letters, so that commands without words take it, too.
//! A list that nothing sorts or sifts and that grows for ever goes on behind the key of its last line instead,
//! `公告 12-`: then no page costs more than another.

use crate::base::page::Slice;
use crate::base::text::half_width;
use crate::chat::{Args, Dialog, Turn};

/// Lines of a page: with what leads on there are eight digits.
pub const LINES: usize = 7;
/// Rows that are looked through where a list is sorted or sifted after it was read.
pub const LOOK: Slice = Slice::first(200);
/// What leads on, and what leads back from the last page.
pub const NEXT: &str = "下一页";
/// What leads back from the last one.
pub const FIRST: &str = "回到第一页";
/// What stands behind the number of the last line for what is older: no word, so that it is no sentence either.
const OLDER: &str = "-";
/// Pages of a list.
const MOST: usize = 100;

/// Rows to be read to show a page: all from the first on.
#[must_use]
pub fn rows(page: usize) -> u64 {
    u64::try_from(page.saturating_mul(LINES)).unwrap_or(u64::MAX)
}

/// The same, of a list that is read by its keys.
#[must_use]
pub fn slice(page: usize) -> Slice {
    Slice::first(rows(page))
}

/// Command and words of the line that leads on from the last one of a list that is read by its keys.
#[must_use]
pub fn older(list: &str, last: i64, words: &str) -> (String, String) {
    (format!("{list} {last}{OLDER}"), words.to_owned())
}

impl Args {
    /// Behind which line a list goes on that is read by its keys: `12-`; none for anything else.
    #[must_use]
    pub fn older(&self) -> Option<i64> {
        let (last, rest) = self.number()?;
        (rest.raw == OLDER).then_some(last)
    }

    /// Which page of a list is meant: the first when nothing is written, `(2)`, `第2页`; none for anything else.
    #[must_use]
    pub fn page(&self) -> Option<usize> {
        if self.raw.is_empty() {
            return Some(1);
        }
        let text: String = self.raw.chars().map(half_width).collect();
        let framed = [('(', ')'), ('第', '页')].into_iter();
        let mut inside = framed.filter_map(|(begin, end)| {
            let inside = text.strip_prefix(begin)?.strip_suffix(end)?;
            inside.trim().parse().ok()
        });
        inside.next().filter(|page| (1..=MOST).contains(page))
    }
}

impl Turn<'_> {
    /// A page of a list: a digit in front of each line stands for its command, one more leads to the next page, from
    /// the last back to the first. `list` is the command that lists; `all` are commands and lines from the first on,
    /// `more` says that there are some behind them. A page that is not there is the first.
    pub fn list_page(
        &mut self,
        list: &str,
        page: usize,
        all: &[(String, String)],
        more: bool,
    ) -> String {
        let (commands, lines) = paged(list, page, all, more);
        let mut dialog = Dialog::pick(commands);
        // What leads on is known by its words, too; the lines of people are not kept.
        if let (Some(last), Some(line)) = (dialog.choices.last_mut(), lines.last()) {
            let words = line.split_once(' ').map_or("", |(_, words)| words);
            last.label = [NEXT, FIRST]
                .into_iter()
                .find(|known| *known == words)
                .map(str::to_owned);
        }
        self.dialog = Some(dialog);
        lines.join("\n")
    }

    /// Whoever types the words of one of these lines of the list means it. For words of the house itself; what people
    /// have written does not stay in somebody else's dialog.
    pub fn know_lines(&mut self, all: &[(String, String)]) {
        let Some(dialog) = self.dialog.as_mut() else {
            return;
        };
        for choice in &mut dialog.choices {
            let line = all.iter().find(|(command, _)| *command == choice.command);
            if let Some((_, line)) = line {
                choice.label = Some(line.clone());
            }
        }
    }
}

/// Commands and lines of a page.
fn paged(
    list: &str,
    page: usize,
    all: &[(String, String)],
    more: bool,
) -> (Vec<String>, Vec<String>) {
    let before = |page: usize| page.saturating_sub(1).saturating_mul(LINES);
    let page = if before(page) < all.len() { page } else { 1 };
    let (mut commands, mut lines) = (Vec::new(), Vec::new());
    for (command, line) in all.iter().skip(before(page)).take(LINES) {
        commands.push(command.clone());
        lines.push(format!("{} {line}", commands.len()));
    }
    if page < MOST && (more || all.len() > before(page + 1)) {
        commands.push(format!("{list} ({})", page + 1));
        lines.push(format!("{} {NEXT}", commands.len()));
    } else if page > 1 {
        commands.push(list.to_owned());
        lines.push(format!("{} {FIRST}", commands.len()));
    }
    (commands, lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(count: usize) -> Vec<(String, String)> {
        let each = 1..=count;
        each.map(|id| (format!("心愿 {id}"), format!("第{id}个")))
            .collect()
    }

    #[test]
    fn a_page_is_written_in_signs() {
        for (text, wanted) in [
            ("", Some(1)),
            ("(2)", Some(2)),
            ("（３）", Some(3)),
            ("第2页", Some(2)),
            ("(0)", None),
            ("(101)", None),
            ("(二)", None),
            ("2", None),
            ("12 好了", None),
        ] {
            assert_eq!(Args::new(text).page(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_older_than_a_line_is_written_in_signs() {
        let (command, _) = older("公告", 12, "更早的公告");
        assert_eq!(command, "公告 12-");
        for (text, wanted) in [
            ("12-", Some(12)),
            ("12", None),
            ("12 -3", None),
            ("-", None),
        ] {
            assert_eq!(Args::new(text).older(), wanted, "{text}");
        }
    }

    #[test]
    fn a_short_list_has_no_way_on() {
        let (commands, shown) = paged("心愿", 1, &lines(LINES), false);
        assert_eq!((commands.len(), shown.len()), (LINES, LINES));
        // A page that is not there is the first.
        assert_eq!(paged("心愿", 9, &lines(2), false).0, ["心愿 1", "心愿 2"]);
    }

    #[test]
    fn what_was_not_read_yet_has_a_way_on() {
        let (commands, shown) = paged("心愿", 1, &lines(LINES), true);
        assert_eq!(commands.last().unwrap(), "心愿 (2)");
        assert_eq!(shown.last().unwrap(), "8 下一页");
    }

    proptest! {
        #[test]
        fn each_line_is_reached_once_and_the_last_page_leads_back(count in 1_usize..60) {
            let all = lines(count);
            let (mut page, mut reached) = (1, Vec::new());
            loop {
                let (mut commands, _) = paged("心愿", page, &all, false);
                prop_assert!(commands.len() <= LINES + 1);
                let on = commands.pop_if(|last| Args::new(last.trim_start_matches("心愿")).page().is_some());
                reached.extend(commands);
                let next = on.and_then(|on| Args::new(on.trim_start_matches("心愿")).page());
                match next {
                    Some(next) if next > 1 => {
                        prop_assert_eq!(next, page + 1);
                        page = next;
                    }
                    next => {
                        prop_assert_eq!(next.is_some(), page > 1);
                        break;
                    }
                }
            }
            let wanted: Vec<String> = all.into_iter().map(|(command, _)| command).collect();
            prop_assert_eq!(reached, wanted);
        }
    }
}
