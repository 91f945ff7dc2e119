//! A database (and a Redis prefix) for each test, on the pairing that `LINLI_TEST_BACKEND` names:
//! `sqlite` (also when nothing is said), `sqlite+redis`, `postgres`, `postgres+redis`.
//! It is a copy of a template that is made once per build; what fills a template is the caller's.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use linli::config::Settings;
use linli::store::Store;
use migration::MigratorTrait;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

/// Which pairing this run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend {
    /// PostgreSQL, else SQLite.
    pub postgres: bool,
    /// Redis beside it.
    pub redis: bool,
}

impl Backend {
    /// As the environment says.
    pub fn chosen() -> Self {
        let name = std::env::var("LINLI_TEST_BACKEND").unwrap_or_else(|_| "sqlite".to_owned());
        let (postgres, redis) = match name.as_str() {
            "sqlite" => (false, false),
            "sqlite+redis" => (false, true),
            "postgres" => (true, false),
            "postgres+redis" => (true, true),
            other => panic!("LINLI_TEST_BACKEND={other} is no pairing"),
        };
        Self { postgres, redis }
    }
}

/// A database of one test. Gone when dropped.
pub struct TestDb {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// Redis, if the pairing has one.
    pub redis_url: Option<String>,
    /// Begins every key of this test in Redis.
    pub redis_prefix: String,
    /// For files of this test; removed with it.
    pub folder: tempfile::TempDir,
    postgres: Option<String>,
}

impl TestDb {
    /// The schema, and nothing in it.
    pub async fn fresh() -> Self {
        Self::copy_of("schema", |_| async {}).await
    }

    /// A copy of the template of this name, which `fill` makes the first time: it finds the schema
    /// in the store that it is given.
    pub async fn copy_of<F>(template: &str, fill: impl FnOnce(Settings) -> F) -> Self
    where
        F: Future<Output = ()>,
    {
        let backend = Backend::chosen();
        let folder = tempfile::tempdir().unwrap();
        let id = uuid::Uuid::now_v7().simple().to_string();
        let (url, postgres) = if backend.postgres {
            let template = postgres_template(template, fill).await;
            let name = format!("t{id}");
            // Its files copied, a fifth of the time of the default; nothing here must survive a crash.
            let copy = format!("TEMPLATE {template} STRATEGY FILE_COPY");
            let statement = format!("CREATE DATABASE {name} {copy}");
            admin().await.execute_unprepared(&statement).await.unwrap();
            (postgres_url(&name), Some(name))
        } else {
            let path = folder.path().join("linli.db");
            let template = sqlite_template(template, fill).await;
            std::fs::copy(template, &path).unwrap();
            (sqlite_url(&path), None)
        };
        let redis_url = backend.redis.then(|| expect_env("LINLI_TEST_REDIS"));
        Self {
            url,
            redis_url,
            redis_prefix: format!("t{id}"),
            folder,
            postgres,
        }
    }

    /// An empty PostgreSQL database that somebody else made, filled on the spot.
    pub async fn on<F>(url: &str, fill: impl FnOnce(Settings) -> F) -> Self
    where
        F: Future<Output = ()>,
    {
        let folder = tempfile::tempdir().unwrap();
        make(url, folder.path(), fill).await;
        Self {
            url: url.to_owned(),
            redis_url: Backend::chosen()
                .redis
                .then(|| expect_env("LINLI_TEST_REDIS")),
            redis_prefix: format!("t{}", uuid::Uuid::now_v7().simple()),
            folder,
            postgres: None,
        }
    }

    /// The same as environment variables, for settings and for a process.
    pub fn variables(&self) -> Vec<(String, String)> {
        let mut all = variables_for(&self.url, self.folder.path());
        if let Some(url) = &self.redis_url {
            all.push(("LINLI__REDIS__URL".to_owned(), url.clone()));
            all.push(("LINLI__REDIS__PREFIX".to_owned(), self.redis_prefix.clone()));
        }
        all
    }

    /// Settings of the development profile on this database: no sandbox, no demo.
    pub fn settings(&self) -> Settings {
        settings_from(&self.variables())
    }

    /// A connection of its own.
    pub async fn store(&self) -> Store {
        Store::connect(&self.settings().database).await.unwrap()
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Some(name) = self.postgres.take() else {
            return;
        };
        // Dropping is not async, and the test's runtime may be going down.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                admin().await.execute_unprepared(&statement).await.ok();
            });
            Ok::<(), std::io::Error>(())
        });
        drop(dropped.join());
    }
}

/// Settings from variables alone, as `linli` would read them from its environment.
pub fn settings_from(variables: &[(String, String)]) -> Settings {
    let map: HashMap<String, String> = variables.iter().cloned().collect();
    let environment = config::Environment::with_prefix("LINLI")
        .prefix_separator("__")
        .separator("__")
        .source(Some(map));
    Settings::from_layers(Path::new("/nonexistent"), "development", environment).unwrap()
}

/// What every database of a test has in common.
fn variables_for(url: &str, folder: &Path) -> Vec<(String, String)> {
    let files = format!("fs://{}", folder.join("files").display());
    let keys = sandbox_keys();
    [
        ("LINLI__DATABASE__URL", url),
        ("LINLI__DATABASE__MAX_CONNECTIONS", "8"),
        ("LINLI__STORAGE__URL", &files),
        // Made once for all tests: three keys take a second.
        ("LINLI__SANDBOX__KEYS", &keys),
        ("LINLI__SERVER__LISTEN", "127.0.0.1:0"),
        ("LINLI__SANDBOX__ENABLED", "false"),
        ("LINLI__DEMO__ENABLED", "false"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

/// Where all tests have the keys of the pretended WeChat Pay.
pub fn sandbox_keys() -> String {
    let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-keys.json");
    keys.display().to_string()
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}?mode=rwc", path.display())
}

fn expect_env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: start this by tests/run"))
}

/// The superuser's URL with another database.
pub fn postgres_url(database: &str) -> String {
    let url = expect_env("LINLI_TEST_POSTGRES");
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{database}")
}

/// One connection as superuser.
async fn admin() -> DatabaseConnection {
    let mut options = ConnectOptions::new(postgres_url("postgres"));
    options
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

/// Changes with each build, so that no test meets the template of an older one.
fn build_id() -> String {
    let program = std::env::current_exe().unwrap();
    let data = std::fs::metadata(program).unwrap();
    let built = data.modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
    format!("{:x}_{:x}", built.as_nanos(), data.len())
}

async fn make<F>(url: &str, folder: &Path, fill: impl FnOnce(Settings) -> F)
where
    F: Future<Output = ()>,
{
    let settings = settings_from(&variables_for(url, folder));
    let store = Store::connect(&settings.database).await.unwrap();
    migration::Migrator::up(store.write(), None).await.unwrap();
    store.close().await;
    fill(settings).await;
}

/// The template's file. Processes that want it at the same time wait for the one that makes it.
async fn sqlite_template<F>(name: &str, fill: impl FnOnce(Settings) -> F) -> PathBuf
where
    F: Future<Output = ()>,
{
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("templates");
    let path = folder.join(format!("{name}-{}.db", build_id()));
    if path.exists() {
        return path;
    }
    std::fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join(format!("{name}.lock"))).unwrap();
    // Not a blocking wait: whoever has it may be on this very thread.
    super::until("the template's lock is free", 120, async || {
        lock.try_lock().ok()
    })
    .await;
    if path.exists() {
        return path;
    }
    remove_old(&folder, name);
    let growing = folder.join(format!("{name}.growing"));
    drop(std::fs::remove_file(&growing));
    make(&sqlite_url(&growing), &folder, fill).await;
    let log = folder.join(format!("{name}.growing-wal"));
    assert!(!log.exists(), "the template {name} was not closed");
    std::fs::rename(&growing, &path).unwrap();
    path
}

fn remove_old(folder: &Path, name: &str) {
    let prefix = format!("{name}-");
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

/// The template's database. Whoever comes while it is made waits at an advisory lock.
async fn postgres_template<F>(name: &str, fill: impl FnOnce(Settings) -> F) -> String
where
    F: Future<Output = ()>,
{
    let template = format!("template_{name}_{}", build_id());
    let find = format!("SELECT 1 FROM pg_database WHERE datname = '{template}'");
    let there = async |admin: &DatabaseConnection| {
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, &find);
        admin.query_one_raw(statement).await.unwrap().is_some()
    };
    let admin = admin().await;
    if there(&admin).await {
        return template;
    }
    // Held by the connection: it is free again when `admin` is dropped.
    let lock = "SELECT pg_advisory_lock(20261120)";
    admin.execute_unprepared(lock).await.unwrap();
    if !there(&admin).await {
        let growing = format!("{template}_growing");
        let folder = tempfile::tempdir().unwrap();
        for statement in [
            format!("DROP DATABASE IF EXISTS {growing} WITH (FORCE)"),
            format!("CREATE DATABASE {growing}"),
        ] {
            admin.execute_unprepared(&statement).await.unwrap();
        }
        make(&postgres_url(&growing), folder.path(), fill).await;
        let rename = format!("ALTER DATABASE {growing} RENAME TO {template}");
        admin.execute_unprepared(&rename).await.unwrap();
    }
    admin.close().await.unwrap();
    template
}
