//! «更正»: what somebody says is wrong goes to whoever answers for their home, who knows them. A word
//! of the person alone changes nothing: name and phone are what accounts are bound by.

use entity::kinds::{CorrectionField, CorrectionState};
use entity::{correction, person, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::phone::Phone;
use crate::base::text::{clean, shorten};
use crate::place::queries as places;
use crate::privacy::remind;
use crate::store::Tx;

/// Most characters of a name, and of a reason.
const MOST_NAME: usize = 20;
const MOST_REASON: usize = 200;

/// What is to be changed, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    field: CorrectionField,
    value: String,
}

impl Wish {
    /// From what was typed.
    ///
    /// # Errors
    /// `invalid` for what cannot be a name or a phone.
    pub fn new(field: CorrectionField, value: &str) -> Result<Self, Fault> {
        let value = clean(value).trim().to_owned();
        let value = match field {
            CorrectionField::Name => {
                let length = value.chars().count();
                let is_name = (2..=MOST_NAME).contains(&length)
                    && !value
                        .chars()
                        .any(|c| c.is_ascii_digit() || c.is_whitespace());
                if !is_name {
                    return Err(Fault::invalid(
                        "value",
                        "姓名要写2到20个字，不带空格和数字，例如：更正 姓名 张秀英",
                    ));
                }
                value
            }
            CorrectionField::Phone => Phone::parse(&value)
                .map(|phone| phone.digits().to_owned())
                .ok_or_else(|| {
                    Fault::invalid("value", "手机号要写11位数字，例如：更正 手机 13800000001")
                })?,
        };
        Ok(Self { field, value })
    }
}

fn unknown(id: i64) -> Fault {
    Fault::not_found(format!("没有找到更正申请 #{id}，请核对编号。"))
}

/// Asks for a correction; an older open one of the same field is dropped.
///
/// # Errors
/// `forbidden` for whoever has neither home nor place of work here.
pub async fn ask_correction(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    wish: &Wish,
) -> Result<correction::Model, Fault> {
    let person_id = actor.require_person()?;
    let home = actor
        .homes
        .first()
        .map(|home| (home.place_id, Some(home.compound_id)));
    let office = actor
        .grants
        .iter()
        .find_map(|grant| Some((grant.place_id?, grant.compound_id)));
    let nowhere = || Fault::forbidden("没有可以核实的地点，请直接找管理员更正。");
    let (place_id, compound_id) = home.or(office).ok_or_else(nowhere)?;
    let place = places::by_id(tx.db(), place_id)
        .await?
        .ok_or_else(nowhere)?;
    correction::Entity::update_many()
        .set(correction::ActiveModel {
            state: Set(CorrectionState::Dropped),
            value_sealed: Set(String::new()),
            ..Default::default()
        })
        .filter(correction::COLUMN.person_id.eq(person_id))
        .filter(correction::COLUMN.field.eq(wish.field))
        .filter(correction::COLUMN.state.eq(CorrectionState::Requested))
        .exec(tx.db())
        .await?;
    let row = correction::ActiveModel {
        person_id: Set(person_id),
        account_id: Set(actor.account_id.unwrap_or_default()),
        place_id: Set(place_id),
        compound_id: Set(compound_id),
        field: Set(wish.field),
        value_sealed: Set(app.seal.seal(&app.dice, &wish.value)?),
        state: Set(CorrectionState::Requested),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = correction::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    record(tx, actor, &row, "correction.request");
    remind::ask_correction(tx, &row, &place.path).await?;
    Ok(row)
}

/// The word of whoever answers for the home (更正 N 通过/驳回).
///
/// # Errors
/// `not_found` for whoever may not decide there, `forbidden` for one's own, `wrong_step` when it is
/// decided, `conflict` when somebody was first.
pub async fn decide_correction(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    id: i64,
    pass: bool,
    reason: &str,
) -> Result<correction::Model, Fault> {
    let row = correction::Entity::find_by_id(id)
        .one(tx.db())
        .await?
        .ok_or_else(|| unknown(id))?;
    let place: Option<place::Model> = places::by_id(tx.db(), row.place_id).await?;
    let place = place.ok_or_else(|| unknown(id))?;
    if !may(actor, Deed::VerifyBindings, &place.path) {
        return Err(unknown(id));
    }
    if actor.person_id() == Some(row.person_id) {
        return Err(Fault::forbidden("自己的资料要由别人核实。"));
    }
    if row.state != CorrectionState::Requested {
        return Err(Fault::wrong_step(format!(
            "更正申请 #{id} 已经处理过，不用再处理。"
        )));
    }
    if pass {
        let value = app.seal.open(&row.value_sealed)?;
        apply(tx, app, &row, &value).await?;
    }
    let reason = shorten(&clean(reason), MOST_REASON);
    let mut changed = correction::Entity::update_many()
        .set(correction::ActiveModel {
            state: Set(match pass {
                true => CorrectionState::Done,
                false => CorrectionState::Refused,
            }),
            value_sealed: Set(String::new()),
            decided_by: Set(actor.person_id()),
            decided_at: Set(Some(tx.now())),
            reason: Set((!pass && !reason.is_empty()).then_some(reason)),
            ..Default::default()
        })
        .filter(correction::COLUMN.id.eq(id))
        .filter(correction::COLUMN.state.eq(CorrectionState::Requested))
        .exec_with_returning(tx.db())
        .await?;
    let row = changed.pop().ok_or_else(|| Fault::plain(Code::Conflict))?;
    let action = match pass {
        true => "correction.pass",
        false => "correction.refuse",
    };
    record(tx, actor, &row, action);
    remind::tell_corrected(tx, &row).await?;
    Ok(row)
}

async fn apply(tx: &Tx, app: &App, row: &correction::Model, value: &str) -> Result<(), Fault> {
    let mut change = person::ActiveModel {
        id: Set(row.person_id),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    match row.field {
        CorrectionField::Name => change.name = Set(value.to_owned()),
        CorrectionField::Phone => {
            change.phone_sealed = Set(Some(app.seal.seal(&app.dice, value)?));
            change.phone_index = Set(Some(app.seal.index(value)));
        }
    }
    person::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

fn record(tx: &Tx, actor: &Actor, row: &correction::Model, action: &str) {
    let entry = audit::Entry {
        action,
        subject: format!("correction:{}", row.id),
        compound_id: row.compound_id,
        detail: Some(json!({ "field": row.field.to_value(), "person": row.person_id })),
    };
    audit::record(tx, actor, entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_a_name_or_a_phone() {
        use CorrectionField::{Name, Phone};
        for (field, typed, good) in [
            (Name, "张秀英", true),
            (Name, " 欧阳 ", true),
            (Name, "张", false),
            (Name, "张 三", false),
            (Name, "张三1", false),
            (Name, "", false),
            (Phone, "138 0000 0101", true),
            (Phone, "1380000010", false),
            (Phone, "电话", false),
        ] {
            assert_eq!(Wish::new(field, typed).is_ok(), good, "{typed}");
        }
    }
}
