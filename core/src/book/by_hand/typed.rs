//! What a person types: decimals exactly as they are, and times in the ways that people write them.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};

use crate::json::Decimal;
use crate::model::Timestamp;

/// A decimal as it was typed.
///
/// # Errors
/// Why it is none, and what to type. Nothing is guessed: in one country a comma is a point, in another it parts thousands.
pub fn typed_decimal(text: &str) -> Result<String, String> {
    let text = text.trim();
    let plain = text.strip_prefix('+').unwrap_or(text).replace('\u{2212}', "-");
    if Decimal::parse(&plain).is_some() {
        return Ok(plain);
    }
    let why = match plain.as_str() {
        "" => "type a decimal".to_owned(),
        _ if plain.contains(',') => {
            "a comma may be a point or part thousands: write it as 94795.5".to_owned()
        }
        _ if Decimal::parse(&format!("0{plain}")).is_some() && plain.starts_with('.') => {
            format!("write 0{plain}")
        }
        _ => format!("{plain:?} is no decimal, such as 94795.5"),
    };
    Err(why)
}

/// A time as it was typed, at this time: in full, as a clock says it, counted back from now, or as other programs write one. Without a
/// zone it is UTC; without a day it is the last one that has come.
///
/// # Errors
/// Why it is none, and what to type.
pub fn typed_time(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    let found = match text {
        "now" => Some(in_seconds(now)),
        _ => zoned(text)
            .or_else(|| back(text, now))
            .or_else(|| of_clock(text, now))
            .or_else(|| dated(text, now))
            .or_else(|| counted(text)),
    };
    found.ok_or_else(|| match text {
        "" => "type a time, such as 02:30 or -5 min".to_owned(),
        _ => format!("{text:?} is no time, such as 02:30, -5 min or 2026-11-21T09:45:40Z"),
    })
}

/// A time in UTC, to the second where it has no more: `2026-11-21T09:45:40Z`.
#[must_use]
pub fn plain_time(time: Timestamp) -> String {
    match DateTime::<Utc>::from_timestamp_micros(time.micros()) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        None => time.to_string(),
    }
}

fn in_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros().div_euclid(1_000_000) * 1_000_000)
}

fn zoned(text: &str) -> Option<Timestamp> {
    let with_t = text.replacen(' ', "T", 1);
    Timestamp::parse(text).or_else(|_| Timestamp::parse(&with_t)).ok()
}

/// `-5 min`, `90 s ago`.
fn back(text: &str, now: Timestamp) -> Option<Timestamp> {
    let size = match text.strip_suffix("ago") {
        Some(size) => size,
        None => text.strip_prefix(['-', '\u{2212}'])?,
    };
    let size = size.trim();
    let digits = size.find(|letter: char| !letter.is_ascii_digit())?;
    let (count, unit) = (size[..digits].parse::<i64>().ok()?, size[digits..].trim());
    let seconds = match unit {
        "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        _ => return None,
    };
    let micros = count.checked_mul(seconds)?.checked_mul(1_000_000)?;
    Some(in_seconds(Timestamp::from_micros(now.micros().checked_sub(micros)?)))
}

/// `02:30`, `02:30:15.250`: today's, or yesterday's where today's is still to come.
fn of_clock(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text).trim();
    let clock = clock(text)?;
    let today = DateTime::<Utc>::from_timestamp_micros(now.micros())?.date_naive();
    let at = |day: NaiveDate| Timestamp::from_micros(day.and_time(clock).and_utc().timestamp_micros());
    let found = at(today);
    if found <= now { Some(found) } else { Some(at(today.checked_sub_signed(TimeDelta::days(1))?)) }
}

fn clock(text: &str) -> Option<NaiveTime> {
    ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

/// `2026-11-21 09:45`, `2026.11.21 09:45:40`, `21 Nov 09:45:40`.
fn dated(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix('Z'))
        .unwrap_or(text)
        .trim()
        .replacen('T', " ", 1);
    let (day, time) = text.rsplit_once(' ')?;
    let clock = clock(time)?;
    let year = DateTime::<Utc>::from_timestamp_micros(now.micros())?.year();
    let full = ["%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%d %b %Y"];
    let date = full.iter().find_map(|form| NaiveDate::parse_from_str(day.trim_end_matches(','), form).ok());
    let of_year = |year: i32| NaiveDate::parse_from_str(&format!("{day} {year}"), "%d %b %Y").ok();
    let at =
        |day: NaiveDate| Timestamp::from_micros(NaiveDateTime::new(day, clock).and_utc().timestamp_micros());
    match date {
        Some(date) => Some(at(date)),
        None => [year, year - 1].into_iter().filter_map(of_year).map(at).find(|time| *time <= now),
    }
}

/// Seconds or milliseconds since 1970, as programs count them.
fn counted(text: &str) -> Option<Timestamp> {
    let count: i64 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    match text.len() {
        10 => Some(Timestamp::from_micros(count * 1_000_000)),
        13 => Some(Timestamp::from_micros(count * 1_000)),
        _ => None,
    }
}
