#include "clade/attribution.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[OWNER_KINDS] = {
	"agent", "pm2", "container", "service", "login", "kernel", "none",
};

const char *owner_kind_name(enum owner_kind kind)
{
	return kind_names[kind];
}

int owner_kind_parse(const char *name, enum owner_kind *kind)
{
	for (size_t i = 0; i < OWNER_KINDS; i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*kind = (enum owner_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

void attribution_free(struct attribution *attribution)
{
	if (!attribution)
		return;
	arena_done(&attribution->arena);
	free(attribution);
}

int32_t attribution_find(const struct attribution *attribution, const char *id)
{
	for (size_t i = 0; i < attribution->n_owners; i++) {
		if (strcmp(attribution->owners[i].id, id) == 0)
			return (int32_t)i;
	}
	return NO_OWNER;
}
