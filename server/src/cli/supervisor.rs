//! Telling whoever supervises the process how far it is: systemd with `Type=notify`, or what speaks like it. Without a
//! `NOTIFY_SOCKET` nobody asked, and nothing is sent.

use std::net::SocketAddr;

#[cfg(target_os = "linux")]
use sd_notify::NotifyState;

/// Requests are taken at this address. The store may be away all the same: then the server waits for it and says so.
pub(super) fn say_ready(address: SocketAddr) {
    #[cfg(target_os = "linux")]
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("listens on http://{address}"))]);
    #[cfg(not(target_os = "linux"))]
    let _ = address;
}

/// What is under way is finished, and nothing new is taken.
pub(super) fn say_stopping() {
    #[cfg(target_os = "linux")]
    tell(&[NotifyState::Stopping]);
}

/// A supervisor that cannot be told does not keep the server from serving.
#[cfg(target_os = "linux")]
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the supervisor that NOTIFY_SOCKET names cannot be told");
    }
}
