//! The sandbox's chain: a small Neo N3 chain behind the same JSON-RPC, for people without a node and for fault injection.
//!
//! It takes real signed transactions and judges them by Neo's rules: form and limits, the network's magic in the
//! signature, the window of valid blocks, the exact network fee, the balance, Conflicts in the pool and on the chain,
//! twins. It runs transfer scripts on a small virtual machine with Neo's prices and prints application logs as neo-go
//! does. A test sends the same transactions to neo-go: what one takes or refuses, so does the other.
//!
//! What it does not do: consensus, peers and signatures of blocks (a block is a height and a time); contracts other
//! than GAS and the policy contract, so no onNEP17Payment; instructions beyond those of transfers; accounts with
//! several keys; witness scopes by group or rule; rewards for validators (fees are burnt); a fee for attributes. Its
//! coins are not money.
//!
//! Methods: getversion, getblockcount, getstateheight, getnativecontracts, getcontractstate, getrawmempool, getnep17balances, invokescript, invokefunction,
//! calculatenetworkfee, sendrawtransaction, getrawtransaction, gettransactionheight, getapplicationlog.

mod admit;
mod answers;
mod block;
mod item;
mod native;
mod opcode;
mod refusal;
mod rpc;
mod script;
mod store;
mod vm;

use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::net::TcpListener;

use self::{
    refusal::Refusal,
    store::{Book, Meta},
};
use domain::{
    hash::Hash160,
    money::Datoshi,
    network::{Network, SANDBOX},
};

/// The state's file name in the chain's folder.
const CHAIN_FILE: &str = "chain.db";

/// What a chain is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainSettings {
    /// What signatures cover.
    pub network: Network,
    /// From block to block.
    pub block_time: Duration,
    /// Whether time makes blocks; otherwise only [`Chain::skip_blocks`] does, for tests.
    pub ticking: bool,
    /// Accounts that are given coins, each once.
    pub funding: Vec<(Hash160, Datoshi)>,
    /// How many blocks ahead a transaction's last block may be.
    pub max_valid_until_block_increment: u32,
}

impl Default for ChainSettings {
    fn default() -> ChainSettings {
        ChainSettings {
            network: Network(SANDBOX),
            block_time: Duration::from_secs(1),
            ticking: true,
            funding: Vec::new(),
            max_valid_until_block_increment: admit::MAX_VALID_UNTIL_BLOCK_INCREMENT,
        }
    }
}

/// Why a chain could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder could not be made.
    #[error("cannot make the folder {path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The state could not be read or written.
    #[error("cannot use the sandbox's chain in {path}: {why}")]
    State {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The folder holds a chain of another network.
    #[error("{path} holds a chain of network {found}, not {wanted}")]
    Network {
        /// Which file.
        path: PathBuf,
        /// What it is of.
        found: Network,
        /// What was asked for.
        wanted: Network,
    },
}

/// Faults to come, for tests of what survives them.
#[derive(Debug, Default)]
pub struct Faults {
    /// So many transactions are taken, and the reply is lost.
    pub lost_replies: AtomicU32,
    /// So many transactions are said to be taken, and are not.
    pub lost_transactions: AtomicU32,
}

/// A chain. Cheap to clone; several processes may open the same folder.
#[derive(Clone)]
pub struct Chain {
    shared: Arc<Shared>,
}

struct Shared {
    connection: Mutex<Connection>,
    settings: ChainSettings,
    faults: Faults,
}

impl Chain {
    /// Opens the chain in `folder`, making it when it is new.
    ///
    /// # Errors
    /// A folder or state that cannot be used, or a chain of another network.
    pub fn open(folder: &Path, settings: ChainSettings) -> Result<Chain, OpenError> {
        std::fs::create_dir_all(folder).map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
        let path = folder.join(CHAIN_FILE);
        let failed = |why: String| OpenError::State { path: path.clone(), why };
        let connection = store::open(&path).map_err(|e| failed(e.to_string()))?;
        let shared = Shared { connection: Mutex::new(connection), settings, faults: Faults::default() };
        let chain = Chain { shared: Arc::new(shared) };
        let wanted = chain.shared.settings.network;
        match chain.within(|book, now| chain.prepare(book, now)).map_err(|e| failed(e.to_string()))? {
            found if found == wanted => Ok(chain),
            found => Err(OpenError::Network { path, found, wanted }),
        }
    }

    /// Makes a new chain's numbers, goes over to a new block time, and funds accounts that were not funded yet. Gives the
    /// network that the folder's chain is of.
    fn prepare(&self, book: &Book<'_>, now: i64) -> Result<Network, Refusal> {
        let settings = &self.shared.settings;
        let magic = i64::from(settings.network.0);
        let found = book.meta(Meta::Magic)?.unwrap_or(magic);
        if found != magic {
            return Ok(Network(u32::try_from(found).unwrap_or(0)));
        }
        let height = block::advance(book, now)?;
        let block_time = i64::try_from(settings.block_time.as_millis()).unwrap_or(i64::MAX).max(1);
        let block_time = if settings.ticking { block_time } else { 0 };
        if book.meta(Meta::BlockTime)? != Some(block_time) {
            // From here the clock counts anew, on top of the height that was reached.
            book.set_meta(Meta::Magic, magic)?;
            book.set_meta(Meta::BlockTime, block_time)?;
            book.set_meta(Meta::Genesis, now)?;
            book.set_meta(Meta::Skipped, i64::from(height))?;
        }
        for (account, amount) in &settings.funding {
            book.fund_once(*account, amount.as_i64(), height)?;
        }
        Ok(settings.network)
    }

    /// The index of the newest block.
    ///
    /// # Errors
    /// The state's.
    pub fn height(&self) -> Result<u32, io::Error> {
        self.within(block::advance_or_refuse).map_err(io::Error::other)
    }

    /// Lets `count` block times pass at once.
    ///
    /// # Errors
    /// The state's.
    pub fn skip_blocks(&self, count: u32) -> Result<u32, io::Error> {
        let skip = |book: &Book<'_>, now| {
            block::advance(book, now)?;
            let skipped = book.meta(Meta::Skipped)?.unwrap_or(0);
            book.set_meta(Meta::Skipped, skipped + i64::from(count))?;
            block::advance_or_refuse(book, now)
        };
        self.within(skip).map_err(io::Error::other)
    }

    /// Loses all transactions that wait for a block, as a node that restarts does.
    ///
    /// # Errors
    /// The state's.
    pub fn forget_pool(&self) -> Result<(), io::Error> {
        self.within(|book, _| Ok(book.clear_pool()?)).map_err(io::Error::other)
    }

    /// An account's coins.
    ///
    /// # Errors
    /// The state's.
    pub fn balance(&self, account: Hash160) -> Result<Datoshi, io::Error> {
        let read = |book: &Book<'_>, now| {
            block::advance(book, now)?;
            let (balance, _) = book.account(account)?;
            Ok(u64::try_from(balance).ok().and_then(Datoshi::new).unwrap_or(Datoshi::ZERO))
        };
        self.within(read).map_err(io::Error::other)
    }

    /// Faults to come.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Runs `work` in one write transaction of the state, at one instant.
    fn within<T>(&self, work: impl FnOnce(&Book<'_>, i64) -> Result<T, Refusal>) -> Result<T, Refusal> {
        // A panic elsewhere cannot have left half a change: SQLite rolls back what is not committed.
        let mut connection = self.shared.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let book = Book::new(connection.transaction_with_behavior(TransactionBehavior::Immediate)?);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let value = work(&book, i64::try_from(now.as_millis()).unwrap_or(i64::MAX))?;
        book.commit()?;
        Ok(value)
    }
}

impl Faults {
    /// Uses up one fault of a kind.
    fn strikes(count: &AtomicU32) -> bool {
        count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

/// Serves the chain's JSON-RPC until `shutdown` resolves.
///
/// # Errors
/// The listener's.
pub async fn serve(
    listener: TcpListener,
    chain: Chain,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, rpc::router(chain)).with_graceful_shutdown(shutdown).await
}
