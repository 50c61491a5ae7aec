#include "studio.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "clade/export.h"
#include "clade/frame.h"
#include "clade/mem.h"
#include "clade/samples.h"
#include "suite.h"

char *moment_text(const struct model *model, const struct users *users)
{
	struct text out = {0};
	struct export_config config = {.users = users};

	assert_int_equal(export_write(export_find("ndjson"), model, &config, take_bytes, &out), 0);
	return text_take(&out);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Owners have no order among themselves: the lines are compared sorted, and the first that differ are shown. */
static char **sorted_lines(char *text, size_t *n)
{
	char **lines = NULL;
	char *line;

	for (*n = 0; (line = strsep(&text, "\n"));) {
		lines = mem_grow(lines, *n + 1, sizeof(*lines));
		lines[(*n)++] = line;
	}
	qsort(lines, *n, sizeof(*lines), by_text);
	return lines;
}

void assert_same_moment(const char *got, const char *want)
{
	char *copies[2] = {mem_strdup(got), mem_strdup(want)};
	size_t n[2];
	char **lines[2] = {sorted_lines(copies[0], &n[0]), sorted_lines(copies[1], &n[1])};

	for (size_t i = 0; i < n[0] && i < n[1]; i++)
		assert_string_equal(lines[0][i], lines[1][i]);
	assert_int_equal(n[0], n[1]);
	for (size_t i = 0; i < 2; i++) {
		free(lines[i]);
		free(copies[i]);
	}
}

struct studio *studio_new(void)
{
	struct studio *studio = mem_new(1, sizeof(*studio));

	studio->lab = lab_new(NULL);
	studio->packer = zst_packer_new(3);
	return studio;
}

void studio_free(struct studio *studio)
{
	for (size_t i = 0; i < studio->n; i++)
		free(studio->moments[i]);
	lab_free(studio->lab);
	zst_packer_free(studio->packer);
	text_done(&studio->tape);
	text_done(&studio->plain);
	free(studio);
}

/* The lines that the tape has from `start` on. */
static void unpack(struct studio *studio, size_t start)
{
	struct zst_unpacker *unpacker = zst_unpacker_new();
	size_t at = start + FRAME_HEAD_LEN;
	int more = 1;

	while (more > 0) {
		size_t used;

		more = zst_unpack(unpacker, studio->tape.data + at, studio->tape.len - at, &used, &studio->plain);
		at += used;
	}
	assert_int_equal(more, 0);
	assert_int_equal(at, studio->tape.len);
	zst_unpacker_free(unpacker);
}

void studio_keep(struct studio *studio, bool is_full)
{
	struct export_config config = {.users = studio->lab->users};
	size_t start = studio->tape.len;

	assert_true(studio->n < SAMPLES_MAX);
	assert_int_equal(samples_pack(studio->packer, studio->lab->model, is_full ? NULL : studio->lab->before.model, &config,
				      &studio->tape),
			 0);
	unpack(studio, start);
	studio->moments[studio->n] = moment_text(studio->lab->model, studio->lab->users);
	studio->ends[studio->n++] = studio->tape.len;
}

void studio_record(struct studio *studio, double seconds, const char *table, bool is_full)
{
	lab_sample(studio->lab, seconds, table);
	studio_keep(studio, is_full);
}

/* The same, two seconds later, with what the kernel has told meanwhile: five lives below 20, two of nobody, and that 11 was a
 * child of 10. */
static void record_with_lives(struct studio *studio, const char *table, bool is_full)
{
	const struct snapshot *before = studio->lab->snap;
	struct proc_key parent = process_key(&before->procs[snapshot_find_pid(before, 10)]);
	struct snapshot *snap = lab_snapshot(2 * (double)studio->n, table);

	snap->has_events = true;
	snap->is_at_least = true;
	snap->brief_lives = 7;
	snap->briefs = arena_new(&snap->arena, 1, sizeof(*snap->briefs));
	snap->briefs[snap->n_briefs++] = (struct brief){process_key(&snap->procs[snapshot_find_pid(snap, 20)]), 5};
	snap->origins = arena_new(&snap->arena, 1, sizeof(*snap->origins));
	snap->origins[snap->n_origins++] =
		(struct origin){.child = process_key(&snap->procs[snapshot_find_pid(snap, 11)]), .parent = parent};
	lab_take(studio->lab, snap);
	studio_keep(studio, is_full);
}

void player_rewind(struct player *player)
{
	attributor_free(player->attributor);
	history_free(player->history);
	moment_done(&player->before);
	moment_done(&player->now);
	player->attributor = attributor_new(
		&(struct attributor_config){.rules = player->rules, .users = player->users, .use_recorded = true});
	player->history = history_new(NULL);
}

struct player player_of(struct source *source)
{
	struct player player = {.source = source, .rules = rules_new(), .users = users_new("/nonexistent")};

	player_rewind(&player);
	return player;
}

struct player player_open(const void *bytes, size_t len)
{
	struct source *source = NULL;
	struct text error = {0};

	if (recording_open_bytes(bytes, len, &source, &error) != 0)
		fail_msg("%s", text_str(&error));
	text_done(&error);
	return player_of(source);
}

void player_change(struct player *player, struct source *source)
{
	source_close(player->source);
	player->source = source;
	player_rewind(player);
}

void player_close(struct player *player)
{
	moment_done(&player->before);
	moment_done(&player->now);
	attributor_free(player->attributor);
	history_free(player->history);
	source_close(player->source);
	rules_free(player->rules);
	users_free(player->users);
}

int player_play(struct player *player)
{
	struct snapshot *snap;
	int rc = source_sample(player->source, NULL, &snap);

	if (rc != 0)
		return rc;
	moment_done(&player->before);
	player->before = player->now;
	player->now = (struct moment){0};
	return moment_make(player->attributor, player->history, snap, &player->now);
}

void player_expect_now(const struct player *player, const struct studio *studio, size_t i)
{
	char *got = moment_text(player->now.model, studio->lab->users);

	assert_same_moment(got, studio->moments[i]);
	free(got);
}

void player_expect(struct player *player, const struct studio *studio, size_t i)
{
	assert_int_equal(player_play(player), 0);
	assert_int_equal(recording_at(player->source), i);
	player_expect_now(player, studio, i);
}

#define QUIET                                                                                                          \
	" 1  0 /sbin/init init\n"                                                                                      \
	" 2  0 - ; kernel comm:kthreadd env:unread\n"                                                                  \
	"10  1 " CLAUDE " claude ; cwd:/srv/api uid:1000\n"                                                            \
	"20  1 /bin/app app ; cgroup:/docker/" ID1 " ns:1.1 pids:3/100 memory:1000/2000 oom:0+0\n"                     \
	"21  1 - x ; env:denied comm:x\n"

/* Seven samples: processes come, change, go, leave orphans, and a number is used again. */
void studio_record_incident(struct studio *studio)
{
	studio_record(studio, 0, QUIET, true);
	studio_record(studio, 2, QUIET "11 10 /bin/bash bash -c \"make all\" ; cpu:12.5 " TOOL(10, S1) "\n", false);
	studio_record(studio, 2, QUIET "11 10 /bin/bash bash -c \"make all\" ; cpu:99.9 rss:123456 " TOOL(10, S1) "\n"
				"12 11 - ; state:Z env:unread comm:cc\n",
	       false);
	record_with_lives(studio,
			  " 1  0 /sbin/init init\n 2  0 - ; kernel comm:kthreadd env:unread\n"
			  "11  1 /bin/bash bash -c \"make all\" ; sid:11 " TOOL(10, S1) "\n"
			  "20  1 /bin/app app --again ; cgroup:/docker/" ID1 " ns:1.1 pids:99/100 memory:1999/2000 oom:7+7\n",
			  false);
	studio_record(studio, 2, " 1  0 /sbin/init init\n11  1 /bin/bash bash -c \"make all\" ; sid:11 " TOOL(10, S1) "\n21 1 /bin/new new ; start:777\n", true);
	studio_record(studio, 2, " 1  0 /sbin/init init\n11  1 /bin/bash bash -c \"make all\" ; sid:11 " TOOL(10, S1) "\n21 1 /bin/other other ; start:888\n",
	       false);
	studio_record(studio, 2, QUIET, false);
}
