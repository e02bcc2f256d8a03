//! Money on Neo N3.
