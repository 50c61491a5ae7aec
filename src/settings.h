/*
 * The configuration files: /etc/clade/clade.conf, then $XDG_CONFIG_HOME/clade/clade.conf, or the
 * one that --config names. What the command line says goes before. Described in clade(1),
 * CONFIGURATION.
 */
#ifndef CLADE_SETTINGS_H
#define CLADE_SETTINGS_H

#include "clade/thresholds.h"
#include "options.h"

/* A mistake in a file: "clade.conf:3: unknown option 'dealy'". */
typedef void settings_complain(void *context, const char *message);

/* Reads a file's text into both; each mistake is told and its line skipped. */
void settings_parse(const char *file, const char *text, size_t len, struct options *options,
		    struct thresholds *thresholds, settings_complain *complain, void *context);

/* Reads the files, or options->config alone. Strings in `options` live as long as the program.
 * Returns 0, or -errno when options->config cannot be read. */
int settings_read(struct options *options, struct thresholds *thresholds,
		  settings_complain *complain, void *context);

#endif
