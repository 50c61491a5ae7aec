#include "option_value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clade/column.h"
#include "clade/mem.h"
#include "clade/plan.h"
#include "clade/query.h"
#include "clade/tui.h"
#include "names.h"
#include "readonly.h"

enum { NAMES_MAX = 64 };

static const char *const collector_names[] = {"auto", "bpf", "procps", NULL};

static int parse_seconds(const struct option *option, const char *value, double *seconds,
			 struct text *error)
{
	char *end;
	double parsed = strtod(value, &end);

	if (end == value || *end || !(parsed >= option->least && parsed <= option->most)) {
		text_printf(error, "--%s takes seconds from %g to %g, not '%s'", option->name,
			    option->least, option->most, value);
		return -EINVAL;
	}
	*seconds = parsed;
	return 0;
}

static int parse_format(const char *value, const struct export_format **format, struct text *error)
{
	const char *names[NAMES_MAX] = {NULL};

	*format = export_find(value);
	if (*format)
		return 0;
	for (size_t i = 0; formats[i].name && i < NAMES_MAX - 1; i++)
		names[i] = formats[i].name;
	return names_complain(error, "format", value, names);
}

static int parse_count(const struct option *option, const char *value, uint32_t *count,
		       struct text *error)
{
	char *end;
	double parsed = strtod(value, &end);

	if (end == value || *end || !(parsed >= option->least && parsed <= option->most) ||
	    parsed != floor(parsed)) {
		text_printf(error, "--%s takes a whole number from %.0f to %.0f, not '%s'",
			    option->name, option->least, option->most, value);
		return -EINVAL;
	}
	*count = (uint32_t)parsed;
	return 0;
}

static int parse_level(const struct option *option, const char *value, double *level,
		       struct text *error)
{
	size_t measure = (option->offset - AT(limits)) / (CHECK_LEVELS * sizeof(double));
	int rc = check_parse((enum check_measure)measure, value, level);

	if (rc != 0)
		text_printf(error, "--%s takes %s, not '%.40s'", option->name,
			    measure == CHECK_GROWTH     ? "a rate such as 100/min or 5/s"
			    : measure == CHECK_HEADROOM ? "a percentage such as 10%"
							: "a number",
			    value);
	return rc;
}

static int check_filter(const char *value, struct text *error)
{
	struct query *query = NULL;
	int rc = query_new(value, error, &query);

	query_free(query);
	return rc;
}

static int parse_column(const char *name, enum column_id *id, struct text *error)
{
	const char *names[COLUMNS_N + 1] = {NULL};

	if (column_parse(name, id) == 0)
		return 0;
	for (size_t i = 0; i < COLUMNS_N; i++)
		names[i] = columns[i].name;
	return names_complain(error, "column", name, names);
}

/* "pid,user,name"; one that is named again stays where it is. */
static int parse_columns(const char *value, struct options *parsed, struct text *error)
{
	int rc = 0;

	parsed->n_columns = 0;
	while (rc == 0 && *value) {
		size_t len = strcspn(value, ",");
		char *name = mem_strndup(value, len);
		enum column_id id = 0;
		size_t at = 0;

		rc = parse_column(name, &id, error);
		while (at < parsed->n_columns && parsed->columns[at] != id)
			at++;
		parsed->columns[at] = id;
		parsed->n_columns += rc == 0 && at == parsed->n_columns;
		free(name);
		value += len + (value[len] == ',');
	}
	if (rc == 0 && parsed->n_columns == 0) {
		text_add(error, "--columns names no column; see clade list columns");
		rc = -EINVAL;
	}
	return rc;
}

static void add_owner(struct options *parsed, const char *owner)
{
	parsed->owners = mem_grow(parsed->owners, parsed->n_owners + 1, sizeof(*parsed->owners));
	parsed->owners[parsed->n_owners++] = owner;
}

static int check_signal(const char *value, struct text *error)
{
	const char *names[NAMES_MAX] = {NULL};

	if (signal_find(value))
		return 0;
	for (size_t i = 0; signal_rows[i].name && i < NAMES_MAX - 1; i++)
		names[i] = signal_rows[i].name;
	return names_complain(error, "signal", value, names);
}

int option_parse_list(const char *value, enum list_what *what, struct text *error)
{
	int rc = names_check("list", value, list_names, error);

	if (rc == 0) {
		*what = 0;
		while (strcmp(list_names[*what], value) != 0)
			++*what;
	}
	return rc;
}

int option_set(const struct option *option, const char *value, struct options *parsed,
	       struct text *error)
{
	void *member = (char *)parsed + option->offset;
	int rc = 0;

	switch (option->type) {
	case OPTION_FLAG:
		*(bool *)member = true;
		return 0;
	case OPTION_READONLY:
		return readonly_parse(value ? value : "yes", member, error);
	case OPTION_SECONDS:
		return parse_seconds(option, value, member, error);
	case OPTION_FORMAT:
		return parse_format(value, member, error);
	case OPTION_THEME:
		rc = names_check("theme", value, theme_names(), error);
		break;
	case OPTION_COUNT:
		return parse_count(option, value, member, error);
	case OPTION_LEVEL:
		return parse_level(option, value, member, error);
	case OPTION_OWNER:
		add_owner(parsed, value);
		return 0;
	case OPTION_COLUMNS:
		return parse_columns(value, parsed, error);
	case OPTION_KEEP:
		text_printf(error, "--%s: ", option->name);
		rc = ring_parse_keep(value, member, error);
		if (rc == 0)
			text_clear(error);
		return rc;
	case OPTION_FILTER:
		rc = check_filter(value, error);
		break;
	case OPTION_NAME:
		if (option->offset == AT(collector))
			rc = names_check("collector", value, collector_names, error);
		else if (option->offset == AT(signal))
			rc = check_signal(value, error);
		break;
	}
	if (rc == 0)
		*(const char **)member = value;
	return rc;
}
