//! `linli export places|people|…|all|figures|ledger --to FILE|DIR`: the shapes of the import out again, or
//! the figures of a month, as CSV or as one XLSX (`report::sheet`); the books (`export_ledger`).

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use chrono::{Days, NaiveDate};
use entity::{
    calendar, dispatch_rule, fee_item, fee_reading, fee_space, organisation, person, place,
    residency, response_policy, role,
};
use sea_orm::{ActiveEnum, EntityTrait, QueryFilter, QueryOrder};

use crate::base::clock::{Moment, begin_of, china};
use crate::base::month::Month;
use crate::base::seal::Seal;
use crate::case::stats::span::Span;
use crate::command::{Usage, export_ledger, open_store};
use crate::config::Settings;
use crate::intake::tables::{SHAPES, Shape, shape};
use crate::person::queries;
use crate::place::queries as places;
use crate::place::scope::Scope;
use crate::report::figures;
use crate::report::sheet::{self, Cell, Sheet};
use crate::store::Store;

/// Rows of one table, in the order of its columns.
type Rows = Vec<Vec<String>>;

/// The command.
///
/// # Errors
/// When there is no such table, the file cannot be written, or the database fails.
pub async fn run(
    settings: &Settings,
    what: &str,
    to: &Path,
    wanted: &Wanted,
    now: Moment,
) -> anyhow::Result<()> {
    if what == "figures" {
        return figures(settings, wanted, to, now).await;
    }
    if what == "ledger" {
        return export_ledger::run(settings, wanted.compound.as_deref(), wanted.format, to).await;
    }
    let shapes: Vec<&'static Shape> = match shape(what) {
        Some(shape) => vec![shape],
        None if what == "all" => SHAPES.iter().collect(),
        None => {
            let names: Vec<_> = SHAPES.iter().map(|shape| shape.name).collect();
            let text = format!(
                "没有“{what}”这个表,可用: all figures ledger {}",
                names.join(" ")
            );
            return Err(Usage(text).into());
        }
    };
    let store = open_store(settings).await?;
    let seal = Seal::new(&settings.security.data_key()?)?;
    let tables = read(&store, &seal, &shapes).await?;
    store.close().await;
    write(&tables, to)?;
    for sheet in &tables {
        println!("{}: {} 行", sheet.name, sheet.rows.len());
    }
    Ok(())
}

/// Reads tables for the export.
///
/// # Errors
/// The database's.
pub async fn read(
    store: &Store,
    seal: &Seal,
    shapes: &[&'static Shape],
) -> anyhow::Result<Vec<Sheet>> {
    let names = Names::load(store).await?;
    let mut tables = Vec::new();
    for shape in shapes {
        let rows = match shape.name {
            "places" => places(store, &names).await?,
            "organisations" => organisations(store, &names).await?,
            "people" => people(store, seal).await?,
            "homes" => homes(store, &names).await?,
            "roles" => roles(store, &names).await?,
            "fee_items" => fees(store, &names).await?,
            "fee_readings" => readings(store, &names).await?,
            "fee_spaces" => spaces(store, &names).await?,
            "dispatch_rules" => rules(store, &names).await?,
            _ => policies(store, &names).await?,
        };
        tables.push(sheet_of(shape, rows));
    }
    Ok(tables)
}

/// Codes and keys by ids.
struct Names {
    places: HashMap<i64, String>,
    people: HashMap<i64, String>,
    organisations: HashMap<i64, String>,
}

impl Names {
    async fn load(store: &Store) -> anyhow::Result<Self> {
        let db = store.read();
        let places = place::Entity::find().all(db).await?;
        let people = person::Entity::find().all(db).await?;
        let organisations = organisation::Entity::find().all(db).await?;
        Ok(Self {
            places: places.into_iter().map(|row| (row.id, row.code)).collect(),
            people: people
                .into_iter()
                .map(|row| (row.id, key_of(row.key, row.id)))
                .collect(),
            organisations: organisations
                .into_iter()
                .map(|row| (row.id, row.code))
                .collect(),
        })
    }

    fn place(&self, id: Option<i64>) -> String {
        look(&self.places, id)
    }

    fn person(&self, id: Option<i64>) -> String {
        look(&self.people, id)
    }

    fn organisation(&self, id: Option<i64>) -> String {
        look(&self.organisations, id)
    }
}

fn look(names: &HashMap<i64, String>, id: Option<i64>) -> String {
    id.and_then(|id| names.get(&id))
        .cloned()
        .unwrap_or_default()
}

/// The roster's key; whoever came in by the steward's word has none and gets one that says so.
fn key_of(key: Option<String>, id: i64) -> String {
    key.unwrap_or_else(|| format!("linli-{id}"))
}

async fn places(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let rows = place::Entity::find()
        .order_by_asc(place::COLUMN.path)
        .all(store.read())
        .await?;
    let line = |row: place::Model| {
        vec![
            row.code,
            row.kind.to_value(),
            row.name,
            names.place(row.parent_id),
            row.area_cm2
                .map_or_else(String::new, |area| decimal(area, 4)),
            row.note.unwrap_or_default(),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn organisations(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let rows = organisation::Entity::find()
        .order_by_asc(organisation::COLUMN.id)
        .all(store.read())
        .await?;
    let line = |row: organisation::Model| {
        vec![
            row.code,
            row.name,
            row.kind,
            names.place(Some(row.place_id)),
            names.organisation(row.parent_id),
            row.credit_code.unwrap_or_default(),
            row.service_phone.unwrap_or_default(),
            row.service_hours.unwrap_or_default(),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn people(store: &Store, seal: &Seal) -> anyhow::Result<Rows> {
    let rows = person::Entity::find()
        .filter(person::COLUMN.left_at.is_null())
        .order_by_asc(person::COLUMN.id)
        .all(store.read())
        .await?;
    let line = |row: person::Model| {
        let phone = queries::phone_of(seal, &row);
        vec![
            key_of(row.key, row.id),
            row.name,
            phone.map_or_else(String::new, |phone| phone.digits().to_owned()),
            if row.party_member { "yes" } else { "no" }.to_owned(),
            row.wecom_userid.unwrap_or_default(),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn homes(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let rows = residency::Entity::find()
        .filter(residency::COLUMN.ended_at.is_null())
        .order_by_asc(residency::COLUMN.id)
        .all(store.read())
        .await?;
    let line = |row: residency::Model| {
        vec![
            names.place(Some(row.place_id)),
            names.person(Some(row.person_id)),
            row.relation.to_value(),
            row.share.unwrap_or_default(),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn roles(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let rows = role::Entity::find()
        .order_by_asc(role::COLUMN.id)
        .all(store.read())
        .await?;
    let line = |row: role::Model| {
        vec![
            names.person(Some(row.person_id)),
            row.role.to_value(),
            names.place(row.place_id),
            day(row.from_at).to_string(),
            row.to_at
                .map_or_else(String::new, |to| last_day(to).to_string()),
            names.organisation(row.organisation_id),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn fees(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let rows = fee_item::Entity::find()
        .order_by_asc(fee_item::COLUMN.id)
        .all(store.read())
        .await?;
    let line = |row: fee_item::Model| {
        vec![
            names.place(Some(row.compound_id)),
            row.name,
            row.kind.to_value(),
            decimal(row.unit_price, 2),
            row.due_day.to_string(),
            row.split.map_or_else(String::new, |split| split.to_value()),
            names.place(row.place_id),
            month(row.from_month),
            month(row.to_month),
            row.basis.unwrap_or_default(),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

/// `2026-11`; empty for none.
fn month(number: Option<i32>) -> String {
    let month = number.and_then(Month::from_number);
    month.map_or_else(String::new, |month| month.to_string())
}

/// Names of fees by their keys.
async fn fee_names(store: &Store) -> anyhow::Result<HashMap<i64, String>> {
    let rows = fee_item::Entity::find().all(store.read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

async fn readings(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let fees = fee_names(store).await?;
    let rows = fee_reading::Entity::find()
        .order_by_asc(fee_reading::COLUMN.id)
        .all(store.read())
        .await?;
    let line = |row: fee_reading::Model| {
        vec![
            names.place(Some(row.home_id)),
            look(&fees, Some(row.fee_item_id)),
            month(Some(row.month)),
            decimal(row.before_milli, 3),
            decimal(row.after_milli, 3),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn spaces(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let fees = fee_names(store).await?;
    let rows = fee_space::Entity::find()
        .order_by_asc(fee_space::COLUMN.id)
        .all(store.read())
        .await?;
    let line = |row: fee_space::Model| {
        vec![
            names.place(Some(row.home_id)),
            look(&fees, Some(row.fee_item_id)),
            row.code,
            row.from_day.to_string(),
            row.to_day.map_or_else(String::new, |day| day.to_string()),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn rules(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let rows = dispatch_rule::Entity::find()
        .order_by_asc(dispatch_rule::COLUMN.id)
        .all(store.read())
        .await?;
    let line = |row: dispatch_rule::Model| {
        vec![
            names.place(Some(row.place_id)),
            row.position.to_string(),
            row.kind.map_or_else(String::new, |kind| kind.to_value()),
            row.category.unwrap_or_default(),
            names.organisation(row.organisation_id),
            names.person(row.person_id),
            row.role.map_or_else(String::new, |role| role.to_value()),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn policies(store: &Store, names: &Names) -> anyhow::Result<Rows> {
    let rows = response_policy::Entity::find()
        .order_by_asc(response_policy::COLUMN.id)
        .all(store.read())
        .await?;
    let calendars = calendar::Entity::find().all(store.read()).await?;
    let calendars: HashMap<i64, String> = calendars
        .into_iter()
        .map(|row| (row.id, row.name))
        .collect();
    let minutes = |minutes: Option<i32>| minutes.map_or_else(String::new, |it| it.to_string());
    let line = |row: response_policy::Model| {
        vec![
            names.place(Some(row.place_id)),
            row.accept_minutes.to_string(),
            minutes(row.finish_minutes),
            row.grade.to_value(),
            row.level.map_or_else(String::new, |level| level.to_value()),
            minutes(row.arrive_minutes),
            minutes(row.plan_minutes),
            look(&calendars, row.calendar_id),
        ]
    };
    Ok(rows.into_iter().map(line).collect())
}

/// A scaled whole number as people write it: 895000 with 4 places → `89.5`.
fn decimal(number: i64, places: u32) -> String {
    let unit = 10_i64.pow(places);
    let width = usize::try_from(places).unwrap_or(0);
    let text = format!("{}.{:0width$}", number / unit, number % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn day(at: Moment) -> NaiveDate {
    china(at).date_naive()
}

/// The last day of a term that ends at this moment.
fn last_day(to: Moment) -> NaiveDate {
    let end = day(to);
    let midnight = begin_of(end) == to;
    if midnight {
        end.checked_sub_days(Days::new(1)).unwrap_or(end)
    } else {
        end
    }
}

/// Writes one CSV, a folder of them, or one workbook, as the path says.
///
/// # Errors
/// When it cannot be written.
pub fn write(sheets: &[Sheet], to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("无法写入 {}", to.display());
    let ending = to.extension().and_then(|ending| ending.to_str());
    match (ending, sheets) {
        (Some("xlsx"), _) => {
            let bytes = sheet::workbook(sheets)?;
            std::fs::write(to, bytes).with_context(cannot)
        }
        (Some("csv"), [sheet]) => std::fs::write(to, sheet::csv(sheet)?).with_context(cannot),
        (Some("csv"), _) => Err(Usage("多个表请用文件夹或 .xlsx".to_owned()).into()),
        _ => {
            std::fs::create_dir_all(to).with_context(cannot)?;
            for sheet in sheets {
                let file = to.join(format!("{}.csv", sheet.name));
                std::fs::write(&file, sheet::csv(sheet)?).with_context(cannot)?;
            }
            Ok(())
        }
    }
}

fn sheet_of(shape: &Shape, rows: Rows) -> Sheet {
    Sheet {
        name: shape.name.to_owned(),
        head: shape.columns().map(str::to_owned).collect(),
        rows: rows
            .into_iter()
            .map(|row| row.into_iter().map(Cell::from).collect())
            .collect(),
    }
}

/// Whose figures, and of when.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Wanted {
    /// figures 用:地点的编码,不写是全部(最上面只有一个地点时)
    #[arg(long)]
    place: Option<String>,
    /// figures 用:月份 2026-11,不写是本月
    #[arg(long)]
    month: Option<String>,
    /// ledger 用:小区的编码
    #[arg(long)]
    compound: Option<String>,
    /// ledger 用:hledger 能读的流水账,或表格
    #[arg(long, value_enum, default_value_t)]
    format: export_ledger::Format,
}

/// `linli export figures`: the figures of a place and a month.
async fn figures(
    settings: &Settings,
    wanted: &Wanted,
    to: &Path,
    now: Moment,
) -> anyhow::Result<()> {
    let span = match &wanted.month {
        None => Span::month_of(now),
        Some(month) => format!("{month}-01")
            .parse()
            .map(Span::month)
            .map_err(|_| Usage("--month 请写成 2026-11".to_owned()))?,
    };
    let store = open_store(settings).await?;
    let place = match &wanted.place {
        Some(code) => places::by_code(store.read(), code)
            .await?
            .ok_or_else(|| Usage(format!("没有编码为“{code}”的地点")))?,
        None => {
            let top = place::Entity::find()
                .filter(place::COLUMN.parent_id.is_null())
                .all(store.read())
                .await?;
            let mut top = top.into_iter();
            match (top.next(), top.next()) {
                (Some(place), None) => place,
                _ => return Err(Usage("请用 --place 写明地点的编码".to_owned()).into()),
            }
        }
    };
    let scope = Scope::of(store.read(), place).await?;
    let report = figures::read(store.read(), scope, span).await?;
    store.close().await;
    if to.extension().is_some_and(|ending| ending == "csv") {
        write(&[report.flat()], to)?;
    } else {
        write(&report.sheets(), to)?;
    }
    println!("{} {}", report.scope.place.name, report.span.says());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_out_as_they_went_in() {
        assert_eq!(decimal(895_000, 4), "89.5");
        assert_eq!(decimal(1, 4), "0.0001");
        assert_eq!(decimal(12_000, 2), "120");
        assert_eq!(decimal(0, 2), "0");
    }
}
