//! The handbook (手册, 百事通手册): articles that answer what residents ask («业委会怎么选»), found by the words that
//! people use, and a list of what they could not answer. Not the handbook for operators (`docs/handbook.md`).
//! Invariant: what is answered is published and for the people of that place; a version once written stays; a
//! text that nobody understood can always be filed as it is. Floor 3.
//!
//! | file | what it does |
//! |---|---|
//! | [`shipped`] | the articles that come with the program |
//! | [`words`], [`index`], [`sure`] | what a text has to do with which article; pure |
//! | [`library`] | what of it is kept in memory |
//! | [`markdown`] | the text of articles as a few elements |

pub mod actions;
pub mod api;
pub mod chat;
pub mod index;
pub mod library;
pub mod markdown;
pub mod queries;
pub mod remind;
pub mod shipped;
pub mod step;
pub mod sure;
pub mod words;

use entity::kinds::{ArticleState, QuestionState};

/// Most characters of a title.
pub const MOST_TITLE: usize = 30;
/// Questions that an article names, at most.
pub const MOST_QUESTIONS: usize = 30;
/// Most characters of one of them, and of what somebody asks.
pub const MOST_QUESTION: usize = 60;
/// Most characters of the words by which it is found.
pub const MOST_SYNONYMS: usize = 300;
/// Most characters of a text.
pub const MOST_BODY: usize = 6_000;
/// Articles of one place, at most; of those for all as well.
pub const MOST_OF_A_PLACE: u64 = 1_000;

/// How an article is named as the subject of audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("article:{id}")
}

/// How a question is named as the subject of reminders and audit rows.
#[must_use]
pub fn question_subject(id: i64) -> String {
    format!("question:{id}")
}

/// What people call the state of an article.
#[must_use]
pub const fn state_says(state: ArticleState) -> &'static str {
    match state {
        ArticleState::Draft => "草稿",
        ArticleState::Published => "已发布",
        ArticleState::Withdrawn => "已撤下",
    }
}

/// What people call the state of a question.
#[must_use]
pub const fn question_says(state: QuestionState) -> &'static str {
    match state {
        QuestionState::Open => "等答案",
        QuestionState::Answered => "已答复",
        QuestionState::Dismissed => "不用答",
    }
}
