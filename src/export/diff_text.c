/* A report of what is different: owners that changed most come first, then commands. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clade/diff_export.h"
#include "clade/hash.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "writers.h"

enum {
	LINES_MAX = 25, /* of a list; the rest is counted */
	DEFAULT_WIDTH = 160,
};

typedef const char *say_number(char buf[UNITS_LEN], uint64_t number);

struct report {
	struct outlet outlet;
	const struct difference *diff;
	const struct export_config *config;
	struct text line;
};

static void put_line(struct report *report)
{
	size_t width = report->config->width > 0 ? (size_t)report->config->width : DEFAULT_WIDTH;
	size_t len = safe_fit(text_str(&report->line), width, NULL);

	text_add_bytes(&report->outlet.text, text_str(&report->line), len);
	text_add_char(&report->outlet.text, '\n');
	text_clear(&report->line);
	outlet_drain(&report->outlet);
}

static void add_safe(struct report *report, const char *s)
{
	safe_add(&report->line, s ? s : "-", strlen(s ? s : "-"));
}

/* "+1,234", "-5", "0" */
static void add_change(struct text *line, double change, say_number *say)
{
	char number[UNITS_LEN];

	text_printf(line, "%s%s",
		    change > 0   ? "+"
		    : change < 0 ? "-"
				 : "",
		    say(number, (uint64_t)fabs(change)));
}

/* Aligned to the right in so many columns. */
static void put_change(struct report *report, int width, double change, say_number *say)
{
	struct text cell = {0};

	add_change(&cell, change, say);
	text_printf(&report->line, " %*s", width, text_str(&cell));
	text_done(&cell);
}

static void put_pair(struct report *report, const char *what, uint64_t before, uint64_t after,
		     say_number *say)
{
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	if (report->line.len > 0)
		text_add(&report->line, "  ");
	text_printf(&report->line, "%s %s -> %s", what, say(a, before), say(b, after));
	if (!is_known(before) || !is_known(after))
		return;
	text_add(&report->line, " (");
	add_change(&report->line, (double)after - (double)before, say);
	text_add(&report->line, ")");
}

static void put_times(struct report *report)
{
	const struct snapshot *before = report->diff->before->snap;
	const struct snapshot *after = report->diff->after->snap;
	double seconds = ((double)after->taken_ms - (double)before->taken_ms) / 1000;
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char c[UNITS_LEN];

	text_add(&report->line, "clade diff  ");
	add_safe(report, after->host.name);
	text_printf(&report->line, "  %s -> %s  %s%s", units_time(a, before->taken_ms),
		    units_time(b, after->taken_ms), units_duration(c, fabs(seconds)),
		    seconds < 0 ? " back" : "");
	put_line(report);
	if (!report->diff->is_same_boot) {
		text_add(&report->line, "not of the same boot: no process is the same");
		put_line(report);
	}
}

static void put_head(struct report *report)
{
	const struct difference *diff = report->diff;
	const struct snapshot *before = diff->before->snap;
	const struct snapshot *after = diff->after->snap;
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	put_times(report);
	text_printf(&report->line, "before  %s  %s", diff->before->verdict.word,
		    diff->before->verdict.line);
	put_line(report);
	text_printf(&report->line, "after   %s  %s", diff->after->verdict.word,
		    diff->after->verdict.line);
	put_line(report);
	put_pair(report, "processes", before->n_procs, after->n_procs, units_count);
	put_pair(report, "tasks", before->machine.tasks, after->machine.tasks, units_count);
	put_pair(report, "memory available", before->machine.mem_available_bytes,
		 after->machine.mem_available_bytes, units_bytes);
	put_line(report);
	text_printf(&report->line, "%s appeared, %s vanished", units_count(a, diff->n_appeared),
		    units_count(b, diff->n_vanished));
	put_line(report);
}

static void put_more(struct report *report, size_t n)
{
	if (n <= LINES_MAX)
		return;
	text_printf(&report->line, "… and %zu more", n - LINES_MAX);
	put_line(report);
}

static void put_owner(struct report *report, const struct owner_change *change)
{
	const struct owner *owner = diff_owner(report->diff, change);
	struct totals before = diff_totals_before(report->diff, change);
	struct totals after = diff_totals_after(report->diff, change);
	char number[UNITS_LEN];

	text_printf(&report->line, "%-9s %7s", owner_kind_name(owner->kind),
		    units_count(number, before.procs));
	text_printf(&report->line, " %7s", units_count(number, after.procs));
	put_change(report, 7, change->appeared, units_count);
	put_change(report, 7, -(double)change->vanished, units_count);
	put_change(report, 6, (double)after.zombies - (double)before.zombies, units_count);
	put_change(report, 6, (double)after.orphans - (double)before.orphans, units_count);
	put_change(report, 7, change->rss_bytes, units_bytes);
	text_add(&report->line, " ");
	add_safe(report, owner->name);
	if (change->before == NO_OWNER || change->after == NO_OWNER)
		text_add(&report->line, change->before == NO_OWNER ? "  [new]" : "  [gone]");
	put_line(report);
}

static bool has_changed(const struct owner_change *change)
{
	return change->appeared > 0 || change->vanished > 0 || change->rss_bytes != 0 ||
	       change->before == NO_OWNER || change->after == NO_OWNER;
}

static void put_owners(struct report *report)
{
	const struct difference *diff = report->diff;
	size_t n = 0;

	put_line(report);
	text_add(&report->line,
		 "KIND       BEFORE   AFTER    CAME    WENT   ZOMB   ORPH     MEM NAME");
	put_line(report);
	for (size_t i = 0; i < diff->n_owners; i++) {
		if (has_changed(&diff->owners[i]) && n++ < LINES_MAX)
			put_owner(report, &diff->owners[i]);
	}
	put_more(report, n);
}

/* How many of one command an owner has more or less. */
struct tally {
	char *key; /* the owner's id and the command's name */
	const char *comm;
	const struct owner *owner;
	size_t count;
	UT_hash_handle hh;
};

static int most_first(struct tally *a, struct tally *b)
{
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->key, b->key);
}

static struct tally *count(const struct model *model, const int32_t *procs, size_t n)
{
	struct tally *tallies = NULL;
	struct text key = {0};

	for (size_t i = 0; i < n; i++) {
		int32_t at = model->attr->procs[procs[i]].owner;
		const struct owner *owner = &model->attr->owners[at];
		const char *comm = model->snap->procs[procs[i]].facts->comm;
		struct tally *tally;

		text_clear(&key);
		text_printf(&key, "%s\x1f%s", owner->id, comm);
		HASH_FIND_STR(tallies, text_str(&key), tally);
		if (!tally) {
			tally = mem_new(1, sizeof(*tally));
			tally->key = mem_strdup(text_str(&key));
			tally->comm = comm;
			tally->owner = owner;
			HASH_ADD_KEYPTR(hh, tallies, tally->key, strlen(tally->key), tally);
		}
		tally->count++;
	}
	text_done(&key);
	HASH_SORT(tallies, most_first);
	return tallies;
}

static void put_commands(struct report *report, const char *title, const struct model *model,
			 const int32_t *procs, size_t n)
{
	struct tally *tallies = count(model, procs, n);
	struct tally *tally, *next;
	size_t lines = 0;
	char number[UNITS_LEN];

	if (n > 0) {
		put_line(report);
		text_add(&report->line, title);
		put_line(report);
	}
	HASH_ITER (hh, tallies, tally, next) {
		if (lines++ < LINES_MAX) {
			text_printf(&report->line, "%8s ", units_count(number, tally->count));
			add_safe(report, tally->comm);
			text_printf(&report->line, "  of %s ", tally->owner->product);
			add_safe(report, tally->owner->name);
			put_line(report);
		}
		HASH_DEL(tallies, tally);
		free(tally->key);
		free(tally);
	}
	put_more(report, lines);
}

static void put_grown(struct report *report)
{
	const struct difference *diff = report->diff;

	for (size_t i = 0; i < diff->n_grew && i < LINES_MAX; i++) {
		const struct process *before = &diff->before->snap->procs[diff->grew[i].before];
		const struct process *after = &diff->after->snap->procs[diff->grew[i].after];

		if (i == 0) {
			put_line(report);
			text_add(&report->line, "Grew in memory");
			put_line(report);
		}
		put_change(report, 7, (double)after->rss_bytes - (double)before->rss_bytes,
			   units_bytes);
		text_printf(&report->line, " %7d ", after->pid);
		process_add_command(after, &report->line);
		put_line(report);
	}
	put_more(report, diff->n_grew);
}

int diff_write_text(const struct difference *diff, const struct export_config *config,
		    export_sink *sink, void *context)
{
	struct report report = {
		.outlet = {.sink = sink, .context = context},
		.diff = diff,
		.config = config,
	};

	put_head(&report);
	put_owners(&report);
	put_commands(&report, "Appeared", diff->after, diff->appeared, diff->n_appeared);
	put_commands(&report, "Vanished", diff->before, diff->vanished, diff->n_vanished);
	put_grown(&report);
	text_done(&report.line);
	return outlet_done(&report.outlet);
}
