//! What this process remembers of the database to save work, one thing of each type: whoever keeps something
//! here looks by itself whether it is still right. Made once with the parts of the house (`app.rs`); a noun names
//! a type of its own.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Things by their type.
#[derive(Default)]
pub struct Memo(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Memo {
    /// The one of this type; a new one the first time.
    pub fn of<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = all
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(T::default()));
        // What lies under the key of a type is of that type.
        Arc::clone(one).downcast().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn there_is_one_of_each_type() {
        let memo = Memo::default();
        memo.of::<AtomicU32>().store(7, Ordering::SeqCst);
        assert_eq!(memo.of::<AtomicU32>().load(Ordering::SeqCst), 7);
        assert_eq!(*memo.of::<String>(), "");
        assert_eq!(Memo::default().of::<AtomicU32>().load(Ordering::SeqCst), 0);
    }
}
