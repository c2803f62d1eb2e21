// Command facts asks a daemon what a Go program would ask cAdvisor, with cAdvisor's own client packages and Prometheus'
// own parser, and prints what came out as one JSON object. tests/host/test_go_client.py compares it with the ring.
//
//	facts client URL CONTAINER [DOCKER]   every call of client and client/v2
//	facts events URL QUERY COUNT          EventStreamingInfo until COUNT events have come
//	facts wire URL KIND METHOD PATH       one answer: decoded strictly, encoded again by Go, compared byte by byte
//	facts exposition URL ACCEPT           /metrics through expfmt and promlint
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// Facts is what a command found out, by name.
type Facts map[string]any

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "facts:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	facts, err := command(words)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(facts)
}

func command(words []string) (Facts, error) {
	if len(words) < 2 {
		return nil, fmt.Errorf("usage: facts client|events|wire|exposition URL ...")
	}
	name, url, rest := words[0], words[1], append(words[2:], "", "", "")
	switch name {
	case "client":
		return askBoth(url, rest[0], rest[1])
	case "events":
		return follow(url, rest[0], rest[1])
	case "wire":
		return compareWire(url, rest[0], rest[1], rest[2])
	case "exposition":
		return readExposition(url, rest[0])
	}
	return nil, fmt.Errorf("there is no command %q", name)
}
