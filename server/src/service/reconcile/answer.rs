//! A run answers what an operator asked it: its report ends the asking, and the broker's list is kept for whoever asked.

use stateloft_core::api::{ReconcileAnswer, ReconcileAsk, ReconcilePlan};
use stateloft_core::commit::{Expectation, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{Origin, RunId, Timestamp, VersionNumber};

use super::plan::Asked;
use super::record::{LIST_MAX, record};
use crate::service::handshakes::{ATTEMPTS, never, was_later};
use crate::service::once;
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};

/// How much earlier than the asking a broker may seem to have been asked by a run that names what it answers, in microseconds: its clock is
/// another one, and the time of an HTTP answer has whole seconds.
const BEHIND_MICROS: i64 = 5_000_000;

/// What a broker is said to have failed with that answered nothing.
const NULL: &str = "its answer was null";

impl Service {
    /// The ask that a report answers, if it does: the run names it, or has asked its broker later than it was asked. What a person holds against
    /// the store answers nothing, so it is the run's own word only with its epoch.
    pub(super) async fn answers_what(
        &self,
        run: &RunId,
        named: Option<&str>,
        epoch: Option<u64>,
        as_of: Timestamp,
    ) -> Result<Option<String>> {
        let Some(epoch) = epoch else {
            if named.is_some() {
                let message = "only the run itself answers what it is asked: say its epoch";
                return Err(ServiceError::body("/epoch", "required", message));
            }
            return Ok(None);
        };
        written_by(run)?.within(Some(epoch))?;
        let last = self.kept_reconcile_ask(run).await?.value;
        let Some(named) = named else {
            let open = last.filter(|ask| ask.is_open() && as_of > ask.asked_at);
            return Ok(open.map(|ask| ask.ask));
        };
        let Some(ask) = last.filter(|ask| ask.ask == named) else {
            let message = format!("{run} is not asked that: what it is asked comes with its renewal");
            return Err(ServiceError::body("/answers", "not_asked", message));
        };
        if as_of.micros().saturating_add(BEHIND_MICROS) < ask.asked_at.micros() {
            let message = format!(
                "the broker was asked at {as_of}, and the run to ask it at {}: ask it again, and say when",
                ask.asked_at
            );
            return Err(ServiceError::body("/options/as_of", "before", message));
        }
        Ok(ask.is_open().then_some(ask.ask))
    }

    /// Notes what the run reported, and keeps the broker's list with it. `None` if something else has answered meanwhile.
    pub(super) async fn answer_ask(
        &self,
        asked: &Asked,
        id: &str,
        plan: &ReconcilePlan,
    ) -> Result<Option<String>> {
        let run = &asked.run;
        let mut who = written_by(run)?;
        who.description = Some("asked its broker, as it was asked to".into());
        let (said, null) =
            (asked.list.as_ref(), asked.list.as_ref().is_some_and(|list| list.root().is_null()));
        let failure = plan.failure.clone().or_else(|| null.then(|| NULL.to_owned()));
        let said = said.filter(|list| failure.is_none() && list.len() <= LIST_MAX);
        let keep = said.map(|list| kept_list(asked, list, plan, &who)).transpose()?;
        for _ in 0..ATTEMPTS {
            let before = self.kept_reconcile_ask(run).await?;
            let open = before.value.clone().filter(|ask| ask.ask == id && ask.is_open());
            let Some(open) = open else { return Ok(None) };
            let list = match &keep {
                None => None,
                Some(write) => {
                    let head = self.store.head(&write.key).await?;
                    let version = head.map_or(VersionNumber::ZERO, |head| head.version);
                    let expectation = Expectation::Version(version);
                    Some((version.0 + 1, Write { expectation, ..write.clone() }))
                }
            };
            let answer = ReconcileAnswer {
                at: self.now(),
                as_of: plan.as_of,
                failure: failure.clone(),
                counts: plan.counts,
                kept: list.as_ref().map(|(version, _)| *version),
            };
            let answered = before.becomes(&ReconcileAsk { answer: Some(answer), ..open }, &who)?;
            let writes = std::iter::once(answered).chain(list.map(|(_, write)| write)).collect();
            match once::apart(self.commit_while_live(run, writes)).await {
                Ok(_) => return Ok(Some(id.to_owned())),
                Err(error) if was_later(&error) => {
                    let known = self.run(run).await?;
                    if !known.is_live() {
                        return Err(self.not_live(&known).await);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(never())
    }
}

fn written_by(run: &RunId) -> Result<Signature> {
    Signature::default().from(Origin { run_id: Some(run.as_str().into()), ..Origin::default() })
}

/// The list as it came, kept as it is with a commit. Nothing is chosen: what a policy would choose has not been done.
fn kept_list(asked: &Asked, list: &Document, plan: &ReconcilePlan, who: &Signature) -> Result<Write> {
    let mut plan = plan.clone();
    plan.choices.clear();
    for row in &mut plan.rows {
        row.chosen = None;
    }
    record(&asked.run, &plan, (Some(list), &asked.options), who)
}
