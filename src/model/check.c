#include "clade/check.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"

enum { NAMED_MAX = 3 }; /* owners that the line names */

/* clang-format off */
static const struct {
	const char *label;  /* of performance data */
	const char *unit;
	const char *phrase; /* behind the figure */
	bool is_low_bad;
} measures[CHECK_MEASURES] = {
	[CHECK_PROCESSES] = {"processes", "",  "processes",     false},
	[CHECK_ZOMBIES]   = {"zombies",   "",  "zombies",       false},
	[CHECK_ORPHANS]   = {"orphans",   "",  "orphans",       false},
	[CHECK_GROWTH]    = {"growth",    "",  "more a minute", false},
	[CHECK_HEADROOM]  = {"headroom",  "%", "headroom",      true},
};
/* clang-format on */

static const char *const status_words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* The figures of the whole, or of one owner. */
struct subject {
	int32_t owner; /* NO_OWNER: the whole */
	double values[CHECK_MEASURES];
	enum check_status status;
	unsigned bad; /* measures that have this status, a bit each */
};

struct check_limits check_limits_none(void)
{
	struct check_limits limits;

	for (size_t m = 0; m < CHECK_MEASURES; m++)
		limits.at[m][CHECK_WARN] = limits.at[m][CHECK_CRITICAL] = NAN;
	return limits;
}

bool check_has_any(const struct check_limits *limits)
{
	for (size_t m = 0; m < CHECK_MEASURES; m++) {
		if (!isnan(limits->at[m][CHECK_WARN]) || !isnan(limits->at[m][CHECK_CRITICAL]))
			return true;
	}
	return false;
}

int check_parse(enum check_measure measure, const char *value, double *level)
{
	char *rest;
	double parsed = strtod(value, &rest);

	if (rest == value || !isfinite(parsed) || parsed < 0)
		return -EINVAL;
	if (measure == CHECK_GROWTH && strcmp(rest, "/s") == 0)
		parsed *= 60;
	else if (measure == CHECK_GROWTH && strcmp(rest, "/h") == 0)
		parsed /= 60;
	else if (*rest && !(measure == CHECK_GROWTH && strcmp(rest, "/min") == 0) &&
		 !(measure == CHECK_HEADROOM && strcmp(rest, "%") == 0))
		return -EINVAL;
	if (measure == CHECK_HEADROOM && parsed > 100)
		return -EINVAL;
	*level = parsed;
	return 0;
}

/* What is left of the process table, and before RLIMIT_NPROC of the user who is nearest to his. */
static double machine_headroom(const struct model *model)
{
	double user = bounded_percent(model->snap->machine.user.tasks);

	return fmin(model_headroom(model) * 100, fmax(0, 100 - (isnan(user) ? 0 : user)));
}

/* What is left before a limit of its control group. */
static double owner_headroom(const struct group *group)
{
	double used = fmax(bounded_percent(group->pids), bounded_percent(group->memory));

	return isnan(used) ? used : fmax(0, 100 - used);
}

static struct subject subject_of_owner(const struct model *model, int32_t owner)
{
	const struct group *group = &model->groups[owner];

	return (struct subject){
		.owner = owner,
		.values =
			{
				[CHECK_PROCESSES] = group->nested.procs,
				[CHECK_ZOMBIES] = group->nested.zombies,
				[CHECK_ORPHANS] = group->nested.orphans,
				[CHECK_GROWTH] = group->growth.procs_60s_per_s * 60,
				[CHECK_HEADROOM] = owner_headroom(group),
			},
	};
}

static struct subject subject_of_all(const struct model *model, const struct selection *selection)
{
	bool is_all = selection->n_owners == model->attr->n_owners;
	struct subject all = {.owner = NO_OWNER};

	all.values[CHECK_PROCESSES] = (double)selection->n_procs;
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		if (!selection->has_proc[i])
			continue;
		all.values[CHECK_ZOMBIES] += model->snap->procs[i].state == 'Z';
		all.values[CHECK_ORPHANS] += model->attr->procs[i].is_orphan;
	}
	all.values[CHECK_HEADROOM] = machine_headroom(model);
	if (is_all) {
		all.values[CHECK_GROWTH] = model->growth.procs_60s_per_s * 60;
		return all;
	}
	for (size_t i = 0; i < selection->n_owners; i++) {
		const struct group *group = &model->groups[selection->owners[i]];

		all.values[CHECK_GROWTH] += group->own_growth.procs_60s_per_s * 60;
		all.values[CHECK_HEADROOM] =
			fmin(all.values[CHECK_HEADROOM], owner_headroom(group));
	}
	return all;
}

static bool is_beyond(enum check_measure measure, double value, double level)
{
	return measures[measure].is_low_bad ? value < level : value >= level;
}

static int severity(enum check_status status)
{
	static const int order[] = {
		[CHECK_OK] = 0,
		[CHECK_UNKNOWN] = 1,
		[CHECK_WARNING] = 2,
		[CHECK_IS_CRITICAL] = 3,
	};

	return order[status];
}

static enum check_status judge_one(enum check_measure measure, double value, const double *levels)
{
	if (isnan(levels[CHECK_WARN]) && isnan(levels[CHECK_CRITICAL]))
		return CHECK_OK;
	/* an owner without a limit has no headroom to speak of; growth needs two looks */
	if (isnan(value))
		return measure == CHECK_HEADROOM ? CHECK_OK : CHECK_UNKNOWN;
	if (is_beyond(measure, value, levels[CHECK_CRITICAL]))
		return CHECK_IS_CRITICAL;
	return is_beyond(measure, value, levels[CHECK_WARN]) ? CHECK_WARNING : CHECK_OK;
}

static void judge(struct subject *subject, const struct check_limits *limits)
{
	for (size_t m = 0; m < CHECK_MEASURES; m++) {
		enum check_status status =
			judge_one((enum check_measure)m, subject->values[m], limits->at[m]);

		if (severity(status) > severity(subject->status)) {
			subject->status = status;
			subject->bad = 0;
		}
		if (status == subject->status && status != CHECK_OK)
			subject->bad |= 1u << m;
	}
}

static void add_number(struct text *line, double value)
{
	text_printf(line, value == floor(value) ? "%.0f" : "%.1f", value);
}

/* "58083 processes (critical 10000)" */
static void add_figure(struct text *line, const struct subject *subject, enum check_measure measure,
		       const struct check_limits *limits)
{
	bool is_critical = subject->status == CHECK_IS_CRITICAL;

	if (isnan(subject->values[measure]))
		text_add(line, "unknown");
	else
		add_number(line, subject->values[measure]);
	text_printf(line, "%s %s", measures[measure].unit, measures[measure].phrase);
	if (!(subject->bad & 1u << measure) || subject->status == CHECK_UNKNOWN)
		return;
	text_printf(line, " (%s ", is_critical ? "critical" : "warning");
	add_number(line, limits->at[measure][is_critical ? CHECK_CRITICAL : CHECK_WARN]);
	text_printf(line, "%s)", measures[measure].unit);
}

/* A bar would begin performance data. */
static void add_name(struct text *line, const struct model *model, int32_t owner)
{
	const struct owner *of = &model->attr->owners[owner];
	struct text name = {0};

	text_printf(&name, "%s ", of->product);
	safe_add(&name, of->name, strlen(of->name));
	for (const char *c = text_str(&name); *c; c++) {
		if (*c == '|')
			text_add(line, "\\x7C");
		else
			text_add_char(line, *c);
	}
	text_add(line, ": ");
	text_done(&name);
}

/* What is bad, or everything when nothing is. */
static void add_subject(struct text *line, const struct model *model, const struct subject *subject,
			const struct check_limits *limits)
{
	size_t start;

	if (subject->owner != NO_OWNER)
		add_name(line, model, subject->owner);
	start = line->len;
	for (size_t m = 0; m < CHECK_MEASURES; m++) {
		if (subject->bad ? !(subject->bad & 1u << m) : isnan(subject->values[m]))
			continue;
		if (line->len > start)
			text_add(line, ", ");
		add_figure(line, subject, (enum check_measure)m, limits);
	}
}

/* A range as plugins have it: "10:" is bad below ten. */
static void add_level(struct text *line, enum check_measure measure, double level)
{
	text_add_char(line, ';');
	if (isnan(level))
		return;
	add_number(line, level);
	if (measures[measure].is_low_bad)
		text_add_char(line, ':');
}

/* label=value[unit];warning;critical;least;most */
static void add_performance(struct text *line, const double *values,
			    const struct check_limits *limits)
{
	text_add(line, " |");
	for (size_t m = 0; m < CHECK_MEASURES; m++) {
		text_printf(line, " %s=", measures[m].label);
		if (isnan(values[m]))
			text_add(line, "U");
		else
			text_printf(line, values[m] == floor(values[m]) ? "%.0f%s" : "%.2f%s",
				    values[m], measures[m].unit);
		add_level(line, (enum check_measure)m, limits->at[m][CHECK_WARN]);
		add_level(line, (enum check_measure)m, limits->at[m][CHECK_CRITICAL]);
		text_add(line, m == CHECK_GROWTH ? "" : m == CHECK_HEADROOM ? ";0;100" : ";0");
	}
}

static void begin(struct text *line, enum check_status status)
{
	text_clear(line);
	text_printf(line, "CLADE %s - ", status_words[status]);
}

static int worst_first(const void *a, const void *b)
{
	const struct subject *x = a;
	const struct subject *y = b;
	int order = severity(y->status) - severity(x->status);

	if (order != 0)
		return order;
	return (x->values[CHECK_PROCESSES] < y->values[CHECK_PROCESSES]) -
	       (x->values[CHECK_PROCESSES] > y->values[CHECK_PROCESSES]);
}

/* The worst figure of each measure, whoever has it. */
static void worst_values(double worst[CHECK_MEASURES], const struct subject *subjects, size_t n)
{
	for (size_t m = 0; m < CHECK_MEASURES; m++) {
		worst[m] = NAN;
		for (size_t i = 0; i < n; i++)
			worst[m] = measures[m].is_low_bad ? fmin(worst[m], subjects[i].values[m])
							  : fmax(worst[m], subjects[i].values[m]);
	}
}

static enum check_status check_owners(struct text *line, const struct model *model,
				      const struct selection *selection,
				      const struct check_limits *limits)
{
	size_t n = selection->n_owners;
	struct subject *subjects = mem_new(n + 1, sizeof(*subjects));
	double worst[CHECK_MEASURES];
	enum check_status status;
	size_t bad = 0;

	for (size_t i = 0; i < n; i++) {
		subjects[i] = subject_of_owner(model, selection->owners[i]);
		judge(&subjects[i], limits);
	}
	qsort(subjects, n, sizeof(*subjects), worst_first);
	status = n > 0 ? subjects[0].status : CHECK_OK;
	begin(line, status);
	while (status != CHECK_OK && bad < n && subjects[bad].status == status) {
		if (bad < NAMED_MAX) {
			text_add(line, bad > 0 ? "; " : "");
			add_subject(line, model, &subjects[bad], limits);
		}
		bad++;
	}
	if (bad > NAMED_MAX)
		text_printf(line, "; and %zu more", bad - NAMED_MAX);
	if (bad == 0)
		text_printf(line, "%zu owners, none beyond a limit", n);
	worst_values(worst, subjects, n);
	add_performance(line, worst, limits);
	free(subjects);
	return status;
}

enum check_status check_make(struct text *line, const struct model *model,
			     const struct selection *selection, const struct check_limits *limits,
			     bool is_each_owner)
{
	struct subject all;

	if (is_each_owner)
		return check_owners(line, model, selection, limits);
	all = subject_of_all(model, selection);
	judge(&all, limits);
	begin(line, all.status);
	add_subject(line, model, &all, limits);
	/* who it is, when something is wrong */
	if (all.status != CHECK_OK && all.status != CHECK_UNKNOWN && selection->n_owners > 0) {
		int32_t hottest = selection->owners[0];

		text_add(line, "; hottest is ");
		add_name(line, model, hottest);
		text_printf(line, "%u processes", model->groups[hottest].own.procs);
	}
	add_performance(line, all.values, limits);
	return all.status;
}

void check_unknown(struct text *line, const char *why)
{
	begin(line, CHECK_UNKNOWN);
	for (; *why; why++)
		text_add_char(line, *why == '|' || *why == '\n' ? '?' : *why);
}
