use super::*;

#[derive(Default)]
struct Hand(Mutex<Duration>);

impl Hand {
    fn turn(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Ticks for Hand {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

fn breaker(threshold: u32) -> (Breaker, Arc<Hand>) {
    let hand = Arc::new(Hand::default());
    (Breaker::new(threshold, Duration::from_mins(1), hand.clone()), hand)
}

fn fail(breaker: &Breaker) {
    breaker.enter().unwrap().failed();
}

fn refused(breaker: &Breaker) -> Duration {
    match breaker.enter() {
        Err(StoreError::NotAsked { retry_after }) => retry_after,
        _ => panic!("the call went through"),
    }
}

#[test]
fn it_opens_waits_tries_once_and_closes() {
    let (breaker, hand) = breaker(3);
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(breaker.status().state, BreakerState::Open);
    hand.turn(20);
    assert_eq!(refused(&breaker), Duration::from_secs(40));
    hand.turn(40);
    let probe = breaker.enter().unwrap();
    assert_eq!(breaker.status().state, BreakerState::HalfOpen);
    refused(&breaker);
    probe.failed();
    assert_eq!(refused(&breaker), Duration::from_mins(1));
    hand.turn(60);
    // A caller that went away leaves the try to the next.
    drop(breaker.enter().unwrap());
    breaker.enter().unwrap().succeeded();
    let status = breaker.status();
    assert_eq!(
        (status.state, status.failure_count, status.opened, status.refused),
        (BreakerState::Closed, 0.0, 2, 3)
    );
}

#[test]
fn a_store_that_was_heard_from_is_tried_at_once() {
    let (breaker, hand) = breaker(2);
    breaker.heard_from();
    assert_eq!(breaker.status().state, BreakerState::Closed);
    (0..2).for_each(|_| fail(&breaker));
    breaker.heard_from();
    assert_eq!(breaker.status().state, BreakerState::HalfOpen);
    let probe = breaker.enter().unwrap();
    breaker.heard_from();
    refused(&breaker);
    // It answers somebody else, but not us: it is left alone, longer each time.
    probe.failed();
    for rest in [2, 4, 8] {
        breaker.heard_from();
        hand.turn(rest - 1);
        breaker.heard_from();
        assert_eq!(refused(&breaker), Duration::from_secs(61 - rest));
        hand.turn(1);
        breaker.heard_from();
        fail(&breaker);
    }
    hand.turn(60);
    breaker.enter().unwrap().succeeded();
    assert_eq!(breaker.status().state, BreakerState::Closed);
    // It is well again, and what was is forgotten.
    (0..2).for_each(|_| fail(&breaker));
    breaker.heard_from();
    breaker.enter().unwrap().succeeded();
    breaker.force(ForcedState::Open);
    breaker.heard_from();
    assert_eq!(breaker.status().state, BreakerState::Open, "by hand is by hand");
}

#[test]
fn d_116_successes_take_failures_away_and_time_does_not() {
    let (breaker, hand) = breaker(3);
    fail(&breaker);
    fail(&breaker);
    (0..100).for_each(|_| breaker.enter().unwrap().succeeded());
    fail(&breaker);
    assert_eq!(breaker.status().state, BreakerState::Closed);
    // Each of them may have taken as long as it likes.
    hand.turn(600);
    fail(&breaker);
    hand.turn(600);
    assert_eq!((breaker.status().state, breaker.status().failure_count), (BreakerState::Closed, 2.0));
    fail(&breaker);
    assert_eq!(breaker.status().state, BreakerState::Open);
}

#[test]
fn it_is_shut_for_a_young_outage_unless_somebody_may_try_or_it_is_by_hand() {
    let (breaker, hand) = breaker(1);
    let young = |breaker: &Breaker| breaker.is_shut_and_failing_for_less_than(Duration::from_secs(7));
    assert!(!young(&breaker));
    fail(&breaker);
    hand.turn(6);
    assert!(young(&breaker));
    breaker.heard_from();
    assert!(!young(&breaker), "the next call may try");
    let probe = breaker.enter().unwrap();
    assert!(young(&breaker));
    probe.failed();
    hand.turn(1);
    assert!(!young(&breaker), "it has lasted too long");
    breaker.reset();
    breaker.force(ForcedState::Open);
    assert!(!young(&breaker));
}

#[test]
fn d_116_forcing_has_an_effect_until_it_is_reset() {
    let (breaker, hand) = breaker(1);
    breaker.force(ForcedState::Open);
    hand.turn(6_000);
    refused(&breaker);
    refused(&breaker);
    breaker.force(ForcedState::Closed);
    (0..10).for_each(|_| fail(&breaker));
    assert_eq!((breaker.status().state, breaker.status().forced), (BreakerState::Closed, true));
    breaker.reset();
    assert_eq!((breaker.status().state, breaker.status().forced), (BreakerState::Closed, false));
    fail(&breaker);
    assert_eq!(breaker.status().state, BreakerState::Open);
}

#[test]
fn calls_from_before_say_nothing_about_now() {
    let (breaker, hand) = breaker(1);
    let (slow, slower) = (breaker.enter().unwrap(), breaker.enter().unwrap());
    fail(&breaker);
    slow.succeeded();
    assert_eq!(breaker.status().state, BreakerState::Open);
    hand.turn(60);
    let probe = breaker.enter().unwrap();
    slower.failed();
    probe.succeeded();
    assert_eq!(breaker.status().state, BreakerState::Closed);
}
