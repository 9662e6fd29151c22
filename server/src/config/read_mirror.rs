//! The settings of the mirror, understood: which numbers become series, and in which bucket.

use stateloft_core::json::pointer::Pointer;
use stateloft_core::model::StateType;

use super::StoreConfig;
use super::given::Raw;
use super::read::Values;
use super::read_influx::{DEFAULT_ORG, DEFAULT_URL};
use super::settings::{
    MIRROR_BUCKET, MIRROR_FIELDS, MIRROR_ORG, MIRROR_QUEUE_SIZE, MIRROR_SSLROOTCERT, MIRROR_TOKEN, MIRROR_URL,
};
use crate::mirror::{MirrorFields, MirrorSettings};
use crate::store::influx::{DEFAULT_TIMEOUT, InfluxOptions, LeaseTimes};

const DEFAULT_BUCKET: &str = "trading-series";
/// Versions that the mirror may be behind the log.
const DEFAULT_QUEUE_SIZE: u64 = 100_000;
const MOST: u64 = 1_000_000_000;
/// What only matters when fields are named.
const OTHERS: [&str; 6] =
    [MIRROR_URL, MIRROR_TOKEN, MIRROR_ORG, MIRROR_BUCKET, MIRROR_SSLROOTCERT, MIRROR_QUEUE_SIZE];
const ALLOWED: &str =
    "state types with JSON pointers to numbers, such as position=/total_pnl,/z_score,portfolio=/equity";

impl Values {
    /// The mirror, if fields are named.
    pub(super) fn mirror(&mut self, store: Option<&StoreConfig>) -> Option<MirrorSettings> {
        let fields = self.mirror_fields();
        if fields.is_empty() {
            self.warn_without_fields();
            return None;
        }
        // Where the store is InfluxDB, the series usually go to another bucket of the same.
        let near = match store {
            Some(StoreConfig::Influx(options)) => Some(options),
            _ => None,
        };
        let url = self.influx_url(MIRROR_URL, near.map_or(DEFAULT_URL, |near| &near.url));
        let org = self.influx_name(MIRROR_ORG, near.map_or(DEFAULT_ORG, |near| &near.org));
        let bucket = self.influx_name(MIRROR_BUCKET, DEFAULT_BUCKET);
        let token = match (self.text(MIRROR_TOKEN), near) {
            (None, Some(near)) => near.token.clone(),
            (token, _) => self.influx_token(MIRROR_TOKEN, token.unwrap_or_default()),
        };
        if near.is_some_and(|near| near.url == url && near.org == org && near.bucket == bucket) {
            let allowed = "another bucket: that of the store is for Stateloft alone";
            self.wrong(MIRROR_BUCKET, format!("{bucket:?} is the bucket of the store"), allowed);
        }
        let root_certificate = self.influx_certificate(MIRROR_SSLROOTCERT);
        let root_certificate = root_certificate.or_else(|| near?.root_certificate.clone());
        let queue_size = self.whole(MIRROR_QUEUE_SIZE, 1, MOST).unwrap_or(DEFAULT_QUEUE_SIZE);
        let lease = LeaseTimes::default();
        let bucket =
            InfluxOptions { url, org, bucket, token, root_certificate, timeout: DEFAULT_TIMEOUT, lease };
        Some(MirrorSettings { bucket, fields, queue_size })
    }

    fn warn_without_fields(&mut self) {
        for name in OTHERS {
            if let Some((_, source)) = self.given.values.get(name) {
                self.given.warnings.push(format!("{source} has no effect: no fields are mirrored"));
            }
        }
    }

    fn mirror_fields(&mut self) -> MirrorFields {
        let pairs: Vec<(String, String)> = match self.given.values.get(MIRROR_FIELDS) {
            None | Some((Raw::List(_), _)) => Vec::new(),
            Some((Raw::Map(pairs), _)) => pairs.clone(),
            Some((Raw::Text(text), _)) => pairs_of(text),
        };
        let mut fields = MirrorFields::default();
        for (of_type, pointer) in pairs {
            if let Err(problem) = add(&mut fields, &of_type, &pointer) {
                self.wrong(MIRROR_FIELDS, problem, ALLOWED);
            }
        }
        fields
    }
}

/// `type=/pointer,/pointer,type=/pointer`: a pointer without a type belongs to the type before it.
fn pairs_of(text: &str) -> Vec<(String, String)> {
    let mut of_type = String::new();
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items
        .map(|item| match item.split_once('=') {
            Some((name, pointer)) if !item.starts_with('/') => {
                name.trim().clone_into(&mut of_type);
                (of_type.clone(), pointer.trim().to_owned())
            }
            _ => (of_type.clone(), item.to_owned()),
        })
        .collect()
}

fn add(fields: &mut MirrorFields, of_type: &str, pointer: &str) -> Result<(), String> {
    let place = format!("{pointer:?} of {of_type:?}");
    let state_type = StateType::new(of_type).map_err(|error| format!("{place}: {error}"))?;
    let parsed = Pointer::parse(pointer).map_err(|error| format!("{place}: {error}"))?;
    if parsed.is_root() {
        return Err(format!("{place} is the whole document, which is no number"));
    }
    if fields.add(state_type, parsed) { Ok(()) } else { Err(format!("{place} is named twice")) }
}
