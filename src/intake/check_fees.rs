//! Checks what bills are made of: fee items, readings of meters, parking spaces. Part of check.rs. Pure.

use std::collections::HashMap;

use entity::kinds::{FeeKind, PlaceKind};

use super::check::{Roster, each, place_of};
use super::fields::Fields;
use super::plan::{PlanFee, PlanReading, PlanSpace};
use super::tables::{BadRow, Tables};
use crate::base::month::Month;
use crate::base::threat::harmless;
use crate::base::worded::Asks;
use crate::fee::actions::entries::{MOST_CODE, MOST_READING, TOO_MUCH};
use crate::fee::actions::items::MOST_PRICE;
use crate::fee::actions::{MOST_NAME, MOST_NOTE};
use crate::fee::price;
use crate::person::words;

pub(super) fn fees(tables: &Tables, roster: &Roster<'_>, bad: &mut Vec<BadRow>) -> Vec<PlanFee> {
    let read = |fields: &mut Fields<'_>| {
        let place = place_of(fields, "compound_code", roster);
        if place
            .as_ref()
            .is_some_and(|(_, kind)| *kind != PlaceKind::Compound)
        {
            fields.complain("compound_code", "应为小区的编号");
        }
        let name = worded(fields, "name", MOST_NAME, true).unwrap_or_default();
        if let Some((code, _)) = &place {
            keeps(fields, "compound_code", roster, code);
        }
        let kind = fields.required_word("kind", words::fee_kind_name);
        let split = fields.word("split", words::fee_split_name);
        if kind == Some(FeeKind::Shared) && fields.text("split").is_none() {
            fields.complain("split", "公摊需要写明 area 或 even");
        }
        fields.required("unit_price_fen");
        let unit_price = fields.decimal("unit_price_fen", 2);
        if unit_price.is_some_and(|price| price > MOST_PRICE) {
            fields.complain("unit_price_fen", "单价太大,单位是分,请核对");
        }
        let due_day = fields.whole("due_day", 1..=28);
        let below = fields.code_or_none("place_code");
        if below.is_some() {
            let inside = place_of(fields, "place_code", roster);
            let compound = inside.and_then(|(code, _)| compound_of(roster, &code));
            if compound.is_none() || compound != place.as_ref().map(|(code, _)| code.clone()) {
                fields.complain("place_code", "应为这个小区里的楼栋或单元");
            }
        }
        let (from, to) = (month(fields, "from_month"), month(fields, "to_month"));
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            fields.complain("to_month", "结束月份早于开始月份");
        }
        let basis = worded(fields, "basis", MOST_NOTE, false);
        let compound = place?.0;
        let item = PlanFee {
            compound: compound.clone(),
            name: name.clone(),
            kind: kind?,
            unit_price: unit_price?,
            split,
            due_day: due_day?,
            place: below,
            from,
            to,
            basis,
        };
        Some(((compound, name), item))
    };
    each(tables, "fee_items", bad, read, "name")
}

/// Words as the forms take them: on one line, not too long, without threats and numbers of people. They stand on bills.
fn worded(
    fields: &mut Fields<'_>,
    column: &'static str,
    most: usize,
    needed: bool,
) -> Option<String> {
    let Some(text) = fields.text(column) else {
        if needed {
            fields.complain(column, "不能为空");
        }
        return None;
    };
    let asks = Asks {
        field: column,
        most,
        missing: "不能为空",
        number: "这里写的会一直留在账单上,请不要写手机号、证件号",
    };
    let kept = crate::base::worded::worded(&text, asks);
    match kept.and_then(|text| harmless(column, text)) {
        Ok(text) => Some(text),
        Err(fault) => {
            let reason = fault.detail.trim_end_matches('。').to_owned();
            fields.complain(column, reason);
            None
        }
    }
}

/// Whoever imports in the console keeps the compound's fees, or leaves them to whoever does.
fn keeps(fields: &mut Fields<'_>, column: &str, roster: &Roster<'_>, compound: &str) {
    if !roster.known.keeps_fees(compound) {
        fields.complain(
            column,
            "您没有这个小区收费的权限,请由物业经理或业委会主任填写,或交给运行系统的人导入",
        );
    }
}

fn month(fields: &mut Fields<'_>, column: &str) -> Option<Month> {
    let text = fields.text(column)?;
    let month = Month::parse(&text);
    if month.is_none() {
        fields.complain(column, "应为月份,请写成 2026-11");
    }
    month
}

fn compound_of(roster: &Roster<'_>, code: &str) -> Option<String> {
    match roster.place(code)? {
        (PlaceKind::Compound, _) => Some(code.to_owned()),
        (_, compound) => compound.map(str::to_owned),
    }
}

/// A home, its compound, and the fee of that compound that is named, which must be of a kind.
fn home_and_fee(
    fields: &mut Fields<'_>,
    roster: &Roster<'_>,
    fees: &Kinds<'_>,
    wanted: FeeKind,
) -> Option<Meant> {
    let place = place_of(fields, "place_code", roster);
    if place
        .as_ref()
        .is_some_and(|(_, kind)| *kind != PlaceKind::Home)
    {
        fields.complain("place_code", "应为房号,例如 GY/3-2-501");
    }
    let name = fields.required("item");
    let home = place?.0;
    let compound = compound_of(roster, &home)?;
    keeps(fields, "place_code", roster, &compound);
    let known = roster.known.places.get(&compound).and_then(|place| {
        let key = (place.id, name.clone());
        let row = roster.known.fees.get(&key)?;
        Some((row.kind, row.unit_price))
    });
    let kind = fees.get(&(compound.as_str(), name.as_str())).copied();
    let found = kind.or(known);
    match found {
        Some((kind, _)) if kind == wanted => {}
        Some(_) => fields.complain("item", "这个收费项目不是这一类"),
        None if name.is_empty() => {}
        None => fields.complain("item", format!("这个小区没有叫“{name}”的收费项目")),
    }
    Some(Meant {
        home,
        compound,
        item: name,
        unit_price: found.map_or(0, |(_, unit_price)| unit_price),
    })
}

/// A home and a fee that a row names.
struct Meant {
    home: String,
    compound: String,
    item: String,
    /// In 1/100 fen.
    unit_price: i64,
}

/// Kinds and prices of fees, by compound and name.
type Kinds<'a> = HashMap<(&'a str, &'a str), (FeeKind, i64)>;

fn kinds(fees: &[PlanFee]) -> Kinds<'_> {
    let each = fees.iter().map(|item| {
        let key = (item.compound.as_str(), item.name.as_str());
        (key, (item.kind, item.unit_price))
    });
    each.collect()
}

pub(super) fn readings(
    tables: &Tables,
    roster: &Roster<'_>,
    fees: &[PlanFee],
    bad: &mut Vec<BadRow>,
) -> Vec<PlanReading> {
    let kinds = kinds(fees);
    let read = |fields: &mut Fields<'_>| {
        let found = home_and_fee(fields, roster, &kinds, FeeKind::Meter);
        fields.required("month");
        let month = month(fields, "month");
        fields.required("before");
        fields.required("after");
        let before = fields.decimal("before", 3);
        let after = fields.decimal("after", 3);
        if let (Some(before), Some(after)) = (before, after) {
            if after < before {
                fields.complain("after", "本次读数小于上次读数");
            } else if after > MOST_READING {
                fields.complain("after", "读数太大,请核对");
            } else if let Some(meant) = &found
                && price::meter(before, after, meant.unit_price).is_none()
            {
                fields.complain("after", TOO_MUCH.trim_end_matches('。'));
            }
        }
        let Meant {
            home,
            compound,
            item,
            ..
        } = found?;
        let month = month?;
        let row = PlanReading {
            home: home.clone(),
            compound,
            item: item.clone(),
            month,
            before_milli: before?,
            after_milli: after?,
        };
        Some(((home, item, month), row))
    };
    each(tables, "fee_readings", bad, read, "place_code")
}

pub(super) fn spaces(
    tables: &Tables,
    roster: &Roster<'_>,
    fees: &[PlanFee],
    bad: &mut Vec<BadRow>,
) -> Vec<PlanSpace> {
    let kinds = kinds(fees);
    let mut taken: HashMap<(String, String), Vec<PlanSpace>> = HashMap::new();
    let read = |fields: &mut Fields<'_>| {
        let found = home_and_fee(fields, roster, &kinds, FeeKind::Parking);
        let code = worded(fields, "code", MOST_CODE, true).unwrap_or_default();
        fields.required("from");
        let (from, to) = (fields.day("from"), fields.day("to"));
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            fields.complain("to", "结束日期早于开始日期");
        }
        let Meant {
            home,
            compound,
            item,
            ..
        } = found?;
        let row = PlanSpace {
            home,
            compound: compound.clone(),
            item,
            code: code.clone(),
            from: from?,
            to,
        };
        let key = (compound.clone(), code.clone());
        let mine = taken.entry(key).or_default();
        let known = roster.known.places.get(&compound);
        let known = known.into_iter().flat_map(|place| {
            let key = (place.id, code.clone());
            roster.known.spaces.get(&key).into_iter().flatten()
        });
        // The same space from the same day on is the same row, whatever else of it has changed.
        let known = known.filter(|known| known.from_day != row.from);
        let known = known.map(|known| (known.from_day, known.to_day));
        let all = mine.iter().map(|one| (one.from, one.to)).chain(known);
        let overlaps = all.into_iter().any(|(from, to)| {
            row.to.is_none_or(|last| from <= last) && to.is_none_or(|last| row.from <= last)
        });
        if overlaps {
            fields.complain("code", "这个车位在这段时间已经登记给一户了");
        } else {
            mine.push(row.clone());
        }
        Some(((compound, code, row.from), row))
    };
    each(tables, "fee_spaces", bad, read, "code")
}
