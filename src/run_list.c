/* clade list: what the tables hold. */
#include "clade/column.h"
#include "clade/export.h"
#include "clade/plan.h"
#include "clade/tui.h"
#include "program.h"

static void list_columns(struct text *out)
{
	for (size_t i = 0; i < COLUMNS_N; i++)
		text_printf(out, "%-9s  %-6s  %s\n", columns[i].name, columns[i].title,
			    columns[i].help);
}

static void list_formats(struct text *out)
{
	for (const struct export_format *format = formats; format->name; format++)
		text_printf(out, "%-9s  %s\n", format->name, format->summary);
}

static void list_themes(struct text *out)
{
	for (const char *const *name = theme_names(); *name; name++)
		text_printf(out, "%s\n", *name);
}

static void list_signals(struct text *out)
{
	for (const struct signal_row *row = signal_rows; row->name; row++)
		text_printf(out, "%-6s  %2d  %s%s\n", row->name, row->number, row->help,
			    row->is_ending ? "; what survives it is killed after the grace" : "");
}

static void list_rules(struct text *out)
{
	struct ruleset *rules = rules_new();

	program_read_rules(rules);
	rules_list(rules, out);
	rules_free(rules);
}

int run_list(enum list_what what)
{
	static void (*const lists[])(struct text * out) = {
		[LIST_COMMANDS] = options_list_commands,
		[LIST_LISTS] = options_list_lists,
		[LIST_COLUMNS] = list_columns,
		[LIST_FORMATS] = list_formats,
		[LIST_KEYS] = keys_list,
		[LIST_OPTIONS] = options_list,
		[LIST_OWNERS] = list_rules,
		[LIST_SCREEN] = preferences_list,
		[LIST_THEMES] = list_themes,
		[LIST_THRESHOLDS] = thresholds_list,
		[LIST_SIGNALS] = list_signals,
	};
	struct text out = {0};
	int status;

	lists[what](&out);
	status = program_write(text_str(&out), out.len);
	text_done(&out);
	return status;
}
