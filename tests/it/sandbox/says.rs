//! What people do, on its way to the program and back.

use linli::config::CallbackMode;
use linli::sandbox::{Answer, Api, Fault, How, Say};
use linli::wechat::official::{Event, InboundKind};

use super::world::{Manner, PERSON, world};
use crate::harness::free_port;

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
