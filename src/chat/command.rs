//! A command of the chat, a row of a noun's table: who may, how it is written, what it does.

use super::{Args, Reply, Turn};
use crate::base::fault::Fault;
use crate::reminder::BoxFuture;

/// Who may use a command. Finer rules are the action's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody, bound or not.
    Anyone,
    /// Whoever is bound to a home or holds a role.
    Bound,
    /// Whoever holds a role.
    Staff,
}

/// A command of the chat: a row of a noun's table.
#[derive(Clone, Copy)]
pub struct Command {
    /// First words that call it, folded (`base::text::fold`), the proper one first.
    pub words: &'static [&'static str],
    /// Who may.
    pub who: Who,
    /// How to write it, shown when arguments are missing: `评价 编号 1-5 [说明]`.
    pub usage: &'static str,
    /// What it does, for the help: `给处理结果打分`.
    pub help: &'static str,
    /// Whether free text is asked for when it comes without arguments (报修 → «请写下…»).
    pub asks: Option<&'static str>,
    /// Whether its answer may be read by a whole group; the rule is no. What may not goes to the
    /// person alone.
    pub in_group: bool,
    /// Does it.
    pub run: Run,
}

/// A command's function. Everything it stores goes through `turn.tx`.
pub type Run = for<'a, 'b> fn(&'a mut Turn<'b>, &'a Args) -> BoxFuture<'a, Result<Reply, Fault>>;

/// A command for whoever is bound. It asks for nothing, and its answer goes into no group; what is otherwise is written
/// around it: `Command { asks: Some(…), ..bound(…) }`.
#[must_use]
pub const fn bound(
    words: &'static [&'static str],
    usage: &'static str,
    help: &'static str,
    run: Run,
) -> Command {
    Command {
        words,
        who: Who::Bound,
        usage,
        help,
        asks: None,
        in_group: false,
        run,
    }
}

/// The same for whoever holds a role.
#[must_use]
pub const fn staff(
    words: &'static [&'static str],
    usage: &'static str,
    help: &'static str,
    run: Run,
) -> Command {
    Command {
        who: Who::Staff,
        ..bound(words, usage, help, run)
    }
}
