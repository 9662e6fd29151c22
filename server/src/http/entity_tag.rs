//! Entity tags: `"v<version>-<first 8 of the content hash>"`, and the headers that demand one.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use statehouse_core::model::Version;

use super::failure::{Answer, Failure};
use crate::service::Precondition;

/// The `ETag` header of a version.
pub(crate) fn header(version: &Version) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{}\"", version.etag())).ok()
}

/// What a write demands by `If-Match` or `If-None-Match`.
pub(crate) fn precondition(headers: &HeaderMap) -> Answer<Precondition> {
    match (tags(headers, &IF_MATCH)?, tags(headers, &IF_NONE_MATCH)?) {
        (None, None) => Ok(Precondition::None),
        (Some(Tags::Any), None) => Ok(Precondition::Exists),
        (Some(Tags::These(tags)), None) => Ok(Precondition::Matches(tags)),
        (None, Some(Tags::Any)) => Ok(Precondition::Absent),
        (None, Some(Tags::These(tags))) => Ok(Precondition::MatchesNot(tags)),
        (Some(_), Some(_)) => Err(Failure::parameter("send If-Match or If-None-Match, not both")),
    }
}

/// Whether a read need not send what the client has already (`If-None-Match`).
pub(crate) fn not_modified(headers: &HeaderMap, version: &Version) -> Answer<bool> {
    Ok(match tags(headers, &IF_NONE_MATCH)? {
        None => false,
        Some(Tags::Any) => true,
        Some(Tags::These(tags)) => tags.contains(&version.etag()),
    })
}

enum Tags {
    Any,
    These(Vec<String>),
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Answer<Option<Tags>> {
    let mut found = None;
    for value in headers.get_all(name) {
        let parsed = value.to_str().ok().and_then(parse);
        let message =
            || format!("{name} must be * or a list of tags in double quotes, such as \"v3-0a1b2c3d\"");
        let parsed = parsed.ok_or_else(|| Failure::parameter(message()))?;
        found = Some(match (found, parsed) {
            (Some(Tags::These(mut all)), Tags::These(more)) => {
                all.extend(more);
                Tags::These(all)
            }
            (_, latest) => latest,
        });
    }
    Ok(found)
}

/// Reads a list of entity tags. Weak tags (`W/"..."`) name the same version here, because a tag contains its hash.
fn parse(text: &str) -> Option<Tags> {
    if text.trim() == "*" {
        return Some(Tags::Any);
    }
    let tag = |item: &str| {
        let item = item.trim();
        let item = item.strip_prefix("W/").unwrap_or(item);
        item.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
    };
    text.split(',').map(tag).collect::<Option<Vec<_>>>().map(Tags::These)
}
