//! What answers when no route does.

use axum::http::header::ALLOW;
use axum::http::{Method, StatusCode, Uri};
use axum::response::IntoResponse;
use stateloft_core::api::Code;

use crate::http::failure::{Answer, Failure};

pub(crate) async fn not_found(uri: Uri) -> Answer {
    if uri.path() == "*" {
        // What the server as a whole can do (RFC 9110 9.3.7).
        return Ok(
            (StatusCode::NO_CONTENT, [(ALLOW, "GET, HEAD, POST, PUT, DELETE, OPTIONS")]).into_response()
        );
    }
    Err(Failure::new(
        Code::RouteNotFound,
        format!("nothing is at {}; /api/v1/openapi.json lists what there is", uri.path()),
    ))
}

/// The router adds the header `Allow`.
pub(crate) async fn method_not_allowed(method: Method) -> Answer {
    if method == Method::OPTIONS {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(Failure::new(
        Code::MethodNotAllowed,
        format!("{method} is not among the methods in the Allow header"),
    ))
}
