//! The console at 1 000 000 cases: lists with three filters, through the page over HTTP, against a city with
//! 10 000 cases; and how long every page takes there. One street has the same cases in both, so that lists of its
//! staff are equally full; in the other there are the more, the more the city has.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use linli::base::clock::{Clock, SystemClock, china};
use linli::base::seal::Seal;
use linli::case::stats::Figure as Count;
use linli::case::stats::span::Span;
use linli::config;
use linli::place::queries;
use linli::place::scope::Scope;
use linli::report::figures;
use linli::store::Store;
use linli::wechat::http::percent;
use secrecy::SecretString;

use crate::city::{self, Post, Staff, Town};
use crate::client::{Answer, Connection};
use crate::figure::{Figure, percentile, times, whole};
use crate::machine::{self, Postgres};
use crate::platform::Sample;
use crate::server::{self, Server, Setup};

/// Cases of the city, and of the one that it is compared with.
const CASES: u32 = 1_000_000;
const FEW: u32 = 10_000;
/// Times that each list is asked for, in turn at both.
const ASKED: usize = 20;
/// Lines of a full list.
const FULL: usize = 30;
/// Before anything is timed: connections, statements and pages of the database are warm then.
const WARM: usize = 3;
/// How much longer a list may take at 1 000 000 cases.
const MOST: f64 = 2.0;
/// Milliseconds that a page of the console may take.
const MOST_MS: f64 = 200.0;

/// A page whose times stand in the table.
struct Timed {
    staff: Staff,
    page: String,
    large: Vec<f64>,
    small: Vec<f64>,
    /// Lines of its list at both.
    lines: (usize, usize),
}

impl Timed {
    fn at_small(&self) -> f64 {
        percentile(&self.small, 1, 2)
    }

    fn ratio(&self) -> f64 {
        percentile(&self.large, 1, 2) / percentile(&self.small, 1, 2)
    }

    fn middle(&self) -> f64 {
        percentile(&self.large, 1, 2)
    }

    fn longest(&self) -> f64 {
        self.large.last().copied().unwrap_or(f64::INFINITY)
    }
}

/// A city, with the program before it.
struct Desk {
    connection: Connection,
    url: String,
    newest: String,
    // Stopped when it is dropped.
    _server: Server,
}

/// The rows of the table.
pub async fn measure() -> Result<Vec<Figure>> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    // So that the larger city fits, as on any machine that holds one.
    let postgres = Postgres::start(room.path(), &["shared_buffers=1GB"])?;
    let mut large = open(&postgres, room.path(), &sample, "large", CASES).await?;
    let mut small = open(&postgres, room.path(), &sample, "small", FEW).await?;
    let mut lists = Vec::new();
    for staff in [Town::Even, Town::Growing].into_iter().flat_map(Staff::of) {
        for (name, filters) in lists_of(staff) {
            let path = format!("/console/cases?{filters}");
            lists.push(ask(&mut large, &mut small, staff, name, (&path, &path)).await?);
        }
    }
    let counted = counted(&mut large).await?;
    let mut pages = Vec::new();
    for staff in Staff::of(Town::Growing) {
        for (name, at_large, at_small) in pages_of(staff, &large, &small) {
            pages.push(ask(&mut large, &mut small, staff, name, (&at_large, &at_small)).await?);
        }
    }
    let [alike, others] = list_rows(&lists);
    Ok(vec![
        alike,
        others,
        page_row(&lists, &pages, counted),
        figures_row(&large.url).await?,
    ])
}

/// Milliseconds until the figures of a year of the whole city are there, with all pages that say so before.
async fn counted(large: &mut Desk) -> Result<f64> {
    let [.., administrator] = Staff::of(Town::Growing);
    let path = format!("/console/figures?place=C&{}", year());
    let began = Instant::now();
    loop {
        let (_, answer) = get(large, administrator, &path).await?;
        if answer.status == 200 {
            return Ok(began.elapsed().as_secs_f64() * 1000.0);
        }
        ensure!(began.elapsed().as_secs() < 120, "the city is never counted");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The last 365 days, as an address says them.
fn year() -> String {
    let span = last_year();
    format!("from={}&until={}", span.first, span.last)
}

fn last_year() -> Span {
    let today = china(SystemClock.now()).date_naive();
    Span::new(today - chrono::Days::new(364), today)
}

/// A year of the large compound's street, as the console shows it.
async fn figures_row(url: &str) -> Result<Figure> {
    let store = Store::connect(&config::Database {
        url: SecretString::from(url.to_owned()),
        max_connections: 2,
    })
    .await?;
    let span = last_year();
    let [.., administrator] = Staff::of(Town::Growing);
    let mut took = Vec::with_capacity(ASKED);
    for round in 0..WARM + ASKED {
        let began = Instant::now();
        let street = queries::by_code(store.read(), &administrator.place()).await?;
        let scope = Scope::of(store.read(), street.context("no street")?).await?;
        let report = figures::read(store.read(), scope, span).await?;
        if round >= WARM {
            took.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        ensure!(
            report.whole.get(Count::Filed) > 5_000,
            "too few cases were counted: {:?}",
            report.whole
        );
    }
    store.close().await;
    took.sort_by(f64::total_cmp);
    let longest = took.last().copied().unwrap_or(f64::INFINITY);
    Ok(Figure {
        what: format!(
            "figures of a street of 30 compounds among {}, {} cases in all",
            whole(f64::from(city::COMPOUNDS)),
            whole(f64::from(CASES))
        ),
        ours: format!(
            "{:.1} ms (longest {longest:.1} ms)",
            percentile(&took, 1, 2)
        ),
        theirs: String::new(),
        ratio: String::new(),
        required: format!("< {MOST_MS:.0} ms"),
        met: longest < MOST_MS,
        bound: format!(
            "A year of a street with one large compound, by all dimensions with names, {ASKED} times."
        ),
    })
}

async fn open(
    postgres: &Postgres,
    room: &std::path::Path,
    sample: &Sample,
    name: &str,
    cases: u32,
) -> Result<Desk> {
    let url = postgres.database(name)?;
    let setup = Setup::new(room, sample, &url);
    setup.run(&["migrate", "up"])?;
    city::fill(postgres, name, cases)?;
    let seal = Seal::new(&server::data_key()?)?;
    city::sign_in(postgres, name, |staff| {
        seal.index(&format!("console session\n{}", token(staff)))
    })?;
    let newest = postgres.psql(
        name,
        &format!(
            "SELECT max(id) FROM cases WHERE compound_id = {} AND place_id % 10 = 0",
            100_000 + Town::Growing.compound()
        ),
    )?;
    let server = setup.serve("web").await?;
    Ok(Desk {
        connection: Connection::open(server.address()).await?,
        url,
        newest,
        _server: server,
    })
}

fn token(staff: Staff) -> String {
    format!("load-{}", staff.person())
}

/// Triples of filters: what is new and what is old, what there is much of and what is nearly never there.
fn lists_of(staff: Staff) -> [(&'static str, String); 5] {
    let day = |back: i64| {
        let day = SystemClock.now() - chrono::TimeDelta::days(back);
        day.format("%Y-%m-%d").to_string()
    };
    let (from, until) = (day(120), day(60));
    let own = percent(&format!("经理{}", staff.town.compound()));
    let words = percent("飞线充电");
    [
        (
            "open + place + category",
            format!("place={}&category=lift", staff.place()),
        ),
        (
            "holder + kind + period",
            format!("state=all&holder={own}&kind=repair&from={from}&until={until}"),
        ),
        (
            "late + level + text",
            format!("state=all&late=1&level=community&text={words}"),
        ),
        (
            "open + level + text",
            format!("level=community&text={words}&late=1"),
        ),
        (
            "withdrawn + kind + category",
            "state=withdrawn&kind=help&category=power".to_owned(),
        ),
    ]
}

/// The other pages: their address in the large city, and in the small one.
fn pages_of(staff: Staff, large: &Desk, small: &Desk) -> Vec<(&'static str, String, String)> {
    let compound = staff.town.compound();
    let place = percent(&staff.place());
    let figures = format!("place={place}&{}", year());
    let mut same = vec![
        ("tasks", "/console/tasks".to_owned()),
        ("the list as it opens", "/console/cases".to_owned()),
        (
            "the list of everything",
            "/console/cases?state=all".to_owned(),
        ),
        ("the board", format!("/board/K{compound}")),
        (
            "people of a place",
            format!("/console/people?place={place}"),
        ),
        (
            "a year's figures of a place",
            format!("/console/figures?{figures}"),
        ),
        (
            "a figure's list",
            format!("/console/figures/cases?{figures}&figure=solved"),
        ),
        ("figures as CSV", format!("/console/figures.csv?{figures}")),
    ];
    // Whoever sees money; and nobody of a company sees what was done there.
    if staff.post != Post::Steward {
        let books = format!("/console/ledger?compound=K{compound}");
        same.push(("the books", format!("{books}&account=assets%3Awechat")));
    }
    if matches!(staff.post, Post::Officer | Post::Administrator) {
        same.push(("the trail", "/console/audit".to_owned()));
        let filters = format!("what=case.file&place=K{compound}");
        same.push(("the trail of a place", format!("/console/audit?{filters}")));
        same.push(("dead letters", "/console/letters".to_owned()));
    }
    if staff.post == Post::Administrator {
        // Counted before (`counted`): what it takes then.
        let city = format!("/console/figures?place=C&{}", year());
        same.push(("a year's figures of the city, counted before", city));
    }
    let mut pages: Vec<_> = same
        .into_iter()
        .map(|(name, path)| (name, path.clone(), path))
        .collect();
    pages.push((
        "a case",
        format!("/console/cases/{}", large.newest),
        format!("/console/cases/{}", small.newest),
    ));
    pages
}

async fn ask(
    large: &mut Desk,
    small: &mut Desk,
    staff: Staff,
    name: &str,
    paths: (&str, &str),
) -> Result<Timed> {
    let mut timed = Timed {
        staff,
        page: name.to_owned(),
        large: Vec::with_capacity(ASKED),
        small: Vec::with_capacity(ASKED),
        lines: (0, 0),
    };
    for round in 0..WARM + ASKED {
        let (one, answer) = get(large, staff, paths.0).await?;
        let (other, fewer) = get(small, staff, paths.1).await?;
        timed.lines = (lines(&answer), lines(&fewer));
        if round >= WARM {
            timed.large.push(one);
            timed.small.push(other);
        }
    }
    timed.large.sort_by(f64::total_cmp);
    timed.small.sort_by(f64::total_cmp);
    eprintln!(
        "{}, {name}: {:.1} ms (longest {:.1}), {:.1} ms at {FEW} cases, {:?} lines",
        staff.says(),
        timed.middle(),
        timed.longest(),
        timed.at_small(),
        timed.lines
    );
    Ok(timed)
}

/// Milliseconds that a page took, and the page; one that says that figures are being counted is a page, too.
async fn get(desk: &mut Desk, staff: Staff, path: &str) -> Result<(f64, Answer)> {
    let cookie = format!("linli_console={}", token(staff));
    let began = Instant::now();
    let answer = desk.connection.get_with(path, &cookie).await?;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    ensure!(
        matches!(answer.status, 200 | 202),
        "{} answered {path} with {}",
        staff.says(),
        answer.status
    );
    Ok((took, answer))
}

/// How many lines the list of a page has.
fn lines(answer: &Answer) -> usize {
    // One of them holds the headings.
    answer.body.matches("<tr>").count().saturating_sub(1)
}

/// Two rows: of lists that are full at both the one whose ratio is worst, and of all others.
fn list_rows(lists: &[Timed]) -> [Figure; 2] {
    let full = |timed: &Timed| timed.lines == (FULL, FULL);
    let all = format!(
        "case list with three filters, first page, PostgreSQL, {} cases of {} compounds",
        whole(f64::from(CASES)),
        whole(f64::from(city::COMPOUNDS))
    );
    let count = lists.iter().filter(|timed| full(timed)).count();
    let others = lists.len() - count;
    [
        list_row(
            format!("{all}, {FULL} lines at both"),
            lists.iter().filter(|timed| full(timed)),
            format!(
                "The {count} lists of {} that have {FULL} lines at both; the row is the one whose ratio is worst. The street of \
                 compound {} has the same {} cases in both cities, at the same moments.{}",
                lists.len(),
                Town::Even.compound(),
                whole(f64::from(city::EVEN)),
                each(lists, full)
            ),
        ),
        list_row(
            format!("{all}, full at the one and short at the other"),
            lists.iter().filter(|timed| !full(timed)),
            format!(
                "The page as a browser gets it, {ASKED} times in turn at both, medians; the row is the one of the other {others} \
                 lists whose ratio is worst. One compound in a hundred has a hundred times the cases of the others.{} In \
                 brackets: with {} cases.",
                each(lists, |timed| !full(timed)),
                whole(f64::from(FEW))
            ),
        ),
    ]
}

/// The row of the list whose ratio is worst.
fn list_row<'a>(what: String, of: impl Iterator<Item = &'a Timed>, bound: String) -> Figure {
    let worst = of.max_by(|one, other| one.ratio().total_cmp(&other.ratio()));
    let ratio = worst.map_or(f64::INFINITY, Timed::ratio);
    let (ours, theirs) = worst.map_or((f64::INFINITY, 0.0), |timed| {
        (timed.middle(), timed.at_small())
    });
    Figure {
        what,
        ours: format!("{ours:.1} ms"),
        theirs: format!(
            "the same with {} cases: {theirs:.1} ms",
            whole(f64::from(FEW))
        ),
        ratio: times(ratio),
        required: format!("at most {}", times(MOST)),
        met: ratio <= MOST,
        bound,
    }
}

/// What each of some lists took, by who looked at which street.
fn each(lists: &[Timed], only: impl Fn(&Timed) -> bool) -> String {
    let mut each = String::new();
    for staff in [Town::Even, Town::Growing].into_iter().flat_map(Staff::of) {
        let of = lists
            .iter()
            .filter(|timed| timed.staff == staff && only(timed));
        let said: Vec<String> = of
            .map(|timed| {
                format!(
                    "{} {:.1} ms for {} lines ({:.1} for {})",
                    timed.page,
                    timed.middle(),
                    timed.lines.0,
                    timed.at_small(),
                    timed.lines.1
                )
            })
            .collect();
        if !said.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(
                each,
                " {} (compound {}): {}.",
                staff.says(),
                staff.town.compound(),
                said.join(", ")
            );
        }
    }
    each
}

fn page_row(lists: &[Timed], pages: &[Timed], counted: f64) -> Figure {
    let all = || lists.iter().chain(pages);
    let worst = all().max_by(|one, other| one.longest().total_cmp(&other.longest()));
    let longest = worst.map_or(f64::INFINITY, Timed::longest);
    let which = worst.map(|timed| format!("{}, {}", timed.staff.says(), timed.page));
    let said: Vec<String> = pages
        .iter()
        .map(|timed| {
            format!(
                "{} for {} {:.1} ms (longest {:.1})",
                timed.page,
                timed.staff.says(),
                timed.middle(),
                timed.longest()
            )
        })
        .collect();
    Figure {
        what: format!(
            "pages of the console and the board at {} cases, the longest of all",
            whole(f64::from(CASES))
        ),
        ours: format!("{longest:.1} ms"),
        theirs: String::new(),
        ratio: String::new(),
        required: format!("< {MOST_MS:.0} ms"),
        met: longest < MOST_MS,
        bound: format!(
            "{} pages, {ASKED} times each, one at a time, the program on one core; the longest was {}. With {} entries on record, \
             a tenth as many dead letters, 5 000 people in the large compound, and a tenth as many entries in its books. A year's \
             figures of the whole city were there after {counted:.0} ms, behind a page that says so. {}.",
            all().count(),
            which.unwrap_or_default(),
            whole(f64::from(CASES)),
            said.join("; ")
        ),
    }
}
