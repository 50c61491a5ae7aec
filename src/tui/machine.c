/* The machine in three lines: a gauge each, then figures that stand below one another. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clade/safe.h"
#include "panes.h"

enum {
	LINES = 3,
	FIELDS = 5,
	NEAR_FULL = 80, /* percent: a gauge this full is an alarm, */
	HALF_FULL = 60, /* and this full a warning */
	BAR_LEAST = 16, /* "15,134 / 32,768" */
	BAR_MOST = 48,
	LABEL_WIDTH = 6,  /* "CPU [" and, behind the bar, "]" */
	WIDE_LOAD = 120,  /* columns from which on all three load averages are shown, */
	WIDE_FORKS = 100, /* and how many of the forks nobody saw */
	HEAVY_WAIT = 20,  /* percent of I/O wait or pressure that is a warning */
	HEAVY_STEAL = 10,
	FIGURE_MAX = 40,
};

struct figure {
	const char *label; /* NULL: none here */
	char value[FIGURE_MAX];
	enum style style;
};

/* One part of a gauge; each has a mark of its own, for eyes and screens without colours. */
struct part {
	double percent; /* of the whole gauge, NAN unknown */
	enum style style;
	const char *mark;
	const char *letter; /* in ASCII */
};

static double percent_of(uint64_t part, uint64_t whole)
{
	return is_known(part) && is_known(whole) && whole > 0 ? 100.0 * (double)part / (double)whole
							      : NAN;
}

static uint64_t used_of(uint64_t total, uint64_t free)
{
	return is_known(total) && is_known(free) ? total - free : UNKNOWN;
}

static enum style gauge_style(double percent)
{
	return percent >= NEAR_FULL ? STYLE_ZOMBIE : percent >= HALF_FULL ? STYLE_WARN : STYLE_OK;
}

static int bar_width(int screen_width)
{
	int width = screen_width / 4 - 2;

	return width < BAR_LEAST ? BAR_LEAST : width > BAR_MOST ? BAR_MOST : width;
}

/* Two digits tell it: "0.3%", "13%"; or "-". */
static const char *percent_text(char buf[UNITS_LEN], double percent)
{
	char number[UNITS_LEN];

	units_real(number, percent >= 10 ? round(percent) : percent);
	snprintf(buf, UNITS_LEN, "%.8s%s", number, isnan(percent) ? "" : "%");
	return buf;
}

/* "CPU [■■■▪▪        18%]"; the figure stands at the right end, over the bar when that is long, and
 * has its colour when that warns. */
static void draw_gauge(const struct ui *ui, struct cells *cells, int row, const char *label,
		       const struct part *parts, size_t n, const char *figure)
{
	int width = bar_width(cells->columns);
	int start = (int)strlen(label) + 2;
	enum style figure_style =
		n == 1 && parts[0].style != STYLE_OK ? parts[0].style : STYLE_VALUE;
	double sum = 0;
	int at = start;
	int room;

	cells_put(cells, row, 0, cells->columns, STYLE_LABEL, label);
	cells_put(cells, row, start - 2, cells->columns, STYLE_DIM, " [");
	for (size_t i = 0; i < n; i++) {
		const char *mark = ui->is_ascii ? parts[i].letter : parts[i].mark;

		sum += isnan(parts[i].percent) ? 0 : parts[i].percent;
		for (; at - start < (int)(sum / 100 * width + 0.5) && at - start < width; at++)
			cells_put(cells, row, at, 1, parts[i].style, mark);
	}
	room = (int)safe_width(figure) + 1;
	at = start + width - room;
	if (room <= width) {
		cells_put(cells, row, at, 1, STYLE_NORMAL, " ");
		cells_put(cells, row, at + 1, room, figure_style, figure);
	}
	cells_put(cells, row, start + width, 1, STYLE_DIM, "]");
}

static void draw_cpu(const struct ui *ui, struct cells *cells, int row)
{
	const struct cpu_split *cpu = &ui->model->snap->machine.cpu_percent;
	const struct part parts[] = {
		{cpu->user + cpu->nice, STYLE_USER, "■", "u"},
		{cpu->system + cpu->irq, STYLE_SYSTEM, "▪", "s"},
		{cpu->iowait, STYLE_IOWAIT, "□", "w"},
		{cpu->steal, STYLE_STEAL, "▫", "t"},
	};
	char figure[UNITS_LEN];

	draw_gauge(ui, cells, row, "CPU", parts, sizeof(parts) / sizeof(parts[0]),
		   percent_text(figure, 100 - cpu->idle));
}

static void draw_memory(const struct ui *ui, struct cells *cells, int row)
{
	const struct machine *machine = &ui->model->snap->machine;
	uint64_t used = used_of(machine->mem_total_bytes, machine->mem_available_bytes);
	double percent = percent_of(used, machine->mem_total_bytes);
	const struct part part = {percent, gauge_style(percent), "■", "#"};
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char figure[2 * UNITS_LEN];

	snprintf(figure, sizeof(figure), "%s / %s", units_bytes(a, used),
		 units_bytes(b, machine->mem_total_bytes));
	draw_gauge(ui, cells, row, "Mem", &part, 1, figure);
}

/* All tasks against what the kernel has room for. */
static void draw_table(const struct ui *ui, struct cells *cells, int row)
{
	const struct machine *machine = &ui->model->snap->machine;
	uint64_t most = is_known(machine->threads_max) && machine->threads_max < machine->pid_max
				? machine->threads_max
				: machine->pid_max;
	double percent = percent_of(machine->tasks, most);
	const struct part part = {percent, gauge_style(percent), "■", "#"};
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char figure[2 * UNITS_LEN];

	snprintf(figure, sizeof(figure), "%s / %s", units_count(a, machine->tasks),
		 units_count(b, most));
	draw_gauge(ui, cells, row, "Tbl", &part, 1, figure);
}

static struct figure percent_figure(const char *label, double percent, double heavy,
				    enum style style)
{
	struct figure figure = {.label = label, .style = percent >= heavy ? STYLE_WARN : style};

	percent_text(figure.value, percent);
	return figure;
}

static struct figure count_figure(const char *label, uint64_t count, enum style style)
{
	struct figure figure = {.label = label, .style = count == 0 ? STYLE_VALUE : style};

	units_count(figure.value, count);
	return figure;
}

static struct figure load_figure(const struct snapshot *snap, int screen_width)
{
	const double *load = snap->machine.load;
	struct figure figure = {.label = "load",
				.style =
					load[0] > 2.0 * snap->host.cpus ? STYLE_WARN : STYLE_VALUE};

	if (isnan(load[0]))
		snprintf(figure.value, sizeof(figure.value), "-");
	else if (screen_width < WIDE_LOAD)
		snprintf(figure.value, sizeof(figure.value), "%.2f", load[0]);
	else
		snprintf(figure.value, sizeof(figure.value), "%.2f %.2f %.2f", load[0], load[1],
			 load[2]);
	return figure;
}

static struct figure swap_figure(const struct machine *machine)
{
	struct figure figure = {.label = "swap", .style = STYLE_VALUE};
	uint64_t used = used_of(machine->swap_total_bytes, machine->swap_free_bytes);
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	if (machine->swap_total_bytes == 0)
		snprintf(figure.value, sizeof(figure.value), "none");
	else
		snprintf(figure.value, sizeof(figure.value), "%s/%s", units_bytes(a, used),
			 units_bytes(b, machine->swap_total_bytes));
	return figure;
}

/* What clade itself costs, as far as it sees itself: in a recording, where that was made. */
static struct figure own_figure(const struct snapshot *snap)
{
	struct figure figure = {.label = NULL, .style = STYLE_VALUE};
	int32_t self = is_known(snap->host.self_pid)
			       ? snapshot_find_pid(snap, (int64_t)snap->host.self_pid)
			       : NO_PROC;
	char cpu[UNITS_LEN];
	char memory[UNITS_LEN];

	if (self == NO_PROC)
		return figure;
	figure.label = "clade";
	snprintf(figure.value, sizeof(figure.value), "%s %s",
		 percent_text(cpu, (double)snap->procs[self].cpu_percent),
		 units_bytes(memory, snap->procs[self].rss_bytes));
	return figure;
}

/* Forks that neither a sample nor the kernel's events have shown: short lives, and threads. */
static void add_forks(struct figure *figure, const struct model *model, int screen_width)
{
	double unseen = is_known(model->unseen_births)
				? (double)model->unseen_births / model->snap->interval_s
				: 0;
	char all[UNITS_LEN];
	char some[UNITS_LEN];

	units_real(all, model->snap->machine.forks_per_s);
	if (unseen > 0 && screen_width >= WIDE_FORKS)
		snprintf(figure->value, sizeof(figure->value), "%.8s (%.8s unseen)", all,
			 units_real(some, unseen));
	else
		snprintf(figure->value, sizeof(figure->value), "%s", all);
}

/* What stands where, in the order on the screen. */
static void make_figures(const struct ui *ui, int screen_width,
			 struct figure figures[LINES][FIELDS])
{
	const struct snapshot *snap = ui->model->snap;
	const struct machine *machine = &snap->machine;
	const struct cpu_split *cpu = &machine->cpu_percent;
	const struct totals *all = &ui->model->all;
	struct figure forks = {.label = "forks/s", .style = STYLE_VALUE};

	add_forks(&forks, ui->model, screen_width);
	figures[0][0] = percent_figure("user", cpu->user + cpu->nice, INFINITY, STYLE_USER);
	figures[0][1] = percent_figure("sys", cpu->system + cpu->irq, INFINITY, STYLE_SYSTEM);
	figures[0][2] = percent_figure("iowait", cpu->iowait, HEAVY_WAIT, STYLE_IOWAIT);
	figures[0][3] = percent_figure("steal", cpu->steal, HEAVY_STEAL, STYLE_STEAL);
	figures[0][4] = load_figure(snap, screen_width);
	figures[1][0] = own_figure(snap);
	figures[1][1] =
		percent_figure("psi cpu", machine->psi_cpu.some_avg10, INFINITY, STYLE_VALUE);
	figures[1][2] =
		percent_figure("psi mem", machine->psi_memory.some_avg10, HEAVY_WAIT, STYLE_VALUE);
	figures[1][3] =
		percent_figure("psi io", machine->psi_io.some_avg10, HEAVY_WAIT, STYLE_VALUE);
	figures[1][4] = swap_figure(machine);
	figures[2][0] = count_figure("procs", all->procs, STYLE_VALUE);
	figures[2][1] = forks;
	figures[2][2] = count_figure("zombies", all->zombies, STYLE_ZOMBIE);
	figures[2][3] = count_figure("D", all->blocked, STYLE_BLOCKED);
	figures[2][4] = count_figure("OOM kills", machine->oom_kills,
				     is_known(machine->oom_kills_new) && machine->oom_kills_new > 0
					     ? STYLE_ALARM
					     : STYLE_VALUE);
}

static int figure_width(const struct figure *figure)
{
	return figure->label ? (int)(strlen(figure->label) + strlen(figure->value)) + 1 : 0;
}

/* Draws the fields that fit, the most telling first; returns the column behind the last. */
static int draw_figures(const struct ui *ui, struct cells *cells, const int line_at[LINES],
			int lines)
{
	static const int by_rank[FIELDS] = {2, 4, 3, 1, 0};
	struct figure figures[LINES][FIELDS] = {{{0}}};
	/* of usual figures, so that they do not move from sample to sample */
	int width[FIELDS] = {16, 12, 11, 10, 12};
	bool is_shown[FIELDS] = {false};
	int at = bar_width(cells->columns) + LABEL_WIDTH + 1;
	int left = cells->columns - at;

	make_figures(ui, cells->columns, figures);
	for (int f = 0; f < FIELDS; f++) {
		for (int l = 0; l < LINES; l++) {
			int here = line_at[l] >= 0 && line_at[l] < lines
					   ? figure_width(&figures[l][f])
					   : 0;

			width[f] = here > width[f] ? here : width[f];
		}
	}
	for (int r = 0; r < FIELDS; r++) {
		is_shown[by_rank[r]] = width[by_rank[r]] <= left;
		left -= is_shown[by_rank[r]] ? width[by_rank[r]] + 2 : 0;
	}
	for (int f = 0; f < FIELDS; f++) {
		for (int l = 0; l < LINES && is_shown[f]; l++) {
			const struct figure *figure = &figures[l][f];
			int after = at;

			if (!figure->label || line_at[l] < 0)
				continue;
			after += cells_put(cells, line_at[l], at, cells->columns - at, STYLE_LABEL,
					   figure->label);
			cells_put(cells, line_at[l], after + 1, cells->columns - after - 1,
				  figure->style, figure->value);
		}
		at += is_shown[f] ? width[f] + 2 : 0;
	}
	return at;
}

/* A line at the right end, when the figures leave room for it. */
static void draw_right(struct cells *cells, int row, int from, enum style style, const char *text)
{
	int width = (int)safe_width(text);

	if (row >= 0 && from + 2 + width <= cells->columns)
		cells_put(cells, row, cells->columns - width, width, style, text);
}

/* Which machine, since when it runs, and what time it is there: a picture of the screen says it. */
static void draw_host(const struct ui *ui, struct cells *cells, const int line_at[LINES], int from)
{
	const struct snapshot *snap = ui->model->snap;
	struct text line = {0};
	char buf[UNITS_LEN];

	if (snap->host.name)
		safe_add(&line, snap->host.name, strlen(snap->host.name));
	draw_right(cells, line_at[0], from, STYLE_VALUE, text_str(&line));
	text_clear(&line);
	text_printf(&line, "%u CPUs  up %s", snap->host.cpus,
		    units_duration(buf, snap->machine.uptime_s));
	draw_right(cells, line_at[1], from, STYLE_LABEL, text_str(&line));
	text_clear(&line);
	text_add(&line, units_time(buf, snap->taken_ms));
	draw_right(cells, line_at[2], from, STYLE_LABEL, text_str(&line));
	text_done(&line);
}

void draw_machine(const struct ui *ui, struct cells *cells, int rows)
{
	/* the process table is what this program is for: it is the last to go */
	const int line_at[LINES] = {rows > 1 ? 0 : -1, rows > 2 ? 1 : -1, rows - 1};
	int end;

	if (rows <= 0)
		return;
	if (line_at[0] >= 0)
		draw_cpu(ui, cells, line_at[0]);
	if (line_at[1] >= 0)
		draw_memory(ui, cells, line_at[1]);
	draw_table(ui, cells, line_at[2]);
	end = draw_figures(ui, cells, line_at, rows);
	draw_host(ui, cells, line_at, end);
}
