//! The table of what may happen to an article. Pure; asked by the actions.

use entity::kinds::ArticleState::{self, Draft, Published, Withdrawn};

/// Something that happens to an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Act {
    /// 修改
    Change,
    /// 发布
    Publish,
    /// 撤下
    Withdraw,
}

impl Act {
    /// As the versions keep it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Change => "changed",
            Self::Publish => "published",
            Self::Withdraw => "withdrawn",
        }
    }
}

/// The state after an act; none when it is not possible.
#[must_use]
pub const fn after(state: ArticleState, act: Act) -> Option<ArticleState> {
    match (act, state) {
        (Act::Change, state) => Some(state),
        (Act::Publish, Draft | Withdrawn) => Some(Published),
        (Act::Withdraw, Published) => Some(Withdrawn),
        (Act::Publish, Published) | (Act::Withdraw, Draft | Withdrawn) => None,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let mut rows = 0;
        for state in <ArticleState as Iterable>::iter() {
            for act in <Act as IntoEnumIterator>::iter() {
                let Some(to) = after(state, act) else {
                    continue;
                };
                rows += 1;
                // Nothing becomes a draft again: whoever has read it may ask what it said.
                assert!(to != Draft || state == Draft, "{state:?} {act:?}");
                assert_eq!(to == state, act == Act::Change, "{state:?} {act:?}");
            }
        }
        assert_eq!(rows, 6);
    }
}
