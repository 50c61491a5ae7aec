/*
 * A recording on disk that is bounded: FILE is what is being written, FILE.000001 and so on are
 * what was, the oldest with the lowest number. Each begins with a full sample and can be read
 * alone. What is written is on the disk when ring_add() comes back: a power cut costs at most the
 * sample that was being written.
 */
#ifndef CLADE_RING_H
#define CLADE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/text.h"

/* How much is kept; UNKNOWN: no limit of that kind. */
struct ring_keep {
	uint64_t ms;
	uint64_t bytes;
};

/* "24h", "500M", or both, "24h,500M": s, m, h, d and w are times, K, M, G and T are sizes. Returns
 * 0, or -EINVAL with a sentence in `error`. */
int ring_parse_keep(const char *s, struct ring_keep *keep, struct text *error);

/* What the user should know: "the disk is full: …". */
typedef void ring_tell(void *context, const char *message);

struct ring;

/* Opens the ring to go on with it; a torn end is cut off. Returns 0; -EINVAL with a sentence in
 * `error` for a file that is none of ours, or that another clade is writing; or another -errno. */
int ring_open(const char *path, const struct ring_keep *keep, ring_tell *tell, void *context,
	      struct ring **ring, struct text *error);
void ring_close(struct ring *ring);

/* Whether the next sample, taken at that time, begins a file, so that it has to be a full one. */
bool ring_wants_full(const struct ring *ring, uint64_t taken_ms);

/* Adds a sample as samples_pack() makes it. What is too much or too old is dropped, also what is
 * the oldest when the disk is full. Returns 0, or -errno when the sample was not written: the next
 * one has to be full then. */
int ring_add(struct ring *ring, const void *bytes, size_t len, uint64_t taken_ms, bool is_full);

/* Bytes of all its files. */
uint64_t ring_size(const struct ring *ring);

#endif
