//! The pretended platform and a small program, wired to each other over HTTP on both sides.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use linli::base::clock::{Clock, ShiftedClock};
use linli::base::dice::Dice;
use linli::config::CallbackMode;
use linli::sandbox::{Config, Platform};
use linli::wechat::http::Http;
use linli::wechat::official::client::{OfficialClient, TemplateMessage};
use linli::wechat::official::{Account, Event, Inbound, InboundKind, JobStatus, Mode, Reply};
use linli::wechat::token::{MemoryShelf, TokenKeeper};
use linli::wechat::{Error, token::TokenShelf};
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Request, Response, Route, Server, get, handler};
use serde_json::Value;

use crate::harness::db::settings_from;
use crate::harness::until;

pub const PERSON: &str = "sandbox-resident";

/// How the pretended program answers the next message.
#[derive(Clone, Debug)]
pub enum Manner {
    Words(&'static str),
    Silence,
    Raw(u16, &'static str),
    Late,
    ForSomebodyElse,
}

/// The program as far as these tests need one: opens, remembers, answers.
pub struct Program {
    account: Account,
    clock: Arc<ShiftedClock>,
    dice: Dice,
    seen: Mutex<Vec<Inbound>>,
    /// Taken one by one; words when there are none left.
    manners: Mutex<Vec<Manner>>,
}

#[handler]
async fn callback(
    request: &Request,
    Data(program): Data<&Arc<Program>>,
    body: Vec<u8>,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let now = program.clock.now().timestamp();
    let Ok(inbound) = program.account.open(query, &body, now) else {
        return Response::builder().status(StatusCode::FORBIDDEN).finish();
    };
    program.seen.lock().unwrap().push(inbound.clone());
    let event = matches!(
        &inbound.kind,
        InboundKind::Event(Event::TemplateSendJobFinish { .. })
    );
    let manner = {
        let mut manners = program.manners.lock().unwrap();
        if event || manners.is_empty() {
            None
        } else {
            Some(manners.remove(0))
        }
    };
    let reply = |words: &str, inbound: &Inbound| {
        let xml = Reply::Text(words.to_owned()).render(inbound, now);
        let nonce = program.dice.digits(10);
        program
            .account
            .seal(&xml, now, &nonce, program.dice.bytes())
    };
    let answer = match manner {
        _ if event => "success".to_owned(),
        None => reply("收到", &inbound),
        Some(Manner::Words(words)) => reply(words, &inbound),
        Some(Manner::Silence) => "success".to_owned(),
        Some(Manner::Raw(status, body)) => {
            return Response::builder()
                .status(StatusCode::from_u16(status).unwrap())
                .body(body);
        }
        Some(Manner::Late) => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            "success".to_owned()
        }
        Some(Manner::ForSomebodyElse) => {
            let mut other = inbound.clone();
            other.from = "sandbox-steward".to_owned();
            reply("不是给你的", &other)
        }
    };
    Response::builder().content_type("text/xml").body(answer)
}

#[handler]
async fn check(request: &Request, Data(program): Data<&Arc<Program>>) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let now = program.clock.now().timestamp();
    match program.account.check_get(query, now) {
        Ok(echo) => Response::builder().body(echo),
        Err(_) => Response::builder().status(StatusCode::FORBIDDEN).finish(),
    }
}

/// Serves on a free port until the test ends.
pub async fn serve(endpoint: impl Endpoint<Output = Response> + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0");
    let acceptor = listener.into_acceptor().await.unwrap();
    let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
    format!("http://{address}")
}

/// Platform and program, wired to each other.
pub struct World {
    pub platform: Platform,
    pub program: Arc<Program>,
    pub clock: Arc<ShiftedClock>,
    pub base: String,
    pub web: reqwest::Client,
    pub client: OfficialClient,
    pub config: Config,
}

pub async fn world(mode: CallbackMode) -> World {
    let settings = settings_from(&[]);
    let clock = Arc::new(ShiftedClock::default());
    let mut config = Config::from_settings(&settings, "");
    config.mode = mode;
    config.patience = Duration::from_millis(700);
    let platform = Platform::new(clock.clone(), config.clone())
        .unwrap()
        .with_shift(clock.clone());
    let mode = match mode {
        CallbackMode::Plain => Mode::Plain,
        CallbackMode::Compatible => Mode::Compatible,
        CallbackMode::Safe => Mode::Safe,
    };
    let key = Some(&config.encoding_aes_key);
    let program = Arc::new(Program {
        account: Account::new(&config.app_id, config.token.clone(), mode, key).unwrap(),
        clock: clock.clone(),
        dice: Dice::from_seed(5),
        seen: Mutex::default(),
        manners: Mutex::default(),
    });
    let route = Route::new().at("/wechat/official", get(check).post(callback));
    let ours = serve(route.data(program.clone()).map_to_response()).await;
    platform.set_callbacks(vec![format!("{ours}/wechat/official")]);
    let theirs = Route::new().nest("/sandbox", linli::sandbox::routes(platform.clone()));
    let base = format!("{}/sandbox", serve(theirs.map_to_response()).await);
    let client = client(&config, &base);
    let web = reqwest::Client::builder().no_proxy().build().unwrap();
    World {
        platform,
        program,
        clock,
        base,
        web,
        client,
        config,
    }
}

pub fn client(config: &Config, base: &str) -> OfficialClient {
    let http = Http::new().unwrap();
    let shelf: Arc<dyn TokenShelf> = Arc::new(MemoryShelf::default());
    let api = format!("{base}/api");
    let secret = config.app_secret.clone();
    let keeper = TokenKeeper::new(http.clone(), &api, &config.app_id, secret, shelf, 1);
    OfficialClient::new(http, &api, Arc::new(keeper))
}

impl World {
    pub fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    pub fn manners(&self, manners: &[Manner]) {
        *self.program.manners.lock().unwrap() = manners.to_vec();
    }

    pub fn seen(&self) -> Vec<Inbound> {
        self.program.seen.lock().unwrap().clone()
    }

    /// What reached the program about template messages.
    pub async fn receipts(&self, count: usize) -> Vec<JobStatus> {
        until("the receipts arrive", 5, async || {
            let seen = self.seen();
            let found = seen.into_iter().filter_map(|inbound| match inbound.kind {
                InboundKind::Event(Event::TemplateSendJobFinish { status, .. }) => Some(status),
                _ => None,
            });
            let found: Vec<_> = found.collect();
            (found.len() >= count).then_some(found)
        })
        .await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let response = self.web.post(url).json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    pub async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.base);
        self.web
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}

pub fn task(to: &str) -> TemplateMessage {
    let data = [
        ("thing1", "3栋电梯停了"),
        ("thing2", "3栋1单元"),
        ("time3", "2026年11月21日 08:30"),
        ("thing4", "请回复 接单 12"),
    ];
    TemplateMessage {
        to: to.to_owned(),
        template_id: "sandbox-template-task".to_owned(),
        url: None,
        data: data
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        client_msg_id: None,
    }
}

pub fn code(result: Result<impl std::fmt::Debug, Error>) -> i64 {
    match result {
        Err(Error::Platform { code, rid, .. }) => {
            assert!(rid.is_some(), "an error names its request");
            code
        }
        other => panic!("{other:?} is no error of the platform"),
    }
}
