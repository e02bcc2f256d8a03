//! What a transfer burns, by Neo's price list.
//!
//! Prices are in units of the execution fee factor (30 datoshi on every public network; policy contract). Sources: Neo
//! N3's opcode price table and the manifests of its native contracts. The sandbox's chain charges by this list; on a
//! real network a node is asked, and the guard caps its answer.

/// Datoshi for one unit of execution: the policy contract's `getExecFeeFactor`.
pub const EXEC_FEE_FACTOR: u64 = 30;
/// Datoshi for one byte of a transaction: the policy contract's `getFeePerByte`.
pub const FEE_PER_BYTE: u64 = 1000;
/// Datoshi for one unit of storage: the policy contract's `getStoragePrice`.
pub const STORAGE_PRICE: u64 = 100_000;
/// Units for checking one ECDSA signature.
pub const CHECK_SIG_UNITS: u64 = 1 << 15;
/// Units for a PUSHDATA1.
pub const PUSHDATA1_UNITS: u64 = 1 << 3;

/// Datoshi for verifying a witness of a single key: two pushes and one signature check.
pub const fn single_key_witness() -> u64 {
    (2 * PUSHDATA1_UNITS + CHECK_SIG_UNITS) * EXEC_FEE_FACTOR
}

/// The exact network fee, datoshi, of a transaction of `size` bytes with one single-key witness and `conflicts`
/// Conflicts attributes at `attribute_fee` each.
pub const fn network_fee(size: usize, conflicts: usize, attribute_fee: u64) -> u64 {
    size as u64 * FEE_PER_BYTE + conflicts as u64 * attribute_fee + single_key_witness()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_of_the_usual_size_costs_what_a_node_asks() {
        // A 255-byte transfer with a 1-of-1 multisignature witness costs two PUSH1 more: 1238580 on neo-go 0.120.
        assert_eq!(network_fee(255, 0, 0) + 2 * EXEC_FEE_FACTOR, 1_238_580);
    }
}
