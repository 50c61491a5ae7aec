/*
 * The facts of processes: read once, kept once for all processes for which they are equal, given
 * back when the last snapshot that refers to them goes. 73,217 shells of one parent cost one block.
 */
#ifndef CLADE_FACTS_H
#define CLADE_FACTS_H

#include "clade/snapshot.h"
#include "clade/source.h"
#include "clade/text.h"

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
};

void facts_reader_init(struct facts_reader *reader, struct facts_store *store,
		       const struct source_config *config);
void facts_reader_done(struct facts_reader *reader);

/*
 * Reads the facts of the process that has this pid and start time. `older` (may be NULL) are the
 * facts that it had, which a zombie keeps. `*ns_pid` becomes its pid in its own namespace, 0
 * unknown. Returns 0 and one reference, -ESRCH when it is gone or the pid is another's by now, or
 * -ENOMEM.
 */
int facts_read(struct facts_reader *reader, struct proc_key key, bool is_zombie,
	       const struct facts *older, uint32_t *ns_pid, const struct facts **facts);

#endif
