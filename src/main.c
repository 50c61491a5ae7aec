/* Puts the parts together: the command line, the configuration, one command. The one place that
 * ends the program. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clade/collector.h"
#include "clade/haste.h"
#include "clade/safe.h"
#include "program.h"
#include "readonly.h"
#include "settings.h"
#include "survive.h"

/* A descriptor 0, 1 or 2 that is closed would be taken by the next file that is opened. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			_exit(EXIT_FAILED);
	}
}

static int show_help(void)
{
	struct text out = {0};
	int status;

	options_help(&out);
	status = program_write(text_str(&out), out.len);
	text_done(&out);
	return status;
}

#if defined(HAVE_LIBSYSTEMD) && !defined(WITHOUT_LIBSYSTEMD)
#define SYSTEMD "D-Bus (libsystemd)"
#else
#define SYSTEMD "by hand only (no libsystemd)"
#endif

static int show_version(void)
{
	struct source_config config = {0};
	struct source *source = NULL;
	struct text out = {0};
	struct text why = {0};
	int status;

	text_add(&out, PACKAGE_STRING "\nCollectors:\n");
	for (const struct collector *at = collectors; at->name; at++)
		text_printf(&out, "  %-8s %s%s\n", at->name, at->summary,
			    at->kind ? "" : " (not built in)");
	if (collector_open("auto", &config, &source, &why) == 0)
		text_printf(&out, "Used here: %s%s%s\n", source->kind->name,
			    why.len > 0 ? "; " : "", text_str(&why));
	else
		text_printf(&out, "Used here: none; %s\n", text_str(&why));
	text_add(&out, "Stopping systemd's units: " SYSTEMD "\n");
	text_add(&out, "Licence: GPL-2.0-or-later. There is no warranty.\n");
	status = program_write(text_str(&out), out.len);
	source_close(source);
	text_done(&out);
	text_done(&why);
	return status;
}

static int list(struct program *program)
{
	int status = EXIT_OK;

	if (program->options.readonly != READONLY_NO)
		status = program_confine(program);
	if (status == EXIT_OK)
		status = run_list(program->options.what);
	confine_close(program->confine);
	return status;
}

/* What looks at the live machine for long has to outlive it. */
static bool is_for_bad_days(const struct options *options)
{
	return (options->command == COMMAND_UI && !options->is_demo) ||
	       options->command == COMMAND_RECORD;
}

static int run(struct program *program)
{
	static int (*const commands[])(struct program * program) = {
		[COMMAND_UI] = run_ui,         [COMMAND_SNAPSHOT] = run_snapshot,
		[COMMAND_KILL] = run_kill,     [COMMAND_RECORD] = run_record,
		[COMMAND_REPLAY] = run_replay, [COMMAND_CHECK] = run_check,
		[COMMAND_DIFF] = run_diff,
	};
	int status;

	if (program->options.wants_help)
		return show_help();
	if (program->options.wants_version)
		return show_version();
	if (program->options.wants_self_test)
		return run_self_test(&program->options);
	if (program->options.command == COMMAND_LIST)
		return list(program);
	/* among thousands that want to run, reading the rules alone would take a minute */
	if (program->options.command == COMMAND_KILL)
		haste_begin(&program->haste);
	status = program_open(program);
	if (status != EXIT_OK && program->options.command == COMMAND_CHECK)
		status = check_refuse("the processes cannot be read");
	if (status == EXIT_OK && is_for_bad_days(&program->options))
		survive(program->options.readonly == READONLY_NO);
	if (status == EXIT_OK && program->options.readonly != READONLY_NO)
		status = program_confine(program);
	if (status == EXIT_OK && program->confine)
		status = program_check_confined(program);
	if (status == EXIT_OK)
		status = commands[program->options.command](program);
	program_close(program);
	return status;
}

/* What is skipped is told at once, and again on the screen, which covers that. */
static void note_skipped(void *context, const char *message)
{
	struct program *program = context;

	program_complain(NULL, message);
	if (program->n_skipped++ == 0)
		text_add(&program->skipped, message);
}

/* The command line goes before the configuration, but says where that is. */
static int read_settings(int argc, char **argv, struct program *program, struct text *error)
{
	int rc;

	program->options = options_default();
	program->options.readonly = readonly_imposed(argv[0], SETTINGS_SYSTEM);
	program->thresholds = thresholds_default();
	program->keymap = keymap_new();
	program->preferences = preferences_default();
	rc = options_parse(argc, argv, &program->options, error);
	if (rc != 0)
		return rc;
	if (program->options.wants_help || program->options.wants_version ||
	    program->options.command == COMMAND_LIST)
		return 0;
	if (program->options.readonly != READONLY_NO && readonly_is_elevated()) {
		unsetenv("HOME");
		unsetenv("XDG_CONFIG_HOME");
		if (program->options.config) {
			text_add(error, "--config is not followed with rights that you have not");
			return -EPERM;
		}
	}
	rc = settings_read(&(struct settings){&program->options, &program->thresholds,
					      program->keymap, &program->preferences,
					      &program->audit},
			   note_skipped, program);
	if (rc != 0) {
		text_printf(error, "%s: %s", program->options.config, strerror(-rc));
		return rc;
	}
	/* a user could not write there */
	if (geteuid() != 0) {
		free(program->audit);
		program->audit = NULL;
	}
	return options_parse(argc, argv, &program->options, error);
}

int main(int argc, char **argv)
{
	struct program program = {0};
	struct text error = {0};
	int status = EXIT_USAGE;

	fill_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	program.is_utf8 = safe_setup();
	if (read_settings(argc, argv, &program, &error) == 0)
		status = run(&program);
	else if (program.options.command == COMMAND_CHECK)
		status = check_refuse(text_str(&error));
	else
		program_complain(NULL, text_str(&error));
	text_done(&error);
	free(program.audit);
	keymap_free(program.keymap);
	options_done(&program.options);
	text_done(&program.skipped);
	return status;
}
