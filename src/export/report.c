/* A report to paste into a ticket: what is wrong, the machine, who owns what, and the hottest
 * owner's tree. */
#include <math.h>
#include <string.h>

#include "clade/rows.h"
#include "clade/safe.h"
#include "writers.h"

enum {
	TREE_LINES = 60, /* of the hottest owner; the rest is counted */
	TREE_INDENT_MAX = 12,
	DEFAULT_WIDTH = 160,
};

/* Of owners, in this order; the name comes last and takes the rest. */
static const enum column_id owner_columns[] = {
	COLUMN_KIND,    COLUMN_PID,     COLUMN_PROCS, COLUMN_BIRTHS, COLUMN_GROWTH, COLUMN_ZOMBIES,
	COLUMN_ORPHANS, COLUMN_BLOCKED, COLUMN_CPU,   COLUMN_MEMORY, COLUMN_AGE,
};

static const enum column_id proc_columns[] = {
	COLUMN_PID, COLUMN_USER, COLUMN_STATE, COLUMN_PROCS, COLUMN_CPU, COLUMN_MEMORY, COLUMN_AGE,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct report {
	struct outlet outlet;
	const struct model *model;
	const struct export_job *job;
	size_t width;
	struct text cell;
	enum column_id owner_columns[COLUMNS_N];
	enum column_id proc_columns[COLUMNS_N];
	size_t n_owner_columns;
	size_t n_proc_columns;
};

/* Ends a line, cut to the report's width. */
static void put_line(struct report *report, const struct text *line)
{
	size_t len = safe_fit(text_str(line), report->width, NULL);

	text_add_bytes(&report->outlet.text, text_str(line), len);
	text_add_char(&report->outlet.text, '\n');
	outlet_drain(&report->outlet);
}

/* The cell as a column, padded to its width. */
static void add_cell(struct text *line, const struct column *column, const struct text *cell)
{
	size_t width = safe_width(text_str(cell));
	size_t pad = width < (size_t)column->width ? (size_t)column->width - width : 0;

	if (line->len > 0)
		text_add_char(line, ' ');
	if (!(column->flags & COL_LEFT))
		text_add_repeat(line, ' ', pad);
	text_add(line, text_str(cell));
	if (column->flags & COL_LEFT)
		text_add_repeat(line, ' ', pad);
}

static void add_titles(struct text *line, const enum column_id *ids, size_t n)
{
	struct text cell = {0};

	for (size_t i = 0; i < n; i++) {
		text_clear(&cell);
		text_add(&cell, columns[ids[i]].title);
		add_cell(line, &columns[ids[i]], &cell);
	}
	text_done(&cell);
}

static void put_head(struct report *report)
{
	const struct snapshot *snap = report->model->snap;
	const struct verdict *verdict = &report->model->verdict;
	struct text line = {0};
	char when[UNITS_LEN];

	text_add(&line, "clade snapshot  ");
	safe_add(&line, snap->host.name ? snap->host.name : "-",
		 strlen(snap->host.name ? snap->host.name : "-"));
	text_printf(&line, "  Linux %s  %s", snap->host.kernel ? snap->host.kernel : "-",
		    units_time(when, snap->taken_ms));
	put_line(report, &line);
	text_clear(&line);
	text_printf(&line, "%s  %s", verdict->word, verdict->line);
	put_line(report, &line);
	text_done(&line);
}

static void put_machine(struct report *report)
{
	const struct machine *machine = &report->model->snap->machine;
	const struct cpu_split *cpu = &machine->cpu_percent;
	const struct totals *all = &report->model->all;
	struct text line = {0};
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char c[UNITS_LEN];
	char d[UNITS_LEN];

	text_add(&line, "\nload ");
	for (int i = 0; i < 3; i++)
		text_printf(&line, "%s ",
			    isnan(machine->load[i]) ? "-" : units_real(a, machine->load[i]));
	text_printf(&line, "  cpu user %s%% system %s%% iowait %s%%",
		    units_real(a, cpu->user + cpu->nice), units_real(b, cpu->system + cpu->irq),
		    units_real(c, cpu->iowait));
	text_printf(&line, " steal %s%%  up %s", units_real(a, cpu->steal),
		    units_duration(b, machine->uptime_s));
	put_line(report, &line);
	text_clear(&line);
	text_printf(&line, "memory %s available of %s  swap %s free of %s",
		    units_bytes(a, machine->mem_available_bytes),
		    units_bytes(b, machine->mem_total_bytes),
		    units_bytes(c, machine->swap_free_bytes),
		    units_bytes(d, machine->swap_total_bytes));
	text_printf(&line, "  pressure cpu %s%% memory %s%% io %s%%",
		    units_real(a, machine->psi_cpu.some_avg10),
		    units_real(b, machine->psi_memory.some_avg10),
		    units_real(c, machine->psi_io.some_avg10));
	put_line(report, &line);
	text_clear(&line);
	text_printf(&line, "processes %s  tasks %s of %s", units_count(a, all->procs),
		    units_count(b, machine->tasks), units_count(c, machine->pid_max));
	text_printf(&line, "  forks %s/s", units_real(a, machine->forks_per_s));
	if (is_known(report->model->unseen_births) && report->model->unseen_births > 0)
		text_printf(&line, " (%s/s unseen)",
			    units_real(a, (double)report->model->unseen_births /
						  report->model->snap->interval_s));
	text_printf(&line, "  zombies %s", units_count(b, all->zombies));
	text_printf(&line, "  blocked %s  OOM kills %s\n", units_count(a, all->blocked),
		    units_count(b, machine->oom_kills));
	put_line(report, &line);
	text_done(&line);
}

static void put_owner(struct report *report, int32_t at, int32_t depth)
{
	struct text line = {0};
	struct text badges = {0};

	for (size_t i = 0; i < report->n_owner_columns; i++) {
		enum column_id id = report->owner_columns[i];

		text_clear(&report->cell);
		column_add_owner(&report->cell, id, report->model, at);
		add_cell(&line, &columns[id], &report->cell);
	}
	text_add_repeat(&line, ' ', 1 + 2 * (size_t)depth);
	column_add_owner(&line, COLUMN_NAME, report->model, at);
	badges_add(&badges, report->model, at);
	if (badges.len > 0)
		text_printf(&line, "  [%s]", text_str(&badges));
	put_line(report, &line);
	text_done(&badges);
	text_done(&line);
}

static struct view owners_view(const struct report *report, const struct fold_set *folds)
{
	const struct selection *selection = report->job->selection;
	bool is_all = selection->n_procs == report->model->snap->n_procs &&
		      selection->n_owners == report->model->attr->n_owners;

	return (struct view){
		.selection = is_all ? NULL : selection,
		.mode = VIEW_OWNERS,
		.sort = COLUMN_HEAT,
		.folds = folds,
		.uid = UINT32_MAX,
	};
}

/* How many of those that it lies in are in the report. */
static int32_t depth_of(const struct report *report, int32_t at)
{
	int32_t depth = 0;

	for (at = report->model->attr->owners[at].parent; at != NO_OWNER;
	     at = report->model->attr->owners[at].parent)
		depth += report->job->selection->has_owner[at];
	return depth;
}

static void put_owners(struct report *report)
{
	const struct selection *selection = report->job->selection;
	struct view view = owners_view(report, NULL);
	struct text line = {0};
	struct rows rows;

	rows_init(&rows);
	rows_make(&rows, report->model, &view);
	add_titles(&line, report->owner_columns, report->n_owner_columns);
	text_add(&line, " NAME");
	put_line(report, &line);
	for (size_t i = 0; i < rows.n; i++) {
		int32_t at = rows.items[i].index;

		if (rows.items[i].type == ROW_OWNER && selection->has_owner[at])
			put_owner(report, at, depth_of(report, at));
	}
	if (selection->n_left > 0) {
		text_clear(&line);
		text_printf(&line, "… and %zu more owners with %zu processes", selection->n_left,
			    selection->left_procs);
		put_line(report, &line);
	}
	rows_done(&rows);
	text_done(&line);
}

static void put_proc(struct report *report, const struct rows *rows, const struct row *row,
		     int32_t base_depth)
{
	const struct model *model = report->model;
	const struct users *users = report->job->config->users;
	struct text line = {0};
	char number[UNITS_LEN];
	int32_t depth = row->depth - base_depth;

	for (size_t i = 0; i < report->n_proc_columns; i++) {
		enum column_id id = report->proc_columns[i];

		text_clear(&report->cell);
		row_add_value(&report->cell, id, model, rows, row, users);
		add_cell(&line, &columns[id], &report->cell);
	}
	text_add_repeat(&line, ' ',
			1 + 2 * (size_t)(depth < TREE_INDENT_MAX ? depth : TREE_INDENT_MAX));
	if (model->attr->procs[row_proc(model, rows, row)].is_orphan)
		text_add(&line, "(orphan) ");
	if (row->type == ROW_BUNDLE)
		text_printf(&line, "×%s ", units_count(number, rows->bundles.items[row->index].n));
	row_add_value(&line, COLUMN_NAME, model, rows, row, users);
	put_line(report, &line);
	text_done(&line);
}

/* The processes of one owner, in their tree. */
static void put_tree(struct report *report, int32_t at)
{
	struct fold_set *folds = folds_new();
	struct view view = owners_view(report, folds);
	struct text line = {0};
	struct rows rows;
	size_t lines = 0;
	size_t more = 0;
	int32_t inside = -1; /* the depth of the owner, while its rows are passed */

	folds_toggle(folds, row_key(report->model, NULL,
				    &(const struct row){.type = ROW_OWNER, .index = at}));
	rows_init(&rows);
	rows_make(&rows, report->model, &view);
	text_add(&line, "\nThe hottest: ");
	column_add_owner(&line, COLUMN_NAME, report->model, at);
	put_line(report, &line);
	text_clear(&line);
	add_titles(&line, report->proc_columns, report->n_proc_columns);
	text_add(&line, " COMMAND");
	put_line(report, &line);
	for (size_t i = 0; i < rows.n; i++) {
		const struct row *row = &rows.items[i];

		if (row->type == ROW_OWNER && row->index == at)
			inside = row->depth;
		else if (row->depth <= inside)
			inside = -1;
		if (inside < 0 || row->type == ROW_OWNER)
			continue;
		if (lines++ < TREE_LINES)
			put_proc(report, &rows, row, inside + 1);
		else
			more++;
	}
	if (more > 0) {
		text_clear(&line);
		text_printf(&line, "… and %zu more", more);
		put_line(report, &line);
	}
	rows_done(&rows);
	folds_free(folds);
	text_done(&line);
}

static void put_evidence(struct report *report)
{
	const struct model *model = report->model;
	struct text line = {0};

	text_add(&line, "\nHow the owners are known");
	put_line(report, &line);
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		const struct owner *owner = &model->attr->owners[g];

		if (!report->job->selection->has_owner[g])
			continue;
		text_clear(&line);
		safe_add(&line, owner->id, strlen(owner->id));
		text_add(&line, ": ");
		if (owner->evidence)
			safe_add(&line, owner->evidence, strlen(owner->evidence));
		put_line(report, &line);
	}
	for (size_t i = 0; i < model->snap->n_notes; i++) {
		text_clear(&line);
		text_add(&line, i == 0 ? "\nNot seen: " : "Not seen: ");
		safe_add(&line, model->snap->notes[i], strlen(model->snap->notes[i]));
		put_line(report, &line);
	}
	text_done(&line);
}

int export_report(const struct export_job *job)
{
	struct report report = {
		.outlet = outlet_of(job),
		.model = job->model,
		.job = job,
		.width = job->config->width > 0 ? (size_t)job->config->width : DEFAULT_WIDTH,
	};

	report.n_owner_columns = export_columns(job->config, COL_OWNERS, owner_columns,
						COUNT(owner_columns), report.owner_columns);
	report.n_proc_columns = export_columns(job->config, COL_PROCS, proc_columns,
					       COUNT(proc_columns), report.proc_columns);
	put_head(&report);
	put_machine(&report);
	put_owners(&report);
	if (job->selection->n_owners > 0)
		put_tree(&report, job->selection->owners[0]);
	put_evidence(&report);
	text_done(&report.cell);
	return outlet_done(&report.outlet);
}
