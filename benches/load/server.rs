//! The real program: its settings, its start on one core, its commands. Used by every scenario
//! that needs the whole house.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::client::Connection;
use crate::machine::{self, Process};
use crate::platform::Sample;

/// A data key that encrypts nothing but made-up phones.
const DATA_KEY: &str = "bG9hZCBtZWFzdXJlbWVudHMgb25seSwgMzIgYnl0ZXM=";

/// Names the file of settings, if a scenario writes one.
const PROFILE: &str = "load";

/// The same as bytes.
pub fn data_key() -> Result<[u8; 32]> {
    let key = STANDARD.decode(DATA_KEY)?;
    key.try_into()
        .map_err(|_| anyhow!("the data key has not 32 bytes"))
}

/// How the program is to run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// `LINLI__…` and their values.
    variables: Vec<(String, String)>,
    room: PathBuf,
}

impl Setup {
    /// The defaults of the program, the sample's keys, no rate limit, this database.
    pub fn new(room: &Path, sample: &Sample, database_url: &str) -> Self {
        let mut setup = Self {
            variables: Vec::new(),
            room: room.to_owned(),
        };
        for (key, value) in [
            ("DATABASE__URL", database_url),
            ("SECURITY__DATA_KEY", DATA_KEY),
            ("STORAGE__URL", &format!("fs://{}/files", room.display())),
            ("WECHAT__OFFICIAL__APP_ID", &sample.app_id),
            ("WECHAT__OFFICIAL__APP_SECRET", "load"),
            ("WECHAT__OFFICIAL__TOKEN", &sample.token),
            (
                "WECHAT__OFFICIAL__ENCODING_AES_KEY",
                &sample.encoding_aes_key,
            ),
            ("WECHAT__OFFICIAL__API_BASE", "http://127.0.0.1:9"),
            ("WECHAT__MINI__APP_ID", "wxload"),
            ("WECHAT__MINI__API_BASE", "http://127.0.0.1:9"),
            ("LIMITS__MESSAGES_PER_MINUTE", "1000000000"),
        ] {
            setup.set(key, value);
        }
        setup
    }

    /// One more setting: `REDIS__URL`.
    pub fn set(&mut self, key: &str, value: &str) {
        self.variables
            .push((format!("LINLI__{key}"), value.to_owned()));
    }

    /// What stands in the file of settings.
    pub fn write_settings(&self, text: &str) -> Result<()> {
        let file = self.room.join(format!("{PROFILE}.toml"));
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    fn command(&self) -> Command {
        let mut command = Command::new("taskset");
        command
            .args(["-c", machine::SERVER_CORE, env!("CARGO_BIN_EXE_linli")])
            .current_dir(&self.room)
            .env("LINLI_PROFILE", PROFILE)
            .env("LINLI_CONFIG_DIR", &self.room)
            .envs(self.variables.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Runs a command of the program to its end: `migrate up`.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        machine::run(self.command().args(arguments))
    }

    /// The same; the most memory that it held, MB.
    pub fn run_watched(&self, arguments: &[&str]) -> Result<f64> {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut peak = 0.0_f64;
        loop {
            if let Some(status) = child.try_wait()? {
                if !status.success() {
                    bail!("{arguments:?} failed: {status}");
                }
                return Ok(peak);
            }
            peak = peak.max(machine::peak_mb(child.id()));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts `linli serve` and waits until it is ready.
    pub async fn serve(&self, role: &str) -> Result<Server> {
        let address = SocketAddr::from(([127, 0, 0, 1], machine::free_port()?));
        let log = std::fs::File::create(self.room.join("linli.log"))?;
        let began = Instant::now();
        let process = Process::start(
            self.command()
                .env("LINLI__SERVER__LISTEN", address.to_string())
                .args(["serve", "--role", role])
                .stdout(Stdio::from(log.try_clone()?))
                .stderr(Stdio::from(log)),
            "-TERM",
        )?;
        let mut server = Server {
            process,
            address,
            start: Duration::ZERO,
        };
        while !ready(address).await {
            server
                .process
                .alive()
                .with_context(|| self.log().unwrap_or_default())?;
            if began.elapsed() > Duration::from_secs(30) {
                bail!("the program does not become ready: {}", self.log()?);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.start = began.elapsed();
        Ok(server)
    }

    /// What the last start logged.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.room.join("linli.log"))?)
    }
}

/// The running program.
pub struct Server {
    process: Process,
    address: SocketAddr,
    start: Duration,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From its start to the first 200 of `/readyz`.
    pub fn start_time(&self) -> Duration {
        self.start
    }

    /// Resident memory in MB.
    pub fn resident_mb(&self) -> f64 {
        machine::resident_mb(self.process.id())
    }

    /// Seconds of processor time so far.
    pub fn processor_seconds(&self) -> f64 {
        machine::processor_seconds(self.process.id())
    }
}

async fn ready(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else {
        return false;
    };
    matches!(connection.get("/readyz").await, Ok(answer) if answer.status == 200)
}
