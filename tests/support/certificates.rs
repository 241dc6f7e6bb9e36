//! An authority of this test, and the certificates that come from it.
//!
//! Owns a folder with PEM files, which is gone with the value. Every key is new: nothing here vouches for anything outside
//! of the test that made it.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Who vouches for certificates.
pub struct Authority {
    dir: TempDir,
    issuer: Issuer<'static, KeyPair>,
    issued: AtomicU32,
}

/// A certificate and its key, in files.
#[derive(Clone, Debug)]
pub struct Certified {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// From the beginning of one year to that of another.
#[derive(Clone, Copy, Debug)]
pub struct Years(pub i32, pub i32);

/// Certificates that are tested for something else are valid.
pub const VALID: Years = Years(2020, 2120);

impl Authority {
    /// One that nobody has heard of.
    pub fn new(name: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("rr-authority-").tempdir().expect("a temporary folder");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        std::fs::write(dir.path().join("ca.pem"), certificate.pem()).expect("ca.pem");
        Authority { dir, issuer: Issuer::new(params, key), issued: AtomicU32::new(0) }
    }

    /// The one that the servers of this process have their certificates from, unless they say otherwise.
    pub fn common() -> &'static Authority {
        static COMMON: OnceLock<Authority> = OnceLock::new();
        COMMON.get_or_init(|| Authority::new("test authority"))
    }

    /// Its own certificate, which is to be trusted.
    pub fn file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// `rediss://…` for a client that trusts it and no other.
    pub fn url(&self, address: SocketAddr) -> String {
        format!("rediss://{address}/?tls_ca_file={}", self.file().display())
    }

    /// A folder for files of the test.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// A certificate for these names or addresses.
    pub fn issue(&self, names: &[&str], validity: Years) -> Certified {
        self.issue_for(names, validity, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A certificate that a client shows.
    pub fn issue_to_client(&self, name: &str, validity: Years) -> Certified {
        self.issue_for(&[name], validity, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue_for(&self, names: &[&str], validity: Years, purpose: ExtendedKeyUsagePurpose) -> Certified {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names.clone()).expect("names");
        params.distinguished_name.push(DnType::CommonName, names.first().map_or("nobody", String::as_str));
        params.not_before = date_time_ymd(validity.0, 1, 1);
        params.not_after = date_time_ymd(validity.1, 1, 1);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let place = |suffix: &str| self.dir.path().join(format!("{number}.{suffix}"));
        let made = Certified { certificate: place("crt"), key: place("key") };
        std::fs::write(&made.certificate, certificate.pem()).expect("the certificate's file");
        std::fs::write(&made.key, key.serialize_pem()).expect("the key's file");
        made
    }
}
