//! `/volunteer/{token}`: somebody's record of a year as a volunteer, to be read or printed. The address is signed and
//! holds a day, since the sheet says who they are. Called by `router.rs`.

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::{escape, page, sentence};
use crate::app::App;
use crate::base::clock::{china, say};
use crate::base::fault::Fault;
use crate::person::queries as people;
use crate::volunteer::hours::{says, year};
use crate::volunteer::link;
use crate::volunteer::tally::{self, Line};

/// `GET /volunteer/:token`
///
/// # Errors
/// The database's.
#[handler]
pub async fn show_record(
    Data(app): Data<&App>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let db = app.store.read();
    let now = app.clock.now();
    let linked = link::read(app, &token, now);
    let found = match linked {
        Some(linked) => people::by_id(db, linked.person_id)
            .await?
            .map(|row| (linked, row)),
        None => None,
    };
    let known = found.and_then(|(linked, person)| Some((linked.year, year(linked.year)?, person)));
    let Some((number, span, person)) = known else {
        return Ok(sentence(
            StatusCode::NOT_FOUND,
            "链接已过期",
            "请在公众号里回复“我的志愿”，拿一个新的链接。",
            None,
        ));
    };
    let lines = tally::record(db, person.id, span, None).await?;
    let mut body = format!(
        "<p><b>{}</b>，{number}年共服务 {} 次，合计 <b>{}</b>。</p>\n",
        escape(&person.name),
        lines.len(),
        says(tally::minutes(&lines))
    );
    body.push_str(&table(&lines));
    body.push_str(&format!(
        "<p class=\"soft\">时长由组织的人逐次确认。打印日期：{}</p>\n<p>（盖章）</p>",
        china(now).format("%Y年%-m月%-d日")
    ));
    Ok(page(
        StatusCode::OK,
        &format!("{number}年志愿服务记录"),
        &body,
    ))
}

/// The services, one a line.
#[must_use]
pub fn table(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "<p class=\"card\">这一年还没有确认过的服务。</p>\n".to_owned();
    }
    let mut out = "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"服务记录\"><table><thead><tr><th scope=\"col\">开始</th><th scope=\"col\">任务</th><th scope=\"col\">地点</th><th scope=\"col\" class=\"number\">时长</th></tr></thead><tbody>".to_owned();
    for line in lines {
        out.push_str(&format!(
            "<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td></tr>",
            line.service.in_at.map(say).unwrap_or_default(),
            escape(&line.task.title),
            escape(&line.task.venue),
            says(line.service.minutes.unwrap_or_default().into())
        ));
    }
    out.push_str("</tbody></table></div>\n");
    out
}
