//! Taking in a bundle.

use serde::{Deserialize, Serialize};

use crate::hash::ChainHash;
use crate::model::Seq;

/// Answer to `POST /import/bundle`: the whole bundle is in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BundleImported {
    /// Versions that were written.
    pub versions: u64,
    /// Versions that were there already, and are the same.
    pub passed_over: u64,
    /// Snapshots that were written.
    pub snapshots: u64,
    /// Records of restores that were written.
    pub restores: u64,
    /// The seq of the bundle's last version; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub last_seq: Option<Seq>,
    /// Its chain hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub chain_hash: Option<ChainHash>,
}
