/* Stands in for libFuzzer where the compiler has none: runs a target over seed files and blind mutations of
 * them.  Same arguments: -max_total_time=SECONDS, -seed=N, -artifact_prefix=PATH, then files and folders of seeds.  It
 * follows no coverage; what it finds is what the sanitizers stop at, and the input is then in PATHcrash-input. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_BYTES_MAX (256 * 1024)

typedef struct {
	uint8_t *data;
	size_t size;
} seed;

static seed *seeds;
static size_t seed_count;
static void seed_add(uint8_t *data, size_t size)
{
	seeds = realloc(seeds, (seed_count + 1) * sizeof *seeds);
	if (!seeds)
		abort();
	seeds[seed_count++] = (seed){data, size};
}

static int seed_visit(const char *path, const struct stat *st, int type)
{
	if (type != FTW_F || st->st_size > SEED_BYTES_MAX)
		return 0;
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc((size_t)st->st_size + 1);
	if (file && data)
		seed_add(data, fread(data, 1, (size_t)st->st_size, file));
	if (file)
		fclose(file);
	return 0;
}

/* The bytes kernel text is made of, and a few it is not. */
static uint8_t random_byte(void)
{
	static const char likely[] = "0123456789 \n\t:=.-max_abc/\\\0\xff";
	return random_below(4) ? (uint8_t)likely[random_below(sizeof likely)] : (uint8_t)random_below(256);
}

static size_t mutate(uint8_t *data, size_t size)
{
	for (uint64_t left = 1 + random_below(8); left > 0 && size > 0; left--) {
		size_t at = random_below(size), to;
		switch (random_below(4)) {
		case 0: /* a byte changes */
			data[at] = random_byte();
			break;
		case 1: /* the text ends early */
			size = at;
			break;
		case 2: /* a piece is missing */
			memmove(data + at, data + at + 1, size - at - 1);
			size--;
			break;
		default: /* a piece comes twice, over what stood there */
			to = random_below(size);
			memmove(data + to, data + at, size - (at > to ? at : to));
		}
	}
	return size;
}

static seed running; /* what the target looks at */
static const char *artifact_prefix = "./";

/* Leaves the input behind when a sanitizer ends the program. */
static void save_running(void)
{
	char path[512];
	snprintf(path, sizeof path, "%scrash-input", artifact_prefix);
	FILE *file = fopen(path, "wb");
	if (!file)
		return;
	fwrite(running.data, 1, running.size, file);
	fclose(file);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void run_one(uint8_t *data, size_t size)
{
	running = (seed){data, size};
	LLVMFuzzerTestOneInput(data, size);
}

static uint64_t run_until(time_t end)
{
	uint64_t runs = 0;
	for (; time(NULL) < end; runs++) {
		const seed *from = &seeds[random_below(seed_count)];
		uint8_t *copy = malloc(from->size + 1);
		if (!copy)
			abort();
		memcpy(copy, from->data, from->size);
		size_t size = mutate(copy, from->size);
		uint8_t *exact = malloc(size ? size : 1); /* of the exact size, so that one byte too far is seen */
		if (!exact)
			abort();
		memcpy(exact, copy, size);
		run_one(exact, size);
		free(exact);
		free(copy);
	}
	return runs;
}

int main(int argc, char **argv)
{
	long seconds = 10;
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-max_total_time=", 16) == 0)
			seconds = strtol(argv[i] + 16, NULL, 10);
		else if (strncmp(argv[i], "-seed=", 6) == 0)
			random_state ^= strtoull(argv[i] + 6, NULL, 10) << 1;
		else if (strncmp(argv[i], "-artifact_prefix=", 17) == 0)
			artifact_prefix = argv[i] + 17;
		else if (argv[i][0] != '-')
			ftw(argv[i], seed_visit, 16);
	}
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(save_running);
	seed_add(calloc(1, 1), 0);
	for (size_t i = 0; i < seed_count; i++)
		run_one(seeds[i].data, seeds[i].size);
	printf("%s: %zu seeds, %llu mutations\n", argv[0], seed_count,
	       (unsigned long long)run_until(time(NULL) + seconds));
	for (size_t i = 0; i < seed_count; i++)
		free(seeds[i].data);
	free(seeds);
	return 0;
}
