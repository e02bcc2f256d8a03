//! What a flag and a sentence say of one request, put together: the narrower of each holds.

use domain::{
    money::Datoshi,
    request::{Bounds, Locality, Spend},
};

fn main() {
    let flags = Bounds { spend: Spend::at_most(Datoshi::from_gas(5)), ..Bounds::default() };
    let said = Bounds { spend: Spend::at_most(Datoshi::from_gas(3)), place: Locality::Here, ..Bounds::default() };
    let both = flags.narrowed(said);
    match both.spend.limit() {
        Some(limit) => println!("at most {limit}, {:?}", both.place),
        None => println!("as the owner's caps allow, {:?}", both.place),
    }
    assert_eq!(both, said.narrowed(flags));
}
