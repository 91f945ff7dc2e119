//! A mainland mobile number that is one. Any module may use it.

use std::fmt;

/// Eleven digits that begin with 1. Prints masked; [`Phone::digits`] gives it whole.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads what people type: spaces, dashes, `+86` and full-width digits are taken.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits: String = text
            .chars()
            .map(crate::base::text::half_width)
            .filter(|c| !matches!(c, ' ' | '-'))
            .collect();
        for prefix in ["+86", "0086"] {
            if let Some(rest) = digits.strip_prefix(prefix) {
                digits = rest.to_owned();
            }
        }
        let right_length = digits.len() == 11;
        let right_start = matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]);
        let only_digits = digits.bytes().all(|b| b.is_ascii_digit());
        (right_length && right_start && only_digits).then_some(Self(digits))
    }

    /// All eleven digits. Not for logs, groups or public pages.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// `138****0001`
    #[must_use]
    pub fn masked(&self) -> String {
        let head = self.0.get(..3).unwrap_or_default();
        let tail = self.0.get(7..).unwrap_or_default();
        format!("{head}****{tail}")
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_understood() {
        for text in [
            "13800000001",
            "138 0000 0001",
            "+86-138-0000-0001",
            "13800000001",
        ] {
            assert_eq!(
                Phone::parse(text).unwrap().digits(),
                "13800000001",
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "12800000001",
            "1380000000",
            "138000000011",
            "1380000000a",
            "张秀英",
        ] {
            assert!(Phone::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn it_prints_masked() {
        let phone = Phone::parse("13800000001").unwrap();
        assert_eq!(format!("{phone:?}"), "138****0001");
    }
}
