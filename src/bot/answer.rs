//! One message, one transaction, one reply: what was said, its effect and its answer are stored
//! together or not at all. Called by the callback routes through [`super::answer`].

use std::time::Duration;

use entity::account;
use entity::kinds::Channel;
use tokio::time::Instant;

use crate::access;
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, cut_bytes, shorten};
use crate::bot::first::{self, First};
use crate::bot::group::Aside;
use crate::bot::sender::known;
use crate::bot::stored::{Said, Settled, Stored, conclude, earlier_reply, log, settle, take};
use crate::bot::understand::Way;
use crate::bot::{
    Meaning, Spoken, SpokenKind, attach, courtesy, dialog, group, help, lexicon, menu, render,
    scan, unknown,
};
use crate::chat::{Args, Command, Dialog, Turn, Who};
use crate::privacy::consent;

/// How long a busy database is tried: the platform waits five seconds.
const PATIENCE: Duration = Duration::from_millis(2500);
/// Characters of one message that are kept.
const MOST_CHARACTERS: usize = 5000;

/// Takes a message and says what to reply; none when there is nothing to say. A repetition of a
/// message gets the first one's reply and has no effect.
///
/// # Errors
/// `busy` or `internal` only when the database cannot be reached at all: then nothing was stored
/// and the person has to be told so.
pub async fn answer(app: &App, spoken: Spoken) -> Result<Option<String>, Fault> {
    let mut external_id = cut_bytes(&clean(&spoken.external_id), 128).to_owned();
    if spoken.channel == Channel::Work {
        // WeCom's user ids are the same in whatever case they come; openids are not.
        external_id.make_ascii_lowercase();
    }
    let spoken = Spoken {
        external_id,
        key: cut_bytes(&clean(&spoken.key), 256).to_owned(),
        ..spoken
    };
    // What is not understood by its kind has no effect, and says nothing of the sender: reports of
    // the platform about its own sending come as events, too.
    if spoken.kind == SpokenKind::Other || spoken.external_id.is_empty() || spoken.key.is_empty() {
        return Ok(None);
    }
    let begun = Instant::now();
    let mut pause = Duration::from_millis(15);
    loop {
        let fault = match attempt(app, &spoken).await {
            Err(fault) => fault,
            done => return done,
        };
        if !fault.is_busy() {
            return apologise(app, &spoken, fault).await;
        }
        if begun.elapsed() + pause > PATIENCE {
            tracing::warn!(?fault, "a message could not be stored");
            return Err(fault);
        }
        tokio::time::sleep(pause.mul_f64(app.dice.jitter(0.5))).await;
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}

/// A command that was refused.
struct Refused {
    fault: Fault,
    /// Which command, the text behind its word, and how it was named.
    asked: Option<(&'static Command, String, Way)>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, asked: None }
    }
}

async fn attempt(app: &App, spoken: &Spoken) -> Result<Option<String>, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if !take(&tx, spoken).await? {
        tx.rollback().await?;
        return earlier_reply(app, spoken).await;
    }
    let account = known(&tx, spoken).await?;
    let waiting = group::waiting(&tx, spoken, &account).await?;
    let before = dialog::load(waiting.as_ref(), tx.now());
    let actor = access::load_actor(tx.db(), &account, tx.now()).await?;
    let stored = account.clone();
    let mut turn = Turn {
        app,
        tx: &mut tx,
        actor,
        account,
        text: String::new(),
        before: before.clone(),
        dialog: None,
        audience: spoken.audience.clone(),
        aside: false,
    };
    let stored = Stored {
        account: stored,
        waiting,
    };
    match listen(&mut turn, &spoken.kind).await {
        Ok(reply) => {
            let reply = with_rules(&mut turn, &stored.account, reply).await?;
            let said = finish(&mut turn, &stored.account, reply).await?;
            conclude(&mut tx, spoken, &stored, &said).await?;
            tx.commit().await?;
            log(spoken);
            Ok(said.reply)
        }
        Err(refused) if refused.fault.is_ours() => {
            tx.rollback().await?;
            Err(refused.fault)
        }
        Err(refused) => {
            // Nothing of the command stays, but the message is answered and known.
            turn.before = before;
            turn.dialog = None;
            let reply = refuse(&mut turn, refused);
            let said = finish(&mut turn, &stored.account, Some(reply)).await?;
            tx.rollback().await?;
            settle(app, spoken, Settled::Whole(Box::new(said))).await
        }
    }
}

/// Behind the first answer to an account stand the rules on personal data; going on is its consent.
async fn with_rules(
    turn: &mut Turn<'_>,
    account: &account::Model,
    reply: Option<String>,
) -> Result<Option<String>, Fault> {
    let Some(reply) = reply else {
        return Ok(None);
    };
    if turn.audience.is_group() {
        return Ok(Some(reply));
    }
    let rules = consent::follow(turn.tx, turn.app, account).await?;
    Ok(Some(match rules {
        Some(rules) => format!("{reply}\n{rules}"),
        None => reply,
    }))
}

/// Parts what a group may read from what it may not, cuts the reply and says what waits next.
async fn finish(
    turn: &mut Turn<'_>,
    account: &account::Model,
    reply: Option<String>,
) -> Result<Said, Fault> {
    let aside = group::turns_aside(turn);
    let reply = match reply {
        Some(reply) if turn.audience.is_group() && aside.is_none() => {
            Some(group::guard(turn.tx.db(), &reply, turn.tx.now()).await?)
        }
        reply => reply,
    };
    if aside.is_some() {
        // The question goes on where its answer is read.
        turn.before = dialog::load(account.dialog.as_ref(), turn.now());
    }
    let reply = reply.map(|reply| {
        let (reply, more) = render::fit(&reply);
        if more.is_some() {
            turn.dialog.get_or_insert_default().more = more;
        }
        reply
    });
    let next = dialog::next(turn.dialog.take(), &turn.before, turn.now());
    Ok(match (aside, reply) {
        // Without an application there is no way to the person alone but the one they have.
        (Some(_), Some(_)) if turn.app.work.is_none() => Said {
            reply: Some(group::ASK_ALONE.to_owned()),
            aside: None,
            next: Dialog::default(),
        },
        (Some(person_id), Some(text)) => Said {
            reply: Some(group::SENT_ASIDE.to_owned()),
            aside: Some(Aside { person_id, text }),
            next,
        },
        (_, reply) => Said {
            reply,
            aside: None,
            next,
        },
    })
}

/// Our own mistake: logged under a number that the person reads; a digit tries the same again.
async fn apologise(app: &App, spoken: &Spoken, fault: Fault) -> Result<Option<String>, Fault> {
    let reference = app.dice.digits(6);
    tracing::error!(reference, ?fault, "a message could not be worked on");
    let (dialog, reply) = match &spoken.kind {
        SpokenKind::Text(text) => (
            Some(Box::new(Dialog::pick([clean(text)]))),
            format!(
                "系统出了点问题（编号 {reference}），您的话没有丢，请稍后回复 1 再试一次，或回复“人工”。"
            ),
        ),
        _ => (
            None,
            format!("系统出了点问题（编号 {reference}），请稍后再发一次，或回复“人工”。"),
        ),
    };
    // The first fault says more than that of storing the apology.
    settle(app, spoken, Settled::Apology(dialog, reply))
        .await
        .map_err(|_| fault)
}

/// What a refused command is answered with: why, and how to go on.
fn refuse(turn: &mut Turn<'_>, refused: Refused) -> String {
    let code = refused.fault.code;
    let why = refused.fault.detail.into_owned();
    let Some((command, rest, way)) = refused.asked else {
        return why;
    };
    // Whoever comes too often is not asked again.
    if code == Code::TooMany {
        return why;
    }
    match help::after_refusal(command, &rest, way, &turn.before, code) {
        help::Refusal::Menu => menu::show(turn, &why),
        help::Refusal::Words(asked) => help::keep_words(turn, &why, &rest, asked),
        help::Refusal::Again(dialog) => {
            let asked = dialog.prompt.is_some();
            turn.dialog = Some(dialog);
            if asked {
                format!("{why}\n请直接写，格式：{}（0 返回菜单）", command.usage)
            } else {
                why
            }
        }
        help::Refusal::Nothing => why,
    }
}

async fn listen(turn: &mut Turn<'_>, kind: &SpokenKind) -> Result<Option<String>, Refused> {
    let stranger = turn.account.channel == Channel::Work && turn.actor.person.is_none();
    if stranger && *kind != SpokenKind::Unsubscribe {
        return Ok(Some(help::unregistered(turn)));
    }
    let reply = match kind {
        SpokenKind::Text(text) => speak(turn, text).await?,
        SpokenKind::Voice {
            recognition: Some(heard),
            ..
        } if !clean(heard).is_empty() => {
            let reply = speak(turn, heard).await?;
            format!("听到：“{}”\n{reply}", shorten(&clean(heard), 60))
        }
        SpokenKind::Voice { media_id, .. } => attach::keep(turn, "voice", media_id).await?,
        SpokenKind::Image { media_id } => attach::keep(turn, "image", media_id).await?,
        SpokenKind::Video { media_id } => attach::keep(turn, "video", media_id).await?,
        SpokenKind::Location {
            latitude,
            longitude,
            label,
        } => attach::place(turn, *latitude, *longitude, label).await?,
        SpokenKind::Subscribe { scene } => {
            scan::welcome(turn, scene.as_deref().unwrap_or_default()).await?
        }
        SpokenKind::Scan { scene } => scan::welcome(turn, scene).await?,
        SpokenKind::Click { key } => speak(turn, key.strip_prefix("CMD:").unwrap_or(key)).await?,
        SpokenKind::Pick { digit, question } if *question == turn.before.until_ms => {
            speak(turn, digit).await?
        }
        SpokenKind::Pick { .. } => menu::show(turn, "这个菜单已经过了时间。"),
        SpokenKind::Unsubscribe => {
            scan::leave(turn).await?;
            return Ok(None);
        }
        SpokenKind::Other => return Ok(None),
    };
    Ok(Some(reply))
}

/// Does what a text says.
async fn speak(turn: &mut Turn<'_>, text: &str) -> Result<String, Refused> {
    let mut text = clean(text);
    let too_long = text.char_indices().nth(MOST_CHARACTERS).map(|(at, _)| at);
    if let Some(at) = too_long {
        text.truncate(at);
    }
    turn.text.clone_from(&text);
    let speaker = menu::speaker(&turn.actor);
    let mut reply = match first::weigh(lexicon(), &text, &turn.before, speaker) {
        First::Urgent {
            emergency,
            said,
            goes_on,
        } => first::urge(turn, emergency, &said, goes_on),
        First::Courtesy => courtesy::welcome(turn),
        First::Reported {
            said,
            goes_on,
            called,
        } => first::doubt(turn, &said, goes_on, called),
        First::Plain(meaning) => mean(turn, meaning).await?,
    };
    if too_long.is_some() {
        reply.push_str("\n（内容太长，只保留了前5000个字。）");
    }
    Ok(reply)
}

/// Does what is meant.
async fn mean(turn: &mut Turn<'_>, meaning: Meaning) -> Result<String, Refused> {
    Ok(match meaning {
        Meaning::Run { command, rest, way } => run(turn, command, rest, way).await?,
        Meaning::NotYours(command) => not_yours(turn, command),
        Meaning::Menu => menu::show(turn, ""),
        Meaning::Missed => help::again(turn, "没有这个数字。"),
        Meaning::Lapsed => menu::show(turn, "现在没有在等您选数字。"),
        Meaning::Wordless => help::again(turn, "没有看到文字，请写一句话。"),
        Meaning::Unsaid => help::again(turn, "只有数字看不出是什么事，请写一句话。"),
        Meaning::Unknown(text) => unknown::answer(turn, &text).await?,
    })
}

async fn run(
    turn: &mut Turn<'_>,
    command: &'static Command,
    rest: String,
    way: Way,
) -> Result<String, Refused> {
    let speaker = menu::speaker(&turn.actor);
    if command.who == Who::Staff && !speaker.staff {
        return Ok(not_yours(turn, command));
    }
    let args = Args::new(&rest);
    if !speaker.may(command) {
        // It asks for a name and a phone.
        turn.aside = true;
        return Ok(help::bind_first(turn, command, &args.raw));
    }
    // Its question, too: what is answered to it is no more for the group than its answer.
    turn.aside = !command.in_group;
    if args.raw.is_empty()
        && let Some(question) = help::ask(turn, command)
    {
        return Ok(question);
    }
    let word = command.words.first().copied().unwrap_or_default();
    let line = format!("{word} {}", args.raw).trim_end().to_owned();
    if turn.before.draft.as_deref() == Some(line.as_str()) {
        turn.before.draft = None;
    }
    if way != Way::Word {
        turn.text = line;
    }
    let mut reply = match (command.run)(turn, &args).await {
        Ok(reply) => reply.text,
        Err(fault) => {
            let asked = Some((command, args.raw, way));
            return Err(Refused { fault, asked });
        }
    };
    if way == Way::Prompt
        && let Some(menu) = help::after_asking_again(turn, &reply)
    {
        return Ok(menu);
    }
    if speaker.bound
        && turn.dialog.is_none()
        && let Some(reminder) = help::remind_of_draft(turn)
    {
        reply.push_str(&reminder);
    }
    Ok(reply)
}

fn not_yours(turn: &mut Turn<'_>, command: &Command) -> String {
    let word = command.words.first().copied().unwrap_or_default();
    let sentence = format!("“{word}”是工作人员用的功能。如果您是工作人员，请先回复：绑定 邀请码。");
    menu::show(turn, &sentence)
}
