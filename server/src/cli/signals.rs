//! What SIGINT and SIGTERM mean: finish what is under way, and end.

use tokio_util::sync::CancellationToken;

use super::supervisor;

/// Cancelled by the first SIGINT or SIGTERM. A second one ends the process at once.
pub(super) fn stop_on_signals() -> Result<CancellationToken, String> {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    let mut signals = Signals::take_over().map_err(|error| format!("cannot wait for signals: {error}"))?;
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping: what is under way is finished");
        supervisor::say_stopping();
        cancelled.cancel();
        signals.next().await;
        tracing::warn!("stopped by a second signal before everything had ended");
        std::process::exit(super::exit::Exit::Failed as i32);
    });
    Ok(stop)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn take_over() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn take_over() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
