//! What answers when no route does.

use axum::http::{Method, Uri};
use statehouse_core::api::Code;

use crate::http::failure::{Answer, Failure};

pub(crate) async fn not_found(uri: Uri) -> Answer {
    Err(Failure::new(
        Code::RouteNotFound,
        format!("nothing is at {}; /api/v1/openapi.json lists what there is", uri.path()),
    ))
}

pub(crate) async fn method_not_allowed(method: Method) -> Answer {
    Err(Failure::new(
        Code::MethodNotAllowed,
        format!("{method} is not among the methods in the Allow header"),
    ))
}
