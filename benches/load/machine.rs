//! What the scenarios start beside themselves, and what the kernel says of it: throw-away
//! PostgreSQL and Redis in a temporary folder, free ports, cores, processor time, memory.
//! Everything is stopped by its own process id when it is dropped.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The core of the program under test, and of what it is compared with.
pub const SERVER_CORE: &str = "0";
/// The core of the clients.
pub const CLIENT_CORE: &str = "1";
/// Ticks of the kernel's processor times; fixed on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process that ends with its owner.
pub struct Process {
    child: Child,
    signal: &'static str,
}

impl Process {
    /// Starts it; `signal` is what asks it to stop.
    pub fn start(command: &mut Command, signal: &'static str) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self { child, signal })
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Fails when it has ended by itself.
    pub fn alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("a process that should run has ended: {status}"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        // Best effort: whatever goes wrong here, the hard way follows.
        let _ = Command::new("kill").args([self.signal, &id]).status();
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A folder under /tmp that other accounts may enter.
pub fn room() -> Result<tempfile::TempDir> {
    let room = tempfile::Builder::new()
        .prefix("linli-load-")
        .tempdir_in("/tmp")?;
    run(Command::new("chmod").arg("711").arg(room.path()))?;
    Ok(room)
}

/// Runs a command to its end and returns what it printed.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Ties the measuring program itself to the clients' core.
pub fn stay_on_client_core() -> Result<()> {
    stay_on(CLIENT_CORE)
}

/// Ties the measuring program itself to a core.
pub fn stay_on(core: &str) -> Result<()> {
    let id = std::process::id().to_string();
    run(Command::new("taskset").args(["-a", "-c", "-p", core, &id])).map(drop)
}

/// Lets the measuring program run anywhere again.
pub fn roam() -> Result<()> {
    let id = std::process::id().to_string();
    run(Command::new("taskset").args(["-a", "-p", "ffffffff", &id])).map(drop)
}

/// Seconds of processor time that a process and its direct children have used.
pub fn processor_seconds(id: u32) -> f64 {
    let mut ticks = ticks(id);
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        if let Some(other) = name.to_str().and_then(|name| name.parse().ok())
            && parent_of(other) == Some(id)
        {
            ticks += self::ticks(other);
        }
    }
    ticks / TICKS_PER_SECOND
}

/// Seconds of processor time of a process without its children.
pub fn own_processor_seconds(id: u32) -> f64 {
    let fields = stat(id);
    let used = fields.iter().skip(11).take(2);
    used.filter_map(|text| text.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_PER_SECOND
}

/// The fields of a process's `stat` behind its name, which may hold blanks.
fn stat(id: u32) -> Vec<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    rest.split_whitespace().map(str::to_owned).collect()
}

fn parent_of(id: u32) -> Option<u32> {
    stat(id).get(1)?.parse().ok()
}

/// User and system ticks of a process, with those of its ended children.
fn ticks(id: u32) -> f64 {
    let fields = stat(id);
    let used = fields.iter().skip(11).take(4);
    used.filter_map(|text| text.parse::<f64>().ok()).sum()
}

/// Resident memory of a process in MB.
pub fn resident_mb(id: u32) -> f64 {
    memory_mb(id, "VmRSS:")
}

/// The most of it so far.
pub fn peak_mb(id: u32) -> f64 {
    memory_mb(id, "VmHWM:")
}

fn memory_mb(id: u32, which: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    let kb: f64 = line
        .and_then(|text| text.trim().trim_end_matches("kB").trim().parse().ok())
        .unwrap_or(0.0);
    kb / 1024.0
}

/// A PostgreSQL of our own, with its defaults: every commit is flushed.
pub struct Postgres {
    process: Process,
    port: u16,
    log: PathBuf,
}

impl Postgres {
    /// Makes and starts it under `room`; `options` are `-c` settings beside the defaults.
    pub fn start(room: &Path, options: &[&str]) -> Result<Self> {
        let bin = postgres_programs()?;
        let home = room.join("postgres");
        std::fs::create_dir(&home)?;
        let root = run(Command::new("id").arg("-u"))?.trim() == "0";
        if root {
            run(Command::new("chown").arg("postgres").arg(&home))?;
        }
        let data = home.join("data");
        let mut initdb = as_postgres(root, &bin.join("initdb"));
        initdb
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"])
            .arg("-D")
            .arg(&data);
        run(&mut initdb)?;
        let port = free_port()?;
        let log = room.join("postgres.log");
        let mut command = as_postgres(root, &bin.join("postgres"));
        command.arg("-D").arg(&data).arg("-k").arg(&home).args([
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
        ]);
        for option in options {
            command.args(["-c", option]);
        }
        command
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .current_dir(&home);
        let process = Process::start(&mut command, "-INT")?;
        let server = Self { process, port, log };
        let until = Instant::now() + Duration::from_secs(30);
        while server.psql("postgres", "SELECT 1").is_err() {
            if Instant::now() > until {
                bail!("PostgreSQL does not answer, see {}", server.log.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ties it, and the connections to come, to these cores.
    pub fn stay_on(&self, cores: &str) -> Result<()> {
        let mut all = vec![self.id()];
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let name = entry.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            if parent_of(id) == Some(self.id()) {
                all.push(id);
            }
        }
        for id in all {
            // One of them may have ended meanwhile.
            let _ = run(Command::new("taskset").args(["-c", "-p", cores, &id.to_string()]));
        }
        Ok(())
    }

    /// What it logged so far.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// Makes an empty database and returns its URL.
    pub fn database(&self, name: &str) -> Result<String> {
        self.psql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(format!(
            "postgres://postgres@127.0.0.1:{}/{name}",
            self.port
        ))
    }

    /// Copies a database that nobody is connected to, and returns the copy's URL.
    pub fn copy(&self, from: &str, name: &str) -> Result<String> {
        self.psql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE {from}"),
        )?;
        Ok(format!(
            "postgres://postgres@127.0.0.1:{}/{name}",
            self.port
        ))
    }

    /// One statement; returns its bare rows.
    pub fn psql(&self, database: &str, statement: &str) -> Result<String> {
        let port = self.port.to_string();
        let out = run(Command::new("psql")
            .args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres"])
            .args(["-v", "ON_ERROR_STOP=1", "-qAtX", "-d", database])
            .args(["-c", statement]))?;
        Ok(out.trim().to_owned())
    }
}

/// The newest installed PostgreSQL's folder of programs.
pub fn postgres_programs() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found
        .pop()
        .context("PostgreSQL is missing: apt-get install postgresql")
}

/// PostgreSQL refuses to run as root.
fn as_postgres(root: bool, program: &Path) -> Command {
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program);
    command
}

/// A Redis of our own that keeps nothing.
pub struct Redis {
    process: Process,
    port: u16,
}

impl Redis {
    /// Starts it under `room`.
    pub fn start(room: &Path) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(room)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Process::start(&mut command, "-TERM")?;
        let until = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                bail!("Redis does not answer");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { process, port })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}
