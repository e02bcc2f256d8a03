//! The one TLS provider of the process.

/// Names *ring* as this process's TLS provider, once; later calls do nothing.
///
/// Two providers are linked in (`neo3` brings the second), so rustls cannot choose by itself and an HTTPS client made
/// before this call would fail.
pub fn install_tls_provider() {
    // An error means that a provider is installed already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
