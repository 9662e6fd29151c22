//! Which address leads where.
//!
//! The routes of the older systems answer at the root as well, so that their clients go on working; everything is under
//! `/api/v1`. What is neither is the console's.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::guard::Guarded;
use super::options::Options;
use super::routes as at;
use super::{console, guard, openapi, ws};
use crate::service::Service;

/// Where the API is.
pub(super) const PREFIX: &str = "/api/v1";

/// Everything the server answers.
pub(super) fn router(app: &App) -> Guarded {
    let (open, protected) = parts();
    let mut protected = Router::from(protected).method_not_allowed_fallback(at::fallback::method_not_allowed);
    #[cfg(feature = "echo")]
    {
        protected = protected.route("/echo", axum::routing::get(ws::echo::echo));
    }
    if app.options.key.is_some() {
        protected = protected.layer(from_fn_with_state(app.clone(), guard::key));
    }
    let open = Router::from(open).method_not_allowed_fallback(at::fallback::method_not_allowed);
    let router = open.merge(protected).merge(console::routes()).fallback(at::fallback::not_found);
    Guarded::new(router.with_state(app.clone()), app)
}

/// The routes without a server behind them, and their description.
pub(super) fn described() -> (Router<App>, OpenApi) {
    let (open, protected) = parts();
    OpenApiRouter::with_openapi(openapi::base()).merge(open).merge(protected).split_for_parts()
}

/// What needs no key, and what does.
fn parts() -> (OpenApiRouter<App>, OpenApiRouter<App>) {
    let none = OpenApiRouter::new;
    let open = probes(none()).nest(PREFIX, probes(none()));
    let protected = from_the_start(none()).nest(PREFIX, added(from_the_start(none())));
    (open, protected)
}

/// For whatever supervises the process.
fn probes(router: OpenApiRouter<App>) -> OpenApiRouter<App> {
    router.routes(routes!(at::probes::livez)).routes(routes!(at::probes::readyz))
}

/// The routes of the older systems.
fn from_the_start(router: OpenApiRouter<App>) -> OpenApiRouter<App> {
    router
        .routes(routes!(at::health::health))
        .routes(routes!(at::state_save::save))
        .routes(routes!(at::state_get::get))
        .routes(routes!(at::state_put::put))
        .routes(routes!(at::state_delete::delete))
        .routes(routes!(at::history::history))
        .routes(routes!(at::snapshots::create))
        .routes(routes!(at::snapshot_restore::restore))
        .routes(routes!(ws::connect))
}

/// Everything else.
fn added(router: OpenApiRouter<App>) -> OpenApiRouter<App> {
    router
        .routes(routes!(at::states_list::list))
        .routes(routes!(at::state_raw::raw))
        .routes(routes!(at::state_undelete::undelete))
        .routes(routes!(at::state_diff::diff))
        .routes(routes!(at::batch::batch))
        .routes(routes!(at::snapshots::list))
        .routes(routes!(at::snapshots::show))
        .routes(routes!(at::snapshots::delete))
        .routes(routes!(at::restores::plan))
        .routes(routes!(at::restores::apply))
        .routes(routes!(at::restores::plan_documents))
        .routes(routes!(at::reconcile::reconcile))
        .routes(routes!(at::reconcile::plan))
        .routes(routes!(at::reconcile::apply))
        .routes(routes!(at::reconcile::drifts))
        .routes(routes!(at::restores::apply_documents))
        .routes(routes!(at::restores::list))
        .routes(routes!(at::restores::show))
        .routes(routes!(at::restores::undo))
        .routes(routes!(at::runs::start))
        .routes(routes!(at::runs::list))
        .routes(routes!(at::runs::compare))
        .routes(routes!(at::run_restores::restored))
        .routes(routes!(at::runs::show))
        .routes(routes!(at::runs::states))
        .routes(routes!(at::runs::renew))
        .routes(routes!(at::runs::end))
        .routes(routes!(at::runs::mark_crashed))
        .routes(routes!(at::runs::mark_all_crashed))
        .routes(routes!(at::checkpoints::take))
        .routes(routes!(at::checkpoints::list))
        .routes(routes!(at::checkpoints::show))
        .routes(routes!(at::checkpoints::pin))
        .routes(routes!(at::run_words::pause))
        .routes(routes!(at::run_words::ask_reconcile))
        .routes(routes!(at::run_words::paused))
        .routes(routes!(at::run_words::reloaded))
        .routes(routes!(at::handshakes::list))
        .routes(routes!(at::handshakes::show))
        .routes(routes!(at::handshakes::order))
        .routes(routes!(at::handshakes::stop))
        .routes(routes!(at::imports::preview))
        .routes(routes!(at::imports::apply))
        .routes(routes!(at::imports::settle))
        .routes(routes!(at::events::events))
        .routes(routes!(at::verify::verify))
        .routes(routes!(at::export::export))
        .routes(routes!(at::import_bundle::import_bundle))
        .routes(routes!(at::status::status))
        .routes(routes!(at::status::details))
        .routes(routes!(at::status::series))
        .routes(routes!(at::metrics::metrics))
        .routes(routes!(at::breaker::show))
        .routes(routes!(at::breaker::reset))
        .routes(routes!(at::breaker::force))
        .routes(routes!(at::clock::clock))
        .routes(routes!(at::clock::confirm_clock))
        .routes(routes!(at::journal::show))
        .routes(routes!(at::journal::pending))
        .routes(routes!(at::journal::conflicts))
        .routes(routes!(at::journal::conflict))
        .routes(routes!(at::journal::settle))
        .routes(routes!(at::overview::overview))
        .routes(routes!(at::description::description))
}

/// What the guards and the handlers share.
pub(super) fn app(service: Arc<Service>, options: Options, stop: CancellationToken) -> App {
    App::new(service, options, stop)
}
