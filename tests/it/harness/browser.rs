//! A browser that follows nothing by itself and keeps our cookies by hand.

use regex::Regex;
use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;

/// The browser.
pub struct Browser {
    pub http: reqwest::Client,
    pub cookies: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub to: Option<String>,
    pub cookies: Vec<String>,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new() -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none());
        Self {
            http: http.build().unwrap(),
            cookies: Vec::new(),
        }
    }

    /// Opens an address.
    pub async fn open(&mut self, url: &str) -> Page {
        self.send(self.http.get(url)).await
    }

    /// Sends a form.
    pub async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.http.post(url).form(fields)).await
    }

    /// Sends a request with the cookies, and keeps those that come back.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let all = self.cookies.iter();
        let all: Vec<String> = all.map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, all.join("; ")).send().await.unwrap();
        let told = answer.headers().get_all(SET_COOKIE).iter();
        let told: Vec<String> = told.map(|one| one.to_str().unwrap().to_owned()).collect();
        for cookie in &told {
            let (name, rest) = cookie.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            let value = rest.split(';').next().unwrap();
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let to = answer.headers().get(LOCATION);
        Page {
            status: answer.status().as_u16(),
            to: to.map(|to| to.to_str().unwrap().to_owned()),
            cookies: told,
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
        }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let found = self.cookies.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }
}

impl Page {
    /// A hidden field of the first form that has it.
    pub fn hidden(&self, name: &str) -> String {
        let pattern = format!("name=\"{name}\" value=\"([^\"]*)\"");
        let found = Regex::new(&pattern).unwrap().captures(&self.body);
        let found = found.unwrap_or_else(|| panic!("no field {name} in {}", self.body));
        found[1]
            .replace("&#61;", "=")
            .replace("&#43;", "+")
            .replace("&amp;", "&")
            .replace("&#38;", "&")
    }

    /// Whether these words stand on the page; panics with the page if not.
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.body.contains(words), "no «{words}» in {}", self.body);
        self
    }

    /// Whether it was answered with this status; panics with the page if not.
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{:?} {}", self.to, self.body);
        self
    }

    /// Whether it leads there.
    pub fn leads_to(&self, to: &str) -> &Self {
        assert_eq!(
            self.to.as_deref(),
            Some(to),
            "{} {}",
            self.status,
            self.body
        );
        self
    }
}
