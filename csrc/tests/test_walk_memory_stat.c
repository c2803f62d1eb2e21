/* Learning which of the kernel's numbers is which line of memory.stat: whatever it says must be true at any time. */
#include "check.h"
#include "made_up_kernel.h"

static made_up_kernel kernel;
static pcf_memory_stat stat;
static struct pcf_walk_stat record;
static uint32_t walks;
static uint64_t text[PCF_MAX_GROUP_COLUMNS], row[PCF_MAX_GROUP_COLUMNS];

static void look(unsigned of_ten_zero)
{
	made_up_record(&kernel, &record, of_ten_zero);
	made_up_text(&kernel, &record, text);
}

/* Each look is another walk, of one container of fifty. */
static void learn(const uint64_t *before)
{
	record.id = 1 + ++walks % 50;
	pcf_memory_stat_learn(&stat, &record, walks, before, text);
}

static int say(void)
{
	memset(row, 0xff, sizeof row);
	return pcf_memory_stat_row(&stat, &record, row);
}

/* Returns whether it said anything. */
static int check_true(void)
{
	int is_said = say();

	for (int c = 0; c < PCF_MAX_GROUP_COLUMNS && is_said; c++)
		CHECK_EQ(row[c], pcf_memory_stat_gives(&stat, c) ? text[c] : PCF_ABSENT);
	return is_said;
}

static int count(pcf_line_state state)
{
	int n = 0;

	for (int c = 0; c < PCF_MAX_GROUP_COLUMNS; c++)
		n += stat.lines[c].state == state;
	return n;
}

/* ---- properties ---- */
/* Random kernels, containers of which nearly all or few numbers are 0, texts that moved while they were read. */
static void test_what_it_says_is_true(void)
{
	for (int each = 0; each < 60; each++) {
		made_up_kernel_make(&kernel, 1 + each % 2);
		made_up_begin(&kernel, &stat);
		for (int texts = 0; texts < 120; texts++) {
			uint64_t before[PCF_MAX_GROUP_COLUMNS];

			look(texts < 60 ? 9 : 3);
			check_true();
			memcpy(before, text, sizeof before);
			for (int c = 0; c < PCF_MAX_GROUP_COLUMNS; c++)
				if (made_up_below(8) == 0)
					before[c] -= before[c] != PCF_ABSENT && before[c] > 0;
			learn(before);
			check_true();
		}
		CHECK_EQ(count(PCF_LINE_LOST), 0);
		CHECK(count(PCF_LINE_KNOWN) > 20);
	}
}

/* Busy containers: a few texts tell all apart, and then nothing is read any more. */
static void test_converges(void)
{
	unsigned texts = 0, most = 0;

	for (int each = 0; each < 40; each++) {
		made_up_kernel_make(&kernel, 1 + each % 2);
		made_up_begin(&kernel, &stat);
		for (texts = 0; count(PCF_LINE_OPEN) && texts < 100; texts++) {
			look(2);
			learn(text);
		}
		most = texts > most ? texts : most;
		for (int i = 0; i < 20; i++) {
			look(5);
			CHECK_EQ(check_true(), 1);
		}
	}
	fprintf(stderr, "every line known after %u texts at most\n", most);
	CHECK(most < 60);
}

/* The same, and each text costs a reading only where a container could not be told: what is read must be few. */
static void test_reads_few_texts(void)
{
	int read = 0;

	made_up_kernel_make(&kernel, 2);
	made_up_begin(&kernel, &stat);
	for (int looks = 0; looks < 5000; looks++) {
		look(9);
		if (check_true())
			continue;
		read++;
		learn(text);
	}
	fprintf(stderr, "%d texts read for 5000 rows\n", read);
	CHECK(read < 500);
}

/* ---- cases ---- */
/* Two lines with the same number in each text stay open, and are right for as long as they are alike. */
static void test_ties(void)
{
	int a = PCF_MEMORY_STAT_PGFAULT, b = PCF_MEMORY_STAT_PGMAJFAULT;

	made_up_kernel_make(&kernel, 2);
	kernel.item[a] = PCF_WALK_ITEMS;
	kernel.item[b] = PCF_WALK_ITEMS + 1;
	memset(kernel.columns, 0, sizeof kernel.columns);
	kernel.columns[a] = kernel.columns[b] = 1;
	kernel.unit[a] = kernel.unit[b] = 1;
	made_up_begin(&kernel, &stat);
	for (int i = 0; i < 200; i++) {
		look(0);
		record.events[1] = record.events[0] = record.events[0] + 1000000;
		made_up_text(&kernel, &record, text);
		learn(text);
		CHECK_EQ(check_true(), 1);
	}
	CHECK_EQ(count(PCF_LINE_OPEN), 2);
	CHECK_EQ(stat.class_count, 1);
	record.events[1]++;
	made_up_text(&kernel, &record, text);
	CHECK_EQ(say(), 0); /* which is which cannot be said */
	learn(text);
	CHECK_EQ(count(PCF_LINE_KNOWN), 2);
	CHECK_EQ(check_true(), 1);
}

/* Lines that were always 0 share what is left; all of it 0 is a 0 for each, without anything being known. */
static void test_zeros(void)
{
	made_up_kernel_make(&kernel, 2);
	made_up_begin(&kernel, &stat);
	look(10);
	CHECK_EQ(check_true(), 1);
	CHECK_EQ(count(PCF_LINE_KNOWN), 0);
	record.events[kernel.events - 1] = 1;
	CHECK_EQ(say(), 0);
}

/* Numbers below 0 are shown as 0: CPUs count on their own. */
static void test_negative(void)
{
	made_up_kernel_make(&kernel, 2);
	made_up_begin(&kernel, &stat);
	look(10);
	for (unsigned i = 0; i < kernel.states; i++)
		record.state[i] = -5;
	made_up_text(&kernel, &record, text);
	CHECK_EQ(text[PCF_MEMORY_STAT_ANON_BYTES], 0);
	CHECK_EQ(check_true(), 1);
}

static void know_everything(int version)
{
	made_up_kernel_make(&kernel, version);
	made_up_begin(&kernel, &stat);
	for (int i = 0; i < 100; i++) {
		look(0);
		learn(text);
	}
	CHECK_EQ(count(PCF_LINE_OPEN), 0);
	look(0);
	CHECK_EQ(check_true(), 1);
}

/* A sum is printed of the parts that this kernel has; with a part lost it would be too small. */
static void test_sums(void)
{
	know_everything(2);
	CHECK_EQ(stat.lines[PCF_MEMORY_STAT_PGSCAN].state, PCF_LINE_SUM);
	CHECK(row[PCF_MEMORY_STAT_PGSCAN] > 0);
	made_up_kernel_make(&kernel, 2);
	kernel.columns[PCF_MEMORY_STAT_PGSCAN_KHUGEPAGED] = kernel.columns[PCF_MEMORY_STAT_PGSCAN_PROACTIVE] = 0;
	made_up_begin(&kernel, &stat); /* an older kernel */
	for (int i = 0; i < 100; i++) {
		look(0);
		learn(text);
		check_true();
	}
	CHECK(pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_PGSCAN));
	pcf_memory_stat_drop(&stat, PCF_MEMORY_STAT_PGSCAN_DIRECT);
	CHECK(!pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_PGSCAN_DIRECT));
	CHECK(!pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_PGSCAN));
	CHECK(pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_PGSTEAL));
	CHECK_EQ(check_true(), 1);
}

/* v1's lines of a cgroup alone come from an array that older kernels have not got. */
static void test_local(void)
{
	know_everything(1);
	CHECK_EQ(stat.lines[PCF_MEMORY_STAT_LOCAL_PGFAULT].is_local, 1);
	CHECK(row[PCF_MEMORY_STAT_LOCAL_PGFAULT] == text[PCF_MEMORY_STAT_LOCAL_PGFAULT]);
	pcf_memory_stat_begin(&stat, kernel.columns, 1, kernel.states, kernel.events, 0);
	CHECK(!pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_LOCAL_PGFAULT));
	CHECK(!pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_LOCAL_PGMAJFAULT));
	CHECK(pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_PGFAULT));
	CHECK_EQ(count(PCF_LINE_LOST), 2);
}

/* A line that is computed from something else is found to be nowhere, and never said. */
static void test_line_in_neither_array(void)
{
	const int line = PCF_MEMORY_STAT_SOCK_BYTES;

	made_up_kernel_make(&kernel, 2);
	made_up_begin(&kernel, &stat);
	for (int i = 0; i < 100; i++) {
		look(0);
		text[line] = 7 + 4096 * made_up_below(1000000);
		if (say())
			CHECK_EQ(row[line], pcf_memory_stat_gives(&stat, line) ? text[line] : PCF_ABSENT);
		learn(text);
	}
	CHECK_EQ(stat.lines[line].state, PCF_LINE_LOST);
	CHECK_EQ(count(PCF_LINE_LOST), 1);
	CHECK_EQ(say(), 1);
}

/* A gauge went up and came back between the readings, and another number stood where it was: the text speaks against the
 * true place and for a wrong one. */
static void test_misleading_text(void)
{
	const int line = PCF_MEMORY_STAT_ANON_BYTES;

	for (int each = 0; each < 50; each++) {
		int item, other;

		made_up_kernel_make(&kernel, 2);
		item = kernel.item[line];
		other = (item + 1 + (int)made_up_below(kernel.states - 1)) % (int)kernel.states;
		made_up_begin(&kernel, &stat);
		look(0);
		record.state[other] = record.state[item] = 1234567;
		made_up_text(&kernel, &record, text);
		record.state[item]++;
		learn(text);
		for (int i = 0; i < 40; i++) {
			look(2);
			if (say())
				CHECK_EQ(row[line], text[line]);
			learn(text);
		}
		CHECK_EQ(stat.lines[line].state, PCF_LINE_KNOWN);
		CHECK_EQ(stat.lines[line].place / PCF_STAT_SCALES, item);
	}
}

/* It bursts in a container and the two above it, pass after pass, and is quiet when they are looked at again. */
static void test_bursts(void)
{
	const int line = PCF_MEMORY_STAT_ACTIVE_FILE_BYTES;
	int item;

	made_up_kernel_make(&kernel, 2);
	item = kernel.item[line];
	made_up_begin(&kernel, &stat);
	for (int pass = 0; pass < 200; pass++)
		for (unsigned who = 0; who < 3; who++) {
			look(9);
			record.id = 1 + who;
			record.state[item] = 0;
			made_up_text(&kernel, &record, text);
			record.state[item] = pass % 2 ? 32 : 0;
			pcf_memory_stat_learn(&stat, &record, (uint32_t)pass, text, text);
		}
	CHECK(stat.lines[line].state == PCF_LINE_OPEN || stat.lines[line].place / PCF_STAT_SCALES == item);
	CHECK(pcf_memory_stat_gives(&stat, line));
}

/* What only one container can tell apart is told apart, however many others say the same in each pass. */
static void test_one_knows_better(void)
{
	const int line = PCF_MEMORY_STAT_ACTIVE_FILE_BYTES;
	int item, other;

	made_up_kernel_make(&kernel, 2);
	item = kernel.item[line];
	other = (item + 1) % (int)kernel.states;
	made_up_begin(&kernel, &stat);
	for (uint32_t pass = 1; pass <= PCF_STAT_DOUBTS; pass++)
		for (unsigned who = 0; who < 8; who++) {
			look(0);
			record.id = 1 + who;
			record.state[item] = record.state[other] = 1234567 + (int)who;
			record.state[other] += who == 5;
			made_up_text(&kernel, &record, text);
			pcf_memory_stat_learn(&stat, &record, pass, text, text);
		}
	CHECK_EQ(stat.lines[line].state, PCF_LINE_KNOWN);
	CHECK_EQ(stat.lines[line].place / PCF_STAT_SCALES, item);
}

/* Given up by the comparison with the text: not said any more, the others go on. */
static void test_drop(void)
{
	know_everything(2);
	pcf_memory_stat_drop(&stat, PCF_MEMORY_STAT_FILE_BYTES);
	CHECK(!pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_FILE_BYTES));
	look(0);
	CHECK_EQ(check_true(), 1);
	CHECK_EQ(row[PCF_MEMORY_STAT_FILE_BYTES], PCF_ABSENT);
	learn(text);
	CHECK(!pcf_memory_stat_gives(&stat, PCF_MEMORY_STAT_FILE_BYTES)); /* for good */
}

int main(void)
{
	test_what_it_says_is_true();
	test_converges();
	test_reads_few_texts();
	test_ties();
	test_zeros();
	test_negative();
	test_sums();
	test_local();
	test_line_in_neither_array();
	test_misleading_text();
	test_bursts();
	test_one_knows_better();
	test_drop();
	return check_result();
}
