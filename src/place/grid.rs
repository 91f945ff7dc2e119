//! The homes of a building as a grid: floors from the top, and in each floor the homes side by side, unit by
//! unit. Floor and position are read off the home's number (`3-2-501` is unit 2, floor 5, position 01);
//! a number that does not say them stands below the grid, never lost. Pure; used by the console.

use std::collections::{BTreeMap, BTreeSet};

/// Digits of a position at the end of a room's number.
const POSITION: usize = 2;
/// Digits of a room's number: `101` to `12001`.
const ROOM: std::ops::RangeInclusive<usize> = 3..=5;

/// Where a home lies in its building.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Number of the unit; empty where the building has none.
    pub unit: String,
    /// Floor.
    pub floor: u32,
    /// Position in the floor, `01`.
    pub position: String,
}

/// A column: unit and position.
type Column = (usize, String, String);

/// A grid of places in the list that it was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Units with the number of their columns, from the left.
    pub units: Vec<(String, usize)>,
    /// Positions, from the left.
    pub positions: Vec<String>,
    /// Floors from the top, each with one cell for each position; none where there is no home.
    pub floors: Vec<(u32, Vec<Option<usize>>)>,
    /// Homes whose number does not say where they lie.
    pub others: Vec<usize>,
}

/// Reads a home's number inside its compound.
#[must_use]
pub fn spot(local: &str) -> Option<Spot> {
    let mut parts = local.split('-');
    // What the building is called.
    parts.next()?;
    let mut rest: Vec<&str> = parts.collect();
    let room = rest.pop()?;
    let digits = ROOM.contains(&room.len()) && room.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || rest.len() > 1 {
        return None;
    }
    let (floor, position) = room.split_at_checked(room.len() - POSITION)?;
    let floor: u32 = floor.parse().ok().filter(|floor| *floor > 0)?;
    Some(Spot {
        unit: rest.pop().unwrap_or_default().to_owned(),
        floor,
        position: position.to_owned(),
    })
}

/// Lays out homes by their numbers.
#[must_use]
pub fn lay_out(numbers: &[&str]) -> Grid {
    let mut cells: BTreeMap<(u32, Column), usize> = BTreeMap::new();
    let mut columns: BTreeSet<Column> = BTreeSet::new();
    let mut floors: BTreeSet<u32> = BTreeSet::new();
    let mut others = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let Some(spot) = spot(number) else {
            others.push(at);
            continue;
        };
        // Unit 10 stands behind unit 9.
        let column = (spot.unit.len(), spot.unit, spot.position);
        let cell = (spot.floor, column.clone());
        if cells.contains_key(&cell) {
            others.push(at);
            continue;
        }
        cells.insert(cell, at);
        floors.insert(spot.floor);
        columns.insert(column);
    }
    let mut units: Vec<(String, usize)> = Vec::new();
    for (_, unit, _) in &columns {
        match units.last_mut() {
            Some((last, count)) if last == unit => *count += 1,
            _ => units.push((unit.clone(), 1)),
        }
    }
    let row = |floor: u32| {
        let cells = columns
            .iter()
            .map(|column| cells.get(&(floor, column.clone())).copied());
        (floor, cells.collect())
    };
    Grid {
        units,
        positions: columns
            .iter()
            .map(|(_, _, position)| position.clone())
            .collect(),
        floors: floors.iter().rev().map(|floor| row(*floor)).collect(),
        others,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_says_unit_floor_and_position() {
        for (number, wanted) in [
            ("3-2-501", Some(("2", 5, "01"))),
            ("3-2-1203", Some(("2", 12, "03"))),
            ("A-1201", Some(("", 12, "01"))),
            ("3-2-10102", Some(("2", 101, "02"))),
            ("3-2-001", None),
            ("3-2-51", None),
            ("3-2-B01", None),
            ("别墅7", None),
            ("3-2-1-501", None),
            ("501", None),
            ("", None),
        ] {
            let found = spot(number);
            let found = found
                .as_ref()
                .map(|spot| (spot.unit.as_str(), spot.floor, spot.position.as_str()));
            assert_eq!(found, wanted, "{number}");
        }
    }

    #[test]
    fn floors_stand_from_the_top_and_units_from_the_left() {
        let grid = lay_out(&[
            "3-10-101",
            "3-2-101",
            "3-2-202",
            "3-2-201",
            "地下室",
            "3-2-101",
        ]);
        assert_eq!(grid.units, [("2".to_owned(), 2), ("10".to_owned(), 1)]);
        assert_eq!(grid.positions, ["01", "02", "01"]);
        assert_eq!(
            grid.floors,
            [
                (2, vec![Some(3), Some(2), None]),
                (1, vec![Some(1), None, Some(0)])
            ]
        );
        assert_eq!(grid.others, [4, 5]);
    }

    proptest! {
        #[test]
        fn no_home_is_lost_and_none_stands_twice(
            numbers in proptest::collection::vec("[1-3]-[1-2]-[0-9]{2,5}|\\PC{0,8}", 0..60)
        ) {
            let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
            let grid = lay_out(&numbers);
            let cells = grid.floors.iter().flat_map(|(_, cells)| cells.iter().flatten().copied());
            let mut all: Vec<usize> = cells.chain(grid.others.iter().copied()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..numbers.len()).collect::<Vec<_>>());
            for (_, cells) in &grid.floors {
                prop_assert_eq!(cells.len(), grid.positions.len());
            }
            let columns: usize = grid.units.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(columns, grid.positions.len());
        }
    }
}
