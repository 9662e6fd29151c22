//! Collecting rows, and folding runs of equal ones.
use super::{Fold, Line, Part, Row, RowKind};
use crate::diff::differing;
use crate::json::Node;
use crate::json::pointer::Pointer;

/// Fewer lines than this are not folded.
const FEWEST: usize = 3;

/// One line of one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// The value it starts or, for a closing bracket, ends.
    pub(super) node: Node<'a>,
    pub(super) level: usize,
    /// The key as spelled.
    pub(super) key: Option<&'a str>,
    /// The value's text, or a bracket.
    pub(super) text: &'a str,
    pub(super) comma: bool,
}

pub(super) struct Rows<'a> {
    pub(super) old: Node<'a>,
    pub(super) new: Node<'a>,
    context: Option<usize>,
    written: Vec<Row>,
    /// Equal lines not written yet.
    run: Vec<(Source<'a>, Source<'a>)>,
    /// The numbers of the next lines.
    old_number: u32,
    new_number: u32,
}

impl<'a> Rows<'a> {
    pub(super) fn new(old: Node<'a>, new: Node<'a>, context: Option<usize>) -> Self {
        Self { old, new, context, written: Vec::new(), run: Vec::new(), old_number: 1, new_number: 1 }
    }

    pub(super) fn equal(&mut self, old: Source<'a>, new: Source<'a>) {
        self.run.push((old, new));
    }

    pub(super) fn changed(&mut self, old: Source<'a>, new: Source<'a>) {
        self.flush(false);
        let (old_parts, new_parts) = tinted(&old, &new);
        self.row(RowKind::Changed, Some((old, old_parts)), Some((new, new_parts)));
    }

    pub(super) fn removed(&mut self, old: Source<'a>) {
        self.flush(false);
        self.row(RowKind::Removed, Some((old, plain(&old))), None);
    }

    pub(super) fn added(&mut self, new: Source<'a>) {
        self.flush(false);
        self.row(RowKind::Added, None, Some((new, plain(&new))));
    }

    pub(super) fn finish(mut self) -> Vec<Row> {
        self.flush(true);
        self.written
    }

    /// Writes the run of equal lines that a difference, or the end, follows.
    fn flush(&mut self, end: bool) {
        let run = std::mem::take(&mut self.run);
        let context = self.context.unwrap_or(run.len());
        let head = if self.written.is_empty() { 0 } else { context.min(run.len()) };
        let tail = if end { 0 } else { context.min(run.len() - head) };
        let folded = head..run.len() - tail;
        let fold = self.context.is_some() && folded.len() >= FEWEST;
        for (at, (old, new)) in run.iter().enumerate() {
            if fold && at == folded.start {
                self.fold(&run[folded.clone()]);
            }
            if !fold || !folded.contains(&at) {
                self.row(RowKind::Equal, Some((*old, plain(old))), Some((*new, plain(new))));
            }
        }
    }

    fn fold(&mut self, run: &[(Source<'a>, Source<'a>)]) {
        let [(_, first), .., (_, last)] = run else { return };
        let mut text = String::new();
        for (at, (_, new)) in run.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { "\n" });
            write(&mut text, new);
        }
        let lines = u32::try_from(run.len()).unwrap_or(u32::MAX);
        let (old_number, new_number) = (self.old_number, self.new_number);
        self.old_number += lines;
        self.new_number += lines;
        let last_path = path(self.new, last.node);
        let fold = Some(Fold { lines, old_number, new_number, last_path, text });
        self.written.push(Row {
            kind: RowKind::Fold,
            path: path(self.new, first.node),
            old: None,
            new: None,
            fold,
        });
    }

    fn row(&mut self, kind: RowKind, old: Option<Side<'a>>, new: Option<Side<'a>>) {
        let path = match (&old, &new) {
            (_, Some((new, _))) => path(self.new, new.node),
            (Some((old, _)), None) => path(self.old, old.node),
            (None, None) => return,
        };
        let line = |next: &mut u32, parts| {
            let number = *next;
            *next += 1;
            Line { number, parts }
        };
        let old = old.map(|(_, parts)| line(&mut self.old_number, parts));
        let new = new.map(|(_, parts)| line(&mut self.new_number, parts));
        self.written.push(Row { kind, path, old, new, fold: None });
    }
}

type Side<'a> = (Source<'a>, Vec<Part>);

fn write(out: &mut String, line: &Source<'_>) {
    out.extend(std::iter::repeat_n("  ", line.level));
    if let Some(key) = line.key {
        out.extend([key, ": "]);
    }
    out.push_str(line.text);
    out.push_str(if line.comma { "," } else { "" });
}

fn plain(line: &Source<'_>) -> Vec<Part> {
    let mut text = String::new();
    write(&mut text, line);
    vec![Part { text, changed: false }]
}

/// Both lines with their differing characters marked: of the value, or of the key where that is spelled differently.
fn tinted(old: &Source<'_>, new: &Source<'_>) -> (Vec<Part>, Vec<Part>) {
    let (old_ranges, new_ranges): (Vec<_>, Vec<_>) = differing(old.text, new.text).into_iter().unzip();
    let key_changed = old.key != new.key;
    let parts = |line: &Source<'_>, ranges: Vec<std::ops::Range<usize>>| {
        let mut parts = vec![Part { text: "  ".repeat(line.level), changed: false }];
        if let Some(key) = line.key {
            parts.push(Part { text: key.to_owned(), changed: key_changed });
            parts.push(Part { text: ": ".to_owned(), changed: false });
        }
        let mut at = 0;
        for range in ranges {
            parts.push(Part { text: line.text[at..range.start].to_owned(), changed: false });
            parts.push(Part { text: line.text[range.clone()].to_owned(), changed: true });
            at = range.end;
        }
        let comma = if line.comma { "," } else { "" };
        parts.push(Part { text: format!("{}{comma}", &line.text[at..]), changed: false });
        joined(parts)
    };
    (parts(old, old_ranges), parts(new, new_ranges))
}

/// Neighbours that are alike made one, and empty ones left out.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts.into_iter().filter(|part| !part.text.is_empty()) {
        match joined.last_mut() {
            Some(last) if last.changed == part.changed => last.text.push_str(&part.text),
            _ => joined.push(part),
        }
    }
    joined
}

/// The pointer from `root` to a value inside it.
fn path(root: Node<'_>, to: Node<'_>) -> String {
    let mut pointer = Pointer::root();
    let mut at = root;
    while at.index() != to.index() {
        // The child that holds a value is the last that does not start behind it.
        let member = at.members().take_while(|member| member.value.index() <= to.index()).last();
        let element = at.elements().enumerate().take_while(|(_, node)| node.index() <= to.index()).last();
        match (member, element) {
            (Some(member), _) => {
                pointer.push(&member.key.decoded());
                at = member.value;
            }
            (None, Some((position, node))) => {
                pointer.push_index(position);
                at = node;
            }
            (None, None) => break,
        }
    }
    pointer.into()
}
