//! The pretended platform held against the protocol: what it sends is opened by the program's own
//! reader, what it answers is read by the program's own clients, over HTTP on both sides.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use linli::base::clock::{Clock, ShiftedClock};
use linli::base::dice::Dice;
use linli::config::CallbackMode;
use linli::sandbox::platform::Standing;
use linli::sandbox::{Answer, Api, Config, Fault, How, Platform, Say};
use linli::wechat::http::Http;
use linli::wechat::mini::MiniClient;
use linli::wechat::official::client::{OfficialClient, TemplateMessage};
use linli::wechat::official::{Account, Event, Inbound, InboundKind, JobStatus, Mode, Reply};
use linli::wechat::token::{MemoryShelf, TokenKeeper};
use linli::wechat::{Error, token::TokenShelf};
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Request, Response, Route, Server, get, handler};
use serde_json::{Value, json};

use crate::harness::db::settings_from;
use crate::harness::{free_port, until};

const PERSON: &str = "sandbox-resident";

/// How the pretended program answers the next message.
#[derive(Clone, Debug)]
enum Manner {
    Words(&'static str),
    Silence,
    Raw(u16, &'static str),
    Late,
    ForSomebodyElse,
}

/// The program as far as these tests need one: opens, remembers, answers.
struct Program {
    account: Account,
    clock: Arc<ShiftedClock>,
    dice: Dice,
    seen: Mutex<Vec<Inbound>>,
    /// Taken one by one; words when there are none left.
    manners: Mutex<Vec<Manner>>,
}

#[handler]
async fn callback(
    request: &Request,
    Data(program): Data<&Arc<Program>>,
    body: Vec<u8>,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let now = program.clock.now().timestamp();
    let Ok(inbound) = program.account.open(query, &body, now) else {
        return Response::builder().status(StatusCode::FORBIDDEN).finish();
    };
    program.seen.lock().unwrap().push(inbound.clone());
    let event = matches!(
        &inbound.kind,
        InboundKind::Event(Event::TemplateSendJobFinish { .. })
    );
    let manner = {
        let mut manners = program.manners.lock().unwrap();
        if event || manners.is_empty() {
            None
        } else {
            Some(manners.remove(0))
        }
    };
    let reply = |words: &str, inbound: &Inbound| {
        let xml = Reply::Text(words.to_owned()).render(inbound, now);
        let nonce = program.dice.digits(10);
        program
            .account
            .seal(&xml, now, &nonce, program.dice.bytes())
    };
    let answer = match manner {
        _ if event => "success".to_owned(),
        None => reply("收到", &inbound),
        Some(Manner::Words(words)) => reply(words, &inbound),
        Some(Manner::Silence) => "success".to_owned(),
        Some(Manner::Raw(status, body)) => {
            return Response::builder()
                .status(StatusCode::from_u16(status).unwrap())
                .body(body);
        }
        Some(Manner::Late) => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            "success".to_owned()
        }
        Some(Manner::ForSomebodyElse) => {
            let mut other = inbound.clone();
            other.from = "sandbox-steward".to_owned();
            reply("不是给你的", &other)
        }
    };
    Response::builder().content_type("text/xml").body(answer)
}

#[handler]
async fn check(request: &Request, Data(program): Data<&Arc<Program>>) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let now = program.clock.now().timestamp();
    match program.account.check_get(query, now) {
        Ok(echo) => Response::builder().body(echo),
        Err(_) => Response::builder().status(StatusCode::FORBIDDEN).finish(),
    }
}

/// Serves on a free port until the test ends.
async fn serve(endpoint: impl Endpoint<Output = Response> + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0");
    let acceptor = listener.into_acceptor().await.unwrap();
    let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
    format!("http://{address}")
}

/// Platform and program, wired to each other.
struct World {
    platform: Platform,
    program: Arc<Program>,
    clock: Arc<ShiftedClock>,
    base: String,
    web: reqwest::Client,
    client: OfficialClient,
    config: Config,
}

async fn world(mode: CallbackMode) -> World {
    let settings = settings_from(&[]);
    let clock = Arc::new(ShiftedClock::default());
    let mut config = Config::from_settings(&settings, "");
    config.mode = mode;
    config.patience = Duration::from_millis(700);
    let platform = Platform::new(clock.clone(), config.clone())
        .unwrap()
        .with_shift(clock.clone());
    let mode = match mode {
        CallbackMode::Plain => Mode::Plain,
        CallbackMode::Compatible => Mode::Compatible,
        CallbackMode::Safe => Mode::Safe,
    };
    let key = Some(&config.encoding_aes_key);
    let program = Arc::new(Program {
        account: Account::new(&config.app_id, config.token.clone(), mode, key).unwrap(),
        clock: clock.clone(),
        dice: Dice::from_seed(5),
        seen: Mutex::default(),
        manners: Mutex::default(),
    });
    let route = Route::new().at("/wechat/official", get(check).post(callback));
    let ours = serve(route.data(program.clone()).map_to_response()).await;
    platform.set_callbacks(vec![format!("{ours}/wechat/official")]);
    let theirs = Route::new().nest("/sandbox", linli::sandbox::routes(platform.clone()));
    let base = format!("{}/sandbox", serve(theirs.map_to_response()).await);
    let client = client(&config, &base);
    let web = reqwest::Client::builder().no_proxy().build().unwrap();
    World {
        platform,
        program,
        clock,
        base,
        web,
        client,
        config,
    }
}

fn client(config: &Config, base: &str) -> OfficialClient {
    let http = Http::new().unwrap();
    let shelf: Arc<dyn TokenShelf> = Arc::new(MemoryShelf::default());
    let api = format!("{base}/api");
    let secret = config.app_secret.clone();
    let keeper = TokenKeeper::new(http.clone(), &api, &config.app_id, secret, shelf, 1);
    OfficialClient::new(http, &api, Arc::new(keeper))
}

impl World {
    fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    fn manners(&self, manners: &[Manner]) {
        *self.program.manners.lock().unwrap() = manners.to_vec();
    }

    fn seen(&self) -> Vec<Inbound> {
        self.program.seen.lock().unwrap().clone()
    }

    /// What reached the program about template messages.
    async fn receipts(&self, count: usize) -> Vec<JobStatus> {
        until("the receipts arrive", 5, async || {
            let seen = self.seen();
            let found = seen.into_iter().filter_map(|inbound| match inbound.kind {
                InboundKind::Event(Event::TemplateSendJobFinish { status, .. }) => Some(status),
                _ => None,
            });
            let found: Vec<_> = found.collect();
            (found.len() >= count).then_some(found)
        })
        .await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let response = self.web.post(url).json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.base);
        self.web
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}

fn task(to: &str) -> TemplateMessage {
    let data = [
        ("thing1", "3栋电梯停了"),
        ("thing2", "3栋1单元"),
        ("time3", "2026年11月21日 08:30"),
        ("thing4", "请回复 接单 12"),
    ];
    TemplateMessage {
        to: to.to_owned(),
        template_id: "sandbox-template-task".to_owned(),
        url: None,
        data: data
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        client_msg_id: None,
    }
}

fn code(result: Result<impl std::fmt::Debug, Error>) -> i64 {
    match result {
        Err(Error::Platform { code, rid, .. }) => {
            assert!(rid.is_some(), "an error names its request");
            code
        }
        other => panic!("{other:?} is no error of the platform"),
    }
}

#[tokio::test]
async fn what_people_do_reaches_the_program_in_every_mode() {
    for mode in [
        CallbackMode::Plain,
        CallbackMode::Compatible,
        CallbackMode::Safe,
    ] {
        let world = world(mode).await;
        assert!(world.platform.verify().await, "{mode:?}");
        let text = "报修 3栋🏠 ]]><MsgType>";
        let said = world.platform.say(PERSON, &Say::text(text)).await;
        assert_eq!(said.answer, Answer::Text("收到".to_owned()), "{mode:?}");
        assert_eq!(said.attempts, 1);
        let acts = [
            Say::Image {
                media_id: "m1".to_owned(),
            },
            Say::Voice {
                recognition: Some("电梯停了".to_owned()),
            },
            Say::Location {
                latitude: 36.65,
                longitude: 117.12,
                label: "济南".to_owned(),
            },
            Say::event("subscribe", "building-3"),
            Say::event("SCAN", "building-3"),
            Say::event("CLICK", "todo"),
            Say::Other("hologram".to_owned()),
        ];
        for act in &acts {
            world.platform.say(PERSON, act).await;
        }
        let seen = world.seen();
        assert_eq!(seen.len(), 8, "{mode:?}");
        assert_eq!(seen[0].from, PERSON);
        assert_eq!(seen[0].msg_id.as_deref(), Some(said.msg_id.as_str()));
        assert!(matches!(&seen[0].kind, InboundKind::Text { content, .. } if content == text));
        assert!(matches!(&seen[1].kind, InboundKind::Image { media_id, .. } if media_id == "m1"));
        assert!(matches!(&seen[2].kind,
            InboundKind::Voice { recognition: Some(text), .. } if text == "电梯停了"));
        assert!(matches!(&seen[3].kind,
            InboundKind::Location { latitude, label, .. } if *latitude == 36.65 && label == "济南"));
        assert!(matches!(&seen[4].kind,
            InboundKind::Event(Event::Subscribe { scene: Some(scene), ticket: Some(_) })
                if scene == "building-3"));
        assert_eq!(seen[4].msg_id, None);
        assert!(matches!(&seen[5].kind,
            InboundKind::Event(Event::Scan { scene }) if scene == "building-3"));
        assert!(matches!(&seen[6].kind, InboundKind::Event(Event::Click { key }) if key == "todo"));
        assert!(matches!(&seen[7].kind, InboundKind::Other(kind) if kind == "hologram"));
    }
}

#[tokio::test]
async fn no_answer_is_asked_for_three_times_with_the_same_message() {
    let world = world(CallbackMode::Safe).await;
    world.manners(&[Manner::Late, Manner::Raw(503, ""), Manner::Words("第三次")]);
    let said = world.platform.say(PERSON, &Say::text("在吗")).await;
    assert_eq!((said.attempts, said.answer.words()), (3, Some("第三次")));
    let ids: Vec<_> = world
        .seen()
        .into_iter()
        .map(|inbound| inbound.key())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0]));

    world.manners(&[Manner::Late, Manner::Late, Manner::Late]);
    let said = world.platform.say(PERSON, &Say::text("还在吗")).await;
    assert_eq!(said.answer, Answer::Unreachable);
    let last = world.platform.conversation(PERSON).pop().unwrap();
    assert_eq!(last.how, How::Notice);
    assert!(last.text.contains("暂时无法提供服务"));
}

#[tokio::test]
async fn a_message_goes_to_the_instances_in_turn_and_a_dead_one_is_passed_over() {
    let world = world(CallbackMode::Safe).await;
    let alive = world.get("/state").await["callbacks"][0].clone();
    let dead = format!("http://127.0.0.1:{}/wechat/official", free_port());
    world
        .platform
        .set_callbacks(vec![dead, alive.as_str().unwrap().to_owned()]);
    let said = world.platform.say(PERSON, &Say::text("在吗")).await;
    assert_eq!((said.attempts, said.answer.words()), (2, Some("收到")));
}

#[tokio::test]
async fn an_answer_that_is_none_is_shown_as_a_failure() {
    let world = world(CallbackMode::Safe).await;
    for manner in [
        Manner::Raw(200, "{\"errcode\":0}"),
        Manner::Raw(200, "<xml><Content>未加密</Content></xml>"),
        Manner::Raw(404, ""),
        Manner::ForSomebodyElse,
    ] {
        world.manners(std::slice::from_ref(&manner));
        let said = world.platform.say(PERSON, &Say::text("在吗")).await;
        assert!(
            matches!(said.answer, Answer::Malformed(_)),
            "{manner:?}: {:?}",
            said.answer
        );
        assert_eq!(said.attempts, 1, "{manner:?}");
        assert_eq!(said.entries.last().unwrap().how, How::Notice);
    }
    world.manners(&[Manner::Silence, Manner::Raw(200, "")]);
    for _ in 0..2 {
        let said = world.platform.say(PERSON, &Say::text("在吗")).await;
        assert_eq!((said.answer, said.entries.len()), (Answer::Silence, 1));
    }
}

#[tokio::test]
async fn a_lost_answer_repeats_the_message() {
    let world = world(CallbackMode::Safe).await;
    assert!(
        world
            .platform
            .set_fault(Fault::new(Api::Callback, "repeat", Some(1)))
    );
    let said = world.platform.say(PERSON, &Say::text("在吗")).await;
    assert_eq!(said.attempts, 2);
    let seen = world.seen();
    assert_eq!(seen[0].msg_id, seen[1].msg_id);
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_template_message_is_shown_once_and_its_fate_is_reported() {
    let world = world(CallbackMode::Safe).await;
    let mut message = task(PERSON);
    message.client_msg_id = Some("r-1".to_owned());
    let first = world
        .client
        .template_send(&message, world.now())
        .await
        .unwrap();
    let again = world
        .client
        .template_send(&message, world.now())
        .await
        .unwrap();
    assert_eq!(first, again);
    let sent = world.platform.sent_to(PERSON);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].msg_id.as_deref(), Some(first.as_str()));
    let card = sent[0].card.clone().unwrap();
    assert!(
        card.fields
            .contains(&("事项".to_owned(), "3栋电梯停了".to_owned()))
    );
    assert_eq!(world.receipts(1).await, [JobStatus::Delivered]);

    world.clock.advance(TimeDelta::minutes(10));
    let later = world
        .client
        .template_send(&message, world.now())
        .await
        .unwrap();
    assert_ne!(later, first);
    let steward = TemplateMessage {
        to: "sandbox-steward".to_owned(),
        ..message
    };
    world
        .client
        .template_send(&steward, world.now())
        .await
        .unwrap();
    assert_eq!(world.platform.sent_to("sandbox-steward").len(), 1);
    assert_eq!(world.platform.calls(Api::Template), 4);
    assert_eq!(world.platform.calls(Api::Token), 1);
}

#[tokio::test]
async fn what_a_template_does_not_take_is_refused() {
    let world = world(CallbackMode::Safe).await;
    let now = world.now();
    let refused = async |change: &dyn Fn(&mut TemplateMessage)| {
        let mut message = task(PERSON);
        change(&mut message);
        code(world.client.template_send(&message, now).await)
    };
    assert_eq!(refused(&|m| m.to = "nobody".to_owned()).await, 40003);
    assert_eq!(refused(&|m| m.template_id = "x".to_owned()).await, 40037);
    assert_eq!(refused(&|m| m.data[0].1 = "长".repeat(21)).await, 47003);
    assert_eq!(refused(&|m| m.data[2].1 = "明天".to_owned()).await, 47003);
    assert_eq!(refused(&|m| drop(m.data.pop())).await, 47003);
    let mut message = task(PERSON);
    message.data[3].1.clear();
    match world.client.template_send(&message, now).await {
        Err(Error::Platform { message, .. }) => {
            assert!(message.contains("data.thing4.value"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    assert!(world.platform.sent_to(PERSON).is_empty());
}

#[tokio::test]
async fn who_has_left_or_blocks_receives_nothing() {
    let world = world(CallbackMode::Safe).await;
    world
        .platform
        .say(PERSON, &Say::event("unsubscribe", ""))
        .await;
    let send = async || world.client.template_send(&task(PERSON), world.now()).await;
    assert_eq!(code(send().await), 43004);
    let said = world.platform.say(PERSON, &Say::text("在吗")).await;
    assert_eq!((said.attempts, said.entries.len()), (0, 2));
    world
        .platform
        .say(PERSON, &Say::event("subscribe", ""))
        .await;
    send().await.unwrap();
    world.platform.set_standing(PERSON, Standing::Blacklisted);
    assert_eq!(code(send().await), 43019);
    world.platform.set_standing(PERSON, Standing::Refuses);
    send().await.unwrap();
    assert_eq!(world.platform.sent_to(PERSON).len(), 1);
    let fates = world.receipts(2).await;
    assert_eq!(fates, [JobStatus::Delivered, JobStatus::Blocked]);
}

#[tokio::test]
async fn customer_messages_keep_to_their_windows() {
    let world = world(CallbackMode::Safe).await;
    let send = async || world.client.custom_text(PERSON, "您好", world.now()).await;
    assert_eq!(code(send().await), 45015);
    world
        .platform
        .say(PERSON, &Say::event("CLICK", "todo"))
        .await;
    for _ in 0..3 {
        send().await.unwrap();
    }
    assert_eq!(code(send().await), 45047);
    world.platform.say(PERSON, &Say::text("在吗")).await;
    for _ in 0..5 {
        send().await.unwrap();
    }
    assert_eq!(code(send().await), 45047);
    world.platform.say(PERSON, &Say::text("还在吗")).await;
    world
        .clock
        .advance(TimeDelta::hours(48) - TimeDelta::minutes(1));
    send().await.unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(code(send().await), 45015);
    assert_eq!(world.platform.sent_to(PERSON).len(), 9);
    world.platform.say(PERSON, &Say::text("又来了")).await;
    let long = "长".repeat(700);
    assert_eq!(
        code(world.client.custom_text(PERSON, &long, world.now()).await),
        45002
    );
}

#[tokio::test]
async fn every_code_and_every_breakage_can_be_made() {
    let world = world(CallbackMode::Safe).await;
    let send = async || world.client.template_send(&task(PERSON), world.now()).await;
    send().await.unwrap();
    for wanted in [
        -1, 40003, 43101, 43108, 45009, 45011, 45065, 47001, 48001, 50002,
    ] {
        let fault = json!({ "api": "template", "kind": wanted.to_string(), "times": 1 });
        assert_eq!(world.post("/faults", fault).await.0, 200);
        assert_eq!(code(send().await), wanted);
    }
    let network = Err(Error::Network { timeout: false });
    for (kind, wanted, shown) in [
        ("refused", network.clone(), 0),
        ("dropped", network.clone(), 1),
        ("gateway", network, 0),
        ("nonsense", Err(Error::Nonsense), 0),
    ] {
        let before = world.platform.sent_to(PERSON).len();
        assert!(
            world
                .platform
                .set_fault(Fault::new(Api::Template, kind, Some(1)))
        );
        assert_eq!(send().await, wanted, "{kind}");
        assert_eq!(
            world.platform.sent_to(PERSON).len(),
            before + shown,
            "{kind}"
        );
    }
    let slow = json!({ "api": "*", "kind": "slow", "times": 1, "ms": 300 });
    world.post("/faults", slow).await;
    let begun = tokio::time::Instant::now();
    send().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let lost = "receipt:failed:system failed";
    assert!(
        world
            .platform
            .set_fault(Fault::new(Api::Template, lost, Some(1)))
    );
    send().await.unwrap();
    until("the failure is reported", 5, async || {
        let all = world.receipts(1).await;
        all.contains(&JobStatus::Failed("system failed".to_owned()))
            .then_some(())
    })
    .await;
    let forever = json!({ "api": "template", "kind": "45009" });
    world.post("/faults", forever).await;
    assert_eq!(code(send().await), 45009);
    assert_eq!(code(send().await), 45009);
    let url = format!("{}/faults?api=template", world.base);
    world.web.delete(url).send().await.unwrap();
    send().await.unwrap();
    let state = world.get("/state").await;
    assert_eq!(state["faults"], json!([]));
    assert_eq!(state["calls"]["template"], 20);
    assert_eq!(state["failed"]["template"], 18);
    for bad in [
        json!({ "api": "pay", "kind": "-1" }),
        json!({ "api": "*", "kind": "odd" }),
    ] {
        assert_eq!(world.post("/faults", bad).await.0, 400);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_a_wrong_secret_named() {
    let world = world(CallbackMode::Safe).await;
    let send = async || world.client.template_send(&task(PERSON), world.now()).await;
    send().await.unwrap();
    world.platform.expire_tokens();
    send().await.unwrap();
    assert_eq!(world.platform.sent_to(PERSON).len(), 2);
    assert_eq!(world.platform.calls(Api::Token), 2);
    let mut wrong = world.config.clone();
    wrong.app_secret = "guess".into();
    let result = client(&wrong, &world.base)
        .template_send(&task(PERSON), world.now())
        .await;
    assert_eq!(code(result), 40125);
    wrong.app_id = "wx-other".to_owned();
    let result = client(&wrong, &world.base)
        .template_send(&task(PERSON), world.now())
        .await;
    assert_eq!(code(result), 40013);
    let url = format!(
        "{}/api/cgi-bin/message/template/send?access_token=guess",
        world.base
    );
    let response = world.web.post(url).body("{}").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body["errcode"], 40001);
    assert!(body["errmsg"].as_str().unwrap().contains("rid: "));
}

#[tokio::test]
async fn a_picture_goes_from_the_phone_to_the_program() {
    let world = world(CallbackMode::Safe).await;
    let png = b"\x89PNG\r\n\x1a\nnot really".to_vec();
    let url = format!("{}/media", world.base);
    let sent = world.web.post(&url).body(png.clone()).send().await.unwrap();
    let id = sent.json::<Value>().await.unwrap()["media_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let media = world
        .client
        .media_get(&id, 1024, world.now())
        .await
        .unwrap();
    assert_eq!(
        (media.content_type.as_str(), media.bytes),
        ("image/png", png)
    );
    assert_eq!(
        code(world.client.media_get("m", 1024, world.now()).await),
        40007
    );
    let sent = world.web.post(&url).body("<script>").send().await.unwrap();
    assert_eq!(sent.status().as_u16(), 400);
    world.clock.advance(TimeDelta::days(3));
    assert_eq!(
        code(world.client.media_get(&id, 1024, world.now()).await),
        40007
    );
}

#[tokio::test]
async fn a_log_in_code_holds_once_and_for_five_minutes() {
    let world = world(CallbackMode::Safe).await;
    let config = &world.config;
    let api = format!("{}/api", world.base);
    let (app_id, secret) = (&config.mini_app_id, config.mini_secret.clone());
    let mini = MiniClient::new(Http::new().unwrap(), &api, app_id, secret);
    let first = world.platform.code("mini-1");
    assert_eq!(mini.code2session(&first).await.unwrap().openid, "mini-1");
    assert_eq!(code(mini.code2session(&first).await), 40163);
    assert_eq!(code(mini.code2session("guess").await), 40029);
    let (_, body) = world.post("/code", json!({ "openid": "mini-2" })).await;
    world.clock.advance(TimeDelta::minutes(5));
    assert_eq!(
        code(mini.code2session(body["code"].as_str().unwrap()).await),
        40029
    );
}

/// Reads events until there are so many.
async fn read_events(mut response: reqwest::Response, count: usize) -> Vec<(String, Value)> {
    let mut text = String::new();
    let reading = async {
        while text.matches("\n\n").count() < count {
            let chunk = response.chunk().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(5), reading)
        .await
        .unwrap();
    let parts = text.split("\n\n").filter(|part| part.contains("data: "));
    let event = |part: &str| {
        let line = |name: &str| {
            let found = part.lines().find_map(|line| line.strip_prefix(name));
            found.unwrap().to_owned()
        };
        (line("id: "), serde_json::from_str(&line("data: ")).unwrap())
    };
    parts.map(event).collect()
}

#[tokio::test]
async fn the_stream_resumes_where_it_broke_off() {
    let world = world(CallbackMode::Safe).await;
    let url = format!("{}/live", world.base);
    let live = world.web.get(&url).send().await.unwrap();
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    let act = json!({ "openid": PERSON, "text": "一" });
    let (status, said) = world.post("/say", act).await;
    assert_eq!(
        (status, said["answer"]["text"].as_str()),
        (200, Some("收到"))
    );
    let events = read_events(live, 2).await;
    assert_eq!(events[0].1["text"], "一");
    assert_eq!(events[1].1["how"], "reply");

    world.platform.say(PERSON, &Say::text("二")).await;
    let resume = async |id: &str| {
        let request = world.web.get(&url).header("Last-Event-ID", id);
        request.send().await.unwrap()
    };
    let missed = read_events(resume(&events[0].0).await, 3).await;
    let texts: Vec<_> = missed
        .iter()
        .map(|(_, entry)| entry["text"].clone())
        .collect();
    assert_eq!(texts, [json!("收到"), json!("二"), json!("收到")]);
    // A number of an earlier run of the platform: everything is new.
    let all = read_events(resume("9999").await, 4).await;
    assert_eq!(all[0].1["text"], "一");

    let mut open = resume(&missed[2].0).await;
    world.platform.stop();
    let end = tokio::time::timeout(Duration::from_secs(5), open.chunk())
        .await
        .unwrap();
    assert_eq!(end.unwrap(), None);
}

#[tokio::test]
async fn nothing_odd_breaks_the_controls() {
    let world = world(CallbackMode::Safe).await;
    for body in [
        json!({}),
        json!({ "openid": PERSON }),
        json!({ "openid": "有空格 ", "text": "x" }),
        json!({ "openid": "", "text": "x" }),
        json!({ "openid": PERSON, "text": 5 }),
    ] {
        let (status, _) = world.post("/say", body.clone()).await;
        assert_eq!(status, 400, "{body}");
    }
    for (path, body) in [
        ("/clock", json!({ "seconds": i64::MAX })),
        ("/clock", json!({ "seconds": i64::MIN })),
        ("/faults", json!([])),
    ] {
        assert_eq!(world.post(path, body).await.0, 400, "{path}");
    }
    let before = world.now();
    let (status, _) = world.post("/clock", json!({ "seconds": 300 })).await;
    assert_eq!(status, 200);
    assert!(world.now() >= before + 300);
    for path in [
        "",
        "/page.css",
        "/page.js",
        "/wire.js",
        "/guide.js",
        "/chips.js",
    ] {
        let url = format!("{}{path}", world.base);
        let response = world.web.get(url).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert!(response.headers().contains_key("content-security-policy"));
    }
    let wire = world.platform.say(PERSON, &Say::text("机密")).await;
    let labels = &wire.entries[0].wire;
    assert!(labels.iter().any(|part| part.text.contains("<Encrypt>")));
    assert!(labels.iter().any(|part| part.text.contains("机密")));
}
