#include "keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"
#include "commands.h"

enum { CTRL_L = 'l' & 0x1f };

/* clang-format off */
const struct ui_command ui_commands[] = {
	{"help",         {KEY_CODE_F1, 'h', '?'},     command_help,            "Help",   "this help"},
	{"setup",        {KEY_CODE_F2, 'S'},          command_setup,           "Setup",  "columns, theme, thresholds: change them, and keep them in the configuration"},
	{"up",           {KEY_CODE_UP},               command_up,              NULL,     "one row up"},
	{"down",         {KEY_CODE_DOWN},             command_down,            NULL,     "one row down"},
	{"page-up",      {KEY_CODE_PAGE_UP},          command_page_up,         NULL,     "one page up"},
	{"page-down",    {KEY_CODE_PAGE_DOWN},        command_page_down,       NULL,     "one page down"},
	{"first",        {KEY_CODE_HOME, 'g'},        command_first,           NULL,     "to the first row"},
	{"last",         {KEY_CODE_END, 'G'},         command_last,            NULL,     "to the last row"},
	{"open",         {KEY_CODE_RIGHT, '+', '='},  command_open,            NULL,     "open an owner or a tree; on an open row: to the first below it"},
	{"close",        {KEY_CODE_LEFT, '-'},        command_close,           NULL,     "close it; on a closed row: to the row it hangs on"},
	{"toggle-all",   {'*'},                       command_toggle_all,      NULL,     "open everything, or close it again"},
	{"shallower",    {'{'},                       command_shallower,       NULL,     "close everything but for one level less"},
	{"deeper",       {'}'},                       command_deeper,          NULL,     "open everything down to one level more"},
	{"tag",          {' '},                       command_tag,             "Tag",     "tag the row, or untag it, and go down: what acts on rows acts on the tagged ones"},
	{"tag-tree",     {'c'},                       command_tag_tree,        NULL,     "tag the row with all below it, also what comes there later"},
	{"untag-all",    {'U'},                       command_untag_all,       NULL,     "untag everything"},
	{"details",      {KEY_CODE_ENTER},            command_details,         "Details", "all about a row, and why it has this owner"},
	{"save",         {'w'},                       command_save,            NULL,     "write what is shown to a file"},
	{"environment",  {'e'},                       command_environment,     NULL,     "the environment of a process, by name; a value only when it is asked for"},
	{"search",       {KEY_CODE_F3, '/'},          command_search,          "Search", "search: a regular expression; the selection goes to the first row that matches"},
	{"next",         {'n'},                       command_search_next,     NULL,     "next match"},
	{"previous",     {'N'},                       command_search_previous, NULL,     "previous match"},
	{"filter",       {KEY_CODE_F4, '\\'},         command_filter,          "Filter", "filter: a regular expression, ! in front negates; what is above and below a match stays"},
	{"pid",          {'#'},                       command_pid,             NULL,     "go to a process by its id"},
	{"tree",         {KEY_CODE_F5, 't'},          command_tree,            "Tree",   "owners, or the whole process tree"},
	{"sort",         {KEY_CODE_F6, '>', '<'},     command_sort,            "Sort",   "choose what to sort by"},
	{"invert",       {'I'},                       command_invert,          NULL,     "turn the order round"},
	{"sort-cpu",     {'P'},                       command_sort_cpu,        NULL,     "sort by CPU"},
	{"sort-memory",  {'M'},                       command_sort_memory,     NULL,     "sort by memory"},
	{"sort-age",     {'T'},                       command_sort_age,        NULL,     "sort by age"},
	{"sort-growth",  {'r'},                       command_sort_growth,     NULL,     "sort by growth"},
	{"states",       {'s'},                       command_states,          "State",  "only processes in one state: D, Z, T, R, with what is above and below in their owner"},
	{"nice-less",    {KEY_CODE_F7},               command_less_nice,       "Nice-",   "give what is tagged or selected, with all below it, more CPU: nice -1; root only"},
	{"nice-more",    {KEY_CODE_F8},               command_nicer,           "Nice+",   "give it less CPU: nice +1"},
	{"io",           {'i'},                       command_io,              NULL,      "choose the class of its I/O: real-time, best-effort, idle"},
	{"kill",         {KEY_CODE_F9, 'k'},          command_kill,            "Kill",    "end what is tagged or selected, with all below it: the plan comes first"},
	{"users",        {'u'},                       command_users,           "User",     "only one user's processes, with what is above and below in their owner"},
	{"follow",       {'F'},                       command_follow,          NULL,     "keep the selected row in view wherever it moves"},
	{"pause",        {'Z'},                       command_pause,           "Pause",  "stop and go on taking in new samples; in a replay: play, or stand"},
	{"step",         {'.'},                       command_step_forwards,   NULL,     "replay: to the next moment"},
	{"step-back",    {','},                       command_step_back,       NULL,     "replay: to the moment before"},
	{"verdict",      {')'},                       command_next_verdict,    NULL,     "replay: to where the verdict changes next"},
	{"verdict-back", {'('},                       command_previous_verdict, NULL,    "replay: to where it changed before"},
	{"faster",       {']'},                       command_faster,          NULL,     "replay: play faster"},
	{"slower",       {'['},                       command_slower,          NULL,     "replay: play slower"},
	{"go-to",        {'J'},                       command_go_to,           NULL,     "replay: to a time: 14:10, -5m, +30s, first, last; a click on the timeline goes there too"},
	{"notes",        {'!'},                       command_notes,           NULL,     "what could not be seen of this machine, and who reads the processes"},
	{"redraw",       {CTRL_L},                    command_redraw,          NULL,     "draw the whole screen again"},
	{"clear",        {KEY_CODE_ESCAPE},           command_clear,           NULL,     "drop the search and all filters"},
	{"quit",         {KEY_CODE_F10, 'q'},         command_quit,            "Quit",   "quit"},
	{NULL,           {0},                         NULL,                    NULL,     NULL},
};

static const struct {
	uint32_t key;
	const char *name;
} key_names[] = {
	{KEY_CODE_UP, "Up"},           {KEY_CODE_DOWN, "Down"},     {KEY_CODE_LEFT, "Left"},
	{KEY_CODE_RIGHT, "Right"},     {KEY_CODE_PAGE_UP, "PgUp"},  {KEY_CODE_PAGE_DOWN, "PgDn"},
	{KEY_CODE_HOME, "Home"},       {KEY_CODE_END, "End"},       {KEY_CODE_INSERT, "Ins"},
	{KEY_CODE_DELETE, "Del"},      {KEY_CODE_ENTER, "Enter"},   {KEY_CODE_ESCAPE, "Esc"},
	{KEY_CODE_BACKSPACE, "Backspace"}, {' ', "Space"},          {'\t', "Tab"},
	{';', "Semicolon"},
};
/* clang-format on */

struct binding {
	uint32_t key;
	const struct ui_command *command;
};

/* In the order in which keys are named. */
struct keymap {
	struct binding *bindings;
	size_t n;
};

static void bind(struct keymap *keymap, uint32_t key, const struct ui_command *command)
{
	keymap->bindings = mem_grow(keymap->bindings, keymap->n + 1, sizeof(*keymap->bindings));
	keymap->bindings[keymap->n++] = (struct binding){.key = key, .command = command};
}

/* Drops what a key is bound to, or (key 0) all keys of a command. */
static void unbind(struct keymap *keymap, uint32_t key, const struct ui_command *command)
{
	size_t kept = 0;

	for (size_t i = 0; i < keymap->n; i++) {
		const struct binding *binding = &keymap->bindings[i];

		if (key ? binding->key != key : binding->command != command)
			keymap->bindings[kept++] = *binding;
	}
	keymap->n = kept;
}

struct keymap *keymap_new(void)
{
	struct keymap *keymap = mem_new(1, sizeof(*keymap));

	for (const struct ui_command *command = ui_commands; command->name; command++) {
		for (size_t i = 0; i < KEYS_OF_COMMAND && command->keys[i]; i++)
			bind(keymap, command->keys[i], command);
	}
	return keymap;
}

void keymap_free(struct keymap *keymap)
{
	if (!keymap)
		return;
	free(keymap->bindings);
	free(keymap);
}

const struct ui_command *keymap_find(const struct keymap *keymap, uint32_t key)
{
	for (size_t i = 0; i < keymap->n; i++) {
		if (keymap->bindings[i].key == key)
			return keymap->bindings[i].command;
	}
	return NULL;
}

uint32_t keymap_first(const struct keymap *keymap, const struct ui_command *command)
{
	for (size_t i = 0; i < keymap->n; i++) {
		if (keymap->bindings[i].command == command)
			return keymap->bindings[i].key;
	}
	return 0;
}

void key_add_name(struct text *out, uint32_t key)
{
	for (size_t i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++) {
		if (key_names[i].key == key) {
			text_add(out, key_names[i].name);
			return;
		}
	}
	if (key >= KEY_CODE_F1 && key <= KEY_CODE_F12)
		text_printf(out, "F%u", (unsigned)(key - KEY_CODE_F1) + 1);
	else if (key < ' ')
		text_printf(out, "Ctrl-%c", (char)(key + '@'));
	else if (key < KEY_CODE_NONE)
		safe_encode(out, key);
}

static bool is_word(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(name, word, len) == 0;
}

uint32_t key_parse(const char *name, size_t len)
{
	uint32_t code;

	for (uint32_t key = KEY_CODE_F1; key <= KEY_CODE_F12; key++) {
		struct text word = {0};
		bool is_it;

		key_add_name(&word, key);
		is_it = is_word(name, len, text_str(&word));
		text_done(&word);
		if (is_it)
			return key;
	}
	for (size_t i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++) {
		if (is_word(name, len, key_names[i].name))
			return key_names[i].key;
	}
	if (len == 6 && strncasecmp(name, "Ctrl-", 5) == 0 && (name[5] | 0x20) >= 'a' &&
	    (name[5] | 0x20) <= 'z')
		return (uint32_t)name[5] & 0x1f;
	return safe_decode(name, len, &code) == len && safe_char_width(code) > 0 ? code : 0;
}

/* "F3 /": what a command's line in [keys] says. */
static int parse_keys(const char *value, uint32_t keys[KEYS_OF_COMMAND], struct text *error)
{
	size_t n = 0;

	if (strcmp(value, "none") == 0)
		return 0;
	for (value += strspn(value, " \t"); *value; value += strspn(value, " \t")) {
		size_t len = strcspn(value, " \t");

		if (n == KEYS_OF_COMMAND) {
			text_printf(error, "a command has at most %d keys", KEYS_OF_COMMAND);
			return -EINVAL;
		}
		keys[n] = key_parse(value, len);
		if (keys[n] == 0) {
			text_printf(error,
				    "unknown key '%.*s'; keys are characters, F1 to F12, "
				    "Ctrl-L and names such as Space, Enter, PgUp",
				    (int)len, value);
			return -EINVAL;
		}
		n++;
		value += len;
	}
	return 0;
}

int keymap_set(struct keymap *keymap, const char *name, const char *value, struct text *error)
{
	const struct ui_command *command = ui_commands;
	uint32_t keys[KEYS_OF_COMMAND] = {0};
	int rc;

	while (command->name && strcmp(command->name, name) != 0)
		command++;
	if (!command->name) {
		text_printf(error, "unknown command '%s'; see clade list keys", name);
		return -EINVAL;
	}
	rc = parse_keys(value, keys, error);
	if (rc != 0)
		return rc;
	unbind(keymap, 0, command);
	for (size_t i = 0; i < KEYS_OF_COMMAND && keys[i]; i++) {
		unbind(keymap, keys[i], NULL);
		bind(keymap, keys[i], command);
	}
	return 0;
}

void keymap_add_names(struct text *out, const struct keymap *keymap,
		      const struct ui_command *command)
{
	const char *blank = "";

	for (size_t i = 0; i < keymap->n; i++) {
		if (keymap->bindings[i].command != command)
			continue;
		text_add(out, blank);
		key_add_name(out, keymap->bindings[i].key);
		blank = " ";
	}
}

static void add_lines(struct text *out, const struct keymap *keymap, bool with_names)
{
	for (const struct ui_command *command = ui_commands; command->name; command++) {
		struct text names = {0};

		keymap_add_names(&names, keymap, command);
		if (with_names)
			text_printf(out, "%-15s  ", command->name);
		text_printf(out, "%-10s  %s\n", text_str(&names), command->help);
		text_done(&names);
	}
}

void keymap_add_help(struct text *out, const struct keymap *keymap)
{
	add_lines(out, keymap, false);
}

void keys_list(struct text *out)
{
	struct keymap *keymap = keymap_new();

	add_lines(out, keymap, true);
	keymap_free(keymap);
}
