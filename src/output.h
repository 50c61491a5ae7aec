/*
 * Where a command writes what it was asked for: --output, whole or not at all, or standard output;
 * and what of it is wanted, as the options say.
 */
#ifndef CLADE_OUTPUT_H
#define CLADE_OUTPUT_H

#include "clade/export.h"
#include "clade/io.h"
#include "program.h"

struct output {
	struct io_file file;
	const char *path; /* NULL: standard output */
};

/* Opens what --output says. Returns an exit status, and has told why when it is not EXIT_OK. */
int output_open(struct output *output, const struct program *program);

/* Whether its name ends in .zst: then it is zstd that goes into it. */
bool output_is_packed(const struct output *output);

/* An export_sink; its context is the output. */
int output_take(void *context, const char *bytes, size_t len);

/* Makes the file be there, or drops it when `rc` (of the writing) is not 0. Returns an exit status;
 * a reader that has had enough is no failure. */
int output_close(struct output *output, int rc);

/* Nothing will be written after all. */
void output_drop(struct output *output);

/* What --owner, --filter, --top, --columns and --redact ask for. `*filter` is part of it and the
 * caller's (query_free()). */
struct export_config output_config(const struct program *program, struct query **filter);

/* Whether each --owner is answered by some owner; tells which is not. */
bool output_has_owners(const struct options *options, const struct model *model);

#endif
