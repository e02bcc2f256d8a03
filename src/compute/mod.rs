//! The provider client and the local runner.
