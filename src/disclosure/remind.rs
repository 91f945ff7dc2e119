//! What a published month sets going: the notice that every home gets (`notice::official`), with the figures and how
//! a line is questioned; a correction says what it changed and why. Called by `actions`; `command/serve.rs` joins the
//! table to the others'.

use std::fmt::Write;

use entity::{disclosure, place};

use crate::app::App;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::delivery::{Kind, Topic, Work};
use crate::disclosure::ask;
use crate::disclosure::queries::Published;
use crate::disclosure::statement::{Line, changes, total};
use crate::ledger::Family;
use crate::notice::official;
use crate::store::Tx;
use crate::wechat::http::percent;

/// Lines that a correction names.
const MOST_CHANGES: usize = 8;

/// What each kind means.
pub const KINDS: &[Kind] = &[Kind {
    name: ask::UNPUBLISHED,
    work: Work::Push(Topic::Task, ask::compose),
}];

/// How a disclosure is named as the subject of audit rows, and as what a notice tells of.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("disclosure:{id}")
}

/// What is told: a month as it is published now, and the version that it takes the place of.
pub(super) struct Told<'a> {
    pub(super) row: &'a disclosure::Model,
    pub(super) month: Month,
    pub(super) lines: &'a [Line],
    pub(super) before: Option<&'a Published>,
}

/// Has every home of the compound told of a month.
pub(super) async fn tell(
    tx: &mut Tx,
    author_id: i64,
    place: &place::Model,
    told: &Told<'_>,
) -> Result<(), Fault> {
    let replaces = told.before.map(|before| subject(before.disclosure.id));
    let notice = official::Published {
        author_id,
        place,
        about: subject(told.row.id),
        replaces,
        version: told.row.version,
        title: format!("{}财务公开", told.month.says()),
        body: words(told),
        path: path(&place.code, told.month),
    };
    official::publish(tx, notice).await
}

/// What changed and why, the sums and how to ask, then line by line: a message shows the beginning.
fn words(told: &Told<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    if let Some(before) = told.before {
        text.push_str(&difference(&before.statement(), told.lines));
    }
    if let Some(reason) = &told.row.reason {
        let _ = writeln!(text, "更正原因：{reason}");
    }
    let _ = writeln!(text, "{}。", sums(told.lines));
    let _ = writeln!(
        text,
        "回复“财务 {}”看每一行，有疑问可以对任何一行质询，质询必须答复。",
        told.month
    );
    for (family, head) in [
        (Family::Income, "收入"),
        (Family::Expenses, "支出"),
        (Family::Assets, "月末有"),
    ] {
        let own = told.lines.iter().filter(|line| line.family() == family);
        let each: Vec<String> = own
            .map(|line| format!("{} {} 元", line.says(), Fen(line.closing).in_groups()))
            .collect();
        if !each.is_empty() {
            let _ = writeln!(text, "{head}：{}。", each.join("，"));
        }
    }
    text
}

/// `改动：维修 800.00 元改为 923.00 元。`; nothing where no line ends otherwise.
fn difference(before: &[Line], now: &[Line]) -> String {
    let all = changes(before, now);
    let each: Vec<String> = all
        .iter()
        .take(MOST_CHANGES)
        .map(|(name, old, new)| {
            let [old, new] = [*old, *new].map(|fen| Fen(fen).in_groups());
            format!("{name} {old} 元改为 {new} 元")
        })
        .collect();
    let rest = match all.len() > each.len() {
        true => format!("等{}行", all.len()),
        false => String::new(),
    };
    match each.is_empty() {
        true => String::new(),
        false => format!("改动：{}{rest}。\n", each.join("，")),
    }
}

/// `收入 1,234.00 元，支出 800.00 元`
pub(super) fn sums(lines: &[Line]) -> String {
    format!(
        "收入 {} 元，支出 {} 元",
        Fen(total(lines, Family::Income)).in_groups(),
        Fen(total(lines, Family::Expenses)).in_groups()
    )
}

/// Where everybody can read it.
#[must_use]
pub fn url(app: &App, code: &str, published: &Published) -> String {
    let base = app.settings.server.public_url.trim_end_matches('/');
    format!("{base}{}", path(code, published.month()))
}

fn path(code: &str, month: Month) -> String {
    format!("/board/{}/accounts/{month}", percent(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(account: &str, closing: i64) -> Line {
        Line {
            account: account.to_owned(),
            opening: 0,
            plus: closing,
            minus: 0,
            closing,
        }
    }

    #[test]
    fn a_correction_names_what_it_changed_and_says_how_much_more_there_is() {
        let before = [line("expenses:repair", 80_000)];
        let now = [line("expenses:repair", 92_300), line("expenses:staff", 100)];
        assert_eq!(
            difference(&before, &now),
            "改动：维修 800.00 元改为 923.00 元，人员 0.00 元改为 1.00 元。\n"
        );
        assert_eq!(difference(&now, &now), "");
        let many: Vec<Line> = (0..12)
            .map(|at| line(&format!("expenses:x{at}"), 1))
            .collect();
        assert!(difference(&[], &many).contains("等12行。"));
    }
}
