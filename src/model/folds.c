/* Which rows are open. */
#include "clade/rows.h"

#include <stdlib.h>

#include "clade/hash.h"
#include "clade/mem.h"

/* A row_key as bytes to hash: no padding. */
struct fold_key {
	struct proc_key proc;
	uint64_t hash;
	uint64_t type;
};

struct fold {
	struct fold_key key;
	UT_hash_handle hh;
};

struct fold_set {
	struct fold *folds;
};

static struct fold_key fold_key(struct row_key key)
{
	return (struct fold_key){.proc = key.proc, .hash = key.hash, .type = key.type};
}

struct fold_set *folds_new(void)
{
	return mem_new(1, sizeof(struct fold_set));
}

void folds_clear(struct fold_set *folds)
{
	struct fold *fold, *next;

	HASH_ITER (hh, folds->folds, fold, next) {
		HASH_DEL(folds->folds, fold);
		free(fold);
	}
}

void folds_free(struct fold_set *folds)
{
	if (!folds)
		return;
	folds_clear(folds);
	free(folds);
}

static struct fold *fold_find(const struct fold_set *folds, struct row_key key)
{
	struct fold_key bytes = fold_key(key);
	struct fold *fold;

	HASH_FIND(hh, folds->folds, &bytes, sizeof(bytes), fold);
	return fold;
}

void folds_toggle(struct fold_set *folds, struct row_key key)
{
	struct fold *fold = fold_find(folds, key);

	if (fold) {
		HASH_DEL(folds->folds, fold);
		free(fold);
		return;
	}
	fold = mem_new(1, sizeof(*fold));
	fold->key = fold_key(key);
	HASH_ADD(hh, folds->folds, key, sizeof(fold->key), fold);
}

/* In the owners' view processes start open: who opens an owner wants to see them. */
bool view_is_open(const struct view *view, struct row_key key, int32_t depth)
{
	bool is_toggled = view->folds && view->folds->folds && fold_find(view->folds, key);
	bool by_default = depth < view->open_to;

	if (key.type == ROW_BUNDLE)
		by_default = view->are_bundles_open;
	else if (key.type == ROW_PROC && view->mode == VIEW_OWNERS && view->open_to == 0)
		by_default = true;
	return by_default != is_toggled;
}
