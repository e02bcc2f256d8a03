//! Deleting: an object, many at once, a bucket.

use s3s::{
    S3Request, S3Response, S3Result,
    dto::{
        DeleteBucketInput, DeleteBucketOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
        DeleteObjectsOutput, DeletedObject, ETagCondition, Error as NotDeleted,
    },
    s3_error,
};

use super::{
    backend::{Backend, on_disk},
    conditions::may_write,
    disk::Bucket,
};

/// S3's bound on the keys of one request.
const MOST_KEYS: usize = 1000;

/// Deletes an object of which the condition holds. Deleting what is not there is no error.
fn delete(bucket: &Bucket, key: &str, if_match: Option<&ETagCondition>) -> S3Result<()> {
    let lock = bucket.lock(key)?;
    let there = bucket.object(key)?;
    may_write(there.as_ref(), if_match, None)?;
    match there {
        Some(record) => bucket.forget(&lock, &record),
        None => Ok(()),
    }
}

impl Backend {
    pub(super) async fn delete(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket).await?;
        on_disk(move || delete(&bucket, &input.key, input.if_match.as_ref())).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    pub(super) async fn delete_many(&self, input: DeleteObjectsInput) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let bucket = self.bucket(&input.bucket).await?;
        let (keys, quiet) = (input.delete.objects, input.delete.quiet == Some(true));
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(s3_error!(MalformedXML, "one request deletes 1 to {MOST_KEYS} objects"));
        }
        let (deleted, errors) = on_disk(move || {
            let (mut deleted, mut errors) = (Vec::new(), Vec::new());
            for object in keys {
                let condition = object.e_tag.map(ETagCondition::ETag);
                match delete(&bucket, &object.key, condition.as_ref()) {
                    Ok(()) => deleted.push(DeletedObject { key: Some(object.key), ..Default::default() }),
                    Err(error) => errors.push(NotDeleted {
                        code: Some(error.code().as_str().to_owned()),
                        message: error.message().map(str::to_owned),
                        key: Some(object.key),
                        version_id: None,
                    }),
                }
            }
            Ok((deleted, errors))
        })
        .await?;
        let deleted = if quiet { Vec::new() } else { deleted };
        Ok(S3Response::new(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), request_charged: None }))
    }

    pub(super) async fn delete_bucket(&self, input: DeleteBucketInput) -> S3Result<S3Response<DeleteBucketOutput>> {
        let (disk, bucket) = (self.disk.clone(), self.bucket(&input.bucket).await?);
        on_disk(move || disk.remove_bucket(bucket)).await?;
        Ok(S3Response::with_status(DeleteBucketOutput {}, axum::http::StatusCode::NO_CONTENT))
    }
}
