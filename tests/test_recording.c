/*
 * Recordings: what goes in comes out again, also what has only changed, in any order, from files that are torn, broken, packed by
 * others, or of older versions.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "clade/frame.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "clade/recording.h"
#include "clade/safe.h"
#include "clade/samples.h"
#include "lab.h"
#include "suite.h"

#define CLAUDE "/opt/claude-code-linux-x64/claude"
#define S1 "11111111-1111-4111-8111-111111111111"
#define TOOL "CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=" S1 " CLAUDE_PID=10"
#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"

enum { SAMPLES_MAX = 64 };

/* A machine of which samples are taken, recorded, and kept as they were. */
struct studio {
	struct lab *lab;
	struct zst_packer *packer;
	struct text tape;              /* what was recorded */
	struct text plain;             /* the same lines, not packed */
	char *moments[SAMPLES_MAX];    /* each as a full sample with all rates */
	size_t ends[SAMPLES_MAX];      /* of each, in `tape` */
	size_t n;
};

static int take(void *context, const char *bytes, size_t len)
{
	text_add_bytes(context, bytes, len);
	return 0;
}

static char *moment_text(const struct model *model, const struct users *users)
{
	struct text out = {0};
	struct export_config config = {.users = users};

	assert_int_equal(export_write(export_find("ndjson"), model, &config, take, &out), 0);
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

static void assert_same_moment(const char *got, const char *want)
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

static struct studio *studio_new(void)
{
	struct studio *studio = mem_new(1, sizeof(*studio));

	studio->lab = lab_new(NULL);
	studio->packer = zst_packer_new(3);
	return studio;
}

static void studio_free(struct studio *studio)
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

static void keep(struct studio *studio, bool is_full)
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

static void record(struct studio *studio, double seconds, const char *table, bool is_full)
{
	lab_sample(studio->lab, seconds, table);
	keep(studio, is_full);
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
	keep(studio, is_full);
}

/* A recording that is played, with the owners that it has. */
struct player {
	struct source *source;
	struct ruleset *rules;
	struct users *users;
	struct attributor *attributor;
	struct history *history;
	struct moment before, now;
};

static void player_rewind(struct player *player)
{
	attributor_free(player->attributor);
	history_free(player->history);
	moment_done(&player->before);
	moment_done(&player->now);
	player->attributor = attributor_new(
		&(struct attributor_config){.rules = player->rules, .users = player->users, .use_recorded = true});
	player->history = history_new(NULL);
}

static struct player player_of(struct source *source)
{
	struct player player = {.source = source, .rules = rules_new(), .users = users_new("/nonexistent")};

	player_rewind(&player);
	return player;
}

static struct player player_open(const void *bytes, size_t len)
{
	struct source *source = NULL;
	struct text error = {0};

	if (recording_open_bytes(bytes, len, &source, &error) != 0)
		fail_msg("%s", text_str(&error));
	text_done(&error);
	return player_of(source);
}

static void player_close(struct player *player)
{
	moment_done(&player->before);
	moment_done(&player->now);
	attributor_free(player->attributor);
	history_free(player->history);
	source_close(player->source);
	rules_free(player->rules);
	users_free(player->users);
}

static int play(struct player *player)
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

static void expect_moment(struct player *player, const struct studio *studio, size_t i)
{
	char *got;

	assert_int_equal(play(player), 0);
	assert_int_equal(recording_at(player->source), i);
	got = moment_text(player->now.model, studio->lab->users);
	assert_same_moment(got, studio->moments[i]);
	free(got);
}

#define QUIET                                                                                                          \
	" 1  0 /sbin/init init\n"                                                                                      \
	" 2  0 - ; kernel comm:kthreadd env:unread\n"                                                                  \
	"10  1 " CLAUDE " claude ; cwd:/srv/api uid:1000\n"                                                            \
	"20  1 /bin/app app ; cgroup:/docker/" ID1 " ns:1.1 pids:3/100 memory:1000/2000 oom:0+0\n"                     \
	"21  1 - x ; env:denied comm:x\n"

/* Seven samples: processes come, change, go, leave orphans, and a number is used again. */
static void record_incident(struct studio *studio)
{
	record(studio, 0, QUIET, true);
	record(studio, 2, QUIET "11 10 /bin/bash bash -c \"make all\" ; cpu:12.5 " TOOL "\n", false);
	record(studio, 2, QUIET "11 10 /bin/bash bash -c \"make all\" ; cpu:99.9 rss:123456 " TOOL "\n"
				"12 11 - ; state:Z env:unread comm:cc\n",
	       false);
	record_with_lives(studio,
			  " 1  0 /sbin/init init\n 2  0 - ; kernel comm:kthreadd env:unread\n"
			  "11  1 /bin/bash bash -c \"make all\" ; sid:11 " TOOL "\n"
			  "20  1 /bin/app app --again ; cgroup:/docker/" ID1 " ns:1.1 pids:99/100 memory:1999/2000 oom:7+7\n",
			  false);
	record(studio, 2, " 1  0 /sbin/init init\n11  1 /bin/bash bash -c \"make all\" ; sid:11 " TOOL "\n21 1 /bin/new new ; start:777\n", true);
	record(studio, 2, " 1  0 /sbin/init init\n11  1 /bin/bash bash -c \"make all\" ; sid:11 " TOOL "\n21 1 /bin/other other ; start:888\n",
	       false);
	record(studio, 2, QUIET, false);
}

static void what_is_recorded_comes_out_again_moment_by_moment(void **state)
{
	struct studio *studio = studio_new();
	struct player player;

	(void)state;
	record_incident(studio);
	player = player_open(studio->tape.data, studio->tape.len);
	assert_int_equal(recording_count(player.source), 7);
	for (size_t i = 0; i < studio->n; i++)
		expect_moment(&player, studio, i);
	assert_string_equal(recording_missing(player.source), "");
	player_close(&player);
	studio_free(studio);
}

static void lives_that_no_sample_has_seen_count_in_a_replay_too(void **state)
{
	struct studio *studio = studio_new();
	struct player player;
	const struct snapshot *snap;

	(void)state;
	record_incident(studio);
	player = player_open(studio->tape.data, studio->tape.len);
	for (size_t i = 0; i < 4; i++) {
		expect_moment(&player, studio, i);
		assert_true(player.now.snap->has_events == (i == 3));
	}
	snap = player.now.snap;
	assert_int_equal(snap->brief_lives, 7);
	assert_true(snap->is_at_least);
	assert_int_equal(snap->briefs[0].parent.pid, 20);
	assert_int_equal(snap->briefs[0].lives, 5);
	assert_int_equal(snapshot_find_origin(snap, process_key(&snap->procs[snapshot_find_pid(snap, 11)]))->parent.pid, 10);
	assert_int_equal(player.now.model->all.births, 8); /* and 20, which began anew */
	/* they are of that sample alone */
	expect_moment(&player, studio, 4);
	assert_false(player.now.snap->has_events);
	assert_int_equal(player.now.snap->n_origins, 0);
	player_close(&player);
	studio_free(studio);
}

static void the_same_lines_without_zstd_are_the_same_recording(void **state)
{
	struct studio *studio = studio_new();
	struct player player;

	(void)state;
	record_incident(studio);
	player = player_open(studio->plain.data, studio->plain.len);
	assert_int_equal(recording_count(player.source), 7);
	for (size_t i = 0; i < studio->n; i++) {
		const struct recording_sample *sample = recording_get(player.source, i);

		assert_true(sample->word[0] != '\0');
		assert_int_equal(sample->is_full, i == 0 || i == 4);
		expect_moment(&player, studio, i);
	}
	player_close(&player);
	studio_free(studio);
}

static void zstd_of_another_program_is_read_too(void **state)
{
	struct studio *studio = studio_new();
	struct zst_packer *packer = zst_packer_new(1);
	struct text packed = {0};
	struct player player;

	(void)state;
	record_incident(studio);
	assert_int_equal(zst_pack(packer, studio->plain.data, studio->plain.len, &packed), 0);
	assert_int_equal(zst_pack_end(packer, &packed), 0);
	player = player_open(packed.data, packed.len);
	assert_int_equal(recording_count(player.source), 7);
	for (size_t i = 0; i < studio->n; i++)
		expect_moment(&player, studio, i);
	player_close(&player);
	zst_packer_free(packer);
	text_done(&packed);
	studio_free(studio);
}

static void any_moment_can_be_gone_to_in_any_order(void **state)
{
	static const size_t order[] = {6, 0, 3, 2, 5, 5, 1, 4, 6, 3};
	struct studio *studio = studio_new();
	struct player player;

	(void)state;
	record_incident(studio);
	player = player_open(studio->tape.data, studio->tape.len);
	for (size_t n = 0; n < sizeof(order) / sizeof(order[0]); n++) {
		/* rates are those of the minute before, which is played first */
		player_rewind(&player);
		recording_seek(player.source, 0);
		for (size_t i = 0; i <= order[n]; i++)
			assert_int_equal(play(&player), 0);
		player_rewind(&player);
		recording_seek(player.source, order[n]);
		assert_int_equal(play(&player), 0);
		assert_int_equal(recording_at(player.source), order[n]);
		assert_int_equal(player.now.snap->taken_ms, recording_get(player.source, order[n])->taken_ms);
		assert_int_equal(player.now.snap->n_procs, recording_get(player.source, order[n])->processes);
	}
	player_close(&player);
	studio_free(studio);
}

static void the_last_moment_stays_and_a_time_finds_its_moment(void **state)
{
	struct studio *studio = studio_new();
	struct player player;
	uint64_t first;

	(void)state;
	record_incident(studio);
	player = player_open(studio->tape.data, studio->tape.len);
	recording_seek(player.source, 99);
	assert_int_equal(play(&player), 0);
	assert_int_equal(play(&player), 0);
	assert_int_equal(recording_at(player.source), 6);
	first = recording_get(player.source, 0)->taken_ms;
	assert_int_equal(recording_find(player.source, 0), 0);
	assert_int_equal(recording_find(player.source, first + 3999), 1);
	assert_int_equal(recording_find(player.source, first + 4000), 2);
	assert_int_equal(recording_find(player.source, UINT64_MAX), 6);
	player_close(&player);
	studio_free(studio);
}

/* ---- Strangers' bytes ---- */

static void strangers_bytes_come_out_as_they_went_in(void **state)
{
	static const char table[] = "1 0 /sbin/init init\n"
				    "5 1 /bin/\377x \033[2Jx\377 \"a\\b\" {\"type\":\"end\"} ; comm:\377\376\001x cwd:/\xc3\x28 CLAUDE_CODE_SESSION_ID=\377s\n";
	struct studio *studio = studio_new();
	struct player player;

	(void)state;
	record(studio, 0, table, true);
	record(studio, 2, table, false);
	player = player_open(studio->plain.data, studio->plain.len);
	expect_moment(&player, studio, 0);
	expect_moment(&player, studio, 1);
	assert_string_equal(player.now.snap->procs[1].facts->comm, "\377\376\001x");
	assert_string_equal(facts_arg(player.now.snap->procs[1].facts, 0), "\033[2Jx\377");
	assert_string_equal(facts_marker(player.now.snap->procs[1].facts, "CLAUDE_CODE_SESSION_ID"), "\377s");
	player_close(&player);
	studio_free(studio);
}

/* A machine whose one process has that command line. `facts` are to live as long as the studio, which remembers whom it
 * has seen. */
static void record_argv(struct studio *studio, struct facts *facts, char *argv, size_t len)
{
	struct snapshot *snap = lab_snapshot(0, "1 0 /sbin/init init\n");
	const struct facts *own = snap->procs[0].facts;

	*facts = *own;
	facts->argv = argv;
	facts->argv_len = len;
	facts->refs = 1000; /* never given back */
	snap->procs[0].facts = facts;
	lab_take(studio->lab, snap);
	keep(studio, true);
	snap->procs[0].facts = own;
}

static void two_megabytes_of_arguments_are_kept_whole(void **state)
{
	enum { LEN = 2 << 20 };
	struct studio *studio = studio_new();
	char *argv = mem_new(LEN, 1);
	struct facts facts;
	struct player player;

	(void)state;
	for (size_t i = 0; i < LEN; i++)
		argv[i] = (char)(i % 97 == 0 ? '\0' : i % 251 + 1);
	argv[LEN - 1] = '\0';
	record_argv(studio, &facts, argv, LEN);
	player = player_open(studio->tape.data, studio->tape.len);
	assert_int_equal(play(&player), 0);
	assert_int_equal(player.now.snap->procs[0].facts->argv_len, LEN);
	assert_memory_equal(player.now.snap->procs[0].facts->argv, argv, LEN);
	player_close(&player);
	studio_free(studio);
	free(argv);
}

/* ---- Torn and broken files ---- */

static size_t whole_samples(const struct studio *studio, size_t len)
{
	size_t n = 0;

	while (n < studio->n && studio->ends[n] <= len)
		n++;
	return n;
}

static void cut_at_any_byte_it_opens_with_what_is_whole(void **state)
{
	struct studio *studio = studio_new();

	(void)state;
	record_incident(studio);
	for (size_t len = 0; len <= studio->tape.len; len++) {
		size_t want = whole_samples(studio, len);
		size_t start = want > 0 ? studio->ends[want - 1] : 0;
		struct source *source = NULL;
		struct text error = {0};
		int rc = recording_open_bytes(studio->tape.data, len, &source, &error);

		if (want == 0) {
			assert_int_not_equal(rc, 0);
			assert_true(error.len > 0);
		} else {
			struct snapshot *snap;

			assert_int_equal(rc, 0);
			assert_int_equal(recording_count(source), want);
			for (size_t i = 0; i < want; i++) {
				assert_int_equal(source_sample(source, NULL, &snap), 0);
				snapshot_free(snap);
			}
			if (len > start)
				assert_contains(recording_missing(source), "is torn");
			else
				assert_string_equal(recording_missing(source), "");
		}
		source_close(source);
		text_done(&error);
	}
	studio_free(studio);
}

static void plain_lines_cut_at_any_byte_too(void **state)
{
	struct studio *studio = studio_new();
	size_t last = 0;

	(void)state;
	record_incident(studio);
	for (size_t len = 0; len <= studio->plain.len; len += 7) {
		struct source *source = NULL;
		struct text error = {0};
		struct snapshot *snap;
		int rc = recording_open_bytes(studio->plain.data, len, &source, &error);
		size_t n = rc == 0 ? recording_count(source) : 0;

		assert_true(n >= last);
		last = n;
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(source_sample(source, NULL, &snap), 0);
			snapshot_free(snap);
		}
		source_close(source);
		text_done(&error);
	}
	studio_free(studio);
}

/* Every byte changed, one after the other: what can still be read is right or refused, never wrong. */
static void with_any_byte_broken_nothing_false_is_shown(void **state)
{
	struct studio *studio = studio_new();
	char *copy;

	(void)state;
	record_incident(studio);
	copy = mem_new(studio->tape.len, 1);
	for (size_t at = 0; at < studio->tape.len; at++) {
		struct source *source = NULL;
		struct text error = {0};
		struct player player;

		memcpy(copy, studio->tape.data, studio->tape.len);
		copy[at] ^= 0x41;
		if (recording_open_bytes(copy, studio->tape.len, &source, &error) == 0) {
			bool is_whole = true;

			player = player_of(source);
			for (size_t i = 0; i < recording_count(source); i++) {
				char *got;

				if (play(&player) != 0) {
					is_whole = false;
					continue;
				}
				/* of a broken sample before it only the rates may differ */
				got = moment_text(player.now.model, studio->lab->users);
				if (recording_count(source) == studio->n && is_whole)
					assert_same_moment(got, studio->moments[i]);
				free(got);
			}
			assert_true((is_whole && recording_count(source) == studio->n) == (recording_missing(source)[0] == '\0'));
			player_close(&player);
		} else {
			if (error.len == 0)
				fail_msg("byte %zu: refused without a word", at);
		}
		text_done(&error);
	}
	free(copy);
	studio_free(studio);
}

static void what_is_lost_in_the_midst_takes_the_changes_up_to_the_next_full_one_with_it(void **state)
{
	struct studio *studio = studio_new();
	struct text broken = {0};
	struct player player;

	(void)state;
	record_incident(studio);
	/* sample 1 is gone: 2 and 3 say what changed since then */
	text_add_bytes(&broken, studio->tape.data, studio->ends[0]);
	text_add_repeat(&broken, 'x', 100);
	text_add_bytes(&broken, studio->tape.data + studio->ends[1], studio->tape.len - studio->ends[1]);
	player = player_open(broken.data, broken.len);
	assert_int_equal(recording_count(player.source), 4);
	assert_int_equal(play(&player), 0);
	assert_int_equal(play(&player), 0);
	assert_int_equal(player.now.snap->taken_ms, recording_get(player.source, 1)->taken_ms);
	assert_int_equal(player.now.snap->n_procs, 3);
	assert_contains(recording_missing(player.source), "no whole samples");
	player_close(&player);
	text_done(&broken);
	studio_free(studio);
}

static void what_is_no_recording_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		const char *why;
	} rows[] = {
		{"", "no sample"},
		{"   \n", "no sample"},
		{"ELF", "neither JSON nor zstd"},
		{"\x28\xb5\x2f\xfd nonsense", "no sample"},
		{"{\"type\":\"process\",\"pid\":1}\n", "left out"},
		{"{\"type\":\"sample\",\"format\":\"clade-samples\",\"version\":2,\"full\":true,\"taken\":\"2026-11-24T12:17:17Z\",\"host\":{\"boot_ms\":1}}\n"
		 "{\"type\":\"end\",\"processes\":0}\n",
		 "version 2"},
		{"{\"type\":\"sample\",\"format\":\"clade-samples\",\"version\":1,\"full\":true,\"taken\":\"2026-11-24T12:17:17Z\",\"host\":{\"boot_ms\":1}}\n"
		 "{\"type\":\"end\",\"processes\":3}\n",
		 "3 processes were to be there"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source *source = NULL;
		struct text error = {0};

		assert_int_not_equal(recording_open_bytes(rows[i].bytes, strlen(rows[i].bytes), &source, &error), 0);
		assert_null(source);
		assert_contains(text_str(&error), rows[i].why);
		text_done(&error);
	}
}

/* ---- Files that grow ---- */

static void append(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, bytes, len), 0);
	close(fd);
}

struct place {
	char dir[64];
	struct text file, older;
};

static struct place place_new(void)
{
	struct place place = {.dir = "/tmp/clade-test-XXXXXX"};

	assert_non_null(mkdtemp(place.dir));
	text_printf(&place.file, "%s/tape.ndjson.zst", place.dir);
	text_printf(&place.older, "%s/tape.ndjson.zst.000001", place.dir);
	return place;
}

static void place_done(struct place *place)
{
	unlink(text_str(&place->file));
	unlink(text_str(&place->older));
	assert_int_equal(rmdir(place->dir), 0);
	text_done(&place->file);
	text_done(&place->older);
}

static void a_file_that_grows_is_followed_over_the_end_of_a_segment(void **state)
{
	struct studio *studio = studio_new();
	struct place place = place_new();
	struct source *source = NULL;
	struct text error = {0};
	struct player player;
	const char *path = text_str(&place.file);

	(void)state;
	record_incident(studio);
	assert_int_equal(recording_open(path, &source, &error), -ENOENT);
	append(path, studio->tape.data, studio->ends[0] - 5);
	assert_int_equal(recording_open(path, &source, &error), -ENODATA);
	append(path, studio->tape.data + studio->ends[0] - 5, 5);
	assert_int_equal(recording_open(path, &source, &error), 0);
	player = player_of(source);
	expect_moment(&player, studio, 0);
	assert_int_equal(recording_poll(source), 0);
	append(path, studio->tape.data + studio->ends[0], studio->ends[3] - studio->ends[0]);
	assert_int_equal(recording_poll(source), 3);
	for (size_t i = 1; i < 4; i++)
		expect_moment(&player, studio, i);
	/* the segment becomes an older one, and the next begins with a full sample */
	assert_int_equal(rename(path, text_str(&place.older)), 0);
	assert_int_equal(recording_poll(source), 0);
	append(path, studio->tape.data + studio->ends[3], studio->tape.len - studio->ends[3]);
	assert_int_equal(recording_poll(source), 3);
	for (size_t i = 4; i < 7; i++)
		expect_moment(&player, studio, i);
	player_close(&player);
	/* opened anew, it is both */
	assert_int_equal(recording_open(path, &source, &error), 0);
	player = player_of(source);
	for (size_t i = 0; i < 7; i++)
		expect_moment(&player, studio, i);
	/* what the ring drops while it is open is given back to the disk */
	assert_int_equal(unlink(text_str(&place.older)), 0);
	assert_int_equal(recording_poll(source), 0);
	recording_seek(source, 2);
	assert_int_equal(play(&player), -ESTALE);
	assert_contains(recording_missing(source), "was dropped");
	recording_seek(source, 4);
	assert_int_equal(play(&player), 0);
	player_close(&player);
	text_done(&error);
	place_done(&place);
	studio_free(studio);
}

/* ---- Older versions ---- */

static int is_fixture(const struct dirent *entry)
{
	return entry->d_name[0] == 'v';
}

/* tests/recordings holds files of every version that was ever written, with what they have to say. */
static void files_of_every_version_open(void **state)
{
	const char *srcdir = getenv("SRCDIR");
	struct dirent **entries;
	struct text dir = {0};
	int n;

	(void)state;
	text_printf(&dir, "%s/tests/recordings", srcdir ? srcdir : ".");
	n = scandir(text_str(&dir), &entries, is_fixture, alphasort);
	assert_true(n >= 3);
	for (int i = 0; i < n; i++) {
		struct text path = {0};
		struct text error = {0};
		struct source *source = NULL;
		struct player player;

		text_printf(&path, "%s/%s", text_str(&dir), entries[i]->d_name);
		if (recording_open(text_str(&path), &source, &error) != 0)
			fail_msg("%s: %s", entries[i]->d_name, text_str(&error));
		player = player_of(source);
		recording_seek(source, 3);
		assert_int_equal(play(&player), 0);
		assert_string_equal(player.now.snap->host.name, "shop1");
		assert_true(snapshot_find_pid(player.now.snap, 11) >= 0);
		assert_string_equal(player.now.snap->procs[snapshot_find_pid(player.now.snap, 11)].facts->comm, "bash");
		assert_true(attribution_find(player.now.attr, "claude-code:" S1) != NO_OWNER);
		player_close(&player);
		text_done(&path);
		text_done(&error);
		free(entries[i]);
	}
	free(entries);
	text_done(&dir);
}

/* For a new version of the format: `tests/test_recording tests/recordings/v2` writes its files. */
static int write_fixtures(const char *prefix)
{
	struct studio *studio = studio_new();
	struct export_config config = {0};
	struct text path = {0};
	struct text document = {0};

	record_incident(studio);
	text_printf(&path, "%s-recording.ndjson.zst", prefix);
	append(text_str(&path), studio->tape.data, studio->tape.len);
	text_clear(&path);
	text_printf(&path, "%s-lines.ndjson", prefix);
	append(text_str(&path), studio->plain.data, studio->plain.len);
	lab_sample(studio->lab, 2, "1 0 /sbin/init init\n11 1 /bin/bash bash -c x ; sid:11 " TOOL "\n");
	export_write(export_find("json"), studio->lab->model, &config, take, &document);
	text_clear(&path);
	text_printf(&path, "%s-document.json", prefix);
	append(text_str(&path), document.data, document.len);
	text_done(&path);
	text_done(&document);
	studio_free(studio);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_recorded_comes_out_again_moment_by_moment),
		cmocka_unit_test(lives_that_no_sample_has_seen_count_in_a_replay_too),
		cmocka_unit_test(the_same_lines_without_zstd_are_the_same_recording),
		cmocka_unit_test(zstd_of_another_program_is_read_too),
		cmocka_unit_test(any_moment_can_be_gone_to_in_any_order),
		cmocka_unit_test(the_last_moment_stays_and_a_time_finds_its_moment),
		cmocka_unit_test(strangers_bytes_come_out_as_they_went_in),
		cmocka_unit_test(two_megabytes_of_arguments_are_kept_whole),
		cmocka_unit_test(cut_at_any_byte_it_opens_with_what_is_whole),
		cmocka_unit_test(plain_lines_cut_at_any_byte_too),
		cmocka_unit_test(with_any_byte_broken_nothing_false_is_shown),
		cmocka_unit_test(what_is_lost_in_the_midst_takes_the_changes_up_to_the_next_full_one_with_it),
		cmocka_unit_test(what_is_no_recording_is_refused),
		cmocka_unit_test(a_file_that_grows_is_followed_over_the_end_of_a_segment),
		cmocka_unit_test(files_of_every_version_open),
	};

	safe_setup();
	if (argc == 2)
		return write_fixtures(argv[1]);
	return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
