//! What somebody who owes is told: kindly, with what to do and how to say that it is wrong. Pure.

use chrono::NaiveDate;

use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::dues::rule::Slot;

/// Bills that are named one by one.
const LINES: usize = 5;

/// A bill as a reminder names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Key, by which it is asked for.
    pub id: i64,
    /// `3-2-501`
    pub home: String,
    /// Which month; as stored.
    pub month: i32,
    /// Until when.
    pub due_on: NaiveDate,
    /// In fen.
    pub left: i64,
    /// Which reminder it is.
    pub slot: Slot,
}

/// In a few characters what it is about: what a template has room for.
#[must_use]
pub fn title(dues: &[Due]) -> String {
    let home = dues.first().map_or("", |due| due.home.as_str());
    let more = if dues.iter().any(|due| due.home != home) {
        "等"
    } else {
        ""
    };
    format!("{home}{more}待缴{}元", Fen(sum(dues)))
}

/// In a few characters until when.
#[must_use]
pub fn hint(dues: &[Due]) -> String {
    match dues {
        [] => String::new(),
        [one] => when(one),
        many => format!("共{}张，回复“账单”看明细", many.len()),
    }
}

/// All of it.
#[must_use]
pub fn sum(dues: &[Due]) -> i64 {
    dues.iter().map(|due| due.left).sum()
}

/// The whole message, for one person and one compound; `own` is what the compound adds.
#[must_use]
pub fn text(compound: &str, dues: &[Due], own: Option<&str>) -> String {
    let mut lines: Vec<String> = dues.iter().take(LINES).map(line).collect();
    if dues.len() > LINES {
        lines.push(format!(
            "还有 {} 张，回复“账单”都能看到。",
            dues.len() - LINES
        ));
    }
    let first = dues.first().map_or(0, |due| due.id);
    let mut text = format!(
        "{compound}缴费提醒，一共 {} 元：\n{}\n回复“缴费”就能付，回复“账单”看明细。对账单有疑问，回复“账单有误 {first} 您的说明”，弄清楚前不再催。刚刚缴过的请忽略。",
        Fen(sum(dues)),
        lines.join("\n")
    );
    if let Some(own) = own {
        text.push_str(&format!("\n{own}"));
    }
    text
}

fn line(due: &Due) -> String {
    let month = Month::from_number(due.month).map_or_else(String::new, Month::says);
    format!("{} {month}：{} 元，{}", due.home, Fen(due.left), when(due))
}

fn when(due: &Due) -> String {
    let day = due.due_on.format("%-m月%-d日");
    match due.slot {
        Slot::Before => format!("{day}前缴就好"),
        Slot::On => "今天是缴费日".to_owned(),
        Slot::After(_) => format!("缴费日是{day}，可能忘了"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::threat::threat;

    #[test]
    fn a_reminder_names_each_bill_and_says_what_to_do() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 10).unwrap();
        let due = |id: i64, slot| Due {
            id,
            home: "3-2-501".to_owned(),
            month: 202_611,
            due_on: day,
            left: 16_110,
            slot,
        };
        let dues = [
            due(7, Slot::Before),
            due(8, Slot::On),
            due(9, Slot::After(2)),
        ];
        let said = text("桂园小区", &dues, Some("感谢支持！"));
        for words in [
            "一共 483.30 元",
            "3-2-501 2026年11月：161.10 元，11月10日前缴就好",
            "今天是缴费日",
            "账单有误 7 ",
            "\n感谢支持！",
        ] {
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(threat(&said), None);
        assert_eq!(title(&dues), "3-2-501待缴483.30元");
        assert_eq!(hint(&dues), "共3张，回复“账单”看明细");
        assert_eq!(hint(&dues[2..]), "缴费日是11月10日，可能忘了");
        // A template has room for twenty.
        assert!(title(&dues).chars().count() <= 20 && hint(&dues[2..]).chars().count() <= 20);
        let other = Due {
            home: "3-2-502".to_owned(),
            ..due(10, Slot::On)
        };
        assert_eq!(title(&[due(9, Slot::On), other]), "3-2-501等待缴322.20元");
        let many: Vec<Due> = (0..9).map(|id| due(id, Slot::On)).collect();
        assert!(text("桂园小区", &many, None).contains("还有 4 张"));
    }
}
