//! The budget with interpreters that are not there, and time that nobody waits for.

use super::*;
use futures::FutureExt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One that is ended by dropping its reservation.
#[derive(Debug)]
struct Sleeper(Mutex<Option<Reservation>>);

impl Rests for Sleeper {
    fn end(&self) -> Option<BoxFuture<'static, ()>> {
        let reservation = self.0.lock().expect("no test panics with it").take()?;
        Some(async move { drop(reservation) }.boxed())
    }

    fn bytes(&self) -> u64 {
        self.0.lock().expect("no test panics with it").as_ref().map_or(0, Reservation::bytes)
    }
}

/// An interpreter that has taken so many mebibytes and rests.
async fn sleeper(budget: &Arc<Budget>, mebibytes: u64) -> Arc<Sleeper> {
    let reservation = budget.reserve(1 << 30).await.expect("there is room");
    assert!(mebibytes == 0 || reservation.answer(Wish::More, mebibytes * MEBIBYTE).await > 0);
    reservation.set_resting(true);
    let sleeper = Arc::new(Sleeper(Mutex::new(Some(reservation))));
    let resting: Weak<Sleeper> = Arc::downgrade(&sleeper);
    budget.note_resting(resting);
    sleeper
}

fn taken(budget: &Budget) -> u64 {
    budget.lock().taken / MEBIBYTE
}

#[tokio::test]
async fn a_reservation_grows_to_its_own_limit_and_within_the_budget() {
    let budget = Budget::new(512 * MEBIBYTE);
    let first = budget.reserve(200 * MEBIBYTE).await.expect("there is room");
    let mut given = FIRST_BYTES;
    loop {
        match first.answer(Wish::More, 5 * MEBIBYTE).await {
            0 => break,
            more => given += more,
        }
    }
    assert!((195 * MEBIBYTE..=200 * MEBIBYTE).contains(&given), "{given}");
    assert_eq!(first.answer(Wish::More, u64::MAX).await, 0);
    let second = budget.reserve(u64::MAX).await.expect("there is room");
    while second.answer(Wish::More, MEBIBYTE).await > 0 {}
    assert!((440..=448).contains(&taken(&budget)), "an eighth is left: {}", taken(&budget));
    let third = budget.reserve(u64::MAX).await.expect("there is room to begin");
    assert_eq!(third.answer(Wish::More, MEBIBYTE).await, 0);
    drop((first, second, third));
    assert_eq!(taken(&budget), 0);
}

#[tokio::test]
async fn a_checkpoint_counts_as_much_as_its_process_and_is_refused_where_there_is_no_room() {
    let budget = Budget::new(512 * MEBIBYTE);
    let reservation = budget.reserve(1 << 30).await.expect("there is room");
    let given = reservation.answer(Wish::More, 100 * MEBIBYTE).await;
    assert_eq!(reservation.answer(Wish::Checkpoint, given).await, 1);
    assert_eq!(reservation.bytes(), BASE + 2 * given);
    assert!(reservation.answer(Wish::More, 150 * MEBIBYTE).await > 0);
    assert_eq!(reservation.answer(Wish::Checkpoint, u64::MAX).await, 0, "no process keeps more than it was given");
    assert_eq!(reservation.answer(Wish::Checkpoint, 50 * MEBIBYTE).await, 1);
    assert_eq!(reservation.bytes(), BASE + 100 * MEBIBYTE);
    reservation.answer(Wish::More, 60 * MEBIBYTE).await;
    reservation.answer(Wish::TakeOver, 0).await;
    assert_eq!(reservation.bytes(), BASE + 50 * MEBIBYTE, "what the checkpoint had");
    reservation.answer(Wish::Settle, 0).await;
    assert_eq!(reservation.bytes(), BASE);
}

#[tokio::test]
async fn those_that_rest_are_ended_when_their_memory_is_needed_the_longest_first() {
    let budget = Budget::new(512 * MEBIBYTE);
    let (old, young) = (sleeper(&budget, 100).await, sleeper(&budget, 100).await);
    let busy = budget.reserve(1 << 30).await.expect("there is room");
    assert!(busy.answer(Wish::More, 200 * MEBIBYTE).await > 0);
    assert_eq!((old.bytes(), young.bytes() > 0), (0, true));
    assert_eq!(busy.answer(Wish::More, 400 * MEBIBYTE).await, 0, "there will never be so much");
    assert!(young.bytes() > 0);
    assert!(busy.answer(Wish::More, 150 * MEBIBYTE).await > 0);
    assert_eq!(young.bytes(), 0);
}

#[tokio::test]
async fn those_that_rest_have_half_of_the_budget_and_get_no_more() {
    let budget = Budget::new(512 * MEBIBYTE);
    let resting = [sleeper(&budget, 90).await, sleeper(&budget, 60).await, sleeper(&budget, 90).await];
    budget.keep_rest_small().await;
    assert_eq!(resting.each_ref().map(|it| it.bytes() > 0), [false, true, true]);
    let reservation = resting[1].0.lock().expect("no test panics with it").take().expect("it is there");
    assert_eq!(reservation.answer(Wish::More, MEBIBYTE).await, 0);
    reservation.set_resting(false);
    assert!(reservation.answer(Wish::More, MEBIBYTE).await > 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_begins_waits_for_room_and_not_for_ever() {
    let budget = Budget::new(128 * MEBIBYTE);
    let mut first = Vec::new();
    for _ in 0..8 {
        first.push(budget.reserve(1 << 30).await.expect("there is room"));
    }
    let refused = budget.reserve(1 << 30).await.map(drop).map_err(|error| error.to_string());
    assert!(refused.is_err_and(|error| error.contains("128 MiB")));
    let begun = AtomicUsize::new(0);
    let begin = async {
        budget.reserve(1 << 30).await.expect("room becomes free");
        begun.fetch_add(1, Ordering::Relaxed);
    };
    let end = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(begun.load(Ordering::Relaxed), 0);
        first.pop();
    };
    tokio::join!(begin, end);
    assert_eq!(begun.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_is_released_is_free_at_once_and_gets_no_more() {
    let budget = Budget::new(512 * MEBIBYTE);
    let reservation = Arc::new(budget.reserve(1 << 30).await.expect("there is room"));
    // As the service that answers the process.
    let other = reservation.clone();
    assert!(other.answer(Wish::More, 100 * MEBIBYTE).await > 0);
    assert_eq!(other.answer(Wish::Checkpoint, 100 * MEBIBYTE).await, 1);
    reservation.release();
    assert_eq!(taken(&budget), 0);
    for wish in [Wish::More, Wish::Settle, Wish::TakeOver, Wish::Checkpoint] {
        other.answer(wish, MEBIBYTE).await;
        assert_eq!(taken(&budget), 0, "{wish:?}");
    }
    drop((reservation, other));
    assert_eq!(taken(&budget), 0);
}
