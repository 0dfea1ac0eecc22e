# month-close: the commands for people. Each one is a script in scripts/, which documents itself.

.PHONY: help demo trial manuals test test-rest test-all bench endtoend chaos simulate containers messages lint format build release clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: ## watch a month close on this machine (DEMO_ACCOUNTS=1000, KEEP=1)
	@scripts/demo

trial: ## start a broker, a sandbox gateway, a mail sink and the services for your own month
	@scripts/trial

test: ## run every kind of test, including those with a real broker and real processes
	@scripts/test

test-rest: ## run what make test leaves out, because it lasts long
	@scripts/test --rest

test-all: test test-rest ## both

endtoend: ## run only the tests with real processes (ARGS="-k restored -x"; ARGS="-m full": at full size)
	@scripts/endtoend $(ARGS)

chaos: ## inject faults into real processes, broker, connections, disk (ARGS="-k boundary", SHORT=yes)
	@ENDTOEND_PROCESSES=$${ENDTOEND_PROCESSES:-1} scripts/endtoend -rP --durations=0 \
	  -m "fault and $(if $(SHORT),not full,full)" $(ARGS)

simulate: ## close small months under every fault, a seed each (SEEDS=300, FIRST=1)
	@scripts/simulate $(SEEDS)

bench: ## measure closes (ACCOUNTS="2000 20000 100000" LATENCY="0 300")
	@scripts/bench

messages: ## regenerate docs/messages from the code
	@MONTHCLOSE_PUBLISH_MESSAGES=yes swift test --disable-xctest --filter PublishedContractTests

containers: ## run compose/ and systemd/ in podman, as root (ARGS="-k small")
	@scripts/endtoend --containers $(ARGS)

manuals: ## write completions and manual pages of closectl and sandbox to .build/share
	@scripts/manuals

lint: ## check the form of Swift, shell and Python files
	@scripts/lint

format: ## format the Swift sources
	swift format --in-place --recursive Sources Tests Package.swift

build: ## debug build
	swift build

release: ## release build
	swift build -c release

clean: ## remove everything that was built and the files of trial runs
	rm -rf .build .run
