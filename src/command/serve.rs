//! `linli serve`: puts everything together, runs it, and takes it apart again. Tests start real
//! servers by [`start`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use poem::Server;
use poem::listener::TcpAcceptor;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::activity;
use crate::agreement;
use crate::app::App;
use crate::attachment;
use crate::base::clock::{Clock, ShiftedClock, SystemClock};
use crate::base::dice::Dice;
use crate::bot;
use crate::case;
use crate::command::wechat::menu::default_menu;
use crate::command::{Role, Usage, demo, migrate, open_store};
use crate::config::{RobotMode, Settings};
use crate::delivery::{Kind, Postman};
use crate::disclosure;
use crate::dues;
use crate::expense;
use crate::fee;
use crate::giving;
use crate::handbook;
use crate::intake;
use crate::mediation;
use crate::moderation;
use crate::notice;
use crate::offer;
use crate::payment;
use crate::person;
use crate::privacy;
use crate::reminder::schedule;
use crate::reminder::worker::Worker;
use crate::sandbox::{self, Platform};
use crate::station;
use crate::talent;
use crate::timetable;
use crate::visit;
use crate::volunteer;
use crate::voucher;
use crate::web::accept::PatientAcceptor;
use crate::web::robot::socket;
use crate::web::{health, late, router};
use crate::wish;

/// Requests and reminders under way may take so long to end.
const DRAIN: Duration = Duration::from_secs(25);
/// The database may take so long to close: one that hangs would hold us up for good.
const CLOSE: Duration = Duration::from_secs(2);
/// A connection on which nothing happens is closed.
const IDLE: Duration = Duration::from_secs(75);

/// A running program.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its parts.
    pub app: App,
    server: JoinHandle<std::io::Result<()>>,
    tasks: TaskTracker,
}

impl Running {
    /// Takes no more work, lets what is under way end, closes the database: at most 27 s, whatever hangs.
    ///
    /// # Errors
    /// When the server had failed before.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.app.stopping.cancel();
        self.tasks.close();
        let drained = tokio::time::timeout(DRAIN, async {
            self.tasks.wait().await;
            let ended = self.server.await;
            self.app.late.close();
            self.app.late.wait().await;
            ended
        })
        .await;
        if tokio::time::timeout(CLOSE, self.app.store.close())
            .await
            .is_err()
        {
            tracing::warn!("the database did not close in time");
        }
        tracing::info!("stopped");
        match drained {
            Ok(ended) => Ok(ended??),
            Err(_) => {
                tracing::warn!("some work did not end in time; it will be taken up again");
                Ok(())
            }
        }
    }
}

/// What a start needs beside the settings.
pub struct Boot {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The same clock, if the sandbox's page may move it.
    pub shift: Option<Arc<ShiftedClock>>,
    /// Randomness.
    pub dice: Arc<Dice>,
    /// Which part.
    pub role: Role,
}

/// Starts everything. Port 0 takes a free one; the address is in the answer.
///
/// # Errors
/// When the address is taken, the database cannot be reached or a setting cannot be.
pub async fn start(
    settings: Settings,
    clock: Arc<dyn Clock>,
    dice: Arc<Dice>,
) -> anyhow::Result<Running> {
    let boot = Boot {
        clock,
        shift: None,
        dice,
        role: Role::All,
    };
    start_as(settings, boot).await
}

/// Starts a part.
///
/// # Errors
/// As [`start`].
pub async fn start_as(mut settings: Settings, boot: Boot) -> anyhow::Result<Running> {
    let listener = listen(&settings).await?;
    let address = listener.local_addr()?;
    settings.server.listen = address.to_string();
    let store = open_store(&settings).await?;
    migrate::up(&store, boot.clock.now())
        .await
        .context("数据库结构升级失败,请查看 linli migrate status")?;
    let app = App::build(settings, boot.clock.clone(), boot.dice.clone(), store)?;
    demo::fill(&app).await.context("演示小区无法写入数据库")?;
    handbook::shipped::fill(&app.store, app.clock.now())
        .await
        .context("手册的文章无法写入数据库")?;
    let tasks = TaskTracker::new();
    let platform = pretend(&app, &boot).await?;
    let server = serve_http(&app, listener, boot.role, platform)?;
    start_queue(&app, &tasks, boot.role);
    if boot.role != Role::Worker {
        tasks.spawn(late::resume(app.clone()));
    }
    if let Some(danger) = app.settings.exposure() {
        tracing::warn!("{danger}");
    }
    tracing::info!(%address, role = ?boot.role, "started");
    Ok(Running {
        address,
        app,
        server,
        tasks,
    })
}

/// The pretended platform, if it is asked for; it ends with the program, and goes on with what was paid before.
async fn pretend(app: &App, boot: &Boot) -> anyhow::Result<Option<Platform>> {
    if !app.settings.sandbox.enabled || boot.role == Role::Worker {
        return Ok(None);
    }
    let callback = format!("{}/wechat/official", app.settings.server.public_url);
    let config = sandbox::Config::from_settings(&app.settings, &callback);
    let mut platform = Platform::new(boot.clock.clone(), config)?;
    if let Some(shift) = &boot.shift {
        platform = platform.with_shift(shift.clone());
    }
    if app.settings.demo.enabled {
        let menu = default_menu(&app.settings.server.public_url)?;
        platform.set_menu(menu.to_json());
    }
    let database = migrate::mark(&app.settings, &app.store).await?;
    let kept = platform.keep_payments(&database);
    kept.with_context(|| {
        let keys = &app.settings.sandbox.keys;
        format!("{keys} 旁边的 sandbox-pay 文件读写不了:请检查权限,或把它移走,再启动一次")
    })?;
    let (stopping, ending) = (app.stopping.clone(), platform.clone());
    tokio::spawn(async move {
        stopping.cancelled().await;
        ending.stop();
    });
    Ok(Some(platform))
}

/// What keeps reminders going: the index in every instance, work and clocks where they belong.
fn start_queue(app: &App, tasks: &TaskTracker, role: Role) {
    let keeper = app.clone();
    tasks.spawn(async move { keeper.queue.keep(keeper.stopping.clone()).await });
    if role == Role::Web {
        return;
    }
    let timer = app.clone();
    tasks.spawn(async move {
        let stop = timer.stopping.clone();
        let works = [
            schedule::WORKS,
            visit::remind::WORKS,
            attachment::remind::WORKS,
            privacy::remind::WORKS,
            fee::remind::WORKS,
            dues::remind::WORKS,
            notice::remind::WORKS,
            agreement::remind::WORKS,
            payment::reconcile::clock::WORKS,
            disclosure::ask::WORKS,
        ]
        .concat();
        schedule::keep_time(&timer.store, &*timer.clock, &works, stop).await;
    });
    if app.settings.wechat.robot.mode == RobotMode::Socket {
        tasks.spawn(socket::run(app.clone()));
    }
    let worker = Worker::new(
        app.queue.clone(),
        Arc::new(Postman::new(app.clone(), kinds()).with_last_resort(visit::actions::open)),
        app.clock.clone(),
        app.settings.reminder.clone(),
    );
    tasks.spawn(worker.run(app.stopping.clone()));
}

/// All that reminders may mean.
#[must_use]
pub fn kinds() -> Vec<Kind> {
    [
        case::remind::KINDS,
        person::remind::KINDS,
        attachment::remind::KINDS,
        bot::group::KINDS,
        bot::late::KINDS,
        bot::cards::KINDS,
        mediation::remind::KINDS,
        moderation::remind::KINDS,
        payment::remind::KINDS,
        voucher::remind::KINDS,
        visit::remind::KINDS,
        disclosure::remind::KINDS,
        expense::remind::KINDS,
        privacy::remind::KINDS,
        intake::remind::KINDS,
        fee::remind::KINDS,
        dues::remind::KINDS,
        wish::remind::KINDS,
        giving::remind::KINDS,
        talent::remind::KINDS,
        activity::remind::KINDS,
        volunteer::remind::KINDS,
        station::remind::KINDS,
        notice::remind::KINDS,
        offer::remind::KINDS,
        agreement::remind::KINDS,
        timetable::remind::KINDS,
        handbook::remind::KINDS,
    ]
    .concat()
}

async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let listen = &settings.server.listen;
    let address: SocketAddr = tokio::net::lookup_host(listen)
        .await
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| {
            Usage(format!(
                "configuration: server.listen `{listen}` must be ADDRESS:PORT"
            ))
        })?;
    TcpListener::bind(address).await.with_context(|| {
        format!("无法监听 {listen}:端口可能已被占用,请换一个(LINLI__SERVER__LISTEN=127.0.0.1:端口)")
    })
}

fn serve_http(
    app: &App,
    listener: TcpListener,
    role: Role,
    platform: Option<Platform>,
) -> anyhow::Result<JoinHandle<std::io::Result<()>>> {
    let acceptor = PatientAcceptor(TcpAcceptor::from_tokio(listener)?);
    let server = Server::new_with_acceptor(acceptor).idle_timeout(IDLE);
    let stopped = app.stopping.clone().cancelled_owned();
    let figures = health::figures();
    Ok(match role {
        Role::Worker => {
            let routes = router::worker_routes(app, figures);
            tokio::spawn(server.run_with_graceful_shutdown(routes, stopped, Some(DRAIN)))
        }
        Role::Web | Role::All => {
            let routes = router::routes(app, figures, platform)?;
            tokio::spawn(server.run_with_graceful_shutdown(routes, stopped, Some(DRAIN)))
        }
    })
}

/// The command: runs until a signal; the second signal ends it at once.
///
/// # Errors
/// As [`start`].
pub async fn run(settings: Settings, dice: Arc<Dice>, role: Role) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let movable = settings.sandbox.enabled && settings.sandbox.clock;
    let shift = movable.then(|| Arc::new(ShiftedClock::default()));
    let clock: Arc<dyn Clock> = match &shift {
        Some(shift) => shift.clone(),
        None => Arc::new(SystemClock),
    };
    let boot = Boot {
        clock,
        shift,
        dice,
        role,
    };
    let running = tokio::select! {
        begun = begin(settings, boot) => begun?,
        // A database that hangs may hold up the start: nothing has been taken yet.
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: what is under way may end");
    tokio::select! {
        ended = running.stop() => ended,
        _ = terminate.recv() => Err(anyhow::anyhow!("第二次收到停止信号,立即退出")),
        _ = interrupt.recv() => Err(anyhow::anyhow!("第二次收到停止信号,立即退出")),
    }
}

/// Starts, and says on the terminal where.
async fn begin(settings: Settings, boot: Boot) -> anyhow::Result<Running> {
    let running = start_as(settings, boot).await?;
    let lent = demo::lend_console(&running.app).await;
    greet(&running, lent.context("演示账号无法写入数据库")?);
    Ok(running)
}

/// Says where to look.
fn greet(running: &Running, console: Option<(&str, String)>) {
    let url = &running.app.settings.server.public_url;
    if running.app.settings.sandbox.enabled {
        println!("邻里已启动,请打开 {url}/sandbox");
    } else {
        println!("邻里已启动:{url}");
    }
    if let Some((login, password)) = console {
        println!("工作台 {url}/console 登录名 {login} 密码 {password}(只用于演示,每次启动都换)");
    }
}
