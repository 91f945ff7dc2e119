//! The long connection: held by one instance, followed by another, kicked, cut, refused.

use linli::sandbox::{Api, Fault};
use serde_json::json;

use super::number_in;
use crate::harness::app::TestApp;
use crate::harness::program::Program;
use crate::harness::until;

async fn start(instances: usize) -> TestApp {
    let plan = TestApp::plan().set("WECHAT__ROBOT__MODE", "socket");
    let app = plan.instances(instances).start().await;
    if instances > 0 {
        connected(&app).await;
    }
    app
}

async fn connected(app: &TestApp) {
    until("somebody is subscribed", 40, async || {
        app.platform.robot_connected().then_some(())
    })
    .await;
}

#[tokio::test]
async fn one_of_two_instances_holds_it_and_answers() {
    let app = start(2).await;
    let steward = app.member("孙梅").await;
    assert!(steward.asks("报修 2栋路灯坏了").await.contains("已收到"));
    let resident = app.resident("张秀英").await;
    resident.says("报修 1栋电梯停了").await;
    let id = resident.case().await.id;
    let taken = steward.says(&format!("接单 {id}")).await;
    assert!(taken.contains("已接单"), "{taken}");
    let enter = json!({ "msgtype": "event", "event": { "eventtype": "enter_chat" } });
    assert!(steward.sends(None, &enter).await.text().contains("待办"));
    let press = json!({ "msgtype": "event", "event": {
        "eventtype": "template_card_event", "event_key": format!("到场 {id}"), "task_id": "t",
    } });
    let said = steward.sends(None, &press).await;
    assert_eq!(said.answers[0]["response_type"], "update_template_card");
    assert_eq!(app.platform.robot_subscriptions(), 1, "the other one waits");
    // The callback is closed in this mode.
    let url = format!("{}/wechat/robot", app.url());
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status().as_u16(), 403);
}

#[tokio::test]
async fn a_chats_messages_are_answered_in_their_order() {
    let app = start(1).await;
    let steward = app.member("孙梅").await;
    let all = (0..8).map(|number| {
        let steward = &steward;
        async move {
            let words = format!("报修 1栋第{number}盏灯坏了");
            number_in(&steward.asks(&words).await)
        }
    });
    let mut ids = futures_util::future::join_all(all).await;
    ids.dedup();
    assert_eq!(ids.len(), 8, "each its own case");
    assert!(ids.is_sorted(), "{ids:?}");
}

#[tokio::test]
async fn a_cut_line_is_made_anew_and_a_refusal_waited_out() {
    let app = start(1).await;
    app.platform.cut_robot();
    until("it is subscribed again", 20, async || {
        (app.platform.robot_subscriptions() == 2).then_some(())
    })
    .await;
    app.platform
        .set_fault(Fault::new(Api::Socket, "45009", Some(1)));
    let before = app.platform.calls(Api::Socket);
    app.platform.cut_robot();
    until("it was refused", 20, async || {
        (app.platform.calls(Api::Socket) == before + 1).then_some(())
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert_eq!(app.platform.calls(Api::Socket), before + 1, "no storm");
}

#[tokio::test]
async fn whoever_is_kicked_by_a_stranger_does_not_fight() {
    let mut app = start(1).await;
    app.allow_errors();
    let url = app.settings.wechat.robot.socket_url.clone();
    let (mut stranger, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    use futures_util::{SinkExt, StreamExt};
    use linli::wechat::robot::frame::Frame;
    let frame = Frame::subscribe("aibot_subscribe_1", "sandbox-bot", "sandbox-robot-secret");
    let message = tokio_tungstenite::tungstenite::Message::text(frame.text());
    stranger.send(message).await.unwrap();
    let answer = stranger.next().await.unwrap().unwrap();
    assert!(answer.to_text().unwrap().contains("\"errcode\":0"));
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert_eq!(
        app.platform.robot_subscriptions(),
        2,
        "ours has not come back"
    );
    assert!(app.platform.robot_connected());
}

#[tokio::test]
async fn a_killed_holder_is_followed_within_thirty_seconds() {
    let app = start(0).await;
    let mut first = Program::start(&app.variables).await;
    connected(&app).await;
    let second = Program::start(&app.variables).await;
    first.kill9();
    until("nobody is subscribed", 10, async || {
        (!app.platform.robot_connected()).then_some(())
    })
    .await;
    let began = std::time::Instant::now();
    connected(&app).await;
    let seconds = began.elapsed().as_secs();
    assert!(seconds <= 30, "{seconds} s");
    let steward = app.member("孙梅").await;
    assert!(steward.asks("报修 1栋电梯停了").await.contains("已收到"));
    assert_eq!(app.platform.robot_subscriptions(), 2);
    drop(second);
}

#[tokio::test]
async fn who_loses_the_lease_closes() {
    let app = start(1).await;
    use entity::lease;
    use sea_orm::ActiveValue::Set;
    use sea_orm::EntityTrait;
    let stolen = lease::ActiveModel {
        name: Set("robot.socket".to_owned()),
        holder: Set("another".to_owned()),
        until_at: Set(app.now() + chrono::TimeDelta::hours(1)),
    };
    lease::Entity::update(stolen)
        .exec(app.store.write())
        .await
        .unwrap();
    until("it has closed", 15, async || {
        (!app.platform.robot_connected()).then_some(())
    })
    .await;
}

/// A TLS server in front of the pretended platform, with a certificate for `localhost`.
async fn tls_in_front_of(port: u16) -> (u16, String) {
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use std::sync::Arc;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Fails when the other side does not trust us.
                let Ok(mut opened) = acceptor.accept(stream).await else {
                    return;
                };
                let target = tokio::net::TcpStream::connect(("127.0.0.1", port));
                let mut target = target.await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut opened, &mut target).await);
            });
        }
    });
    (own, made.cert.pem())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_real_tls_it_answers_whom_it_trusts_and_nobody_else() {
    let mut app = TestApp::plan()
        .set("WECHAT__ROBOT__MODE", "socket")
        .instances(0)
        .start()
        .await;
    let plain = reqwest::Url::parse(&app.settings.wechat.robot.socket_url).unwrap();
    let (port, certificate) = tls_in_front_of(plain.port().unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, certificate).unwrap();
    let robot = &mut app.settings.wechat.robot;
    robot.socket_url = format!("wss://localhost:{port}{}", plain.path());
    // A certificate of nobody we know is refused.
    app.add_instance().await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert!(!app.platform.robot_connected(), "trusts a stranger");
    app.instances.remove(0).stop().await.unwrap();

    app.settings.wechat.robot.socket_root = root.to_str().unwrap().to_owned();
    app.add_instance().await;
    connected(&app).await;
    let steward = app.member("孙梅").await;
    let reply = steward.says("报修 1栋灯坏了").await;
    assert!(reply.contains("已收到"), "{reply}");
}
