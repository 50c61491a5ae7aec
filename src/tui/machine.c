/* The machine in three lines, and the verdict. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"
#include "panes.h"

enum {
	NEAR_FULL = 80, /* percent: a gauge this full is a warning */
	BAR_LEAST = 10,
	BAR_MOST = 40,
};

/* Where the next words of a line go. */
struct pen {
	struct cells *cells;
	int row;
	int column;
};

static void put(struct pen *pen, enum style style, const char *text)
{
	pen->column += cells_put(pen->cells, pen->row, pen->column,
				 pen->cells->columns - pen->column, style, text);
}

/* A label with its figure; left out as a whole when it does not fit. */
static void put_figure(struct pen *pen, const char *label, enum style style, const char *figure)
{
	if (pen->column + (int)(strlen(label) + strlen(figure)) + 1 > pen->cells->columns)
		return;
	put(pen, STYLE_LABEL, label);
	put(pen, STYLE_NORMAL, " ");
	put(pen, style, figure);
	put(pen, STYLE_NORMAL, "  ");
}

static double percent_of(uint64_t part, uint64_t whole)
{
	return is_known(part) && is_known(whole) && whole > 0 ? 100.0 * (double)part / (double)whole
							      : NAN;
}

static enum style gauge_style(double percent)
{
	return percent >= NEAR_FULL ? STYLE_ALARM : STYLE_OK;
}

/* Parts of a bar from the left, in cells; each has its letter where colours cannot be told apart.
 */
static int put_part(struct pen *pen, double percent, int width, enum style style, char letter,
		    bool is_ascii)
{
	int n = isnan(percent) ? 0 : (int)(percent / 100 * width + 0.5);
	const char text[2] = {letter, '\0'};

	for (int i = 0; i < n; i++)
		put(pen, style, is_ascii ? text : "▮");
	return n;
}

static void put_rest(struct pen *pen, int end)
{
	for (int left = end - pen->column; left > 0; left--)
		put(pen, STYLE_DIM, " ");
	put(pen, STYLE_DIM, "]");
}

static int bar_width(const struct cells *cells)
{
	int width = cells->columns / 5;

	return width < BAR_LEAST ? BAR_LEAST : width > BAR_MOST ? BAR_MOST : width;
}

/* One decimal, or "-". */
static const char *percent_text(char buf[UNITS_LEN], double percent)
{
	char number[UNITS_LEN];

	snprintf(buf, UNITS_LEN, "%.8s%s", units_real(number, percent), isnan(percent) ? "" : "%");
	return buf;
}

static void draw_cpu(const struct ui *ui, struct pen *pen)
{
	const struct cpu_split *cpu = &ui->model->snap->machine.cpu_percent;
	int width = bar_width(pen->cells);
	int end;
	char figure[UNITS_LEN];

	put(pen, STYLE_LABEL, "CPU ");
	put(pen, STYLE_DIM, "[");
	end = pen->column + width;
	put_part(pen, cpu->user + cpu->nice, width, STYLE_USER, 'u', ui->is_ascii);
	put_part(pen, cpu->system + cpu->irq, width, STYLE_SYSTEM, 's', ui->is_ascii);
	put_part(pen, cpu->iowait, width, STYLE_IOWAIT, 'w', ui->is_ascii);
	put_part(pen, cpu->steal, width, STYLE_STEAL, 't', ui->is_ascii);
	put_rest(pen, end);
	put(pen, STYLE_NORMAL, " ");
	put_figure(pen, "user", STYLE_USER, percent_text(figure, cpu->user + cpu->nice));
	put_figure(pen, "sys", STYLE_SYSTEM, percent_text(figure, cpu->system + cpu->irq));
	put_figure(pen, "iowait", cpu->iowait >= 20 ? STYLE_WARN : STYLE_IOWAIT,
		   percent_text(figure, cpu->iowait));
	put_figure(pen, "steal", cpu->steal >= 10 ? STYLE_WARN : STYLE_STEAL,
		   percent_text(figure, cpu->steal));
}

static void draw_load(const struct ui *ui, struct pen *pen)
{
	const struct snapshot *snap = ui->model->snap;
	char figure[64];

	snprintf(figure, sizeof(figure), "%.2f %.2f %.2f", snap->machine.load[0],
		 snap->machine.load[1], snap->machine.load[2]);
	put_figure(pen, "load",
		   snap->machine.load[0] > 2.0 * snap->host.cpus ? STYLE_WARN : STYLE_VALUE,
		   isnan(snap->machine.load[0]) ? "-" : figure);
}

static void draw_memory(const struct ui *ui, struct pen *pen)
{
	const struct machine *machine = &ui->model->snap->machine;
	uint64_t used = is_known(machine->mem_total_bytes) && is_known(machine->mem_available_bytes)
				? machine->mem_total_bytes - machine->mem_available_bytes
				: UNKNOWN;
	uint64_t swapped = is_known(machine->swap_total_bytes) && is_known(machine->swap_free_bytes)
				   ? machine->swap_total_bytes - machine->swap_free_bytes
				   : UNKNOWN;
	double percent = percent_of(used, machine->mem_total_bytes);
	int width = bar_width(pen->cells);
	int end;
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char figure[80];

	put(pen, STYLE_LABEL, "Mem ");
	put(pen, STYLE_DIM, "[");
	end = pen->column + width;
	put_part(pen, percent, width, gauge_style(percent), '#', ui->is_ascii);
	put_rest(pen, end);
	put(pen, STYLE_NORMAL, " ");
	snprintf(figure, sizeof(figure), "%s/%s", units_bytes(a, used),
		 units_bytes(b, machine->mem_total_bytes));
	put_figure(pen, "used", STYLE_VALUE, figure);
	snprintf(figure, sizeof(figure), "%s/%s", units_bytes(a, swapped),
		 units_bytes(b, machine->swap_total_bytes));
	put_figure(pen, "swap", STYLE_VALUE, figure);
}

static void draw_pressure(const struct ui *ui, struct pen *pen)
{
	const struct machine *machine = &ui->model->snap->machine;
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char c[UNITS_LEN];
	char figure[128];

	snprintf(figure, sizeof(figure), "cpu %s mem %s io %s",
		 percent_text(a, machine->psi_cpu.some_avg10),
		 percent_text(b, machine->psi_memory.some_avg10),
		 percent_text(c, machine->psi_io.some_avg10));
	put_figure(pen, "pressure",
		   machine->psi_io.some_avg10 >= 20 || machine->psi_memory.some_avg10 >= 20
			   ? STYLE_WARN
			   : STYLE_VALUE,
		   figure);
}

static void draw_table(const struct ui *ui, struct pen *pen)
{
	const struct machine *machine = &ui->model->snap->machine;
	const struct totals *all = &ui->model->all;
	double percent = percent_of(machine->tasks, machine->pid_max);
	int width = bar_width(pen->cells);
	int end;
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char figure[80];

	put(pen, STYLE_LABEL, "Tbl ");
	put(pen, STYLE_DIM, "[");
	end = pen->column + width;
	put_part(pen, percent, width, gauge_style(percent), '#', ui->is_ascii);
	put_rest(pen, end);
	put(pen, STYLE_NORMAL, " ");
	snprintf(figure, sizeof(figure), "%s / %s", units_count(a, machine->tasks),
		 units_count(b, machine->pid_max));
	put_figure(pen, "tasks", percent >= NEAR_FULL ? STYLE_ALARM : STYLE_VALUE, figure);
	put_figure(pen, "procs", STYLE_VALUE, units_count(a, all->procs));
	put_figure(pen, "forks/s", STYLE_VALUE, units_real(a, machine->forks_per_s));
	put_figure(pen, "zombies", all->zombies > 0 ? STYLE_ZOMBIE : STYLE_VALUE,
		   units_count(a, all->zombies));
	put_figure(pen, "D", all->blocked > 0 ? STYLE_BLOCKED : STYLE_VALUE,
		   units_count(a, all->blocked));
	put_figure(pen, "OOM kills",
		   is_known(machine->oom_kills_new) && machine->oom_kills_new > 0 ? STYLE_ALARM
										  : STYLE_VALUE,
		   units_count(a, machine->oom_kills));
}

void draw_machine(const struct ui *ui, struct cells *cells, int rows)
{
	struct pen pen = {.cells = cells};

	/* the process table is what this program is for: it is the last to go */
	if (rows > 1) {
		draw_cpu(ui, &pen);
		draw_load(ui, &pen);
		pen = (struct pen){.cells = cells, .row = 1};
	}
	if (rows > 2) {
		draw_memory(ui, &pen);
		draw_pressure(ui, &pen);
		pen = (struct pen){.cells = cells, .row = 2};
	}
	if (rows > 0)
		draw_table(ui, &pen);
}

static enum style verdict_style(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_QUIET:
		return STYLE_OK;
	case VERDICT_EXPLODING:
	case VERDICT_LIMIT:
	case VERDICT_OOM:
		return STYLE_ALARM;
	default:
		return STYLE_WARN;
	}
}

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

/* Makes a verdict shorter, what matters least first, until it fits: it is the end that says when.
 */
static void shorten(char *line, int room)
{
	if ((int)safe_width(line) > room)
		cut_out(line, "process ");
	if ((int)safe_width(line) > room)
		cut_between(line, " (pid ", "  ");
	if ((int)safe_width(line) > room)
		cut_between(line, "  ", "  +");
}

void draw_verdict(const struct ui *ui, struct cells *cells, int row)
{
	const struct verdict *verdict = &ui->model->verdict;
	struct pen pen = {.cells = cells, .row = row};
	char age[UNITS_LEN];
	char note[64] = "";
	char *line;
	int room;

	if (row < 0)
		return;
	if (ui->is_paused)
		snprintf(note, sizeof(note), " PAUSED, %s old", units_duration(age, ui->age_s));
	else if (ui->age_s > 2 * ui->delay_s && ui->age_s > 1)
		snprintf(note, sizeof(note), " %s old", units_duration(age, ui->age_s));
	room = cells->columns - (int)strlen(note);
	put(&pen, verdict_style(verdict->kind), verdict->word);
	put(&pen, STYLE_NORMAL, "  ");
	line = mem_strdup(verdict->line);
	shorten(line, room - pen.column);
	cells_put_cut(cells, row, pen.column, room - pen.column, STYLE_VALUE, line, ui->is_ascii);
	free(line);
	if (note[0])
		cells_put(cells, row, room > 0 ? room : 0, cells->columns, STYLE_WARN, note);
}
