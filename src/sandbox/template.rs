//! What a template takes: the types of its fields and their limits (protocols.md §2.4).

/// Whether a value fits its field (`thing1`, `phrase2` …). One bad field makes WeChat refuse the
/// whole message with 47003. A type unknown here is taken as it is.
#[must_use]
pub fn fits(field: &str, value: &str) -> bool {
    let kind = field.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let count = value.chars().count();
    let wide = value.chars().filter(|letter| !letter.is_ascii()).count();
    let ascii = wide == 0;
    if value.is_empty() || value.chars().any(char::is_control) {
        return false;
    }
    match kind {
        "thing" => count <= 20,
        "name" => wide <= 10 && count <= if ascii { 20 } else { 10 },
        "number" => count <= 32 && value.chars().all(|c| c.is_ascii_digit() || c == '.'),
        "letter" => count <= 32 && value.chars().all(|c| c.is_ascii_alphabetic()),
        "symbol" => count <= 5,
        "phrase" => count <= 5 && wide == count,
        "character_string" => count <= 32 && ascii,
        "phone_number" => count <= 17 && ascii,
        "car_number" => count <= 8,
        "amount" => count <= 14 && value.chars().any(|c| c.is_ascii_digit()),
        // Around the clock time or date WeChat takes several spellings, and ranges with ~.
        "time" => count <= 40 && has_clock_time(value),
        "date" => count <= 40 && value.chars().any(|c| c.is_ascii_digit()),
        _ => true,
    }
}

/// Whether `H:MM` stands somewhere in it.
fn has_clock_time(value: &str) -> bool {
    value.split_once(':').is_some_and(|(hours, minutes)| {
        let digit = |byte: &u8| byte.is_ascii_digit();
        let two = minutes.as_bytes().get(..2);
        hours.as_bytes().last().is_some_and(digit) && two.is_some_and(|two| two.iter().all(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_the_types() {
        for (field, value, good) in [
            ("thing1", "一二三四五六七八九十一二三四五六七八九十", true),
            (
                "thing1",
                "一二三四五六七八九十一二三四五六七八九十一",
                false,
            ),
            ("thing1", "", false),
            ("thing1", "两\n行", false),
            ("phrase2", "处理中", true),
            ("phrase2", "已经受理完毕", false),
            ("phrase2", "done", false),
            ("time3", "2026年11月21日 08:30", true),
            ("time3", "明天", false),
            ("number4", "12.5", true),
            ("number4", "十二", false),
            ("name5", "阿卜杜拉·买买提明", true),
            ("name5", "一二三四五六七八九十一", false),
            ("character_string6", "GY/3-2-501", true),
            ("character_string6", "三栋", false),
            ("content", "任何", true),
        ] {
            assert_eq!(fits(field, value), good, "{field} {value}");
        }
    }
}
