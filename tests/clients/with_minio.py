"""The everyday work of MinIO's Python client."""

import datetime
import io
import os
import urllib.request

from minio import Minio
from minio.commonconfig import ComposeSource, CopySource
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

place, bucket = os.environ["PLACE"], "with-minio"
client = Minio(
    os.environ["AWS_ENDPOINT_URL"].removeprefix("http://"),
    access_key=os.environ["AWS_ACCESS_KEY_ID"],
    secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    secure=False,
)
large = open(f"{place}/data/large.bin", "rb").read()

# It asks for the bucket's location first of all.
client.make_bucket(bucket)
assert client.bucket_exists(bucket) and not client.bucket_exists("no-such-bucket")
mine = next(b for b in client.list_buckets() if b.name == bucket)
assert mine.creation_date.year >= 2024
client.fput_object(bucket, "large.bin", f"{place}/data/large.bin", part_size=5 << 20, metadata={"run": "7"})
client.put_object(bucket, "small", io.BytesIO(b"small"), 5, content_type="text/plain")
client.fget_object(bucket, "large.bin", f"{place}/minio.bin")
assert open(f"{place}/minio.bin", "rb").read() == large
assert client.get_object(bucket, "large.bin", offset=10, length=10).read() == large[10:20]
stat = client.stat_object(bucket, "large.bin")
assert stat.size == len(large) and stat.metadata["x-amz-meta-run"] == "7"

client.copy_object(bucket, "copy", CopySource(bucket, "small"))
assert client.get_object(bucket, "copy").read() == b"small"
# Put together of parts of others.
sources = [ComposeSource(bucket, "large.bin"), ComposeSource(bucket, "large.bin", offset=10, length=10)]
client.compose_object(bucket, "composed", sources)
assert client.get_object(bucket, "composed").read() == large + large[10:20]
before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
try:
    client.copy_object(bucket, "copy", CopySource(bucket, "small", unmodified_since=before))
    raise SystemExit("a copy of what was modified since was made")
except S3Error as error:
    assert error.code == "PreconditionFailed"

assert [o.object_name for o in client.list_objects(bucket, recursive=True)] == ["composed", "copy", "large.bin", "small"]
assert len(list(client.list_objects(bucket, recursive=True, use_api_v1=True))) == 4
url = client.presigned_get_object(bucket, "small", expires=datetime.timedelta(days=7))
assert urllib.request.urlopen(url).read() == b"small"

errors = client.remove_objects(bucket, [DeleteObject(o.object_name) for o in client.list_objects(bucket, recursive=True)])
assert list(errors) == []
client.remove_bucket(bucket)
assert not client.bucket_exists(bucket)
