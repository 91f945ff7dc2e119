//! What the executable can do: one file a command. Floor 4, the top of the house. Exit status: 0
//! done, 1 failed, 2 wrong usage or configuration; errors are one line on stderr.

pub mod admin;
pub mod bills;
pub mod demo;
pub mod doctor;
mod doctor_delivery;
mod doctor_official;
mod doctor_pay;
mod doctor_robot;
mod doctor_work;
pub mod export;
pub mod export_ledger;
pub mod import;
pub mod invite;
pub mod ledger;
pub mod migrate;
pub mod opening;
pub mod reconcile;
pub mod serve;
pub mod wechat;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::base::clock::{Clock, SystemClock};
use crate::base::dice::Dice;
use crate::config::{ConfigError, LogFormat, Settings};
use crate::store::Store;

/// What runs on a thread of its own (a look-up of a name, a file) may take so long to end with us.
const LEFT_OVER: Duration = Duration::from_secs(1);

/// 邻里:小区自治的后台与微信机器人。
#[derive(Debug, Parser)]
#[command(name = "linli", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 运行:网页与接口、提醒、定时工作(不写命令时就是它)
    Serve {
        /// 只运行一部分,用于多实例
        #[arg(long, value_enum, default_value_t = Role::All)]
        role: Role,
    },
    /// 只管数据库结构
    Migrate {
        /// up 升级,down 退回一步,status 查看
        #[arg(value_enum, default_value_t = migrate::Direction::Up)]
        direction: migrate::Direction,
    },
    /// 导入地点、户、人、角色等(CSV 文件夹或 XLSX),有一处错就什么都不存
    Import {
        /// 放着 places.csv、people.csv 等文件的文件夹,或一个 XLSX
        source: std::path::PathBuf,
        /// 只检查,不保存
        #[arg(long)]
        dry_run: bool,
        /// 跳过有错的行,其余照存
        #[arg(long)]
        skip_bad: bool,
    },
    /// 按导入的格式导出:places people homes roles organisations … 或 all;或 figures,一个月的数据;或 ledger,账簿
    Export {
        /// 哪个表,或 all,或 figures,或 ledger
        what: String,
        /// 写到哪里:.csv、.xlsx 或文件夹
        #[arg(long)]
        to: std::path::PathBuf,
        #[command(flatten)]
        wanted: export::Wanted,
    },
    /// 管理员
    Admin {
        #[command(subcommand)]
        what: AdminCommand,
    },
    /// 给担任职务的人一个邀请码(8位,24小时,用一次),用来绑定微信
    Invite {
        /// people.csv 里的 key
        person_key: String,
    },
    /// 账单
    Bills {
        #[command(subcommand)]
        what: bills::What,
    },
    /// 期初:账簿开始之前小区已有的钱,每个账户记一次
    Opening {
        #[command(flatten)]
        given: opening::Given,
    },
    /// 账簿
    Ledger {
        #[command(subcommand)]
        what: ledger::What,
    },
    /// 对账:取平台某一天的账单,和我们的账逐笔核对
    Reconcile {
        /// 哪一天,写成 2026-11-28
        #[arg(long)]
        date: chrono::NaiveDate,
        /// 哪个收款账户,不写是全部
        #[arg(long)]
        merchant: Option<String>,
    },
    /// 微信公众号上的设置:菜单、二维码
    Wechat {
        #[command(subcommand)]
        what: wechat::What,
    },
    /// 逐项检查配置、数据库、Redis、存储和各平台账号
    Doctor,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// 建第一个管理员,显示一次性密码
    Create {
        /// 登录名
        name: String,
    },
    /// 给名册里的人开通工作台;不写 --person 时是重置忘了的密码。显示一次性密码
    Password {
        /// 登录名
        login: String,
        /// people.csv 里的 key
        #[arg(long)]
        person: Option<String>,
    },
}

/// Which part of the program an instance runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// HTTP only.
    Web,
    /// Reminders and clock work only, with the health pages.
    Worker,
    /// Both.
    All,
}

/// A wrong argument: exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// The whole program: reads the command line, runs, says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if !error.use_stderr() => {
            // --help and --version. If nobody reads them there is nobody to tell.
            drop(error.print());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{};用法见 linli --help", usage_line(&error));
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("linli: {}", one_line(&error));
            ExitCode::from(status_of(&error))
        }
    }
}

/// What the library says is wrong, with the names that it puts on lines of their own, up to its hints.
fn usage_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "error: 后面还要写一个子命令".to_owned();
    }
    let text = error.to_string();
    let lines = text.lines().map(str::trim);
    let said =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let said: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
    said.join(" ")
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let settings = Settings::load()?;
    let command = arguments
        .command
        .unwrap_or(Command::Serve { role: Role::All });
    start_log(&settings)?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if settings.server.worker_threads > 0 {
        builder.worker_threads(settings.server.worker_threads);
    }
    let runtime = builder.enable_all().build().context("no runtime")?;
    let clock = Arc::new(SystemClock);
    let dice = Arc::new(Dice::from_system());
    let ended = runtime.block_on(async {
        match command {
            Command::Serve { role } => serve::run(settings, dice, role).await,
            Command::Migrate { direction } => migrate::run(&settings, direction, clock.now()).await,
            Command::Import {
                source,
                dry_run,
                skip_bad,
            } => {
                let options = import::Options { dry_run, skip_bad };
                import::run(&settings, &dice, clock.now(), &source, options).await
            }
            Command::Export { what, to, wanted } => {
                export::run(&settings, &what, &to, &wanted, clock.now()).await
            }
            Command::Admin {
                what: AdminCommand::Create { name },
            } => admin::create(&settings, &dice, clock.now(), &name).await,
            Command::Admin {
                what: AdminCommand::Password { login, person },
            } => admin::password(&settings, &dice, clock.now(), &login, person.as_deref()).await,
            Command::Invite { person_key } => {
                invite::run(&settings, &dice, clock.now(), &person_key).await
            }
            Command::Bills { what } => bills::run(&settings, clock.now(), what).await,
            Command::Opening { given } => opening::run(&settings, clock.now(), given).await,
            Command::Ledger { what } => ledger::run(&settings, clock.now(), what).await,
            Command::Reconcile { date, merchant } => {
                reconcile::run(settings, clock, dice, date, merchant.as_deref()).await
            }
            Command::Wechat { what } => wechat::run(settings, clock, dice, what).await,
            Command::Doctor => doctor::run(settings, &*clock, dice).await,
        }
    });
    runtime.shutdown_timeout(LEFT_OVER);
    ended
}

/// Log lines go to stderr, so that stdout stays for results.
fn start_log(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log.filter).map_err(|_| {
        Usage("configuration: log.filter cannot be read: write it as RUST_LOG".to_owned())
    })?;
    let base = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let set = match settings.log.format {
        LogFormat::Text => base.with_target(false).try_init(),
        LogFormat::Json => base.json().flatten_event(true).try_init(),
    };
    set.map_err(|error| anyhow::anyhow!("log: {error}"))
}

/// Opens the database that the settings name; commands begin with it.
///
/// # Errors
/// When it cannot be reached; the text says which setting to look at.
pub async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    Store::connect(&settings.database)
        .await
        .context("无法打开数据库,请检查 database.url 和数据库是否在运行")
}

fn one_line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn status_of(error: &anyhow::Error) -> u8 {
    let wrong = error
        .chain()
        .any(|cause| cause.is::<ConfigError>() || cause.is::<Usage>());
    if wrong { 2 } else { 1 }
}
