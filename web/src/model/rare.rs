//! Authors who hardly saved anything on a busy day, such as a deploy: what they did is lost among the others unless they are
//! shown by themselves.

use super::rank::greatest_first;
use stateloft_core::api::{AuthorActivity, Overview};

/// More versions than this are not rare, however busy the others were.
const MOST: u64 = 5;
/// The others saved at least so many times as much.
const TIMES: u64 = 50;
/// Of the places that there are, these are at most given to rare authors.
const PLACES: usize = 3;

/// Whether an author hardly saved anything, measured against the day.
#[must_use]
pub fn is_rare(author: &AuthorActivity, day: &Overview) -> bool {
    let all: u64 = day.authors.iter().map(|author| author.count).sum();
    author.count <= MOST && all >= author.count.saturating_mul(TIMES)
}

/// The authors to show: the busiest, and among them the rare ones who saved last.
#[must_use]
pub fn shown(day: &Overview, places: usize) -> Vec<&AuthorActivity> {
    let busy: Vec<&AuthorActivity> = day.authors.iter().collect();
    let busy = by(&busy, |author| i64::try_from(author.count).unwrap_or(i64::MAX));
    if busy.len() <= places {
        return busy;
    }
    let (rare, mut busy): (Vec<_>, Vec<_>) = busy.into_iter().partition(|author| is_rare(author, day));
    let mut rare = by(&rare, |author| author.last_at.micros());
    let free = places.saturating_sub(busy.len());
    rare.truncate(PLACES.max(free).min(places.saturating_sub(1)));
    busy.truncate(places - rare.len());
    busy.extend(rare);
    busy
}

fn by<'a>(authors: &[&'a AuthorActivity], key: fn(&AuthorActivity) -> i64) -> Vec<&'a AuthorActivity> {
    let keys: Vec<i64> = authors.iter().map(|author| key(author)).collect();
    greatest_first(&keys).into_iter().map(|at| authors[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(authors: &[(&str, u64, &str)]) -> Overview {
        let one = |(author, count, at): &(&str, u64, &str)| {
            format!(r#"{{"author":"{author}","count":{count},"last_at":"2026-11-21T{at}:00Z"}}"#)
        };
        let authors = authors.iter().map(one).collect::<Vec<_>>().join(",");
        serde_json::from_str(&format!(
            r#"{{"seq":30,"since":"2026-11-20T10:00:00Z","until":"2026-11-21T10:00:00Z","bucket_seconds":600,
            "buckets":[],"marks":[],"authors":[{authors}],"types":[]}}"#
        ))
        .unwrap()
    }

    fn names(day: &Overview, places: usize) -> Vec<&str> {
        shown(day, places).iter().map(|author| author.author.as_deref().unwrap_or("none")).collect()
    }

    #[test]
    fn one_deploy_shows_among_busy_authors() {
        let busy = day(&[
            ("a", 90_000, "09:59"),
            ("b", 80_000, "09:59"),
            ("c", 70_000, "09:59"),
            ("d", 6_000, "09:59"),
            ("deploy-46", 2, "06:58"),
        ]);
        assert_eq!(names(&busy, 4), ["a", "b", "c", "deploy-46"]);
        assert!(is_rare(&busy.authors[4], &busy) && !is_rare(&busy.authors[3], &busy));
    }

    #[test]
    fn of_many_rare_ones_the_last_have_a_place_and_the_busy_keep_theirs() {
        let busy = day(&[
            ("a", 9_000, "09:59"),
            ("b", 8_000, "09:59"),
            ("old", 1, "01:00"),
            ("w", 1, "05:00"),
            ("x", 2, "08:00"),
            ("y", 3, "07:00"),
            ("z", 3, "06:00"),
        ]);
        assert_eq!(names(&busy, 5), ["a", "b", "x", "y", "z"]);
        assert_eq!(names(&busy, 2), ["a", "x"], "never all places");
    }

    #[test]
    fn on_a_calm_day_nobody_is_rare() {
        let calm = day(&[("a", 30, "09:00"), ("b", 20, "09:00"), ("deploy-46", 2, "06:58")]);
        assert!(!calm.authors.iter().any(|author| is_rare(author, &calm)));
        assert_eq!(names(&calm, 2), ["a", "b"]);
        assert_eq!(names(&calm, 8), ["a", "b", "deploy-46"]);
    }
}
