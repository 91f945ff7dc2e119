//! Tables: columns by their shares, cells that wrap, rows that go on over pages below a repeated head. Called
//! by `layout`.

use super::layout::{
    BOTTOM, Kind, LINE, Layout, Letter, Of, ROOM, SHADE, SIDE, SMALL, STRONG, TEXT,
};
use super::{ColumnKind, Row, Table};

/// Beside the words of a cell.
const PAD: f32 = 6.0;
/// Above and below them.
const AIR: f32 = 3.0;
/// Letters of the head.
const HEAD: Letter = Letter {
    strong: true,
    ..SMALL
};
/// Width of the names of facts.
const NAMES: f32 = 96.0;

/// A column as it is drawn.
struct Lane {
    x: f32,
    width: f32,
    kind: ColumnKind,
}

impl Layout<'_> {
    /// Names with their values.
    pub fn facts(&mut self, all: &[(String, String)]) {
        let table = self.part(Kind::Table, None);
        let lanes = [
            Lane {
                x: SIDE,
                width: NAMES,
                kind: ColumnKind::Name,
            },
            Lane {
                x: SIDE + NAMES,
                width: ROOM - NAMES,
                kind: ColumnKind::Text,
            },
        ];
        self.need(TEXT.step() + 2.0 * AIR);
        self.rule();
        for (name, value) in all {
            let row = Row::of(vec![name.clone(), value.clone()]);
            self.row(&lanes, &row, table, None);
        }
        self.y += 10.0;
    }

    /// A table.
    pub fn table(&mut self, table: &Table) {
        let sum: f32 = table.columns.iter().map(|column| column.share).sum();
        let mut x = SIDE;
        let mut lanes = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            let width = ROOM * column.share / sum.max(f32::EPSILON);
            lanes.push(Lane {
                x,
                width,
                kind: column.kind,
            });
            x += width;
        }
        let part = self.part(Kind::Table, None);
        let heads: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.head.as_str())
            .collect();
        // A head with nothing below it helps nobody.
        self.need(HEAD.step() + TEXT.step() + 4.0 * AIR);
        self.head(&lanes, &heads, Some(part));
        for row in &table.rows {
            self.row(&lanes, row, part, Some(&heads));
        }
        self.y += 10.0;
    }

    fn rule(&mut self) {
        self.fill(Of::Looks, [SIDE, self.y, ROOM, 0.5], LINE);
    }

    /// The head: of the table's text the first time, then of the page.
    fn head(&mut self, lanes: &[Lane], heads: &[&str], table: Option<usize>) {
        let cells: Vec<Vec<String>> = lanes
            .iter()
            .zip(heads)
            .map(|(lane, head)| self.lines(head, HEAD, lane.width - 2.0 * PAD))
            .collect();
        let most = cells.iter().map(Vec::len).max().unwrap_or(1) as f32;
        let height = HEAD.step() * most + 2.0 * AIR;
        self.fill(Of::Looks, [SIDE, self.y, ROOM, height], SHADE);
        let row = table.map(|table| self.part(Kind::Row, Some(table)));
        for (lane, lines) in lanes.iter().zip(&cells) {
            let of = match row {
                Some(row) => Of::Part(self.part(Kind::Head(true), Some(row))),
                None => Of::Page,
            };
            self.cell(lane, lines, HEAD, of);
        }
        self.y += height;
        self.rule();
    }

    /// A row. What is higher than the rest of the page goes to the next one; what is higher than a whole page
    /// goes on there.
    fn row(&mut self, lanes: &[Lane], row: &Row, table: usize, heads: Option<&[&str]>) {
        let letter = if row.strong { STRONG } else { TEXT };
        let mut cells: Vec<Vec<String>> = lanes
            .iter()
            .enumerate()
            .map(|(at, lane)| {
                let text = row.cells.get(at).map(String::as_str).unwrap_or_default();
                self.lines(text, letter, lane.width - 2.0 * PAD)
            })
            .collect();
        let part = self.part(Kind::Row, Some(table));
        let parts: Vec<usize> = lanes
            .iter()
            .map(|lane| match lane.kind {
                ColumnKind::Name => self.part(Kind::Head(false), Some(part)),
                ColumnKind::Text | ColumnKind::Number => self.part(Kind::Cell, Some(part)),
            })
            .collect();
        loop {
            let most = cells.iter().map(Vec::len).max().unwrap_or(1);
            let height = |lines: usize| letter.step() * lines as f32 + 2.0 * AIR;
            let mut now = most;
            if self.y + height(most) > BOTTOM {
                // Only a row that no page holds is cut.
                let cut = height(most) > Self::most() - 60.0;
                now = if cut {
                    (1..most)
                        .rev()
                        .find(|lines| self.y + height(*lines) <= BOTTOM)
                        .unwrap_or(0)
                } else {
                    0
                };
                if now == 0 {
                    self.turn();
                    if let Some(heads) = heads {
                        self.head(lanes, heads, None);
                    }
                    if !cut {
                        now = most;
                    }
                }
            }
            if now == 0 {
                continue;
            }
            for ((lane, lines), part) in lanes.iter().zip(&mut cells).zip(&parts) {
                let rest = lines.split_off(now.min(lines.len()));
                let here = std::mem::replace(lines, rest);
                self.cell(lane, &here, letter, Of::Part(*part));
            }
            self.y += height(now);
            self.rule();
            if cells.iter().all(Vec::is_empty) {
                return;
            }
        }
    }

    fn cell(&mut self, lane: &Lane, lines: &[String], letter: Letter, of: Of) {
        let mut top = self.y + AIR;
        for line in lines {
            let x = if lane.kind == ColumnKind::Number {
                let wide = self.letters.width(line.trim_end(), letter.size);
                lane.x + lane.width - PAD - wide
            } else {
                lane.x + PAD
            };
            self.line(of, x, top, letter, line);
            top += letter.step();
        }
    }
}
