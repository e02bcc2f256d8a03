# s3cmd's everyday work: it lists as S3 did at first.
host=${AWS_ENDPOINT_URL#http://}
s3() {
    "$CLIENTS/python" "$CLIENTS/s3cmd" --config=/dev/null --access_key="$AWS_ACCESS_KEY_ID" --secret_key="$AWS_SECRET_ACCESS_KEY" \
        --host="$host" --host-bucket="$host" --region="$AWS_REGION" --no-ssl --no-progress --max-retries=1 "$@"
}

s3 mb s3://with-s3cmd >/dev/null
s3 put --recursive --multipart-chunk-size-mb=5 "$PLACE/data" s3://with-s3cmd/ >/dev/null
[ "$(s3 ls --recursive s3://with-s3cmd | wc -l)" = "$(find "$PLACE/data" -type f | wc -l)" ]
s3 ls s3://with-s3cmd/data/ | grep 'DIR .*deep/' >/dev/null
mkdir "$PLACE/back"
s3 get --recursive s3://with-s3cmd/data/ "$PLACE/back/" >/dev/null
diff -r "$PLACE/data" "$PLACE/back"
s3 cp s3://with-s3cmd/data/small.txt s3://with-s3cmd/copy.txt >/dev/null
s3 mv s3://with-s3cmd/copy.txt s3://with-s3cmd/moved.txt >/dev/null
s3 get s3://with-s3cmd/moved.txt - 2>/dev/null | cmp - "$PLACE/data/small.txt"
s3 info s3://with-s3cmd/moved.txt | grep 'File size' >/dev/null
s3 info s3://with-s3cmd | grep us-east-1 >/dev/null
s3 du s3://with-s3cmd >/dev/null
curl --silent --fail "$(s3 signurl s3://with-s3cmd/moved.txt +3600)" | cmp - "$PLACE/data/small.txt"
s3 del --recursive --force s3://with-s3cmd/ >/dev/null
s3 rb s3://with-s3cmd >/dev/null
