//! `stateloft serve`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::signals::stop_on_signals;
use super::source::{Source, understood};
use super::{Done, files, handles, journal, logging, open, say, supervisor};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Loaded, Sources};
use crate::http::{self, Options};
use crate::store::sqlite::OnLoss;
use crate::store::{AwaitedStore, Layered};

/// Serve the API and the console.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    source: Source,
    /// Where to listen, such as 127.0.0.1:8000; port 0 takes a free one. Without it the configuration's host and port.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Write the log for people (`text`) or as lines of JSON (`json`). Without it the configuration's.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Go on although the SQLite store has lost acknowledged versions. A damaged log is copied aside first.
    #[arg(long)]
    accept_loss: bool,
}

impl Serve {
    pub(super) async fn run(self) -> Done {
        let Self { source, listen, log_format, accept_loss } = self;
        let loaded = understood(&Sources { listen, log_format, ..source.places() })?;
        serve(loaded, if accept_loss { OnLoss::Accept } else { OnLoss::Stop }).await
    }
}

async fn serve(Loaded { config, warnings }: Loaded, on_loss: OnLoss) -> Done {
    logging::start(config.log);
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    handles::ask_for_all();
    // The signals are taken over before anything is opened, so that none of them can interrupt that.
    let stop = stop_on_signals()?;
    let listening = http::bind(&config.api.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", addresses(&config.api.listen)))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let (Layered { store, resilience }, later) = open::store(&config, on_loss, &clock).await?;
    let mirror = open::mirror(&config)?;
    let service = open::service(&config, store, resilience, mirror.clone(), clock).await?;
    if config.layers.fallback.is_none() {
        journal::say_what_is_left(&service, config.fallback_folder.clone()).await;
    }
    if let Some(legacy) = &config.legacy {
        files::at_the_start(&service, legacy).await;
    }
    say::announce(format_args!(
        "stateloft {} listens on http://{}",
        env!("CARGO_PKG_VERSION"),
        listening.address()
    ));
    supervisor::say_ready(listening.address());
    let checker = tokio::spawn({
        let (service, stop) = (Arc::clone(&service), stop.clone());
        async move { service.keep_checking(stop).await }
    });
    let watching = tokio::spawn({
        let (service, stop) = (Arc::clone(&service), stop.clone());
        async move { service.keep_watching_runs(stop).await }
    });
    let mirroring = tokio::spawn({
        let (service, stop) = (Arc::clone(&service), stop.clone());
        async move {
            if let Some(mirror) = mirror {
                mirror.follow(service.events(), service.store().as_ref(), stop).await;
            }
        }
    });
    let serving = listening.serve(Arc::clone(&service), Options::from_config(&config.api), stop.clone());
    let refused = serve_unless_refused(serving, &config, later, &stop).await;
    // They end with the same signal; a panic in them must not keep the store from being closed.
    let _ = tokio::join!(checker, watching, mirroring);
    service.shutdown().await;
    tracing::info!("stopped");
    refused.map_or(Ok(ExitCode::SUCCESS), |why| Err(why.into()))
}

/// Serves until it is stopped. If a store that was away comes and refuses us for good, that stops the server: the same
/// wrong setting ends a start at once when the store is there.
async fn serve_unless_refused(
    serving: impl Future<Output = ()>,
    config: &Config,
    later: Option<Arc<AwaitedStore>>,
    stop: &CancellationToken,
) -> Option<String> {
    let mut serving = std::pin::pin!(serving);
    let Some(later) = later else {
        serving.await;
        return None;
    };
    let refused = tokio::select! {
        () = serving.as_mut() => return None,
        refused = open::refusal(config, &later) => refused,
    };
    tracing::error!("stopping: {refused}");
    stop.cancel();
    serving.await;
    Some(refused)
}

fn addresses(list: &[std::net::SocketAddr]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
