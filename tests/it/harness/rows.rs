//! Rows as tests name them: a place by its code, somebody by name.

use entity::{person, place};
use sea_orm::{EntityTrait, QueryFilter};

use super::app::TestApp;
use super::compound;

impl TestApp {
    /// A place by its full code.
    pub async fn place(&self, code: &str) -> place::Model {
        let found = place::Entity::find().filter(place::COLUMN.code.eq(code));
        let found = found.one(self.store.read()).await.unwrap();
        found.unwrap_or_else(|| panic!("there is no {code}"))
    }

    /// Somebody of the standard compound, by the key that the roster gives to whoever has this name.
    pub async fn person(&self, name: &str) -> person::Model {
        let key = compound::person(name, 0);
        let found = person::Entity::find().filter(person::COLUMN.key.eq(key));
        let found = found.one(self.store.read()).await.unwrap();
        found.unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Whoever has this name now, of the roster or not.
    pub async fn called(&self, name: &str) -> person::Model {
        let found = person::Entity::find().filter(person::COLUMN.name.eq(name));
        let found = found.one(self.store.read()).await.unwrap();
        found.unwrap_or_else(|| panic!("nobody is called {name}"))
    }
}
