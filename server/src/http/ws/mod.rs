//! `/ws`: the log of versions as messages.

mod pace;
mod session;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use statehouse_core::api::Code;

use super::app::App;
use super::failure::{Answer, Failure};
use super::guard;
use super::listen::Progress;
use super::openapi::Always;
pub(super) use session::LOST;
use session::Session;

/// Bytes of a client's message at most; subscriptions are short.
const MESSAGE_MAX: usize = 64 << 10;
/// Bytes kept ready for each direction of a session. Many sessions are quiet: the usual 128 KiB would be spent on nothing.
const BUFFER: usize = 4 << 10;

/// Opens a WebSocket. The client says `{"action":"subscribe","topic":"states" | "states:<type>" | "state:<id>","after":SEQ?}`
/// and is sent every version once, in order, also those written after `after` while it was away.
#[utoipa::path(get, path = "/ws", tag = "events",
    responses((status = 101, description = "A WebSocket; see docs/API.md for its messages"), Always))]
pub(crate) async fn connect(
    State(app): State<App>,
    progress: Option<Extension<Progress>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let upgrade = upgrade.map_err(|rejection| {
        Failure::parameter(format!("this address speaks WebSocket: {}", rejection.body_text()))
    })?;
    if !guard::may_connect(&headers, &app.options.origins) {
        let detail = "the page that opens this WebSocket is of another origin; name it in TRADING_STATE_API_CORS_ORIGINS to allow it";
        return Err(Failure::new(Code::ForbiddenOrigin, detail));
    }
    let listener = admit(&app)?;
    let progress = progress.map(|Extension(progress)| progress).unwrap_or_default();
    let token = app.sessions.token();
    Ok(upgrade
        .protocols([guard::SUBPROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX)
        .on_upgrade(async move |socket| {
            Session::new(socket, app, progress).run().await;
            drop((listener, token));
        }))
}

/// Counts a session in, unless there are too many.
pub(super) fn admit(app: &App) -> Answer<crate::events::ListenerGuard> {
    let events = app.service.events();
    if events.listeners() >= app.limits().sessions {
        return Err(Failure::new(Code::TooManyRequests, "too many sessions listen already; try again later"));
    }
    Ok(events.listen())
}
