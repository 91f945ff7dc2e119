//! The executable as a process: run to its end, or left running and killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{free_port, until};

/// The command with these settings and nothing of this machine's environment that begins with `LINLI`.
pub fn command(variables: &[(String, String)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linli"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LINLI") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .envs(variables.iter().cloned())
        .env("LINLI_CONFIG_DIR", "/nonexistent")
        .current_dir(Path::new(env!("CARGO_TARGET_TMPDIR")))
        .stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub async fn run(variables: &[(String, String)], arguments: &[&str]) -> Output {
    let mut command = command(variables, arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// Runs it to its end, which must be good; what it printed.
pub async fn succeed(variables: &[(String, String)], arguments: &[&str]) -> String {
    let output = run(variables, arguments).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "linli {arguments:?} ended with {}: {errors}",
        output.status
    );
    String::from_utf8(output.stdout).unwrap()
}

/// `linli serve` as a process on a port that stays the same. Killed when dropped.
pub struct Program {
    port: u16,
    variables: Vec<(String, String)>,
    child: Option<Child>,
    log: Arc<Mutex<String>>,
}

impl Program {
    /// Starts it and waits until it is ready.
    pub async fn start(variables: &[(String, String)]) -> Self {
        let port = free_port();
        let mut variables = variables.to_vec();
        variables.retain(|(name, _)| name != "LINLI__SERVER__LISTEN");
        let listen = format!("127.0.0.1:{port}");
        variables.push(("LINLI__SERVER__LISTEN".to_owned(), listen));
        let mut program = Self {
            port,
            variables,
            child: None,
            log: Arc::default(),
        };
        program.restart().await;
        program
    }

    /// `http://127.0.0.1:1234`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it wrote to stderr so far.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Kills it if it runs, and starts it again; waits until it is ready.
    pub async fn restart(&mut self) {
        self.kill9();
        self.launch();
        let url = format!("{}/readyz", self.url());
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        let log = Arc::clone(&self.log);
        until("linli serve is ready", 30, async || {
            let answer = http.get(&url).send().await.ok()?;
            if answer.status().is_success() {
                return Some(());
            }
            drop(log.lock());
            None
        })
        .await;
    }

    /// Starts it without waiting.
    pub fn launch(&mut self) {
        let mut command = command(&self.variables, &["serve"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let errors = child.stderr.take().unwrap();
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&line);
                log.push('\n');
            }
        });
        self.child = Some(child);
    }

    /// SIGKILL.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// SIGTERM, then waits; how it ended.
    pub async fn terminate(&mut self) -> std::process::ExitStatus {
        let mut child = self.child.take().unwrap();
        let told = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(told.unwrap().success());
        tokio::task::spawn_blocking(move || child.wait().unwrap())
            .await
            .unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill9();
    }
}
