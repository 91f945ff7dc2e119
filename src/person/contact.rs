//! How somebody is reached, as it is told to the one person who is to know it. Used by the nouns that make two people
//! known to each other.

use entity::person;

use crate::base::phone::Phone;
use crate::base::seal::Seal;
use crate::person::queries::phone_of;

/// Somebody who is made known: name and phone as the roster has them; no name for whoever is not there any more.
#[derive(Default)]
pub struct Known {
    name: String,
    phone: Option<Phone>,
}

impl Known {
    /// With the phone, if there is one.
    #[must_use]
    pub fn of(seal: &Seal, person: Option<person::Model>) -> Self {
        let Some(person) = person else {
            return Self::default();
        };
        Self {
            phone: phone_of(seal, &person),
            name: person.name,
        }
    }

    /// In a sentence.
    #[must_use]
    pub fn says(&self) -> String {
        match &self.phone {
            Some(phone) => format!("{}，电话 {}", self.name, phone.digits()),
            None => format!("{}，没有登记电话，请社区帮忙联系", self.name),
        }
    }

    /// Where there is little room: the number is never cut.
    #[must_use]
    pub fn hint(&self) -> String {
        match &self.phone {
            Some(phone) => format!("{} {}", phone.digits(), self.name),
            None => format!("{}没有登记电话", self.name),
        }
    }
}
