/*
 * The configuration files: /etc/clade/clade.conf, then $XDG_CONFIG_HOME/clade/clade.conf, or the
 * one that --config names. What the command line says goes before. Described in clade(1),
 * CONFIGURATION.
 */
#ifndef CLADE_SETTINGS_H
#define CLADE_SETTINGS_H

#include "clade/thresholds.h"
#include "clade/tui.h"
#include "options.h"

#define SETTINGS_SYSTEM "/etc/clade/clade.conf"

/* A mistake in a file: "clade.conf:3: unknown option 'dealy'". */
typedef void settings_complain(void *context, const char *message);

/* What the files set; all borrowed. */
struct settings {
	struct options *options; /* strings in it live as long as the program */
	struct thresholds *thresholds;
	struct keymap *keymap;
	struct preferences *preferences;
	char **audit; /* the heap's: where root's kills are written down, instead of the usual
			 place. The system's file alone says it; NULL: this file may not */
};

/* Reads a file's text into them; each mistake is told and its line skipped. */
void settings_parse(const char *file, const char *text, size_t len, const struct settings *settings,
		    settings_complain *complain, void *context);

/* Reads the files, or options->config, and then of the system's only what nobody can undo. Returns
 * 0, or -errno when options->config cannot be read. */
int settings_read(const struct settings *settings, settings_complain *complain, void *context);

/* Keeps values in options->config or the user's own file, whole or not at all; comments, unknown
 * keys and order stay. `options` is the context. As settings_keep says. */
settings_keep settings_save;

#endif
