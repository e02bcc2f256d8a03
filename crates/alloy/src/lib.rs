//! The parts of alloy, an Ethereum client, that `neo3` names in its module for Neo X, in the places where it looks for
//! them. Nothing of this program calls them.
//!
//! alloy's own crate of this name brings a second TLS and crypto stack for its HTTP client, and `neo3` has no feature that
//! leaves it out. These are the same parts without it: what would go over HTTPS fails here.

#[doc(hidden)]
pub use alloy_contract as contract;
#[doc(hidden)]
pub use alloy_core::{primitives, sol_types};
#[doc(hidden)]
pub use alloy_provider as providers;

/// What goes over JSON-RPC.
pub mod rpc {
    #[doc(hidden)]
    pub use alloy_rpc_types as types;
}

/// Keys.
pub mod signers {
    pub use alloy_signer::*;
    #[doc(hidden)]
    pub use alloy_signer_local as local;
}

/// Contract bindings from Solidity, as alloy makes them.
#[macro_export]
macro_rules! sol {
    ($($t:tt)*) => {
        $crate::sol_types::sol! {
            #![sol(alloy_sol_types = $crate::sol_types, alloy_contract = $crate::contract)]
            $($t)*
        }
    };
}
