/* What keys and the mouse do. */
#include <stdlib.h>

#include "clade/safe.h"
#include "desk.h"
#include "suite.h"

static void the_selection_stays_on_its_row(void **state)
{
	struct desk *desk = desk_new(24, 100, false);
	struct row_key before;

	(void)state;
	take_bad_night(desk, 1);
	press(desk, KEY_CODE_F5);
	press(desk, KEY_CODE_END);
	press(desk, KEY_CODE_UP);
	before = desk->ui.selected_key;
	take_bad_night(desk, 3);
	assert_true(row_key_equal(before, desk->ui.selected_key));
	assert_true(row_key_equal(before, row_key(desk->lab->model, &desk->ui.rows, &desk->ui.rows.items[desk->ui.selected])));
	desk_free(desk);
}

static void a_search_goes_to_the_first_match_and_the_next(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	/* from the owners' view, where all are closed */
	press(desk, '/');
	type(desk, "postgres");
	press(desk, KEY_CODE_ENTER);
	assert_int_equal(desk->lab->snap->procs[desk->ui.rows.items[desk->ui.selected].index].pid, 950);
	press(desk, 'n');
	assert_int_equal(desk->lab->snap->procs[desk->ui.rows.items[desk->ui.selected].index].pid, 951);
	desk_free(desk);
}

static void a_process_is_gone_to_by_its_id(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	type(desk, "#95");
	assert_contains(desk_read(desk), "Process id: 95");
	assert_contains(text_str(&desk->text), "no such process");
	type(desk, "1");
	assert_int_equal(desk->lab->snap->procs[desk->ui.rows.items[desk->ui.selected].index].pid, 951);
	press(desk, KEY_CODE_ENTER);
	assert_null(desk->ui.dialogue);
	assert_contains(desk_read(desk), "postgres: writer");
	desk_free(desk);
}

static void a_filter_that_is_broken_says_why(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	press(desk, '\\');
	type(desk, "foo(");
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "(");
	assert_true(desk->ui.is_message_bad);
	desk_free(desk);
}

static void priorities_are_not_for_recordings_and_read_only_screens(void **state)
{
	static const uint32_t keys[] = {KEY_CODE_F7, KEY_CODE_F8, 'i'};
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		desk->ui.is_readonly = false;
		press(desk, keys[i]);
		assert_contains(desk_read(desk), "these processes are not those of this machine, now");
		assert_null(desk->ui.dialogue);
		desk->ui.is_readonly = true;
		desk->ui.is_live = true;
		press(desk, keys[i]);
		assert_contains(desk_read(desk), "read-only: no priority can be changed");
		assert_null(desk->ui.dialogue);
		desk->ui.is_live = false;
	}
	desk_free(desk);
}

static void no_two_commands_claim_one_key(void **state)
{
	struct keymap *keymap = keymap_new();

	(void)state;
	for (const struct ui_command *command = ui_commands; command->name; command++) {
		for (size_t i = 0; i < KEYS_OF_COMMAND && command->keys[i]; i++)
			assert_ptr_equal(keymap_find(keymap, command->keys[i]), command);
	}
	keymap_free(keymap);
}

/* The processes that are meant now, by pid: "4213 5000". */
static const char *targets(struct desk *desk)
{
	struct target *targets;
	size_t n = ui_targets(&desk->ui, &targets);

	text_clear(&desk->text);
	for (size_t t = 0; t < n; t++) {
		int32_t *procs;
		size_t n_procs = ui_target_procs(&desk->ui, targets[t], &procs);

		for (size_t i = 0; i < n_procs; i++)
			text_printf(&desk->text, "%s%d", desk->text.len > 0 ? " " : "", desk->lab->snap->procs[procs[i]].pid);
		free(procs);
	}
	free(targets);
	return text_str(&desk->text);
}

static void tags_stay_and_are_what_is_acted_on(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	press(desk, 't');
	go_to(desk, "^950$");
	assert_string_equal(targets(desk), "950 951"); /* the selection with what is below */
	press(desk, ' ');
	assert_int_equal(desk->lab->snap->procs[desk->ui.rows.items[desk->ui.selected].index].pid, 951);
	assert_contains(desk_read(desk), "◆ postgres -D /data");
	assert_contains(text_str(&desk->text), "1 TAGGED");
	assert_string_equal(targets(desk), "950"); /* an open row alone */
	go_to(desk, "^901$");
	press(desk, 'c');
	assert_contains(desk_read(desk), "◇ ✗ [convert]");
	assert_string_equal(targets(desk), "950 901 902");
	take_bad_night(desk, 1);
	assert_string_equal(targets(desk), "950 901 902");
	expect_golden(desk, "tags-100x24");
	press(desk, 't');
	assert_string_equal(targets(desk), "950 901 902");
	press(desk, 'U');
	assert_null(strstr(desk_read(desk), "TAGGED"));
	desk_free(desk);
}

static void a_tag_goes_with_what_it_was_on(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	lab_sample(desk->lab, 0, "1 0 /sbin/init init\n5 1 /bin/a a ; start:50\n6 1 /bin/b b ; start:60\n");
	desk_show(desk);
	press(desk, 't');
	go_to(desk, "^5$");
	press(desk, ' ');
	assert_string_equal(targets(desk), "5");
	/* the pid is used again: that is another process */
	lab_sample(desk->lab, 2, "1 0 /sbin/init init\n5 1 /bin/a a ; start:99\n6 1 /bin/b b ; start:60\n");
	desk_show(desk);
	assert_int_equal(desk->ui.tags.n, 0);
	desk_free(desk);
}

static void owners_and_bundles_are_tagged_as_a_whole(void **state)
{
	struct desk *desk = desk_new(24, 100, false);
	int count = 0;

	(void)state;
	take_bad_night(desk, 1);
	press(desk, KEY_CODE_HOME);
	press(desk, KEY_CODE_RIGHT);
	for (int i = 0; i < 3; i++)
		press(desk, KEY_CODE_DOWN);
	press(desk, ' ');
	assert_contains(desk_read(desk), "◆ ×20 sh -c");
	press(desk, KEY_CODE_HOME);
	press(desk, KEY_CODE_LEFT);
	for (const char *c = targets(desk); c && *c; c = strchr(c + 1, ' '))
		count++;
	assert_int_equal(count, 20); /* although its owner is closed */
	press(desk, 'U');
	press(desk, KEY_CODE_HOME);
	press(desk, ' ');
	assert_contains(desk_read(desk), "◆ claude-code");
	count = 0;
	for (const char *c = targets(desk); c && *c; c = strchr(c + 1, ' '))
		count++;
	assert_int_equal(count, 23);
	desk_free(desk);
}

static void a_tree_opens_to_a_depth(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	press(desk, 't');
	press(desk, '*');
	assert_null(strstr(desk_read(desk), "postgres -D"));
	press(desk, '}');
	assert_contains(desk_read(desk), "postgres -D");
	assert_null(strstr(text_str(&desk->text), "postgres: writer"));
	press(desk, '}');
	assert_contains(desk_read(desk), "postgres: writer");
	press(desk, '{');
	assert_null(strstr(desk_read(desk), "postgres: writer"));
	press(desk, '*');
	assert_contains(desk_read(desk), "postgres: writer");
	desk_free(desk);
}

static void while_paused_nothing_moves(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	assert_false(ui_is_frozen(&desk->ui));
	press(desk, 'Z');
	assert_true(ui_is_frozen(&desk->ui));
	assert_contains(desk_read(desk), "PAUSED");
	press(desk, 'Z');
	press(desk, KEY_CODE_F6);
	assert_true(ui_is_frozen(&desk->ui));
	press(desk, KEY_CODE_ESCAPE);
	assert_false(ui_is_frozen(&desk->ui));
	desk_free(desk);
}

static void quit_quits(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	assert_int_equal(press(desk, KEY_CODE_DOWN), UI_GO_ON);
	assert_int_equal(press(desk, 'q'), UI_QUIT);
	assert_int_equal(press(desk, KEY_CODE_F10), UI_QUIT);
	desk_free(desk);
}

static void the_mouse_selects_opens_sorts_and_presses_keys(void **state)
{
	struct desk *desk = desk_new(24, 120, false);

	(void)state;
	take_bad_night(desk, 2);
	click_on(desk, "docker 1111");
	assert_int_equal(desk->ui.rows.items[desk->ui.selected].type, ROW_OWNER);
	assert_int_equal(desk->ui.selected, 3);
	assert_null(strstr(desk_read(desk), "postgres -D"));
	click_on(desk, "docker 1111");
	assert_contains(desk_read(desk), "postgres -D");
	click_on(desk, "MEM");
	assert_contains(desk_read(desk), "by MEM ▾");
	click_on(desk, "MEM");
	assert_contains(desk_read(desk), "by MEM ▴");
	click_on(desk, "OWNER / COMMAND");
	assert_contains(desk_read(desk), "by NAME");
	click(desk, 100, 100); /* nowhere: the message gives way to the keys */
	click_on(desk, "F5Tree");
	assert_contains(desk_read(desk), "F5Owners");
	click_on(desk, "F6Sort");
	assert_contains(desk_read(desk), "Sort by");
	click_on(desk, "CPU time");
	assert_null(desk->ui.dialogue);
	assert_contains(desk_read(desk), "by CPU%");
	desk_free(desk);
}

/* All keys on all sizes, in an order that a simple generator makes: nothing may break. */
static void any_keys_at_any_size_do_no_harm(void **state)
{
	struct desk *desk = desk_new(24, 80, false);
	unsigned random = 1;

	(void)state;
	take_bad_night(desk, 2);
	for (int i = 0; i < 4000; i++) {
		random = random * 1103515245 + 12345;
		switch (random >> 16 & 15) {
		case 0:
			resize(desk, (int)(random >> 20 & 63) + 1, (int)(random >> 8 & 255) + 1);
			break;
		case 1:
			ui_handle(&desk->ui, &(struct event){.type = EVENT_CLICK, .row = (int)(random >> 20 & 63), .column = (int)(random >> 8 & 127)});
			break;
		case 2:
			ui_handle(&desk->ui, &(struct event){.type = random >> 20 & 1 ? EVENT_WHEEL_UP : EVENT_WHEEL_DOWN});
			break;
		case 3:
		case 4:
		case 5:
		case 6:
			press(desk, KEY_CODE_UP + (random >> 20) % (KEY_CODE_F10 - KEY_CODE_UP));
			break;
		default:
			press(desk, ' ' + (random >> 20) % 95);
		}
		if (i % 16 == 0)
			desk_read(desk);
		if (i % 800 == 799)
			take_bad_night(desk, 1);
	}
	desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_selection_stays_on_its_row),
		cmocka_unit_test(a_search_goes_to_the_first_match_and_the_next),
		cmocka_unit_test(a_process_is_gone_to_by_its_id),
		cmocka_unit_test(a_filter_that_is_broken_says_why),
		cmocka_unit_test(priorities_are_not_for_recordings_and_read_only_screens),
		cmocka_unit_test(no_two_commands_claim_one_key),
		cmocka_unit_test(tags_stay_and_are_what_is_acted_on),
		cmocka_unit_test(a_tag_goes_with_what_it_was_on),
		cmocka_unit_test(owners_and_bundles_are_tagged_as_a_whole),
		cmocka_unit_test(a_tree_opens_to_a_depth),
		cmocka_unit_test(while_paused_nothing_moves),
		cmocka_unit_test(quit_quits),
		cmocka_unit_test(the_mouse_selects_opens_sorts_and_presses_keys),
		cmocka_unit_test(any_keys_at_any_size_do_no_harm),
	};

	safe_setup();
	return cmocka_run_group_tests_name("ui", tests, NULL, NULL);
}
