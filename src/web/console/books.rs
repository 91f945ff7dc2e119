//! Of which compound a page about money is: the one whose code was asked for, or the first whose money
//! whoever looks may see; and the ways to the others. Used by the pages of fees, bills and books.

use entity::place;

use crate::access::permit::{Deed, may};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::web::console::compound::{Way, ground};
use crate::web::console::guard::Desk;
use crate::wechat::http::percent;

/// Where a page about money stands.
pub struct Books {
    /// The compound.
    pub place: place::Model,
    /// Its code, for an address.
    pub code: String,
    /// The compounds whose money is theirs to see; none when it is but one.
    pub ways: Vec<Way>,
    /// Whether they keep its fees.
    pub keeps: bool,
}

impl Books {
    /// The compound that was typed.
    ///
    /// # Errors
    /// `not_found` for one that is not theirs; `forbidden` for who may see no compound's money.
    pub async fn find(desk: &Desk, typed: &str) -> Result<Self, Fault> {
        let (place, ways) = ground(desk, typed, &[Deed::SeeMoney]).await?;
        Ok(Self {
            code: percent(&place.code),
            ways,
            keeps: may(desk.actor(), Deed::KeepFees, &place.path),
            place,
        })
    }
}

/// The month that was typed, or the present one.
#[must_use]
pub fn month_in(desk: &Desk, typed: &str) -> Month {
    let today = china(desk.app.clock.now()).date_naive();
    Month::parse(typed).unwrap_or_else(|| Month::of(today))
}
