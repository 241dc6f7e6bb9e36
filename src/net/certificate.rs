//! The server's certificate, examined: by the rules of the web's authorities, and told apart for people when it fails.
//!
//! Any thread, within a handshake. It decides nothing itself: `webpki` does. What it adds is which certificate it was,
//! from whom, until when, and for which names.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme,
};
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

/// Takes a certificate that an authority vouches for, and says in detail why not.
#[derive(Debug)]
pub struct Examiner {
    inner: Arc<WebPkiServerVerifier>,
    /// Which authorities, for messages.
    whose: String,
}

/// Takes any certificate.
#[derive(Debug)]
pub struct Anyone(Arc<CryptoProvider>);

/// Why a certificate was not taken.
#[derive(Debug)]
struct Unacceptable(String);

impl fmt::Display for Unacceptable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unacceptable {}

impl Examiner {
    /// Asks `inner`, whose authorities are called `whose`.
    pub fn new(inner: Arc<WebPkiServerVerifier>, whose: String) -> Self {
        Examiner { inner, whose }
    }

    fn explain(
        &self,
        error: &CertificateError,
        shown: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> String {
        let whose = &self.whose;
        let subject = described(shown);
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                match outdated(shown, others, now, |(_, end), now| end < now) {
                    Some((which, (_, end))) => format!("{which} expired on {end}"),
                    None => format!("{subject} has expired"),
                }
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                match outdated(shown, others, now, |(begin, _), now| begin > now) {
                    Some((which, (begin, _))) => {
                        format!("{which} is not valid before {begin}; is this machine's clock right?")
                    }
                    None => format!("{subject} is not valid yet; is this machine's clock right?"),
                }
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                let (wanted, offered) = match error {
                    CertificateError::NotValidForNameContext { expected, presented } => {
                        (expected.to_str().into_owned(), presented.clone())
                    }
                    _ => (String::from("the server's name"), Vec::new()),
                };
                let offered = match offered.as_slice() {
                    [] => "for no name (its subjectAltName is what counts, not its CN)".into(),
                    names => {
                        format!("for {}", names.iter().map(|name| plain_name(name)).collect::<Vec<_>>().join(", "))
                    }
                };
                format!("{subject} is {offered}, and not for {wanted}, which is wanted (tls_server_name)")
            }
            CertificateError::UnknownIssuer => {
                format!("{subject} comes from no authority of {whose}")
            }
            CertificateError::BadSignature => format!("{subject} bears a signature that does not fit {whose}"),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                format!("{subject} is not for servers (extended key usage)")
            }
            error => {
                let text = error.to_string();
                let text = match text.as_str() {
                    other if other.contains("CaUsedAsEndEntity") => {
                        "it is an authority's own (CA:TRUE), which cannot be a server's"
                    }
                    other if other.contains("UnsupportedCertVersion") => "it is not of X.509 version 3",
                    other => other,
                };
                format!("{subject} cannot be used: {text}")
            }
        }
    }
}

impl ServerCertVerifier for Examiner {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        self.inner.verify_server_cert(shown, others, name, ocsp, now).map_err(|error| match error {
            TlsError::InvalidCertificate(error) => {
                let why = Unacceptable(self.explain(&error, shown, others, now));
                TlsError::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.inner.verify_tls12_signature(message, shown, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.inner.verify_tls13_signature(message, shown, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl Anyone {
    /// With the signatures that `provider` knows.
    pub fn new(provider: Arc<CryptoProvider>) -> Self {
        Anyone(provider)
    }
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _shown: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, shown, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, shown, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// What went wrong in a session, for people.
pub fn explained(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(CertificateError::Other(other)) => format!("TLS: {other}"),
        TlsError::InvalidMessage(_) => {
            "what the server sent is not TLS: is this the port on which it speaks TLS?".into()
        }
        TlsError::AlertReceived(alert) => format!("the server ended TLS: {}", complaint(*alert)),
        TlsError::PeerIncompatible(why) => format!("the server and this client have no way of TLS in common: {why:?}"),
        error => format!("TLS: {error}"),
    }
}

/// Will the same happen at the next attempt, unless somebody changes something?
pub fn is_lasting(error: &TlsError) -> bool {
    match error {
        TlsError::InvalidCertificate(_) | TlsError::PeerIncompatible(_) | TlsError::InvalidMessage(_) => true,
        TlsError::AlertReceived(alert) => !matches!(
            alert,
            AlertDescription::CloseNotify
                | AlertDescription::UserCanceled
                | AlertDescription::InternalError
                | AlertDescription::BadRecordMac
                | AlertDescription::RecordOverflow
        ),
        _ => false,
    }
}

/// What a server means by an alert.
fn complaint(alert: AlertDescription) -> String {
    let why = match alert {
        AlertDescription::CertificateRequired => "it asks for a client certificate (tls_cert_file and tls_key_file)",
        AlertDescription::UnknownCA => {
            "the client's certificate (tls_cert_file) comes from no authority that it trusts"
        }
        AlertDescription::CertificateExpired => "the client's certificate (tls_cert_file) has expired",
        AlertDescription::CertificateRevoked => "the client's certificate (tls_cert_file) was revoked",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown => "it does not take the client's certificate (tls_cert_file)",
        AlertDescription::ProtocolVersion => "it speaks no version of TLS from tls_min_version on",
        AlertDescription::HandshakeFailure => {
            "it found nothing in common, or asks for a client certificate (tls_cert_file and tls_key_file)"
        }
        AlertDescription::UnrecognisedName => "it does not know the name it was asked for (tls_server_name)",
        other => return format!("{other:?}"),
    };
    why.into()
}

/// A certificate as people know it.
fn described(certificate: &CertificateDer<'_>) -> String {
    match X509Certificate::from_der(certificate) {
        Ok((_, parsed)) => {
            format!("the server's certificate ({}, issued by {})", parsed.subject(), parsed.issuer())
        }
        Err(_) => "the server's certificate, which cannot be read,".into(),
    }
}

/// The first certificate whose validity is as `is_out` says, and from when until when it is valid.
fn outdated(
    shown: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    now: UnixTime,
    is_out: impl Fn((ASN1Time, ASN1Time), ASN1Time) -> bool,
) -> Option<(String, (ASN1Time, ASN1Time))> {
    let now = ASN1Time::from_timestamp(i64::try_from(now.as_secs()).ok()?).ok()?;
    for (place, certificate) in std::iter::once(shown).chain(others).enumerate() {
        let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { continue };
        let validity = (parsed.validity().not_before, parsed.validity().not_after);
        if is_out(validity, now) {
            let which = match place {
                0 => described(certificate),
                _ => format!("a certificate that links the server's to an authority ({})", parsed.subject()),
            };
            return Some((which, validity));
        }
    }
    None
}

/// A name as webpki gives it, without what Rust writes around it: `DnsName("a.b")`, `IpAddress(10.0.0.1)`, or bare.
fn plain_name(name: &str) -> &str {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inside.trim_matches('"')
}
