/* A list to choose from: what to sort by, which states, whose processes. */
#include <stdlib.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "commands.h"
#include "dialogue.h"
#include "panes.h"
#include "ui.h"

enum { MENU_MARGIN = 2 };

struct item {
	char *text; /* the heap's */
	uint32_t value;
};

struct menu {
	const char *title;
	void (*apply)(struct ui *ui, uint32_t value);
	struct item *items;
	size_t n;
	size_t selected;
};

static void close_menu(struct ui *ui)
{
	struct menu *menu = ui->dialogue_state;

	for (size_t i = 0; i < menu->n; i++)
		free(menu->items[i].text);
	free(menu->items);
	free(menu);
}

static void apply(struct ui *ui)
{
	const struct menu *menu = ui->dialogue_state;
	uint32_t value = menu->items[menu->selected].value;
	void (*function)(struct ui * ui, uint32_t value) = menu->apply;

	dialogue_close(ui);
	function(ui, value);
	ui_refresh(ui);
}

/* Rows of items that fit, and the first of them. */
static size_t visible_items(const struct ui *ui, size_t *top)
{
	const struct menu *menu = ui->dialogue_state;
	struct layout layout = layout_of(ui);
	int height = ui->height - (layout.footer_row >= 0) - 1;
	size_t visible = height > 0 ? (size_t)height : 0;

	*top = menu->selected >= visible && visible > 0 ? menu->selected - visible + 1 : 0;
	return visible;
}

static void click_menu(struct ui *ui, const struct event *event)
{
	struct menu *menu = ui->dialogue_state;
	size_t top;
	size_t visible = visible_items(ui, &top);
	size_t line = (size_t)event->row - 1;

	if (event->row < 1 || line >= visible || top + line >= menu->n)
		return;
	menu->selected = top + line;
	apply(ui);
}

static void handle_menu(struct ui *ui, const struct event *event)
{
	struct menu *menu = ui->dialogue_state;
	uint32_t key = dialogue_event_key(event);

	if (event->type == EVENT_CLICK)
		click_menu(ui, event);
	else if (key == KEY_CODE_ENTER)
		apply(ui);
	else if (dialogue_is_closing_key(key))
		dialogue_close(ui);
	else
		menu->selected =
			dialogue_move(key, menu->selected, menu->n, (size_t)ui_list_height(ui));
}

static void draw_menu(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	const struct menu *menu = ui->dialogue_state;
	size_t top;
	size_t visible = visible_items(ui, &top);

	(void)layout;
	dialogue_draw_title(cells, menu->title);
	for (size_t i = 0; i < visible && top + i < menu->n; i++) {
		enum style style =
			top + i == menu->selected ? STYLE_DIALOGUE_SELECTED : STYLE_DIALOGUE;

		cells_paint(cells, (int)i + 1, 0, cells->columns, style);
		cells_put_cut(cells, (int)i + 1, MENU_MARGIN, cells->columns - MENU_MARGIN, style,
			      menu->items[top + i].text, ui->is_ascii);
	}
}

static const struct dialogue_key menu_keys[] = {
	{"Enter", "Choose"}, {"Esc", "Close"}, {"Up/Dn", "Move"}, {NULL, NULL}};

static const struct dialogue dialogue_menu = {
	.handle = handle_menu,
	.draw = draw_menu,
	.keys = menu_keys,
	.close = close_menu,
};

struct menu *menu_open(struct ui *ui, const char *title,
		       void (*function)(struct ui *ui, uint32_t value))
{
	struct menu *menu;

	if (!ui->model)
		return NULL;
	menu = mem_new(1, sizeof(*menu));
	menu->title = title;
	menu->apply = function;
	dialogue_open(ui, &dialogue_menu, menu);
	return menu;
}

void menu_add(struct menu *menu, uint32_t value, struct text *text, bool is_selected)
{
	menu->items = mem_grow(menu->items, menu->n + 1, sizeof(*menu->items));
	if (is_selected)
		menu->selected = menu->n;
	menu->items[menu->n++] = (struct item){.text = text_take(text), .value = value};
}

static void apply_sort(struct ui *ui, uint32_t value)
{
	ui->preferences.sorts[ui->view.mode] = (enum column_id)value;
	ui->ascending[ui->view.mode] = !(columns[value].flags & COL_DESC);
}

void command_sort(struct ui *ui)
{
	struct menu *menu = menu_open(ui, "Sort by", apply_sort);

	for (uint32_t i = 0; menu && i < COLUMNS_N; i++) {
		struct text text = {0};

		text_printf(&text, "%-7s %s", columns[i].title, columns[i].help);
		menu_add(menu, i, &text, i == ui->preferences.sorts[ui->view.mode]);
	}
}

static void apply_state(struct ui *ui, uint32_t value)
{
	ui->states[0] = (char)value;
}

static size_t count_state(const struct snapshot *snap, char state)
{
	size_t count = 0;

	for (size_t i = 0; i < snap->n_procs; i++)
		count += !state || snap->procs[i].state == state;
	return count;
}

void command_states(struct ui *ui)
{
	static const struct {
		char state;
		const char *what;
	} states[] = {
		{'\0', "all states"}, {'D', "uninterruptible"}, {'Z', "zombies"},
		{'T', "stopped"},     {'R', "running"},         {'S', "sleeping"},
	};
	struct menu *menu = menu_open(ui, "Show processes in state", apply_state);

	for (size_t i = 0; menu && i < sizeof(states) / sizeof(states[0]); i++) {
		struct text text = {0};

		text_printf(&text, "%c %-16s %zu", states[i].state ? states[i].state : ' ',
			    states[i].what, count_state(ui->model->snap, states[i].state));
		menu_add(menu, (uint32_t)states[i].state, &text, states[i].state == ui->states[0]);
	}
}

/* A user with how many processes. */
struct user_count {
	uint32_t uid;
	size_t count;
	UT_hash_handle hh;
};

static int compare_users(struct user_count *a, struct user_count *b)
{
	return (a->count < b->count) - (a->count > b->count);
}

static struct user_count *count_users(const struct snapshot *snap)
{
	struct user_count *counts = NULL;
	struct user_count *entry;

	for (size_t i = 0; i < snap->n_procs; i++) {
		uint32_t uid = snap->procs[i].facts->uid;

		HASH_FIND(hh, counts, &uid, sizeof(uid), entry);
		if (!entry) {
			entry = mem_new(1, sizeof(*entry));
			entry->uid = uid;
			HASH_ADD(hh, counts, uid, sizeof(entry->uid), entry);
		}
		entry->count++;
	}
	HASH_SORT(counts, compare_users);
	return counts;
}

static void apply_user(struct ui *ui, uint32_t value)
{
	ui->view.uid = value;
}

void command_users(struct ui *ui)
{
	struct menu *menu = menu_open(ui, "Show processes of", apply_user);
	struct user_count *counts;
	struct user_count *entry, *next;
	struct text text = {0};

	if (!menu)
		return;
	text_add(&text, "all users");
	menu_add(menu, UINT32_MAX, &text, true);
	counts = count_users(ui->model->snap);
	HASH_ITER (hh, counts, entry, next) {
		const char *name = users_find_name(ui->users, entry->uid);

		if (name)
			text_printf(&text, "%-16s %zu", name, entry->count);
		else
			text_printf(&text, "%-16u %zu", entry->uid, entry->count);
		if (entry->uid != UINT32_MAX)
			menu_add(menu, entry->uid, &text, entry->uid == ui->view.uid);
		text_clear(&text);
		HASH_DEL(counts, entry);
		free(entry);
	}
	text_done(&text);
}
