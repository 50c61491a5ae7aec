/*
 * What a cgroup says: the containers, units and login sessions a process is in, outermost first.
 * Pure.
 */
#ifndef CLADE_FRAME_H
#define CLADE_FRAME_H

#include "clade/arena.h"
#include "rules.h"

enum { FRAMES_MAX = 8 };

struct sightings;

struct frame {
	const struct rule *rule;
	const char *key;  /* container id, unit, session: of the arena */
	const char *path; /* the cgroup it was seen in: of the arena */
};

struct frames {
	const struct frame *items; /* the outermost first; of the arena */
	size_t n;                  /* at most FRAMES_MAX */
	bool is_service; /* the innermost unit is a .service: its processes are nobody else's,
			    whoever their parent is */
	const struct rule *mark; /* a rule whose cgroup.mark is in the path, or NULL */
	const char *path; /* the most telling path, "/" when all are; of the arena, NULL without
			     cgroup */
};

/* What the rules see in the text of /proc/N/cgroup (cgroups(7)), v1, v2 and hybrid; NULL: no text.
 * The same for the same text, as long as the rules are. The caller frees it. */
struct sightings *sightings_new(const struct ruleset *rules, const char *cgroup);
void sightings_free(struct sightings *seen);

/* The frames that were seen. Returns 0 or -ENOMEM. */
int frames_make(const struct sightings *seen, struct arena *arena, struct frames *frames);

#endif
