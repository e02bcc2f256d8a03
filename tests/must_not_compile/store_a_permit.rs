//! A permit is no data: it cannot be written or read back.
use agent::policy::permit::{Payment, Permit, Submit};

fn written<T: serde::Serialize>() {}
fn read<T: serde::de::DeserializeOwned>() {}
fn made<T: Default>() {}

fn main() {
    written::<Permit<Payment>>();
    read::<Permit<Submit>>();
    made::<Permit<Payment>>();
}
