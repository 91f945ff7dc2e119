//! 统一社会信用代码 (GB 32100-2015): eighteen signs, the last of which checks the others. Pure.

/// The signs of the code by their value: no I, O, S, V, Z, which look like digits.
const SIGNS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// How many there are.
const LENGTH: usize = 18;

/// The code as it is written officially, if it is one: capitals, half width, no spaces.
#[must_use]
pub fn read(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .map(crate::base::text::half_width)
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let values: Option<Vec<usize>> = code
        .bytes()
        .map(|letter| SIGNS.iter().position(|sign| *sign == letter))
        .collect();
    let values = values.filter(|values| values.len() == LENGTH)?;
    let (last, body) = values.split_last()?;
    let mut weight = 1;
    let mut sum = 0;
    for value in body {
        sum += value * weight;
        weight = weight * 3 % SIGNS.len();
    }
    let check = (SIGNS.len() - sum % SIGNS.len()) % SIGNS.len();
    (check == *last).then_some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of the standard, and codes that companies publish of themselves.
    const REAL: [&str; 4] = [
        "91350100M000100Y43",
        "91440300708461136T",
        "91110000802100433B",
        "91330100799655058B",
    ];

    #[test]
    fn codes_in_use_are_taken_however_they_are_typed() {
        for code in REAL {
            assert_eq!(read(code).as_deref(), Some(code));
        }
        assert_eq!(
            read(" 91350100m000100y43 ").as_deref(),
            Some("91350100M000100Y43")
        );
        assert_eq!(
            read("９１３５０１００-M000100Y43").as_deref(),
            Some("91350100M000100Y43")
        );
    }

    #[test]
    fn what_is_no_code_is_not_taken() {
        for bad in [
            "",
            "91350100M000100Y4",
            "91350100M000100Y433",
            "91350100M000100Y44",
            "91350100I000100Y43",
            "统一社会信用代码统一社会信用代码十八",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_sign_is_noticed(which in 0_usize..4, at in 0_usize..18, by in 1_usize..31) {
            let mut code = REAL[which].as_bytes().to_vec();
            let value = SIGNS.iter().position(|sign| *sign == code[at]).unwrap();
            code[at] = SIGNS[(value + by) % SIGNS.len()];
            prop_assert_eq!(read(std::str::from_utf8(&code).unwrap()), None);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = read(&text);
        }
    }
}
