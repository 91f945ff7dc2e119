//! The program as it runs: one or more instances on real ports, with a clock that a test can move,
//! and the pretended platform on a port of its own, which all instances share.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::ReminderState;
use entity::{reminder, schedule};
use linli::base::clock::{Clock, Moment, ShiftedClock};
use linli::base::dice::Dice;
use linli::command::serve::{self, Running};
use linli::config::Settings;
use linli::reminder::schedule::due_slot;
use linli::sandbox::{self, Config, Platform};
use linli::store::Store;
use poem::listener::TcpAcceptor;
use poem::{Route, Server};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::db::{TestDb, settings_from};
use super::program::Program;
use super::wechat::Sender;
use super::{compound, log};

/// How a [`TestApp`] is to be.
pub struct Plan {
    instances: usize,
    empty: bool,
    database: Option<String>,
    variables: Vec<(String, String)>,
}

impl Plan {
    /// So many instances on the same database and Redis; 0 for [`TestApp::spawn_program`] alone.
    pub fn instances(mut self, count: usize) -> Self {
        self.instances = count;
        self
    }

    /// Without the standard compound: the schema alone.
    pub fn empty(mut self) -> Self {
        self.empty = true;
        self
    }

    /// On this empty PostgreSQL database, instead of one of the run's own.
    pub fn database(mut self, url: &str) -> Self {
        self.database = Some(url.to_owned());
        self
    }

    /// A setting, by its variable without `LINLI__`: `set("REMINDER__BATCH", "3")`.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        let name = format!("LINLI__{name}");
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Notices have a template message, which also reaches followers who have not written for days.
    pub fn notices_by_template(self) -> Self {
        let template = |name: &str| format!("WECHAT__OFFICIAL__TEMPLATES__NOTICE__{name}");
        self.set(&template("ID"), "sandbox-template-notice")
            .set(&template("FIELDS__THING1"), "title")
            .set(&template("FIELDS__THING2"), "place")
            .set(&template("FIELDS__TIME3"), "time")
            .set(&template("FIELDS__THING4"), "hint")
    }

    /// Starts it all.
    pub async fn start(self) -> TestApp {
        log::listen();
        let db = match &self.database {
            Some(url) => TestDb::on(url, compound::fill).await,
            None if self.empty => TestDb::fresh().await,
            None => TestDb::copy_of("compound", compound::fill).await,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/sandbox", listener.local_addr().unwrap());
        let mut variables = db.variables();
        for (name, value) in [
            ("WECHAT__OFFICIAL__API_BASE", format!("{base}/api")),
            ("WECHAT__MINI__API_BASE", format!("{base}/api")),
            ("WECHAT__WORK__API_BASE", format!("{base}/work")),
            ("WECHAT__PAY__API_BASE", format!("{base}/pay")),
            (
                "WECHAT__ROBOT__SOCKET_URL",
                format!("{}/socket", base.replacen("http", "ws", 1)),
            ),
            // A test moves the clock and does not want to wait for the next look at it.
            ("REMINDER__POLL_MS", "50".to_owned()),
            ("REMINDER__SWEEP_SECONDS", "1".to_owned()),
            // Most tests send more than a person would.
            ("LIMITS__MESSAGES_PER_MINUTE", "10000".to_owned()),
            // Figures are there, however busy the machine is.
            ("CONSOLE__FIGURES_WAIT_MS", "60000".to_owned()),
            // Ordinary pushes do not depend on the hour at which the tests run.
            ("REMINDER__QUIET_FROM", "00:00".to_owned()),
            ("REMINDER__QUIET_TO", "00:00".to_owned()),
        ] {
            variables.push((format!("LINLI__{name}"), value));
        }
        variables.retain(|(name, _)| !self.variables.iter().any(|(own, _)| own == name));
        variables.extend(self.variables);
        let settings = settings_from(&variables);
        let clock = Arc::new(ShiftedClock::default());
        let platform = Platform::new(clock.clone(), Config::from_settings(&settings, "")).unwrap();
        let platform = platform.with_shift(clock.clone());
        let routes = Route::new().nest("/sandbox", sandbox::routes(platform.clone()));
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        let server = tokio::spawn(async move {
            Server::new_with_acceptor(acceptor)
                .run(routes)
                .await
                .unwrap();
        });
        let store = Store::connect(&settings.database).await.unwrap();
        let mut app = TestApp {
            instances: Vec::new(),
            store,
            clock,
            platform,
            settings,
            variables,
            platform_server: server,
            errors_allowed: false,
            _db: db,
        };
        if self.instances > 0 {
            app.bills_are_made().await;
        }
        for _ in 0..self.instances {
            app.add_instance().await;
        }
        app
    }
}

/// The running program with everything around it.
pub struct TestApp {
    /// The instances, in the order of their start.
    pub instances: Vec<Running>,
    /// A connection beside theirs.
    pub store: Store,
    /// The time of all instances of this process and of the platform.
    pub clock: Arc<ShiftedClock>,
    /// WeChat's side.
    pub platform: Platform,
    /// As every instance has them.
    pub settings: Settings,
    /// The same as variables, for processes.
    pub variables: Vec<(String, String)>,
    platform_server: JoinHandle<()>,
    errors_allowed: bool,
    /// Dropped last: nothing may use the database any more.
    _db: TestDb,
}

impl TestApp {
    /// One instance with the standard compound.
    pub async fn start() -> Self {
        Self::plan().start().await
    }

    /// So many instances.
    pub async fn with_instances(count: usize) -> Self {
        Self::plan().instances(count).start().await
    }

    /// Something else.
    pub fn plan() -> Plan {
        Plan {
            instances: 1,
            empty: false,
            database: None,
            variables: Vec::new(),
        }
    }

    /// As on any other day: on the first of a month an instance would begin with the bills of whatever a test has just
    /// entered.
    async fn bills_are_made(&self) {
        let now = self.now();
        let slots = linli::fee::remind::WORKS
            .iter()
            .map(|work| schedule::ActiveModel {
                name: Set(work.name.to_owned()),
                slot: Set(due_slot(work.every_hours, now)),
                started_at: Set(now),
                finished_at: Set(Some(now)),
            });
        let known = [schedule::Column::Name, schedule::Column::Slot];
        schedule::Entity::insert_many(slots)
            .on_conflict(OnConflict::columns(known).do_nothing().to_owned())
            .try_insert()
            .exec_without_returning(self.store.write())
            .await
            .unwrap();
    }

    /// One more instance; the platform calls them in turn.
    pub async fn add_instance(&mut self) {
        let dice = Arc::new(Dice::from_seed(self.instances.len().try_into().unwrap()));
        let running = serve::start(self.settings.clone(), self.clock.clone(), dice).await;
        self.instances.push(running.unwrap());
        self.tell_platform();
    }

    fn tell_platform(&self) {
        let callbacks = self.instances.iter().map(callback).collect();
        self.platform.set_callbacks(callbacks);
    }

    /// Runs the executable on the same database; the platform calls it alone.
    pub async fn spawn_program(&self) -> Program {
        let program = Program::start(&self.variables).await;
        let callback = format!("{}/wechat/official", program.url());
        self.platform.set_callbacks(vec![callback]);
        program
    }

    /// Where the first instance listens: `http://127.0.0.1:1234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.instances[0].address)
    }

    /// A page as everybody gets it: its status and its text.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("{}{path}", self.url())).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// What stands on a page below `/board/`.
    pub async fn board(&self, path: &str) -> String {
        self.page(&format!("/board/{path}")).await.1
    }

    /// WeChat's side of the wire to the instance with this number, for what a person cannot do.
    pub fn sender(&self, instance: usize) -> Sender {
        let url = format!("http://{}", self.instances[instance].address);
        Sender::new(&self.settings, &url)
    }

    /// The program's present.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Lets time pass, then waits until everything that fell due is done. What was due before is waited for as well:
    /// on a busy machine it would only come up after the leap, days late and perhaps too late to be sent.
    pub async fn advance(&self, minutes: i64) {
        self.drain().await;
        self.clock.advance(TimeDelta::minutes(minutes));
        self.drain().await;
    }

    /// Waits until no reminder is due; panics with a list of them when nothing has become of any for
    /// 15 s, or when it never ends: a slow machine is no fault, a queue that stands still is. What is due within
    /// seconds is not waited for: the clock goes there at once.
    pub async fn drain(&self) {
        let (patience, most) = (Duration::from_secs(15), Duration::from_secs(120));
        let began = std::time::Instant::now();
        let (mut seen, mut moved) = (Vec::new(), began);
        loop {
            let left = self.due().await;
            if left.is_empty() {
                return;
            }
            self.skip_to(&left);
            let mut now: Vec<_> = left
                .iter()
                .map(|row| (row.id, row.attempts, row.next_at, row.leased_until))
                .collect();
            now.sort_unstable();
            if now != seen {
                (seen, moved) = (now, std::time::Instant::now());
            }
            let waits = moved.elapsed() < patience && began.elapsed() < most;
            assert!(waits, "still due: {left:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sets the clock to the first of these when all that they wait for is time.
    fn skip_to(&self, left: &[reminder::Model]) {
        let idle = |row: &&reminder::Model| row.state == ReminderState::Pending;
        let first = left.iter().filter(idle).map(|row| row.next_at).min();
        let now = self.now();
        if let Some(first) = first
            && first > now
            && left.iter().all(|row| idle(&row))
        {
            self.clock.advance(first - now);
        }
    }

    /// Reminders that are due, under way, or about to be tried again after a busy moment.
    pub async fn due(&self) -> Vec<reminder::Model> {
        let open = [ReminderState::Pending, ReminderState::Sending];
        reminder::Entity::find()
            .filter(reminder::COLUMN.state.is_in(open))
            .filter(
                Condition::any()
                    .add(
                        reminder::COLUMN
                            .next_at
                            .lte(self.now() + TimeDelta::seconds(6)),
                    )
                    .add(reminder::COLUMN.state.eq(ReminderState::Sending)),
            )
            .all(self.store.read())
            .await
            .unwrap()
    }

    /// All reminders, for the words of a failing test.
    pub async fn reminders(&self) -> Vec<reminder::Model> {
        reminder::Entity::find()
            .all(self.store.read())
            .await
            .unwrap()
    }

    /// This test makes the program log errors on purpose.
    pub fn allow_errors(&mut self) {
        self.errors_allowed = true;
    }
}

fn callback(running: &Running) -> String {
    format!("http://{}/wechat/official", running.address)
}

impl Drop for TestApp {
    fn drop(&mut self) {
        for running in &self.instances {
            running.app.stopping.cancel();
        }
        self.platform.stop();
        self.platform_server.abort();
        if !std::thread::panicking() && !self.errors_allowed {
            log::expect_none();
        }
        log::gone();
    }
}
