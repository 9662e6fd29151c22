//! What the runs were asked for: known to the tab that asked, else read from the server that remembers it.

use std::sync::Arc;

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{Code, GivenPlan, HandshakeOrder, HandshakeView, Plan};

use crate::api::{self, ApiError};
use crate::model::address::encode_segment;
use crate::model::handshake::order::{Given, Order, Planned};
use crate::model::handshake::request::{Request, given, planned};
use crate::model::plan_address::{Ask, with_ticks};
use crate::pages::restore::{order_of, remember};

/// What is known of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    /// It is being read, or was not asked for yet.
    NotYet,
    /// It can be sent once more.
    Order(Box<Order>),
    /// It is not what was looked at any more; where the plan of now is, if it has an address.
    Moved(Option<String>),
    /// Why it is not known.
    Nowhere(String),
}

impl Known {
    pub(super) fn order(&self) -> Option<&Order> {
        match self {
            Self::Order(order) => Some(order),
            _ => None,
        }
    }
}

/// What a handshake is for. The server is asked once it may be of use: not before it is known what the handshake is, and not where
/// nothing can be sent again.
pub(super) fn known(id: &str, view: Signal<Option<HandshakeView>>) -> RwSignal<Known> {
    let known = RwSignal::new(order_of(id).map_or(Known::NotYet, |order| Known::Order(Box::new(order))));
    let id = id.to_owned();
    let is_of_use = Memo::new(move |_| {
        view.with(|view| {
            view.as_ref().is_some_and(|view| {
                let status = view.handshake.status;
                !view.handshake.is_only_a_pause() && status != stateloft_core::api::HandshakeStatus::Written
            })
        })
    });
    Effect::new(move |asked: Option<bool>| {
        let asked = asked == Some(true);
        if asked || !is_of_use.get() || known.with_untracked(|known| *known != Known::NotYet) {
            return asked;
        }
        let id = id.clone();
        spawn_local(async move {
            let found = read(&id).await.unwrap_or_else(|error| not_known(&error));
            if let Known::Order(order) = &found {
                remember(&id, order);
            }
            known.try_set(found);
        });
        true
    });
    known
}

async fn read(id: &str) -> Result<Known, ApiError> {
    let path = format!("/handshakes/{}/order", encode_segment(id));
    let order = api::get::<HandshakeOrder>(&path).await?;
    let Some(request) = Request::read(&order) else {
        return Ok(Known::Nowhere("This console does not know what was asked for.".to_owned()));
    };
    match request {
        Request::Whole(order) => Ok(Known::Order(Box::new(order))),
        Request::Apply(hash, request) => {
            let plan = api::send::<Plan>(Method::POST, "/restores", Some(&planned(&request))).await?;
            if plan.plan != hash {
                let ask =
                    Ask { target: Some(plan.target.clone()), scope: plan.scope.clone(), exact: plan.exact };
                let href = format!("/view/restore{}", with_ticks(&ask, &plan.selection));
                return Ok(Known::Moved(Some(href)));
            }
            let order = Planned { plan: Arc::new(plan), request: *request };
            Ok(Known::Order(Box::new(Order::Apply(Box::new(order)))))
        }
        Request::Given(hash, request) => {
            let plan =
                api::send::<GivenPlan>(Method::POST, "/restores/documents", Some(&given(&request))).await?;
            if plan.plan != hash {
                return Ok(Known::Moved(None));
            }
            let order = Given { plan, request: *request };
            Ok(Known::Order(Box::new(Order::Given(Box::new(order)))))
        }
    }
}

fn not_known(error: &ApiError) -> Known {
    if error.code() == Some(Code::OrderNotKept) {
        let words = "What was asked for is not remembered: another server was asked, or it was started anew since, or it is very large.";
        return Known::Nowhere(words.to_owned());
    }
    let (head, rest) = error.of_read();
    Known::Nowhere(format!("What was asked for could not be read. {head} {rest}"))
}
