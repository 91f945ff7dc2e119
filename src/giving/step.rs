//! The tables of what may happen to a donation and to a drive. Pure; asked by every action.

use entity::kinds::{DonationKind, DonationState, DriveState};
use strum::EnumIter;

/// Something that happens to a donation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Act {
    /// Money is paid; goods are 收下.
    Receive,
    /// 谢绝捐物
    Decline,
    /// 撤回捐赠
    Withdraw,
    /// The time to pay is over.
    Lapse,
}

impl Act {
    /// As the history keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "received",
            Self::Decline => "declined",
            Self::Withdraw => "withdrawn",
            Self::Lapse => "lapsed",
        }
    }
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum By {
    /// Who gives.
    Donor,
    /// Staff who runs drives there.
    Staff,
    /// The payment that it is paid by (`fund::rows::receive`).
    Payment,
    /// Its own clock.
    Clock,
}

/// The state after an act; none when it is not possible.
#[must_use]
pub const fn after(
    kind: DonationKind,
    state: DonationState,
    act: Act,
    by: By,
) -> Option<DonationState> {
    use DonationKind::{Goods, Money};
    match (by, act, kind, state) {
        (By::Payment, Act::Receive, Money, DonationState::Pledged)
        | (By::Staff, Act::Receive, Goods, DonationState::Pledged) => Some(DonationState::Received),
        (By::Staff, Act::Decline, Goods, DonationState::Pledged) => Some(DonationState::Declined),
        (By::Donor, Act::Withdraw, _, DonationState::Pledged) => Some(DonationState::Withdrawn),
        (By::Clock, Act::Lapse, Money, DonationState::Pledged) => Some(DonationState::Lapsed),
        _ => None,
    }
}

/// Something that happens to a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Turn {
    /// Written anew.
    Edit,
    /// Takes donations from now on.
    Open,
    /// Takes no more.
    Close,
}

/// The state of a drive after it; none when it is not possible.
#[must_use]
pub const fn turned(state: DriveState, turn: Turn) -> Option<DriveState> {
    match (state, turn) {
        (DriveState::Draft, Turn::Edit) => Some(DriveState::Draft),
        (DriveState::Draft, Turn::Open) => Some(DriveState::Open),
        (DriveState::Open, Turn::Close) => Some(DriveState::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let mut rows = Vec::new();
        for kind in <DonationKind as Iterable>::iter() {
            for state in <DonationState as Iterable>::iter() {
                for act in <Act as IntoEnumIterator>::iter() {
                    for by in <By as IntoEnumIterator>::iter() {
                        if let Some(to) = after(kind, state, act, by) {
                            assert_ne!(state, to);
                            // What has come to something is changed by uses and refunds alone.
                            assert_eq!(state, DonationState::Pledged, "{act:?}");
                            rows.push((kind, act, by));
                        }
                    }
                }
            }
        }
        assert_eq!(rows.len(), 6, "{rows:?}");
        // Money is there because it was paid, and for no other reason.
        let paid: Vec<By> = rows
            .iter()
            .filter(|(kind, act, _)| (*kind, *act) == (DonationKind::Money, Act::Receive))
            .map(|(.., by)| *by)
            .collect();
        assert_eq!(paid, [By::Payment]);
    }

    #[test]
    fn a_drive_that_is_closed_stays_closed() {
        for turn in <Turn as IntoEnumIterator>::iter() {
            assert_eq!(turned(DriveState::Closed, turn), None);
        }
        assert_eq!(turned(DriveState::Open, Turn::Edit), None);
    }
}
