//! One payment of a wallet at a time, across processes.

use std::{fs::File, path::Path};

use super::PayError;
use domain::{hash::Hash160, network::Network};

/// Held while a payment is planned, intended and sent. The system lets go of it when the process dies.
pub struct WalletLock(#[expect(dead_code, reason = "held for its lock")] File);

impl WalletLock {
    /// Waits for its turn.
    ///
    /// # Errors
    /// When the lock file cannot be made or locked.
    pub async fn take(home: &Path, account: Hash160, network: Network) -> Result<WalletLock, PayError> {
        let path = home.join(format!("wallet-{}-{}.lock", account.address(), network.0));
        let failed = |why: String| PayError::Lock { path: path.clone(), why };
        let name = path.clone();
        // Waiting for a lock blocks, so it gets a thread of its own.
        let taken = tokio::task::spawn_blocking(move || {
            let file = File::options().create(true).append(true).open(name)?;
            file.lock()?;
            Ok::<File, std::io::Error>(file)
        });
        let file = taken.await.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))?;
        Ok(WalletLock(file))
    }
}
