/*
 * Figures for Prometheus, once for the machine and once for each of the hottest owners, the rest
 * summed: few labels, a bounded number of series. It is OpenMetrics 1.0 and the older text format
 * at once, which node_exporter's textfile collector and promtool read. Of a counter x the one wants
 * the TYPE of x, the other that of x_total, and neither takes the other's: counters have none.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/safe.h"
#include "writers.h"

enum { OWNERS_MAX = 20 }; /* when --top is not said */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum metric_type { GAUGE, COUNTER };

/* One series of owners: those that have kind, product and name in common; their figures are summed
 * but for percentages of limits, of which the highest counts. */
struct series {
	char *key; /* the labels */
	double values[32];
	UT_hash_handle hh;
};

struct page {
	struct outlet outlet;
	const struct export_job *job;
	struct series *series;
};

/* ---- Text ---- */

/* A unit is what the name ends with. */
static void put_unit(struct text *out, const char *name)
{
	static const char *const units[] = {"bytes", "seconds", "ratio"};
	const char *end = strrchr(name, '_') + 1;

	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(end, units[i]) == 0)
			text_printf(out, "# UNIT %s %s\n", name, units[i]);
	}
}

static void put_head(struct page *page, const char *name, enum metric_type type, const char *help)
{
	struct text *out = &page->outlet.text;

	text_printf(out, "# HELP %s %s\n", name, help);
	if (type == GAUGE)
		text_printf(out, "# TYPE %s gauge\n", name);
	put_unit(out, name);
}

static void put_number(struct text *out, double value)
{
	if (value == floor(value) && fabs(value) < 1e15)
		text_printf(out, " %.0f\n", value);
	else
		text_printf(out, fabs(value) < 1000 ? " %.6g\n" : " %.3f\n", value);
}

/* What is not known has no sample. */
static void put_sample(struct page *page, const char *name, const char *labels, double value)
{
	if (isnan(value))
		return;
	text_printf(&page->outlet.text, labels ? "%s{%s}" : "%s", name, labels);
	put_number(&page->outlet.text, value);
	outlet_drain(&page->outlet);
}

/* A label's value is UTF-8 with \, " and line feed escaped; made harmless before that. */
static void add_label(struct text *out, const char *name, const char *value)
{
	struct text safe = {0};

	safe_add(&safe, value ? value : "", strlen(value ? value : ""));
	text_printf(out, "%s%s=\"", out->len > 0 ? "," : "", name);
	for (const char *c = text_str(&safe); *c; c++) {
		if (*c == '\\' || *c == '"')
			text_add_char(out, '\\');
		text_add_char(out, *c);
	}
	text_add_char(out, '"');
	text_done(&safe);
}

/* ---- The machine ---- */

static double known(uint64_t value)
{
	return is_known(value) ? (double)value : (double)NAN;
}

static void put_one(struct page *page, const char *name, enum metric_type type, const char *help,
		    double value)
{
	if (isnan(value))
		return;
	put_head(page, name, type, help);
	put_sample(page, name, NULL, value);
}

static void put_limits(struct page *page)
{
	const struct machine *machine = &page->job->model->snap->machine;

	put_one(page, "clade_tasks", GAUGE, "Threads of all processes; each holds a pid.",
		known(machine->tasks));
	put_head(page, "clade_tasks_max", GAUGE, "How many tasks there may be.");
	put_sample(page, "clade_tasks_max", "limit=\"pid_max\"", known(machine->pid_max));
	put_sample(page, "clade_tasks_max", "limit=\"threads_max\"", known(machine->threads_max));
	put_one(page, "clade_headroom_ratio", GAUGE,
		"What is left of the process table, 0 to 1, before the nearer limit.",
		model_headroom(page->job->model));
}

static void put_verdict(struct page *page)
{
	const struct verdict *verdict = &page->job->model->verdict;

	put_head(page, "clade_verdict", GAUGE, "1 for what is the worst thing now.");
	for (enum verdict_kind kind = VERDICT_QUIET + 1; kind < VERDICT_KINDS; kind++) {
		const char *word = verdict_word(kind);
		struct text lower = {0};
		struct text labels = {0};

		if (kind == VERDICT_TABLE)
			continue; /* its word is that of the other limits */
		for (const char *c = word; *c; c++)
			text_add_char(&lower, (char)tolower(*c));
		add_label(&labels, "verdict", text_str(&lower));
		put_sample(page, "clade_verdict", text_str(&labels),
			   strcmp(word, verdict->word) == 0);
		text_done(&lower);
		text_done(&labels);
	}
	put_one(page, "clade_verdict_eta_seconds", GAUGE,
		"Until what grows hits its limit; missing when none is in sight.", verdict->eta_s);
}

static void put_machine(struct page *page)
{
	const struct model *model = page->job->model;
	const struct machine *machine = &model->snap->machine;

	put_one(page, "clade_processes", GAUGE, "Processes.", model->all.procs);
	put_one(page, "clade_zombies", GAUGE, "Ended processes that nobody has reaped.",
		model->all.zombies);
	put_one(page, "clade_orphans", GAUGE, "Processes whose owner's root is gone.",
		model->all.orphans);
	put_one(page, "clade_blocked", GAUGE, "Processes in uninterruptible sleep.",
		model->all.blocked);
	put_limits(page);
	put_one(page, "clade_growth_per_second", GAUGE, "Net growth in processes over 10 s.",
		model->growth.procs_10s_per_s);
	put_one(page, "clade_births_per_second", GAUGE, "Processes started, over 10 s.",
		model->growth.births_per_s);
	put_one(page, "clade_forks_total", COUNTER, "Processes and threads made since boot.",
		known(machine->forks));
	put_one(page, "clade_oom_kills_total", COUNTER,
		"Processes that the kernel killed for lack of memory, since boot.",
		known(machine->oom_kills));
	put_verdict(page);
	put_one(page, "clade_owners", GAUGE, "Owners: sessions, apps, containers, services.",
		(double)model->attr->n_owners);
	put_one(page, "clade_snapshot_timestamp_seconds", GAUGE, "When this was looked at.",
		(double)model->snap->taken_ms / 1000);
	put_one(page, "clade_snapshot_duration_seconds", GAUGE, "How long looking took.",
		model->snap->cost_s);
}

/* ---- Owners ---- */

/* Own figures, without those of the owners in it: the sum of all is the machine's. */
static double measure_procs(const struct model *model, int32_t g)
{
	return model->groups[g].own.procs;
}

static double measure_threads(const struct model *model, int32_t g)
{
	return (double)model->groups[g].own.threads;
}

static double measure_zombies(const struct model *model, int32_t g)
{
	return model->groups[g].own.zombies;
}

static double measure_orphans(const struct model *model, int32_t g)
{
	return model->groups[g].own.orphans;
}

static double measure_blocked(const struct model *model, int32_t g)
{
	return model->groups[g].own.blocked;
}

static double measure_memory(const struct model *model, int32_t g)
{
	return (double)model->groups[g].own.rss_bytes;
}

static double measure_cpu(const struct model *model, int32_t g)
{
	return model->groups[g].own.cpu_percent / 100;
}

static double measure_read(const struct model *model, int32_t g)
{
	return model->groups[g].own.io_read_rate;
}

static double measure_write(const struct model *model, int32_t g)
{
	return model->groups[g].own.io_write_rate;
}

static double measure_births(const struct model *model, int32_t g)
{
	return model->groups[g].own_growth.births_per_s;
}

static double measure_deaths(const struct model *model, int32_t g)
{
	return model->groups[g].own_growth.deaths_per_s;
}

static double measure_growth(const struct model *model, int32_t g)
{
	return model->groups[g].own_growth.procs_10s_per_s;
}

static double measure_loop(const struct model *model, int32_t g)
{
	return model->groups[g].loop_per_min;
}

static double measure_pids(const struct model *model, int32_t g)
{
	return bounded_percent(model->groups[g].pids) / 100;
}

static double measure_limit(const struct model *model, int32_t g)
{
	return bounded_percent(model->groups[g].memory) / 100;
}

static double measure_oom(const struct model *model, int32_t g)
{
	return known(model->groups[g].oom_kills);
}

static double measure_restarts(const struct model *model, int32_t g)
{
	return known(model->attr->owners[g].restarts);
}

/* clang-format off */
static const struct owner_metric {
	const char *name;
	enum metric_type type;
	enum column_id column; /* that --columns names it by */
	bool is_highest;       /* of several the highest counts, not the sum */
	double (*measure)(const struct model *model, int32_t owner);
	const char *help;
} owner_metrics[] = {
	{"clade_owner_processes",             GAUGE,   COLUMN_PROCS,   false, measure_procs,    "Processes of an owner, without those of owners in it."},
	{"clade_owner_threads",               GAUGE,   COLUMN_THREADS, false, measure_threads,  "Its threads."},
	{"clade_owner_zombies",               GAUGE,   COLUMN_ZOMBIES, false, measure_zombies,  "Its zombies."},
	{"clade_owner_orphans",               GAUGE,   COLUMN_ORPHANS, false, measure_orphans,  "Its orphans."},
	{"clade_owner_blocked",               GAUGE,   COLUMN_BLOCKED, false, measure_blocked,  "Its processes in uninterruptible sleep."},
	{"clade_owner_resident_bytes",        GAUGE,   COLUMN_MEMORY,  false, measure_memory,   "Its resident memory."},
	{"clade_owner_cpu_ratio",             GAUGE,   COLUMN_CPU,     false, measure_cpu,      "CPU time that it uses, 1 for a whole CPU."},
	{"clade_owner_read_bytes_per_second", GAUGE,   COLUMN_READ,    false, measure_read,     "What it reads from storage."},
	{"clade_owner_write_bytes_per_second", GAUGE,  COLUMN_WRITE,   false, measure_write,    "What it writes to storage."},
	{"clade_owner_births_per_second",     GAUGE,   COLUMN_BIRTHS,  false, measure_births,   "Processes that it starts, over 10 s."},
	{"clade_owner_deaths_per_second",     GAUGE,   COLUMN_DEATHS,  false, measure_deaths,   "Processes of it that end, over 10 s."},
	{"clade_owner_growth_per_second",     GAUGE,   COLUMN_GROWTH,  false, measure_growth,   "Its net growth in processes, over 10 s."},
	{"clade_owner_starts_per_minute",     GAUGE,   COLUMN_BADGES,  false, measure_loop,     "Lives of its root that began and ended in the last minute."},
	{"clade_owner_pids_used_ratio",       GAUGE,   COLUMN_LIMIT,   true,  measure_pids,     "Tasks of its control group, of what it may have."},
	{"clade_owner_memory_used_ratio",     GAUGE,   COLUMN_LIMIT,   true,  measure_limit,    "Memory of its control group, of what it may have."},
	{"clade_owner_oom_kills_total",       COUNTER, COLUMN_BADGES,  false, measure_oom,      "Kills for lack of memory in its control groups."},
	{"clade_owner_restarts_total",        COUNTER, COLUMN_BADGES,  false, measure_restarts, "Restarts that its supervisor counts."},
};
/* clang-format on */

_Static_assert(COUNT(owner_metrics) <= 32, "a series has room for all");

static struct series *get_series(struct page *page, const char *key)
{
	struct series *series;

	HASH_FIND_STR(page->series, key, series);
	if (series)
		return series;
	series = mem_new(1, sizeof(*series));
	series->key = mem_strdup(key);
	for (size_t i = 0; i < COUNT(series->values); i++)
		series->values[i] = NAN;
	HASH_ADD_KEYPTR(hh, page->series, series->key, strlen(series->key), series);
	return series;
}

static void add_owner(struct page *page, int32_t g, bool is_rest)
{
	const struct model *model = page->job->model;
	const struct owner *owner = &model->attr->owners[g];
	struct text key = {0};
	struct series *series;

	add_label(&key, "kind", is_rest ? "rest" : owner_kind_name(owner->kind));
	add_label(&key, "product", is_rest ? "" : owner->product);
	add_label(&key, "name", is_rest ? "" : owner->name);
	series = get_series(page, text_str(&key));
	text_done(&key);
	for (size_t i = 0; i < COUNT(owner_metrics); i++) {
		const struct owner_metric *metric = &owner_metrics[i];
		double value = metric->measure(model, g);
		double before = series->values[i];

		if (isnan(value) || (is_rest && metric->type == COUNTER))
			continue; /* who is in the rest changes: what it counts would go back */
		if (isnan(before))
			series->values[i] = value;
		else
			series->values[i] =
				metric->is_highest ? fmax(before, value) : before + value;
	}
}

static void put_owners(struct page *page)
{
	const struct selection *selection = page->job->selection;
	size_t top = page->job->config->wanted.top > 0 ? page->job->config->wanted.top : OWNERS_MAX;

	/* what was left out stands behind what was chosen, and is all rest */
	if (top > selection->n_owners)
		top = selection->n_owners;
	for (size_t i = 0; i < selection->n_owners + selection->n_left; i++)
		add_owner(page, selection->owners[i], i >= top);
	for (size_t i = 0; i < COUNT(owner_metrics); i++) {
		const struct owner_metric *metric = &owner_metrics[i];

		if (!export_has_column(page->job->config, metric->column))
			continue;
		put_head(page, metric->name, metric->type, metric->help);
		for (const struct series *series = page->series; series; series = series->hh.next)
			put_sample(page, metric->name, series->key, series->values[i]);
	}
}

static void free_series(struct page *page)
{
	struct series *series, *next;

	HASH_ITER (hh, page->series, series, next) {
		HASH_DEL(page->series, series);
		free(series->key);
		free(series);
	}
}

int export_openmetrics(const struct export_job *job)
{
	struct page page = {.outlet = outlet_of(job), .job = job};

	put_machine(&page);
	put_owners(&page);
	text_add(&page.outlet.text, "# EOF\n");
	free_series(&page);
	return outlet_done(&page.outlet);
}
