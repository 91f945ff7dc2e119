//! Figures as tables that people read: each dimension a table, its lines with names. Used by the
//! console, the board and `linli export figures`.

use std::collections::HashMap;

use entity::kinds::{CaseKind, Level, PlaceKind};
use entity::{organisation, place};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::fault::Fault;
use crate::case::stats::count::{self, By, Group};
use crate::case::stats::span::Span;
use crate::case::stats::{Counts, Figure, RATES, SHARE, SHARE_FORMULA, share_says, tenths};
use crate::case::{category, kind_says, level_says};
use crate::place::scope::Scope;
use crate::place::{ids, queries as places};
use crate::report::sheet::{Cell, Sheet};

/// So many compounds stand line by line; where there are more, what lies directly below.
const MOST_COMPOUNDS: usize = 100;

/// The figures of a place and a period.
#[derive(Clone, Debug)]
pub struct Report {
    /// Of which place.
    pub scope: Scope,
    /// Of which period.
    pub span: Span,
    /// Of all cases.
    pub whole: Counts,
    /// One table a dimension; those that tell nothing are left out.
    pub tables: Vec<Table>,
}

/// The figures by one dimension.
#[derive(Clone, Debug)]
pub struct Table {
    /// Which.
    pub by: By,
    /// What people call it.
    pub title: &'static str,
    /// The most first; time and levels in their own order.
    pub lines: Vec<Line>,
}

/// A line of a table.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is of.
    pub name: String,
    /// As [`count::Group::key`]; of a place its code.
    pub key: Option<String>,
    /// The figures.
    pub counts: Counts,
}

/// Tables in the order in which they are shown.
const TABLES: [(By, &str); 6] = [
    (By::Time, "按时间"),
    (By::Place, "按地点"),
    (By::Kind, "按类型"),
    (By::Category, "按类别"),
    (By::Level, "按办理层级"),
    (By::Organisation, "按承办单位"),
];

/// Asks for the figures and gives them names.
///
/// # Errors
/// The database's.
pub async fn read<C: ConnectionTrait>(db: &C, scope: Scope, span: Span) -> Result<Report, Fault> {
    let groups = count::figures(db, &scope, span).await?;
    let whole = groups.iter().find(|group| group.by == By::Whole);
    let whole = whole.map(|group| group.counts).unwrap_or_default();
    let mut tables = Vec::new();
    for (by, title) in TABLES {
        let groups: Vec<&Group> = groups.iter().filter(|group| group.by == by).collect();
        let lines = match by {
            By::Time => by_time(&groups, span),
            // Below a building there are staircases and homes: a day on which one of them complains would say who.
            By::Place if scope.place.kind == PlaceKind::Building => Vec::new(),
            By::Place => by_place(db, &groups, &scope).await?,
            By::Organisation => by_organisation(db, &groups).await?,
            _ => by_word(&groups, by),
        };
        if !lines.is_empty() {
            tables.push(Table { by, title, lines });
        }
    }
    Ok(Report {
        scope,
        span,
        whole,
        tables,
    })
}

/// Every stretch of the period, the quiet ones too.
fn by_time(groups: &[&Group], span: Span) -> Vec<Line> {
    let line = |(at, part): (usize, Span)| {
        let key = at.to_string();
        let found = groups.iter().find(|group| group.key.as_ref() == Some(&key));
        Line {
            name: part.says(),
            counts: found.map(|group| group.counts).unwrap_or_default(),
            key: Some(key),
        }
    };
    span.parts().into_iter().enumerate().map(line).collect()
}

/// What people call a kind, a category or a level by its key.
fn word_of(by: By, key: Option<&str>) -> &'static str {
    match (by, key) {
        (_, None) => "其他",
        (By::Kind, Some(key)) => {
            CaseKind::try_from_value(&key.to_owned()).map_or("其他", kind_says)
        }
        (By::Level, Some(key)) => Level::try_from_value(&key.to_owned()).map_or("其他", level_says),
        (_, Some(key)) => category::says(key).unwrap_or("其他"),
    }
}

/// What a group is called where it stands alone: `按类型：报修`. Of an organisation the name is for
/// whoever has the table.
#[must_use]
pub fn group_says(by: By, key: Option<&str>, span: Span) -> String {
    let title = TABLES.iter().find(|(known, _)| *known == by);
    let title = title.map_or("", |(_, title)| *title);
    let name = match by {
        By::Time => key
            .and_then(|key| key.parse::<usize>().ok())
            .and_then(|at| span.parts().get(at).map(|part| part.says()))
            .unwrap_or_default(),
        By::Organisation => return title.to_owned(),
        _ => word_of(by, key).to_owned(),
    };
    format!("{title}：{name}")
}

fn by_word(groups: &[&Group], by: By) -> Vec<Line> {
    let mut lines: Vec<Line> = groups
        .iter()
        .map(|group| Line {
            name: word_of(by, group.key.as_deref()).to_owned(),
            key: group.key.clone(),
            counts: group.counts,
        })
        .collect();
    if by == By::Level {
        let order = |line: &Line| {
            let level = line
                .key
                .clone()
                .and_then(|key| Level::try_from_value(&key).ok());
            level.unwrap_or(Level::Department)
        };
        lines.sort_by_key(order);
    } else {
        most_first(&mut lines);
    }
    lines
}

fn most_first(lines: &mut [Line]) {
    lines.sort_by(|a, b| {
        let filed = |line: &Line| line.counts.get(Figure::Filed);
        (filed(b), &a.name).cmp(&(filed(a), &b.name))
    });
}

async fn by_organisation<C: ConnectionTrait>(
    db: &C,
    groups: &[&Group],
) -> Result<Vec<Line>, Fault> {
    let ids = groups
        .iter()
        .filter_map(|group| group.key.as_deref()?.parse::<i64>().ok());
    let names: HashMap<String, String> = organisation::Entity::find()
        .filter(organisation::COLUMN.id.is_in(ids))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id.to_string(), row.name))
        .collect();
    let mut lines: Vec<Line> = groups
        .iter()
        .map(|group| Line {
            name: match &group.key {
                None => "没有单位".to_owned(),
                Some(key) => names.get(key).cloned().unwrap_or_default(),
            },
            key: group.key.clone(),
            counts: group.counts,
        })
        .collect();
    most_first(&mut lines);
    Ok(lines)
}

/// Compounds, or what lies directly below the place; what lies at the place itself is a line of its own.
async fn by_place<C: ConnectionTrait>(
    db: &C,
    groups: &[&Group],
    scope: &Scope,
) -> Result<Vec<Line>, Fault> {
    let paths = paths_of(db, groups, scope).await?;
    let single = (1..=MOST_COMPOUNDS).contains(&scope.compounds.len());
    let own = ids(&scope.place.path);
    let mut sums: HashMap<i64, Counts> = HashMap::new();
    // A compound without a case is worth a line.
    if single {
        sums.extend(
            scope
                .compounds
                .iter()
                .map(|row| (row.id, Counts::default())),
        );
    }
    for group in groups {
        let id = group.key.as_deref().and_then(|key| key.parse::<i64>().ok());
        let Some((id, path)) = id.and_then(|id| Some((id, paths.get(&id)?))) else {
            continue;
        };
        let line = if single {
            id
        } else {
            ids(path).get(own.len()).copied().unwrap_or(scope.place.id)
        };
        sums.entry(line).or_default().add(&group.counts);
    }
    let rows = place::Entity::find()
        .filter(place::COLUMN.id.is_in(sums.keys().copied()))
        .all(db)
        .await?;
    let mut lines: Vec<Line> = rows
        .into_iter()
        .map(|row| Line {
            name: if row.id == scope.place.id {
                format!("{}公共部分", row.name)
            } else {
                places::short_name(&row).to_owned()
            },
            counts: sums.get(&row.id).copied().unwrap_or_default(),
            key: Some(row.code),
        })
        .collect();
    most_first(&mut lines);
    Ok(lines)
}

/// Paths of the places that the groups name.
async fn paths_of<C: ConnectionTrait>(
    db: &C,
    groups: &[&Group],
    scope: &Scope,
) -> Result<HashMap<i64, String>, Fault> {
    if scope.place.compound_id.is_none() {
        let known = scope.compounds.iter();
        return Ok(known.map(|row| (row.id, row.path.clone())).collect());
    }
    let keys = groups
        .iter()
        .filter_map(|group| group.key.as_deref()?.parse::<i64>().ok());
    let rows = place::Entity::find()
        .filter(place::COLUMN.id.is_in(keys))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.path)).collect())
}

impl Table {
    /// What of all that was solved each line solved, in their order; none of a table for which that says nothing.
    #[must_use]
    pub fn shares(&self) -> Option<Vec<String>> {
        if self.by != By::Level {
            return None;
        }
        // Each case lies at one level: together they are all.
        let mut whole = Counts::default();
        for line in &self.lines {
            whole.add(&line.counts);
        }
        let lines = self.lines.iter();
        Some(lines.map(|line| share_says(&line.counts, &whole)).collect())
    }

    /// For a spreadsheet: names, figures, rates; of levels their shares.
    #[must_use]
    pub fn sheet(&self) -> Sheet {
        let mut head = vec![self.title.trim_start_matches('按').to_owned()];
        head.extend(Figure::ALL.map(|figure| figure.words().name.to_owned()));
        head.extend(RATES.iter().map(|rate| rate.name.to_owned()));
        head.push("平均分".to_owned());
        let mut rows: Vec<Vec<Cell>> = self.lines.iter().map(Line::cells).collect();
        if let Some(shares) = self.shares() {
            head.push(SHARE.to_owned());
            for (row, share) in rows.iter_mut().zip(shares) {
                row.push(Cell::from(share));
            }
        }
        Sheet {
            name: self.title.to_owned(),
            head,
            rows,
        }
    }
}

impl Line {
    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![Cell::from(self.name.as_str())];
        cells.extend(Figure::ALL.map(|figure| Cell::from(self.counts.get(figure))));
        cells.extend(RATES.iter().map(|rate| Cell::from(rate.says(&self.counts))));
        cells.push(Cell::from(score(&self.counts)));
        cells
    }
}

/// The mean score; a dash when nobody has rated.
#[must_use]
pub fn score(counts: &Counts) -> String {
    counts.score().map_or_else(|| "—".to_owned(), tenths)
}

impl Report {
    /// All of it for a workbook: the whole first, then each table, the formulas last.
    #[must_use]
    pub fn sheets(&self) -> Vec<Sheet> {
        let whole = Table {
            by: By::Whole,
            title: "全部",
            lines: vec![Line {
                name: format!("{} {}", self.scope.place.name, self.span.says()),
                key: None,
                counts: self.whole,
            }],
        };
        let mut sheets = vec![whole.sheet()];
        sheets.extend(self.tables.iter().map(Table::sheet));
        let figures = Figure::ALL.map(|figure| {
            let words = figure.words();
            vec![Cell::from(words.name), Cell::from(words.means)]
        });
        let rates = RATES
            .iter()
            .map(|rate| vec![Cell::from(rate.name), Cell::from(rate.formula())]);
        let share = [vec![Cell::from(SHARE), Cell::from(SHARE_FORMULA)]];
        sheets.push(Sheet {
            name: "口径".to_owned(),
            head: vec!["名称".to_owned(), "口径".to_owned()],
            rows: figures.into_iter().chain(rates).chain(share).collect(),
        });
        sheets
    }

    /// All of it in one table, for CSV. What is a column of one table only is empty in the others.
    #[must_use]
    pub fn flat(&self) -> Sheet {
        let mut all = self.sheets();
        all.pop();
        let mut sheets = all.into_iter();
        let mut flat = sheets.next().unwrap_or_else(|| Sheet {
            name: String::new(),
            head: Vec::new(),
            rows: Vec::new(),
        });
        flat.head.insert(0, "分组".to_owned());
        for row in &mut flat.rows {
            row.insert(0, Cell::from("全部"));
        }
        for sheet in sheets {
            // The head has a column more, in front.
            let more = sheet.head.into_iter().skip(flat.head.len() - 1);
            flat.head.extend(more);
            for mut row in sheet.rows {
                row.insert(0, Cell::from(sheet.name.as_str()));
                flat.rows.push(row);
            }
        }
        for row in &mut flat.rows {
            row.resize(flat.head.len(), Cell::from(""));
        }
        flat
    }
}
