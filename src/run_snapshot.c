/* clade snapshot */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clade/export.h"
#include "clade/io.h"
#include "program.h"

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
		return rc == 0 ? EXIT_OK : program_fail("standard output", rc);
	}
	rc = options->format->write(model, &config, take_text, &whole);
	if (rc == 0)
		rc = io_write_file(path, text_str(&whole), whole.len, false);
	text_done(&whole);
	if (rc == -EEXIST) {
		struct text message = {0};

		text_printf(&message, "%s is there already; remove it or choose another name",
			    path);
		program_complain(NULL, text_str(&message));
		text_done(&message);
		return EXIT_FAILED;
	}
	return rc == 0 ? EXIT_OK : program_fail(path, rc);
}

int run_snapshot(struct program *program)
{
	struct history *history = history_new(&program->thresholds);
	struct moment now = {0};
	int rc = program_watch(program, history, &now);
	int status = rc == 0 ? write_snapshot(program, now.model)
			     : program_fail("reading the processes", rc);

	moment_done(&now);
	history_free(history);
	return status;
}
