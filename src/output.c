#include "output.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clade/safe.h"

static int say_exists(const char *path)
{
	struct text message = {0};

	text_printf(&message, "%s is there already; choose another name, or let --force replace it",
		    path);
	program_complain(NULL, text_str(&message));
	text_done(&message);
	return EXIT_FAILED;
}

/* Another user's program reads figures: node_exporter. They hold no arguments. */
static void make_public(const struct output *output)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fchmod(output->file.fd, 0644 & ~mask) != 0)
		return; /* a device, or read-only mode: it stays as it is */
}

int output_open(struct output *output, const struct program *program)
{
	const struct options *options = &program->options;
	bool is_stdout = !options->output || strcmp(options->output, "-") == 0;
	int rc;

	*output = (struct output){.path = is_stdout ? NULL : options->output};
	if (is_stdout)
		return EXIT_OK;
	if (program->confine)
		rc = io_file_open_by(&output->file, confine_maker(program->confine), output->path);
	else
		rc = io_file_open(&output->file, output->path, options->is_forced);
	if (rc == -EEXIST)
		return say_exists(output->path);
	if (rc == 0 && !output->file.is_special && options->format->is_public)
		make_public(output);
	return rc == 0 ? EXIT_OK : program_fail_file(program, output->path, rc);
}

bool output_is_packed(const struct output *output)
{
	size_t len = output->path ? strlen(output->path) : 0;

	return len > 4 && strcmp(output->path + len - 4, ".zst") == 0;
}

int output_take(void *context, const char *bytes, size_t len)
{
	struct output *output = context;

	return output->path ? io_file_write(&output->file, bytes, len)
			    : io_write_all(STDOUT_FILENO, bytes, len);
}

int output_close(struct output *output, int rc)
{
	if (!output->path) {
		if (rc == -EPIPE)
			return EXIT_OK;
		return rc == 0 ? EXIT_OK : program_fail("standard output", rc);
	}
	if (rc == 0)
		rc = io_file_commit(&output->file);
	else
		io_file_drop(&output->file);
	/* somebody else has made it meanwhile */
	if (rc == -EEXIST)
		return say_exists(output->path);
	return rc == 0 ? EXIT_OK : program_fail(output->path, rc);
}

void output_drop(struct output *output)
{
	if (output->path)
		io_file_drop(&output->file);
}

static int terminal_width(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 0;
}

struct export_config output_config(const struct program *program, struct query **filter)
{
	const struct options *options = &program->options;

	*filter = NULL;
	/* it compiled when the command line was read */
	if (options->filter)
		query_new(options->filter, NULL, filter);
	return (struct export_config){
		.users = program->users,
		.width = options->output ? 0 : terminal_width(),
		.wanted =
			{
				.owners = options->owners,
				.n_owners = options->n_owners,
				.filter = *filter,
				.top = options->top,
			},
		.columns = options->columns,
		.n_columns = options->n_columns,
		.is_redacted = options->is_redacted,
	};
}

static bool is_answered(const char *word, const struct model *model)
{
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		if (owner_answers(&model->attr->owners[g], word))
			return true;
	}
	return false;
}

bool output_has_owners(const struct options *options, const struct model *model)
{
	bool has_all = true;

	for (size_t i = 0; i < options->n_owners; i++) {
		struct text message = {0};

		if (is_answered(options->owners[i], model))
			continue;
		has_all = false;
		text_add(&message, "no owner is called '");
		safe_add(&message, options->owners[i], strlen(options->owners[i]));
		text_add(&message, "'; clade snapshot shows those there are");
		program_complain(NULL, text_str(&message));
		text_done(&message);
	}
	return has_all;
}
