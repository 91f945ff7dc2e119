//! What goes where: blocks become marks on pages, each belonging to a part of the text's structure or to
//! nothing but looks. Points from the top left of A4. Called by [`super::render`].

use qrcode::{Color, QrCode};

use super::letters::{INSTEAD, Letters, plain};
use super::{Block, Code, Paper};
use crate::base::fault::Fault;
use crate::report::chart::Bar;

pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
/// Left and right.
pub(super) const SIDE: f32 = 56.0;
const TOP: f32 = 52.0;
/// Nothing but the foot is below it.
pub(super) const BOTTOM: f32 = HEIGHT - 62.0;
/// Between the sides.
pub(super) const ROOM: f32 = WIDTH - 2.0 * SIDE;
const FOOT: f32 = HEIGHT - 40.0;
const HEAD: f32 = 30.0;

const TITLE: Letter = Letter::new(21.0, INK).strong();
const HEADING: Letter = Letter::new(13.0, ACCENT).strong();
pub(super) const TEXT: Letter = Letter::new(10.5, INK);
pub(super) const STRONG: Letter = TEXT.strong();
pub(super) const SMALL: Letter = Letter::new(9.0, SOFT);
const FIGURE: Letter = Letter::new(18.0, INK).strong();
/// What must fit below a heading, so that none stands alone at the end of a page.
const FOLLOWS: f32 = 80.0;
/// Side of a QR code with its margin.
const CODE: f32 = 104.0;
/// White squares around a code.
const QUIET: usize = 4;
/// Height of a bar with what is between two.
const BAR: f32 = 19.0;
/// Where bars begin and what is left for their labels.
const BAR_LEFT: f32 = 110.0;
const BAR_RIGHT: f32 = 90.0;

/// A colour: red, green, blue.
pub(super) type Ink = [u8; 3];
pub(super) const INK: Ink = [26, 28, 30];
pub(super) const SOFT: Ink = [86, 92, 96];
pub(super) const LINE: Ink = [196, 203, 200];
pub(super) const SHADE: Ink = [238, 244, 241];
pub(super) const ACCENT: Ink = [4, 98, 58];

/// How letters look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub size: f32,
    pub ink: Ink,
    pub strong: bool,
}

impl Letter {
    const fn new(size: f32, ink: Ink) -> Self {
        Self {
            size,
            ink,
            strong: false,
        }
    }

    const fn strong(self) -> Self {
        Self {
            strong: true,
            ..self
        }
    }

    /// From one line to the next.
    pub const fn step(self) -> f32 {
        self.size * 1.5
    }
}

/// Something to be drawn.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A line of letters from its left end, `y` where they stand.
    Line {
        x: f32,
        y: f32,
        letter: Letter,
        text: String,
    },
    /// Rectangles: left, top, width, height.
    Boxes { boxes: Vec<[f32; 4]>, ink: Ink },
}

/// To what a mark belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// To a part of the text, by its number.
    Part(usize),
    /// To the looks.
    Looks,
    /// To every page: its number, a repeated head.
    Page,
}

/// What a part of the text is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Title(String),
    Heading(String),
    Paragraph,
    /// With what it shows, in words.
    Picture(String),
    Link,
    Table,
    Row,
    /// Names a column (true) or a row.
    Head(bool),
    Cell,
}

/// A part of the text's structure and what it is a part of.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub kind: Kind,
    pub of: Option<usize>,
}

/// A place that leads to an address.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub at: [f32; 4],
    pub url: String,
    pub part: usize,
}

/// A page.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub marks: Vec<(Of, Mark)>,
    pub ways: Vec<Way>,
}

/// A paper that is laid out.
pub(super) struct Layout<'a> {
    pub letters: &'a Letters,
    pub pages: Vec<Page>,
    pub parts: Vec<Part>,
    /// Headings: words, page, height.
    pub headings: Vec<(String, usize, f32)>,
    /// Where the next block begins.
    pub y: f32,
    /// Whether something stands where the font lacks a character.
    lacks: bool,
}

/// Lays a paper out.
///
/// # Errors
/// `internal` for an address that is too long for a code.
pub(super) fn lay<'a>(paper: &Paper, letters: &'a Letters) -> Result<Layout<'a>, Fault> {
    let mut layout = Layout {
        letters,
        pages: vec![Page::default()],
        parts: Vec::new(),
        headings: Vec::new(),
        y: TOP,
        lacks: false,
    };
    layout.title(paper);
    for block in &paper.blocks {
        layout.block(block)?;
    }
    if layout.lacks {
        let words = format!("“{INSTEAD}”代表字库里没有的字，原字请看网页。");
        layout.paragraph(&words, SMALL);
    }
    layout.feet(paper);
    Ok(layout)
}

impl Layout<'_> {
    /// A part of the text.
    pub fn part(&mut self, kind: Kind, of: Option<usize>) -> usize {
        self.parts.push(Part { kind, of });
        self.parts.len() - 1
    }

    /// Puts a mark on the page.
    pub fn mark(&mut self, of: Of, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.marks.push((of, mark));
        }
    }

    /// A line whose letters hang from `top`.
    pub fn line(&mut self, of: Of, x: f32, top: f32, letter: Letter, text: &str) {
        // The middle of the letters in the middle of the line.
        let y = top + letter.step() / 2.0 + letter.size * 0.38;
        self.mark(
            of,
            Mark::Line {
                x,
                y,
                letter,
                text: text.to_owned(),
            },
        );
    }

    /// A rectangle.
    pub fn fill(&mut self, of: Of, at: [f32; 4], ink: Ink) {
        let boxes = vec![at];
        self.mark(of, Mark::Boxes { boxes, ink });
    }

    /// A text as its lines.
    pub fn lines(&mut self, text: &str, letter: Letter, width: f32) -> Vec<String> {
        let text = plain(text);
        let known = |letter| letter == '\n' || self.letters.has(letter);
        self.lacks |= !text.chars().all(known);
        let mut lines = self.letters.wrap(&text, letter.size, width);
        for line in &mut lines {
            // A part of the text must have something in it.
            if line.is_empty() {
                line.push(' ');
            }
        }
        lines
    }

    /// A new page, unless that much fits below.
    pub fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.turn();
        }
    }

    /// A new page.
    pub fn turn(&mut self) {
        self.pages.push(Page::default());
        self.y = TOP;
    }

    /// What a page has room for.
    pub const fn most() -> f32 {
        BOTTOM - TOP
    }

    fn title(&mut self, paper: &Paper) {
        let part = self.part(Kind::Title(plain(&paper.title)), None);
        self.headings.push((plain(&paper.title), 0, self.y));
        for line in self.lines(&paper.title, TITLE, ROOM) {
            let wide = self.letters.width(line.trim_end(), TITLE.size);
            let x = SIDE + (ROOM - wide) / 2.0;
            self.line(Of::Part(part), x, self.y, TITLE, &line);
            self.y += TITLE.step();
        }
        if !paper.under.is_empty() {
            let part = self.part(Kind::Paragraph, None);
            for line in self.lines(&paper.under, SMALL, ROOM) {
                let wide = self.letters.width(line.trim_end(), SMALL.size);
                let x = SIDE + (ROOM - wide) / 2.0;
                self.line(Of::Part(part), x, self.y, SMALL, &line);
                self.y += SMALL.step();
            }
        }
        self.y += 6.0;
        self.fill(Of::Looks, [SIDE, self.y, ROOM, 1.2], ACCENT);
        self.y += 12.0;
    }

    fn block(&mut self, block: &Block) -> Result<(), Fault> {
        match block {
            Block::Heading(words) => self.heading(words),
            Block::Text(words) => self.paragraph(words, TEXT),
            Block::Small(words) => self.paragraph(words, SMALL),
            Block::Figures(all) => self.figures(all),
            Block::Facts(all) => self.facts(all),
            Block::Table(table) => self.table(table),
            Block::Bars(bars) => self.bars(bars),
            Block::Code(code) => return self.code(code),
            Block::Sign(all) => self.sign(all),
        }
        Ok(())
    }

    fn heading(&mut self, words: &str) {
        let lines = self.lines(words, HEADING, ROOM);
        self.need(FOLLOWS + HEADING.step() * lines.len() as f32);
        self.y += 6.0;
        let part = self.part(Kind::Heading(plain(words)), None);
        let page = self.pages.len() - 1;
        self.headings.push((plain(words), page, self.y));
        for line in lines {
            self.line(Of::Part(part), SIDE, self.y, HEADING, &line);
            self.y += HEADING.step();
        }
        self.y += 3.0;
    }

    fn paragraph(&mut self, words: &str, letter: Letter) {
        let part = self.part(Kind::Paragraph, None);
        for line in self.lines(words, letter, ROOM) {
            self.need(letter.step());
            self.line(Of::Part(part), SIDE, self.y, letter, &line);
            self.y += letter.step();
        }
        self.y += 5.0;
    }

    fn figures(&mut self, all: &[(String, String)]) {
        const GAP: f32 = 10.0;
        let count = all.len().max(1) as f32;
        let width = (ROOM - GAP * (count - 1.0)) / count;
        // All of the size at which the longest fits on its line.
        let longest = all
            .iter()
            .map(|(_, value)| self.letters.width(&plain(value), FIGURE.size))
            .fold(0.0, f32::max);
        let fits = ((width - 20.0) / longest.max(1.0)).min(1.0);
        let letter = Letter {
            size: (FIGURE.size * fits).max(TEXT.size),
            ..FIGURE
        };
        let values: Vec<Vec<String>> = all
            .iter()
            .map(|(_, value)| self.lines(value, letter, width - 20.0))
            .collect();
        let most = values.iter().map(Vec::len).max().unwrap_or(1) as f32;
        let height = SMALL.step() + letter.step() * most + 12.0;
        self.need(height);
        let mut x = SIDE;
        for ((name, _), lines) in all.iter().zip(&values) {
            self.fill(Of::Looks, [x, self.y, width, height], SHADE);
            self.fill(Of::Looks, [x, self.y, 2.5, height], ACCENT);
            let part = self.part(Kind::Paragraph, None);
            let mut y = self.y + 5.0;
            for line in self.lines(name, SMALL, width - 20.0).iter().take(1) {
                self.line(Of::Part(part), x + 12.0, y, SMALL, line);
                y += SMALL.step();
            }
            for line in lines {
                self.line(Of::Part(part), x + 12.0, y, letter, line);
                y += letter.step();
            }
            x += width + GAP;
        }
        self.y += height + 10.0;
    }

    fn bars(&mut self, bars: &[Bar]) {
        let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1) as f32;
        let says: Vec<String> = bars
            .iter()
            .map(|bar| plain(&format!("{} {}", bar.name, bar.label)))
            .collect();
        let part = self.part(Kind::Picture(says.join("；")), None);
        for bar in bars {
            self.need(BAR);
            let (top, of) = (self.y, Of::Part(part));
            let name = self.lines(&bar.name, SMALL, BAR_LEFT - 10.0);
            let name = name.first().map(String::as_str).unwrap_or_default();
            let wide = self.letters.width(name.trim_end(), SMALL.size);
            let ink = Letter { ink: INK, ..SMALL };
            self.line(of, SIDE + BAR_LEFT - 8.0 - wide, top + 2.0, ink, name);
            let room = ROOM - BAR_LEFT - BAR_RIGHT;
            let length = (room * bar.value.max(0) as f32 / most).max(1.5);
            self.fill(of, [SIDE + BAR_LEFT, top + 3.0, length, BAR - 7.0], ACCENT);
            let label = self.lines(&bar.label, SMALL, BAR_RIGHT);
            let label = label.first().map(String::as_str).unwrap_or_default();
            self.line(of, SIDE + BAR_LEFT + length + 6.0, top + 2.0, ink, label);
            self.y += BAR;
        }
        self.y += 6.0;
    }

    fn code(&mut self, code: &Code) -> Result<(), Fault> {
        let drawn = QrCode::new(&code.url).map_err(Fault::internal)?;
        let words = ROOM - CODE - 16.0;
        let mut all: Vec<(Letter, Vec<String>)> = Vec::new();
        for text in &code.words {
            all.push((TEXT, self.lines(text, TEXT, words)));
        }
        let address = self.lines(&code.url, SMALL, words);
        let beside: f32 = all
            .iter()
            .map(|(letter, lines)| letter.step() * lines.len() as f32 + 3.0)
            .sum();
        let beside = beside + SMALL.step() * address.len() as f32;
        self.need(CODE.max(beside) + 6.0);
        let top = self.y;
        let picture = self.part(Kind::Picture(plain(&format!("二维码：{}", code.url))), None);
        let boxes = squares(&drawn, SIDE, top);
        self.mark(Of::Part(picture), Mark::Boxes { boxes, ink: [0; 3] });
        let x = SIDE + CODE + 16.0;
        let mut y = top + ((CODE - beside) / 2.0).max(0.0);
        for (letter, lines) in all {
            let part = self.part(Kind::Paragraph, None);
            for line in lines {
                self.line(Of::Part(part), x, y, letter, &line);
                y += letter.step();
            }
            y += 3.0;
        }
        let part = self.part(Kind::Paragraph, None);
        let link = self.part(Kind::Link, Some(part));
        let height = SMALL.step() * address.len() as f32;
        let way = Way {
            at: [x, y, words, height],
            url: code.url.clone(),
            part: link,
        };
        for line in address {
            self.line(Of::Part(link), x, y, SMALL, &line);
            y += SMALL.step();
        }
        if let Some(page) = self.pages.last_mut() {
            page.ways.push(way);
        }
        self.y = y.max(top + CODE) + 8.0;
        Ok(())
    }

    fn sign(&mut self, all: &[String]) {
        const TALL: f32 = 46.0;
        self.need(TALL + 10.0);
        let count = all.len().max(1) as f32;
        let width = ROOM / count;
        let top = self.y + TALL - TEXT.step() - 4.0;
        let mut x = SIDE;
        for name in all {
            let part = self.part(Kind::Paragraph, None);
            let name = format!("{name}：");
            let lines = self.lines(&name, TEXT, width - 30.0);
            let line = lines.first().map(String::as_str).unwrap_or_default();
            self.line(Of::Part(part), x, top, TEXT, line);
            let wide = self.letters.width(line, TEXT.size);
            let rule = [x + wide, top + TEXT.step(), width - wide - 24.0, 0.6];
            self.fill(Of::Looks, rule, SOFT);
            x += width;
        }
        self.y += TALL + 10.0;
    }

    /// The title again on every page but the first, and at each foot the page's number.
    fn feet(&mut self, paper: &Paper) {
        let count = self.pages.len();
        let title = self.lines(&paper.title, SMALL, ROOM);
        let words = self.lines(&paper.foot, SMALL, ROOM - 100.0);
        for (page, at) in self.pages.iter_mut().zip(1_usize..) {
            let number = format!("第 {at} 页，共 {count} 页");
            let wide = self.letters.width(&number, SMALL.size);
            let mut put = |x, y, text: &str| {
                let line = Mark::Line {
                    x,
                    y,
                    letter: SMALL,
                    text: text.to_owned(),
                };
                page.marks.push((Of::Page, line));
            };
            if at > 1 {
                put(SIDE, HEAD, title.first().map_or("", String::as_str));
            }
            put(SIDE, FOOT, words.first().map_or("", String::as_str));
            put(SIDE + ROOM - wide, FOOT, &number);
            let rule = [SIDE, FOOT - 14.0, ROOM, 0.5];
            let boxes = vec![rule];
            page.marks
                .push((Of::Page, Mark::Boxes { boxes, ink: LINE }));
        }
    }
}

/// The dark squares of a code, those of a row that touch as one.
fn squares(code: &QrCode, left: f32, top: f32) -> Vec<[f32; 4]> {
    let width = code.width();
    let side = CODE / (width + 2 * QUIET) as f32;
    let place = |at: usize| (at + QUIET) as f32 * side;
    let mut boxes = Vec::new();
    for (row, colors) in code.to_colors().chunks(width).enumerate() {
        let mut at = 0;
        for run in colors.chunk_by(|one, two| one == two) {
            if run.first() == Some(&Color::Dark) {
                let (x, y) = (left + place(at), top + place(row));
                boxes.push([x, y, run.len() as f32 * side, side]);
            }
            at += run.len();
        }
    }
    boxes
}
