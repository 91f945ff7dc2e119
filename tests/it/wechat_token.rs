//! The access token shared by many instances, against the pretended platform.

use crate::wechat_platform::{NOW, counts, keeper, memory, platform};
use linli::wechat::{
    Error,
    token::{Lock, MemoryShelf, ShelfDown, Shelving, Token, TokenKeeper, TokenShelf},
};
use std::{sync::Arc, time::Duration};

/// Runs the same call on all keepers at once, four times each.
async fn everybody(keepers: &[Arc<TokenKeeper>], now: i64) -> Vec<String> {
    let calls = (0..4).flat_map(|_| keepers).map(|keeper| {
        let keeper = keeper.clone();
        tokio::spawn(async move { keeper.get(now).await.unwrap() })
    });
    let mut tokens = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        tokens.push(call.await.unwrap());
    }
    tokens
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_keepers_refresh_once_and_a_burst_of_refusals_once_more() {
    let (shared, base) = platform().await;
    let shelf = memory();
    let keepers: Vec<_> = (0..8).map(|seed| keeper(&base, &shelf, seed)).collect();
    assert_eq!(everybody(&keepers, NOW).await, vec!["T1"; 32]);
    assert_eq!(counts(&shared), (1, 0));

    shared.lock().unwrap().token = 2;
    let burst = (0..4).flat_map(|_| &keepers).map(|keeper| {
        let keeper = keeper.clone();
        tokio::spawn(async move {
            keeper.report_bad("T1", NOW).await;
            keeper.get(NOW).await.unwrap()
        })
    });
    for call in burst.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), "T2");
    }
    assert_eq!(counts(&shared), (2, 0));
    // A late report of the old token harms nobody.
    keepers[3].report_bad("T1", NOW).await;
    assert_eq!(everybody(&keepers, NOW).await, vec!["T2"; 32]);
    assert_eq!(counts(&shared), (2, 0));
}

/// All are refused with what they hold at `now`, and ask for another one.
async fn burst(keepers: &[Arc<TokenKeeper>], now: i64) -> Vec<String> {
    let mut held = Vec::new();
    for keeper in keepers {
        held.push(keeper.get(now).await.unwrap());
    }
    let calls = keepers.iter().zip(held).map(|(keeper, bad)| {
        let keeper = keeper.clone();
        tokio::spawn(async move {
            keeper.report_bad(&bad, now).await;
            keeper.get(now).await.unwrap()
        })
    });
    let mut tokens = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        tokens.push(call.await.unwrap());
    }
    tokens
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_token_that_is_refused_costs_one_call_a_burst() {
    let (shared, base) = platform().await;
    let shelf = memory();
    let keepers: Vec<_> = (0..8).map(|seed| keeper(&base, &shelf, seed)).collect();
    everybody(&keepers, NOW).await;
    assert_eq!(counts(&shared), (1, 0));
    // The platform says that it is good: it stays in use, also when more of the burst comes.
    for seconds in [0, 1, 9] {
        assert_eq!(burst(&keepers, NOW + seconds).await, vec!["T1"; 8]);
        assert_eq!(counts(&shared), (2, 0), "after {seconds} s");
    }
    // An instance that comes later finds it.
    assert_eq!(keeper(&base, &shelf, 9).get(NOW + 20).await.unwrap(), "T1");
    // It was refused again after the platform had insisted on it: another one is forced.
    assert_eq!(burst(&keepers, NOW + 60).await, vec!["T2"; 8]);
    assert_eq!(counts(&shared), (2, 1));
    // And about that one it is asked first.
    assert_eq!(burst(&keepers, NOW + 120).await, vec!["T2"; 8]);
    assert_eq!(counts(&shared), (3, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stubborn_platform_is_forced_once_in_thirty_seconds() {
    let (shared, base) = platform().await;
    let shelf = memory();
    let keepers: Vec<_> = (0..4).map(|seed| keeper(&base, &shelf, seed)).collect();
    everybody(&keepers, NOW).await;
    let stubborn = || {
        let mut platform = shared.lock().unwrap();
        platform.token += 1;
        platform.stubborn = true;
    };
    stubborn();
    assert_eq!(burst(&keepers, NOW).await, vec!["T1"; 4], "it insists");
    assert_eq!(burst(&keepers, NOW + 10).await, vec!["T3"; 4], "forced");
    assert_eq!(counts(&shared), (2, 1));
    stubborn();
    for (seconds, asked) in [(20, 3), (30, 4)] {
        burst(&keepers, NOW + seconds).await;
        assert_eq!(counts(&shared), (asked, 1), "after {seconds} s");
    }
}

#[tokio::test]
async fn what_the_platform_will_not_force_is_asked_for_plainly() {
    let (shared, base) = platform().await;
    let keepers = [keeper(&base, &memory(), 7)];
    keepers[0].get(NOW).await.unwrap();
    assert_eq!(burst(&keepers, NOW).await, ["T1"]);
    shared.lock().unwrap().force_answer = Some(r#"{"errcode":45009}"#.to_owned());
    assert_eq!(burst(&keepers, NOW + 60).await, ["T1"]);
    assert_eq!(counts(&shared), (3, 1));
}

#[tokio::test]
async fn tokens_are_renewed_five_minutes_early_but_not_at_every_call() {
    let (shared, base) = platform().await;
    let keeper = keeper(&base, &memory(), 7);
    keeper.get(NOW).await.unwrap();
    keeper.get(NOW + 7200 - 301).await.unwrap();
    assert_eq!(
        counts(&shared),
        (1, 0),
        "not before five minutes to the end"
    );
    shared.lock().unwrap().token = 2;
    assert_eq!(keeper.get(NOW + 7200 - 240).await.unwrap(), "T2");
    assert_eq!(counts(&shared), (2, 0));
    // Near its end the platform repeats the token with what is left of its life.
    shared.lock().unwrap().lifetime = 240;
    let late = NOW + 7200 - 240 + 6965;
    for second in 0..5 {
        keeper.get(late + second).await.unwrap();
    }
    assert_eq!(counts(&shared), (3, 0));
}

#[tokio::test]
async fn an_early_refresh_that_fails_leaves_the_old_token_in_use() {
    let (shared, base) = platform().await;
    let keeper = keeper(&base, &memory(), 7);
    keeper.get(NOW).await.unwrap();
    shared.lock().unwrap().token_answer = Some(r#"{"errcode":-1,"errmsg":"busy"}"#.to_owned());
    assert_eq!(keeper.get(NOW + 7100).await.unwrap(), "T1");
    let busy = keeper.get(NOW + 7200).await;
    assert!(
        matches!(busy, Err(Error::Platform { code: -1, .. })),
        "{busy:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_while_no_token_is_to_be_had_asks_for_none() {
    let (shared, base) = platform().await;
    let keeper = keeper(&base, &memory(), 7);
    shared.lock().unwrap().token_answer = Some(r#"{"errcode":-1,"errmsg":"busy"}"#.to_owned());
    let waiting: Vec<_> = (0..32)
        .map(|_| {
            let keeper = keeper.clone();
            tokio::spawn(async move { keeper.get(NOW).await })
        })
        .collect();
    for call in waiting {
        let busy = call.await.unwrap();
        assert!(
            matches!(busy, Err(Error::Platform { code: -1, .. })),
            "{busy:?}"
        );
    }
    assert_eq!(counts(&shared), (1, 0), "asked one after the other");
    // Whoever comes later asks.
    shared.lock().unwrap().token_answer = None;
    assert_eq!(keeper.get(NOW).await.unwrap(), "T1");
}

#[tokio::test]
async fn an_error_is_never_kept_as_a_token() {
    let (shared, base) = platform().await;
    let shelf = memory();
    let keeper = keeper(&base, &shelf, 7);
    for (answer, code) in [
        (r#"{"errcode":40164,"errmsg":"invalid ip"}"#, Some(40164)),
        (
            r#"{"errcode":"40125","errmsg":"bad secret","access_token":"X"}"#,
            Some(40125),
        ),
        (r#"{"expires_in":7200}"#, None),
        (r#"{"access_token":"","expires_in":7200}"#, None),
        (r#"{"access_token":"X"}"#, None),
        (r#"{"access_token":"X","expires_in":-1}"#, None),
        ("<html>502</html>", None),
    ] {
        shared.lock().unwrap().token_answer = Some(answer.to_owned());
        let error = keeper.get(NOW).await.unwrap_err();
        match code {
            Some(wanted) => {
                assert!(matches!(error, Error::Platform { code, .. } if code == wanted));
            }
            None => assert_eq!(error, Error::Nonsense, "{answer}"),
        }
        assert_eq!(shelf.get().await, Ok(None), "{answer}");
    }
    shared.lock().unwrap().token_answer = None;
    assert_eq!(keeper.get(NOW).await.unwrap(), "T1");
}

#[tokio::test]
async fn who_waits_takes_what_the_holder_of_the_lock_brings() {
    let (shared, base) = platform().await;
    let shelf = memory();
    assert_eq!(
        shelf
            .lock(Lock::Refresh, "another", Duration::from_secs(10))
            .await,
        Ok(true)
    );
    assert_eq!(
        shelf
            .lock(Lock::Refresh, "third", Duration::from_secs(10))
            .await,
        Ok(false)
    );
    shelf.unlock(Lock::Refresh, "third").await.unwrap();
    assert_eq!(
        shelf
            .lock(Lock::Refresh, "third", Duration::from_secs(10))
            .await,
        Ok(false)
    );
    let waiting = tokio::spawn({
        let keeper = keeper(&base, &shelf, 7);
        async move { keeper.get(NOW).await }
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    let brought = Token {
        value: "T1".to_owned(),
        expires_at: NOW + 7200,
        insisted_at: 0,
    };
    shelf.put(&brought).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), "T1");
    assert_eq!(counts(&shared), (0, 0));
    assert!(!format!("{brought:?}").contains("T1"));
}

/// A shelf that is gone, as when Redis is down.
struct Gone;

impl TokenShelf for Gone {
    fn get(&self) -> Shelving<'_, Option<Token>> {
        Box::pin(async { Err(ShelfDown) })
    }
    fn put<'a>(&'a self, _: &'a Token) -> Shelving<'a, ()> {
        Box::pin(async { Err(ShelfDown) })
    }
    fn lock<'a>(&'a self, _: Lock, _: &'a str, _: Duration) -> Shelving<'a, bool> {
        Box::pin(async { Err(ShelfDown) })
    }
    fn unlock<'a>(&'a self, _: Lock, _: &'a str) -> Shelving<'a, ()> {
        Box::pin(async { Err(ShelfDown) })
    }
    fn remove_if_same<'a>(&'a self, _: &'a Token) -> Shelving<'a, bool> {
        Box::pin(async { Err(ShelfDown) })
    }
}

#[tokio::test]
async fn without_its_shelf_an_instance_helps_itself() {
    let (shared, base) = platform().await;
    let shelf: Arc<dyn TokenShelf> = Arc::new(Gone);
    let keeper = keeper(&base, &shelf, 7);
    for _ in 0..5 {
        assert_eq!(keeper.get(NOW).await.unwrap(), "T1");
    }
    shared.lock().unwrap().token = 2;
    keeper.report_bad("T1", NOW).await;
    assert_eq!(keeper.get(NOW).await.unwrap(), "T2");
    assert_eq!(counts(&shared), (2, 0));
}

/// A shelf on which another instance lays its token between our look and our lock.
#[derive(Default)]
struct Overtaken(MemoryShelf);

impl TokenShelf for Overtaken {
    fn get(&self) -> Shelving<'_, Option<Token>> {
        self.0.get()
    }
    fn put<'a>(&'a self, token: &'a Token) -> Shelving<'a, ()> {
        self.0.put(token)
    }
    fn lock<'a>(&'a self, lock: Lock, owner: &'a str, ttl: Duration) -> Shelving<'a, bool> {
        Box::pin(async move {
            self.0
                .put(&Token {
                    value: "T1".to_owned(),
                    expires_at: NOW + 7200,
                    insisted_at: 0,
                })
                .await?;
            self.0.lock(lock, owner, ttl).await
        })
    }
    fn unlock<'a>(&'a self, lock: Lock, owner: &'a str) -> Shelving<'a, ()> {
        self.0.unlock(lock, owner)
    }
    fn remove_if_same<'a>(&'a self, token: &'a Token) -> Shelving<'a, bool> {
        self.0.remove_if_same(token)
    }
}

#[tokio::test]
async fn under_the_lock_the_shelf_is_looked_at_again() {
    let (shared, base) = platform().await;
    let shelf: Arc<dyn TokenShelf> = Arc::new(Overtaken::default());
    assert_eq!(keeper(&base, &shelf, 7).get(NOW).await.unwrap(), "T1");
    assert_eq!(counts(&shared), (0, 0));
    // The lock was given back.
    assert_eq!(
        shelf
            .lock(Lock::Refresh, "next", Duration::from_secs(1))
            .await,
        Ok(true)
    );
}
