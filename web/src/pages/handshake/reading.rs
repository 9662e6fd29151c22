//! What the page reads: the handshake whenever it moves, and the leases of the runs that it asks.

use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::{HandshakeList, HandshakeView};
use stateloft_core::model::Timestamp;

use super::order::{Known, known};
use crate::api::{self, ApiError};
use crate::live::{Live, Remote, live, remote};
use crate::model::address::{Query, encode_segment};
use crate::model::inbox::Event;
use crate::pages::runs::{RunsRead, leases};

/// An open one is looked at so often: events say sooner that it has moved, but may be held back, and whom it waits for may end without
/// one.
const AGAIN: Duration = Duration::from_secs(2);

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct Ctx {
    /// The handshake.
    pub(super) view: Remote<HandshakeView>,
    /// The runs that are live, for their leases.
    pub(super) leases: Remote<RunsRead>,
    /// What it is for, as far as that is known: then it can be asked once more.
    pub(super) order: RwSignal<Known>,
    live: Live,
}

impl Ctx {
    pub(super) fn of(id: &str) -> Self {
        let path = format!("/handshakes/{}", encode_segment(id));
        let view = remote(
            move || Some(path.clone()),
            |path: String| async move { api::get::<HandshakeView>(&path).await },
        );
        let own = id.to_owned();
        live().on_events(move |events| {
            if events.iter().any(|event| is_handshake(event) && event.state_id.as_str() == own) {
                view.reload();
            }
        });
        let open = Memo::new(move |_| view.value.with(|view| view.as_ref().is_none_or(is_open)));
        every(AGAIN, move || {
            if open.try_get_untracked() == Some(true) {
                view.refresh();
            }
        });
        let order = known(id, view.value.into());
        Self { view, leases: leases(), order, live: live() }
    }

    /// The moment of what is shown. While the server is not heard it stands still, and so does all that is counted from it.
    pub(super) fn now(self) -> Timestamp {
        self.live.seen()
    }

    /// Something of it, whenever that is another.
    pub(super) fn memo<T: PartialEq + Send + Sync + 'static>(
        self,
        part: impl Fn(&HandshakeView) -> T + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.view.value.with(|view| view.as_ref().map(&part)))
    }
}

/// Whether something may still become of it.
fn is_open(view: &HandshakeView) -> bool {
    view.handshake.status.is_open() || !view.waits_for.is_empty()
}

/// Whether an event is a step of some handshake.
pub(crate) fn is_handshake(event: &Event) -> bool {
    event.state_type.as_str() == "handshake"
}

/// Calls it again and again, as long as the present owner lives.
fn every(long: Duration, then: impl Fn() + 'static) {
    let timer = set_interval_with_handle(then, long);
    on_cleanup(move || {
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
}

/// Handshakes, the last changed first.
pub(super) async fn page(limit: &str, cursor: Option<String>) -> Result<HandshakeList, ApiError> {
    let query = Query::default().with("limit", Some(limit)).with("cursor", cursor.as_deref());
    api::get(&format!("/handshakes{query}")).await
}

/// The last of them, read again whenever one has moved, and while one is open.
pub(crate) fn last(limit: &'static str) -> Remote<HandshakeList> {
    let list = remote(move || Some(()), move |()| page(limit, None));
    live().on_events(move |events| {
        if events.iter().any(is_handshake) {
            list.reload();
        }
    });
    let open = Memo::new(move |_| {
        list.value.with(|list| list.iter().flat_map(|list| &list.handshakes).any(is_open))
    });
    every(AGAIN, move || {
        if open.try_get_untracked() == Some(true) {
            list.refresh();
        }
    });
    list
}
