//! What time it is for the limits of a question.
//!
//! It is the clock of the machine, but for a replay: there it stands still, and is set to the moment at which each thing happened. So
//! what is left of the time is what it was, and a time that was up is up again without being waited for.

use std::sync::{Mutex, PoisonError};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// A clock.
#[derive(Debug, Default)]
pub struct Clock {
    /// The moment at which it stands, if it stands.
    stands: Mutex<Option<Instant>>,
    /// Told whenever it is set.
    was_set: Notify,
}

impl Clock {
    pub fn now(&self) -> Instant {
        self.stands.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(Instant::now)
    }

    /// Has it stand at a moment, or go on with the machine's.
    pub fn set(&self, moment: Option<Instant>) {
        *self.stands.lock().unwrap_or_else(PoisonError::into_inner) = moment;
        self.was_set.notify_waiters();
    }

    pub async fn sleep_until(&self, moment: Instant) {
        loop {
            // Registered before the clock is read, so that no word is missed in between.
            let was_set = self.was_set.notified();
            let stands = *self.stands.lock().unwrap_or_else(PoisonError::into_inner);
            match stands {
                Some(now) if now >= moment => return,
                Some(_) => was_set.await,
                None => tokio::select! {
                    () = was_set => {}
                    () = sleep_until(moment) => return,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::join;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stands_is_set_and_one_that_goes_is_waited_for() {
        let (clock, start) = (Clock::default(), Instant::now());
        let hour = start + Duration::from_secs(3600);
        clock.sleep_until(hour).await;
        assert_eq!(Instant::now(), hour);
        clock.set(Some(start));
        let set = async {
            clock.set(Some(start + Duration::from_secs(1)));
            tokio::task::yield_now().await;
            clock.set(Some(hour));
        };
        join!(clock.sleep_until(hour), set);
        assert_eq!((clock.now(), Instant::now()), (hour, hour));
        clock.set(None);
        join!(clock.sleep_until(hour + Duration::from_secs(9)), async { clock.set(None) });
        assert_eq!(Instant::now(), hour + Duration::from_secs(9));
    }
}
