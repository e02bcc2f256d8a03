//! Signs a transfer of 2 GAS with a fresh key, without a network, and prints its hash and what it would burn.

use std::error::Error;

use domain::{
    hash::Hash160,
    money::Datoshi,
    network::{Network, SANDBOX},
};
use neo::{
    Wallet, fees,
    script::Transfer,
    transaction::{Scope, Signer, Transaction},
};

fn main() -> Result<(), Box<dyn Error>> {
    let wallet = Wallet::generate();
    let to = Hash160([7; 20]);
    let transfer = Transfer {
        from: wallet.account(),
        to,
        amount: Datoshi::from_gas(2),
        reference: Some(b"job-2xample3".to_vec()),
    };
    let transaction = Transaction {
        nonce: 1,
        system_fee: Datoshi::ZERO,
        network_fee: Datoshi::ZERO,
        valid_until_block: 100,
        signers: vec![Signer { account: wallet.account(), scope: Scope::CalledByEntry }],
        attributes: Vec::new(),
        script: transfer.script()?,
    };
    let hash = transaction.hash();
    #[expect(clippy::disallowed_methods, reason = "a fresh key and a network that is no one's")]
    let signed = wallet.sign(transaction, Network(SANDBOX))?;
    println!("{} pays {to} {}: {hash}", wallet.account().address(), transfer.amount);
    println!("{} bytes, {} datoshi for inclusion", signed.bytes().len(), fees::network_fee(signed.bytes().len(), 0, 0));
    Ok(())
}
