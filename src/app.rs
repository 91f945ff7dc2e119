//! What every noun and face may reach: settings, time, randomness, the store, the seal, the
//! platform. Built by `command/serve.rs` and by tests; cheap to clone. Floor 2.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::base::clock::Clock;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::memo::Memo;
use crate::base::seal::Seal;
use crate::config::{CallbackMode, RobotMode, Settings, Wechat};
use crate::files::Files;
use crate::redis::{
    self, Limiter, LocalLimiter, LocalWindow, RedisLimiter, RedisShelf, RedisWindow, Window,
};
use crate::reminder::queue::{self, Queue};
use crate::store::Store;
use crate::wechat;
use crate::wechat::http::Http;
use crate::wechat::mini::MiniClient;
use crate::wechat::official::client::OfficialClient;
use crate::wechat::official::page::PageClient;
use crate::wechat::official::{Account, Mode};
use crate::wechat::pay::{self, PayError};
use crate::wechat::robot::Robot;
use crate::wechat::robot::client::RobotClient;
use crate::wechat::token::{MemoryShelf, TokenKeeper, TokenShelf};
use crate::wechat::work;
use crate::wechat::work::client::WorkClient;
use crate::wechat::work::login::LoginPage;

/// Where Tencent's API is, unless the settings say otherwise.
const API_BASE: &str = "https://api.weixin.qq.com";
/// Where browsers say who they are, and where pictures of QR codes are.
const OPEN_BASE: &str = "https://open.weixin.qq.com";
const CODE_BASE: &str = "https://mp.weixin.qq.com";
/// WeCom's.
const WORK_API_BASE: &str = "https://qyapi.weixin.qq.com";
const WORK_LOGIN_BASE: &str = "https://login.work.weixin.qq.com";
/// Where the robot's long connection goes.
const SOCKET_URL: &str = "wss://openws.work.weixin.qq.com";

/// A handle on the parts.
#[derive(Clone)]
pub struct App(Arc<Parts>, Arc<Kept>);

/// What modules keep, by its type.
#[derive(Default)]
struct Kept(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

/// The parts themselves.
pub struct Parts {
    /// As loaded, with what was left empty filled in.
    pub settings: Settings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub dice: Arc<Dice>,
    /// The database.
    pub store: Store,
    /// Redis, if there is one.
    pub redis: Option<redis::Connection>,
    /// Encrypts personal data at rest.
    pub seal: Seal,
    /// The official account's callback side.
    pub official: Account,
    /// Calls to the official account's API.
    pub official_client: OfficialClient,
    /// Who opens a page inside WeChat.
    pub pages: PageClient,
    /// The official account's access token.
    pub official_token: Arc<TokenKeeper>,
    /// Calls to the mini-program's API.
    pub mini: MiniClient,
    /// The WeCom application, if there is one.
    pub work: Option<WorkApp>,
    /// The mini-program's pushes, if they are taken.
    pub mini_account: Option<Account>,
    /// The robot's callback side; none in another mode.
    pub robot: Option<Robot>,
    /// WeChat Pay, a client for each merchant by its name in the settings.
    pub pay: BTreeMap<String, pay::Client>,
    /// What the robot and the group robots call.
    pub robot_client: RobotClient,
    /// Rate limits, shared by all instances where Redis is.
    pub limiter: Arc<dyn Limiter>,
    /// Strict limits of the platforms, shared likewise.
    pub window: Arc<dyn Window>,
    /// Due reminders.
    pub queue: Arc<dyn Queue>,
    /// Attachments.
    pub files: Files,
    /// What nouns keep in this process.
    pub memo: Memo,
    /// Work that goes on after its request was answered; the end of the program waits for it.
    pub late: TaskTracker,
    /// Cancelled when the program stops: whatever streams or waits for long looks at it.
    pub stopping: CancellationToken,
}

/// The parts of the WeCom application.
pub struct WorkApp {
    /// Its callback side.
    pub account: work::Account,
    /// Calls to its API.
    pub client: WorkClient,
    /// Where browsers are sent for a scan.
    pub logins: LoginPage,
    /// Its access token.
    pub token: Arc<TokenKeeper>,
}

impl App {
    /// Puts given parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts), Arc::default())
    }

    /// What a module keeps for as long as the program runs, one of each type; made when first asked for.
    /// For what hurries work along and may be lost at any time.
    #[must_use]
    pub fn kept<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut kept = self.1.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.entry(TypeId::of::<T>());
        let one = found.or_insert_with(|| Arc::new(T::default()));
        // The key is the type, so that it always is one of them.
        Arc::clone(one).downcast().unwrap_or_default()
    }

    /// Makes all parts from the settings and an open store. Talks to nobody yet.
    ///
    /// # Errors
    /// When a setting cannot be; the text names it.
    pub fn build(
        mut settings: Settings,
        clock: Arc<dyn Clock>,
        dice: Arc<Dice>,
        store: Store,
    ) -> Result<Self, Fault> {
        settings.fill_in_merchants().map_err(Fault::internal)?;
        fill_in(&mut settings);
        let redis = redis::connect(&settings.redis)?;
        let (limiter, window) = limits(&settings, redis.as_ref());
        let http = Http::new().map_err(Fault::internal)?;
        let keeper = |api_base: &str, app_id: &str, secret: &SecretString| {
            let shelf = shelf_of(&settings, redis.as_ref(), app_id);
            let seed = u64::from_le_bytes(dice.bytes());
            let secret = secret.clone();
            Arc::new(TokenKeeper::new(
                http.clone(),
                api_base,
                app_id,
                secret,
                shelf,
                seed,
            ))
        };
        let official = &settings.wechat.official;
        let official_token = keeper(&official.api_base, &official.app_id, &official.app_secret);
        let queue = queue::open(
            store.clone(),
            redis.clone(),
            &settings,
            clock.clone(),
            dice.clone(),
        );
        store.tell(queue.clone());
        let work = work_app(&settings, redis.as_ref(), &http, &dice).map_err(Fault::internal)?;
        let mini = &settings.wechat.mini;
        let mini_token = keeper(&mini.api_base, &mini.app_id, &mini.app_secret);
        let key = settings.security.data_key().map_err(Fault::internal)?;
        Ok(Self::new(Parts {
            seal: Seal::new(&key)?,
            official: account(official).map_err(Fault::internal)?,
            official_client: OfficialClient::new(
                http.clone(),
                &official.api_base,
                official_token.clone(),
            ),
            pages: PageClient::new(
                http.clone(),
                &official.api_base,
                &official.open_base,
                &official.app_id,
                official.app_secret.clone(),
            ),
            official_token,
            robot: robot(&settings.wechat.robot).map_err(Fault::internal)?,
            robot_client: RobotClient::new(http.clone(), &settings.wechat.work.api_base),
            pay: pay_clients(&settings)?,
            mini_account: mini_account(mini).map_err(Fault::internal)?,
            mini: MiniClient::new(
                http,
                &mini.api_base,
                &mini.app_id,
                mini.app_secret.clone(),
                mini_token,
            ),
            work,
            limiter,
            window,
            queue,
            files: Files::connect(&settings.storage)?,
            memo: Memo::default(),
            redis,
            clock,
            dice,
            store,
            late: TaskTracker::new(),
            stopping: CancellationToken::new(),
            settings,
        }))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What is counted, in all instances together where Redis is.
fn limits(
    settings: &Settings,
    redis: Option<&redis::Connection>,
) -> (Arc<dyn Limiter>, Arc<dyn Window>) {
    let prefix = &settings.redis.prefix;
    match redis {
        Some(connection) => (
            Arc::new(RedisLimiter::new(connection.clone(), prefix)),
            Arc::new(RedisWindow::new(connection.clone(), prefix)),
        ),
        None => (
            Arc::new(LocalLimiter::default()),
            Arc::new(LocalWindow::default()),
        ),
    }
}

/// Addresses that follow from others: the program's own URL, and whom it calls.
fn fill_in(settings: &mut Settings) {
    let server = &mut settings.server;
    if server.public_url.is_empty() {
        // Listening everywhere, it is still reached by a real address.
        let reached = server
            .listen
            .replace("0.0.0.0:", "127.0.0.1:")
            .replace("[::]:", "127.0.0.1:");
        server.public_url = format!("http://{reached}");
    }
    while server.public_url.ends_with('/') {
        server.public_url.pop();
    }
    let pretended = Some(server.public_url.as_str()).filter(|_| settings.sandbox.enabled);
    fill_in_interfaces(&mut settings.wechat, pretended);
    fill_in_pages(&mut settings.wechat);
}

/// Where the platforms' interfaces are; those of the pretended platform stand below the program's own URL.
fn fill_in_interfaces(wechat: &mut Wechat, pretended: Option<&str>) {
    let (api_base, work_base, pay_base, socket_url) = match pretended {
        Some(own) => {
            let at = |room: &str| format!("{own}/sandbox/{room}");
            let socket = format!("{}/sandbox/socket", own.replacen("http", "ws", 1));
            (at("api"), at("work"), at("pay"), socket)
        }
        None => (
            API_BASE.to_owned(),
            WORK_API_BASE.to_owned(),
            pay::API_BASE.to_owned(),
            SOCKET_URL.to_owned(),
        ),
    };
    if wechat.robot.socket_url.is_empty() {
        wechat.robot.socket_url = socket_url;
    }
    complete(&mut wechat.official.api_base, &api_base);
    complete(&mut wechat.mini.api_base, &api_base);
    complete(&mut wechat.work.api_base, &work_base);
    complete(&mut wechat.pay.api_base, &pay_base);
}

/// Whoever stands in for the platform's API stands in for its pages and pictures as well.
fn fill_in_pages(wechat: &mut Wechat) {
    let official = &mut wechat.official;
    let api_base = match official.api_base.as_str() {
        API_BASE => None,
        other => Some(other),
    };
    complete(&mut official.open_base, api_base.unwrap_or(OPEN_BASE));
    complete(&mut official.code_base, api_base.unwrap_or(CODE_BASE));
    let work = &mut wechat.work;
    let work_base = match work.api_base.as_str() {
        WORK_API_BASE => WORK_LOGIN_BASE,
        other => other,
    };
    complete(&mut work.login_base, work_base);
}

/// The usual one where none is given; without a slash at the end.
fn complete(base: &mut String, usual: &str) {
    if base.is_empty() {
        base.push_str(usual);
    }
    while base.ends_with('/') {
        base.pop();
    }
}

/// Pushes are taken encrypted only: the body of a plain one is not authenticated.
fn mini_account(mini: &crate::config::Mini) -> Result<Option<Account>, wechat::Error> {
    if mini.token.expose_secret().is_empty() {
        return Ok(None);
    }
    let key = Some(&mini.encoding_aes_key);
    Account::new(&mini.app_id, mini.token.clone(), Mode::Safe, key).map(Some)
}

/// The keys are read here, so that a start with one that cannot be read stops with its name.
fn pay_clients(settings: &Settings) -> Result<BTreeMap<String, pay::Client>, Fault> {
    let (connect, total) = pay::PATIENCE;
    let http = Http::with_limits(connect, total).map_err(Fault::internal)?;
    let base = &settings.wechat.pay.api_base;
    let mut all = BTreeMap::new();
    for merchant in &settings.wechat.pay.merchants {
        let parts = pay::MerchantParts {
            name: merchant.name.clone(),
            app_id: settings.wechat.official.app_id.clone(),
            mch_id: merchant.mch_id.clone(),
            serial_no: merchant.serial_no.clone(),
            private_key: merchant.private_key.clone(),
            api_v3_key: merchant.api_v3_key.clone(),
            public_key_id: merchant.public_key_id.clone(),
            public_key: merchant.public_key.clone(),
        };
        let client = pay::Merchant::new(parts)
            .and_then(|read| pay::Client::new(http.clone(), base, read))
            .map_err(|error| match error {
                PayError::Malformed(key) => merchant.wrong(key),
                _ => merchant.wrong("private_key"),
            })
            .map_err(Fault::internal)?;
        all.insert(merchant.name.clone(), client);
    }
    Ok(all)
}

/// Where the access token of one account lies.
fn shelf_of(
    settings: &Settings,
    redis: Option<&redis::Connection>,
    account: &str,
) -> Arc<dyn TokenShelf> {
    match redis {
        Some(connection) => Arc::new(RedisShelf::new(
            connection.clone(),
            &settings.redis.prefix,
            account,
        )),
        None => Arc::new(MemoryShelf::default()),
    }
}

fn work_app(
    settings: &Settings,
    redis: Option<&redis::Connection>,
    http: &Http,
    dice: &Dice,
) -> Result<Option<WorkApp>, wechat::Error> {
    let work = &settings.wechat.work;
    if !work.is_set() {
        return Ok(None);
    }
    // Each application of a corporation has a token of its own.
    let shelf = shelf_of(
        settings,
        redis,
        &format!("{}:{}", work.corp_id, work.agent_id),
    );
    let token = Arc::new(TokenKeeper::of_corporation(
        http.clone(),
        &work.api_base,
        &work.corp_id,
        work.secret.clone(),
        shelf,
        u64::from_le_bytes(dice.bytes()),
    ));
    Ok(Some(WorkApp {
        account: work::Account::new(&work.corp_id, work.token.clone(), &work.encoding_aes_key)?,
        client: WorkClient::new(http.clone(), &work.api_base, work.agent_id, token.clone()),
        logins: LoginPage::new(&work.login_base, &work.corp_id, work.agent_id),
        token,
    }))
}

fn account(official: &crate::config::Official) -> Result<Account, wechat::Error> {
    let mode = match official.mode {
        CallbackMode::Plain => Mode::Plain,
        CallbackMode::Compatible => Mode::Compatible,
        CallbackMode::Safe => Mode::Safe,
    };
    let key = Some(&official.encoding_aes_key).filter(|key| !key.expose_secret().is_empty());
    Account::new(&official.app_id, official.token.clone(), mode, key)
        .map(|account| account.accepting_plain(official.accept_plain))
}

/// The callback side, where the platform calls us.
fn robot(robot: &crate::config::Robot) -> Result<Option<Robot>, wechat::Error> {
    match robot.mode {
        RobotMode::Webhook => {
            Robot::new(robot.token.clone(), &robot.encoding_aes_key, &robot.name).map(Some)
        }
        RobotMode::Off | RobotMode::Socket => Ok(None),
    }
}
