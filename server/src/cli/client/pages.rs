//! Lists that come in pages, so that a list of any length needs no more memory than a page of it.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use stateloft_core::api::{
    CheckpointList, HandshakeList, History, RestoreList, RunList, RunStates, SnapshotList, StateRows,
};

use super::{Client, Query};
use crate::cli::failure::Failure;

/// The most rows of a page.
const PAGE: usize = 1000;

/// A page of a list.
pub(in crate::cli) trait Page: DeserializeOwned {
    /// What leads to the next page, if there is one.
    fn next_cursor(&mut self) -> Option<String>;
    /// How many rows it has.
    fn len(&self) -> usize;
}

macro_rules! pages {
    ($($page:ty: $rows:ident;)*) => {
        $(impl Page for $page {
            fn next_cursor(&mut self) -> Option<String> {
                self.next_cursor.take()
            }

            fn len(&self) -> usize {
                self.$rows.len()
            }
        })*
    };
}

pages! {
    StateRows: states;
    History: versions;
    SnapshotList: snapshots;
    RestoreList: restores;
    RunList: runs;
    HandshakeList: handshakes;
    RunStates: states;
    CheckpointList: checkpoints;
}

/// A list that is being read.
pub(in crate::cli) struct Pages<'a, P> {
    client: &'a Client,
    path: String,
    query: Query,
    cursor: Option<String>,
    /// Rows that are still wanted; without it all.
    left: Option<usize>,
    ended: bool,
    page: PhantomData<P>,
}

impl<'a, P: Page> Pages<'a, P> {
    /// So many rows of a list, or all.
    pub(in crate::cli) fn new(
        client: &'a Client,
        path: impl Into<String>,
        query: Query,
        rows: Option<usize>,
    ) -> Self {
        let path = path.into();
        Self { client, path, query, cursor: None, left: rows, ended: rows == Some(0), page: PhantomData }
    }

    /// The next page; after the last one none.
    pub(in crate::cli) async fn next(&mut self) -> Result<Option<P>, Failure> {
        if self.ended {
            return Ok(None);
        }
        let limit = self.left.unwrap_or(PAGE).min(PAGE);
        let query = self.query.clone().with("limit", limit).and("cursor", self.cursor.as_deref());
        let mut page: P = self.client.read(&self.path, &query).await?;
        self.cursor = page.next_cursor();
        self.left = self.left.map(|left| left.saturating_sub(page.len()));
        self.ended = self.cursor.is_none() || self.left == Some(0);
        Ok(Some(page))
    }
}
