//! A request for which runs were asked, as the server remembers it: read back, so that it can be sent once more from anywhere.

use stateloft_core::api::{
    ApplyGiven, ApplyReconcile, ApplyRequest, GivenRequest, HandshakeOrder, PlanRequest, UndoRequest,
};

use super::order::{Order, Reconciling};

/// What it is. A plan is not in it, and has to be worked out once more: it is the same one only if its hash is.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// A plan that is applied.
    Apply(String, Box<ApplyRequest>),
    /// A plan to documents that is applied.
    Given(String, Box<ApplyGiven>),
    /// What needs no plan to be sent again.
    Whole(Order),
}

impl Request {
    /// Reads it; nothing where it is sent to somewhere that is not known here.
    #[must_use]
    pub fn read(order: &HandshakeOrder) -> Option<Self> {
        let path = order.path.strip_prefix("/api/v1/")?;
        let body = &order.body;
        let plan = |from: &str| Some(path.strip_prefix(from)?.strip_suffix("/apply")?.to_owned());
        if let Some(plan) = plan("restores/documents/") {
            return Some(Self::Given(plan, Box::new(body.to().ok()?)));
        }
        if let Some(plan) = plan("reconciles/") {
            let request: ApplyReconcile = body.to().ok()?;
            return Some(Self::Whole(Order::Reconcile(Box::new(Reconciling { plan, held: true, request }))));
        }
        if let Some(plan) = plan("restores/") {
            return Some(Self::Apply(plan, Box::new(body.to().ok()?)));
        }
        let restore_id = path.strip_prefix("restores/")?.strip_suffix("/undo")?.to_owned();
        let request: UndoRequest = body.to().ok()?;
        Some(Self::Whole(Order::Undo { restore_id, request: Box::new(request) }))
    }
}

/// What was planned before it was applied.
#[must_use]
pub fn planned(request: &ApplyRequest) -> PlanRequest {
    PlanRequest {
        target: request.target.clone(),
        scope: request.scope.clone(),
        selection: request.selection.clone(),
        exact: request.exact,
    }
}

/// The same of documents.
#[must_use]
pub fn given(request: &ApplyGiven) -> GivenRequest {
    GivenRequest {
        name: request.name.clone(),
        states: request.states.clone(),
        scope: request.scope.clone(),
        selection: request.selection.clone(),
        exact: request.exact,
        delete_others: request.delete_others,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, body: &str) -> Option<Request> {
        Request::read(&HandshakeOrder {
            handshake: "0198".to_owned(),
            path: format!("/api/v1{path}"),
            body: body.parse().unwrap(),
        })
    }

    #[test]
    fn each_way_to_ask_runs_is_read_back_as_what_it_was() {
        let apply = read("/restores/9c41/apply", r#"{"target":"seq:7","reason":"back","user_id":"ann"}"#);
        let Some(Request::Apply(plan, request)) = apply else { panic!("{apply:?}") };
        assert_eq!((plan.as_str(), request.reason.as_str()), ("9c41", "back"));
        assert_eq!(planned(&request).target, request.target);
        let documents = r#"{"name":"by hand","reason":"back","states":[
            {"state_type":"position","state_id":"a","data":{"n":1.50}}]}"#;
        let found = read("/restores/documents/9c41/apply", documents);
        let Some(Request::Given(plan, request)) = found else { panic!("{found:?}") };
        assert_eq!((plan.as_str(), given(&request).states.len()), ("9c41", 1));
        let undo = read("/restores/r1/undo", "{}");
        let Some(Request::Whole(order)) = undo else { panic!("{undo:?}") };
        assert_eq!((order.path().as_str(), order.plan()), ("/restores/r1/undo", None));
        let body = r#"{"run_id":"a.main.1","options":{"as_of":"2026-11-29T09:45:58Z"},"list":[{"quantity":0.30}],"choices":[],"reason":"x"}"#;
        let reconcile = read("/reconciles/ab/apply", body);
        let Some(Request::Whole(order)) = reconcile else { panic!("{reconcile:?}") };
        assert_eq!((order.path().as_str(), order.plan()), ("/reconciles/ab/apply", Some("ab")));
        assert!(order.body().unwrap().get().contains("0.30"), "the list is as it came");
        assert_eq!(read("/imports/ab/apply", "{}"), None);
    }
}
