//! Charts as SVG, drawn on the server: they need no script, and they print. Beside each stands the
//! table with the same numbers. Colours come from the page's style sheet. Used by the board and the
//! console.

use std::fmt::Write as _;

/// A bar or a pair of columns.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it is of; plain text.
    pub name: String,
    /// Its length.
    pub value: i64,
    /// What stands behind it: `12`.
    pub label: String,
}

/// Width of a chart, units of its own.
const WIDTH: i64 = 640;
/// Height of a bar with the space below it.
const ROW: i64 = 40;
/// Where bars begin.
const LEFT: i64 = 170;
/// What is left for the label.
const RIGHT: i64 = 90;
/// Height of columns.
const HEIGHT: i64 = 220;
/// Characters of a name.
const NAME: usize = 8;

/// Lying bars, in their order. `escape` is the page's.
#[must_use]
pub fn bars(title: &str, bars: &[Bar], escape: fn(&str) -> String) -> String {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let height = ROW * i64::try_from(bars.len()).unwrap_or(0).max(1);
    let mut out = open(title, height, escape);
    for (bar, at) in bars.iter().zip(0_i64..) {
        let (top, length) = (at * ROW, (WIDTH - LEFT - RIGHT) * bar.value.max(0) / most);
        let name: String = bar.name.chars().take(NAME).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect class=\"one\" x=\"{LEFT}\" y=\"{}\" width=\"{}\" height=\"26\" rx=\"4\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            LEFT - 12,
            top + 25,
            escape(&name),
            top + 4,
            length.max(2),
            LEFT + length.max(2) + 10,
            top + 25,
            escape(&bar.label),
        );
    }
    out.push_str("</svg>");
    out
}

/// Standing columns in pairs, in their order; the names of the first, the middle and the last.
#[must_use]
pub fn columns(title: &str, pairs: &[(String, i64, i64)], escape: fn(&str) -> String) -> String {
    let most = pairs.iter().map(|(_, one, two)| *one.max(two)).max();
    let most = most.unwrap_or(0).max(1);
    let count = i64::try_from(pairs.len()).unwrap_or(0).max(1);
    let width = WIDTH / count;
    let mut out = open(title, HEIGHT + 36, escape);
    let _ = write!(
        out,
        "<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{HEIGHT}\" y2=\"{HEIGHT}\"/>"
    );
    for ((name, one, two), at) in pairs.iter().zip(0_i64..) {
        let column = (width / 2 - 1).max(2);
        for (class, value, left) in [("one", one, at * width), ("two", two, at * width + column)] {
            let tall = (HEIGHT - 10) * (*value).max(0) / most;
            if tall > 0 {
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{left}\" y=\"{}\" width=\"{column}\" height=\"{tall}\"/>",
                    HEIGHT - tall,
                );
            }
        }
        let anchor = match at {
            0 => Some(("start", 0)),
            _ if at + 1 == count => Some(("end", WIDTH)),
            _ if at == count / 2 => Some(("middle", at * width + width / 2)),
            _ => None,
        };
        if let Some((anchor, x)) = anchor {
            let _ = write!(
                out,
                "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                HEIGHT + 28,
                escape(name),
            );
        }
    }
    out.push_str("</svg>");
    out
}

fn open(title: &str, height: i64, escape: fn(&str) -> String) -> String {
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        escape(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace('<', "&lt;")
    }

    #[test]
    fn the_longest_bar_fills_the_width_and_names_are_escaped() {
        let bar = |name: &str, value: i64| Bar {
            name: name.to_owned(),
            value,
            label: value.to_string(),
        };
        let svg = bars(
            "类型",
            &[bar("<报修", 8), bar("建议", 4), bar("无", 0)],
            plain,
        );
        assert!(
            svg.contains("width=\"380\"") && svg.contains("width=\"190\""),
            "{svg}"
        );
        assert!(
            svg.contains("&lt;报修") && svg.contains("width=\"2\""),
            "{svg}"
        );
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(!columns("每天", &[], plain).contains("<rect"));
        let svg = columns(
            "每天",
            &[("1日".to_owned(), 2, 1), ("2日".to_owned(), 0, 0)],
            plain,
        );
        assert_eq!(svg.matches("<rect").count(), 2);
    }
}
