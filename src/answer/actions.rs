//! Writing answer templates: whoever may at the place, by compare-and-set on a version.

use entity::kinds::AnswerUse;
use entity::{answer_template, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveEnum, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use crate::access::permit::{Deed, require};
use crate::access::{Actor, audit};
use crate::answer::fill::{braces, check};
use crate::answer::queries::seen_place;
use crate::base::fault::{Code, Fault};
use crate::base::redact::hide_numbers;
use crate::base::text::{clean, line};
use crate::store::Tx;

/// Most characters of a name and of a text.
pub const MOST_NAME: usize = 20;
/// Most characters of a text.
pub const MOST_TEXT: usize = 500;
/// Templates that a place may have.
const MOST: u64 = 100;

/// What a template says. The category comes from the table of categories, which this noun does not know.
#[derive(Clone, Debug)]
pub struct Draft {
    /// With what it is said.
    pub used_for: AnswerUse,
    /// Only for cases of this category.
    pub category: Option<&'static str>,
    /// What staff call it.
    pub name: String,
    /// The words.
    pub text: String,
}

/// Which template is changed, and the version that was seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Key.
    pub id: i64,
    /// Version.
    pub version: i32,
}

/// Adds a template to a place, or changes one of it.
///
/// # Errors
/// `not_found` for a place that is not theirs to see or a template that is not of it, `forbidden` for who
/// may not write there, `invalid` for a name or a text that cannot be, `conflict` when somebody was first.
pub async fn save(
    tx: &mut Tx,
    actor: &Actor,
    place_id: i64,
    draft: Draft,
    seen: Option<Seen>,
) -> Result<answer_template::Model, Fault> {
    let place = writable(tx, actor, place_id).await?;
    let (name, text) = worded(&draft)?;
    let mut row = answer_template::ActiveModel {
        used_for: Set(draft.used_for),
        category: Set(draft.category.map(str::to_owned)),
        name: Set(name),
        text: Set(text),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let (stored, action) = match seen {
        Some(seen) => {
            own(tx, place.id, seen.id).await?;
            row.version = Set(seen.version.saturating_add(1));
            let changed = answer_template::Entity::update_many()
                .set(row)
                .filter(answer_template::COLUMN.id.eq(seen.id))
                .filter(answer_template::COLUMN.version.eq(seen.version))
                .exec_with_returning(tx.db())
                .await?;
            let changed = changed.into_iter().next().ok_or_else(taken)?;
            (changed, "answer.change")
        }
        None => {
            let known = answer_template::Entity::find()
                .filter(answer_template::COLUMN.place_id.eq(place.id))
                .count(tx.db())
                .await?;
            if known >= MOST {
                return Err(Fault::wrong_step(format!(
                    "一个地点最多{MOST}个模板，请先删掉不用的。"
                )));
            }
            row.place_id = Set(place.id);
            row.version = Set(1);
            row.created_at = Set(tx.now());
            let inserted = answer_template::Entity::insert(row).exec_with_returning(tx.db());
            (inserted.await?, "answer.add")
        }
    };
    let detail = json!({ "template": stored.id, "used_for": stored.used_for.to_value() });
    audit::record_at(tx, actor, action, &place, detail);
    Ok(stored)
}

/// Takes a template away. What was said with it stays said.
///
/// # Errors
/// As [`save`].
pub async fn remove(tx: &mut Tx, actor: &Actor, place_id: i64, seen: Seen) -> Result<(), Fault> {
    let place = writable(tx, actor, place_id).await?;
    own(tx, place.id, seen.id).await?;
    let removed = answer_template::Entity::delete_many()
        .filter(answer_template::COLUMN.id.eq(seen.id))
        .filter(answer_template::COLUMN.version.eq(seen.version))
        .exec(tx.db())
        .await?;
    if removed.rows_affected != 1 {
        return Err(taken());
    }
    audit::record_at(
        tx,
        actor,
        "answer.remove",
        &place,
        json!({ "template": seen.id }),
    );
    Ok(())
}

async fn writable(tx: &Tx, actor: &Actor, place_id: i64) -> Result<place::Model, Fault> {
    let place = seen_place(tx.db(), actor, place_id).await?;
    require(actor, Deed::WriteAnswers, &place.path)?;
    Ok(place)
}

/// Whether it is a template of the place.
async fn own(tx: &Tx, place_id: i64, id: i64) -> Result<(), Fault> {
    let row = answer_template::Entity::find_by_id(id).one(tx.db()).await?;
    row.filter(|row| row.place_id == place_id)
        .map(|_| ())
        .ok_or_else(|| Fault::not_found("没有找到这个模板，可能已经删掉了。"))
}

fn worded(draft: &Draft) -> Result<(String, String), Fault> {
    let name = line(&draft.name);
    if name.is_empty() || name.chars().count() > MOST_NAME {
        return Err(Fault::invalid(
            "name",
            format!("请给模板起个名字，最多{MOST_NAME}个字。"),
        ));
    }
    let text = braces(&clean(&draft.text));
    let length = text.chars().count();
    if length == 0 {
        return Err(Fault::invalid("text", "请写模板的文字。"));
    }
    if length > MOST_TEXT {
        return Err(Fault::invalid(
            "text",
            format!("文字太长了（{length}字），最多{MOST_TEXT}字。"),
        ));
    }
    check(&text).map_err(|why| Fault::invalid("text", why))?;
    if hide_numbers(&text) != text {
        return Err(Fault::invalid(
            "text",
            "模板会反复发出去，请不要写手机号、证件号这样的长号码。",
        ));
    }
    Ok((name, text))
}

fn taken() -> Fault {
    Fault::new(Code::Conflict, "刚刚被别人改过，请看过现在的情况再改。")
}
