//! New ids.

use stateloft_core::model::{Timestamp, fraction_of_milli};
use uuid::{NoContext, Uuid};

/// A UUID of version 7 that says the time to the microsecond, as [`stateloft_core::model::accepted_at`] reads it.
pub(crate) fn timed_id(now: Timestamp) -> String {
    let micros = u64::try_from(now.micros()).unwrap_or_default();
    let nanos = u32::try_from(micros % 1_000_000).unwrap_or_default() * 1_000;
    let made = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, micros / 1_000_000, nanos));
    let mut bytes = made.into_bytes();
    let [high, low] = fraction_of_milli(now).to_be_bytes();
    (bytes[6], bytes[7]) = (0x70 | high, low);
    Uuid::from_bytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use stateloft_core::model::accepted_at;

    use super::*;

    #[test]
    fn ids_differ_and_say_their_time() {
        for micros in 1_763_705_564_123_000..1_763_705_564_125_000 {
            let now = Timestamp::from_micros(micros);
            let (one, other) = (timed_id(now), timed_id(now));
            assert_ne!(one, other);
            assert_eq!((accepted_at(&one), accepted_at(&other)), (Some(now), Some(now)), "{one}");
        }
    }
}
