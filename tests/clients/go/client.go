package main

import (
	"fmt"
	"strconv"

	v1client "github.com/google/cadvisor/client"
	v2client "github.com/google/cadvisor/client/v2"
	v1 "github.com/google/cadvisor/info/v1"
	v2 "github.com/google/cadvisor/info/v2"
)

// askBoth calls every method of both clients. A call that fails leaves its error under "errors" and nothing else.
func askBoth(url, container, docker string) (Facts, error) {
	facts, errors := Facts{}, map[string]string{}
	note := func(name string, value any, err error) {
		if err != nil {
			errors[name] = err.Error()
			return
		}
		facts[name] = value
	}
	if err := askV1(url, container, docker, note); err != nil {
		return nil, err
	}
	if err := askV2(url, container, docker, note); err != nil {
		return nil, err
	}
	facts["errors"] = errors
	return facts, nil
}

func askV1(url, container, docker string, note func(string, any, error)) error {
	client, err := v1client.NewClient(url)
	if err != nil {
		return err
	}
	query := &v1.ContainerInfoRequest{NumStats: 3}
	machine, err := client.MachineInfo()
	note("machine", machine, err)
	info, err := client.ContainerInfo(container, query)
	note("container", info, err)
	below, err := client.SubcontainersInfo(container, query)
	note("subcontainers", below, err)
	_, err = client.ContainerInfo("/pcf-there-is-no-such", query)
	note("nobody", nil, err)
	events, err := client.EventStaticInfo("?creation_events=true&subcontainers=true&max_events=5")
	note("events", events, err)
	if docker == "" {
		return nil
	}
	one, err := client.DockerContainer(docker, query)
	note("docker", one, err)
	all, err := client.AllDockerContainers(query)
	note("all_docker", all, err)
	return nil
}

func askV2(url, container, docker string, note func(string, any, error)) error {
	client, err := v2client.NewClient(url)
	if err != nil {
		return err
	}
	version, err := client.VersionInfo()
	note("v2_version", version, err)
	attributes, err := client.Attributes()
	note("v2_attributes", attributes, err)
	machine, err := client.MachineInfo()
	note("v2_machine", machine, err)
	machineStats, err := client.MachineStats()
	note("v2_machinestats", machineStats, err)
	stats, err := client.Stats(container, &v2.RequestOptions{IdType: v2.TypeName, Count: 2})
	note("v2_stats", stats, err)
	all, err := client.Stats("/", &v2.RequestOptions{IdType: v2.TypeName, Count: 1, Recursive: true})
	note("v2_all", all, err)
	if docker != "" {
		one, err := client.Stats(docker, &v2.RequestOptions{IdType: v2.TypeDocker, Count: 2})
		note("v2_docker", one, err)
	}
	return nil
}

// follow reads a stream of events with cAdvisor's own streaming call until count of them have come.
func follow(url, query, count string) (Facts, error) {
	wanted, err := strconv.Atoi(count)
	if err != nil {
		return nil, fmt.Errorf("COUNT: %w", err)
	}
	client, err := v1client.NewClient(url)
	if err != nil {
		return nil, err
	}
	heard, ended := make(chan *v1.Event), make(chan error, 1)
	go func() { ended <- client.EventStreamingInfo("?stream=true&"+query, heard) }()
	var events []v1.Event
	for len(events) < wanted {
		select {
		case event := <-heard:
			events = append(events, *event) // a copy: the client decodes the next one into the same place
		case err := <-ended:
			return nil, fmt.Errorf("the stream ended after %d events: %v", len(events), err)
		}
	}
	return Facts{"events": events}, nil
}
