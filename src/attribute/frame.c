#include "frame.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"

enum {
	LINES_MAX = 32,
	PATH_CUT = 4096, /* longer paths do not occur: PATH_MAX */
};

/* One line of /proc/N/cgroup: "4:memory:/docker/1f…". */
struct cgroup_line {
	int rank; /* the order in which hierarchies are believed */
	const char *path;
	size_t len;
};

/* In a hybrid system the lines may disagree: the unified hierarchy and systemd's are kept by the
 * engines, the others may hold where the engine itself was started. */
static int rank_of(const char *controllers, size_t len)
{
	static const char *const ranks[] = {"", "name=systemd", "memory", "pids", "cpu"};

	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
		if (strlen(ranks[i]) == len && strncmp(ranks[i], controllers, len) == 0)
			return (int)i;
	}
	return (int)(sizeof(ranks) / sizeof(ranks[0]));
}

/* Seen from inside a cgroup namespace the path of others begins with "/../..": what follows still
 * tells. */
static void trim_path(struct cgroup_line *line)
{
	static const char deleted[] = " (deleted)";
	size_t tail = sizeof(deleted) - 1;

	while (line->len > 3 && strncmp(line->path, "/../", 4) == 0) {
		line->path += 3;
		line->len -= 3;
	}
	if (line->len > tail && strncmp(line->path + line->len - tail, deleted, tail) == 0)
		line->len -= tail;
}

static int by_rank(const void *a, const void *b)
{
	const struct cgroup_line *x = a;
	const struct cgroup_line *y = b;

	return (x->rank > y->rank) - (x->rank < y->rank);
}

static size_t lines_parse(const char *cgroup, struct cgroup_line *lines)
{
	size_t n = 0;

	while (*cgroup && n < LINES_MAX) {
		size_t len = strcspn(cgroup, "\n");
		const char *controllers = memchr(cgroup, ':', len);
		const char *path = controllers ? memchr(controllers + 1, ':',
							len - (size_t)(controllers + 1 - cgroup))
					       : NULL;

		if (path) {
			lines[n] = (struct cgroup_line){
				.rank = rank_of(controllers + 1, (size_t)(path - controllers - 1)),
				.path = path + 1,
				.len = len - (size_t)(path + 1 - cgroup),
			};
			trim_path(&lines[n++]);
		}
		cgroup += len + (cgroup[len] == '\n');
	}
	qsort(lines, n, sizeof(lines[0]), by_rank);
	return n;
}

static bool any_pattern(const struct patterns *patterns, const char *s)
{
	size_t start, end;

	for (size_t i = 0; i < patterns->n; i++) {
		if (pattern_find(&patterns->items[i], s, &start, &end))
			return true;
	}
	return false;
}

/* A rule's key in a path, at [start, end). */
struct hit {
	const struct rule *rule;
	size_t start, end;
};

struct hits {
	struct hit items[FRAMES_MAX];
	size_t n;
};

static bool is_container(const struct rule *rule)
{
	return rule->kind == OWNER_CONTAINER;
}

static void add_hits(struct hits *hits, const struct rule *rule, const char *path)
{
	if (any_pattern(&rule->cgroup_nots, path))
		return;
	for (size_t i = 0; i < rule->cgroups.n; i++) {
		size_t from = 0;
		size_t start, end;

		while (hits->n < FRAMES_MAX &&
		       pattern_find(&rule->cgroups.items[i], path + from, &start, &end) &&
		       end > start) {
			hits->items[hits->n++] = (struct hit){
				.rule = rule, .start = from + start, .end = from + end};
			from += end;
		}
	}
}

static int by_place(const void *a, const void *b)
{
	const struct hit *x = a;
	const struct hit *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Finds either the containers or everything else in a path. */
static void hits_find(const struct ruleset *rules, const char *path, bool containers,
		      struct hits *hits)
{
	for (size_t i = 0; i < rules->n; i++) {
		if (is_container(rules->rules[i]) == containers)
			add_hits(hits, rules->rules[i], path);
	}
	qsort(hits->items, hits->n, sizeof(hits->items[0]), by_place);
}

/* "my\x2dbox" -> "my-box", as systemd-escape(1) writes. */
static void unescape(char *key)
{
	char *to = key;

	for (const char *from = key; *from; to++) {
		if (from[0] == '\\' && from[1] == 'x' && isxdigit((unsigned char)from[2]) &&
		    isxdigit((unsigned char)from[3])) {
			const char digits[3] = {from[2], from[3], '\0'};

			*to = (char)strtol(digits, NULL, 16);
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static void replace_char(char *key, const struct line *replace)
{
	if (replace->n != 2)
		return;
	for (char *c = key; *c; c++) {
		if (*c == replace->words[0][0])
			*c = replace->words[1][0];
	}
}

static int add_frame(struct frames *frames, struct arena *arena, const struct hit *hit,
		     const char *path)
{
	char *key = mem_strndup(path + hit->start, hit->end - hit->start);
	struct frame *items = arena_new(arena, frames->n + 1, sizeof(*items));
	struct frame *frame = items + frames->n;

	if (!items) {
		free(key);
		return -ENOMEM;
	}
	if (frames->n > 0)
		memcpy(items, frames->items, frames->n * sizeof(*items));
	if (hit->rule->is_key_escaped)
		unescape(key);
	replace_char(key, &hit->rule->key_replace);
	frame->rule = hit->rule;
	frame->key = arena_strdup(arena, key);
	frame->path = arena_strdup(arena, path);
	free(key);
	if (!frame->key || !frame->path)
		return -ENOMEM;
	frames->items = items;
	frames->n++;
	return 0;
}

/* "user@1000.service/app.slice/web.service": a user's unit is in the user's manager, and another
 * user may have one of the same name. */
static int add_units(struct frames *frames, struct arena *arena, const struct hits *hits,
		     const char *path)
{
	int rc = 0;

	for (size_t i = 0; i < hits->n && rc == 0; i++) {
		const struct hit *hit = &hits->items[i];

		/* A scope below a service (a terminal's, a multiplexer pane's) is the user's doing,
		 * not the manager's. */
		frames->is_service =
			hit->rule->kind == OWNER_SERVICE && !strstr(path + hit->end, ".scope");
		rc = add_frame(frames, arena, hit, path);
	}
	return rc;
}

static int add_containers(struct frames *frames, struct arena *arena, const struct hits *hits,
			  const char *path)
{
	for (size_t i = 0; i < hits->n && frames->n < FRAMES_MAX; i++) {
		int rc;

		if (i > 0 && hits->items[i].start < hits->items[i - 1].end)
			continue; /* two rules see the same thing: the first by place wins */
		rc = add_frame(frames, arena, &hits->items[i], path);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* A unit beyond a container's path is inside it (systemd in a container); one before it holds the
 * engine. */
static int frames_add(struct frames *frames, struct arena *arena, const struct hits *units,
		      const char *unit_path, const struct hits *boxes, const char *box_path)
{
	bool is_inside = units->n > 0 && boxes->n > 0 && strcmp(unit_path, box_path) == 0 &&
			 units->items[units->n - 1].start > boxes->items[boxes->n - 1].start;
	int rc = 0;

	if (!is_inside && boxes->n == 0)
		rc = add_units(frames, arena, units, unit_path);
	if (rc == 0)
		rc = add_containers(frames, arena, boxes, box_path);
	if (rc == 0 && is_inside)
		rc = add_units(frames, arena, units, unit_path);
	return rc;
}

/* What the rules see in a cgroup's text. The regular expressions are what costs. */
struct sightings {
	struct hits units;
	struct hits boxes;
	const struct rule *mark;
	bool has_paths;
	char *unit_path; /* these two are "/" when nothing else was seen */
	char *box_path;
};

static const struct rule *find_mark(const struct ruleset *rules, const char *path)
{
	for (size_t i = 0; i < rules->n; i++) {
		if (any_pattern(&rules->rules[i]->cgroup_marks, path))
			return rules->rules[i];
	}
	return NULL;
}

static void see_line(struct sightings *seen, const struct ruleset *rules,
		     const struct cgroup_line *line)
{
	size_t len = line->len < PATH_CUT ? line->len : PATH_CUT - 1;
	char *path = mem_strndup(line->path, len);

	if (seen->boxes.n == 0) {
		hits_find(rules, path, true, &seen->boxes);
		if (seen->boxes.n > 0)
			seen->box_path = mem_strdup(path);
	}
	if (!seen->mark)
		seen->mark = find_mark(rules, path);
	if (line->rank <= 1 && (!seen->unit_path || strcmp(seen->unit_path, "/") == 0)) {
		free(seen->unit_path);
		hits_find(rules, path, false, &seen->units);
		seen->unit_path = path;
	} else {
		free(path);
	}
}

struct sightings *sightings_new(const struct ruleset *rules, const char *cgroup)
{
	struct cgroup_line lines[LINES_MAX];
	size_t n = cgroup ? lines_parse(cgroup, lines) : 0;
	struct sightings *seen = mem_new(1, sizeof(*seen));

	seen->has_paths = n > 0;
	for (size_t i = 0; i < n; i++)
		see_line(seen, rules, &lines[i]);
	return seen;
}

void sightings_free(struct sightings *seen)
{
	if (!seen)
		return;
	free(seen->unit_path);
	free(seen->box_path);
	free(seen);
}

int frames_make(const struct sightings *seen, struct arena *arena, struct frames *frames)
{
	const char *unit_path = seen->unit_path ? seen->unit_path : "/";
	const char *box_path = seen->box_path ? seen->box_path : "/";

	*frames = (struct frames){.mark = seen->mark};
	if (seen->has_paths)
		frames->path = arena_strdup(arena, seen->boxes.n > 0 ? box_path : unit_path);
	if (seen->has_paths && !frames->path)
		return -ENOMEM;
	return frames_add(frames, arena, &seen->units, unit_path, &seen->boxes, box_path);
}
