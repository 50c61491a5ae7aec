#include "said.h"

#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"

struct said_owner {
	char *id;
	uint32_t badges;
	UT_hash_handle hh;
};

struct said {
	struct said_owner *owners; /* those that had a badge */
	enum verdict_kind verdict;
	char *verdict_owner; /* its id, NULL: nobody */
};

struct said *said_new(void)
{
	return mem_new(1, sizeof(struct said));
}

static void forget(struct said *said)
{
	struct said_owner *owner, *next;

	HASH_ITER (hh, said->owners, owner, next) {
		HASH_DEL(said->owners, owner);
		free(owner->id);
		free(owner);
	}
	free(said->verdict_owner);
	said->verdict_owner = NULL;
	said->verdict = VERDICT_QUIET;
}

void said_free(struct said *said)
{
	if (!said)
		return;
	forget(said);
	free(said);
}

void said_recall(const struct said *said, struct model *model)
{
	model->verdict_before = said->verdict;
	model->verdict_owner_before = NO_OWNER;
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		const char *id = model->attr->owners[g].id;
		struct said_owner *owner;

		HASH_FIND_STR(said->owners, id, owner);
		model->groups[g].badges_before = owner ? owner->badges : 0;
		if (said->verdict_owner && strcmp(said->verdict_owner, id) == 0)
			model->verdict_owner_before = (int32_t)g;
	}
}

void said_keep(struct said *said, const struct model *model)
{
	forget(said);
	said->verdict = model->verdict.kind;
	if (model->verdict.owner != NO_OWNER)
		said->verdict_owner = mem_strdup(model->attr->owners[model->verdict.owner].id);
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		struct said_owner *owner;

		if (model->groups[g].badges == 0)
			continue;
		owner = mem_new(1, sizeof(*owner));
		owner->id = mem_strdup(model->attr->owners[g].id);
		owner->badges = model->groups[g].badges;
		HASH_ADD_KEYPTR(hh, said->owners, owner->id, strlen(owner->id), owner);
	}
}
