#include "growth.h"

#include <math.h>

struct size size_of(const struct totals *totals, const struct size *before)
{
	return (struct size){
		.procs = totals->procs,
		.rss_bytes = totals->rss_bytes,
		.births = (before ? before->births : 0) + totals->births,
		.deaths = (before ? before->deaths : 0) + totals->deaths,
	};
}

struct size size_of_leaf(const struct snapshot *snap, size_t proc, uint64_t mono_ms)
{
	const struct process *leaf = &snap->procs[proc];
	uint64_t born_ms = leaf->start_ticks * 1000 /
			   (snap->host.ticks_per_s > 0 ? snap->host.ticks_per_s : 100);

	if (born_ms > mono_ms)
		return (struct size){0};
	return (struct size){
		.procs = 1,
		.rss_bytes = is_known(leaf->rss_bytes) ? leaf->rss_bytes : 0,
	};
}

static double rate(uint64_t now, uint64_t then, double seconds)
{
	return seconds > 0 ? ((double)now - (double)then) / seconds : NAN;
}

struct growth growth_between(const struct size *now, const struct size *ten, double ten_s,
			     const struct size *sixty, double sixty_s)
{
	return (struct growth){
		.births_per_s = rate(now->births, ten->births, ten_s),
		.deaths_per_s = rate(now->deaths, ten->deaths, ten_s),
		.procs_10s_per_s = rate(now->procs, ten->procs, ten_s),
		.procs_60s_per_s = rate(now->procs, sixty->procs, sixty_s),
		.rss_10s_per_s = rate(now->rss_bytes, ten->rss_bytes, ten_s),
		.rss_60s_per_s = rate(now->rss_bytes, sixty->rss_bytes, sixty_s),
	};
}

struct growth node_growth(const struct model *model, int32_t proc)
{
	int32_t branch = model->nodes[proc].branch;
	struct totals now;
	struct size size;
	struct size then;
	struct size before;

	if (branch != NO_BRANCH)
		return model->branches[branch].growth;
	now = node_subtree(model, proc);
	size = size_of(&now, NULL);
	then = size_of_leaf(model->snap, (size_t)proc, model->ten_ms);
	before = size_of_leaf(model->snap, (size_t)proc, model->sixty_ms);
	if (then.procs == 0)
		size.births = 1; /* it was born in the window, if not since the last sample */
	return growth_between(&size, &then, model->ten_s, &before, model->sixty_s);
}
