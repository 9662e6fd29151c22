//! Reading handshakes.

use stateloft_core::api::{DeletedFilter, Handshake, HandshakeList, HandshakeView, Sort, StateSummary};
use stateloft_core::model::{RunId, StateType};
use stateloft_core::search::Needle;

use super::super::read::page_size;
use super::super::{Result, Service, ServiceError};
use crate::store::{Cursor, ListQuery};

impl Service {
    /// One handshake: `GET /handshakes/{handshake}`.
    pub async fn handshake(&self, id: &str) -> Result<HandshakeView> {
        let kept = self.kept_handshake(id).await?;
        let found =
            kept.value.ok_or_else(|| ServiceError::HandshakeNotFound(id.chars().take(80).collect()))?;
        self.shown(found).await
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

    /// Handshakes, the last changed first: `GET /handshakes`.
    pub async fn handshakes(
        &self,
        plan: Option<&str>,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<HandshakeList> {
        let kind = StateType::new("handshake").map_err(|error| ServiceError::Internal(error.to_string()))?;
        let query = ListQuery {
            types: vec![kind],
            // As they are written; what else has these words is passed over below.
            text: plan.map(|plan| Needle::new(&format!("\"plan\":\"{plan}\""))),
            deleted: DeletedFilter::Exclude,
            sort: Sort::Changed,
            limit: page_size(limit)?,
            cursor: cursor.map(Cursor),
            with_data: true,
            ..ListQuery::default()
        };
        let page = self.store.list(&query).await?;
        let of_plan = |handshake: &Handshake| plan.is_none_or(|plan| handshake.plan == plan);
        let mut handshakes = Vec::new();
        for found in page.rows.into_iter().filter_map(read).filter(of_plan) {
            handshakes.push(self.shown(found).await?);
        }
        Ok(HandshakeList { handshakes, next_cursor: page.next.map(|next| next.0) })
    }
}

fn read(row: StateSummary) -> Option<Handshake> {
    serde_json::from_str(row.data?.text()).ok()
}
