/* clade record */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "clade/clock.h"
#include "clade/io.h"
#include "clade/ring.h"
#include "clade/samples.h"
#include "output.h"
#include "survive.h"

enum {
	PACK_LEVEL = 3,
	FULL_EACH_MS = 60000,
};

struct recorder {
	struct program *program;
	struct export_config config;
	struct query *filter;
	struct zst_packer *packer;
	struct ring *ring; /* NULL: standard output */
	struct history *history;
	struct moment before; /* the sample before; rates are differences to it */
	bool is_linked;       /* that one was written: changes to it can be */
	uint64_t full_ms;     /* when the last full one was taken, on the clock of snapshots */
	struct text packed;
};

/* Waits until that time, or until we are to end: true then. */
static bool wait_until(struct source *source, uint64_t due_ns, const sigset_t *ends)
{
	enum { PIECE_NS = SOURCE_IDLE_MS * 1000000 };

	for (;;) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		uint64_t whole = due_ns > now ? due_ns - now : 0;
		uint64_t left = whole < PIECE_NS ? whole : PIECE_NS;
		const struct timespec patience = {
			.tv_sec = (time_t)(left / 1000000000),
			.tv_nsec = (long)(left % 1000000000),
		};

		bool is_over;

		if (sigtimedwait(ends, NULL, &patience) > 0)
			return true;
		is_over = errno != EINTR && left == whole;
		source_idle(source);
		if (is_over)
			return false;
	}
}

/* ---- Samples ---- */

static bool is_full_due(const struct recorder *recorder, const struct snapshot *snap)
{
	return !recorder->is_linked || snap->mono_ms >= recorder->full_ms + FULL_EACH_MS ||
	       (recorder->ring && ring_wants_full(recorder->ring, snap->taken_ms));
}

static int write_packed(struct recorder *recorder, const struct snapshot *snap, bool is_full)
{
	return recorder->ring
		       ? ring_add(recorder->ring, recorder->packed.data, recorder->packed.len,
				  snap->taken_ms, is_full)
		       : io_write_all(STDOUT_FILENO, recorder->packed.data, recorder->packed.len);
}

/* Packs and writes a moment, which then is the one before. */
static int keep_moment(struct recorder *recorder, struct moment *now)
{
	bool is_full = is_full_due(recorder, now->snap);
	int rc;

	text_clear(&recorder->packed);
	rc = samples_pack(recorder->packer, now->model, is_full ? NULL : recorder->before.model,
			  &recorder->config, &recorder->packed);
	if (rc == 0)
		rc = write_packed(recorder, now->snap, is_full);
	if (rc == 0 && is_full)
		recorder->full_ms = now->snap->mono_ms;
	recorder->is_linked = rc == 0;
	moment_done(&recorder->before);
	recorder->before = *now;
	return rc;
}

/* A sample that cannot be taken or written is lost, and the next may be better; only a reader that
 * has gone will not come back. */
static int take_sample(struct recorder *recorder)
{
	struct moment now = {0};
	struct snapshot *snap;
	int rc = source_sample(recorder->program->source, recorder->before.snap, &snap);

	if (rc == 0)
		rc = moment_make(recorder->program->attributor, recorder->history, snap, &now);
	if (rc != 0) {
		program_fail("a sample is lost", rc);
		return 0;
	}
	rc = keep_moment(recorder, &now);
	return recorder->ring ? 0 : rc;
}

static int run(struct recorder *recorder)
{
	uint64_t delay_ns = (uint64_t)(recorder->program->options.delay_s * 1e9);
	uint64_t due_ns = clock_ns(CLOCK_MONOTONIC);
	sigset_t ends;
	int rc = 0;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	while (rc == 0 && !wait_until(recorder->program->source, due_ns, &ends)) {
		uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
		uint64_t now_ns;

		rc = take_sample(recorder);
		/* no more than half of the time goes into looking */
		now_ns = clock_ns(CLOCK_MONOTONIC);
		due_ns += delay_ns;
		if (due_ns < now_ns + (now_ns - began_ns))
			due_ns = now_ns + (now_ns - began_ns);
	}
	return rc;
}

static int open_ring(struct recorder *recorder, const char *path)
{
	struct text error = {0};
	struct text message = {0};
	int rc;

	if (strcmp(path, "-") == 0 && !isatty(STDOUT_FILENO))
		return EXIT_OK;
	if (strcmp(path, "-") == 0) {
		program_complain(NULL,
				 "a recording is nothing for a terminal; give it a file or a pipe");
		return EXIT_USAGE;
	}
	rc = ring_open(path, &recorder->program->options.keep, program_complain, NULL,
		       &recorder->ring, &error);
	if (rc == 0)
		return EXIT_OK;
	text_printf(&message, "%s: %s", path, error.len > 0 ? text_str(&error) : strerror(-rc));
	program_complain(NULL, text_str(&message));
	text_done(&message);
	text_done(&error);
	return EXIT_FAILED;
}

int run_record(struct program *program)
{
	struct recorder recorder = {
		.program = program,
		.packer = zst_packer_new(PACK_LEVEL),
		.history = history_new(&program->thresholds),
	};
	int status = recorder.packer ? EXIT_OK : program_fail("zstd", -ENOMEM);

	if (status == EXIT_OK)
		status = open_ring(&recorder, program->options.words[0]);
	if (status == EXIT_OK) {
		int rc;

		begin_anew_when_exhausted();
		recorder.config = output_config(program, &recorder.filter);
		rc = run(&recorder);
		if (rc != 0 && rc != -EPIPE)
			status = program_fail("standard output", rc);
	}
	moment_done(&recorder.before);
	history_free(recorder.history);
	query_free(recorder.filter);
	zst_packer_free(recorder.packer);
	ring_close(recorder.ring);
	text_done(&recorder.packed);
	return status;
}
