//! Writing articles: whoever may at their place, by compare-and-set on their version. Every version stays.

use entity::kinds::ArticleState;
use entity::{handbook_article, handbook_version};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::base::fault::{Code, Fault};
use crate::base::redact::hide_numbers;
use crate::base::text::{clean, line};
use crate::handbook::queries::{kept, may_write, no_such};
use crate::handbook::step::{Act, after};
use crate::handbook::{
    MOST_BODY, MOST_OF_A_PLACE, MOST_QUESTION, MOST_QUESTIONS, MOST_SYNONYMS, MOST_TITLE,
    state_says, subject,
};
use crate::place::queries as places;
use crate::store::Tx;

/// What an article says.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// One line.
    pub title: String,
    /// How people ask for it, a line each.
    pub questions: String,
    /// Words by which it is found.
    pub synonyms: String,
    /// Markdown.
    pub body: String,
}

/// Which article is changed, and the version that was seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Key.
    pub id: i64,
    /// Version.
    pub version: i32,
}

/// Writes an article of a place, or of all; as a draft, or published at once.
///
/// # Errors
/// `not_found` for a place where the actor may not write, and for an article to stand in for that is not one
/// for all; `invalid` for words that cannot be; `wrong_step` when there are too many.
pub async fn write(
    tx: &Tx,
    actor: &Actor,
    place_id: Option<i64>,
    draft: Draft,
    instead_of: Option<i64>,
    publish: bool,
) -> Result<handbook_article::Model, Fault> {
    if !may_write(tx.db(), actor, place_id).await? {
        return Err(Fault::not_found(
            "没有找到这个地点，或者您不能在那里写手册。",
        ));
    }
    let draft = worded(&draft)?;
    has_room(tx, place_id).await?;
    if let Some(id) = instead_of {
        stands_in(tx, id, place_id).await?;
    }
    let compound_id = match place_id {
        Some(place_id) => {
            let place = places::by_id(tx.db(), place_id).await?;
            place.and_then(|place| place.compound_id)
        }
        None => None,
    };
    let state = match publish {
        true => ArticleState::Published,
        false => ArticleState::Draft,
    };
    let row = handbook_article::ActiveModel {
        compound_id: Set(compound_id),
        place_id: Set(place_id),
        instead_of: Set(instead_of),
        title: Set(draft.title),
        questions: Set(draft.questions),
        synonyms: Set(draft.synonyms),
        body: Set(draft.body),
        state: Set(state),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = handbook_article::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    note(
        tx,
        actor,
        &row,
        if publish { "published" } else { "written" },
    )
    .await?;
    Ok(row)
}

/// Whether one more may be written there.
async fn has_room(tx: &Tx, place_id: Option<i64>) -> Result<(), Fault> {
    let same = match place_id {
        Some(place_id) => handbook_article::COLUMN.place_id.eq(place_id),
        None => handbook_article::COLUMN.place_id.is_null(),
    };
    let known = handbook_article::Entity::find().filter(same);
    if known.count(tx.db()).await? >= MOST_OF_A_PLACE {
        return Err(Fault::wrong_step(format!(
            "最多{MOST_OF_A_PLACE}篇，请改一篇不用的。"
        )));
    }
    Ok(())
}

/// Whether an article of a place may stand in for this one, which must be for all.
async fn stands_in(tx: &Tx, id: i64, place_id: Option<i64>) -> Result<(), Fault> {
    let row = handbook_article::Entity::find_by_id(id)
        .one(tx.db())
        .await?;
    let for_all = row.is_some_and(|row| row.place_id.is_none());
    if !for_all || place_id.is_none() {
        return Err(no_such(id));
    }
    Ok(())
}

/// Writes a new version of one.
///
/// # Errors
/// `not_found` for one that the actor may not write; `invalid` as [`write()`]; `conflict` when somebody was first.
pub async fn change(
    tx: &Tx,
    actor: &Actor,
    seen: Seen,
    draft: Draft,
) -> Result<handbook_article::Model, Fault> {
    kept(tx.db(), actor, seen.id).await?;
    let draft = worded(&draft)?;
    let change = handbook_article::ActiveModel {
        title: Set(draft.title),
        questions: Set(draft.questions),
        synonyms: Set(draft.synonyms),
        body: Set(draft.body),
        // Somebody's own from now on: a new edition of the program's does not replace it.
        edition: Set(None),
        ..Default::default()
    };
    store(tx, actor, seen, change, Act::Change).await
}

/// Publishes one, or takes it back.
///
/// # Errors
/// As [`change`]; `wrong_step` when it is so already.
pub async fn move_to(
    tx: &Tx,
    actor: &Actor,
    seen: Seen,
    act: Act,
) -> Result<handbook_article::Model, Fault> {
    let was = kept(tx.db(), actor, seen.id).await?;
    let state = after(was.state, act).ok_or_else(|| {
        Fault::wrong_step(format!(
            "第{}篇现在是“{}”，不能这样操作。",
            was.id,
            state_says(was.state)
        ))
    })?;
    let change = handbook_article::ActiveModel {
        state: Set(state),
        ..Default::default()
    };
    store(tx, actor, seen, change, act).await
}

pub(super) async fn store(
    tx: &Tx,
    actor: &Actor,
    seen: Seen,
    mut change: handbook_article::ActiveModel,
    act: Act,
) -> Result<handbook_article::Model, Fault> {
    change.version = Set(seen.version.saturating_add(1));
    change.updated_at = Set(tx.now());
    let changed = handbook_article::Entity::update_many()
        .set(change)
        .filter(handbook_article::COLUMN.id.eq(seen.id))
        .filter(handbook_article::COLUMN.version.eq(seen.version))
        .exec(tx.db())
        .await?;
    if changed.rows_affected != 1 {
        return Err(Fault::new(
            Code::Conflict,
            "刚刚被别人改过，请看过现在的内容再改。",
        ));
    }
    let row = handbook_article::Entity::find_by_id(seen.id)
        .one(tx.db())
        .await?
        .ok_or_else(|| no_such(seen.id))?;
    note(tx, actor, &row, act.name()).await?;
    Ok(row)
}

/// The version as it is now, and the audit row.
async fn note(
    tx: &Tx,
    actor: &Actor,
    row: &handbook_article::Model,
    action: &str,
) -> Result<(), Fault> {
    let version = handbook_version::ActiveModel {
        article_id: Set(row.id),
        compound_id: Set(row.compound_id),
        version: Set(row.version),
        action: Set(action.to_owned()),
        title: Set(row.title.clone()),
        questions: Set(row.questions.clone()),
        synonyms: Set(row.synonyms.clone()),
        body: Set(row.body.clone()),
        author_id: Set(actor.person_id()),
        at: Set(tx.now()),
        ..Default::default()
    };
    handbook_version::Entity::insert(version)
        .exec_without_returning(tx.db())
        .await?;
    let action = match action {
        "published" => "handbook.publish",
        "withdrawn" => "handbook.withdraw",
        "written" => "handbook.write",
        _ => "handbook.change",
    };
    let entry = Entry {
        action,
        subject: subject(row.id),
        compound_id: row.compound_id,
        detail: Some(json!({ "version": row.version })),
    };
    audit::record(tx, actor, entry);
    Ok(())
}

fn worded(draft: &Draft) -> Result<Draft, Fault> {
    let title = line(&draft.title);
    let length = title.chars().count();
    if !(2..=MOST_TITLE).contains(&length) {
        return Err(Fault::invalid(
            "title",
            format!("请写标题，2到{MOST_TITLE}个字，例如：业委会怎么选。"),
        ));
    }
    let questions: Vec<String> = clean(&draft.questions)
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    let too_long = |line: &String| line.chars().count() > MOST_QUESTION;
    if questions.len() > MOST_QUESTIONS || questions.iter().any(too_long) {
        return Err(Fault::invalid(
            "questions",
            format!("居民会怎么问，每行一句，最多{MOST_QUESTIONS}行，每行最多{MOST_QUESTION}字。"),
        ));
    }
    let synonyms = line(&draft.synonyms);
    if synonyms.chars().count() > MOST_SYNONYMS {
        return Err(Fault::invalid(
            "synonyms",
            format!("近义词最多{MOST_SYNONYMS}字。"),
        ));
    }
    let body = clean(&draft.body);
    let length = body.chars().count();
    if !(10..=MOST_BODY).contains(&length) {
        return Err(Fault::invalid(
            "body",
            format!("请写正文，10到{MOST_BODY}字（现在{length}字）。第一段写最要紧的话。"),
        ));
    }
    let questions = questions.join("\n");
    for (field, words) in [("title", &title), ("questions", &questions)] {
        if hide_numbers(words) != *words {
            return Err(Fault::invalid(
                field,
                "大家都会看到，请不要写手机号、证件号这样的长号码。",
            ));
        }
    }
    Ok(Draft {
        title,
        questions,
        synonyms,
        body,
    })
}
