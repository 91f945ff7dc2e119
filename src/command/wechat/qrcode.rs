//! `linli wechat qrcode --compound CODE --to DIR`: a permanent code for each building and other place
//! of a compound, and for the door of each station, as pictures with a list. The folder is the memory: what lies there is not asked for
//! again, so that a run may be stopped and a new building added later.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use entity::kinds::PlaceKind;
use entity::{place, station};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use super::explain;
use crate::app::App;
use crate::base::clock::china;
use crate::command::Usage;
use crate::command::import::progress::Bar;
use crate::place::{code, kind_name, queries as places};
use crate::station::scene;
use crate::wechat::http::Http;
use crate::wechat::official::code::{MOST_CODES, picture, scene_holds};

/// The list beside the pictures.
const INDEX: &str = "index.csv";
/// What gets a code unless it is said otherwise: whatever has a wall to hang it on.
const USUAL: [PlaceKind; 3] = [PlaceKind::Compound, PlaceKind::Zone, PlaceKind::Building];

/// What is asked for.
#[derive(Debug, Args)]
pub struct Wanted {
    /// 小区的编码,例如 GY
    #[arg(long)]
    compound: String,
    /// 哪类地点:compound zone building unit home;可写几次,不写是 compound、zone、building
    #[arg(long)]
    kind: Vec<String>,
    /// 放图片和 index.csv 的文件夹;已有的不再生成
    #[arg(long)]
    to: PathBuf,
}

/// A row of the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    /// The place or the station, and the scene of its code.
    code: String,
    kind: String,
    name: String,
    file: String,
    ticket: String,
    made_at: String,
}

/// What is to have a code.
struct Coded {
    /// The scene.
    code: String,
    kind: &'static str,
    name: String,
}

/// The command.
///
/// # Errors
/// Usage for a compound or kind that is not there; the platform's errors with what to do. What was
/// made before stays.
pub async fn run(app: &App, wanted: &Wanted) -> anyhow::Result<()> {
    let found = find(app, wanted).await?;
    std::fs::create_dir_all(&wanted.to)
        .with_context(|| format!("不能建文件夹 {}", wanted.to.display()))?;
    let known = read_index(&wanted.to)?;
    let missing: Vec<&Coded> = found
        .iter()
        .filter(|one| {
            let row = known.get(&code::normal(&one.code));
            row.is_none_or(|row| !wanted.to.join(&row.file).is_file())
        })
        .collect();
    let fresh = missing
        .iter()
        .filter(|one| !known.contains_key(&code::normal(&one.code)));
    if known.len() + fresh.count() > MOST_CODES {
        bail!("永久二维码最多 {MOST_CODES} 个,这些会超出:请用 --kind 少选一些");
    }
    let http = Http::new()?;
    let mut rows = known;
    let mut bar = Bar::new();
    let mut made = 0;
    for one in &missing {
        let key = code::normal(&one.code);
        let earlier = rows.get(&key).map(|row| row.ticket.clone());
        let row = make(app, &http, &wanted.to, one, earlier).await?;
        // After each: whoever stops here goes on from here.
        append(&wanted.to, &row)?;
        rows.insert(key, row);
        made += 1;
        bar.tell("二维码", made);
    }
    bar.finish();
    write_index(&wanted.to, &rows)?;
    println!(
        "新做 {made} 个,原有 {} 个,图片和 {INDEX} 在 {}",
        found.len() - made,
        wanted.to.display()
    );
    Ok(())
}

/// The places and the stations that are to have a code; stations whenever no kind is asked for.
async fn find(app: &App, wanted: &Wanted) -> anyhow::Result<Vec<Coded>> {
    let kinds = wanted
        .kind
        .iter()
        .map(|kind| {
            PlaceKind::try_from_value(kind)
                .ok()
                .filter(|kind| *kind >= PlaceKind::Compound)
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Usage("--kind 只能是 compound zone building unit home".to_owned()))?;
    let kinds = if kinds.is_empty() {
        USUAL.to_vec()
    } else {
        kinds
    };
    let db = app.store.read();
    let compound = places::compound_by_code(db, &wanted.compound).await?;
    let compound = compound.ok_or_else(|| {
        Usage(format!(
            "没有编码为“{}”的小区:见导入的 places.csv",
            wanted.compound
        ))
    })?;
    let found = place::Entity::find()
        .filter(place::COLUMN.compound_id.eq(compound.id))
        .filter(place::Column::Kind.is_in(kinds))
        .order_by_asc(place::COLUMN.id)
        .all(db)
        .await?;
    if let Some(odd) = found.iter().find(|place| !scene_holds(&place.code)) {
        bail!("“{}”不能作二维码:编码最多 64 个字,不含空格", odd.code);
    }
    let mut all = Vec::new();
    for place in &found {
        all.push(Coded {
            code: place.code.clone(),
            kind: kind_name(place.kind),
            name: places::name_of(db, place).await?,
        });
    }
    if wanted.kind.is_empty() {
        let stations = station::Entity::find()
            .filter(station::COLUMN.compound_id.eq(compound.id))
            .filter(station::COLUMN.removed_at.is_null())
            .order_by_asc(station::COLUMN.id)
            .all(db)
            .await?;
        all.extend(stations.into_iter().map(|row| Coded {
            code: scene(row.id),
            kind: "驿站",
            name: format!("{} {}", compound.name, row.name),
        }));
    }
    Ok(all)
}

/// Makes one code and stores its picture.
async fn make(
    app: &App,
    http: &Http,
    dir: &Path,
    one: &Coded,
    ticket: Option<String>,
) -> anyhow::Result<Row> {
    let now = app.clock.now();
    let ticket = match ticket {
        Some(ticket) => ticket,
        None => app
            .official_client
            .lasting_code(&one.code, now.timestamp())
            .await
            .map(|made| made.ticket)
            .map_err(|error| explain(app, &error))?,
    };
    let base = &app.settings.wechat.official.code_base;
    let bytes = picture(http, base, &ticket)
        .await
        .map_err(|error| explain(app, &error))?;
    let ending = if bytes.starts_with(b"\x89PNG") {
        "png"
    } else {
        "jpg"
    };
    let file = format!("{}.{ending}", one.code.replace(['/', '\\', ':'], "_"));
    // Half a picture must not look like a whole one.
    let part = dir.join(format!("{file}.part"));
    std::fs::write(&part, &bytes)
        .and_then(|()| std::fs::rename(&part, dir.join(&file)))
        .with_context(|| format!("不能写 {}", dir.join(&file).display()))?;
    Ok(Row {
        code: one.code.clone(),
        kind: one.kind.to_owned(),
        name: one.name.clone(),
        file,
        ticket,
        made_at: china(now).format("%Y-%m-%d %H:%M").to_string(),
    })
}

fn read_index(dir: &Path) -> anyhow::Result<HashMap<String, Row>> {
    let path = dir.join(INDEX);
    if !path.exists() {
        return Ok(HashMap::new());
    }
    let broken = || format!("{} 看不懂:请移走它,重新运行会再做一遍", path.display());
    let mut rows = HashMap::new();
    let text = std::fs::read_to_string(&path).with_context(broken)?;
    let text = text.trim_start_matches('\u{feff}');
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let row: Row = row.with_context(broken)?;
        rows.insert(code::normal(&row.code), row);
    }
    Ok(rows)
}

/// Adds a row behind the others; the last one of a place counts.
fn append(dir: &Path, row: &Row) -> anyhow::Result<()> {
    let path = dir.join(INDEX);
    let is_new = !path.exists();
    let mut writer = csv::WriterBuilder::new()
        .has_headers(is_new)
        .from_writer(Vec::new());
    writer.serialize(row)?;
    let line = writer.into_inner()?;
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&line))
        .with_context(|| format!("不能写 {}", path.display()))
}

/// The whole list in order.
fn write_index(dir: &Path, rows: &HashMap<String, Row>) -> anyhow::Result<()> {
    let path = dir.join(INDEX);
    let mut sorted: Vec<&Row> = rows.values().collect();
    sorted.sort_by(|one, other| one.code.cmp(&other.code));
    // Spreadsheets take it for UTF-8 by the mark in front.
    let mut out = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    for row in sorted {
        out.serialize(row)?;
    }
    let part = dir.join(format!("{INDEX}.part"));
    std::fs::write(&part, out.into_inner()?)
        .and_then(|()| std::fs::rename(&part, &path))
        .with_context(|| format!("不能写 {}", path.display()))
}
