//~ E0308
//! The payer takes nothing but a permit.
use agent::{domain::event::Silent, payment::Payer, policy::permit::Payment};

async fn pay(payer: &Payer, payment: Payment) {
    let _ = payer.pay(payment, &Silent).await;
}

fn main() {}
