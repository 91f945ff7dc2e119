//! Several reminders of one subject to one person are one message: a line for each, none twice, and all else as the
//! newest of them has it. Used by the `remind` of the nouns that tell of things which change quickly.

/// One thing to be told.
pub trait Says {
    /// The whole sentence.
    fn says(&self) -> &str;
}

/// A sentence, and what a template has room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The whole sentence.
    pub text: String,
    /// What to do next, where there is little room.
    pub hint: String,
}

impl Says for Line {
    fn says(&self) -> &str {
        &self.text
    }
}

/// With what it tells.
impl<W, L: Says> Says for (W, L) {
    fn says(&self) -> &str {
        self.1.says()
    }
}

/// What is told, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines<L>(Vec<L>);

impl<L: Says> Lines<L> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One more, unless it says what is said already.
    pub fn add(&mut self, line: L) {
        if self.0.iter().all(|other| other.says() != line.says()) {
            self.0.push(line);
        }
    }

    /// Whether one of them is such a one.
    pub fn any(&self, is: impl Fn(&L) -> bool) -> bool {
        self.0.iter().any(is)
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn as_slice(&self) -> &[L] {
        &self.0
    }

    /// All sentences, one below the other, and the newest line; none when there is nothing to tell.
    #[must_use]
    pub fn told(mut self) -> Option<(String, L)> {
        let texts: Vec<&str> = self.0.iter().map(Says::says).collect();
        let text = texts.join("\n");
        Some((text, self.0.pop()?))
    }
}

impl<L: Says> Default for Lines<L> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, hint: &str) -> Line {
        Line {
            text: text.to_owned(),
            hint: hint.to_owned(),
        }
    }

    #[test]
    fn the_newest_gives_the_hint_and_nothing_is_said_twice() {
        let mut lines = Lines::new();
        for (what, text, hint) in [(1, "有变动", "a"), (2, "轮到您了", "b"), (3, "有变动", "c")]
        {
            lines.add((what, line(text, hint)));
        }
        assert!(lines.any(|(what, _)| *what == 2));
        let (text, (what, newest)) = lines.told().unwrap();
        assert_eq!(text, "有变动\n轮到您了");
        assert_eq!((what, newest.hint.as_str()), (2, "b"));
    }

    #[test]
    fn of_nothing_there_is_no_message() {
        assert_eq!(Lines::<Line>::new().told(), None);
    }
}
