"""The one table of settings: flags, environment, TOML file, --help and docs/configuration.md derive from it.

Names, types and defaults of cAdvisor's flags are those of its own command line (baseline: July 2026), so that a command
line written for cAdvisor starts here. Plain data, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..columns import GROUPS
from . import retention
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
    Setting(
        "source",
        v.sources_of((group.name for group in GROUPS), ("auto", "bpf", "file")),
        {"default": "auto"},
        "Sampling",
        "where cgroups' numbers come from: a walk through kernel memory (bpf) or files; auto takes what works here",
    ),
    Setting(
        "flush_interval",
        v.DURATION,
        0,
        "Sampling",
        "least time between two flushes of the kernel's statistics (memory.stat, v2 CPU time) before a walk; 0: each",
    ),
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

_HTTP = (
    Setting("http", v.BOOL, True, "HTTP", "serve REST, /metrics and the probes over HTTP"),
    *_theirs(
        "HTTP",
        ACTS,
        (
            "listen_ip",
            v.STRING,
            "127.0.0.1",
            "address served; empty: every address of the host (cAdvisor's default; ours is this machine only)",
        ),
        ("port", v.INT, 8080, "TCP port; 0: any free one"),
        ("url_base_prefix", v.STRING, "", "path put in front of every route"),
        ("prometheus_endpoint", v.STRING, "/metrics", "path of the Prometheus exposition"),
        ("max_procs", v.INT, 0, "threads that compute answers; below 1: one a core, 4 at most"),
    ),
    Setting(
        "prometheus_extras",
        v.BOOL,
        False,
        "HTTP",
        "our own series of containers in every scrape, not only in ?extras=true",
    ),
    Setting(
        "prometheus_created",
        v.BOOL,
        False,
        "HTTP",
        "_created lines in every OpenMetrics scrape, not only in ?created=true",
    ),
    Setting(
        "dead_container_grace",
        v.DURATION,
        2 * _MINUTE,
        "HTTP",
        "how long last numbers of ended containers are among our own series, longer than a scrape interval; 0: never",
    ),
    Setting("http_listen", v.LIST, (), "HTTP", "further addresses served: host:port or unix:/path, comma list"),
    Setting(
        "http_max_connections",
        v.UINT,
        1000,
        "HTTP",
        "connections open at most; beyond it idle ones make room",
    ),
    Setting(
        "compat",
        v.choice("fixed", "strict"),
        "fixed",
        "HTTP",
        "strict: also those of cAdvisor's answers that are wrong, where a client could rely on them",
    ),
)

_CONTAINERS = (
    *_theirs(
        "Containers",
        ACTS,
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
    Setting(
        "allow_paths",
        v.LIST,
        (),
        "Containers",
        'cgroup paths to follow, globs where "*" matches "/" too; empty: all (/ is followed in any case)',
    ),
    Setting(
        "deny_paths", v.LIST, (), "Containers", "cgroup paths that are not followed, globs as well; beats allow_paths"
    ),
)

_RUNTIMES = (
    *_theirs(
        "Runtimes",
        ACTS,
        ("docker", v.STRING, "unix:///var/run/docker.sock", "Docker endpoint; empty: Docker is not asked"),
        ("docker-tls", v.BOOL, False, "TLS to a tcp:// endpoint of Docker"),
        ("docker-tls-cert", v.STRING, "cert.pem", "client certificate"),
        ("docker-tls-key", v.STRING, "key.pem", "client key"),
        ("docker-tls-ca", v.STRING, "ca.pem", "authorities that Docker's certificate has to be of"),
        ("store_container_labels", v.BOOL, True, "keep all labels that runtimes give"),
        ("whitelisted_container_labels", v.LIST, (), "labels to keep with store_container_labels=false"),
        (
            "env_metadata_whitelist",
            v.LIST,
            (),
            "beginnings of the names of environment variables to keep, upper and lower case differ; empty: none",
        ),
    ),
    *_theirs(
        "Runtimes",
        ACTS,
        ("containerd", v.STRING, "/run/containerd/containerd.sock", "containerd socket; empty: it is not asked"),
        ("containerd-namespace", v.LIST, ("k8s.io",), "containerd namespaces to look at; not given: every one"),
        ("crio_client_timeout", v.DURATION, 0, "how long an answer of CRI-O may take; 0: as runtime_timeout"),
        (
            "podman",
            v.STRING,
            "unix:///var/run/podman/podman.sock",
            "Podman endpoints, comma list; empty: none",
        ),
    ),
    Setting(
        "cri",
        v.LIST,
        ("unix:///run/containerd/containerd.sock", "unix:///var/run/crio/crio.sock"),
        "Runtimes",
        "sockets of CRI servers, which know pods; empty: none is asked",
    ),
    Setting(
        "crio",
        v.STRING,
        "unix:///var/run/crio/crio.sock",
        "Runtimes",
        "CRI-O's own HTTP endpoint; empty: it is not asked",
    ),
    Setting(
        "systemd",
        v.STRING,
        "unix:///run/dbus/system_bus_socket",
        "Runtimes",
        "the system bus of D-Bus; empty: units have what their paths say",
    ),
    Setting(
        "runtime_timeout",
        v.POSITIVE_DURATION,
        5 * _SECOND,
        "Runtimes",
        "how long an answer of a runtime may take; it counts as hanging then",
    ),
)

_EVENTS = (
    Setting(
        "events",
        v.choice("auto", "bpf", "bcc", "fallback", "off"),
        "auto",
        "Events",
        "where events come from; auto: eBPF for each kind it can serve here, else the best fallback",
    ),
    Setting(
        "process_events",
        v.choice("off", "demand", "on"),
        "demand",
        "Events",
        "single fork, exec and exit events; demand: told while somebody asks for them; counters are always kept",
    ),
    Setting("event_memory", v.BYTES, 64 * 2**20, "Events", "memory the event log may take at most, beside the ring"),
    *_theirs(
        "Events",
        ACTS,
        (
            "event_storage_age_limit",
            retention.AGES,
            {retention.DEFAULT: 24 * 60 * _MINUTE},
            "how long past events can be asked for, by kind (cAdvisor's names or ours)",
        ),
        (
            "event_storage_event_limit",
            retention.COUNTS,
            {retention.DEFAULT: 100_000},
            "how many past events of a kind can be asked for; 0: none, -1: all that the event log holds",
        ),
    ),
)

_MACHINE = (
    *_theirs(
        "Machine",
        ACTS,
        (
            "machine_id_file",
            v.LIST,
            ("/etc/machine-id", "/var/lib/dbus/machine-id"),
            "where the machine id is, below the host's root; the first file that says it counts",
        ),
        (
            "boot_id_file",
            v.LIST,
            ("/proc/sys/kernel/random/boot_id",),
            "where the boot id is, below the host's root; the first file that says it counts",
        ),
        (
            "update_machine_info_interval",
            v.DURATION,
            5 * _MINUTE,
            "how often all about the machine is read again, beside what is seen to change; 0: never",
        ),
    ),
    Setting(
        "cloud_metadata",
        v.BOOL,
        False,
        "Machine",
        "ask the metadata service of the cloud for instance type and id, where DMI names a cloud; never by default",
    ),
)

_FILESYSTEMS = (
    Setting(
        "filesystem_interval",
        v.DURATION,
        15 * _SECOND,
        "Filesystems",
        "how often filesystems are asked how full they are, besides at each mount; 0: never",
    ),
    Setting(
        "disk_usage_interval",
        v.DURATION,
        _MINUTE,
        "Filesystems",
        "how often what each container holds on disk is measured; 0: never",
    ),
    Setting("disk_usage_cpu", v.FLOAT, 0.02, "Filesystems", "most of one core that measuring it may take, 0 to 1"),
    Setting(
        "disk_usage_binds",
        v.BOOL,
        False,
        "Filesystems",
        "measure also what is mounted into containers by its path, which may be all of the host; else it is only named",
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

_ACCESS = (
    *_theirs(
        "Access",
        ACTS,
        (
            "http_auth_file",
            v.STRING,
            "",
            "htpasswd file (bcrypt, apr1, {SHA}): basic authentication, everywhere",
        ),
        ("http_auth_realm", v.STRING, "localhost", "realm of basic authentication and of tokens"),
        (
            "http_digest_file",
            v.STRING,
            "",
            "htdigest file: digest authentication; with http_auth_file both act",
        ),
        ("http_digest_realm", v.STRING, "localhost", "realm of digest authentication"),
    ),
    Setting("token_file", v.STRING, "", "Access", "bearer tokens: NAME TOKEN [SCOPES] a line; docs/security.md"),
    Setting("users_file", v.STRING, "", "Access", "what each user may see, and whose a client certificate is"),
    Setting("tls_cert", v.STRING, "", "Access", "certificate chain (PEM) for HTTP and gRPC; reloaded on change"),
    Setting("tls_key", v.STRING, "", "Access", "its private key (PEM, without a passphrase)"),
    Setting("tls_client_ca", v.STRING, "", "Access", "authority whose certificates let clients in (mTLS)"),
    Setting(
        "tls_client_auth",
        v.choice("require", "optional"),
        "require",
        "Access",
        "optional: HTTP clients may come without a certificate and show something else; gRPC clients have to",
    ),
    Setting(
        "peer_uids",
        v.LIST,
        (),
        "Access",
        "accounts (name or number) and @groups let in through unix sockets, by the kernel's word for who they are",
    ),
    Setting(
        "anonymous_scopes",
        v.words_of(("metrics", "stats", "processes", "env", "all", "none"), "scope"),
        (),
        "Access",
        "what everybody may see where nobody has to log in; empty: all on loopback, metrics,stats elsewhere",
    ),
    Setting("health_without_auth", v.BOOL, False, "Access", "probes (/healthz, gRPC health) are let in unasked"),
    Setting(
        "auth_failures_per_minute",
        v.UINT,
        30,
        "Access",
        "wrong passwords or tokens an address may send, at once and a minute; 0: no bound",
    ),
)

_LATER = (
    *_theirs(
        "cAdvisor: HTTP and Prometheus",
        LATER,
        ("profiling", v.BOOL, False, "profiles over HTTP"),
        ("collector_cert", v.STRING, "", "client certificate for application metrics"),
        ("collector_key", v.STRING, "", "its private key"),
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
        ("container_hints", v.STRING, "/etc/cadvisor/container_hints.json", "hints file"),
        ("enable_load_reader", v.BOOL, False, "load of each container through netlink"),
        ("perf_events_config", v.STRING, "", "JSON file with perf events"),
        ("resctrl_interval", v.DURATION, 0, "how often resctrl groups are checked again"),
        ("referenced_reset_interval", v.UINT, 0, "every n-th cycle clear the referenced bits"),
    ),
)

_IGNORED = (
    *_theirs(
        "cAdvisor: accepted, nothing to change here",
        IGNORED,
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

SETTINGS: tuple[Setting, ...] = (
    *_SAMPLING,
    *_RING,
    *_GRPC,
    *_HTTP,
    *_CONTAINERS,
    *_RUNTIMES,
    *_EVENTS,
    *_MACHINE,
    *_FILESYSTEMS,
    *_ACCESS,
    *_PROGRAM,
    *_LATER,
    *_IGNORED,
)
BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}
