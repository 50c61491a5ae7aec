/* What --owner, --filter, --top and --columns leave of a moment, in every format alike. */
#include <jansson.h>
#include <stdlib.h>

#include "cast.h"
#include "clade/export.h"
#include "clade/jsonw.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const char machine[] = " 1  0 /sbin/init init\n"
			      "10  1 " CLAUDE " claude ; cwd:/srv/api uid:1000\n"
			      "11 10 /bin/bash bash -c \"make all\" ; " TOOL(10, S1) "\n"
			      "12 11 /usr/bin/make make all ; " TOOL(10, S1) "\n"
			      "13 12 /usr/bin/cc cc -c a.c ; " TOOL(10, S1) "\n"
			      "20  1 /bin/app app ; cgroup:/docker/" ID1 " ns:1.1\n"
			      "30  1 /bin/other other ;\n";

/* The pids that are chosen, in their order: "11 12 ". */
static const char *chosen(struct lab *lab, const struct wanted *wanted)
{
	struct selection selection;

	selection_make(&selection, lab->model, wanted);
	text_clear(&lab->said);
	for (size_t i = 0; i < lab->snap->n_procs; i++) {
		if (selection.has_proc[i])
			text_printf(&lab->said, "%d ", lab->snap->procs[i].pid);
	}
	selection_done(&selection);
	return text_str(&lab->said);
}

static const char *of_owner(struct lab *lab, const char *word)
{
	return chosen(lab, &(struct wanted){.owners = &word, .n_owners = 1});
}

static const char *of_filter(struct lab *lab, const char *pattern)
{
	struct query *query = NULL;
	const char *pids;

	assert_int_equal(query_new(pattern, NULL, &query), 0);
	pids = chosen(lab, &(struct wanted){.filter = query});
	query_free(query);
	return pids;
}

static void everything_is_chosen_when_nothing_is_said(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_string_equal(chosen(lab, NULL), "1 10 11 12 13 20 30 ");
	assert_string_equal(chosen(lab, &(struct wanted){0}), "1 10 11 12 13 20 30 ");
	lab_free(lab);
}

static void an_owner_answers_to_its_id_its_kind_and_its_names(void **state)
{
	static const char *const words[] = {
		"claude-code:" S1, "owner:claude-code:" S1, "claude:api", "agent:api", "claude-code:api", "api", "agent:" S1, S1, "claude:111111",
	};
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_string_equal(of_owner(lab, words[i]), "10 11 12 13 ");
	assert_string_equal(of_owner(lab, "docker:" ID1), "20 ");
	/* too short to mean one, of another kind, and nobody's */
	assert_string_equal(of_owner(lab, "claude:11"), "");
	assert_string_equal(of_owner(lab, "docker:api"), "");
	assert_string_equal(of_owner(lab, "clau:api"), "");
	assert_string_equal(of_owner(lab, ""), "");
	lab_free(lab);
}

static void several_owners_add_up(void **state)
{
	static const char *const words[] = {"claude:api", "docker:" ID1};
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_string_equal(chosen(lab, &(struct wanted){.owners = words, .n_owners = 2}), "10 11 12 13 20 ");
	lab_free(lab);
}

static void a_match_brings_what_is_below_it_and_an_owner_all_of_its_own(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_string_equal(of_filter(lab, "^make"), "12 13 ");
	assert_string_equal(of_filter(lab, "^docker"), "20 ");
	assert_string_equal(of_filter(lab, "no such thing"), "");
	lab_free(lab);
}

static void a_negated_filter_drops_matches_and_what_their_owners_have(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_string_equal(of_filter(lab, "!^make"), "1 10 11 13 20 30 ");
	assert_string_equal(of_filter(lab, "!claude"), "1 20 30 ");
	lab_free(lab);
}

static void state_and_user_bring_what_is_below_in_the_owner(void **state)
{
	static const char stopped[] = " 1  0 /sbin/init init\n"
				      "10  1 " CLAUDE " claude ; uid:1000\n"
				      "11 10 /bin/sh sh ; state:T uid:1000 " TOOL(10, S1) "\n"
				      "12 11 /bin/cat cat ; uid:33 " TOOL(10, S1) "\n"
				      "20 11 /bin/app app ; uid:33 cgroup:/docker/" ID1 "\n";
	const uint32_t root = 0;
	const uint32_t user = 1000;
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, stopped);
	assert_string_equal(chosen(lab, &(struct wanted){.states = "T"}), "11 12 ");
	assert_string_equal(chosen(lab, &(struct wanted){.uid = &user}), "10 11 12 ");
	assert_string_equal(chosen(lab, &(struct wanted){.uid = &root}), "1 ");
	lab_free(lab);
}

static void the_hottest_come_first_and_the_rest_is_counted(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct selection selection;

	(void)state;
	lab_sample(lab, 0, machine);
	selection_make(&selection, lab->model, &(struct wanted){.top = 1});
	assert_int_equal(selection.n_owners, 1);
	assert_string_equal(lab->attr->owners[selection.owners[0]].name, "api");
	assert_int_equal(selection.n_procs, 4);
	assert_int_equal(selection.n_left, lab->attr->n_owners - 1);
	assert_int_equal(selection.left_procs, 3);
	selection_done(&selection);
	lab_free(lab);
}

/* ---- In the formats ---- */

static const char *export(struct lab *lab, const char *format, const struct export_config *config)
{
	text_clear(&lab->said);
	assert_int_equal(export_write(export_find(format), lab->model, config, take_bytes, &lab->said), 0);
	return text_str(&lab->said);
}

static void every_format_leaves_out_the_same(void **state)
{
	static const char *const word = "claude:api";
	struct export_config config = {.wanted = {.owners = &word, .n_owners = 1}};
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	for (const struct export_format *format = formats; format->name; format++) {
		const char *all = export(lab, format->name, &(struct export_config){0});

		assert_true(strstr(all, "docker") && strstr(all, "api"));
		export(lab, format->name, &config);
		assert_contains(text_str(&lab->said), "api");
		assert_null(strstr(text_str(&lab->said), "docker"));
	}
	lab_free(lab);
}

static void columns_choose_the_keys_of_a_document(void **state)
{
	static const enum column_id ids[] = {COLUMN_USER, COLUMN_NAME};
	struct export_config config = {.columns = ids, .n_columns = 2};
	struct lab *lab = lab_new(NULL);
	json_t *document;
	const json_t *proc;

	(void)state;
	lab_sample(lab, 0, machine);
	document = json_loads(export(lab, "json", &config), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(document);
	proc = json_array_get(json_object_get(document, "processes"), 2);
	assert_int_equal(json_integer_value(json_object_get(proc, "pid")), 11);
	assert_string_equal(json_string_value(json_object_get(proc, "comm")), "bash");
	assert_int_equal(json_array_size(json_object_get(proc, "argv")), 3);
	assert_null(json_object_get(proc, "cwd"));
	assert_null(json_object_get(proc, "markers"));
	assert_int_equal(json_object_size(proc), 8);
	assert_true(json_object_size(json_object_get(document, "host")) > 20);
	json_decref(document);
	lab_free(lab);
}

static void columns_choose_the_columns_of_a_report(void **state)
{
	static const enum column_id ids[] = {COLUMN_MEMORY, COLUMN_NAME};
	struct lab *lab = lab_new(NULL);
	const char *report;

	(void)state;
	lab_sample(lab, 0, machine);
	report = export(lab, "text", &(struct export_config){.columns = ids, .n_columns = 2});
	assert_contains(report, "  MEM NAME\n");
	assert_contains(report, "  MEM COMMAND\n");
	lab_free(lab);
}

static void a_key_that_is_not_kept_goes_with_all_of_its_value(void **state)
{
	static const char *const kept[] = {"a", "z", NULL};
	struct text out = {0};
	struct jsonw json;

	(void)state;
	jsonw_init(&json, &out, 0);
	jsonw_keep(&json, kept, 1);
	jsonw_object(&json);
	jsonw_key(&json, "b");
	jsonw_object(&json);
	jsonw_key(&json, "a");
	jsonw_int(&json, 1);
	jsonw_object_end(&json);
	jsonw_key(&json, "a");
	jsonw_array(&json);
	jsonw_int(&json, 2);
	jsonw_array_end(&json);
	jsonw_key(&json, "c");
	jsonw_null(&json);
	jsonw_key(&json, "z_base64");
	jsonw_string(&json, "eg==");
	jsonw_key(&json, "zz");
	jsonw_bool(&json, true);
	jsonw_object_end(&json);
	assert_string_equal(text_str(&out), "{\"a\":[2],\"z_base64\":\"eg==\"}");
	text_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_chosen_when_nothing_is_said),
		cmocka_unit_test(an_owner_answers_to_its_id_its_kind_and_its_names),
		cmocka_unit_test(several_owners_add_up),
		cmocka_unit_test(a_match_brings_what_is_below_it_and_an_owner_all_of_its_own),
		cmocka_unit_test(a_negated_filter_drops_matches_and_what_their_owners_have),
		cmocka_unit_test(state_and_user_bring_what_is_below_in_the_owner),
		cmocka_unit_test(the_hottest_come_first_and_the_rest_is_counted),
		cmocka_unit_test(every_format_leaves_out_the_same),
		cmocka_unit_test(columns_choose_the_keys_of_a_document),
		cmocka_unit_test(columns_choose_the_columns_of_a_report),
		cmocka_unit_test(a_key_that_is_not_kept_goes_with_all_of_its_value),
	};

	safe_setup();
	return cmocka_run_group_tests_name("narrow", tests, NULL, NULL);
}
