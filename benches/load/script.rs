//! Runs a script in pgbench's language against SQLite in a bare sqlx loop, so that the statements
//! of the comparison stand in a file, as pgbench's do. Knows what our scripts use: `\set NAME
//! random(a, b)`, statements ended by `;` or by `\gset PREFIX`, `:name` inside them.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, SqliteConnection, Value, ValueRef};

enum Step {
    /// A random number between two others goes into a variable.
    Random { variable: usize, from: i64, to: i64 },
    /// A statement, its parameters, and the variables that its one row goes into.
    Statement {
        text: String,
        parameters: Vec<usize>,
        into: Option<String>,
    },
}

/// What a variable holds.
#[derive(Clone, Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Number(i64),
    Text(String),
}

/// A script with its variables, ready to run again and again.
pub struct Run {
    steps: Vec<Step>,
    names: HashMap<String, usize>,
    held: Vec<Held>,
    seed: u64,
}

impl Run {
    /// Parses; `given` are variables as `pgbench -D` gives them.
    pub fn parse(text: &str, given: &[(String, String)]) -> Result<Self> {
        let mut names: HashMap<String, usize> = HashMap::new();
        let mut steps = Vec::new();
        let mut statement = String::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with("--") {
                continue;
            }
            if let Some(rest) = line.strip_prefix("\\set ") {
                steps.push(random(rest, given, &mut names)?);
                continue;
            }
            statement.push_str(line);
            statement.push(' ');
            let whole = statement.trim_end();
            let (whole, into) = match (whole.split_once("\\gset"), whole.strip_suffix(';')) {
                (Some((bare, prefix)), _) => (bare, Some(prefix.trim().to_owned())),
                (None, Some(bare)) => (bare, None),
                (None, None) => continue,
            };
            let (text, parameters) = parameters(whole.trim_end(), &mut names);
            steps.push(Step::Statement {
                text,
                parameters,
                into,
            });
            statement.clear();
        }
        if !statement.is_empty() {
            bail!("the script's last statement is not ended: {statement}");
        }
        let mut held = vec![Held::Nothing; names.len()];
        for (name, value) in given {
            if let Some(slot) = names.get(name).and_then(|at| held.get_mut(*at)) {
                *slot = match value.parse() {
                    Ok(number) => Held::Number(number),
                    Err(_) => Held::Text(value.clone()),
                };
            }
        }
        Ok(Self {
            steps,
            names,
            held,
            seed: 0x9e37_79b9_7f4a_7c15,
        })
    }

    /// Runs it once.
    pub async fn once(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        for at in 0..self.steps.len() {
            match self.steps.get(at) {
                Some(Step::Random { variable, from, to }) => {
                    let (variable, from, to) = (*variable, *from, *to);
                    let number = self.random(from, to);
                    if let Some(held) = self.held.get_mut(variable) {
                        *held = Held::Number(number);
                    }
                }
                Some(Step::Statement {
                    text,
                    parameters,
                    into,
                }) => {
                    let mut query = sqlx::query(sqlx::AssertSqlSafe(text.as_str()));
                    for at in parameters {
                        query = bind(query, self.held.get(*at));
                    }
                    let rows = query.fetch_all(&mut *connection).await?;
                    if let Some(prefix) = into {
                        let row = rows.first().with_context(|| format!("no row: {text}"))?;
                        take(row, prefix, &self.names, &mut self.held)?;
                    }
                }
                None => bail!("no such step"),
            }
        }
        Ok(())
    }

    /// xorshift: cheap, and that is all it has to be.
    fn random(&mut self, from: i64, to: i64) -> i64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let span = to.abs_diff(from).saturating_add(1);
        from.saturating_add_unsigned(self.seed % span)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind<'q>(query: Query<'q>, held: Option<&Held>) -> Query<'q> {
    match held {
        Some(Held::Number(number)) => query.bind(*number),
        Some(Held::Text(text)) => query.bind(text.clone()),
        Some(Held::Nothing) | None => query.bind(None::<i64>),
    }
}

/// Stores each column of the row under its prefixed name, where the script uses that name.
fn take(
    row: &SqliteRow,
    prefix: &str,
    names: &HashMap<String, usize>,
    held: &mut [Held],
) -> Result<()> {
    for (known, at) in names {
        let Some(name) = known.strip_prefix(prefix) else {
            continue;
        };
        let (Some(slot), true) = (held.get_mut(*at), row.try_column(name).is_ok()) else {
            continue;
        };
        let value = row.try_get_raw(name)?.to_owned();
        *slot = if value.is_null() {
            Held::Nothing
        } else if let Ok(number) = value.try_decode::<i64>() {
            Held::Number(number)
        } else {
            Held::Text(value.try_decode()?)
        };
    }
    Ok(())
}

fn slot(name: &str, names: &mut HashMap<String, usize>) -> usize {
    let next = names.len();
    *names.entry(name.to_owned()).or_insert(next)
}

/// `NAME random(1, :accounts)`.
fn random(
    rest: &str,
    given: &[(String, String)],
    names: &mut HashMap<String, usize>,
) -> Result<Step> {
    let parsed = || {
        let (name, call) = rest.split_once(' ')?;
        let bounds = call.trim().strip_prefix("random(")?.strip_suffix(')')?;
        let (from, to) = bounds.split_once(',')?;
        let number = |text: &str| match text.trim().strip_prefix(':') {
            None => text.trim().parse().ok(),
            Some(name) => given.iter().find(|(key, _)| *key == name)?.1.parse().ok(),
        };
        Some((name, number(from)?, number(to)?))
    };
    let (name, from, to) = parsed().with_context(|| format!("not understood: \\set {rest}"))?;
    let variable = slot(name, names);
    Ok(Step::Random { variable, from, to })
}

/// Turns `:name` into `?n`; `::` and what stands in quotes stay.
fn parameters(text: &str, names: &mut HashMap<String, usize>) -> (String, Vec<usize>) {
    let (mut out, mut used) = (String::new(), Vec::new());
    let (mut quoted, mut rest) = (false, text);
    while let Some(letter) = rest.chars().next() {
        let behind = rest.get(letter.len_utf8()..).unwrap_or_default();
        if letter == '\'' {
            quoted = !quoted;
        }
        let name = behind
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .next()
            .unwrap_or_default();
        if letter == ':' && !quoted && !name.is_empty() {
            let variable = slot(name, names);
            let place = used.iter().position(|at| *at == variable);
            let place = place.unwrap_or_else(|| {
                used.push(variable);
                used.len() - 1
            });
            out.push_str(&format!("?{}", place + 1));
            rest = behind.get(name.len()..).unwrap_or_default();
        } else {
            out.push(letter);
            rest = behind;
        }
    }
    (out, used)
}
