/* memory.numa_stat, rdma.*, misc.*.  The text of rdma and misc is the one of Documentation/admin-guide/cgroup-v2.rst:
 * no machine at hand has an adapter or encrypted guests. */
#include <errno.h>
#include <unistd.h>

#include "parse_text.h"

static void test_numa_v2(void)
{
	parse("memory.numa_stat", 2, PCF_GROUP_MEMORY_NUMA,
	      "anon N0=4096 N1=8192\nfile N0=0 N1=12288\nkernel_stack N0=1024 N1=0\nworkingset_refault_anon N0=7 N1=8\n"
	      "slab_reclaimable N0=1000 N1=24\n");
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(parsed_set, 8);
	CHECK_EQ(value("0", PCF_MEMORY_NUMA_ANON_BYTES), 4096);
	CHECK_EQ(value("1", PCF_MEMORY_NUMA_ANON_BYTES), 8192);
	CHECK_EQ(value("1", PCF_MEMORY_NUMA_FILE_BYTES), 12288);
	CHECK_EQ(value("1", PCF_MEMORY_NUMA_KERNEL_STACK_BYTES), 0);
	CHECK_EQ(value("0", PCF_MEMORY_NUMA_SLAB_RECLAIMABLE_BYTES), 1000);
	CHECK_EQ(value("0", PCF_MEMORY_NUMA_TOTAL_BYTES), PCF_ABSENT);
}

/* Pages; the numbers of the cgroup alone are passed over for those of its subtree. */
static void test_numa_v1(void)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	parse("memory.numa_stat", 1, PCF_GROUP_MEMORY_NUMA,
	      "total=3 N0=1 N1=2\nfile=1 N0=1 N1=0\nanon=2 N0=0 N1=2\nunevictable=0 N0=0 N1=0\n"
	      "hierarchical_total=30 N0=10 N1=20\nhierarchical_file=10 N0=10 N1=0\nhierarchical_anon=20 N0=0 N1=20\n"
	      "hierarchical_unevictable=0 N0=0 N1=0\n");
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(parsed_set, 8);
	CHECK_EQ(value("0", PCF_MEMORY_NUMA_TOTAL_BYTES), 10 * page);
	CHECK_EQ(value("1", PCF_MEMORY_NUMA_TOTAL_BYTES), 20 * page);
	CHECK_EQ(value("1", PCF_MEMORY_NUMA_ANON_BYTES), 20 * page);
	CHECK_EQ(value("1", PCF_MEMORY_NUMA_FILE_BYTES), 0);
}

static void test_numa_oddities(void)
{
	/* Memory was plugged in with a high number; a node without a number is none. */
	parse("memory.numa_stat", 2, PCF_GROUP_MEMORY_NUMA, "anon N0=1 N255=4096 N=5 M1=6 N2 N3=x N4=-1\n");
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(value("255", PCF_MEMORY_NUMA_ANON_BYTES), 4096);
	/* Cut off: 12 may be 123. */
	parse("memory.numa_stat", 2, PCF_GROUP_MEMORY_NUMA, "anon N0=1 N1=12");
	CHECK_EQ(parsed_set, 1);
	parse("memory.numa_stat", 1, PCF_GROUP_MEMORY_NUMA, "hierarchical_total=3 N0=18446744073709551615 N1=1\n");
	CHECK_EQ(parsed_set, 1); /* times a page it does not fit */
	parse("memory.numa_stat", 2, PCF_GROUP_MEMORY_NUMA, "hello\nworld 3\n");
	CHECK_EQ(parsed_set, -EINVAL);
	parse("memory.numa_stat", 2, PCF_GROUP_MEMORY_NUMA, "");
	CHECK_EQ(parsed_set, -EINVAL);
}

static void test_rdma(void)
{
	parse("rdma.current", 2, PCF_GROUP_RDMA,
	      "mlx4_0 hca_handle=2 hca_object=2000\nocrdma1 hca_handle=3 hca_object=max\n");
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(parsed_set, 3); /* use is no limit: "max" is no number of it */
	CHECK_EQ(value("mlx4_0", PCF_RDMA_HCA_HANDLES), 2);
	CHECK_EQ(value("mlx4_0", PCF_RDMA_HCA_OBJECTS), 2000);
	CHECK_EQ(value("ocrdma1", PCF_RDMA_HCA_OBJECTS), PCF_ABSENT);
	parse("rdma.max", 1, PCF_GROUP_RDMA, "mlx4_0 hca_handle=2 hca_object=max\n");
	CHECK_EQ(value("mlx4_0", PCF_RDMA_HCA_HANDLES_LIMIT), 2);
	CHECK_EQ(value("mlx4_0", PCF_RDMA_HCA_OBJECTS_LIMIT), PCF_UNLIMITED);
	parse("rdma.current", 2, PCF_GROUP_RDMA, "mlx4_0 hca_handle=2 hca_object=20");
	CHECK_EQ(parsed_set, 1);
	parse("rdma.current", 2, PCF_GROUP_RDMA, "");
	CHECK_EQ(parsed_set, 0);
	parse("rdma.current", 2, PCF_GROUP_RDMA, "no pairs here\n");
	CHECK_EQ(parsed_set, -EINVAL);
}

static void test_misc(void)
{
	parse("misc.current", 2, PCF_GROUP_MISC, "res_a 3\nres_b 0\n");
	CHECK_EQ(parsed_set, 2);
	CHECK_EQ(value("res_a", PCF_MISC_USAGE), 3);
	CHECK_EQ(value("res_b", PCF_MISC_USAGE), 0);
	parse("misc.max", 1, PCF_GROUP_MISC, "res_a max\nres_b 4\n");
	CHECK_EQ(value("res_a", PCF_MISC_LIMIT), PCF_UNLIMITED);
	CHECK_EQ(value("res_b", PCF_MISC_LIMIT), 4);
	parse("misc.events", 2, PCF_GROUP_MISC, "res_a.max 5\nres.b.max 6\nres_a.low 7\n.max 8\nres_c.max\n");
	CHECK_EQ(parsed_set, 2);
	CHECK_EQ(value("res_a", PCF_MISC_MAX_EVENTS), 5);
	CHECK_EQ(value("res.b", PCF_MISC_MAX_EVENTS), 6);
	parse("misc.peak", 2, PCF_GROUP_MISC, "res_a 10");
	CHECK_EQ(parsed_set, 0);
	parse("misc.current", 2, PCF_GROUP_MISC, "");
	CHECK_EQ(parsed_set, 0);
	parse("misc.current", 2, PCF_GROUP_MISC, "lonely\n");
	CHECK_EQ(parsed_set, -EINVAL);
}

int main(void)
{
	test_numa_v2();
	test_numa_v1();
	test_numa_oddities();
	test_rdma();
	test_misc();
	return check_result();
}
