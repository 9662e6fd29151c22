//! The time in an id.
//!
//! The server's ids of batches are UUIDs of version 7 (RFC 9562), which begin with the time at which they were made. Ours
//! go on with the microseconds in the next 12 bits (its method 3). So a version says when the server took its write, also
//! where that waited before it was committed, and the hash chain covers that.

use super::Timestamp;

/// When the server took a write whose batch has this id; `None` if the id does not say it.
///
/// Accurate to the microsecond for our own ids, to the millisecond for other UUIDs of version 7.
#[must_use]
pub fn accepted_at(batch_id: &str) -> Option<Timestamp> {
    let bytes = batch_id.as_bytes();
    let hyphens = [8, 13, 18, 23].into_iter().all(|at| bytes.get(at) == Some(&b'-'));
    let fits = bytes.len() == 36 && hyphens && bytes[14] == b'7' && b"89ab".contains(&bytes[19]);
    let hex = |from: usize, to: usize| {
        let digits = batch_id.get(from..to).filter(|_| fits)?;
        let digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)?;
        i64::from_str_radix(digits, 16).ok()
    };
    let millis = (hex(0, 8)? << 16) + hex(9, 13)?;
    let micros = hex(15, 18)? * 1000 / FRACTIONS;
    Some(Timestamp::from_micros(millis * 1000 + micros))
}

/// The 12 bits of a UUID of version 7 that say the part of a millisecond.
#[must_use]
pub fn fraction_of_milli(time: Timestamp) -> u16 {
    let micros = time.micros().rem_euclid(1000);
    u16::try_from((micros * FRACTIONS).div_euclid(1000) + i64::from(micros * FRACTIONS % 1000 > 0))
        .unwrap_or_default()
}

const FRACTIONS: i64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(time: Timestamp) -> String {
        let millis = time.micros() / 1000;
        let fraction = fraction_of_milli(time);
        format!("{:08x}-{:04x}-7{fraction:03x}-8000-000000000001", millis >> 16, millis & 0xffff)
    }

    #[test]
    fn an_id_says_its_time_to_the_microsecond() {
        for micros in (0..3000).chain(1_763_705_564_123_000..1_763_705_564_124_000) {
            let time = Timestamp::from_micros(micros);
            assert_eq!(accepted_at(&id(time)), Some(time));
        }
    }

    #[test]
    fn what_is_no_uuid_of_version_7_says_nothing() {
        let good = id(Timestamp::from_micros(1_763_705_564_123_456));
        for wrong in [
            String::new(),
            "import".to_owned(),
            good[1..].to_owned(),
            good.replacen("-7", "-4", 1),
            good.replacen("-8000", "-c000", 1),
            good.replacen("-8000-0", "-8000+0", 1),
            format!("+{}", &good[1..]),
            format!("é{}", &good[2..]),
        ] {
            assert_eq!(accepted_at(&wrong), None, "{wrong}");
        }
    }
}
