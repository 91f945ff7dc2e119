//! Of which compound a page is: the one whose code was asked for, or the first where whoever looks may do one of
//! some deeds; and the ways to the others. Used by the pages of the four lists and of agreements.

use entity::kinds::PlaceKind;
use entity::place;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

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
        let (db, actor) = (desk.app.store.read(), desk.actor());
        let parts: Vec<Condition> = deeds
            .iter()
            .filter_map(|deed| places::within_reach(place::Column::Id, actor, *deed))
            .collect();
        if parts.is_empty() {
            return Err(Fault::forbidden("您没有这项权限。"));
        }
        let reach = parts.into_iter().fold(Condition::any(), Condition::add);
        let all = place::Entity::find()
            .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
            .filter(reach)
            .order_by_asc(place::COLUMN.code)
            .limit(MOST)
            .all(db)
            .await?;
        let none = || Fault::not_found("没有找到这个小区，请写小区的编号，例如 GY。");
        let able = |place: &place::Model| deeds.iter().any(|deed| may(actor, *deed, &place.path));
        let place = match typed.trim() {
            "" => match all.first() {
                Some(first) => Some(first.clone()),
                // A post in a building: the compound around it.
                None => around(desk, deeds).await?,
            },
            typed => {
                let found = places::compound_by_code(db, typed).await?;
                let near = around(desk, deeds).await?;
                found.filter(|place| {
                    able(place) || near.as_ref().is_some_and(|near| near.id == place.id)
                })
            }
        };
        let place = place.ok_or_else(none)?;
        let way = |one: &place::Model| (percent(&one.code), one.name.clone(), one.id == place.id);
        Ok(Self {
            code: percent(&place.code),
            ways: match all.len() {
                0 | 1 => Vec::new(),
                _ => all.iter().map(way).collect(),
            },
            place,
        })
    }
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
