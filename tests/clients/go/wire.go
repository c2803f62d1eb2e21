package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	v1 "github.com/google/cadvisor/info/v1"
	v2 "github.com/google/cadvisor/info/v2"
)

// kinds are cAdvisor's types of the answers, by the name a test gives them.
var kinds = map[string]func() any{
	"v1.ContainerInfo":    func() any { return new(v1.ContainerInfo) },
	"v1.ContainerInfos":   func() any { return new([]v1.ContainerInfo) },
	"v1.ContainerInfoMap": func() any { return new(map[string]v1.ContainerInfo) },
	"v1.MachineInfo":      func() any { return new(v1.MachineInfo) },
	"v1.Events":           func() any { return new([]*v1.Event) },
	"v2.ContainerInfoMap": func() any { return new(map[string]v2.ContainerInfo) },
	"v2.DeprecatedStats":  func() any { return new(map[string][]v2.DeprecatedContainerStats) },
	"v2.SpecMap":          func() any { return new(map[string]v2.ContainerSpec) },
	"v2.SummaryMap":       func() any { return new(map[string]v2.DerivedStats) },
	"v2.Attributes":       func() any { return new(v2.Attributes) },
	"v2.MachineStats":     func() any { return new([]v2.MachineStats) },
	"v2.FsInfos":          func() any { return new([]v2.FsInfo) },
	"v2.Processes":        func() any { return new([]v2.ProcessInfo) },
	"string":              func() any { return new(string) },
}

// compareWire decodes an answer into cAdvisor's type, refusing fields it does not have, and encodes it again. What
// differs from the text that came is what cAdvisor would have written otherwise.
func compareWire(url, kind, method, path string) (Facts, error) {
	make, known := kinds[kind]
	if !known {
		return nil, fmt.Errorf("there is no kind %q", kind)
	}
	request, err := http.NewRequest(method, url+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	facts := Facts{"status": response.StatusCode, "type": response.Header.Get("Content-Type"), "bytes": len(text)}
	into := make()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		facts["refused"] = err.Error()
		return facts, nil
	}
	again, err := json.Marshal(into)
	if err != nil {
		return nil, err
	}
	if at := firstDifference(text, again); at >= 0 {
		facts["ours"], facts["gos"] = around(text, at), around(again, at)
	}
	return facts, nil
}

// firstDifference is where two texts part, -1 when they are equal.
func firstDifference(one, other []byte) int {
	for at := range min(len(one), len(other)) {
		if one[at] != other[at] {
			return at
		}
	}
	if len(one) == len(other) {
		return -1
	}
	return min(len(one), len(other))
}

func around(text []byte, at int) string {
	return string(text[max(0, at-120):min(len(text), at+120)])
}
