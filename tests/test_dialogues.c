/* What opens over the screen: details, help, the environment, setup, writing. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cast.h"
#include "clade/inspect.h"
#include "clade/io.h"
#include "clade/safe.h"
#include "collect/procfs.h"
#include "desk.h"
#include "suite.h"

static void details_say_why_a_process_has_its_owner(void **state)
{
	struct desk *desk = desk_new(40, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	press(desk, 't');
	press(desk, '/');
	type(desk, "^4213$");
	press(desk, KEY_CODE_ENTER);
	press(desk, KEY_CODE_ENTER);
	expect_golden(desk, "details-100x40");
	assert_contains(text_str(&desk->text), "CLAUDE_CODE_SESSION_ID in its environment; its owner's root is pid 4211");
	press(desk, KEY_CODE_ESCAPE);
	assert_null(desk->ui.dialogue);
	desk_free(desk);
}

/* A session that fills memory, and is killed; what it started goes on. */
static void take_end_of_a_session(struct desk *desk)
{
	for (int i = 0; i < 20; i++) {
		struct text table = {0};

		text_add(&table, "1 0 /sbin/init init ; start:1\n");
		if (i < 18)
			text_add(&table, "4211 1 " CLAUDE " claude ; start:5000 cwd:/srv/api-refactor\n");
		text_printf(&table, "4212 %d /bin/bash bash -c ./run-tests ; start:5001 sid:4212 rss:%lld " TOOL(4211, S1) "\n", i < 18 ? 4211 : 1,
			    (1LL << 20) + (100LL << 20) * i);
		take(desk, 2, &table);
		text_done(&table);
	}
}

static void details_tell_an_owners_story(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_end_of_a_session(desk);
	press(desk, KEY_CODE_ENTER);
	expect_golden(desk, "details-owner-100x24");
	assert_contains(text_str(&desk->text), "gone, 2s ago; what it left: 1 process");
	desk_free(desk);
}

static void an_end_that_nobody_saw_is_said_to_be_that(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	lab_sample(desk->lab, 0, "1 0 /sbin/init init\n4212 1 /bin/bash bash -c ./run-tests ; sid:4212 " TOOL(4211, S1) "\n");
	desk_show(desk);
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "gone before clade looked; what it left: 1 process");
	desk_free(desk);
}

static void when_a_file_was_written_is_known_or_not(void **state)
{
	char path[] = "/tmp/clade-ui-XXXXXX";
	int fd = mkstemp(path);
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1700000000, .tv_nsec = 250000000}};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
	assert_int_equal(inspect_written_ms(path), 1700000000250);
	assert_int_equal(unlink(path), 0);
	assert_false(is_known(inspect_written_ms(path)));
}

static void a_long_line_of_a_page_goes_on_below_its_value(void **state)
{
	struct desk *desk = desk_new(24, 50, false);

	(void)state;
	lab_sample(desk->lab, 0, "1 0 /sbin/init init\n5 1 /bin/curl curl --silent --show-error --output /dev/null https://example.org/a/b/c\n");
	desk_show(desk);
	press(desk, 't');
	press(desk, KEY_CODE_DOWN);
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "\ncommand       curl --silent --show-error --output\n"
					 "              /dev/null https://example.org/a/b/c\n");
	/* a word that is too long is cut, and no byte of it is lost */
	resize(desk, 24, 30);
	assert_contains(desk_read(desk), "\ncommand       curl --silent\n"
					 "              --show-error\n"
					 "              --output\n"
					 "              /dev/null\n"
					 "              https://example.\n"
					 "              org/a/b/c\n");
	desk_free(desk);
}

static void help_shows_every_key(void **state)
{
	struct desk *desk = desk_new(60, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	press(desk, KEY_CODE_F1);
	desk_read(desk);
	for (const struct ui_command *command = ui_commands; command->name; command++)
		assert_contains(text_str(&desk->text), command->help);
	desk_free(desk);
}

/* This very process as the machine's only one: it can be looked at. */
static void take_myself(struct desk *desk)
{
	struct text stat = {0};
	struct text table = {0};
	char comm[COMM_MAX];
	uint64_t start;

	assert_int_equal(io_read_at(AT_FDCWD, "/proc/self/stat", 4096, &stat), 0);
	assert_int_equal(procfs_parse_stat(text_str(&stat), stat.len, comm, &start), 0);
	text_printf(&table, "%d 0 /bin/me me ; start:%llu CLAUDECODE=1\n", getpid(), (unsigned long long)start);
	take(desk, 2, &table);
	text_done(&stat);
	text_done(&table);
}

static void a_value_of_the_environment_is_shown_only_when_asked_for(void **state)
{
	struct desk *desk = desk_new(100, 200, false);

	(void)state;
	take_myself(desk);
	press(desk, 't');
	/* what only the snapshot knows are the markers */
	press(desk, 'e');
	assert_contains(desk_read(desk), "CLAUDECODE");
	assert_null(strstr(text_str(&desk->text), "SRCDIR"));
	press(desk, KEY_CODE_ESCAPE);
	desk->ui.is_live = true;
	press(desk, 'e');
	go_down_to(desk, "SRCDIR");
	assert_null(strstr(text_str(&desk->text), "SRCDIR = "));
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "SRCDIR = ");
	press(desk, KEY_CODE_HOME);
	press(desk, KEY_CODE_DOWN);
	assert_null(strstr(desk_read(desk), "SRCDIR = "));
	press(desk, KEY_CODE_ESCAPE);
	desk->ui.is_readonly = true;
	press(desk, 'e');
	go_down_to(desk, "SRCDIR");
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "values are not shown");
	assert_null(strstr(text_str(&desk->text), "SRCDIR = "));
	press(desk, KEY_CODE_ESCAPE);
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "open files    ");
	assert_contains(text_str(&desk->text), "limits        ");
	desk_free(desk);
}

/* What the setup screen wanted kept. */
static int keep_in_text(void *context, const struct setting *settings, size_t n, struct text *path)
{
	struct text *kept = context;

	text_add(path, "/home/me/clade.conf");
	for (size_t i = 0; i < n; i++)
		text_printf(kept, "%s.%s=%s\n", settings[i].section, settings[i].name, settings[i].value);
	return 0;
}

static void setup_changes_at_once_and_keeps_what_changed(void **state)
{
	struct desk *desk = desk_new(24, 80, false);
	struct text kept = {0};

	(void)state;
	desk->ui.keep = keep_in_text;
	desk->ui.keep_context = &kept;
	take_bad_night(desk, 2);
	desk->ui.collector = "procps";
	desk->ui.collector_why = "bpf is not used: it needs root, or CAP_BPF and CAP_PERFMON";
	press(desk, KEY_CODE_F2);
	expect_golden(desk, "setup-80x24");
	resize(desk, 12, 40);
	expect_golden(desk, "setup-40x12");
	resize(desk, 50, 200);
	expect_golden(desk, "setup-200x50");
	resize(desk, 24, 80);
	press(desk, KEY_CODE_RIGHT);
	assert_string_equal(desk->ui.theme->name, "light");
	go_down_to(desk, "Fold from");
	press(desk, KEY_CODE_LEFT);
	go_down_to(desk, "CPU%");
	press(desk, ' ');
	go_down_to(desk, "MEM");
	press(desk, '<');
	go_down_to(desk, "loop_per_min");
	press(desk, KEY_CODE_RIGHT);
	go_down_to(desk, "growing_least");
	type(desk, "40");
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "40");
	type(desk, "0");
	press(desk, KEY_CODE_ENTER);
	assert_true(desk->ui.is_message_bad);
	assert_contains(desk_read(desk), "growing_least takes a number from 1");
	press(desk, KEY_CODE_F10);
	assert_null(desk->ui.dialogue);
	assert_string_equal(text_str(&kept), "options.theme=light\n"
					     "screen.fold=3\n"
					     "screen.owner-columns=pid kind procs births growth trend zombies orphans mem blocked "
					     "limit read write threads age\n"
					     "thresholds.growing_least=40\n"
					     "thresholds.loop_per_min=4\n");
	assert_contains(desk_read(desk), "kept in /home/me/clade.conf");
	press(desk, KEY_CODE_UP);
	assert_null(strstr(desk_read(desk), "CPU%"));
	press(desk, 'S');
	press(desk, KEY_CODE_F10);
	assert_contains(desk_read(desk), "nothing has changed");
	desk->ui.is_readonly = true;
	press(desk, 'S');
	press(desk, KEY_CODE_RIGHT);
	press(desk, KEY_CODE_F10);
	assert_contains(desk_read(desk), "read-only");
	text_done(&kept);
	desk_free(desk);
}

/* Every dialogue that a key opens, drawn at every size, clicked and typed into. */
static void a_resize_does_no_harm_to_any_dialogue(void **state)
{
	static const int sizes[][2] = {{12, 40}, {1, 1}, {24, 80}, {2, 200}, {50, 3}, {50, 200}, {5, 20}};
	struct desk *desk = desk_new(24, 80, false);
	int opened = 0;

	(void)state;
	take_bad_night(desk, 2);
	for (const struct ui_command *command = ui_commands; command->name; command++) {
		command->run(&desk->ui);
		opened += desk->ui.dialogue != NULL;
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			resize(desk, sizes[s][0], sizes[s][1]);
			desk_read(desk);
			press(desk, KEY_CODE_DOWN);
			press(desk, KEY_CODE_PAGE_DOWN);
			desk_read(desk);
			ui_handle(&desk->ui, &(struct event){.type = EVENT_WHEEL_UP});
			desk_read(desk);
		}
		dialogue_close(&desk->ui);
		desk->ui.is_quitting = false;
	}
	assert_true(opened >= 9);
	desk_free(desk);
}

static void what_is_shown_is_written_where_one_says(void **state)
{
	struct desk *desk = desk_new(24, 100, false);
	char directory[] = "/tmp/clade-ui-XXXXXX";
	struct text path = {0};
	struct text written = {0};

	(void)state;
	assert_non_null(mkdtemp(directory));
	lab_sample(desk->lab, 0, "1 0 /sbin/init init\n5 1 /bin/sh sh\n");
	desk_show(desk);
	press(desk, 'w');
	assert_contains(desk_read(desk), "> ndjson.zst");
	assert_contains(desk_read(desk), "To: clade-");
	assert_contains(desk_read(desk), ".ndjson.zst");
	for (int i = 0; i < 2; i++)
		press(desk, KEY_CODE_DOWN);
	assert_contains(desk_read(desk), "> json ");
	assert_contains(desk_read(desk), "Z.json\n");
	for (int i = 0; i < 100; i++)
		press(desk, KEY_CODE_BACKSPACE);
	text_printf(&path, "%s/here.json", directory);
	type(desk, text_str(&path));
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "writing");
	assert_int_equal(ui_work(&desk->ui), -1);
	assert_null(desk->ui.dialogue);
	assert_contains(desk->ui.message, "written: ");
	assert_int_equal(io_read_at(AT_FDCWD, text_str(&path), 1 << 20, &written), 0);
	assert_contains(text_str(&written), "\"clade-snapshot\"");
	/* it is not written over, and one is asked again */
	press(desk, 'w');
	for (int i = 0; i < 100; i++)
		press(desk, KEY_CODE_BACKSPACE);
	type(desk, text_str(&path));
	press(desk, KEY_CODE_ENTER);
	ui_work(&desk->ui);
	assert_non_null(desk->ui.dialogue);
	assert_contains(desk_read(desk), "is there already");
	press(desk, KEY_CODE_ESCAPE);
	assert_null(desk->ui.dialogue);
	unlink(text_str(&path));
	assert_int_equal(rmdir(directory), 0);
	text_done(&path);
	text_done(&written);
	desk_free(desk);
}

static void on_a_low_screen_too_one_sees_where_it_goes(void **state)
{
	struct desk *desk = desk_new(12, 40, false);

	(void)state;
	lab_sample(desk->lab, 0, "1 0 /sbin/init init\n5 1 /bin/sh sh\n");
	desk_show(desk);
	press(desk, 'w');
	type(desk, "-of-a-long-name");
	assert_contains(desk_read(desk), "[ ] mask");
	assert_contains(text_str(&desk->text), "  To: ");
	assert_contains(text_str(&desk->text), ".zst-of-a-long-name");
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "writing");
	press(desk, KEY_CODE_ESCAPE);
	click(desk, 3, 5);
	assert_contains(desk_read(desk), "> json");
	desk_free(desk);
}

/* Looks at the screen while it is written. */
struct watcher {
	struct desk *desk;
	struct text seen;
};

static bool watch(void *context)
{
	struct watcher *watcher = context;

	text_add(&watcher->seen, desk_read(watcher->desk));
	return false;
}

static void what_the_filter_leaves_is_written_with_progress_into_the_directory_for_it(void **state)
{
	struct desk *desk = desk_new(24, 100, false);
	struct watcher watcher = {.desk = desk};
	char directory[] = "/tmp/clade-ui-XXXXXX";
	struct text table = {0};
	struct text path = {0};
	struct text written = {0};

	(void)state;
	assert_non_null(mkdtemp(directory));
	text_add(&table, "1 0 /sbin/init init\n");
	for (int i = 0; i < 128; i++)
		text_printf(&table, "%d 1 /bin/sh sh\n", 10 + i);
	for (int i = 0; i < 128; i++)
		text_printf(&table, "%d 1 /bin/cat cat\n", 500 + i);
	lab_sample(desk->lab, 0, text_str(&table));
	desk->ui.snapshot_dir = directory;
	desk->ui.pulse = watch;
	desk->ui.pulse_context = &watcher;
	desk_show(desk);
	press(desk, '\\');
	type(desk, "cat");
	press(desk, KEY_CODE_ENTER);
	press(desk, 'w');
	press(desk, KEY_CODE_DOWN);
	press(desk, KEY_CODE_DOWN);
	text_printf(&path, "To: %s/clade-", directory);
	assert_contains(desk_read(desk), text_str(&path));
	assert_contains(desk_read(desk), "[x] only what the filter leaves");
	text_clear(&path);
	text_add(&path, strstr(desk_read(desk), directory));
	text_cut(&path, strcspn(text_str(&path), " \n"));
	press(desk, KEY_CODE_ENTER);
	ui_work(&desk->ui);
	assert_contains(desk->ui.message, "written: ");
	assert_contains(text_str(&watcher.seen), "writing … 50%, 64 of 128 processes");
	assert_int_equal(io_read_at(AT_FDCWD, text_str(&path), 1 << 20, &written), 0);
	assert_contains(text_str(&written), "\"pid\":500,");
	assert_null(strstr(text_str(&written), "\"pid\":10,"));
	assert_contains(text_str(&written), "\"processes\":129}");
	unlink(text_str(&path));
	/* all of it, when one wants that */
	press(desk, 'w');
	press(desk, KEY_CODE_DOWN);
	press(desk, KEY_CODE_DOWN);
	press(desk, KEY_CODE_F3);
	assert_contains(desk_read(desk), "[ ] only what the filter leaves");
	press(desk, KEY_CODE_ENTER);
	ui_work(&desk->ui);
	text_clear(&written);
	assert_int_equal(io_read_at(AT_FDCWD, text_str(&path), 1 << 20, &written), 0);
	assert_contains(text_str(&written), "\"pid\":10,");
	unlink(text_str(&path));
	assert_int_equal(rmdir(directory), 0);
	text_done(&table);
	text_done(&path);
	text_done(&written);
	text_done(&watcher.seen);
	desk_free(desk);
}

static bool enough(void *context)
{
	++*(int *)context;
	return true;
}

static void writing_ends_at_escape_and_leaves_nothing(void **state)
{
	struct desk *desk = desk_new(24, 100, false);
	char directory[] = "/tmp/clade-ui-XXXXXX";
	int pulses = 0;

	(void)state;
	assert_non_null(mkdtemp(directory));
	lab_sample(desk->lab, 0, "1 0 /sbin/init init\n5 1 /bin/sh sh\n");
	desk_show(desk);
	desk->ui.pulse = enough;
	desk->ui.pulse_context = &pulses;
	press(desk, 'w');
	for (int i = 0; i < 100; i++)
		press(desk, KEY_CODE_BACKSPACE);
	type(desk, directory);
	type(desk, "/x");
	press(desk, KEY_CODE_ENTER);
	ui_work(&desk->ui);
	assert_int_equal(pulses, 1);
	assert_contains(desk_read(desk), "ended by a key");
	assert_int_equal(rmdir(directory), 0);
	desk_free(desk);
}

/* What works, as it is told to. */
struct labour {
	bool is_on;
	bool stays; /* with a result */
	int heard;
};

static bool labours(const struct ui *ui)
{
	const struct labour *labour = ui->dialogue_state;

	return labour->is_on;
}

static int step_labour(struct ui *ui)
{
	const struct labour *labour = ui->dialogue_state;

	if (labour->is_on)
		return 7;
	if (!labour->stays)
		dialogue_close(ui);
	return -1;
}

static void hear(struct ui *ui, const struct event *event)
{
	struct labour *labour = ui->dialogue_state;

	(void)event;
	labour->heard++;
	labour->is_on = false;
}

static const struct dialogue dialogue_labour = {.handle = hear, .step = step_labour, .is_working = labours};

static struct desk *desk_with_labour(struct labour *labour)
{
	struct desk *desk = desk_new(24, 100, false);

	lab_sample(desk->lab, 0, "1 0 /sbin/init init\n5 1 /bin/sh sh\n");
	desk_show(desk);
	dialogue_open(&desk->ui, &dialogue_labour, labour);
	return desk;
}

static void what_is_pressed_while_a_dialogue_works_is_done_when_it_has_closed(void **state)
{
	struct labour labour = {.is_on = true};
	struct desk *desk = desk_with_labour(&labour);

	(void)state;
	type(desk, "tZ");
	resize(desk, 30, 90);
	assert_int_equal(desk->ui.width, 90);
	assert_int_equal(ui_work(&desk->ui), 7);
	assert_int_equal(desk->ui.view.mode, VIEW_OWNERS);
	labour.is_on = false;
	assert_int_equal(ui_work(&desk->ui), -1);
	assert_int_equal(labour.heard, 0);
	assert_int_equal(desk->ui.view.mode, VIEW_TREE);
	assert_true(desk->ui.is_paused);
	desk_free(desk);
}

static void no_key_answers_a_result_that_nobody_had_seen(void **state)
{
	struct labour labour = {.is_on = true, .stays = true};
	struct desk *desk = desk_with_labour(&labour);

	(void)state;
	press(desk, KEY_CODE_ENTER);
	labour.is_on = false;
	assert_int_equal(ui_work(&desk->ui), -1);
	assert_int_equal(labour.heard, 0);
	assert_non_null(desk->ui.dialogue);
	dialogue_close(&desk->ui);
	ui_work(&desk->ui);
	assert_null(desk->ui.dialogue);
	desk_free(desk);
}

static void a_key_that_closes_ends_the_work_and_what_was_pressed_for_afterwards(void **state)
{
	struct labour labour = {.is_on = true};
	struct desk *desk = desk_with_labour(&labour);

	(void)state;
	press(desk, 't');
	press(desk, KEY_CODE_ESCAPE);
	assert_int_equal(labour.heard, 1);
	ui_work(&desk->ui);
	assert_null(desk->ui.dialogue);
	assert_int_equal(desk->ui.view.mode, VIEW_OWNERS);
	desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(details_say_why_a_process_has_its_owner),
		cmocka_unit_test(details_tell_an_owners_story),
		cmocka_unit_test(an_end_that_nobody_saw_is_said_to_be_that),
		cmocka_unit_test(when_a_file_was_written_is_known_or_not),
		cmocka_unit_test(a_long_line_of_a_page_goes_on_below_its_value),
		cmocka_unit_test(help_shows_every_key),
		cmocka_unit_test(a_value_of_the_environment_is_shown_only_when_asked_for),
		cmocka_unit_test(setup_changes_at_once_and_keeps_what_changed),
		cmocka_unit_test(a_resize_does_no_harm_to_any_dialogue),
		cmocka_unit_test(what_is_shown_is_written_where_one_says),
		cmocka_unit_test(on_a_low_screen_too_one_sees_where_it_goes),
		cmocka_unit_test(what_the_filter_leaves_is_written_with_progress_into_the_directory_for_it),
		cmocka_unit_test(writing_ends_at_escape_and_leaves_nothing),
		cmocka_unit_test(what_is_pressed_while_a_dialogue_works_is_done_when_it_has_closed),
		cmocka_unit_test(no_key_answers_a_result_that_nobody_had_seen),
		cmocka_unit_test(a_key_that_closes_ends_the_work_and_what_was_pressed_for_afterwards),
	};

	safe_setup();
	return cmocka_run_group_tests_name("dialogues", tests, NULL, NULL);
}
