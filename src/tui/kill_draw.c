/* What the kill dialogue shows. */
#include "kill.h"

#include <string.h>

#include "clade/safe.h"
#include "clade/units.h"

enum { INDENT = 6 }; /* of what a line goes on with */

/* How much of a line fits, at a space where there is one. */
static size_t piece_of(const char *line, int room)
{
	size_t fits = safe_fit(line, room > 1 ? (size_t)room : 1, NULL);
	size_t end = fits;

	if (!line[fits])
		return fits;
	while (end > 0 && line[end] != ' ')
		end--;
	return end > 0 ? end : fits;
}

/* A line, in as many rows as it needs; the first of `skip` are above the screen. */
static int draw_line(struct cells *cells, const char *line, int row, int bottom, size_t *skip)
{
	bool is_warning = strncmp(line, "Note:", 5) == 0 || strncmp(line, "Comes back:", 11) == 0;
	struct text piece = {0};
	int column = 1;

	while (*line && row < bottom) {
		size_t len = piece_of(line, cells->columns - column);

		if (len == 0)
			break;
		text_clear(&piece);
		text_add_bytes(&piece, line, len);
		line += len + (line[len] == ' ');
		if (*skip > 0)
			--*skip;
		else
			cells_put(cells, row++, column, cells->columns - column,
				  is_warning ? STYLE_WARN : STYLE_NORMAL, text_str(&piece));
		column = 1 + INDENT;
	}
	text_done(&piece);
	return row;
}

static void draw_lines(const struct kill *kill, struct cells *cells, int row, int bottom)
{
	const char *at = text_str(&kill->lines);
	struct text line = {0};
	size_t skip = kill->top;

	while (*at && row < bottom) {
		size_t len = strcspn(at, "\n");

		text_clear(&line);
		text_add_bytes(&line, at, len);
		at += len + (at[len] == '\n');
		row = draw_line(cells, text_str(&line), row, bottom, &skip);
	}
	text_done(&line);
}

static void draw_question(const struct kill *kill, struct cells *cells, int row)
{
	const char *name = signal_get(kill->signal)->name;
	struct text line = {0};

	if (kill->plan->n_steps == 0 && kill->plan->n_reapers > 0)
		text_add(&line,
			 "c sends SIGCHLD to the parent, so that it reaps; p ends the parent");
	else if (kill->plan->n_steps == 0)
		text_add(&line, "Nothing of this can be signalled");
	else if (plan_needs_count(kill->plan))
		text_printf(&line, "Type %zu and Enter to send %s: %s_", kill->plan->n_steps, name,
			    kill->input.text);
	else
		text_printf(&line, "Enter sends %s", name);
	cells_put(cells, row, 1, cells->columns - 1, STYLE_ALARM, text_str(&line));
	text_done(&line);
}

static void draw_signals(const struct kill *kill, struct cells *cells, int bottom)
{
	size_t height = (size_t)(bottom > 2 ? bottom - 2 : 1);
	size_t top = kill->signal_at >= height ? kill->signal_at - height + 1 : 0;
	struct text line = {0};

	for (size_t i = top; signal_rows[i].name && i < top + height; i++) {
		text_clear(&line);
		text_printf(&line, "%-7s %2d  %s", signal_rows[i].name, signal_rows[i].number,
			    signal_rows[i].help);
		cells_put(cells, 2 + (int)(i - top), 1, cells->columns - 1, STYLE_NORMAL,
			  text_str(&line));
		if (i == kill->signal_at)
			cells_paint(cells, 2 + (int)(i - top), 0, cells->columns, STYLE_SELECTED);
	}
	text_done(&line);
}

static void draw_figure(struct cells *cells, int row, const char *what, size_t n)
{
	char number[UNITS_LEN];
	struct text line = {0};

	text_printf(&line, "%10s  %s", units_count(number, n), what);
	cells_put(cells, row, 1, cells->columns - 1, STYLE_NORMAL, text_str(&line));
	text_done(&line);
}

void kill_draw_progress(struct cells *cells, int signal, const struct execute_progress *progress)
{
	struct text line = {0};

	text_printf(&line, "%s: %s", signal_get(signal)->name, execute_phase_name(progress->phase));
	if (progress->phase == EXECUTE_GRACE)
		text_printf(&line, ", SIGKILL to what is left in %.0f s", progress->grace_left_s);
	cells_put(cells, 2, 1, cells->columns - 1, STYLE_VALUE, text_str(&line));
	draw_figure(cells, 4, "stopped", progress->stopped);
	draw_figure(cells, 5, "signalled", progress->signalled);
	draw_figure(cells, 6, "gone", progress->gone);
	draw_figure(cells, 7, "left", progress->left);
	draw_figure(cells, 8, "found later", progress->newcomers);
	draw_figure(cells, 9, "looks", progress->looks);
	text_done(&line);
}

static void draw_message(const struct ui *ui, struct cells *cells, int row)
{
	if (ui->message[0])
		cells_put(cells, row, 1, cells->columns - 1, STYLE_ALARM, ui->message);
}

void kill_draw(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	const struct kill *kill = ui->dialogue_state;
	int bottom = layout->footer_row >= 0 ? layout->footer_row : cells->rows;
	struct execute_progress progress;

	switch (kill->stage) {
	case STAGE_ASK:
		dialogue_draw_title(cells, "Kill: the plan");
		draw_lines(kill, cells, 1, bottom - 2);
		draw_message(ui, cells, bottom - 2);
		draw_question(kill, cells, bottom - 1);
		break;
	case STAGE_SIGNALS:
		dialogue_draw_title(cells, "Kill: another signal");
		draw_signals(kill, cells, bottom);
		break;
	case STAGE_TELL:
		dialogue_draw_title(cells, "Kill: telling the supervisor");
		cells_put(cells, 2, 1, cells->columns - 1, STYLE_NORMAL,
			  kill->told < kill->supervisors->n
				  ? kill->supervisors->items[kill->told].sentence
				  : "");
		break;
	case STAGE_RUN:
		dialogue_draw_title(cells, "Kill: at it");
		execute_progress(kill->execution, &progress);
		kill_draw_progress(cells, kill->signal, &progress);
		break;
	case STAGE_RESULT:
		dialogue_draw_title(cells, "Kill: the result");
		draw_lines(kill, cells, 2, bottom - 1);
		draw_message(ui, cells, bottom - 1);
		break;
	}
}

void kill_draw_footer(const struct ui *ui, struct cells *cells, int row)
{
	static const struct dialogue_key of_owners[] = {{"Enter", "Send"}, {"Esc", "Leave it"},
							{"F9", "Signal"},  {"n", "Nested"},
							{"Up/Dn", "Move"}, {0}};
	static const struct dialogue_key of_many[] = {{"Enter", "Send"}, {"Esc", "Leave it"},
						      {"F9", "Signal"},  {"a", "Alike"},
						      {"Up/Dn", "Move"}, {0}};
	static const struct dialogue_key of_nobody[] = {
		{"Esc", "Leave it"}, {"F9", "Signal"}, {"Up/Dn", "Move"}, {0}};
	static const struct dialogue_key keys[][5] = {
		[STAGE_ASK] = {{"Enter", "Send"},
			       {"Esc", "Leave it"},
			       {"F9", "Signal"},
			       {"Up/Dn", "Move"}},
		[STAGE_SIGNALS] = {{"Enter", "Choose"}, {"Up/Dn", "Move"}, {"Esc", "Back"}},
		[STAGE_TELL] = {{"Esc", "Stop waiting"}},
		[STAGE_RUN] = {{"Esc", "Cancel: what was stopped goes on"}},
		[STAGE_RESULT] = {{"Esc", "Close"}, {"Up/Dn", "Move"}},
	};
	const struct kill *kill = ui->dialogue_state;
	const struct dialogue_key *shown = keys[kill->stage];

	if (kill->stage == STAGE_ASK && kill_has_owners(kill))
		shown = of_owners;
	else if (kill->stage == STAGE_ASK && kill->plan->has_alike)
		shown = of_many;
	else if (kill->stage == STAGE_ASK && kill->plan->n_steps == 0)
		shown = of_nobody;
	dialogue_draw_keys(cells, row, shown);
}
