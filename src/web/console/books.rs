//! Of which compound a page about money is: the one whose code was asked for, or the first whose money
//! whoever looks may see; and the ways to the others. Used by the pages of fees, bills and books.

use entity::kinds::PlaceKind;
use entity::place;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::permit::{Deed, may};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::place::queries as places;
use crate::web::console::guard::Desk;
use crate::wechat::http::percent;

/// Compounds that are offered.
const MOST: u64 = 30;

/// A way to another compound: its code for an address, its name, whether it is the one.
pub type Way = (String, String, bool);

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
        let (db, actor) = (desk.app.store.read(), desk.actor());
        let reach = places::within_reach(place::Column::Id, actor, Deed::SeeMoney)
            .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
        let all = place::Entity::find()
            .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
            .filter(reach)
            .order_by_asc(place::COLUMN.code)
            .limit(MOST)
            .all(db)
            .await?;
        let none = || Fault::not_found("没有找到这个小区，请写小区的编号，例如 GY。");
        let place = match typed.trim() {
            "" => all.first().cloned(),
            typed => places::compound_by_code(db, typed)
                .await?
                .filter(|place| may(actor, Deed::SeeMoney, &place.path)),
        };
        let place = place.ok_or_else(none)?;
        let way = |one: &place::Model| (percent(&one.code), one.name.clone(), one.id == place.id);
        Ok(Self {
            code: percent(&place.code),
            ways: match all.len() {
                0 | 1 => Vec::new(),
                _ => all.iter().map(way).collect(),
            },
            keeps: may(actor, Deed::KeepFees, &place.path),
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
