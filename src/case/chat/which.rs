//! Which case is meant: the number as written; none written and only one possible, that one;
//! several, a numbered list. And the scores people write. Used by the commands beside it.

use entity::case;
use entity::kinds::CaseState;

use crate::base::fault::Fault;
use crate::base::text::{fold, shorten};
use crate::case::category::chinese_digit;
use crate::case::step::OPEN;
use crate::case::{case_says, kind_says, queries, shield};
use crate::chat::{Args, Dialog, Reply, Turn};

/// Most lines of a list: a digit picks.
const MOST: u64 = 9;

/// Commands that take a number and nothing else.
const NUMBER_ONLY: &[&str] = &["接单", "到场", "恢复", "催办", "退出助力", "同意重开"];

/// What a command without a number may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Own ones that are not done.
    MineOpen,
    /// Own ones that wait for a rating.
    MineFinished,
    /// Own ones that are done, not reopened yet.
    MineOver,
    /// Held ones in these states.
    Held(&'static [CaseState]),
    /// The same, those they are asked to take over, and those that nobody has.
    HeldOrFree(&'static [CaseState]),
    /// Finished ones of whose words for the board the last were refused.
    Refused,
    /// Those of which they are asked whether they are opened again.
    Requested,
    /// Those they help with, or are invited to.
    Helped,
}

/// What was found.
pub(super) enum Picked {
    /// This one, and what is written behind its number.
    One(i64, Args),
    /// None or several: this is to be answered.
    Answer(Reply),
}

/// Finds out which case is meant.
pub(super) async fn which(
    turn: &mut Turn<'_>,
    args: &Args,
    word: &str,
    scope: Scope,
) -> Result<Picked, Fault> {
    if let Some((id, rest)) = args.id() {
        return Ok(Picked::One(id, rest));
    }
    if let Some(wrong) = no_number(args, NUMBER_ONLY.contains(&word)) {
        let text = format!("没有找到诉求 #{wrong}。回复“进度”看您的诉求。");
        return Ok(Picked::Answer(Reply::text(text)));
    }
    let picked = only(turn, word, scope, &args.raw).await?;
    Ok(match picked {
        Some(Picked::One(id, _)) => Picked::One(id, args.clone()),
        Some(answer) => answer,
        None => {
            // It need not be one of theirs.
            if scope == Scope::Helped {
                turn.dialog = Some(Dialog::ask(word));
            }
            Picked::Answer(Reply::text(nothing(word, scope)))
        }
    })
}

/// The only one that is possible, or the list of several; none when there is none. `behind` is put
/// behind the number of whichever is picked.
pub(super) async fn only(
    turn: &mut Turn<'_>,
    word: &str,
    scope: Scope,
    behind: &str,
) -> Result<Option<Picked>, Fault> {
    let cases = candidates(turn, scope).await?;
    Ok(match cases.as_slice() {
        [] => None,
        [one] => Some(Picked::One(one.id, Args::default())),
        _ => {
            // A list shows what people wrote.
            turn.aside = true;
            let seen = shield::cases(turn.tx.db(), &turn.actor, cases.clone()).await?;
            let lines = seen.iter().map(|seen| {
                let case = &seen.found.case;
                let command = format!("{word} {} {behind}", case.id);
                (command.trim().to_owned(), line(case))
            });
            let question = format!("要{word}哪一件？");
            Some(Picked::Answer(turn.offer_list(&question, lines.collect())))
        }
    })
}

/// Whether this number is one of those that are possible.
pub(super) async fn is_among(turn: &Turn<'_>, scope: Scope, id: i64) -> Result<bool, Fault> {
    let cases = candidates(turn, scope).await?;
    Ok(cases.iter().any(|case| case.id == id))
}

async fn candidates(turn: &Turn<'_>, scope: Scope) -> Result<Vec<case::Model>, Fault> {
    let Some(person) = turn.actor.person_id() else {
        return Ok(Vec::new());
    };
    let db = turn.tx.db();
    match scope {
        Scope::MineOpen => queries::mine(db, person, Some(OPEN), MOST).await,
        Scope::MineFinished => queries::mine(db, person, Some(&[CaseState::Finished]), MOST).await,
        Scope::MineOver => {
            let over = [CaseState::Finished, CaseState::Reviewed];
            let mut cases = queries::mine(db, person, Some(&over), MOST).await?;
            cases.retain(|case| !case.reopened && case.reopen_asked_at.is_none());
            Ok(cases)
        }
        Scope::Refused => queries::refused_on_board(db, person, MOST).await,
        Scope::Held(states) => queries::held(db, &turn.actor, states, MOST).await,
        Scope::HeldOrFree(states) => {
            let mut cases = queries::held(db, &turn.actor, states, MOST).await?;
            let asked = queries::asked_of(db, &turn.actor, MOST).await?;
            cases.extend(asked.into_iter().filter(|case| OPEN.contains(&case.state)));
            let left = MOST.saturating_sub(u64::try_from(cases.len()).unwrap_or(MOST));
            if left > 0 {
                cases.extend(queries::unheld(db, &turn.actor, left).await?);
            }
            Ok(cases)
        }
        Scope::Requested => {
            let mut cases = queries::asked_of(db, &turn.actor, MOST).await?;
            cases.retain(|case| case.state == CaseState::ReopenRequested);
            Ok(cases)
        }
        Scope::Helped => queries::helped_by(db, &turn.actor, MOST).await,
    }
}

fn nothing(word: &str, scope: Scope) -> String {
    match scope {
        Scope::MineOpen => {
            format!("您现在没有在办的诉求可以{word}。要反映新的事，直接回复“报修 内容”。")
        }
        Scope::MineFinished => "您现在没有等待评价的诉求。回复“进度”看办理情况。".to_owned(),
        Scope::MineOver => {
            "您现在没有可以重开的诉求。要反映新的事，直接回复“报修 内容”。".to_owned()
        }
        Scope::Refused => {
            "您现在没有没通过审核的公示内容，不用改。回复“待办”看要办的诉求。".to_owned()
        }
        Scope::Requested => "现在没有等您决定的重开申请。回复“待办”查看。".to_owned(),
        Scope::Helped => {
            "您现在没有在助力的诉求。要帮忙请回复“助力 编号”，要请人帮忙请回复“助力 编号 姓名”。"
                .to_owned()
        }
        Scope::Held(_) | Scope::HeldOrFree(_) => {
            format!("您现在没有可以{word}的诉求。回复“待办”查看。")
        }
    }
}

/// `#12 报修 电梯停了（待接单）`
pub(super) fn line(case: &case::Model) -> String {
    format!(
        "#{} {} {}（{}）",
        case.id,
        kind_says(case.kind),
        shorten(&case.text.replace('\n', " "), 18),
        case_says(case)
    )
}

/// What was meant to be a number and is none: `0`, `-1`, twenty digits; behind a command that
/// takes nothing else `abc`, too. It does not mean the only case.
fn no_number(args: &Args, nothing_else: bool) -> Option<String> {
    let first = args.words.first()?;
    let digits = first.trim_start_matches(['#', '-']);
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    let is_latin = nothing_else && first.is_ascii();
    ((is_number || is_latin) && args.number().is_none()).then(|| shorten(first, 20))
}

/// The words that a command needs; none when they are missing: then they are asked for, and the
/// next text is put behind the command.
pub(super) fn own_text(turn: &mut Turn<'_>, rest: &Args, word: &str, id: i64) -> Option<String> {
    if rest.raw.is_empty() {
        turn.dialog = Some(Dialog::ask(format!("{word} {id}")));
        return None;
    }
    Some(rest.raw.clone())
}

/// Whether a score stands at the front.
pub(super) fn score_of(rest: &Args) -> Option<i64> {
    let first = fold(&rest.raw);
    let digits: String = first.chars().take_while(char::is_ascii_digit).collect();
    if !digits.is_empty() {
        return digits.parse().ok();
    }
    let mut chars = first.chars();
    let number = i64::from(chars.next().and_then(chinese_digit)?);
    matches!(chars.next(), Some('星' | '分')).then_some(number)
}

/// Score and words.
///
/// # Errors
/// None when no score stands there; a sentence when it cannot be one.
pub(super) fn score(rest: &Args) -> Result<(i16, String), Option<String>> {
    let Some(number) = score_of(rest) else {
        return Err(match rest.raw.is_empty() {
            true => None,
            false if rest.raw.starts_with(['-', '－']) => Some(OUT_OF_RANGE.to_owned()),
            false => None,
        });
    };
    let score = i16::try_from(number)
        .ok()
        .filter(|score| (1..=5).contains(score))
        .ok_or_else(|| Some(OUT_OF_RANGE.to_owned()))?;
    let words = rest
        .raw
        .trim_start_matches(|c: char| {
            crate::base::text::half_width(c).is_ascii_digit() || chinese_digit(c).is_some()
        })
        .trim_start_matches([
            '分', '星', ' ', '\u{3000}', ',', '，', ':', '：', '。', '.', '、',
        ]);
    Ok((score, words.to_owned()))
}

const OUT_OF_RANGE: &str = "请打1到5分，例如：评价 12 5。";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scores_are_read_as_people_write_them() {
        for (text, score_and_words) in [
            ("5", Ok((5, ""))),
            ("５ 很好", Ok((5, "很好"))),
            ("4分，还行", Ok((4, "还行"))),
            ("五星", Ok((5, ""))),
            ("6", Err(true)),
            ("0", Err(true)),
            ("-1", Err(true)),
            ("100", Err(true)),
            ("很好", Err(false)),
            ("", Err(false)),
        ] {
            let read = score(&Args::new(text));
            match score_and_words {
                Ok((points, words)) => assert_eq!(read, Ok((points, words.to_owned())), "{text}"),
                Err(says) => assert_eq!(read.unwrap_err().is_some(), says, "{text}"),
            }
        }
    }

    #[test]
    fn a_number_that_cannot_be_does_not_mean_the_only_case() {
        for text in ["0", "-1", "#0", "99999999999999999999 水更大了"] {
            assert!(no_number(&Args::new(text), false).is_some(), "{text}");
        }
        for text in ["", "水更大了", "12", "3栋也停了", "0.5小时前"] {
            assert!(no_number(&Args::new(text), false).is_none(), "{text}");
        }
        assert!(no_number(&Args::new("abc"), true).is_some());
        assert!(no_number(&Args::new("快一点"), true).is_none());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let args = Args::new(&text);
            let _ = (score(&args), args.id());
        }
    }
}
