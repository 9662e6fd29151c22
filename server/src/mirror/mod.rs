//! Numbers of states as ordinary series in an InfluxDB, for those who draw them there, whatever the store is.
//!
//! The mirror reads the log from a cursor of its own, as every listener does, so no commit ever waits for it, and its queue is
//! the log itself: nothing is kept in memory while InfluxDB is away. It may be so many versions behind; what is older is
//! left out and counted. A point's time is that of its version, which no other has, so that writing it again, or from a
//! second server, changes nothing. With the points goes a mark that says how far the mirror has come; after a restart it
//! goes on from there.

mod fields;
mod follow;
mod gauge;

use stateloft_core::api::MirrorStatus;
use stateloft_core::model::Seq;

use crate::store::Result;
use crate::store::influx::{InfluxOptions, SeriesBucket};
use gauge::Gauge;

pub use fields::MirrorFields;

/// What is mirrored, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorSettings {
    /// The bucket of the series. The lease is of no use to it: any number of servers may write there.
    pub bucket: InfluxOptions,
    /// Which numbers.
    pub fields: MirrorFields,
    /// Versions that it may be behind the log.
    pub queue_size: u64,
}

/// The mirror of one server.
#[derive(Debug)]
pub struct Mirror {
    settings: MirrorSettings,
    bucket: SeriesBucket,
    gauge: Gauge,
}

impl Mirror {
    /// A mirror that does nothing until it is told to [`follow`](Self::follow).
    ///
    /// # Errors
    /// [`crate::store::StoreError::Unavailable`] when no client can be made; whether InfluxDB answers does not matter.
    pub fn new(settings: MirrorSettings) -> Result<Self> {
        let bucket = SeriesBucket::new(&settings.bucket)?;
        Ok(Self { settings, bucket, gauge: Gauge::default() })
    }

    /// How it is, when the log ends at this seq.
    #[must_use]
    pub fn status(&self, last: Seq) -> MirrorStatus {
        self.gauge.status(&self.settings, last)
    }
}
