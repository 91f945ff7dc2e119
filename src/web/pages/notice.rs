//! `/notice/{token}`: a notice as whoever holds its link reads it. By the link of one recipient reading
//! counts, and a button says «收到»; by the one on the board and on paper anybody reads, without residents'
//! names, homes and numbers. A link of its own is the sheet for the lift lobby: large, as it was written, with a
//! QR code that leads to the live page. Every text is escaped. Called by `router.rs`.

use aws_lc_rs::digest::{SHA256, digest};
use entity::kinds::NoticeState;
use entity::{notice, notice_recipient, place};
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use super::{escape, go, page, qr, sentence, to_board, visitor};
use crate::access::holders::{holders, says};
use crate::access::named::residents_named;
use crate::access::permit::{Deed, roles};
use crate::app::App;
use crate::attachment::link::{Variant, file_name, path as file_path};
use crate::base::clock::{china, say};
use crate::base::fault::{Code, Fault};
use crate::base::redact::redact;
use crate::notice::link::{self, Linked};
use crate::notice::{OUT, actions, mark_of, queries};
use crate::place::queries as places;

/// Letters of the digest that stand on paper.
const DIGEST: usize = 16;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The code of the compound on whose board it was found.
    board: String,
}

fn gone() -> Response {
    sentence(
        StatusCode::NOT_FOUND,
        "没有这条公告",
        "请核对链接，或者在公众号里回复“公告”看您收到的公告。",
        None,
    )
}

/// What a link is about, and whose reading it counts as.
struct About {
    /// As this reader may see it.
    row: notice::Model,
    own: Option<notice_recipient::Model>,
    /// To be printed.
    paper: bool,
}

async fn about(app: &App, token: &str, request: &Request) -> Result<Option<About>, Fault> {
    let Some(linked) = link::read(app, token) else {
        return Ok(None);
    };
    let found = queries::by_id(app.store.read(), linked.notice_id).await?;
    let Some(row) = found.filter(|row| OUT.contains(&row.state)) else {
        return Ok(None);
    };
    let own = match reader(app, &linked, request).await? {
        Some(person_id) => own(app, row.id, person_id).await?,
        None => None,
    };
    let paper = linked.paper;
    let row = match own.is_some() || paper {
        true => row,
        false => without_people(app, row).await?,
    };
    Ok(Some(About { row, own, paper }))
}

/// For everybody: as the board and the groups show it.
async fn without_people(app: &App, row: notice::Model) -> Result<notice::Model, Fault> {
    let text = format!("{}\n{}", row.title, row.body);
    let names = residents_named(app.store.read(), &text, app.clock.now()).await?;
    Ok(notice::Model {
        title: redact(&row.title, &names),
        body: redact(&row.body, &names),
        ..row
    })
}

async fn own(
    app: &App,
    notice_id: i64,
    person_id: i64,
) -> Result<Option<notice_recipient::Model>, Fault> {
    match queries::received(app.store.read(), person_id, notice_id).await {
        Ok(found) => Ok(Some(found.own)),
        Err(fault) if fault.code == Code::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Who reads: whose link it is, or who is signed in; nobody when it is somebody else's link.
async fn reader(app: &App, linked: &Linked, request: &Request) -> Result<Option<i64>, Fault> {
    let visitor = visitor(app, request).await?;
    let visitor = visitor.and_then(|caller| caller.actor.person_id());
    Ok(match (linked.person_id, visitor) {
        (Some(person_id), Some(visitor)) if person_id != visitor => None,
        (Some(person_id), _) => Some(person_id),
        (None, visitor) => visitor,
    })
}

/// `GET /notice/:token`
///
/// # Errors
/// The database's.
#[handler]
pub async fn show_notice(
    Data(app): Data<&App>,
    Path(token): Path<String>,
    query: Option<Query<Asked>>,
    request: &Request,
) -> Result<Response, Fault> {
    let Some(about) = about(app, &token, request).await? else {
        return Ok(gone());
    };
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    if let Some(own) = about.own.as_ref().filter(|own| own.read_at.is_none()) {
        let tx = app.store.begin(app.clock.now()).await?;
        actions::read(&tx, about.row.id, own.person_id).await?;
        tx.commit().await?;
    }
    let title = format!("{}{}", mark_of(&about.row), about.row.title);
    let mut body = contents(app, &token, &about).await?;
    if !about.paper
        && let Some(compound) = board_of(app, &about.row, &asked.board).await?
    {
        body.push_str(&to_board(&compound));
    }
    Ok(page(StatusCode::OK, &title, &body))
}

/// On whose board it stands: its compound's; what is told to a street stands on many, and comes from one.
async fn board_of(
    app: &App,
    row: &notice::Model,
    from: &str,
) -> Result<Option<place::Model>, Fault> {
    let db = app.store.read();
    match row.compound_id {
        Some(id) => places::by_id(db, id).await,
        None if from.is_empty() => Ok(None),
        None => places::compound_by_code(db, from).await,
    }
}

/// `POST /notice/:token`: «收到».
///
/// # Errors
/// The database's.
#[handler]
pub async fn acknowledge_notice(
    Data(app): Data<&App>,
    Path(token): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    let Some(about) = about(app, &token, request).await? else {
        return Ok(gone());
    };
    if let Some(own) = &about.own {
        let tx = app.store.begin(app.clock.now()).await?;
        actions::acknowledge(&tx, about.row.id, own.person_id).await?;
        tx.commit().await?;
    }
    Ok(go(&format!("/notice/{token}")))
}

async fn contents(app: &App, token: &str, about: &About) -> Result<String, Fault> {
    let (row, db) = (&about.row, app.store.read());
    let mut out = String::new();
    if let (NoticeState::Recalled, at) = (row.state, row.recalled_at) {
        let at = at.map(say).unwrap_or_default();
        out.push_str(&format!(
            "<p role=\"status\" class=\"card\"><b>这条公告已于{at}撤回</b>，请以之后的公告为准。</p>"
        ));
        return Ok(out);
    }
    if let Some(newer) = queries::newer(db, row.id).await? {
        let to = match &about.own {
            Some(own) => link::own(app, newer.id, own.person_id),
            None => link::public(app, newer.id),
        };
        if about.paper {
            out.push_str(
                "<p role=\"status\" class=\"card\"><b>这条公告已更正</b>，请打印新的一版。</p>",
            );
            return Ok(out);
        }
        out.push_str(&format!(
            "<p role=\"status\" class=\"card\"><b>这条公告已更正。</b><a class=\"button\" href=\"{}\">看新的一版</a></p>",
            escape(&to)
        ));
    }
    let at = places::by_id(db, row.place_id).await?;
    let place = at.as_ref().map_or("", |place| place.name.as_str());
    let day = china(row.published_at.unwrap_or(row.created_at));
    let version = match row.version {
        1 => String::new(),
        version => format!("，第{version}版"),
    };
    out.push_str(match about.paper {
        true => "<div class=\"card paper\">\n",
        false => "<div class=\"card\">\n",
    });
    for line in row.body.lines().filter(|line| !line.trim().is_empty()) {
        out.push_str(&format!("<p>{}</p>\n", escape(line)));
    }
    out.push_str(&attached(app, row).await?);
    if let Some(path) = row.path.as_ref().filter(|_| !about.paper) {
        out.push_str(&format!(
            "<p><a class=\"button\" href=\"{}\">看公示的全部内容</a></p>\n",
            escape(path)
        ));
    }
    out.push_str(&format!(
        "<p class=\"soft\">{}　{}{version}　公告 #{}</p>\n</div>\n",
        escape(place),
        day.format("%Y年%-m月%-d日"),
        row.id
    ));
    if about.paper {
        let by = match &at {
            Some(at) => issuer(app, row, at).await?,
            None => String::new(),
        };
        out.push_str(&on_paper(app, row, &by)?);
    } else if let Some(own) = &about.own {
        out.push_str(&button(token, own));
    }
    Ok(out)
}

/// Photos, and files to open.
async fn attached(app: &App, row: &notice::Model) -> Result<String, Fault> {
    let mut out = String::new();
    for file in queries::files(app.store.read(), row).await? {
        let Some(full) = file_path(app, &file, Variant::Full) else {
            continue;
        };
        match file_path(app, &file, Variant::Small) {
            Some(small) => out.push_str(&format!(
                "<p><a href=\"{}\"><img src=\"{}\" alt=\"公告的照片\"></a></p>\n",
                escape(&full),
                escape(&small)
            )),
            None => out.push_str(&format!(
                "<p><a class=\"button\" href=\"{}\">附件：{}</a></p>\n",
                escape(&full),
                escape(&file_name(&file))
            )),
        }
    }
    Ok(out)
}

/// «收到», once.
fn button(token: &str, own: &notice_recipient::Model) -> String {
    if own.acknowledged_at.is_some() {
        return "<p role=\"status\"><b>您已回复“收到”，谢谢您！</b></p>".to_owned();
    }
    format!(
        "<form method=\"post\" action=\"/notice/{}\"><button class=\"button main\">收到</button></form>",
        escape(token)
    )
}

/// Who publishes it: the post by which its author may, and where that is; of somebody who has lost it, the place.
async fn issuer(app: &App, row: &notice::Model, at: &place::Model) -> Result<String, Fault> {
    let db = app.store.read();
    let able = roles(Deed::PublishNotices);
    let all = holders(db, &at.path, able, app.clock.now()).await?;
    let Some(post) = all.iter().find(|one| one.person_id == row.author_id) else {
        return Ok(at.name.clone());
    };
    let place = match post.place_id {
        Some(id) => places::by_id(db, id).await?.map(|place| place.name),
        None => None,
    };
    let place = place.unwrap_or_else(|| at.name.clone());
    Ok(format!("{place} {}", says(post.role)))
}

/// What stands below it on paper: who publishes it, the seal, the digest of what was published, and the way to the live page.
fn on_paper(app: &App, row: &notice::Model, by: &str) -> Result<String, Fault> {
    let hash = digest(&SHA256, format!("{}\n{}", row.title, row.body).as_bytes());
    let hash: String = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!(
        "<p class=\"issuer\">{}（盖章）</p>\n<figure>{}<figcaption>微信扫一扫，看最新内容和照片。校验码 {}</figcaption></figure>",
        escape(by),
        qr(&link::public(app, row.id))?,
        hash.get(..DIGEST).unwrap_or_default()
    ))
}
