//! Of which compound a page is: the one whose code was asked for, or the first where whoever looks may do one of
//! some deeds; and the ways to the others. Used by the pages of the four lists, of agreements, of gifts and
//! talents, and of money (`books.rs`).

use entity::kinds::PlaceKind;
use entity::place;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::place::queries as places;
use crate::web::console::guard::Desk;
use crate::wechat::http::percent;

/// Compounds that are offered.
const MOST: u64 = 30;

/// A way to another compound: its code for an address, its name, whether it is the one.
pub type Way = (String, String, bool);

/// Where a page stands.
pub struct Compound {
    /// The compound.
    pub place: place::Model,
    /// Its code, for an address.
    pub code: String,
    /// The compounds where one of the deeds may be done; none when it is but one.
    pub ways: Vec<Way>,
}

impl Compound {
    /// The compound that was typed.
    ///
    /// # Errors
    /// `not_found` for one that is not theirs; `forbidden` for who may do none of the deeds anywhere.
    pub async fn find(desk: &Desk, typed: &str, deeds: &[Deed]) -> Result<Self, Fault> {
        let all = theirs(desk, deeds).await?;
        let place = match typed.trim() {
            "" => match all.first() {
                Some(first) => Some(first.clone()),
                // A post in a building: the compound around it.
                None => around(desk, deeds).await?,
            },
            typed => {
                let found = places::compound_by_code(desk.app.store.read(), typed).await?;
                let near = around(desk, deeds).await?;
                found.filter(|place| {
                    is_theirs(desk, place, deeds)
                        || near.as_ref().is_some_and(|near| near.id == place.id)
                })
            }
        };
        let place = place.ok_or_else(no_compound)?;
        Ok(Self {
            code: percent(&place.code),
            ways: ways(&all, &place),
            place,
        })
    }
}

/// The compound that was typed, or the first where the actor may do one of the deeds; and the ways to others.
///
/// # Errors
/// `not_found` for one that is not theirs; `forbidden` for who may do none of the deeds anywhere.
pub(super) async fn ground(
    desk: &Desk,
    typed: &str,
    deeds: &[Deed],
) -> Result<(place::Model, Vec<Way>), Fault> {
    let all = theirs(desk, deeds).await?;
    let place = match typed.trim() {
        "" => all.first().cloned(),
        typed => places::compound_by_code(desk.app.store.read(), typed)
            .await?
            .filter(|place| is_theirs(desk, place, deeds)),
    };
    let place = place.ok_or_else(no_compound)?;
    let ways = ways(&all, &place);
    Ok((place, ways))
}

/// The compounds where one of the deeds may be done, by code.
async fn theirs(desk: &Desk, deeds: &[Deed]) -> Result<Vec<place::Model>, Fault> {
    let reach = places::within_any_reach(place::Column::Id, desk.actor(), deeds)
        .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
    Ok(place::Entity::find()
        .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
        .filter(reach)
        .order_by_asc(place::COLUMN.code)
        .limit(MOST)
        .all(desk.app.store.read())
        .await?)
}

fn is_theirs(desk: &Desk, place: &place::Model, deeds: &[Deed]) -> bool {
    let mut deeds = deeds.iter();
    deeds.any(|deed| may(desk.actor(), *deed, &place.path))
}

fn ways(all: &[place::Model], here: &place::Model) -> Vec<Way> {
    let way = |one: &place::Model| (percent(&one.code), one.name.clone(), one.id == here.id);
    match all.len() {
        0 | 1 => Vec::new(),
        _ => all.iter().map(way).collect(),
    }
}

fn no_compound() -> Fault {
    Fault::not_found("没有找到这个小区，请写小区的编号，例如 GY。")
}

/// The compound around the first place below one where one of the deeds may be done.
async fn around(desk: &Desk, deeds: &[Deed]) -> Result<Option<place::Model>, Fault> {
    let grants = desk.actor().grants.iter();
    let able = |role| {
        let mut deeds = deeds.iter();
        deeds.any(|deed| crate::access::permit::roles(*deed).contains(&role))
    };
    let mut own = grants.filter(|grant| able(grant.role));
    match own.find_map(|grant| grant.compound_id) {
        Some(id) => places::by_id(desk.app.store.read(), id).await,
        None => Ok(None),
    }
}
