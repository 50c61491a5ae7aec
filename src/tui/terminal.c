#include "terminal.h"

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "clade/clock.h"
#include "clade/safe.h"
#include "escape.h"

/* The bytes of one key may come apart on a machine that is busy, or far away. */
enum { ESCAPE_DELAY_MS = 100 };

enum { RUN_MAX = 256 }; /* cells that curses is given at once */

/* Signals only leave a note; a handler may do no more. */
static volatile sig_atomic_t is_ending;

static void note_ending(int signal_number)
{
	(void)signal_number;
	is_ending = 1;
}

/* What has been typed, and is no key yet. */
static struct {
	struct escape escape;
	uint32_t held; /* a character that was looked at already */
	bool has_held;
} typing;

static bool is_mono_here; /* no colour, whatever the theme */
static attr_t attributes[STYLES];
static short pairs[STYLES];

/* The colours of a look where there are `colours`. */
static void choose_colours(const struct look *look, int colours, short *fg, short *bg)
{
	*fg = colours >= 256 ? look->fg : colours >= 16 ? look->fg16 : look->fg8;
	*bg = colours >= 256 ? look->bg : colours >= 16 ? look->bg16 : look->bg8;
}

/* Where colours are few, bold makes them lighter: black is grey then, and what stands on light
 * paper not to be read. */
static bool can_be_bold(const struct theme *theme, int colours, short fg, short bg)
{
	if (colours >= 256)
		return true;
	return fg != COLOR_BLACK && !(theme->is_light && fg > COLOR_BLACK && bg < 0);
}

static void prepare_styles(const struct theme *theme, bool is_mono)
{
	int colours = 0;

	if (!is_mono && has_colors()) {
		start_color();
		use_default_colors();
		colours = COLORS; /* known only from start_color() on */
	}
	if (colours == 0)
		theme = theme_find("mono"); /* another would show the selection by colour alone */
	for (short i = 0; i < STYLES; i++) {
		const struct look *look = &theme->looks[i];
		short fg, bg;

		choose_colours(look, colours, &fg, &bg);
		attributes[i] =
			(look->is_bold && can_be_bold(theme, colours, fg, bg) ? WA_BOLD : 0) |
			(look->is_dim && fg < 0 ? WA_DIM : 0) |
			(look->is_reverse ? WA_REVERSE : 0) |
			(look->is_underlined ? WA_UNDERLINE : 0);
		pairs[i] = 0;
		if (colours > 0 && i + 1 < COLOR_PAIRS && init_pair((short)(i + 1), fg, bg) == OK)
			pairs[i] = (short)(i + 1);
	}
}

static int check_terminal(struct text *error)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		text_printf(error,
			    "standard %s is not a terminal; for a report without one use: clade "
			    "snapshot",
			    isatty(STDIN_FILENO) ? "output" : "input");
		return -ENOTTY;
	}
	if (!term || !*term || strcmp(term, "dumb") == 0) {
		text_printf(error,
			    "the terminal type '%s' cannot move its cursor; use: clade snapshot",
			    term ? term : "");
		return -ENOTSUP;
	}
	return 0;
}

static void take_signals(void)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	struct sigaction action = {.sa_handler = note_ending};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

int terminal_open(const struct terminal_config *config, struct text *error)
{
	int rc = check_terminal(error);
	SCREEN *screen;

	if (rc != 0)
		return rc;
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		text_printf(error,
			    "the terminal type '%s' is not known here; try: TERM=xterm clade, or "
			    "clade snapshot",
			    getenv("TERM"));
		return -ENOTSUP;
	}
	take_signals();
	set_escdelay(ESCAPE_DELAY_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	curs_set(0);
	leaveok(stdscr, TRUE);
	is_mono_here = config->is_mono;
	prepare_styles(config->theme, is_mono_here);
	if (config->has_mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		mouseinterval(0);
	}
	return 0;
}

void terminal_close(void)
{
	endwin();
}

void terminal_set_theme(const struct theme *theme)
{
	prepare_styles(theme, is_mono_here);
}

void terminal_size(int *height, int *width)
{
	getmaxyx(stdscr, *height, *width);
}

static cchar_t drawn_of(const struct cell *cell)
{
	wchar_t wide[CCHARW_MAX + 1] = {(unsigned char)cell->text[0]};
	cchar_t drawn;

	if (cell->text[1] || (unsigned char)cell->text[0] >= 0x80) {
		mbstate_t state = {0};
		const char *from = cell->text;
		size_t n = mbsrtowcs(wide, &from, CCHARW_MAX, &state);

		if (n == (size_t)-1 || n == 0)
			wcscpy(wide, L"?");
		wide[CCHARW_MAX] = L'\0';
	}
	setcchar(&drawn, wide, attributes[cell->style], pairs[cell->style], NULL);
	return drawn;
}

/* A run of cells from `column`; returns the column behind it. The right half of a wide character is
 * left out, and shows itself. */
static int show_run(const struct cell *cells, int row, int column, int width)
{
	cchar_t drawn[RUN_MAX];
	int from = column;
	int n = 0;

	for (; column < width && (n < RUN_MAX || !cells[column].text[0]); column++) {
		if (cells[column].text[0])
			drawn[n++] = drawn_of(&cells[column]);
	}
	mvadd_wchnstr(row, from, drawn, n);
	return column;
}

void terminal_show(const struct cells *cells, bool is_whole)
{
	int height;
	int width;

	terminal_size(&height, &width);
	if (width > cells->columns)
		width = cells->columns;
	for (int row = 0; row < cells->rows && row < height; row++) {
		const struct cell *line = &cells->items[row * cells->columns];

		for (int column = 0; column < width;)
			column = show_run(line, row, column, width);
	}
	if (is_whole)
		clearok(stdscr, TRUE);
	refresh();
}

static uint32_t key_of(uint32_t code)
{
	static const struct {
		int curses;
		uint32_t key;
	} keys[] = {
		{KEY_UP, KEY_CODE_UP},         {KEY_DOWN, KEY_CODE_DOWN},
		{KEY_LEFT, KEY_CODE_LEFT},     {KEY_RIGHT, KEY_CODE_RIGHT},
		{KEY_PPAGE, KEY_CODE_PAGE_UP}, {KEY_NPAGE, KEY_CODE_PAGE_DOWN},
		{KEY_HOME, KEY_CODE_HOME},     {KEY_END, KEY_CODE_END},
		{KEY_IC, KEY_CODE_INSERT},     {KEY_DC, KEY_CODE_DELETE},
		{KEY_ENTER, KEY_CODE_ENTER},   {KEY_BACKSPACE, KEY_CODE_BACKSPACE},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if ((int)code == keys[i].curses)
			return keys[i].key;
	}
	if ((int)code >= KEY_F(1) && (int)code <= KEY_F(12))
		return KEY_CODE_F1 + (uint32_t)((int)code - KEY_F(1));
	return KEY_CODE_NONE;
}

static uint32_t character_of(uint32_t code)
{
	switch (code) {
	case '\r':
	case '\n':
		return KEY_CODE_ENTER;
	case 0x08:
	case 0x7f:
		return KEY_CODE_BACKSPACE;
	default:
		return code;
	}
}

static bool read_mouse(struct event *event)
{
	MEVENT mouse;

	if (getmouse(&mouse) != OK)
		return false;
	*event = (struct event){.type = EVENT_CLICK, .row = mouse.y, .column = mouse.x};
	if (mouse.bstate & BUTTON4_PRESSED)
		event->type = EVENT_WHEEL_UP;
	else if (mouse.bstate & BUTTON5_PRESSED)
		event->type = EVENT_WHEEL_DOWN;
	else if (!(mouse.bstate & BUTTON1_PRESSED))
		return false;
	return true;
}

/* The next character, or key that curses knows, as a key_code; false when there is none now. */
static bool read_code(uint32_t *code, bool *is_curses)
{
	wint_t typed;
	int rc;

	if (typing.has_held) {
		typing.has_held = false;
		*code = typing.held;
		*is_curses = false;
		return true;
	}
	rc = get_wch(&typed);
	*is_curses = rc == KEY_CODE_YES;
	*code = (uint32_t)typed;
	return rc != ERR;
}

/* Whether a character finishes a key; it then is in the event. */
static bool take_code(struct event *event, uint32_t code)
{
	uint32_t key = KEY_CODE_NONE;
	enum escape_answer answer =
		escape_take(&typing.escape, code, clock_ms(CLOCK_MONOTONIC), &key);

	if (answer == ESCAPE_AGAIN) {
		typing.held = code;
		typing.has_held = true;
	}
	*event = (struct event){.type = EVENT_KEY, .key = character_of(key)};
	return answer != ESCAPE_NOTHING;
}

bool terminal_read(struct event *event)
{
	uint32_t code;
	bool is_curses;

	while (read_code(&code, &is_curses)) {
		if (is_curses && code == KEY_RESIZE) {
			*event = (struct event){.type = EVENT_RESIZE};
			terminal_size(&event->row, &event->column);
			return true;
		}
		if (is_curses && code == KEY_MOUSE
			    ? read_mouse(event)
			    : take_code(event, is_curses ? key_of(code) : code))
			return true;
	}
	*event = (struct event){.type = EVENT_KEY};
	return escape_rest(&typing.escape, clock_ms(CLOCK_MONOTONIC), &event->key);
}

void terminal_wait(int timeout_ms)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	if (poll(&input, 1, timeout_ms) > 0 && (input.revents & (POLLHUP | POLLERR)) &&
	    !(input.revents & POLLIN))
		is_ending = 1; /* the terminal is gone */
}

bool terminal_is_ending(void)
{
	return is_ending != 0;
}
