# s5cmd's everyday work.
s5() { "$CLIENTS/s5cmd" --endpoint-url "$AWS_ENDPOINT_URL" --retry-count 0 "$@"; }

s5 mb s3://with-s5cmd
s5 cp --part-size 5 "$PLACE/data/" s3://with-s5cmd/data/
[ "$(s5 ls 's3://with-s5cmd/data/*' | wc -l)" = "$(find "$PLACE/data" -type f | wc -l)" ]
s5 ls s3://with-s5cmd/data/ | grep 'DIR  *deep/' >/dev/null
s5 cp 's3://with-s5cmd/data/*' "$PLACE/back/"
diff -r "$PLACE/data" "$PLACE/back"
s5 cp s3://with-s5cmd/data/small.txt s3://with-s5cmd/copy.txt
s5 mv s3://with-s5cmd/copy.txt s3://with-s5cmd/moved.txt
s5 cat s3://with-s5cmd/moved.txt | cmp - "$PLACE/data/small.txt"
s5 --json head s3://with-s5cmd/moved.txt | grep '"size":6' >/dev/null
s5 du 's3://with-s5cmd/*' | grep bytes >/dev/null
s5 cat s3://with-s5cmd/data/large.bin | cmp - "$PLACE/data/large.bin"
curl --silent --fail "$(s5 presign s3://with-s5cmd/moved.txt)" | cmp - "$PLACE/data/small.txt"
echo changed >"$PLACE/back/small.txt"
s5 sync --delete "$PLACE/back/" s3://with-s5cmd/data/
s5 cat s3://with-s5cmd/data/small.txt | grep changed >/dev/null
s5 rm 's3://with-s5cmd/*' >/dev/null
s5 rb s3://with-s5cmd
