#include "roster.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"

void roster_init(struct roster *roster, struct arena *arena)
{
	*roster = (struct roster){.arena = arena};
}

void roster_done(struct roster *roster)
{
	HASH_CLEAR(hh, roster->by_id); /* the drafts are the arena's */
	free(roster->drafts);
}

int32_t roster_find(const struct roster *roster, const char *id)
{
	struct draft *draft;

	HASH_FIND_STR(roster->by_id, id, draft);
	return draft ? draft->slot : NO_OWNER;
}

static int add(struct roster *roster, const char *product, const char *key, char *id)
{
	struct draft *draft = arena_new(roster->arena, 1, sizeof(*draft));

	if (!draft)
		return -ENOMEM;
	draft->owner = (struct owner){
		.id = id,
		.product = product,
		.label = product,
		.key = key,
		.kind = OWNER_NONE,
		.parent = NO_OWNER,
		.root = NO_PROC,
		.since_ms = UNKNOWN,
		.restarts = UNKNOWN,
	};
	draft->core = NO_PROC;
	draft->oldest_run_ms = UNKNOWN;
	draft->sample = NO_PROC;
	draft->slot = (int32_t)roster->n;
	roster->drafts = mem_grow(roster->drafts, roster->n + 1, sizeof(*roster->drafts));
	roster->drafts[roster->n++] = draft;
	HASH_ADD_KEYPTR(hh, roster->by_id, draft->owner.id, strlen(draft->owner.id), draft);
	return draft->slot;
}

int32_t roster_get(struct roster *roster, const char *product, const char *key, bool *is_new)
{
	char *id = arena_printf(roster->arena, "%s:%s", product, key);
	char *own_key = arena_strdup(roster->arena, key);
	int32_t found;

	if (!id || !own_key)
		return -ENOMEM;
	found = roster_find(roster, id);
	if (is_new)
		*is_new = found == NO_OWNER;
	return found != NO_OWNER ? found : add(roster, product, own_key, id);
}

int roster_rename(struct roster *roster, int32_t index, const char *product, const char *key,
		  int64_t pid)
{
	struct draft *draft = roster->drafts[index];
	char *id = arena_printf(roster->arena, "%s:%s", product, key);
	char *own_key = arena_strdup(roster->arena, key);

	if (id && strcmp(id, draft->owner.id) != 0 && roster_find(roster, id) != NO_OWNER)
		id = arena_printf(roster->arena, "%s:%s.%" PRId64, product, key, pid);
	if (!id || !own_key)
		return -ENOMEM;
	HASH_DEL(roster->by_id, draft);
	draft->owner.id = id;
	draft->owner.key = own_key;
	HASH_ADD_KEYPTR(hh, roster->by_id, draft->owner.id, strlen(draft->owner.id), draft);
	return 0;
}

bool roster_is_within(const struct roster *roster, int32_t draft, int32_t of)
{
	/* a path is never longer than there are owners: a cycle would be our mistake, but must not
	 * hang us */
	for (size_t steps = 0; draft >= 0 && steps <= roster->n; steps++) {
		if (draft == of)
			return true;
		draft = roster->drafts[draft]->owner.parent;
	}
	return false;
}

void roster_set_parent(struct roster *roster, int32_t draft, int32_t parent)
{
	if (parent == NO_OWNER || !roster_is_within(roster, parent, draft))
		roster->drafts[draft]->owner.parent = parent;
}

/* Marks in `keep` what is to be written: a draft with something to it, and all it lies in. */
static void mark_kept(const struct roster *roster, bool *keep)
{
	for (size_t i = 0; i < roster->n; i++) {
		const struct draft *draft = roster->drafts[i];
		int32_t at = (int32_t)i;

		if (draft->procs == 0 && draft->owner.root == NO_PROC && !draft->is_lingering)
			continue;
		for (size_t steps = 0; at >= 0 && !keep[at] && steps <= roster->n; steps++) {
			keep[at] = true;
			at = roster->drafts[at]->owner.parent;
		}
	}
}

/* Gives slots so that parents come before children: each pass places those whose parent has a
 * place. */
static size_t place(struct roster *roster, const bool *keep)
{
	size_t placed = 0;
	size_t before;

	for (size_t i = 0; i < roster->n; i++)
		roster->drafts[i]->slot = NO_OWNER;
	do {
		before = placed;
		for (size_t i = 0; i < roster->n; i++) {
			struct draft *draft = roster->drafts[i];
			int32_t parent = draft->owner.parent;

			if (!keep[i] || draft->slot != NO_OWNER)
				continue;
			if (parent == NO_OWNER || roster->drafts[parent]->slot != NO_OWNER)
				draft->slot = (int32_t)placed++;
		}
	} while (placed > before);
	return placed;
}

int roster_write(struct roster *roster, struct attribution *out)
{
	bool *keep = arena_new(roster->arena, roster->n + 1, sizeof(*keep));
	size_t n;

	if (!keep)
		return -ENOMEM;
	mark_kept(roster, keep);
	n = place(roster, keep);
	out->owners = arena_new(&out->arena, n + 1, sizeof(*out->owners));
	if (!out->owners)
		return -ENOMEM;
	out->n_owners = n;
	for (size_t i = 0; i < roster->n; i++) {
		const struct draft *draft = roster->drafts[i];
		struct owner *owner;

		if (draft->slot == NO_OWNER)
			continue;
		owner = &out->owners[draft->slot];
		*owner = draft->owner;
		if (owner->parent != NO_OWNER)
			owner->parent = roster->drafts[owner->parent]->slot;
	}
	return 0;
}
