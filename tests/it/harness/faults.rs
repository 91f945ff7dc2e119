//! Servers and wires that a test may break: a PostgreSQL and a Redis of its own, and a wire
//! ([`Wire`]) that can be cut, mended and slowed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{free_port, until};

/// A program's path from the environment; none when the test was not started by `tests/run`.
fn program(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

fn quiet(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

/// `setpriv` in front of a program: dies with this test, and under another account if one is named.
fn leashed(account: Option<&str>, program: PathBuf) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(account) = account {
        command.args(["--reuid", account, "--regid", account, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

/// A Redis of one's own. Killed when dropped.
pub struct OwnRedis {
    port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl OwnRedis {
    /// Starts one; none when this run has no Redis program.
    pub async fn start() -> Option<Self> {
        program("LINLI_TEST_REDIS_SERVER")?;
        let mut redis = Self {
            port: free_port(),
            folder: tempfile::tempdir().unwrap(),
            child: None,
        };
        redis.start_again().await;
        Some(redis)
    }

    /// Its URL, the same after each start.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again, with nothing in it.
    pub async fn start_again(&mut self) {
        self.kill9();
        let port = self.port.to_string();
        let mut command = leashed(None, program("LINLI_TEST_REDIS_SERVER").unwrap());
        command
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "no", "--dir"])
            .arg(self.folder.path());
        self.child = Some(quiet(&mut command).spawn().unwrap());
        let address = format!("127.0.0.1:{port}");
        until("Redis starts", 20, async || {
            let mut stream = TcpStream::connect(&address).await.ok()?;
            stream.write_all(b"PING\r\n").await.ok()?;
            let mut answer = [0; 7];
            stream.read_exact(&mut answer).await.ok()?;
            answer.starts_with(b"+PONG").then_some(())
        })
        .await;
    }

    /// Ends it without a word.
    pub fn kill9(&mut self) {
        kill(self.child.take());
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn kill(child: Option<Child>) {
    if let Some(mut child) = child {
        drop(child.kill());
        drop(child.wait());
    }
}

/// A PostgreSQL of one's own, that keeps its data over a crash. Killed when dropped.
pub struct OwnPostgres {
    port: u16,
    account: Option<String>,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl OwnPostgres {
    /// Makes and starts one; none when this run has no PostgreSQL programs.
    pub async fn start() -> Option<Self> {
        let programs = program("LINLI_TEST_PG_BIN")?;
        let account = std::env::var("LINLI_TEST_PG_USER")
            .ok()
            .filter(|name| !name.is_empty());
        let mut postgres = Self {
            port: free_port(),
            account,
            folder: tempfile::tempdir_in("/tmp").unwrap(),
            child: None,
        };
        let data = postgres.data();
        std::fs::create_dir(&data).unwrap();
        if let Some(account) = &postgres.account {
            let own = Command::new("chown").arg(account).arg(&data).status();
            assert!(own.unwrap().success());
            let open = Command::new("chmod")
                .arg("711")
                .arg(postgres.folder.path())
                .status();
            assert!(open.unwrap().success());
        }
        let mut init = leashed(postgres.account.as_deref(), programs.join("initdb"));
        init.current_dir(postgres.folder.path())
            .args(["-U", "linli", "--auth=trust", "-E", "UTF8", "--no-locale"])
            .args(["--no-sync", "-D"])
            .arg(&data);
        assert!(
            quiet(&mut init).status().unwrap().success(),
            "initdb failed"
        );
        postgres.start_again().await;
        Some(postgres)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// URL of its one database, the same after each start.
    pub fn url(&self) -> String {
        format!("postgres://linli@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it again on what it had.
    pub async fn start_again(&mut self) {
        self.kill9();
        let port = self.port.to_string();
        let programs = program("LINLI_TEST_PG_BIN").unwrap();
        let mut command = leashed(self.account.as_deref(), programs.join("postgres"));
        command
            .current_dir(self.folder.path())
            .arg("-D")
            .arg(self.data())
            .args(["-p", &port, "-c", "listen_addresses=127.0.0.1"])
            .args([
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_connections=100",
            ]);
        self.child = Some(quiet(&mut command).spawn().unwrap());
        let ready = programs.join("pg_isready");
        until("PostgreSQL starts", 60, async || {
            let mut look = Command::new(&ready);
            look.args(["-q", "-h", "127.0.0.1", "-p", &port]);
            quiet(&mut look).status().ok()?.success().then_some(())
        })
        .await;
    }

    /// Ends it without a word.
    pub fn kill9(&mut self) {
        kill(self.child.take());
        // Its own children notice only a moment later, and hold its lock file until then.
        std::thread::sleep(Duration::from_millis(200));
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// A wire from a port of 127.0.0.1 to another, that can be cut, mended and slowed.
pub struct Wire {
    port: u16,
    state: Arc<State>,
    cut: watch::Sender<u64>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    broken: AtomicBool,
    delay_ms: AtomicU64,
    left: AtomicI64,
    /// Whether a piece is held back.
    holds: AtomicBool,
}

impl Wire {
    /// To this port of 127.0.0.1.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            broken: AtomicBool::new(false),
            delay_ms: AtomicU64::new(0),
            left: AtomicI64::new(i64::MAX),
            holds: AtomicBool::new(false),
        });
        let (cut, watching) = watch::channel(0);
        let task = tokio::spawn(accept(listener, target, Arc::clone(&state), watching));
        Self {
            port,
            state,
            cut,
            task,
        }
    }

    /// Its near end.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks every connection, and each new one at once.
    pub fn cut(&self) {
        self.state.broken.store(true, Ordering::SeqCst);
        self.cut.send_modify(|count| *count += 1);
    }

    /// New connections go through again.
    pub fn mend(&self) {
        self.state.broken.store(false, Ordering::SeqCst);
    }

    /// Lets so many more pieces go to the far end, over all connections; the next one and all after
    /// it are held back.
    pub fn allow(&self, pieces: i64) {
        self.state.holds.store(false, Ordering::SeqCst);
        self.state.left.store(pieces, Ordering::SeqCst);
    }

    /// Waits until a piece is held back.
    pub async fn spent(&self) {
        while !self.holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Whether a piece is held back, for ever: its connection has to be cut.
    pub fn holds(&self) -> bool {
        self.state.holds.load(Ordering::SeqCst)
    }

    /// Nothing more is held back.
    pub fn let_go(&self) {
        self.state.left.store(i64::MAX, Ordering::SeqCst);
    }

    /// Every piece waits so long, each way.
    pub fn slow(&self, delay: Duration) {
        let ms = u64::try_from(delay.as_millis()).unwrap();
        self.state.delay_ms.store(ms, Ordering::SeqCst);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

/// The same variables with a wire before the database, for a program that does nothing by itself.
pub async fn tapped(variables: &[(String, String)]) -> (Wire, Vec<(String, String)>) {
    let mut variables = variables.to_vec();
    let url = variables
        .iter_mut()
        .find(|(name, _)| name == "LINLI__DATABASE__URL");
    let (_, url) = url.unwrap();
    let port = regex::Regex::new(r"127\.0\.0\.1:(\d+)").unwrap();
    let wire = Wire::to(port.captures(url).unwrap()[1].parse().unwrap()).await;
    let near = format!("127.0.0.1:{}", wire.port());
    *url = port.replace(url, near.as_str()).into_owned();
    for (name, value) in [
        ("REMINDER__POLL_MS", "3000"),
        ("REMINDER__SWEEP_SECONDS", "600"),
    ] {
        let name = format!("LINLI__{name}");
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value.to_owned()));
    }
    (wire, variables)
}

async fn accept(
    listener: TcpListener,
    target: u16,
    state: Arc<State>,
    watching: watch::Receiver<u64>,
) {
    while let Ok((near, _)) = listener.accept().await {
        if state.broken.load(Ordering::SeqCst) {
            continue; // dropped at once
        }
        let (state, mut watching) = (Arc::clone(&state), watching.clone());
        watching.mark_unchanged();
        tokio::spawn(async move {
            let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else {
                return;
            };
            let (near_in, near_out) = near.into_split();
            let (far_in, far_out) = far.into_split();
            tokio::select! {
                () = carry(near_in, far_out, &state, true) => {}
                () = carry(far_in, near_out, &state, false) => {}
                _ = watching.changed() => {}
            }
        });
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    state: &State,
    outward: bool,
) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(length) = from.read(&mut piece).await {
        let delay = state.delay_ms.load(Ordering::SeqCst);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if outward && length > 0 && state.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            state.holds.store(true, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        if length == 0 || to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
