//! The requests for which runs were asked, remembered in memory: whoever looks at a handshake may send the same once more.
//!
//! What they say is in no record: a plan may be of very many states. So they are forgotten with the server, and those of before go
//! where there are too many.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use stateloft_core::api::HandshakeOrder;

use super::super::{Result, Service, ServiceError};

/// Bytes that are remembered of all, and of one at most.
const ALL_MAX: usize = 16 << 20;
const ONE_MAX: usize = 4 << 20;

/// Writes what a request says.
type Writes = dyn Fn(&mut Bounded) -> serde_json::Result<()> + Send + Sync;

/// A request that may have to ask runs. What it says is written out only if it does.
pub(in crate::service) struct Sent {
    path: String,
    body: Box<Writes>,
}

impl Sent {
    /// To this path below `/api/v1`.
    pub(in crate::service) fn to<T: Serialize + Send + Sync + 'static>(path: &str, request: T) -> Self {
        Self {
            path: format!("/api/v1{path}"),
            body: Box::new(move |out| serde_json::to_writer(out, &request)),
        }
    }

    fn order(&self) -> Option<Order> {
        let mut out = Bounded(Vec::new());
        (self.body)(&mut out).ok()?;
        let body = String::from_utf8(out.0).ok()?;
        Some(Order { path: self.path.as_str().into(), body: body.into() })
    }
}

/// Takes no more than is remembered of one request.
pub(in crate::service) struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > ONE_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, Clone)]
struct Order {
    path: Arc<str>,
    body: Arc<str>,
}

/// Those that are remembered, the newest first.
#[derive(Debug, Default)]
pub(in crate::service) struct Orders(Mutex<VecDeque<(Arc<str>, Order)>>);

impl Orders {
    /// Remembers what a handshake is for, unless it is too large.
    pub(super) fn keep(&self, handshake: &Arc<str>, sent: &Sent) {
        let Some(order) = sent.order() else { return };
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        orders.push_front((Arc::clone(handshake), order));
        let mut bytes = 0;
        let fits = orders.iter().take_while(|(_, order)| {
            bytes += order.path.len() + order.body.len();
            bytes <= ALL_MAX
        });
        let fits = fits.count();
        orders.truncate(fits);
    }

    fn of(&self, handshake: &str) -> Option<Order> {
        let orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        orders.iter().find(|(id, _)| **id == *handshake).map(|(_, order)| order.clone())
    }
}

impl Service {
    /// The request for which runs were asked: `GET /handshakes/{handshake}/order`.
    pub async fn order_of(&self, handshake: &str) -> Result<HandshakeOrder> {
        let found = self.handshake(handshake).await?.handshake;
        let Some(Order { path, body }) = self.orders.of(&found.handshake) else {
            return Err(ServiceError::OrderNotKept(found.handshake));
        };
        let body = body.parse().map_err(|error: stateloft_core::json::JsonError| {
            ServiceError::Internal(format!("a request that was remembered cannot be read: {error}"))
        })?;
        Ok(HandshakeOrder { handshake: found.handshake, path: path.to_string(), body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(orders: &Orders, id: usize, bytes: usize) {
        orders.keep(&id.to_string().into(), &Sent::to(&format!("/restores/{id}/apply"), "x".repeat(bytes)));
    }

    #[test]
    fn of_very_many_the_newest_are_remembered_and_one_that_is_too_large_is_not() {
        let orders = Orders::default();
        keep(&orders, 0, ONE_MAX);
        assert!(orders.of("0").is_none(), "with its quotation marks it is too large");
        for id in 1..=5 {
            keep(&orders, id, (4 << 20) - 100);
        }
        let known: Vec<usize> = (0..=5).filter(|id| orders.of(&id.to_string()).is_some()).collect();
        assert_eq!(known, [2, 3, 4, 5]);
        let order = orders.of("5").unwrap();
        assert_eq!((&*order.path, order.body.len()), ("/api/v1/restores/5/apply", (4 << 20) - 98));
    }
}
