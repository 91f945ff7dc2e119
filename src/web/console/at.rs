//! At which place a page of settings stands: the one whose code was asked for, or the first of whoever
//! looks; and the ways to other places. Used by the pages of policies, calendars, rules and templates,
//! and by that of accounts.

use entity::place;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::Fault;
use crate::place::queries as places;
use crate::web::console::asked::typed_place;
use crate::web::console::guard::Desk;
use crate::wechat::http::percent;

/// Places of one's own, and places below, that are offered.
const MOST_OWN: usize = 8;
const MOST_BELOW: u64 = 60;

/// The pages that stand at a place, with their names.
const PAGES: &[(&str, &str)] = &[
    ("/console/policies", "时限"),
    ("/console/calendars", "日历"),
    ("/console/rules", "派单规则"),
    ("/console/templates", "答复模板"),
];

/// A way to another place.
pub struct Way {
    /// Of the place, for an address.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// It is the one.
    pub here: bool,
}

impl Way {
    fn to(place: &place::Model, here: &place::Model) -> Self {
        Self {
            code: percent(&place.code),
            name: places::short_name(place).to_owned(),
            here: place.id == here.id,
        }
    }
}

/// Where a page stands.
pub struct At {
    /// The place.
    pub place: place::Model,
    /// What people call it.
    pub name: String,
    /// Its code, for an address.
    pub code: String,
    /// The page's path.
    pub page: &'static str,
    /// Places of one's own and those on the way up that are theirs to see.
    pub ways: Vec<Way>,
    /// Places right below.
    pub below: Vec<Way>,
}

impl At {
    /// The place that was typed, as far as one of the deeds may be done there.
    ///
    /// # Errors
    /// `not_found` for a place that is not theirs; `forbidden` for who has none at all.
    pub async fn find(
        desk: &Desk,
        page: &'static str,
        typed: &str,
        deeds: &[Deed],
    ) -> Result<Self, Fault> {
        let db = desk.app.store.read();
        let actor = desk.actor();
        let seen = |place: &place::Model| deeds.iter().any(|deed| may(actor, *deed, &place.path));
        let own = own(desk, deeds).await?;
        let place = if typed.trim().is_empty() {
            own.first()
                .cloned()
                .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?
        } else {
            typed_place(db, actor, typed)
                .await?
                .filter(seen)
                .ok_or_else(|| Fault::not_found("没有找到这个地点，请写编号，例如 GY 或 GY/3。"))?
        };
        let mut ways: Vec<place::Model> = places::on_path(db, &place.path).await?;
        ways.retain(seen);
        for one in own {
            if ways.iter().all(|known| known.id != one.id) {
                ways.push(one);
            }
        }
        let below = place::Entity::find()
            .filter(place::COLUMN.parent_id.eq(place.id))
            .order_by_asc(place::COLUMN.code)
            .limit(MOST_BELOW)
            .all(db)
            .await?;
        Ok(Self {
            name: places::name_of(db, &place).await?,
            code: percent(&place.code),
            page,
            ways: ways.iter().map(|way| Way::to(way, &place)).collect(),
            below: below.iter().map(|way| Way::to(way, &place)).collect(),
            place,
        })
    }

    /// The other pages of this place: path, name, whether it is this one.
    #[must_use]
    pub fn pages(&self) -> Vec<(&'static str, &'static str, bool)> {
        let pages = PAGES.iter();
        // A page that is no setting stands alone.
        let alone = PAGES.iter().all(|(path, _)| *path != self.page);
        pages
            .filter(|_| !alone)
            .map(|(path, name)| (*path, *name, *path == self.page))
            .collect()
    }
}

/// Places in which the actor may do one of the deeds by a post there, the higher first; for whoever may
/// everywhere the compound where they serve or live, else the first.
async fn own(desk: &Desk, deeds: &[Deed]) -> Result<Vec<place::Model>, Fault> {
    let db = desk.app.store.read();
    let ids = own_ids(desk.actor(), deeds);
    if ids.contains(&None) {
        let serves = desk.actor().grants.iter();
        let lives = desk.actor().homes.iter().map(|home| home.compound_id);
        let near = serves.filter_map(|grant| grant.compound_id).chain(lives);
        let near = match near.min() {
            Some(id) => places::by_id(db, id).await?,
            None => None,
        };
        return match near {
            Some(compound) => Ok(vec![compound]),
            None => places::compounds(db, 1).await,
        };
    }
    let mut own = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ids.into_iter().flatten()))
        .all(db)
        .await?;
    own.sort_by(|one, other| {
        let key = |place: &place::Model| (place.path.matches('/').count(), place.code.clone());
        key(one).cmp(&key(other))
    });
    own.truncate(MOST_OWN);
    Ok(own)
}

fn own_ids(actor: &Actor, deeds: &[Deed]) -> Vec<Option<i64>> {
    let able = |role| deeds.iter().any(|deed| roles(*deed).contains(&role));
    let grants = actor.grants.iter().filter(|grant| able(grant.role));
    grants.map(|grant| grant.place_id).collect()
}
