package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// readExposition fetches /metrics as ACCEPT says, reads it with Prometheus' own parser, and lints it when it is text.
func readExposition(url, accept string) (Facts, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d: %.200s", url, response.StatusCode, text)
	}
	format := expfmt.ResponseFormat(response.Header)
	families, err := decode(text, format)
	if err != nil {
		return nil, fmt.Errorf("%s as %q: %w", url, accept, err)
	}
	facts := Facts{"type": response.Header.Get("Content-Type"), "bytes": len(text)}
	facts["families"], facts["twice"] = summaries(families)
	if format.FormatType() == expfmt.TypeTextPlain {
		problems, err := promlint.New(bytes.NewReader(text)).Lint()
		if err != nil {
			return nil, fmt.Errorf("promlint: %w", err)
		}
		facts["problems"] = problems
	}
	return facts, nil
}

func decode(text []byte, format expfmt.Format) ([]*dto.MetricFamily, error) {
	decoder := expfmt.NewDecoder(bytes.NewReader(text), format)
	var families []*dto.MetricFamily
	for {
		family := new(dto.MetricFamily)
		err := decoder.Decode(family)
		if errors.Is(err, io.EOF) {
			return families, nil
		}
		if err != nil {
			return nil, err
		}
		families = append(families, family)
	}
}

// Family is one metric as it was read: its type, how many series it has, and their values by label text.
type Family struct {
	Type   string             `json:"type"`
	Help   string             `json:"help"`
	Unit   string             `json:"unit,omitempty"`
	Series map[string]float64 `json:"series"`
	Timed  int                `json:"timed"` // series with a timestamp of their own
}

// summaries are the families by name, and the names and labels that came more than once.
func summaries(families []*dto.MetricFamily) (map[string]Family, []string) {
	out, twice := map[string]Family{}, []string{}
	for _, family := range families {
		if _, known := out[family.GetName()]; known {
			twice = append(twice, family.GetName())
		}
		one := Family{family.GetType().String(), family.GetHelp(), family.GetUnit(), map[string]float64{}, 0}
		for _, metric := range family.GetMetric() {
			labels := labelText(metric)
			if _, known := one.Series[labels]; known {
				twice = append(twice, family.GetName()+labels)
			}
			one.Series[labels] = value(metric)
			if metric.TimestampMs != nil {
				one.Timed++
			}
		}
		out[family.GetName()] = one
	}
	return out, twice
}

func labelText(metric *dto.Metric) string {
	text := ""
	for _, pair := range metric.GetLabel() {
		text += fmt.Sprintf(",%s=%q", pair.GetName(), pair.GetValue())
	}
	return "{" + text[min(1, len(text)):] + "}"
}

func value(metric *dto.Metric) float64 {
	switch {
	case metric.Counter != nil:
		return metric.Counter.GetValue()
	case metric.Gauge != nil:
		return metric.Gauge.GetValue()
	case metric.Histogram != nil:
		return float64(metric.Histogram.GetSampleCount())
	case metric.Summary != nil:
		return float64(metric.Summary.GetSampleCount())
	}
	return metric.Untyped.GetValue()
}
