#include "clade/recording.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clade/mem.h"
#include "document.h"
#include "state.h"
#include "tape.h"

enum {
	SLICE_NS = 4000000, /* the keyboard is looked at this often while reading */
	LOOK_EACH = 64,     /* lines between two looks at the clock */
};

static const size_t NONE = SIZE_MAX;

/* ---- Documents ---- */

static int parse_document(struct state *state, const char *json, size_t len, struct text *error)
{
	struct document *document = document_new(state);
	int rc = document ? document_take(document, json, len, error) : -ENOMEM;

	if (rc == 0)
		rc = document_end(document, error);
	document_free(document);
	return rc;
}

int recording_parse(const char *json, size_t len, struct snapshot **snapshot, struct text *error)
{
	struct state *state = state_new();
	int rc = state ? parse_document(state, json, len, error) : -ENOMEM;

	if (rc == 0)
		rc = state_make(state, snapshot);
	state_free(state);
	return rc;
}

/* ---- The source ---- */

struct recording {
	struct source source; /* first */
	struct tape tape;
	struct tape_reader reader;
	struct state *state;
	struct document *document; /* that is being read, or NULL */
	size_t held;               /* the sample that the state is of, or NONE */
	size_t next;               /* the sample that is wanted */
	size_t reading;            /* the one that is being read on the way there, or NONE */
	size_t at;                 /* the one that was handed over last */
	bool is_seeked;            /* `next` was asked for */
	bool has_given;
	struct text error;   /* why the last one could not */
	struct text missing; /* what recording_missing() says */
};

static struct recording *recording_of(struct source *source)
{
	return (struct recording *)source;
}

static const struct recording *const_recording_of(const struct source *source)
{
	return (const struct recording *)source;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The sample to read first for the one that is wanted: the one behind what is held, when only
 * changes lie between; else the full one before it. */
static size_t plan(const struct recording *recording)
{
	const struct tape_entry *entries = recording->tape.entries;
	size_t i = recording->next;

	while (i > 0 && !entries[i].sample.is_full && i - 1 != recording->held)
		i--;
	return i;
}

static int begin_reading(struct recording *recording, size_t i)
{
	recording->reading = i;
	recording->held = NONE;
	document_free(recording->document);
	recording->document = NULL;
	state_begin(recording->state, recording->tape.entries[i].sample.is_full);
	return tape_reader_begin(&recording->reader, &recording->tape, i);
}

static int begin(struct source *source, const struct snapshot *previous)
{
	struct recording *recording = recording_of(source);

	(void)previous;
	if (!recording->is_seeked && recording->has_given && recording->at + 1 < recording->tape.n)
		recording->next = recording->at + 1;
	recording->reading = NONE;
	text_clear(&recording->error);
	if (recording->held == recording->next)
		return 0;
	return begin_reading(recording, plan(recording));
}

/* Reads a document for a while. Returns 1 when there is more, 0 at its end, or -errno. */
static int read_document(struct recording *recording)
{
	uint64_t until = now_ns() + SLICE_NS;
	const char *bytes;
	size_t len;
	int rc;

	if (!recording->document)
		recording->document = document_new(recording->state);
	if (!recording->document)
		return -ENOMEM;
	do {
		rc = tape_reader_bytes(&recording->reader, &bytes, &len);
		if (rc == 0)
			rc = document_end(recording->document, &recording->error);
		else if (rc > 0 &&
			 document_take(recording->document, bytes, len, &recording->error) != 0)
			rc = -EINVAL;
		else if (rc > 0 && now_ns() < until)
			continue;
		break;
	} while (true);
	if (rc <= 0) {
		document_free(recording->document);
		recording->document = NULL;
	}
	return rc;
}

static int take_line(struct recording *recording, const char *line, size_t len)
{
	json_error_t wrong;
	json_t *object = json_loadb(line, len, JSON_ALLOW_NUL, &wrong);
	int rc;

	if (!object) {
		text_add(&recording->error, wrong.text);
		return -EINVAL;
	}
	rc = state_take(recording->state, object, &recording->error);
	json_decref(object);
	return rc;
}

/* Reads lines for a while. Returns 1 when there are more, 0 at the sample's end, or -errno. */
static int read_lines(struct recording *recording)
{
	uint64_t until = now_ns() + SLICE_NS;
	const char *line;
	size_t len;
	int rc = 1;

	for (size_t n = 1; rc > 0; n++) {
		rc = tape_reader_next(&recording->reader, &line, &len);
		if (rc > 0 && len > 0)
			rc = take_line(recording, line, len) == 0 ? 1 : -EBADMSG;
		if (rc == -EFBIG)
			text_add(&recording->error, "a line is longer than 64 MB");
		if (rc > 0 && n % LOOK_EACH == 0 && now_ns() >= until)
			return 1;
	}
	return rc;
}

/* What cannot be read is not asked for again: the next sample is the one behind it. */
static int give_up(struct recording *recording, int rc)
{
	recording->tape.entries[recording->next].is_broken = rc != -ENOMEM;
	recording->reading = NONE;
	recording->held = NONE;
	recording->at = recording->next;
	recording->is_seeked = false;
	recording->has_given = true;
	return rc;
}

static int step(struct source *source)
{
	struct recording *recording = recording_of(source);
	const struct tape_entry *entry;
	int rc;

	if (recording->reading == NONE)
		return 0;
	entry = &recording->tape.entries[recording->reading];
	rc = recording->tape.files[entry->file].kind == TAPE_DOCUMENT ? read_document(recording)
								      : read_lines(recording);
	if (rc > 0)
		return 1;
	if (rc < 0)
		return give_up(recording, rc);
	recording->held = recording->reading;
	if (recording->held == recording->next) {
		recording->reading = NONE;
		return 0;
	}
	rc = begin_reading(recording, recording->held + 1);
	return rc == 0 ? 1 : give_up(recording, rc);
}

static size_t progress(const struct source *source)
{
	return const_recording_of(source)->reading;
}

static int seal(struct source *source, struct snapshot **snapshot)
{
	struct recording *recording = recording_of(source);
	int rc = state_make(recording->state, snapshot);

	if (rc != 0)
		return give_up(recording, rc);
	recording->at = recording->next;
	recording->is_seeked = false;
	recording->has_given = true;
	return 0;
}

static void close_recording(struct source *source)
{
	struct recording *recording = recording_of(source);

	tape_reader_done(&recording->reader);
	tape_close(&recording->tape);
	document_free(recording->document);
	state_free(recording->state);
	text_done(&recording->error);
	text_done(&recording->missing);
	free(recording);
}

static struct recording *new_recording(void)
{
	static const struct source_kind kind = {.name = "file",
						.summary = "what was recorded before"};
	struct recording *recording = calloc(1, sizeof(*recording));
	struct state *state = state_new();

	if (!recording || !state) {
		free(recording);
		state_free(state);
		return NULL;
	}
	*recording = (struct recording){
		.source =
			{
				.kind = &kind,
				.begin = begin,
				.step = step,
				.seal = seal,
				.progress = progress,
				.close = close_recording,
			},
		.tape = {.pipe = -1},
		.state = state,
		.held = NONE,
		.reading = NONE,
	};
	return recording;
}

/* Reads one sample that can be read, so that what is no recording is said now and not at the first
 * sample. A document says when it was only in its contents. */
static int look_inside(struct recording *recording, struct text *error)
{
	struct snapshot *snap = NULL;
	int rc = -EINVAL;

	for (size_t i = 0; i < recording->tape.n && rc != 0 && rc != -ENOMEM; i++) {
		if (!recording->tape.entries[i].sample.is_full)
			continue;
		recording_seek(&recording->source, i);
		rc = source_sample(&recording->source, NULL, &snap);
		if (rc != 0 && error->len == 0)
			text_add(error, recording->error.len > 0 ? text_str(&recording->error)
								 : "its samples are broken");
	}
	if (rc != 0)
		return rc == -EBADMSG ? -EINVAL : rc;
	text_clear(error);
	if (!is_known(recording->tape.entries[0].sample.taken_ms)) {
		recording->tape.entries[0].sample.taken_ms = snap->taken_ms;
		recording->tape.entries[0].sample.mono_ms = snap->mono_ms;
		recording->tape.entries[0].sample.processes = (uint32_t)snap->n_procs;
	}
	snapshot_free(snap);
	recording->has_given = false;
	recording->next = 0;
	recording->at = 0;
	return 0;
}

static int finish_opening(struct recording *recording, int rc, struct source **source,
			  struct text *error)
{
	if (rc == 0 && recording->tape.n == 0) {
		tape_add_missing(&recording->tape, error);
		if (error->len > 0)
			error->data[--error->len] = '\0';
		else
			text_add(error, "it holds no sample yet");
		rc = -ENODATA;
	}
	if (rc == 0)
		rc = look_inside(recording, error);
	if (rc != 0) {
		close_recording(&recording->source);
		return rc;
	}
	*source = &recording->source;
	return 0;
}

int recording_open(const char *path, struct source **source, struct text *error)
{
	struct recording *recording = new_recording();

	return recording ? finish_opening(recording, tape_open(&recording->tape, path, error),
					  source, error)
			 : -ENOMEM;
}

int recording_open_bytes(const void *bytes, size_t len, struct source **source, struct text *error)
{
	struct recording *recording = new_recording();

	return recording ? finish_opening(recording,
					  tape_open_bytes(&recording->tape, bytes, len, error),
					  source, error)
			 : -ENOMEM;
}

void recording_learn_users(struct source *source, struct users *users)
{
	struct recording *recording = recording_of(source);

	state_learn_users(recording->state, users);
	recording->held = NONE; /* to be read again */
}

size_t recording_count(const struct source *source)
{
	return const_recording_of(source)->tape.n;
}

const struct recording_sample *recording_get(const struct source *source, size_t i)
{
	return &const_recording_of(source)->tape.entries[i].sample;
}

size_t recording_find(const struct source *source, uint64_t taken_ms)
{
	const struct tape *tape = &const_recording_of(source)->tape;
	size_t i = tape->n;

	while (i > 1 && tape->entries[i - 1].sample.taken_ms > taken_ms)
		i--;
	return i - 1;
}

void recording_seek(struct source *source, size_t i)
{
	struct recording *recording = recording_of(source);

	recording->next = i < recording->tape.n ? i : recording->tape.n - 1;
	recording->is_seeked = true;
}

size_t recording_at(const struct source *source)
{
	return const_recording_of(source)->at;
}

size_t recording_poll(struct source *source)
{
	struct recording *recording = recording_of(source);
	size_t before = recording->tape.n;

	return tape_poll(&recording->tape) - before;
}

void recording_wait(struct source *source)
{
	tape_wait(&recording_of(source)->tape);
}

const char *recording_missing(struct source *source)
{
	struct recording *recording = recording_of(source);
	size_t broken = 0;

	text_clear(&recording->missing);
	tape_add_missing(&recording->tape, &recording->missing);
	for (size_t i = 0; i < recording->tape.n; i++)
		broken += recording->tape.entries[i].is_broken;
	if (broken > 0)
		text_printf(&recording->missing, "%zu broken samples could not be read\n", broken);
	return text_str(&recording->missing);
}
