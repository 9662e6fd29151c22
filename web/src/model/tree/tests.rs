use stateloft_core::json::{Document, Node};

use super::*;

fn shape_of(text: &str) -> Shape {
    match text.as_bytes()[0] {
        b'{' => Shape::Object,
        b'[' => Shape::Array,
        _ => Shape::Scalar,
    }
}

/// Lists every container of a document, as the component would.
fn listings(source: Source, text: &str) -> Listings {
    let document = text.parse::<Document>().unwrap();
    let mut all = Listings::new();
    let mut todo: Vec<(String, Node<'_>)> = vec![(String::new(), document.root())];
    while let Some((pointer, value)) = todo.pop() {
        let mut children: Vec<(String, String, Node<'_>)> = Vec::new();
        for member in value.members() {
            children.push((member.key.decoded().into(), member.key.decoded().into(), member.value));
        }
        for (at, element) in value.elements().enumerate() {
            children.push((format!("[{at}]"), at.to_string(), element));
        }
        let child = |(key, token, node): &(String, String, Node<'_>)| Child {
            key: key.clone(),
            pointer: format!("{pointer}/{token}"),
            shape: shape_of(node.text()),
            len: u32::try_from(node.len()).unwrap(),
            text: if node.is_empty() { node.text().to_owned() } else { String::new() },
        };
        let listing = Listing {
            shape: shape_of(value.text()),
            total: u32::try_from(children.len()).unwrap(),
            children: children.iter().map(child).collect(),
        };
        let inside = children.iter().filter(|(_, _, node)| !node.is_empty());
        todo.extend(inside.map(|(_, token, node)| (format!("{pointer}/{token}"), *node)));
        all.insert((source, pointer), listing);
    }
    all
}

fn diff(changes: &str) -> Diff {
    let counts = r#"{"added":0,"changed":0,"removed":0,"spelling":0,"reordered":0}"#;
    serde_json::from_str(&format!(r#"{{"changes":[{changes}],"counts":{counts},"equal_paths":0}}"#)).unwrap()
}

fn laid(
    diff: &Diff,
    listings: &Listings,
    turned: &HashMap<String, bool>,
    extended: &HashMap<String, u32>,
    path: Option<&str>,
    everything: bool,
) -> Laid {
    let index = Index::of(diff, false);
    Tree { diff, index: &index, listings, turned, extended, path, everything }.lay_out()
}

/// The tree as text: two spaces a level, the fold, the mark, key and value.
fn drawn(diff: &Diff, listings: &Listings, turned: &[(&str, bool)], everything: bool) -> (Vec<String>, Laid) {
    let turned = turned.iter().map(|(name, open)| ((*name).to_owned(), *open)).collect();
    let laid = laid(diff, listings, &turned, &HashMap::new(), None, everything);
    let lines = laid.rows.iter().map(|row| {
        let fold = row.open.map_or("", |open| if open { "v " } else { "> " });
        let mark = row.mark.map_or("", Glyph::sign);
        let words = match &row.kind {
            Kind::Node { key, value: Value::Plain(text) | Value::Container(text) } => format!("{key} {text}"),
            Kind::Node { key, value: Value::Change(change) } => {
                format!("{key} {} -> {}", change.old.text(), change.new.text())
            }
            Kind::Node { key, value: Value::Moved { what, parts } } => {
                format!(
                    "{key} {what} {}",
                    parts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(", ")
                )
            }
            Kind::Fold { count, why, names } => format!("... {count} {why}: {names}"),
            Kind::More { left, .. } => format!("{left} more"),
            Kind::MoreChanges { left, .. } => format!("{left} more changes"),
        };
        format!(
            "{}{mark}{fold}{words}{}",
            "  ".repeat(row.depth as usize),
            if row.tinted { " !" } else { "" }
        )
    });
    (lines.collect(), laid)
}

const B: &str = r#"{"s1":"E","s2":"G","z":-2.1,"signal":{"id":"x","e":1},"legs":[{"symbol":"EUR/USD","volume":1},{"symbol":"G","volume":2}],"beat":9,"k":1}"#;
const A: &str = r#"{"s1":"E","s2":"G","z":-1.4,"note":"lot","legs":[{"symbol":"EUR/USD","volume":3},{"symbol":"G","volume":2}],"beat":8,"k":1}"#;
const CHANGES: &str = r#"
    {"kind":"changed","path":"/z","display":"/z","old":"-1.4","new":"-2.1","delta":"-0.7"},
    {"kind":"removed","path":"/note","display":"/note","old":"\"lot\""},
    {"kind":"added","path":"/signal","display":"/signal","new":"{\"id\":\"x\",\"e\":1}"},
    {"kind":"changed","path":"/legs/0/volume","display":"/legs/[EUR/USD]/volume","old":"3","new":"1"},
    {"kind":"changed","path":"/beat","display":"/beat","old":"8","new":"9","volatile":true}"#;

fn both() -> Listings {
    let mut all = listings(Source::B, B);
    all.extend(listings(Source::A, A));
    all
}

#[test]
fn what_changed_is_open_and_what_is_equal_is_folded() {
    let (lines, laid) = drawn(&diff(CHANGES), &both(), &[], false);
    assert_eq!(
        lines,
        [
            "v { } 7 keys",
            "  > ... 2 equal: s1, s2",
            "  ~z -1.4 -> -2.1",
            "  −note \"lot\" -> absent !",
            "  +v signal 2 keys !",
            "    +id \"x\" !",
            "    +e 1 !",
            "  ~v legs 2 elements",
            "    ~v [EUR/USD] 2 keys",
            "      > ... 1 equal: symbol",
            "      ~volume 3 -> 1",
            "    > ... 1 equal: ",
            "  > ... 1 equal: k",
            "  ... 1 volatile, muted: beat",
        ]
    );
    assert!(laid.wanted.is_empty());
}

#[test]
fn a_click_turns_a_fold_over() {
    let (lines, _) =
        drawn(&diff(CHANGES), &both(), &[("#s1", true), ("/signal", false), ("/legs", false)], false);
    assert_eq!(lines[1..4], ["  v ... 2 equal: s1, s2", "    s1 \"E\"", "    s2 \"G\""]);
    assert!(lines.contains(&"  +> signal 2 keys !".to_owned()));
    assert!(lines.contains(&"  ~> legs 2 elements".to_owned()));
}

#[test]
fn everything_is_listed_when_asked_for() {
    let (lines, _) = drawn(&diff(CHANGES), &both(), &[], true);
    assert_eq!(lines[1..3], ["  s1 \"E\"", "  s2 \"G\""]);
    assert!(lines.contains(&"    > [1] 2 keys".to_owned()), "{lines:?}");
}

#[test]
fn changes_are_there_before_anything_is_read() {
    let (lines, laid) = drawn(&diff(CHANGES), &Listings::new(), &[], false);
    assert!(lines.contains(&"  ~z -1.4 -> -2.1".to_owned()), "{lines:?}");
    assert!(lines.contains(&"      ~volume 3 -> 1".to_owned()), "{lines:?}");
    let wanted: Vec<&str> = laid.wanted.iter().map(|(_, wanted)| wanted.pointer.as_str()).collect();
    assert!(wanted.contains(&"") && wanted.contains(&"/legs/0") && wanted.contains(&"/signal"));
}

#[test]
fn a_long_list_reads_more_when_asked() {
    let mut all = listings(Source::B, "[1,2,3]");
    if let Some(root) = all.get_mut(&(Source::B, String::new())) {
        root.total = 5_000;
    }
    let changes = r#"{"kind":"changed","path":"/4000","display":"/4000","old":"1","new":"2"}"#;
    let (lines, laid) = drawn(&diff(changes), &all, &[], false);
    assert_eq!(lines, ["v { } 5000 elements", "  > ... 3 equal: ", "  ~4000 1 -> 2", "  4997 more"]);
    assert!(laid.wanted.is_empty());
}

#[test]
fn a_series_says_what_came_and_went() {
    let changes = r#"{"kind":"splice","path":"/p","display":"/p","old":"{\"index\":[1],\"values\":[1.08655]}",
        "new":"{\"index\":[9],\"values\":[1.08741]}","series":{"removed_head":1,"added_head":0,"removed_tail":0,
        "added_tail":1,"points":200,"values":"[]"}}"#;
    let all = listings(Source::B, r#"{"p":{"values":[1.08741],"index":[9]}}"#);
    let (lines, _) = drawn(&diff(changes), &all, &[("/p", true)], false);
    assert_eq!(lines[1], "  ~v p series, 200 points: −1 at the head, +1 at the tail");
    assert_eq!(lines[2..5], ["    − 1.08655 !", "    + 1.08741 !", "    > ... 2 equal: values, index"]);
}

/// A first version with so many members, each a container.
fn first_version(members: u32) -> Diff {
    let one = |n: u32| {
        format!(r#"{{"kind":"added","path":"/m{n}","display":"/m{n}","new":"{{\"a\":{n},\"b\":2}}"}}"#)
    };
    diff(&(0..members).map(one).collect::<Vec<_>>().join(","))
}

#[test]
fn of_very_many_changes_the_first_are_laid_out() {
    let diff = first_version(20_000);
    let (none, all) = (HashMap::new(), HashMap::new());
    let laid_out = laid(&diff, &Listings::new(), &none, &all, None, false);
    assert_eq!(laid_out.rows.len(), 202, "the root, a page, and what leads on");
    let more = Kind::MoreChanges { shown: 200, left: 19_800 };
    assert_eq!(laid_out.rows.last().map(|row| &row.kind), Some(&more));
    let asked = HashMap::from([(String::new(), 400)]);
    assert_eq!(laid(&diff, &Listings::new(), &none, &asked, None, false).rows.len(), 402);
    let few = laid(&first_version(150), &Listings::new(), &none, &all, None, false);
    assert_eq!(few.rows.len(), 151, "few are all there");
}

#[test]
fn what_is_to_be_read_says_which_row_needs_it() {
    let laid_out =
        laid(&first_version(5_000), &Listings::new(), &HashMap::new(), &HashMap::new(), None, false);
    let in_sight: Vec<&str> = laid_out
        .wanted
        .iter()
        .filter(|(row, _)| *row <= 3)
        .map(|(_, wanted)| wanted.pointer.as_str())
        .collect();
    assert_eq!(in_sight, ["", "/m0", "/m1", "/m2"], "not what lies further down");
    assert_eq!(laid_out.wanted.len(), 201, "and of that only what is laid out");
}

#[test]
fn the_path_that_is_shown_is_among_what_is_laid_out() {
    let diff = first_version(3_000);
    for path in ["/m2500", "/m2500/a", "/m7"] {
        let laid_out = laid(&diff, &Listings::new(), &HashMap::new(), &HashMap::new(), Some(path), false);
        let top = path.split('/').nth(1).unwrap();
        assert!(laid_out.rows.iter().any(|row| row.pointer == format!("/{top}")), "{path}");
        assert!(laid_out.rows.len() < 2_600, "{}", laid_out.rows.len());
    }
}

#[test]
fn removed_and_changed_children_interleave_within_the_page() {
    let removed =
        (0..500).map(|n| format!(r#"{{"kind":"removed","path":"/r{n}","display":"/r{n}","old":"1"}}"#));
    let changed = r#"{"kind":"changed","path":"/z","display":"/z","old":"1","new":"2"}"#.to_owned();
    let diff = diff(&removed.chain([changed]).collect::<Vec<_>>().join(","));
    let all = listings(Source::B, r#"{"z":2,"k":1}"#);
    let laid_out = laid(&diff, &all, &HashMap::new(), &HashMap::new(), None, false);
    let marks = |glyph: Glyph| laid_out.rows.iter().filter(|row| row.mark == Some(glyph)).count();
    assert_eq!(
        (marks(Glyph::Removed), marks(Glyph::Changed)),
        (200, 0),
        "what lies behind the page is not there yet"
    );
    assert!(matches!(laid_out.rows.last().map(|row| &row.kind), Some(Kind::MoreChanges { left: 301, .. })));
}
