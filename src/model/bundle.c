#include "clade/bundle.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "tree.h"

enum {
	SHAPE_BYTES = 512, /* of arguments; what differs later makes no other shape */
	MARKS = 32,
	MARK_APART_MS = 2000,
	TEN_MS = 10000,
	SIXTY_MS = 60000,
};

/* One set of siblings that look alike, while they are counted. */
struct set {
	uint64_t shape;
	uint32_t n;
	int32_t bundle; /* -1: too few */
	UT_hash_handle hh;
};

/* How many there were, every two seconds of the last minute. */
struct bundle_past {
	struct bundle_key key;
	uint64_t mono_ms[MARKS];
	uint32_t count[MARKS];
	size_t n;
	uint64_t seen_ms;
	UT_hash_handle hh;
};

void bundles_init(struct bundles *bundles)
{
	*bundles = (struct bundles){0};
}

void bundles_done(struct bundles *bundles)
{
	struct bundle_past *past, *next;

	HASH_ITER (hh, bundles->past, past, next) {
		HASH_DEL(bundles->past, past);
		free(past);
	}
	free(bundles->items);
	free(bundles->members);
	bundles_init(bundles);
}

void bundles_clear(struct bundles *bundles)
{
	bundles->n = 0;
	bundles->n_members = 0;
}

/* Runs of digits count as one: `curl http://h/17` and `curl http://h/18` are alike. */
static uint64_t add_text(uint64_t hash, const char *bytes, size_t len)
{
	bool was_digit = false;

	for (size_t i = 0; i < len; i++) {
		bool is_digit = isdigit((unsigned char)bytes[i]);

		if (!is_digit)
			hash = hash_add(hash, &bytes[i], 1);
		else if (!was_digit)
			hash = hash_add(hash, "0", 1);
		was_digit = is_digit;
	}
	return hash_add(hash, "", 1);
}

static uint64_t shape_of_facts(const struct facts *facts)
{
	uint64_t hash = add_text(HASH_START, facts->comm, strlen(facts->comm));

	if (!facts->argv)
		return hash;
	return add_text(hash, facts->argv,
			facts->argv_len < SHAPE_BYTES ? facts->argv_len : SHAPE_BYTES);
}

static uint64_t shape_of(const struct model *model, int32_t proc, uint64_t facts_shape)
{
	const char *id = model->attr->owners[model->attr->procs[proc].owner].id;
	char is_zombie = model->snap->procs[proc].state == 'Z';

	return hash_add(hash_add(facts_shape, &is_zombie, 1), id, strlen(id));
}

static struct set *set_get(struct set **sets, uint64_t shape)
{
	struct set *set;

	HASH_FIND(hh, *sets, &shape, sizeof(shape), set);
	if (set)
		return set;
	set = mem_new(1, sizeof(*set));
	set->shape = shape;
	set->bundle = -1;
	HASH_ADD(hh, *sets, shape, sizeof(set->shape), set);
	return set;
}

static int32_t bundle_new(struct bundles *bundles, struct bundle_key key, uint32_t n)
{
	if (bundles->n == bundles->size) {
		bundles->size = bundles->size > 0 ? bundles->size * 2 : 16;
		bundles->items = mem_grow(bundles->items, bundles->size, sizeof(*bundles->items));
	}
	if (bundles->n_members + n > bundles->members_size) {
		bundles->members_size = (bundles->n_members + n) * 2;
		bundles->members = mem_grow(bundles->members, bundles->members_size,
					    sizeof(*bundles->members));
	}
	bundles->items[bundles->n] = (struct bundle){
		.key = key,
		.first = (uint32_t)bundles->n_members,
		.totals = totals_none(),
		.growth = {NAN, NAN, NAN, NAN, NAN, NAN},
	};
	bundles->n_members += n;
	return (int32_t)bundles->n++;
}

static void add_known(double *sum, double part)
{
	if (!isnan(part))
		*sum = isnan(*sum) ? part : *sum + part;
}

static void bundle_take(struct bundles *bundles, const struct model *model, int32_t at,
			int32_t proc)
{
	struct bundle *bundle = &bundles->items[at];
	struct totals subtree = node_subtree(model, proc);

	bundles->members[bundle->first + bundle->n++] = proc;
	totals_add(&bundle->totals, &subtree);
	add_known(&bundle->growth.births_per_s, node_growth(model, proc).births_per_s);
}

static struct bundle_past *past_get(struct bundles *bundles, struct bundle_key key)
{
	struct bundle_past *past;

	HASH_FIND(hh, bundles->past, &key, sizeof(key), past);
	if (past)
		return past;
	past = mem_new(1, sizeof(*past));
	past->key = key;
	HASH_ADD(hh, bundles->past, key, sizeof(past->key), past);
	return past;
}

/* Net growth since the mark nearest to so long ago; NAN when there is none before now. */
static double past_rate(const struct bundle_past *past, uint64_t now_ms, uint64_t ago_ms,
			uint32_t n)
{
	size_t oldest = past->n > MARKS ? past->n - MARKS : 0;
	size_t at = past->n;

	while (at > oldest) {
		at--;
		if (past->mono_ms[at % MARKS] + ago_ms <= now_ms)
			break;
	}
	if (past->n == 0 || past->mono_ms[at % MARKS] >= now_ms)
		return NAN;
	return ((double)n - past->count[at % MARKS]) * 1000 /
	       (double)(now_ms - past->mono_ms[at % MARKS]);
}

/* Rows are made more often than samples are taken: each moment is kept once. */
static void bundle_grow(struct bundles *bundles, const struct model *model, struct bundle *bundle)
{
	uint64_t now_ms = model->snap->mono_ms;
	struct bundle_past *past = past_get(bundles, bundle->key);

	bundle->growth.procs_10s_per_s = past_rate(past, now_ms, TEN_MS, bundle->n);
	bundle->growth.procs_60s_per_s = past_rate(past, now_ms, SIXTY_MS, bundle->n);
	if (!isnan(bundle->growth.procs_10s_per_s) && !isnan(bundle->growth.births_per_s))
		bundle->growth.deaths_per_s =
			fmax(0, bundle->growth.births_per_s - bundle->growth.procs_10s_per_s);
	past->seen_ms = now_ms;
	if (past->n > 0 && past->mono_ms[(past->n - 1) % MARKS] + MARK_APART_MS > now_ms)
		return;
	past->mono_ms[past->n % MARKS] = now_ms;
	past->count[past->n % MARKS] = bundle->n;
	past->n++;
}

static void forget(struct bundles *bundles, uint64_t now_ms)
{
	struct bundle_past *past, *next;

	HASH_ITER (hh, bundles->past, past, next) {
		if (past->seen_ms + SIXTY_MS > now_ms)
			continue;
		HASH_DEL(bundles->past, past);
		free(past);
	}
}

void bundles_add(struct bundles *bundles, const struct model *model, int32_t parent,
		 const int32_t *procs, size_t n, uint32_t least, int32_t *in)
{
	uint64_t *shapes = mem_new(n + 1, sizeof(*shapes));
	const struct facts *facts = NULL;
	uint64_t facts_shape = 0;
	size_t first_new = bundles->n;
	struct set *sets = NULL;
	struct set *set, *next;

	for (size_t i = 0; i < n; i++) {
		/* siblings often share their facts */
		if (model->snap->procs[procs[i]].facts != facts) {
			facts = model->snap->procs[procs[i]].facts;
			facts_shape = shape_of_facts(facts);
		}
		shapes[i] = shape_of(model, procs[i], facts_shape);
		set_get(&sets, shapes[i])->n++;
	}
	for (size_t i = 0; i < n; i++) {
		struct bundle_key key = {.shape = shapes[i]};

		in[i] = -1;
		set = set_get(&sets, shapes[i]);
		if (set->n < least)
			continue;
		if (parent != NO_PROC)
			key.parent = process_key(&model->snap->procs[parent]);
		if (set->bundle < 0)
			set->bundle = bundle_new(bundles, key, set->n);
		in[i] = set->bundle;
		bundle_take(bundles, model, set->bundle, procs[i]);
	}
	for (size_t b = first_new; b < bundles->n; b++)
		bundle_grow(bundles, model, &bundles->items[b]);
	forget(bundles, model->snap->mono_ms);
	HASH_ITER (hh, sets, set, next) {
		HASH_DEL(sets, set);
		free(set);
	}
	free(shapes);
}
