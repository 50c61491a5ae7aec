/* What is written: JSON that can be read back, a report that fits its width, nothing harmful in either. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "cast.h"
#include "clade/export.h"
#include "clade/recording.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const char machine[] = " 1  0 /sbin/init init\n"
			      " 2  0 - ; kernel comm:kthreadd env:unread\n"
			      "10  1 " CLAUDE " claude ; cwd:/srv/api uid:1000\n"
			      "11 10 /bin/bash bash -c \"make all\" ; " TOOL(10, S1) "\n"
			      "12 11 - ; state:Z env:unread comm:cc\n"
			      "13  1 /bin/sleep sleep 9 ; sid:13 " TOOL(10, S1) "\n"
			      "20  1 /bin/app app ; cgroup:/docker/" ID1 " ns:1.1\n"
			      "21  1 - x ; env:denied comm:x\n";

/* The lab's last sample in that format, kept in lab->said. */
static const char *export(struct lab *lab, const char *format, int width)
{
	struct export_config config = {.users = lab->users, .width = width};

	text_clear(&lab->said);
	assert_int_equal(export_write(export_find(format), lab->model, &config, take_bytes, &lab->said), 0);
	return text_str(&lab->said);
}

static json_t *export_json(struct lab *lab)
{
	json_error_t error;
	json_t *document = json_loads(export(lab, "json", 0), JSON_REJECT_DUPLICATES, &error);

	if (!document)
		fail_msg("line %d: %s", error.line, error.text);
	return document;
}

static json_t *find(const json_t *array, const char *key, json_int_t want)
{
	size_t i;
	json_t *item;

	json_array_foreach(array, i, item) {
		if (json_integer_value(json_object_get(item, key)) == want)
			return item;
	}
	fail_msg("no %s %lld", key, (long long)want);
	return NULL;
}

static void a_document_has_all_that_the_manual_promises(void **state)
{
	static const char *const owner_keys[] = {
		"id", "kind", "product", "label", "key", "name", "parent", "started_by", "root_pid", "roots", "instances",
		"processes", "threads", "zombies", "orphans", "blocked", "rss_bytes", "cpu_percent", "births_per_s",
		"deaths_per_s", "growth_per_min", "nested", "since", "restarts", "ended", "cwd", "status", "badges", "evidence",
	};
	static const char *const proc_keys[] = {
		"pid", "start_ticks", "ppid", "owner", "orphan", "state", "uid", "user", "comm", "argv", "exe", "cwd", "cgroup",
		"threads", "rss_bytes", "cpu_percent", "age_s", "evidence",
	};
	struct lab *lab = lab_new(NULL);
	json_t *document;
	json_t *item;
	size_t i;

	(void)state;
	lab_sample(lab, 0, machine);
	document = export_json(lab);
	assert_string_equal(json_string_value(json_object_get(document, "format")), "clade-snapshot");
	assert_int_equal(json_integer_value(json_object_get(document, "version")), 1);
	json_array_foreach(json_object_get(document, "owners"), i, item) {
		for (size_t k = 0; k < sizeof(owner_keys) / sizeof(owner_keys[0]); k++)
			assert_non_null(json_object_get(item, owner_keys[k]));
	}
	json_array_foreach(json_object_get(document, "processes"), i, item) {
		for (size_t k = 0; k < sizeof(proc_keys) / sizeof(proc_keys[0]); k++)
			assert_non_null(json_object_get(item, proc_keys[k]));
	}
	assert_int_equal(json_array_size(json_object_get(document, "processes")), 8);
	json_decref(document);
	lab_free(lab);
}

static void unknown_is_null_and_never_zero(void **state)
{
	struct lab *lab = lab_new(NULL);
	json_t *document;
	json_t *denied;

	(void)state;
	lab_sample(lab, 0, machine);
	document = export_json(lab);
	denied = find(json_object_get(document, "processes"), "pid", 21);
	assert_true(json_is_null(json_object_get(denied, "exe")));
	assert_true(json_is_null(json_object_get(denied, "cwd")));
	assert_true(json_is_null(json_object_get(denied, "io_read_bytes")));
	assert_true(json_is_null(json_object_get(json_array_get(json_object_get(document, "owners"), 0), "births_per_s")));
	json_decref(document);
	lab_free(lab);
}

static void what_is_written_can_be_read_back_and_means_the_same(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct lab *other = lab_new(NULL);
	struct snapshot *snap = NULL;
	struct text error = {0};
	struct text owners = {0};
	struct text first = {0};

	(void)state;
	snap = lab_snapshot(0, machine);
	snap->has_events = true;
	snap->brief_lives = 9;
	snap->briefs = arena_new(&snap->arena, 1, sizeof(*snap->briefs));
	snap->briefs[snap->n_briefs++] = (struct brief){process_key(&snap->procs[0]), 9};
	lab_take(lab, snap);
	snap = NULL;
	text_add(&owners, lab_owners(lab));
	text_add(&first, export(lab, "json", 0));
	if (recording_parse(text_str(&first), first.len, &snap, &error) != 0)
		fail_msg("%s", text_str(&error));
	assert_int_equal(snap->briefs[0].lives, 9);
	lab_take(other, snap);
	assert_string_equal(lab_owners(other), text_str(&owners));
	/* and written once more, it is the same to the last byte */
	assert_string_equal(export(other, "json", 0), text_str(&first));
	text_done(&first);
	text_done(&owners);
	text_done(&error);
	lab_free(lab);
	lab_free(other);
}

static void strangers_bytes_are_kept_and_the_document_stays_valid(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct snapshot *snap = NULL;
	struct text error = {0};
	json_t *document;
	json_t *proc;

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "5 1 /bin/x \033[2Jx\377 \"a\\b\" ; comm:\377\376\001x CLAUDE_CODE_SESSION_ID=\377s\n");
	document = export_json(lab);
	proc = find(json_object_get(document, "processes"), "pid", 5);
	assert_string_equal(json_string_value(json_object_get(proc, "comm_base64")), "//4BeA==");
	assert_non_null(json_object_get(proc, "argv_base64"));
	json_decref(document);
	assert_int_equal(recording_parse(text_str(&lab->said), lab->said.len, &snap, &error), 0);
	assert_string_equal(snap->procs[1].facts->comm, "\377\376\001x");
	assert_string_equal(facts_arg(snap->procs[1].facts, 0), "\033[2Jx\377");
	assert_string_equal(facts_marker(snap->procs[1].facts, "CLAUDE_CODE_SESSION_ID"), "\377s");
	snapshot_free(snap);
	text_done(&error);
	lab_free(lab);
}

static void only_owner_markers_of_an_environment_are_written(void **state)
{
	struct lab *lab = lab_new(NULL);
	json_t *document;
	json_t *markers;

	(void)state;
	lab_sample(lab, 0, machine);
	document = export_json(lab);
	markers = json_object_get(find(json_object_get(document, "processes"), "pid", 11), "markers");
	assert_string_equal(json_string_value(json_object_get(markers, "CLAUDE_CODE_SESSION_ID")), S1);
	assert_int_equal(json_object_size(markers), 3);
	json_decref(document);
	lab_free(lab);
}

/* ---- Reading ---- */

static void a_snapshot_of_nothing_but_pids_is_enough(void **state)
{
	static const char json[] = "{\"format\":\"clade-snapshot\",\"version\":1,\"taken\":\"2026-11-24T12:17:17.560Z\",\"host\":{\"boot_ms\":1},"
				   "\"processes\":[{\"pid\":2,\"ppid\":1,\"start_ticks\":9},{\"pid\":1,\"start_ticks\":1}]}";
	struct lab *lab = lab_new(NULL);
	struct snapshot *snap = NULL;
	struct text error = {0};

	(void)state;
	assert_int_equal(recording_parse(json, sizeof(json) - 1, &snap, &error), 0);
	assert_true(snap->taken_ms == 1795522637560);
	assert_false(is_known(snap->procs[0].rss_bytes));
	lab_take(lab, snap);
	assert_string_equal(lab_owners(lab), "1 none:none\n2 none:none\n");
	assert_true(strlen(export(lab, "text", 80)) > 0);
	text_done(&error);
	lab_free(lab);
}

/* ---- The report ---- */

static void a_report_says_what_a_ticket_needs(void **state)
{
	struct lab *lab = lab_new(NULL);
	const char *report;

	(void)state;
	lab_sample(lab, 0, machine);
	report = export(lab, "text", 160);
	assert_contains(report, "shop1");
	assert_contains(report, "ORPHANS 1");
	assert_contains(report, "api");
	assert_contains(report, "bash -c 'make all'");
	lab_free(lab);
}

static void no_line_of_a_report_is_wider_than_asked_for(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	for (int width = 40; width <= 200; width += 40) {
		char *rest;
		char *line;

		export(lab, "text", width);
		rest = lab->said.data;
		for (line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
			assert_true(safe_width(line) <= (size_t)width);
	}
	lab_free(lab);
}

static void no_control_byte_gets_into_a_report(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, "1 0 /sbin/init init\n5 1 /bin/x \033[2Jx\a ; comm:\033]0;x\a sid:5 CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=\033[31m\n");
	for (const char *c = export(lab, "text", 120); *c; c++)
		assert_true((unsigned char)*c >= ' ' || *c == '\n');
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_has_all_that_the_manual_promises),
		cmocka_unit_test(unknown_is_null_and_never_zero),
		cmocka_unit_test(what_is_written_can_be_read_back_and_means_the_same),
		cmocka_unit_test(strangers_bytes_are_kept_and_the_document_stays_valid),
		cmocka_unit_test(only_owner_markers_of_an_environment_are_written),
		cmocka_unit_test(a_snapshot_of_nothing_but_pids_is_enough),
		cmocka_unit_test(a_report_says_what_a_ticket_needs),
		cmocka_unit_test(no_line_of_a_report_is_wider_than_asked_for),
		cmocka_unit_test(no_control_byte_gets_into_a_report),
	};

	safe_setup();
	return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
