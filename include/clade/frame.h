/*
 * How a sample lies in a recording: a frame that every reader of zstd skips, which says what sample
 * follows and how long it is, then a frame with the sample's lines. So a recording is its own
 * index, and `zstdcat` shows the lines alone. The bytes are described in clade-snapshot(5).
 */
#ifndef CLADE_FRAME_H
#define CLADE_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/recording.h"
#include "clade/text.h"

enum { FRAME_HEAD_LEN = 72 };

/* Writes the head of a frame of so many bytes. */
void frame_put_head(unsigned char head[FRAME_HEAD_LEN], const struct recording_sample *sample,
		    uint64_t frame_len);

/* Whether bytes[0..len) begin with a head; sets the others then. */
bool frame_parse_head(const void *bytes, size_t len, struct recording_sample *sample,
		      uint64_t *frame_len);

/* A number for a verdict: equal for the same word of the same owner (an id, or NULL). */
uint32_t frame_verdict(const char *word, const char *owner);

/* Where the first head may begin in bytes[0..len), or `len`. */
size_t frame_find_head(const void *bytes, size_t len);

#endif
