//! The owner's policy: limits that no tool argument can change.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use domain::{
    budget::{Caps, USUAL_MOST_NETWORK_FEE, USUAL_MOST_SYSTEM_FEE},
    hash::Hash160,
    job::Patience,
    money::Datoshi,
    network::Network,
    path_text,
    verdict::Thresholds,
};

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Limits of the offload rule.
    pub thresholds: Thresholds,
    /// Folders that datasets may lie in; relative paths are taken from the first.
    #[serde(serialize_with = "path_text::serialize_all")]
    pub roots: Vec<PathBuf>,
    /// Files and folders of the owner's own that are never data: the home folder, and the files that settings name.
    #[serde(default, serialize_with = "path_text::serialize_all")]
    pub private: Vec<PathBuf>,
    /// Accounts that may be paid.
    pub recipients: Vec<Hash160>,
    /// The one network money may move on.
    pub network: Network,
    /// Caps on spending.
    pub caps: Caps,
    /// A payment may burn at most this much as system fee.
    pub max_system_fee: Datoshi,
    /// And at most this much as network fee.
    pub max_network_fee: Datoshi,
    /// Plans that come to at most this much, fees included, need no person.
    pub auto_approve_up_to: Datoshi,
    /// Folders whose files may leave this machine under such a plan.
    #[serde(default, serialize_with = "path_text::serialize_all")]
    pub data_may_leave: Vec<PathBuf>,
    /// Whether real money may move.
    pub allow_mainnet: bool,
    /// A result may have this many bytes.
    pub max_result_bytes: u64,
    /// Servers that results may come from, besides those of provider and storage.
    #[serde(default)]
    pub result_hosts: Vec<Url>,
    /// How long a paid job is waited for while it cannot go on.
    #[serde(default)]
    pub patience: Patience,
}

impl Policy {
    /// The policy of a machine whose owner has said nothing: nobody may be paid yet, and a person approves each payment.
    pub fn cautious(network: Network, roots: Vec<PathBuf>) -> Policy {
        Policy {
            thresholds: Thresholds::default(),
            roots,
            private: Vec::new(),
            recipients: Vec::new(),
            network,
            caps: Caps {
                per_payment: Datoshi::from_gas(10),
                per_day: Datoshi::from_gas(25),
                lifetime: Datoshi::from_gas(250),
            },
            max_system_fee: USUAL_MOST_SYSTEM_FEE,
            max_network_fee: USUAL_MOST_NETWORK_FEE,
            auto_approve_up_to: Datoshi::ZERO,
            data_may_leave: Vec::new(),
            allow_mainnet: false,
            max_result_bytes: 1_000_000_000,
            result_hosts: Vec::new(),
            patience: Patience::default(),
        }
    }
}
