/*
 * The facts of processes: read once, kept once for all processes for which they are equal, given
 * back when the last snapshot that refers to them goes. 73,217 shells of one parent cost one block.
 */
#ifndef CLADE_FACTS_H
#define CLADE_FACTS_H

#include "clade/aside.h"
#include "clade/snapshot.h"
#include "clade/source.h"
#include "clade/text.h"
#include "procfs.h"

struct facts_store;

/* A store, or NULL without memory. Blocks outlive it. */
struct facts_store *facts_store_new(void);
void facts_store_free(struct facts_store *store);

/* The block with these contents, made when there is none, with one reference for the caller
 * (facts_put); NULL without memory. Strings of `draft` are copied. */
const struct facts *facts_intern(struct facts_store *store, const struct facts *draft);

/* What reading needs besides the pid. */
struct facts_reader {
	struct facts_store *store;
	const struct marker_group *markers;
	size_t n_markers;
	uint64_t own_pid_ns; /* inodes of our own namespaces, for telling a container's */
	uint64_t own_mnt_ns;
	uint64_t own_uts_ns;
	struct text buffers[6]; /* kept between processes */
	struct aside *aside;    /* NULL: no threads */
	/* for the caller to set before each process: */
	bool is_crowd; /* so many want to run that who holds a lock may not for long */
	bool is_busy;  /* the process that is read is one of those */
};

void facts_reader_init(struct facts_reader *reader, struct facts_store *store,
		       const struct source_config *config);
void facts_reader_done(struct facts_reader *reader);

/* What a collector that looks into the kernel knows of a process and need not be read. */
struct facts_known {
	const char *comm;
	const char *cgroup; /* the text of /proc/N/cgroup, NULL unknown */
	uint64_t pid_ns;    /* UNKNOWN for a zombie, which keeps those that it had */
	uint32_t uid;
	bool is_ns_foreign;
};

/* Whether these namespaces are a container's; UNKNOWN is none. */
bool facts_are_foreign(const struct facts_reader *reader, uint64_t pid_ns, uint64_t mnt_ns,
		       uint64_t uts_ns);

/* Whether the facts say what is known. */
bool facts_agree(const struct facts *facts, const struct facts_known *known);

/* The facts of a process that still runs what `facts` speak of, as its parent does or as it did
 * itself, but is otherwise as `known`. One reference, or NULL without memory. */
const struct facts *facts_inherit(const struct facts_reader *reader, const struct facts *facts,
				  const struct facts_known *known);

/* Whether the process, as far as it is there, shows the arguments and the working directory in
 * `facts`: what changes without an exec. */
bool facts_hold(struct facts_reader *reader, int64_t pid, const struct facts *facts);

/* What is read of a process whose directory in /proc is open already. */
struct facts_place {
	int dir; /* its directory: what is read is of this process and of no later one */
	int32_t pid;
	uint32_t uid;
	const char *comm;
	bool is_zombie;
};

/* As facts_read(), with nothing looked up a second time. */
int facts_read_in(struct facts_reader *reader, const struct facts_place *place,
		  const struct facts *older, uint32_t *ns_pid, const struct facts **facts);

/* Whether the process whose directory in /proc this is lives in the pid namespace and the working
 * directory of `facts`. */
bool facts_hold_place(struct facts_reader *reader, int dir, const struct facts *facts);

/* Whether the process is still in that control group, as far as it is there. */
bool facts_hold_cgroup(struct facts_reader *reader, int64_t pid, const char *cgroup);

/* The full name of a kernel thread: up to 63 bytes, of which the kernel keeps 15 at hand. */
void facts_read_comm(struct facts_reader *reader, int64_t pid, char comm[COMM_MAX]);

/*
 * Reads the facts of the process that has this pid and start time. `older` (may be NULL) are the
 * facts that it had, which a zombie keeps; `known` (may be NULL) is not read. `*ns_pid` becomes its
 * pid in its own namespace, 0 unknown. Returns 0 and one reference, -ESRCH when it is gone or the
 * pid is another's by now, -EAGAIN when it would have to be waited for, or -ENOMEM.
 */
int facts_read(struct facts_reader *reader, struct proc_key key, bool is_zombie,
	       const struct facts *older, const struct facts_known *known, uint32_t *ns_pid,
	       const struct facts **facts);

/* The inode of a namespace, from its link ("ns/pid") in an open directory; UNKNOWN when it cannot
 * be read. */
uint64_t facts_read_ns(int dir, const char *name);

#endif
