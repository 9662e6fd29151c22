//! What every decorator does alike: it hands each reading call to the store behind it, through its own `read`, and most
//! questions about the store itself as they are.

/// Writes the reading traits of a decorator. It must have the method `read`, through which every call goes (with words that
/// say what is read) and which says what store it is made to, and the method `read_head`, which answers for
/// [`head`](super::Heads::head).
macro_rules! forward_reads {
    ($store:ty) => {
        const _: () = {
            use std::collections::HashMap;

            use async_trait::async_trait;
            use stateloft_core::api::{AppliedRestore, RestoreRecord, Scope, StateSummary, VersionView};
            use stateloft_core::commit::Tip;
            use stateloft_core::hash::RequestHash;
            use stateloft_core::model::{
                Seq, Snapshot, SnapshotId, StateId, StateKey, StateType, Timestamp, Version, VersionNumber,
            };
            use $crate::store::{
                Activity, Cursor, Heads, HistoryQuery, Imports, ListQuery, Log, MovedState, Overwrote, Page,
                Points, Receipt, Result, TypeTotals, Wrote,
            };

            #[async_trait]
            impl Heads for $store {
                async fn tip(&self) -> Result<Tip> {
                    self.read("end of the log", |inner| inner.tip()).await
                }
                async fn head(&self, key: &StateKey) -> Result<Option<Version>> {
                    self.read_head(key).await
                }
                async fn types_of(&self, id: &StateId) -> Result<Vec<StateType>> {
                    self.read("types of an id", |inner| inner.types_of(id)).await
                }
                async fn list(&self, query: &ListQuery) -> Result<Page<StateSummary>> {
                    self.read("list of states", |inner| inner.list(query)).await
                }
                async fn totals(&self) -> Result<Vec<TypeTotals>> {
                    self.read("counts by type", |inner| inner.totals()).await
                }
            }

            #[async_trait]
            impl Log for $store {
                async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
                    self.read("events", |inner| inner.after(seq, limit)).await
                }
                async fn tail(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
                    self.read("events", |inner| inner.tail(seq, limit)).await
                }
                async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
                    self.read("events", |inner| inner.before(seq, limit)).await
                }
                async fn views_after(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
                    self.read("events", |inner| inner.views_after(seq, limit)).await
                }
                async fn views_before(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
                    self.read("events", |inner| inner.views_before(seq, limit)).await
                }
                async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
                    self.read("version", |inner| inner.version(key, version)).await
                }
                async fn by_seq(&self, seq: Seq) -> Result<Option<Version>> {
                    self.read("version", |inner| inner.by_seq(seq)).await
                }
                async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
                    self.read("version at a moment", |inner| inner.as_of(key, seq)).await
                }
                async fn standing(
                    &self,
                    keys: &[StateKey],
                    seq: Seq,
                ) -> Result<HashMap<StateKey, (VersionNumber, bool)>> {
                    self.read("versions at a moment", |inner| inner.standing(keys, seq)).await
                }
                async fn seq_at(&self, time: Timestamp) -> Result<Seq> {
                    self.read("moment", |inner| inner.seq_at(time)).await
                }
                async fn then(&self, key: &StateKey, time: Timestamp) -> Result<Option<Version>> {
                    self.read("version at a time", |inner| inner.then(key, time)).await
                }
                async fn imports(&self, after: Seq, time: Timestamp) -> Result<Imports> {
                    self.read("imports at a time", |inner| inner.imports(after, time)).await
                }
                async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>> {
                    self.read("history page", |inner| inner.history(query)).await
                }
                async fn written_by(
                    &self,
                    run_id: &str,
                    since: Seq,
                    behind: Option<&StateKey>,
                    limit: usize,
                ) -> Result<Vec<Wrote>> {
                    self.read("states of a run", |inner| inner.written_by(run_id, since, behind, limit)).await
                }
                async fn overwrote(&self, stretches: &[(Seq, Seq)]) -> Result<Vec<Overwrote>> {
                    self.read("what was written over", |inner| inner.overwrote(stretches)).await
                }
                async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity> {
                    self.read("activity", |inner| inner.activity(since, bucket_micros)).await
                }
            }

            #[async_trait]
            impl Points for $store {
                async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>> {
                    self.read("list of snapshots", |inner| inner.snapshots(limit, cursor)).await
                }
                async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
                    self.read("snapshot", |inner| inner.snapshot(id)).await
                }
                async fn receipt(&self, key: &RequestHash) -> Result<Option<Receipt>> {
                    self.read("receipt", |inner| inner.receipt(key)).await
                }
                async fn restores(
                    &self,
                    limit: usize,
                    cursor: Option<&Cursor>,
                ) -> Result<Page<RestoreRecord>> {
                    self.read("list of restores", |inner| inner.restores(limit, cursor)).await
                }
                async fn restore(&self, restore_id: &str) -> Result<Option<AppliedRestore>> {
                    self.read("restore", |inner| inner.restore(restore_id)).await
                }
                async fn moved_since(
                    &self,
                    seq: Seq,
                    scope: &Scope,
                    after: Option<&StateKey>,
                    limit: usize,
                ) -> Result<Vec<MovedState>> {
                    self.read("states that moved", |inner| inner.moved_since(seq, scope, after, limit)).await
                }
                async fn count_scope(&self, scope: &Scope) -> Result<u64> {
                    self.read("count of states", |inner| inner.count_scope(scope)).await
                }
            }
        };
    };
}

/// Writes [`Leases`](super::Leases) of a decorator, through its own `read`.
macro_rules! forward_leases {
    ($store:ty) => {
        const _: () = {
            use async_trait::async_trait;
            use stateloft_core::model::Timestamp;
            use $crate::store::{LeaseLook, LeaseTerm, Leases, Result};

            #[async_trait]
            impl Leases for $store {
                async fn renew_leases(&self, leases: &[LeaseTerm], now: Timestamp) -> Result<Vec<bool>> {
                    self.read("renewal of leases", |inner| inner.renew_leases(leases, now)).await
                }
                async fn expect_leases(&self, leases: &[LeaseTerm]) -> Result<()> {
                    self.read("leases", |inner| inner.expect_leases(leases)).await
                }
                async fn look_at_leases(&self) -> Result<Vec<LeaseLook>> {
                    self.read("leases", |inner| inner.look_at_leases()).await
                }
                async fn forget_leases(&self, run_ids: &[String]) -> Result<()> {
                    self.read("leases", |inner| inner.forget_leases(run_ids)).await
                }
            }
        };
    };
}

/// Writes [`Admin`](super::Admin) of a decorator: the methods that are named hand on the question to the store behind it,
/// `inner`, and what stands behind them are its own.
macro_rules! forward_admin {
    ($store:ty: $($method:ident)+ $(; $($own:tt)+)?) => {
        $crate::store::forward::forward_admin!(@ $store { $($($own)+)? } $($method)+);
    };
    (@ $store:ty { $($body:tt)* } ping $($rest:ident)*) => {
        $crate::store::forward::forward_admin!(@ $store { $($body)*
            async fn ping(&self) -> $crate::store::Result<()> {
                self.inner.ping().await
            }
        } $($rest)*);
    };
    (@ $store:ty { $($body:tt)* } status $($rest:ident)*) => {
        $crate::store::forward::forward_admin!(@ $store { $($body)*
            async fn status(&self) -> stateloft_core::api::StoreStatus {
                self.inner.status().await
            }
        } $($rest)*);
    };
    (@ $store:ty { $($body:tt)* } facts $($rest:ident)*) => {
        $crate::store::forward::forward_admin!(@ $store { $($body)*
            async fn facts(&self) -> $crate::store::StoreFacts {
                self.inner.facts().await
            }
        } $($rest)*);
    };
    (@ $store:ty { $($body:tt)* } take_pool_peak $($rest:ident)*) => {
        $crate::store::forward::forward_admin!(@ $store { $($body)*
            fn take_pool_peak(&self) -> Option<u32> {
                self.inner.take_pool_peak()
            }
        } $($rest)*);
    };
    (@ $store:ty { $($body:tt)* } bell $($rest:ident)*) => {
        $crate::store::forward::forward_admin!(@ $store { $($body)*
            fn bell(&self) -> Option<tokio::sync::watch::Receiver<$crate::store::Rung>> {
                self.inner.bell()
            }
        } $($rest)*);
    };
    (@ $store:ty { $($body:tt)* } alarms $($rest:ident)*) => {
        $crate::store::forward::forward_admin!(@ $store { $($body)*
            fn alarms(&self) -> Vec<$crate::alarms::Raised> {
                self.inner.alarms()
            }
        } $($rest)*);
    };
    (@ $store:ty { $($body:tt)* } close $($rest:ident)*) => {
        $crate::store::forward::forward_admin!(@ $store { $($body)*
            async fn close(&self) {
                self.inner.close().await;
            }
        } $($rest)*);
    };
    (@ $store:ty { $($body:tt)* }) => {
        #[async_trait::async_trait]
        impl $crate::store::Admin for $store {
            $($body)*
        }
    };
}

pub(super) use {forward_admin, forward_leases, forward_reads};
