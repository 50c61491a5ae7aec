/* The environment of a process: names; a value only when it is asked for, and never in read-only
 * mode. Values are read when they are asked for and kept nowhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/inspect.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "commands.h"
#include "dialogue.h"
#include "panes.h"
#include "ui.h"

enum { MARGIN = 2, LINES_OVER = 3 /* the title, the line below it, the footer */ };

struct environment {
	struct proc_key key;
	struct text names; /* raw, each ended by NUL */
	size_t n;
	size_t selected;
	struct text value; /* of the selected one, harmless; empty: not asked for */
	const char *note;  /* what these names are */
	char title[60];
};

static void close_environment(struct ui *ui)
{
	struct environment *environment = ui->dialogue_state;

	text_done(&environment->names);
	text_done(&environment->value);
	free(environment);
}

/* The name at a place; the next one starts behind its NUL. */
static const char *name_at(const struct environment *environment, size_t at)
{
	const char *name = text_str(&environment->names);

	while (at-- > 0)
		name += strlen(name) + 1;
	return name;
}

/* Keeps the names of a block of "NAME=value". */
static void take_names(struct environment *environment, const char *block, size_t len)
{
	const char *end = block + len;

	while (block < end) {
		size_t whole = strnlen(block, (size_t)(end - block));
		const char *equals = memchr(block, '=', whole);

		if (equals && equals > block) {
			text_add_bytes(&environment->names, block, (size_t)(equals - block));
			text_add_bytes(&environment->names, "", 1);
			environment->n++;
		}
		block += whole + 1;
	}
}

/* The value is read anew, and only it is kept. */
static void show_value(struct ui *ui)
{
	struct environment *environment = ui->dialogue_state;
	struct text block = {0};
	const char *name = name_at(environment, environment->selected);
	size_t len = strlen(name);
	int rc;

	text_clear(&environment->value);
	if (ui->is_readonly) {
		ui_say(ui, true, "read-only: values are not shown");
		return;
	}
	rc = inspect_environment(environment->key, &block);
	for (size_t at = 0; rc == 0 && at < block.len;) {
		const char *entry = block.data + at;
		size_t whole = strnlen(entry, block.len - at);

		if (whole > len && entry[len] == '=' && strncmp(entry, name, len) == 0) {
			safe_add(&environment->value, entry + len + 1, whole - len - 1);
			if (environment->value.len == 0)
				text_add(&environment->value, "(empty)");
			break;
		}
		at += whole + 1;
	}
	if (block.data)
		explicit_bzero(block.data, block.len);
	text_done(&block);
	if (rc != 0)
		ui_say(ui, true, "its environment cannot be read: %s", strerror(-rc));
}

static void forget_value(struct environment *environment)
{
	if (environment->value.data)
		explicit_bzero(environment->value.data, environment->value.len);
	text_clear(&environment->value);
}

static size_t visible_lines(const struct ui *ui)
{
	return ui->height > LINES_OVER ? (size_t)(ui->height - LINES_OVER) : 1;
}

static size_t top_line(const struct ui *ui, const struct environment *environment)
{
	size_t visible = visible_lines(ui);

	return environment->selected >= visible ? environment->selected - visible + 1 : 0;
}

static void handle_environment(struct ui *ui, const struct event *event)
{
	struct environment *environment = ui->dialogue_state;
	uint32_t key = dialogue_event_key(event);
	size_t at = environment->selected;

	if (dialogue_is_closing_key(key)) {
		dialogue_close(ui);
		return;
	}
	if (event->type == EVENT_CLICK && event->row >= 2)
		at = top_line(ui, environment) + (size_t)event->row - 2;
	else
		at = dialogue_move(key, at, environment->n, visible_lines(ui));
	if (at < environment->n && at != environment->selected) {
		forget_value(environment);
		environment->selected = at;
	}
	if ((key == KEY_CODE_ENTER || key == 'v') && environment->n > 0)
		show_value(ui);
}

static void draw_environment(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	const struct environment *environment = ui->dialogue_state;
	int bottom = layout->footer_row >= 0 ? layout->footer_row : cells->rows;
	size_t top = top_line(ui, environment);

	dialogue_draw_title(cells, environment->title);
	cells_put_cut(cells, 1, 0, cells->columns, STYLE_DIM, environment->note, ui->is_ascii);
	for (int row = 2; row < bottom && top + (size_t)row - 2 < environment->n; row++) {
		size_t at = top + (size_t)row - 2;
		bool is_selected = at == environment->selected;
		enum style style = is_selected ? STYLE_DIALOGUE_SELECTED : STYLE_DIALOGUE;
		const char *raw = name_at(environment, at);
		struct text name = {0};

		safe_add(&name, raw, strlen(raw));
		if (is_selected && environment->value.len > 0)
			text_printf(&name, " = %s", text_str(&environment->value));
		cells_paint(cells, row, 0, cells->columns, style);
		cells_put_cut(cells, row, MARGIN, cells->columns - MARGIN, style, text_str(&name),
			      ui->is_ascii);
		text_done(&name);
	}
}

static const struct dialogue_key environment_keys[] = {
	{"Esc", "Close"}, {"Enter", "Value"}, {"Up/Dn", "Move"}, {NULL, NULL}};

static const struct dialogue dialogue_environment = {
	.handle = handle_environment,
	.draw = draw_environment,
	.keys = environment_keys,
	.close = close_environment,
};

/* What stands in the snapshot: the markers of owners, by name. */
static void take_markers(struct environment *environment, const struct facts *facts)
{
	take_names(environment, facts->markers, facts->markers_len);
	if (facts->env == ENV_DENIED)
		environment->note = "its environment is not readable: not your process";
	else if (facts->env == ENV_CLOBBERED)
		environment->note = "the program has overwritten its environment";
	else if (environment->n == 0)
		environment->note = "no owner markers in its environment";
	else
		environment->note = "the owner markers in its environment";
}

void command_environment(struct ui *ui)
{
	const struct row *row = ui_selected(ui);
	int32_t at = row ? row_proc(ui->model, &ui->rows, row) : NO_PROC;
	struct environment *environment;
	const struct process *proc;
	struct text block = {0};

	if (at == NO_PROC) {
		ui_say(ui, true, "only a process has an environment");
		return;
	}
	proc = &ui->model->snap->procs[at];
	environment = mem_new(1, sizeof(*environment));
	environment->key = process_key(proc);
	snprintf(environment->title, sizeof(environment->title), "Environment of pid %d",
		 proc->pid);
	if (proc->facts->env != ENV_CLOBBERED && ui->is_live &&
	    inspect_environment(environment->key, &block) == 0 && block.len > 0) {
		take_names(environment, block.data, block.len);
		explicit_bzero(block.data, block.len);
		environment->note = ui->is_readonly
					    ? "by name, as it was when the program was started"
					    : "by name, as it was when the program was started; "
					      "Enter shows a value";
	} else {
		take_markers(environment, proc->facts);
	}
	text_done(&block);
	dialogue_open(ui, &dialogue_environment, environment);
}
