"""boto3's everyday work."""

import datetime
import io
import os
import urllib.error
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

place, bucket = os.environ["PLACE"], "with-boto3"
config = Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1})
s3 = boto3.client("s3", config=config)
large = open(f"{place}/data/large.bin", "rb").read()
parts = TransferConfig(multipart_threshold=6 << 20, multipart_chunksize=5 << 20)


def refused(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    raise SystemExit("it was not refused")


s3.create_bucket(Bucket=bucket)
assert bucket in [b["Name"] for b in s3.list_buckets()["Buckets"]]
assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
s3.upload_file(f"{place}/data/large.bin", bucket, "large.bin", Config=parts, ExtraArgs={"Metadata": {"run": "7"}})
s3.put_object(Bucket=bucket, Key="small", Body=b"small", ContentType="text/plain")
out = io.BytesIO()
s3.download_fileobj(bucket, "large.bin", out, Config=parts)
assert out.getvalue() == large
assert s3.get_object(Bucket=bucket, Key="large.bin", Range="bytes=10-19")["Body"].read() == large[10:20]

# Every algorithm of checksums that it knows without more packages.
for algorithm in ["CRC32", "SHA1", "SHA256"]:
    s3.put_object(Bucket=bucket, Key=f"sum-{algorithm}", Body=b"sum", ChecksumAlgorithm=algorithm)
    begun = s3.create_multipart_upload(Bucket=bucket, Key="parts", ChecksumAlgorithm=algorithm)
    part = s3.upload_part(
        Bucket=bucket, Key="parts", UploadId=begun["UploadId"], PartNumber=1, Body=b"part", ChecksumAlgorithm=algorithm
    )
    named = {"ETag": part["ETag"], "PartNumber": 1, f"Checksum{algorithm}": part[f"Checksum{algorithm}"]}
    s3.complete_multipart_upload(
        Bucket=bucket, Key="parts", UploadId=begun["UploadId"], MultipartUpload={"Parts": [named]}
    )
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"part"

# A managed copy goes in parts.
s3.copy({"Bucket": bucket, "Key": "large.bin"}, bucket, "copy ü.bin", Config=parts)
assert s3.get_object(Bucket=bucket, Key="copy ü.bin")["Body"].read() == large
assert s3.head_object(Bucket=bucket, Key="copy ü.bin")["Metadata"] == {"run": "7"}

# Conditions.
head = s3.head_object(Bucket=bucket, Key="small")
modified = head["LastModified"]
assert refused(s3.get_object, Bucket=bucket, Key="small", IfModifiedSince=modified)[0] == 304
assert refused(s3.get_object, Bucket=bucket, Key="small", IfNoneMatch=head["ETag"])[0] == 304
before = modified - datetime.timedelta(hours=1)
assert refused(s3.get_object, Bucket=bucket, Key="small", IfUnmodifiedSince=before)[0] == 412
source = {"Bucket": bucket, "Key": "small"}
assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=source, CopySourceIfUnmodifiedSince=before)[0] == 412
assert refused(s3.copy_object, Bucket=bucket, Key="small", CopySource=source)[1] == "InvalidRequest"
assert refused(s3.put_object, Bucket=bucket, Key="small", Body=b"", IfNoneMatch="*")[1] == "PreconditionFailed"

# Pages, of both kinds of listing.
for n in range(7):
    s3.put_object(Bucket=bucket, Key=f"many/{n % 3}/{n}", Body=b"x")
for kind in ["list_objects", "list_objects_v2"]:
    pages = s3.get_paginator(kind).paginate(Bucket=bucket, Prefix="many/", PaginationConfig={"PageSize": 2})
    assert [o["Key"] for page in pages for o in page["Contents"]] == sorted(f"many/{n % 3}/{n}" for n in range(7))
    pages = s3.get_paginator(kind).paginate(
        Bucket=bucket, Prefix="many/", Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    assert [p["Prefix"] for page in pages for p in page["CommonPrefixes"]] == ["many/0/", "many/1/", "many/2/"]

# Signed URLs, for a week and no longer.
get = {"Bucket": bucket, "Key": "small"}
week = s3.generate_presigned_url("get_object", Params=get, ExpiresIn=604_800)
assert urllib.request.urlopen(week).read() == b"small"
try:
    urllib.request.urlopen(s3.generate_presigned_url("get_object", Params=get, ExpiresIn=604_801))
    raise SystemExit("a URL for longer than a week was taken")
except urllib.error.HTTPError as error:
    assert error.code == 400 and b"AuthorizationQueryParametersError" in error.read()
put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "put"})
urllib.request.urlopen(urllib.request.Request(put, data=b"put", method="PUT"))
assert s3.get_object(Bucket=bucket, Key="put")["Body"].read() == b"put"

assert refused(s3.delete_bucket, Bucket=bucket)[1] == "BucketNotEmpty"
keys = [{"Key": o["Key"]} for o in s3.list_objects_v2(Bucket=bucket)["Contents"]]
gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
assert len(gone["Deleted"]) == len(keys) and "Errors" not in gone
s3.delete_bucket(Bucket=bucket)
assert refused(s3.head_bucket, Bucket=bucket)[0] == 404
