# make test     everything the tests need, then the tests
# make tools    only what the tests need (a Neo node, an S3 server, three Python clients)
# make trial    the cases in trials/, played against the configured model; the page is target/trial.html
# make torture  thousands of payments, killed at every point, on the sandbox's chain and on a real one: minutes
# make fuzz     every reader of what others say, ten minutes each on changed inputs (AGENT_FUZZ names one, AGENT_FUZZ_SECONDS its time)
# make worst    the same readers on 16 MB of what is worst for each: minutes
# make clients  S3 programs of others (rclone, s5cmd, aws, boto3, minio, s3cmd) at their everyday work on the sandbox
# make mcp-conformance  the official conformance suite of the Model Context Protocol, on `agent mcp --http`
# make lean     the program without node, sandbox, MCP and trial, and with MCP, node and trial each by itself
# make lint     formatting, clippy and the docs, as CI checks them
# make deny     licences, sources, duplicates and bans of what Cargo.lock brings in (deny.toml)
# make clean-tools

TOOLS := $(or $(AGENT_TEST_TOOLS),target/test-tools)

.PHONY: test trial torture fuzz worst clients mcp-conformance tools client-tools lean lint deny clean-tools

test: tools
	cargo test --locked --workspace --features kill-points

trial:
	cargo run --locked --release -- trial --cases trials --report target/trial.html

torture: tools
	cargo test --locked --features kill-points --test it -- --ignored --nocapture --test-threads=1 torture::all_runs hostile::all

fuzz:
	cargo test --locked --features kill-points --test it -- --ignored --nocapture --test-threads=1 fuzz::all_that_nobody

worst:
	AGENT_WORST=1 cargo test --locked --features kill-points --lib -- --test-threads=1 worst::

clients: client-tools
	cargo test --locked --workspace --features kill-points --test it -- --ignored --nocapture clients::

mcp-conformance: client-tools
	cargo build --locked
	tests/conformance/run.sh $(TOOLS) $${CARGO_TARGET_DIR:-target}/debug/agent

client-tools: tools
	tests/clients/setup.sh $(TOOLS)

tools:
	tests/setup.sh $(TOOLS)

lean:
	for one in mcp node trial; do cargo check --locked --no-default-features --features $$one || exit 1; done
	cargo clippy --locked --no-default-features -- -D warnings
	cargo build --locked --no-default-features
	tests/lean.sh $${CARGO_TARGET_DIR:-target}/debug/agent

deny:
	tests/deny.sh $(TOOLS) bans licenses sources

lint:
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets --features kill-points -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

clean-tools:
	rm -rf $(TOOLS)
