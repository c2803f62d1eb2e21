"""The table of settings, and which of flag, environment, file and default wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.config import BY_NAME, SETTINGS, Settings, collector_options, load
from pycadvisor_fast.config.kinds import GROUPS_OF_KIND, groups_off
from pycadvisor_fast.errors import ConfigError

SECOND = 10**9

# Every flag of cAdvisor's own --help (July 2026), and the klog flags it carries.
CADVISORS = """
    listen_ip port url_base_prefix max_procs version http_auth_file http_auth_realm http_digest_file http_digest_realm
    prometheus_endpoint profiling collector_cert collector_key store_container_labels whitelisted_container_labels
    env_metadata_whitelist raw_cgroup_prefix_whitelist perf_events_config resctrl_interval disable_metrics
    enable_metrics storage_driver storage_duration storage_driver_user storage_driver_password storage_driver_host
    storage_driver_db storage_driver_table storage_driver_secure storage_driver_buffer_duration
    storage_driver_influxdb_retention_policy storage_driver_kafka_broker_list storage_driver_kafka_topic
    storage_driver_kafka_ssl_cert storage_driver_kafka_ssl_key storage_driver_kafka_ssl_ca
    storage_driver_kafka_ssl_verify storage_driver_es_host storage_driver_es_index storage_driver_es_type
    storage_driver_es_enable_sniffer bq_id bq_secret bq_project_id bq_account bq_credentials_file
    housekeeping_interval max_housekeeping_interval allow_dynamic_housekeeping initial_splay_factor jitter_factor
    global_housekeeping_interval update_machine_info_interval log_cadvisor_usage enable_load_reader
    event_storage_age_limit event_storage_event_limit application_metrics_count_limit machine_id_file boot_id_file
    docker_only disable_root_cgroup_stats container_hints referenced_reset_interval docker docker-tls docker-tls-cert
    docker-tls-key docker-tls-ca docker_env_metadata_whitelist docker_root containerd containerd-namespace
    containerd_env_metadata_whitelist crio_client_timeout podman
    v logtostderr alsologtostderr stderrthreshold log_dir log_file log_file_max_size log_backtrace_at vmodule
    skip_headers skip_log_headers add_dir_header one_output
""".split()  # noqa: SIM905 - far easier to read and to compare than a list


def loaded(*flags: tuple[str, str], environment: dict[str, str] | None = None) -> Settings:
    return load(flags, environment or {})


@pytest.fixture
def toml(tmp_path: Path) -> Any:
    def write(text: str) -> tuple[str, str]:
        path = tmp_path / "config.toml"
        path.write_text(text)
        return ("config", str(path))

    return write


def test_every_cadvisor_flag_is_known() -> None:
    assert sorted(setting.name for setting in SETTINGS if setting.is_cadvisors) == sorted(CADVISORS)


def test_names_and_variables_are_unique() -> None:
    assert len(BY_NAME) == len(SETTINGS)
    assert len({setting.environment for setting in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_defaults_have_the_type_they_say(setting: Any) -> None:
    if setting.default not in ("", (), {}):
        assert setting.type.parse(setting.type.show(setting.default)) == setting.default


def test_flag_beats_environment_beats_file_beats_default(toml: Any) -> None:
    file = toml('reader = "openat"\n')
    variable = {"PYCADVISOR_FAST_READER": "pread"}
    assert loaded()["reader"] == "auto"
    assert loaded(file)["reader"] == "openat"
    assert loaded(file, environment=variable)["reader"] == "pread"
    final = loaded(file, ("reader", "uring"), environment=variable)
    assert (final["reader"], final.origin("reader"), final.origin("source")) == ("uring", "flag", "default")


def test_the_last_flag_wins() -> None:
    assert loaded(("reader", "pread"), ("reader", "openat"))["reader"] == "openat"


def test_intervals_add_up_over_the_sources(toml: Any) -> None:
    file = toml('[interval]\nall = "2s"\ncpu = "100ms"\n')
    assert loaded(file)["interval"] == {"all": 2 * SECOND, "cpu": SECOND // 10}
    both = loaded(file, ("interval", "memory=1s"), ("interval", "cpu=off"))
    assert both["interval"] == {"all": 2 * SECOND, "cpu": 0, "memory": SECOND}
    assert loaded(file, ("interval", "all=1s"))["interval"] == {"all": SECOND}


def test_the_file_may_come_from_the_environment(toml: Any) -> None:
    path = toml('reader = "openat"\n')[1]
    assert loaded(environment={"PYCADVISOR_FAST_CONFIG": path})["reader"] == "openat"


def test_a_file_that_was_named_has_to_exist() -> None:
    with pytest.raises(ConfigError, match=r"config file /nowhere/x\.toml does not exist"):
        loaded(("config", "/nowhere/x.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "housekeeping_interval = 1\n",
            'housekeeping_interval: expected whole milliseconds.*"1s"; an integer was given',
        ),
        ("ring_memory = true\n", "ring_memory: expected a size.*a boolean was given"),
        ('max_containers = "many"\n', "max_containers: expected a whole number.*a string was given"),
        ("max_containers = -1\n", 'max_containers: expected a whole number.*"-1" is negative'),
        ("docker_only = 1\n", "docker_only: expected true or false; an integer was given"),
        ("grpc_listen = [1]\n", "grpc_listen: expected .*an array with an integer was given"),
        ('reader = "fast"\n', "reader: expected one of auto, pread, openat, uring"),
        ('housekeping_interval = "1s"\n', 'unknown key "housekeping_interval"; did you mean "housekeeping_interval"'),
        ('[interval]\ncppu = "1s"\n', 'interval: expected .*there is no group "cppu"; did you mean "cpu"'),
        ("[interval]\ncpu = 1\n", "an integer was given for cpu"),
        ('config = "x"\n', 'unknown key "config"'),
        ("reader = \n", "is not TOML: Invalid value"),
        ("reader = 2026-01-01\n", "a date or time was given"),
    ],
)
def test_a_wrong_file_is_one_line_naming_file_key_and_mend(toml: Any, text: str, message: str) -> None:
    file = toml(text)
    with pytest.raises(ConfigError, match=message) as error:
        loaded(file)
    assert str(error.value).startswith(f"config file {file[1]}")
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not TOML"):
        loaded(("config", str(path)))
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        loaded(("config", str(tmp_path)))


def test_toml_takes_lists_as_arrays_and_texts(toml: Any) -> None:
    assert loaded(toml('grpc_listen = ["a:1", "b:2"]\n'))["grpc_listen"] == ("a:1", "b:2")
    assert loaded(toml('grpc_listen = "a:1, b:2"\n'))["grpc_listen"] == ("a:1", "b:2")
    assert loaded(toml('grpc_listen = ""\n'))["grpc_listen"] == ()
    assert loaded(toml("ring_memory = 4096\njitter_factor = 2\n"))["ring_memory"] == 4096


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ConfigError, match='environment variable PYCADVISOR_FAST_READER: "x" is none of'):
        loaded(environment={"PYCADVISOR_FAST_READER": "x"})


def test_an_unknown_variable_is_a_warning() -> None:
    (warning,) = loaded(environment={"PYCADVISOR_FAST_REEDER": "x"}).warnings
    assert 'PYCADVISOR_FAST_REEDER is no setting; did you mean "PYCADVISOR_FAST_READER"' in warning


def test_kubernetes_service_links_are_not_settings() -> None:
    links = {
        "PYCADVISOR_FAST_SERVICE_HOST": "10.0.0.1",
        "PYCADVISOR_FAST_SERVICE_PORT_GRPC": "8081",
        "PYCADVISOR_FAST_PORT": "tcp://10.0.0.1:8081",
        "PYCADVISOR_FAST_PORT_8081_TCP_ADDR": "10.0.0.1",
    }
    settings = loaded(environment=links)
    assert settings.warnings == ()
    assert not settings.is_given("port")


def test_an_empty_variable_is_not_set() -> None:
    assert loaded(environment={"PYCADVISOR_FAST_READER": ""})["reader"] == "auto"


def test_flags_that_act_later_are_one_warning() -> None:
    settings = loaded(("bq_id", "x"), ("storage_driver", "influxdb"), ("v", "4"), ("logtostderr", "true"))
    assert settings.warnings == ("accepted, not served yet: storage_driver, bq_id",)


def test_kinds_switch_groups() -> None:
    assert groups_off((), ()) == frozenset()
    assert groups_off((), ("percpu", "tcp")) == {"cpu_percpu", "tcp", "tcp6"}
    assert groups_off((), ("memory",)) == {"memory", "memory_stat", "memory_swap", "memory_kernel"}
    assert "memory_events" in groups_off((), ("memory", "oom_event"))
    assert "cpu" not in groups_off(("cpu",), ("cpu",))
    assert "memory" in groups_off(("cpu",), ())


def test_kinds_are_cadvisors_and_name_real_groups() -> None:
    from pycadvisor_fast.columns import GROUPS

    assert len(GROUPS_OF_KIND) == 22
    assert {name for groups in GROUPS_OF_KIND.values() for name in groups} <= {group.name for group in GROUPS}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match='"accelerator" is no metric kind'):
        loaded(("disable_metrics", "accelerator"))


def test_options_of_the_collector() -> None:
    settings = loaded(
        ("housekeeping_interval", "100ms"),
        ("interval", "memory_stat=1s,io=off"),
        ("disable_metrics", "hugetlb"),
        ("storage_duration", "1m30s"),
        ("docker", ""),
        ("raw_cgroup_prefix_whitelist", "/a,/b"),
    )
    options = collector_options(settings, ring_dir="/dev/shm/x")
    assert options.interval == {"default": "100ms", "memory_stat": "1s"}
    assert options.disabled_groups == ("hugetlb", "io")
    assert (options.history, options.docker, options.ring_dir) == (90.0, None, "/dev/shm/x")
    assert options.raw_prefixes == ("/a", "/b")


def test_a_kind_that_is_named_wakes_what_is_off_by_default() -> None:
    options = collector_options(loaded(("enable_metrics", "cpu,tcp,process"), ("interval", "tcp6=1s")))
    assert options.interval == {"default": "1s", "tcp": "10s", "tcp6": "1s", "tasks": "10s"}
    assert collector_options(loaded()).interval == {"default": "1s"}


def test_all_sets_every_group_and_single_groups_over_it() -> None:
    from pycadvisor_fast.columns import GROUPS

    options = collector_options(loaded(("interval", "all=5s,cpu=1s,io=off")))
    assert isinstance(options.interval, dict)
    assert set(options.interval) == {"default", *(group.name for group in GROUPS)} - {"io"}
    assert (options.interval["cpu"], options.interval["limits"]) == ("1s", "5s")
    assert options.disabled_groups == ("io",)


def test_something_has_to_be_on() -> None:
    with pytest.raises(ConfigError, match="leave at least one on"):
        collector_options(loaded(("interval", "all=off")))


def test_the_page_and_the_example_are_up_to_date(project_root: Path) -> None:
    from pycadvisor_fast.cli import document

    for path, text in ((document.MARKDOWN, document.markdown()), (document.EXAMPLE, document.example())):
        assert (project_root / path).read_text(encoding="utf-8") == text, f"run python -m {document.__name__}"


def test_the_example_parses_when_every_line_is_live(project_root: Path, tmp_path: Path) -> None:
    text = (project_root / "deploy/pycadvisor-fast.toml").read_text(encoding="utf-8")
    live = tmp_path / "config.toml"
    live.write_text("".join(line.removeprefix("#") for line in text.splitlines(True) if not line.startswith("# ")))
    settings = loaded(("config", str(live)))
    assert settings["interval"]["cpu"] == SECOND // 10
    assert all(settings[s.name] == s.default for s in SETTINGS if s.name not in ("config", "interval"))
