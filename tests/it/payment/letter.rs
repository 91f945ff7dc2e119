//! Notifications of the platform on their way: a post office keeps each one, and hands it over as it is told.

use std::sync::{Arc, Mutex};

use poem::http::{HeaderMap, StatusCode, Uri};
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{EndpointExt, Response, Route, Server, handler};

use crate::harness::until;

/// A notification as it came.
#[derive(Clone)]
pub struct Letter {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Letter {
    /// Hands it to an instance; what it answers, if it does.
    pub async fn try_to(&self, base: &str) -> Option<(u16, String)> {
        let http = reqwest::Client::builder().build().unwrap();
        let mut request = http.post(format!("{base}{}", self.path));
        for (name, value) in &self.headers {
            if !["host", "content-length"].contains(&name.as_str()) {
                request = request.header(name, value);
            }
        }
        let answer = request.body(self.body.clone()).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.text().await.ok()?))
    }

    /// The same where somebody listens.
    pub async fn to(&self, base: &str) -> (u16, String) {
        self.try_to(base).await.unwrap()
    }

    /// One with another header.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.insert(name, value.parse().unwrap());
        other
    }

    /// One whose sealed words were touched: a letter of the seal is another one.
    pub fn tampered(&self) -> Self {
        let text = String::from_utf8(self.body.clone()).unwrap();
        let at = text.find("\"ciphertext\":\"").unwrap() + 20;
        let mut body = self.body.clone();
        body[at] = if body[at] == b'A' { b'B' } else { b'A' };
        Self {
            body,
            ..self.clone()
        }
    }

    /// Seconds since it was signed.
    pub fn age(&self, now: i64) -> i64 {
        let signed = self.headers.get("wechatpay-timestamp");
        let signed: i64 = signed.unwrap().to_str().unwrap().parse().unwrap();
        now - signed
    }
}

/// What becomes of letters: how often each is handed over at once and where to; nowhere: the platform is told
/// that it failed, or, kept, that all is well.
pub type Fate = Box<dyn Fn() -> Vec<String> + Send + Sync>;

/// Keeps every letter.
pub struct Office {
    pub letters: Mutex<Vec<Letter>>,
    fate: Option<Fate>,
}

#[handler]
async fn take(
    Data(office): Data<&Arc<Office>>,
    uri: &Uri,
    headers: &HeaderMap,
    body: Vec<u8>,
) -> Response {
    let letter = Letter {
        path: uri.path().to_owned(),
        headers: headers.clone(),
        body,
    };
    office.letters.lock().unwrap().push(letter.clone());
    let status = match &office.fate {
        None => StatusCode::NO_CONTENT,
        Some(fate) => {
            let bases = fate();
            let all = bases.iter().map(|base| letter.try_to(base));
            let all = futures_util::future::join_all(all).await;
            let first = all.into_iter().next().flatten();
            let status = first.map_or(502, |(status, _)| status);
            StatusCode::from_u16(status).unwrap()
        }
    };
    Response::builder().status(status).finish()
}

impl Office {
    /// One that keeps letters and says that all is well; its address.
    pub async fn start() -> (Arc<Self>, String) {
        Self::open(None).await
    }

    /// One that hands letters over.
    pub async fn open(fate: Option<Fate>) -> (Arc<Self>, String) {
        let office = Arc::new(Self {
            letters: Mutex::default(),
            fate,
        });
        let acceptor = TcpListener::bind("127.0.0.1:0")
            .into_acceptor()
            .await
            .unwrap();
        let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
        let routes = Route::new()
            .at("/*path", poem::post(take))
            .data(office.clone());
        tokio::spawn(Server::new_with_acceptor(acceptor).run(routes));
        (office, format!("http://{address}"))
    }

    /// The n-th letter, once it has come.
    pub async fn letter(&self, at: usize) -> Letter {
        until("a notification comes", 10, async || {
            self.letters.lock().unwrap().get(at).cloned()
        })
        .await
    }
}
