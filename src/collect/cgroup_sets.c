#include "cgroup_sets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/io.h"

enum { CGROUP_MAX = 64 << 10 };

struct cgroup_set {
	uint64_t key; /* the address with its lowest bit set for exiting processes */
	bool is_fresh;
	char *text; /* NULL: could not be read */
	UT_hash_handle hh;
};

void cgroup_sets_begin(struct cgroup_sets *sets)
{
	for (struct cgroup_set *set = sets->sets; set; set = set->hh.next)
		set->is_fresh = false;
}

static void drop(struct cgroup_sets *sets, struct cgroup_set *set)
{
	if (sets->last == set)
		sets->last = NULL;
	HASH_DEL(sets->sets, set);
	free(set->text);
	free(set);
}

void cgroup_sets_end(struct cgroup_sets *sets)
{
	struct cgroup_set *set, *next;

	HASH_ITER (hh, sets->sets, set, next) {
		if (!set->is_fresh)
			drop(sets, set);
	}
}

void cgroup_sets_done(struct cgroup_sets *sets)
{
	cgroup_sets_begin(sets);
	cgroup_sets_end(sets);
	text_done(&sets->buffer);
}

/* Reads it, when that is possible: the process may be gone, and then the next of the set is asked.
 */
static void refresh(struct cgroup_sets *sets, struct cgroup_set *set, int32_t pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (io_read_at(AT_FDCWD, path, CGROUP_MAX, &sets->buffer) != 0 || sets->buffer.len == 0)
		return;
	set->is_fresh = true;
	if (set->text && strcmp(set->text, text_str(&sets->buffer)) == 0)
		return;
	free(set->text);
	set->text = mem_strdup(text_str(&sets->buffer));
}

static struct cgroup_set *set_get(struct cgroup_sets *sets, uint64_t key)
{
	struct cgroup_set *set = sets->last;

	if (set && set->key == key)
		return set;
	HASH_FIND(hh, sets->sets, &key, sizeof(key), set);
	if (!set) {
		set = mem_new(1, sizeof(*set));
		set->key = key;
		HASH_ADD(hh, sets->sets, key, sizeof(set->key), set);
	}
	sets->last = set;
	return set;
}

const char *cgroup_sets_get(struct cgroup_sets *sets, uint64_t address, bool is_exiting,
			    int32_t pid)
{
	struct cgroup_set *set = set_get(sets, address | is_exiting);

	if (!set->is_fresh)
		refresh(sets, set, pid);
	return set->is_fresh ? set->text : NULL;
}
