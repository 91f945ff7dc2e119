//! WeChat Pay: its vectors, calls against the pretended platform over HTTP, notifications, bills.

mod bills;
mod calls;
mod certificates;
mod notices;
mod start;
mod trouble;
mod vectors;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use linli::base::clock::{Clock, ShiftedClock};
use linli::config::{PayMerchant, Settings};
use linli::sandbox::{Api, Config, Fault, Platform};
use linli::wechat::http::Http;
use linli::wechat::pay::{
    Client, JsapiOrder, Merchant, MerchantParts, Notification, PayError, RefundOf, RefundOrder,
};
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Request, Response, Route, Server, handler, post};
use serde_json::Value;

use crate::harness::db::{sandbox_keys, settings_from};
use crate::harness::until;

pub const PERSON: &str = "sandbox-resident";
pub const MCH_ID: &str = "1900000109";

/// Where notifications go: opens them, remembers what came of it, answers as it is told to.
pub struct Inbox {
    client: Client,
    clock: Arc<ShiftedClock>,
    seen: Mutex<Vec<Result<Notification, PayError>>>,
    /// Taken one by one; the right answer when there are none left.
    answers: Mutex<Vec<u16>>,
}

#[handler]
async fn take(request: &Request, Data(inbox): Data<&Arc<Inbox>>, body: Vec<u8>) -> Response {
    let now = inbox.clock.now().timestamp();
    let opened = inbox
        .client
        .open_notification(request.headers(), &body, now)
        .await;
    let usual = if opened.is_ok() { 204 } else { 401 };
    inbox.seen.lock().unwrap().push(opened);
    let told = {
        let mut answers = inbox.answers.lock().unwrap();
        (!answers.is_empty()).then(|| answers.remove(0))
    };
    let status = StatusCode::from_u16(told.unwrap_or(usual)).unwrap();
    Response::builder().status(status).finish()
}

/// The pretended platform, a client and an inbox, wired to each other.
pub struct World {
    pub platform: Platform,
    pub clock: Arc<ShiftedClock>,
    pub settings: Settings,
    /// `http://127.0.0.1:1234/sandbox`
    pub base: String,
    pub client: Client,
    pub inbox: Arc<Inbox>,
    /// Where the inbox is.
    pub inbox_url: String,
    pub web: reqwest::Client,
}

/// Serves on a free port until the test ends.
async fn serve(endpoint: impl Endpoint<Output = Response> + 'static) -> String {
    let acceptor = TcpListener::bind("127.0.0.1:0")
        .into_acceptor()
        .await
        .unwrap();
    let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
    format!("http://{address}")
}

/// The settings that these tests share; the merchant's keys are filled in.
pub fn settings() -> Settings {
    let variables = [
        ("LINLI__SANDBOX__KEYS", sandbox_keys()),
        ("LINLI__SANDBOX__ENABLED", "true".to_owned()),
    ];
    let mut settings = settings_from(&variables.map(|(key, value)| (key.to_owned(), value)));
    settings.fill_in_merchants().unwrap();
    settings
}

/// A client for this merchant; `patience` for a whole call.
pub fn client_of(merchant: &PayMerchant, base: &str, patience: Duration) -> Client {
    let parts = MerchantParts {
        name: merchant.name.clone(),
        app_id: "wxsandbox0000000a".to_owned(),
        mch_id: merchant.mch_id.clone(),
        serial_no: merchant.serial_no.clone(),
        private_key: merchant.private_key.clone(),
        api_v3_key: merchant.api_v3_key.clone(),
        public_key_id: merchant.public_key_id.clone(),
        public_key: merchant.public_key.clone(),
    };
    let http = Http::with_limits(Duration::from_secs(3), patience).unwrap();
    Client::new(http, &format!("{base}/pay"), Merchant::new(parts).unwrap()).unwrap()
}

pub async fn world() -> World {
    world_of(settings()).await
}

/// With other merchants; the first is the client's.
pub async fn world_of(settings: Settings) -> World {
    let clock = Arc::new(ShiftedClock::default());
    let config = Config::from_settings(&settings, "");
    let platform = Platform::new(clock.clone(), config).unwrap();
    let platform = platform.with_shift(clock.clone());
    let theirs = Route::new().nest("/sandbox", linli::sandbox::routes(platform.clone()));
    let base = format!("{}/sandbox", serve(theirs.map_to_response()).await);
    let merchant = &settings.wechat.pay.merchants[0];
    let client = client_of(merchant, &base, Duration::from_secs(20));
    let inbox = Arc::new(Inbox {
        client: client.clone(),
        clock: clock.clone(),
        seen: Mutex::default(),
        answers: Mutex::default(),
    });
    let ours = Route::new()
        .at("/notices", post(take))
        .data(inbox.clone())
        .map_to_response();
    let inbox_url = format!("{}/notices", serve(ours).await);
    World {
        platform,
        clock,
        settings,
        base,
        client,
        inbox,
        inbox_url,
        web: reqwest::Client::builder().no_proxy().build().unwrap(),
    }
}

impl World {
    pub fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    pub fn merchant(&self) -> &PayMerchant {
        &self.settings.wechat.pay.merchants[0]
    }

    pub fn order(&self, number: &str, total: i64) -> JsapiOrder {
        JsapiOrder {
            app_id: None,
            description: "物业费,3栋-1-501".to_owned(),
            out_trade_no: number.to_owned(),
            time_expire: None,
            attach: Some("bill-7".to_owned()),
            notify_url: self.inbox_url.clone(),
            total,
            openid: PERSON.to_owned(),
            payer_ip: Some("192.0.2.7".to_owned()),
        }
    }

    pub fn refund(&self, number: &str, of: &str, refund: i64, total: i64) -> RefundOrder {
        RefundOrder {
            of: RefundOf::OutTradeNo(of.to_owned()),
            out_refund_no: number.to_owned(),
            reason: Some("多缴退还".to_owned()),
            notify_url: Some(self.inbox_url.clone()),
            refund,
            total,
        }
    }

    /// Orders and pays; the platform's number of the payment.
    pub async fn paid(&self, number: &str, total: i64) -> String {
        let order = self.order(number, total);
        let prepay = self.client.order_jsapi(&order, self.now()).await.unwrap();
        self.platform.pay(&prepay.prepay_id).unwrap()
    }

    pub fn fault(&self, api: Api, kind: &str, times: Option<u32>) {
        assert!(
            self.platform.set_fault(Fault::new(api, kind, times)),
            "{kind}"
        );
    }

    /// What came of so many notifications.
    pub async fn seen(&self, count: usize) -> Vec<Result<Notification, PayError>> {
        until("notifications arrive", 10, async || {
            let seen = self.inbox.seen.lock().unwrap().clone();
            (seen.len() >= count).then_some(seen)
        })
        .await
    }

    pub fn answers(&self, answers: &[u16]) {
        *self.inbox.answers.lock().unwrap() = answers.to_vec();
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let url = format!("{}{path}", self.base);
        let response = self.web.post(url).json(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.text().await.unwrap())
    }
}

/// The platform's code of a refusal, which names its request.
pub fn code<T: std::fmt::Debug>(result: Result<T, PayError>) -> String {
    match result {
        Err(PayError::Platform {
            code, request_id, ..
        }) => {
            assert!(request_id.is_some(), "a refusal names its request");
            code
        }
        other => panic!("{other:?} is no refusal of the platform"),
    }
}
