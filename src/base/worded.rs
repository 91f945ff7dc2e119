//! Words of people: those that are kept for good, on bills and in published accounts, and those that others read for
//! a while. Any module may use it.

use super::fault::Fault;
use super::redact::hide_numbers;
use super::text::line;

/// What a form says of its words.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// Where the error stands.
    pub field: &'static str,
    /// Most characters.
    pub most: usize,
    /// What is said when there are none.
    pub missing: &'static str,
    /// What is said of a number that could be somebody's.
    pub number: &'static str,
}

/// The words on one line. Nobody can erase what they stand on, so they hold no number of anybody.
///
/// # Errors
/// `invalid` when there are none, too many, or a long number in them.
pub fn worded(text: &str, asks: Asks) -> Result<String, Fault> {
    let text = line(text);
    let (length, most) = (text.chars().count(), asks.most);
    if length == 0 {
        Err(Fault::invalid(asks.field, asks.missing))
    } else if length > most {
        let says = format!("太长了（{length}字），最多{most}字。");
        Err(Fault::invalid(asks.field, says))
    } else if hide_numbers(&text) != text {
        Err(Fault::invalid(asks.field, asks.number))
    } else {
        Ok(text)
    }
}

/// Words that others read: not longer than that, and without a long number, of which `number` is said.
///
/// # Errors
/// `invalid` for either.
pub fn checked(
    field: &'static str,
    text: String,
    most: usize,
    number: &'static str,
) -> Result<String, Fault> {
    if text.chars().count() > most {
        let says = format!("文字太长了，请控制在{most}字以内。");
        return Err(Fault::invalid(field, says));
    }
    if hide_numbers(&text) != text {
        return Err(Fault::invalid(field, number));
    }
    Ok(text)
}

/// Words that must be given: a single character says nothing.
///
/// # Errors
/// `invalid`, with how it is written.
pub fn given(field: &'static str, text: String, example: &str) -> Result<String, Fault> {
    match text.chars().count() {
        0 | 1 => Err(Fault::invalid(field, format!("请写清楚，例如：{example}"))),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_others_read_are_short_and_hold_no_number_of_anybody() {
        let check = |text: &str| checked("text", text.to_owned(), 12, "请不要写手机号。");
        assert_eq!(check("想要一副老花镜").unwrap(), "想要一副老花镜");
        let long = check("想要一副老花镜、一副老花镜").unwrap_err();
        assert!(long.detail.contains("12字以内"), "{}", long.detail);
        let number = check("13800000101").unwrap_err();
        assert!(number.detail.contains("手机号"), "{}", number.detail);
        assert!(given("text", "嗯".to_owned(), "许愿 想要一副老花镜").is_err());
        assert!(given("text", "书".repeat(2), "许愿 想要一副老花镜").is_ok());
    }

    #[test]
    fn words_that_stay_are_short_on_one_line_and_hold_no_number_of_anybody() {
        let asks = Asks {
            field: "reason",
            most: 8,
            missing: "请写原因。",
            number: "请不要写手机号。",
        };
        assert_eq!(worded(" 电梯\r\n用电 ", asks).unwrap(), "电梯 用电");
        for (text, says) in [
            ("", "请写原因"),
            (" \n\u{7} ", "请写原因"),
            ("电梯用电电梯用电电", "最多8字"),
        ] {
            let fault = worded(text, asks).unwrap_err();
            assert!(fault.detail.contains(says), "{text}");
        }
        let long = Asks { most: 40, ..asks };
        let phone = worded("问13800000101", long).unwrap_err();
        assert!(phone.detail.contains("手机号"));
    }
}
