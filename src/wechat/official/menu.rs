//! The menu under the conversation (protocols.md §2.6): its limits, checked before anything is sent,
//! how two menus differ, and the three calls. Called by `command/wechat`.

use serde_json::{Map, Value, json};

use super::client::OfficialClient;
use crate::wechat::Error;
use crate::wechat::http::scalar;

/// Columns.
const MOST_COLUMNS: usize = 3;
/// Buttons in a column.
const MOST_BUTTONS: usize = 5;
/// Bytes of a column's name, and of a button's inside it.
const COLUMN_BYTES: usize = 16;
const BUTTON_BYTES: usize = 60;
/// Bytes of a key and of an address.
const KEY_BYTES: usize = 128;
const URL_BYTES: usize = 1024;
/// What the platform says when there is no menu.
const NO_MENU: i64 = 46003;

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Sends us this key.
    Click(String),
    /// Opens a page.
    View(String),
    /// Opens a mini-program; clients that know none open `url`.
    Mini {
        /// AppID.
        app_id: String,
        /// Page inside of it.
        path: String,
        /// The page for others.
        url: String,
    },
    /// Anything else that was set on the platform's page, by the name of its type.
    Other(String),
}

/// A button, or a column with buttons inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What stands on it.
    pub name: String,
    /// What it does; none for a column.
    pub act: Option<Act>,
    /// Buttons of a column.
    pub inside: Vec<Button>,
}

/// The whole menu.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Menu {
    /// From left to right.
    pub columns: Vec<Button>,
}

impl Menu {
    /// Every limit that the platform would refuse it for; empty when it may be sent. Each text
    /// names the button, for the operator.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let columns = self.columns.len();
        if columns == 0 || columns > MOST_COLUMNS {
            faults.push(format!(
                "菜单要有 1 到 {MOST_COLUMNS} 列，现在是 {columns} 列"
            ));
        }
        for column in &self.columns {
            check_name(&column.name, COLUMN_BYTES, &mut faults);
            match (&column.act, column.inside.len()) {
                (Some(act), 0) => check_act(&column.name, act, &mut faults),
                (None, 1..=MOST_BUTTONS) => {}
                (None, count) => faults.push(format!(
                    "“{}”里要有 1 到 {MOST_BUTTONS} 个按钮，现在是 {count} 个",
                    column.name
                )),
                (Some(_), _) => faults.push(format!(
                    "“{}”里有按钮，自己就不能再有 say、page、url 或 mini",
                    column.name
                )),
            }
            for button in &column.inside {
                check_name(&button.name, BUTTON_BYTES, &mut faults);
                match &button.act {
                    Some(act) if button.inside.is_empty() => {
                        check_act(&button.name, act, &mut faults);
                    }
                    _ => faults.push(format!("“{}”要有且只有一个动作", button.name)),
                }
            }
        }
        faults
    }

    /// As the platform takes it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let columns: Vec<Value> = self.columns.iter().map(Button::to_json).collect();
        json!({ "button": columns })
    }

    /// From `menu/get`; what is not understood stays as [`Act::Other`].
    #[must_use]
    pub fn from_json(answer: &Value) -> Self {
        let menu = answer.get("menu").unwrap_or(answer);
        Self {
            columns: buttons(menu, "button"),
        }
    }

    /// One line for each button: `列/名 → 动作`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for column in &self.columns {
            match &column.act {
                Some(act) => lines.push(format!("{} → {}", column.name, act.says())),
                None => lines.extend(column.inside.iter().map(|button| {
                    let does = button.act.as_ref().map(Act::says).unwrap_or_default();
                    format!("{}/{} → {does}", column.name, button.name)
                })),
            }
        }
        lines
    }

    /// What goes from `before` to this menu: `- …` is taken away, `+ …` comes new; empty when they
    /// are the same. A mere change of order is said as such.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<String> {
        let (old, new) = (before.lines(), self.lines());
        let gone = old.iter().filter(|line| !new.contains(line));
        let come = new.iter().filter(|line| !old.contains(line));
        let mut changes: Vec<String> = gone.map(|line| format!("- {line}")).collect();
        changes.extend(come.map(|line| format!("+ {line}")));
        if changes.is_empty() && old != new {
            changes.push("~ 顺序不同".to_owned());
        }
        changes
    }
}

impl Button {
    fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("name".to_owned(), json!(self.name));
        let mut put = |name: &str, value: &str| {
            map.insert(name.to_owned(), json!(value));
        };
        match &self.act {
            Some(Act::Click(key)) => {
                put("type", "click");
                put("key", key);
            }
            Some(Act::View(url)) => {
                put("type", "view");
                put("url", url);
            }
            Some(Act::Mini { app_id, path, url }) => {
                put("type", "miniprogram");
                put("appid", app_id);
                put("pagepath", path);
                put("url", url);
            }
            Some(Act::Other(kind)) => put("type", kind),
            None => {
                let inside: Vec<Value> = self.inside.iter().map(Self::to_json).collect();
                map.insert("sub_button".to_owned(), json!(inside));
            }
        }
        Value::Object(map)
    }

    fn from_json(value: &Value) -> Self {
        let text = |name: &str| scalar(value, name).unwrap_or_default();
        let inside = buttons(value, "sub_button");
        let act = match text("type").as_str() {
            "" => None,
            "click" => Some(Act::Click(text("key"))),
            "view" => Some(Act::View(text("url"))),
            "miniprogram" => Some(Act::Mini {
                app_id: text("appid"),
                path: text("pagepath"),
                url: text("url"),
            }),
            other => Some(Act::Other(other.to_owned())),
        };
        Self {
            name: text("name"),
            act: act.filter(|_| inside.is_empty()),
            inside,
        }
    }
}

impl Act {
    fn says(&self) -> String {
        match self {
            Self::Click(key) => format!("点击 {key}"),
            Self::View(url) => format!("网页 {url}"),
            Self::Mini { app_id, path, .. } => format!("小程序 {app_id} {path}"),
            Self::Other(kind) => kind.clone(),
        }
    }
}

fn buttons(value: &Value, name: &str) -> Vec<Button> {
    let list = value.get(name).and_then(Value::as_array);
    list.into_iter().flatten().map(Button::from_json).collect()
}

fn check_name(name: &str, most: usize, faults: &mut Vec<String>) {
    if name.trim().is_empty() {
        faults.push("有一个按钮没有名字".to_owned());
    } else if name.len() > most || name.chars().any(char::is_control) {
        faults.push(format!(
            "“{name}”的名字太长：最多 {most} 字节（汉字 {} 个）",
            most / 3
        ));
    }
}

fn check_act(name: &str, act: &Act, faults: &mut Vec<String>) {
    let wrong_url = |url: &str| {
        let schemed = url.starts_with("https://") || url.starts_with("http://");
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
        !schemed || !plain || url.len() > URL_BYTES
    };
    match act {
        Act::Click(key) if key.trim().is_empty() || key.len() > KEY_BYTES => {
            faults.push(format!("“{name}”的 say 要有 1 到 {} 字节", KEY_BYTES - 4));
        }
        Act::View(url) if wrong_url(url) => faults.push(format!(
            "“{name}”的网址要以 http:// 或 https:// 开头、最多 {URL_BYTES} 字节、不含中文"
        )),
        Act::Mini { app_id, path, url }
            if app_id.is_empty() || path.is_empty() || path.len() > URL_BYTES || wrong_url(url) =>
        {
            faults.push(format!(
                "“{name}”的小程序要有 appid、pagepath 和给旧版微信用的 url"
            ));
        }
        Act::Other(kind) => faults.push(format!("“{name}”的类型 {kind} 不能由这里设置")),
        _ => {}
    }
}

impl OfficialClient {
    /// Puts this menu in place of any other. Phones show it after the chat is entered again, at
    /// the latest after a day.
    ///
    /// # Errors
    /// The platform's 40015–40027 and 40054 for what [`Menu::faults`] did not find.
    pub async fn menu_create(&self, menu: &Menu, now: i64) -> Result<(), Error> {
        self.post("/cgi-bin/menu/create", &menu.to_json(), now)
            .await
            .map(drop)
    }

    /// The menu that is in place; none when there is none.
    ///
    /// # Errors
    /// The platform's.
    pub async fn menu_get(&self, now: i64) -> Result<Option<Menu>, Error> {
        match self.get("/cgi-bin/menu/get", now).await {
            Ok(answer) => Ok(Some(Menu::from_json(&answer))),
            Err(Error::Platform { code: NO_MENU, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes the menu away.
    ///
    /// # Errors
    /// The platform's.
    pub async fn menu_delete(&self, now: i64) -> Result<(), Error> {
        self.get("/cgi-bin/menu/delete", now).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click(name: &str, key: &str) -> Button {
        Button {
            name: name.to_owned(),
            act: Some(Act::Click(key.to_owned())),
            inside: Vec::new(),
        }
    }

    fn column(name: &str, inside: Vec<Button>) -> Button {
        Button {
            name: name.to_owned(),
            act: None,
            inside,
        }
    }

    fn menu(columns: Vec<Button>) -> Menu {
        Menu { columns }
    }

    #[test]
    fn the_limits() {
        let good = menu(vec![
            column("我要办事啊", vec![click("报修", "CMD:报修")]),
            click("进度", "CMD:进度"),
        ]);
        assert_eq!(good.faults(), [""; 0]);
        let four = vec![
            click("一", "1"),
            click("二", "2"),
            click("三", "3"),
            click("四", "4"),
        ];
        let six = (0..6).map(|n| click("按", &n.to_string())).collect();
        let view = |url: &str| Button {
            act: Some(Act::View(url.to_owned())),
            ..click("看", "")
        };
        for (what, bad) in [
            ("no column", menu(Vec::new())),
            ("four columns", menu(four)),
            ("six buttons", menu(vec![column("列", six)])),
            ("an empty column", menu(vec![column("列", Vec::new())])),
            ("17 bytes", menu(vec![click("一二三四五ab", "k")])),
            (
                "61 bytes",
                menu(vec![column("列", vec![click(&"一".repeat(21), "k")])]),
            ),
            ("no name", menu(vec![click(" ", "k")])),
            (
                "129 bytes of a key",
                menu(vec![click("键", &"k".repeat(129))]),
            ),
            ("no key", menu(vec![click("键", "")])),
            ("no scheme", menu(vec![view("example.cn/me")])),
            ("javascript", menu(vec![view("javascript:alert(1)")])),
            (
                "Chinese in an address",
                menu(vec![view("https://example.cn/我")]),
            ),
            (
                "1025 bytes",
                menu(vec![view(&format!("https://e.cn/{}", "a".repeat(1012)))]),
            ),
        ] {
            assert_eq!(bad.faults().len(), 1, "{what}: {:?}", bad.faults());
        }
    }

    #[test]
    fn what_is_sent_is_read_back_and_compared() {
        let old = menu(vec![
            column(
                "办事",
                vec![click("报修", "CMD:报修"), click("投诉", "CMD:投诉")],
            ),
            click("进度", "CMD:进度"),
        ]);
        let told = json!({ "menu": old.to_json() });
        assert_eq!(Menu::from_json(&told), old);
        assert_eq!(old.changes(&Menu::from_json(&told)), [""; 0]);
        let new = menu(vec![column(
            "办事",
            vec![click("投诉", "CMD:投诉"), click("求助", "CMD:求助")],
        )]);
        assert_eq!(
            new.changes(&old),
            [
                "- 办事/报修 → 点击 CMD:报修",
                "- 进度 → 点击 CMD:进度",
                "+ 办事/求助 → 点击 CMD:求助"
            ]
        );
        let turned = menu(vec![
            click("进度", "CMD:进度"),
            column(
                "办事",
                vec![click("报修", "CMD:报修"), click("投诉", "CMD:投诉")],
            ),
        ]);
        assert_eq!(turned.changes(&old), ["~ 顺序不同"]);
    }
}
