//! Makes a link by which anyone who has it could read an object for an hour. Nothing is sent.

use std::{error::Error, time::Duration};

use storage::{S3Settings, Storage};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = Storage::new(&S3Settings {
        endpoint: "https://s3.aiozstorage.network".parse()?,
        region: "us-east-1".to_owned(),
        bucket: "datasets".to_owned(),
        access_key: "key".to_owned().into(),
        secret_key: "secret".to_owned().into(),
    })?;
    println!("{}", storage.address("reads.fastq.gz"));
    println!("{}", storage.presign_get("reads.fastq.gz", Duration::from_secs(3600)).await?);
    Ok(())
}
