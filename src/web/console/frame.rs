//! What stands around every page of the console: the head, the menu, who is signed in, what has just been
//! done; and faults as pages. Used by all pages of the console.

use askama::Template;
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use crate::access::holders::says;
use crate::base::fault::{Code, Fault};
use crate::web::assets;
use crate::web::console::guard::{Desk, status};
use crate::web::console::menu::{Entry, menu};
use crate::web::console::said;

/// Nothing but what this program serves; pictures inside style sheets are data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Whoever is signed in, as the head of the page shows it.
pub struct Who {
    /// Name.
    pub name: String,
    /// Posts, each once.
    pub posts: String,
    /// Groups of the menu.
    pub menu: Vec<Entry>,
    /// Pages of the group that this page belongs to; none where there is but one.
    pub pages: Vec<Entry>,
}

/// What every page's template holds as `frame`.
pub struct Frame {
    /// Of the page.
    pub title: String,
    /// None before signing in.
    pub who: Option<Who>,
    /// For every form, as the field `csrf`.
    pub csrf: String,
    /// What has just been done.
    pub notice: Option<&'static str>,
    /// Whether it has charts that a script draws anew.
    pub charts: bool,
}

impl Frame {
    /// Around a page of somebody who is signed in.
    #[must_use]
    pub fn new(desk: &Desk, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            who: Some(who(desk)),
            csrf: desk.csrf.clone(),
            notice: None,
            charts: false,
        }
    }

    /// Around a page for strangers, or for somebody who is not quite signed in yet: without a menu.
    #[must_use]
    pub fn bare(csrf: &str, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            who: None,
            csrf: csrf.to_owned(),
            notice: None,
            charts: false,
        }
    }

    /// With a sentence about what has just been done; `key` comes with the page's address.
    #[must_use]
    pub fn saying(mut self, key: &str) -> Self {
        self.notice = said::words(key);
        self
    }

    /// With charts: what draws them is large, and loaded for such pages alone.
    #[must_use]
    pub fn charting(mut self) -> Self {
        self.charts = true;
        self
    }

    /// Style sheets, in the order in which they hold.
    #[must_use]
    pub fn styles(&self) -> Vec<&'static str> {
        let names = ["pico.css", "pages.css", "console.css"];
        names.iter().filter_map(|name| assets::path(name)).collect()
    }

    /// Scripts.
    #[must_use]
    pub fn scripts(&self) -> Vec<&'static str> {
        let names = ["htmx.js", "console.js"];
        let charts = self.charts.then(assets::charts).unwrap_or_default();
        let all = names.iter().filter_map(|name| assets::path(name));
        all.chain(charts).collect()
    }
}

fn who(desk: &Desk) -> Who {
    let actor = desk.actor();
    let name = actor.person.as_ref().map(|person| person.name.clone());
    let mut posts: Vec<&str> = Vec::new();
    for grant in &actor.grants {
        let post = says(grant.role);
        if !posts.contains(&post) {
            posts.push(post);
        }
    }
    let (menu, pages) = menu(actor, &desk.path);
    Who {
        name: name.unwrap_or_default(),
        posts: posts.join("、"),
        menu,
        pages,
    }
}

/// A page.
///
/// # Errors
/// `internal` when the template cannot be filled, which the compiler has checked.
pub fn show(status: StatusCode, page: &impl Template) -> Result<Response, Fault> {
    let html = page.render().map_err(Fault::internal)?;
    Ok(Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// Headers of every answer of the console. The browser must say from where a form comes, which it does
/// not under the policy of other pages.
pub fn protect(response: &mut Response) {
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

/// A page that says in one sentence what did not work.
#[derive(Template)]
#[template(path = "web/console/explain.html")]
struct Explain {
    frame: Frame,
    text: String,
    way: (&'static str, &'static str),
}

/// The page of a fault.
pub fn explain(desk: Option<&Desk>, fault: &Fault) -> Response {
    let title = match fault.code {
        Code::NotFound => "没有找到",
        Code::Forbidden => "没有权限",
        Code::Unauthenticated => "请重新登录",
        Code::TooMany => "请稍等",
        Code::Conflict | Code::WrongStep => "没有办成",
        Code::Internal | Code::Busy | Code::Outside => "系统正忙",
        _ => "请检查后再试",
    };
    let way = match (&desk, fault.code) {
        (None, _) | (_, Code::Unauthenticated) => ("/console/sign-in", "去登录"),
        _ => (super::HOME, "回到工作台"),
    };
    let frame = match desk {
        Some(desk) => Frame::new(desk, title),
        None => Frame::bare("", title),
    };
    let page = Explain {
        frame,
        text: fault.detail.to_string(),
        way,
    };
    let mut response = match show(status(fault), &page) {
        Ok(response) => response,
        Err(_) => Response::builder().status(status(fault)).finish(),
    };
    if let Some(seconds) = fault.retry_after {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
