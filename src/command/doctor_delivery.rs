//! What `linli doctor` says of messages that the platforms refuse for reasons of ours. Called by `doctor.rs`.

use crate::app::App;
use crate::delivery::health::channel_says;
use crate::delivery::plain::code_says;
use crate::delivery::refused::{self, Refused};

/// Whether anything was refused within the last day that has not gone out since.
pub async fn check(app: &App) -> Result<String, String> {
    let all = refused::look(app.store.read(), app.clock.now())
        .await
        .map_err(|fault| format!("读不出,请先处理数据库({fault:?})"))?;
    if all.is_empty() {
        return Ok("过去一天没有因我们的设置被平台拒收的消息".to_owned());
    }
    let said: Vec<String> = all.iter().map(line).collect();
    Err(format!("{};改好后到工作台“没送到”重发", said.join(";")))
}

/// One kind of message, and what an operator does about it (protocols.md §2.2).
fn line(one: &Refused) -> String {
    let advice = match one.error_code {
        40036 | 40037 => "平台没有这个模板,请核对配置里这类消息的模板 id",
        47003 => "字段与平台上的模板不符,请核对配置里这个模板的 fields",
        code => code_says(code),
    };
    format!(
        "{} {} 过去一天被拒 {} 次:{advice}({})",
        channel_says(&one.channel),
        one.kind,
        one.count,
        one.error.as_deref().unwrap_or_default()
    )
}
