/*
 * The screen without a terminal: models and keys in, cells out, compared with what people have looked at in tests/golden.
 * GOLDEN=renew writes these files anew; read the difference before it is committed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "clade/io.h"
#include "clade/safe.h"
#include "collect/procfs.h"
#include "lab.h"
#include "suite.h"
#include "tui/panes.h"
#include "tui/ui.h"

#define CLAUDE "/opt/claude-code-linux-x64/claude"
#define S1 "11111111-1111-4111-8111-111111111111"
#define TOOL "CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=" S1 " CLAUDE_PID=4211"
#define APP "pm_id=0 name=api pm_exec_path=/srv/api.js PM2_HOME=/root/.pm2"
#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"

/* A screen of a lab's machine. */
struct desk {
	struct lab *lab;
	struct keymap *keymap;
	struct ui ui;
	struct cells cells;
	struct text text;
};

static void desk_show(struct desk *desk)
{
	ui_set_model(&desk->ui, desk->lab->model);
}

static struct desk *desk_new(int height, int width, bool is_ascii)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	desk->lab = lab_new(NULL);
	desk->keymap = keymap_new();
	ui_init(&desk->ui, &(struct ui_config){
				   .theme = theme_find(NULL),
				   .keymap = desk->keymap,
				   .users = desk->lab->users,
				   .is_ascii = is_ascii,
				   .delay_s = 2,
			   });
	desk->ui.height = height;
	desk->ui.width = width;
	cells_init(&desk->cells);
	return desk;
}

static void desk_free(struct desk *desk)
{
	ui_done(&desk->ui);
	keymap_free(desk->keymap);
	cells_done(&desk->cells);
	text_done(&desk->text);
	lab_free(desk->lab);
	free(desk);
}

static const char *desk_read(struct desk *desk)
{
	ui_draw(&desk->ui, &desk->cells);
	text_clear(&desk->text);
	cells_add_text(&desk->cells, &desk->text);
	return text_str(&desk->text);
}

static enum ui_answer press(struct desk *desk, uint32_t key)
{
	return ui_handle(&desk->ui, &(struct event){.type = EVENT_KEY, .key = key});
}

static void type(struct desk *desk, const char *keys)
{
	for (; *keys; keys++)
		press(desk, (unsigned char)*keys);
}

static void resize(struct desk *desk, int height, int width)
{
	ui_handle(&desk->ui, &(struct event){.type = EVENT_RESIZE, .row = height, .column = width});
}

static void expect_golden(struct desk *desk, const char *name)
{
	const char *srcdir = getenv("SRCDIR");
	const char *mode = getenv("GOLDEN");
	const char *screen = desk_read(desk);
	struct text path = {0};
	struct text want = {0};

	text_printf(&path, "%s/tests/golden/%s.txt", srcdir ? srcdir : ".", name);
	if (mode && strcmp(mode, "renew") == 0)
		assert_int_equal(io_write_file(text_str(&path), screen, strlen(screen), true), 0);
	assert_int_equal(io_read_at(AT_FDCWD, text_str(&path), 1 << 20, &want), 0);
	if (strcmp(screen, text_str(&want)) != 0) {
		print_error("---- %s should be\n%s---- but is\n%s", name, text_str(&want), screen);
		fail();
	}
	text_done(&path);
	text_done(&want);
}

/* Two samples of a machine where a session explodes, an app is in trouble and a container is well. */
static void take_bad_night(struct desk *desk, int samples)
{
	for (int i = 0; i < samples; i++) {
		struct text table = {0};

		text_add(&table, "1 0 /sbin/init init ; start:1 cgroup:/init.scope\n"
				 "2 0 - ; kernel comm:kthreadd env:unread start:1\n"
				 "900 1 /usr/bin/node \"PM2 v7.0.4: God Daemon (/root/.pm2)\" ; start:2 PM2_HOME=/root/.pm2\n"
				 "901 900 /usr/bin/node \"node /srv/api.js\" ; sid:901 start:9000 " APP "\n"
				 "902 901 - ; state:Z env:unread comm:convert start:9001\n"
				 "950 1 /bin/postgres postgres -D /data ; start:7 ns:5.1 cpu:3.5 rss:734003200 cgroup:/docker/" ID1 "\n"
				 "951 950 /bin/postgres \"postgres: writer\" ; start:8 ns:5.9 state:D rss:104857600 cgroup:/docker/" ID1 "\n"
				 "4211 1 " CLAUDE " claude ; start:5000 cwd:/srv/api-refactor cpu:12\n"
				 "4212 4211 /bin/bash bash -c ./run-tests ; start:5001 sid:4212 " TOOL "\n"
				 "4213 1 /bin/sleep sleep 600 ; start:5002 sid:4213 " TOOL "\n");
		for (int n = 0; n < 300 * i + 20; n++)
			text_printf(&table, "%d 4212 /bin/sh sh -c \"curl -s localhost\" ; start:%d sid:4212 " TOOL "\n", 5000 + n,
				    6000 + n);
		lab_sample(desk->lab, 2, text_str(&table));
		desk_show(desk);
		text_done(&table);
	}
}

/* ---- Scenes: what the screen is for, each as its samples ---- */

static void take(struct desk *desk, double seconds, const struct text *table)
{
	lab_sample(desk->lab, seconds, text_str(table));
	desk_show(desk);
}

static const char usual[] = "1 0 /sbin/init init ; start:1 cgroup:/init.scope\n"
			    "2 0 - ; kernel comm:kthreadd env:unread start:1\n"
			    "300 1 /usr/sbin/nginx \"nginx: master process\" ; start:9 cgroup:/system.slice/nginx.service\n"
			    "301 300 /usr/sbin/nginx \"nginx: worker process\" ; start:10 cgroup:/system.slice/nginx.service\n"
			    "900 1 /usr/bin/node \"PM2 v7.0.4: God Daemon (/root/.pm2)\" ; start:20 PM2_HOME=/root/.pm2\n";

static void take_quiet(struct desk *desk)
{
	for (int i = 0; i < 6; i++) {
		struct text table = {0};

		text_printf(&table,
			    "%s901 900 /usr/bin/node \"node /srv/api.js\" ; sid:901 start:900 cpu:2.5 rss:94371840 " APP "\n"
			    "4211 1 " CLAUDE " claude ; start:5000 cwd:/srv/api-refactor cpu:12 rss:314572800\n"
			    "4212 4211 /bin/bash bash -c ./run-tests ; start:5001 sid:4212 " TOOL "\n",
			    usual);
		take(desk, 2, &table);
		text_done(&table);
	}
}

/* An app whose port is taken: it lives a second, and its supervisor starts it again. */
static void take_crash_loop(struct desk *desk)
{
	for (int i = 0; i < 30; i++) {
		struct text table = {0};

		text_printf(&table, "%s%d 900 /usr/bin/node \"node /srv/api.js\" ; sid:%d start:%d " APP " restart_time=%d\n", usual,
			    5000 + i, 5000 + i, 90000 + 200 * i, 8385 + i);
		take(desk, 2, &table);
		text_done(&table);
	}
}

static void take_zombie_farm(struct desk *desk)
{
	for (int i = 0; i < 6; i++) {
		struct text table = {0};

		text_printf(&table,
			    "%s4211 1 " CLAUDE " claude ; start:5000 cwd:/srv/api-refactor\n"
			    "4212 4211 /usr/bin/python3 python3 spawn.py ; start:5001 sid:4212 " TOOL "\n",
			    usual);
		for (int n = 0; n < 300 + 2 * i; n++)
			text_printf(&table, "%d 4212 - ; state:Z env:unread comm:convert start:%d\n", 6000 + n, 6000 + n);
		take(desk, 2, &table);
		text_done(&table);
	}
}

/* A container that is killed for memory and started again, many times a second. */
static void take_oom_loop(struct desk *desk)
{
	for (int i = 0; i < 10; i++) {
		struct text table = {0};

		text_printf(&table,
			    "%s%d 1 /srv/app app ; ns:5.1 start:%d cgroup:/docker/" ID1 " memory:%d/536870912 oom:%d+%d\n", usual,
			    7000 + i, 90000 + 200 * i, 520000000 + i, 75 * i, i > 0 ? 75 : 0);
		take(desk, 2, &table);
		text_done(&table);
	}
}

static void take_explosion(struct desk *desk)
{
	take_bad_night(desk, 4);
}

static void the_screen_says_at_every_size_what_is_wrong(void **state)
{
	static const struct {
		const char *name;
		void (*take)(struct desk *desk);
		const char *word;
	} scenes[] = {
		{"quiet", take_quiet, "OK"},
		{"explosion", take_explosion, "EXPLODING"},
		{"crash-loop", take_crash_loop, "LOOP"},
		{"zombie-farm", take_zombie_farm, "ZOMBIES"},
		{"oom-loop", take_oom_loop, "OOM"},
	};
	static const int sizes[][2] = {{12, 40}, {24, 80}, {50, 200}};

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		struct desk *desk = desk_new(24, 80, false);

		scenes[i].take(desk);
		for (size_t s = 0; s < 3; s++) {
			char name[64];

			resize(desk, sizes[s][0], sizes[s][1]);
			snprintf(name, sizeof(name), "%s-%dx%d", scenes[i].name, sizes[s][1], sizes[s][0]);
			expect_golden(desk, name);
			assert_string_equal(desk->lab->model->verdict.word, scenes[i].word);
			assert_contains(text_str(&desk->text), scenes[i].word);
		}
		desk_free(desk);
	}
}

static void ascii_is_enough(void **state)
{
	struct desk *desk = desk_new(24, 80, true);

	(void)state;
	take_bad_night(desk, 2);
	press(desk, KEY_CODE_F5);
	for (const char *c = desk_read(desk); *c; c++)
		assert_true((unsigned char)*c < 0x7f);
	expect_golden(desk, "tree-ascii-80x24");
	desk_free(desk);
}

static void before_the_first_sample_something_is_there(void **state)
{
	struct desk *desk = desk_new(24, 80, false);

	(void)state;
	desk->ui.reading = 15134;
	assert_contains(desk_read(desk), "15,134");
	desk_free(desk);
}

static void an_owner_opens_into_its_tree(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	press(desk, '*');
	expect_golden(desk, "open-100x24");
	desk_free(desk);
}

static void thousands_alike_are_one_row_that_opens(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 3);
	press(desk, KEY_CODE_RIGHT);
	assert_contains(desk_read(desk), "×620 sh -c 'curl");
	for (int i = 0; i < 3; i++)
		press(desk, KEY_CODE_DOWN);
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "620 processes that differ by numbers at most");
	assert_contains(text_str(&desk->text), "bash -c ./run-tests (4212)");
	press(desk, KEY_CODE_ESCAPE);
	press(desk, KEY_CODE_RIGHT);
	assert_contains(desk_read(desk), "├─sh -c 'curl -s localhost'");
	press(desk, KEY_CODE_LEFT);
	assert_null(strstr(desk_read(desk), "├─sh -c 'curl -s localhost'"));
	desk_free(desk);
}

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

static void go_to(struct desk *desk, const char *what)
{
	press(desk, '/');
	type(desk, what);
	press(desk, KEY_CODE_ENTER);
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

static void click(struct desk *desk, int row, int column)
{
	ui_handle(&desk->ui, &(struct event){.type = EVENT_CLICK, .row = row, .column = column});
}

/* Clicks on the first place where a word stands. */
static void click_on(struct desk *desk, const char *word)
{
	const char *screen = desk_read(desk);
	const char *at = strstr(screen, word);
	int row = 0;

	assert_non_null(at);
	for (const char *c = screen; c < at; c++) {
		if (*c == '\n') {
			row++;
			screen = c + 1;
		}
	}
	{
		struct text before = {0};

		text_add_bytes(&before, screen, (size_t)(at - screen));
		click(desk, row, (int)safe_width(text_str(&before)));
		text_done(&before);
	}
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

static void go_down_to(struct desk *desk, const char *what)
{
	press(desk, KEY_CODE_HOME);
	for (int i = 0; i < 200; i++) {
		const char *line;

		desk_read(desk);
		for (int row = 0; row < desk->cells.rows; row++) {
			struct text text = {0};
			bool is_it = desk->cells.items[row * desk->cells.columns].style == STYLE_DIALOGUE_SELECTED;

			for (int c = 0; c < desk->cells.columns; c++)
				text_add(&text, desk->cells.items[row * desk->cells.columns + c].text);
			line = text_str(&text);
			is_it = is_it && strstr(line, what);
			text_done(&text);
			if (is_it)
				return;
		}
		press(desk, KEY_CODE_DOWN);
	}
	fail_msg("no line with %s", what);
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

/* All keys on all sizes, in an order that a simple generator makes: nothing may break. */
static void read_only_is_said_at_the_bottom_whatever_is_shown(void **state)
{
	static const int widths[] = {24, 40, 80, 200};
	static const uint32_t keys[] = {0, '/', '?', KEY_CODE_ENTER};

	(void)state;
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			struct desk *desk = desk_new(20, widths[w], false);
			const char *last;

			lab_sample(desk->lab, 0, "1 0 /sbin/init init\n");
			desk_show(desk);
			desk->ui.is_readonly = true;
			if (keys[k])
				press(desk, keys[k]);
			last = strrchr(desk_read(desk), '\n');
			/* the last line ends with a newline of its own, or not */
			while (last > text_str(&desk->text) && !last[1])
				last = memrchr(text_str(&desk->text), '\n',
					       (size_t)(last - text_str(&desk->text)));
			assert_contains(last, " [READ-ONLY]");
			desk_free(desk);
		}
	}
}

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

static void hostile_names_reach_no_cell(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	lab_sample(desk->lab, 0,
		   "1 0 /sbin/init init\n"
		   "5 1 /bin/x \033[2J\033]0;x\a ; comm:\033[31m\n"
		   "6 1 /bin/x \342\200\256evil \342\200\213\n"
		   "7 1 - ; comm:\n");
	desk_show(desk);
	press(desk, 't');
	for (const char *c = desk_read(desk); *c; c++)
		assert_true((unsigned char)*c >= ' ' || *c == '\n');
	assert_contains(text_str(&desk->text), "\\e[2J\\e]0;x\\x07");
	assert_contains(text_str(&desk->text), "\\u{202E}evil");
	desk_free(desk);
}

/* ---- Writing what is shown ---- */

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
	assert_int_equal(dialogue_step(&desk->ui), -1);
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
	dialogue_step(&desk->ui);
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
	dialogue_step(&desk->ui);
	assert_int_equal(pulses, 1);
	assert_contains(desk_read(desk), "ended by Esc");
	assert_int_equal(rmdir(directory), 0);
	desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_screen_says_at_every_size_what_is_wrong),
		cmocka_unit_test(ascii_is_enough),
		cmocka_unit_test(before_the_first_sample_something_is_there),
		cmocka_unit_test(an_owner_opens_into_its_tree),
		cmocka_unit_test(thousands_alike_are_one_row_that_opens),
		cmocka_unit_test(the_selection_stays_on_its_row),
		cmocka_unit_test(a_search_goes_to_the_first_match_and_the_next),
		cmocka_unit_test(a_process_is_gone_to_by_its_id),
		cmocka_unit_test(a_filter_that_is_broken_says_why),
		cmocka_unit_test(priorities_are_not_for_recordings_and_read_only_screens),
		cmocka_unit_test(details_say_why_a_process_has_its_owner),
		cmocka_unit_test(help_shows_every_key),
		cmocka_unit_test(no_two_commands_claim_one_key),
		cmocka_unit_test(tags_stay_and_are_what_is_acted_on),
		cmocka_unit_test(a_tag_goes_with_what_it_was_on),
		cmocka_unit_test(owners_and_bundles_are_tagged_as_a_whole),
		cmocka_unit_test(a_tree_opens_to_a_depth),
		cmocka_unit_test(while_paused_nothing_moves),
		cmocka_unit_test(quit_quits),
		cmocka_unit_test(the_mouse_selects_opens_sorts_and_presses_keys),
		cmocka_unit_test(a_value_of_the_environment_is_shown_only_when_asked_for),
		cmocka_unit_test(setup_changes_at_once_and_keeps_what_changed),
		cmocka_unit_test(a_resize_does_no_harm_to_any_dialogue),
		cmocka_unit_test(read_only_is_said_at_the_bottom_whatever_is_shown),
		cmocka_unit_test(any_keys_at_any_size_do_no_harm),
		cmocka_unit_test(hostile_names_reach_no_cell),
		cmocka_unit_test(what_is_shown_is_written_where_one_says),
		cmocka_unit_test(writing_ends_at_escape_and_leaves_nothing),
	};

	safe_setup();
	return cmocka_run_group_tests_name("ui", tests, NULL, NULL);
}
