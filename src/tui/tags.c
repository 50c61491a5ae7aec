#include "tags.h"

#include <stdlib.h>

#include "clade/hash.h"
#include "clade/mem.h"

void tags_done(struct tags *tags)
{
	free(tags->items);
	*tags = (struct tags){0};
}

void tags_clear(struct tags *tags)
{
	tags->n = 0;
}

static size_t find(const struct tags *tags, struct row_key key)
{
	size_t i = 0;

	while (i < tags->n && !row_key_equal(tags->items[i].key, key))
		i++;
	return i;
}

const struct target *tags_find(const struct tags *tags, struct row_key key)
{
	size_t i = find(tags, key);

	return i < tags->n ? &tags->items[i] : NULL;
}

void tags_toggle(struct tags *tags, struct target target)
{
	size_t i = find(tags, target.key);

	if (i == tags->n) {
		tags->items = mem_grow(tags->items, tags->n + 1, sizeof(*tags->items));
		tags->items[tags->n++] = target;
	} else if (tags->items[i].is_whole != target.is_whole) {
		tags->items[i] = target;
	} else {
		tags->items[i] = tags->items[--tags->n];
	}
}

static bool is_there(const struct model *model, const struct row_key *key)
{
	switch (key->type) {
	case ROW_OWNER:
		return row_key_find_owner(model, *key) != NO_OWNER;
	case ROW_PROC:
		return snapshot_find(model->snap, key->proc) != NO_PROC;
	case ROW_BUNDLE:
		return key->proc.pid == 0 || snapshot_find(model->snap, key->proc) != NO_PROC;
	}
	return false;
}

void tags_prune(struct tags *tags, const struct model *model)
{
	size_t kept = 0;

	for (size_t i = 0; i < tags->n; i++) {
		if (is_there(model, &tags->items[i].key))
			tags->items[kept++] = tags->items[i];
	}
	tags->n = kept;
}
