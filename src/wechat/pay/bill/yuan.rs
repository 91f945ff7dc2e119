//! Decimal yuan as bills write them, to fen: exactly, without a floating-point number in between.

/// `12.30` → 1230, `0.01000` → 1, `-0.5` → -50. None when it is no such number, is not a whole number
/// of fen, or does not fit.
#[must_use]
pub fn fen(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !are_digits(whole) || !are_digits(part) {
        return None;
    }
    let (cents, below) = part.split_at(part.len().min(2));
    if below.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let cents: i64 = match cents.len() {
        1 => cents.parse::<i64>().ok()? * 10,
        _ => cents.parse().ok()?,
    };
    let fen = whole
        .parse::<i64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(cents)?;
    Some(if negative { -fen } else { fen })
}

/// A whole number as a summary writes it: `45`, `45.0`.
#[must_use]
pub fn count(text: &str) -> Option<u64> {
    let fen = fen(text)?;
    (fen % 100 == 0).then(|| u64::try_from(fen / 100).ok())?
}

/// How a bill writes fen: `12.30`.
#[must_use]
pub fn write(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let all = fen.unsigned_abs();
    format!("{sign}{}.{:02}", all / 100, all % 100)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_amount_is_none() {
        for bad in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1.234",
            "0.001",
            "1e2",
            "+1",
            "1,000.00",
            "１.00",
            " 1.00",
            "--1",
            "0x1",
            "NaN",
            "92233720368547758.08",
            "1.0.0",
        ] {
            assert_eq!(fen(bad), None, "{bad}");
        }
        assert_eq!(
            (fen("0.29"), fen("1.1"), fen("7")),
            (Some(29), Some(110), Some(700))
        );
        assert_eq!((fen("-0.01000"), fen("39.00000")), (Some(-1), Some(3900)));
        assert_eq!(
            (count("45.0"), count("45"), count("45.5")),
            (Some(45), Some(45), None)
        );
        assert_eq!(count("-1"), None);
    }

    proptest! {
        #[test]
        fn every_amount_comes_back(amount in -9_000_000_000_000_000_i64..9_000_000_000_000_000, zeros in 0_usize..4) {
            let text = format!("{}{}", write(amount), "0".repeat(zeros));
            prop_assert_eq!(fen(&text), Some(amount));
        }

        #[test]
        fn nothing_makes_it_panic(text in ".{0,40}") {
            let _ = fen(&text);
            let _ = count(&text);
        }
    }
}
