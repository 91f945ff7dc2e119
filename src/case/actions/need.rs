//! A home that asks for help has three who answer for it (三管家): whoever of them does not get the case is told of
//! it, and nobody else. Used by `file`.

use crate::access::holders::Holder;
use crate::case::actions::Draft;
use crate::case::remind::kinds;
use crate::person::queries::{MOST_IN_POST, answerers_of};

impl Draft {
    /// Tells those who answer for the home, out of all who hold a role there, nearest first; not whoever has the
    /// case, filed it or wrote it down.
    pub(super) fn tell_answerers(&mut self, people: &[Holder]) {
        let case = &self.next;
        let knows = [case.holder_id, Some(case.reporter_id), case.filed_by_id];
        let posts = answerers_of(people);
        let mut told: Vec<i64> = posts
            .iter()
            .flat_map(|post| post.holders.iter().take(MOST_IN_POST))
            .map(|holder| holder.person_id)
            .filter(|person| !knows.contains(&Some(*person)))
            .collect();
        told.sort_unstable();
        told.dedup();
        for person in told {
            self.tell(kinds::NEED, Some(person), "need");
        }
    }
}
