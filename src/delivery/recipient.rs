//! To whom a reminder goes: a person by whichever account, or an account that is nobody's. Used
//! by the postman and by `send`.

use entity::reminder;

/// To whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Recipient {
    /// A person.
    Person(i64),
    /// An account that was nobody's when the reminder was made.
    Account(i64),
}

impl Recipient {
    /// Of a reminder; none for one that goes to nobody.
    pub(super) fn of(row: &reminder::Model) -> Option<Self> {
        match (row.recipient_id, row.recipient_account_id) {
            (Some(person), _) => Some(Self::Person(person)),
            (None, account) => account.map(Self::Account),
        }
    }

    /// The person, if it is one.
    pub(super) const fn person_id(self) -> Option<i64> {
        match self {
            Self::Person(id) => Some(id),
            Self::Account(_) => None,
        }
    }

    /// The account, if it is one that is nobody's.
    pub(super) const fn account_id(self) -> Option<i64> {
        match self {
            Self::Person(_) => None,
            Self::Account(id) => Some(id),
        }
    }
}
