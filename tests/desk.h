/* A screen of a lab's machine, without a terminal: models and keys in, cells out. With the scenes that several tests look at. */
#ifndef CLADE_DESK_H
#define CLADE_DESK_H

#include "lab.h"
#include "tui/panes.h"
#include "tui/ui.h"

struct desk {
	struct lab *lab;
	struct keymap *keymap;
	struct ui ui;
	struct cells cells;
	struct text text; /* what desk_read() returned */
};

struct desk *desk_new(int height, int width, bool is_ascii);
void desk_free(struct desk *desk);

/* Shows the lab's last sample. */
void desk_show(struct desk *desk);

/* The screen as text, a line each row. */
const char *desk_read(struct desk *desk);

enum ui_answer press(struct desk *desk, uint32_t key);
void type(struct desk *desk, const char *keys);
void resize(struct desk *desk, int height, int width);
void click(struct desk *desk, int row, int column);

/* Clicks on the first place where a word stands. */
void click_on(struct desk *desk, const char *word);

/* Searches for it. */
void go_to(struct desk *desk, const char *what);

/* Moves down in a dialogue until the line with that word is selected. */
void go_down_to(struct desk *desk, const char *what);

/* Compares the screen with what people have looked at in tests/golden. GOLDEN=renew writes the file anew; read the difference
 * before it is committed. */
void expect_golden(struct desk *desk, const char *name);

/* Takes a sample of a table, and shows it. */
void take(struct desk *desk, double seconds, const struct text *table);

/* Scenes, each as its samples. The night: a session explodes, an app is in trouble and a container is well. */
void take_bad_night(struct desk *desk, int samples);
void take_quiet(struct desk *desk);
void take_crash_loop(struct desk *desk);
void take_zombie_farm(struct desk *desk);
void take_oom_loop(struct desk *desk);

#endif
