//! `/handbook/{compound}`: the handbook as everybody of a compound may read it, without signing in, in large type;
//! `?q=` asks it. `/handbook/{compound}/{id}`: one article. Every text is escaped, and every element is written
//! here: nothing that an author typed becomes markup. Called by `router.rs`.

use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use super::{escape, page, sentence, to_board};
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::text::shorten;
use crate::handbook::MOST_QUESTION;
use crate::handbook::markdown::{Element, Piece, lead, pieces};
use crate::handbook::queries;
use crate::place::queries as places;
use crate::web::client_ip::spared;
use crate::wechat::http::percent;

/// Pages that one address may ask for in a minute; a whole street may sit behind one.
const PER_MINUTE: u32 = 300;
/// Articles that a question finds.
const FOUND: usize = 10;

/// What is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
}

fn no_compound() -> Response {
    sentence(
        StatusCode::NOT_FOUND,
        "没有这个小区",
        "没有找到这个小区的手册。请核对网址，或者在公众号里回复“手册”。",
        None,
    )
}

async fn limited(app: &App, request: &Request) -> Result<(), Fault> {
    match spared(app, request, "handbook", PER_MINUTE).await {
        true => Ok(()),
        false => Err(Fault::too_many(60)),
    }
}

/// `GET /handbook/:compound`
///
/// # Errors
/// The database's; `too_many` for an address that asks too often.
#[handler]
pub async fn show_handbook(
    Data(app): Data<&App>,
    Path(code): Path<String>,
    query: Option<Query<Asked>>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let db = app.store.read();
    let Some(compound) = places::compound_by_code(db, &code).await? else {
        return Ok(no_compound());
    };
    let reach = queries::reach_of(&compound);
    let asked = query.map(|Query(asked)| asked.q).unwrap_or_default();
    let asked: String = asked.trim().chars().take(MOST_QUESTION).collect();
    let rows = if asked.is_empty() {
        queries::contents(app, db, &reach).await?
    } else {
        let found = queries::ask(app, db, &reach, &asked, FOUND).await?;
        found.sure.into_iter().chain(found.near).collect()
    };
    let at = format!("/handbook/{}", percent(&compound.code));
    let mut out = format!(
        "<form method=\"get\" action=\"{at}\" role=\"search\"><label for=\"q\">想问什么</label>\n\
         <input id=\"q\" name=\"q\" value=\"{}\" maxlength=\"{MOST_QUESTION}\" placeholder=\"业委会怎么选\">\n\
         <button class=\"button main\">查一查</button></form>\n",
        escape(&asked)
    );
    if rows.is_empty() {
        out.push_str("<p role=\"status\">手册里还没有这个。可以在公众号里直接问，问题会记下来，有了答案会告诉您。</p>\n");
    }
    for row in &rows {
        out.push_str(&format!(
            "<div class=\"card\"><h2><a href=\"{at}/{}\">{}</a></h2><p>{}</p></div>\n",
            row.id,
            escape(&row.title),
            escape(&shorten(&lead(&row.body), 100))
        ));
    }
    out.push_str(&to_board(&compound));
    let title = format!("{}手册", compound.name);
    Ok(page(StatusCode::OK, &title, &out))
}

/// `GET /handbook/:compound/:id`
///
/// # Errors
/// As [`show_handbook`].
#[handler]
pub async fn show_article(
    Data(app): Data<&App>,
    Path((code, id)): Path<(String, String)>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let db = app.store.read();
    let Some(compound) = places::compound_by_code(db, &code).await? else {
        return Ok(no_compound());
    };
    let at = format!("/handbook/{}", percent(&compound.code));
    let id = id.parse().unwrap_or_default();
    let row = match queries::readable(app, db, &queries::reach_of(&compound), id).await {
        Ok(row) => row,
        Err(fault) if fault.code == Code::NotFound => {
            return Ok(sentence(
                StatusCode::NOT_FOUND,
                "没有这一篇",
                "这一篇可能已经撤下。",
                Some((&at, "看手册里还有什么")),
            ));
        }
        Err(fault) => return Err(fault),
    };
    let body = format!(
        "<div class=\"card\">\n{}<p class=\"soft\">第{}篇　{}更新。具体以当地规定为准。</p>\n</div>\n\
         <p><a class=\"button\" href=\"{at}\">看手册里还有什么</a></p>\n{}",
        html(&row.body),
        row.id,
        china(row.updated_at).format("%Y年%-m月%-d日"),
        to_board(&compound)
    );
    Ok(page(StatusCode::OK, &row.title, &body))
}

/// Markdown as HTML of ours.
#[must_use]
pub fn html(text: &str) -> String {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Open(Element::Link(to)) => out.push_str(&format!(
                "<a href=\"{}\" rel=\"nofollow noopener\">",
                escape(&to)
            )),
            Piece::Open(element) => tag(&mut out, "<", &element),
            Piece::Close(element) => {
                tag(&mut out, "</", &element);
                if matches!(
                    element,
                    Element::Paragraph | Element::Heading | Element::Item
                ) {
                    out.push('\n');
                }
            }
            Piece::Text(words) => out.push_str(&escape(&words)),
            Piece::Break => out.push_str("<br>\n"),
        }
    }
    out
}

fn tag(out: &mut String, begin: &str, element: &Element) {
    let name = match element {
        Element::Paragraph => "p",
        Element::Heading => "h2",
        Element::List => "ul",
        Element::Numbered => "ol",
        Element::Item => "li",
        Element::Strong => "strong",
        Element::Emphasis => "em",
        Element::Quote => "blockquote",
        Element::Verbatim => "pre",
        Element::Link(_) => "a",
        Element::Nothing => return,
    };
    out.push_str(&format!("{begin}{name}>"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_article_as_html() {
        let text =
            "先说**要点** <b>x</b>。\n\n## 步骤\n\n1. 一\n2. [网站](https://a.cn/?a=1&b=\"2)\n";
        let found = html(text);
        assert!(
            found.starts_with(
                "<p>先说<strong>要点</strong> x。</p>\n<h2>步骤</h2>\n<ol><li>一</li>"
            ),
            "{found}"
        );
        assert!(!html("[x](javascript:alert(1))").contains("href"));
        assert_eq!(html("<img src=x onerror=alert(1)>"), "");
    }

    proptest! {
        #[test]
        fn only_our_elements_are_in_it(text in "[\\PC\n>*_#`\\[\\]()<&\"'-]{0,200}") {
            let found = html(&text);
            let tag = regex::Regex::new(r#"<(/?)([^>]*)>"#).unwrap();
            let good = regex::Regex::new(r#"^a href="(https?://|/)[^"<>\s]*" rel="nofollow noopener"$"#).unwrap();
            for hit in tag.captures_iter(&found) {
                let name = hit[2].split(' ').next().unwrap().to_owned();
                let ours = ["p", "h2", "ul", "ol", "li", "strong", "em", "blockquote", "pre", "a", "br"];
                prop_assert!(ours.contains(&name.as_str()), "{}", &hit[0]);
                if name == "a" && hit[1].is_empty() {
                    prop_assert!(good.is_match(&hit[2].to_lowercase()), "{}", &hit[0]);
                }
            }
        }
    }
}
