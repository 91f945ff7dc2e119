//! Photos, voices and videos that people send (附件): known by the platform's id at first, then
//! fetched into our storage by a reminder, since the platform forgets them after three days. What
//! they belong to is the row's `subject`. Floor 3.

pub mod remind;
