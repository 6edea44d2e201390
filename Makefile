# The commands that people type. Each check is defined once, in .ci/run.

.DEFAULT_GOAL := help

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | column -t -s '|'

quickstart: ## Run the quickstart on a server of its own
	go run ./examples/quickstart

test: ## Run all tests
	go test ./...

race: ## Run all tests with the race detector
	.ci/run race

lint: ## Vet, staticcheck and gofumpt
	.ci/run modules vet lint

fmt: ## Format all Go files
	go tool -modfile=tools/go.mod gofumpt -w .

generate: ## Write the generated clients of the examples and tests
	go generate ./...

golden: ## Write what the generator produces now into its golden files
	go test ./internal/gen -update

fuzz: ## Run each fuzz test for a few seconds
	.ci/run fuzz

site: ## Build the documentation site in tools/site/dist
	npm --prefix tools/site ci
	npm --prefix tools/site run build

site-serve: site ## Build the documentation site and serve it on this machine
	npm --prefix tools/site run preview

fresh: ## Run README's two commands in a fresh clone with empty caches
	.ci/run fresh

check: ## Run every check, as CI does
	.ci/run

.PHONY: help quickstart test race lint fmt generate golden fuzz site site-serve fresh check
