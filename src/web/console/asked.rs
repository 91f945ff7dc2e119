//! The filters of the list of cases, as the page's address holds them: read, checked, and written again
//! for the next page and for saved views. Used by `cases.rs`.

use chrono::{Days, NaiveTime, TimeZone};
use entity::kinds::{CaseKind, CaseState, Level, PlaceKind};
use entity::{person, place, role};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Deserialize;

use crate::access::Actor;
use crate::access::permit::{Deed, roles};
use crate::base::clock::{Moment, china};
use crate::base::dates::read_day;
use crate::base::fault::Fault;
use crate::base::text::{clean, cut_bytes, fold};
use crate::case::category;
use crate::case::search::{Holder, Wanted};
use crate::case::step::OPEN;
use crate::place::queries as places;
use crate::wechat::http::percent;

/// Bytes of a text that is looked for.
const MOST_TEXT: usize = 300;
/// People of one name that are looked for.
const MOST_PEOPLE: u64 = 50;

/// The query of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `open` (the usual), `all`, or a state.
    pub state: String,
    /// A kind.
    pub kind: String,
    /// A category.
    pub category: String,
    /// A level.
    pub level: String,
    /// Code of a place.
    pub place: String,
    /// `我`, `无人`, or a name.
    pub holder: String,
    /// `1`: only what is late.
    pub late: String,
    /// First day, `2026-11-21`.
    pub from: String,
    /// Last day.
    pub until: String,
    /// Words.
    pub text: String,
    /// Where the page begins.
    pub cursor: String,
    /// Not empty: the page of before goes on with it, since nothing was found there.
    pub onward: String,
    /// What has just been done.
    pub said: String,
}

/// What is wrong with a filter: its field and the words.
pub type Wrong = (&'static str, &'static str);

/// What is wrong with this one.
pub(super) fn beside(wrong: &[Wrong], field: &str) -> Option<&'static str> {
    let found = wrong.iter().find(|(known, _)| *known == field);
    found.map(|(_, words)| *words)
}

/// Filters as an address holds them: those that are set.
pub(super) fn query_of(fields: &[(&str, &str)]) -> String {
    let set = fields.iter().map(|(name, value)| (name, value.trim()));
    let set = set.filter(|(_, value)| !value.is_empty());
    let parts = set.map(|(name, value)| format!("{name}={}", percent(value)));
    parts.collect::<Vec<_>>().join("&")
}

impl Asked {
    /// The filters that are set, by the name of their field.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("state", &self.state),
            ("kind", &self.kind),
            ("category", &self.category),
            ("level", &self.level),
            ("place", &self.place),
            ("holder", &self.holder),
            ("late", &self.late),
            ("from", &self.from),
            ("until", &self.until),
            ("text", &self.text),
        ];
        let set = all.into_iter().map(|(name, value)| (name, value.trim()));
        set.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The filters alone, for a link or a saved view.
    #[must_use]
    pub fn query(&self) -> String {
        query_of(&self.fields())
    }

    /// A case that was asked for by its number alone.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        let text = fold(&self.text);
        text.strip_prefix('#').unwrap_or(&text).parse().ok()
    }

    /// Reads the filters within what the actor may see.
    ///
    /// # Errors
    /// The database's; a filter that cannot be read is among the wrong ones.
    pub async fn read<C: ConnectionTrait>(
        &self,
        db: &C,
        actor: &Actor,
    ) -> Result<(Wanted, Vec<Wrong>), Fault> {
        let mut wrong = Vec::new();
        let mut wanted = Wanted {
            states: match self.state.as_str() {
                "" | "open" => OPEN.to_vec(),
                "all" => Vec::new(),
                word => match CaseState::try_from_value(&word.to_owned()) {
                    Ok(state) => vec![state],
                    Err(_) => {
                        wrong.push(("state", "没有这个状态，请重新选择。"));
                        Vec::new()
                    }
                },
            },
            kind: choice::<CaseKind>(&self.kind, "kind", &mut wrong),
            level: choice::<Level>(&self.level, "level", &mut wrong),
            late: self.late == "1",
            from: day(&self.from, 0, "from", &mut wrong),
            until: day(&self.until, 1, "until", &mut wrong),
            text: Some(cut_bytes(&clean(&self.text), MOST_TEXT).to_owned())
                .filter(|text| !text.is_empty()),
            ..Wanted::default()
        };
        if !self.category.is_empty() {
            if category::says(&self.category).is_none() {
                wrong.push(("category", "没有这个类别，请重新选择。"));
            }
            wanted.category = Some(self.category.clone());
        }
        self.read_place(db, actor, &mut wanted, &mut wrong).await?;
        self.read_holder(db, actor, &mut wanted, &mut wrong).await?;
        Ok((wanted, wrong))
    }

    async fn read_place<C: ConnectionTrait>(
        &self,
        db: &C,
        actor: &Actor,
        wanted: &mut Wanted,
        wrong: &mut Vec<Wrong>,
    ) -> Result<(), Fault> {
        if self.place.trim().is_empty() {
            return Ok(());
        }
        let seen = place_typed(db, actor, &self.place, Deed::SeeCases).await?;
        if seen.is_none() {
            wrong.push(("place", "没有找到这个地点，请写编号，例如 3 栋写 3。"));
        }
        wanted.place = seen;
        Ok(())
    }

    async fn read_holder<C: ConnectionTrait>(
        &self,
        db: &C,
        actor: &Actor,
        wanted: &mut Wanted,
        wrong: &mut Vec<Wrong>,
    ) -> Result<(), Fault> {
        let name = self.holder.trim();
        wanted.holder = match name {
            "" => return Ok(()),
            "无人" => Some(Holder::Nobody),
            "我" => Some(Holder::People(actor.person_id().into_iter().collect())),
            name => {
                let posts = staff_named(db, name).await?;
                if posts.is_empty() {
                    wrong.push(("holder", "没有这个办理人，请写全名，或写“我”“无人”。"));
                }
                Some(Holder::People(posts))
            }
        };
        Ok(())
    }
}

/// A place by its code as people type it, if the actor may do the deed there or somewhere in it.
///
/// # Errors
/// The database's.
pub(super) async fn place_typed<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    typed: &str,
    deed: Deed,
) -> Result<Option<place::Model>, Fault> {
    let found = typed_place(db, actor, typed).await?;
    // A place that is not theirs is not there.
    let able = roles(deed);
    Ok(found.filter(|place| {
        actor.grants.iter().any(|grant| {
            able.contains(&grant.role)
                && (place.path.starts_with(&grant.path) || grant.path.starts_with(&place.path))
        })
    }))
}

/// The place that somebody types: by its full code, or by what people say within a compound in which
/// they hold something. Whether it is theirs to see is asked by whoever calls.
pub(super) async fn typed_place<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    typed: &str,
) -> Result<Option<place::Model>, Fault> {
    // What is written in brackets behind a code is for people.
    let typed = typed.split(['（', '(']).next().unwrap_or_default().trim();
    if let Some(found) = places::by_code(db, typed).await? {
        return Ok(Some(found));
    }
    for id in compounds_of(actor) {
        let compound = places::compound_by_id(db, id).await?;
        let Some(compound) = compound else { continue };
        if let Some(found) = places::by_local_code(db, &compound, typed).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The same for what belongs to compounds: a compound or a place above it. None when nothing was typed, or
/// something wrong.
pub(super) async fn area_of<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deed: Deed,
    typed: &str,
    wrong: &mut Vec<Wrong>,
) -> Result<Option<place::Model>, Fault> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let found = place_typed(db, actor, typed, deed).await?;
    match &found {
        None => wrong.push(("place", "没有找到这个地点，请写编号，例如 GY。")),
        Some(place) if place.kind > PlaceKind::Compound => {
            wrong.push(("place", "请写小区、社区或街道的编号，例如 GY。"));
        }
        Some(_) => {}
    }
    Ok(found)
}

/// People of this name who hold a post, or held one.
pub(super) async fn staff_named<C: ConnectionTrait>(db: &C, name: &str) -> Result<Vec<i64>, Fault> {
    let called = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::COLUMN.name.eq(name))
        .limit(MOST_PEOPLE)
        .into_tuple::<i64>()
        .all(db)
        .await?;
    let mut posts = role::Entity::find()
        .select_only()
        .column(role::Column::PersonId)
        .filter(role::COLUMN.person_id.is_in(called))
        .into_tuple::<i64>()
        .all(db)
        .await?;
    posts.sort_unstable();
    posts.dedup();
    Ok(posts)
}

/// Compounds in which the actor holds something.
fn compounds_of(actor: &Actor) -> Vec<i64> {
    let mut ids: Vec<i64> = actor
        .grants
        .iter()
        .filter_map(|grant| grant.compound_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(8);
    ids
}

fn choice<T: ActiveEnum<Value = String>>(
    word: &str,
    field: &'static str,
    wrong: &mut Vec<Wrong>,
) -> Option<T> {
    if word.is_empty() {
        return None;
    }
    let read = T::try_from_value(&word.to_owned()).ok();
    if read.is_none() {
        wrong.push((field, "没有这一项，请重新选择。"));
    }
    read
}

/// The beginning of a day in China, so many days later.
pub(super) fn day(
    typed: &str,
    later: u64,
    field: &'static str,
    wrong: &mut Vec<Wrong>,
) -> Option<Moment> {
    if typed.trim().is_empty() {
        return None;
    }
    let read = read_day(field, typed)
        .ok()
        .and_then(|day| day.checked_add_days(Days::new(later)))
        .and_then(|day| {
            let offset = *china(Moment::UNIX_EPOCH).offset();
            let begin = day.and_time(NaiveTime::MIN);
            offset.from_local_datetime(&begin).single()
        });
    if read.is_none() {
        wrong.push((field, "日期写成 2026-11-21 这样。"));
    }
    read.map(|moment| moment.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_written_as_they_are_read() {
        let asked = Asked {
            state: "all".to_owned(),
            text: "电梯 & 水".to_owned(),
            cursor: "aTc".to_owned(),
            ..Asked::default()
        };
        assert_eq!(
            asked.query(),
            "state=all&text=%E7%94%B5%E6%A2%AF%20%26%20%E6%B0%B4"
        );
    }

    #[test]
    fn a_number_alone_is_a_case() {
        for (text, number) in [
            ("12", Some(12)),
            ("#12", Some(12)),
            ("＃１２", Some(12)),
            ("12 栋", None),
            ("", None),
        ] {
            let asked = Asked {
                text: text.to_owned(),
                ..Asked::default()
            };
            assert_eq!(asked.number(), number, "{text}");
        }
    }

    #[test]
    fn days_are_chinas_and_nonsense_is_told() {
        let mut wrong = Vec::new();
        let begin = day("2026-11-21", 0, "from", &mut wrong).unwrap();
        assert_eq!(begin.to_rfc3339(), "2026-11-20T16:00:00+00:00");
        let end = day("2026-02-28", 1, "until", &mut wrong).unwrap();
        assert_eq!(end.to_rfc3339(), "2026-02-28T16:00:00+00:00");
        assert!(wrong.is_empty());
        for bad in ["yesterday", "2026-02-30", "+262142-12-31", "2026-11-21T00"] {
            assert_eq!(day(bad, 1, "from", &mut wrong), None, "{bad}");
        }
        assert_eq!(wrong.len(), 4);
    }
}
