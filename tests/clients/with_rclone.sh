# rclone's everyday work: copies up and down, sync, move, hashes of what it sent itself, deletions, buckets.
export RCLONE_CONFIG=$PLACE/rclone.conf
cat >"$RCLONE_CONFIG" <<CONF
[sandbox]
type = s3
provider = Other
access_key_id = $AWS_ACCESS_KEY_ID
secret_access_key = $AWS_SECRET_ACCESS_KEY
endpoint = $AWS_ENDPOINT_URL
region = $AWS_REGION
force_path_style = true
upload_cutoff = 6M
chunk_size = 5M
CONF
rclone=("$CLIENTS/rclone" --retries 1 --low-level-retries 1 --quiet)
to=sandbox:with-rclone

"${rclone[@]}" mkdir "$to"
"${rclone[@]}" copy "$PLACE/data" "$to/data"
"${rclone[@]}" check "$PLACE/data" "$to/data"
"${rclone[@]}" check --download "$PLACE/data" "$to/data"
[ "$("${rclone[@]}" lsf -R --files-only "$to" | wc -l)" = "$(find "$PLACE/data" -type f | wc -l)" ]
"${rclone[@]}" copy "$to/data" "$PLACE/back"
diff -r "$PLACE/data" "$PLACE/back"

# A copy and a move on the server, of a large file in parts too.
"${rclone[@]}" copyto --s3-copy-cutoff 5M "$to/data/large.bin" "$to/copy.bin"
"${rclone[@]}" moveto "$to/data/small.txt" "$to/moved.txt"
cmp <("${rclone[@]}" cat "$to/copy.bin") "$PLACE/data/large.bin"
cmp <("${rclone[@]}" cat "$to/moved.txt") "$PLACE/data/small.txt"
[ -z "$("${rclone[@]}" lsf "$to/data/small.txt")" ]

# Sync brings back what is missing and takes away what is too much; times are kept.
"${rclone[@]}" touch --timestamp 2020-01-02T03:04:05 "$to/copy.bin"
[ "$("${rclone[@]}" lsf --format t "$to/copy.bin" | cut -d' ' -f1)" = 2020-01-02 ]
"${rclone[@]}" sync "$PLACE/data" "$to/data"
"${rclone[@]}" check "$PLACE/data" "$to/data"
curl --silent --fail "$("${rclone[@]}" link --expire 1h "$to/moved.txt")" | cmp - "$PLACE/data/small.txt"
"${rclone[@]}" size --json "$to" | grep '"count"' >/dev/null
"${rclone[@]}" purge "$to"
[ -z "$("${rclone[@]}" lsd sandbox: | grep with-rclone)" ]
