//! A stream that gives up a peer which takes nothing, or does not come to the end of a head, and counts what is taken.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::http::options::Limits;

/// How far a connection is; shared with the sessions on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Bytes that the peer has taken.
    taken: AtomicU64,
    /// Whether the next bytes belong to a head: not while a request is being answered, or when a session has begun.
    between: AtomicBool,
    /// How many heads have come whole.
    heads: AtomicU64,
}

impl Progress {
    /// Bytes taken so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// A head has come whole.
    pub(super) fn head_came(&self) {
        self.0.between.store(false, Ordering::Relaxed);
        self.0.heads.fetch_add(1, Ordering::Relaxed);
    }

    /// The request is answered, and the next may come.
    pub(super) fn answered(&self) {
        self.0.between.store(true, Ordering::Relaxed);
    }
}

/// A stream whose writes must make progress.
pub(super) struct Watched<S> {
    stream: S,
    timeout: Duration,
    /// Runs while the peer takes nothing.
    patience: Option<Pin<Box<Sleep>>>,
    progress: Progress,
    /// Until when the head that is coming must be there.
    head: Option<Instant>,
    /// Rings then, once it has been waited for.
    alarm: Option<Pin<Box<Sleep>>>,
    head_timeout: Duration,
    /// How many heads had come when that began.
    heads: u64,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, limits: &Limits, progress: Progress) -> Self {
        // Who connects says soon what for.
        let (timeout, head_timeout) = (limits.write_timeout, limits.head_timeout);
        let head = Some(Instant::now() + head_timeout);
        Self { stream, timeout, patience: None, progress, head, alarm: None, head_timeout, heads: 0 }
    }

    /// Gives up a head that is not there in time, counted from its first byte.
    fn watch_head(&mut self, cx: &mut Context<'_>, came: bool) -> Poll<io::Result<()>> {
        let heads = self.progress.0.heads.load(Ordering::Relaxed);
        if heads != self.heads {
            (self.head, self.alarm, self.heads) = (None, None, heads);
        }
        if came && self.head.is_none() && self.progress.0.between.load(Ordering::Relaxed) {
            self.head = Some(Instant::now() + self.head_timeout);
        }
        if came {
            return Poll::Ready(Ok(()));
        }
        let Some(head) = self.head else { return Poll::Pending };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(head)));
        alarm.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Starts, goes on with or ends the wait for the peer.
    fn watch<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.patience = None;
            return result;
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.timeout)));
        patience.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn count(&self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = result {
            self.progress.0.taken.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => self.watch_head(cx, true),
            Poll::Pending => self.watch_head(cx, false),
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.count(&result);
        self.watch(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.count(&result);
        self.watch(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, result)
    }
}
