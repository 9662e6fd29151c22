//! The schemas that come with Stateloft.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::PathRules;
use super::collect::collect;

const SCHEMAS: [(&str, &str); 12] = [
    ("position", include_str!("builtin/position.json")),
    ("pair_state", include_str!("builtin/pair_state.json")),
    ("portfolio", include_str!("builtin/portfolio.json")),
    ("strategy", include_str!("builtin/strategy.json")),
    ("configuration", include_str!("builtin/configuration.json")),
    ("market_data", include_str!("builtin/market_data.json")),
    ("order", include_str!("builtin/order.json")),
    ("quarantine", include_str!("builtin/quarantine.json")),
    ("freqtrade_trade", include_str!("builtin/freqtrade_trade.json")),
    ("ccxt_position", include_str!("builtin/ccxt_position.json")),
    ("alpaca_position", include_str!("builtin/alpaca_position.json")),
    ("oanda_position", include_str!("builtin/oanda_position.json")),
];

static PATH_RULES: LazyLock<BTreeMap<&str, PathRules>> = LazyLock::new(|| {
    // A schema that cannot be read has no rules; the tests below read every one.
    let rules = |text| serde_json::from_str(text).ok().and_then(|schema| collect(&schema).ok());
    SCHEMAS.into_iter().map(|(name, text)| (name, rules(text).unwrap_or_default())).collect()
});

/// The schema of a built-in type, as JSON Schema 2020-12.
#[must_use]
pub fn schema_text(state_type: &str) -> Option<&'static str> {
    SCHEMAS.iter().find(|(name, _)| *name == state_type).map(|(_, text)| *text)
}

/// What the paths of a type's data mean. A type without a schema has no rules.
#[must_use]
pub fn path_rules(state_type: &str) -> &'static PathRules {
    static NONE: LazyLock<PathRules> = LazyLock::new(PathRules::default);
    PATH_RULES.get(state_type).unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::CloseReason;
    use crate::model::StateType;

    #[test]
    fn every_built_in_type_has_a_schema_whose_keywords_are_understood() {
        for name in StateType::BUILT_IN {
            let text = schema_text(name).unwrap();
            let schema: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
            collect(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(SCHEMAS.len(), StateType::BUILT_IN.len());
        assert!(schema_text("session").is_none());
    }

    #[test]
    fn paths_of_a_position_mean_what_the_schema_says() {
        let root = path_rules("position").root();
        assert!(root.member("last_price").is_volatile());
        assert!(!root.member("stop_loss").is_volatile());
        let ticket = root.member("ticket1");
        assert_eq!(ticket.protected_because(), Some("names an order at the broker"));
        assert!(ticket.is_identifier());
        let legs = root.member("legs");
        assert_eq!(legs.identity(), Some("symbol"));
        assert_eq!(legs.element().member("volume").unit(), Some("lots"));
        assert_eq!(root.at("/legs/0/ticket").protected_because(), Some("names an order at the broker"));
        assert_eq!(root.member("volume2").unit(), Some("lots"), "members of one form are known too");
    }

    #[test]
    fn what_holds_for_a_member_holds_inside_it() {
        let heartbeat = path_rules("strategy").root().member("heartbeat");
        assert!(heartbeat.member("clock").is_volatile());
        assert!(heartbeat.element().member("any/thing").is_volatile());
    }

    #[test]
    fn trades_and_positions_of_other_programs_have_names_units_and_what_is_theirs_alone() {
        let trade = path_rules("freqtrade_trade").root();
        assert_eq!(trade.member("orders").identity(), Some("order_id"));
        assert_eq!(trade.member("custom_data").identity(), Some("cd_key"));
        assert_eq!(
            trade.at("/orders/0/order_id").protected_because(),
            Some("names an order at the exchange")
        );
        assert!(trade.member("max_rate").is_volatile() && !trade.member("stop_loss").is_volatile());
        assert_eq!(trade.member("stake_amount").unit(), Some("stake currency"));
        let unified = path_rules("ccxt_position").root();
        assert!(unified.at("/info/markPrice").is_volatile() && unified.member("markPrice").is_volatile());
        assert!(unified.member("id").is_identifier() && !unified.member("contracts").is_volatile());
        let alpaca = path_rules("alpaca_position").root();
        assert!(alpaca.member("unrealized_pl").is_volatile() && !alpaca.member("qty").is_volatile());
        assert_eq!(alpaca.member("asset_id").protected_because(), Some("names an asset at the broker"));
        let oanda = path_rules("oanda_position").root();
        assert_eq!(oanda.at("/short/tradeIDs/1").protected_because(), Some("names a trade at the broker"));
        assert_eq!(oanda.at("/long/averagePrice").unit(), None);
        assert_eq!(oanda.member("pl").unit(), Some("account currency"));
    }

    #[test]
    fn an_order_is_known_by_its_ids_and_so_are_its_legs() {
        let order = path_rules("order").root();
        for id in ["client_order_id", "broker_order_id", "parent_id"] {
            assert_eq!(order.member(id).protected_because(), Some("names an order at the broker"), "{id}");
        }
        assert_eq!(order.member("legs").identity(), Some("client_order_id"));
        assert!(order.at("/legs/0/broker_order_id").is_identifier());
        assert!(order.member("updated_at").is_volatile() && !order.member("status").is_volatile());
        let lots = path_rules("position").root().member("lots");
        assert_eq!(lots.identity(), Some("id"));
        let exit = lots.element().member("exit_order");
        assert_eq!(exit.protected_because(), Some("names an order at the broker"));
    }

    #[test]
    fn a_lot_is_closed_for_the_reasons_that_a_reconcile_gives() {
        let schema: serde_json::Value = serde_json::from_str(schema_text("position").unwrap()).unwrap();
        let words = schema.pointer("/$defs/lot/properties/exit_reason/enum").unwrap().as_array().unwrap();
        let said: Vec<serde_json::Value> =
            CloseReason::ALL.iter().map(|reason| serde_json::to_value(reason).unwrap()).collect();
        assert_eq!(words.split_last(), Some((&serde_json::Value::Null, said.as_slice())));
        // A reason that is new is in both.
        let place = |reason| match reason {
            CloseReason::StopLossHit => 0,
            CloseReason::TakeProfitHit => 1,
            CloseReason::Manual => 2,
            CloseReason::SessionEnd => 3,
            CloseReason::RecoveredClosed => 4,
            CloseReason::BracketClosed => 5,
            CloseReason::Unknown => 6,
        };
        assert!(CloseReason::ALL.into_iter().map(place).eq(0..CloseReason::ALL.len()));
    }

    #[test]
    fn a_type_without_schema_has_no_rules() {
        let root = path_rules("session").root();
        assert!(!root.is_volatile() && root.identity().is_none());
        assert!(!root.member("last_price").is_volatile());
    }
}
