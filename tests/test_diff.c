/* What is different between two moments. */
#include <jansson.h>
#include <stdlib.h>

#include "cast.h"
#include "clade/diff_export.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const char first[] = " 1  0 /sbin/init init ; start:1\n"
			    "10  1 " CLAUDE " claude ; cwd:/srv/api start:10 rss:1000\n"
			    "11 10 /bin/bash bash ; start:11 " TOOL(10, S1) "\n"
			    "20  1 /bin/app app ; start:20 cgroup:/docker/" ID1 " ns:1.1\n"
			    "30  1 /bin/other other ; start:30\n";

static const char second[] = " 1  0 /sbin/init init ; start:1\n"
			     "10  1 " CLAUDE " claude ; cwd:/srv/api start:10 rss:9000\n"
			     "11 10 /bin/bash bash ; start:99 " TOOL(10, S1) "\n" /* the pid is used again */
			     "12 10 /bin/sh sh ; start:100 " TOOL(10, S1) "\n"
			     "13 10 /bin/sh sh ; start:101 " TOOL(10, S1) "\n"
			     "30  1 /bin/other other ; start:30\n";

/* Both samples in one laboratory each, and their difference. */
struct pair {
	struct lab *before, *after;
	struct selection selected_before, selected_after;
	struct difference diff;
	struct text out;
};

static void compare(struct pair *pair, const char *table_before, const char *table_after, const struct wanted *wanted)
{
	*pair = (struct pair){.before = lab_new(NULL), .after = lab_new(NULL)};
	lab_sample(pair->before, 0, table_before);
	lab_sample(pair->after, 60, table_after);
	selection_make(&pair->selected_before, pair->before->model, wanted);
	selection_make(&pair->selected_after, pair->after->model, wanted);
	diff_make(&pair->diff, pair->before->model, &pair->selected_before, pair->after->model, &pair->selected_after);
}

static void pair_done(struct pair *pair)
{
	diff_done(&pair->diff);
	selection_done(&pair->selected_before);
	selection_done(&pair->selected_after);
	lab_free(pair->before);
	lab_free(pair->after);
	text_done(&pair->out);
}

static void processes_are_matched_by_pid_and_start(void **state)
{
	struct pair pair;

	(void)state;
	compare(&pair, first, second, NULL);
	assert_int_equal(pair.diff.n_appeared, 3);
	assert_int_equal(pair.after->snap->procs[pair.diff.appeared[0]].pid, 11);
	assert_int_equal(pair.after->snap->procs[pair.diff.appeared[2]].pid, 13);
	assert_int_equal(pair.diff.n_vanished, 2);
	assert_int_equal(pair.before->snap->procs[pair.diff.vanished[0]].pid, 11);
	assert_int_equal(pair.before->snap->procs[pair.diff.vanished[1]].pid, 20);
	assert_int_equal(pair.diff.n_grew, 1);
	pair_done(&pair);
}

static void owners_say_what_came_and_went_the_most_changed_first(void **state)
{
	struct pair pair;
	const struct owner_change *change;

	(void)state;
	compare(&pair, first, second, NULL);
	change = &pair.diff.owners[0];
	assert_string_equal(diff_owner(&pair.diff, change)->name, "api");
	assert_int_equal(change->appeared, 3);
	assert_int_equal(change->vanished, 1);
	assert_int_equal(diff_totals_before(&pair.diff, change).procs, 2);
	assert_int_equal(diff_totals_after(&pair.diff, change).procs, 4);
	change = &pair.diff.owners[1];
	assert_int_equal(change->after, NO_OWNER);
	assert_int_equal(change->vanished, 1);
	pair_done(&pair);
}

static void nothing_is_different_from_itself(void **state)
{
	struct pair pair;

	(void)state;
	compare(&pair, first, first, NULL);
	assert_int_equal(pair.diff.n_appeared, 0);
	assert_int_equal(pair.diff.n_vanished, 0);
	assert_int_equal(pair.diff.n_grew, 0);
	assert_int_equal(pair.diff.owners[0].appeared, 0);
	pair_done(&pair);
}

static void only_what_is_selected_is_compared(void **state)
{
	static const char *const word = "docker:" ID1;
	struct pair pair;

	(void)state;
	compare(&pair, first, second, &(struct wanted){.owners = &word, .n_owners = 1});
	assert_int_equal(pair.diff.n_owners, 1);
	assert_int_equal(pair.diff.n_appeared, 0);
	assert_int_equal(pair.diff.n_vanished, 1);
	pair_done(&pair);
}

static void a_report_says_it_in_words(void **state)
{
	struct pair pair;

	(void)state;
	compare(&pair, first, second, NULL);
	assert_int_equal(diff_write_text(&pair.diff, &(struct export_config){0}, take_bytes, &pair.out), 0);
	assert_contains(text_str(&pair.out), "processes 5 -> 6 (+1)");
	assert_contains(text_str(&pair.out), "3 appeared, 2 vanished");
	assert_contains(text_str(&pair.out), "agent           2       4      +3      -1");
	assert_contains(text_str(&pair.out), " 111111111111  [gone]\n");
	assert_contains(text_str(&pair.out), "       2 sh  of claude-code api\n");
	pair_done(&pair);
}

static void a_document_says_it_in_numbers(void **state)
{
	struct pair pair;
	json_t *document;
	const json_t *owner;

	(void)state;
	compare(&pair, first, second, NULL);
	assert_int_equal(diff_write_json(&pair.diff, &(struct export_config){0}, take_bytes, &pair.out), 0);
	document = json_loads(text_str(&pair.out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(document);
	owner = json_array_get(json_object_get(document, "owners"), 0);
	assert_string_equal(json_string_value(json_object_get(owner, "name")), "api");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(owner, "processes"), "after")), 4);
	assert_int_equal(json_array_size(json_object_get(document, "appeared")), 3);
	assert_int_equal(json_array_size(json_object_get(document, "vanished")), 2);
	assert_int_equal(json_array_size(json_object_get(document, "grew")), 1);
	json_decref(document);
	pair_done(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_are_matched_by_pid_and_start),
		cmocka_unit_test(owners_say_what_came_and_went_the_most_changed_first),
		cmocka_unit_test(nothing_is_different_from_itself),
		cmocka_unit_test(only_what_is_selected_is_compared),
		cmocka_unit_test(a_report_says_it_in_words),
		cmocka_unit_test(a_document_says_it_in_numbers),
	};

	safe_setup();
	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
