//! `linli wechat menu apply|show|delete`: the menu under the conversation, from a file that operators
//! write (`config/menu.toml` is the default and says how).

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use config::{Config, File, FileFormat};
use serde::Deserialize;

use super::explain;
use crate::app::App;
use crate::bot;
use crate::command::Usage;
use crate::wechat::official::menu::{Act, Button, Menu};

const DEFAULT: &str = include_str!("../../../config/menu.toml");

/// What is done with it.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// 设为文件里的菜单(不写文件时用自带的),说出改了什么
    Apply {
        /// TOML 文件,写法见 config/menu.toml
        file: Option<PathBuf>,
        /// 只检查并显示,不发送
        #[arg(long)]
        dry_run: bool,
    },
    /// 显示平台上现在的菜单
    Show,
    /// 删除平台上的菜单
    Delete,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    column: Vec<Item>,
}

/// A column or a button.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    name: String,
    say: Option<String>,
    page: Option<String>,
    url: Option<String>,
    mini: Option<MiniProgram>,
    #[serde(default)]
    button: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MiniProgram {
    appid: String,
    pagepath: String,
    url: String,
}

/// The command.
///
/// # Errors
/// Usage when the file cannot be; the platform's errors with what to do.
pub async fn run(app: &App, verb: Verb) -> anyhow::Result<()> {
    let now = app.clock.now().timestamp();
    let client = &app.official_client;
    match verb {
        Verb::Apply { file, dry_run } => apply(app, file.as_deref(), dry_run).await,
        Verb::Show => {
            let menu = client
                .menu_get(now)
                .await
                .map_err(|error| explain(app, &error))?;
            match menu {
                Some(menu) => print(&menu.lines()),
                None => println!("平台上没有菜单"),
            }
            Ok(())
        }
        Verb::Delete => {
            client
                .menu_delete(now)
                .await
                .map_err(|error| explain(app, &error))?;
            println!("已删除;手机重新进入公众号后不再显示,最迟 24 小时");
            Ok(())
        }
    }
}

async fn apply(app: &App, file: Option<&Path>, dry_run: bool) -> anyhow::Result<()> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Usage(format!("读不到 {}:{error}", path.display())))?,
        None => DEFAULT.to_owned(),
    };
    let menu = read(&text, &app.settings.server.public_url)?;
    if dry_run {
        print(&menu.lines());
        return Ok(());
    }
    let now = app.clock.now().timestamp();
    let client = &app.official_client;
    let before = client
        .menu_get(now)
        .await
        .map_err(|error| explain(app, &error))?;
    let changes = menu.changes(&before.unwrap_or_default());
    if changes.is_empty() {
        println!("没有变化,平台上已是这个菜单");
        return Ok(());
    }
    client
        .menu_create(&menu, now)
        .await
        .map_err(|error| explain(app, &error))?;
    print(&changes);
    println!("已生效;手机重新进入公众号后显示,最迟 24 小时");
    Ok(())
}

/// The menu of `config/menu.toml`.
///
/// # Errors
/// None, as a test sees to it.
pub fn default_menu(public_url: &str) -> anyhow::Result<Menu> {
    read(DEFAULT, public_url)
}

fn print(lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
}

/// A menu out of the file's text.
fn read(text: &str, public_url: &str) -> anyhow::Result<Menu> {
    let written: Written = Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|error| Usage(error.to_string()))
        .context("菜单文件看不懂,写法见 config/menu.toml")?;
    let mut unknown = Vec::new();
    let columns = written
        .column
        .into_iter()
        .map(|item| item.into_button(public_url, &mut unknown))
        .collect();
    let menu = Menu { columns };
    let mut faults = menu.faults();
    faults.extend(unknown);
    if faults.is_empty() {
        Ok(menu)
    } else {
        Err(Usage(format!("菜单不能这样写:{}", faults.join("；"))).into())
    }
}

impl Item {
    fn into_button(self, public_url: &str, faults: &mut Vec<String>) -> Button {
        let mut acts = Vec::new();
        if let Some(say) = self.say {
            if bot::lexicon().read(&say).is_none() {
                faults.push(format!("“{}”的 say = \"{say}\" 不是聊天命令", self.name));
            }
            acts.push(Act::Click(format!("CMD:{say}")));
        }
        if let Some(page) = self.page {
            if !page.starts_with('/') || page.starts_with("//") {
                faults.push(format!("“{}”的 page 要以 / 开头", self.name));
            }
            acts.push(Act::View(format!("{public_url}{page}")));
        }
        acts.extend(self.url.map(Act::View));
        acts.extend(self.mini.map(|mini| Act::Mini {
            app_id: mini.appid,
            path: mini.pagepath,
            url: mini.url,
        }));
        if acts.len() > 1 {
            faults.push(format!("“{}”只能有一个动作", self.name));
        }
        let inside = self.button.into_iter();
        Button {
            name: self.name,
            act: acts.pop(),
            inside: inside
                .map(|button| button.into_button(public_url, faults))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_menu_holds_and_opens_our_pages() {
        let menu = read(DEFAULT, "https://linli.example.cn").unwrap();
        let lines = menu.lines().join("\n");
        assert!(lines.contains("点击 CMD:报修"), "{lines}");
        assert!(
            lines.contains("网页 https://linli.example.cn/me"),
            "{lines}"
        );
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, word) in [
            ("column = 3", "看不懂"),
            ("[[column]]\nname = \"一\"\nsays = \"报修\"", "看不懂"),
            ("[[column]]\nname = \"一\"", "一"),
            ("[[column]]\nname = \"一\"\nsay = \"跳舞\"", "跳舞"),
            (
                "[[column]]\nname = \"一\"\nsay = \"报修\"\npage = \"/me\"",
                "一个动作",
            ),
            (
                "[[column]]\nname = \"一\"\npage = \"//evil.example\"",
                "以 / 开头",
            ),
            (
                "[[column]]\nname = \"名字特别长的一列\"\nsay = \"报修\"",
                "太长",
            ),
        ] {
            let error = format!("{:#}", read(text, "https://x.cn").unwrap_err());
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
