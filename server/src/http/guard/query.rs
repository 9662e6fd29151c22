//! A query parameter that a route does not know was meant to be something, so it is refused and not ignored: a misspelled
//! filter must not match everything, and nothing that a writer says may be lost. What a route knows is what the description
//! of the API lists.

use axum::http::{Method, Uri};

use crate::http::described;
use crate::http::extract::names;
use crate::http::failure::{Answer, Failure};

/// Older clients put what they like behind this address, such as a token, as browsers have no other place for it there.
const OLDER_SOCKETS: &str = "/ws";

pub(super) fn check(method: &Method, uri: &Uri) -> Answer<()> {
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    if query.is_empty() || path == OLDER_SOCKETS {
        return Ok(());
    }
    // What is no route is not found, whatever is asked of it; the console reads its addresses itself.
    let Some(route) = described::at(method, path) else { return Ok(()) };
    let known = |name: &String| route.query.iter().any(|query| query == name);
    match names(query)?.into_iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => {
            let takes = if route.query.is_empty() { "none".to_owned() } else { route.query.join(", ") };
            Err(Failure::parameter(format!(
                "wrong query parameter: {method} {path} takes no {name:?}; it takes {takes}"
            )))
        }
    }
}
