/*
 * Snapshots from files, whatever machine they are of: a JSON document, a row of samples as
 * `clade snapshot -f ndjson` and `clade record` write it (clade-snapshot(5)), plain or in zstd, one
 * file or a ring of them, one that is still being written, one that is torn, or standard input.
 * What a file does not say is unknown.
 *
 * A recording is a source: each sample that is taken of it is the next moment, and the last one
 * again when there is none. Only what is written whole is shown; what is not is said.
 */
#ifndef CLADE_RECORDING_H
#define CLADE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/source.h"
#include "clade/text.h"
#include "clade/users.h"

enum { WORD_LEN = 16 };

/* A moment, as far as it is known without reading it. */
struct recording_sample {
	uint64_t taken_ms;
	uint64_t mono_ms;
	uint32_t processes;
	uint32_t verdict;    /* equal: the same word of the same owner */
	char word[WORD_LEN]; /* of the verdict; "" not known */
	bool is_full;        /* can be read without those before it */
	bool is_first;       /* nothing was watched before it: rates begin anew */
};

/* Opens what is in `path`, with the older parts of a ring that lie beside it; "-" is standard
 * input. Returns 0 (source_close()); -EINVAL when it is no snapshot, with the place and the reason
 * in `error`; -ENODATA when it has no whole sample yet (open it again later); or another -errno. */
int recording_open(const char *path, struct source **source, struct text *error);

/* The same for bytes that are a file's contents. */
int recording_open_bytes(const void *bytes, size_t len, struct source **source, struct text *error);

/* Reads the document in `json[0..len)`. Returns 0 and hands the snapshot over (snapshot_free), or
 * as above. */
int recording_parse(const char *json, size_t len, struct snapshot **snapshot, struct text *error);

/* The names of users that its processes have are added to `users` as they are read. */
void recording_learn_users(struct source *source, struct users *users);

/* How many moments there are, never 0, and what is known of each. The pointer is valid until
 * recording_poll(). */
size_t recording_count(const struct source *source);
const struct recording_sample *recording_get(const struct source *source, size_t i);

/* The last moment not later than that, or the first. */
size_t recording_find(const struct source *source, uint64_t taken_ms);

/* The next sample that is begun is this one. Without it, it is the one after the last that was
 * handed over. */
void recording_seek(struct source *source, size_t i);

/* The moment that was handed over last; 0 before the first. */
size_t recording_at(const struct source *source);

/* Looks for what was written since, without waiting. Returns how many moments were added. */
size_t recording_poll(struct source *source);

/* Waits until all moments are there: for the end of standard input, where that is read. */
void recording_wait(struct source *source);

/* What is missing, a sentence each, one a line: "the last sample is torn: 1,234 bytes left out"; ""
 * when nothing is. */
const char *recording_missing(struct source *source);

#endif
