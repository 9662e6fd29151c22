//! Long texts cut down to what differs in them.
use super::differing;
use super::side_by_side::Part;

/// Differences that are shown of one text; of more it is said how many.
const WINDOWS: usize = 3;
/// Characters around a difference, at most and at least.
const AROUND: std::ops::RangeInclusive<usize> = 3..=10;
/// Equal characters that are shown rather than left out for a sign.
const FEW: usize = 2;

/// Two texts as pieces, those that differ marked. A text of more characters than `room` shows a window around each
/// difference, the same on both sides, with `…` for what is left out.
#[must_use]
pub fn excerpts(old: &str, new: &str, room: usize) -> (Vec<Part>, Vec<Part>) {
    let differing = differing(old, new);
    let long = old.chars().nth(room).is_some() || new.chars().nth(room).is_some();
    let (a, b): (Vec<_>, Vec<_>) = differing.into_iter().unzip();
    (excerpt(old, &a, room, long), excerpt(new, &b, room, long))
}

fn excerpt(text: &str, differing: &[std::ops::Range<usize>], room: usize, long: bool) -> Vec<Part> {
    let mut parts = Parts::default();
    if !long {
        let mut at = 0;
        for range in differing {
            parts.push(&text[at..range.start], false);
            parts.push(&text[range.clone()], true);
            at = range.end;
        }
        parts.push(&text[at..], false);
        return parts.0;
    }
    let shown = &differing[..differing.len().min(WINDOWS)];
    let most = room / shown.len().max(1);
    let around = (room / (2 * shown.len().max(1))).clamp(*AROUND.start(), *AROUND.end());
    let mut at = 0;
    for (place, range) in shown.iter().enumerate() {
        let between = &text[at..range.start];
        // What stands behind the difference before, and in front of this one.
        let behind = if place == 0 { 0 } else { around };
        parts.middle(between, behind, around);
        parts.limited(&text[range.clone()], most);
        at = range.end;
    }
    parts.middle(&text[at..], around, 0);
    if differing.len() > shown.len() {
        parts.push(&format!(" {} more", differing.len() - shown.len()), false);
    }
    parts.0
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn push(&mut self, text: &str, changed: bool) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.changed == changed => last.text.push_str(text),
            _ => self.0.push(Part { text: text.to_owned(), changed }),
        }
    }

    /// Equal characters: so many at the start and at the end, and a sign for what is between.
    fn middle(&mut self, text: &str, start: usize, end: usize) {
        let count = text.chars().count();
        if count <= start + end + FEW {
            return self.push(text, false);
        }
        let place = |nth: usize| text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at);
        self.push(&text[..place(start)], false);
        self.push("…", false);
        self.push(&text[place(count - end)..], false);
    }

    /// A difference, of which a long one is cut.
    fn limited(&mut self, text: &str, most: usize) {
        match text.char_indices().nth(most) {
            Some((at, _)) => {
                self.push(&text[..at], true);
                self.push("…", true);
            }
            None => self.push(text, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str, room: usize) -> [String; 2] {
        let (old, new) = excerpts(old, new, room);
        [old, new].map(|parts| {
            let mark =
                |part: &Part| if part.changed { format!("[{}]", part.text) } else { part.text.clone() };
            parts.iter().map(mark).collect()
        })
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(shown("\"a b\"", "\"a c\"", 28), ["\"a [b]\"", "\"a [c]\""]);
        assert_eq!(shown("\"x\"", "\"x\"", 28), ["\"x\"", "\"x\""]);
    }

    #[test]
    fn a_long_one_shows_a_window_around_each_difference() {
        let number =
            |a: char, b: char| format!("1{}{a}{}{b}{}", "2".repeat(20), "7".repeat(41), "3".repeat(13));
        assert_eq!(number('4', '5').len(), 77);
        assert_eq!(
            shown(&number('4', '5'), &number('6', '9'), 28),
            ["…2222222[4]7777777…7777777[5]3333333…", "…2222222[6]7777777…7777777[9]3333333…"]
        );
        let text = |middle: &str| format!("\"{}{middle}{}\"", "x".repeat(5000), "y".repeat(5000));
        assert_eq!(shown(&text("a"), &text("b"), 28)[1], "…xxxxxxxxxx[b]yyyyyyyyyy…");
        assert_eq!(shown(&text(""), &text("bbb"), 28)[0], "…xxxxxxxxxxyyyyyyyyyy…");
    }

    #[test]
    fn of_many_differences_it_is_said_how_many_more_there_are() {
        let text = |with: char| format!("\"{}\"", format!("0123456789{with}").repeat(9));
        let [_, new] = shown(&text('a'), &text('b'), 28);
        assert_eq!(new, "…6789[b]0123456789[b]0123456789[b]0123… 6 more");
        let long = format!("\"{}\"", "z".repeat(300));
        assert!(shown("\"a\"", &long, 28)[1].chars().count() < 60);
    }
}
