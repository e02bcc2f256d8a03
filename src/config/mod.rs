//! Settings, secrets and the home folder.
