//! What is put on a list: by a resident, for one of their homes, to be read by staff first; by whoever speaks
//! for an organisation; or as a project that an organisation may claim.

use chrono::{NaiveDate, TimeDelta};
use entity::kinds::{ActorKind, OfferCategory, OfferList, OfferState, PlaceKind};
use entity::{offer, offer_step, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::access::Actor;
use crate::access::permit::{Deed, may, require};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::config::Lists;
use crate::offer::actions::{lock_person, make_public, record, step, still_there, words};
use crate::offer::queries::speaks_for;
use crate::offer::{MOST_QUANTITY, MOST_TITLE, category, is_promise, parted, remind};
use crate::organisation::queries as organisations;
use crate::person::queries::answering;
use crate::place::queries as places;
use crate::reminder;
use crate::store::Tx;

/// What whoever has no home here is told.
const UNBOUND: &str = "发布要先绑定房号，回复:绑定 3-2-501 姓名 手机号。";
/// Whom to ask at once to read it, at most.
const MOST_ASKED: usize = 3;
/// Open items of an organisation in one compound, at most.
const MOST_OF_ONE: u64 = 200;
/// An item's day lies at most so many days ahead.
const MOST_DAYS: i64 = 731;

/// Who puts it there.
#[derive(Clone, Copy, Debug)]
pub enum Author {
    /// Somebody who lives there; the first home when none is said.
    Resident(Option<i64>),
    /// An organisation, in a compound: their keys.
    Organisation(i64, i64),
    /// Whoever supervises, for an organisation to claim: the compound's key.
    Project(i64),
}

/// An item as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Which list.
    pub list: OfferList,
    /// What it is about; guessed if not said.
    pub category: Option<OfferCategory>,
    /// The title in the first line, what else is said below.
    pub text: &'a str,
    /// How many needs a resource can meet; 1 if not said.
    pub quantity: Option<i32>,
    /// The last day; a promise must have one.
    pub due_on: Option<NaiveDate>,
    /// Who puts it there.
    pub author: Author,
}

/// Where it stands and whose it is.
struct Whose {
    compound_id: i64,
    place_id: i64,
    organisation_id: Option<i64>,
    state: OfferState,
}

/// Puts an item on its list. What a resident wrote waits until staff has read it.
///
/// # Errors
/// `forbidden` for whoever may not speak for it, `not_found` for a home or a compound that is not theirs to name,
/// `conflict` for an organisation that is not there any more, `invalid` for words, numbers or days that cannot be,
/// `wrong_step` when too many wait.
pub async fn publish(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Lists,
    written: &Written<'_>,
) -> Result<offer::Model, Fault> {
    let author = actor.require_person()?;
    let whose = whose(tx, actor, written).await?;
    let text = words("text", written.text, usage(written.list))?;
    let (title, text) = parted(&text);
    if title.chars().count() < 2 {
        return Err(Fault::invalid(
            "text",
            format!("第一行写标题，2到{MOST_TITLE}个字。"),
        ));
    }
    let quantity = quantity(written)?;
    let due_on = due(tx, written)?;
    limit(tx, terms, author, &whose).await?;
    let open = whose.state == OfferState::Open;
    let category = match written.category {
        Some(said) => said,
        None => category::guess(&format!("{title}{text}")),
    };
    let row = offer::ActiveModel {
        compound_id: Set(whose.compound_id),
        place_id: Set(whose.place_id),
        list: Set(written.list),
        category: Set(category),
        organisation_id: Set(whose.organisation_id),
        author_id: Set(author),
        title: Set(title),
        text: Set(text),
        quantity: Set(quantity),
        taken: Set(0),
        due_on: Set(due_on),
        state: Set(whose.state),
        claimed_at: Set(whose.organisation_id.map(|_| tx.now())),
        round: Set(1),
        opened_at: Set(open.then(|| tx.now())),
        version: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = offer::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let kind = if open {
        ActorKind::Staff
    } else {
        ActorKind::Resident
    };
    let published: offer_step::ActiveModel = step(tx, &row, "published", kind, Some(author));
    offer_step::Entity::insert(published)
        .exec_without_returning(tx.db())
        .await?;
    record(tx, actor, kind, &row, "offer.publish");
    let mut items = remind::days(&row);
    if open {
        make_public(tx, &row, author).await?;
        items.extend(remind::proposals(tx, &row).await?);
    } else {
        items.extend(checkers(tx, actor, &row).await?);
    }
    reminder::enqueue(tx, items).await?;
    Ok(row)
}

const fn usage(list: OfferList) -> &'static str {
    match list {
        OfferList::Need => "发需求 想找人教我用手机挂号",
        OfferList::Resource => "发资源 周末可以免费理发",
        OfferList::Service => "发服务 2026-12-31 更换3栋门禁",
        OfferList::Responsibility => "发责任 2026-12-31 每周巡查消防通道",
    }
}

async fn whose(tx: &Tx, actor: &Actor, written: &Written<'_>) -> Result<Whose, Fault> {
    let promise = is_promise(written.list);
    match written.author {
        Author::Resident(_) if promise => Err(Fault::forbidden(
            "服务和责任由单位发布。您可以回复“发需求 内容”或“发资源 内容”。",
        )),
        Author::Resident(home) => {
            let home = actor.home(home, UNBOUND)?;
            Ok(Whose {
                compound_id: home.compound_id,
                place_id: home.place_id,
                organisation_id: None,
                state: OfferState::Raised,
            })
        }
        Author::Organisation(organisation_id, compound_id) => {
            let compound = compound(tx, actor, compound_id).await?;
            still_there(tx, organisation_id).await?;
            let supervised = promise && may(actor, Deed::SuperviseOffers, &compound.path);
            let works_here = organisations::around(tx.db(), &compound).await?;
            let works_here = works_here.iter().any(|row| row.id == organisation_id);
            let speaks = speaks_for(actor, organisation_id, &compound.path);
            if !(speaks || supervised && works_here) {
                return Err(Fault::forbidden("您不能代表这个单位发布。"));
            }
            Ok(Whose {
                compound_id,
                place_id: compound.id,
                organisation_id: Some(organisation_id),
                state: OfferState::Open,
            })
        }
        Author::Project(compound_id) => {
            let compound = compound(tx, actor, compound_id).await?;
            require(actor, Deed::SuperviseOffers, &compound.path)?;
            if written.list != OfferList::Service {
                return Err(Fault::invalid("list", "待认领的项目放在服务清单里。"));
            }
            Ok(Whose {
                compound_id,
                place_id: compound.id,
                organisation_id: None,
                state: OfferState::Open,
            })
        }
    }
}

/// A compound where the actor holds something; to all others it is not there.
async fn compound(tx: &Tx, actor: &Actor, id: i64) -> Result<place::Model, Fault> {
    let found = places::by_id(tx.db(), id).await?;
    let found = found.filter(|place| place.kind == PlaceKind::Compound);
    found
        .filter(|place| actor.belongs(place.id, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个小区。"))
}

fn quantity(written: &Written<'_>) -> Result<i32, Fault> {
    let quantity = written.quantity.unwrap_or(1);
    let most = match written.list {
        OfferList::Resource => MOST_QUANTITY,
        _ => 1,
    };
    if (1..=most).contains(&quantity) {
        Ok(quantity)
    } else if most == 1 {
        Err(Fault::invalid("quantity", "只有资源可以写能帮几家。"))
    } else {
        Err(Fault::invalid(
            "quantity",
            format!("能帮几家，请写1到{MOST_QUANTITY}。"),
        ))
    }
}

fn due(tx: &Tx, written: &Written<'_>) -> Result<Option<NaiveDate>, Fault> {
    let today = china(tx.now()).date_naive();
    let Some(day) = written.due_on else {
        if is_promise(written.list) {
            return Err(Fault::invalid(
                "due_on",
                "请写哪天之前办好，例如 2026-12-31。",
            ));
        }
        return Ok(None);
    };
    if day < today || day > today + TimeDelta::days(MOST_DAYS) {
        return Err(Fault::invalid(
            "due_on",
            "日期请写今天以后、两年以内的，例如 2026-12-31。",
        ));
    }
    Ok(Some(day))
}

/// Takes what one person, or one organisation, publishes one after the other, on whatever instance: with the
/// lock the limit holds.
async fn limit(tx: &Tx, terms: &Lists, author: i64, whose: &Whose) -> Result<(), Fault> {
    lock_person(tx, author).await?;
    let waits = [OfferState::Raised, OfferState::Open];
    let query = offer::Entity::find().filter(offer::COLUMN.state.is_in(waits));
    let (count, most) = match whose.organisation_id {
        None if whose.state == OfferState::Raised => {
            let own = query
                .filter(offer::COLUMN.author_id.eq(author))
                .filter(offer::COLUMN.organisation_id.is_null())
                .filter(
                    offer::COLUMN
                        .list
                        .is_in([OfferList::Need, OfferList::Resource]),
                );
            (own.count(tx.db()).await?, terms.most_offers)
        }
        organisation_id => {
            let own = query.filter(offer::COLUMN.compound_id.eq(whose.compound_id));
            let own = match organisation_id {
                Some(id) => own.filter(offer::COLUMN.organisation_id.eq(id)),
                None => own
                    .filter(offer::COLUMN.organisation_id.is_null())
                    .filter(offer::COLUMN.list.eq(OfferList::Service)),
            };
            (own.count(tx.db()).await?, MOST_OF_ONE)
        }
    };
    if count < most {
        return Ok(());
    }
    Err(Fault::wrong_step(format!(
        "已经有{count}条还没办完，办好或撤下一条再发。回复“我的清单”查看。"
    )))
}

/// Asks the nearest who may read it.
async fn checkers(
    tx: &Tx,
    actor: &Actor,
    row: &offer::Model,
) -> Result<Vec<reminder::NewReminder>, Fault> {
    let home = actor
        .homes
        .iter()
        .find(|home| home.place_id == row.place_id);
    let path = home.map_or("/", |home| home.path.as_str());
    let askable = answering(tx.db(), path, tx.now(), &[row.author_id]).await?;
    Ok(askable
        .iter()
        .take(MOST_ASKED)
        .flat_map(|held| remind::check(row, held.person_id))
        .collect())
}
