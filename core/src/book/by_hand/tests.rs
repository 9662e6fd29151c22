#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;

use super::*;
use crate::book;
use crate::json::number::{same_value, sum};
use crate::json::{Decimal, Node};

/// When everything is written.
const NOW: &str = "2026-11-21T09:46:12Z";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn exit(price: Option<&str>) -> Exit {
    Exit {
        price: price.map(str::to_owned),
        time: time("2026-11-21T09:45:40Z"),
        reason: CloseReason::Manual,
        order: None,
    }
}

fn close(lot: Option<&str>, quantity: &str, price: Option<&str>) -> Act {
    Act::Close { lot: lot.map(str::to_owned), quantity: quantity.to_owned(), exit: exit(price) }
}

fn done(document: &str, act: &Act) -> Result<ByHand, Refusal> {
    by_hand(&document.parse().unwrap(), act, time(NOW))
}

fn written(document: &str, act: &Act) -> String {
    done(document, act).unwrap_or_else(|why| panic!("{document}: {why}")).data.text().to_owned()
}

fn refused(document: &str, act: &Act) -> String {
    done(document, act).expect_err(document).to_string()
}

const THREE: &str = concat!(
    r#"{"symbol":"BTCUSD","side":"long","quantity":0.35,"realized_pnl":318.40,"last_price":94802.0,"lots":["#,
    r#"{"id":"g-0418","quantity":0.10,"entry_price":93880.0,"entry_time":"2026-11-20T18:22:40Z","status":"open"},"#,
    r#"{"id":"g-0421","quantity":0.15,"entry_price":94120.5,"entry_time":"2026-11-21T03:44:12Z","status":"open"},"#,
    r#"{"id":"g-0424","quantity":0.10,"entry_price":94455.0,"status":"open"}]}"#
);

#[test]
fn a_whole_lot_is_closed_and_nothing_else_changes() {
    let mut exit = exit(Some("94795.5"));
    exit.order = Some("g-0421-c1".to_owned());
    let act = Act::Close { lot: Some("g-0421".to_owned()), quantity: "0.150".to_owned(), exit };
    let made = done(THREE, &act).unwrap();
    let lot = r#"{"id":"g-0421","quantity":0.15,"entry_price":94120.5,"entry_time":"2026-11-21T03:44:12Z","status":"open"}"#;
    let closed = concat!(
        r#"{"id":"g-0421","quantity":0.15,"entry_price":94120.5,"entry_time":"2026-11-21T03:44:12Z","status":"closed","#,
        r#""exit_time":"2026-11-21T09:45:40Z","exit_price":94795.5,"exit_reason":"manual","exit_order":"g-0421-c1","pnl":101.25}"#
    );
    let wanted = THREE.replace(lot, closed).replace(":0.35", ":0.20").replace("318.40", "419.65");
    assert_eq!(made.data.text(), wanted);
    assert_eq!(made.sums[0].to_string(), "0.15 × (94795.5 - 94120.5) = +101.25");
    assert_eq!(made.brought.as_deref(), Some("101.25"));
    assert_eq!(made.left, Some(("0.20".to_owned(), 2)));
    assert_eq!(made.stays, []);
}

#[test]
fn a_part_becomes_a_closed_lot_of_its_own_before_the_rest() {
    let text = written(THREE, &close(Some("g-0421"), "0.05", Some("0")));
    let document: Document = text.parse().unwrap();
    let lots = document.root().get("lots").unwrap();
    let (part, rest) = (lots.at(1).unwrap().text(), lots.at(2).unwrap().text());
    assert_eq!(
        part,
        concat!(
            r#"{"id":"g-0421.1","quantity":0.05,"entry_price":94120.5,"entry_time":"2026-11-21T03:44:12Z","status":"closed","#,
            r#""part_of":"g-0421","exit_time":"2026-11-21T09:45:40Z","exit_price":0,"exit_reason":"manual","pnl":-4706.025}"#
        )
    );
    assert_eq!(
        rest,
        r#"{"id":"g-0421","quantity":0.10,"entry_price":94120.5,"entry_time":"2026-11-21T03:44:12Z","status":"open","opened_quantity":0.15}"#
    );
    assert!(text.contains(r#""quantity":0.30,"realized_pnl":-4387.625,"#), "{text}");
    // The next part has the next number, and how much it once was stays.
    let again = written(&text, &close(Some("g-0421"), "0.04", Some("94200")));
    let document: Document = again.parse().unwrap();
    let at = |nth: usize, member: &str| {
        document
            .root()
            .get("lots")
            .unwrap()
            .at(nth)
            .unwrap()
            .get(member)
            .map(Node::text)
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!([at(2, "id"), at(2, "quantity"), at(2, "opened_quantity")], ["\"g-0421.2\"", "0.04", ""]);
    assert_eq!([at(3, "id"), at(3, "quantity"), at(3, "opened_quantity")], ["\"g-0421\"", "0.06", "0.15"]);
}

#[test]
fn short_lots_texts_signs_and_other_words_stay_as_they_are() {
    let short = r#"{"instrument":"ES","direction":"SELL","qty":"-3","lots":[{"id":7,"qty":"-3","open_rate":"10.50"}]}"#;
    let text = written(short, &close(Some("7"), "1", Some("9.25")));
    assert_eq!(
        text,
        concat!(
            r#"{"instrument":"ES","direction":"SELL","qty":"-2","lots":[{"id":"7.1","qty":"-1","open_rate":"10.50","part_of":"7","#,
            r#""status":"closed","exit_time":"2026-11-21T09:45:40Z","exit_price":"9.25","exit_reason":"manual","pnl":"1.25"},"#,
            r#"{"id":7,"qty":"-2","open_rate":"10.50","opened_quantity":"3"}]}"#
        )
    );
    // Tagged as the Python client writes them: the tags stay, and a time gets one.
    let tagged = concat!(
        r#"{"symbol":"X","lots":[{"id":"a","side":"long","quantity":{"$stateloft":"decimal","value":0.75},"#,
        r#""entry_price":{"$stateloft":"decimal","value":1.10},"entry_time":{"$stateloft":"datetime","value":"2026-11-21T03:00:00+00:00"},"status":"open"}]}"#
    );
    let text = written(tagged, &close(Some("a"), "0.25", Some("1.30")));
    assert!(text.contains(r#""quantity":{"$stateloft":"decimal","value":0.25}"#), "{text}");
    assert!(text.contains(r#""quantity":{"$stateloft":"decimal","value":0.50}"#), "{text}");
    assert!(
        text.contains(r#""exit_time":{"$stateloft":"datetime","value":"2026-11-21T09:45:40+00:00"}"#),
        "{text}"
    );
    assert!(text.contains(r#""pnl":0.05}"#), "{text}");
}

#[test]
fn all_of_it_is_closed_at_once_and_each_sum_is_written_out() {
    let made = done(THREE, &Act::CloseAll(exit(Some("94802")))).unwrap();
    let sums: Vec<String> = made.sums.iter().map(ToString::to_string).collect();
    assert_eq!(
        sums,
        [
            "0.10 × (94802 - 93880.0) = +92.2",
            "0.15 × (94802 - 94120.5) = +102.225",
            "0.10 × (94802 - 94455.0) = +34.7"
        ]
    );
    assert_eq!((made.brought.as_deref(), made.left), (Some("229.125"), Some(("0".to_owned(), 0))));
    assert!(
        made.data
            .text()
            .starts_with(r#"{"symbol":"BTCUSD","side":"long","quantity":0,"realized_pnl":547.525,"#)
    );
    // Long and short lots beside each other.
    let hedged = r#"{"symbol":"X","quantity":-1,"lots":[{"id":"a","side":"buy","quantity":2,"entry_price":5},{"id":"b","side":"sell","quantity":3,"entry_price":8}]}"#;
    let made = done(hedged, &Act::CloseAll(exit(Some("6")))).unwrap();
    assert_eq!(made.brought.as_deref(), Some("8"));
    assert!(made.data.text().starts_with(r#"{"symbol":"X","quantity":0,"#), "{}", made.data.text());
    let made = done(hedged, &close(Some("b"), "2", Some("6"))).unwrap();
    assert!(made.data.text().starts_with(r#"{"symbol":"X","quantity":1,"#), "{}", made.data.text());
}

#[test]
fn of_what_is_not_known_nothing_is_made_up() {
    let no_entry = THREE.replace(r#""entry_price":94120.5,"#, "");
    let made = done(&no_entry, &close(Some("g-0421"), "0.15", Some("94795.5"))).unwrap();
    assert_eq!((made.brought, made.sums[0].to_string().as_str()), (None, "0.15 × no data"));
    assert!(made.data.text().contains(r#""realized_pnl":318.40"#) && !made.data.text().contains("\"pnl\""));
    assert_eq!(made.stays.iter().map(|stays| stays.path.as_str()).collect::<Vec<_>>(), ["/realized_pnl"]);
    let made = done(THREE, &close(Some("g-0421"), "0.15", None)).unwrap();
    assert!(made.brought.is_none() && !made.data.text().contains("exit_price"));
    // An average is rounded, and a fee of a lot is not shared by anybody's word.
    let more = THREE
        .replace(r#""symbol""#, r#""avg_entry_price":94147.43,"symbol""#)
        .replace(r#""id":"g-0421","#, r#""id":"g-0421","fees":1.2,"#);
    let made = done(&more, &close(Some("g-0421"), "0.05", Some("94795.5"))).unwrap();
    let stays: Vec<&str> = made.stays.iter().map(|stays| stays.path.as_str()).collect();
    assert_eq!(stays, ["/lots/1/fees", "/avg_entry_price"]);
}

#[test]
fn a_position_without_lots_is_reduced_or_closed() {
    let whole = r#"{"symbol":"A","side":"short","quantity":"2.5","entry_price":10,"realized_pnl":0}"#;
    assert_eq!(
        written(whole, &close(None, "1", Some("8"))),
        r#"{"symbol":"A","side":"short","quantity":"1.5","entry_price":10,"realized_pnl":2}"#
    );
    assert_eq!(
        written(whole, &close(None, "2.5", Some("8"))),
        concat!(
            r#"{"symbol":"A","side":"short","quantity":"2.5","entry_price":10,"realized_pnl":5.0,"status":"closed","#,
            r#""exit_time":"2026-11-21T09:45:40Z","exit_price":"8","exit_reason":"manual","pnl":"5"}"#
        )
        .replace("5.0,", "5,")
    );
    assert_eq!(
        refused(whole, &Act::Add(new("b"))),
        "the document: has no lots: one beside what it holds would make it another shape"
    );
}

fn new(id: &str) -> NewLot {
    NewLot {
        id: id.to_owned(),
        side: Side::Long,
        quantity: "0.05".to_owned(),
        entry_price: Some("94800.5".to_owned()),
        entry_time: time("2026-11-21T09:40:00Z"),
        stop: Some("94000".to_owned()),
        target: None,
    }
}

#[test]
fn a_lot_is_added_in_the_words_of_the_others() {
    let text = written(THREE, &Act::Add(new("g-0425")));
    let added = r#",{"id":"g-0425","side":"long","quantity":0.05,"entry_price":94800.5,"entry_time":"2026-11-21T09:40:00Z","stop_loss":94000,"status":"open"}]}"#;
    assert!(text.ends_with(added), "{text}");
    assert!(text.contains(r#""quantity":0.40,"realized"#), "{text}");
    let other =
        r#"{"symbol":"A","lots":[{"id":"x","direction":"SHORT","qty":"1","open_rate":"5","stop":"6"}]}"#;
    assert!(written(other, &Act::Add(new("y"))).contains(
        r#"{"id":"y","direction":"LONG","qty":"0.05","open_rate":"94800.5","entry_time":"2026-11-21T09:40:00Z","stop":"94000","status":"open"}"#
    ));
    let none = r#"{"symbol":"A","lots":[]}"#;
    assert!(
        written(none, &Act::Add(new("y"))).contains(r#""lots":[{"id":"y","side":"long","quantity":0.05"#)
    );
    assert_eq!(refused(THREE, &Act::Add(new("g-0421"))), "there is a lot g-0421 already");
}

#[test]
fn stops_and_targets_are_moved_set_and_taken_away() {
    let with = THREE.replace(r#""id":"g-0421","#, r#""id":"g-0421","stop_loss":93900.00,"#);
    let act = |stop: Option<Level>, target: Option<Level>| Act::Adjust {
        lot: Some("g-0421".to_owned()),
        stop,
        target,
    };
    let moved = written(&with, &act(Some(Level::At("94120.5".to_owned())), Some(Level::At("0".to_owned()))));
    assert_eq!(
        moved,
        with.replace("93900.00", "94120.5").replace(
            r#""entry_time":"2026-11-21T03:44:12Z","status":"open""#,
            r#""entry_time":"2026-11-21T03:44:12Z","status":"open","take_profit":0"#
        )
    );
    assert_eq!(written(&with, &act(Some(Level::Nowhere), None)), with.replace("93900.00", "null"));
    assert_eq!(
        refused(&with, &act(Some(Level::At("93900.00".to_owned())), None)),
        "nothing changes: everything is so already"
    );
    let pair = r#"{"symbol1":"A","symbol2":"B","direction":"long","quantity":1,"entry_price":2,"stop_loss":1,"entry_time":"2026-11-21T03:44:12Z"}"#;
    let act = Act::Adjust { lot: None, stop: Some(Level::At("1.5".to_owned())), target: None };
    assert_eq!(written(pair, &act), pair.replace(r#""stop_loss":1,"#, r#""stop_loss":1.5,"#));
}

#[test]
fn what_cannot_be_right_names_its_field() {
    let field = |act: &Act| match done(THREE, act) {
        Err(Refusal::Field { field, .. }) => field,
        other => panic!("{act:?}: {other:?}"),
    };
    let with = |edit: fn(&mut Exit)| {
        let mut exit = exit(Some("1"));
        edit(&mut exit);
        Act::Close { lot: Some("g-0421".to_owned()), quantity: "0.15".to_owned(), exit }
    };
    for (act, wanted) in [
        (close(Some("g-0421"), "0.1500001", Some("1")), Field::Quantity),
        (close(Some("g-0421"), "0", Some("1")), Field::Quantity),
        (close(Some("g-0421"), "-0.1", Some("1")), Field::Quantity),
        (close(Some("g-0421"), "all", Some("1")), Field::Quantity),
        (close(Some("nope"), "0.1", Some("1")), Field::Lot),
        (close(None, "0.1", Some("1")), Field::Lot),
        (close(Some("g-0421"), "0.15", Some("1,5")), Field::ExitPrice),
        (with(|exit| exit.time = time("2026-11-21T03:44:11Z")), Field::ExitTime),
        (with(|exit| exit.time = time("2026-11-21T09:46:13Z")), Field::ExitTime),
        (with(|exit| exit.order = Some(" ".to_owned())), Field::Order),
        (Act::Add(NewLot { quantity: "0".to_owned(), ..new("n") }), Field::Quantity),
        (Act::Add(new(" ")), Field::Id),
    ] {
        assert_eq!(field(&act), wanted, "{act:?}");
    }
}

#[test]
fn a_shape_that_is_not_understood_is_refused_by_its_path() {
    let act = close(Some("a"), "1", Some("1"));
    for (document, wanted) in [
        (r#"{"BTC":{"symbol":"BTC","quantity":1}}"#, "the document: is a map of positions, each by its name"),
        ("[1]", "the document: is no object of a position's members"),
        (r#"{"lots":{"a":1}}"#, "the document: is a map of positions, each by its name"),
        (r#"{"symbol":"A","lots":{"a":1}}"#, "/lots: is no array of lots"),
        (r#"{"lots":[7]}"#, "/lots/0: is no object of a lot's members"),
        (
            r#"{"symbol":"A","quantity":2,"lots":[{"id":"a","side":"long","quantity":1}]}"#,
            "/quantity: says 2, and its open lots are 1 together",
        ),
        (
            r#"{"lots":[{"id":"a","quantity":1},{"id":"a","quantity":2}]}"#,
            "/lots/0: has an id that another lot has, too",
        ),
        (r#"{"lots":[{"id":"a","quantity":"one"}]}"#, "/lots/0: says no quantity that can be read"),
        (
            r#"{"quantity":1,"lots":[{"id":"a","side":"odd","quantity":1}]}"#,
            "/quantity: is a total, and a lot does not say on which side it is",
        ),
        (
            r#"{"symbol1":"A","symbol2":"B","lots":[{"id":"a","quantity":1}]}"#,
            "the document: is a pair: its legs have quantities and prices of their own, which one price does not say",
        ),
        (r#"{"symbol":"A","legs":[{"symbol":"B"}]}"#, "/legs: has a quantity and a price in each leg"),
    ] {
        assert_eq!(refused(document, &act), wanted, "{document}");
    }
    let nameless = r#"{"lots":[{"quantity":1}]}"#;
    assert_eq!(
        refused(nameless, &Act::CloseAll(exit(None))),
        "/lots/0: has no id, so nobody can say which lot it is"
    );
}

#[test]
fn what_is_shown_is_as_it_is_spelled() {
    let document: Document = THREE.replace(r#""symbol""#, r#""currency":"USD","symbol""#).parse().unwrap();
    let shown = position(&document).unwrap();
    assert_eq!(
        (shown.symbol.as_deref(), shown.held.as_deref(), shown.currency.as_deref()),
        (Some("BTCUSD"), Some("0.35"), Some("USD"))
    );
    assert_eq!(shown.price, Some(SavedPrice { path: "/last_price".to_owned(), value: "94802.0".to_owned() }));
    let lot = &shown.lots[1];
    assert_eq!(
        (lot.id.as_deref(), lot.path.as_str(), lot.side),
        (Some("g-0421"), "/lots/1", Some(Side::Long))
    );
    assert_eq!(Sum::of(lot, "0.15", Some("94802.0")).brought.as_deref(), Some("102.225"));
}

#[test]
fn times_are_understood_as_people_write_them() {
    let now = time("2026-11-21T09:46:12.118402Z");
    for (typed, meant) in [
        ("now", "2026-11-21T09:46:12Z"),
        ("02:30", "2026-11-21T02:30:00Z"),
        ("09:45:40.5", "2026-11-21T09:45:40.500Z"),
        ("23:50", "2026-11-20T23:50:00Z"),
        ("-5 min", "2026-11-21T09:41:12Z"),
        ("-90s", "2026-11-21T09:44:42Z"),
        ("2 h ago", "2026-11-21T07:46:12Z"),
        ("2026-11-21T11:45:40+02:00", "2026-11-21T09:45:40Z"),
        ("2026-11-21 09:45:40Z", "2026-11-21T09:45:40Z"),
        ("2026-11-21 09:45", "2026-11-21T09:45:00Z"),
        ("2026.11.20 22:01:02", "2026-11-20T22:01:02Z"),
        ("20 Nov 18:22:40", "2026-11-20T18:22:40Z"),
        ("24 Dec 18:00", "2025-12-24T18:00:00Z"),
        ("1795254340", "2026-11-21T09:45:40Z"),
    ] {
        assert_eq!(typed_time(typed, now).map(plain_time).as_deref(), Ok(meant), "{typed}");
    }
    for typed in ["", "soon", "25:00", "-5", "-5 months", "2026-11-21", "12"] {
        assert!(typed_time(typed, now).is_err(), "{typed}");
    }
}

#[test]
fn decimals_are_taken_as_they_were_typed() {
    for (typed, meant) in
        [(" 94795.50 ", "94795.50"), ("+5", "5"), ("0", "0"), ("1e-8", "1e-8"), ("\u{2212}3", "-3")]
    {
        assert_eq!(typed_decimal(typed).as_deref(), Ok(meant));
    }
    for (typed, why) in
        [("94,795.5", "a comma"), (".5", "write 0.5"), ("", "type a decimal"), ("5 USD", "is no decimal")]
    {
        assert!(typed_decimal(typed).unwrap_err().contains(why), "{typed}");
    }
}

/// A decimal above zero as people spell it, and its value in units of its last place.
fn size() -> impl Strategy<Value = String> {
    (1_u64..100_000_000, 0_usize..9).prop_map(|(digits, places)| spelled(i128::from(digits), places))
}

fn spelled(digits: i128, places: usize) -> String {
    let text = format!("{:0width$}", digits.unsigned_abs(), width = places + 1);
    let (whole, fraction) = text.split_at(text.len() - places);
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{whole}{point}{fraction}", if digits < 0 { "-" } else { "" })
}

/// The number in units of 10^-20, which holds every product here.
fn units(text: &str) -> i128 {
    let size = text.trim_start_matches('-');
    let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
    let units: i128 = format!("{whole}{fraction:0<20}").parse().unwrap();
    if text.starts_with('-') { -units } else { units }
}

proptest! {
    #[test]
    fn closed_and_open_are_what_was_held_and_the_result_is_exact(
        held in prop::collection::vec(size(), 1..4),
        which in any::<prop::sample::Index>(),
        share in 1_u64..=1_000_000,
        entry in size(),
        price in size(),
        long in any::<bool>(),
        texts in any::<bool>(),
        whole in any::<bool>(),
    ) {
        let number = |text: &str| if texts { format!("\"{text}\"") } else { text.to_owned() };
        let side = if long { "long" } else { "short" };
        let lots: Vec<String> = held.iter().enumerate().map(|(nth, held)| {
            format!(r#"{{"id":"l{nth}","side":"{side}","quantity":{},"entry_price":{}}}"#, number(held), number(&entry))
        }).collect();
        let add = |all: String, one: &str| sum(Decimal::parse(&all).unwrap(), Decimal::parse(one).unwrap()).unwrap();
        let before = held.iter().fold("0".to_owned(), |all, one| add(all, one));
        let head = if whole { format!(r#""quantity":{},"#, number(&before)) } else { String::new() };
        let text = format!(r#"{{"symbol":"X",{head}"realized_pnl":0,"lots":[{}]}}"#, lots.join(","));
        let nth = which.index(held.len());
        // A share of the lot, in its own places and one more.
        let (digits, places) = match held[nth].split_once('.') {
            Some((whole, fraction)) => (format!("{whole}{fraction}"), fraction.len()),
            None => (held[nth].clone(), 0),
        };
        let all: i128 = digits.parse::<i128>().unwrap() * 10;
        let part = spelled((all * i128::from(share) / 1_000_000).max(1), places + 1);
        let id = format!("l{nth}");
        let made = done(&text, &close(Some(&id), &part, Some(&price))).unwrap();

        let root = made.data.root();
        let of = |lot: Node<'_>, member: &str| lot.get(member).map(|value| value.text().trim_matches('"').to_owned());
        let (mut open, mut closed) = ("0".to_owned(), "0".to_owned());
        for lot in root.get("lots").unwrap().elements() {
            let quantity = of(lot, "quantity").unwrap();
            if of(lot, "status").as_deref() == Some("closed") { closed = add(closed, &quantity) } else { open = add(open, &quantity) }
        }
        prop_assert!(same_value(&closed, &part), "{closed} closed of {part}");
        prop_assert!(same_value(&add(open.clone(), &closed), &before));
        if whole {
            prop_assert!(same_value(&of(root, "quantity").unwrap(), &open));
        }
        // What it brought, worked out in whole numbers.
        let gained = if long { units(&price) - units(&entry) } else { units(&entry) - units(&price) };
        let brought = made.brought.clone().unwrap();
        let small = 10_i128.pow(10);
        let wanted = (units(&part) / small) * (gained / small);
        prop_assert_eq!(units(&brought), wanted, "{}", made.sums[0]);
        prop_assert!(same_value(&of(root, "realized_pnl").unwrap(), &brought));
        // The page of the run reads the same of the lot that is closed now.
        let closed = book::lots(&made.data).into_iter().find(|lot| !lot.is_open()).unwrap();
        prop_assert!(same_value(&closed.result().unwrap(), &brought));
    }
}
