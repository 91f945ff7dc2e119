//! Every command is a line of the menu, or stands in a list here with the reason why not; and each that is
//! reached by its digits answers, or waits for what it asks.

use std::collections::{BTreeMap, BTreeSet};

use linli::bot::{Speaker, lexicon};

use super::{asks, says, waiting};
use crate::harness::app::TestApp;
use crate::harness::people::Person;

/// Commands without a line in the menu. Whoever adds one here says why; a command of a noun belongs into the
/// menu, which `bot/menu.rs` makes of the table by itself.
const NO_LINE: &[(&str, &str)] = &[
    ("菜单", "it is the menu"),
    (
        "更多",
        "goes on with the message before it, and is offered by it",
    ),
    (
        "不提交",
        "answers the question about a draft, by the digit 2",
    ),
    ("同意", "answers an agreement, by a digit of «我的调解»"),
    ("不同意", "answers an agreement, by a digit of «我的调解»"),
];

/// Walks the pages by their digits; the command of each line, with the page and the digit.
async fn walk(person: &Person<'_>) -> BTreeMap<String, (usize, String)> {
    let mut found = BTreeMap::new();
    let (mut open, mut pages) = (vec![1], BTreeSet::new());
    while let Some(page) = open.pop() {
        if !pages.insert(page) {
            continue;
        }
        says(person, &format!("菜单 {page}")).await;
        for choice in &waiting(person).await.choices {
            match choice.command.strip_prefix("菜单 ") {
                Some(next) => {
                    let (number, _) = next.split_once(' ').unwrap();
                    open.push(number.parse::<usize>().unwrap());
                }
                None => {
                    found.insert(choice.command.clone(), (page, choice.digit.clone()));
                }
            }
        }
    }
    found
}

/// Reaches every command of this kind of person, and looks at what it answers.
async fn reaches_everything(person: &Person<'_>, speaker: Speaker) {
    let found = walk(person).await;
    for command in lexicon().commands().filter(|command| speaker.may(command)) {
        let word = command.words[0];
        let reason = NO_LINE.iter().find(|(known, _)| *known == word);
        let Some((page, digit)) = found.get(word) else {
            assert!(
                reason.is_some(),
                "no digits lead to «{word}»: it has to be a line of bot/menu.rs, or of NO_LINE in \
                 tests/it/dialogs/menus.rs with the reason why not"
            );
            continue;
        };
        assert!(
            reason.is_none(),
            "«{word}» has a line: take it out of NO_LINE"
        );
        says(person, &format!("菜单 {page}")).await;
        let reply = says(person, digit).await;
        for refusal in ["没有这个数字", "没看懂", "没有在等您选", "工作人员用的功能"]
        {
            assert!(
                !reply.contains(refusal),
                "«{word}» by {page}, {digit}: {reply}"
            );
        }
        let next = waiting(person).await;
        let waits = next.prompt.is_some() || !next.choices.is_empty();
        assert!(
            waits || !asks(&reply),
            "«{word}» asks for something and then waits for nothing, so that a digit leads nowhere. Offer \
             what there is (`Turn::offer_list`, `Dialog::pick`), ask (`Dialog::ask`), or refuse with \
             `Fault::invalid`, which asks by itself: {reply}"
        );
    }
}

const RESIDENT: Speaker = Speaker {
    bound: true,
    staff: false,
};
const STAFF: Speaker = Speaker {
    bound: true,
    staff: true,
};

#[test]
fn what_has_no_line_is_a_command() {
    for (word, reason) in NO_LINE {
        assert!(
            lexicon().get(word).is_some() && !reason.is_empty(),
            "{word}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_reaches_every_command_by_digits() {
    let app = TestApp::start().await;
    reaches_everything(&app.resident("张秀英").await, RESIDENT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steward_reaches_every_command_by_digits() {
    let app = TestApp::start().await;
    reaches_everything(&app.steward("1栋").await, STAFF).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chair_reaches_every_command_by_digits() {
    let app = TestApp::start().await;
    reaches_everything(&app.staff("卫东").await, STAFF).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_is_led_to_the_binding_by_digits() {
    let app = TestApp::start().await;
    let newcomer = app.newcomer("o-new").await;
    for (command, (page, digit)) in walk(&newcomer).await {
        says(&newcomer, &format!("菜单 {page}")).await;
        let reply = says(&newcomer, &digit).await;
        let of = lexicon().get(&command).unwrap();
        let speaker = Speaker::default();
        assert!(
            speaker.may(of) || reply.contains("请先绑定房号"),
            "«{command}»: {reply}"
        );
    }
}
