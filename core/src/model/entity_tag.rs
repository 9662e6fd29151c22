//! The HTTP entity tag of a version. It names the state: two states with equal data at equal versions have different tags,
//! so that what was said of one never holds for the other, wherever the request ended up.

use sha2::{Digest, Sha256};

use super::{StateId, StateType, VersionNumber};
use crate::hash::ContentHash;

/// The tag without quotes: `v<version>-<16 hexadecimal digits>`, of a SHA-256 over type, id, version and content hash (none
/// for a tombstone). A state that was exported and imported elsewhere has the same tag there.
#[must_use]
pub fn entity_tag(
    state_type: &StateType,
    state_id: &StateId,
    version: VersionNumber,
    content: Option<&ContentHash>,
) -> String {
    let number = version.to_string();
    let content = content.map_or_else(|| "deleted".to_owned(), ToString::to_string);
    let mut hash = Sha256::new();
    for part in [state_type.as_str(), state_id.as_str(), &number, &content] {
        hash.update(part);
        // No part has a control character, so none runs into the next.
        hash.update([0]);
    }
    let digits = ContentHash::from_bytes(hash.finalize().into()).to_string();
    format!("v{number}-{}", &digits[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn a_tag_names_type_id_version_and_data() {
        let (one, two): (Document, Document) =
            (r#"{"n":1}"#.parse().unwrap(), r#"{"n":1.0}"#.parse().unwrap());
        let (one, two) = (ContentHash::of(&one), ContentHash::of(&two));
        let tag = |state_type: &str, id: &str, version, content: Option<&ContentHash>| {
            let (state_type, id) = (StateType::new(state_type).unwrap(), StateId::new(id).unwrap());
            entity_tag(&state_type, &id, VersionNumber(version), content)
        };
        let mut tags = vec![
            tag("position", "x", 1, Some(&one)),
            tag("position", "x/", 1, Some(&one)),
            tag("position", "x1", 1, Some(&one)),
            tag("order", "x", 1, Some(&one)),
            tag("position", "x", 11, Some(&one)),
            tag("position", "x", 1, Some(&two)),
            tag("position", "x", 1, None),
            tag("position", "deleted", 1, None),
        ];
        assert_eq!(tags[0], tag("position", "x", 1, Some(&one)));
        assert!(tags[0].starts_with("v1-") && tags[0].len() == 19, "{}", tags[0]);
        let all = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), all, "{tags:?}");
    }
}
