//! The search: an index over pairs of characters, in memory. Pure. Scores are BM25 over weighted fields, with
//! what part of a question an article explains, and how like the question is to the ones that the article
//! names. Made anew when articles change ([`super::library`]).

use std::collections::{HashMap, HashSet};

use crate::handbook::words::{GAP, normal};

/// Characters of a question that are looked at.
const MOST_ASKED: usize = 120;
/// How soon more of the same says little more.
const SATURATION: f64 = 1.2;
/// How much the length of a field counts.
const LENGTH: f64 = 0.5;
/// What a single character is worth beside a pair.
const SINGLE: f64 = 0.25;
/// Candidates whose own questions are compared.
const LOOKED_AT: usize = 24;
/// What the likeness to a question that an article names is worth beside the rest.
const NAMED: f64 = 0.6;
/// Pairs of a question that says one word alone: what only mentions it is not about it.
const ONE_WORD: usize = 2;

/// Two characters; of a single one the second is [`GAP`].
type Term = [char; 2];

/// An article to be found.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// Key.
    pub id: i64,
    /// One line.
    pub title: &'a str,
    /// How people ask for it, a line each.
    pub questions: &'a str,
    /// Words by which it is found.
    pub synonyms: &'a str,
    /// The text.
    pub body: &'a str,
}

/// A found article.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Its key.
    pub id: i64,
    /// How well it fits: 0 to about 1.6.
    pub score: f64,
}

/// What an article has of a term.
struct Posting {
    document: usize,
    /// 0 to the term's weight.
    impact: f64,
}

struct Held {
    weight: f64,
    postings: Vec<Posting>,
}

/// The index.
#[derive(Default)]
pub struct Index {
    ids: Vec<i64>,
    /// Pairs of each question and title, by document.
    named: Vec<Vec<HashSet<Term>>>,
    /// Pairs of what each document is about: all but its body.
    about: Vec<HashSet<Term>>,
    terms: HashMap<Term, Held>,
    /// What a term is worth that no article has.
    unknown: f64,
}

/// The pairs and single characters of a text, with how often each.
fn terms(text: &[char]) -> HashMap<Term, f64> {
    let mut found = HashMap::new();
    for pair in pairs(text) {
        *found.entry(pair).or_insert(0.0) += 1.0;
    }
    for c in text.iter().filter(|c| **c != GAP) {
        *found.entry([*c, GAP]).or_insert(0.0) += 1.0;
    }
    found
}

fn pairs(text: &[char]) -> impl Iterator<Item = Term> {
    text.windows(2).filter_map(|pair| match pair {
        [one, other] if *one != GAP && *other != GAP => Some([*one, *other]),
        _ => None,
    })
}

/// What a term counts: a pair more than a single character.
fn worth(term: Term) -> f64 {
    match term {
        [_, GAP] => SINGLE,
        _ => 1.0,
    }
}

/// A count of articles or letters.
const fn as_number(count: usize) -> f64 {
    count as f64
}

/// The four fields of an article and what each counts.
const FIELDS: usize = 4;
const BOOSTS: [f64; FIELDS] = [3.0, 2.5, 3.0, 0.7];

fn fields(document: &Document<'_>) -> [Vec<char>; FIELDS] {
    [
        normal(document.title),
        normal(document.questions),
        normal(document.synonyms),
        normal(document.body),
    ]
}

impl Index {
    /// Over these articles.
    #[must_use]
    pub fn new(documents: &[Document<'_>]) -> Self {
        let all: Vec<[Vec<char>; FIELDS]> = documents.iter().map(fields).collect();
        let count = as_number(all.len().max(1));
        let mut mean = [0.0; FIELDS];
        for one in &all {
            for (sum, field) in mean.iter_mut().zip(one) {
                *sum += as_number(field.len()) / count;
            }
        }
        let mut weighted: HashMap<Term, Vec<(usize, f64)>> = HashMap::new();
        for (document, one) in all.iter().enumerate() {
            let mut sums: HashMap<Term, f64> = HashMap::new();
            for ((field, boost), mean) in one.iter().zip(BOOSTS).zip(mean) {
                let length = 1.0 - LENGTH + LENGTH * as_number(field.len()) / mean.max(1.0);
                for (term, times) in terms(field) {
                    *sums.entry(term).or_insert(0.0) += boost * times / length;
                }
            }
            for (term, sum) in sums {
                weighted.entry(term).or_default().push((document, sum));
            }
        }
        let rarity = |held: f64| (1.0 + (count - held + 0.5) / (held + 0.5)).ln();
        let terms = weighted.into_iter().map(|(term, held)| {
            let weight = rarity(as_number(held.len())) * worth(term);
            let posting = |(document, sum): (usize, f64)| Posting {
                document,
                impact: weight * sum / (sum + SATURATION),
            };
            let postings = held.into_iter().map(posting).collect();
            (term, Held { weight, postings })
        });
        Self {
            ids: documents.iter().map(|document| document.id).collect(),
            named: documents.iter().map(named).collect(),
            about: documents.iter().map(about).collect(),
            terms: terms.collect(),
            unknown: rarity(0.0),
        }
    }

    /// How many articles it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Articles that fit a question, best first; of those alone that `may` be seen.
    #[must_use]
    pub fn ask(&self, question: &str, may: &dyn Fn(i64) -> bool) -> Vec<Hit> {
        let mut asked = normal(question);
        asked.truncate(MOST_ASKED);
        let (mut whole, mut sums) = (0.0, vec![0.0; self.ids.len()]);
        for (term, _) in terms(&asked) {
            let Some(known) = self.terms.get(&term) else {
                whole += self.unknown * worth(term);
                continue;
            };
            whole += known.weight;
            for posting in &known.postings {
                if let Some(sum) = sums.get_mut(posting.document) {
                    *sum += posting.impact;
                }
            }
        }
        if whole <= 0.0 {
            return Vec::new();
        }
        let mut found: Vec<(usize, f64)> = sums
            .into_iter()
            .enumerate()
            .filter(|(document, sum)| {
                *sum > 0.0 && self.ids.get(*document).is_some_and(|id| may(*id))
            })
            .map(|(document, sum)| (document, sum / whole))
            .collect();
        found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        found.truncate(LOOKED_AT);
        let asked: HashSet<Term> = pairs(&asked).collect();
        if (1..=ONE_WORD).contains(&asked.len()) {
            let about = |document: usize| self.about.get(document);
            found.retain(|(document, _)| {
                about(*document).is_some_and(|own| !own.is_disjoint(&asked))
            });
        }
        let mut hits: Vec<Hit> = found
            .into_iter()
            .filter_map(|(document, explained)| {
                let likest = self.named.get(document)?.iter();
                let likest = likest.map(|own| likeness(own, &asked)).fold(0.0, f64::max);
                Some(Hit {
                    id: *self.ids.get(document)?,
                    score: explained + NAMED * likest,
                })
            })
            .collect();
        hits.sort_by(|one, other| {
            other
                .score
                .total_cmp(&one.score)
                .then(one.id.cmp(&other.id))
        });
        hits
    }
}

fn named(document: &Document<'_>) -> Vec<HashSet<Term>> {
    let lines = document.questions.lines().chain([document.title]);
    lines.map(|line| pairs(&normal(line)).collect()).collect()
}

fn about(document: &Document<'_>) -> HashSet<Term> {
    let synonyms = pairs(&normal(document.synonyms)).collect::<HashSet<Term>>();
    named(document)
        .into_iter()
        .flatten()
        .chain(synonyms)
        .collect()
}

/// Whether a question says anything of a matter: more than single characters and words that ask.
#[must_use]
pub fn tells(question: &str) -> bool {
    pairs(&normal(question)).next().is_some()
}

/// What two sets of pairs have in common, 0 to 1 (Dice).
fn likeness(one: &HashSet<Term>, other: &HashSet<Term>) -> f64 {
    let all = one.len() + other.len();
    if all == 0 {
        return 0.0;
    }
    2.0 * as_number(one.intersection(other).count()) / as_number(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document(id: i64, title: &'static str, questions: &'static str) -> Document<'static> {
        Document {
            id,
            title,
            questions,
            synonyms: "",
            body: "",
        }
    }

    #[test]
    fn the_article_that_names_the_question_is_first() {
        let index = Index::new(&[
            document(1, "业委会怎么选", "业委会怎么成立\n怎么换届"),
            document(2, "物业费怎么交", "物业费在哪里交"),
            document(3, "电梯坏了", "电梯停了找谁"),
        ]);
        let first = |asked: &str| index.ask(asked, &|_| true).first().map(|hit| hit.id);
        assert_eq!(first("業主委員會怎樣選"), Some(1));
        assert_eq!(first("物管费在哪交呀"), Some(2));
        assert_eq!(first("升降机坏了"), Some(3));
        assert_eq!(first("。。。"), None);
        assert_eq!(first(""), None);
    }

    #[test]
    fn what_only_mentions_a_word_is_not_about_it() {
        let fee = Document {
            body: "不能用停水停电的办法催费",
            ..document(1, "物业费怎么交", "物业费在哪里交")
        };
        let index = Index::new(&[fee, document(2, "停电找谁", "")]);
        let found = |asked: &str| -> Vec<i64> {
            let hits = index.ask(asked, &|_| true);
            hits.iter().map(|hit| hit.id).collect()
        };
        assert_eq!(found("停水怎么办"), Vec::<i64>::new());
        assert_eq!(found("停电怎么办"), [2]);
        assert_eq!(found("物业费"), [1]);
    }

    #[test]
    fn what_may_not_be_seen_is_not_found() {
        let index = Index::new(&[document(1, "养狗", ""), document(2, "养狗登记", "")]);
        let hits = index.ask("养狗", &|id| id == 2);
        assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [2]);
    }

    proptest! {
        #[test]
        fn no_question_panics_and_scores_are_numbers(asked in "\\PC{0,200}") {
            let index = Index::new(&[document(1, "养狗要守哪些规矩", "狗咬人谁赔")]);
            for hit in index.ask(&asked, &|_| true) {
                prop_assert!(hit.score.is_finite() && hit.score > 0.0 && hit.score < 1.7);
            }
        }
    }
}
