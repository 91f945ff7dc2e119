//! Every kind of message, event and reply.

use super::*;

fn read(fields: &str) -> Inbound {
    open_safe(&message(fields)).unwrap()
}

fn event(fields: &str) -> Event {
    match read(&format!("<MsgType><![CDATA[event]]></MsgType>{fields}")).kind {
        InboundKind::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_of_message() {
    let tail = "<MsgId>7</MsgId>";
    let kind = |fields: &str| read(&format!("{fields}{tail}")).kind;
    let s = str::to_owned;
    assert_eq!(
        kind("<MsgType>text</MsgType><Content>1</Content><bizmsgmenuid>101</bizmsgmenuid>"),
        InboundKind::Text {
            content: s("1"),
            menu_id: Some(s("101"))
        }
    );
    assert_eq!(
        kind("<MsgType>text</MsgType>"),
        InboundKind::Text {
            content: s(""),
            menu_id: None
        }
    );
    assert_eq!(
        kind("<MsgType>image</MsgType><PicUrl>http://a/b</PicUrl><MediaId>m</MediaId><NewField/>"),
        InboundKind::Image {
            pic_url: s("http://a/b"),
            media_id: s("m")
        }
    );
    let voice = "<MsgType>voice</MsgType><MediaId>m</MediaId><Format>amr</Format>";
    assert_eq!(
        kind(&format!(
            "{voice}<Recognition><![CDATA[电梯停了]]></Recognition>"
        )),
        InboundKind::Voice {
            media_id: s("m"),
            format: s("amr"),
            recognition: Some(s("电梯停了"))
        }
    );
    for silent in [s(voice), format!("{voice}<Recognition/>")] {
        let wanted = InboundKind::Voice {
            media_id: s("m"),
            format: s("amr"),
            recognition: None,
        };
        assert_eq!(kind(&silent), wanted);
    }
    for video in ["video", "shortvideo"] {
        assert_eq!(
            kind(&format!(
                "<MsgType>{video}</MsgType><MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>"
            )),
            InboundKind::Video {
                media_id: s("m"),
                thumb_media_id: s("t")
            }
        );
    }
    assert_eq!(
        kind(
            "<MsgType>location</MsgType><Location_X>23.1</Location_X><Location_Y>113.3</Location_Y><Scale>20</Scale><Label>东门</Label>"
        ),
        InboundKind::Location {
            latitude: 23.1,
            longitude: 113.3,
            scale: Some(20),
            label: s("东门")
        }
    );
    assert_eq!(
        kind("<MsgType>location</MsgType><Location_X></Location_X><Location_Y/><Scale/>"),
        InboundKind::Location {
            latitude: 0.0,
            longitude: 0.0,
            scale: None,
            label: s("")
        }
    );
    assert_eq!(
        kind("<MsgType>link</MsgType><Title>a</Title><Description>b</Description><Url>c</Url>"),
        InboundKind::Link {
            title: s("a"),
            description: s("b"),
            url: s("c")
        }
    );
    assert_eq!(
        kind("<MsgType>hologram</MsgType><X><Y>1</Y></X>"),
        InboundKind::Other(s("hologram"))
    );
}

#[test]
fn every_kind_of_event() {
    let s = str::to_owned;
    let key =
        |name: &str, key: &str| event(&format!("<Event>{name}</Event><EventKey>{key}</EventKey>"));
    assert_eq!(
        key("subscribe", ""),
        Event::Subscribe {
            scene: None,
            ticket: None
        }
    );
    assert_eq!(
        event("<Event>subscribe</Event><EventKey>qrscene_b3</EventKey><Ticket>T</Ticket>"),
        Event::Subscribe {
            scene: Some(s("b3")),
            ticket: Some(s("T"))
        }
    );
    assert_eq!(key("unsubscribe", ""), Event::Unsubscribe);
    assert_eq!(key("SCAN", "b3"), Event::Scan { scene: s("b3") });
    assert_eq!(key("CLICK", "todo"), Event::Click { key: s("todo") });
    assert_eq!(
        key("VIEW", "https://a/"),
        Event::View {
            url: s("https://a/")
        }
    );
    assert_eq!(
        event(
            "<Event>LOCATION</Event><Latitude>23.1</Latitude><Longitude>113.3</Longitude><Precision/>"
        ),
        Event::Location {
            latitude: 23.1,
            longitude: 113.3,
            precision: None
        }
    );
    for (words, status) in [
        ("success", JobStatus::Delivered),
        ("failed:user block", JobStatus::Blocked),
        (
            "failed: system failed",
            JobStatus::Failed(s("system failed")),
        ),
        ("failed:freq limit", JobStatus::Failed(s("freq limit"))),
        ("odd", JobStatus::Failed(s("odd"))),
    ] {
        assert_eq!(
            event(&format!(
                "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>9007199254740993</MsgID><Status>{words}</Status>"
            )),
            Event::TemplateSendJobFinish {
                msg_id: s("9007199254740993"),
                status
            }
        );
    }
    // Names are case sensitive: this is none of ours.
    assert_eq!(key("scan", "b3"), Event::Other(s("scan")));
    assert_eq!(
        key("weapp_audit_success", ""),
        Event::Other(s("weapp_audit_success"))
    );
}

#[test]
fn repetitions_share_a_key_and_others_do_not() {
    let keys = [
        read("<MsgType>text</MsgType><MsgId>7</MsgId>").key(),
        read("<MsgType>text</MsgType><MsgId>8</MsgId>").key(),
        read("<MsgType>event</MsgType><Event>CLICK</Event><EventKey>a</EventKey>").key(),
        read("<MsgType>event</MsgType><Event>CLICK</Event><EventKey>b</EventKey>").key(),
        read("<MsgType>event</MsgType><Event>unsubscribe</Event>").key(),
        read("<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>1</MsgID>").key(),
        read("<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>2</MsgID>").key(),
        read("<MsgType>event</MsgType><Event>new</Event>").key(),
    ];
    assert_eq!(keys[0], "msg:7");
    // A key outlives the account: it names nobody.
    assert!(keys[4].ends_with(":1700000000:unsubscribe"), "{}", keys[4]);
    assert!(!keys[4].contains("oP1_-x"));
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len(), "{keys:?}");
    assert_eq!(
        read("<MsgType>text</MsgType><MsgId> 007 </MsgId>").key(),
        "msg:7"
    );
    assert_eq!(
        keys[2],
        read("<MsgType>event</MsgType><Event>CLICK</Event><EventKey>a</EventKey>").key()
    );
}

#[test]
fn replies_turn_sender_and_receiver_round() {
    let inbound = open_safe(&text("a")).unwrap();
    let render = |reply: Reply| reply.render(&inbound, 1_700_000_001);
    let head = "<xml><ToUserName><![CDATA[oP1_-x]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName><CreateTime>1700000001</CreateTime><MsgType><![CDATA[";
    let evil = "]]><MsgType>news</MsgType>";
    let answer = render(Reply::Text(evil.to_owned()));
    assert!(answer.starts_with(head), "{answer}");
    let parsed = xml::parse(answer.as_bytes()).unwrap();
    assert_eq!(parsed.required("MsgType"), Ok("text"));
    assert_eq!(parsed.required("Content"), Ok(evil));
    let image = render(Reply::Image {
        media_id: "m".into(),
    });
    assert_eq!(
        image,
        format!("{head}image]]></MsgType><Image><MediaId><![CDATA[m]]></MediaId></Image></xml>")
    );
    let transfer = render(Reply::TransferCustomerService { account: None });
    assert_eq!(
        transfer,
        format!("{head}transfer_customer_service]]></MsgType></xml>")
    );
    let named = render(Reply::TransferCustomerService {
        account: Some("k@gh".into()),
    });
    assert!(named.contains("<TransInfo><KfAccount><![CDATA[k@gh]]></KfAccount></TransInfo>"));
}

#[test]
fn news_shows_one_article_to_a_message_and_eight_to_an_event() {
    let news = Reply::News(vec![
        Article {
            title: "公示".into(),
            ..Article::default()
        };
        9
    ]);
    let count = |inbound: &Inbound| {
        let answer = news.render(inbound, NOW);
        let items = answer.matches("<item>").count();
        assert!(
            answer.contains(&format!("<ArticleCount>{items}</ArticleCount>")),
            "{answer}"
        );
        items
    };
    assert_eq!(count(&open_safe(&text("a")).unwrap()), 1);
    assert_eq!(
        count(&read("<MsgType>event</MsgType><Event>subscribe</Event>")),
        8
    );
}
