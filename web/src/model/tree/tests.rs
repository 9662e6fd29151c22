use statehouse_core::json::{Document, Node};

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

/// The tree as text: two spaces a level, the fold, the mark, key and value.
fn drawn(diff: &Diff, listings: &Listings, turned: &[&str], everything: bool) -> (Vec<String>, Laid) {
    let turned = turned.iter().map(|name| (*name).to_owned()).collect();
    let laid = Tree { diff, listings, turned: &turned, everything, volatile: false }.lay_out();
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
    let (lines, _) = drawn(&diff(CHANGES), &both(), &["#s1", "/signal", "/legs"], false);
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
    let wanted: Vec<&str> = laid.wanted.iter().map(|wanted| wanted.pointer.as_str()).collect();
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
    let (lines, _) = drawn(&diff(changes), &all, &["/p"], false);
    assert_eq!(lines[1], "  ~v p series, 200 points: −1 at the head, +1 at the tail");
    assert_eq!(lines[2..5], ["    − 1.08655 !", "    + 1.08741 !", "    > ... 2 equal: values, index"]);
}
