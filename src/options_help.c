/* What the tables of options and commands tell people. */
#include "option_table.h"

static void add_option(struct text *out, const struct option *option)
{
	struct text left = {0};

	if (option->letter)
		text_printf(&left, "-%c, ", option->letter);
	else
		text_add(&left, "    ");
	text_printf(&left, "--%s", option->name);
	if (option->argument)
		text_printf(&left, " %s", option->argument);
	text_printf(out, "  %-24s  %s\n", text_str(&left), option->help);
	text_done(&left);
}

void options_list_commands(struct text *out)
{
	for (size_t i = 0; commands[i].name; i++)
		text_printf(out, "%-9s  %s\n", commands[i].name, commands[i].help);
}

void options_list_lists(struct text *out)
{
	for (size_t i = 0; list_names[i]; i++)
		text_printf(out, "%s\n", list_names[i]);
}

void options_list(struct text *out)
{
	for (size_t i = 0; options[i].name; i++)
		add_option(out, &options[i]);
}

void options_help(struct text *out)
{
	text_add(out, "Usage: clade [OPTION]... [COMMAND]\n"
		      "Every process under the thing that owns it: agent session, PM2 app, "
		      "container, service.\n\n"
		      "Commands:\n"
		      "  (none)                    the terminal UI\n");
	for (size_t i = 0; commands[i].name; i++) {
		struct text left = {0};

		text_printf(&left, "%s%s%s", commands[i].name, commands[i].argument ? " " : "",
			    commands[i].argument ? commands[i].argument : "");
		text_printf(out, "  %-24s  %s\n", text_str(&left), commands[i].help);
		text_done(&left);
	}
	text_add(out, "\nOptions:\n");
	options_list(out);
	text_add(out, "\nFormats:\n");
	for (const struct export_format *format = formats; format->name; format++)
		text_printf(out, "  %-24s  %s\n", format->name, format->summary);
	text_add(out,
		 "\nExit status: 0 well, 1 it could not be done, 2 the command line is wrong.\n"
		 "The manual is clade(1); owner rules are described in clade-owners(5).\n");
}
