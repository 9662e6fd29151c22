use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::*;

const START: i64 = 1_795_000_000_000_000;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const YEAR: i64 = 365 * 24 * HOUR;

/// A machine whose clocks are turned by hand.
#[derive(Debug, Default)]
struct ByHand {
    wall: AtomicI64,
    elapsed: AtomicU64,
}

impl Sources for Arc<ByHand> {
    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.wall.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.elapsed.load(Ordering::SeqCst))
    }
}

impl ByHand {
    /// Time goes on for both.
    fn pass(&self, micros: i64) {
        self.elapsed.fetch_add(micros.unsigned_abs(), Ordering::SeqCst);
        self.set(micros);
    }

    /// Somebody sets the clock on the wall.
    fn set(&self, by: i64) {
        self.wall.fetch_add(by, Ordering::SeqCst);
    }
}

/// A clock on a machine that started with this on the wall, and the machine.
fn clock(wall: i64) -> (Steady<Arc<ByHand>>, Arc<ByHand>) {
    let hand = Arc::new(ByHand::default());
    hand.set(wall);
    let clock = Steady::over(Arc::clone(&hand));
    clock.now();
    (clock, hand)
}

fn now(clock: &Steady<Arc<ByHand>>) -> i64 {
    clock.now().micros()
}

#[test]
fn while_both_clocks_agree_the_time_is_that_on_the_wall() {
    let (clock, hand) = clock(START);
    hand.pass(5 * SECOND);
    assert_eq!((now(&clock), clock.doubt()), (START + 5 * SECOND, None));
    // A time server corrects by little, in either direction; a second is counted twice.
    for by in [SECOND / 2, -SECOND, 9 * SECOND, -9 * SECOND] {
        hand.set(by);
        assert_eq!((now(&clock), clock.doubt()), (hand.wall().micros(), None));
    }
    // And it pulls the clock slowly, for weeks, while the time is asked for now and then.
    let before = now(&clock);
    for _ in 0..10_000 {
        hand.pass(60 * SECOND);
        hand.set(30_000);
        assert_eq!(clock.doubt(), None);
    }
    assert_eq!(now(&clock) - before, 10_000 * (60 * SECOND + 30_000));
}

#[test]
fn a_night_asleep_is_not_a_jump() {
    let (clock, hand) = clock(START);
    hand.pass(10 * HOUR);
    assert_eq!((now(&clock), clock.doubt()), (START + 10 * HOUR, None));
}

#[test]
fn a_jump_of_ten_years_is_never_believed_by_itself_and_passes_when_it_is_set_back() {
    let (clock, hand) = clock(START);
    clock.compare(Some(Timestamp::from_micros(START)));
    hand.set(10 * YEAR);
    hand.pass(SECOND);
    assert_eq!(now(&clock), START + SECOND);
    let doubt = clock.doubt().unwrap();
    assert_eq!((doubt.wall.micros(), doubt.believed_in), (START + 10 * YEAR + SECOND, None));
    hand.pass(YEAR);
    assert_eq!(now(&clock), START + SECOND + YEAR, "time goes on");
    hand.set(-10 * YEAR);
    assert_eq!((now(&clock), clock.doubt()), (START + SECOND + YEAR, None));
}

#[test]
fn who_confirms_a_jump_has_it_believed() {
    let (clock, hand) = clock(START);
    clock.compare(None);
    hand.set(10 * YEAR);
    assert_eq!(now(&clock), START);
    clock.recorded(Timestamp::from_micros(START));
    clock.confirm();
    assert_eq!((now(&clock), clock.doubt()), (START + 10 * YEAR, None));
    // Versions from before are no reason to doubt it again.
    clock.recorded(Timestamp::from_micros(START));
    clock.compare(Some(Timestamp::from_micros(START)));
    assert_eq!((now(&clock), clock.doubt()), (START + 10 * YEAR, None));
}

#[test]
fn a_jump_is_believed_when_it_has_stood_for_a_while_a_long_one_for_a_day() {
    for (by, minutes) in [(HOUR, 15), (-HOUR, 15), (20 * 24 * HOUR, 24 * 60), (-20 * 24 * HOUR, 24 * 60)] {
        let (clock, hand) = clock(START);
        hand.set(by);
        for minute in 0..minutes {
            assert_eq!(now(&clock), START + minute * 60 * SECOND, "{by}");
            let left = Duration::from_secs(60 * (minutes - minute).unsigned_abs());
            assert_eq!(clock.doubt().unwrap().believed_in, Some(left), "{by}");
            hand.pass(60 * SECOND);
        }
        assert_eq!((now(&clock), clock.doubt()), (START + by + minutes * 60 * SECOND, None), "{by}");
    }
}

#[test]
fn a_clock_that_goes_on_jumping_begins_anew_each_time() {
    let (clock, hand) = clock(START);
    for _ in 0..10 {
        hand.set(HOUR);
        assert_eq!(clock.doubt().unwrap().believed_in, Some(STOOD));
        hand.pass(600 * SECOND);
    }
    assert_eq!(now(&clock), START + 10 * 600 * SECOND);
}

#[test]
fn a_jump_back_does_not_stop_the_time() {
    let (clock, hand) = clock(START);
    hand.set(-10 * YEAR);
    hand.pass(SECOND);
    assert_eq!(now(&clock), START + SECOND);
    assert_eq!(clock.doubt().unwrap().believed_in, None);
}

#[test]
fn after_a_restart_a_clock_far_ahead_of_the_log_is_not_believed() {
    // A week, a year without a write are nothing unusual.
    for away in [7 * 24 * HOUR, YEAR] {
        let (clock, _) = clock(START + away);
        clock.compare(Some(Timestamp::from_micros(START)));
        assert_eq!((now(&clock), clock.doubt()), (START + away, None));
    }
    let (clock, hand) = clock(START + 10 * YEAR);
    clock.compare(Some(Timestamp::from_micros(START)));
    hand.pass(SECOND);
    assert_eq!(now(&clock), START + SECOND, "times go on from the last that was recorded");
    assert_eq!(clock.doubt().unwrap().believed_in, None);
    clock.recorded(Timestamp::from_micros(START + SECOND));
    hand.pass(SECOND);
    assert_eq!(now(&clock), START + 2 * SECOND);
    hand.set(-10 * YEAR);
    assert_eq!((now(&clock), clock.doubt()), (START + 2 * SECOND, None), "somebody has set it right");
}

#[test]
fn a_machine_that_did_not_know_the_time_is_believed_when_it_learns_it() {
    // Without a battery a clock starts in 1970; the time server is asked a minute later.
    let (clock, hand) = clock(60 * SECOND);
    clock.compare(Some(Timestamp::from_micros(START)));
    hand.pass(60 * SECOND);
    assert_eq!((now(&clock), clock.doubt()), (120 * SECOND, None));
    hand.set(START + 24 * HOUR);
    assert_eq!((now(&clock), clock.doubt()), (START + 24 * HOUR + 120 * SECOND, None));
    // But not if what it learns is absurd.
    let (clock, hand) = self::clock(60 * SECOND);
    clock.compare(Some(Timestamp::from_micros(START)));
    hand.set(START + 10 * YEAR);
    assert_eq!(now(&clock), 60 * SECOND);
}

#[test]
fn what_an_empty_store_is_started_with_is_believed() {
    let (clock, hand) = clock(START + 10 * YEAR);
    hand.pass(SECOND);
    assert_eq!((now(&clock), clock.doubt()), (START + 10 * YEAR + SECOND, None));
}
