//! Questions that the handbook could not answer: put down, each of a compound once, and answered later.

use entity::kinds::QuestionState;
use entity::{handbook_article, handbook_asker, handbook_question};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::json;

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::access::named::residents_named;
use crate::base::fault::{Code, Fault};
use crate::base::redact::redact;
use crate::base::text::{cut_bytes, line, shorten};
use crate::handbook::actions::write::{Seen, store};
use crate::handbook::queries::{may_write, no_question, no_such, question};
use crate::handbook::step::Act;
use crate::handbook::words::key;
use crate::handbook::{MOST_QUESTION, MOST_QUESTIONS, question_subject, remind};
use crate::place::ids;
use crate::reminder;
use crate::store::Tx;

/// Questions of one person in a day that are put down.
const MOST_A_DAY: u64 = 20;
/// Open questions of a compound.
const MOST_OPEN: u64 = 2_000;
/// People who are told that a question was answered.
const MOST_TOLD: u64 = 1_000;
/// Bytes of the folded words.
const MOST_WORDS: usize = 240;

/// Puts down what somebody asked and the handbook could not answer: without names, homes and numbers. False
/// when it was not put down: nothing in it, or too much of one person or compound.
///
/// # Errors
/// The database's; `forbidden` for whoever is bound to nothing.
pub async fn ask(tx: &Tx, actor: &Actor, compound_id: i64, text: &str) -> Result<bool, Fault> {
    let person_id = actor.require_person()?;
    let text = shorten(&line(text), MOST_QUESTION);
    let names = residents_named(tx.db(), &text, tx.now()).await?;
    let text = redact(&text, &names);
    let words = cut_bytes(&key(&text), MOST_WORDS).to_owned();
    if words.is_empty() {
        return Ok(false);
    }
    let since = tx.now() - chrono::TimeDelta::days(1);
    let today = handbook_asker::Entity::find()
        .filter(handbook_asker::COLUMN.person_id.eq(person_id))
        .filter(handbook_asker::COLUMN.at.gte(since))
        .count(tx.db())
        .await?;
    if today >= MOST_A_DAY {
        return Ok(false);
    }
    let open = handbook_question::Entity::find()
        .filter(handbook_question::COLUMN.compound_id.eq(compound_id))
        .filter(handbook_question::COLUMN.state.eq(QuestionState::Open))
        .count(tx.db())
        .await?;
    if open >= MOST_OPEN {
        return Ok(false);
    }
    let id = put_down(tx, compound_id, &words, text).await?;
    let asker = handbook_asker::ActiveModel {
        question_id: Set(id),
        compound_id: Set(compound_id),
        person_id: Set(person_id),
        at: Set(tx.now()),
        ..Default::default()
    };
    let key = [
        handbook_asker::Column::QuestionId,
        handbook_asker::Column::PersonId,
    ];
    handbook_asker::Entity::insert(asker)
        .on_conflict(
            OnConflict::columns(key)
                .update_column(handbook_asker::Column::At)
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    Ok(true)
}

/// The row of these words, with one time more.
async fn put_down(tx: &Tx, compound_id: i64, words: &str, text: String) -> Result<i64, Fault> {
    use handbook_question::Column;
    let row = handbook_question::ActiveModel {
        compound_id: Set(compound_id),
        words: Set(words.to_owned()),
        text: Set(text),
        asked: Set(1),
        state: Set(QuestionState::Open),
        first_at: Set(tx.now()),
        last_at: Set(tx.now()),
        ..Default::default()
    };
    // In one statement, under the row's lock: who lets go of it at this moment comes before, and it is put down anew, or
    // after, and finds who asks.
    let known = OnConflict::columns([Column::CompoundId, Column::Words])
        .update_column(Column::LastAt)
        .value(
            Column::Asked,
            Expr::col((handbook_question::Entity, Column::Asked)).add(1),
        )
        .to_owned();
    let row = handbook_question::Entity::insert(row)
        .on_conflict(known)
        .exec_with_returning(tx.db())
        .await?;
    // Asked again without an answer: what answered it does no more, and who wants to know now is promised one.
    if row.state != QuestionState::Open {
        handbook_question::Entity::update_many()
            .set(handbook_question::ActiveModel {
                state: Set(QuestionState::Open),
                article_id: Set(None),
                ended_at: Set(None),
                ..Default::default()
            })
            .filter(handbook_question::COLUMN.id.eq(row.id))
            .exec(tx.db())
            .await?;
    }
    Ok(row.id)
}

/// Says which article answers a question; whoever asked is told. Its words become one of the article's
/// questions, where the actor may write that one.
///
/// # Errors
/// `not_found` for a question of a compound that is not theirs, or an article that its people do not read;
/// `wrong_step` when it is over already.
pub async fn answer(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    article_id: i64,
) -> Result<handbook_question::Model, Fault> {
    let (row, compound) = question(tx.db(), actor, id).await?;
    let article = handbook_article::Entity::find_by_id(article_id)
        .one(tx.db())
        .await?;
    let reads = |article: &handbook_article::Model| {
        let near = ids(&compound.path);
        article.state == entity::kinds::ArticleState::Published
            && article.place_id.is_none_or(|place| near.contains(&place))
    };
    let article = article.filter(reads).ok_or_else(|| no_such(article_id))?;
    let ended = end(tx, actor, row, QuestionState::Answered, Some(article_id)).await?;
    if may_write(tx.db(), actor, article.place_id).await? {
        add_words(tx, actor, &article, &ended.text).await?;
    }
    let askers: Vec<i64> = handbook_asker::Entity::find()
        .select_only()
        .column(handbook_asker::Column::PersonId)
        .filter(handbook_asker::COLUMN.question_id.eq(id))
        .limit(MOST_TOLD)
        .into_tuple()
        .all(tx.db())
        .await?;
    let told = askers
        .into_iter()
        .map(|person_id| remind::answered(&ended, article_id, person_id, tx.now()));
    reminder::enqueue(tx, told.collect()).await?;
    Ok(ended)
}

/// The question as one more that the article names, if there is room.
async fn add_words(
    tx: &Tx,
    actor: &Actor,
    article: &handbook_article::Model,
    text: &str,
) -> Result<(), Fault> {
    let lines = article.questions.lines();
    let known = lines.clone().any(|line| key(line) == key(text));
    if known || lines.count() >= MOST_QUESTIONS {
        return Ok(());
    }
    let change = handbook_article::ActiveModel {
        questions: Set(format!("{}\n{text}", article.questions).trim().to_owned()),
        edition: Set(None),
        ..Default::default()
    };
    let seen = Seen {
        id: article.id,
        version: article.version,
    };
    store(tx, actor, seen, change, Act::Change).await?;
    Ok(())
}

/// Says that a question needs no answer.
///
/// # Errors
/// As [`answer`].
pub async fn dismiss(tx: &Tx, actor: &Actor, id: i64) -> Result<handbook_question::Model, Fault> {
    let (row, _) = question(tx.db(), actor, id).await?;
    end(tx, actor, row, QuestionState::Dismissed, None).await
}

async fn end(
    tx: &Tx,
    actor: &Actor,
    row: handbook_question::Model,
    state: QuestionState,
    article_id: Option<i64>,
) -> Result<handbook_question::Model, Fault> {
    let changed = handbook_question::Entity::update_many()
        .set(handbook_question::ActiveModel {
            state: Set(state),
            article_id: Set(article_id),
            ended_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(handbook_question::COLUMN.id.eq(row.id))
        .filter(handbook_question::COLUMN.state.eq(QuestionState::Open))
        .exec_with_returning(tx.db())
        .await?;
    let Some(ended) = changed.into_iter().next() else {
        return Err(match row.state {
            QuestionState::Open => no_question(row.id),
            _ => Fault::new(Code::WrongStep, format!("问题 #{} 已经处理过了。", row.id)),
        });
    };
    let action = match state {
        QuestionState::Answered => "handbook.answer",
        _ => "handbook.dismiss",
    };
    let entry = Entry {
        action,
        subject: question_subject(ended.id),
        compound_id: Some(ended.compound_id),
        detail: article_id.map(|id| json!({ "article": id })),
    };
    audit::record(tx, actor, entry);
    Ok(ended)
}
