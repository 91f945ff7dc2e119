//! Stations (红色驿站): when they are open and what they have, who comes, what they lend, which of their rooms
//! are booked, whom their windows serve and what is left there.
//! Invariant: a thing is lent as often as it is there and no more, and a room belongs to one booking at a time,
//! whoever comes at the same moment on whatever instance; who has or booked what is seen by them and by keepers
//! alone; a visit leaves a number and nobody's name. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod door;
pub mod hours;
pub mod queries;
pub mod remind;
pub mod slot;
pub mod step;

use entity::kinds::{BookingState, DepositState, LoanState};

use crate::base::seal::Seal;

/// Most characters of what is written about a loan, a booking, a deposit, a tap.
pub const MOST_TEXT: usize = 100;
/// Most characters of a name: of a station, a thing, a room, a facility, a window.
pub const MOST_NAME: usize = 20;

/// How a loan is named in history, reminders and the audit trail.
#[must_use]
pub fn loan_subject(id: i64) -> String {
    format!("loan:{id}")
}

/// The same for a booking.
#[must_use]
pub fn booking_subject(id: i64) -> String {
    format!("booking:{id}")
}

/// The same for a deposit.
#[must_use]
pub fn deposit_subject(id: i64) -> String {
    format!("deposit:{id}")
}

/// The same for the station itself.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("station:{id}")
}

/// What the code at a station's door says: `station:3`.
#[must_use]
pub fn scene(id: i64) -> String {
    subject(id)
}

/// The station that a scene means, if it means one.
#[must_use]
pub fn of_scene(scene: &str) -> Option<i64> {
    let id: i64 = scene.strip_prefix("station:")?.parse().ok()?;
    (id > 0).then_some(id)
}

/// By what somebody is known at the door: the same for all stations, and nothing without the key.
#[must_use]
pub fn mark(seal: &Seal, person_id: Option<i64>, account_id: i64) -> String {
    let who = match person_id {
        Some(id) => format!("person {id}"),
        None => format!("account {account_id}"),
    };
    seal.index(&format!("visitor of stations\n{who}"))
}

/// What people call the state of a loan; at most five characters.
#[must_use]
pub const fn loan_says(state: LoanState) -> &'static str {
    match state {
        LoanState::Lent => "借出",
        LoanState::Handed => "待验收",
        LoanState::Returned => "已归还",
        LoanState::Lost => "已丢失",
        LoanState::Damaged => "已损坏",
    }
}

/// The same for a booking.
#[must_use]
pub const fn booking_says(state: BookingState) -> &'static str {
    match state {
        BookingState::Booked => "已预订",
        BookingState::Cancelled => "已取消",
        BookingState::Displaced => "已让出",
        BookingState::Absent => "未到",
    }
}

/// The same for a deposit.
#[must_use]
pub const fn deposit_says(state: DepositState) -> &'static str {
    match state {
        DepositState::Kept => "寄存中",
        DepositState::Unclaimed => "无人领取",
        DepositState::Collected => "已取走",
        DepositState::Cleared => "已处理",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_comes_back_and_a_place_is_none() {
        assert_eq!(of_scene(&scene(12)), Some(12));
        for other in [
            "GY/1",
            "station:",
            "station:-1",
            "station:0",
            "station:x",
            "",
        ] {
            assert_eq!(of_scene(other), None, "{other}");
        }
    }
}
