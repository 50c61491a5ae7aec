/* What could not be seen, on the screen: who reads it shall not take it for the whole. */
#include <math.h>
#include <string.h>

#include "clade/safe.h"
#include "commands.h"
#include "panes.h"
#include "ui.h"

enum { SIGN_WIDE = 120 }; /* columns of a screen on which the sign has its word */

static size_t notes_of(const struct ui *ui)
{
	return ui->model ? ui->model->snap->n_notes : 0;
}

/* The key that shows them all; nothing when there is none. */
static void add_key(struct text *out, const struct ui *ui)
{
	for (const struct ui_command *command = ui_commands; command->name; command++) {
		if (command->run == command_notes && keymap_first(ui->keymap, command))
			key_add_name(out, keymap_first(ui->keymap, command));
	}
}

void draw_note(const struct ui *ui, struct cells *cells, int row)
{
	struct text line = {0};

	if (row < 0 || notes_of(ui) == 0)
		return;
	text_add(&line, "Not seen: ");
	safe_add(&line, ui->model->snap->notes[0], strlen(ui->model->snap->notes[0]));
	cells_put_cut(cells, row, 0, cells->columns, STYLE_WARN, text_str(&line), ui->is_ascii);
	text_done(&line);
}

int draw_note_sign(const struct ui *ui, struct cells *cells, int row)
{
	struct text sign = {0};
	int width;

	if (notes_of(ui) == 0)
		return 0;
	text_add_char(&sign, ' ');
	add_key(&sign, ui);
	text_printf(&sign, cells->columns >= SIGN_WIDE ? " %zu NOT SEEN " : "%zu ", notes_of(ui));
	width = (int)safe_width(text_str(&sign));
	if (width > cells->columns / 4)
		width = 0;
	cells_put(cells, row, cells->columns - width, width, STYLE_ALERT, text_str(&sign));
	text_done(&sign);
	return width;
}

static void add_sentence(struct text *page, const char *label, const char *sentence)
{
	text_printf(page, "%-12s  ", label);
	safe_add(page, sentence, strlen(sentence));
	text_add_char(page, '\n');
}

void command_notes(struct ui *ui)
{
	const struct snapshot *snap;

	if (!ui->model)
		return;
	snap = ui->model->snap;
	text_clear(&ui->page);
	add_sentence(&ui->page, "collector", ui->collector ? ui->collector : "none: a recording");
	if (ui->collector)
		add_sentence(&ui->page, "", ui->collector_why);
	text_printf(&ui->page, "%-12s  %zu processes", "sample", snap->n_procs);
	if (!isnan(snap->cost_s))
		text_printf(&ui->page, ", read in %.0f ms", snap->cost_s * 1000);
	text_add_char(&ui->page, '\n');
	text_add_char(&ui->page, '\n');
	for (size_t i = 0; i < snap->n_notes; i++)
		add_sentence(&ui->page, "not seen", snap->notes[i]);
	if (snap->n_notes == 0)
		add_sentence(&ui->page, "not seen", "nothing that is known of");
	page_open(ui, "What is seen");
}
