//! What was asked of the server when a restore, or what is reconciled, was to be written: it can be sent once more, without a run's word, or without what a
//! run holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use stateloft_core::api::{
    ApplyGiven, ApplyReconcile, ApplyRequest, Effect, GivenPlan, Handshake, HandshakeRun, HandshakeTerms,
    Plan, PlanCounts, RestoreRecord, StateSelection, UndoRequest, WithoutWord,
};
use stateloft_core::model::StateKey;
use stateloft_core::restore::{plan_hash, selection_key};

use super::super::address::{self, encode_segment};
use super::super::found::Hand;
use super::super::plan_address::{Ask, with_ticks};

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Of this plan.
    Apply(Box<Planned>),
    /// Of documents that are given, such as those of a position that was changed by hand.
    Given(Box<Given>),
    /// The undoing of a restore.
    Undo {
        /// Which one.
        restore_id: String,
        /// How.
        request: Box<UndoRequest>,
    },
    /// What is chosen of a broker's list.
    Reconcile(Box<Reconciling>),
}

/// What is chosen of a broker's list, and is to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciling {
    /// The hash of the plan that was looked at.
    pub plan: String,
    /// Whether live runs were known to hold some of it.
    pub held: bool,
    /// How.
    pub request: ApplyReconcile,
}

/// A plan that is to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// As it was looked at.
    pub plan: Arc<Plan>,
    /// How.
    pub request: ApplyRequest,
}

/// A plan to documents that is to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// As it was looked at.
    pub plan: GivenPlan,
    /// How.
    pub request: ApplyGiven,
}

impl Planned {
    /// Whether its plan is what is asked for there, apart from the ticks.
    #[must_use]
    pub fn is_for(&self, ask: &Ask) -> bool {
        ask.target.as_ref() == Some(&self.plan.target)
            && ask.scope == self.plan.scope
            && ask.exact == self.plan.exact
    }
}

impl Order {
    /// The path in the API.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Apply(planned) => format!("/restores/{}/apply", encode_segment(&planned.plan.plan)),
            Self::Given(given) => format!("/restores/documents/{}/apply", encode_segment(&given.plan.plan)),
            Self::Undo { restore_id, .. } => format!("/restores/{}/undo", encode_segment(restore_id)),
            Self::Reconcile(order) => format!("/reconciles/{}/apply", encode_segment(&order.plan)),
        }
    }

    /// The body, as JSON. It is text, in which the documents of a plan are as they were planned, digit by digit.
    ///
    /// # Errors
    /// Never, as far as is known: everything in it is written as JSON.
    pub fn body(&self) -> serde_json::Result<Box<RawValue>> {
        match self {
            Self::Apply(planned) => to_raw_value(&planned.request),
            Self::Given(given) => to_raw_value(&given.request),
            Self::Undo { request, .. } => to_raw_value(request),
            Self::Reconcile(order) => to_raw_value(&order.request),
        }
    }

    /// Author and reason.
    #[must_use]
    pub fn hand(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Apply(planned) => (planned.request.user_id.clone(), Some(planned.request.reason.clone())),
            Self::Given(given) => (given.request.user_id.clone(), Some(given.request.reason.clone())),
            Self::Undo { request, .. } => (request.user_id.clone(), request.reason.clone()),
            Self::Reconcile(order) => (order.request.user_id.clone(), Some(order.request.reason.clone())),
        }
    }

    /// What it would write, where that is known before it is written.
    #[must_use]
    pub fn counts(&self) -> Option<&PlanCounts> {
        match self {
            Self::Apply(planned) => Some(&planned.plan.counts),
            Self::Given(given) => Some(&given.plan.counts),
            Self::Undo { .. } | Self::Reconcile(_) => None,
        }
    }

    /// Whether some live run is known to hold some of it.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        match self {
            Self::Apply(planned) => !planned.plan.held_by.is_empty(),
            Self::Given(given) => !given.plan.held_by.is_empty(),
            Self::Undo { .. } => true,
            Self::Reconcile(order) => order.held,
        }
    }

    /// The hash of the plan that it writes; an undo has none before it is written.
    #[must_use]
    pub fn plan(&self) -> Option<&str> {
        match self {
            Self::Apply(planned) => Some(&planned.plan.plan),
            Self::Given(given) => Some(&given.plan.plan),
            Self::Undo { .. } => None,
            Self::Reconcile(order) => Some(&order.plan),
        }
    }

    /// Whether that record is of it.
    #[must_use]
    pub fn wrote(&self, record: &RestoreRecord) -> bool {
        match self {
            Self::Apply(planned) => record.plan == planned.plan.plan,
            Self::Given(given) => record.plan == given.plan.plan,
            Self::Undo { restore_id, .. } => record.undoes.as_ref() == Some(restore_id),
            Self::Reconcile(_) => false,
        }
    }

    /// Whether a handshake is of it: of this plan, or by the words that the server gives an undo, and begun by this hand.
    #[must_use]
    pub fn asked(&self, handshake: &Handshake, hand: &Hand) -> bool {
        let of_it = match self {
            Self::Undo { restore_id, request } => {
                request.reason.is_some() || handshake.reason == format!("Undo of restore {restore_id}")
            }
            Self::Apply(_) | Self::Given(_) | Self::Reconcile(_) => handshake.plan.as_deref() == self.plan(),
        };
        of_it && hand.wrote(handshake.user_id.as_deref(), Some(&handshake.reason), handshake.asked_at)
    }

    /// Where its plan can be looked at again; an undo has none before it is written, and given documents have no address.
    #[must_use]
    pub fn plan_href(&self) -> Option<String> {
        let planned = match self {
            Self::Apply(planned) => planned,
            Self::Reconcile(order) => return Some(address::reconcile(&order.request.run_id)),
            Self::Given(_) | Self::Undo { .. } => return None,
        };
        let plan = &planned.plan;
        let ask = Ask { target: Some(plan.target.clone()), scope: plan.scope.clone(), exact: plan.exact };
        Some(format!("/view/restore{}", with_ticks(&ask, &planned.request.selection)))
    }

    /// The same, by somebody who says who he is.
    #[must_use]
    pub fn by(mut self, user_id: Option<String>) -> Self {
        if user_id.is_some() {
            match &mut self {
                Self::Apply(planned) => planned.request.user_id = user_id,
                Self::Given(given) => given.request.user_id = user_id,
                Self::Undo { request, .. } => request.user_id = user_id,
                Self::Reconcile(order) => order.request.user_id = user_id,
            }
        }
        self
    }

    /// The same, once more.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.set_word(None);
        self
    }

    /// The same, written though not every run gives its word.
    #[must_use]
    pub fn without_word(mut self, reason: &str, by: &str) -> Self {
        let word = WithoutWord { reason: reason.trim().to_owned(), by: by.to_owned() };
        self.set_word(Some(word));
        self
    }

    /// How long is waited stays as it was.
    fn set_word(&mut self, without_word: Option<WithoutWord>) {
        let terms = match self {
            Self::Apply(planned) => &mut planned.request.handshake,
            Self::Given(given) => &mut given.request.handshake,
            Self::Undo { request, .. } => &mut request.handshake,
            Self::Reconcile(order) => &mut order.request.handshake,
        };
        let wait_seconds = terms.as_ref().and_then(|terms| terms.wait_seconds);
        let new = HandshakeTerms { wait_seconds, without_word };
        *terms = (new != HandshakeTerms::default()).then_some(new);
    }

    /// The same without what a run holds, of a plan of several states. Nothing where nothing would be left, where not all that it holds is listed, or where that
    /// cannot be chosen. What was looked at of the rest stays what is bound, so what moved since is found out as always.
    #[must_use]
    pub fn leaving_out(&self, run: &HandshakeRun) -> Option<Self> {
        let Self::Apply(planned) = self else { return None };
        if run.more > 0 {
            return None;
        }
        let held: BTreeSet<&StateKey> = run.states.iter().collect();
        let mut plan = Plan::clone(&planned.plan);
        let mut request = planned.request.clone();
        for state in plan.states.iter_mut().filter(|state| held.contains(&state.key)) {
            let name = selection_key(&state.key);
            let ticks = request.selection.entry(name).or_default();
            *ticks = StateSelection { skip: true, ..StateSelection::default() };
            let counts = &mut plan.counts;
            let of = match state.effect {
                Effect::Changed => &mut counts.changed,
                Effect::Recreated => &mut counts.recreated,
                Effect::Deleted => &mut counts.deleted,
                Effect::Equal | Effect::Damaged => continue,
            };
            *of = of.saturating_sub(1);
            counts.equal += 1;
            counts.invalid = counts.invalid.saturating_sub(u64::from(state.verdict.is_invalid()));
            counts.exact = counts.exact.saturating_sub(u64::from(state.exact));
            (state.effect, state.selected, state.bound) = (Effect::Equal, 0, None);
        }
        if plan.counts.written() == 0 || plan.counts == planned.plan.counts {
            return None;
        }
        plan.held_by.retain(|holder| holder.run_id != run.run_id);
        plan.selection = request.selection.clone();
        let bound = plan.states.iter().filter_map(|state| Some((&state.key, state.bound.as_deref()?)));
        plan.plan = plan_hash(plan.target_seq, &plan.scope, &plan.selection, plan.exact, bound);
        let left = Self::Apply(Box::new(Planned { plan: Arc::new(plan), request }));
        Some(left.again())
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::model::{Seq, Timestamp};

    use super::super::super::sample::Sample;
    use super::super::sample::asking;
    use super::*;

    fn body_of(order: &Order) -> serde_json::Value {
        serde_json::from_str(order.body().unwrap().get()).unwrap()
    }

    /// A plan of three states, two of which are held by one run.
    fn planned() -> Planned {
        let version = |id: &str| {
            let version = Sample::at(5, "2026-11-21T09:40:00Z").of("position", id).0;
            serde_json::to_string(&version).unwrap()
        };
        let state = |id: &str, effect: &str, bound: &str| {
            format!(
                r#"{{"state_type":"position","state_id":"{id}","effect":"{effect}","now":{},"target":null,"next_version":3,"paths":1,"selected":1,"verdict":{{"status":"valid"}},"exact":true,"bound":"{bound}"}}"#,
                version(id)
            )
        };
        let text = format!(
            r#"{{"plan":"","target":"seq:7","target_seq":7,"target_time":null,"scope":{{}},"selection":{{}},"seq":9,
            "counts":{{"changed":2,"recreated":1,"deleted":0,"equal":0,"invalid":0,"exact":3}},
            "states":[{},{},{}],"equal_listed":0,"snapshot_before":"before",
            "held_by":[{{"run_id":"a.main.1","states":[]}}]}}"#,
            state("one", "changed", "b1"),
            state("two", "changed", "b2"),
            state("three", "recreated", "b3"),
        );
        let mut plan: Plan = serde_json::from_str(&text).unwrap();
        let bound = plan.states.iter().filter_map(|state| Some((&state.key, state.bound.as_deref()?)));
        plan.plan = plan_hash(plan.target_seq, &plan.scope, &plan.selection, plan.exact, bound);
        let request: ApplyRequest =
            serde_json::from_str(r#"{"target":"seq:7","seq":9,"reason":"back","user_id":"ann"}"#).unwrap();
        Planned { plan: Arc::new(plan), request }
    }

    fn run(states: &[&str]) -> HandshakeRun {
        let mut run = asking(&["a.main.1"]).runs.remove(0);
        run.states = states.iter().map(|id| StateKey::new("position", id).unwrap()).collect();
        run
    }

    #[test]
    fn what_a_run_holds_is_left_out_and_the_rest_stays_bound_as_it_was_looked_at() {
        let order = Order::Apply(Box::new(planned()));
        let Some(Order::Apply(left)) = order.leaving_out(&run(&["one", "three"])) else {
            panic!("nothing is left")
        };
        assert_eq!((left.plan.counts.changed, left.plan.counts.recreated, left.plan.counts.equal), (1, 0, 2));
        assert!(left.plan.held_by.is_empty());
        // The server works out the same hash for these ticks on the same heads.
        let key = StateKey::new("position", "two").unwrap();
        let same = plan_hash(Seq(7), &left.plan.scope, &left.request.selection, false, [(&key, "b2")]);
        assert_eq!(left.plan.plan, same);
        assert_ne!(left.plan.plan, planned().plan.plan);
        assert!(left.request.selection.values().all(|ticks| ticks.skip) && left.request.selection.len() == 2);
        assert_eq!(order.leaving_out(&run(&["one", "two", "three"])), None, "nothing would be left");
        assert_eq!(order.leaving_out(&run(&["other"])), None, "it would be the same once more");
        let unlisted = HandshakeRun { more: 1, ..run(&["one"]) };
        assert_eq!(order.leaving_out(&unlisted), None, "not all that it holds is known");
    }

    #[test]
    fn an_order_is_sent_without_a_word_only_with_its_reason_and_its_name() {
        let sent = Order::Apply(Box::new(planned())).without_word(" it hangs ", "ann");
        let body = body_of(&sent);
        assert_eq!(body["handshake"]["without_word"], serde_json::json!({"reason": "it hangs", "by": "ann"}));
        assert!(body_of(&sent.again()).get("handshake").is_none());
        let undo = Order::Undo { restore_id: "r/1".into(), request: Box::default() };
        assert_eq!(undo.path(), "/restores/r%2F1/undo");
        assert_eq!(undo.leaving_out(&run(&["one"])), None);
        assert_eq!(body_of(&undo.without_word("x", "y"))["handshake"]["without_word"]["by"], "y");
    }

    #[test]
    fn a_handshake_is_of_an_order_only_if_this_hand_began_it() {
        let order = Order::Apply(Box::new(planned()));
        let mut handshake = asking(&["a.main.1"]);
        let Order::Apply(planned) = &order else { return };
        (handshake.plan, handshake.reason) = (Some(planned.plan.plan.clone()), "back".into());
        let (user_id, reason) = order.hand();
        let hand = Hand { user_id, reason, sent: handshake.asked_at };
        assert!(order.asked(&handshake, &hand));
        let earlier = Hand { sent: Timestamp::from_micros(hand.sent.micros() + 60_000_000), ..hand.clone() };
        assert!(!order.asked(&handshake, &earlier), "it is one of before");
        let other = Hand { user_id: Some("eve".into()), ..hand.clone() };
        assert!(!order.asked(&handshake, &other));
        let undo = Order::Undo {
            restore_id: "r1".into(),
            request: Box::new(UndoRequest { user_id: Some("ann".into()), ..UndoRequest::default() }),
        };
        let hand = Hand { reason: None, ..hand };
        assert!(!undo.asked(&handshake, &hand));
        handshake.reason = "Undo of restore r1".into();
        assert!(undo.asked(&handshake, &hand));
    }
}
