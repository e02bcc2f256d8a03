# make test     everything the tests need, then the tests
# make tools    only what the tests need (a Neo node, an S3 server, two Python clients)
# make lint     formatting and clippy, as CI checks them
# make clean-tools

TOOLS := $(or $(AGENT_TEST_TOOLS),target/test-tools)

.PHONY: test tools lint clean-tools

test: tools
	cargo test --locked

tools:
	tests/setup.sh $(TOOLS)

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

clean-tools:
	rm -rf $(TOOLS)
