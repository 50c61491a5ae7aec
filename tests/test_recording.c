/*
 * Recordings: what goes in comes out again, also what has only changed, in any order, from files that grow, are packed by others,
 * or of older versions.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "cast.h"
#include "clade/frame.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "clade/samples.h"
#include "studio.h"
#include "suite.h"

static void what_is_recorded_comes_out_again_moment_by_moment(void **state)
{
	struct studio *studio = studio_new();
	struct player player;

	(void)state;
	studio_record_incident(studio);
	player = player_open(studio->tape.data, studio->tape.len);
	assert_int_equal(recording_count(player.source), 7);
	for (size_t i = 0; i < studio->n; i++)
		player_expect(&player, studio, i);
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
	studio_record_incident(studio);
	player = player_open(studio->tape.data, studio->tape.len);
	for (size_t i = 0; i < 4; i++) {
		player_expect(&player, studio, i);
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
	player_expect(&player, studio, 4);
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
	studio_record_incident(studio);
	player = player_open(studio->plain.data, studio->plain.len);
	assert_int_equal(recording_count(player.source), 7);
	for (size_t i = 0; i < studio->n; i++) {
		const struct recording_sample *sample = recording_get(player.source, i);

		assert_true(sample->word[0] != '\0');
		assert_int_equal(sample->is_full, i == 0 || i == 4);
		player_expect(&player, studio, i);
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
	studio_record_incident(studio);
	assert_int_equal(zst_pack(packer, studio->plain.data, studio->plain.len, &packed), 0);
	assert_int_equal(zst_pack_end(packer, &packed), 0);
	player = player_open(packed.data, packed.len);
	assert_int_equal(recording_count(player.source), 7);
	for (size_t i = 0; i < studio->n; i++)
		player_expect(&player, studio, i);
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
	studio_record_incident(studio);
	player = player_open(studio->tape.data, studio->tape.len);
	for (size_t n = 0; n < sizeof(order) / sizeof(order[0]); n++) {
		/* rates are those of the minute before, which is played first */
		player_rewind(&player);
		recording_seek(player.source, 0);
		for (size_t i = 0; i <= order[n]; i++)
			assert_int_equal(player_play(&player), 0);
		player_rewind(&player);
		recording_seek(player.source, order[n]);
		assert_int_equal(player_play(&player), 0);
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
	studio_record_incident(studio);
	player = player_open(studio->tape.data, studio->tape.len);
	recording_seek(player.source, 99);
	assert_int_equal(player_play(&player), 0);
	assert_int_equal(player_play(&player), 0);
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
	studio_record(studio, 0, table, true);
	studio_record(studio, 2, table, false);
	player = player_open(studio->plain.data, studio->plain.len);
	player_expect(&player, studio, 0);
	player_expect(&player, studio, 1);
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
	studio_keep(studio, true);
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
	assert_int_equal(player_play(&player), 0);
	assert_int_equal(player.now.snap->procs[0].facts->argv_len, LEN);
	assert_memory_equal(player.now.snap->procs[0].facts->argv, argv, LEN);
	player_close(&player);
	studio_free(studio);
	free(argv);
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
	studio_record_incident(studio);
	assert_int_equal(recording_open(path, &source, &error), -ENOENT);
	append(path, studio->tape.data, studio->ends[0] - 5);
	assert_int_equal(recording_open(path, &source, &error), -ENODATA);
	append(path, studio->tape.data + studio->ends[0] - 5, 5);
	assert_int_equal(recording_open(path, &source, &error), 0);
	player = player_of(source);
	player_expect(&player, studio, 0);
	assert_int_equal(recording_poll(source), 0);
	append(path, studio->tape.data + studio->ends[0], studio->ends[3] - studio->ends[0]);
	assert_int_equal(recording_poll(source), 3);
	for (size_t i = 1; i < 4; i++)
		player_expect(&player, studio, i);
	/* the segment becomes an older one, and the next begins with a full sample */
	assert_int_equal(rename(path, text_str(&place.older)), 0);
	assert_int_equal(recording_poll(source), 0);
	append(path, studio->tape.data + studio->ends[3], studio->tape.len - studio->ends[3]);
	assert_int_equal(recording_poll(source), 3);
	for (size_t i = 4; i < 7; i++)
		player_expect(&player, studio, i);
	player_close(&player);
	/* opened anew, it is both */
	assert_int_equal(recording_open(path, &source, &error), 0);
	player = player_of(source);
	for (size_t i = 0; i < 7; i++)
		player_expect(&player, studio, i);
	/* what the ring drops while it is open is given back to the disk */
	assert_int_equal(unlink(text_str(&place.older)), 0);
	assert_int_equal(recording_poll(source), 0);
	recording_seek(source, 2);
	assert_int_equal(player_play(&player), -ESTALE);
	assert_contains(recording_missing(source), "was dropped");
	recording_seek(source, 4);
	assert_int_equal(player_play(&player), 0);
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
		assert_int_equal(player_play(&player), 0);
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

	studio_record_incident(studio);
	text_printf(&path, "%s-recording.ndjson.zst", prefix);
	append(text_str(&path), studio->tape.data, studio->tape.len);
	text_clear(&path);
	text_printf(&path, "%s-lines.ndjson", prefix);
	append(text_str(&path), studio->plain.data, studio->plain.len);
	lab_sample(studio->lab, 2, "1 0 /sbin/init init\n11 1 /bin/bash bash -c x ; sid:11 " TOOL(10, S1) "\n");
	export_write(export_find("json"), studio->lab->model, &config, take_bytes, &document);
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
		cmocka_unit_test(a_file_that_grows_is_followed_over_the_end_of_a_segment),
		cmocka_unit_test(files_of_every_version_open),
	};

	safe_setup();
	if (argc == 2)
		return write_fixtures(argv[1]);
	return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
