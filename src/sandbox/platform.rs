//! The handle on the pretended platform, and what it remembers: who follows the account, what was
//! said to whom, which tokens it gave out. Used by this folder's handlers and, in one process, by tests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::config::{Config, Template};
use super::faults::{Api, Fault, Faults, Hit};
use super::media::Shelf;
use super::mini::{Codes, Memory};
use super::robot::Robots;
use super::token::Tokens;
use super::work::{self, WorkCard};
use crate::base::clock::{Clock, Moment, ShiftedClock};
use crate::base::dice::Dice;
use crate::config::CallbackMode;
use crate::wechat::Error;
use crate::wechat::crypto::Cipher;

/// Entries kept of all conversations together.
const MOST_ENTRIES: usize = 20_000;
/// Entries that still show their wire.
const MOST_WIRES: usize = 300;
/// Longest text kept of one message on the wire, bytes.
const MOST_WIRE_BYTES: usize = 8 * 1024;

/// How an entry came into a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The person said it.
    Said,
    /// The person did it: followed, scanned, pressed.
    Event,
    /// The account's answer.
    Reply,
    /// A template message.
    Template,
    /// A customer-service message.
    Custom,
    /// A message of the WeCom application.
    App,
    /// A card of the WeCom application changed.
    Update,
    /// A subscription message of the mini-program.
    Subscription,
    /// WeChat itself, in grey.
    Notice,
}

/// A template message as it looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Card {
    /// Over the card.
    pub title: String,
    /// Words in front, and value.
    pub fields: Vec<(String, String)>,
    /// Where a tap leads.
    pub url: Option<String>,
}

/// One message as it stood on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wire {
    /// Who to whom, and whether it is the plain or the sealed form.
    pub label: String,
    /// As it stood there.
    pub text: String,
}

impl Wire {
    pub(super) fn new(label: &str, text: &str) -> Self {
        Self {
            label: label.to_owned(),
            text: crate::base::text::cut_bytes(text, MOST_WIRE_BYTES).to_owned(),
        }
    }
}

/// One line of a conversation.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Ascending over all conversations.
    pub id: u64,
    /// Whose conversation.
    pub openid: String,
    /// UTC, ms.
    pub at: i64,
    /// How it came.
    pub how: How,
    /// What it says; of a card the fields, line by line.
    pub text: String,
    /// A picture to show.
    pub media: Option<String>,
    /// A template message.
    pub card: Option<Card>,
    /// A card of the WeCom application.
    pub work_card: Option<WorkCard>,
    /// The entry whose card this one changes.
    pub of: Option<u64>,
    /// Lines of a menu message that can be tapped: id and words.
    pub menu: Vec<(String, String)>,
    /// The platform's id of it.
    pub msg_id: Option<String>,
    /// Who of several said it, in a group.
    pub by: Option<String>,
    /// What went over the wire for it; only the latest entries keep it.
    pub wire: Vec<Wire>,
}

impl Entry {
    pub(super) fn new(openid: &str, how: How, text: impl Into<String>) -> Self {
        Self {
            id: 0,
            openid: openid.to_owned(),
            at: 0,
            how,
            text: text.into(),
            media: None,
            card: None,
            menu: Vec::new(),
            work_card: None,
            of: None,
            msg_id: None,
            by: None,
            wire: Vec::new(),
        }
    }
}

/// How a person stands to the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Follows it.
    #[default]
    Follows,
    /// Has left: 43004.
    Left,
    /// Stands on the account's blacklist: 43019.
    Blacklisted,
    /// Takes no messages: accepted, then the receipt says `failed:user block`.
    Refuses,
}

/// Customer-service messages allowed after something the person did (protocols.md §2.5).
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) until: Moment,
    pub(super) left: u32,
}

/// What is known of one person.
#[derive(Debug, Default)]
pub(super) struct Person {
    pub(super) standing: Standing,
    pub(super) by_message: Option<Window>,
    pub(super) by_event: Option<Window>,
}

/// All that changes.
pub(super) struct State {
    pub(super) callbacks: Vec<String>,
    next_callback: usize,
    shift: Option<Arc<ShiftedClock>>,
    entries: VecDeque<Entry>,
    last_entry: u64,
    last_msg: i64,
    pub(super) people: HashMap<String, Person>,
    pub(super) tokens: Tokens,
    pub(super) codes: Codes,
    pub(super) mini: Memory,
    pub(super) media: Shelf,
    pub(super) faults: Faults,
    pub(super) work: work::State,
    pub(super) robots: Robots,
    /// Orders, refunds, bills.
    pub(super) pay: super::pay::Memory,
    /// What the account has set up: menu and codes.
    pub(super) account: super::account::SetUp,
    /// Notices of a template that somebody has accepted and not had yet.
    pub(super) notices: HashMap<(String, String), u32>,
    /// Codes that say who opens a page.
    pub(super) visits: Codes,
    /// Client ids of the last ten minutes by person and id.
    pub(super) client_ids: HashMap<(String, String), (Moment, i64)>,
}

pub(super) struct Inner {
    pub(super) config: Config,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) dice: Dice,
    pub(super) cipher: Option<Cipher>,
    /// Of the mini-program's pushes, which are always encrypted.
    pub(super) mini_cipher: Option<Cipher>,
    pub(super) http: reqwest::Client,
    /// WeChat Pay's keys, read when somebody first calls it.
    pub(super) pay: std::sync::OnceLock<Result<super::pay::Keys, String>>,
    state: Mutex<State>,
    news: watch::Sender<u64>,
    pub(super) stop: CancellationToken,
}

/// The pretended platform; cheap to clone.
#[derive(Clone)]
pub struct Platform(pub(super) Arc<Inner>);

impl Platform {
    /// Sets it up; nothing is sent before somebody acts.
    ///
    /// # Errors
    /// `Malformed` when the mode needs a key of another shape, `Network` when TLS cannot be set up.
    pub fn new(clock: Arc<dyn Clock>, config: Config) -> Result<Self, Error> {
        let cipher = match config.mode {
            CallbackMode::Plain => None,
            CallbackMode::Compatible | CallbackMode::Safe => Some(Cipher::new(
                config.encoding_aes_key.expose_secret(),
                &config.app_id,
            )?),
        };
        let mini_key = config.mini_key.expose_secret();
        let mini_cipher = (!mini_key.is_empty())
            .then(|| Cipher::new(mini_key, &config.mini_app_id))
            .transpose()?;
        let http = reqwest::Client::builder()
            .timeout(config.patience)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| Error::Network { timeout: false })?;
        let state = State {
            callbacks: config.callbacks.clone(),
            next_callback: 0,
            shift: None,
            entries: VecDeque::new(),
            last_entry: 0,
            last_msg: 0,
            people: HashMap::new(),
            tokens: Tokens::default(),
            codes: Codes::default(),
            mini: Memory::default(),
            media: Shelf::default(),
            faults: Faults::default(),
            work: work::State::default(),
            robots: Robots::default(),
            pay: super::pay::Memory::default(),
            account: super::account::SetUp::default(),
            notices: HashMap::new(),
            visits: Codes::default(),
            client_ids: HashMap::new(),
        };
        Ok(Self(Arc::new(Inner {
            config,
            clock,
            dice: Dice::from_system(),
            cipher,
            mini_cipher,
            http,
            pay: std::sync::OnceLock::new(),
            state: Mutex::new(state),
            news: watch::Sender::new(0),
            stop: CancellationToken::new(),
        })))
    }

    /// Lets the page move this clock, which should be the program's own.
    #[must_use]
    pub fn with_shift(self, clock: Arc<ShiftedClock>) -> Self {
        self.state().shift = Some(clock);
        self
    }

    /// Where the program listens, once it is known; several addresses are taken in turn.
    pub fn set_callbacks(&self, addresses: Vec<String>) {
        self.state().callbacks = addresses;
    }

    /// Ends streams and deliveries, so that a server around it can stop.
    pub fn stop(&self) {
        self.0.stop.cancel();
    }

    /// Everything in one conversation, oldest first.
    #[must_use]
    pub fn conversation(&self, openid: &str) -> Vec<Entry> {
        let state = self.state();
        let own = state.entries.iter().filter(|entry| entry.openid == openid);
        own.cloned().collect()
    }

    /// The pushes (template, customer-service and subscription messages) that a person received, oldest first.
    #[must_use]
    pub fn sent_to(&self, openid: &str) -> Vec<Entry> {
        let mut all = self.conversation(openid);
        all.retain(|entry| matches!(entry.how, How::Template | How::Custom | How::Subscription));
        all
    }

    /// Switches a failure on; false when nobody knows its API or kind.
    pub fn set_fault(&self, fault: Fault) -> bool {
        self.state().faults.add(fault)
    }

    /// Switches all failures off.
    pub fn clear_faults(&self) {
        self.state().faults.clear(None);
    }

    /// Calls of one API so far, those that failed included.
    #[must_use]
    pub fn calls(&self, api: Api) -> u64 {
        self.state().faults.calls(api)
    }

    /// Makes somebody known, and how they stand to the account.
    pub fn set_standing(&self, openid: &str, standing: Standing) {
        self.state().person(openid).standing = standing;
    }

    /// Makes every access token invalid, as a foreign refresh would.
    pub fn expire_tokens(&self) {
        let mut state = self.state();
        state.tokens.forget();
        state.mini.tokens.forget();
    }

    /// A fresh log-in code of the mini-program, which stands for this openid.
    #[must_use]
    pub fn code(&self, openid: &str) -> String {
        let code = self.0.dice.token();
        let now = self.now();
        self.state().codes.issue(&code, openid, now);
        code
    }

    /// The program's time as the platform sees it.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.0.clock.now()
    }

    pub(super) fn shift(&self) -> Option<Arc<ShiftedClock>> {
        self.state().shift.clone()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned lock still holds a usable state.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn template(&self, id: &str) -> Option<&Template> {
        let mut all = self.0.config.templates.iter();
        all.find(|template| template.id == id)
    }

    /// The next address in turn.
    pub(super) fn callback(&self) -> Option<String> {
        let mut state = self.state();
        let count = state.callbacks.len();
        let at = state.next_callback.checked_rem(count)?;
        state.next_callback = at + 1;
        state.callbacks.get(at).cloned()
    }

    pub(super) fn enter(&self, api: Api) -> Option<Hit> {
        self.state().faults.enter(api)
    }

    /// A new message id: ascending, also over restarts, because the program remembers the old ones.
    pub(super) fn msg_id(&self) -> i64 {
        let now = self.now().timestamp_millis().saturating_mul(4096);
        let mut state = self.state();
        state.last_msg = now.max(state.last_msg + 1);
        state.last_msg
    }

    /// Adds an entry and tells the streams; gives it back with its number.
    pub(super) fn add(&self, mut entry: Entry) -> Entry {
        entry.at = self.now().timestamp_millis();
        let mut state = self.state();
        state.last_entry += 1;
        entry.id = state.last_entry;
        state.entries.push_back(entry.clone());
        if state.entries.len() > MOST_ENTRIES {
            state.entries.pop_front();
        }
        if let Some(old) = state.entries.len().checked_sub(MOST_WIRES + 1)
            && let Some(old) = state.entries.get_mut(old)
        {
            old.wire = Vec::new();
        }
        drop(state);
        self.0.news.send_replace(entry.id);
        entry
    }

    /// Adds what went over the wire later, such as the answer to what was said.
    pub(super) fn add_wire(&self, id: u64, more: Vec<Wire>) {
        let mut state = self.state();
        let at = state.entries.partition_point(|entry| entry.id < id);
        if let Some(entry) = state.entries.get_mut(at).filter(|entry| entry.id == id) {
            entry.wire.extend(more);
        }
    }

    /// Puts another card into an entry.
    pub(super) fn replace_card(&self, id: u64, card: &WorkCard) {
        let mut state = self.state();
        let at = state.entries.partition_point(|entry| entry.id < id);
        if let Some(entry) = state.entries.get_mut(at).filter(|entry| entry.id == id) {
            entry.work_card = Some(card.clone());
            entry.text = card.words();
        }
    }

    /// A message id as WeCom gives it: text.
    pub(super) fn dice_id(&self) -> String {
        self.0.dice.token()
    }

    pub(super) fn entry(&self, id: u64) -> Option<Entry> {
        self.after(id.saturating_sub(1), 1).pop()
    }

    /// Entries of all conversations after one, oldest first.
    pub(super) fn after(&self, id: u64, most: usize) -> Vec<Entry> {
        let state = self.state();
        let from = state.entries.partition_point(|entry| entry.id <= id);
        state.entries.range(from..).take(most).cloned().collect()
    }

    /// The number of the latest entry, and a way to wait for later ones.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }
}

impl State {
    /// The person, known from now on.
    pub(super) fn person(&mut self, openid: &str) -> &mut Person {
        self.people.entry(openid.to_owned()).or_default()
    }

    /// How somebody stands to the account; none when nobody knows them. The page's own people are
    /// known from the start, so that they still follow after a restart.
    pub(super) fn standing(&self, openid: &str) -> Option<Standing> {
        match self.people.get(openid) {
            Some(person) => Some(person.standing),
            None => openid
                .starts_with("sandbox-")
                .then_some(Standing::default()),
        }
    }

    /// Entries held, for the page's figures.
    pub(super) fn shown(&self) -> u64 {
        self.last_entry
    }
}
