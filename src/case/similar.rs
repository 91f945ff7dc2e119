//! Which open cases may be the same thing as what somebody files (我也遇到): all of its place are compared, by the
//! essence of their words (`essence.rs`), which is stored with each, so that nothing is folded again. Asked by
//! filing, which is the hot path, and by the console's page of a case. Nothing of what others wrote is shown to
//! whoever files but the words that both have used.

use entity::case;
use entity::kinds::{CaseKind, CaseState};
use sea_orm::sea_query::{Expr, Query, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};

use crate::access::holders::path_ids;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::essence::{Pairs, essence, shared};
use crate::case::queries::near_all;
use crate::case::step::OPEN;
use crate::case::{category, kind_says, state_says};

/// Cases that are offered.
const OFFERED: usize = 3;
/// From here on a case of the same category is offered …
const ALIKE: f64 = 0.3;
/// … and from here on one of another or of none, if it has this many pairs of characters in common: «坏了» alone says
/// nothing.
const ALIKE_ELSEWHERE: f64 = 0.45;
const PAIRS_ELSEWHERE: usize = 2;
/// What the same category is worth beside the likeness when cases are put in order.
const SAME_CATEGORY: f64 = 0.15;
/// From here on the new task waits a minute for the answer, so that the holder is not told twice.
const VERY_ALIKE: f64 = 0.6;
/// Characters of the common words that are shown.
const SHARED_SHOWN: usize = 12;
/// Kinds that several homes may meet; who asks for help or quarrels is nobody else's business.
pub const COMMON: [CaseKind; 3] = [CaseKind::Repair, CaseKind::Complaint, CaseKind::Suggestion];
/// Cases that are compared first, the newest of the place: mostly that is all of them …
const NEWEST: u64 = 100;
/// … and so many otherwise; no place has more that are open.
const MOST: u64 = 20_000;
/// The cases that are compared as one text, `8 2 lift 电梯停了|9 1 - 石狮子倒了`: key, homes, category and essence.
/// One value costs either database a fraction of what ten thousand rows do.
const LINES: &str = r#"string_agg(CAST("id" AS text) || ' ' || CAST("households" AS text) || ' ' || COALESCE("category", '-') || ' ' || "essence", '|')"#;

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
    /// Its category, if the words point to one.
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

/// What is stored with a case, so that others can be compared with it; none for a kind that is nobody else's
/// business, and for words without two letters.
#[must_use]
pub fn kept(kind: CaseKind, text: &str) -> Option<String> {
    let kept = essence(text);
    (COMMON.contains(&kind) && kept.chars().nth(1).is_some()).then_some(kept)
}

/// The place in which the same thing is looked for: the building (the zone where buildings stand in one); the
/// compound for what lies in none.
#[must_use]
pub fn near_of(path: &str, compound_id: i64) -> i64 {
    let mut below = path_ids(path)
        .into_iter()
        .skip_while(|id| *id != compound_id);
    below.nth(1).unwrap_or(compound_id)
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    kind: CaseKind,
    category: Option<String>,
    reporter_id: i64,
    state: CaseState,
    households: i32,
    created_at: Moment,
    place_id: i64,
}

/// A case among those that are compared.
struct Line<'a> {
    id: i64,
    households: i32,
    category: Option<&'a str>,
    essence: &'a str,
}

/// One that is alike: how much, and the words that both have.
struct Ranked {
    id: i64,
    likeness: f64,
    shared: String,
}

/// Open cases that may be the same thing, likeliest first: among all that are open in its building, or in the
/// compound for what lies in no building.
///
/// # Errors
/// The database's.
pub async fn alike<C: ConnectionTrait>(db: &C, wanted: Wanted<'_>) -> Result<Vec<Alike>, Fault> {
    let Some(words) = kept(wanted.kind, wanted.text) else {
        return Ok(Vec::new());
    };
    let newest = lines(db, &wanted, NEWEST).await?;
    let mut ranked = rank(&newest, &words, wanted.category);
    let close = ranked.iter().filter(|one| one.likeness >= VERY_ALIKE);
    let is_full = newest.split('|').zip(1..).any(|(_, count)| count == NEWEST);
    if is_full && close.count() < OFFERED {
        let all = lines(db, &wanted, MOST).await?;
        ranked = rank(&all, &words, wanted.category);
    }
    if ranked.is_empty() {
        return Ok(Vec::new());
    }
    let rows = still_open(db, ranked.iter().map(|one| one.id)).await?;
    let mut found = shown(db, rows, wanted.reporter_id).await?;
    // In the order of their likeness; what has ended in between is gone.
    let offered = ranked.into_iter().filter_map(|one| {
        let at = found.iter().position(|alike| alike.id == one.id)?;
        let mut alike = found.swap_remove(at);
        (alike.likeness, alike.shared) = (one.likeness, one.shared);
        Some(alike)
    });
    Ok(offered.collect())
}

/// The newest cases of the place that are compared, as [`LINES`]; empty when there is none.
async fn lines<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted<'_>,
    most: u64,
) -> Result<String, Fault> {
    let near = near_of(wanted.path, wanted.compound_id);
    let mut inside = Condition::all().add(case::COLUMN.compound_id.eq(wanted.compound_id));
    if near != wanted.compound_id {
        inside = inside.add(case::COLUMN.near_id.eq(near));
    }
    let newest = case::Entity::find()
        .select_only()
        .columns([
            case::Column::Id,
            case::Column::Households,
            case::Column::Category,
            case::Column::Essence,
        ])
        .filter(inside)
        .filter(is_open())
        .filter(case::COLUMN.essence.is_not_null())
        .order_by_desc(case::Column::Id)
        .limit(most)
        .into_query();
    let mut query = Query::select();
    query
        .expr_as(Expr::cust(LINES), "lines")
        .from_subquery(newest, "newest");
    let row = db.query_one(&query).await?;
    let lines: Option<Option<String>> = row.map(|row| row.try_get("", "lines")).transpose()?;
    Ok(lines.flatten().unwrap_or_default())
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
    shown(db, rows, reporter_id).await
}

/// Under way, and of a kind that several homes may meet.
fn is_open() -> Condition {
    Condition::all()
        .add(case::COLUMN.closed_at.is_null())
        .add(case::COLUMN.state.is_in(OPEN.iter().copied()))
        .add(case::COLUMN.kind.is_in(COMMON))
}

/// Open cases that several homes may meet, newest first.
async fn open_ones<C: ConnectionTrait>(
    db: &C,
    condition: Condition,
    most: u64,
) -> Result<Vec<Row>, Fault> {
    Ok(joinable(condition)
        .order_by_desc(case::Column::Id)
        .limit(most)
        .into_model::<Row>()
        .all(db)
        .await?)
}

/// Those of these keys that are still open, each looked up by itself: PostgreSQL keeps the plan that it made while the
/// table was small, and of several keys at once that is to read all of it.
async fn still_open<C: ConnectionTrait>(
    db: &C,
    ids: impl Iterator<Item = i64>,
) -> Result<Vec<Row>, Fault> {
    let one = |id: i64| joinable(Condition::all().add(case::COLUMN.id.eq(id))).into_query();
    let mut parts = ids.map(one);
    let Some(mut all) = parts.next() else {
        return Ok(Vec::new());
    };
    all.unions(parts.map(|part| (UnionType::All, part)));
    let rows = db.query_all(&all).await?;
    let rows = rows.iter().map(|row| Row::from_query_result(row, ""));
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is offered of open cases that several homes may meet.
fn joinable(condition: Condition) -> Select<case::Entity> {
    case::Entity::find()
        .select_only()
        .columns([
            case::Column::Id,
            case::Column::Kind,
            case::Column::Category,
            case::Column::ReporterId,
            case::Column::State,
            case::Column::Households,
            case::Column::CreatedAt,
            case::Column::PlaceId,
        ])
        .filter(condition)
        .filter(is_open())
}

/// Rows as they are offered, with where they are; how alike they are is for whoever knows.
async fn shown<C: ConnectionTrait>(
    db: &C,
    rows: Vec<Row>,
    reporter_id: i64,
) -> Result<Vec<Alike>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<i64> = rows.iter().map(|row| row.place_id).collect();
    let near = near_all(db, &places).await?;
    let alike = rows.into_iter().map(|row| Alike {
        place: near.get(&row.place_id).cloned().unwrap_or_default(),
        id: row.id,
        kind: row.kind,
        category: row.category,
        state: row.state,
        households: row.households,
        own: row.reporter_id == reporter_id,
        at: row.created_at,
        likeness: 0.0,
        shared: String::new(),
    });
    Ok(alike.collect())
}

/// One of [`LINES`].
fn read(line: &str) -> Option<Line<'_>> {
    let mut parts = line.splitn(4, ' ');
    Some(Line {
        id: parts.next()?.parse().ok()?,
        households: parts.next()?.parse().ok()?,
        category: parts.next().filter(|category| *category != "-"),
        essence: parts.next()?,
    })
}

/// Those that are offered, likeliest first; among equals what most homes have met, then the newest.
fn rank(lines: &str, words: &str, category: Option<&str>) -> Vec<Ranked> {
    let own = Pairs::of(words);
    let mut found: Vec<(f64, f64, Line<'_>)> = lines
        .split('|')
        .filter_map(read)
        .filter_map(|line| {
            let theirs = Pairs::of(line.essence);
            let common = own.common(&theirs);
            let likeness = own.share(&theirs, common);
            let same = category.is_some() && line.category == category;
            let enough = if same {
                likeness >= ALIKE
            } else {
                likeness >= ALIKE_ELSEWHERE && common >= PAIRS_ELSEWHERE
            };
            let points = likeness + if same { SAME_CATEGORY } else { 0.0 };
            enough.then_some((points, likeness, line))
        })
        .collect();
    found.sort_by(|(points, _, one), (others, _, other)| {
        let most = others.total_cmp(points);
        most.then((other.households, other.id).cmp(&(one.households, one.id)))
    });
    let best = found.into_iter().take(OFFERED);
    best.map(|(_, likeness, line)| Ranked {
        id: line.id,
        likeness,
        shared: shared(words, line.essence),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of what is offered for the words.
    fn offered(lines: &str, words: &str, category: Option<&str>) -> Vec<i64> {
        let ranked = rank(lines, &essence(words), category);
        ranked.into_iter().map(|one| one.id).collect()
    }

    #[test]
    fn the_place_is_the_building_or_the_compound() {
        assert_eq!(near_of("/1/2/5/6/7/8/", 5), 6);
        assert_eq!(near_of("/1/2/5/6/", 5), 6);
        assert_eq!(near_of("/1/2/5/", 5), 5);
        assert_eq!(near_of("/1/2/", 5), 5);
    }

    #[test]
    fn a_category_weighs_and_is_no_condition() {
        let lines = "1 1 - 石狮子倒了|2 1 lift 电梯停了两天|3 1 - 电梯停了两天|4 5 noise 装修太吵";
        assert_eq!(offered(lines, "门口石狮子倒了", None), [1]);
        assert_eq!(offered(lines, "门口石狮子倒了", Some("access")), [1]);
        assert_eq!(offered(lines, "电梯停了两天", Some("lift")), [2, 3]);
        assert_eq!(
            offered(lines, "电梯停了两天", None),
            [3, 2],
            "the newest first"
        );
        assert_eq!(offered(lines, "树要修剪", None), [0; 0]);
        assert_eq!(offered("", "石狮子倒了", None), [0; 0]);
    }

    #[test]
    fn of_another_category_more_is_asked_for() {
        // One pair of three in common: enough for two lifts, not for a lamp and a door.
        assert_eq!(offered("7 1 lift 电梯坏了", "电梯停了", Some("lift")), [7]);
        assert_eq!(offered("7 1 - 门坏了", "路灯坏了", Some("power")), [0; 0]);
    }

    #[test]
    fn what_most_homes_have_met_stands_first_and_three_are_enough() {
        let lines =
            "1 1 - 石狮子倒了|2 9 - 石狮子倒了|3 1 - 石狮子倒了|4 1 - 石狮子倒了|x|5 y - 倒了";
        assert_eq!(offered(lines, "石狮子倒了", None), [2, 4, 3]);
    }

    #[test]
    fn only_what_others_may_meet_is_kept() {
        assert_eq!(
            kept(CaseKind::Repair, "３棟電梯停了").as_deref(),
            Some("电梯停了")
        );
        assert_eq!(kept(CaseKind::Help, "请人看看老人"), None);
        assert_eq!(kept(CaseKind::Dispute, "楼上太吵"), None);
        assert_eq!(kept(CaseKind::Repair, "3栋 灯"), None);
    }
}
