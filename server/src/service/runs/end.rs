//! Ending runs, by their own word or by an operator's.

use async_trait::async_trait;
use stateloft_core::api::{EndRun, EndedAs, MarkCrashed, RunStatus, RunView, Session};
use stateloft_core::commit::Outcome;
use stateloft_core::json::number::delta;
use stateloft_core::json::{Decimal, Document};

use super::super::once::Repeatable;
use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use super::begin::{check_number, must_say};
use super::known::{Known, run_id, with_end};
use crate::store::Did;

impl Service {
    /// Ends a run that ends by itself: `POST /runs/{run_id}/end`.
    pub async fn end_run(&self, id: &str, request: EndRun) -> Result<RunView> {
        let id = run_id(id)?;
        check_number("/final_value", request.final_value.as_ref())?;
        let run = self.run(&id).await?;
        if !run.is_live() {
            return Err(self.not_live(&run).await);
        }
        let (status, word) = match request.status {
            EndedAs::Completed => (RunStatus::Completed, "run completed"),
            EndedAs::Stopped => (RunStatus::Stopped, "run stopped"),
        };
        let why = request.reason.as_ref().map_or_else(|| word.to_owned(), |why| format!("{word}: {why}"));
        let session = Session {
            pnl: difference(run.session.capital.as_ref(), request.final_value.as_ref()),
            final_value: request.final_value,
            reason: request.reason,
            ..with_end(&run, status, None, self.now())
        };
        let who = Signature::new(request.user_id, Some(why))?;
        self.end(&run, session, &who).await
    }

    /// Says of a run that it is gone: `POST /runs/{run_id}/mark-crashed`.
    pub async fn mark_crashed(&self, id: &str, request: MarkCrashed) -> Result<RunView> {
        let id = run_id(id)?;
        must_say("/reason", &request.reason)?;
        let run = self.run(&id).await?;
        if run.session.status != RunStatus::Active {
            return Err(self.not_live(&run).await);
        }
        let look = if run.is_live() { self.lease_of(&run).await.ok() } else { None };
        let session = Session {
            reason: Some(request.reason.clone()),
            ..with_end(&run, RunStatus::Crashed, look.as_ref(), self.now())
        };
        let why = format!("run marked as crashed: {}", request.reason);
        self.end(&run, session, &Signature::new(request.user_id, Some(why))?).await
    }

    async fn end(&self, run: &Known, session: Session, who: &Signature) -> Result<RunView> {
        let write = run.ended(&session, who)?;
        match self.commit_runs(vec![write]).await {
            Ok(outcomes) => {
                self.forget_leases(&[run.id.to_string()]).await;
                let ended = outcomes.into_iter().next().map(Outcome::into_version);
                let ended = ended.and_then(Known::of);
                self.view_of(
                    ended.ok_or_else(|| ServiceError::Internal("a run ended without a version".into()))?,
                )
                .await
            }
            // Something else has ended it meanwhile.
            Err(ServiceError::Conflict(_) | ServiceError::ChecksFailed(_)) => {
                let run = self.run(&run.id).await?;
                Err(self.not_live(&run).await)
            }
            Err(error) => Err(error),
        }
    }
}

/// What was won or lost, exactly; `None` where one of them was not said, or it needs more digits than anybody reads.
fn difference(from: Option<&Document>, to: Option<&Document>) -> Option<Document> {
    let (from, to) = (Decimal::parse(from?.text())?, Decimal::parse(to?.text())?);
    let signed = delta(from, to)?;
    signed.strip_prefix('+').unwrap_or(&signed).parse().ok()
}

#[async_trait]
impl Repeatable for RunView {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let strange = || ServiceError::Internal(format!("a receipt says {did:?}"));
        let Did::Batch { outcomes, .. } = &did else { return Err(strange()) };
        let (seq, _) = outcomes.first().ok_or_else(strange)?;
        let run = Known::of(service.version_at(*seq).await?).ok_or_else(strange)?;
        service.view_of(run).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_won_is_exact() {
        let number = |text: &str| text.parse::<Document>().unwrap();
        for (capital, value, won) in [
            ("100000.00", "100000.01", "0.01"),
            ("0.1", "0.3", "0.2"),
            ("10", "9.5", "-0.5"),
            ("1", "1.0", "0"),
            ("12345678901234567890.1", "12345678901234567890.3", "0.2"),
            ("-5", "5", "10"),
        ] {
            let found = difference(Some(&number(capital)), Some(&number(value)));
            assert_eq!(found.as_ref().map(Document::text), Some(won), "{capital} {value}");
        }
        assert_eq!(difference(None, Some(&number("1"))), None);
        assert_eq!(difference(Some(&number("1")), None), None);
    }
}
