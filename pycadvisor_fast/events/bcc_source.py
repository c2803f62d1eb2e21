"""The programs of the bcc loader as C text, made for the tracepoints that this kernel has.

Only what a tracepoint hands over is used: its fields, as the kernel itself describes them (tracefs, ``format``), and
the helpers about the current task. No kernel structure is looked into, because without BTF nobody could say how it is
laid out; that is why less is told than with BTF.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..event import KINDS

TRACEPOINTS: Mapping[str, tuple[str, ...]] = {
    "oom/mark_victim": ("oom_kill",),
    "task/task_newtask": ("fork",),  # unlike sched_process_fork it tells a thread from a process
    "sched/sched_process_exec": ("exec",),
    "sched/sched_process_exit": ("exit",),
    "cgroup/cgroup_mkdir": ("cgroup_created",),
    "cgroup/cgroup_rmdir": ("cgroup_removed",),
    "cgroup/cgroup_notify_populated": ("populated", "empty"),
}
"""Tracepoint -> kinds it serves."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "oom/mark_victim": ("pid",),
    "task/task_newtask": ("pid", "clone_flags"),
    "sched/sched_process_exec": ("filename",),
    "sched/sched_process_exit": (),
    "cgroup/cgroup_mkdir": ("root", "id", "level", "path"),
    "cgroup/cgroup_rmdir": ("root", "id", "level", "path"),
    "cgroup/cgroup_notify_populated": ("root", "id", "level", "path", "val"),
}
"""Fields without which a tracepoint is of no use."""

OOM_NUMBERS = ("total_vm", "anon_rss", "file_rss", "shmem_rss", "uid", "pgtables")
"""Fields of oom/mark_victim since 6.9 and in stable kernels of that time; all but uid in kB."""

TEXT_BYTES = 448
RECORD = f"=5Ii3Q6Q16s{TEXT_BYTES}s"
"""For struct: kind, pid, parent, hierarchy_id, level, oom_score_adj, time, cgroup_id, born, OOM_NUMBERS, comm, text."""

_HEAD = f"""
#define ABSENT (~0ULL)
#define NO_WAKEUP 1 /* BPF_RB_NO_WAKEUP */
struct record {{
    u32 kind, pid, parent, hierarchy_id, level;
    s32 oom_score_adj;
    u64 time, cgroup_id, born, numbers[6];
    char comm[16];
    char text[{TEXT_BYTES}];
}};
struct life {{ u64 cgroup_id, born; }};
BPF_RINGBUF_OUTPUT(records, 512); /* 2 MiB, 3500 records */
BPF_ARRAY(lost, u64, {max(KINDS.values()) + 1});
BPF_ARRAY(wanted, u64, {max(KINDS.values()) + 1});
BPF_TABLE("lru_hash", u32, struct life, lives, 65536);

static struct record *begin(u32 kind)
{{
    struct record *r = records.ringbuf_reserve(sizeof(*r));
    int at = kind;
    if (!r) {{
        lost.atomic_increment(at);
        return 0;
    }}
    r->kind = kind;
    r->time = bpf_ktime_get_ns();
    r->pid = bpf_get_current_pid_tgid() >> 32;
    r->parent = 0;
    r->hierarchy_id = 0;
    r->level = 0;
    r->oom_score_adj = 0;
    r->cgroup_id = bpf_get_current_cgroup_id();
    r->born = 0;
    r->numbers[0] = r->numbers[1] = r->numbers[2] = r->numbers[3] = r->numbers[4] = r->numbers[5] = ABSENT;
    r->text[0] = 0;
    bpf_get_current_comm(&r->comm, sizeof(r->comm));
    return r;
}}

static int is_wanted(int kind)
{{
    u64 *yes = wanted.lookup(&kind);
    return yes && *yes;
}}
"""

_FORK = """
TRACEPOINT_PROBE(task, task_newtask)
{
    u32 pid = args->pid;
    struct life life = {.cgroup_id = bpf_get_current_cgroup_id(), .born = bpf_ktime_get_ns()};
    if (args->clone_flags & 0x10000) /* CLONE_THREAD */
        return 0;
    lives.update(&pid, &life);
    if (!is_wanted(FORK))
        return 0;
    struct record *r = begin(FORK);
    if (!r)
        return 0;
    r->parent = r->pid;
    r->pid = pid;
    records.ringbuf_submit(r, NO_WAKEUP);
    return 0;
}
"""

_EXEC = """
TRACEPOINT_PROBE(sched, sched_process_exec)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    struct life *life = lives.lookup(&pid), fresh = {.cgroup_id = bpf_get_current_cgroup_id()};
    if (life)
        life->cgroup_id = fresh.cgroup_id;
    else
        lives.update(&pid, &fresh);
    if (!is_wanted(EXEC))
        return 0;
    struct record *r = begin(EXEC);
    if (!r)
        return 0;
    bpf_probe_read_kernel_str(r->text, 200, (void *)args + (args->data_loc_filename & 0xffff));
    records.ringbuf_submit(r, NO_WAKEUP);
    return 0;
}
"""

_EXIT = """
TRACEPOINT_PROBE(sched, sched_process_exit)
{
    u64 id = bpf_get_current_pid_tgid();
    u32 pid = id >> 32;
    if (pid != (u32)id) /* a thread */
        return 0;
    struct life *life = lives.lookup(&pid);
    if (is_wanted(EXIT)) {
        struct record *r = begin(EXIT);
        if (r) {
            r->born = life ? life->born : 0;
            records.ringbuf_submit(r, NO_WAKEUP);
        }
    }
    return 0;
}
"""

_OOM = """
TRACEPOINT_PROBE(oom, mark_victim)
{
    u32 pid = args->pid;
    struct life *life = lives.lookup(&pid);
    struct record *r = begin(OOM_KILL);
    if (!r)
        return 0;
    r->parent = r->pid; /* who asked for memory */
    r->pid = pid;
    r->cgroup_id = life ? life->cgroup_id : 0;
    OOM_FIELDS
    records.ringbuf_submit(r, 0);
    return 0;
}
"""

_CGROUP = """
TRACEPOINT_PROBE(cgroup, NAME)
{
    struct record *r = begin(KIND);
    if (!r)
        return 0;
    r->hierarchy_id = args->root;
    r->cgroup_id = args->id;
    r->level = args->level;
    bpf_probe_read_kernel_str(r->text, sizeof(r->text), (void *)args + (args->data_loc_path & 0xffff));
    records.ringbuf_submit(r, 0);
    return 0;
}
"""


def fields_of(description: str) -> frozenset[str]:
    """Names of a tracepoint's own fields, out of its ``format`` file ("field:type name[16]; offset:8; ...")."""
    found = re.findall(r"^\s*field:[^;]*?(\w+)(?:\[\w*\])?;", description, re.MULTILINE)
    return frozenset(name for name in found if not name.startswith("common_"))


def missing(formats: Mapping[str, str]) -> dict[str, str]:
    """Tracepoint -> why it cannot be used here; ``formats``: the text of each that there is."""
    reasons = {}
    for name, needed in NEEDED.items():
        if name not in formats:
            reasons[name] = f"this kernel has no tracepoint {name}"
        elif lacking := sorted(set(needed) - fields_of(formats[name])):
            reasons[name] = f"tracepoint {name} has no field {', '.join(lacking)}"
    return reasons


def program(formats: Mapping[str, str]) -> str:
    """C text for the tracepoints of ``formats`` that are of use (``missing`` names the others)."""
    usable = [name for name in TRACEPOINTS if name not in missing(formats)]
    kinds = "".join(f"#define {kind.upper()} {number}\n" for kind, number in KINDS.items())
    return kinds + _HEAD + "".join(_part(name, fields_of(formats[name])) for name in usable)


def _part(name: str, fields: frozenset[str]) -> str:
    fixed = {"task/task_newtask": _FORK, "sched/sched_process_exec": _EXEC, "sched/sched_process_exit": _EXIT}
    if name in fixed:
        return fixed[name]
    if name == "oom/mark_victim":
        return _OOM.replace("OOM_FIELDS", _oom_fields(fields))
    kind = {"cgroup_mkdir": "CGROUP_CREATED", "cgroup_rmdir": "CGROUP_REMOVED"}
    short = name.partition("/")[2]
    return _CGROUP.replace("NAME", short).replace("KIND", kind.get(short, "args->val ? POPULATED : EMPTY"))


def _oom_fields(fields: frozenset[str]) -> str:
    """What newer kernels tell of the victim in the tracepoint itself."""
    lines = [f"r->numbers[{at}] = args->{name};" for at, name in enumerate(OOM_NUMBERS) if name in fields]
    if "oom_score_adj" in fields:
        lines.append("r->oom_score_adj = args->oom_score_adj;")
    if "comm" in fields:
        lines.append(
            "bpf_probe_read_kernel_str(r->comm, sizeof(r->comm), (void *)args + (args->data_loc_comm & 0xffff));"
        )
    else:
        lines.append("r->comm[0] = 0;")
    return "\n    ".join(lines)
