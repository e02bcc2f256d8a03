//! Opens a chain in a folder of its own, and prints its height and what a funded account has.

use std::error::Error;

use domain::{hash::Hash160, money::Datoshi};
use sandbox::chain::{Chain, ChainSettings};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("example-chain-{}", std::process::id()));
    let account = Hash160([7; 20]);
    let funding = vec![(account, Datoshi::from_gas(100))];
    let chain = Chain::open(&folder, ChainSettings { funding, ticking: false, ..ChainSettings::default() })?;
    chain.skip_blocks(3)?;
    println!("height {}, {account} has {}", chain.height()?, chain.balance(account)?);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
