//! The embedded provider, storage and chain.
