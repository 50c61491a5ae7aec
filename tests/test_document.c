/* JSON documents: read in any pieces, refused with the place, and never more in memory than one of their objects. */
#include <errno.h>
#include <stdlib.h>

#include "clade/recording.h"
#include "collect/document.h"
#include "suite.h"

#define HEAD "{\"format\":\"clade-snapshot\",\"version\":1,\"taken\":\"2026-11-24T12:17:17.560Z\",\"host\":{\"boot_ms\":1}"

/* Reads a document in pieces of so many bytes, the first of `first`. Returns what document_take() or document_end() does. */
static int read_in_pieces(const char *json, size_t len, size_t first, size_t piece, struct snapshot **snap, struct text *error)
{
	struct state *state = state_new();
	struct document *document = document_new(state);
	int rc = 0;

	for (size_t at = 0; at < len && rc == 0;) {
		size_t n = at == 0 && first > 0 ? first : piece;

		n = n < len - at ? n : len - at;
		rc = document_take(document, json + at, n, error);
		at += n;
	}
	if (rc == 0)
		rc = document_end(document, error);
	if (rc == 0)
		rc = state_make(state, snap);
	document_free(document);
	state_free(state);
	return rc;
}

static void expect_refused(const char *json, const char *reason)
{
	struct snapshot *snap = NULL;
	struct text whole = {0};
	struct text pieces = {0};

	assert_int_not_equal(recording_parse(json, strlen(json), &snap, &whole), 0);
	assert_null(snap);
	assert_contains(text_str(&whole), reason);
	assert_int_not_equal(read_in_pieces(json, strlen(json), 0, 1, &snap, &pieces), 0);
	assert_string_equal(text_str(&pieces), text_str(&whole));
	text_done(&whole);
	text_done(&pieces);
}

static void what_is_no_snapshot_is_refused_with_the_reason(void **state)
{
	(void)state;
	expect_refused("", "line 1: it ends too early");
	expect_refused("{\"format\":", "line 1: it ends too early");
	expect_refused("[]", "not a snapshot of clade");
	expect_refused("{\"format\":\"other\"}", "not a snapshot of clade");
	expect_refused("{\"format\":\"other\",\"processes\":[{}]}", "not a snapshot of clade");
	expect_refused("{\"format\":\"clade-snapshot\",\"version\":99}", "version 99");
	expect_refused("{\"format\":\"clade-snapshot\",\"version\":1,\"taken\":\"yesterday\",\"host\":{\"boot_ms\":1}}", "taken");
	expect_refused(HEAD "}", "no processes");
	expect_refused(HEAD ",\"processes\":7}", "no processes");
	expect_refused(HEAD ",\"processes\":[{}]}", "processes[0]: no pid");
	expect_refused(HEAD ",\"processes\":[{\"pid\":1}]}", "processes[0]: no start_ticks");
	expect_refused(HEAD ",\"processes\":[{\"pid\":1,\"start_ticks\":1},{\"pid\":1,\"start_ticks\":2}]}", "processes[1]: pid 1 is there twice");
}

static void what_is_no_json_is_refused_with_its_line(void **state)
{
	(void)state;
	expect_refused(HEAD ",\n\"owners\":[\n{]]}", "line 3");
	expect_refused(HEAD ",\"x\":[1,]}", "line 1");
	expect_refused(HEAD ",\"processes\":[]]", "line 1: unexpected ']'");
	expect_refused(HEAD ",}", "line 1: unexpected '}'");
	expect_refused(HEAD ",\"x\" 1}", "line 1: unexpected '1'");
	expect_refused(HEAD ",\"x\":}", "line 1");
	expect_refused(HEAD ",\"x\":tru}", "line 1");
	expect_refused(HEAD ",\"x\":1 2}", "line 1: unexpected '2'");
	expect_refused(HEAD ",\"x\":\"\377\"}", "line 1");
	expect_refused(HEAD ",\"x\":{\"a\":1,\"a\":2}}", "duplicate");
	expect_refused(HEAD ",\"taken\":1}", "duplicate");
	expect_refused(HEAD ",\"processes\":[],\"processes\":[]}", "duplicate");
	expect_refused(HEAD ",\"processes\":[]}\n\n{", "line 3: unexpected '{'");
	expect_refused(HEAD ",\"processes\":[", "line 1: it ends too early");
}

static const char good[] = "\n{\"later\": [1, [2], {\"a\": \"]}\"}], \"processes\":[ {\"pid\":2,\"ppid\":1,\"start_ticks\":9,\"argv\":[\"a\\\\\",\"\\\"b]\"]} ,\r\n"
			   "{\"pid\":1,\"start_ticks\":1}],\"x\":-1.5e3,\"notes\":[\"one\",\"tw\\u00f6\"],\"empty\":[],\"none\":{},"
			   "\"host\":{\"boot_ms\":1,\"name\":\"m\"},\"taken\":\"2026-11-24T12:17:17.560Z\",\"version\":1,\"format\":\"clade-snapshot\" }\n ";

static void keys_may_come_in_any_order_and_bytes_in_any_pieces(void **state)
{
	(void)state;
	for (size_t first = 0; first < sizeof(good) - 1; first++) {
		struct snapshot *snap = NULL;
		struct text error = {0};
		int rc = read_in_pieces(good, sizeof(good) - 1, first, first == 0 ? 1 : sizeof(good), &snap, &error);

		if (rc != 0)
			fail_msg("cut at %zu: %s", first, text_str(&error));
		assert_int_equal(snap->n_procs, 2);
		assert_int_equal(snap->procs[1].ppid, 1);
		assert_string_equal(facts_arg(snap->procs[1].facts, 0), "a\\");
		assert_string_equal(facts_arg(snap->procs[1].facts, 1), "\"b]");
		assert_int_equal(snap->n_notes, 2);
		assert_string_equal(snap->notes[1], "tw\303\266");
		assert_string_equal(snap->host.name, "m");
		assert_true(snap->taken_ms == 1795522637560);
		assert_false(is_known(snap->procs[0].rss_bytes));
		snapshot_free(snap);
	}
}

static void cut_at_any_byte_it_is_refused(void **state)
{
	(void)state;
	/* what stands behind its last bracket is blank */
	for (size_t len = 0; len < sizeof(good) - 3; len++) {
		struct snapshot *snap = NULL;
		struct text error = {0};

		assert_int_not_equal(read_in_pieces(good, len, 0, 64, &snap, &error), 0);
		assert_null(snap);
		assert_true(error.len > 0);
		text_done(&error);
	}
}

/* A document whose one process has a key of so many bytes. */
static char *with_a_string_of(size_t len)
{
	struct text json = {0};

	text_add(&json, HEAD ",\"processes\":[{\"pid\":1,\"start_ticks\":1,\"x\":\"");
	text_add_repeat(&json, 'x', len);
	text_add(&json, "\"}]}");
	return text_take(&json);
}

static void what_is_too_large_is_named(void **state)
{
	struct text deep = {0};
	struct text wide = {0};
	struct snapshot *snap = NULL;
	char *json = with_a_string_of((32 << 20) + 1);

	(void)state;
	expect_refused(json, "line 1: a string longer than 32 MB");
	free(json);
	json = with_a_string_of(31 << 20);
	assert_int_equal(read_in_pieces(json, strlen(json), 0, 65536, &snap, &deep), 0);
	snapshot_free(snap);
	free(json);
	text_add(&deep, HEAD ",\"x\":{\"y\":");
	text_add_repeat(&deep, '[', 100);
	expect_refused(text_str(&deep), "nested deeper than 32 levels");
	text_add(&wide, HEAD ",\"x\":{\"y\":[");
	text_add_repeat(&wide, '1', 65 << 20);
	expect_refused(text_str(&wide), "a value larger than 64 MB");
	text_done(&deep);
	text_done(&wide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_snapshot_is_refused_with_the_reason),
		cmocka_unit_test(what_is_no_json_is_refused_with_its_line),
		cmocka_unit_test(keys_may_come_in_any_order_and_bytes_in_any_pieces),
		cmocka_unit_test(cut_at_any_byte_it_is_refused),
		cmocka_unit_test(what_is_too_large_is_named),
	};

	return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
