//! What comes round again in a compound, on a board: its timetables, those of the places above it and of its
//! buildings, with the next time of each. Called by `show`.

use std::fmt::Write as _;

use entity::place;

use crate::access::named::residents_named;
use crate::app::App;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::timetable::queries::{Shown, on_board};
use crate::web::pages::escape;

/// How it is asked for.
const HOW: &str = "<p>要到时间收到提醒，在微信里回复“日程”。</p>\n";

/// Reads them, without residents' names.
///
/// # Errors
/// The database's.
pub(super) async fn read(
    app: &App,
    compound: &place::Model,
    now: Moment,
) -> Result<Vec<Shown>, Fault> {
    let db = app.store.read();
    let mut all = on_board(db, compound, now).await?;
    let titles: Vec<&str> = all.iter().map(|one| one.title.as_str()).collect();
    let names = residents_named(db, &titles.join("\n"), now).await?;
    for one in &mut all {
        one.title = redact(&one.title, &names);
    }
    Ok(all)
}

/// As HTML; empty while there is none.
#[must_use]
pub fn times(all: &[Shown]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!("{HOW}<ul class=\"lines no-print\">");
    for one in all {
        // Writing to a string cannot fail.
        let _ = write!(out, "<li><b>{}</b>", escape(&one.title));
        if let Some(place) = &one.place {
            let _ = write!(out, "（{}）", escape(place));
        }
        let _ = write!(
            out,
            "<br>{} <span class=\"soft\">下次 {}</span></li>",
            escape(&one.when),
            say(one.next)
        );
    }
    out.push_str("</ul>\n");
    out
}
