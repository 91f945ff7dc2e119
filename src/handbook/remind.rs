//! What those are told who asked what the handbook could not answer: that it can now. `command/serve.rs` joins the
//! table to the others'.

use entity::kinds::{ArticleState, QuestionState};
use entity::{handbook_article, handbook_question, reminder};
use sea_orm::EntityTrait;
use serde_json::json;

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::handbook::chat::link;
use crate::handbook::markdown::lead;
use crate::handbook::question_subject;
use crate::place::queries as places;
use crate::reminder::payload::number;
use crate::reminder::{BoxFuture, NewReminder};

/// To whoever asked.
const ANSWERED: &str = "handbook.answered";
/// Characters of the answer that a message holds.
const SHOWN: usize = 200;

/// What each kind means.
pub const KINDS: &[Kind] = &[Kind {
    name: ANSWERED,
    work: Work::Push(Topic::News, compose),
}];

/// That a question was answered.
pub(super) fn answered(
    question: &handbook_question::Model,
    article_id: i64,
    person_id: i64,
    now: Moment,
) -> NewReminder {
    NewReminder {
        kind: ANSWERED,
        dedupe_key: format!(
            "question:{}:{article_id}:{person_id}:{}",
            question.id, question.asked
        ),
        recipient_id: Some(person_id),
        compound_id: Some(question.compound_id),
        subject: question_subject(question.id),
        payload: json!({ "question": question.id, "article": article_id }),
        due_at: now,
    }
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let ids = reminders.last().and_then(|row| {
            Some((
                number(row, "question")?,
                number(row, "article")?,
                row.due_at,
            ))
        });
        let Some((question_id, article_id, at)) = ids else {
            return Ok(None);
        };
        let db = app.store.read();
        let question = handbook_question::Entity::find_by_id(question_id)
            .one(db)
            .await?;
        let article = handbook_article::Entity::find_by_id(article_id)
            .one(db)
            .await?;
        let holds = |row: &handbook_question::Model| row.state == QuestionState::Answered;
        let (Some(question), Some(article)) = (
            question.filter(holds),
            article.filter(|row| row.state == ArticleState::Published),
        ) else {
            return Ok(None);
        };
        let compound = places::by_id(db, question.compound_id).await?;
        let url = compound.as_ref().map(|place| link(app, place, article.id));
        let place = compound.map(|place| place.name).unwrap_or_default();
        Ok(Some(Message {
            template: "notice",
            title: shorten(&article.title, 20),
            place,
            state: "手册有答案了".to_owned(),
            at,
            hint: format!("回复“手册 {}”看全文", article.id),
            text: format!(
                "您问过“{}”，手册里有答案了：{}\n{}\n回复“手册 {}”看全文。",
                question.text,
                article.title,
                shorten(&lead(&article.body), SHOWN),
                article.id
            ),
            url,
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}
