//! The way from the S3 client to a server in this process, without a socket.

use aws_sdk_s3::{
    config::{SharedHttpClient, http::HttpRequest},
    error::{BoxError, ConnectorError},
    primitives::SdkBody,
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpResponse,
    retries::ErrorKind,
};
use http::{HeaderValue, header::HOST};
use s3s::service::S3Service;

/// What the client hands its requests to in place of a connection.
#[derive(Clone, Debug)]
struct Connector(S3Service);

/// The client's way to `service`.
pub(super) fn way_to(service: S3Service) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(service));
    http_client_fn(move |_, _| connector.clone())
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(exchange(self.0.clone(), request))
    }
}

async fn exchange(service: S3Service, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let mut request = request.try_into_http1x().map_err(failed)?;
    // The signature covers it, but it is a connection that usually adds it.
    if let Some(authority) = request.uri().authority() {
        let host = HeaderValue::from_str(authority.as_str()).map_err(failed)?;
        request.headers_mut().entry(HOST).or_insert(host);
    }
    let response = service.call(request.map(s3s::Body::http_body)).await.map_err(failed)?;
    response.map(SdkBody::from_body_1_x).try_into().map_err(failed)
}

fn failed(error: impl Into<BoxError>) -> ConnectorError {
    ConnectorError::other(error.into(), Some(ErrorKind::ServerError))
}
