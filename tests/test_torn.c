/* Recordings that are cut, broken or none at all: what is whole is shown, what is missing is said, and nothing false. */
#include <errno.h>
#include <stdlib.h>

#include "clade/frame.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "studio.h"
#include "suite.h"

static size_t whole_samples(const struct studio *studio, size_t len)
{
	size_t n = 0;

	while (n < studio->n && studio->ends[n] <= len)
		n++;
	return n;
}

static void expect_readable(struct source *source, size_t n)
{
	struct snapshot *snap;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(source_sample(source, NULL, &snap), 0);
		snapshot_free(snap);
	}
}

/* What is whole are the same bytes wherever the rest is cut: they are read around each end, and at some of the bytes in between. */
static void cut_at_any_byte_it_opens_with_what_is_whole(void **state)
{
	struct studio *studio = studio_new();

	(void)state;
	studio_record_incident(studio);
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
			assert_int_equal(rc, 0);
			assert_int_equal(recording_count(source), want);
			if (len - start < 4 || len % 32 == 0)
				expect_readable(source, want);
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
	studio_record_incident(studio);
	for (size_t len = 0; len <= studio->plain.len; len += 7) {
		struct source *source = NULL;
		struct text error = {0};
		int rc = recording_open_bytes(studio->plain.data, len, &source, &error);
		size_t n = rc == 0 ? recording_count(source) : 0;

		assert_true(n >= last);
		if (n > last || len % 64 == 0)
			expect_readable(source, n);
		last = n;
		source_close(source);
		text_done(&error);
	}
	studio_free(studio);
}

/* Every byte changed, one after the other: what can still be read is right or refused, never wrong. Those before it are
 * the same bytes as ever, and behind a broken one the rates may differ. */
static void with_any_byte_broken_nothing_false_is_shown(void **state)
{
	struct studio *studio = studio_new();
	struct player player = player_of(NULL);
	char *copy;

	(void)state;
	studio_record_incident(studio);
	copy = mem_new(studio->tape.len, 1);
	for (size_t at = 0; at < studio->tape.len; at++) {
		struct source *source = NULL;
		struct text error = {0};

		memcpy(copy, studio->tape.data, studio->tape.len);
		copy[at] ^= 0x41;
		if (recording_open_bytes(copy, studio->tape.len, &source, &error) == 0) {
			bool is_whole = true;

			player_change(&player, source);
			for (size_t i = 0; i < recording_count(source); i++) {
				if (player_play(&player) != 0)
					is_whole = false;
				else if (is_whole && recording_count(source) == studio->n && studio->ends[i] > at)
					player_expect_now(&player, studio, i);
			}
			assert_true((is_whole && recording_count(source) == studio->n) == (recording_missing(source)[0] == '\0'));
		} else {
			if (error.len == 0)
				fail_msg("byte %zu: refused without a word", at);
		}
		text_done(&error);
	}
	player_close(&player);
	free(copy);
	studio_free(studio);
}

static void what_is_lost_in_the_midst_takes_the_changes_up_to_the_next_full_one_with_it(void **state)
{
	struct studio *studio = studio_new();
	struct text broken = {0};
	struct player player;

	(void)state;
	studio_record_incident(studio);
	/* sample 1 is gone: 2 and 3 say what changed since then */
	text_add_bytes(&broken, studio->tape.data, studio->ends[0]);
	text_add_repeat(&broken, 'x', 100);
	text_add_bytes(&broken, studio->tape.data + studio->ends[1], studio->tape.len - studio->ends[1]);
	player = player_open(broken.data, broken.len);
	assert_int_equal(recording_count(player.source), 4);
	assert_int_equal(player_play(&player), 0);
	assert_int_equal(player_play(&player), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_at_any_byte_it_opens_with_what_is_whole),
		cmocka_unit_test(plain_lines_cut_at_any_byte_too),
		cmocka_unit_test(with_any_byte_broken_nothing_false_is_shown),
		cmocka_unit_test(what_is_lost_in_the_midst_takes_the_changes_up_to_the_next_full_one_with_it),
		cmocka_unit_test(what_is_no_recording_is_refused),
	};

	safe_setup();
	return cmocka_run_group_tests_name("torn", tests, NULL, NULL);
}
