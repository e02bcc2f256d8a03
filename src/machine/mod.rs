//! Probes of this machine and of datasets.
