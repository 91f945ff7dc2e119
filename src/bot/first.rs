//! What goes before everything else that a text may mean: somebody in danger reads whom to call, whatever was asked
//! of them; a courtesy is answered by one; trouble that is told in place of a wish is asked about; a line of a list
//! is picked by its own words, too. Pure but for the replies. Called by `bot/answer.rs`.

use crate::base::text::{fold, shorten};
use crate::bot::courtesy::is_courtesy;
use crate::bot::understand::{Way, pick};
use crate::bot::{Lexicon, Meaning, Speaker, menu, understand};
use crate::case::category::{Emergency, emergency};
use crate::chat::pages::NEXT;
use crate::chat::{Args, Choice, Command, Dialog, Turn};
use crate::handbook::sure::{asks, complains, reports};

/// Commands that file: they say themselves what cannot wait.
const FILES: &[&str] = &["报修", "投诉", "建议", "求助", "纠纷"];
/// Commands that take words of one's own, which may be trouble in the wrong place.
const WISHES: &[&str] = &["许愿", "发需求", "发资源", "找帮手"];
/// The command of the menu: whatever stands behind it is a sentence.
const MENU: &str = "菜单";
/// What is typed of the numbers alone.
const NUMBERS: &[&str] = &["110", "119", "120"];
/// Letters of what is shown again.
const SHOWN: usize = 20;

/// What a text means, with what goes before everything.
pub(super) enum First {
    /// Somebody may be in danger.
    Urgent {
        /// What kind, if it is known.
        emergency: Option<Emergency>,
        /// What was said of it.
        said: String,
        /// The command that it would have been.
        goes_on: Option<String>,
    },
    /// Thanks, goodbye, all right.
    Courtesy,
    /// Trouble in place of a wish.
    Reported {
        /// What was said of it.
        said: String,
        /// The command that it would have been.
        goes_on: String,
        /// What that is called.
        called: &'static str,
    },
    /// Anything else.
    Plain(Meaning),
}

/// Whether the text may tell of danger, whatever else it is.
pub(super) fn is_urgent(text: &str) -> bool {
    emergency(text).is_some() || NUMBERS.contains(&fold(text).as_str())
}

/// What a text means to somebody who was asked `before`.
pub(super) fn weigh(lexicon: &Lexicon, text: &str, before: &Dialog, speaker: Speaker) -> First {
    let meaning = understand(lexicon, text, before, speaker);
    match &meaning {
        Meaning::Unknown(said) => {
            if is_urgent(said) {
                return First::Urgent {
                    emergency: emergency(said),
                    said: said.clone(),
                    goes_on: None,
                };
            }
            if is_courtesy(said) {
                return First::Courtesy;
            }
            match named(said, before) {
                Some(choice) => First::Plain(pick(lexicon, &choice.command, before)),
                None => First::Plain(meaning),
            }
        }
        Meaning::NotYours(_) if emergency(text).is_some() => First::Urgent {
            emergency: emergency(text),
            said: text.to_owned(),
            goes_on: None,
        },
        Meaning::Run { command, rest, way } => match leads_on(command, before) {
            Some(choice) => First::Plain(pick(lexicon, &choice.command, before)),
            None => {
                before_command(text, command, rest, *way, speaker).unwrap_or(First::Plain(meaning))
            }
        },
        _ => First::Plain(meaning),
    }
}

/// The line of a list that «下一页», a word of «更多», means where no rest of a message waits.
fn leads_on<'d>(command: &Command, before: &'d Dialog) -> Option<&'d Choice> {
    let more = before.more.is_none() && command.words.contains(&NEXT);
    let mut choices = before.choices.iter();
    choices.find(|choice| more && choice.label.as_deref() == Some(NEXT))
}

/// What goes before a command.
fn before_command(
    text: &str,
    command: &Command,
    rest: &str,
    way: Way,
    speaker: Speaker,
) -> Option<First> {
    let word = command.words.first().copied().unwrap_or_default();
    let files = FILES.contains(&word);
    let wishes = WISHES.contains(&word);
    let line = format!("{word} {rest}");
    let (said, is_sentence) = match way {
        Way::Pick => return None,
        Way::Prompt => (text, !files),
        Way::Word => (rest, wishes || is_no_command(word, command, rest)),
    };
    let emergency = emergency(said);
    if is_sentence && emergency.is_some() {
        let whole = match way == Way::Word && !wishes {
            true => text,
            false => said,
        };
        return Some(First::Urgent {
            emergency,
            said: whole.to_owned(),
            goes_on: (word != MENU).then_some(line),
        });
    }
    // «感谢您» has no number of a wish, «你好，谢谢» asks for no menu.
    let may_be_kind = match way {
        Way::Prompt => files,
        _ => !rest.is_empty() && !files,
    };
    if may_be_kind && is_courtesy(text) {
        return Some(First::Courtesy);
    }
    let said = match word {
        // The kind of helper in front is none of the trouble.
        "找帮手" => crate::talent::kind_of(said).map_or(said, |(_, behind)| behind),
        _ => said,
    };
    let reported = wishes && speaker.may(command) && reports(said);
    reported.then(|| First::Reported {
        said: said.to_owned(),
        goes_on: line,
        called: word,
    })
}

/// Whether a sentence only begins like a command: a number was wanted and there is none, or it is the menu's greeting.
fn is_no_command(word: &str, command: &Command, rest: &str) -> bool {
    let numbered = command.asks.is_none() && command.usage.contains("编号");
    !rest.is_empty() && (word == MENU || (numbered && Args::new(rest).id().is_none()))
}

/// The one line of the list that waits whose own words these are: all of them, or enough to know it by.
fn named<'d>(text: &str, before: &'d Dialog) -> Option<&'d Choice> {
    let said = fold(text);
    let said = said.trim_matches(|c: char| !c.is_alphanumeric());
    let count = said.chars().count();
    if count < 2 || complains(text) {
        return None;
    }
    let cores: Vec<(String, &Choice)> = before
        .choices
        .iter()
        .filter_map(|choice| Some((own_words(choice.label.as_deref()?), choice)))
        .collect();
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut fitting = cores.iter().filter(|(core, _)| fits(core));
        let (_, choice) = fitting.next()?;
        fitting.next().is_none().then_some(*choice)
    };
    let half = |core: &str| core.contains(said) && 2 * count >= core.chars().count();
    only(&|core| core == said).or_else(|| only(&half))
}

/// The words of a line without its number and what is told of it: `水电维修` of `水电维修（2位）`.
fn own_words(label: &str) -> String {
    let folded = fold(label);
    let digits = |c: char| c == '#' || c == ' ' || c.is_ascii_digit();
    let behind = match folded.starts_with('#') {
        true => folded.trim_start_matches(digits),
        false => folded.as_str(),
    };
    let end = behind.find(['(', ':']).unwrap_or(behind.len());
    behind.get(..end).unwrap_or_default().trim().to_owned()
}

/// Whom to call, in the first line; then a digit that tells the house, and one for whoever meant something else. What
/// is written next belongs to it.
pub(super) fn urge(
    turn: &mut Turn<'_>,
    emergency: Option<Emergency>,
    said: &str,
    goes_on: Option<String>,
) -> String {
    let bound = menu::speaker(&turn.actor).bound;
    let (reply, dialog) = urgent(emergency, said, goes_on, bound);
    turn.dialog = Some(dialog);
    reply
}

fn urgent(
    emergency: Option<Emergency>,
    said: &str,
    goes_on: Option<String>,
    bound: bool,
) -> (String, Dialog) {
    let calls = emergency.map_or("110／119／120", |emergency| emergency.calls);
    let advice = emergency.map_or("", |emergency| emergency.advice);
    let advice = match advice.is_empty() {
        true => String::new(),
        false => format!("{advice}\n"),
    };
    let (first, behind) = match bound {
        true => (
            "马上通知管家",
            "\n在哪里、什么情况也可以接着写，会马上通知。",
        ),
        false => ("绑定房号，马上通知管家", ""),
    };
    let (other, command) = match goes_on {
        Some(line) => ("不是紧急情况，接着办", line),
        None if asks(said) => ("不是紧急情况，看手册", format!("手册 {said}")),
        None => ("不是紧急情况，作为投诉提交", "投诉".to_owned()),
    };
    let dialog = Dialog {
        said: Some(said.to_owned()),
        prompt: bound.then(|| format!("求助 {said}")),
        ..Dialog::pick(["求助".to_owned(), command])
    };
    let reply = format!(
        "紧急请马上打 {calls}\n{advice}请回复数字：\n1 {first}\n2 {other}\n0 返回菜单{behind}"
    );
    (reply, dialog)
}

/// Trouble that was told in place of a wish: a digit files it, another keeps it what it was.
pub(super) fn doubt(turn: &mut Turn<'_>, said: &str, goes_on: String, called: &str) -> String {
    turn.dialog = Some(Dialog {
        said: Some(said.to_owned()),
        ..Dialog::pick(["投诉".to_owned(), goes_on])
    });
    // What is of one's own is not for a group.
    turn.aside = true;
    format!(
        "“{}”像是要反映的问题。您写的没有丢，请回复数字：\n1 作为投诉提交\n2 还是{called}\n0 返回菜单",
        shorten(said, SHOWN)
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bot::lexicon;

    const RESIDENT: Speaker = Speaker {
        bound: true,
        staff: false,
    };

    fn means(text: &str, before: &Dialog) -> String {
        match weigh(lexicon(), text, before, RESIDENT) {
            First::Urgent { said, goes_on, .. } => {
                format!("urgent|{said}|{}", goes_on.unwrap_or_default())
            }
            First::Courtesy => "courtesy".to_owned(),
            First::Reported { said, goes_on, .. } => format!("reported|{said}|{goes_on}"),
            First::Plain(Meaning::Run { command, rest, .. }) => {
                format!("{}|{rest}", command.words[0])
            }
            First::Plain(Meaning::Unknown(text)) => format!("unknown|{text}"),
            First::Plain(_) => "other".to_owned(),
        }
    }

    #[test]
    fn danger_goes_before_every_question() {
        let questions = [
            Dialog::default(),
            Dialog::ask("绑定"),
            Dialog::ask("订房间 3"),
            Dialog::ask("捐物 不限 旧书 ×"),
            Dialog::ask("许愿"),
            Dialog::ask("重开 12"),
            Dialog::ask("撤回 12"),
            Dialog::pick(["进度 12", "菜单 2"]),
        ];
        for text in [
            "救命",
            "着火了",
            "火灾",
            "有人晕倒了",
            "煤气味",
            "不想活了",
            "小孩走丢了",
            "电梯又坏了，困了人！快来",
            "您好，着火了",
            "打110",
        ] {
            for before in &questions {
                let meant = means(text, before);
                assert!(
                    meant.starts_with(&format!("urgent|{text}|")),
                    "{before:?}: {meant}"
                );
            }
        }
        assert_eq!(means("120", &Dialog::default()), "urgent|120|");
        // What was typed for a question can still be its answer.
        assert_eq!(
            means("又冒烟了", &Dialog::ask("重开 12")),
            "urgent|又冒烟了|重开 12 又冒烟了"
        );
    }

    #[test]
    fn what_files_says_itself_what_cannot_wait() {
        let none = Dialog::default();
        assert_eq!(means("求助 有人晕倒了", &none), "求助|有人晕倒了");
        assert_eq!(means("着火了", &Dialog::ask("报修")), "报修|着火了");
        assert_eq!(means("120", &Dialog::ask("进度")), "进度|120");
    }

    #[test]
    fn the_first_line_says_whom_to_call_and_a_digit_files_what_was_said() {
        for (text, calls) in [
            ("着火了", "119／110／120"),
            ("有人晕倒了", "120／110／119"),
            ("小孩走丢了", "110／120／119"),
        ] {
            let (reply, dialog) = urgent(emergency(text), text, None, true);
            let line = reply.lines().next().unwrap();
            assert_eq!(line, format!("紧急请马上打 {calls}"));
            assert!(reply.contains("\n1 马上通知管家"), "{reply}");
            assert_eq!(means("1", &dialog), format!("求助|{text}"));
            assert_eq!(means("3栋2单元", &dialog), format!("求助|{text} 3栋2单元"));
            assert_eq!(means("没事了，谢谢", &dialog), "courtesy");
        }
    }

    #[test]
    fn trouble_in_place_of_a_wish_is_asked_about() {
        let none = Dialog::default();
        for (text, before, meant) in [
            (
                "楼上天天半夜吵，没人管！",
                Dialog::ask("许愿"),
                "reported|楼上天天半夜吵，没人管！|许愿 楼上天天半夜吵，没人管！",
            ),
            (
                "发需求 楼道垃圾没人扫太脏了",
                none.clone(),
                "reported|楼道垃圾没人扫太脏了|发需求 楼道垃圾没人扫太脏了",
            ),
            (
                "楼上漏水没人管，气死了",
                Dialog::ask("找帮手 水电维修"),
                "reported|楼上漏水没人管，气死了|找帮手 水电维修 楼上漏水没人管，气死了",
            ),
            (
                "许愿 轮椅坏了，想借一个",
                none.clone(),
                "许愿|轮椅坏了，想借一个",
            ),
            (
                "想请人帮忙看看化验单",
                Dialog::ask("找帮手 医疗"),
                "找帮手|医疗 想请人帮忙看看化验单",
            ),
            // The words of a reason are its own.
            (
                "又漏水了，没人管",
                Dialog::ask("重开 12"),
                "重开|12 又漏水了，没人管",
            ),
        ] {
            assert_eq!(means(text, &before), meant, "{text}");
        }
    }

    #[test]
    fn a_courtesy_is_no_filing_and_words_are_no_courtesy() {
        let none = Dialog::default();
        for text in [
            "好的",
            "谢谢",
            "再见",
            "嗯",
            "ok",
            "OK！",
            "收到谢谢",
            "知道了",
            "好的，谢谢您！",
            "嗯嗯好的",
            "没事了",
            "感谢您",
            "你好，谢谢",
        ] {
            assert_eq!(means(text, &none), "courtesy", "{text}");
            assert_eq!(means(text, &Dialog::ask("报修")), "courtesy", "{text}");
        }
        for text in ["好吵", "好的物业在哪", "行李丢了", "okra", "您", "嗯楼上吵"]
        {
            assert_ne!(means(text, &none), "courtesy", "{text}");
        }
        assert_eq!(means("收到", &none), "收到|");
    }

    #[test]
    fn a_line_is_picked_by_its_own_words() {
        let lines = |lines: &[(&str, &str)]| {
            let each = lines.iter();
            Dialog::lines(each.map(|(command, line)| ((*command).to_owned(), (*line).to_owned())))
        };
        let kinds = lines(&[
            ("登记特长 医疗", "医疗"),
            ("登记特长 水电维修", "水电维修"),
            ("找帮手 家电", "家电维修（2位）"),
        ]);
        assert_eq!(means("水电维修", &kinds), "登记特长|水电维修");
        assert_eq!(means("水电", &kinds), "登记特长|水电维修");
        assert_eq!(means("家电维修。", &kinds), "找帮手|家电");
        // Two lines have it, or it is no more than a part of one.
        assert_eq!(means("电维", &kinds), "unknown|电维");
        assert_eq!(means("电", &kinds), "unknown|电");
        let wishes = lines(&[("心愿 1", "#1 想要一副老花镜（李**）")]);
        assert_eq!(means("想要一副老花镜", &wishes), "心愿|1");
        assert_eq!(means("眼镜", &wishes), "unknown|眼镜");
        let paged = lines(&[("心愿 1", "#1 老花镜"), ("心愿 (2)", "下一页")]);
        assert_eq!(means("下一页", &paged), "心愿|(2)");
        assert_eq!(means("下一页", &wishes), "更多|");
        // Asked once more it reads as it was shown.
        let again = crate::bot::help::question(&paged).unwrap();
        assert!(again.contains("2 下一页"), "{again}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(好的|谢谢|嗯|ok|许愿|着火)?\\PC{0,40}") {
            let list = Dialog::lines([("心愿 1".to_owned(), "#1 老花镜（李**）".to_owned())]);
            for before in [Dialog::default(), Dialog::ask("许愿"), list] {
                let _ = means(&text, &before);
            }
        }
    }
}
