//! `/console/audit`: who did what, when, within what the reader's roles cover. Residents are not named:
//! who stands behind a case is looked up on record (decision 0013), not here.

use askama::Template;
use entity::audit;
use entity::kinds::ActorKind;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::ConnectionTrait;
use serde::Deserialize;

use crate::access::Actor;
use crate::access::audit::detail::says_detail;
use crate::access::audit::trail::{self, Wanted};
use crate::access::audit::words::{self, GROUPS, Known, SUBJECTS};
use crate::access::permit::{Deed, require_somewhere};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::person::queries as people;
use crate::place::queries as places;
use crate::web::console::asked::{Wrong, area_of, beside, day, query_of, staff_named};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

/// Lines of a page.
const LINES: u64 = 50;

/// The query of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// A name, or `我`.
    who: String,
    /// An action, or a group of them.
    what: String,
    /// Kind of record.
    record: String,
    /// Its number.
    number: String,
    /// Code of a place.
    place: String,
    /// First day.
    from: String,
    /// Last day.
    until: String,
    /// Where the page begins.
    cursor: String,
}

impl Asked {
    fn query(&self) -> String {
        query_of(&[
            ("who", &self.who),
            ("what", &self.what),
            ("record", &self.record),
            ("number", &self.number),
            ("place", &self.place),
            ("from", &self.from),
            ("until", &self.until),
        ])
    }

    async fn read<C: ConnectionTrait>(
        &self,
        db: &C,
        actor: &Actor,
    ) -> Result<(Wanted, Vec<Wrong>), Fault> {
        let mut wrong = Vec::new();
        let mut wanted = Wanted {
            from: day(&self.from, 0, "from", &mut wrong),
            until: day(&self.until, 1, "until", &mut wrong),
            actions: self.actions(&mut wrong),
            subject: self.subject(&mut wrong),
            ..Wanted::default()
        };
        match self.who.trim() {
            "" => {}
            "我" => wanted.people = Some(actor.person_id().into_iter().collect()),
            name => {
                let people = staff_named(db, name).await?;
                if people.is_empty() {
                    wrong.push(("who", "没有这位工作人员，请写全名，或写“我”。"));
                }
                wanted.people = Some(people);
            }
        }
        wanted.place = area_of(db, actor, Deed::SeeAudit, &self.place, &mut wrong).await?;
        Ok((wanted, wrong))
    }

    fn actions(&self, wrong: &mut Vec<Wrong>) -> Vec<&'static str> {
        if self.what.is_empty() {
            return Vec::new();
        }
        let found: Vec<&'static str> = match words::known(&self.what) {
            Some(known) => vec![known.name],
            None => words::of_group(&self.what)
                .map(|known| known.name)
                .collect(),
        };
        if found.is_empty() {
            wrong.push(("what", "没有这种操作，请重新选择。"));
        }
        found
    }

    fn subject(&self, wrong: &mut Vec<Wrong>) -> Option<String> {
        let number = self.number.trim().trim_start_matches(['#', '＃']);
        if self.record.is_empty() && number.is_empty() {
            return None;
        }
        let known = SUBJECTS.iter().any(|(name, _)| *name == self.record);
        let number = number.parse::<i64>();
        match (known, number) {
            (true, Ok(number)) => return Some(format!("{}:{number}", self.record)),
            (false, _) => wrong.push(("record", "请选是哪一种记录，例如诉求。")),
            (true, Err(_)) => wrong.push(("number", "请写编号，例如 12。")),
        }
        None
    }
}

/// A line of the list.
struct Line {
    at: String,
    who: String,
    what: String,
    subject: String,
    link: Option<String>,
    place: String,
    detail: String,
}

/// A group of actions for the filter: its name, its words, whether it is chosen as a whole.
struct Group {
    name: &'static str,
    words: &'static str,
    chosen: bool,
    actions: Vec<(&'static Known, bool)>,
}

#[derive(Template)]
#[template(path = "web/console/audit.html")]
struct Page {
    frame: Frame,
    asked: Asked,
    wrong: Vec<Wrong>,
    groups: Vec<Group>,
    records: Vec<(&'static str, &'static str, bool)>,
    lines: Vec<Line>,
    query: String,
    next: Option<String>,
    cut_short: bool,
}

impl Page {
    fn wrong(&self, field: &str) -> Option<&'static str> {
        beside(&self.wrong, field)
    }
}

/// `GET /console/audit`
///
/// # Errors
/// `forbidden` for whoever may not read it anywhere; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let actor = desk.actor();
    require_somewhere(actor, Deed::SeeAudit)?;
    let (wanted, wrong) = asked.read(db, actor).await?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let listed = if wrong.is_empty() {
        trail::list(db, actor, &wanted, slice).await?
    } else {
        trail::Listed::default()
    };
    let page = Page {
        frame: Frame::new(desk, "操作记录"),
        groups: groups(&asked.what),
        records: SUBJECTS
            .iter()
            .map(|(name, words)| (*name, *words, *name == asked.record))
            .collect(),
        lines: lines(db, &listed.items).await?,
        query: asked.query(),
        next: listed.next,
        cut_short: listed.cut_short,
        wrong,
        asked,
    };
    show(StatusCode::OK, &page)
}

fn groups(chosen: &str) -> Vec<Group> {
    let of = |name: &'static str| {
        let actions = words::of_group(name);
        actions.map(|known| (known, known.name == chosen)).collect()
    };
    let groups = GROUPS.iter().map(|(name, words)| Group {
        name,
        words,
        chosen: *name == chosen,
        actions: of(name),
    });
    groups.collect()
}

async fn lines<C: ConnectionTrait>(db: &C, rows: &[audit::Model]) -> Result<Vec<Line>, Fault> {
    let staff = rows.iter().filter(|row| row.actor_kind == ActorKind::Staff);
    let staff: Vec<i64> = staff.filter_map(|row| row.actor_id).collect();
    let names = people::names(db, staff).await?;
    let compounds = rows.iter().filter_map(|row| row.compound_id);
    let compounds = places::own_names(db, compounds).await?;
    let line = |row: &audit::Model| Line {
        at: china(row.at).format("%Y-%m-%d %H:%M:%S").to_string(),
        who: match row.actor_kind {
            ActorKind::Resident => "居民".to_owned(),
            ActorKind::System => "系统".to_owned(),
            ActorKind::Operator => "命令行".to_owned(),
            ActorKind::Staff => row
                .actor_id
                .and_then(|id| names.get(&id).cloned())
                .unwrap_or_else(|| "工作人员".to_owned()),
        },
        what: words::says(&row.action).to_owned(),
        subject: words::says_subject(&row.subject),
        link: link(&row.subject),
        place: row
            .compound_id
            .and_then(|id| compounds.get(&id).cloned())
            .unwrap_or_default(),
        detail: says_detail(row.detail.as_ref()),
    };
    Ok(rows.iter().map(line).collect())
}

/// Where a record can be looked at.
pub(super) fn link(subject: &str) -> Option<String> {
    let id = subject.strip_prefix("case:")?;
    Some(format!("/console/cases/{id}"))
}
