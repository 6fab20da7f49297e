//! Calls that share one budget.

use crate::{config::Settings, engine::budget::*};
use std::sync::atomic::{AtomicU64, Ordering};

const REPLY_TOKENS: u64 = 8192;

fn budget(change: impl FnOnce(&mut Limits)) -> Budget {
    let mut limits = Settings::default().limits;
    change(&mut limits);
    Budget::new(limits, Arc::default())
}

fn tokens(input: u64, output: u64) -> TokenUsage {
    TokenUsage { input, output, cached_input: 0 }
}

#[tokio::test(start_paused = true)]
async fn calls_are_never_exceeded_by_one_and_stay_used_up() {
    let budget = budget(|it| it.max_calls = 5);
    let admitted = AtomicU64::new(0);
    let attempts = (0..50).map(|_| async {
        if let Ok(reservation) = budget.reserve(10, REPLY_TOKENS, None).await {
            admitted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            reservation.settle(tokens(1, 1), None);
        }
    });
    futures::future::join_all(attempts).await;
    assert_eq!(admitted.into_inner(), 5);
    assert_eq!(budget.reserve(10, REPLY_TOKENS, None).await.err(), Some(Exceeded::Calls));
    assert_eq!(budget.left().calls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_waits_for_what_others_give_back() {
    let budget = budget(|it| it.max_tokens = Some(REPLY_TOKENS + 500));
    let first = budget.reserve(30, REPLY_TOKENS, None).await.expect("the first fits");
    let second = budget.reserve(30, REPLY_TOKENS, None);
    tokio::pin!(second);
    assert!(futures::poll!(&mut second).is_pending(), "there is no room while the first is open");
    first.settle(tokens(10, 20), None);
    let second = second.await.expect("now there is");
    assert_eq!(second.reply_tokens(), REPLY_TOKENS as u32);
}

#[tokio::test(start_paused = true)]
async fn the_reply_shrinks_to_what_is_left_and_then_the_limit_is_met() {
    let budget = budget(|it| it.max_tokens = Some(1000));
    let first = budget.reserve(300, REPLY_TOKENS, None).await.expect("fits");
    assert_eq!(first.reply_tokens(), 1000 - 100 - FRAME_TOKENS as u32);
    first.settle(tokens(100, 600), None);
    let second = budget.reserve(30, REPLY_TOKENS, None).await.expect("there are 300 left");
    assert!(second.reply_tokens() < 300);
    assert_eq!(second.shortened_by(), Some(Exceeded::Tokens));
    second.settle(tokens(10, 200), None);
    assert_eq!(budget.reserve(30, REPLY_TOKENS, None).await.err(), Some(Exceeded::Tokens));
}

#[tokio::test(start_paused = true)]
async fn cost_is_bounded_by_the_dearest_reply() {
    let budget = budget(|it| it.max_cost = Some(0.01));
    let price = Some(Price { input: 1.0, output: 10.0 });
    let first = budget.reserve(3000, REPLY_TOKENS, price).await.expect("fits");
    assert!((890..=900).contains(&first.reply_tokens()), "{}", first.reply_tokens());
    first.settle(tokens(1000, 890), Some(0.0099));
    assert_eq!(budget.reserve(3000, REPLY_TOKENS, price).await.err(), Some(Exceeded::Cost));
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_after_the_deadline() {
    let budget = budget(|it| it.timeout = Duration::from_secs(10));
    assert_eq!(budget.begin_iteration(), Ok(()));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(budget.begin_iteration(), Err(Exceeded::Timeout));
    assert_eq!(budget.reserve(1, REPLY_TOKENS, None).await.err(), Some(Exceeded::Timeout));
}
