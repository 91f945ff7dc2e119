//! Use cases on organisations: made, changed, removed by whoever administers the place where they work.
//! Called by pages; by no other noun.

use entity::{
    agreement, alliance_member, alliance_record, case, dispatch_rule, offer, organisation, place,
    role,
};
use sea_orm::ActiveValue::Set;
use sea_orm::{Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::json;

use crate::access::permit::{Deed, may, require};
use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, line};
use crate::organisation::{credit_code, is_number, mark, parse_kind, queries};
use crate::place::code;
use crate::store::{Tx, is_unique_violation};

/// Most characters of a code, a name and service hours.
const MOST_CODE: usize = 40;
const MOST_NAME: usize = 60;
const MOST_HOURS: usize = 60;
/// Organisations above one another.
const MOST_ABOVE: usize = 20;

/// An organisation as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Unique code.
    pub code: &'a str,
    /// Full name.
    pub name: &'a str,
    /// Of `KINDS`.
    pub kind: &'a str,
    /// The organisation above.
    pub parent: Option<&'a organisation::Model>,
    /// Where it works.
    pub place: &'a place::Model,
    /// 统一社会信用代码; empty for none.
    pub credit_code: &'a str,
    /// How people reach it; empty for not at all.
    pub service_phone: &'a str,
    /// When somebody is there.
    pub service_hours: &'a str,
}

/// Adds one.
///
/// # Errors
/// `forbidden` where the actor administers nothing, `invalid` for what cannot be, for a code that is taken, and for
/// one above that is not there any more.
pub async fn create(
    tx: &Tx,
    actor: &Actor,
    written: Written<'_>,
) -> Result<organisation::Model, Fault> {
    require(actor, Deed::Administer, &written.place.path)?;
    parent_stays(tx, &written).await?;
    let row = organisation::ActiveModel {
        created_at: Set(tx.now()),
        ..read(&written)?
    };
    let row = organisation::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await
        .map_err(taken)?;
    record(tx, actor, "organisation.create", &row);
    Ok(row)
}

/// Changes one, if it still is what the page showed (`seen`, see [`mark`]).
///
/// # Errors
/// As [`create`]; `not_found` for one outside of the actor's reach, `conflict` when it has changed.
pub async fn change(
    tx: &Tx,
    actor: &Actor,
    id: i64,
    seen: &str,
    written: Written<'_>,
) -> Result<organisation::Model, Fault> {
    let was = locked(tx, actor, id).await?;
    if mark(&was) != seen {
        return Err(Fault::new(
            Code::Conflict,
            "这个组织刚刚有了变化，没有保存。请看过现在的内容，再决定要不要保存。",
        ));
    }
    require(actor, Deed::Administer, &written.place.path)?;
    // One that has ended since may stay where it stands.
    if written.parent.map(|parent| parent.id) != was.parent_id {
        parent_stays(tx, &written).await?;
    }
    if let Some(parent) = written.parent {
        not_below_itself(tx, id, parent).await?;
    }
    let change = organisation::ActiveModel {
        id: Set(id),
        ..read(&written)?
    };
    let row = organisation::Entity::update(change)
        .exec(tx.db())
        .await
        .map_err(taken)?;
    if row != was {
        record(tx, actor, "organisation.change", &row);
    }
    Ok(row)
}

/// Removes one that nothing refers to.
///
/// # Errors
/// `not_found` for one outside of the actor's reach; `wrong_step` with why it cannot be removed.
pub async fn remove(tx: &Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let row = locked(tx, actor, id).await?;
    let ties = ties(tx, &row).await?;
    if !ties.is_empty() {
        return Err(Fault::wrong_step(format!(
            "“{}”不能删除：{}。",
            row.name,
            ties.join("，")
        )));
    }
    organisation::Entity::delete_by_id(id).exec(tx.db()).await?;
    record(tx, actor, "organisation.remove", &row);
    Ok(())
}

/// Ends one, such as a company whose contract is over: it stays for what has happened, and is named by nothing new. Its
/// posts are the noun `person`'s, which the page ends in the same transaction.
///
/// # Errors
/// `not_found` for one outside of the actor's reach, `conflict` when it is not what the page showed (`seen`, see
/// [`mark`]) or has ended before.
pub async fn end(
    tx: &Tx,
    actor: &Actor,
    id: i64,
    seen: &str,
) -> Result<organisation::Model, Fault> {
    let was = locked(tx, actor, id).await?;
    if was.ended_at.is_some() {
        return Err(Fault::new(
            Code::Conflict,
            format!("“{}”已经结束服务了，不用再办。", was.name),
        ));
    }
    if mark(&was) != seen {
        return Err(Fault::new(
            Code::Conflict,
            "这个组织刚刚有了变化，没有结束。请看过现在的内容，再决定要不要结束。",
        ));
    }
    let change = organisation::ActiveModel {
        id: Set(id),
        ended_at: Set(Some(tx.now())),
        ..Default::default()
    };
    let row = organisation::Entity::update(change).exec(tx.db()).await?;
    record(tx, actor, "organisation.end", &row);
    Ok(row)
}

/// The row, locked: two changes at once are made one after the other, and the second sees the first.
async fn locked(tx: &Tx, actor: &Actor, id: i64) -> Result<organisation::Model, Fault> {
    let none = || Fault::not_found("没有找到这个组织。");
    let row = organisation::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?
        .ok_or_else(none)?;
    let place = place::Entity::find_by_id(row.place_id).one(tx.db()).await?;
    let place = place.ok_or_else(none)?;
    if may(actor, Deed::Administer, &place.path) {
        Ok(row)
    } else {
        Err(none())
    }
}

/// What refers to it, in words.
async fn ties(tx: &Tx, row: &organisation::Model) -> Result<Vec<String>, Fault> {
    let db = tx.db();
    let mut ties = Vec::new();
    let posts = role::Entity::find()
        .filter(role::COLUMN.organisation_id.eq(row.id))
        .count(db)
        .await?;
    if posts > 0 {
        ties.push(format!("有{posts}个岗位代表它"));
    }
    let below = organisation::Entity::find()
        .filter(organisation::COLUMN.parent_id.eq(row.id))
        .count(db)
        .await?;
    if below > 0 {
        ties.push(format!("有{below}个下级组织"));
    }
    let rules = dispatch_rule::Entity::find()
        .filter(dispatch_rule::COLUMN.organisation_id.eq(row.id))
        .count(db)
        .await?;
    if rules > 0 {
        ties.push(format!("有{rules}条派单规则派给它"));
    }
    ties.extend(promised(tx, row.id).await?);
    // Whoever gets a case for an organisation holds a post for it, and posts are never deleted: only where
    // a roster has taken the organisation off a post can a case be left, and those lie in its compound.
    if let Some(compound_id) = row.compound_id {
        let own = Condition::any()
            .add(case::COLUMN.organisation_id.eq(row.id))
            .add(case::COLUMN.asked_organisation_id.eq(row.id));
        let cases: Vec<i64> = case::Entity::find()
            .select_only()
            .column(case::Column::Id)
            .filter(case::COLUMN.compound_id.eq(compound_id))
            .filter(own)
            .limit(1)
            .into_tuple()
            .all(db)
            .await?;
        if let Some(first) = cases.first() {
            ties.push(format!("有诉求由它办理，例如 #{first}"));
        }
    }
    Ok(ties)
}

/// What it has promised, agreed and done.
async fn promised(tx: &Tx, id: i64) -> Result<Vec<String>, Fault> {
    let db = tx.db();
    let mut ties = Vec::new();
    let offers = offer::Entity::find()
        .filter(offer::COLUMN.organisation_id.eq(id))
        .count(db)
        .await?;
    if offers > 0 {
        ties.push(format!("有{offers}条清单是它的"));
    }
    let agreements = agreement::Entity::find()
        .filter(agreement::COLUMN.organisation_id.eq(id))
        .count(db)
        .await?;
    if agreements > 0 {
        ties.push(format!("有{agreements}份共建协议"));
    }
    let either = Condition::any()
        .add(alliance_member::COLUMN.organisation_id.eq(id))
        .add(alliance_member::COLUMN.alliance_id.eq(id));
    let members = alliance_member::Entity::find()
        .filter(either)
        .count(db)
        .await?;
    let either = Condition::any()
        .add(alliance_record::COLUMN.organisation_id.eq(id))
        .add(alliance_record::COLUMN.alliance_id.eq(id));
    let records = alliance_record::Entity::find()
        .filter(either)
        .count(db)
        .await?;
    if members > 0 || records > 0 {
        ties.push("有联盟的单位或记录".to_owned());
    }
    Ok(ties)
}

/// The organisation above is there until this one is stored.
async fn parent_stays(tx: &Tx, written: &Written<'_>) -> Result<(), Fault> {
    let Some(parent) = written.parent else {
        return Ok(());
    };
    match queries::staying(tx, parent.id).await? {
        Some(_) => Ok(()),
        None => Err(Fault::invalid(
            "parent",
            "上级组织已经删除或结束服务，请重新写，可以不写。",
        )),
    }
}

/// An organisation does not stand above itself, nor above what stands above it.
async fn not_below_itself(tx: &Tx, id: i64, parent: &organisation::Model) -> Result<(), Fault> {
    let mut above = Some(parent.clone());
    for _ in 0..MOST_ABOVE {
        let Some(one) = above else { return Ok(()) };
        if one.id == id {
            break;
        }
        above = match one.parent_id {
            Some(parent_id) => queries::by_id(tx.db(), parent_id).await?,
            None => return Ok(()),
        };
    }
    Err(Fault::invalid(
        "parent",
        "上级组织不能是它自己，也不能是它的下级。",
    ))
}

fn read(written: &Written<'_>) -> Result<organisation::ActiveModel, Fault> {
    let code = code::normal(written.code);
    let usable = |letter: char| letter.is_alphanumeric() || "-_/.".contains(letter);
    if code.is_empty() || code.chars().count() > MOST_CODE || !code.chars().all(usable) {
        return Err(Fault::invalid(
            "code",
            format!("请写编号，字母和数字，最多{MOST_CODE}个字，例如 WY-GY。"),
        ));
    }
    let name = line(written.name);
    if name.is_empty() || name.chars().count() > MOST_NAME {
        return Err(Fault::invalid(
            "name",
            format!("请写全称，最多{MOST_NAME}个字。"),
        ));
    }
    let kind = parse_kind(written.kind).ok_or_else(|| Fault::invalid("kind", "请选择种类。"))?;
    let credit = match clean(written.credit_code).as_str() {
        "" => None,
        typed => Some(credit_code::read(typed).ok_or_else(|| {
            Fault::invalid(
                "credit_code",
                "这不是正确的统一社会信用代码，请照营业执照写18位，可以不写。",
            )
        })?),
    };
    let phone = clean(written.service_phone);
    if !phone.is_empty() && !is_number(&phone) {
        return Err(Fault::invalid(
            "service_phone",
            "请写对外公开的电话，例如 010-12345678，可以不写。",
        ));
    }
    let hours = line(written.service_hours);
    if hours.chars().count() > MOST_HOURS {
        return Err(Fault::invalid(
            "service_hours",
            format!("太长了，最多{MOST_HOURS}个字。"),
        ));
    }
    Ok(organisation::ActiveModel {
        code: Set(code),
        name: Set(name),
        kind: Set(kind.to_owned()),
        parent_id: Set(written.parent.map(|parent| parent.id)),
        place_id: Set(written.place.id),
        compound_id: Set(written.place.compound_id),
        credit_code: Set(credit),
        service_phone: Set(Some(phone).filter(|phone| !phone.is_empty())),
        service_hours: Set(Some(hours).filter(|hours| !hours.is_empty())),
        ..Default::default()
    })
}

fn taken(error: sea_orm::DbErr) -> Fault {
    if is_unique_violation(&error) {
        Fault::invalid("code", "这个编号已经有组织用了，请换一个。")
    } else {
        error.into()
    }
}

fn record(tx: &Tx, actor: &Actor, action: &'static str, row: &organisation::Model) {
    let entry = audit::Entry {
        action,
        subject: format!("organisation:{}", row.id),
        compound_id: row.compound_id,
        detail: Some(json!({ "code": row.code, "kind": row.kind, "place": row.place_id })),
    };
    audit::record(tx, actor, entry);
}
