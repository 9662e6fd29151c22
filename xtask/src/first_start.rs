//! What is said before a first start, which takes minutes: what is ahead, how long it takes, and what would fail at its
//! end.

use std::net::TcpListener;
use std::time::Duration;

use crate::finish::Finish;
use crate::server::Profile;
use crate::workspace::Workspace;
use crate::{console, progress, typical};

/// Says what has never been built here, if anything; `address` is where the server is going to listen, if we choose it.
pub(crate) fn foretell(workspace: &Workspace, address: Option<&str>) {
    let ahead = ahead(workspace);
    let Some(heading) = heading(&ahead) else { return };
    progress::heading(&heading);
    for (what, time) in &ahead {
        progress::note(&format!("{:<12} {what}", typical::about(*time)));
    }
    if let Some(address) = address.filter(|address| TcpListener::bind(address).is_err()) {
        progress::warning(&format!(
            "another program listens on {address} now. Stop it until the server starts, or choose another address: \
             cargo xtask run -- --listen 127.0.0.1:8001"
        ));
    }
}

fn ahead(workspace: &Workspace) -> Vec<(&'static str, Duration)> {
    let mut ahead = Vec::new();
    if !workspace.dist().join(console::PAGE).is_file() {
        ahead.push(("the console", typical::console(Finish::Quick)));
        ahead.push(("the component, which compares and checks in the browser", typical::COMPONENT));
    }
    if !Profile::Quick.program(workspace).is_file() {
        ahead.push(("the server", Profile::Quick.typical_time()));
    }
    ahead
}

fn heading(ahead: &[(&str, Duration)]) -> Option<String> {
    let all: Duration = ahead.iter().map(|(_, time)| *time).sum();
    (!ahead.is_empty()).then(|| {
        format!(
            "A first start takes about {} on two cores; a step that is done stays done when you interrupt it",
            typical::about(all)
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::heading;

    #[test]
    fn the_times_of_what_is_ahead_are_added_up() {
        let ahead = [("trunk", Duration::from_mins(2)), ("the server", Duration::from_secs(210))];
        assert!(heading(&ahead).unwrap().contains("about 5.5 minutes"));
        assert!(heading(&ahead[..1]).unwrap().contains("about 2 minutes"));
    }

    #[test]
    fn nothing_is_foretold_when_nothing_is_ahead() {
        assert_eq!(heading(&[]), None);
    }
}
