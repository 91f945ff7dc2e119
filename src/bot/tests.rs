//! Tables and properties of what a text means.

use std::collections::HashSet;

use proptest::prelude::*;

use super::understand::{Way, takes_arguments};
use super::{Lexicon, Meaning, Section, Speaker, help, lexicon, menu, understand};
use crate::base::fault::{Code, Fault};
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::reminder::BoxFuture;

fn nothing<'a>(_: &'a mut Turn<'_>, _: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async { Ok(Reply::text("")) })
}

const fn row(
    words: &'static [&'static str],
    who: Who,
    usage: &'static str,
    asks: Option<&'static str>,
) -> Command {
    Command {
        words,
        who,
        usage,
        help: "…",
        asks,
        in_group: false,
        run: nothing,
    }
}

/// Commands as the contract has them, so that this module is tested apart from the nouns.
const CONTRACT: &[Command] = &[
    row(
        &["报修"],
        Who::Bound,
        "报修 内容",
        Some("请直接写下要报修的内容"),
    ),
    row(&["投诉"], Who::Bound, "投诉 内容", Some("请写")),
    row(&["建议"], Who::Bound, "建议 内容", Some("请写")),
    row(&["求助"], Who::Bound, "求助 内容", Some("请写")),
    row(&["纠纷"], Who::Bound, "纠纷 内容", Some("请写")),
    row(&["进度"], Who::Bound, "进度 [编号]", None),
    row(&["评价"], Who::Bound, "评价 编号 1-5 [说明]", None),
    row(&["我的"], Who::Bound, "我的", None),
    row(&["我的管家"], Who::Bound, "我的管家", None),
    row(&["绑定"], Who::Anyone, "绑定 楼-单元-房 姓名 手机号", None),
    row(&["待办"], Who::Staff, "待办", None),
    row(&["接单"], Who::Staff, "接单 编号", None),
    row(&["方案"], Who::Staff, "方案 编号 内容", None),
    row(&["办结"], Who::Staff, "办结 编号 结果", None),
];

const RESIDENT: Speaker = Speaker {
    bound: true,
    staff: false,
};
const STAFF: Speaker = Speaker {
    bound: true,
    staff: true,
};

fn contract() -> Lexicon {
    Lexicon::new(&[Section {
        name: "全部",
        tables: &[CONTRACT, help::COMMANDS],
    }])
}

/// A meaning in a word: `报修|电梯停了|Word`.
fn said(text: &str, dialog: &Dialog, speaker: Speaker) -> String {
    match understand(&contract(), text, dialog, speaker) {
        Meaning::Run { command, rest, way } => format!("{}|{rest}|{way:?}", command.words[0]),
        Meaning::NotYours(command) => format!("not yours: {}", command.words[0]),
        Meaning::Menu => "menu".to_owned(),
        Meaning::Missed => "missed".to_owned(),
        Meaning::Lapsed => "lapsed".to_owned(),
        Meaning::Wordless => "wordless".to_owned(),
        Meaning::Unsaid => "unsaid".to_owned(),
        Meaning::Unknown(text) => format!("unknown: {text}"),
    }
}

#[test]
fn commands_are_known_however_they_are_written() {
    let table = [
        ("报修 3栋电梯停了", "报修|3栋电梯停了|Word"),
        ("报修3栋电梯停了", "报修|3栋电梯停了|Word"),
        ("報修：3棟電梯停了", "报修|3棟電梯停了|Word"),
        ("  “报修”，电梯停了", "报修|电梯停了|Word"),
        ("報修\u{3000}燈壞了", "报修|燈壞了|Word"),
        ("报修\n电梯停了\n快来", "报修|电梯停了\n快来|Word"),
        ("@报修 灯", "报修|灯|Word"),
        ("我要报修 灯", "报修|灯|Word"),
        ("您好，我想投诉物业", "投诉|物业|Word"),
        ("请帮我报修", "报修||Word"),
        ("評價 12 5", "评价|12 5|Word"),
        ("我的管家", "我的管家||Word"),
        ("我的管家！", "我的管家||Word"),
        ("我的", "我的||Word"),
        ("？", "菜单||Word"),
        ("幫助", "菜单||Word"),
        ("HELP", "菜单||Word"),
        ("你好", "菜单||Word"),
        ("人工", "人工||Word"),
        (
            "綁定 ３-２-５０１ 張秀英 13800000001",
            "绑定|３-２-５０１ 張秀英 13800000001|Word",
        ),
        ("0", "menu"),
        ("返回", "菜单||Word"),
    ];
    for (text, meant) in table {
        assert_eq!(said(text, &Dialog::default(), RESIDENT), meant, "{text}");
    }
    for (text, meant) in [
        ("接单12", "接单|12|Word"),
        ("接單 ＃12", "接单|＃12|Word"),
        ("办结 12 换了灯泡", "办结|12 换了灯泡|Word"),
        ("待辦", "待办||Word"),
    ] {
        assert_eq!(said(text, &Dialog::default(), STAFF), meant, "{text}");
    }
}

#[test]
fn a_sentence_that_only_begins_like_a_command_is_offered_to_be_filed() {
    for text in [
        "我的水管爆了",
        "待办事项在哪看",
        "helpless",
        "电梯停了",
        "方案什么时候出来",
        "12345678",
    ] {
        let meant = said(text, &Dialog::default(), RESIDENT);
        assert_eq!(meant, format!("unknown: {text}"));
    }
}

#[test]
fn a_staff_command_is_not_filed_as_a_complaint() {
    for text in ["接单 12", "接单#12", "待办", "办结 3 好了"] {
        let meant = said(text, &Dialog::default(), RESIDENT);
        assert!(meant.starts_with("not yours"), "{text}: {meant}");
    }
}

#[test]
fn digits_pick_from_a_live_menu_only() {
    let dialog = Dialog::pick(["报修", "进度 12"]);
    for text in [
        "1", "１", "1.", "1、", "(1)", "一", "第1个", "选一", "1️⃣", " 1 ", "01",
    ] {
        assert_eq!(said(text, &dialog, RESIDENT), "报修||Pick", "{text}");
    }
    assert_eq!(said("2", &dialog, RESIDENT), "进度|12|Pick");
    assert_eq!(said("12", &dialog, RESIDENT), "进度|12|Pick");
    assert_eq!(said("3", &dialog, RESIDENT), "missed");
    assert_eq!(said("0", &dialog, RESIDENT), "menu");
    assert_eq!(said("1", &Dialog::default(), RESIDENT), "lapsed");
}

#[test]
fn a_question_takes_free_text_but_a_command_goes_before_it() {
    let asked = Dialog::ask("报修");
    assert_eq!(said("灯坏了", &asked, RESIDENT), "报修|灯坏了|Prompt");
    assert_eq!(said("3", &asked, RESIDENT), "unsaid");
    assert_eq!(said("投诉 太吵", &asked, RESIDENT), "投诉|太吵|Word");
    assert_eq!(said("0", &asked, RESIDENT), "menu");
    // Nor is a digit alone a result; a score is one.
    assert_eq!(said("3", &Dialog::ask("办结 12"), STAFF), "unsaid");
    let rating = Dialog::ask("评价 12");
    assert_eq!(said("3", &rating, RESIDENT), "评价|12 3|Prompt");
    assert_eq!(said("5 很好", &rating, RESIDENT), "评价|12 5 很好|Prompt");
    // A question for a number does not swallow a complaint.
    let number = Dialog::ask("进度");
    assert_eq!(said("水管爆了", &number, RESIDENT), "unknown: 水管爆了");
    assert_eq!(said("12号", &number, RESIDENT), "进度|12号|Prompt");
}

#[test]
fn a_number_that_is_wanted_does_not_swallow_a_complaint_with_a_number_in_it() {
    let number = Dialog::ask("进度");
    for text in ["3栋电梯停了", "2次了还没修", "楼上3点还在吵"] {
        assert_eq!(said(text, &number, RESIDENT), format!("unknown: {text}"));
    }
    assert_eq!(
        said("#12 怎么样", &number, RESIDENT),
        "进度|#12 怎么样|Prompt"
    );
}

#[test]
fn who_is_asked_for_a_home_or_a_day_may_tell_of_trouble() {
    let prompts = [
        "绑定",
        "解绑",
        "订房间 3",
        "报名 3",
        "捐款 不限",
        "捐物 不限",
        "捐物 不限 旧书 ×",
    ];
    for prompt in prompts {
        let asked = Dialog::ask(prompt);
        let meant = understand(lexicon(), "3栋电梯停了", &asked, RESIDENT);
        assert!(matches!(meant, Meaning::Unknown(_)), "{prompt}");
    }
    // What does not say that it is trouble is no home and no number; whether it is a day, an amount or so many
    // pieces its noun knows, and offers it beside the question (`Turn::ask_again`).
    for prompt in prompts {
        let asked = Dialog::ask(prompt);
        let meant = understand(lexicon(), "单元门打不开", &asked, RESIDENT);
        let of_noun = matches!(
            meant,
            Meaning::Run {
                way: Way::Prompt,
                ..
            }
        );
        let whole = matches!(&meant, Meaning::Unknown(text) if text == "单元门打不开");
        assert!(
            of_noun == prompt.contains(' ') && whole != of_noun,
            "{prompt}"
        );
    }
    // Where words are asked for, they are the answer.
    for (prompt, text) in [
        ("绑定", "3-2-501 张秀英 13800000001"),
        ("订房间 3", "明天 14:00-16:00 读书会"),
        ("找帮手 医疗", "想请人帮忙看看化验单"),
        ("重开 12", "又漏水了，没人管"),
    ] {
        let asked = Dialog::ask(prompt);
        let meant = understand(lexicon(), text, &asked, RESIDENT);
        let answers = matches!(
            meant,
            Meaning::Run {
                way: Way::Prompt,
                ..
            }
        );
        assert!(answers, "{prompt}");
    }
}

#[test]
fn words_that_only_begin_like_a_command_answer_the_question() {
    let asked = Dialog::ask("办结 12");
    for (text, meant) in [
        ("方案已经落实", "办结|12 方案已经落实|Prompt"),
        ("评价很好", "办结|12 评价很好|Prompt"),
        // What is set apart, or has its number, is the command.
        ("方案 明天换", "方案|明天换|Word"),
        ("方案12明天换", "方案|12明天换|Word"),
        ("报修电梯停了", "报修|电梯停了|Word"),
        ("待办", "待办||Word"),
    ] {
        assert_eq!(said(text, &asked, STAFF), meant, "{text}");
    }
    // Without a question it is the command, as ever.
    let none = Dialog::default();
    assert_eq!(said("方案已经落实", &none, STAFF), "方案|已经落实|Word");
}

#[test]
fn who_may_no_longer_do_it_is_not_asked_for_it() {
    let asked = Dialog::ask("办结 12");
    let text = "水管爆了";
    assert_eq!(said(text, &asked, RESIDENT), format!("unknown: {text}"));
}

#[test]
fn a_long_number_picks_its_line_and_is_no_complaint() {
    let dialog = Dialog::pick(["进度 1234", "进度 12345"]);
    assert_eq!(said("12345", &dialog, RESIDENT), "进度|12345|Pick");
    assert_eq!(said("＃1234号", &dialog, RESIDENT), "进度|1234|Pick");
    assert_eq!(said("777", &dialog, RESIDENT), "missed");
    assert_eq!(
        said("777", &Dialog::ask("进度"), RESIDENT),
        "进度|777|Prompt"
    );
}

#[test]
fn a_human_is_called_from_everywhere_and_a_lake_is_none() {
    for asked in [
        Dialog::default(),
        Dialog::ask("报修"),
        Dialog::ask("评价 12"),
    ] {
        for text in [
            "人工",
            "转人工服务",
            "我要人工",
            "人工，水管爆了",
            "人工 快来",
        ] {
            let meant = match understand(lexicon(), text, &asked, RESIDENT) {
                Meaning::Run { command, .. } => command.words[0],
                _ => "",
            };
            assert_eq!(meant, "人工", "{text}");
        }
    }
    let lake = understand(lexicon(), "人工湖漏水", &Dialog::default(), RESIDENT);
    assert!(matches!(lake, Meaning::Unknown(_)));
}

#[test]
fn what_was_not_understood_is_filed_whole_by_a_digit() {
    let text = "3栋的电梯又停了，老人下不去";
    let (reply, dialog) = help::offer_of(&contract(), text, &[]);
    assert!(reply.contains("1 报修  2 投诉  3 建议  4 求助"), "{reply}");
    assert_eq!(said("1", &dialog, RESIDENT), format!("报修|{text}|Pick"));
    assert_eq!(said("4", &dialog, RESIDENT), format!("求助|{text}|Pick"));
}

#[test]
fn what_was_mistyped_is_guessed() {
    let lexicon = contract();
    for (text, best) in [
        ("接旦 12", "接单 12"),
        ("帮忙接单12", "接单 12"),
        ("保修灯", "报修"),
        ("看看进度", "进度"),
        ("我的官家", "我的管家"),
    ] {
        let near = lexicon.nearest(text, STAFF);
        assert!(
            near.len() <= 3 && near.iter().any(|line| line == best),
            "{text}: {near:?}"
        );
    }
    assert!(
        lexicon
            .nearest("接旦 12", RESIDENT)
            .iter()
            .all(|line| line != "接单 12")
    );
    assert!(lexicon.nearest("xyz", STAFF).is_empty());
}

#[test]
fn no_two_commands_share_a_word_and_all_words_are_folded() {
    let mut seen = HashSet::new();
    for command in lexicon().commands() {
        for word in command.words {
            assert!(seen.insert(*word), "{word} is there twice");
            assert_eq!(crate::base::text::fold(word), *word);
        }
        assert!(!command.help.is_empty() && !command.usage.is_empty());
    }
}

/// Walks the pages by digits alone and says which commands were met.
fn reachable(lexicon: &Lexicon, speaker: Speaker) -> HashSet<&'static str> {
    let mut met = HashSet::new();
    let (mut open, mut pages) = (vec![1], HashSet::new());
    while let Some(page) = open.pop() {
        if !pages.insert(page) {
            continue;
        }
        let (text, dialog) = menu::page(lexicon, speaker, page, None);
        assert!(text.len() <= super::render::MOST_BYTES, "{text}");
        for choice in &dialog.choices {
            assert!(choice.digit.parse::<u32>().is_ok_and(|digit| digit <= 9));
            let Meaning::Run { command, rest, .. } =
                understand(lexicon, &choice.digit, &dialog, speaker)
            else {
                panic!("{choice:?} leads nowhere");
            };
            met.insert(command.words[0]);
            if command.words[0] == "菜单" {
                let next = menu::page_of(lexicon, &Args::new(&rest));
                open.push(next.unwrap_or_else(|| panic!("{rest} is no page")));
            }
        }
    }
    met
}

#[test]
fn every_command_is_reached_by_digits_alone() {
    for lexicon in [&contract(), lexicon()] {
        for speaker in [Speaker::default(), RESIDENT, STAFF] {
            let met = reachable(lexicon, speaker);
            for command in lexicon.commands().filter(|command| speaker.may(command)) {
                let hidden = help::is_hidden(command);
                assert!(
                    hidden || met.contains(command.words[0]),
                    "{:?}",
                    command.words
                );
            }
        }
    }
}

#[test]
fn staff_sees_its_work_first_and_newcomers_how_to_bind() {
    let (text, _) = menu::page(&contract(), STAFF, 1, None);
    assert!(text.contains("\n1 待办："), "{text}");
    let (text, _) = menu::page(&contract(), Speaker::default(), 1, None);
    assert!(text.contains("\n1 绑定："), "{text}");
    assert!(!text.contains("待办"), "{text}");
    let (text, dialog) = menu::page(&contract(), RESIDENT, 1, Some("报修 灯坏了"));
    assert!(text.contains("\n1 报修："), "{text}");
    assert_eq!(dialog.choices.last().unwrap().command, "报修 灯坏了");
}

#[test]
fn where_another_answer_would_be_refused_too_the_words_are_offered() {
    let lexicon = contract();
    let command = lexicon.get("办结").unwrap();
    let asked = Dialog::ask("办结 12");
    for code in [Code::Forbidden, Code::WrongStep, Code::Conflict] {
        let refusal = help::after_refusal(command, "12 好了", Way::Prompt, &asked, code);
        assert!(matches!(refusal, help::Refusal::Words(None)), "{code:?}");
    }
    let gone = help::after_refusal(command, "12 好了", Way::Prompt, &asked, Code::NotFound);
    let help::Refusal::Words(Some(next)) = gone else {
        panic!("not asked beside it");
    };
    assert_eq!((next.prompt, next.misses), (asked.prompt.clone(), 1));
    // The third time the question is over, and the words are still there.
    let third = Dialog { misses: 2, ..asked };
    let gone = help::after_refusal(command, "12 好了", Way::Prompt, &third, Code::NotFound);
    assert!(matches!(gone, help::Refusal::Words(None)));
}

#[test]
fn a_refused_answer_is_asked_again_three_times() {
    let lexicon = contract();
    let command = lexicon.get("评价").unwrap();
    assert!(takes_arguments(command));
    let mut dialog = Dialog::ask("评价 12");
    for _ in 0..2 {
        let refusal = help::after_refusal(command, "12 很好", Way::Prompt, &dialog, Code::Invalid);
        let help::Refusal::Again(next) = refusal else {
            panic!("not asked again");
        };
        assert_eq!(next.prompt.as_deref(), Some("评价 12"));
        dialog = next;
    }
    let refusal = help::after_refusal(command, "12 很好", Way::Prompt, &dialog, Code::Invalid);
    assert!(matches!(refusal, help::Refusal::Menu));
}

fn any_dialog() -> impl Strategy<Value = Dialog> {
    let line = "(报修|评价 12|菜单 2|接单|[a-z一-龥 0-9]{0,8})";
    (
        proptest::collection::vec(line, 0..4),
        proptest::option::of(line),
        proptest::option::of(".{0,20}"),
    )
        .prop_map(|(choices, prompt, said)| Dialog {
            prompt,
            said,
            ..Dialog::pick(choices)
        })
}

proptest! {
    #[test]
    fn every_text_means_something(
        text in "(报修|接单|我的|菜单|评价|人工|您好|第|#|＃)?\\PC{0,60}",
        dialog in any_dialog(),
        staff in any::<bool>(),
    ) {
        let speaker = if staff { STAFF } else { RESIDENT };
        let meaning = understand(&contract(), &text, &dialog, speaker);
        if let Meaning::Unknown(kept) = &meaning {
            // Nothing is dropped: it is the text, or what a digit stood for.
            let line = |choice: &crate::chat::Choice| choice.command == *kept;
            prop_assert!(*kept == text || dialog.choices.iter().any(line));
            prop_assert!(!contract().nearest(&text, speaker).iter().any(String::is_empty));
        }
    }

    #[test]
    fn nothing_is_lost_behind_a_command(text in "[一-龥a-z0-9][一-龥a-z0-9 ，。]{0,60}") {
        let line = format!("报修 {text}");
        let meaning = said(&line, &Dialog::default(), RESIDENT);
        prop_assert_eq!(meaning, format!("报修|{text}|Word"));
    }
}
