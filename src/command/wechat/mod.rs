//! `linli wechat …`: what an operator sets up on the platform. One file a thing.

pub mod menu;
pub mod qrcode;

use std::sync::Arc;

use clap::Subcommand;

use crate::app::App;
use crate::base::clock::Clock;
use crate::base::dice::Dice;
use crate::command::{doctor, open_store};
use crate::config::Settings;
use crate::wechat;

/// What is set up.
#[derive(Debug, Subcommand)]
pub enum What {
    /// 公众号底部菜单
    Menu {
        #[command(subcommand)]
        verb: menu::Verb,
    },
    /// 楼栋等地点的永久二维码:图片和清单,扫码就知道在哪里
    Qrcode(qrcode::Wanted),
}

/// The command.
///
/// # Errors
/// As each thing's; the platform's errors with what to do.
pub async fn run(
    settings: Settings,
    clock: Arc<dyn Clock>,
    dice: Arc<Dice>,
    what: What,
) -> anyhow::Result<()> {
    let store = open_store(&settings).await?;
    let app = App::build(settings, clock, dice, store)?;
    let done = match what {
        What::Menu { verb } => menu::run(&app, verb).await,
        What::Qrcode(wanted) => qrcode::run(&app, &wanted).await,
    };
    app.store.close().await;
    done
}

/// The platform's refusal, as an operator reads it.
fn explain(app: &App, error: &wechat::Error) -> anyhow::Error {
    anyhow::anyhow!(doctor::explain(
        error,
        &app.settings.wechat.official.api_base
    ))
}
