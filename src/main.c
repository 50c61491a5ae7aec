/* Puts the parts together: options, a source, the attributor, one view. The one place that ends the
 * program. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "clade/attributor.h"
#include "clade/column.h"
#include "clade/export.h"
#include "clade/io.h"
#include "clade/moment.h"
#include "clade/safe.h"
#include "clade/source.h"
#include "clade/tui.h"
#include "clade/users.h"
#include "options.h"
#include "settings.h"

/* How far apart the looks of a snapshot are. */
static const double LOOK_APART_S = 1;

/* What lives as long as the program. */
struct program {
	struct options options;
	struct thresholds thresholds;
	struct users *users;
	struct ruleset *rules;
	struct attributor *attributor;
	struct source *source;
	bool is_utf8;
};

static void complain(void *context, const char *message)
{
	(void)context;
	fprintf(stderr, "clade: %s\n", message);
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "clade: %s: %s\n", what, strerror(-error));
	return EXIT_FAILED;
}

/* A descriptor 0, 1 or 2 that is closed would be taken by the next file that is opened. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			_exit(EXIT_FAILED);
	}
}

static int write_out(const char *bytes, size_t len)
{
	int rc = io_write_all(STDOUT_FILENO, bytes, len);

	/* `clade snapshot | head` has had enough: that is no failure */
	if (rc == -EPIPE)
		return EXIT_OK;
	return rc == 0 ? EXIT_OK : fail("standard output", rc);
}

static void read_user_rules(struct program *program)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	struct text dir = {0};

	if (config && *config == '/')
		text_printf(&dir, "%s/clade/owners.d", config);
	else if (home && *home == '/')
		text_printf(&dir, "%s/.config/clade/owners.d", home);
	rules_read_dir(program->rules, "/etc/clade/owners.d", complain, NULL);
	if (dir.len > 0)
		rules_read_dir(program->rules, text_str(&dir), complain, NULL);
	text_done(&dir);
}

static int open_source(struct program *program)
{
	struct source_config config = {0};
	int rc;

	config.markers = rules_markers(program->rules, &config.n_markers);
	rc = source_procps.open(&config, &program->source);
	if (rc == -ENOSYS) {
		fprintf(stderr, "clade: /proc is not mounted, so no process can be seen; try: "
				"mount -t proc proc /proc\n");
		return EXIT_FAILED;
	}
	return rc == 0 ? EXIT_OK : fail("collector procps", rc);
}

static int open_program(struct program *program)
{
	program->users = users_new("/etc/passwd");
	program->rules = rules_new();
	read_user_rules(program);
	program->attributor = attributor_new(&(struct attributor_config){
		.rules = program->rules,
		.users = program->users,
		.use_files = true,
	});
	return open_source(program);
}

static void close_program(struct program *program)
{
	source_close(program->source);
	attributor_free(program->attributor);
	rules_free(program->rules);
	users_free(program->users);
}

/* Waits until so long after `start`. */
static void wait_until(const struct timespec *start, double seconds)
{
	struct timespec until = *start;
	double whole = floor(seconds);

	until.tv_sec += (time_t)whole;
	until.tv_nsec += (long)((seconds - whole) * 1e9);
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static int take_moment(const struct program *program, const struct moment *before,
		       struct history *history, struct moment *moment)
{
	struct snapshot *snap;
	int rc = source_sample(program->source, before->snap, &snap);

	return rc == 0 ? moment_make(program->attributor, history, snap, moment) : rc;
}

static int take_text(void *context, const char *bytes, size_t len)
{
	text_add_bytes(context, bytes, len);
	return 0;
}

static int take_stdout(void *context, const char *bytes, size_t len)
{
	(void)context;
	return io_write_all(STDOUT_FILENO, bytes, len);
}

static int terminal_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 0;
}

static int write_snapshot(const struct program *program, const struct model *model)
{
	const struct options *options = &program->options;
	const char *path = options->output;
	struct export_config config = {.users = program->users};
	struct text whole = {0};
	int rc;

	if (!path || strcmp(path, "-") == 0) {
		config.columns = terminal_columns();
		rc = options->format->write(model, &config, take_stdout, NULL);
		if (rc == -EPIPE)
			return EXIT_OK;
		return rc == 0 ? EXIT_OK : fail("standard output", rc);
	}
	rc = options->format->write(model, &config, take_text, &whole);
	if (rc == 0)
		rc = io_write_file(path, text_str(&whole), whole.len, false);
	text_done(&whole);
	if (rc == -EEXIST) {
		fprintf(stderr, "clade: %s is there already; remove it or choose another name\n",
			path);
		return EXIT_FAILED;
	}
	return rc == 0 ? EXIT_OK : fail(path, rc);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Looks about once a second for as long as was asked for: what lives shorter than a look apart is
 * counted by what it leaves behind. On a full machine, where a look takes long, there are fewer. */
static int watch(const struct program *program, struct history *history, struct moment *now)
{
	double sample_s = program->options.sample_s;
	struct timespec start;
	double at_s = 0;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		struct moment before = *now;
		double took_s;

		*now = (struct moment){0};
		rc = take_moment(program, &before, history, now);
		moment_done(&before);
		if (rc != 0 || at_s >= sample_s)
			return rc;
		took_s = seconds_since(&start) - at_s;
		at_s += fmax(LOOK_APART_S, 2 * took_s);
		/* no look shortly before the last */
		if (at_s > sample_s - LOOK_APART_S / 2)
			at_s = sample_s;
		wait_until(&start, at_s);
	}
}

static int run_snapshot(struct program *program)
{
	struct history *history = history_new(&program->thresholds);
	struct moment now = {0};
	int rc = watch(program, history, &now);
	int status =
		rc == 0 ? write_snapshot(program, now.model) : fail("reading the processes", rc);

	moment_done(&now);
	history_free(history);
	return status;
}

static int run_ui(struct program *program)
{
	const struct options *options = &program->options;
	const char *no_color = getenv("NO_COLOR");
	struct text error = {0};
	int rc = tui_run(
		&(struct tui_config){
			.source = program->source,
			.attributor = program->attributor,
			.users = program->users,
			.thresholds = &program->thresholds,
			.delay_s = options->delay_s,
			.theme = options->theme,
			.is_ascii = options->is_ascii || !program->is_utf8,
			.is_mono = options->no_color || (no_color && *no_color),
			.has_mouse = !options->no_mouse,
		},
		&error);

	if (rc != 0)
		fprintf(stderr, "clade: %s\n", error.len > 0 ? text_str(&error) : strerror(-rc));
	text_done(&error);
	if (rc == -ENOTTY || rc == -ENOTSUP)
		return EXIT_USAGE;
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}

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

static void list_rules(struct text *out)
{
	struct program program = {.rules = rules_new()};

	read_user_rules(&program);
	rules_list(program.rules, out);
	rules_free(program.rules);
}

static int run_list(enum list_what what)
{
	static void (*const lists[])(struct text * out) = {
		[LIST_COLUMNS] = list_columns,
		[LIST_FORMATS] = list_formats,
		[LIST_KEYS] = keys_list,
		[LIST_OPTIONS] = options_list,
		[LIST_OWNERS] = list_rules,
		[LIST_THEMES] = list_themes,
		[LIST_THRESHOLDS] = thresholds_list,
	};
	struct text out = {0};
	int status;

	lists[what](&out);
	status = write_out(text_str(&out), out.len);
	text_done(&out);
	return status;
}

static int show_help(void)
{
	struct text out = {0};
	int status;

	options_help(&out);
	status = write_out(text_str(&out), out.len);
	text_done(&out);
	return status;
}

static int show_version(void)
{
	static const char version[] =
		PACKAGE_STRING "\n"
			       "Collectors: procps (libproc2)\n"
			       "Licence: GPL-2.0-or-later. There is no warranty.\n";

	return write_out(version, sizeof(version) - 1);
}

static int run(struct program *program)
{
	int status;

	if (program->options.wants_help)
		return show_help();
	if (program->options.wants_version)
		return show_version();
	if (program->options.command == COMMAND_LIST)
		return run_list(program->options.what);
	status = open_program(program);
	if (status == EXIT_OK)
		status = program->options.command == COMMAND_SNAPSHOT ? run_snapshot(program)
								      : run_ui(program);
	close_program(program);
	return status;
}

/* The command line goes before the configuration, but says where that is. */
static int read_settings(int argc, char **argv, struct program *program, struct text *error)
{
	int rc;

	program->options = options_default();
	program->thresholds = thresholds_default();
	rc = options_parse(argc, argv, &program->options, error);
	if (rc != 0)
		return rc;
	if (program->options.wants_help || program->options.wants_version ||
	    program->options.command == COMMAND_LIST)
		return 0;
	rc = settings_read(&program->options, &program->thresholds, complain, NULL);
	if (rc != 0) {
		text_printf(error, "%s: %s", program->options.config, strerror(-rc));
		return rc;
	}
	return options_parse(argc, argv, &program->options, error);
}

int main(int argc, char **argv)
{
	struct program program = {0};
	struct text error = {0};

	fill_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	program.is_utf8 = safe_setup();
	if (read_settings(argc, argv, &program, &error) != 0) {
		fprintf(stderr, "clade: %s\n", text_str(&error));
		text_done(&error);
		return EXIT_USAGE;
	}
	return run(&program);
}
