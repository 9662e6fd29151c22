//! Figures as people read them.

use stateloft_core::model::Timestamp;

/// How long ago that was.
pub(super) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = (now.micros() - then.micros()).max(0) / 1_000_000;
    span(seconds.unsigned_abs())
}

/// So many seconds, in words.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// So many bytes.
pub(super) fn bytes(size: u64) -> String {
    match size {
        0..1_024 => format!("{size} bytes"),
        1_024..1_048_576 => format!("{} KiB", size / 1_024),
        _ => format!("{} MiB", size / 1_048_576),
    }
}
