//~ E0277
//! A permit comes from nowhere and is not copied.
use guard::policy::permit::{Payment, Permit, Submit};

fn made<T: Default>() {}
fn copied<T: Copy>() {}

fn main() {
    copied::<Permit<Submit>>();
    made::<Permit<Payment>>();
}
