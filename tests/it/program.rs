//! The executable as operators meet it: exit status, one line on stderr, signals, the schema,
//! `doctor`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use linli::store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::db::TestDb;

/// `linli` with nothing of this process' settings.
fn linli(arguments: &[&str], variables: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linli"));
    command.args(arguments).current_dir(std::env::temp_dir());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LINLI")) {
        command.env_remove(name);
    }
    command
        .env("LINLI_CONFIG_DIR", "/nonexistent")
        .envs(variables.iter().cloned())
        .stdin(Stdio::null());
    command
}

async fn run(arguments: &[&str], variables: &[(String, String)]) -> Output {
    let mut command = linli(arguments, variables);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// A served program; killed when dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(variables: &[(String, String)]) -> Self {
        Self::start_as(&[], variables)
    }

    fn start_as(arguments: &[&str], variables: &[(String, String)]) -> Self {
        let mut child = linli(arguments, variables)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let at = line
            .find("http://")
            .unwrap_or_else(|| panic!("no address: {line}"));
        let url = line[at..].trim().trim_end_matches("/sandbox").to_owned();
        Self { child, url }
    }

    fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    async fn exit_code(mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("did not stop");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

fn error_line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    text
}

#[tokio::test]
async fn wrong_usage_and_wrong_settings_are_status_2_and_one_line() {
    let unknown = [("LINLI__SERVER__LISTENN".to_owned(), "x".to_owned())];
    let output = run(&["migrate"], &unknown).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(error_line(&output).contains("listenn"));

    let nonsense = [("LINLI__SERVER__LISTEN".to_owned(), "nowhere".to_owned())];
    let output = run(&["serve"], &nonsense).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(error_line(&output).contains("server.listen"));

    for arguments in [
        &["nothing"][..],
        &["serve", "--role", "king"],
        &["--nothing"],
    ] {
        let output = run(arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(error_line(&output).contains("linli --help"));
    }
    for (arguments, name) in [
        (&["import"][..], "<SOURCE>"),
        (&["admin", "create"], "<NAME>"),
        (&["serve", "--role", "king"], "web, worker, all"),
        (&["admin"], "子命令"),
    ] {
        let output = run(arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let line = error_line(&output);
        assert!(line.contains(name), "{line}");
    }
    for (name, value, words) in [
        ("DATABASE__URL", "mysql://x", "database.url"),
        ("WECHAT__OFFICIAL__MODE", "foo", "plain, compatible or safe"),
        // The key of the development profile is set.
        ("WECHAT__OFFICIAL__MODE", "plain", "accept_plain"),
    ] {
        let wrong = [(format!("LINLI__{name}"), value.to_owned())];
        let output = run(&["migrate", "status"], &wrong).await;
        assert_eq!(output.status.code(), Some(2), "{name}");
        let line = error_line(&output);
        assert!(line.contains(words), "{line}");
    }
    for help in ["--help", "help"] {
        let output = run(&[help], &[]).await;
        assert_eq!(output.status.code(), Some(0), "{help}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("doctor"), "{help}: {text}");
    }
    assert_eq!(run(&["--version"], &[]).await.status.code(), Some(0));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_status_1_and_named() {
    let variables = [
        (
            "LINLI__DATABASE__URL".to_owned(),
            "postgres://linli:hidden@127.0.0.1:1/linli".to_owned(),
        ),
        ("LINLI__SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
    ];
    let output = run(&["serve"], &variables).await;
    assert_eq!(output.status.code(), Some(1));
    let line = error_line(&output);
    assert!(
        line.contains("database.url") && !line.contains("hidden"),
        "{line}"
    );
}

#[tokio::test]
async fn the_schema_goes_up_down_and_tells_its_state() {
    let db = TestDb::fresh().await;
    let say = |output: Output| String::from_utf8(output.stdout).unwrap();
    let variables = db.variables();
    let status = say(run(&["migrate", "status"], &variables).await);
    assert!(status.contains("待完成 0 步"), "{status}");
    let down = run(&["migrate", "down"], &variables).await;
    assert_eq!(down.status.code(), Some(0));
    assert!(say(down).contains("待完成 1 步"));
    let up = run(&["migrate"], &variables).await;
    assert_eq!(up.status.code(), Some(0));
    assert!(say(up).contains("待完成 0 步"));
}

#[tokio::test]
async fn two_instances_may_start_at_once_on_an_empty_database() {
    let db = TestDb::fresh().await;
    let mut variables = db.variables();
    if db.url.starts_with("sqlite") {
        let path = db.folder.path().join("empty.db");
        let url = format!("sqlite://{}?mode=rwc", path.display());
        variables.push(("LINLI__DATABASE__URL".to_owned(), url));
    } else {
        for _ in 0..migration_steps() {
            assert!(run(&["migrate", "down"], &variables).await.status.success());
        }
    }
    let (one, other) = tokio::join!(run(&["migrate"], &variables), run(&["migrate"], &variables));
    for output in [one, other] {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_may_be_opened_by_many_at_the_same_instant() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..30 {
        let path = folder.path().join(format!("new{round}.db"));
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let settings = linli::config::Database {
            url: url.into(),
            max_connections: 2,
        };
        let opened = (0..8).map(|_| {
            let settings = settings.clone();
            tokio::spawn(async move { Store::connect(&settings).await.map(|_| ()) })
        });
        for one in futures_util::future::join_all(opened).await {
            one.unwrap().unwrap();
        }
    }
}

fn migration_steps() -> usize {
    use migration::MigratorTrait;
    migration::Migrator::migrations().len()
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_program_stops() {
    let db = TestDb::fresh().await;
    let mut variables = db.variables();
    variables.push(("LINLI__SANDBOX__ENABLED".to_owned(), "true".to_owned()));
    let served = Served::start(&variables);
    let mut slow = TcpStream::connect(served.address()).await.unwrap();
    let body = "{\"code\":\"x\"}";
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    served.signal("TERM");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(
        TcpStream::connect(served.address()).await.is_err(),
        "still taking connections"
    );
    slow.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    // The pretended platform has stopped listening with the rest, so the code cannot be exchanged.
    assert!(
        answer.starts_with("HTTP/1.1 503") || answer.starts_with("HTTP/1.1 422"),
        "{answer}"
    );
    assert_eq!(served.exit_code().await, Some(0));
}

#[tokio::test]
async fn a_role_serves_its_part_only() {
    let db = TestDb::fresh().await;
    for (role, callback) in [("worker", "404"), ("web", "403"), ("all", "403")] {
        let served = Served::start_as(&["serve", "--role", role], &db.variables());
        for (path, wanted) in [("/readyz", "200"), ("/wechat/official", callback)] {
            let mut stream = TcpStream::connect(served.address()).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {wanted}")),
                "{role} {path}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn open_streams_do_not_hold_the_program_back() {
    let db = TestDb::fresh().await;
    let mut variables = db.variables();
    variables.push(("LINLI__SANDBOX__ENABLED".to_owned(), "true".to_owned()));
    let served = Served::start(&variables);
    let mut stream = TcpStream::connect(served.address()).await.unwrap();
    stream
        .write_all(b"GET /sandbox/live HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let began = Instant::now();
    served.signal("INT");
    assert_eq!(served.exit_code().await, Some(0));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn it_is_ready_soon_on_an_existing_database() {
    let db = TestDb::fresh().await;
    let began = Instant::now();
    let served = Served::start(&db.variables());
    let mut stream = TcpStream::connect(served.address()).await.unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // One second on a quiet machine; a test that runs beside others gives it three.
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

fn told(output: &Output, name: &str) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains(&format!(" {name}:")));
    line.unwrap_or_else(|| panic!("nothing of {name}: {text}"))
        .to_owned()
}

#[tokio::test]
async fn doctor_names_each_part_that_fails_and_what_to_do() {
    let db = TestDb::fresh().await;
    let mut variables = db.variables();
    for (name, value) in [
        ("LINLI__WECHAT__OFFICIAL__API_BASE", "http://127.0.0.1:1"),
        ("LINLI__WECHAT__MINI__API_BASE", "http://127.0.0.1:1"),
        ("LINLI__WECHAT__WORK__API_BASE", "http://127.0.0.1:1"),
        ("LINLI__REDIS__URL", "redis://127.0.0.1:1"),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let output = run(&["doctor"], &variables).await;
    assert_eq!(output.status.code(), Some(1));
    for (name, word) in [
        ("Redis", "redis.url"),
        ("公众号", "api_base"),
        ("小程序", "api_base"),
        ("企业微信", "api_base"),
        ("机器人", "public_url"),
    ] {
        let line = told(&output, name);
        assert!(line.starts_with("故障") && line.contains(word), "{line}");
    }
    for name in ["数据库", "时钟", "提醒", "存储"] {
        let line = told(&output, name);
        assert!(line.starts_with("正常"), "{line}");
    }
    assert!(error_line(&output).contains("5 项"));
}

#[tokio::test]
async fn doctor_says_when_the_database_is_away() {
    let away = [(
        "LINLI__DATABASE__URL".to_owned(),
        "postgres://x:hidden@127.0.0.1:1/x".to_owned(),
    )];
    let output = run(&["doctor"], &away).await;
    assert_eq!(output.status.code(), Some(1));
    let line = told(&output, "数据库");
    assert!(
        line.starts_with("故障") && line.contains("database.url"),
        "{line}"
    );
    assert!(!line.contains("hidden"), "{line}");
}

#[tokio::test]
async fn doctor_is_content_while_the_program_runs() {
    let db = TestDb::fresh().await;
    let mut variables = db.variables();
    variables.push(("LINLI__SANDBOX__ENABLED".to_owned(), "true".to_owned()));
    let served = Served::start(&variables);
    let url = served.url.clone();
    variables.push(("LINLI__SERVER__PUBLIC_URL".to_owned(), url));
    let base = format!("{}/sandbox/api", served.url);
    for name in ["OFFICIAL", "MINI"] {
        variables.push((format!("LINLI__WECHAT__{name}__API_BASE"), base.clone()));
    }
    let output = run(&["doctor"], &variables).await;
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!text.contains("故障"), "{text}");
    assert!(told(&output, "公众号回调").contains("应答正确"), "{text}");
    assert!(
        !text.contains("提醒 公众号"),
        "warned outside of production: {text}"
    );
}

/// A server that answers everything with this; its address.
async fn answers(status: u16, body: &'static str) -> String {
    use poem::listener::{Acceptor, Listener, TcpListener};
    let acceptor = TcpListener::bind("127.0.0.1:0")
        .into_acceptor()
        .await
        .unwrap();
    let port = acceptor.local_addr()[0].as_socket_addr().unwrap().port();
    let status = poem::http::StatusCode::from_u16(status).unwrap();
    let always =
        poem::endpoint::make_sync(move |_| poem::Response::builder().status(status).body(body));
    tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(always));
    format!("http://127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_why_the_callback_is_not_reached() {
    let db = TestDb::fresh().await;
    for (url, words) in [
        (answers(403, "refused").await, "token 不同"),
        (answers(404, "not found").await, "不是邻里"),
        (answers(502, "bad gateway").await, "应答 502"),
        (answers(200, "hello").await, "与平台的检验不符"),
        (answers(302, "").await, "应答 302"),
        (
            "http://127.0.0.1:1".to_owned(),
            "打不开 http://127.0.0.1:1/wechat/official",
        ),
    ] {
        let mut variables = db.variables();
        variables.push(("LINLI__SERVER__PUBLIC_URL".to_owned(), url));
        let output = run(&["doctor"], &variables).await;
        let line = told(&output, "公众号回调");
        assert!(line.starts_with("故障") && line.contains(words), "{line}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[tokio::test]
async fn doctor_warns_in_production_of_what_can_be_forged() {
    let db = TestDb::fresh().await;
    let warned = async |profile: &str, mode: &str, accept_plain: &str| {
        let mut variables = db.variables();
        for (name, value) in [
            ("LINLI_PROFILE", profile),
            ("LINLI__WECHAT__OFFICIAL__MODE", mode),
            ("LINLI__WECHAT__OFFICIAL__ACCEPT_PLAIN", accept_plain),
            ("LINLI__WECHAT__OFFICIAL__APP_ID", "wx1"),
            ("LINLI__WECHAT__OFFICIAL__APP_SECRET", "hush"),
            ("LINLI__WECHAT__OFFICIAL__TOKEN", "AAAAA"),
            ("LINLI__WECHAT__OFFICIAL__ENCODING_AES_KEY", &"A".repeat(43)),
            ("LINLI__WECHAT__OFFICIAL__API_BASE", "http://127.0.0.1:1"),
            (
                "LINLI__SECURITY__DATA_KEY",
                &format!("{}AQE=", "AQEB".repeat(10)),
            ),
        ] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        let output = run(&["doctor"], &variables).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("数据库"), "{text} {}", error_line(&output));
        let lines = text.lines().filter(|line| line.starts_with("提醒 公众号"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let plain = warned("production", "plain", "true").await;
    assert!(plain.contains("mode 是 plain"), "{plain}");
    assert_eq!(plain.lines().count(), 1, "{plain}");
    let accepts = warned("production", "safe", "true").await;
    assert!(accepts.contains("accept_plain 已打开"), "{accepts}");
    assert_eq!(warned("production", "safe", "false").await, "");
    assert_eq!(warned("development", "plain", "true").await, "");
}

/// Nothing is left behind in the folder where a command ran.
#[tokio::test]
async fn help_touches_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = linli(&["--help"], &[])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(child.wait().unwrap().success());
    for word in ["serve", "migrate", "doctor"] {
        assert!(text.contains(word), "{text}");
    }
    assert_eq!(Path::new(folder.path()).read_dir().unwrap().count(), 0);
}
