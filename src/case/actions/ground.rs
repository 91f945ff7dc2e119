//! Where something is filed: at the place whose code was scanned, in the building that the text names, or at a home of
//! whoever files; nowhere that is closed. Part of [`super::file`].

use entity::kinds::PlaceKind;
use entity::place;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::access::{Actor, HomeTie, local_code};
use crate::base::fault::{Code, Fault};
use crate::case::actions::file::Filing;
use crate::case::category::building;
use crate::place::queries::short_name;
use crate::store::Tx;

/// Where it is.
pub(super) struct Ground {
    pub(super) compound_id: i64,
    pub(super) place_id: i64,
    pub(super) path: String,
    /// Its name, where whoever files may wonder which place it is.
    pub(super) says: Option<String>,
}

/// Where: the building that the text names, else the home; for staff without a home the compound
/// of their role.
pub(super) async fn ground(
    tx: &Tx,
    actor: &Actor,
    filing: &Filing,
    text: &str,
) -> Result<Ground, Fault> {
    let number = building(text);
    if let Some(id) = filing.at
        && let Some(ground) = scanned(tx.db(), actor, id, number).await?
    {
        return Ok(ground);
    }
    let tie = match home(actor, filing.home_id, number) {
        Err(fault) if filing.home_id.is_none() => {
            return elsewhere(tx, actor, number, fault).await;
        }
        other => other?,
    };
    if let Some(home) = tie {
        let several = actor.homes.len() > 1;
        if let Some(number) = number
            && let Some(place) =
                building_place(tx.db(), home.compound_id, Some(&home.code), number).await?
        {
            is_open(&place)?;
            return Ok(Ground {
                compound_id: home.compound_id,
                place_id: place.id,
                path: place.path,
                says: several.then_some(place.name),
            });
        }
        return Ok(Ground {
            compound_id: home.compound_id,
            place_id: home.place_id,
            path: home.path.clone(),
            says: several.then(|| home.local_code().to_owned()),
        });
    }
    let grant = actor
        .grants
        .iter()
        .find_map(|grant| Some((grant.compound_id?, grant.place_id?, &grant.path)));
    let (compound_id, place_id, path) = grant.ok_or_else(|| {
        Fault::new(
            Code::Forbidden,
            "您还没有绑定房号，请先回复：绑定 3-2-501 姓名 手机号。",
        )
    })?;
    if let Some(number) = number
        && let Some(place) = building_place(tx.db(), compound_id, None, number).await?
        && place.path.starts_with(path)
    {
        is_open(&place)?;
        return Ok(Ground {
            compound_id,
            place_id: place.id,
            path: place.path,
            says: Some(place.name),
        });
    }
    Ok(Ground {
        compound_id,
        place_id,
        path: path.clone(),
        says: None,
    })
}

/// Why nothing is filed there any more.
fn closed(says: &str) -> Fault {
    Fault::wrong_step(format!(
        "{says}已停用，不能再提那里的诉求。别处的事请写明楼栋，例如：报修 3栋电梯停了。"
    ))
}

/// Whether something can still be filed at a place that was named.
fn is_open(place: &place::Model) -> Result<(), Fault> {
    match place.closed_at {
        Some(_) => Err(closed(short_name(place))),
        None => Ok(()),
    }
}

/// For whoever has no home left that is open: the building that the text names, beside the first of theirs.
async fn elsewhere(
    tx: &Tx,
    actor: &Actor,
    number: Option<u32>,
    fault: Fault,
) -> Result<Ground, Fault> {
    let (Some(number), Some(home)) = (number, actor.homes.first()) else {
        return Err(fault);
    };
    let found = building_place(tx.db(), home.compound_id, Some(&home.code), number).await?;
    match found {
        Some(place) if place.closed_at.is_none() => Ok(Ground {
            compound_id: home.compound_id,
            place_id: place.id,
            path: place.path,
            says: Some(place.name),
        }),
        _ => Err(fault),
    }
}

/// The scanned place, if the actor lives or works in its compound and it is nobody else's home.
async fn scanned<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
    number: Option<u32>,
) -> Result<Option<Ground>, Fault> {
    let Some(place) = place::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let Some(compound_id) = place.compound_id else {
        return Ok(None);
    };
    let first = local_code(&place.code).split('-').next();
    let own_number = first.and_then(|first| first.parse::<u32>().ok());
    let is_other = number.is_some() && number != own_number;
    if is_other || !may_file_at(actor, &place) {
        return Ok(None);
    }
    is_open(&place)?;
    Ok(Some(Ground {
        compound_id,
        place_id: place.id,
        says: Some(short_name(&place).to_owned()),
        path: place.path,
    }))
}

/// Whether what somebody files may stand at this place of which they scanned the code.
#[must_use]
pub fn may_file_at(actor: &Actor, place: &place::Model) -> bool {
    let lives_there = actor.homes.iter().any(|home| {
        Some(home.compound_id) == place.compound_id
            && (place.kind != PlaceKind::Home || home.place_id == place.id)
    });
    let works_there = actor
        .grants
        .iter()
        .any(|grant| place.path.starts_with(&grant.path));
    place.compound_id.is_some() && (lives_there || works_there)
}

/// The home asked for; else the one in the building that the text names; else the first. In a closed building nothing
/// new is filed.
fn home(
    actor: &Actor,
    home_id: Option<i64>,
    number: Option<u32>,
) -> Result<Option<&HomeTie>, Fault> {
    if let Some(id) = home_id {
        let home = actor.homes.iter().find(|home| home.place_id == id);
        let home = home.ok_or_else(|| Fault::not_found("没有找到这个房号，请先绑定。"))?;
        return match home.closed {
            true => Err(closed(home.local_code())),
            false => Ok(Some(home)),
        };
    }
    let in_building = |home: &&HomeTie| {
        let first = home.local_code().split('-').next();
        first.and_then(|first| first.parse::<u32>().ok()) == number && number.is_some()
    };
    let open = || actor.homes.iter().filter(|home| !home.closed);
    let found = open().find(in_building).or_else(|| open().next());
    match (found, actor.homes.first()) {
        (None, Some(home)) if !works_somewhere(actor) => Err(closed(home.local_code())),
        _ => Ok(found),
    }
}

/// Whether a role of theirs stands in a compound, where what they file may stand.
fn works_somewhere(actor: &Actor) -> bool {
    let mut grants = actor.grants.iter();
    grants.any(|grant| grant.compound_id.is_some() && grant.place_id.is_some())
}

/// The building with this number, also when it is closed; `beside` is the code of a home in the same compound.
async fn building_place<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    beside: Option<&str>,
    number: u32,
) -> Result<Option<place::Model>, Fault> {
    let names = ["栋", "幢", "号楼"].map(|word| format!("{number}{word}"));
    let mut known = Condition::any();
    if let Some(code) = beside {
        let prefix = code.rsplit_once('/').map_or("", |(prefix, _)| prefix);
        known = known.add(place::COLUMN.code.eq(format!("{prefix}/{number}")));
    }
    Ok(place::Entity::find()
        .filter(place::COLUMN.compound_id.eq(compound_id))
        .filter(place::COLUMN.kind.eq(PlaceKind::Building))
        .filter(known.add(place::COLUMN.name.is_in(names)))
        // One that is closed stands in the way of none that is open.
        .order_by_desc(place::COLUMN.closed_at.is_null())
        .order_by_asc(place::COLUMN.id)
        .one(db)
        .await?)
}
