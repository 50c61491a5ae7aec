#include "desk.h"

#include <fcntl.h>
#include <stdlib.h>

#include "cast.h"
#include "clade/io.h"
#include "clade/safe.h"
#include "suite.h"

void desk_show(struct desk *desk)
{
	ui_set_model(&desk->ui, desk->lab->model);
}

struct desk *desk_new(int height, int width, bool is_ascii)
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
				   .grace_s = 5,
				   .rights = {.is_mighty = true, .audit = "/dev/null"},
			   });
	desk->ui.height = height;
	desk->ui.width = width;
	cells_init(&desk->cells);
	return desk;
}

void desk_free(struct desk *desk)
{
	ui_done(&desk->ui);
	keymap_free(desk->keymap);
	cells_done(&desk->cells);
	text_done(&desk->text);
	lab_free(desk->lab);
	free(desk);
}

const char *desk_read(struct desk *desk)
{
	ui_draw(&desk->ui, &desk->cells);
	text_clear(&desk->text);
	cells_add_text(&desk->cells, &desk->text);
	return text_str(&desk->text);
}

enum ui_answer press(struct desk *desk, uint32_t key)
{
	return ui_handle(&desk->ui, &(struct event){.type = EVENT_KEY, .key = key});
}

void type(struct desk *desk, const char *keys)
{
	for (; *keys; keys++)
		press(desk, (unsigned char)*keys);
}

void resize(struct desk *desk, int height, int width)
{
	ui_handle(&desk->ui, &(struct event){.type = EVENT_RESIZE, .row = height, .column = width});
}

void click(struct desk *desk, int row, int column)
{
	ui_handle(&desk->ui, &(struct event){.type = EVENT_CLICK, .row = row, .column = column});
}

/* Clicks on the first place where a word stands. */
void click_on(struct desk *desk, const char *word)
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

void go_to(struct desk *desk, const char *what)
{
	press(desk, '/');
	type(desk, what);
	press(desk, KEY_CODE_ENTER);
}

void go_down_to(struct desk *desk, const char *what)
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

void expect_golden(struct desk *desk, const char *name)
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

void take(struct desk *desk, double seconds, const struct text *table)
{
	lab_sample(desk->lab, seconds, text_str(table));
	desk_show(desk);
}

/* Two samples of a machine where a session explodes, an app is in trouble and a container is well. */
void take_bad_night(struct desk *desk, int samples)
{
	for (int i = 0; i < samples; i++) {
		struct text table = {0};

		text_add(&table, "1 0 /sbin/init init ; start:1 cgroup:/init.scope\n"
				 "2 0 - ; kernel comm:kthreadd env:unread start:1\n"
				 "900 1 " GOD " ; start:2 PM2_HOME=/root/.pm2\n"
				 "901 900 /usr/bin/node \"node /srv/api.js\" ; sid:901 start:9000 " APP(0, "api") "\n"
				 "902 901 - ; state:Z env:unread comm:convert start:9001\n"
				 "950 1 /bin/postgres postgres -D /data ; start:7 uid:1000 ns:5.1 cpu:3.5 rss:734003200 cgroup:/docker/" ID1 "\n"
				 "951 950 /bin/postgres \"postgres: writer\" ; start:8 uid:1000 ns:5.9 state:D rss:104857600 cgroup:/docker/" ID1 "\n"
				 "4211 1 " CLAUDE " claude ; start:5000 cwd:/srv/api-refactor cpu:12\n"
				 "4212 4211 /bin/bash bash -c ./run-tests ; start:5001 sid:4212 " TOOL(4211, S1) "\n"
				 "4213 1 /bin/sleep sleep 600 ; start:5002 sid:4213 " TOOL(4211, S1) "\n");
		for (int n = 0; n < 300 * i + 20; n++)
			text_printf(&table, "%d 4212 /bin/sh sh -c \"curl -s localhost\" ; start:%d sid:4212 " TOOL(4211, S1) "\n", 5000 + n,
				    6000 + n);
		lab_sample(desk->lab, 2, text_str(&table));
		desk_show(desk);
		text_done(&table);
	}
}

static const char usual[] = "1 0 /sbin/init init ; start:1 cgroup:/init.scope\n"
			    "2 0 - ; kernel comm:kthreadd env:unread start:1\n"
			    "300 1 /usr/sbin/nginx \"nginx: master process\" ; start:9 cgroup:/system.slice/nginx.service\n"
			    "301 300 /usr/sbin/nginx \"nginx: worker process\" ; start:10 cgroup:/system.slice/nginx.service\n"
			    "900 1 " GOD " ; start:20 PM2_HOME=/root/.pm2\n";

void take_quiet(struct desk *desk)
{
	for (int i = 0; i < 6; i++) {
		struct text table = {0};

		text_printf(&table,
			    "%s901 900 /usr/bin/node \"node /srv/api.js\" ; sid:901 start:900 cpu:2.5 rss:94371840 " APP(0, "api") "\n"
			    "4211 1 " CLAUDE " claude ; start:5000 cwd:/srv/api-refactor cpu:12 rss:314572800\n"
			    "4212 4211 /bin/bash bash -c ./run-tests ; start:5001 sid:4212 " TOOL(4211, S1) "\n",
			    usual);
		take(desk, 2, &table);
		text_done(&table);
	}
}

/* An app whose port is taken: it lives a second, and its supervisor starts it again. */
void take_crash_loop(struct desk *desk)
{
	for (int i = 0; i < 30; i++) {
		struct text table = {0};

		text_printf(&table, "%s%d 900 /usr/bin/node \"node /srv/api.js\" ; sid:%d start:%d " APP(0, "api") " restart_time=%d\n", usual,
			    5000 + i, 5000 + i, 90000 + 200 * i, 8385 + i);
		take(desk, 2, &table);
		text_done(&table);
	}
}

void take_zombie_farm(struct desk *desk)
{
	for (int i = 0; i < 6; i++) {
		struct text table = {0};

		text_printf(&table,
			    "%s4211 1 " CLAUDE " claude ; start:5000 cwd:/srv/api-refactor\n"
			    "4212 4211 /usr/bin/python3 python3 spawn.py ; start:5001 sid:4212 " TOOL(4211, S1) "\n",
			    usual);
		for (int n = 0; n < 300 + 2 * i; n++)
			text_printf(&table, "%d 4212 - ; state:Z env:unread comm:convert start:%d\n", 6000 + n, 6000 + n);
		take(desk, 2, &table);
		text_done(&table);
	}
}

/* A container that is killed for memory and started again, many times a second. */
void take_oom_loop(struct desk *desk)
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
