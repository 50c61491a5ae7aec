/* Rows and what filters leave of them, bundles, queries, columns. */
#include <math.h>
#include <stdlib.h>

#include "cast.h"
#include "clade/column.h"
#include "clade/mem.h"
#include "clade/query.h"
#include "clade/rows.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const char *rows_of(struct lab *lab, const struct view *view)
{
	struct rows rows;

	rows_init(&rows);
	rows_make(&rows, lab->model, view);
	text_clear(&lab->said);
	for (size_t i = 0; i < rows.n; i++) {
		const struct row *row = &rows.items[i];

		text_add_repeat(&lab->said, ' ', (size_t)row->depth);
		if (row->type == ROW_OWNER)
			text_printf(&lab->said, "%s", lab->attr->owners[row->index].name);
		else if (row->type == ROW_PROC)
			text_printf(&lab->said, "%d", lab->snap->procs[row->index].pid);
		else
			text_printf(&lab->said, "×%u", rows.bundles.items[row->index].n);
		text_printf(&lab->said, "%s\n", row->is_match ? " *" : "");
	}
	rows_done(&rows);
	return text_str(&lab->said);
}

static const char nested[] = " 1  0 /sbin/init init\n"
			     " 5  1 /bin/sh sh       ; cgroup:/docker/" ID1 "\n"
			     "10  5 " CLAUDE " claude ; cgroup:/docker/" ID1 "\n"
			     "11 10 /bin/sh sh       ; cgroup:/docker/" ID1 " " TOOL(10, S1) "\n"
			     "12  1 /bin/vi vi       ; uid:1000\n";

static struct view view_of(enum view_mode mode, bool is_open)
{
	return (struct view){
		.mode = mode,
		.sort = mode == VIEW_OWNERS ? COLUMN_HEAT : COLUMN_AGE,
		.open_to = is_open ? OPEN_ALL : 0,
		.uid = UINT32_MAX,
	};
}

static void owners_open_into_their_trees_and_hold_one_another(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_OWNERS, true);

	(void)state;
	lab_sample(lab, 0, nested);
	assert_string_equal(rows_of(lab, &view), "111111111111\n"
						 " 11111111-111\n"
						 "  10\n"
						 "   11\n"
						 " 5\n"
						 "no owner\n"
						 " 1\n"
						 "  12\n");
	view.open_to = 0;
	assert_string_equal(rows_of(lab, &view), "111111111111\n 11111111-111\nno owner\n");
	lab_free(lab);
}

static void the_tree_holds_every_process(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);

	(void)state;
	lab_sample(lab, 0, nested);
	assert_string_equal(rows_of(lab, &view), "1\n 5\n  10\n   11\n 12\n");
	lab_free(lab);
}

/* The rows that filters leave: the tree open, the owners closed. */
static const char *filtered(struct lab *lab, enum view_mode mode, const char *pattern, const char *states, uint32_t uid)
{
	struct view view = view_of(mode, mode == VIEW_TREE);
	struct query *query = NULL;
	const char *rows;

	if (pattern)
		assert_int_equal(query_new(pattern, NULL, &query), 0);
	view.filter = query;
	view.states = states;
	view.uid = uid;
	rows = rows_of(lab, &view);
	query_free(query);
	return rows;
}

static const char *by_text(struct lab *lab, enum view_mode mode, const char *pattern)
{
	return filtered(lab, mode, pattern, NULL, UINT32_MAX);
}

static void a_filter_keeps_what_is_above_and_below_a_match(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, nested);
	assert_string_equal(by_text(lab, VIEW_TREE, "claude-code-linux|^claude"), "1\n 5\n  10 *\n   11\n");
	assert_string_equal(by_text(lab, VIEW_TREE, "^11$"), "1\n 5\n  10\n   11 *\n");
	assert_string_equal(by_text(lab, VIEW_TREE, "nobody"), "");
	/* owners open to what is in them, not for what they are called */
	assert_string_equal(by_text(lab, VIEW_OWNERS, "^11$"), "111111111111\n 11111111-111\n  10\n   11 *\n");
	assert_string_equal(by_text(lab, VIEW_OWNERS, "docker"), "111111111111 *\n 11111111-111\n");
	lab_free(lab);
}

static void a_negated_filter_takes_out_what_matches(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, nested);
	assert_string_equal(by_text(lab, VIEW_TREE, "!vi"), "1\n 5\n  10\n   11\n");
	/* but for what leads to the rest */
	assert_string_equal(by_text(lab, VIEW_TREE, "!^sh$"), "1\n 5\n  10\n 12\n");
	assert_string_equal(by_text(lab, VIEW_TREE, "!^sh$|claude"), "1\n 12\n");
	assert_string_equal(by_text(lab, VIEW_TREE, "!."), "");
	/* an owner goes with all in it, and nothing opens for what is left */
	assert_string_equal(by_text(lab, VIEW_OWNERS, "!claude"), "111111111111\nno owner\n");
	assert_string_equal(by_text(lab, VIEW_OWNERS, "!docker"), "no owner\n");
	assert_string_equal(by_text(lab, VIEW_OWNERS, "!init|vi"), "111111111111\n 11111111-111\n");
	lab_free(lab);
}

static void only_one_users_and_only_some_states_can_be_shown(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, nested);
	/* and what is above them, else nobody knows where they are */
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, NULL, 1000), "1\n 12 *\n");
	assert_string_equal(filtered(lab, VIEW_OWNERS, NULL, NULL, 1000), "no owner\n 1\n  12 *\n");
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, NULL, 77), "");
	lab_sample(lab, 2, lab_small);
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, "Z", UINT32_MAX), "1\n 10\n  12 *\n");
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, "DZ", UINT32_MAX), "1\n 10\n  12 *\n  13 *\n");
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, "D", 1000), "");
	lab_free(lab);
}

static const char sudo[] = " 1  0 /sbin/init init\n"
			   " 5  1 /bin/sh sh ; uid:0\n"
			   "10  1 " CLAUDE " claude ; uid:1000\n"
			   "11 10 /bin/sh sh ; uid:1000 state:T " TOOL(10, S1) "\n"
			   "12 11 /usr/bin/sudo sudo ; uid:0 " TOOL(10, S1) "\n"
			   "13 12 /bin/cat cat ; uid:33 " TOOL(10, S1) "\n"
			   "20 11 /bin/app app ; uid:33 cgroup:/docker/" ID1 "\n"
			   "30  5 /bin/vi vi ; uid:1000\n";

static void state_and_user_keep_what_is_below_a_match_in_its_owner(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, sudo);
	/* what a user started as another is the user's; a container below is somebody else's */
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, NULL, 1000), "1\n 5\n  30 *\n 10 *\n  11 *\n   12\n    13\n");
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, "T", UINT32_MAX), "1\n 10\n  11 *\n   12\n    13\n");
	/* init, and a shell of root's that no owner claims, would bring in the whole machine */
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, NULL, 0), "1 *\n 5 *\n 10\n  11\n   12 *\n    13\n");
	/* both are asked of one process; what a filter took out comes in by nothing */
	assert_string_equal(filtered(lab, VIEW_TREE, NULL, "T", 0), "");
	assert_string_equal(filtered(lab, VIEW_TREE, "!^cat", "T", UINT32_MAX), "1\n 10\n  11 *\n   12\n");
	lab_free(lab);
}

static void state_and_user_narrow_what_a_filter_leaves(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, lab_small);
	/* a zombie below what matches, although it does not match itself */
	assert_string_equal(filtered(lab, VIEW_TREE, "^10$", "Z", UINT32_MAX), "1\n 10\n  12 *\n");
	assert_string_equal(filtered(lab, VIEW_TREE, "^20$", "Z", UINT32_MAX), "");
	assert_string_equal(filtered(lab, VIEW_TREE, "!cat", "ZD", UINT32_MAX), "1\n 10\n  13 *\n");
	lab_free(lab);
}

/* ---- Bundles ---- */

static const char alike[] = " 1  0 /sbin/init init\n"
			    "10  1 /bin/sh sh ; rss:1000\n"
			    "11 10 /usr/bin/curl curl http://h/1 ; rss:1000\n"
			    "12 10 /usr/bin/curl curl http://h/22 ; rss:1000\n"
			    "13 10 /usr/bin/curl curl http://h/333 ; rss:1000\n"
			    "14 10 /usr/bin/curl curl http://h/4 ; rss:1000 state:D\n"
			    "15 10 /usr/bin/curl curl http://h/5 ; rss:1000\n"
			    "16 15 /bin/cat cat ; rss:500\n"
			    "17 10 /usr/bin/wget wget http://h/5\n"
			    "18 10 - ; state:Z env:unread comm:curl\n";

static void siblings_that_look_alike_are_one_row(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);

	(void)state;
	lab_sample(lab, 0, alike);
	assert_string_equal(rows_of(lab, &view), "1\n 10\n  ×5\n  17\n  18\n");
	view.are_bundles_open = true;
	assert_string_equal(rows_of(lab, &view),
			    "1\n 10\n  ×5\n   11\n   12\n   13\n   14\n   15\n    16\n  17\n  18\n");
	lab_free(lab);
}

static void a_bundle_sums_its_members_and_what_is_below_them(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);
	const struct bundle *bundle;
	struct rows rows;

	(void)state;
	lab_sample(lab, 0, alike);
	rows_init(&rows);
	rows_make(&rows, lab->model, &view);
	assert_int_equal(rows.bundles.n, 1);
	bundle = &rows.bundles.items[0];
	assert_int_equal(bundle->n, 5);
	assert_int_equal(bundle->totals.procs, 6);
	assert_int_equal(bundle->totals.rss_bytes, 5500);
	assert_int_equal(bundle->totals.blocked, 1);
	assert_int_equal(bundle->key.parent.pid, 10);
	rows_done(&rows);
	lab_free(lab);
}

static void processes_of_different_owners_are_not_alike(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "11 1 /bin/sh sh ; sid:11\n12 1 /bin/sh sh ; sid:12\n13 1 /bin/sh sh ; sid:13\n"
		   "14 1 /bin/sh sh ; sid:14 " TOOL(10, S1) "\n15 1 /bin/sh sh ; sid:15 " TOOL(10, S1) "\n16 1 /bin/sh sh ; sid:16 " TOOL(10, S1) "\n");
	assert_null(strstr(rows_of(lab, &view), "×"));
	lab_free(lab);
}

static void a_bundle_knows_how_fast_it_grows(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);
	struct rows rows;

	(void)state;
	rows_init(&rows);
	for (int i = 0; i < 4; i++) {
		lab_crowd(lab, 100, 10 + 40 * i);
		rows_make(&rows, lab->model, &view);
		assert_int_equal(rows.bundles.n, 1);
		assert_true(i == 0 ? isnan(rows.bundles.items[0].growth.procs_10s_per_s)
				   : fabs(rows.bundles.items[0].growth.procs_10s_per_s - 20) < 0.1);
	}
	rows_done(&rows);
	lab_free(lab);
}

static void a_process_without_a_row_is_found_in_its_bundle(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);
	struct rows rows;
	ptrdiff_t found;

	(void)state;
	lab_sample(lab, 0, alike);
	rows_init(&rows);
	rows_make(&rows, lab->model, &view);
	found = rows_find(&rows, lab->model,
			  (struct row_key){.type = ROW_PROC, .proc = process_key(&lab->snap->procs[snapshot_find_pid(lab->snap, 13)])});
	assert_true(found >= 0);
	assert_int_equal(rows.items[found].type, ROW_BUNDLE);
	assert_int_equal(lab->snap->procs[row_proc(lab->model, &rows, &rows.items[found])].pid, 11);
	rows_done(&rows);
	lab_free(lab);
}

/* ---- Queries ---- */

static bool matches(const char *pattern, int pid)
{
	struct lab *lab = lab_new(NULL);
	struct query *query;
	bool is_match;

	lab_sample(lab, 0, nested);
	assert_int_equal(query_new(pattern, NULL, &query), 0);
	is_match = query_match_proc(query, lab->model, snapshot_find_pid(lab->snap, pid));
	query_free(query);
	lab_free(lab);
	return is_match;
}

static void a_query_ignores_case_unless_it_has_a_capital(void **state)
{
	(void)state;
	assert_true(matches("claude", 10));
	assert_false(matches("Claude", 10));
	assert_true(matches("!vi", 10));
	assert_false(matches("!claude", 10));
	assert_true(matches("^12$", 12));
}

static void a_broken_query_is_refused_with_its_reason(void **state)
{
	struct query *query = NULL;
	struct text error = {0};

	(void)state;
	assert_int_not_equal(query_new("foo(", &error, &query), 0);
	assert_contains(text_str(&error), "(");
	assert_null(query);
	text_done(&error);
}

/* ---- Columns ---- */

static void every_column_has_a_value_for_everything_it_says(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text out = {0};

	(void)state;
	lab_sample(lab, 0, nested);
	for (size_t c = 0; c < COLUMNS_N; c++) {
		enum column_id id;

		assert_int_equal(column_parse(columns[c].name, &id), 0);
		assert_int_equal(id, c);
		for (size_t g = 0; columns[c].flags & COL_OWNERS && g < lab->attr->n_owners; g++) {
			text_clear(&out);
			column_add_owner(&out, id, lab->model, (int32_t)g);
			assert_true(out.len > 0 || c == COLUMN_BADGES);
		}
		for (size_t i = 0; columns[c].flags & COL_PROCS && i < lab->snap->n_procs; i++) {
			text_clear(&out);
			column_add_proc(&out, id, lab->model, (int32_t)i, lab->users);
			assert_true(out.len > 0);
		}
	}
	text_done(&out);
	lab_free(lab);
}

static void an_order_does_not_depend_on_where_it_began(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, lab_small);
	for (size_t c = 0; c < COLUMNS_N; c++) {
		for (int32_t a = 0; columns[c].flags & COL_PROCS && a < (int32_t)lab->snap->n_procs; a++) {
			for (int32_t b = 0; b < (int32_t)lab->snap->n_procs; b++) {
				int x = column_compare_procs((enum column_id)c, lab->model, NULL, (struct proc_subject){.index = a}, (struct proc_subject){.index = b});
				int y = column_compare_procs((enum column_id)c, lab->model, NULL, (struct proc_subject){.index = b}, (struct proc_subject){.index = a});

				assert_true(a == b ? x == 0 : (x > 0) == (y < 0) && x != 0);
			}
		}
	}
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_open_into_their_trees_and_hold_one_another),
		cmocka_unit_test(the_tree_holds_every_process),
		cmocka_unit_test(a_filter_keeps_what_is_above_and_below_a_match),
		cmocka_unit_test(a_negated_filter_takes_out_what_matches),
		cmocka_unit_test(only_one_users_and_only_some_states_can_be_shown),
		cmocka_unit_test(state_and_user_keep_what_is_below_a_match_in_its_owner),
		cmocka_unit_test(state_and_user_narrow_what_a_filter_leaves),
		cmocka_unit_test(siblings_that_look_alike_are_one_row),
		cmocka_unit_test(a_bundle_sums_its_members_and_what_is_below_them),
		cmocka_unit_test(processes_of_different_owners_are_not_alike),
		cmocka_unit_test(a_bundle_knows_how_fast_it_grows),
		cmocka_unit_test(a_process_without_a_row_is_found_in_its_bundle),
		cmocka_unit_test(a_query_ignores_case_unless_it_has_a_capital),
		cmocka_unit_test(a_broken_query_is_refused_with_its_reason),
		cmocka_unit_test(every_column_has_a_value_for_everything_it_says),
		cmocka_unit_test(an_order_does_not_depend_on_where_it_began),
	};

	safe_setup();
	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
