/* One process a line, RFC 4180, over the table of columns. Numbers are plain: bytes, seconds,
 * percent; what is not known is empty. Texts are harmless, as on the screen. */
#include <math.h>
#include <string.h>

#include "clade/safe.h"
#include "writers.h"

/* Numbers that are whole, however large; the others have two decimals. */
static void add_number(struct text *line, double value)
{
	if (isnan(value))
		return;
	if (value == floor(value) && fabs(value) < 1e15)
		text_printf(line, "%.0f", value);
	else
		text_printf(line, "%.2f", value);
}

/* A spreadsheet takes what begins so for a formula, and a process may be called anything. */
static bool is_formula(const char *s)
{
	return strchr("=+@", s[0]) || (s[0] == '-' && strpbrk(s, "|(!"));
}

static void add_text(struct text *line, const char *s)
{
	bool is_quoted = strpbrk(s, "\",\r\n") || s[0] == ' ';

	if (!s[0] || strcmp(s, "-") == 0)
		return;
	if (is_quoted)
		text_add_char(line, '"');
	if (is_formula(s))
		text_printf(line, "\\x%02X", (unsigned)(unsigned char)*s++);
	for (; *s; s++) {
		if (*s == '"')
			text_add_char(line, '"');
		text_add_char(line, *s);
	}
	if (is_quoted)
		text_add_char(line, '"');
}

/* What only owners have is the owner's. */
static void add_value(struct text *line, enum column_id id, const struct export_job *job, int32_t i,
		      struct text *cell)
{
	bool is_of_proc = columns[id].flags & COL_PROCS;
	int32_t owner = job->model->attr->procs[i].owner;

	if (!(columns[id].flags & COL_LEFT) && id != COLUMN_TREND) {
		add_number(line, is_of_proc ? column_proc_number(id, job->model, i)
					    : column_owner_number(id, job->model, owner));
		return;
	}
	text_clear(cell);
	if (is_of_proc)
		column_add_proc(cell, id, job->model, i, job->config->users);
	else
		column_add_owner(cell, id, job->model, owner);
	add_text(line, text_str(cell));
}

/* The columns that were asked for, else all that processes have. */
static size_t choose(const struct export_config *config, enum column_id chosen[COLUMNS_N])
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_columns && n < COLUMNS_N; i++)
		chosen[n++] = config->columns[i];
	for (size_t i = 0; i < COLUMNS_N && config->n_columns == 0; i++) {
		if (columns[i].flags & COL_PROCS)
			chosen[n++] = (enum column_id)i;
	}
	return n;
}

int export_csv(const struct export_job *job)
{
	struct outlet outlet = outlet_of(job);
	enum column_id chosen[COLUMNS_N];
	size_t n = choose(job->config, chosen);
	struct text cell = {0};

	for (size_t c = 0; c < n; c++)
		text_printf(&outlet.text, "%s%s", c > 0 ? "," : "", columns[chosen[c]].name);
	text_add(&outlet.text, "\r\n");
	for (size_t i = 0; i < job->model->snap->n_procs && outlet.error == 0; i++) {
		if (!job->selection->has_proc[i])
			continue;
		for (size_t c = 0; c < n; c++) {
			if (c > 0)
				text_add_char(&outlet.text, ',');
			add_value(&outlet.text, chosen[c], job, (int32_t)i, &cell);
		}
		text_add(&outlet.text, "\r\n");
		outlet_count(&outlet);
		outlet_drain(&outlet);
	}
	text_done(&cell);
	return outlet_done(&outlet);
}
