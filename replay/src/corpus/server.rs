//! Clients of S3 servers.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

/// A server that takes longer to accept a connection is as good as down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One try of one request; samples are small.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);

/// The region where none is configured; servers other than AWS take any.
const REGION_DEFAULT: &str = "us-east-1";

/// A client for AWS or for a server of one's own; without credentials it takes those of the environment.
pub(super) async fn client(endpoint: Option<&str>, credentials: Option<Credentials>) -> Client {
    let http = match endpoint {
        Some(url) if url.starts_with("http://") => Builder::new().build_http(),
        _ => Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https(),
    };
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).timeout_config(timeouts);
    let loader = endpoint.into_iter().fold(loader, aws_config::ConfigLoader::endpoint_url);
    let loader = credentials.into_iter().fold(loader, aws_config::ConfigLoader::credentials_provider);
    let shared = loader.load().await;
    let mut config = aws_sdk_s3::config::Builder::from(&shared);
    if shared.region().is_none() {
        config = config.region(Region::new(REGION_DEFAULT));
    }
    if endpoint.is_some() {
        // Many servers know neither buckets as host names nor checksums as trailers.
        config = config
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    }
    Client::from_conf(config.build())
}
