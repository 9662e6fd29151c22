//! How a live run holds its lease, at the moment at which the server was asked. Renewals make no events, so nothing of this is
//! carried on by the clock: a lease is as old as the answer that said it.

use stateloft_core::api::RunHolder;
use stateloft_core::model::Timestamp;

use crate::model::age;

/// A lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It is renewed as it should be.
    Held {
        /// Seconds since it was renewed, where that is known.
        renewed: Option<i64>,
        /// Seconds until it ends.
        ends: i64,
    },
    /// Two of the three renewals that a lease has have not come.
    Late {
        /// Seconds without a renewal, of those that the lease has.
        silent: i64,
        /// Seconds until it ends.
        ends: i64,
    },
    /// The store could not be asked.
    Unknown,
}

impl Lease {
    /// The lease of a holder, of so many seconds, as it was at `asked`.
    #[must_use]
    pub fn of(holder: Option<&RunHolder>, seconds: u64, asked: Timestamp) -> Self {
        let Some((holder, until)) = holder.and_then(|holder| Some((holder, holder.until?))) else {
            return Self::Unknown;
        };
        let whole = i64::try_from(seconds).unwrap_or(i64::MAX);
        let ends = age::seconds_between(asked, until).min(whole);
        if ends.saturating_mul(3) < whole {
            return Self::Late { silent: whole - ends, ends };
        }
        let renewed = holder.last_renewal.map(|at| age::seconds_between(at, asked));
        Self::Held { renewed, ends }
    }

    /// `live, renewed 3 s ago`, `lease late: 48 s, ends in 12 s`, `lease unknown`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Held { renewed: Some(renewed), .. } => format!("live, renewed {} ago", age::short(renewed)),
            Self::Held { renewed: None, ends } => format!("live, ends in {}", age::short(ends)),
            Self::Late { silent, ends } => {
                format!("lease late: {}, ends in {}", age::short(silent), age::short(ends))
            }
            Self::Unknown => "lease unknown".to_owned(),
        }
    }

    /// Whether it is late.
    #[must_use]
    pub fn is_late(self) -> bool {
        matches!(self, Self::Late { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, holder};
    use super::*;

    #[test]
    fn a_lease_says_when_it_was_renewed_when_it_is_late_and_when_nobody_knows() {
        let now = at("09:46:12");
        let lease = |until: Option<&str>, renewed: Option<&str>, seconds| {
            Lease::of(Some(&holder(until, renewed)), seconds, now).words()
        };
        assert_eq!(lease(Some("09:46:39"), Some("09:46:09"), 30), "live, renewed 3 s ago");
        // After a gap in which no server was there it has a full term, and was still renewed long ago.
        assert_eq!(lease(Some("09:46:40"), Some("08:46:12"), 30), "live, renewed 1 h ago");
        assert_eq!(lease(Some("09:46:40"), None, 30), "live, ends in 28 s");
        assert_eq!(lease(Some("09:46:24"), Some("09:45:24"), 60), "lease late: 48 s, ends in 12 s");
        // A third that is left is in time, less is not.
        assert_eq!(lease(Some("09:46:32"), Some("09:45:32"), 60), "live, renewed 40 s ago");
        assert_eq!(lease(Some("09:46:31"), Some("09:45:31"), 60), "lease late: 41 s, ends in 19 s");
        // It is over, and the server has not ended it yet.
        assert_eq!(lease(Some("09:46:10"), None, 3600), "lease late: 1 h, ends in 0 s");
        assert_eq!(lease(None, Some("09:46:09"), 30), "lease unknown");
        assert_eq!(Lease::of(None, 30, now), Lease::Unknown);
    }
}
