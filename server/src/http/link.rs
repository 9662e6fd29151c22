//! `Link: <...>; rel="next"` on paged lists.

use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Points from this page to the next one.
pub(crate) fn next(response: &mut Response, here: &Uri, parameter: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    let assigned = format!("{parameter}=");
    let kept = here
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with(&assigned));
    let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
    let query: Vec<String> = kept.map(str::to_owned).chain([format!("{assigned}{value}")]).collect();
    let link = format!("<{}?{}>; rel=\"next\"", here.path(), query.join("&"));
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(LINK, link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_keeps_the_query_and_replaces_the_cursor() {
        let mut response = Response::default();
        let here = Uri::from_static("/api/v1/states?prefix=a%2Fb&cursor=old&limit=2");
        next(&mut response, &here, "cursor", Some("n/w"));
        assert_eq!(
            response.headers()[LINK],
            "</api/v1/states?prefix=a%2Fb&limit=2&cursor=n%2Fw>; rel=\"next\""
        );
        let mut last = Response::default();
        next(&mut last, &here, "cursor", None);
        assert!(last.headers().get(LINK).is_none());
    }
}
