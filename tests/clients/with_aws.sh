# The AWS command line's everyday work.
export AWS_CONFIG_FILE=$PLACE/aws.conf AWS_MAX_ATTEMPTS=1 AWS_PAGER=
cat >"$AWS_CONFIG_FILE" <<CONF
[default]
s3 =
    multipart_threshold = 6MB
    multipart_chunksize = 5MB
    addressing_style = path
    signature_version = s3v4
CONF
aws() { "$CLIENTS/python" "$CLIENTS/aws" "$@"; }

aws s3 mb s3://with-aws
aws s3 ls | grep 'with-aws$' >/dev/null
# An empty file goes by itself: after the answer to one, botocore 1.44 waits in vain on the same connection, at any server.
aws s3 cp --recursive --only-show-errors --exclude empty "$PLACE/data" s3://with-aws/data
aws s3 cp --only-show-errors "$PLACE/data/empty" s3://with-aws/data/empty
[ "$(aws s3 ls --recursive s3://with-aws | wc -l)" = "$(find "$PLACE/data" -type f | wc -l)" ]
aws s3 ls s3://with-aws/data/ | grep 'PRE deep/' >/dev/null
aws s3 sync --only-show-errors s3://with-aws/data "$PLACE/back"
diff -r "$PLACE/data" "$PLACE/back"
[ -z "$(aws s3 sync "$PLACE/data" s3://with-aws/data)" ]
aws s3 cp --only-show-errors s3://with-aws/data/large.bin s3://with-aws/copy.bin
aws s3 mv --only-show-errors s3://with-aws/data/small.txt s3://with-aws/moved.txt
aws s3 cp --only-show-errors s3://with-aws/copy.bin - | cmp - "$PLACE/data/large.bin"
aws s3 cp --only-show-errors s3://with-aws/moved.txt - | cmp - "$PLACE/data/small.txt"
aws s3 cp --only-show-errors --cache-control no-store --content-type text/x-fasta --metadata run=7 "$PLACE/data/small.txt" s3://with-aws/told.txt
aws s3api head-object --bucket with-aws --key told.txt --query '[CacheControl,ContentType,Metadata.run]' --output text |
    grep "$(printf 'no-store\ttext/x-fasta\t7')" >/dev/null
curl --silent --fail "$(aws s3 presign --expires-in 604800 s3://with-aws/moved.txt)" | cmp - "$PLACE/data/small.txt"
[ "$(curl --silent --output /dev/null --write-out '%{http_code}' "$(aws s3 presign --expires-in 604801 s3://with-aws/moved.txt)")" = 400 ]
listed=$(aws s3api list-objects --bucket with-aws --page-size 2 --query 'length(Contents)' --output json)
[ "$listed" = "$(aws s3 ls --recursive s3://with-aws | wc -l)" ]
aws s3api get-bucket-location --bucket with-aws --output text | grep None >/dev/null
aws s3 rm --recursive --only-show-errors s3://with-aws/data
aws s3 rb --force s3://with-aws >/dev/null
! aws s3 ls s3://with-aws 2>/dev/null
