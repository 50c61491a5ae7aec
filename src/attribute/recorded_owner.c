/* Nothing is derived, only put in order; strings are those of the snapshot. */
#include "recorded_owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/recorded.h"

struct slot {
	const struct recorded_owner *from;
	int32_t at;         /* where it stands in the attribution, or NO_OWNER for now */
	struct slot *inner; /* what is to be placed after it */
	bool is_waiting;
	UT_hash_handle hh;
};

struct copying {
	const struct snapshot *snap;
	struct attribution *out;
	struct slot *slots; /* in the order of the file */
	struct slot *by_id;
	size_t n;
};

static struct slot *find_slot(const struct copying *copying, const char *id)
{
	struct slot *slot = NULL;

	if (id)
		HASH_FIND_STR(copying->by_id, id, slot);
	return slot;
}

static uint32_t count_of(uint64_t count)
{
	return count < UINT32_MAX ? (uint32_t)count : 0;
}

static void place(struct copying *copying, struct slot *slot, int32_t parent)
{
	const struct recorded_owner *from = slot->from;
	struct owner *to = &copying->out->owners[copying->out->n_owners];

	*to = (struct owner){
		.id = from->id,
		.product = from->product ? from->product : "",
		.label = from->label ? from->label : "",
		.key = from->key ? from->key : "",
		.name = from->name,
		.cwd = from->cwd,
		.file = from->file,
		.status = from->status,
		.evidence = from->evidence ? from->evidence : "",
		.started_by = from->started_by,
		.kind = OWNER_NONE,
		.parent = parent,
		.root = from->root_pid > 0 ? snapshot_find_pid(copying->snap, from->root_pid)
					   : NO_PROC,
		.instances = count_of(from->instances),
		.since_ms = from->since_ms,
		.restarts = from->restarts,
		.is_ended = from->is_ended,
	};
	/* a kind that only a later clade knows is nobody's */
	if (from->kind)
		owner_kind_parse(from->kind, &to->kind);
	slot->at = (int32_t)copying->out->n_owners++;
}

/* An owner and those above it that have no place yet, the outermost first. A circle, which only a
 * broken file has, is cut. */
static void place_from(struct copying *copying, struct slot *slot)
{
	struct slot *chain = NULL; /* by `inner`, outermost first */

	while (slot && slot->at == NO_OWNER && !slot->is_waiting) {
		slot->is_waiting = true;
		slot->inner = chain;
		chain = slot;
		slot = find_slot(copying, slot->from->parent);
	}
	for (; chain; chain = chain->inner) {
		place(copying, chain, slot ? slot->at : NO_OWNER);
		slot = chain;
	}
}

/* Returns false when a process belongs to an owner that is not there. */
static bool assign_all(struct copying *copying)
{
	const struct recorded_proc *procs = copying->snap->recorded->procs;

	for (size_t i = 0; i < copying->out->n_procs; i++) {
		const struct slot *slot = find_slot(copying, procs[i].owner);

		if (!slot)
			return false;
		copying->out->procs[i] = (struct assignment){
			.owner = slot->at,
			.is_orphan = procs[i].is_orphan,
			.is_root = procs[i].is_root,
			.evidence = procs[i].evidence ? procs[i].evidence : "",
			.title = procs[i].title,
		};
	}
	return true;
}

static int run(struct copying *copying)
{
	const struct recorded *recorded = copying->snap->recorded;
	struct attribution *out = copying->out;

	copying->n = recorded->n_owners;
	copying->slots = calloc(copying->n + 1, sizeof(*copying->slots));
	out->n_procs = copying->snap->n_procs;
	out->owners = arena_new(&out->arena, copying->n + 1, sizeof(*out->owners));
	out->procs = arena_new(&out->arena, out->n_procs + 1, sizeof(*out->procs));
	if (!copying->slots || !out->owners || !out->procs)
		return -ENOMEM;
	for (size_t i = 0; i < copying->n; i++) {
		struct slot *slot = &copying->slots[i];

		*slot = (struct slot){.from = &recorded->owners[i], .at = NO_OWNER};
		HASH_ADD_KEYPTR(hh, copying->by_id, slot->from->id, strlen(slot->from->id), slot);
	}
	for (size_t i = 0; i < copying->n; i++)
		place_from(copying, &copying->slots[i]);
	return assign_all(copying) ? 0 : -ENOENT;
}

int recorded_assign(const struct snapshot *snap, struct attribution **attribution)
{
	struct attribution *out = calloc(1, sizeof(*out));
	struct copying copying = {.snap = snap, .out = out};
	int rc;

	if (!out)
		return -ENOMEM;
	arena_init(&out->arena);
	rc = run(&copying);
	HASH_CLEAR(hh, copying.by_id);
	free(copying.slots);
	if (rc != 0) {
		attribution_free(out);
		return rc;
	}
	*attribution = out;
	return 0;
}
