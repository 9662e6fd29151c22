//! How many wrong keys an address may present.
//!
//! Each may be wrong a few times at once, and then once every few seconds; beyond that its keys are not looked at, and
//! it is told when to come again (429). An address from which the right key has come lately is no stranger: behind it may
//! be a proxy with many programs, and one of them that is wrong must not lock out those that are right. There the right
//! key is let through at any time, and what protects is its length, which is checked at the start.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are remembered at most; of more, those are forgotten that were quiet longest, strangers first. About
/// 400 KiB.
const ADDRESSES_MAX: usize = 4_096;
/// An address is no stranger for so long after the right key.
const KNOWN_FOR: Duration = Duration::from_hours(1);
/// Often enough for that: the right key is noted once in this time.
const NOTED_EVERY: Duration = Duration::from_mins(10);

/// What is thought of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    Right,
    Wrong,
    /// It was wrong too often, or was not looked at because others were; come again after this.
    Later(Duration),
}

/// The wrong keys of every address.
#[derive(Debug)]
pub(crate) struct Tries {
    /// At once.
    most: u32,
    /// One more after each.
    every: Duration,
    addresses: Mutex<HashMap<IpAddr, Address>>,
}

#[derive(Debug)]
struct Address {
    /// When all tries are there again: each wrong one moves it on.
    clear_at: Instant,
    right_at: Option<Instant>,
    seen: Instant,
}

impl Tries {
    pub(crate) fn new(most: u32, every: Duration) -> Self {
        Self { most: most.max(1), every, addresses: Mutex::default() }
    }

    /// Judges what an address presents.
    pub(super) fn judge(&self, address: IpAddr, now: Instant, is_right: impl FnOnce() -> bool) -> Judged {
        let address = neighbours(address);
        let wait = self.wait(address, now);
        let stranger = {
            let addresses = self.addresses();
            let right = addresses.get(&address).and_then(|known| known.right_at);
            right.is_none_or(|at| now.saturating_duration_since(at) > KNOWN_FOR)
        };
        match wait {
            Some(wait) if stranger => Judged::Later(wait),
            wait => {
                if is_right() {
                    self.was_right(address, now);
                    return Judged::Right;
                }
                self.was_wrong(address, now);
                wait.map_or(Judged::Wrong, Judged::Later)
            }
        }
    }

    /// How long an address must wait for its next try, if it must.
    fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let clear_at = self.addresses().get(&address)?.clear_at;
        let allowed = self.every * (self.most - 1);
        let wait = clear_at.checked_duration_since(now)?.checked_sub(allowed)?;
        (!wait.is_zero()).then_some(wait)
    }

    fn was_right(&self, address: IpAddr, now: Instant) {
        let mut addresses = self.addresses();
        match addresses.get_mut(&address) {
            Some(known)
                if known.right_at.is_some_and(|at| now.saturating_duration_since(at) < NOTED_EVERY) => {}
            Some(known) => (known.right_at, known.seen) = (Some(now), now),
            None => add(&mut addresses, address, Address { clear_at: now, right_at: Some(now), seen: now }),
        }
    }

    fn was_wrong(&self, address: IpAddr, now: Instant) {
        let mut addresses = self.addresses();
        // However often it is wrong, it is not sent away for longer than all its tries take.
        let latest = now + self.every * self.most;
        if let Some(known) = addresses.get_mut(&address) {
            (known.clear_at, known.seen) = ((known.clear_at.max(now) + self.every).min(latest), now);
        } else {
            let new = Address { clear_at: now + self.every, right_at: None, seen: now };
            add(&mut addresses, address, new);
        }
    }

    fn addresses(&self) -> MutexGuard<'_, HashMap<IpAddr, Address>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(addresses: &mut HashMap<IpAddr, Address>, address: IpAddr, new: Address) {
    if addresses.len() >= ADDRESSES_MAX {
        let oldest = addresses.iter().min_by_key(|(_, known)| (known.right_at.is_some(), known.seen));
        if let Some(oldest) = oldest.map(|(address, _)| *address) {
            addresses.remove(&oldest);
        }
    }
    addresses.insert(address, new);
}

/// Who has one IPv6 address has the whole network of 64 bits.
fn neighbours(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let bits = address.to_bits() >> 64 << 64;
            Ipv6Addr::from_bits(bits).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(6);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn judge(tries: &Tries, from: &str, now: Instant, right: bool) -> Judged {
        tries.judge(address(from), now, || right)
    }

    #[test]
    fn a_stranger_has_a_few_tries_and_then_one_after_the_other() {
        let (tries, start) = (Tries::new(10, EVERY), Instant::now());
        for _ in 0..10 {
            assert_eq!(judge(&tries, "10.0.0.1", start, false), Judged::Wrong);
        }
        assert_eq!(judge(&tries, "10.0.0.1", start, false), Judged::Later(EVERY));
        assert_eq!(
            judge(&tries, "10.0.0.1", start, true),
            Judged::Later(EVERY),
            "its keys are not looked at"
        );
        assert_eq!(judge(&tries, "10.0.0.2", start, false), Judged::Wrong, "others have their own");
        assert_eq!(judge(&tries, "10.0.0.1", start + EVERY, false), Judged::Wrong);
        assert_eq!(judge(&tries, "10.0.0.1", start + EVERY, false), Judged::Later(EVERY));
        assert_eq!(judge(&tries, "10.0.0.1", start + 2 * EVERY, true), Judged::Right);
    }

    #[test]
    fn who_was_right_lately_is_not_locked_out_by_its_neighbours() {
        let (tries, start) = (Tries::new(3, EVERY), Instant::now());
        assert_eq!(judge(&tries, "10.0.0.1", start, true), Judged::Right);
        for _ in 0..3 {
            assert_eq!(judge(&tries, "10.0.0.1", start, false), Judged::Wrong);
        }
        for _ in 0..1_000 {
            assert!(matches!(judge(&tries, "10.0.0.1", start, false), Judged::Later(_)));
            assert_eq!(judge(&tries, "10.0.0.1", start, true), Judged::Right);
        }
        let later = start + 4 * EVERY;
        assert_eq!(
            judge(&tries, "10.0.0.1", later, false),
            Judged::Wrong,
            "a flood is not held against it for long"
        );
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_a_mapped_one_is_ipv4() {
        let (tries, start) = (Tries::new(1, EVERY), Instant::now());
        assert_eq!(judge(&tries, "2001:db8::1", start, false), Judged::Wrong);
        assert!(matches!(judge(&tries, "2001:db8::ffff:2", start, false), Judged::Later(_)));
        assert_eq!(judge(&tries, "2001:db8:0:1::1", start, false), Judged::Wrong);
        assert_eq!(judge(&tries, "::ffff:10.0.0.1", start, false), Judged::Wrong);
        assert!(matches!(judge(&tries, "10.0.0.1", start, false), Judged::Later(_)));
    }

    #[test]
    fn many_addresses_are_kept_within_bounds_and_strangers_are_forgotten_first() {
        let (tries, start) = (Tries::new(1, EVERY), Instant::now());
        assert_eq!(judge(&tries, "10.0.0.1", start, true), Judged::Right);
        for n in 0..2 * u32::try_from(ADDRESSES_MAX).unwrap() {
            let from = IpAddr::from([11, 0, u8::try_from(n >> 8).unwrap(), u8::try_from(n & 255).unwrap()]);
            tries.judge(from, start + Duration::from_millis(n.into()), || false);
        }
        let addresses = tries.addresses();
        assert_eq!(addresses.len(), ADDRESSES_MAX);
        assert!(addresses.contains_key(&address("10.0.0.1")));
        assert!(addresses.contains_key(&address("11.0.31.255")));
    }
}
