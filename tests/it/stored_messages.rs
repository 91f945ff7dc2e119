//! What the log says of messages: one line for each that was stored, by which it is found again, and nothing of who
//! sent it or what it says.

use entity::inbound;
use linli::sandbox::Say;
use sea_orm::EntityTrait;

use crate::harness::app::TestApp;
use crate::harness::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_stored_message_is_one_line_that_says_nothing_of_its_sender() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let program = app.spawn_program().await;
    zhang.says("报修 三楼楼道灯坏了").await;
    // Refused, and stored all the same.
    zhang.says("进度 999999").await;
    let spot = Say::Location {
        latitude: 37.45,
        longitude: 116.36,
        label: "桂园小区北门".to_owned(),
    };
    zhang.does(&spot).await;
    let lines = until("all messages are logged", 10, async || {
        let log = program.log();
        let lines = log
            .lines()
            .filter(|line| line.contains("a message was stored"));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        (lines.len() >= 3).then_some(lines)
    })
    .await;
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for (line, kind) in lines.iter().zip(["text", "text", "location"]) {
        assert!(line.contains("INFO"), "{line}");
        assert!(line.contains("channel=Official"), "{line}");
        assert!(line.contains(&format!("kind=\"{kind}\"")), "{line}");
        let key = line.split("key=").nth(1).unwrap();
        let key = key.split_whitespace().next().unwrap();
        let row = inbound::Entity::find_by_id(key.to_owned())
            .one(app.store.read())
            .await;
        assert!(
            row.unwrap().is_some_and(|row| row.reply.is_some()),
            "{line}"
        );
    }
    let log = program.log();
    for secret in [zhang.open_id.as_str(), "三楼楼道灯", "北门", "116.36"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
