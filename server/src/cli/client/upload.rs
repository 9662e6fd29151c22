//! A body that is sent as it is read, of any size.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::transport::Payload;

/// What is to be sent, a piece at a time.
pub(in crate::cli) struct Upload {
    pieces: mpsc::Receiver<Bytes>,
    taken: Taken,
}

/// How many pieces were taken so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken(Arc<AtomicU64>);

impl Taken {
    pub(super) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Upload {
    /// Sends what comes from there, and ends with it.
    pub(in crate::cli) fn of(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { pieces, taken: Taken::default() }
    }

    pub(super) fn taken(&self) -> Taken {
        self.taken.clone()
    }

    pub(super) fn body(self) -> Payload {
        let Self { mut pieces, taken } = self;
        let frames = futures::stream::poll_fn(move |context| pieces.poll_recv(context));
        let frames = frames.map(move |piece| {
            taken.0.fetch_add(1, Ordering::Relaxed);
            Ok(Frame::data(piece))
        });
        BodyExt::boxed(StreamBody::new(frames))
    }
}
