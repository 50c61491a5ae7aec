/*
 * A moment as lines of JSON, one object each, and as a frame of a recording: clade-snapshot(5) says
 * what they are, recording.h reads them back. A sample is full, or says what has changed since the
 * one before it.
 */
#ifndef CLADE_SAMPLES_H
#define CLADE_SAMPLES_H

#include <stdbool.h>

#include "clade/export.h"
#include "clade/recording.h"
#include "clade/zst.h"

/* Packs a sample with its head to the end of `out`; `before` NULL: a full one. Memory is bounded
 * but for what is packed. Returns 0 or -errno, with `out` as it was. */
int samples_pack(struct zst_packer *packer, const struct model *model, const struct model *before,
		 const struct export_config *config, struct text *out);

/* Writes a model in any format, packed: one that is a row of samples with its head, so that it can
 * be found in a recording. Returns 0 or -errno. */
int export_write_packed(const struct export_format *format, const struct model *model,
			const struct export_config *config, export_sink *sink, void *context);

#endif
