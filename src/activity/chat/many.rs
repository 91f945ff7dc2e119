//! How many somebody comes with, as it is typed. Pure; used by 报名.

use crate::base::text::half_width;
use crate::chat::Args;

/// How many come, as people write it behind the number: `3`, `3人`, `三个人`; one when nothing is written,
/// none when it is no number of people, as in «3栋电梯停了».
pub(super) fn size(rest: &Args) -> Option<i32> {
    if rest.raw.is_empty() {
        return Some(1);
    }
    if let Some((size, behind)) = rest.number() {
        let size = i32::try_from(size).ok();
        return size.filter(|_| counts_people(&behind.raw));
    }
    let mut letters = rest.raw.chars();
    let first = letters.next().map(half_width)?;
    if first == '0' {
        return Some(0);
    }
    let written = ["一", "二两", "三", "四", "五", "六"];
    let at = written.iter().position(|same| same.contains(first))?;
    let size = i32::try_from(at + 1).ok();
    size.filter(|_| counts_people(letters.as_str()))
}

/// Whether what stands behind a number lets it be one of people.
fn counts_people(behind: &str) -> bool {
    let measured = behind.starts_with(['人', '个', '個', '位', '名', '口']);
    behind.is_empty() || (measured && !behind.starts_with("个月"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_come_is_written_in_many_ways() {
        for (text, wanted) in [
            ("", Some(1)),
            ("3", Some(3)),
            ("３人", Some(3)),
            ("三个人", Some(3)),
            ("两人", Some(2)),
            ("0", Some(0)),
            ("99", Some(99)),
            ("全家", None),
            ("3栋电梯停了", None),
            ("一直漏水", None),
        ] {
            assert_eq!(size(&Args::new(text)), wanted, "{text}");
        }
    }
}
