//! Passwords of the console: argon2id, few at once, and always the same work, whether the name is
//! known or not. Called by [`super`] and by `command/admin.rs`.

use std::collections::HashSet;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::text::fold;

/// Characters of a password.
pub const LEAST: usize = 10;
const MOST: usize = 128;
/// Different characters in it.
const DIFFERENT: usize = 5;
/// Each takes 19 MiB and a core.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// argon2id as a PHC string, with the library's recommended cost.
///
/// # Errors
/// `internal` when the library refuses, which it has no reason to.
pub async fn hash(dice: &Dice, password: &str) -> Result<String, Fault> {
    let (password, salt) = (password.to_owned(), dice.bytes::<16>());
    work(move || hash_with(&password, &salt)).await?
}

fn hash_with(password: &str, salt: &[u8; 16]) -> Result<String, Fault> {
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|error| Fault::internal(format!("password: {error}")))?;
    Ok(hash.to_string())
}

/// Whether the password is the one of the hash. Without a hash it is as much work, and false.
///
/// # Errors
/// `internal` when the work broke off.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool, Fault> {
    // What is longer than any password of ours is no password, and costs nobody more.
    let password: String = password.chars().take(MOST + 1).collect();
    let hash = hash.map(str::to_owned);
    work(move || match hash {
        Some(hash) => Argon2::default()
            .verify_password(password.as_bytes(), hash.as_str())
            .is_ok(),
        None => {
            let done = hash_with(&password, &[0; 16]);
            std::hint::black_box(&done);
            false
        }
    })
    .await
}

async fn work<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    let _turn = AT_ONCE.acquire().await.map_err(Fault::internal)?;
    spawn_blocking(job).await.map_err(Fault::internal)
}

/// Whether somebody may take it: long enough, not one letter over and over, not the name.
///
/// # Errors
/// `invalid` for the field `password`, with what to change.
pub fn check_new(password: &str, login: &str) -> Result<(), Fault> {
    let count = password.chars().count();
    let different = password.chars().collect::<HashSet<_>>().len();
    let wrong = |text: String| Err(Fault::invalid("password", text));
    if count < LEAST {
        return wrong(format!("新密码至少{LEAST}个字符，可以用一句好记的话。"));
    }
    if count > MOST {
        return wrong(format!("新密码最多{MOST}个字符。"));
    }
    if different < DIFFERENT || "01234567890123456789".contains(password) {
        return wrong("这个密码太容易猜到，请换一个。".to_owned());
    }
    if !login.is_empty() && fold(password).contains(login) {
        return wrong("密码里不要带登录名，请换一个。".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_opens_its_hash() {
        let dice = Dice::from_seed(3);
        let stored = hash(&dice, "春眠不觉晓处处闻啼鸟").await.unwrap();
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert!(verify("春眠不觉晓处处闻啼鸟", Some(&stored)).await.unwrap());
        assert!(
            !verify("春眠不觉晓处处闻啼鸟 ", Some(&stored))
                .await
                .unwrap()
        );
        assert!(!verify("春眠不觉晓处处闻啼鸟", None).await.unwrap());
        assert!(!verify("x", Some("no hash")).await.unwrap());
    }

    #[test]
    fn weak_ones_are_refused_with_a_reason() {
        for bad in [
            "short",
            "aaaaaaaaaaaa",
            "1234567890",
            "abababababab",
            "wang-2026-xyz",
        ] {
            assert!(check_new(bad, "wang").is_err(), "{bad}");
        }
        assert!(check_new(&"长".repeat(200), "wang").is_err());
        for good in ["春眠不觉晓处处闻啼鸟", "correct horse battery"] {
            assert!(check_new(good, "wang").is_ok(), "{good}");
        }
    }
}
