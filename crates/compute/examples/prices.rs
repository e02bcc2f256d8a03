//! Lists the models of a provider with what they cost.

use std::error::Error;

use compute::aioz::Aioz;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(base), Some(key)) = (arguments.next(), arguments.next()) else {
        return Err("name the provider's API and a key".into());
    };
    let provider = Aioz::new(base.parse()?, key.into())?;
    for model in provider.models("").await? {
        let name = model.name.unwrap_or_default();
        println!("{}  {name}  {}", model.id, model.price.unwrap_or_else(|| "no price".to_owned()));
    }
    Ok(())
}
