//! The way to a database: its address, and how connections to it are encrypted.
//!
//! `sslmode`, `sslrootcert`, `sslcert` and `sslkey` mean in a URL what they mean to PostgreSQL's own clients. Names of hosts and
//! authorities are checked with `sslmode=verify-full` and nothing less, except that `sslrootcert` has authorities checked with
//! `require`, too.

use std::{fmt, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::link;
use crate::store::{Cause, Error};

/// How each new connection is made.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Way {
    /// Reads a URL.
    pub(super) fn of(url: &str) -> Result<Self, Error> {
        let (rest, wishes) = split(url).map_err(|wrong| link::address(url, wrong))?;
        let mut config: Config = rest.parse().map_err(|error: tokio_postgres::Error| link::address(url, error))?;
        if config.get_application_name().is_none() {
            config.application_name("segue");
        }
        config.ssl_mode(wishes.mode());
        let client = wishes.client().map_err(|wrong| link::address(url, wrong))?;
        Ok(Self { config, tls: MakeRustlsConnect::new(client) })
    }
}

/// What a URL says about encryption.
#[derive(Debug, Default)]
struct Wishes {
    mode: Option<String>,
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

/// How much of a server's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// Whoever listens to the connection learns nothing; whoever answers in the server's place does.
    Nothing,
    /// Somebody who is trusted vouches for it.
    Authority,
    /// And it is the certificate of this host.
    Host,
}

/// The values of `sslmode`.
const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Takes what is about encryption out of a URL.
fn split(url: &str) -> Result<(String, Wishes), Cause> {
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), Wishes::default())) };
    let (mut wishes, mut kept) = (Wishes::default(), Vec::new());
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = match name {
            "sslmode" => &mut wishes.mode,
            "sslrootcert" => &mut wishes.root,
            "sslcert" => &mut wishes.certificate,
            "sslkey" => &mut wishes.key,
            _ => {
                kept.push(pair);
                continue;
            }
        };
        *place = Some(percent_encoding::percent_decode_str(value).decode_utf8()?.into_owned());
    }
    if let Some(mode) = wishes.mode.as_deref().filter(|mode| !MODES.contains(mode)) {
        return Err(format!("`sslmode={mode}` is none of {}", MODES.join(", ")).into());
    }
    let rest = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    Ok((rest, wishes))
}

impl Wishes {
    /// Whether a connection without encryption will do.
    fn mode(&self) -> SslMode {
        match self.mode.as_deref() {
            Some("disable") => SslMode::Disable,
            Some("allow" | "prefer") | None => SslMode::Prefer,
            Some(_) => SslMode::Require,
        }
    }

    fn check(&self) -> Check {
        match self.mode.as_deref() {
            Some("verify-full") => Check::Host,
            Some("verify-ca") => Check::Authority,
            Some("require") if self.root.is_some() => Check::Authority,
            _ => Check::Nothing,
        }
    }

    fn client(&self) -> Result<ClientConfig, Cause> {
        let provider = Arc::new(ring::default_provider());
        let check = self.check();
        let authorities = match check {
            Check::Nothing => None,
            Check::Authority | Check::Host => {
                let roots = Arc::new(self.roots()?);
                Some(WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build()?)
            }
        };
        let verifier = Verifier { authorities, check, provider: Arc::clone(&provider) };
        let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let client = client.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                let own = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("sslkey", key, &error))?;
                Ok(client.with_client_auth_cert(certificates("sslcert", certificate)?, own)?)
            }
            (None, None) => Ok(client.with_no_client_auth()),
            _ => Err("`sslcert` and `sslkey` belong together".into()),
        }
    }

    /// Who is trusted: the authorities of a file, or those of the machine.
    fn roots(&self) -> Result<RootCertStore, Cause> {
        let mut roots = RootCertStore::empty();
        match self.root.as_deref() {
            Some(file) if file != "system" => {
                for certificate in certificates("sslrootcert", file)? {
                    roots.add(certificate)?;
                }
            }
            _ => {
                // What cannot be read is not trusted; without any, the error is the connection's.
                let (_read, _unreadable) =
                    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        Ok(roots)
    }
}

fn certificates(what: &str, file: &str) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unreadable(what, file, &error))?;
    if certificates.is_empty() { Err(format!("`{what}={file}` holds no certificate").into()) } else { Ok(certificates) }
}

fn unreadable(what: &str, file: &str, error: &dyn std::error::Error) -> Cause {
    format!("`{what}={file}` could not be read: {error}").into()
}

/// Checks as much of a server's certificate as is wanted, and always that the server has the key to it.
#[derive(Debug)]
struct Verifier {
    authorities: Option<Arc<WebPkiServerVerifier>>,
    check: Check,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        let verified = authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // The name is what is checked last.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.check == Check::Authority => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
