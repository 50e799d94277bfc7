# The verbs of this project; `make` alone prints them. CI calls nothing else (.ci/run).
# Everything that is installed goes into .venv, .venv-ministack and .tools of this folder, once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

FUNCTIONS := after-federation approvals before-creating-user before-token events maintenance notices otp-send provisioning webhooks
PACKAGES := $(addprefix --package ,$(FUNCTIONS))
TARGET := $(or $(CARGO_TARGET_DIR),target)

PORT ?= 9000
DYNAMODB_PORT ?= 8000
ENTRA_PORT ?= 7000
SMTP_PORT ?= 2525
FUZZ_SECONDS ?= 20
FUZZ_TARGETS := $(sort $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs))))

CARGO_DENY := 0.20.2
CARGO_FUZZ := 0.13.2

# `cargo lambda` and the zig that it links with are found through PATH.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
# Where the black-box tests and the rehearsal find the functions: as `make dev` builds them, for optimising takes minutes.
# `make test-release` has what is deployed.
export FUNCTIONS_DIR ?= $(abspath $(TARGET)/debug)
export SAM_CLI_TELEMETRY := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## Print this
	@awk -F ': .*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- on this machine

.PHONY: dev
dev: .venv/.installed dev-binaries ## Run everything on this machine until Ctrl-C (ENTRA_PORT=7000 PORT=9000 DYNAMODB_PORT=8000 SMTP_PORT=2525)
	@exec $(TARGET)/debug/local --entra-port $(ENTRA_PORT) --port $(PORT) --dynamodb-port $(DYNAMODB_PORT) --smtp-port $(SMTP_PORT)

# All at once: built one by one they would enable different features of the same dependencies, and build those again.
.PHONY: dev-binaries
dev-binaries:
	@cargo build --locked --workspace --bins

# --- tests

.PHONY: test
test: .venv/.installed dev-binaries ## Set up and run every test, those of the functions from outside and in a browser too
	cargo test --locked --workspace --no-fail-fast
	$(MAKE) --no-print-directory test-browser

# One file after the other: each starts everything that `make dev` does.
.PHONY: test-browser
test-browser: .venv/.installed dev-binaries chromium tests/browser/node_modules/.installed ## Sign up in a real browser; screenshots go to target/browser
	rm -rf $(TARGET)/browser
	cd tests/browser && node --test --test-concurrency=1 --test-reporter=spec

.PHONY: test-release
test-release: .venv/.installed build-native ## Run the tests from outside and the rehearsal with optimised functions
	FUNCTIONS_DIR=$(abspath $(TARGET)/release) cargo test --locked --package blackbox
	$(MAKE) --no-print-directory rehearse FUNCTIONS_DIR=$(abspath $(TARGET)/release)

.PHONY: fuzz
fuzz: .tools/cargo-fuzz-$(CARGO_FUZZ) ## Fuzz each target for a while (FUZZ_SECONDS=20)
	cargo fetch --locked --manifest-path fuzz/Cargo.toml
	cargo fuzz build --sanitizer none
	@for target in $(FUZZ_TARGETS); do \
		echo "--- $$target, $(FUZZ_SECONDS) s"; \
		mkdir -p "fuzz/corpus/$$target"; \
		cargo fuzz run --sanitizer none "$$target" "fuzz/corpus/$$target" "fuzz/seeds/$$target" -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=5 -max_len=16384 -verbosity=0 -print_final_stats=1; \
	done

# Each request gets one account, whatever fails; `make test` does the same with few, and for a short time.
CAMPAIGN_REQUESTS ?= 2000
.PHONY: campaign
campaign: dev-binaries ## Make accounts while Graph fails and processes are killed at random (CAMPAIGN_REQUESTS=2000)
	CAMPAIGN_REQUESTS=$(CAMPAIGN_REQUESTS) cargo test --locked --package blackbox campaign -- --nocapture

# Each event is told at least once, whatever fails; days pass in seconds.
CAMPAIGN_EVENTS ?= 10000
.PHONY: campaign-events
campaign-events: ## Tell endpoints of events while they and the queue fail (CAMPAIGN_EVENTS=10000)
	CAMPAIGN_EVENTS=$(CAMPAIGN_EVENTS) cargo test --locked --package shared --test webhooks campaign -- --nocapture

.PHONY: rehearse
rehearse: .venv/.installed .venv-ministack/.installed dev-binaries ## Deploy the template into an AWS emulator and sign up through it
	.venv/bin/python tools/templates/rehearse.py --binaries $(FUNCTIONS_DIR) --signupctl $(TARGET)/debug/signupctl

# The functions that are measured are built as they are deployed, with the features that all functions together need.
MEASURED := before-creating-user after-federation
BENCH := $(TARGET)/release/bench
VALGRIND = "$$(command -v valgrind)"

# BENCH_FLAGS are further ones for one of the targets below.
.PHONY: bench
bench: bench-functions cost bench-lists bench-rules bench-instances bench-import bench-paging bench-policy ## Measure everything, and write docs/performance.md anew

.PHONY: bench-build
bench-build:
	cargo build --locked --release --package benches --bin bench

# Together, as `sam build` makes them: what one alone needs of a shared dependency is dropped where it is linked.
.PHONY: bench-measured
bench-measured:
	cargo build --locked --release $(PACKAGES) $(addprefix --bin ,$(MEASURED))

# The functions of other hands are built apart from ours, so that neither changes what the other has of a shared dependency.
NODE_BENCH := benches/alternatives/node
.PHONY: bench-functions
bench-functions: .venv-bench/.installed $(NODE_BENCH)/dist/index.cjs valgrind bench-measured bench-build ## Measure the functions as they are deployed, beside others
	cargo build --locked --release --package bench-bare --package bench-bare-batch
	$(BENCH) functions --functions $(TARGET)/release --packages $(TARGET)/lambda --node "$$(command -v node)" \
		--python .venv-bench/bin/python --valgrind $(VALGRIND) $(BENCH_FLAGS)

.PHONY: bench-lists bench-rules bench-instances
bench-lists bench-rules bench-instances: bench-%: bench-measured bench-build
	$(BENCH) $* --functions $(TARGET)/release $(BENCH_FLAGS)

# The last fails when a decision or compiling takes more than it may.
.PHONY: bench-import bench-paging bench-policy
bench-import bench-paging bench-policy: bench-%: bench-build
	$(BENCH) $* $(BENCH_FLAGS)

.PHONY: bench-report
bench-report: bench-build ## Write the tables of docs/performance.md again of what was measured last
	$(BENCH) report > /dev/null

.PHONY: cost
cost: bench-build ## Compute what a million sign-ups cost, by what bench-functions has measured and the prices in benches/prices.toml
	$(BENCH) cost

# Nothing of it depends on how fast the machine is, so the program that counts need not be optimised, but the functions are.
GUARD = $(TARGET)/debug/bench guard --functions $(TARGET)/release --valgrind $(VALGRIND)
.PHONY: guard
guard: dev-binaries valgrind bench-measured ## Compare instructions, calls, units, sizes and crates with benches/baseline.json
	$(GUARD)

.PHONY: guard-baseline
guard-baseline: dev-binaries valgrind bench-measured ## Take them on as they are: writes benches/baseline.json
	$(GUARD) --write

# --- quality

.PHONY: lint
lint: .tools/cargo-deny-$(CARGO_DENY) ## Check format, lints, documentation, licences and dependencies
	cargo fmt --all --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir $(TARGET) -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps --document-private-items
	cargo deny --locked check --hide-inclusion-graph bans licenses sources

.PHONY: lint-templates
lint-templates: .venv/.installed ## Check the CloudFormation templates, without an account
	.venv/bin/python tools/templates/lint.py --self-test
	.venv/bin/python tools/templates/lint.py

# --- what is deployed

# BUILD_FLAGS are further ones for `cargo lambda build`.
.PHONY: build
build: .venv/.installed arm64-target ## Build the functions for Lambda: target/lambda/*/bootstrap.zip
	cargo lambda build --locked --release --arm64 --output-format zip $(BUILD_FLAGS) $(PACKAGES)

# Together, as `sam build` makes them: what one alone needs of a shared dependency is dropped where it is linked.
.PHONY: build-native
build-native: ## Build the functions for this machine as they are deployed: target/release
	cargo build --locked --release $(PACKAGES)

.PHONY: deploy
deploy: .venv/.installed arm64-target ## Deploy with your AWS credentials; STAGE is a section of samconfig.toml, without it you are asked
	sam build $(if $(STAGE),--config-env $(STAGE))
	sam deploy $(if $(STAGE),--config-env $(STAGE),--guided)

# --- set up

.PHONY: setup
setup: .venv/.installed arm64-target ## Install what building and deploying need

.venv/.installed: tools/templates/requirements.txt
	test -x .venv/bin/python || python3 -m venv .venv
	.venv/bin/python -m pip install --quiet --requirement $<
	@touch $@

tests/browser/node_modules/.installed: tests/browser/package.json tests/browser/package-lock.json
	npm ci --prefix tests/browser
	@touch $@

# Found where distributions put it, or named with CHROMIUM=.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
CHROMIUM_PACKAGES := chromium fonts-noto-cjk

.PHONY: chromium
chromium:
ifeq ($(CHROMIUM),)
	@if [[ $$(id -u) == 0 ]] && command -v apt-get > /dev/null; then \
		apt-get update && apt-get install -y --no-install-recommends $(CHROMIUM_PACKAGES); \
	else \
		echo 'Chromium is missing: install the packages $(CHROMIUM_PACKAGES), or name one with CHROMIUM=/path/to/it' >&2; \
		exit 1; \
	fi
endif

.venv-ministack/.installed: tools/templates/requirements-rehearse.txt
	test -x .venv-ministack/bin/python || python3 -m venv .venv-ministack
	.venv-ministack/bin/python -m pip install --quiet --requirement $<
	@touch $@

.venv-bench/.installed: benches/alternatives/python/requirements.txt
	test -x .venv-bench/bin/python || python3 -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --requirement $<
	@touch $@

$(NODE_BENCH)/dist/index.cjs: $(addprefix $(NODE_BENCH)/,package.json package-lock.json runtime.mjs handler.mjs)
	npm ci --prefix $(NODE_BENCH)
	npm run build --prefix $(NODE_BENCH)

.PHONY: valgrind
valgrind:
	@command -v valgrind > /dev/null || { \
		if [[ $$(id -u) == 0 ]] && command -v apt-get > /dev/null; then \
			apt-get update && apt-get install -y --no-install-recommends valgrind; \
		else \
			echo 'valgrind is missing: install the package valgrind' >&2; \
			exit 1; \
		fi; \
	}

# Not optimised: they run for seconds, and optimising them takes minutes.
.tools/cargo-deny-$(CARGO_DENY) .tools/cargo-fuzz-$(CARGO_FUZZ): .tools/%:
	CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root .tools $(call tool,$*)
	@touch $@

# `cargo-deny-1.2.3` is the crate `cargo-deny` in the version 1.2.3.
tool = $(patsubst %-$(lastword $(subst -, ,$1)),%,$1)@$(lastword $(subst -, ,$1))

# The standard library for the functions' processor.
.PHONY: arm64-target
arm64-target:
	@rustup target list --installed | grep -qx aarch64-unknown-linux-gnu || rustup target add aarch64-unknown-linux-gnu

.PHONY: clean
clean: ## Remove what was built; the state in .local and the installed tools stay
	cargo clean
	rm -rf .aws-sam .build fuzz/target fuzz/corpus fuzz/artifacts
