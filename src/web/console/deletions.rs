//! `/console/deletions`: what was let go because its time was over, class by class (`privacy/retention.rs`). How
//! much and up to when, of the whole house; nothing of anybody.

use askama::Template;
use entity::deletion_log;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, require_somewhere};
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::privacy::queries;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

/// Lines of a page.
const LINES: u64 = 50;

/// What people call a class of the log.
const CLASSES: [(&str, &str); 15] = [
    ("withdrawn-case", "撤回的诉求：谁提的"),
    ("resolved-case", "办结的诉求：谁提的"),
    ("merged-case", "合并的诉求：谁提的"),
    ("erased-case", "已注销的人的诉求"),
    ("claim", "结束的绑定：填写的姓名、手机号"),
    ("visit", "上门记录"),
    ("wish", "结束的心愿"),
    ("offer", "结束的清单内容"),
    ("giving", "结束的捐赠、求助和特长"),
    ("activity", "活动报名"),
    ("volunteer", "志愿服务：谁做的"),
    ("station", "驿站借用、预订、寄存：谁的"),
    ("station-visitor", "驿站进门计数"),
    ("question", "手册没答上的问题"),
    ("export", "资料副本"),
];

/// Where the page begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
}

struct Line {
    at: String,
    what: String,
    count: i64,
    up_to: String,
}

#[derive(Template)]
#[template(path = "web/console/deletions.html")]
struct Deletions {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /console/deletions`
///
/// # Errors
/// `forbidden` without the permission, `invalid` for a cursor that is none; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::SeeAudit)?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::deletions(desk.app.store.read(), slice).await?;
    let shown = Deletions {
        frame: Frame::new(desk, "到期删除的记录"),
        lines: page.items.iter().map(line).collect(),
        next: page.next,
    };
    show(StatusCode::OK, &shown)
}

fn line(row: &deletion_log::Model) -> Line {
    let known = CLASSES.iter().find(|(class, _)| *class == row.class);
    Line {
        at: day(row.at),
        what: known.map_or_else(|| row.class.clone(), |(_, words)| (*words).to_owned()),
        count: row.count,
        up_to: day(row.up_to),
    }
}

/// With the year: periods are years.
fn day(at: Moment) -> String {
    china(at).format("%Y年%-m月%-d日").to_string()
}
