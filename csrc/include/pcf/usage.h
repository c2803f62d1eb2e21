/* How much a directory tree holds.  A thread of its own walks one tree at a time, with the lowest priority and a budget,
 * so that neither the CPU nor a disk notices. */
typedef struct pcf_usage pcf_usage;

/* Who counted.  By a project quota bytes and inodes are known, by a quota group of btrfs bytes and own_bytes alone. */
#define PCF_USAGE_WALK   0
#define PCF_USAGE_QUOTA  1
#define PCF_USAGE_QGROUP 2

typedef struct {
	uint64_t bytes;          /* on disk: blocks of 512; a file with several names once */
	uint64_t apparent_bytes; /* lengths of what is no directory */
	uint64_t inodes;         /* the tree itself, directories, files */
	uint64_t skipped;        /* directories that could not be read, and other filesystems mounted in it */
	uint64_t entries;        /* names looked at so far: it goes on while this grows */
	uint64_t cpu_ns;         /* of the thread, for this tree */
	uint64_t wall_ns;
	uint64_t own_bytes; /* of a btrfs subvolume: what no other one shares */
	uint64_t device;    /* dev_t of the filesystem that has the project; trees of one project share its sum */
	uint32_t project;
	uint32_t source; /* PCF_USAGE_... */
	int error;       /* errno that ended it; 0 = it was walked to its end */
} pcf_usage_tree;

/* The thread may take cpu_permille of one core, and wait for disks io_permille of the time; 1000 = as much as it can. */
int pcf_usage_open(pcf_usage **out, uint32_t cpu_permille, uint32_t io_permille, pcf_error *err);
/* Begins a tree (a directory, or a file alone); a path that is a link is followed, links in the tree are not.  Where the
 * filesystem itself has counted it, it is not walked, unless only_walk.  -EBUSY while it is at another. */
int pcf_usage_begin(pcf_usage *usage, const char *path, int only_walk);
/* 1 = at its end, and the next one may begin; 0 = at work, with what was counted so far; -ENOENT = nothing was begun. */
int pcf_usage_look(pcf_usage *usage, pcf_usage_tree *tree);
/* Readable once the tree is at its end. */
int pcf_usage_fd(const pcf_usage *usage);
/* Ends at its next step the tree that it is at, with ECANCELED. */
void pcf_usage_cancel(pcf_usage *usage);
/* Ends the thread.  One that hangs in a filesystem is left behind and frees everything when it comes back. */
void pcf_usage_close(pcf_usage *usage);
