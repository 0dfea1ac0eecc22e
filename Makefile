# month-close: the commands people type. Each is a script in scripts/, which says more about itself.

.PHONY: help demo trial manuals test bench e2e endtoend chaos simulate containers messages lint format build release clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: ## watch a month close on this machine (DEMO_ACCOUNTS=1000, KEEP=1)
	@scripts/demo

trial: ## a broker, a sandbox gateway, a mail sink and the services for a month of your own
	@scripts/trial

test: ## run every test, a real broker and real processes included
	@scripts/test

e2e: ## only the tests with real processes, at full size (E2E_ACCOUNTS=5000)
	@scripts/e2e/run

endtoend: ## tests with real processes in Python: forged, restored, lied to (ARGS="-k restored -x")
	@scripts/endtoend $(ARGS)

chaos: ## faults in real processes, broker, lines, disk, at full size (SCENARIOS="C07 B01", SHORT=yes)
	@scripts/chaos/run $(if $(SHORT),--short) $(SCENARIOS)

simulate: ## close small months under every fault, a seed each (SEEDS=300, FIRST=1)
	@scripts/simulate $(SEEDS)

bench: ## measure closes (ACCOUNTS="2000 20000 100000" LATENCY="0 300")
	@scripts/bench

messages: ## write docs/messages anew from the code
	@MONTHCLOSE_PUBLISH_MESSAGES=yes swift test --disable-xctest --filter PublishedContractTests

containers: ## compose/ and systemd/ really run, in podman as root (FORMS="small-form systemd-form")
	@scripts/containers/run $(FORMS)

manuals: ## completions and manual pages of closectl and sandbox, in .build/share
	@scripts/manuals

lint: ## formatting of Swift and the shell scripts' own checker
	@scripts/lint

format: ## bring the Swift sources into shape
	swift format --in-place --recursive Sources Tests Package.swift

build: ## debug build
	swift build

release: ## release build
	swift build -c release

clean: ## remove what was built and what trial runs left behind
	rm -rf .build .run
