//! How an InfluxDB is reached: for how long, and which certificates are believed.

use influxdb2_reqwest::redirect::Policy;
use influxdb2_reqwest::{Certificate, ClientBuilder};

use super::InfluxOptions;
use crate::store::{Result, StoreError};

const CERTIFICATE_ENDS: &str = "-----END CERTIFICATE-----";

/// What connects to the server.
pub(super) fn with(options: &InfluxOptions) -> Result<ClientBuilder> {
    let mut builder = ClientBuilder::new().connect_timeout(options.timeout).redirect(Policy::none());
    if let Some(path) = &options.root_certificate {
        let wrong = |why: String| {
            StoreError::Refused(format!("the certificates in {} cannot be used: {why}", path.display()))
        };
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let text = String::from_utf8_lossy(&pem);
        let each = text.split_inclusive(CERTIFICATE_ENDS).filter(|part| part.contains(CERTIFICATE_ENDS));
        let mut count = 0;
        for certificate in each {
            let certificate = Certificate::from_pem(certificate.as_bytes());
            builder = builder.add_root_certificate(certificate.map_err(|error| wrong(error.to_string()))?);
            count += 1;
        }
        if count == 0 {
            return Err(wrong("there are none".into()));
        }
        builder = builder.tls_built_in_root_certs(false);
    }
    Ok(builder)
}
