//! The tree of places (地点树): city, district, street, community, compound, zone, building, unit,
//! home. Invariant: a place's path is its parent's path and its own id, and everything below a
//! compound bears its id. Floor 3; any noun may use the types and [`queries`].

pub mod actions;
pub mod api;
pub mod code;
pub mod grid;
pub mod queries;
pub mod scope;
pub mod tree;

use entity::kinds::{Level, PlaceKind};

/// Ids on a path from the top down, the place's own last: `/1/5/9/` → 1, 5, 9.
#[must_use]
pub fn ids(path: &str) -> Vec<i64> {
    path.split('/').filter_map(|id| id.parse().ok()).collect()
}

/// Ids above the place with this path, from the top down.
#[must_use]
pub fn parent_ids(path: &str) -> Vec<i64> {
    let mut ids = ids(path);
    ids.pop();
    ids
}

/// At which level something that concerns a place of this kind begins. Above the street it is the
/// department's.
#[must_use]
pub const fn level_of(kind: PlaceKind) -> Level {
    match kind {
        PlaceKind::City | PlaceKind::District => Level::Department,
        PlaceKind::Street => Level::Street,
        PlaceKind::Community => Level::Community,
        PlaceKind::Compound
        | PlaceKind::Zone
        | PlaceKind::Building
        | PlaceKind::Unit
        | PlaceKind::Home => Level::Compound,
    }
}

/// What people call a kind of place.
#[must_use]
pub const fn kind_name(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::City => "市",
        PlaceKind::District => "区",
        PlaceKind::Street => "街道",
        PlaceKind::Community => "社区",
        PlaceKind::Compound => "小区",
        PlaceKind::Zone => "管区",
        PlaceKind::Building => "楼栋",
        PlaceKind::Unit => "单元",
        PlaceKind::Home => "户",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_places_above() {
        assert_eq!(ids("/1/5/9/"), [1, 5, 9]);
        assert_eq!(parent_ids("/1/5/9/"), [1, 5]);
        assert_eq!(parent_ids("/1/"), [0_i64; 0]);
        assert_eq!(ids("/"), [0_i64; 0]);
    }
}
