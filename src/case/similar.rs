//! Which open cases may be the same thing as what somebody files (我也遇到): the likeness of two
//! texts, pure, and the one read that finds candidates. Asked by filing; nothing of what others
//! wrote is shown to whoever files but the words that both have used.

use std::collections::BTreeSet;

use entity::kinds::{CaseKind, CaseState};
use entity::{case, place};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationDef,
};

use crate::access::holders::path_ids;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::text::{fold, shorten};
use crate::case::queries::near_all;
use crate::case::step::OPEN;
use crate::case::{category, kind_says, state_says};
use crate::place::queries::below;

/// Cases that are looked at: the newest of the category and place.
const LOOKED_AT: u64 = 100;
/// Cases that are offered.
const OFFERED: usize = 3;
/// From here on a case is offered.
const ALIKE: f64 = 0.3;
/// From here on the new task waits a minute for the answer, so that the holder is not told twice.
const VERY_ALIKE: f64 = 0.6;
/// Characters of a text that are compared.
const COMPARED: usize = 200;
/// Characters of the common words that are shown.
const SHARED_SHOWN: usize = 12;
/// Kinds that several homes may meet; who asks for help or quarrels is nobody else's business.
pub const COMMON: [CaseKind; 3] = [CaseKind::Repair, CaseKind::Complaint, CaseKind::Suggestion];

/// An open case that may be the same thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Alike {
    /// The case.
    pub id: i64,
    /// Kind.
    pub kind: CaseKind,
    /// lift, water …
    pub category: Option<String>,
    /// Where it stands.
    pub state: CaseState,
    /// Where, no nearer than the building.
    pub place: String,
    /// How many homes have met it.
    pub households: i32,
    /// The person who files filed this one, too.
    pub own: bool,
    /// When it was filed.
    pub at: Moment,
    /// 0 to 1.
    pub likeness: f64,
    /// Words that both texts have; empty when there are none.
    pub shared: String,
}

impl Alike {
    /// Whether it is so like that the new task can wait for the answer.
    #[must_use]
    pub fn is_close(&self) -> bool {
        self.likeness >= VERY_ALIKE
    }

    /// `#8 报修·电梯（1栋，11月21日 09:12提出，待接单，已有3户遇到，也说到“电梯停了”）`
    #[must_use]
    pub fn says(&self) -> String {
        let about = self.category.as_deref().and_then(category::says);
        let about = about.map(|says| format!("·{says}")).unwrap_or_default();
        let own = if self.own { "您" } else { "" };
        let shared = match self.shared.as_str() {
            "" => String::new(),
            words => format!("，也说到“{}”", shorten(words, SHARED_SHOWN)),
        };
        format!(
            "#{} {}{about}（{}，{own}{}提出，{}，已有{}户遇到{shared}）",
            self.id,
            kind_says(self.kind),
            self.place,
            say(self.at),
            state_says(self.state),
            self.households,
        )
    }
}

/// What is compared with what is open.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Kind of the new case.
    pub kind: CaseKind,
    /// Its category; without one nothing is looked for.
    pub category: Option<&'a str>,
    /// Its words.
    pub text: &'a str,
    /// Tenant.
    pub compound_id: i64,
    /// Path of its place.
    pub path: &'a str,
    /// Who files.
    pub reporter_id: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    kind: CaseKind,
    category: Option<String>,
    text: String,
    reporter_id: i64,
    state: CaseState,
    households: i32,
    created_at: Moment,
    place_id: i64,
}

/// A row, how alike it is and the words that both have.
type Ranked = (f64, String, Row);

/// What of the rows is offered, with where it is.
async fn offered<C: ConnectionTrait>(
    db: &C,
    rows: Vec<Ranked>,
    reporter_id: i64,
) -> Result<Vec<Alike>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<i64> = rows.iter().map(|(_, _, row)| row.place_id).collect();
    let near = near_all(db, &places).await?;
    let alike = rows.into_iter().map(|(likeness, shared, row)| Alike {
        shared,
        place: near.get(&row.place_id).cloned().unwrap_or_default(),
        id: row.id,
        kind: row.kind,
        category: row.category,
        state: row.state,
        households: row.households,
        own: row.reporter_id == reporter_id,
        at: row.created_at,
        likeness,
    });
    Ok(alike.collect())
}

/// Open cases that may be the same thing, likeliest first; nothing is read without a category.
///
/// # Errors
/// The database's.
pub async fn alike<C: ConnectionTrait>(db: &C, wanted: Wanted<'_>) -> Result<Vec<Alike>, Fault> {
    let Some(category) = wanted.category.filter(|_| COMMON.contains(&wanted.kind)) else {
        return Ok(Vec::new());
    };
    let condition = Condition::all()
        .add(case::COLUMN.compound_id.eq(wanted.compound_id))
        .add(case::COLUMN.category.eq(category))
        .add(below(&scope(wanted.path, wanted.compound_id)));
    let rows = open_ones(db, condition, LOOKED_AT).await?;
    offered(db, rank(rows, &wanted), wanted.reporter_id).await
}

/// What is open in these compounds and may be joined, newest first; without any words of others.
///
/// # Errors
/// The database's.
pub async fn open_in<C: ConnectionTrait>(
    db: &C,
    compounds: &[i64],
    reporter_id: i64,
    most: u64,
) -> Result<Vec<Alike>, Fault> {
    if compounds.is_empty() {
        return Ok(Vec::new());
    }
    let condition = Condition::all()
        .add(case::COLUMN.compound_id.is_in(compounds.iter().copied()))
        .add(case::COLUMN.reporter_id.ne(reporter_id));
    let rows = open_ones(db, condition, most).await?;
    let rows = rows.into_iter().map(|row| (0.0, String::new(), row));
    offered(db, rows.collect(), reporter_id).await
}

/// Open cases that several homes may meet, newest first.
async fn open_ones<C: ConnectionTrait>(
    db: &C,
    condition: Condition,
    most: u64,
) -> Result<Vec<Row>, Fault> {
    let to_place: RelationDef = case::Entity::belongs_to(place::Entity)
        .from(case::Column::PlaceId)
        .to(place::Column::Id)
        .into();
    Ok(case::Entity::find()
        .select_only()
        .columns([
            case::Column::Id,
            case::Column::Kind,
            case::Column::Category,
            case::Column::Text,
            case::Column::ReporterId,
            case::Column::State,
            case::Column::Households,
            case::Column::CreatedAt,
            case::Column::PlaceId,
        ])
        .join(JoinType::InnerJoin, to_place)
        .filter(condition)
        .filter(case::COLUMN.closed_at.is_null())
        .filter(case::COLUMN.state.is_in(OPEN.iter().copied()))
        .filter(case::COLUMN.kind.is_in(COMMON))
        .order_by_desc(case::Column::Id)
        .limit(most)
        .into_model::<Row>()
        .all(db)
        .await?)
}

/// The building's path (the zone's where buildings stand in one); the compound's for what lies in
/// none.
fn scope(path: &str, compound_id: i64) -> String {
    let ids = path_ids(path);
    let keep = ids
        .iter()
        .position(|id| *id == compound_id)
        .map_or(ids.len(), |at| at + 2);
    let kept: String = ids.iter().take(keep).map(|id| format!("{id}/")).collect();
    format!("/{kept}")
}

fn rank(rows: Vec<Row>, wanted: &Wanted<'_>) -> Vec<Ranked> {
    let text = essence(wanted.text);
    let own = grams(&text);
    let mut found: Vec<(f64, Row)> = rows
        .into_iter()
        .map(|row| (overlap(&own, &grams(&essence(&row.text))), row))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    // Newest first among equals: that is how they were read, and the sort keeps it.
    found
        .sort_by(|(a, one), (b, other)| b.total_cmp(a).then(other.households.cmp(&one.households)));
    found
        .into_iter()
        .take(OFFERED)
        .map(|(likeness, row)| {
            let words = shared(&text, &essence(&row.text));
            (likeness, words, row)
        })
        .collect()
}

/// How alike two texts are, 0 to 1: the share of the shorter one's pairs of characters that the
/// other has, too. Traditional and simplified, full and half width are the same; the place is left
/// out, since it is compared by itself.
#[must_use]
pub fn likeness(one: &str, other: &str) -> f64 {
    overlap(&grams(&essence(one)), &grams(&essence(other)))
}

/// What is compared of a text: letters without the numbers of houses.
fn essence(text: &str) -> Vec<char> {
    let mut folded = fold(text);
    for word in [
        "号楼", "单元", "栋", "幢", "小区", "我们", "我家", "你好", "您好",
    ] {
        folded = folded.replace(word, " ");
    }
    folded
        .chars()
        .filter(|c| c.is_alphabetic())
        .take(COMPARED)
        .collect()
}

fn grams(text: &[char]) -> BTreeSet<(char, char)> {
    text.windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some((*a, *b)),
            _ => None,
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "at most 200 pairs")]
fn overlap(one: &BTreeSet<(char, char)>, other: &BTreeSet<(char, char)>) -> f64 {
    let fewest = one.len().min(other.len());
    if fewest == 0 {
        return 0.0;
    }
    one.intersection(other).count() as f64 / fewest as f64
}

/// The longest run of characters that both have, two at least.
fn shared(one: &[char], other: &[char]) -> String {
    let mut best = (0, 0);
    let mut above = vec![0_usize; other.len() + 1];
    for (at, a) in one.iter().enumerate() {
        let mut row = vec![0_usize; other.len() + 1];
        for (place, b) in other.iter().enumerate() {
            let length = match above.get(place) {
                Some(before) if a == b => before + 1,
                _ => 0,
            };
            if let Some(cell) = row.get_mut(place + 1) {
                *cell = length;
            }
            if length > best.1 {
                best = (at + 1 - length, length);
            }
        }
        above = row;
    }
    match best {
        (from, length) if length >= 2 => one.iter().skip(from).take(length).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_thing_in_other_words_is_alike() {
        for (one, other, least) in [
            ("3栋电梯停了", "３棟電梯停了！", 1.0),
            ("3栋电梯停了", "3栋2单元的电梯停了好久，老人下不了楼", 1.0),
            ("电梯停了", "电梯坏了，快来修", 0.3),
            ("地下车库漏水了", "车库漏水，地上全是水", 0.5),
            ("楼道灯不亮", "二楼楼道灯不亮了", 1.0),
        ] {
            let found = likeness(one, other);
            assert!(found >= least, "{one} / {other}: {found}");
        }
    }

    #[test]
    fn what_is_another_thing_is_not() {
        for (one, other) in [
            ("3栋电梯停了", "3栋垃圾没人收"),
            ("路灯坏了一盏", "楼上装修太吵"),
            ("3栋2单元", "3栋2单元"),
            ("", "电梯停了"),
            ("梯", "梯"),
        ] {
            let found = likeness(one, other);
            assert!(found < ALIKE, "{one} / {other}: {found}");
        }
    }

    #[test]
    fn only_what_both_have_said_is_shown() {
        let words = |one: &str, other: &str| shared(&essence(one), &essence(other));
        assert_eq!(words("3栋电梯停了", "我是张秀英，电梯停了两天"), "电梯停了");
        assert_eq!(words("电梯", "楼道灯"), "");
    }

    #[test]
    fn the_place_is_the_building_or_the_compound() {
        assert_eq!(scope("/1/2/5/6/7/8/", 5), "/1/2/5/6/");
        assert_eq!(scope("/1/2/5/", 5), "/1/2/5/");
        assert_eq!(scope("/1/2/5/6/", 5), "/1/2/5/6/");
    }

    proptest! {
        #[test]
        fn likeness_is_a_share_and_the_same_both_ways(one in "\\PC{0,60}", other in "\\PC{0,60}") {
            let found = likeness(&one, &other);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert_eq!(found, likeness(&other, &one));
        }

        #[test]
        fn a_text_is_like_itself_and_like_what_is_built_on_it(text in "[电梯停坏漏水灯]{2,20}", more in "[电梯停坏漏水灯]{0,20}") {
            prop_assert!(likeness(&text, &text) >= 1.0);
            let longer = format!("{text}，{more}");
            prop_assert!(likeness(&text, &longer) >= 1.0);
        }

        #[test]
        fn shared_words_stand_in_both(one in "[电梯停了坏漏水灯]{0,20}", other in "[电梯停了坏漏水灯]{0,20}") {
            let words = shared(&essence(&one), &essence(&other));
            prop_assert!(one.contains(&words) && other.contains(&words));
        }
    }
}
