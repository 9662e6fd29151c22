//! Several statements about one moment.

use std::ops::{Deref, DerefMut};

use super::{Connection, Interrupt, SqlStore};
use crate::store::Result;
use crate::store::lanes::Lane;

/// A lent connection that can be thrown away instead of being given back.
pub(in crate::store) trait Discard {
    /// Closes the connection when it is dropped.
    fn discard(&mut self);
}

/// A connection inside a transaction that reads. One that is dropped in the middle, because nobody waits any more, does
/// not go back to the others with its transaction open.
#[derive(Debug)]
pub(in crate::store) struct Moment<R: Discard> {
    reader: R,
    open: bool,
    /// Of what reads long: it ends when nobody waits for it any more.
    interrupt: Option<Interrupt>,
}

impl<R> Moment<R>
where
    R: DerefMut<Target: Connection> + Discard + Send,
{
    /// Begins one on a connection of a store.
    pub(super) async fn begin<S: SqlStore<Reader = R, Connection = R::Target>>(
        store: &S,
        lane: Lane,
    ) -> Result<Self> {
        let reader = store.reader(lane).await?;
        let mut moment = Self { reader, open: true, interrupt: None };
        moment.reader.run(R::Target::DIALECT.begin).await?;
        if lane == Lane::Long {
            moment.interrupt = Some(moment.reader.interruptible().await?);
        }
        Ok(moment)
    }

    /// Ends it and gives the connection back.
    pub(super) async fn end(mut self) -> Result<()> {
        if let Some(interrupt) = self.interrupt.take() {
            interrupt.finish();
        }
        self.reader.run("ROLLBACK").await?;
        self.open = false;
        Ok(())
    }
}

impl<R: Discard + Deref> Deref for Moment<R> {
    type Target = R::Target;

    fn deref(&self) -> &R::Target {
        &self.reader
    }
}

impl<R: Discard + DerefMut> DerefMut for Moment<R> {
    fn deref_mut(&mut self) -> &mut R::Target {
        &mut self.reader
    }
}

impl<R: Discard> Drop for Moment<R> {
    fn drop(&mut self) {
        if self.open {
            self.reader.discard();
        }
    }
}

/// Does what reads several times as of one moment.
macro_rules! at_one_moment {
    ($store:expr, $lane:expr, $connection:ident => $work:expr) => {
        $crate::store::sql::SqlStore::within($store, async {
            let mut moment = $crate::store::sql::Moment::begin($store, $lane).await?;
            let $connection = &mut *moment;
            let found = $work.await;
            moment.end().await?;
            found
        })
        .await
    };
}
pub(super) use at_one_moment;
