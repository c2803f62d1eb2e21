module pycadvisor-fast/tests/clients

go 1.25.0

// v0.60.6 asks for lib v0.0.0, which exists only inside its own repository; the same lib was published under its tag.
replace github.com/google/cadvisor/lib v0.0.0 => github.com/google/cadvisor/lib v0.60.6

require (
	github.com/google/cadvisor v0.60.6
	github.com/prometheus/client_golang v1.22.0
	github.com/prometheus/client_model v0.6.2
	github.com/prometheus/common v0.64.0
)

require (
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/google/cadvisor/lib v0.0.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
	k8s.io/klog/v2 v2.130.1 // indirect
)
