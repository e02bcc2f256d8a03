//~ E0277
//! A mandate comes from nowhere, is not copied, and is not written down to be read back.
use guard::policy::mandate::Mandate;

fn made<T: Default>() {}
fn copied<T: Copy>() {}

fn main() {
    copied::<Mandate>();
    made::<Mandate>();
}
