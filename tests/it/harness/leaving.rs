//! Races of an erasure: somebody has their data erased at the moment at which somebody else does something with what
//! both are part of.

use std::time::Duration;

use entity::person;
use sea_orm::EntityTrait;

use super::people::Person;
use super::until;

/// Rounds of each race: the other comes a little later each time.
pub const ROUNDS: u64 = 8;

impl Person<'_> {
    /// Has their data erased while the other says these words so many milliseconds later; what is answered to each.
    /// Nothing is left of them then, and everything that fell due is done.
    pub async fn leaves_beside(
        &self,
        other: &Person<'_>,
        words: &str,
        pause: u64,
    ) -> (String, String) {
        let id = self.account().await.person_id.unwrap();
        let later = async {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            other.says(words).await
        };
        let said = tokio::join!(self.says("注销 确认"), later);
        until("they are erased", 15, async || {
            let found = person::Entity::find_by_id(id).one(self.app.store.read());
            let row = found.await.unwrap().unwrap();
            row.erased_at
        })
        .await;
        self.app.drain().await;
        said
    }
}
