//~ E0308
//! The payer takes nothing but a permit.
use domain::event::Silent;
use agent::payment::Payer;
use guard::policy::permit::Payment;

async fn pay(payer: &Payer, payment: Payment) {
    let _ = payer.pay(payment, &Silent).await;
}

fn main() {}
