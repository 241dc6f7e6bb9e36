//! Whom to trust, and who the client is to a server that asks: certificates and keys. Owns the configuration of TLS that
//! all connections of a client share, and with it the sessions that can be resumed.
//!
//! Any thread. The system's authorities are read once; files are read again for each connection, and what they hold is
//! used from then on if it changed and can be used. No message holds anything of a key.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use zeroize::Zeroizing;

use crate::config::{Address, Config, TlsVersion};
use crate::error::{Error, ErrorKind, Result};
use crate::net::certificate::{Anyone, Examiner};
use crate::sync::Mutex;

/// See above.
pub struct Trust {
    config: Arc<Config>,
    name: ServerName<'static>,
    provider: Arc<CryptoProvider>,
    /// The system's, unless there is a file of authorities.
    system: Option<Arc<RootCertStore>>,
    made: Mutex<Made>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust").field("name", &self.name).finish_non_exhaustive()
    }
}

struct Made {
    from: Files,
    config: Arc<ClientConfig>,
    /// What was already said of files that cannot be used.
    complaint: Option<Error>,
}

/// What the files hold.
#[derive(Default, PartialEq, Eq)]
struct Files {
    authorities: Option<Vec<u8>>,
    certificate: Option<Vec<u8>>,
    key: Option<Zeroizing<Vec<u8>>>,
}

impl Trust {
    /// What `config` says, or which of its files cannot be used and why.
    pub fn new(config: Arc<Config>) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let needs_system = config.tls_ca_file.is_none() && !config.tls_insecure_skip_verify;
        let system = if needs_system { Some(Arc::new(system_authorities()?)) } else { None };
        let from = Files::read(&config)?;
        let name = server_name(&config)?;
        let made = from.make(&config, &provider, system.as_ref())?;
        let made = Mutex::new(Made { from, config: Arc::new(made), complaint: None });
        Ok(Trust { config, name, provider, system, made })
    }

    /// The name that the server's certificate must be for.
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// The configuration for the next connection, and what there is to complain about: files that have changed since the
    /// last one and cannot be used. It is then what it was before; the same complaint is made once.
    pub fn present(&self) -> (Arc<ClientConfig>, Option<Error>) {
        let mut made = self.made.lock();
        let renewed = Files::read(&self.config).and_then(|files| {
            if files == made.from {
                return Ok(None);
            }
            let config = files.make(&self.config, &self.provider, self.system.as_ref())?;
            Ok(Some((files, config)))
        });
        let complaint = match renewed {
            Ok(Some((from, config))) => {
                *made = Made { from, config: Arc::new(config), complaint: None };
                None
            }
            Ok(None) => {
                made.complaint = None;
                None
            }
            Err(error) if made.complaint.as_ref() == Some(&error) => None,
            Err(error) => {
                made.complaint = Some(error.clone());
                Some(error)
            }
        };
        (made.config.clone(), complaint)
    }
}

impl Files {
    fn read(config: &Config) -> Result<Files> {
        let read = |option: &str, path: &Option<std::path::PathBuf>| {
            let Some(path) = path else { return Ok(None) };
            std::fs::read(path).map(Some).map_err(|error| unusable(option, path, &format!("cannot be read: {error}")))
        };
        Ok(Files {
            authorities: read("tls_ca_file", &config.tls_ca_file)?,
            certificate: read("tls_cert_file", &config.tls_cert_file)?,
            key: read("tls_key_file", &config.tls_key_file)?.map(Zeroizing::new),
        })
    }

    fn make(
        &self,
        config: &Config,
        provider: &Arc<CryptoProvider>,
        system: Option<&Arc<RootCertStore>>,
    ) -> Result<ClientConfig> {
        let versions: &[&SupportedProtocolVersion] = match config.tls_min_version {
            TlsVersion::V1_2 => &[&rustls::version::TLS13, &rustls::version::TLS12],
            TlsVersion::V1_3 => &[&rustls::version::TLS13],
        };
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .map_err(|error| Error::new(ErrorKind::Config, format!("TLS cannot be set up: {error}")))?;
        let builder = builder.dangerous().with_custom_certificate_verifier(self.verifier(config, provider, system)?);
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else {
            return Ok(builder.with_no_client_auth());
        };
        let (option, path) = ("tls_cert_file", config.tls_cert_file.as_deref().unwrap_or(Path::new("")));
        let chain = certificates(option, path, certificate)?;
        let (option, path) = ("tls_key_file", config.tls_key_file.as_deref().unwrap_or(Path::new("")));
        let key = private_key(option, path, key)?;
        builder.with_client_auth_cert(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                unusable(option, path, "is not the key of the certificate in tls_cert_file")
            }
            error => unusable(option, path, &format!("cannot be used: {error}")),
        })
    }

    fn verifier(
        &self,
        config: &Config,
        provider: &Arc<CryptoProvider>,
        system: Option<&Arc<RootCertStore>>,
    ) -> Result<Arc<dyn ServerCertVerifier>> {
        if config.tls_insecure_skip_verify {
            return Ok(Arc::new(Anyone::new(provider.clone())));
        }
        let (authorities, whose) = match (&self.authorities, &config.tls_ca_file, system) {
            (Some(bytes), Some(path), _) => {
                let mut store = RootCertStore::empty();
                for (number, certificate) in certificates("tls_ca_file", path, bytes)?.into_iter().enumerate() {
                    store.add(certificate).map_err(|error| {
                        let why = match error {
                            rustls::Error::InvalidCertificate(rustls::CertificateError::BadEncoding) => {
                                String::from("it is no X.509 certificate")
                            }
                            error => error.to_string(),
                        };
                        let text =
                            format!("holds a certificate that cannot be an authority (number {}): {why}", number + 1);
                        unusable("tls_ca_file", path, &text)
                    })?;
                }
                (Arc::new(store), format!("tls_ca_file {}", path.display()))
            }
            (_, _, Some(system)) => (system.clone(), format!("the system's {} authorities", system.len())),
            _ => (Arc::new(RootCertStore::empty()), String::from("no authority")),
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(authorities, provider.clone())
            .build()
            .map_err(|error| Error::new(ErrorKind::Config, format!("TLS cannot be set up: {error}")))?;
        Ok(Arc::new(Examiner::new(verifier, whose)))
    }
}

fn system_authorities() -> Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    let (taken, _) = store.add_parsable_certificates(found.certs);
    if taken > 0 {
        return Ok(store);
    }
    let causes: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    let causes = if causes.is_empty() { String::new() } else { format!(" ({})", causes.join("; ")) };
    Err(Error::new(
        ErrorKind::Config,
        format!("the system has no authorities that it trusts{causes}: set \"tls_ca_file\""),
    ))
}

fn server_name(config: &Config) -> Result<ServerName<'static>> {
    let host = match (&config.tls_server_name, &config.address) {
        (Some(name), _) => name.as_str(),
        (None, Address::Tcp { host, .. }) => host.as_str(),
        (None, Address::Unix(_)) => "",
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare.to_owned()).map_err(|_| {
        Error::new(
            ErrorKind::Config,
            format!("{host:?} is no name that a certificate can be for: set \"tls_server_name\""),
        )
    })
}

fn certificates(option: &str, path: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|error| unusable(option, path, &format!("is not a PEM file: {}", fault(&error))))?;
    if found.is_empty() {
        return Err(unusable(option, path, "holds no PEM certificate (-----BEGIN CERTIFICATE-----)"));
    }
    Ok(found)
}

fn private_key(option: &str, path: &Path, bytes: &[u8]) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| {
        let is_encrypted = [&b"BEGIN ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"]
            .iter()
            .any(|mark| bytes.windows(mark.len()).any(|part| part == *mark));
        match error {
            _ if is_encrypted => {
                unusable(option, path, "holds an encrypted key, which cannot be used: store it decrypted")
            }
            pem::Error::NoItemsFound => unusable(option, path, "holds no PEM key (-----BEGIN PRIVATE KEY-----)"),
            error => unusable(option, path, &format!("is not a PEM file: {}", fault(&error))),
        }
    })
}

/// What is wrong, without what stands there: it may be a key.
fn fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end",
        pem::Error::IllegalSectionStart { .. } => "a section begins with a line that cannot be read",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it cannot be read",
    }
}

fn unusable(option: &str, path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{option} {} {what}", path.display()))
}
