//~ E0308
//! Storage takes nothing but a permit.
use guard::policy::permit::Upload;
use storage::Storage;

async fn upload(storage: &Storage, upload: Upload) {
    let _ = storage.upload(upload, &|_, _| {}).await;
}

fn main() {}
