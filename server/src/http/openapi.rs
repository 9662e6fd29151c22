//! The API's description of itself (OpenAPI 3.1), from the declarations of the routes and the API's own types.

use std::collections::BTreeMap;

use stateloft_core::api::{DeletedFilter, PendingFilter, Problem, Sort, StaleFilter, ValidityFilter};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi as _};

use super::router;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Stateloft",
        description = "Every version of every state of a trading program: saved, compared, restored. Errors are problem \
                       documents (RFC 9457) with a stable `code`.",
    ),
    components(schemas(Problem, DeletedFilter, PendingFilter, Sort, StaleFilter, ValidityFilter)),
    modifiers(&Key),
    security((), ("bearer" = []), ("api_key" = []))
)]
struct Base;

struct Key;

impl Modify for Key {
    fn modify(&self, openapi: &mut OpenApi) {
        use utoipa::openapi::security::{ApiKey, ApiKeyValue};
        let components = openapi.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let header = ApiKey::Header(ApiKeyValue::new("X-API-Key"));
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(header));
    }
}

/// The document that the routes are added to.
pub(super) fn base() -> OpenApi {
    Base::openapi()
}

/// The whole description.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = router::described().1;
    for (path, item) in &mut document.paths.paths {
        // The routes of older systems at the root are the same as those under the prefix.
        let prefix = if path.starts_with(router::PREFIX) { "" } else { "root_" };
        operations(item).for_each(|operation| name(operation, prefix));
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .filter_map(Option::as_mut)
}

/// The ids of operations must differ: a handler's name does within its tag.
fn name(operation: &mut Operation, prefix: &str) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    if let Some(id) = &mut operation.operation_id {
        *id = format!("{prefix}{tag}_{id}");
    }
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $($status:literal)+;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$($status),+].into_iter().map(|status: u16| (status.to_string(), RefOr::T(problem(status)))).collect()
            }
        }
    )*};
}

problems! {
    /// What can go wrong with any request.
    Always = 400 401 403 503;
    /// What can go wrong when one thing is read.
    Reading = 400 401 403 404 410 503;
    /// What can go wrong when several things are read, of one moment or to be compared.
    Comparing = 400 401 403 404 410 422 503;
    /// What can go wrong when something is written.
    Writing = 400 401 403 404 409 410 412 413 415 422 503;
}

fn problem(status: u16) -> Response {
    let description = match status {
        400 => "A parameter, a header or the JSON itself is wrong",
        401 => "A valid API key is needed",
        403 => "Requests from this origin are not allowed",
        404 => "There is no such thing",
        409 => "It has moved on, exists already, or is not deleted",
        410 => "The state is deleted; its history remains",
        412 => "A precondition does not hold",
        413 => "The body is too large",
        415 => "The body must be application/json",
        422 => {
            "The body has the wrong shape, or breaks rules; or this is too much for one answer, or a time means no one place of the log"
        }
        _ => "The store did not answer, the server holds as much in memory as it may, or it is stopping",
    };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}
