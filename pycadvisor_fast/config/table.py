"""The one table of settings: flags, environment, TOML file, --help and docs/configuration.md derive from it.

Names, types and defaults of cAdvisor's flags are those of its own command line (baseline: July 2026), so that a command
line written for cAdvisor starts here. Plain data, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..columns import GROUPS
from . import values as v
from .kinds import GROUPS_OF_KIND

_SECOND = 10**9
_MINUTE = 60 * _SECOND

ACTS = "acts"  # has its effect today
LATER = "later"  # accepted with a warning: what it configures is not there yet
IGNORED = "ignored"  # accepted in silence: there is nothing here for it to change


@dataclass(frozen=True)
class Setting:
    """One setting. ``group`` is its heading in --help; ``state`` is ACTS, LATER or IGNORED."""

    name: str
    type: v.ValueType
    default: Any
    group: str
    help: str
    state: str = ACTS
    is_cadvisors: bool = False

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return "PYCADVISOR_FAST_" + self.name.upper().replace("-", "_")


def _theirs(group: str, state: str, *entries: tuple[str, v.ValueType, Any, str]) -> tuple[Setting, ...]:
    return tuple(Setting(name, kind, default, group, text, state, True) for name, kind, default, text in entries)


_KINDS = v.words_of(GROUPS_OF_KIND, "metric kind")

_SAMPLING = (
    *_theirs(
        "Sampling",
        ACTS,
        (
            "housekeeping_interval",
            v.INTERVAL,
            _SECOND,
            "base sampling interval; groups that are slower by default stay so",
        ),
    ),
    Setting(
        "interval",
        v.intervals_of(group.name for group in GROUPS),
        {},
        "Sampling",
        "interval of one group, or of all; repeat it or give a comma list; GROUP=off switches a group off",
    ),
    *_theirs(
        "Sampling",
        ACTS,
        ("storage_duration", v.POSITIVE_DURATION, 2 * _MINUTE, "how much history the ring keeps"),
        ("disable_metrics", _KINDS, (), "metric kinds switched off (unlike cAdvisor's, the default list is empty)"),
        ("enable_metrics", _KINDS, (), "if not empty: exactly these metric kinds are on, disable_metrics is ignored"),
    ),
    Setting("source", v.choice("auto", "file"), "auto", "Sampling", "where numbers come from"),
    Setting(
        "reader",
        v.choice("auto", "pread", "openat", "uring"),
        "auto",
        "Sampling",
        "how kernel files are read; auto measures at start and takes the cheapest",
    ),
    Setting(
        "max_descriptors", v.UINT, 0, "Sampling", "descriptors kept open at most; 0: the process's limit less a reserve"
    ),
    Setting("descriptor_memory", v.BYTES, 0, "Sampling", "kernel memory that kept descriptors may cost; 0: no bound"),
    Setting("sysroot", v.STRING, "", "Sampling", "where the host's root is mounted when it is not /, such as /rootfs"),
)

_RING = (
    Setting("ring_dir", v.STRING, "/dev/shm/pycadvisor-fast", "Ring", "directory of the ring, on tmpfs"),
    Setting("ring_memory", v.BYTES, 2**30, "Ring", "memory the ring may take at most; 0: no bound but the tmpfs"),
    Setting(
        "max_containers",
        v.UINT,
        0,
        "Ring",
        "containers followed at most; 0: libpcf's default; slots never used cost no memory",
    ),
)

_GRPC = (
    Setting(
        "grpc_listen",
        v.LIST,
        ("127.0.0.1:8081", "unix:/run/pycadvisor-fast/grpc.sock"),
        "gRPC",
        "addresses served: host:port or unix:/path, comma list; empty: none",
    ),
)

_CONTAINERS = (
    *_theirs(
        "Containers",
        ACTS,
        ("docker", v.STRING, "unix:///var/run/docker.sock", "Docker endpoint"),
        ("docker_only", v.BOOL, False, "leave raw cgroups out, except / (containers of any runtime stay)"),
        ("raw_cgroup_prefix_whitelist", v.LIST, (), "cgroup path prefixes of raw cgroups to follow; empty: all"),
        ("disable_root_cgroup_stats", v.BOOL, False, "no samples for /"),
        (
            "global_housekeeping_interval",
            v.POSITIVE_DURATION,
            _MINUTE,
            "full walk of the cgroup tree, beside the events",
        ),
    ),
)

_PROGRAM = (
    Setting(
        "config",
        v.STRING,
        "/etc/pycadvisor-fast/config.toml",
        "Program",
        "TOML file with settings; the default one may be missing",
    ),
    Setting("log_format", v.choice("text", "json"), "text", "Program", "how log lines are written"),
    Setting("log_level", v.choice("debug", "info", "warning", "error"), "info", "Program", "least log level shown"),
    *_theirs("Program", ACTS, ("version", v.BOOL, False, "print the version and exit")),
)

_LATER = (
    *_theirs(
        "cAdvisor: HTTP and Prometheus",
        LATER,
        ("listen_ip", v.STRING, "", "bind address; empty: every address"),
        ("port", v.INT, 8080, "TCP port"),
        ("url_base_prefix", v.STRING, "", "path put in front of every route"),
        ("http_auth_file", v.STRING, "", "htpasswd file"),
        ("http_auth_realm", v.STRING, "localhost", "realm of basic authentication"),
        ("http_digest_file", v.STRING, "", "htdigest file"),
        ("http_digest_realm", v.STRING, "localhost", "realm of digest authentication"),
        ("prometheus_endpoint", v.STRING, "/metrics", "path of the Prometheus exposition"),
        ("profiling", v.BOOL, False, "profiles over HTTP"),
        ("collector_cert", v.STRING, "", "client certificate for application metrics"),
        ("collector_key", v.STRING, "", "its private key"),
        ("store_container_labels", v.BOOL, True, "all container labels on Prometheus series"),
        ("whitelisted_container_labels", v.LIST, (), "labels to keep when not all are stored"),
        ("env_metadata_whitelist", v.LIST, (), "prefixes of environment names to collect"),
        ("application_metrics_count_limit", v.INT, 100, "application metrics of one container at most"),
    ),
    *_theirs(
        "cAdvisor: storage",
        LATER,
        ("storage_driver", v.LIST, (), "push drivers"),
        ("storage_driver_user", v.STRING, "root", "database user"),
        ("storage_driver_password", v.STRING, "root", "database password"),
        ("storage_driver_host", v.STRING, "localhost:8086", "host:port"),
        ("storage_driver_db", v.STRING, "cadvisor", "database, list key or name prefix"),
        ("storage_driver_table", v.STRING, "stats", "table"),
        ("storage_driver_secure", v.BOOL, False, "use TLS"),
        ("storage_driver_buffer_duration", v.DURATION, _MINUTE, "least time between writes"),
        ("storage_driver_influxdb_retention_policy", v.STRING, "", "InfluxDB retention policy"),
        ("storage_driver_kafka_broker_list", v.LIST, ("localhost:9092",), "brokers"),
        ("storage_driver_kafka_topic", v.STRING, "stats", "topic"),
        ("storage_driver_kafka_ssl_cert", v.STRING, "", "client certificate"),
        ("storage_driver_kafka_ssl_key", v.STRING, "", "client key"),
        ("storage_driver_kafka_ssl_ca", v.STRING, "", "CA file"),
        ("storage_driver_kafka_ssl_verify", v.BOOL, True, "verify the chain"),
        ("storage_driver_es_host", v.STRING, "http://localhost:9200", "Elasticsearch URL"),
        ("storage_driver_es_index", v.STRING, "cadvisor", "index"),
        ("storage_driver_es_type", v.STRING, "stats", "document type"),
        ("storage_driver_es_enable_sniffer", v.BOOL, False, "discover cluster nodes"),
        ("bq_id", v.STRING, "", "OAuth client id"),
        ("bq_secret", v.STRING, "notasecret", "OAuth client secret"),
        ("bq_project_id", v.STRING, "", "project"),
        ("bq_account", v.STRING, "", "service account address"),
        ("bq_credentials_file", v.STRING, "", "PEM key file"),
    ),
    *_theirs(
        "cAdvisor: runtimes and machine",
        LATER,
        ("docker-tls", v.BOOL, False, "TLS to Docker"),
        ("docker-tls-cert", v.STRING, "cert.pem", "client certificate"),
        ("docker-tls-key", v.STRING, "key.pem", "client key"),
        ("docker-tls-ca", v.STRING, "ca.pem", "CA"),
        ("containerd", v.STRING, "/run/containerd/containerd.sock", "containerd socket"),
        ("containerd-namespace", v.STRING, "k8s.io", "containerd namespace"),
        ("crio_client_timeout", v.DURATION, 0, "CRI-O timeout; 0: none"),
        ("podman", v.STRING, "unix:///var/run/podman/podman.sock", "Podman endpoint"),
        ("container_hints", v.STRING, "/etc/cadvisor/container_hints.json", "hints file"),
        ("machine_id_file", v.LIST, ("/etc/machine-id", "/var/lib/dbus/machine-id"), "the first readable one counts"),
        ("boot_id_file", v.LIST, ("/proc/sys/kernel/random/boot_id",), "the first readable one counts"),
        ("update_machine_info_interval", v.DURATION, 5 * _MINUTE, "refresh of machine information"),
        ("enable_load_reader", v.BOOL, False, "load of each container through netlink"),
        ("event_storage_age_limit", v.STRING, "default=24h", "type=duration, comma list"),
        ("event_storage_event_limit", v.STRING, "default=100000", "type=count, comma list"),
        ("perf_events_config", v.STRING, "", "JSON file with perf events"),
        ("resctrl_interval", v.DURATION, 0, "how often resctrl groups are checked again"),
        ("referenced_reset_interval", v.UINT, 0, "every n-th cycle clear the referenced bits"),
    ),
)

_IGNORED = (
    *_theirs(
        "cAdvisor: accepted, nothing to change here",
        IGNORED,
        ("max_procs", v.INT, 0, "the sampling thread is one and native"),
        ("max_housekeeping_interval", v.DURATION, _MINUTE, "intervals do not change by themselves"),
        ("allow_dynamic_housekeeping", v.BOOL, True, "intervals do not change by themselves"),
        ("initial_splay_factor", v.FLOAT, 1.0, "all containers are sampled in one pass"),
        ("jitter_factor", v.FLOAT, 1.0, "all containers are sampled in one pass"),
        ("log_cadvisor_usage", v.BOOL, False, "does nothing in cAdvisor either"),
        ("docker_env_metadata_whitelist", v.STRING, "", "has no effect in cAdvisor either"),
        ("containerd_env_metadata_whitelist", v.STRING, "", "has no effect in cAdvisor either"),
        ("docker_root", v.STRING, "/var/lib/docker", "deprecated in cAdvisor"),
        ("v", v.INT, 2, "klog: see log_level"),
        ("logtostderr", v.BOOL, False, "klog: logs always go to stderr"),
        ("alsologtostderr", v.BOOL, False, "klog"),
        ("stderrthreshold", v.STRING, "2", "klog: see log_level"),
        ("log_dir", v.STRING, "", "klog"),
        ("log_file", v.STRING, "", "klog"),
        ("log_file_max_size", v.UINT, 1800, "klog"),
        ("log_backtrace_at", v.STRING, ":0", "klog"),
        ("vmodule", v.STRING, "", "klog"),
        ("skip_headers", v.BOOL, False, "klog"),
        ("skip_log_headers", v.BOOL, False, "klog"),
        ("add_dir_header", v.BOOL, False, "klog"),
        ("one_output", v.BOOL, False, "klog"),
    ),
)

SETTINGS: tuple[Setting, ...] = (*_SAMPLING, *_RING, *_GRPC, *_CONTAINERS, *_PROGRAM, *_LATER, *_IGNORED)
BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}
