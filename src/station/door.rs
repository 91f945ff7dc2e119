//! The code (二维码) at a station's door: the official account's platform makes it once, what it holds is kept in the
//! station's row. Called by the console's pages of a station.

use entity::station;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::station::scene;
use crate::wechat::Error;
use crate::wechat::errors::{Action, action};

/// What the code holds, if it was made for the official account that is set now.
#[must_use]
pub fn kept<'a>(app: &App, row: &'a station::Model) -> Option<&'a str> {
    let app_id = app.settings.wechat.official.app_id.as_str();
    let own = row.code_app_id.as_deref() == Some(app_id);
    row.code_url.as_deref().filter(|_| own)
}

/// The same, asked of the platform where it is not kept yet.
///
/// # Errors
/// `outside` when the platform does not make it, in words for whoever keeps the station; the database's.
pub async fn code(app: &App, row: &station::Model) -> Result<String, Fault> {
    if let Some(url) = kept(app, row) {
        return Ok(url.to_owned());
    }
    let (now, scene) = (app.clock.now(), scene(row.id));
    let client = &app.official_client;
    let made = client.lasting_code(&scene, now.timestamp()).await;
    let url = made.map_err(explain)?.url;
    if url.is_empty() {
        return Err(explain(Error::Nonsense));
    }
    let tx = app.store.begin(now).await?;
    station::Entity::update_many()
        .set(station::ActiveModel {
            code_app_id: Set(Some(app.settings.wechat.official.app_id.clone())),
            code_url: Set(Some(url.clone())),
            ..Default::default()
        })
        .filter(station::COLUMN.id.eq(row.id))
        .exec(tx.db())
        .await?;
    tx.commit().await?;
    Ok(url)
}

/// What whoever keeps the station does about it.
fn explain(error: Error) -> Fault {
    let says = match &error {
        Error::Platform { code, .. } => match action(*code) {
            Action::Config | Action::Alarm | Action::RefreshToken => {
                "微信没有做二维码：公众号没有接好，或者没有这项权限（要认证的服务号）。请管理员运行 linli doctor 看原因。"
            }
            Action::StopUntilTomorrow => {
                "今天做二维码的次数用完了，请明天再打开这一页，不用做别的。"
            }
            _ => "微信正忙，请过几分钟再打开这一页，不用做别的。",
        },
        _ => "微信现在没有回应，请过几分钟再打开这一页，不用做别的。",
    };
    Fault::new(Code::Outside, says).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_says_who_does_what() {
        let refused = |code| Error::Platform {
            code,
            message: String::new(),
            rid: None,
        };
        for (error, words) in [
            (refused(40_001), "管理员"),
            (refused(40_164), "管理员"),
            (refused(48_001), "认证"),
            (refused(45_009), "明天"),
            (refused(-1), "正忙"),
            (Error::Unreached, "没有回应"),
            (Error::Network { timeout: true }, "没有回应"),
            (Error::Nonsense, "没有回应"),
        ] {
            let fault = explain(error);
            assert!(fault.detail.contains(words), "{fault:?}");
            assert!(fault.detail.ends_with('。'), "{fault:?}");
        }
    }
}
