from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ContainerStats(_message.Message):
    __slots__ = ("handle", "name", "id", "cpu", "cpu_percpu", "memory", "memory_stat", "memory_events", "pressure", "pids", "io", "io_scheduler", "network", "network_errors", "hugetlb", "memory_swap", "memory_kernel", "limits", "cpuset", "host", "tick", "cpu_rates", "cpu_percpu_rates", "memory_stat_rates", "memory_events_rates", "pressure_rates", "io_rates", "io_scheduler_rates", "network_rates", "network_errors_rates", "hugetlb_rates", "memory_swap_rates", "memory_kernel_rates", "limits_rates", "host_rates", "tick_rates")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CPU_FIELD_NUMBER: _ClassVar[int]
    CPU_PERCPU_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    MEMORY_STAT_FIELD_NUMBER: _ClassVar[int]
    MEMORY_EVENTS_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_FIELD_NUMBER: _ClassVar[int]
    PIDS_FIELD_NUMBER: _ClassVar[int]
    IO_FIELD_NUMBER: _ClassVar[int]
    IO_SCHEDULER_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    NETWORK_ERRORS_FIELD_NUMBER: _ClassVar[int]
    HUGETLB_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SWAP_FIELD_NUMBER: _ClassVar[int]
    MEMORY_KERNEL_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CPUSET_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    CPU_RATES_FIELD_NUMBER: _ClassVar[int]
    CPU_PERCPU_RATES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_STAT_RATES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_EVENTS_RATES_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_RATES_FIELD_NUMBER: _ClassVar[int]
    IO_RATES_FIELD_NUMBER: _ClassVar[int]
    IO_SCHEDULER_RATES_FIELD_NUMBER: _ClassVar[int]
    NETWORK_RATES_FIELD_NUMBER: _ClassVar[int]
    NETWORK_ERRORS_RATES_FIELD_NUMBER: _ClassVar[int]
    HUGETLB_RATES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SWAP_RATES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_KERNEL_RATES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_RATES_FIELD_NUMBER: _ClassVar[int]
    HOST_RATES_FIELD_NUMBER: _ClassVar[int]
    TICK_RATES_FIELD_NUMBER: _ClassVar[int]
    handle: int
    name: str
    id: str
    cpu: CpuStats
    cpu_percpu: _containers.RepeatedCompositeFieldContainer[CpuPercpuStats]
    memory: MemoryStats
    memory_stat: MemoryStatStats
    memory_events: MemoryEventsStats
    pressure: PressureStats
    pids: PidsStats
    io: _containers.RepeatedCompositeFieldContainer[IoStats]
    io_scheduler: _containers.RepeatedCompositeFieldContainer[IoSchedulerStats]
    network: _containers.RepeatedCompositeFieldContainer[NetworkStats]
    network_errors: _containers.RepeatedCompositeFieldContainer[NetworkErrorsStats]
    hugetlb: _containers.RepeatedCompositeFieldContainer[HugetlbStats]
    memory_swap: MemorySwapStats
    memory_kernel: MemoryKernelStats
    limits: LimitsStats
    cpuset: CpusetStats
    host: HostStats
    tick: _containers.RepeatedCompositeFieldContainer[TickStats]
    cpu_rates: CpuRates
    cpu_percpu_rates: _containers.RepeatedCompositeFieldContainer[CpuPercpuRates]
    memory_stat_rates: MemoryStatRates
    memory_events_rates: MemoryEventsRates
    pressure_rates: PressureRates
    io_rates: _containers.RepeatedCompositeFieldContainer[IoRates]
    io_scheduler_rates: _containers.RepeatedCompositeFieldContainer[IoSchedulerRates]
    network_rates: _containers.RepeatedCompositeFieldContainer[NetworkRates]
    network_errors_rates: _containers.RepeatedCompositeFieldContainer[NetworkErrorsRates]
    hugetlb_rates: _containers.RepeatedCompositeFieldContainer[HugetlbRates]
    memory_swap_rates: MemorySwapRates
    memory_kernel_rates: MemoryKernelRates
    limits_rates: LimitsRates
    host_rates: HostRates
    tick_rates: _containers.RepeatedCompositeFieldContainer[TickRates]
    def __init__(self, handle: _Optional[int] = ..., name: _Optional[str] = ..., id: _Optional[str] = ..., cpu: _Optional[_Union[CpuStats, _Mapping]] = ..., cpu_percpu: _Optional[_Iterable[_Union[CpuPercpuStats, _Mapping]]] = ..., memory: _Optional[_Union[MemoryStats, _Mapping]] = ..., memory_stat: _Optional[_Union[MemoryStatStats, _Mapping]] = ..., memory_events: _Optional[_Union[MemoryEventsStats, _Mapping]] = ..., pressure: _Optional[_Union[PressureStats, _Mapping]] = ..., pids: _Optional[_Union[PidsStats, _Mapping]] = ..., io: _Optional[_Iterable[_Union[IoStats, _Mapping]]] = ..., io_scheduler: _Optional[_Iterable[_Union[IoSchedulerStats, _Mapping]]] = ..., network: _Optional[_Iterable[_Union[NetworkStats, _Mapping]]] = ..., network_errors: _Optional[_Iterable[_Union[NetworkErrorsStats, _Mapping]]] = ..., hugetlb: _Optional[_Iterable[_Union[HugetlbStats, _Mapping]]] = ..., memory_swap: _Optional[_Union[MemorySwapStats, _Mapping]] = ..., memory_kernel: _Optional[_Union[MemoryKernelStats, _Mapping]] = ..., limits: _Optional[_Union[LimitsStats, _Mapping]] = ..., cpuset: _Optional[_Union[CpusetStats, _Mapping]] = ..., host: _Optional[_Union[HostStats, _Mapping]] = ..., tick: _Optional[_Iterable[_Union[TickStats, _Mapping]]] = ..., cpu_rates: _Optional[_Union[CpuRates, _Mapping]] = ..., cpu_percpu_rates: _Optional[_Iterable[_Union[CpuPercpuRates, _Mapping]]] = ..., memory_stat_rates: _Optional[_Union[MemoryStatRates, _Mapping]] = ..., memory_events_rates: _Optional[_Union[MemoryEventsRates, _Mapping]] = ..., pressure_rates: _Optional[_Union[PressureRates, _Mapping]] = ..., io_rates: _Optional[_Iterable[_Union[IoRates, _Mapping]]] = ..., io_scheduler_rates: _Optional[_Iterable[_Union[IoSchedulerRates, _Mapping]]] = ..., network_rates: _Optional[_Iterable[_Union[NetworkRates, _Mapping]]] = ..., network_errors_rates: _Optional[_Iterable[_Union[NetworkErrorsRates, _Mapping]]] = ..., hugetlb_rates: _Optional[_Iterable[_Union[HugetlbRates, _Mapping]]] = ..., memory_swap_rates: _Optional[_Union[MemorySwapRates, _Mapping]] = ..., memory_kernel_rates: _Optional[_Union[MemoryKernelRates, _Mapping]] = ..., limits_rates: _Optional[_Union[LimitsRates, _Mapping]] = ..., host_rates: _Optional[_Union[HostRates, _Mapping]] = ..., tick_rates: _Optional[_Iterable[_Union[TickRates, _Mapping]]] = ...) -> None: ...

class CpuStats(_message.Message):
    __slots__ = ("usage_ns", "user_ns", "system_ns", "nice_ns", "periods", "throttled_periods", "throttled_ns", "bursts", "burst_ns", "sample_offset_usec")
    USAGE_NS_FIELD_NUMBER: _ClassVar[int]
    USER_NS_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_NS_FIELD_NUMBER: _ClassVar[int]
    NICE_NS_FIELD_NUMBER: _ClassVar[int]
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    THROTTLED_PERIODS_FIELD_NUMBER: _ClassVar[int]
    THROTTLED_NS_FIELD_NUMBER: _ClassVar[int]
    BURSTS_FIELD_NUMBER: _ClassVar[int]
    BURST_NS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    usage_ns: int
    user_ns: int
    system_ns: int
    nice_ns: int
    periods: int
    throttled_periods: int
    throttled_ns: int
    bursts: int
    burst_ns: int
    sample_offset_usec: int
    def __init__(self, usage_ns: _Optional[int] = ..., user_ns: _Optional[int] = ..., system_ns: _Optional[int] = ..., nice_ns: _Optional[int] = ..., periods: _Optional[int] = ..., throttled_periods: _Optional[int] = ..., throttled_ns: _Optional[int] = ..., bursts: _Optional[int] = ..., burst_ns: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class CpuRates(_message.Message):
    __slots__ = ("usage_ns_per_sec", "user_ns_per_sec", "system_ns_per_sec", "nice_ns_per_sec", "periods_per_sec", "throttled_periods_per_sec", "throttled_ns_per_sec", "bursts_per_sec", "burst_ns_per_sec")
    USAGE_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    USER_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    NICE_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PERIODS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    THROTTLED_PERIODS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    THROTTLED_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    BURSTS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    BURST_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    usage_ns_per_sec: float
    user_ns_per_sec: float
    system_ns_per_sec: float
    nice_ns_per_sec: float
    periods_per_sec: float
    throttled_periods_per_sec: float
    throttled_ns_per_sec: float
    bursts_per_sec: float
    burst_ns_per_sec: float
    def __init__(self, usage_ns_per_sec: _Optional[float] = ..., user_ns_per_sec: _Optional[float] = ..., system_ns_per_sec: _Optional[float] = ..., nice_ns_per_sec: _Optional[float] = ..., periods_per_sec: _Optional[float] = ..., throttled_periods_per_sec: _Optional[float] = ..., throttled_ns_per_sec: _Optional[float] = ..., bursts_per_sec: _Optional[float] = ..., burst_ns_per_sec: _Optional[float] = ...) -> None: ...

class CpuPercpuStats(_message.Message):
    __slots__ = ("usage_ns", "sample_offset_usec", "core")
    USAGE_NS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    CORE_FIELD_NUMBER: _ClassVar[int]
    usage_ns: int
    sample_offset_usec: int
    core: str
    def __init__(self, usage_ns: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ..., core: _Optional[str] = ...) -> None: ...

class CpuPercpuRates(_message.Message):
    __slots__ = ("usage_ns_per_sec", "core")
    USAGE_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    CORE_FIELD_NUMBER: _ClassVar[int]
    usage_ns_per_sec: float
    core: str
    def __init__(self, usage_ns_per_sec: _Optional[float] = ..., core: _Optional[str] = ...) -> None: ...

class MemoryStats(_message.Message):
    __slots__ = ("usage_bytes", "swap_bytes", "sample_offset_usec")
    USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SWAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    usage_bytes: int
    swap_bytes: int
    sample_offset_usec: int
    def __init__(self, usage_bytes: _Optional[int] = ..., swap_bytes: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class MemoryStatStats(_message.Message):
    __slots__ = ("anon_bytes", "file_bytes", "kernel_bytes", "kernel_stack_bytes", "pagetables_bytes", "sec_pagetables_bytes", "percpu_bytes", "sock_bytes", "vmalloc_bytes", "shmem_bytes", "zswap_bytes", "zswapped_bytes", "file_mapped_bytes", "file_dirty_bytes", "file_writeback_bytes", "swap_bytes", "swapcached_bytes", "anon_thp_bytes", "file_thp_bytes", "shmem_thp_bytes", "inactive_anon_bytes", "active_anon_bytes", "inactive_file_bytes", "active_file_bytes", "unevictable_bytes", "slab_reclaimable_bytes", "slab_unreclaimable_bytes", "hugetlb_bytes", "pgfault", "pgmajfault", "local_pgfault", "local_pgmajfault", "pgpgin", "pgpgout", "workingset_refault_anon", "workingset_refault_file", "workingset_activate_anon", "workingset_activate_file", "workingset_restore_anon", "workingset_restore_file", "workingset_nodereclaim", "pgrefill", "pgscan", "pgsteal", "pgscan_kswapd", "pgscan_direct", "pgscan_khugepaged", "pgscan_proactive", "pgsteal_kswapd", "pgsteal_direct", "pgsteal_khugepaged", "pgsteal_proactive", "pgactivate", "pgdeactivate", "pglazyfree", "pglazyfreed", "swpin_zero", "swpout_zero", "zswpin", "zswpout", "zswpwb", "thp_fault_alloc", "thp_collapse_alloc", "thp_swpout", "thp_swpout_fallback", "pswpin", "pswpout", "pgdemote_kswapd", "pgdemote_direct", "pgdemote_khugepaged", "pgdemote_proactive", "pgpromote_success", "numa_pages_migrated", "numa_pte_updates", "numa_hint_faults", "sample_offset_usec")
    ANON_BYTES_FIELD_NUMBER: _ClassVar[int]
    FILE_BYTES_FIELD_NUMBER: _ClassVar[int]
    KERNEL_BYTES_FIELD_NUMBER: _ClassVar[int]
    KERNEL_STACK_BYTES_FIELD_NUMBER: _ClassVar[int]
    PAGETABLES_BYTES_FIELD_NUMBER: _ClassVar[int]
    SEC_PAGETABLES_BYTES_FIELD_NUMBER: _ClassVar[int]
    PERCPU_BYTES_FIELD_NUMBER: _ClassVar[int]
    SOCK_BYTES_FIELD_NUMBER: _ClassVar[int]
    VMALLOC_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHMEM_BYTES_FIELD_NUMBER: _ClassVar[int]
    ZSWAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    ZSWAPPED_BYTES_FIELD_NUMBER: _ClassVar[int]
    FILE_MAPPED_BYTES_FIELD_NUMBER: _ClassVar[int]
    FILE_DIRTY_BYTES_FIELD_NUMBER: _ClassVar[int]
    FILE_WRITEBACK_BYTES_FIELD_NUMBER: _ClassVar[int]
    SWAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    SWAPCACHED_BYTES_FIELD_NUMBER: _ClassVar[int]
    ANON_THP_BYTES_FIELD_NUMBER: _ClassVar[int]
    FILE_THP_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHMEM_THP_BYTES_FIELD_NUMBER: _ClassVar[int]
    INACTIVE_ANON_BYTES_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ANON_BYTES_FIELD_NUMBER: _ClassVar[int]
    INACTIVE_FILE_BYTES_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FILE_BYTES_FIELD_NUMBER: _ClassVar[int]
    UNEVICTABLE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SLAB_RECLAIMABLE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SLAB_UNRECLAIMABLE_BYTES_FIELD_NUMBER: _ClassVar[int]
    HUGETLB_BYTES_FIELD_NUMBER: _ClassVar[int]
    PGFAULT_FIELD_NUMBER: _ClassVar[int]
    PGMAJFAULT_FIELD_NUMBER: _ClassVar[int]
    LOCAL_PGFAULT_FIELD_NUMBER: _ClassVar[int]
    LOCAL_PGMAJFAULT_FIELD_NUMBER: _ClassVar[int]
    PGPGIN_FIELD_NUMBER: _ClassVar[int]
    PGPGOUT_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_REFAULT_ANON_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_REFAULT_FILE_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_ACTIVATE_ANON_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_ACTIVATE_FILE_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_RESTORE_ANON_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_RESTORE_FILE_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_NODERECLAIM_FIELD_NUMBER: _ClassVar[int]
    PGREFILL_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_KSWAPD_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_DIRECT_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_KHUGEPAGED_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_PROACTIVE_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_KSWAPD_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_DIRECT_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_KHUGEPAGED_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_PROACTIVE_FIELD_NUMBER: _ClassVar[int]
    PGACTIVATE_FIELD_NUMBER: _ClassVar[int]
    PGDEACTIVATE_FIELD_NUMBER: _ClassVar[int]
    PGLAZYFREE_FIELD_NUMBER: _ClassVar[int]
    PGLAZYFREED_FIELD_NUMBER: _ClassVar[int]
    SWPIN_ZERO_FIELD_NUMBER: _ClassVar[int]
    SWPOUT_ZERO_FIELD_NUMBER: _ClassVar[int]
    ZSWPIN_FIELD_NUMBER: _ClassVar[int]
    ZSWPOUT_FIELD_NUMBER: _ClassVar[int]
    ZSWPWB_FIELD_NUMBER: _ClassVar[int]
    THP_FAULT_ALLOC_FIELD_NUMBER: _ClassVar[int]
    THP_COLLAPSE_ALLOC_FIELD_NUMBER: _ClassVar[int]
    THP_SWPOUT_FIELD_NUMBER: _ClassVar[int]
    THP_SWPOUT_FALLBACK_FIELD_NUMBER: _ClassVar[int]
    PSWPIN_FIELD_NUMBER: _ClassVar[int]
    PSWPOUT_FIELD_NUMBER: _ClassVar[int]
    PGDEMOTE_KSWAPD_FIELD_NUMBER: _ClassVar[int]
    PGDEMOTE_DIRECT_FIELD_NUMBER: _ClassVar[int]
    PGDEMOTE_KHUGEPAGED_FIELD_NUMBER: _ClassVar[int]
    PGDEMOTE_PROACTIVE_FIELD_NUMBER: _ClassVar[int]
    PGPROMOTE_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    NUMA_PAGES_MIGRATED_FIELD_NUMBER: _ClassVar[int]
    NUMA_PTE_UPDATES_FIELD_NUMBER: _ClassVar[int]
    NUMA_HINT_FAULTS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    anon_bytes: int
    file_bytes: int
    kernel_bytes: int
    kernel_stack_bytes: int
    pagetables_bytes: int
    sec_pagetables_bytes: int
    percpu_bytes: int
    sock_bytes: int
    vmalloc_bytes: int
    shmem_bytes: int
    zswap_bytes: int
    zswapped_bytes: int
    file_mapped_bytes: int
    file_dirty_bytes: int
    file_writeback_bytes: int
    swap_bytes: int
    swapcached_bytes: int
    anon_thp_bytes: int
    file_thp_bytes: int
    shmem_thp_bytes: int
    inactive_anon_bytes: int
    active_anon_bytes: int
    inactive_file_bytes: int
    active_file_bytes: int
    unevictable_bytes: int
    slab_reclaimable_bytes: int
    slab_unreclaimable_bytes: int
    hugetlb_bytes: int
    pgfault: int
    pgmajfault: int
    local_pgfault: int
    local_pgmajfault: int
    pgpgin: int
    pgpgout: int
    workingset_refault_anon: int
    workingset_refault_file: int
    workingset_activate_anon: int
    workingset_activate_file: int
    workingset_restore_anon: int
    workingset_restore_file: int
    workingset_nodereclaim: int
    pgrefill: int
    pgscan: int
    pgsteal: int
    pgscan_kswapd: int
    pgscan_direct: int
    pgscan_khugepaged: int
    pgscan_proactive: int
    pgsteal_kswapd: int
    pgsteal_direct: int
    pgsteal_khugepaged: int
    pgsteal_proactive: int
    pgactivate: int
    pgdeactivate: int
    pglazyfree: int
    pglazyfreed: int
    swpin_zero: int
    swpout_zero: int
    zswpin: int
    zswpout: int
    zswpwb: int
    thp_fault_alloc: int
    thp_collapse_alloc: int
    thp_swpout: int
    thp_swpout_fallback: int
    pswpin: int
    pswpout: int
    pgdemote_kswapd: int
    pgdemote_direct: int
    pgdemote_khugepaged: int
    pgdemote_proactive: int
    pgpromote_success: int
    numa_pages_migrated: int
    numa_pte_updates: int
    numa_hint_faults: int
    sample_offset_usec: int
    def __init__(self, anon_bytes: _Optional[int] = ..., file_bytes: _Optional[int] = ..., kernel_bytes: _Optional[int] = ..., kernel_stack_bytes: _Optional[int] = ..., pagetables_bytes: _Optional[int] = ..., sec_pagetables_bytes: _Optional[int] = ..., percpu_bytes: _Optional[int] = ..., sock_bytes: _Optional[int] = ..., vmalloc_bytes: _Optional[int] = ..., shmem_bytes: _Optional[int] = ..., zswap_bytes: _Optional[int] = ..., zswapped_bytes: _Optional[int] = ..., file_mapped_bytes: _Optional[int] = ..., file_dirty_bytes: _Optional[int] = ..., file_writeback_bytes: _Optional[int] = ..., swap_bytes: _Optional[int] = ..., swapcached_bytes: _Optional[int] = ..., anon_thp_bytes: _Optional[int] = ..., file_thp_bytes: _Optional[int] = ..., shmem_thp_bytes: _Optional[int] = ..., inactive_anon_bytes: _Optional[int] = ..., active_anon_bytes: _Optional[int] = ..., inactive_file_bytes: _Optional[int] = ..., active_file_bytes: _Optional[int] = ..., unevictable_bytes: _Optional[int] = ..., slab_reclaimable_bytes: _Optional[int] = ..., slab_unreclaimable_bytes: _Optional[int] = ..., hugetlb_bytes: _Optional[int] = ..., pgfault: _Optional[int] = ..., pgmajfault: _Optional[int] = ..., local_pgfault: _Optional[int] = ..., local_pgmajfault: _Optional[int] = ..., pgpgin: _Optional[int] = ..., pgpgout: _Optional[int] = ..., workingset_refault_anon: _Optional[int] = ..., workingset_refault_file: _Optional[int] = ..., workingset_activate_anon: _Optional[int] = ..., workingset_activate_file: _Optional[int] = ..., workingset_restore_anon: _Optional[int] = ..., workingset_restore_file: _Optional[int] = ..., workingset_nodereclaim: _Optional[int] = ..., pgrefill: _Optional[int] = ..., pgscan: _Optional[int] = ..., pgsteal: _Optional[int] = ..., pgscan_kswapd: _Optional[int] = ..., pgscan_direct: _Optional[int] = ..., pgscan_khugepaged: _Optional[int] = ..., pgscan_proactive: _Optional[int] = ..., pgsteal_kswapd: _Optional[int] = ..., pgsteal_direct: _Optional[int] = ..., pgsteal_khugepaged: _Optional[int] = ..., pgsteal_proactive: _Optional[int] = ..., pgactivate: _Optional[int] = ..., pgdeactivate: _Optional[int] = ..., pglazyfree: _Optional[int] = ..., pglazyfreed: _Optional[int] = ..., swpin_zero: _Optional[int] = ..., swpout_zero: _Optional[int] = ..., zswpin: _Optional[int] = ..., zswpout: _Optional[int] = ..., zswpwb: _Optional[int] = ..., thp_fault_alloc: _Optional[int] = ..., thp_collapse_alloc: _Optional[int] = ..., thp_swpout: _Optional[int] = ..., thp_swpout_fallback: _Optional[int] = ..., pswpin: _Optional[int] = ..., pswpout: _Optional[int] = ..., pgdemote_kswapd: _Optional[int] = ..., pgdemote_direct: _Optional[int] = ..., pgdemote_khugepaged: _Optional[int] = ..., pgdemote_proactive: _Optional[int] = ..., pgpromote_success: _Optional[int] = ..., numa_pages_migrated: _Optional[int] = ..., numa_pte_updates: _Optional[int] = ..., numa_hint_faults: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class MemoryStatRates(_message.Message):
    __slots__ = ("pgfault_per_sec", "pgmajfault_per_sec", "local_pgfault_per_sec", "local_pgmajfault_per_sec", "pgpgin_per_sec", "pgpgout_per_sec", "workingset_refault_anon_per_sec", "workingset_refault_file_per_sec", "workingset_activate_anon_per_sec", "workingset_activate_file_per_sec", "workingset_restore_anon_per_sec", "workingset_restore_file_per_sec", "workingset_nodereclaim_per_sec", "pgrefill_per_sec", "pgscan_per_sec", "pgsteal_per_sec", "pgscan_kswapd_per_sec", "pgscan_direct_per_sec", "pgscan_khugepaged_per_sec", "pgscan_proactive_per_sec", "pgsteal_kswapd_per_sec", "pgsteal_direct_per_sec", "pgsteal_khugepaged_per_sec", "pgsteal_proactive_per_sec", "pgactivate_per_sec", "pgdeactivate_per_sec", "pglazyfree_per_sec", "pglazyfreed_per_sec", "swpin_zero_per_sec", "swpout_zero_per_sec", "zswpin_per_sec", "zswpout_per_sec", "zswpwb_per_sec", "thp_fault_alloc_per_sec", "thp_collapse_alloc_per_sec", "thp_swpout_per_sec", "thp_swpout_fallback_per_sec", "pswpin_per_sec", "pswpout_per_sec", "pgdemote_kswapd_per_sec", "pgdemote_direct_per_sec", "pgdemote_khugepaged_per_sec", "pgdemote_proactive_per_sec", "pgpromote_success_per_sec", "numa_pages_migrated_per_sec", "numa_pte_updates_per_sec", "numa_hint_faults_per_sec")
    PGFAULT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGMAJFAULT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    LOCAL_PGFAULT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    LOCAL_PGMAJFAULT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGPGIN_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGPGOUT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_REFAULT_ANON_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_REFAULT_FILE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_ACTIVATE_ANON_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_ACTIVATE_FILE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_RESTORE_ANON_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_RESTORE_FILE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_NODERECLAIM_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGREFILL_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_KSWAPD_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_DIRECT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_KHUGEPAGED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_PROACTIVE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_KSWAPD_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_DIRECT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_KHUGEPAGED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_PROACTIVE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGACTIVATE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGDEACTIVATE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGLAZYFREE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGLAZYFREED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    SWPIN_ZERO_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    SWPOUT_ZERO_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    ZSWPIN_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    ZSWPOUT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    ZSWPWB_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    THP_FAULT_ALLOC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    THP_COLLAPSE_ALLOC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    THP_SWPOUT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    THP_SWPOUT_FALLBACK_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PSWPIN_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PSWPOUT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGDEMOTE_KSWAPD_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGDEMOTE_DIRECT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGDEMOTE_KHUGEPAGED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGDEMOTE_PROACTIVE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PGPROMOTE_SUCCESS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    NUMA_PAGES_MIGRATED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    NUMA_PTE_UPDATES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    NUMA_HINT_FAULTS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    pgfault_per_sec: float
    pgmajfault_per_sec: float
    local_pgfault_per_sec: float
    local_pgmajfault_per_sec: float
    pgpgin_per_sec: float
    pgpgout_per_sec: float
    workingset_refault_anon_per_sec: float
    workingset_refault_file_per_sec: float
    workingset_activate_anon_per_sec: float
    workingset_activate_file_per_sec: float
    workingset_restore_anon_per_sec: float
    workingset_restore_file_per_sec: float
    workingset_nodereclaim_per_sec: float
    pgrefill_per_sec: float
    pgscan_per_sec: float
    pgsteal_per_sec: float
    pgscan_kswapd_per_sec: float
    pgscan_direct_per_sec: float
    pgscan_khugepaged_per_sec: float
    pgscan_proactive_per_sec: float
    pgsteal_kswapd_per_sec: float
    pgsteal_direct_per_sec: float
    pgsteal_khugepaged_per_sec: float
    pgsteal_proactive_per_sec: float
    pgactivate_per_sec: float
    pgdeactivate_per_sec: float
    pglazyfree_per_sec: float
    pglazyfreed_per_sec: float
    swpin_zero_per_sec: float
    swpout_zero_per_sec: float
    zswpin_per_sec: float
    zswpout_per_sec: float
    zswpwb_per_sec: float
    thp_fault_alloc_per_sec: float
    thp_collapse_alloc_per_sec: float
    thp_swpout_per_sec: float
    thp_swpout_fallback_per_sec: float
    pswpin_per_sec: float
    pswpout_per_sec: float
    pgdemote_kswapd_per_sec: float
    pgdemote_direct_per_sec: float
    pgdemote_khugepaged_per_sec: float
    pgdemote_proactive_per_sec: float
    pgpromote_success_per_sec: float
    numa_pages_migrated_per_sec: float
    numa_pte_updates_per_sec: float
    numa_hint_faults_per_sec: float
    def __init__(self, pgfault_per_sec: _Optional[float] = ..., pgmajfault_per_sec: _Optional[float] = ..., local_pgfault_per_sec: _Optional[float] = ..., local_pgmajfault_per_sec: _Optional[float] = ..., pgpgin_per_sec: _Optional[float] = ..., pgpgout_per_sec: _Optional[float] = ..., workingset_refault_anon_per_sec: _Optional[float] = ..., workingset_refault_file_per_sec: _Optional[float] = ..., workingset_activate_anon_per_sec: _Optional[float] = ..., workingset_activate_file_per_sec: _Optional[float] = ..., workingset_restore_anon_per_sec: _Optional[float] = ..., workingset_restore_file_per_sec: _Optional[float] = ..., workingset_nodereclaim_per_sec: _Optional[float] = ..., pgrefill_per_sec: _Optional[float] = ..., pgscan_per_sec: _Optional[float] = ..., pgsteal_per_sec: _Optional[float] = ..., pgscan_kswapd_per_sec: _Optional[float] = ..., pgscan_direct_per_sec: _Optional[float] = ..., pgscan_khugepaged_per_sec: _Optional[float] = ..., pgscan_proactive_per_sec: _Optional[float] = ..., pgsteal_kswapd_per_sec: _Optional[float] = ..., pgsteal_direct_per_sec: _Optional[float] = ..., pgsteal_khugepaged_per_sec: _Optional[float] = ..., pgsteal_proactive_per_sec: _Optional[float] = ..., pgactivate_per_sec: _Optional[float] = ..., pgdeactivate_per_sec: _Optional[float] = ..., pglazyfree_per_sec: _Optional[float] = ..., pglazyfreed_per_sec: _Optional[float] = ..., swpin_zero_per_sec: _Optional[float] = ..., swpout_zero_per_sec: _Optional[float] = ..., zswpin_per_sec: _Optional[float] = ..., zswpout_per_sec: _Optional[float] = ..., zswpwb_per_sec: _Optional[float] = ..., thp_fault_alloc_per_sec: _Optional[float] = ..., thp_collapse_alloc_per_sec: _Optional[float] = ..., thp_swpout_per_sec: _Optional[float] = ..., thp_swpout_fallback_per_sec: _Optional[float] = ..., pswpin_per_sec: _Optional[float] = ..., pswpout_per_sec: _Optional[float] = ..., pgdemote_kswapd_per_sec: _Optional[float] = ..., pgdemote_direct_per_sec: _Optional[float] = ..., pgdemote_khugepaged_per_sec: _Optional[float] = ..., pgdemote_proactive_per_sec: _Optional[float] = ..., pgpromote_success_per_sec: _Optional[float] = ..., numa_pages_migrated_per_sec: _Optional[float] = ..., numa_pte_updates_per_sec: _Optional[float] = ..., numa_hint_faults_per_sec: _Optional[float] = ...) -> None: ...

class MemoryEventsStats(_message.Message):
    __slots__ = ("low", "high", "max", "oom", "oom_kill", "oom_group_kill", "sock_throttled", "under_oom", "sample_offset_usec")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    OOM_FIELD_NUMBER: _ClassVar[int]
    OOM_KILL_FIELD_NUMBER: _ClassVar[int]
    OOM_GROUP_KILL_FIELD_NUMBER: _ClassVar[int]
    SOCK_THROTTLED_FIELD_NUMBER: _ClassVar[int]
    UNDER_OOM_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    low: int
    high: int
    max: int
    oom: int
    oom_kill: int
    oom_group_kill: int
    sock_throttled: int
    under_oom: int
    sample_offset_usec: int
    def __init__(self, low: _Optional[int] = ..., high: _Optional[int] = ..., max: _Optional[int] = ..., oom: _Optional[int] = ..., oom_kill: _Optional[int] = ..., oom_group_kill: _Optional[int] = ..., sock_throttled: _Optional[int] = ..., under_oom: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class MemoryEventsRates(_message.Message):
    __slots__ = ("low_per_sec", "high_per_sec", "max_per_sec", "oom_per_sec", "oom_kill_per_sec", "oom_group_kill_per_sec", "sock_throttled_per_sec")
    LOW_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    HIGH_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    MAX_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    OOM_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    OOM_KILL_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    OOM_GROUP_KILL_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    SOCK_THROTTLED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    low_per_sec: float
    high_per_sec: float
    max_per_sec: float
    oom_per_sec: float
    oom_kill_per_sec: float
    oom_group_kill_per_sec: float
    sock_throttled_per_sec: float
    def __init__(self, low_per_sec: _Optional[float] = ..., high_per_sec: _Optional[float] = ..., max_per_sec: _Optional[float] = ..., oom_per_sec: _Optional[float] = ..., oom_kill_per_sec: _Optional[float] = ..., oom_group_kill_per_sec: _Optional[float] = ..., sock_throttled_per_sec: _Optional[float] = ...) -> None: ...

class PressureStats(_message.Message):
    __slots__ = ("cpu_some_avg10", "cpu_some_avg60", "cpu_some_avg300", "cpu_some_usec", "cpu_full_avg10", "cpu_full_avg60", "cpu_full_avg300", "cpu_full_usec", "memory_some_avg10", "memory_some_avg60", "memory_some_avg300", "memory_some_usec", "memory_full_avg10", "memory_full_avg60", "memory_full_avg300", "memory_full_usec", "io_some_avg10", "io_some_avg60", "io_some_avg300", "io_some_usec", "io_full_avg10", "io_full_avg60", "io_full_avg300", "io_full_usec", "irq_full_avg10", "irq_full_avg60", "irq_full_avg300", "irq_full_usec", "sample_offset_usec")
    CPU_SOME_AVG10_FIELD_NUMBER: _ClassVar[int]
    CPU_SOME_AVG60_FIELD_NUMBER: _ClassVar[int]
    CPU_SOME_AVG300_FIELD_NUMBER: _ClassVar[int]
    CPU_SOME_USEC_FIELD_NUMBER: _ClassVar[int]
    CPU_FULL_AVG10_FIELD_NUMBER: _ClassVar[int]
    CPU_FULL_AVG60_FIELD_NUMBER: _ClassVar[int]
    CPU_FULL_AVG300_FIELD_NUMBER: _ClassVar[int]
    CPU_FULL_USEC_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SOME_AVG10_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SOME_AVG60_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SOME_AVG300_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SOME_USEC_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FULL_AVG10_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FULL_AVG60_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FULL_AVG300_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FULL_USEC_FIELD_NUMBER: _ClassVar[int]
    IO_SOME_AVG10_FIELD_NUMBER: _ClassVar[int]
    IO_SOME_AVG60_FIELD_NUMBER: _ClassVar[int]
    IO_SOME_AVG300_FIELD_NUMBER: _ClassVar[int]
    IO_SOME_USEC_FIELD_NUMBER: _ClassVar[int]
    IO_FULL_AVG10_FIELD_NUMBER: _ClassVar[int]
    IO_FULL_AVG60_FIELD_NUMBER: _ClassVar[int]
    IO_FULL_AVG300_FIELD_NUMBER: _ClassVar[int]
    IO_FULL_USEC_FIELD_NUMBER: _ClassVar[int]
    IRQ_FULL_AVG10_FIELD_NUMBER: _ClassVar[int]
    IRQ_FULL_AVG60_FIELD_NUMBER: _ClassVar[int]
    IRQ_FULL_AVG300_FIELD_NUMBER: _ClassVar[int]
    IRQ_FULL_USEC_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    cpu_some_avg10: float
    cpu_some_avg60: float
    cpu_some_avg300: float
    cpu_some_usec: int
    cpu_full_avg10: float
    cpu_full_avg60: float
    cpu_full_avg300: float
    cpu_full_usec: int
    memory_some_avg10: float
    memory_some_avg60: float
    memory_some_avg300: float
    memory_some_usec: int
    memory_full_avg10: float
    memory_full_avg60: float
    memory_full_avg300: float
    memory_full_usec: int
    io_some_avg10: float
    io_some_avg60: float
    io_some_avg300: float
    io_some_usec: int
    io_full_avg10: float
    io_full_avg60: float
    io_full_avg300: float
    io_full_usec: int
    irq_full_avg10: float
    irq_full_avg60: float
    irq_full_avg300: float
    irq_full_usec: int
    sample_offset_usec: int
    def __init__(self, cpu_some_avg10: _Optional[float] = ..., cpu_some_avg60: _Optional[float] = ..., cpu_some_avg300: _Optional[float] = ..., cpu_some_usec: _Optional[int] = ..., cpu_full_avg10: _Optional[float] = ..., cpu_full_avg60: _Optional[float] = ..., cpu_full_avg300: _Optional[float] = ..., cpu_full_usec: _Optional[int] = ..., memory_some_avg10: _Optional[float] = ..., memory_some_avg60: _Optional[float] = ..., memory_some_avg300: _Optional[float] = ..., memory_some_usec: _Optional[int] = ..., memory_full_avg10: _Optional[float] = ..., memory_full_avg60: _Optional[float] = ..., memory_full_avg300: _Optional[float] = ..., memory_full_usec: _Optional[int] = ..., io_some_avg10: _Optional[float] = ..., io_some_avg60: _Optional[float] = ..., io_some_avg300: _Optional[float] = ..., io_some_usec: _Optional[int] = ..., io_full_avg10: _Optional[float] = ..., io_full_avg60: _Optional[float] = ..., io_full_avg300: _Optional[float] = ..., io_full_usec: _Optional[int] = ..., irq_full_avg10: _Optional[float] = ..., irq_full_avg60: _Optional[float] = ..., irq_full_avg300: _Optional[float] = ..., irq_full_usec: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class PressureRates(_message.Message):
    __slots__ = ("cpu_some_usec_per_sec", "cpu_full_usec_per_sec", "memory_some_usec_per_sec", "memory_full_usec_per_sec", "io_some_usec_per_sec", "io_full_usec_per_sec", "irq_full_usec_per_sec")
    CPU_SOME_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    CPU_FULL_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SOME_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FULL_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    IO_SOME_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    IO_FULL_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    IRQ_FULL_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    cpu_some_usec_per_sec: float
    cpu_full_usec_per_sec: float
    memory_some_usec_per_sec: float
    memory_full_usec_per_sec: float
    io_some_usec_per_sec: float
    io_full_usec_per_sec: float
    irq_full_usec_per_sec: float
    def __init__(self, cpu_some_usec_per_sec: _Optional[float] = ..., cpu_full_usec_per_sec: _Optional[float] = ..., memory_some_usec_per_sec: _Optional[float] = ..., memory_full_usec_per_sec: _Optional[float] = ..., io_some_usec_per_sec: _Optional[float] = ..., io_full_usec_per_sec: _Optional[float] = ..., irq_full_usec_per_sec: _Optional[float] = ...) -> None: ...

class PidsStats(_message.Message):
    __slots__ = ("current", "sample_offset_usec")
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    current: int
    sample_offset_usec: int
    def __init__(self, current: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class IoStats(_message.Message):
    __slots__ = ("read_bytes", "write_bytes", "discard_bytes", "read_ops", "write_ops", "discard_ops", "sync_bytes", "async_bytes", "sync_ops", "async_ops", "cost_usage_usec", "cost_wait_usec", "cost_indebt_usec", "cost_indelay_usec", "sample_offset_usec", "device")
    READ_BYTES_FIELD_NUMBER: _ClassVar[int]
    WRITE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DISCARD_BYTES_FIELD_NUMBER: _ClassVar[int]
    READ_OPS_FIELD_NUMBER: _ClassVar[int]
    WRITE_OPS_FIELD_NUMBER: _ClassVar[int]
    DISCARD_OPS_FIELD_NUMBER: _ClassVar[int]
    SYNC_BYTES_FIELD_NUMBER: _ClassVar[int]
    ASYNC_BYTES_FIELD_NUMBER: _ClassVar[int]
    SYNC_OPS_FIELD_NUMBER: _ClassVar[int]
    ASYNC_OPS_FIELD_NUMBER: _ClassVar[int]
    COST_USAGE_USEC_FIELD_NUMBER: _ClassVar[int]
    COST_WAIT_USEC_FIELD_NUMBER: _ClassVar[int]
    COST_INDEBT_USEC_FIELD_NUMBER: _ClassVar[int]
    COST_INDELAY_USEC_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    read_bytes: int
    write_bytes: int
    discard_bytes: int
    read_ops: int
    write_ops: int
    discard_ops: int
    sync_bytes: int
    async_bytes: int
    sync_ops: int
    async_ops: int
    cost_usage_usec: int
    cost_wait_usec: int
    cost_indebt_usec: int
    cost_indelay_usec: int
    sample_offset_usec: int
    device: str
    def __init__(self, read_bytes: _Optional[int] = ..., write_bytes: _Optional[int] = ..., discard_bytes: _Optional[int] = ..., read_ops: _Optional[int] = ..., write_ops: _Optional[int] = ..., discard_ops: _Optional[int] = ..., sync_bytes: _Optional[int] = ..., async_bytes: _Optional[int] = ..., sync_ops: _Optional[int] = ..., async_ops: _Optional[int] = ..., cost_usage_usec: _Optional[int] = ..., cost_wait_usec: _Optional[int] = ..., cost_indebt_usec: _Optional[int] = ..., cost_indelay_usec: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ..., device: _Optional[str] = ...) -> None: ...

class IoRates(_message.Message):
    __slots__ = ("read_bytes_per_sec", "write_bytes_per_sec", "discard_bytes_per_sec", "read_ops_per_sec", "write_ops_per_sec", "discard_ops_per_sec", "sync_bytes_per_sec", "async_bytes_per_sec", "sync_ops_per_sec", "async_ops_per_sec", "cost_usage_usec_per_sec", "cost_wait_usec_per_sec", "cost_indebt_usec_per_sec", "cost_indelay_usec_per_sec", "device")
    READ_BYTES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WRITE_BYTES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    DISCARD_BYTES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    READ_OPS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WRITE_OPS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    DISCARD_OPS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    SYNC_BYTES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    ASYNC_BYTES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    SYNC_OPS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    ASYNC_OPS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    COST_USAGE_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    COST_WAIT_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    COST_INDEBT_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    COST_INDELAY_USEC_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    read_bytes_per_sec: float
    write_bytes_per_sec: float
    discard_bytes_per_sec: float
    read_ops_per_sec: float
    write_ops_per_sec: float
    discard_ops_per_sec: float
    sync_bytes_per_sec: float
    async_bytes_per_sec: float
    sync_ops_per_sec: float
    async_ops_per_sec: float
    cost_usage_usec_per_sec: float
    cost_wait_usec_per_sec: float
    cost_indebt_usec_per_sec: float
    cost_indelay_usec_per_sec: float
    device: str
    def __init__(self, read_bytes_per_sec: _Optional[float] = ..., write_bytes_per_sec: _Optional[float] = ..., discard_bytes_per_sec: _Optional[float] = ..., read_ops_per_sec: _Optional[float] = ..., write_ops_per_sec: _Optional[float] = ..., discard_ops_per_sec: _Optional[float] = ..., sync_bytes_per_sec: _Optional[float] = ..., async_bytes_per_sec: _Optional[float] = ..., sync_ops_per_sec: _Optional[float] = ..., async_ops_per_sec: _Optional[float] = ..., cost_usage_usec_per_sec: _Optional[float] = ..., cost_wait_usec_per_sec: _Optional[float] = ..., cost_indebt_usec_per_sec: _Optional[float] = ..., cost_indelay_usec_per_sec: _Optional[float] = ..., device: _Optional[str] = ...) -> None: ...

class IoSchedulerStats(_message.Message):
    __slots__ = ("queued", "service_time_ns", "wait_time_ns", "merged", "time_ms", "sectors", "sample_offset_usec", "device")
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    WAIT_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    MERGED_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SECTORS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    queued: int
    service_time_ns: int
    wait_time_ns: int
    merged: int
    time_ms: int
    sectors: int
    sample_offset_usec: int
    device: str
    def __init__(self, queued: _Optional[int] = ..., service_time_ns: _Optional[int] = ..., wait_time_ns: _Optional[int] = ..., merged: _Optional[int] = ..., time_ms: _Optional[int] = ..., sectors: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ..., device: _Optional[str] = ...) -> None: ...

class IoSchedulerRates(_message.Message):
    __slots__ = ("service_time_ns_per_sec", "wait_time_ns_per_sec", "merged_per_sec", "time_ms_per_sec", "sectors_per_sec", "device")
    SERVICE_TIME_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WAIT_TIME_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    MERGED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    SECTORS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    service_time_ns_per_sec: float
    wait_time_ns_per_sec: float
    merged_per_sec: float
    time_ms_per_sec: float
    sectors_per_sec: float
    device: str
    def __init__(self, service_time_ns_per_sec: _Optional[float] = ..., wait_time_ns_per_sec: _Optional[float] = ..., merged_per_sec: _Optional[float] = ..., time_ms_per_sec: _Optional[float] = ..., sectors_per_sec: _Optional[float] = ..., device: _Optional[str] = ...) -> None: ...

class NetworkStats(_message.Message):
    __slots__ = ("rx_bytes", "rx_packets", "tx_bytes", "tx_packets", "sample_offset_usec", "interface")
    RX_BYTES_FIELD_NUMBER: _ClassVar[int]
    RX_PACKETS_FIELD_NUMBER: _ClassVar[int]
    TX_BYTES_FIELD_NUMBER: _ClassVar[int]
    TX_PACKETS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_FIELD_NUMBER: _ClassVar[int]
    rx_bytes: int
    rx_packets: int
    tx_bytes: int
    tx_packets: int
    sample_offset_usec: int
    interface: str
    def __init__(self, rx_bytes: _Optional[int] = ..., rx_packets: _Optional[int] = ..., tx_bytes: _Optional[int] = ..., tx_packets: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ..., interface: _Optional[str] = ...) -> None: ...

class NetworkRates(_message.Message):
    __slots__ = ("rx_bytes_per_sec", "rx_packets_per_sec", "tx_bytes_per_sec", "tx_packets_per_sec", "interface")
    RX_BYTES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    RX_PACKETS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TX_BYTES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TX_PACKETS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_FIELD_NUMBER: _ClassVar[int]
    rx_bytes_per_sec: float
    rx_packets_per_sec: float
    tx_bytes_per_sec: float
    tx_packets_per_sec: float
    interface: str
    def __init__(self, rx_bytes_per_sec: _Optional[float] = ..., rx_packets_per_sec: _Optional[float] = ..., tx_bytes_per_sec: _Optional[float] = ..., tx_packets_per_sec: _Optional[float] = ..., interface: _Optional[str] = ...) -> None: ...

class NetworkErrorsStats(_message.Message):
    __slots__ = ("rx_errors", "rx_dropped", "rx_fifo", "rx_frame", "rx_compressed", "rx_multicast", "tx_errors", "tx_dropped", "tx_fifo", "tx_collisions", "tx_carrier", "tx_compressed", "sample_offset_usec", "interface")
    RX_ERRORS_FIELD_NUMBER: _ClassVar[int]
    RX_DROPPED_FIELD_NUMBER: _ClassVar[int]
    RX_FIFO_FIELD_NUMBER: _ClassVar[int]
    RX_FRAME_FIELD_NUMBER: _ClassVar[int]
    RX_COMPRESSED_FIELD_NUMBER: _ClassVar[int]
    RX_MULTICAST_FIELD_NUMBER: _ClassVar[int]
    TX_ERRORS_FIELD_NUMBER: _ClassVar[int]
    TX_DROPPED_FIELD_NUMBER: _ClassVar[int]
    TX_FIFO_FIELD_NUMBER: _ClassVar[int]
    TX_COLLISIONS_FIELD_NUMBER: _ClassVar[int]
    TX_CARRIER_FIELD_NUMBER: _ClassVar[int]
    TX_COMPRESSED_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_FIELD_NUMBER: _ClassVar[int]
    rx_errors: int
    rx_dropped: int
    rx_fifo: int
    rx_frame: int
    rx_compressed: int
    rx_multicast: int
    tx_errors: int
    tx_dropped: int
    tx_fifo: int
    tx_collisions: int
    tx_carrier: int
    tx_compressed: int
    sample_offset_usec: int
    interface: str
    def __init__(self, rx_errors: _Optional[int] = ..., rx_dropped: _Optional[int] = ..., rx_fifo: _Optional[int] = ..., rx_frame: _Optional[int] = ..., rx_compressed: _Optional[int] = ..., rx_multicast: _Optional[int] = ..., tx_errors: _Optional[int] = ..., tx_dropped: _Optional[int] = ..., tx_fifo: _Optional[int] = ..., tx_collisions: _Optional[int] = ..., tx_carrier: _Optional[int] = ..., tx_compressed: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ..., interface: _Optional[str] = ...) -> None: ...

class NetworkErrorsRates(_message.Message):
    __slots__ = ("rx_errors_per_sec", "rx_dropped_per_sec", "rx_fifo_per_sec", "rx_frame_per_sec", "rx_compressed_per_sec", "rx_multicast_per_sec", "tx_errors_per_sec", "tx_dropped_per_sec", "tx_fifo_per_sec", "tx_collisions_per_sec", "tx_carrier_per_sec", "tx_compressed_per_sec", "interface")
    RX_ERRORS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    RX_DROPPED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    RX_FIFO_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    RX_FRAME_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    RX_COMPRESSED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    RX_MULTICAST_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TX_ERRORS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TX_DROPPED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TX_FIFO_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TX_COLLISIONS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TX_CARRIER_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TX_COMPRESSED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_FIELD_NUMBER: _ClassVar[int]
    rx_errors_per_sec: float
    rx_dropped_per_sec: float
    rx_fifo_per_sec: float
    rx_frame_per_sec: float
    rx_compressed_per_sec: float
    rx_multicast_per_sec: float
    tx_errors_per_sec: float
    tx_dropped_per_sec: float
    tx_fifo_per_sec: float
    tx_collisions_per_sec: float
    tx_carrier_per_sec: float
    tx_compressed_per_sec: float
    interface: str
    def __init__(self, rx_errors_per_sec: _Optional[float] = ..., rx_dropped_per_sec: _Optional[float] = ..., rx_fifo_per_sec: _Optional[float] = ..., rx_frame_per_sec: _Optional[float] = ..., rx_compressed_per_sec: _Optional[float] = ..., rx_multicast_per_sec: _Optional[float] = ..., tx_errors_per_sec: _Optional[float] = ..., tx_dropped_per_sec: _Optional[float] = ..., tx_fifo_per_sec: _Optional[float] = ..., tx_collisions_per_sec: _Optional[float] = ..., tx_carrier_per_sec: _Optional[float] = ..., tx_compressed_per_sec: _Optional[float] = ..., interface: _Optional[str] = ...) -> None: ...

class HugetlbStats(_message.Message):
    __slots__ = ("usage_bytes", "peak_bytes", "failcnt", "limit_bytes", "reserved_bytes", "sample_offset_usec", "pagesize")
    USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    FAILCNT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESERVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    PAGESIZE_FIELD_NUMBER: _ClassVar[int]
    usage_bytes: int
    peak_bytes: int
    failcnt: int
    limit_bytes: int
    reserved_bytes: int
    sample_offset_usec: int
    pagesize: str
    def __init__(self, usage_bytes: _Optional[int] = ..., peak_bytes: _Optional[int] = ..., failcnt: _Optional[int] = ..., limit_bytes: _Optional[int] = ..., reserved_bytes: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ..., pagesize: _Optional[str] = ...) -> None: ...

class HugetlbRates(_message.Message):
    __slots__ = ("failcnt_per_sec", "pagesize")
    FAILCNT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    PAGESIZE_FIELD_NUMBER: _ClassVar[int]
    failcnt_per_sec: float
    pagesize: str
    def __init__(self, failcnt_per_sec: _Optional[float] = ..., pagesize: _Optional[str] = ...) -> None: ...

class MemorySwapStats(_message.Message):
    __slots__ = ("memsw_usage_bytes", "memsw_peak_bytes", "memsw_failcnt", "peak_bytes", "high_events", "max_events", "fail_events", "sample_offset_usec")
    MEMSW_USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMSW_PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMSW_FAILCNT_FIELD_NUMBER: _ClassVar[int]
    PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    HIGH_EVENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENTS_FIELD_NUMBER: _ClassVar[int]
    FAIL_EVENTS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    memsw_usage_bytes: int
    memsw_peak_bytes: int
    memsw_failcnt: int
    peak_bytes: int
    high_events: int
    max_events: int
    fail_events: int
    sample_offset_usec: int
    def __init__(self, memsw_usage_bytes: _Optional[int] = ..., memsw_peak_bytes: _Optional[int] = ..., memsw_failcnt: _Optional[int] = ..., peak_bytes: _Optional[int] = ..., high_events: _Optional[int] = ..., max_events: _Optional[int] = ..., fail_events: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class MemorySwapRates(_message.Message):
    __slots__ = ("memsw_failcnt_per_sec", "high_events_per_sec", "max_events_per_sec", "fail_events_per_sec")
    MEMSW_FAILCNT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    HIGH_EVENTS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENTS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    FAIL_EVENTS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    memsw_failcnt_per_sec: float
    high_events_per_sec: float
    max_events_per_sec: float
    fail_events_per_sec: float
    def __init__(self, memsw_failcnt_per_sec: _Optional[float] = ..., high_events_per_sec: _Optional[float] = ..., max_events_per_sec: _Optional[float] = ..., fail_events_per_sec: _Optional[float] = ...) -> None: ...

class MemoryKernelStats(_message.Message):
    __slots__ = ("usage_bytes", "peak_bytes", "failcnt", "limit_bytes", "tcp_usage_bytes", "tcp_peak_bytes", "tcp_failcnt", "tcp_limit_bytes", "sample_offset_usec")
    USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    FAILCNT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    TCP_USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TCP_PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    TCP_FAILCNT_FIELD_NUMBER: _ClassVar[int]
    TCP_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    usage_bytes: int
    peak_bytes: int
    failcnt: int
    limit_bytes: int
    tcp_usage_bytes: int
    tcp_peak_bytes: int
    tcp_failcnt: int
    tcp_limit_bytes: int
    sample_offset_usec: int
    def __init__(self, usage_bytes: _Optional[int] = ..., peak_bytes: _Optional[int] = ..., failcnt: _Optional[int] = ..., limit_bytes: _Optional[int] = ..., tcp_usage_bytes: _Optional[int] = ..., tcp_peak_bytes: _Optional[int] = ..., tcp_failcnt: _Optional[int] = ..., tcp_limit_bytes: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class MemoryKernelRates(_message.Message):
    __slots__ = ("failcnt_per_sec", "tcp_failcnt_per_sec")
    FAILCNT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    TCP_FAILCNT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    failcnt_per_sec: float
    tcp_failcnt_per_sec: float
    def __init__(self, failcnt_per_sec: _Optional[float] = ..., tcp_failcnt_per_sec: _Optional[float] = ...) -> None: ...

class LimitsStats(_message.Message):
    __slots__ = ("memory_bytes", "memory_soft_bytes", "memory_low_bytes", "memory_min_bytes", "memsw_bytes", "swap_bytes", "cpu_shares", "cpu_weight", "cpu_quota_usec", "cpu_period_usec", "cpu_burst_usec", "pids", "pids_peak", "pids_max_events", "memory_peak_bytes", "memory_failcnt", "sample_offset_usec")
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_SOFT_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_MIN_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMSW_BYTES_FIELD_NUMBER: _ClassVar[int]
    SWAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_SHARES_FIELD_NUMBER: _ClassVar[int]
    CPU_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    CPU_QUOTA_USEC_FIELD_NUMBER: _ClassVar[int]
    CPU_PERIOD_USEC_FIELD_NUMBER: _ClassVar[int]
    CPU_BURST_USEC_FIELD_NUMBER: _ClassVar[int]
    PIDS_FIELD_NUMBER: _ClassVar[int]
    PIDS_PEAK_FIELD_NUMBER: _ClassVar[int]
    PIDS_MAX_EVENTS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FAILCNT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    memory_bytes: int
    memory_soft_bytes: int
    memory_low_bytes: int
    memory_min_bytes: int
    memsw_bytes: int
    swap_bytes: int
    cpu_shares: int
    cpu_weight: int
    cpu_quota_usec: int
    cpu_period_usec: int
    cpu_burst_usec: int
    pids: int
    pids_peak: int
    pids_max_events: int
    memory_peak_bytes: int
    memory_failcnt: int
    sample_offset_usec: int
    def __init__(self, memory_bytes: _Optional[int] = ..., memory_soft_bytes: _Optional[int] = ..., memory_low_bytes: _Optional[int] = ..., memory_min_bytes: _Optional[int] = ..., memsw_bytes: _Optional[int] = ..., swap_bytes: _Optional[int] = ..., cpu_shares: _Optional[int] = ..., cpu_weight: _Optional[int] = ..., cpu_quota_usec: _Optional[int] = ..., cpu_period_usec: _Optional[int] = ..., cpu_burst_usec: _Optional[int] = ..., pids: _Optional[int] = ..., pids_peak: _Optional[int] = ..., pids_max_events: _Optional[int] = ..., memory_peak_bytes: _Optional[int] = ..., memory_failcnt: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class LimitsRates(_message.Message):
    __slots__ = ("pids_max_events_per_sec", "memory_failcnt_per_sec")
    PIDS_MAX_EVENTS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FAILCNT_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    pids_max_events_per_sec: float
    memory_failcnt_per_sec: float
    def __init__(self, pids_max_events_per_sec: _Optional[float] = ..., memory_failcnt_per_sec: _Optional[float] = ...) -> None: ...

class CpusetStats(_message.Message):
    __slots__ = ("cpus", "mems", "memory_migrate", "sample_offset_usec")
    CPUS_FIELD_NUMBER: _ClassVar[int]
    MEMS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_MIGRATE_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    cpus: int
    mems: int
    memory_migrate: int
    sample_offset_usec: int
    def __init__(self, cpus: _Optional[int] = ..., mems: _Optional[int] = ..., memory_migrate: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class HostStats(_message.Message):
    __slots__ = ("idle_ns", "iowait_ns", "steal_ns", "context_switches", "forks", "running", "blocked", "load1_hundredths", "load5_hundredths", "load15_hundredths", "memory_total_bytes", "memory_free_bytes", "memory_available_bytes", "sample_offset_usec")
    IDLE_NS_FIELD_NUMBER: _ClassVar[int]
    IOWAIT_NS_FIELD_NUMBER: _ClassVar[int]
    STEAL_NS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_SWITCHES_FIELD_NUMBER: _ClassVar[int]
    FORKS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    LOAD1_HUNDREDTHS_FIELD_NUMBER: _ClassVar[int]
    LOAD5_HUNDREDTHS_FIELD_NUMBER: _ClassVar[int]
    LOAD15_HUNDREDTHS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_AVAILABLE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    idle_ns: int
    iowait_ns: int
    steal_ns: int
    context_switches: int
    forks: int
    running: int
    blocked: int
    load1_hundredths: int
    load5_hundredths: int
    load15_hundredths: int
    memory_total_bytes: int
    memory_free_bytes: int
    memory_available_bytes: int
    sample_offset_usec: int
    def __init__(self, idle_ns: _Optional[int] = ..., iowait_ns: _Optional[int] = ..., steal_ns: _Optional[int] = ..., context_switches: _Optional[int] = ..., forks: _Optional[int] = ..., running: _Optional[int] = ..., blocked: _Optional[int] = ..., load1_hundredths: _Optional[int] = ..., load5_hundredths: _Optional[int] = ..., load15_hundredths: _Optional[int] = ..., memory_total_bytes: _Optional[int] = ..., memory_free_bytes: _Optional[int] = ..., memory_available_bytes: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ...) -> None: ...

class HostRates(_message.Message):
    __slots__ = ("idle_ns_per_sec", "iowait_ns_per_sec", "steal_ns_per_sec", "context_switches_per_sec", "forks_per_sec")
    IDLE_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    IOWAIT_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    STEAL_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_SWITCHES_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    FORKS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    idle_ns_per_sec: float
    iowait_ns_per_sec: float
    steal_ns_per_sec: float
    context_switches_per_sec: float
    forks_per_sec: float
    def __init__(self, idle_ns_per_sec: _Optional[float] = ..., iowait_ns_per_sec: _Optional[float] = ..., steal_ns_per_sec: _Optional[float] = ..., context_switches_per_sec: _Optional[float] = ..., forks_per_sec: _Optional[float] = ...) -> None: ...

class TickStats(_message.Message):
    __slots__ = ("ticks", "skipped", "cpu_ns", "wall_ns", "lateness_ns", "lateness_max_ns", "late_100us", "late_1ms", "late_10ms", "late_100ms", "late_1s", "rows", "reads", "read_errors", "unrepresentable", "sample_offset_usec", "group")
    TICKS_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    CPU_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    LATENESS_NS_FIELD_NUMBER: _ClassVar[int]
    LATENESS_MAX_NS_FIELD_NUMBER: _ClassVar[int]
    LATE_100US_FIELD_NUMBER: _ClassVar[int]
    LATE_1MS_FIELD_NUMBER: _ClassVar[int]
    LATE_10MS_FIELD_NUMBER: _ClassVar[int]
    LATE_100MS_FIELD_NUMBER: _ClassVar[int]
    LATE_1S_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    READ_ERRORS_FIELD_NUMBER: _ClassVar[int]
    UNREPRESENTABLE_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_OFFSET_USEC_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ticks: int
    skipped: int
    cpu_ns: int
    wall_ns: int
    lateness_ns: int
    lateness_max_ns: int
    late_100us: int
    late_1ms: int
    late_10ms: int
    late_100ms: int
    late_1s: int
    rows: int
    reads: int
    read_errors: int
    unrepresentable: int
    sample_offset_usec: int
    group: str
    def __init__(self, ticks: _Optional[int] = ..., skipped: _Optional[int] = ..., cpu_ns: _Optional[int] = ..., wall_ns: _Optional[int] = ..., lateness_ns: _Optional[int] = ..., lateness_max_ns: _Optional[int] = ..., late_100us: _Optional[int] = ..., late_1ms: _Optional[int] = ..., late_10ms: _Optional[int] = ..., late_100ms: _Optional[int] = ..., late_1s: _Optional[int] = ..., rows: _Optional[int] = ..., reads: _Optional[int] = ..., read_errors: _Optional[int] = ..., unrepresentable: _Optional[int] = ..., sample_offset_usec: _Optional[int] = ..., group: _Optional[str] = ...) -> None: ...

class TickRates(_message.Message):
    __slots__ = ("ticks_per_sec", "skipped_per_sec", "cpu_ns_per_sec", "wall_ns_per_sec", "late_100us_per_sec", "late_1ms_per_sec", "late_10ms_per_sec", "late_100ms_per_sec", "late_1s_per_sec", "rows_per_sec", "reads_per_sec", "read_errors_per_sec", "unrepresentable_per_sec", "group")
    TICKS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    CPU_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    LATE_100US_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    LATE_1MS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    LATE_10MS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    LATE_100MS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    LATE_1S_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    ROWS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    READS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    READ_ERRORS_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    UNREPRESENTABLE_PER_SEC_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ticks_per_sec: float
    skipped_per_sec: float
    cpu_ns_per_sec: float
    wall_ns_per_sec: float
    late_100us_per_sec: float
    late_1ms_per_sec: float
    late_10ms_per_sec: float
    late_100ms_per_sec: float
    late_1s_per_sec: float
    rows_per_sec: float
    reads_per_sec: float
    read_errors_per_sec: float
    unrepresentable_per_sec: float
    group: str
    def __init__(self, ticks_per_sec: _Optional[float] = ..., skipped_per_sec: _Optional[float] = ..., cpu_ns_per_sec: _Optional[float] = ..., wall_ns_per_sec: _Optional[float] = ..., late_100us_per_sec: _Optional[float] = ..., late_1ms_per_sec: _Optional[float] = ..., late_10ms_per_sec: _Optional[float] = ..., late_100ms_per_sec: _Optional[float] = ..., late_1s_per_sec: _Optional[float] = ..., rows_per_sec: _Optional[float] = ..., reads_per_sec: _Optional[float] = ..., read_errors_per_sec: _Optional[float] = ..., unrepresentable_per_sec: _Optional[float] = ..., group: _Optional[str] = ...) -> None: ...
