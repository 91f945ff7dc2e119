//! A case's own words in an answer template. Used by the chat and by the console.

use chrono::Datelike;
use entity::answer_template;
use entity::kinds::AnswerUse;
use sea_orm::ConnectionTrait;

use crate::answer::fill::{Facts, fill};
use crate::answer::queries::usable_one;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::text::half_width;
use crate::case::queries::{Found, building_says};
use crate::case::{category, kind_says};
use crate::chat::Args;

/// The template with this key, filled for the case.
///
/// # Errors
/// `not_found` for one that may not be used so for this case.
pub async fn filled<C: ConnectionTrait>(
    db: &C,
    found: &Found,
    used_for: AnswerUse,
    id: i64,
    now: Moment,
) -> Result<String, Fault> {
    let category = found.case.category.as_deref();
    let template = usable_one(db, &found.place.path, category, used_for, id).await?;
    put(db, found, &template, now).await
}

async fn put<C: ConnectionTrait>(
    db: &C,
    found: &Found,
    template: &answer_template::Model,
    now: Moment,
) -> Result<String, Fault> {
    let case = &found.case;
    let kind = kind_says(case.kind);
    let category = case.category.as_deref().and_then(category::says);
    let today = china(now);
    let facts = Facts {
        case: format!("#{}", case.id),
        kind: kind.to_owned(),
        category: category.unwrap_or(kind).to_owned(),
        // Compound and building: the answer may be published.
        place: building_says(db, &found.place).await?,
        day: format!("{}月{}日", today.month(), today.day()),
    };
    Ok(fill(&template.text, &facts))
}

/// What a command's word uses templates for.
#[must_use]
pub fn use_of(word: &str) -> Option<AnswerUse> {
    use sea_orm::Iterable;
    AnswerUse::iter().find(|used_for| crate::answer::use_says(*used_for) == word)
}

/// The number of a template at the front of words, and the words behind it: `模板3 谢谢`.
#[must_use]
pub fn named(text: &str) -> Option<(i64, String)> {
    let text = text.trim();
    let behind = ["模板", "模版", "範本"]
        .iter()
        .find_map(|word| text.strip_prefix(word))?;
    let behind = behind.trim_start_matches(|c: char| matches!(half_width(c), ' ' | ':'));
    let (id, rest) = Args::new(behind).number()?;
    Some((id, rest.raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_named_by_its_number_and_by_nothing_else() {
        for (text, named_and_rest) in [
            ("模板3", Some((3, ""))),
            ("模板 3 谢谢", Some((3, "谢谢"))),
            ("模版１２，已换灯", Some((12, "已换灯"))),
            ("模板", None),
            ("模板已换", None),
            ("已按模板3处理", None),
            ("", None),
        ] {
            let wanted = named_and_rest.map(|(id, rest)| (id, rest.to_owned()));
            assert_eq!(named(text), wanted, "{text}");
        }
        assert_eq!(use_of("办结"), Some(AnswerUse::Finish));
        assert_eq!(use_of("上报"), None);
    }
}
