# Shortcuts; README.md has the two commands that a fresh machine needs.
tool = go tool -modfile=test/tools/go.mod

.PHONY: demo test check lint format golden pictures

demo: # a whole hub and its agencies on this machine, with the story
	go run ./cmd/handrail demo

test:
	go test ./...

check: # everything that must hold before a change is taken
	.ci/run

lint:
	$(tool) golangci-lint run ./...

format:
	$(tool) golangci-lint fmt ./...

golden: # rewrite schemas, tables, vectors and diagrams from the code; the vectors' own table last
	go test $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' --exclude-dir=vectors contracts events | xargs -n1 dirname | sort -u | sed 's|^|./|') -update
	go test ./services/agency/systems -run Published -update
	go test ./contracts/vectors -update

pictures: # take README.md's pictures anew, in Chromium
	go test ./test/browser -run '^TestTheGuidedPathOfTheStartPage$$/^(mouse|phone)$$' -count=1 -update
