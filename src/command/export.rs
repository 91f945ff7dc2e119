//! `linli export places|people|…|all --to FILE|DIR`: the shapes of the import out again, as CSV with
//! a byte-order mark (spreadsheets need it) or as one XLSX. What a spreadsheet would take for a
//! formula gets an apostrophe in front.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use chrono::{Days, NaiveDate};
use entity::{
    dispatch_rule, fee_item, organisation, person, place, residency, response_policy, role,
};
use sea_orm::{ActiveEnum, EntityTrait, QueryFilter, QueryOrder};

use crate::base::clock::{Moment, china};
use crate::base::seal::Seal;
use crate::command::import::tables::{FORMULA, SHAPES, Shape, shape};
use crate::command::{Usage, open_store};
use crate::config::Settings;
use crate::person::queries;
use crate::store::Store;

/// Rows of one table, in the order of its columns.
type Rows = Vec<Vec<String>>;

/// The command.
///
/// # Errors
/// When there is no such table, the file cannot be written, or the database fails.
pub async fn run(settings: &Settings, what: &str, to: &Path) -> anyhow::Result<()> {
    let shapes: Vec<&'static Shape> = match shape(what) {
        Some(shape) => vec![shape],
        None if what == "all" => SHAPES.iter().collect(),
        None => {
            let names: Vec<_> = SHAPES.iter().map(|shape| shape.name).collect();
            let text = format!("没有“{what}”这个表,可用: all {}", names.join(" "));
            return Err(Usage(text).into());
        }
    };
    let store = open_store(settings).await?;
    let seal = Seal::new(&settings.security.data_key()?)?;
    let tables = read(&store, &seal, &shapes).await?;
    store.close().await;
    write(&tables, to)?;
    for (shape, rows) in &tables {
        println!("{}: {} 行", shape.name, rows.len());
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
) -> anyhow::Result<Vec<(&'static Shape, Rows)>> {
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
            "dispatch_rules" => rules(store, &names).await?,
            _ => policies(store, &names).await?,
        };
        tables.push((*shape, rows));
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
    let line = |row: response_policy::Model| {
        vec![
            names.place(Some(row.place_id)),
            row.accept_minutes.to_string(),
            row.finish_minutes.to_string(),
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
    let midnight = crate::command::import::store_roles::begin_of(end) == to;
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
pub fn write(tables: &[(&'static Shape, Rows)], to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("无法写入 {}", to.display());
    let ending = to.extension().and_then(|ending| ending.to_str());
    match (ending, tables) {
        (Some("xlsx"), _) => write_workbook(tables, to).with_context(cannot),
        (Some("csv"), [(shape, rows)]) => {
            std::fs::write(to, csv_of(shape, rows)?).with_context(cannot)
        }
        (Some("csv"), _) => Err(Usage("多个表请用文件夹或 .xlsx".to_owned()).into()),
        _ => {
            std::fs::create_dir_all(to).with_context(cannot)?;
            for (shape, rows) in tables {
                let file = to.join(format!("{}.csv", shape.name));
                std::fs::write(&file, csv_of(shape, rows)?).with_context(cannot)?;
            }
            Ok(())
        }
    }
}

fn csv_of(shape: &Shape, rows: &Rows) -> anyhow::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    out.write_record(shape.columns())?;
    for row in rows {
        out.write_record(row.iter().map(|cell| safe(cell)))?;
    }
    out.into_inner().map_err(|error| anyhow::anyhow!("{error}"))
}

/// An apostrophe before what would be a formula; the import takes it off.
fn safe(cell: &str) -> String {
    if cell.starts_with(FORMULA) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn write_workbook(tables: &[(&'static Shape, Rows)], to: &Path) -> anyhow::Result<()> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (shape, rows) in tables {
        let sheet = book.add_worksheet();
        sheet.set_name(shape.name)?;
        for (column, name) in (0_u16..).zip(shape.columns()) {
            sheet.write_string(0, column, name)?;
        }
        for (line, row) in (1_u32..).zip(rows) {
            for (column, cell) in (0_u16..).zip(row) {
                // As text, so that phones and codes stay as they are; a text is no formula.
                sheet.write_string(line, column, cell)?;
            }
        }
    }
    book.save(to)?;
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

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+86", "-1", "@SUM(A1)"] {
            assert!(safe(cell).starts_with('\''), "{cell}");
        }
        assert_eq!(safe("张三"), "张三");
    }
}
