#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clade/hash.h"
#include "clade/io.h"
#include "procfs.h"

enum {
	SMALL_FILE = 64 << 10,
	ENVIRON_MAX = 1 << 20,
	CMDLINE_MAX =
		4 << 20,  /* arguments may take a quarter of the stack limit: 2 MB by default */
	PATIENCE_MS = 20, /* for somebody else to let go of a lock */
};

enum { BUFFER_STAT, BUFFER_ARGV, BUFFER_EXE, BUFFER_CWD, BUFFER_CGROUP, BUFFER_MARKERS };

/* The contents of a block as bytes: what is compared and hashed. Strings follow one another behind
 * it. */
struct shape {
	uint64_t pid_ns;
	uint64_t argv_len;
	uint64_t markers_len;
	uint32_t uid;
	uint32_t env;
	uint8_t is_ns_foreign;
	uint8_t is_exe_deleted;
	uint16_t has; /* a bit for each string that is known */
};

struct block {
	struct facts facts; /* first: a pointer to it is a pointer to the block */
	struct facts_store *store;
	UT_hash_handle hh;
	size_t key_len;
	char key[]; /* struct shape and the strings */
};

struct facts_store {
	struct block *blocks;
	size_t refs; /* the caller's, and one for each block */
	struct text scratch;
};

struct facts_store *facts_store_new(void)
{
	struct facts_store *store = calloc(1, sizeof(*store));

	if (store)
		store->refs = 1;
	return store;
}

static void store_put(struct facts_store *store)
{
	if (--store->refs > 0)
		return;
	text_done(&store->scratch);
	free(store);
}

void facts_store_free(struct facts_store *store)
{
	if (store)
		store_put(store);
}

static void add_string(struct text *key, const char *s)
{
	if (s)
		text_add_bytes(key, s, strlen(s) + 1);
}

static void make_key(const struct facts *draft, struct text *key)
{
	struct shape shape = {
		.pid_ns = draft->pid_ns,
		.argv_len = draft->argv ? draft->argv_len : 0,
		.markers_len = draft->markers_len,
		.uid = draft->uid,
		.env = draft->env,
		.is_ns_foreign = draft->is_ns_foreign,
		.is_exe_deleted = draft->is_exe_deleted,
		.has = (uint16_t)((draft->argv ? 1 : 0) | (draft->exe ? 2 : 0) |
				  (draft->cwd ? 4 : 0) | (draft->cgroup ? 8 : 0)),
	};

	text_clear(key);
	text_add_bytes(key, &shape, sizeof(shape));
	add_string(key, draft->comm);
	text_add_bytes(key, draft->argv, (size_t)shape.argv_len);
	add_string(key, draft->exe);
	add_string(key, draft->cwd);
	add_string(key, draft->cgroup);
	text_add_bytes(key, draft->markers, draft->markers_len);
	text_add_char(key, '\0');
}

static const char *take_string(const char **at, bool is_there)
{
	const char *s = *at;

	if (!is_there)
		return NULL;
	*at += strlen(s) + 1;
	return s;
}

/* Points the facts into the block's own bytes. */
static void point(struct block *block, const struct facts *draft)
{
	const char *at = block->key + sizeof(struct shape);
	struct facts *facts = &block->facts;

	*facts = *draft;
	facts->comm = take_string(&at, true);
	facts->argv = draft->argv ? at : NULL;
	facts->argv_len = draft->argv ? draft->argv_len : 0;
	at += facts->argv_len;
	facts->exe = take_string(&at, draft->exe != NULL);
	facts->cwd = take_string(&at, draft->cwd != NULL);
	facts->cgroup = take_string(&at, draft->cgroup != NULL);
	facts->markers = at;
}

const struct facts *facts_intern(struct facts_store *store, const struct facts *draft)
{
	struct block *block;

	make_key(draft, &store->scratch);
	HASH_FIND(hh, store->blocks, store->scratch.data, store->scratch.len, block);
	if (block)
		return facts_get(&block->facts);
	block = malloc(sizeof(*block) + store->scratch.len);
	if (!block)
		return NULL;
	block->key_len = store->scratch.len;
	block->store = store;
	memcpy(block->key, store->scratch.data, block->key_len);
	point(block, draft);
	block->facts.refs = 1;
	HASH_ADD_KEYPTR(hh, store->blocks, block->key, block->key_len, block);
	store->refs++;
	return &block->facts;
}

/* The one place where a const block is changed: its count. */
static struct block *block_of(const struct facts *facts)
{
	return (struct block *)(uintptr_t)facts;
}

const struct facts *facts_get(const struct facts *facts)
{
	block_of(facts)->facts.refs++;
	return facts;
}

void facts_put(const struct facts *facts)
{
	struct block *block;

	if (!facts)
		return;
	block = block_of(facts);
	if (--block->facts.refs > 0)
		return;
	HASH_DEL(block->store->blocks, block);
	store_put(block->store);
	free(block);
}

uint64_t facts_read_ns(int dir, const char *name)
{
	struct text link = {0};
	uint64_t inode = UNKNOWN;

	if (io_read_link_at(dir, name, &link) == 0)
		inode = procfs_parse_ns(text_str(&link));
	text_done(&link);
	return inode;
}

void facts_reader_init(struct facts_reader *reader, struct facts_store *store,
		       const struct source_config *config)
{
	*reader = (struct facts_reader){
		.store = store,
		.markers = config->markers,
		.n_markers = config->n_markers,
		.own_pid_ns = facts_read_ns(AT_FDCWD, "/proc/self/ns/pid"),
		.own_mnt_ns = facts_read_ns(AT_FDCWD, "/proc/self/ns/mnt"),
		.own_uts_ns = facts_read_ns(AT_FDCWD, "/proc/self/ns/uts"),
		.aside = config->may_thread ? aside_new() : NULL,
	};
}

void facts_reader_done(struct facts_reader *reader)
{
	for (size_t i = 0; i < sizeof(reader->buffers) / sizeof(reader->buffers[0]); i++)
		text_done(&reader->buffers[i]);
	aside_free(reader->aside);
}

static bool differ(uint64_t a, uint64_t b)
{
	return is_known(a) && is_known(b) && a != b;
}

bool facts_are_foreign(const struct facts_reader *reader, uint64_t pid_ns, uint64_t mnt_ns,
		       uint64_t uts_ns)
{
	return differ(pid_ns, reader->own_pid_ns) && differ(mnt_ns, reader->own_mnt_ns) &&
	       differ(uts_ns, reader->own_uts_ns);
}

static void read_namespaces(const struct facts_reader *reader, int dir, struct facts *facts)
{
	facts->pid_ns = facts_read_ns(dir, "ns/pid");
	/* most processes are in our own: the other two need no look then */
	facts->is_ns_foreign =
		differ(facts->pid_ns, reader->own_pid_ns) &&
		facts_are_foreign(reader, facts->pid_ns, facts_read_ns(dir, "ns/mnt"),
				  facts_read_ns(dir, "ns/uts"));
}

/* What lies in the memory of the process, whose lock it may hold: who forks does. Returns 0 or
 * -errno, -EAGAIN when it would have to be waited for. */
static int read_memory(const struct facts_reader *reader, int dir, const char *name, size_t limit,
		       struct text *bytes)
{
	int rc = -EBUSY;

	if (reader->is_crowd && reader->aside)
		rc = aside_read_at(reader->aside, dir, name, limit, PATIENCE_MS, bytes);
	if (rc != -EBUSY)
		return rc;
	return reader->is_crowd && reader->is_busy ? -EAGAIN : io_read_at(dir, name, limit, bytes);
}

static int read_argv(struct facts_reader *reader, int dir, struct facts *facts)
{
	struct text *argv = &reader->buffers[BUFFER_ARGV];
	int rc = read_memory(reader, dir, "cmdline", CMDLINE_MAX, argv);
	size_t len;

	if (rc != 0)
		return rc;
	text_room(argv, 1);
	len = procfs_trim_cmdline(argv->data, argv->len);
	if (len == 0)
		return 0; /* no arguments: the name alone tells */
	facts->argv = argv->data;
	facts->argv_len = len;
	return 0;
}

static int read_environ(struct facts_reader *reader, int dir, struct facts *facts)
{
	struct text *markers = &reader->buffers[BUFFER_MARKERS];
	struct text environ_bytes = {0};
	int rc = read_memory(reader, dir, "environ", ENVIRON_MAX, &environ_bytes);

	text_clear(markers);
	if (rc == 0)
		facts->env = procfs_parse_environ(text_str(&environ_bytes), environ_bytes.len,
						  reader->markers, reader->n_markers, markers);
	else
		facts->env = rc == -EACCES || rc == -EPERM ? ENV_DENIED : ENV_UNREAD;
	facts->markers = text_str(markers);
	facts->markers_len = markers->len;
	text_done(&environ_bytes);
	return rc;
}

static void read_cwd(struct facts_reader *reader, int dir, struct facts *facts)
{
	if (io_read_link_at(dir, "cwd", &reader->buffers[BUFFER_CWD]) == 0)
		facts->cwd = reader->buffers[BUFFER_CWD].data;
}

static void read_exe(struct facts_reader *reader, int dir, struct facts *facts)
{
	static const char deleted[] = " (deleted)"; /* a self-update replaced the running file */
	struct text *exe = &reader->buffers[BUFFER_EXE];
	size_t tail = sizeof(deleted) - 1;

	if (io_read_link_at(dir, "exe", exe) != 0)
		return;
	if (exe->len > tail && strcmp(exe->data + exe->len - tail, deleted) == 0) {
		exe->data[exe->len - tail] = '\0';
		facts->is_exe_deleted = true;
	}
	facts->exe = exe->data;
}

/* A zombie has lost its arguments, executable and environment; it keeps what it was. */
static void keep_older(struct facts *facts, const struct facts *older)
{
	facts->argv = older->argv;
	facts->argv_len = older->argv_len;
	facts->exe = older->exe;
	facts->is_exe_deleted = older->is_exe_deleted;
	facts->cwd = older->cwd;
	facts->markers = older->markers;
	facts->markers_len = older->markers_len;
	facts->env = older->env;
	facts->pid_ns = older->pid_ns;
	facts->is_ns_foreign = older->is_ns_foreign;
}

/* Returns 0 or -EAGAIN: what may not be read is unknown. */
static int read_living(struct facts_reader *reader, int dir, const struct facts_known *known,
		       struct facts *facts)
{
	if (read_argv(reader, dir, facts) == -EAGAIN || read_environ(reader, dir, facts) == -EAGAIN)
		return -EAGAIN;
	read_exe(reader, dir, facts);
	read_cwd(reader, dir, facts);
	if (!known)
		read_namespaces(reader, dir, facts);
	return 0;
}

static void read_status(struct facts_reader *reader, int dir, struct facts *facts, uint32_t *ns_pid)
{
	struct text *bytes = &reader->buffers[BUFFER_STAT];
	struct text *cgroup = &reader->buffers[BUFFER_CGROUP];

	if (io_read_at(dir, "status", SMALL_FILE, bytes) == 0)
		procfs_parse_status(text_str(bytes), bytes->len, &facts->uid, ns_pid);
	if (io_read_at(dir, "cgroup", SMALL_FILE, cgroup) == 0)
		facts->cgroup = text_str(cgroup);
}

static void take_known(struct facts *facts, const struct facts_known *known)
{
	facts->comm = known->comm;
	facts->cgroup = known->cgroup;
	facts->uid = known->uid;
	facts->pid_ns = known->pid_ns;
	facts->is_ns_foreign = known->is_ns_foreign;
}

static int read_at(struct facts_reader *reader, int dir, struct proc_key key, bool is_zombie,
		   const struct facts *older, const struct facts_known *known, uint32_t *ns_pid,
		   const struct facts **facts)
{
	struct text *bytes = &reader->buffers[BUFFER_STAT];
	struct facts draft = {.markers = "", .uid = UINT32_MAX, .pid_ns = UNKNOWN};
	char comm[COMM_MAX];
	uint64_t start_ticks;

	/* the directory is this very process, whatever becomes of its number: but is it the one
	 * that was meant? */
	if (io_read_at(dir, "stat", SMALL_FILE, bytes) != 0)
		return -ESRCH;
	if (procfs_parse_stat(text_str(bytes), bytes->len, comm, &start_ticks) != 0 ||
	    start_ticks != key.start_ticks)
		return -ESRCH;
	draft.comm = comm;
	if (known)
		take_known(&draft, known);
	else
		read_status(reader, dir, &draft, ns_pid);
	if (is_zombie && older)
		keep_older(&draft, older);
	else if (!is_zombie && read_living(reader, dir, known, &draft) == -EAGAIN)
		return -EAGAIN;
	*facts = facts_intern(reader->store, &draft);
	return *facts ? 0 : -ENOMEM;
}

int facts_read_in(struct facts_reader *reader, const struct facts_place *place,
		  const struct facts *older, uint32_t *ns_pid, const struct facts **facts)
{
	struct text *cgroup = &reader->buffers[BUFFER_CGROUP];
	struct facts draft = {
		.comm = place->comm, .markers = "", .uid = place->uid, .pid_ns = UNKNOWN};

	if (place->is_zombie && older)
		keep_older(&draft, older);
	else if (!place->is_zombie && read_living(reader, place->dir, NULL, &draft) == -EAGAIN)
		return -EAGAIN;
	if (draft.pid_ns == reader->own_pid_ns && is_known(draft.pid_ns))
		*ns_pid = (uint32_t)place->pid;
	else
		read_status(reader, place->dir, &draft, ns_pid);
	draft.uid = place->uid;
	if (io_read_at(place->dir, "cgroup", SMALL_FILE, cgroup) == 0)
		draft.cgroup = text_str(cgroup);
	else if (faccessat(place->dir, "stat", F_OK, 0) != 0)
		return -ESRCH; /* it ended while it was read */
	*facts = facts_intern(reader->store, &draft);
	return *facts ? 0 : -ENOMEM;
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool facts_hold_place(struct facts_reader *reader, int dir, const struct facts *facts)
{
	struct facts now = {0};

	read_cwd(reader, dir, &now);
	return is_same(now.cwd, facts->cwd) && facts_read_ns(dir, "ns/pid") == facts->pid_ns;
}

bool facts_hold_cgroup(struct facts_reader *reader, int64_t pid, const char *cgroup)
{
	struct text *now = &reader->buffers[BUFFER_CGROUP];
	char path[40];

	snprintf(path, sizeof(path), "/proc/%lld/cgroup", (long long)pid);
	if (io_read_at(AT_FDCWD, path, SMALL_FILE, now) != 0)
		return true;
	return cgroup && strcmp(text_str(now), cgroup) == 0;
}

bool facts_agree(const struct facts *facts, const struct facts_known *known)
{
	if (is_known(known->pid_ns) &&
	    (facts->pid_ns != known->pid_ns || facts->is_ns_foreign != known->is_ns_foreign))
		return false;
	return facts->uid == known->uid && strcmp(facts->comm, known->comm) == 0 &&
	       (facts->cgroup == known->cgroup ||
		(facts->cgroup && known->cgroup && strcmp(facts->cgroup, known->cgroup) == 0));
}

const struct facts *facts_inherit(const struct facts_reader *reader, const struct facts *facts,
				  const struct facts_known *known)
{
	struct facts draft = *facts;

	if (facts_agree(facts, known))
		return facts_get(facts);
	take_known(&draft, known);
	return facts_intern(reader->store, &draft);
}

/* A zombie has nothing to read, and its namespaces are those that it had. */
static const struct facts *inherit_zombie(const struct facts_reader *reader,
					  const struct facts *older,
					  const struct facts_known *known)
{
	struct facts draft = {.markers = "", .pid_ns = UNKNOWN};

	take_known(&draft, known);
	if (older)
		keep_older(&draft, older);
	return facts_intern(reader->store, &draft);
}

bool facts_hold(struct facts_reader *reader, int64_t pid, const struct facts *facts)
{
	struct facts now = {0};
	char path[32];
	int dir;

	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return true;
	read_argv(reader, dir, &now);
	read_cwd(reader, dir, &now);
	close(dir);
	if (now.cwd && !is_same(now.cwd, facts->cwd))
		return false;
	return !now.argv || (facts->argv && facts->argv_len == now.argv_len &&
			     memcmp(facts->argv, now.argv, now.argv_len) == 0);
}

void facts_read_comm(struct facts_reader *reader, int64_t pid, char comm[COMM_MAX])
{
	struct text *bytes = &reader->buffers[BUFFER_STAT];
	char path[40];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%lld/comm", (long long)pid);
	if (io_read_at(AT_FDCWD, path, SMALL_FILE, bytes) != 0 || bytes->len < 2)
		return;
	len = bytes->len - 1 < COMM_MAX - 1 ? bytes->len - 1 : COMM_MAX - 1;
	memcpy(comm, bytes->data, len);
	comm[len] = '\0';
}

int facts_read(struct facts_reader *reader, struct proc_key key, bool is_zombie,
	       const struct facts *older, const struct facts_known *known, uint32_t *ns_pid,
	       const struct facts **facts)
{
	char path[32];
	int dir;
	int rc;

	if (is_zombie && known) {
		*facts = inherit_zombie(reader, older, known);
		return *facts ? 0 : -ENOMEM;
	}
	snprintf(path, sizeof(path), "/proc/%lld", (long long)key.pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOMEM ? -ENOMEM : -ESRCH;
	rc = read_at(reader, dir, key, is_zombie, older, known, ns_pid, facts);
	close(dir);
	return rc;
}
