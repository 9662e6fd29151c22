//! Reading handshakes.

use stateloft_core::api::{DeletedFilter, Handshake, HandshakeList, HandshakeView, Sort, StateSummary};
use stateloft_core::model::{RunId, StateType};
use stateloft_core::search::Needle;

use super::super::read::page_size;
use super::super::{Result, Service, ServiceError};
use super::shake::Shake;
use crate::store::{Cursor, ListQuery};

/// Which handshakes to list: `GET /handshakes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandshakesRequest {
    /// Only those of this plan.
    pub plan: Option<String>,
    /// Only those in which this run was asked.
    pub run_id: Option<String>,
    /// At most this many, 1 to 1000.
    pub limit: usize,
    /// From the page before.
    pub cursor: Option<String>,
}

impl Service {
    /// One handshake: `GET /handshakes/{handshake}`.
    pub async fn handshake(&self, id: &str) -> Result<HandshakeView> {
        let kept = self.kept_handshake(id).await?;
        let found =
            kept.value.ok_or_else(|| ServiceError::HandshakeNotFound(id.chars().take(80).collect()))?;
        self.shown(found).await
    }

    /// The handshake of what was written under an id, if runs were asked.
    pub(in crate::service) async fn handshake_if_any(&self, id: &str) -> Result<Option<HandshakeView>> {
        match self.handshake(id).await {
            Ok(handshake) => Ok(Some(handshake)),
            Err(ServiceError::HandshakeNotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How the runs stand that were asked, for the answer. That it is written is certain without it.
    pub(in crate::service) async fn handshake_of(&self, shake: &Shake) -> Option<Box<HandshakeView>> {
        if !shake.has_asked() {
            return None;
        }
        self.handshake(&shake.id).await.ok().map(Box::new)
    }

    /// A handshake with whom it waits for: whoever is not live any more has nothing left to say.
    async fn shown(&self, handshake: Handshake) -> Result<HandshakeView> {
        let mut view = HandshakeView::from(handshake);
        for run_id in std::mem::take(&mut view.waits_for) {
            let Ok(run) = run_id.parse::<RunId>() else { continue };
            if self.live(&run).await?.is_some() {
                view.waits_for.push(run_id);
            }
        }
        Ok(view)
    }

    /// Handshakes, the last changed first: `GET /handshakes`. A page may have few, or none, and still be followed by another.
    pub async fn handshakes(&self, request: HandshakesRequest) -> Result<HandshakeList> {
        let HandshakesRequest { plan, run_id, limit, cursor } = request;
        let kind = StateType::new("handshake").map_err(|error| ServiceError::Internal(error.to_string()))?;
        let of_run = run_id.as_deref().map(|run_id| ("run_id", run_id));
        let word = plan.as_deref().map(|plan| ("plan", plan)).or(of_run);
        let query = ListQuery {
            types: vec![kind],
            // As they are written; what else has these words is passed over below.
            text: word.map(|(member, value)| Needle::new(&format!("\"{member}\":\"{value}\""))),
            deleted: DeletedFilter::Exclude,
            sort: Sort::Changed,
            limit: page_size(limit)?,
            cursor: cursor.map(Cursor),
            with_data: true,
            ..ListQuery::default()
        };
        let page = self.store.list(&query).await?;
        let is_meant = |found: &Handshake| {
            plan.as_ref().is_none_or(|plan| found.plan.as_ref() == Some(plan))
                && run_id.as_ref().is_none_or(|id| found.runs.iter().any(|run| run.run_id == *id))
        };
        let mut handshakes = Vec::new();
        for found in page.rows.into_iter().filter_map(read).filter(is_meant) {
            handshakes.push(self.shown(found).await?);
        }
        Ok(HandshakeList { handshakes, next_cursor: page.next.map(|next| next.0) })
    }
}

/// The handshake of a row, if that is what its data is.
pub(super) fn read(row: StateSummary) -> Option<Handshake> {
    serde_json::from_str(row.data?.text()).ok()
}
