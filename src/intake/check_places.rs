//! Checks the tree that an import brings: every place has a parent that exists, kinds go down,
//! nothing goes round in circles, codes carry their compound. Pure; part of check.rs.

use std::collections::HashMap;

use entity::kinds::PlaceKind;

use super::check::Roster;
use super::fields::{Fields, complaint};
use super::plan::PlanPlace;
use super::tables::{BadRow, Row, Table, Tables};
use crate::place::{kind_name, tree};

/// Largest floor area, m².
const MOST_M2: i64 = 1_000_000;

/// A row that reads well by itself.
struct Candidate<'a> {
    row: &'a Row,
    place: PlanPlace,
}

/// How far a candidate has been judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Good,
    Bad,
}

/// Judges `places`; returns the good ones, parents first, and notes them in the roster.
pub fn check(tables: &Tables, roster: &mut Roster<'_>, bad: &mut Vec<BadRow>) -> Vec<PlanPlace> {
    let Some(table) = tables.table("places") else {
        return Vec::new();
    };
    let (candidates, by_code) = read_rows(table, bad);
    let mut judge = Judge {
        table,
        marks: vec![Mark::New; candidates.len()],
        order: Vec::with_capacity(candidates.len()),
        candidates,
        by_code,
    };
    for at in 0..judge.candidates.len() {
        judge.climb(at, roster, bad);
    }
    let Judge {
        order, candidates, ..
    } = judge;
    let mut places: Vec<Option<PlanPlace>> = candidates
        .into_iter()
        .map(|item| Some(item.place))
        .collect();
    let take = |at: usize| {
        let mut place = places.get_mut(at)?.take()?;
        place.compound = roster.place(&place.code)?.1.map(str::to_owned);
        Some(place)
    };
    order.into_iter().filter_map(take).collect()
}

fn read_rows<'a>(
    table: &'a Table,
    bad: &mut Vec<BadRow>,
) -> (Vec<Candidate<'a>>, HashMap<String, usize>) {
    let mut candidates = Vec::with_capacity(table.rows.len());
    let mut by_code: HashMap<String, usize> = HashMap::with_capacity(table.rows.len());
    let mut lines: HashMap<String, u64> = HashMap::with_capacity(table.rows.len());
    for row in &table.rows {
        let mut fields = Fields::new(table, row);
        let place = read_row(&mut fields);
        if let Some(first) = lines.get(&place.code) {
            fields.complain("code", format!("编号“{}”与第{first}行重复", place.code));
        } else if !place.code.is_empty() {
            lines.insert(place.code.clone(), row.line);
        }
        if fields.bad.is_empty() {
            by_code.insert(place.code.clone(), candidates.len());
            candidates.push(Candidate { row, place });
        }
        bad.append(&mut fields.bad);
    }
    (candidates, by_code)
}

fn read_row(fields: &mut Fields<'_>) -> PlanPlace {
    let code = fields.code("code");
    let kind = fields.required_word("kind", kind_name);
    let name = fields.required("name");
    let area_cm2 = fields.decimal("area_m2", 4);
    if area_cm2.is_some_and(|area| area == 0 || area > MOST_M2 * 10_000) {
        fields.complain("area_m2", "面积应大于 0,不超过 1000000 平方米");
    }
    if code.matches('/').count() > 1 || code.starts_with('/') || code.ends_with('/') {
        fields.complain("code", "编号最多有一个“/”,写成 小区编号/楼-单元-房");
    }
    PlanPlace {
        code,
        // A missing kind is complained about, and the row is dropped.
        kind: kind.unwrap_or(PlaceKind::Home),
        name,
        parent: fields.code_or_none("parent_code"),
        compound: None,
        area_cm2,
        note: fields.text("note"),
    }
}

struct Judge<'a> {
    table: &'a Table,
    candidates: Vec<Candidate<'a>>,
    by_code: HashMap<String, usize>,
    marks: Vec<Mark>,
    /// Good ones, parents first.
    order: Vec<usize>,
}

impl Judge<'_> {
    /// Walks up until something judged, known or missing, then judges on the way down. No
    /// recursion: a hostile file may be 100 000 deep.
    fn climb(&mut self, from: usize, roster: &mut Roster<'_>, bad: &mut Vec<BadRow>) {
        let mut chain = Vec::new();
        let mut at = from;
        let mut circle_from = None;
        loop {
            match self.marks.get(at).copied() {
                Some(Mark::New) => {}
                Some(Mark::Open) => {
                    circle_from = chain.iter().position(|link| *link == at);
                    break;
                }
                _ => break,
            }
            self.mark(at, Mark::Open);
            chain.push(at);
            let parent = self
                .candidates
                .get(at)
                .and_then(|c| c.place.parent.as_ref());
            match parent.and_then(|code| self.by_code.get(code)) {
                Some(above) => at = *above,
                None => break,
            }
        }
        for (depth, at) in chain.iter().copied().enumerate().rev() {
            let in_circle = circle_from.is_some_and(|start| depth >= start);
            let verdict = if in_circle {
                Err(("parent_code", "上级互相循环".to_owned()))
            } else {
                self.judge(at, roster)
            };
            match verdict {
                Ok((code, kind, compound)) => {
                    roster.places.insert(code, (kind, compound));
                    self.mark(at, Mark::Good);
                    self.order.push(at);
                }
                Err((column, reason)) => {
                    self.mark(at, Mark::Bad);
                    if let Some(candidate) = self.candidates.get(at) {
                        bad.push(complaint(self.table, candidate.row, column, reason));
                    }
                }
            }
        }
    }

    fn mark(&mut self, at: usize, mark: Mark) {
        if let Some(slot) = self.marks.get_mut(at) {
            *slot = mark;
        }
    }

    /// Judges one place whose parent has been judged.
    fn judge(
        &self,
        at: usize,
        roster: &Roster<'_>,
    ) -> Result<(String, PlaceKind, Option<String>), (&'static str, String)> {
        let Some(Candidate { place, .. }) = self.candidates.get(at) else {
            return Err(("code", "内部错误".to_owned()));
        };
        let parent = match &place.parent {
            None => None,
            Some(code) => {
                let above_is_bad = self
                    .by_code
                    .get(code)
                    .and_then(|above| self.marks.get(*above))
                    .is_some_and(|mark| *mark == Mark::Bad);
                if above_is_bad {
                    return Err(("parent_code", format!("上级“{code}”那一行有错")));
                }
                let found = roster.place(code);
                Some(found.ok_or_else(|| {
                    (
                        "parent_code",
                        format!("没有编号为“{code}”的上级,或它那一行有错"),
                    )
                })?)
            }
        };
        if !tree::may_stand_under(place.kind, parent.map(|(kind, _)| kind)) {
            let above = parent.map_or("最上层", |(kind, _)| kind_name(kind));
            let own = kind_name(place.kind);
            return Err(("parent_code", format!("“{own}”不能放在“{above}”下面")));
        }
        let compound = match place.kind {
            PlaceKind::Compound => Some(place.code.clone()),
            _ => parent.and_then(|(_, compound)| compound).map(str::to_owned),
        };
        check_code(place, compound.as_deref())?;
        check_known(place, compound.as_deref(), roster)?;
        if let Some(beyond) = roster.known.place_beyond(place) {
            return Err(("code", beyond.to_owned()));
        }
        Ok((place.code.clone(), place.kind, compound))
    }
}

/// Inside a compound a code is the compound's, a slash, and what people type.
fn check_code(place: &PlanPlace, compound: Option<&str>) -> Result<(), (&'static str, String)> {
    let right = match compound {
        Some(compound) if place.kind != PlaceKind::Compound => place
            .code
            .strip_prefix(compound)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|local| !local.is_empty()),
        _ => !place.code.contains('/'),
    };
    if right {
        return Ok(());
    }
    Err(match compound {
        Some(compound) if place.kind != PlaceKind::Compound => {
            ("code", format!("小区内的编号应以“{compound}/”开头"))
        }
        _ => ("code", "小区及以上的编号不能有“/”".to_owned()),
    })
}

/// What is known already keeps its kind and its compound: cases, roles and bindings hang on them.
fn check_known(
    place: &PlanPlace,
    compound: Option<&str>,
    roster: &Roster<'_>,
) -> Result<(), (&'static str, String)> {
    let Some(known) = roster.known.places.get(&place.code) else {
        return Ok(());
    };
    if known.kind != place.kind {
        let was = kind_name(known.kind);
        return Err(("kind", format!("已登记为“{was}”,不能改类型")));
    }
    let was = known
        .compound_id
        .and_then(|id| roster.known.place_codes.get(&id));
    if was.map(String::as_str) != compound {
        return Err(("parent_code", "已登记的地点不能移到另一个小区".to_owned()));
    }
    Ok(())
}
