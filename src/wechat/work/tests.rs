//! What comes from WeCom and goes back, without the wire; the published vectors are run by the
//! integration tests of this application.

use super::*;
use crate::wechat::xml::parse_text;

const KEY: &str = "sandboxworksandboxworksandboxworksandboxwo1";
const NOW: i64 = 1_763_690_000;

fn account() -> Account {
    Account::new("wwcorp", "token".into(), &KEY.into()).unwrap()
}

fn read(fields: &str) -> Result<Inbound, Error> {
    let text = format!(
        "<xml><ToUserName><![CDATA[wwcorp]]></ToUserName>\
         <FromUserName><![CDATA[SongWeiDong]]></FromUserName><CreateTime>1348831860</CreateTime>\
         {fields}<AgentID>1000002</AgentID></xml>"
    );
    Inbound::read(&parse_text(&text)?)
}

fn kind(fields: &str) -> InboundKind {
    read(fields).unwrap().kind
}

/// As WeCom sends it: sealed, signed over the sealed text.
fn sent(message: &str) -> (String, String) {
    let account = account();
    let sealed = account.cipher.encrypt(message.as_bytes(), [7; 16]).unwrap();
    let signed = account.message_signature(&NOW.to_string(), "123", &sealed);
    let query = format!("msg_signature={signed}&timestamp={NOW}&nonce=123");
    let body = format!(
        "<xml><ToUserName><![CDATA[wwcorp]]></ToUserName><AgentID><![CDATA[1]]></AgentID>\
         <Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    );
    (query, body)
}

#[test]
fn the_kinds_of_message() {
    let text =
        "<MsgType>text</MsgType><Content>接单 12</Content><MsgId>1234567890123456789</MsgId>";
    let inbound = read(text).unwrap();
    assert_eq!(inbound.from, "songweidong");
    assert_eq!(inbound.agent_id, Some(1_000_002));
    assert_eq!(inbound.key(), "msg:1234567890123456789");
    assert_eq!(inbound.kind, InboundKind::Text("接单 12".to_owned()));
    let image =
        "<MsgType>image</MsgType><PicUrl>http://x</PicUrl><MediaId>m</MediaId><MsgId>1</MsgId>";
    assert!(matches!(kind(image), InboundKind::Image { media_id, .. } if media_id == "m"));
    let voice = "<MsgType>voice</MsgType><MediaId>m</MediaId><Format>amr</Format><MsgId>1</MsgId>";
    assert!(matches!(kind(voice), InboundKind::Voice { .. }));
    let video = "<MsgType>video</MsgType><MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId><MsgId>1</MsgId>";
    assert!(matches!(kind(video), InboundKind::Video { .. }));
    let place = "<MsgType>location</MsgType><Location_X>23.1</Location_X><Location_Y>113.3</Location_Y><Scale>20</Scale><Label>门口</Label><MsgId>1</MsgId>";
    assert!(matches!(kind(place), InboundKind::Location { latitude, .. } if latitude > 23.0));
    let link = "<MsgType>link</MsgType><Title>t</Title><Description>d</Description><Url>u</Url><MsgId>1</MsgId>";
    assert!(matches!(kind(link), InboundKind::Link { .. }));
    let odd = "<MsgType>hologram</MsgType><MsgId>1</MsgId>";
    assert_eq!(kind(odd), InboundKind::Other("hologram".to_owned()));
}

#[test]
fn the_kinds_of_event() {
    let event = |name: &str, more: &str| {
        kind(&format!(
            "<MsgType>event</MsgType><Event>{name}</Event>{more}"
        ))
    };
    let is = |wanted: Event| InboundKind::Event(wanted);
    assert_eq!(event("subscribe", "<EventKey/>"), is(Event::Subscribe));
    assert_eq!(event("unsubscribe", ""), is(Event::Unsubscribe));
    assert_eq!(event("enter_agent", "<EventKey/>"), is(Event::EnterAgent));
    let click = Event::Click {
        key: "CMD:待办".to_owned(),
    };
    assert_eq!(event("click", "<EventKey>CMD:待办</EventKey>"), is(click));
    let unknown = Event::Other("batch_job_result".to_owned());
    let job = "<BatchJob><JobId>1</JobId></BatchJob>";
    assert_eq!(event("batch_job_result", job), is(unknown));
    let left = Event::Contact(ContactChange::Left {
        userid: "zhangsan".to_owned(),
    });
    let gone = "<ChangeType>delete_user</ChangeType><UserID>ZhangSan</UserID>";
    assert_eq!(event("change_contact", gone), is(left));
    let renamed = Event::Contact(ContactChange::Renamed {
        userid: "zhangsan".to_owned(),
        now: "zhangsan2".to_owned(),
    });
    let update = "<ChangeType>update_user</ChangeType><UserID>zhangsan</UserID><NewUserID>ZhangSan2</NewUserID>";
    assert_eq!(event("change_contact", update), is(renamed));
    let party = Event::Contact(ContactChange::Other("create_party".to_owned()));
    let made = "<ChangeType>create_party</ChangeType><Id>2</Id>";
    assert_eq!(event("change_contact", made), is(party));
}

#[test]
fn a_pressed_card_says_everything() {
    let pressed = kind(
        "<MsgType>event</MsgType><Event>template_card_event</Event><EventKey>接单 12</EventKey>\
         <TaskId>r7</TaskId><CardType>button_interaction</CardType><ResponseCode>code</ResponseCode>\
         <SelectedItems>\
         <SelectedItem><QuestionKey>q1</QuestionKey><OptionIds><OptionId>a</OptionId><OptionId>b</OptionId></OptionIds></SelectedItem>\
         <SelectedItem><QuestionKey>q2</QuestionKey><OptionIds><OptionId>c</OptionId></OptionIds></SelectedItem>\
         </SelectedItems>",
    );
    let InboundKind::Event(Event::CardPressed {
        key,
        task_id,
        response_code,
        selected,
        ..
    }) = pressed
    else {
        panic!("{pressed:?}");
    };
    assert_eq!((key.as_str(), task_id.as_str()), ("接单 12", "r7"));
    assert_eq!(response_code, "code");
    let options: Vec<_> = selected.iter().map(|item| item.options.join(",")).collect();
    assert_eq!(options, ["a,b", "c"]);
}

#[test]
fn two_buttons_of_one_second_are_two_events() {
    let press = |key: &str| {
        let fields = format!(
            "<MsgType>event</MsgType><Event>template_card_event</Event><EventKey>{key}</EventKey><TaskId>r7</TaskId>"
        );
        read(&fields).unwrap().key()
    };
    assert_ne!(press("接单 12"), press("到场 12"));
    assert_eq!(press("接单 12"), press("接单 12"));
    assert!(press("接单 12").is_ascii());
}

#[test]
fn what_was_tampered_with_is_refused() {
    let message = "<xml><ToUserName>wwcorp</ToUserName><FromUserName>a</FromUserName>\
        <CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>";
    let account = account();
    let (query, body) = sent(message);
    assert!(account.open(&query, body.as_bytes(), NOW).is_ok());
    assert_eq!(
        account.open(&query, body.as_bytes(), NOW + 301),
        Err(Error::Refused)
    );
    let other = query.replace("nonce=123", "nonce=124");
    assert_eq!(
        account.open(&other, body.as_bytes(), NOW),
        Err(Error::Refused)
    );
    let bare = format!("timestamp={NOW}&nonce=123");
    assert_eq!(
        account.open(&bare, body.as_bytes(), NOW),
        Err(Error::Refused)
    );
    assert_eq!(
        account.open(&query, message.as_bytes(), NOW),
        Err(Error::Refused)
    );
    let stranger = Account::new("wwother", "token".into(), &KEY.into()).unwrap();
    assert_eq!(
        stranger.open(&query, body.as_bytes(), NOW),
        Err(Error::Refused)
    );
}

#[test]
fn an_answer_is_sealed_and_nothing_stays_nothing() {
    let account = account();
    assert_eq!(account.seal("", NOW, "1", [0; 16]), "");
    let (query, body) = sent(
        "<xml><ToUserName>wwcorp</ToUserName><FromUserName>Song</FromUserName>\
         <CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>",
    );
    let inbound = account.open(&query, body.as_bytes(), NOW).unwrap();
    let xml = Reply::UpdateButton("已接单".to_owned()).render(&inbound, NOW);
    assert!(xml.contains("<ToUserName><![CDATA[song]]>"), "{xml}");
    let sealed = account.seal(&xml, NOW, "9", [1; 16]);
    let outer = parse_text(&sealed).unwrap();
    let encrypted = outer.required("Encrypt").unwrap();
    assert_eq!(account.cipher.decrypt(encrypted).unwrap(), xml);
    let signed = account.message_signature(&NOW.to_string(), "9", encrypted);
    assert_eq!(outer.required("MsgSignature").unwrap(), signed);
}

#[test]
fn every_reply_reads_back() {
    let (query, body) = sent(
        "<xml><ToUserName>wwcorp</ToUserName><FromUserName>Song</FromUserName>\
         <CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>",
    );
    let inbound = account().open(&query, body.as_bytes(), NOW).unwrap();
    let article = Article {
        title: "标题]]>".to_owned(),
        ..Article::default()
    };
    let video = Reply::Video {
        media_id: "m".to_owned(),
        title: "t".to_owned(),
        description: "d".to_owned(),
    };
    for (reply, kind) in [
        (Reply::Text("好".to_owned()), "text"),
        (Reply::Image("m".to_owned()), "image"),
        (Reply::Voice("m".to_owned()), "voice"),
        (video, "video"),
        (Reply::News(vec![article; 9]), "news"),
        (Reply::UpdateButton("好".to_owned()), "update_button"),
        (Reply::UpdateCard(Box::default()), "update_template_card"),
    ] {
        let xml = reply.render(&inbound, NOW);
        let read = parse_text(&xml).unwrap();
        assert_eq!(read.required("MsgType").unwrap(), kind);
        assert_eq!(read.required("FromUserName").unwrap(), "wwcorp");
    }
}
