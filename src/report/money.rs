//! The figures of money as tables that people read: by month, place and property company. Used by the console
//! and the board.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use entity::{organisation, place};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::case::stats::percent;
use crate::fee::stats::count::{self, Group};
use crate::fee::stats::{FORMULA, Figure, Period, Sums};
use crate::organisation::queries as organisations;
use crate::place::scope::Scope;
use crate::place::{ids, queries as places};
use crate::report::sheet::{Cell, Sheet};

/// So many compounds stand line by line; where there are more, what lies directly below.
const MOST_COMPOUNDS: usize = 100;
/// Up to so many months stand line by line; of more only those that have bills.
const MOST_QUIET: usize = 24;
/// Steps from a service centre up to its company.
const DEEPEST: usize = 8;
/// The kind of organisation that collects.
const COMPANY: &str = "property_company";
/// Key of the compounds that have no company.
pub const NOBODY: &str = "none";

/// By what bills are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Month of the bill; the key is its number, 202611.
    Month,
    /// Place; the key is its code.
    Place,
    /// Property company; the key is that of the organisation.
    Company,
}

impl By {
    const ALL: [Self; 3] = [Self::Month, Self::Place, Self::Company];

    /// In addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Place => "place",
            Self::Company => "company",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Month => "按账单月份",
            Self::Place => "按地点",
            Self::Company => "按物业企业",
        }
    }

    /// By the word of an address.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.key() == key)
    }
}

/// The figures by one dimension.
#[derive(Clone, Debug)]
pub struct Table {
    /// Which.
    pub by: By,
    /// Months in their order, all else by what is left, the most first.
    pub lines: Vec<Line>,
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is of.
    pub name: String,
    /// As [`By`] says.
    pub key: String,
    /// The figures.
    pub sums: Sums,
}

/// The figures of a place and a period.
#[derive(Clone, Debug)]
pub struct Report {
    /// Of which place.
    pub scope: Scope,
    /// Of which months.
    pub period: Period,
    /// Of all bills.
    pub whole: Sums,
    /// One table a dimension; those that tell nothing are left out.
    pub tables: Vec<Table>,
}

/// Asks for the figures, seen from a day, and gives them names.
///
/// # Errors
/// The database's.
pub async fn read<C: ConnectionTrait>(
    db: &C,
    scope: Scope,
    period: Period,
    today: NaiveDate,
) -> Result<Report, Fault> {
    let groups = count::groups(db, &scope, period).await?;
    let mut whole = Sums::default();
    let mut months: BTreeMap<Month, Sums> = BTreeMap::new();
    let mut below: HashMap<i64, Sums> = HashMap::new();
    for group in &groups {
        add(&mut whole, group, today);
        add(months.entry(group.month).or_default(), group, today);
        add(below.entry(group.place).or_default(), group, today);
    }
    let mut tables = Vec::new();
    if whole.bills > 0 {
        tables.push(Table {
            by: By::Month,
            lines: by_month(&months, period),
        });
        tables.push(Table {
            by: By::Place,
            lines: by_place(db, &below, &scope).await?,
        });
    }
    if whole.bills > 0 && !scope.compounds.is_empty() {
        let companies = Companies::read(db, &scope.compounds).await?;
        tables.push(Table {
            by: By::Company,
            lines: companies.lines(&below),
        });
    }
    Ok(Report {
        scope,
        period,
        whole,
        tables,
    })
}

/// The figures of a place and a period without telling anything apart.
///
/// # Errors
/// The database's.
pub async fn whole<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    period: Period,
    today: NaiveDate,
) -> Result<Sums, Fault> {
    let mut whole = Sums::default();
    for group in count::by_compound(db, scope, period).await? {
        add(&mut whole, &group, today);
    }
    Ok(whole)
}

fn add(sums: &mut Sums, group: &Group, today: NaiveDate) {
    sums.take(group.bills, &group.amounts, group.due_on, today);
}

fn by_month(months: &BTreeMap<Month, Sums>, period: Period) -> Vec<Line> {
    let quiet = period.months().count() <= MOST_QUIET;
    let line = |month: Month| Line {
        name: month.says(),
        key: month.number().to_string(),
        sums: months.get(&month).copied().unwrap_or_default(),
    };
    let shown = period
        .months()
        .filter(|month| quiet || months.contains_key(month));
    shown.map(line).collect()
}

fn most_left_first(lines: &mut [Line]) {
    let left = |line: &Line| line.sums.get(Figure::Left);
    lines.sort_by(|a, b| (left(b), &a.name).cmp(&(left(a), &b.name)));
}

/// Compounds, or what lies directly below the place; homes right at the place are a line of their own.
async fn by_place<C: ConnectionTrait>(
    db: &C,
    below: &HashMap<i64, Sums>,
    scope: &Scope,
) -> Result<Vec<Line>, Fault> {
    let paths: HashMap<i64, String> = match scope.place.compound_id {
        None => {
            let known = scope.compounds.iter();
            known.map(|row| (row.id, row.path.clone())).collect()
        }
        Some(_) => {
            let rows = place::Entity::find()
                .filter(place::COLUMN.id.is_in(below.keys().copied()))
                .all(db)
                .await?;
            rows.into_iter().map(|row| (row.id, row.path)).collect()
        }
    };
    let single = (1..=MOST_COMPOUNDS).contains(&scope.compounds.len());
    let own = ids(&scope.place.path);
    let mut sums: HashMap<i64, Sums> = HashMap::new();
    // A compound without a bill is worth a line.
    if single {
        sums.extend(scope.compounds.iter().map(|row| (row.id, Sums::default())));
    }
    for (id, of) in below {
        let Some(path) = paths.get(id) else { continue };
        let line = match single {
            true => *id,
            false => ids(path).get(own.len()).copied().unwrap_or(scope.place.id),
        };
        sums.entry(line).or_default().add(of);
    }
    let rows = place::Entity::find()
        .filter(place::COLUMN.id.is_in(sums.keys().copied()))
        .all(db)
        .await?;
    let mut lines: Vec<Line> = rows
        .into_iter()
        .map(|row| Line {
            name: match row.id == scope.place.id {
                true => format!("{}，不在楼栋里的户", row.name),
                false => places::short_name(&row).to_owned(),
            },
            sums: sums.get(&row.id).copied().unwrap_or_default(),
            key: row.code,
        })
        .collect();
    most_left_first(&mut lines);
    Ok(lines)
}

/// Which company collects in which compound.
pub struct Companies {
    /// By the key of the compound.
    of: HashMap<i64, organisation::Model>,
}

impl Companies {
    /// Of these compounds.
    ///
    /// # Errors
    /// The database's.
    pub async fn read<C: ConnectionTrait>(
        db: &C,
        compounds: &[place::Model],
    ) -> Result<Self, Fault> {
        let all = organisations::of_kind(db, COMPANY).await?;
        let of = compounds
            .iter()
            .filter_map(|compound| Some((compound.id, company_of(&all, compound)?.clone())))
            .collect();
        Ok(Self { of })
    }

    /// The key under which a compound stands.
    #[must_use]
    pub fn key(&self, compound_id: i64) -> String {
        let company = self.of.get(&compound_id);
        company.map_or_else(|| NOBODY.to_owned(), |company| company.id.to_string())
    }

    /// What the company of a key is called; none where it collects in none of the compounds.
    #[must_use]
    pub fn name(&self, key: &str) -> Option<String> {
        if key == NOBODY {
            return Some("没有登记物业企业".to_owned());
        }
        let mut all = self.of.values();
        let found = all.find(|company| company.id.to_string() == key);
        found.map(|company| company.name.clone())
    }

    fn lines(&self, by_compound: &HashMap<i64, Sums>) -> Vec<Line> {
        let mut sums: HashMap<String, Sums> = HashMap::new();
        for (id, of) in by_compound {
            sums.entry(self.key(*id)).or_default().add(of);
        }
        let mut lines: Vec<Line> = sums
            .into_iter()
            .map(|(key, sums)| Line {
                name: self.name(&key).unwrap_or_default(),
                key,
                sums,
            })
            .collect();
        most_left_first(&mut lines);
        lines
    }
}

/// The company that collects in a compound: of those that work there or above the nearest, the oldest first;
/// of a service centre the company that it belongs to; of several rows of one company the first.
fn company_of<'a>(
    all: &'a [organisation::Model],
    compound: &place::Model,
) -> Option<&'a organisation::Model> {
    let above = ids(&compound.path);
    let depth = |row: &organisation::Model| above.iter().position(|id| *id == row.place_id);
    let there = all
        .iter()
        .filter(|row| depth(row).is_some() || row.compound_id == Some(compound.id));
    let mut company = there.min_by_key(|row| {
        // What works in but a part of the compound is the last to answer for all of it.
        let far = depth(row).map_or(usize::MAX, |depth| above.len() - depth);
        (far, row.id)
    })?;
    for _ in 0..DEEPEST {
        let parent = all.iter().find(|row| Some(row.id) == company.parent_id);
        let Some(parent) = parent else { break };
        company = parent;
    }
    let code = company.credit_code.as_ref();
    let same = all
        .iter()
        .find(|row| code.is_some() && row.credit_code.as_ref() == code);
    Some(same.unwrap_or(company))
}

/// `93.8%`; a dash when nothing was billed.
#[must_use]
pub fn rate_says(sums: &Sums) -> String {
    sums.rate().map_or_else(|| "—".to_owned(), percent)
}

impl Line {
    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![Cell::from(self.name.as_str()), Cell::from(self.sums.bills)];
        cells.extend(Figure::ALL.map(|figure| Cell::Yuan(self.sums.get(figure))));
        cells.push(Cell::from(rate_says(&self.sums)));
        cells
    }
}

impl Report {
    fn sheet(&self, name: &str, head: &str, lines: &[Line]) -> Sheet {
        let mut all = vec![head.to_owned(), "账单（张）".to_owned()];
        all.extend(Figure::ALL.map(|figure| format!("{}（元）", figure.words().name)));
        all.push("收缴率".to_owned());
        Sheet {
            name: name.to_owned(),
            head: all,
            rows: lines.iter().map(Line::cells).collect(),
        }
    }

    /// All of it for a workbook: the whole first, then each table, what the figures mean last.
    #[must_use]
    pub fn sheets(&self) -> Vec<Sheet> {
        let whole = Line {
            name: format!("{} {}", self.scope.place.name, self.period.says()),
            key: String::new(),
            sums: self.whole,
        };
        let mut sheets = vec![self.sheet("全部", "全部", &[whole])];
        for table in &self.tables {
            let title = table.by.says();
            let head = title.trim_start_matches('按');
            sheets.push(self.sheet(title, head, &table.lines));
        }
        let figures = Figure::ALL.map(|figure| {
            let words = figure.words();
            vec![Cell::from(words.name), Cell::from(words.means)]
        });
        let rate = vec![Cell::from("收缴率"), Cell::from(FORMULA)];
        sheets.push(Sheet {
            name: "口径".to_owned(),
            head: vec!["名称".to_owned(), "口径".to_owned()],
            rows: figures.into_iter().chain([rate]).collect(),
        });
        sheets
    }

    /// All of it in one table, for CSV.
    #[must_use]
    pub fn flat(&self) -> Sheet {
        let mut sheets = self.sheets();
        sheets.pop();
        let head = sheets.first().map(|sheet| sheet.head.clone());
        let mut flat = Sheet {
            name: "收缴率".to_owned(),
            head: head.unwrap_or_default(),
            rows: Vec::new(),
        };
        if let Some(first) = flat.head.first_mut() {
            *first = "名称".to_owned();
        }
        flat.head.insert(0, "分组".to_owned());
        for sheet in sheets {
            for mut row in sheet.rows {
                row.insert(0, Cell::from(sheet.name.as_str()));
                flat.rows.push(row);
            }
        }
        flat
    }
}

#[cfg(test)]
mod tests {
    use entity::kinds::PlaceKind;

    use super::*;

    fn compound(id: i64, path: &str) -> place::Model {
        place::Model {
            id,
            code: format!("C{id}"),
            kind: PlaceKind::Compound,
            name: format!("小区{id}"),
            path: path.to_owned(),
            ..empty()
        }
    }

    fn empty() -> place::Model {
        let now = chrono::DateTime::<chrono::Utc>::UNIX_EPOCH;
        place::Model {
            id: 0,
            code: String::new(),
            kind: PlaceKind::Compound,
            name: String::new(),
            path: String::new(),
            parent_id: None,
            compound_id: None,
            area_cm2: None,
            note: None,
            closed_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    fn company(
        id: i64,
        place_id: i64,
        parent: Option<i64>,
        code: Option<&str>,
    ) -> organisation::Model {
        organisation::Model {
            id,
            code: format!("O{id}"),
            name: format!("物业{id}"),
            kind: COMPANY.to_owned(),
            parent_id: parent,
            place_id,
            compound_id: None,
            credit_code: code.map(str::to_owned),
            service_phone: None,
            service_hours: None,
            ended_at: None,
            created_at: chrono::DateTime::<chrono::Utc>::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_nearest_company_collects_and_centres_are_their_company() {
        let all = [
            company(1, 10, None, None),
            company(2, 30, None, None),
            company(3, 31, Some(5), None),
            company(4, 32, None, Some("91")),
            company(5, 99, None, Some("91")),
        ];
        let of = |id, path: &str| company_of(&all, &compound(id, path)).map(|row| row.id);
        assert_eq!(of(30, "/10/30/"), Some(2), "the nearest");
        assert_eq!(of(33, "/10/33/"), Some(1), "the one above");
        assert_eq!(
            of(31, "/20/31/"),
            Some(4),
            "its centre is the company's first row"
        );
        assert_eq!(of(32, "/20/32/"), Some(4));
        assert_eq!(of(40, "/20/40/"), None);
    }
}
