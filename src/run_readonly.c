/* Entering read-only mode, and --self-test. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "program.h"

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Where this command may have to make files. NULL: nowhere. */
static char *directory_for(const struct options *options)
{
	if (options->command == COMMAND_UI || options->command == COMMAND_REPLAY)
		return mem_strdup(options->snapshot_dir ? options->snapshot_dir : ".");
	if (options->output && strcmp(options->output, "-") != 0)
		return directory_of(options->output);
	return NULL;
}

int program_confine(struct program *program)
{
	char *directory = directory_for(&program->options);
	struct text words = {0};
	int rc = confine_enter(
		&(struct confine_config){
			.level = program->options.readonly,
			.directory = directory,
			.keeps_bpf =
				program->source && strcmp(program->source->kind->name, "bpf") == 0,
		},
		&program->confine, &words);

	if (words.len > 0)
		program_complain(NULL, text_str(&words));
	text_done(&words);
	free(directory);
	if (rc == 0)
		return EXIT_OK;
	return rc == -ENOSYS ? EXIT_REFUSED : EXIT_FAILED;
}

int program_check_confined(const struct program *program)
{
	const struct options *options = &program->options;

	if (options->command == COMMAND_RECORD && strcmp(options->words[0], "-") != 0) {
		program_complain(NULL,
				 "read-only: a recording is written over and over; into what is "
				 "open it goes: clade --readonly record - > FILE");
		return EXIT_REFUSED;
	}
	if (options->is_forced) {
		program_complain(NULL, "read-only: --force cannot replace a file");
		return EXIT_REFUSED;
	}
	return EXIT_OK;
}

static void print_line(const char *text)
{
	struct text line = {0};

	text_printf(&line, "%s\n", text);
	program_write(text_str(&line), line.len);
	text_done(&line);
}

int run_self_test(const struct options *options)
{
	struct text words = {0};
	int rc = confine_self_test(&(struct confine_config){.level = options->readonly}, print_line,
				   &words);

	if (words.len > 0)
		program_complain(NULL, text_str(&words));
	text_done(&words);
	if (rc == -ENOSYS)
		return EXIT_REFUSED;
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}
