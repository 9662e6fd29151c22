//! Where the search field on top leads to.

use stateloft_core::model::VersionId;

use super::address::{self, Query};

/// The address for what was typed: a version's id or `seq 123` opens the activity there, a path (`/stop_loss`) the
/// activity of that path, anything else the states that have it in id, type or data.
#[must_use]
pub fn target(text: &str) -> String {
    let text = text.trim();
    let seq = text.strip_prefix("seq").map(|rest| rest.trim_start_matches([':', ' ']).replace(',', ""));
    if let Some(seq) = seq.and_then(|digits| digits.parse().ok()) {
        return address::activity_at(seq);
    }
    let is_version =
        text.split_once('-').is_some_and(|(_, hash)| hash.bytes().all(|b| b.is_ascii_hexdigit()));
    if let (true, Some(seq)) = (is_version, VersionId::seq_of(text)) {
        return address::activity_at(seq.0);
    }
    let path = text.strip_prefix("path:").or_else(|| text.starts_with('/').then_some(text));
    match path.filter(|path| path.len() > 1 && !path.contains(' ')) {
        Some(path) => format!("/view/activity{}", Query::default().with("q", Some(&format!("path:{path}")))),
        None => format!("/view/states{}", Query::default().with("q", Some(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_leads_where_it_can_be_found() {
        let cases = [
            ("EURUSD/GBPUSD", "/view/states?q=EURUSD/GBPUSD"),
            (" a b ", "/view/states?q=a%20b"),
            ("", "/view/states"),
            ("18221-41aa09de", "/view/activity?sel=18221"),
            ("AUD-NZDUSDxx", "/view/states?q=AUD-NZDUSDxx"),
            ("seq 18,221", "/view/activity?sel=18221"),
            ("seq:7", "/view/activity?sel=7"),
            ("sequence", "/view/states?q=sequence"),
            ("/stop_loss", "/view/activity?q=path:/stop_loss"),
            ("path:legs", "/view/activity?q=path:legs"),
            ("/", "/view/states?q=/"),
        ];
        for (text, address) in cases {
            assert_eq!(target(text), address, "{text}");
        }
    }
}
