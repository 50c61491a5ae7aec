/* clade replay, and --demo */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clade/recording.h"
#include "demo.h"
#include "program.h"

/* Standard input is what is replayed: keys come from the terminal itself. */
static int take_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (dup2(fd, STDIN_FILENO) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int fail(const char *name, int rc, struct text *error)
{
	struct text message = {0};

	text_printf(&message, "%s: %s", name, error->len > 0 ? text_str(error) : strerror(-rc));
	program_complain(NULL, text_str(&message));
	text_done(&message);
	text_done(error);
	return EXIT_FAILED;
}

int program_open_recording(struct program *program)
{
	const char *path = program->options.is_demo ? "demo" : program->options.words[0];
	struct text error = {0};
	int rc;

	if (program->options.is_demo)
		rc = recording_open_bytes(demo_recording, demo_recording_len, &program->source,
					  &error);
	else
		rc = recording_open(path, &program->source, &error);
	if (rc != 0)
		return fail(strcmp(path, "-") == 0 ? "standard input" : path, rc, &error);
	recording_learn_users(program->source, program->users);
	text_done(&error);
	if (strcmp(path, "-") != 0)
		return EXIT_OK;
	rc = take_terminal();
	return rc == 0 ? EXIT_OK : fail("/dev/tty", rc, &error);
}

int run_replay(struct program *program)
{
	return program_show(program, true);
}
