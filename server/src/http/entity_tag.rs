//! Entity tags: `"v<version>-<hash of type, id, version and data>"`, and the headers that demand one.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use stateloft_core::api::Code;
use stateloft_core::model::Version;

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
        (Some(Tags::These(tags)), None) => Ok(Precondition::Matches(strong(tags))),
        (None, Some(Tags::Any)) => Ok(Precondition::Absent),
        (None, Some(Tags::These(tags))) => Ok(Precondition::MatchesNot(all(tags))),
        (Some(_), Some(_)) => Err(Failure::parameter("send If-Match or If-None-Match, not both")),
    }
}

/// Whether a read need not send what the client has already (`If-None-Match`); refused when the client wants another
/// version than this one (`If-Match`).
pub(crate) fn not_modified(headers: &HeaderMap, version: &Version) -> Answer<bool> {
    if let Some(Tags::These(tags)) = tags(headers, &IF_MATCH)?
        && !strong(tags).contains(&version.etag())
    {
        let detail = format!("the version is \"{}\", which If-Match does not name", version.etag());
        return Err(Failure::new(Code::PreconditionFailed, detail));
    }
    Ok(match tags(headers, &IF_NONE_MATCH)? {
        None => false,
        Some(Tags::Any) => true,
        Some(Tags::These(tags)) => all(tags).contains(&version.etag()),
    })
}

/// Whether a header `If-None-Match` names this tag, by weak comparison; what cannot be read names none.
pub(crate) fn is_held(headers: &HeaderMap, tag: &str) -> bool {
    match tags(headers, &IF_NONE_MATCH) {
        Ok(Some(Tags::Any)) => true,
        Ok(Some(Tags::These(tags))) => tags.iter().any(|held| held.opaque == tag),
        Ok(None) | Err(_) => false,
    }
}

/// What a header of entity tags says.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    These(Vec<Tag>),
}

#[derive(Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    opaque: String,
}

/// For `If-Match`: a weak tag never matches (RFC 9110 13.1.1), as it promises less than the very same bytes.
fn strong(tags: Vec<Tag>) -> Vec<String> {
    tags.into_iter().filter(|tag| !tag.weak).map(|tag| tag.opaque).collect()
}

/// For `If-None-Match`: a weak tag matches like a strong one (RFC 9110 13.1.2).
fn all(tags: Vec<Tag>) -> Vec<String> {
    tags.into_iter().map(|tag| tag.opaque).collect()
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Answer<Option<Tags>> {
    let mut found = None;
    for value in headers.get_all(name) {
        found = match (found, parse(value.as_bytes())) {
            (None, Some(first)) => Some(first),
            (Some(Tags::These(mut all)), Some(Tags::These(more))) => {
                all.extend(more);
                Some(Tags::These(all))
            }
            _ => {
                let message = format!(
                    "{name} must be * or a list of tags in double quotes, such as \"v3-0a1b2c3d4e5f6071\""
                );
                return Err(Failure::parameter(message));
            }
        };
    }
    Ok(found)
}

/// Reads `*` or a list of entity tags, in which commas may stand within quotes and between commas may be nothing.
fn parse(text: &[u8]) -> Option<Tags> {
    if text.trim_ascii() == b"*" {
        return Some(Tags::Any);
    }
    let mut tags = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
            continue;
        }
        let weak = rest.strip_prefix(b"W/");
        let quoted = weak.unwrap_or(rest).strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        let opaque = &quoted[..end];
        if opaque.iter().any(|byte| matches!(byte, 0..=0x20 | 0x7f)) {
            return None;
        }
        tags.push(Tag { weak: weak.is_some(), opaque: String::from_utf8_lossy(opaque).into_owned() });
        rest = quoted[end + 1..].trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return None;
        }
    }
    (!tags.is_empty()).then_some(Tags::These(tags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_are_written() {
        let tag = |weak, opaque: &str| Tag { weak, opaque: opaque.to_owned() };
        assert_eq!(parse(b" * "), Some(Tags::Any));
        assert_eq!(parse(b"\"a\""), Some(Tags::These(vec![tag(false, "a")])));
        let list = b" , \"a,b\" ,W/\"c\",, \"\" ,";
        assert_eq!(parse(list), Some(Tags::These(vec![tag(false, "a,b"), tag(true, "c"), tag(false, "")])));
    }

    #[test]
    fn what_is_no_list_of_tags_is_none() {
        for text in [
            "",
            " ",
            ",",
            "a",
            "\"a",
            "a\"",
            "\"a\" \"b\"",
            "\"a\"b",
            "*, \"a\"",
            "\"a\", *",
            "w/\"a\"",
            "W/ \"a\"",
            "W/a",
            "\"a b\"",
            "'a'",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
