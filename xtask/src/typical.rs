//! How long the long steps take where nothing has been built yet, as measured on two cores (the tools, and a
//! first start; the servers of tests and of releases are estimates), kept in this one place.
//! Each is said before its step, and before a start all that are ahead.

use std::time::Duration;

use crate::finish::Finish;

pub(crate) const TRUNK: Duration = Duration::from_mins(3);
pub(crate) const WASM_BINDGEN: Duration = Duration::from_secs(125);
pub(crate) const CARGO_DENY: Duration = Duration::from_mins(5);

/// The console's program, without the component.
pub(crate) fn console(finish: Finish) -> Duration {
    Duration::from_secs(match finish {
        Finish::Quick => 180,
        Finish::Shipped => 240,
    })
}

/// The component, in either finish.
pub(crate) const COMPONENT: Duration = Duration::from_secs(85);

/// The server as `run` starts it.
pub(crate) const SERVER_QUICK: Duration = Duration::from_mins(4);

/// The same with what goes over the network.
pub(crate) const SERVER_QUICK_WHOLE: Duration = Duration::from_mins(5);

/// The server as it is shipped.
pub(crate) const SERVER_RELEASE: Duration = Duration::from_mins(7);

/// The server as the tests start it.
pub(crate) const SERVER_TEST: Duration = Duration::from_mins(2);

/// As one says it beforehand: `40 seconds`, `a minute`, `2 minutes`, `3.5 minutes`.
pub(crate) fn about(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 55 {
        return format!("{} seconds", seconds.max(1).next_multiple_of(5));
    }
    let halves = (seconds + 15) / 30;
    match (halves / 2, halves % 2) {
        (1, 0) => "a minute".to_owned(),
        (minutes, 0) => format!("{minutes} minutes"),
        (minutes, _) => format!("{minutes}.5 minutes"),
    }
}

/// The sentence to add to what is about to happen, when it happens for the first time.
pub(crate) fn the_first_time(is_first: bool, duration: Duration) -> String {
    if is_first {
        format!(". The first time takes about {} on two cores", about(duration))
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{about, the_first_time};

    #[test]
    fn times_are_said_as_roughly_as_they_are_known() {
        let said = |seconds| about(Duration::from_secs(seconds));
        assert_eq!(said(3), "5 seconds");
        assert_eq!(said(38), "40 seconds");
        assert_eq!(said(55), "a minute");
        assert_eq!(said(80), "1.5 minutes");
        assert_eq!(said(125), "2 minutes");
        assert_eq!(said(420), "7 minutes");
    }

    #[test]
    fn who_comes_back_is_not_told_to_wait() {
        assert_eq!(
            the_first_time(true, Duration::from_mins(2)),
            ". The first time takes about 2 minutes on two cores"
        );
        assert_eq!(the_first_time(false, Duration::from_mins(2)), "");
    }
}
