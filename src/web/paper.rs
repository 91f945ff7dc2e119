//! Papers as answers: made beside the async workers, a few at once, under a name, with a tag. A build without
//! a font says so and leads to what it has. Called by the pages that offer a paper.

use poem::http::{StatusCode, header};
use poem::{Request, Response};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::base::fault::Fault;
use crate::report::pdf::{Paper, available, render};
use crate::web::etag::{is_known, tag};
use crate::web::pages::sentence;

/// Papers that are made at once: the processor belongs to messages first.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// How a paper is answered.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Name of the file, ASCII, without its ending.
    pub name: &'a str,
    /// How long it may be kept, and by whom.
    pub cache: &'static str,
    /// Where the same can be read, and what that is called: for a build that makes no papers.
    pub way: (&'a str, &'a str),
}

/// The paper as a PDF file, or that the browser has it already.
///
/// # Errors
/// `internal` when it cannot be made.
pub async fn answer(request: &Request, paper: Paper, terms: Terms<'_>) -> Result<Response, Fault> {
    if !available() {
        return Ok(without(terms.way));
    }
    let turn = AT_ONCE.acquire().await.map_err(Fault::internal)?;
    let made = spawn_blocking(move || render(&paper)).await;
    let bytes = made.map_err(Fault::internal)??;
    drop(turn);
    let tag = tag(&bytes);
    let response = Response::builder()
        .header(header::CACHE_CONTROL, terms.cache)
        .header(header::ETAG, &tag)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer");
    if is_known(request, &tag) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let name = format!("inline; filename=\"{}.pdf\"", terms.name);
    Ok(response
        .content_type("application/pdf")
        .header(header::CONTENT_DISPOSITION, name)
        .body(bytes))
}

/// What a build without a font answers.
fn without(way: (&str, &str)) -> Response {
    let words = "这一版程序没有带中文字库，做不出 PDF。内容和网页上的一样，可以直接看或打印网页。";
    sentence(StatusCode::NOT_FOUND, "没有 PDF", words, Some(way))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_build_without_a_font_leads_to_what_it_has() {
        let response = without(("/receipt/1", "看网页"));
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let body = response.into_body().into_string().await.unwrap();
        assert!(body.contains("没有带中文字库") && body.contains("href=\"/receipt/1\""));
    }
}
