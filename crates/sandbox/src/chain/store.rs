//! The chain's state in SQLite: balances, pool, what landed, and what landed transactions rule out.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction as Sql, params};
use rusqlite_migration::{M, Migrations};

use domain::hash::{Hash160, TxHash};
use neo::transaction::Signed;

const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE accounts (account BLOB PRIMARY KEY, balance INTEGER NOT NULL, updated INTEGER NOT NULL,
                       funded INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE pool (sequence INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL,
                   height INTEGER NOT NULL) STRICT;
CREATE TABLE landed (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL, block INTEGER NOT NULL, time INTEGER NOT NULL,
                     state TEXT NOT NULL, log TEXT NOT NULL) STRICT;
CREATE TABLE conflicts (hash BLOB NOT NULL, signer BLOB NOT NULL, block INTEGER NOT NULL,
                        PRIMARY KEY (hash, signer)) STRICT;
";

/// A number that the chain keeps for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meta {
    /// The network's magic.
    Magic,
    /// When block 0 was, milliseconds since 1970.
    Genesis,
    /// From block to block, milliseconds; 0 for a clock that stands still.
    BlockTime,
    /// Blocks that were skipped on top of the clock's.
    Skipped,
    /// The height never falls below this, whatever the clock does.
    Floor,
}

impl Meta {
    fn key(self) -> &'static str {
        match self {
            Meta::Magic => "magic",
            Meta::Genesis => "genesis",
            Meta::BlockTime => "block_time",
            Meta::Skipped => "skipped",
            Meta::Floor => "floor",
        }
    }
}

/// A transaction in the pool.
#[derive(Debug, Clone)]
pub struct Pooled {
    /// Its id.
    pub hash: TxHash,
    /// It.
    pub signed: Signed,
    /// Bytes.
    pub size: usize,
    /// The height it was taken at: it lands in the block after.
    pub height: u32,
}

/// A transaction in a block.
#[derive(Debug, Clone)]
pub struct Landed {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its block.
    pub block: u32,
    /// Its block's time, milliseconds since 1970.
    pub time: i64,
    /// HALT or FAULT.
    pub state: String,
    /// Its execution, as application logs print it.
    pub log: String,
}

/// Opens the state, making it when it is new.
///
/// # Errors
/// SQLite's.
pub fn open(path: &Path) -> std::result::Result<Connection, rusqlite_migration::Error> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Migrations::new(vec![M::up(SCHEMA)]).to_latest(&mut connection)?;
    Ok(connection)
}

/// The state within one SQLite transaction.
pub struct Book<'c>(Sql<'c>);

type Result<T> = std::result::Result<T, rusqlite::Error>;

impl<'c> Book<'c> {
    /// Works within `sql`.
    pub fn new(sql: Sql<'c>) -> Book<'c> {
        Book(sql)
    }

    /// Makes the changes last.
    pub fn commit(self) -> Result<()> {
        self.0.commit()
    }

    /// A number of the chain's own.
    pub fn meta(&self, meta: Meta) -> Result<Option<i64>> {
        self.0.query_row("SELECT value FROM meta WHERE key = ?1", [meta.key()], |row| row.get(0)).optional()
    }

    /// Keeps a number of the chain's own.
    pub fn set_meta(&self, meta: Meta, value: i64) -> Result<()> {
        self.0.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", params![meta.key(), value])?;
        Ok(())
    }

    /// An account's datoshi, and the block in which they last changed.
    pub fn account(&self, account: Hash160) -> Result<(i64, u32)> {
        let found = self.0.query_row("SELECT balance, updated FROM accounts WHERE account = ?1", [account.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        Ok(found.optional()?.unwrap_or((0, 0)))
    }

    /// Sets an account's datoshi.
    pub fn set_balance(&self, account: Hash160, balance: i64, block: u32) -> Result<()> {
        let sql = "INSERT INTO accounts (account, balance, updated) VALUES (?1, ?2, ?3)
                   ON CONFLICT (account) DO UPDATE SET balance = ?2, updated = ?3";
        self.0.execute(sql, params![account.0, balance, block])?;
        Ok(())
    }

    /// Gives an account its first coins, once.
    pub fn fund_once(&self, account: Hash160, amount: i64, block: u32) -> Result<()> {
        let sql = "INSERT INTO accounts (account, balance, updated, funded) VALUES (?1, ?2, ?3, 1)
                   ON CONFLICT (account) DO UPDATE SET balance = balance + ?2, updated = ?3, funded = 1 WHERE funded = 0";
        self.0.execute(sql, params![account.0, amount, block])?;
        Ok(())
    }

    /// The pool, oldest first.
    pub fn pool(&self) -> Result<Vec<Pooled>> {
        let mut statement = self.0.prepare("SELECT hash, bytes, height FROM pool ORDER BY sequence")?;
        let rows = statement.query_map([], |row| Ok((hash(row, 0)?, row.get::<_, Vec<u8>>(1)?, row.get(2)?)))?;
        let mut pool = Vec::new();
        for row in rows {
            let (hash, bytes, height) = row?;
            // Only what was decoded is ever stored.
            if let Ok(signed) = Signed::decode(&bytes) {
                pool.push(Pooled { hash, signed, size: bytes.len(), height });
            }
        }
        Ok(pool)
    }

    /// Puts a transaction into the pool.
    pub fn add_to_pool(&self, hash: &TxHash, bytes: &[u8], height: u32) -> Result<()> {
        let sql = "INSERT INTO pool (hash, bytes, height) VALUES (?1, ?2, ?3)";
        self.0.execute(sql, params![hash.0, bytes, height])?;
        Ok(())
    }

    /// Takes a transaction out of the pool.
    pub fn remove_from_pool(&self, hash: &TxHash) -> Result<()> {
        self.0.execute("DELETE FROM pool WHERE hash = ?1", [hash.0])?;
        Ok(())
    }

    /// Empties the pool, as a node that restarts does.
    pub fn clear_pool(&self) -> Result<()> {
        self.0.execute("DELETE FROM pool", [])?;
        Ok(())
    }

    /// A transaction in a block.
    pub fn landed(&self, hash: &TxHash) -> Result<Option<Landed>> {
        let sql = "SELECT bytes, block, time, state, log FROM landed WHERE hash = ?1";
        let read = |row: &Row<'_>| {
            let (bytes, block, time) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Landed { bytes, block, time, state: row.get(3)?, log: row.get(4)? })
        };
        self.0.query_row(sql, [hash.0], read).optional()
    }

    /// Keeps a transaction that landed.
    pub fn add_landed(&self, hash: &TxHash, landed: &Landed) -> Result<()> {
        let sql = "INSERT INTO landed (hash, bytes, block, time, state, log) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let Landed { bytes, block, time, state, log } = landed;
        self.0.execute(sql, params![hash.0, bytes, block, time, state, log])?;
        Ok(())
    }

    /// Keeps that a landed transaction of `signer` named `hash` as its conflict.
    pub fn add_conflict(&self, hash: &TxHash, signer: Hash160, block: u32) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO conflicts (hash, signer, block) VALUES (?1, ?2, ?3)";
        self.0.execute(sql, params![hash.0, signer.0, block])?;
        Ok(())
    }

    /// Whether a landed transaction of `signer` named `hash` as its conflict.
    pub fn is_ruled_out(&self, hash: &TxHash, signer: Hash160) -> Result<bool> {
        let sql = "SELECT 1 FROM conflicts WHERE hash = ?1 AND signer = ?2";
        Ok(self.0.query_row(sql, params![hash.0, signer.0], |_| Ok(())).optional()?.is_some())
    }
}

fn hash(row: &Row<'_>, index: usize) -> Result<TxHash> {
    row.get(index).map(TxHash)
}
