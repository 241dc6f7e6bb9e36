//! The certificates of a server of our own: an authority that is made anew for each, and what it vouches for.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use crate::Result;

/// PEM files in the server's folder.
pub struct Authority {
    folder: PathBuf,
}

impl Authority {
    /// Makes the files, with a certificate for the loopback address.
    pub fn create(folder: &Path) -> Result<Self> {
        let authority = Authority { folder: folder.to_owned() };
        authority.issue().map_err(|error| format!("making certificates: {error}"))?;
        Ok(authority)
    }

    fn issue(&self) -> std::result::Result<(), Box<dyn std::error::Error>> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "benchmark authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        std::fs::write(self.file(), params.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(params, key);

        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, "benchmark server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        std::fs::write(self.certificate(), params.signed_by(&key, &issuer)?.pem())?;
        std::fs::write(self.key(), key.serialize_pem())?;
        Ok(())
    }

    /// Its own certificate, for clients.
    pub fn file(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// The server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("server.pem")
    }

    /// The key of that.
    pub fn key(&self) -> PathBuf {
        self.folder.join("server.key")
    }
}
