/* One page for the post-mortem that needs nothing else: no script, no file, no network. What a
 * reader without styles sees is the same in the same order. */
#include "html.h"

#include <math.h>
#include <string.h>

#include "clade/safe.h"

/* Of owners, in this order; the name comes last. */
static const enum column_id owner_columns[] = {
	COLUMN_KIND,    COLUMN_PID,     COLUMN_PROCS,   COLUMN_BIRTHS, COLUMN_GROWTH,
	COLUMN_ZOMBIES, COLUMN_ORPHANS, COLUMN_BLOCKED, COLUMN_CPU,    COLUMN_MEMORY,
	COLUMN_LIMIT,   COLUMN_AGE,     COLUMN_TREND,
};

static const enum column_id proc_columns[] = {
	COLUMN_PID, COLUMN_USER, COLUMN_STATE, COLUMN_PROCS, COLUMN_CPU, COLUMN_MEMORY, COLUMN_AGE,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void html_add(struct text *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			text_add(out, "&amp;");
			break;
		case '<':
			text_add(out, "&lt;");
			break;
		case '>':
			text_add(out, "&gt;");
			break;
		case '"':
			text_add(out, "&quot;");
			break;
		case '\'':
			text_add(out, "&#39;");
			break;
		default:
			text_add_char(out, *s);
		}
	}
}

void html_add_safe(struct text *out, const char *s)
{
	struct text safe = {0};

	safe_add(&safe, s ? s : "-", strlen(s ? s : "-"));
	html_add(out, text_str(&safe));
	text_done(&safe);
}

void html_add_badges(struct html *html, int32_t owner)
{
	static const unsigned bad = BADGE_EXPLODING | BADGE_OOM | BADGE_LIMIT | BADGE_LOOP;
	const struct model *model = html->job->model;
	struct text badges = {0};

	badges_add(&badges, model, owner);
	if (badges.len > 0) {
		text_printf(&html->outlet.text, "<span class=\"badge %s\">",
			    model->groups[owner].badges & bad ? "bad" : "warn");
		html_add(&html->outlet.text, text_str(&badges));
		text_add(&html->outlet.text, "</span>");
	}
	text_done(&badges);
}

static void put_head(struct html *html)
{
	const struct snapshot *snap = html->job->model->snap;
	struct text *out = &html->outlet.text;
	char when[UNITS_LEN];

	units_time(when, snap->taken_ms);
	text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'\">\n<title>");
	html_add_safe(out, snap->host.name);
	text_printf(out, " at %s - clade</title>\n<style>\n", when);
	text_add(out, html_style);
	text_add(out, "</style>\n</head>\n<body>\n<main>\n<h1>");
	html_add_safe(out, snap->host.name);
	text_printf(out, "</h1>\n<div class=\"dim\">%s, Linux ", when);
	html_add_safe(out, snap->host.kernel);
	text_add(out, "</div>\n");
}

static void put_verdict(struct html *html)
{
	const struct verdict *verdict = &html->job->model->verdict;
	const char *class = verdict->kind == VERDICT_QUIET  ? "ok"
			    : verdict->kind <= VERDICT_LOOP ? "bad"
							    : "warn";
	struct text *out = &html->outlet.text;

	text_printf(out, "<p class=\"verdict %s\"><b>%s</b>", class, verdict->word);
	html_add(out, verdict->line);
	text_add(out, "</p>\n");
}

static void begin_fact(struct html *html, const char *term)
{
	text_printf(&html->outlet.text, "<li><span class=\"dim\">%s</span> ", term);
}

static void end_fact(struct html *html)
{
	text_add(&html->outlet.text, "</li>\n");
}

static void put_bar(struct html *html, double ratio)
{
	if (!isnan(ratio))
		text_printf(&html->outlet.text,
			    "<progress max=\"100\" value=\"%.1f\">%.0f %%</progress>", 100 * ratio,
			    100 * ratio);
}

static double share(uint64_t part, uint64_t whole)
{
	return is_known(part) && is_known(whole) && whole > 0 ? (double)part / (double)whole
							      : (double)NAN;
}

static void put_machine(struct html *html)
{
	const struct model *model = html->job->model;
	const struct machine *machine = &model->snap->machine;
	const struct cpu_split *cpu = &machine->cpu_percent;
	struct text *out = &html->outlet.text;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];

	text_add(out, "<ul class=\"facts\">\n");
	begin_fact(html, "processes");
	text_printf(out, "%s, %s zombies, %s blocked", units_count(a, model->all.procs),
		    units_count(b, model->all.zombies), units_count(c, model->all.blocked));
	end_fact(html);
	begin_fact(html, "process table");
	text_printf(out, "%s of %s", units_count(a, machine->tasks),
		    units_count(b, machine->pid_max));
	put_bar(html, 1 - model_headroom(model));
	end_fact(html);
	begin_fact(html, "forks");
	text_printf(out, "%s/s, net %s/s", units_real(a, machine->forks_per_s),
		    units_signed(b, model->growth.procs_10s_per_s));
	end_fact(html);
	begin_fact(html, "load");
	text_printf(out, "%.2f %.2f %.2f on %u CPUs", machine->load[0], machine->load[1],
		    machine->load[2], model->snap->host.cpus);
	end_fact(html);
	begin_fact(html, "CPU");
	text_printf(out, "user %s%%, system %s%%, I/O wait %s%%",
		    units_real(a, cpu->user + cpu->nice), units_real(b, cpu->system + cpu->irq),
		    units_real(c, cpu->iowait));
	end_fact(html);
	begin_fact(html, "memory");
	text_printf(out, "%s available of %s", units_bytes(a, machine->mem_available_bytes),
		    units_bytes(b, machine->mem_total_bytes));
	put_bar(html, 1 - share(machine->mem_available_bytes, machine->mem_total_bytes));
	end_fact(html);
	begin_fact(html, "pressure");
	text_printf(out, "CPU %s%%, memory %s%%, I/O %s%%",
		    units_real(a, machine->psi_cpu.some_avg10),
		    units_real(b, machine->psi_memory.some_avg10),
		    units_real(c, machine->psi_io.some_avg10));
	end_fact(html);
	begin_fact(html, "OOM kills, up for");
	text_printf(out, "%s, %s", units_count(a, machine->oom_kills),
		    units_duration(b, machine->uptime_s));
	end_fact(html);
	text_add(out, "</ul>\n");
}

/* A line over the last ten minutes; in words for who cannot see it. */
static void put_spark(struct html *html, const struct group *group)
{
	struct text *out = &html->outlet.text;
	uint32_t least = UINT32_MAX;
	uint32_t most = 0;

	if (group->n_trend < 2) {
		text_add_char(out, '-');
		return;
	}
	for (uint32_t i = 0; i < group->n_trend; i++) {
		least = group->trend[i] < least ? group->trend[i] : least;
		most = group->trend[i] > most ? group->trend[i] : most;
	}
	text_printf(out,
		    "<svg viewBox=\"0 0 120 22\" role=\"img\" aria-label=\"processes over %u "
		    "minutes: from %u to %u, now %u\"><polyline points=\"",
		    (group->n_trend * TREND_APART_S + 59) / 60, least, most,
		    group->trend[group->n_trend - 1]);
	for (uint32_t i = 0; i < group->n_trend; i++) {
		double x = 1 + 118.0 * i / (group->n_trend - 1);
		double y =
			most > least ? 20 - 18.0 * (group->trend[i] - least) / (most - least) : 20;

		text_printf(out, "%s%.1f,%.1f", i > 0 ? " " : "", x, y);
	}
	text_add(out, "\"/></svg>");
}

static void put_owner(struct html *html, int32_t at)
{
	struct text *out = &html->outlet.text;

	text_add(out, "<tr>");
	for (size_t i = 0; i < html->n_owner_columns; i++) {
		enum column_id id = html->owner_columns[i];

		text_add(out, columns[id].flags & COL_LEFT ? "<td class=\"l\">" : "<td>");
		if (id == COLUMN_TREND) {
			put_spark(html, &html->job->model->groups[at]);
		} else {
			text_clear(&html->cell);
			column_add_owner(&html->cell, id, html->job->model, at);
			html_add(out, text_str(&html->cell));
		}
		text_add(out, "</td>");
	}
	text_add(out, "<td class=\"l name\">");
	text_clear(&html->cell);
	column_add_owner(&html->cell, COLUMN_NAME, html->job->model, at);
	html_add(out, text_str(&html->cell));
	html_add_badges(html, at);
	text_add(out, "</td></tr>\n");
	outlet_drain(&html->outlet);
}

static void put_owners(struct html *html)
{
	const struct selection *selection = html->job->selection;
	struct text *out = &html->outlet.text;

	text_add(out, "<h2>Owners, hottest first</h2>\n<div class=\"scroll\"><table>\n<thead><tr>");
	for (size_t i = 0; i < html->n_owner_columns; i++) {
		const struct column *column = &columns[html->owner_columns[i]];

		text_printf(out, "<th scope=\"col\"%s title=\"",
			    column->flags & COL_LEFT ? " class=\"l\"" : "");
		html_add(out, column->help);
		text_add(out, "\">");
		html_add(out, column->title);
		text_add(out, "</th>");
	}
	text_add(out, "<th scope=\"col\" class=\"l\">NAME</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < selection->n_owners; i++)
		put_owner(html, selection->owners[i]);
	/* a table without a row is not valid */
	if (selection->n_owners == 0)
		text_printf(out, "<tr><td class=\"l\" colspan=\"%zu\">none</td></tr>\n",
			    html->n_owner_columns + 1);
	text_add(out, "</tbody></table></div>\n");
	if (selection->n_left > 0)
		text_printf(out, "<p class=\"dim\">and %zu more owners with %zu processes</p>\n",
			    selection->n_left, selection->left_procs);
}

static void put_notes(struct html *html)
{
	const struct snapshot *snap = html->job->model->snap;
	struct text *out = &html->outlet.text;

	if (snap->n_notes > 0)
		text_add(out, "<h2>Not seen</h2>\n<ul>\n");
	for (size_t i = 0; i < snap->n_notes; i++) {
		text_add(out, "<li>");
		html_add_safe(out, snap->notes[i]);
		text_add(out, "</li>\n");
	}
	if (snap->n_notes > 0)
		text_add(out, "</ul>\n");
	if (html->job->config->is_redacted)
		text_add(out, "<p class=\"dim\">What looks like a secret is masked.</p>\n");
	text_add(out, "</main>\n</body>\n</html>\n");
}

int export_html(const struct export_job *job)
{
	struct html html = {.outlet = outlet_of(job), .job = job};

	html.n_owner_columns = export_columns(job->config, COL_OWNERS, owner_columns,
					      COUNT(owner_columns), html.owner_columns);
	html.n_proc_columns = export_columns(job->config, COL_PROCS, proc_columns,
					     COUNT(proc_columns), html.proc_columns);
	put_head(&html);
	put_verdict(&html);
	put_machine(&html);
	put_owners(&html);
	html_put_tree(&html);
	put_notes(&html);
	text_done(&html.cell);
	return outlet_done(&html.outlet);
}
