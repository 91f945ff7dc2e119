//! Rules of the tree: what may stand under what, and how paths are made. Pure; used by the import.

use entity::kinds::PlaceKind;

/// Whether a place of this kind may stand under that parent (none: at the top). Kinds only go
/// down, and what lies inside a compound stands under it.
#[must_use]
pub fn may_stand_under(kind: PlaceKind, parent: Option<PlaceKind>) -> bool {
    match parent {
        None => kind <= PlaceKind::Compound,
        Some(parent) if kind <= PlaceKind::Compound => parent < kind,
        Some(parent) => parent >= PlaceKind::Compound && parent < kind,
    }
}

/// The path of a place under the parent with that path.
#[must_use]
pub fn path(parent: Option<&str>, id: i64) -> String {
    format!("{}{id}/", parent.unwrap_or("/"))
}

/// The first path behind all descendants of a place: `path >= own AND path < end`. Paths hold only
/// digits and slashes, and `0` is the character behind the slash.
#[must_use]
pub fn end_of(path: &str) -> String {
    let head = path.strip_suffix('/').unwrap_or(path);
    format!("{head}0")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn kinds_only_go_down() {
        use PlaceKind::{Building, City, Community, Compound, Home, Street, Unit};
        assert!(may_stand_under(Home, Some(Compound)));
        assert!(may_stand_under(Home, Some(Unit)));
        assert!(may_stand_under(Compound, None));
        assert!(may_stand_under(Community, Some(Street)));
        assert!(!may_stand_under(Home, None));
        assert!(!may_stand_under(Building, Some(Community)));
        assert!(!may_stand_under(City, Some(Street)));
        for kind in PlaceKind::iter() {
            assert!(!may_stand_under(kind, Some(kind)));
            assert!(!may_stand_under(kind, Some(Home)));
        }
    }

    proptest! {
        #[test]
        fn descendants_are_a_range(ids in proptest::collection::vec(1_i64..10_000, 1..6), other in 1_i64..10_000) {
            let mut own = "/".to_owned();
            for id in &ids {
                own = path(Some(&own), *id);
            }
            let below = path(Some(&own), other);
            let beside = format!("{}{other}/", own.trim_end_matches('/'));
            let end = end_of(&own);
            prop_assert!(own < end && below >= own && below < end);
            prop_assert!(beside < own || beside >= end);
        }
    }
}
