//! WeCom's robot over the wire: by callback and by long connection, alone and in groups; and the
//! group robots that only send.

mod callback;
mod group;
mod news;
mod socket;

use linli::sandbox::{RobotSaid, RobotSay};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::compound;

/// The chat id of the group.
pub const GROUP: &str = "GY-committee";

/// A member of the corporation.
pub struct Member<'a> {
    pub app: &'a TestApp,
    pub userid: String,
}

impl TestApp {
    /// Somebody of the standard compound who is a member of the corporation.
    pub async fn member(&self, name: &str) -> Member<'_> {
        let key = compound::person(name, 0);
        let mut change = self.person(name).await.into_active_model();
        change.wecom_userid = Set(Some(key.to_owned()));
        change.update(self.store.write()).await.unwrap();
        self.stranger(key)
    }

    /// A member of the corporation whom the roster does not know.
    pub fn stranger(&self, userid: &str) -> Member<'_> {
        Member {
            app: self,
            userid: userid.to_owned(),
        }
    }
}

impl Member<'_> {
    async fn speaks(&self, chat: Option<&str>, text: &str) -> RobotSaid {
        let said = RobotSay {
            userid: self.userid.clone(),
            chat: chat.map(str::to_owned),
            text: text.to_owned(),
        };
        let said = self.app.platform.robot_says(&said).await;
        assert!(said.finished(), "«{text}»: {said:?}");
        said
    }

    /// Types in the group, mentioning the robot; what the group reads.
    pub async fn asks(&self, text: &str) -> String {
        self.speaks(Some(GROUP), text).await.text()
    }

    /// Types to the robot alone.
    pub async fn says(&self, text: &str) -> String {
        self.speaks(None, text).await.text()
    }

    /// Has the platform send this content; the answers as they stood on the plain wire.
    pub async fn sends(&self, chat: Option<&str>, body: &Value) -> RobotSaid {
        let message = self.app.platform.robot_message(chat, &self.userid, body);
        self.app.platform.robot_hears(&message, "test", None).await
    }

    /// A case filed by the member in the group; its number.
    pub async fn files(&self, text: &str) -> i64 {
        let reply = self.asks(text).await;
        number_in(&reply)
    }
}

/// The number in «诉求 #12 …».
pub fn number_in(reply: &str) -> i64 {
    let number = regex::Regex::new(r"#(\d+)").unwrap();
    let found = number.captures(reply).expect(reply);
    found[1].parse().unwrap()
}

/// A text as the platform sends it.
pub fn text(words: &str) -> Value {
    json!({ "msgtype": "text", "text": { "content": words } })
}
