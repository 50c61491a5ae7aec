/* The verdict: the worst thing now, in one line that is always there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"
#include "panes.h"

static enum style verdict_style(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_QUIET:
		return STYLE_CALM;
	case VERDICT_EXPLODING:
	case VERDICT_TABLE:
	case VERDICT_LIMIT:
	case VERDICT_OOM:
		return STYLE_ALARM;
	default:
		return STYLE_ALERT;
	}
}

enum { NAME_LEAST = 6 }; /* columns of a name that say something */

/* Takes `out` of a line, once. */
static void cut_out(char *line, const char *out)
{
	char *at = strstr(line, out);

	if (at)
		memmove(at, at + strlen(out), strlen(at + strlen(out)) + 1);
}

/* Takes from `from` up to `to` out of a line. */
static void cut_between(char *line, const char *from, const char *to)
{
	char *start = strstr(line, from);
	char *end = start ? strstr(start + strlen(from), to) : NULL;

	if (end)
		memmove(start, end, strlen(end) + 1);
}

/* Cuts the first part of a line, up to two blanks, so that the rest fits; drops it when hardly
 * anything of it would be left, for it stands in the first row as well. */
static void cut_first(char *line, int room, bool is_ascii)
{
	const char *mark = is_ascii ? "~" : "…";
	char *end = strstr(line, "  ");
	char *rest = end ? mem_strdup(end) : NULL;
	int left = rest ? room - (int)safe_width(rest) - 1 : 0;
	/* so much that the mark takes no more bytes than what it stands for */
	int most = end ? (int)(safe_width(line) - safe_width(rest) - strlen(mark)) : 0;

	left = left < most ? left : most;
	if (rest && left < NAME_LEAST) {
		memmove(line, end + 2, strlen(end + 2) + 1);
	} else if (rest) {
		size_t fit = safe_fit(line, (size_t)left, NULL);

		if (fit + strlen(mark) <= (size_t)(end - line)) {
			strcpy(line + fit, mark);
			strcat(line, rest);
		}
	}
	free(rest);
}

/* Makes a verdict shorter, what matters least first, until it fits: it is the end that says when.
 */
static void shorten(char *line, const char *product, int room, bool is_ascii)
{
	if ((int)safe_width(line) > room)
		cut_out(line, "process ");
	if ((int)safe_width(line) > room)
		cut_between(line, " (pid ", "  ");
	if ((int)safe_width(line) > room)
		cut_between(line, "  ", "  +");
	if ((int)safe_width(line) > room && product && strncmp(line, product, strlen(product)) == 0)
		cut_out(line, product);
	if (*line == ' ')
		cut_out(line, " ");
	if ((int)safe_width(line) > room)
		cut_out(line, "table ");
	if ((int)safe_width(line) > room)
		cut_first(line, room, is_ascii);
}

void draw_verdict(const struct ui *ui, struct cells *cells, int row)
{
	const struct verdict *verdict = &ui->model->verdict;
	char age[UNITS_LEN];
	char note[64] = "";
	char *line;
	int room;
	int at;

	if (row < 0)
		return;
	if (ui->is_paused)
		snprintf(note, sizeof(note), " PAUSED, %s old", units_duration(age, ui->age_s));
	else if (ui->model->snap->n_unread > 0)
		snprintf(note, sizeof(note), " %s not read yet",
			 units_count(age, ui->model->snap->n_unread));
	else if (ui->age_s > 2 * ui->delay_s && ui->age_s > 1)
		snprintf(note, sizeof(note), " %s old", units_duration(age, ui->age_s));
	room = cells->columns - (int)strlen(note);
	at = cells_put(cells, row, 0, room, verdict_style(verdict->kind), " ");
	at += cells_put(cells, row, at, room - at, verdict_style(verdict->kind), verdict->word);
	at += cells_put(cells, row, at, room - at, verdict_style(verdict->kind), " ") + 1;
	line = mem_strdup(verdict->line);
	shorten(line,
		verdict->owner != NO_OWNER ? ui->model->attr->owners[verdict->owner].product : NULL,
		room - at, ui->is_ascii);
	cells_put_cut(cells, row, at, room - at, STYLE_VALUE, line, ui->is_ascii);
	free(line);
	if (note[0])
		cells_put(cells, row, room > 0 ? room : 0, cells->columns, STYLE_WARN, note);
}
