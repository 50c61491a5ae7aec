/* What lies over the list: a line of input, a menu, a page of text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "panes.h"
#include "ui.h"

static void menu_clear(struct ui *ui)
{
	for (size_t i = 0; i < ui->n_menu_items; i++)
		free(ui->menu_items[i].text);
	free(ui->menu_items);
	ui->menu_items = NULL;
	ui->n_menu_items = 0;
	ui->menu_selected = 0;
}

void dialogue_close(struct ui *ui)
{
	menu_clear(ui);
	ui->dialogue = DIALOGUE_NONE;
}

void dialogue_open_input(struct ui *ui, enum dialogue dialogue)
{
	dialogue_close(ui);
	ui->input_len = 0;
	ui->input[0] = '\0';
	ui->dialogue = dialogue;
}

void dialogue_open_page(struct ui *ui, const char *title)
{
	dialogue_close(ui);
	snprintf(ui->page_title, sizeof(ui->page_title), "%s", title);
	ui->page_top = 0;
	ui->dialogue = DIALOGUE_PAGE;
}

static void add_item(struct ui *ui, uint32_t value, struct text *text)
{
	ui->menu_items = mem_grow(ui->menu_items, ui->n_menu_items + 1, sizeof(*ui->menu_items));
	ui->menu_items[ui->n_menu_items++] =
		(struct menu_item){.text = text_take(text), .value = value};
}

static void fill_sort(struct ui *ui)
{
	for (uint32_t i = 0; i < COLUMNS_N; i++) {
		struct text text = {0};

		text_printf(&text, "%-7s %s", columns[i].title, columns[i].help);
		if (i == ui->sorts[ui->view.mode])
			ui->menu_selected = i;
		add_item(ui, i, &text);
	}
}

static void fill_states(struct ui *ui)
{
	static const struct {
		char state;
		const char *what;
	} states[] = {
		{'\0', "all states"}, {'D', "uninterruptible"}, {'Z', "zombies"},
		{'T', "stopped"},     {'R', "running"},         {'S', "sleeping"},
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct text text = {0};
		size_t count = 0;

		for (size_t p = 0; p < ui->model->snap->n_procs; p++)
			count += !states[i].state ||
				 ui->model->snap->procs[p].state == states[i].state;
		text_printf(&text, "%c %-16s %zu", states[i].state ? states[i].state : ' ',
			    states[i].what, count);
		add_item(ui, (uint32_t)states[i].state, &text);
	}
}

/* A user with how many processes. */
struct user_count {
	uint32_t uid;
	size_t count;
	UT_hash_handle hh;
};

static int by_count(const void *a, const void *b)
{
	const struct user_count *x = a;
	const struct user_count *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static int compare_users(struct user_count *a, struct user_count *b)
{
	return by_count(a, b);
}

static void fill_users(struct ui *ui)
{
	struct user_count *counts = NULL;
	struct user_count *entry, *next;
	struct text text = {0};

	text_add(&text, "all users");
	add_item(ui, UINT32_MAX, &text);
	for (size_t i = 0; i < ui->model->snap->n_procs; i++) {
		uint32_t uid = ui->model->snap->procs[i].facts->uid;

		HASH_FIND(hh, counts, &uid, sizeof(uid), entry);
		if (!entry) {
			entry = mem_new(1, sizeof(*entry));
			entry->uid = uid;
			HASH_ADD(hh, counts, uid, sizeof(entry->uid), entry);
		}
		entry->count++;
	}
	HASH_SORT(counts, compare_users);
	HASH_ITER (hh, counts, entry, next) {
		const char *name = users_find_name(ui->users, entry->uid);

		if (name)
			text_printf(&text, "%-16s %zu", name, entry->count);
		else
			text_printf(&text, "%-16u %zu", entry->uid, entry->count);
		if (entry->uid != UINT32_MAX)
			add_item(ui, entry->uid, &text);
		text_clear(&text);
		HASH_DEL(counts, entry);
		free(entry);
	}
	text_done(&text);
}

void dialogue_open_menu(struct ui *ui, enum menu menu)
{
	dialogue_close(ui);
	if (!ui->model)
		return;
	ui->menu = menu;
	ui->dialogue = DIALOGUE_MENU;
	switch (menu) {
	case MENU_SORT:
		fill_sort(ui);
		break;
	case MENU_STATES:
		fill_states(ui);
		break;
	case MENU_USERS:
		fill_users(ui);
		break;
	}
}

static void apply_menu(struct ui *ui)
{
	uint32_t value = ui->menu_items[ui->menu_selected].value;
	enum view_mode mode = ui->view.mode;

	switch (ui->menu) {
	case MENU_SORT:
		ui->sorts[mode] = (enum column_id)value;
		ui->ascending[mode] = !(columns[value].flags & COL_DESC);
		break;
	case MENU_STATES:
		ui->states[0] = (char)value;
		break;
	case MENU_USERS:
		ui->view.uid = value;
		break;
	}
	dialogue_close(ui);
	ui_refresh(ui);
}

/* Moves within [0, n) by a key; returns the new place. */
static size_t move(uint32_t key, size_t at, size_t n, size_t page)
{
	size_t last = n > 0 ? n - 1 : 0;

	switch (key) {
	case KEY_CODE_UP:
	case 'k':
		return at > 0 ? at - 1 : 0;
	case KEY_CODE_DOWN:
	case 'j':
		return at < last ? at + 1 : last;
	case KEY_CODE_PAGE_UP:
		return at > page ? at - page : 0;
	case KEY_CODE_PAGE_DOWN:
	case ' ':
		return at + page < last ? at + page : last;
	case KEY_CODE_HOME:
	case 'g':
		return 0;
	case KEY_CODE_END:
	case 'G':
		return last;
	default:
		return at;
	}
}

static void handle_menu(struct ui *ui, const struct event *event)
{
	uint32_t key = event->type == EVENT_WHEEL_UP     ? KEY_CODE_UP
		       : event->type == EVENT_WHEEL_DOWN ? KEY_CODE_DOWN
		       : event->type == EVENT_KEY        ? event->key
							 : KEY_CODE_NONE;

	if (key == KEY_CODE_ENTER)
		apply_menu(ui);
	else if (key == KEY_CODE_ESCAPE || key == 'q' || key == KEY_CODE_F10)
		dialogue_close(ui);
	else
		ui->menu_selected =
			move(key, ui->menu_selected, ui->n_menu_items, (size_t)ui_list_height(ui));
}

static size_t page_lines(const struct ui *ui)
{
	size_t lines = 0;

	for (size_t i = 0; i < ui->page.len; i++)
		lines += ui->page.data[i] == '\n';
	return lines;
}

static void handle_page(struct ui *ui, const struct event *event)
{
	uint32_t key = event->type == EVENT_WHEEL_UP     ? KEY_CODE_UP
		       : event->type == EVENT_WHEEL_DOWN ? KEY_CODE_DOWN
		       : event->type == EVENT_KEY        ? event->key
							 : KEY_CODE_NONE;

	switch (key) {
	case KEY_CODE_ESCAPE:
	case KEY_CODE_ENTER:
	case KEY_CODE_F1:
	case KEY_CODE_F10:
	case 'q':
	case 'h':
	case '?':
		dialogue_close(ui);
		break;
	default:
		ui->page_top = move(key, ui->page_top, page_lines(ui),
				    ui->height > 3 ? (size_t)ui->height - 3 : 1);
	}
}

/* Adds a character, as UTF-8. */
static void type(struct ui *ui, uint32_t code)
{
	char bytes[4];
	size_t n = 0;

	if (code < 0x80) {
		bytes[n++] = (char)code;
	} else if (code < 0x800) {
		bytes[n++] = (char)(0xc0 | code >> 6);
		bytes[n++] = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		bytes[n++] = (char)(0xe0 | code >> 12);
		bytes[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		bytes[n++] = (char)(0x80 | (code & 0x3f));
	} else {
		bytes[n++] = (char)(0xf0 | code >> 18);
		bytes[n++] = (char)(0x80 | (code >> 12 & 0x3f));
		bytes[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		bytes[n++] = (char)(0x80 | (code & 0x3f));
	}
	if (ui->input_len + n > INPUT_MAX)
		return;
	memcpy(ui->input + ui->input_len, bytes, n);
	ui->input_len += n;
	ui->input[ui->input_len] = '\0';
}

static void erase(struct ui *ui)
{
	while (ui->input_len > 0) {
		bool is_start = ((unsigned char)ui->input[--ui->input_len] & 0xc0) != 0x80;

		ui->input[ui->input_len] = '\0';
		if (is_start)
			break;
	}
}

/* The query for what is typed; NULL when nothing is, or when it is not finished yet, which the
 * message then says. */
static struct query *typed_query(struct ui *ui)
{
	struct query *query = NULL;
	struct text error = {0};

	if (ui->input_len > 0 && query_new(ui->input, &error, &query) != 0)
		ui_say(ui, true, "%s", text_str(&error));
	text_done(&error);
	return query;
}

/* Both show what they do while one types. Returns whether what is typed means something. */
static bool apply_input(struct ui *ui)
{
	struct query *query = typed_query(ui);

	if (ui->input_len > 0 && !query)
		return false;
	if (ui->dialogue == DIALOGUE_FILTER) {
		query_free(ui->filter);
		ui->filter = query;
		ui_refresh(ui);
		return true;
	}
	query_free(ui->search);
	ui->search = query;
	if (query && !ui_search(ui, true, true))
		ui_say(ui, true, "nothing matches");
	return true;
}

static void handle_input(struct ui *ui, const struct event *event)
{
	if (event->type != EVENT_KEY)
		return;
	switch (event->key) {
	case KEY_CODE_ENTER:
		if (apply_input(ui))
			dialogue_close(ui);
		break;
	case KEY_CODE_ESCAPE:
		ui->input_len = 0;
		ui->input[0] = '\0';
		apply_input(ui);
		dialogue_close(ui);
		break;
	case KEY_CODE_BACKSPACE:
		erase(ui);
		apply_input(ui);
		break;
	case KEY_CODE_UP:
	case KEY_CODE_DOWN:
	case KEY_CODE_F3:
		if (ui->dialogue == DIALOGUE_SEARCH)
			ui_search(ui, event->key != KEY_CODE_UP, false);
		break;
	default:
		if (event->key < ' ' || event->key == 0x7f || event->key >= KEY_CODE_NONE)
			return;
		type(ui, event->key);
		apply_input(ui);
	}
}

void dialogue_handle(struct ui *ui, const struct event *event)
{
	switch (ui->dialogue) {
	case DIALOGUE_SEARCH:
	case DIALOGUE_FILTER:
		handle_input(ui, event);
		break;
	case DIALOGUE_MENU:
		handle_menu(ui, event);
		break;
	case DIALOGUE_PAGE:
		handle_page(ui, event);
		break;
	case DIALOGUE_NONE:
		break;
	}
}
