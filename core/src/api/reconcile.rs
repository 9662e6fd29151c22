//! What a broker says of positions, held against what a store has of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::Scope;
use crate::json::Document;
use crate::model::Timestamp;

/// Whose words a broker's list is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BrokerShape {
    /// Objects with the members that positions have here: `symbol`, `side`, `quantity`, `entry_price`, `ticket`.
    Plain,
    /// `fetchPositions` of ccxt.
    Ccxt,
    /// `GET /v2/positions` of Alpaca.
    Alpaca,
    /// `GET /v3/accounts/{id}/openPositions` of OANDA.
    Oanda,
    /// `GET /api/v1/status` of freqtrade.
    Freqtrade,
    /// `positions_get` of `MetaTrader` 5, each as an object.
    Mt5,
}

/// How a broker's list is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcileOptions {
    /// When the broker was asked: what changed here later cannot be in its answer. At most 5 s ahead of the server's clock.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub as_of: Timestamp,
    /// In whose words; without it the list is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<BrokerShape>,
    /// What the call failed with. There is no list then, and an empty one would be a lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The list is not whole, such as one page of two: what is not in it is not known.
    #[serde(default)]
    pub partial: bool,
    /// How far apart quantities and prices may be.
    #[serde(default)]
    pub tolerance: Tolerance,
    /// Our names of symbols by the broker's, where they differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub symbols: BTreeMap<String, String>,
}

/// How far apart two numbers may be and still agree: decimals, not below zero; nothing means not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tolerance {
    /// Of quantities, in the unit of the position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// Of entry prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

/// How a position stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Agreement {
    /// Both have it, of another quantity or on another side.
    QuantityMismatch,
    /// The broker has it, and nothing open here is it.
    MissingHere,
    /// It is open here, and the broker says that there is none.
    MissingThere,
    /// Nothing can be said.
    Unknown,
    /// Both have it, at another price.
    PriceMismatch,
    /// Both say the same.
    Matched,
}

/// Why a position stands so, where that is not in the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Because {
    /// The broker said that it is flat: a quantity of 0.
    Flat,
    /// The broker's list is whole, and it is not in it.
    NotListed,
    /// The call failed, or the answer was null.
    NoAnswer,
    /// The list is not whole, or a part of it cannot be read.
    PartialList,
    /// The broker names it and does not say how much, or on which side.
    NotSaid,
    /// It changed here after the broker was asked.
    ChangedSince,
    /// What is stored does not say how much is held, or on which side.
    NotSaidHere,
    /// The broker names it twice, or two here are the same one.
    NamedTwice,
    /// It was closed here.
    ClosedHere,
}

/// One side of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Held {
    /// Where it stands: a state and a pointer within it, or a pointer within the broker's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_type: Option<String>,
    /// The state's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_id: Option<String>,
    /// The version that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// JSON Pointer.
    pub pointer: String,
    /// How much, above zero for long and below for short; absent where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// The entry price, as it is spelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

/// Two numbers that should be equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Apart {
    /// Ours.
    pub ours: String,
    /// The broker's.
    pub theirs: String,
    /// The broker's less ours, exact and signed; absent where that would need over 400 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<String>,
}

/// One position, as both sides have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcileRow {
    /// How it stands.
    pub verdict: Agreement,
    /// Why, where the numbers do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Because>,
    /// Our name of the symbol, where one is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Tickets, orders and trades by which both know it.
    pub ids: Vec<String>,
    /// The lots here.
    pub ours: Vec<Held>,
    /// What the broker lists.
    pub theirs: Vec<Held>,
    /// The quantities, where both are known: of several lots their sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Apart>,
    /// The prices, where one lot stands against one position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Apart>,
}

/// A part of a broker's list that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unread {
    /// Where it stands in the list.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: String,
}

/// How many rows there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgreementCounts {
    /// Both say the same.
    pub matched: u64,
    /// Another quantity.
    pub quantity_mismatch: u64,
    /// Another price.
    pub price_mismatch: u64,
    /// Only at the broker.
    pub missing_here: u64,
    /// Only here.
    pub missing_there: u64,
    /// Nothing can be said.
    pub unknown: u64,
}

/// What a broker's list says of the positions here. It changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcileReport {
    /// SHA-256 over everything else.
    pub hash: String,
    /// In whose words the list was; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<BrokerShape>,
    /// When the broker was asked.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub as_of: Timestamp,
    /// What it failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many rows there are of each kind.
    pub counts: AgreementCounts,
    /// The worst first.
    pub rows: Vec<ReconcileRow>,
    /// What of the list is not understood; because of it the list does not count as whole.
    pub unread: Vec<Unread>,
}

/// Body of `POST /reconcile`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcileRequest {
    /// Which of our states hold the positions; all of type `position` where neither states nor types are named.
    #[serde(default)]
    pub scope: Scope,
    /// Only states whose last version this run wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The broker's answer, as it came; left out where the call failed.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub list: Option<Document>,
    /// How it is to be read.
    pub options: ReconcileOptions,
}

/// A list of `null` was given: it is an answer that says nothing.
pub(super) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Document>, D::Error> {
    Document::deserialize(deserializer).map(Some)
}
