//! The provider side.
