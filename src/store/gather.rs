//! Many who ask the database the same kind of thing at once are asked for together: whoever comes while a
//! statement is under way waits for the next one, which carries all who wait. Who comes alone waits for
//! nobody. Used by whatever handles hundreds of things side by side, such as the postman.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use crate::base::fault::{Code, Fault};

/// Most that one statement carries.
const MOST: usize = 256;

type Waiting<Q, A> = (Q, oneshot::Sender<Result<A, Fault>>);

/// The line of those who ask one kind of question.
pub struct Gather<Q, A>(Arc<Mutex<Line<Q, A>>>);

struct Line<Q, A> {
    /// Somebody sees to it that all in the line are answered.
    busy: bool,
    waiting: VecDeque<Waiting<Q, A>>,
}

impl<Q, A> Default for Gather<Q, A> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Line {
            busy: false,
            waiting: VecDeque::new(),
        })))
    }
}

impl<Q: Send + 'static, A: Send + 'static> Gather<Q, A> {
    /// The answer to one question. `answer` gets some of them and gives as many answers in the same order;
    /// all who share a line must hand in the same function. It goes on although the one who asked has gone.
    ///
    /// # Errors
    /// The function's, for each who asked in the same statement; `busy` when it broke down.
    pub async fn ask<F, W>(&self, question: Q, answer: F) -> Result<A, Fault>
    where
        F: Fn(Vec<Q>) -> W + Send + 'static,
        W: Future<Output = Result<Vec<A>, Fault>> + Send + 'static,
    {
        let (say, hear) = oneshot::channel();
        let leads = {
            let mut line = hold(&self.0);
            line.waiting.push_back((question, say));
            !std::mem::replace(&mut line.busy, true)
        };
        if leads {
            tokio::spawn(serve(Arc::clone(&self.0), answer));
        }
        hear.await.unwrap_or_else(|_| Err(broken()))
    }
}

fn hold<Q, A>(line: &Mutex<Line<Q, A>>) -> MutexGuard<'_, Line<Q, A>> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

fn broken() -> Fault {
    Fault::plain(Code::Busy)
}

/// Answers until nobody waits any more.
async fn serve<Q, A, F, W>(line: Arc<Mutex<Line<Q, A>>>, answer: F)
where
    F: Fn(Vec<Q>) -> W,
    W: Future<Output = Result<Vec<A>, Fault>>,
{
    loop {
        let (questions, askers) = {
            let mut line = hold(&line);
            let count = line.waiting.len().min(MOST);
            if count == 0 {
                line.busy = false;
                return;
            }
            line.waiting.drain(..count).unzip::<_, _, Vec<_>, Vec<_>>()
        };
        let asked = askers.len();
        // Whatever breaks, the line goes on.
        match AssertUnwindSafe(answer(questions)).catch_unwind().await {
            Ok(Ok(answers)) if answers.len() == asked => {
                for (asker, answer) in askers.into_iter().zip(answers) {
                    // Gone, with its lease or its request.
                    let _ = asker.send(Ok(answer));
                }
            }
            Ok(Err(fault)) => {
                for asker in askers {
                    let _ = asker.send(Err(fault.once_more()));
                }
            }
            Ok(Ok(answers)) => {
                tracing::error!(asked, answered = answers.len(), "answers are missing");
            }
            Err(_) => tracing::error!("what was asked together panicked"),
        }
    }
}

/// The list with its last entry repeated until its length is a power of two: statements with a list of
/// parameters have few lengths then, and the database plans few of them.
#[must_use]
pub fn padded<T: Clone>(mut list: Vec<T>) -> Vec<T> {
    if let Some(last) = list.last().cloned() {
        list.resize(list.len().next_power_of_two(), last);
    }
    list
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    async fn twice(numbers: Vec<u32>, statements: Arc<AtomicUsize>) -> Result<Vec<u32>, Fault> {
        statements.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(numbers.into_iter().map(|number| number * 2).collect())
    }

    #[tokio::test]
    async fn everybody_gets_the_own_answer_by_few_statements() {
        let gather: Gather<u32, u32> = Gather::default();
        let statements = Arc::new(AtomicUsize::new(0));
        let ask = |number: u32| {
            let statements = statements.clone();
            gather.ask(number, move |numbers| twice(numbers, statements.clone()))
        };
        let answers = join_all((0..1_000).map(ask)).await;
        for (number, answer) in (0..).zip(answers) {
            assert_eq!(answer.unwrap(), number * 2);
        }
        // The first alone, the others as full as a statement may be.
        let count = statements.load(Ordering::SeqCst);
        assert!((4..=6).contains(&count), "{count} statements");
    }

    #[tokio::test]
    async fn who_goes_away_holds_up_nobody() {
        let gather: Gather<u32, u32> = Gather::default();
        let statements = Arc::new(AtomicUsize::new(0));
        let ask = |number: u32| {
            let statements = statements.clone();
            gather.ask(number, move |numbers| twice(numbers, statements.clone()))
        };
        let gone = tokio::time::timeout(Duration::from_millis(1), ask(1)).await;
        assert!(gone.is_err());
        assert_eq!(ask(2).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_fault_a_panic_and_a_missing_answer_are_told_and_the_line_goes_on() {
        let gather: Gather<u32, u32> = Gather::default();
        let ask = |number: u32| {
            gather.ask(number, |numbers: Vec<u32>| async move {
                assert!(!numbers.contains(&13), "thirteen");
                match numbers.first() {
                    Some(0) => Err(Fault::not_found("没有找到零。")),
                    Some(1) => Ok(Vec::new()),
                    _ => Ok(numbers),
                }
            })
        };
        assert_eq!(ask(0).await.unwrap_err().detail, "没有找到零。");
        assert!(ask(1).await.unwrap_err().is_busy());
        assert!(ask(13).await.unwrap_err().is_busy());
        assert_eq!(ask(7).await.unwrap(), 7);
    }

    #[test]
    fn lists_have_few_lengths() {
        for (length, padded_to) in [(0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (200, 256)] {
            let list = padded((0..length).collect::<Vec<i64>>());
            assert_eq!(list.len(), padded_to);
            assert!(list.iter().all(|one| *one < length.max(1)));
        }
    }
}
