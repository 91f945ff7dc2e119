//! The executable, several times on one database, with clocks that move together with the platform's; it is
//! killed while people send things to it, so that what they send may get no answer.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use reqwest::header::COOKIE;
use reqwest::redirect::Policy;

use super::crash::browser_at;
use crate::console::{COOKIE as CONSOLE, PASSWORD, own_password};
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;
use crate::harness::compound;
use crate::harness::pictures::jpeg;
use crate::harness::program::Program;

/// The variables of a program whose clock can be moved.
pub fn movable(variables: &[(String, String)]) -> Vec<(String, String)> {
    let mut variables = variables.to_vec();
    for name in ["LINLI__SANDBOX__ENABLED", "LINLI__SANDBOX__CLOCK"] {
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), "true".to_owned()));
    }
    variables
}

/// The programs of a test.
pub struct Houses<'a> {
    app: &'a TestApp,
    all: Vec<tokio::sync::Mutex<Program>>,
    urls: Vec<String>,
    /// Seconds by which the clocks were moved.
    moved: AtomicI64,
}

impl<'a> Houses<'a> {
    /// So many, which the platform calls in turn.
    pub async fn start(app: &'a TestApp, variables: &[(String, String)], count: usize) -> Self {
        let variables = movable(variables);
        let starting = (0..count).map(|_| Program::start(&variables));
        let all = futures_util::future::join_all(starting).await;
        let urls: Vec<String> = all.iter().map(Program::url).collect();
        let callbacks = urls.iter().map(|url| format!("{url}/wechat/official"));
        app.platform.set_callbacks(callbacks.collect());
        Self {
            app,
            all: all.into_iter().map(tokio::sync::Mutex::new).collect(),
            urls,
            moved: AtomicI64::new(0),
        }
    }

    /// Where they listen; the same after each start.
    pub fn urls(&self) -> Vec<String> {
        self.urls.clone()
    }

    /// SIGKILL for one of them.
    pub async fn kill9(&self, which: usize) {
        self.all[which].lock().await.kill9();
    }

    /// Kills one if it runs and starts it again, in the test's present.
    pub async fn restart(&self, which: usize) {
        self.all[which].lock().await.restart().await;
        shift(&self.urls[which], self.moved.load(Ordering::SeqCst)).await;
    }

    /// Lets time pass, for all of them and the platform.
    pub async fn advance(&self, seconds: i64) {
        // First what a program that is killed meanwhile is told when it comes back.
        self.app.clock.advance(TimeDelta::seconds(seconds));
        self.moved.fetch_add(seconds, Ordering::SeqCst);
        for url in &self.urls {
            shift(url, seconds).await;
        }
    }

    /// None of them has come upon something that cannot be.
    pub async fn expect_no_panic(&self) {
        for one in &self.all {
            let log = one.lock().await.log();
            assert!(!log.contains("panicked"), "{log}");
        }
    }
}

/// Moves the clock of a program.
pub async fn shift(url: &str, seconds: i64) {
    let http = reqwest::Client::builder().build().unwrap();
    let sent = http
        .post(format!("{url}/sandbox/clock"))
        .header("Content-Type", "application/json")
        .body(format!("{{\"seconds\":{seconds}}}"))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 200, "{:?}", sent.text().await);
}

/// What came back, if anything did.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub body: String,
}

/// Somebody's browser at programs that may die.
pub struct Visitor {
    http: reqwest::Client,
    cookies: Mutex<String>,
    /// Mark of the console's forms; empty for a payer.
    csrf: Mutex<String>,
    name: &'static str,
}

fn cookies_of(browser: &Browser) -> String {
    let all = browser.cookies.iter();
    let all: Vec<String> = all.map(|(name, value)| format!("{name}={value}")).collect();
    all.join("; ")
}

impl Visitor {
    fn new(name: &'static str, browser: &Browser) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none());
        Self {
            http: http.build().unwrap(),
            cookies: Mutex::new(cookies_of(browser)),
            csrf: Mutex::default(),
            name,
        }
    }

    /// Whoever has this account inside WeChat.
    pub async fn payer(app: &TestApp, url: &str, open_id: &'static str) -> Self {
        let browser = browser_at(app, url, open_id).await;
        Self::new(open_id, &browser)
    }

    /// Somebody of the standard compound at the console.
    pub async fn staff(app: &TestApp, url: &str, name: &'static str) -> Self {
        own_password(app, compound::person(name, 0), name).await;
        let visitor = Self::new(name, &Browser::new());
        visitor.sign_in(url).await;
        visitor
    }

    /// Signs in at the console; again when the session is over.
    pub async fn sign_in(&self, url: &str) {
        let mut browser = Browser::new();
        let page = format!("{url}/console/sign-in");
        let csrf = browser.open(&page).await.hidden("csrf");
        let login = compound::person(self.name, 0);
        let fields = [
            ("csrf", csrf.as_str()),
            ("login", login),
            ("password", PASSWORD),
        ];
        browser.post(&page, &fields).await.is(303);
        assert!(browser.cookie(CONSOLE).is_some());
        let page = browser.open(&format!("{url}/console/account")).await;
        *self.csrf.lock().unwrap() = page.is(200).hidden("csrf");
        *self.cookies.lock().unwrap() = cookies_of(&browser);
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) -> Option<Answered> {
        self.send(self.http.get(url)).await
    }

    /// Sends a form; of staff with the mark of their session.
    pub async fn post(&self, base: &str, path: &str, fields: &[(&str, &str)]) -> Option<Answered> {
        let csrf = self.csrf.lock().unwrap().clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.send(self.http.post(format!("{base}{path}")).form(&all))
            .await
    }

    /// The same with a picture.
    pub async fn post_picture(
        &self,
        base: &str,
        path: &str,
        fields: &[(&'static str, &str)],
        field: &'static str,
    ) -> Option<Answered> {
        let csrf = self.csrf.lock().unwrap().clone();
        let mut form = reqwest::multipart::Form::new().text("csrf", csrf);
        for (name, value) in fields {
            form = form.text(*name, (*value).to_owned());
        }
        let part = reqwest::multipart::Part::bytes(jpeg(60)).file_name("slip.jpg");
        let form = form.part(field, part);
        self.send(self.http.post(format!("{base}{path}")).multipart(form))
            .await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Option<Answered> {
        let cookies = self.cookies.lock().unwrap().clone();
        let answer = request.header(COOKIE, cookies).send().await.ok()?;
        Some(Answered {
            status: answer.status().as_u16(),
            body: answer.text().await.ok()?,
        })
    }
}
