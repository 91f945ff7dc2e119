//! Figures of a compound's four lists. Used by `queries` and by the pages of the console.

use entity::kinds::{OfferList, OfferState};
use entity::offer;
use sea_orm::{ColumnTrait, Condition};

use crate::offer::queries::PUBLIC;

/// A figure of a compound's lists, and the list behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Figure {
    /// Nobody has read it yet.
    Raised,
    /// Needs that everybody sees.
    Needs,
    /// Resources that everybody sees.
    Resources,
    /// Services that everybody sees.
    Services,
    /// Responsibilities that everybody sees.
    Responsibilities,
    /// All that ended and is not shown.
    Ended,
}

impl Figure {
    /// As it stands in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Needs => "need",
            Self::Resources => "resource",
            Self::Services => "service",
            Self::Responsibilities => "responsibility",
            Self::Ended => "ended",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Raised => "待审核",
            Self::Needs => "需求",
            Self::Resources => "资源",
            Self::Services => "服务",
            Self::Responsibilities => "责任",
            Self::Ended => "未通过或撤下",
        }
    }

    /// The figure of a list.
    #[must_use]
    pub const fn of(list: OfferList) -> Self {
        match list {
            OfferList::Need => Self::Needs,
            OfferList::Resource => Self::Resources,
            OfferList::Service => Self::Services,
            OfferList::Responsibility => Self::Responsibilities,
        }
    }

    /// Which rows it counts.
    pub(super) fn condition(self) -> Condition {
        let of = |list: OfferList| {
            Condition::all()
                .add(offer::COLUMN.list.eq(list))
                .add(offer::COLUMN.state.is_in(PUBLIC))
        };
        match self {
            Self::Raised => Condition::all().add(offer::COLUMN.state.eq(OfferState::Raised)),
            Self::Needs => of(OfferList::Need),
            Self::Resources => of(OfferList::Resource),
            Self::Services => of(OfferList::Service),
            Self::Responsibilities => of(OfferList::Responsibility),
            Self::Ended => Condition::all().add(offer::COLUMN.state.is_in([
                OfferState::Refused,
                OfferState::Withdrawn,
                OfferState::Removed,
                OfferState::Lapsed,
            ])),
        }
    }

    /// Whether only whoever checks or supervises may see it.
    pub(super) const fn is_inner(self) -> bool {
        matches!(self, Self::Raised | Self::Ended)
    }
}
