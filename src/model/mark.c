#include "mark.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct past *mark_find(const struct mark *mark, size_t *at, struct proc_key key)
{
	while (*at < mark->n && mark->items[*at].key.pid < key.pid)
		(*at)++;
	if (*at == mark->n || mark->items[*at].key.pid != key.pid ||
	    mark->items[*at].key.start_ticks != key.start_ticks)
		return NULL;
	return &mark->items[*at];
}

static uint64_t memory_used(const struct machine *machine)
{
	return is_known(machine->mem_total_bytes) && is_known(machine->mem_available_bytes)
		       ? machine->mem_total_bytes - machine->mem_available_bytes
		       : UNKNOWN;
}

int mark_make(struct mark *mark, const struct model *model, const struct mark *before)
{
	const struct snapshot *snap = model->snap;
	struct past *items = malloc((model->n_branches + 1) * sizeof(*items));
	size_t n = 0;
	size_t at = 0;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < snap->n_procs; i++) {
		struct proc_key key = process_key(&snap->procs[i]);
		int32_t branch = model->nodes[i].branch;
		const struct past *past;

		if (branch == NO_BRANCH)
			continue;
		past = mark_find(before, &at, key);
		items[n++] = (struct past){
			.key = key,
			.size = size_of(&model->branches[branch].subtree,
					past ? &past->size : NULL),
		};
	}
	*mark = (struct mark){
		.mono_ms = snap->mono_ms,
		.oom_kills = snap->machine.oom_kills,
		.memory = memory_used(&snap->machine),
		.all = size_of(&model->all, &before->all),
		.items = items,
		.n = n,
	};
	return 0;
}

void mark_copy(struct mark *to, const struct mark *from)
{
	free(to->items);
	*to = *from;
	to->items = malloc((from->n + 1) * sizeof(*from->items));
	if (to->items)
		memcpy(to->items, from->items, from->n * sizeof(*from->items));
	else
		to->n = 0;
}

void mark_done(struct mark *mark)
{
	free(mark->items);
	*mark = (struct mark){0};
}
